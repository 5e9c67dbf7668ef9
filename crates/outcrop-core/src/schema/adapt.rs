//! JSON Schemas in the subset that a model family takes, with a report of what that cost.
//!
//! A schema is sent adapted and an answer is checked against the original, so an adapted schema that takes more is
//! no danger. What a dialect has no words for at all (maps, tuples, recursion) is [`Inexpressible`], and the answer
//! is to be asked for in another way.
//!
//! # Invariants
//! - The same schema and dialect give the same bytes; members keep their order.
//! - A value that fits the original fits the adapted schema, unless a change [narrows](SchemaChange::narrows); one
//!   that fits the adapted schema fits the original, unless a change [widens](SchemaChange::widens).
//! - What comes out passes [`lint`], which shares no code with it.
//! - Nothing panics, whatever JSON comes in: levels and parts are bounded.

mod adapted;
mod apart;
mod dialect;
mod flat;
mod inline;
mod keyword;
mod kinds;
mod limits;
mod lint;
mod members;
mod merge;
mod refs;
mod report;
mod union;
mod walk;
mod whole;
mod words;

use serde_json::Value;

pub use adapted::{Adapted, NotWrapped, WRAPPER};
pub use dialect::{OptionalMembers, SchemaDialect};
pub use limits::{Counted, OverLimit, SchemaCounts, SchemaLimits};
pub use lint::{LintFinding, lint};
pub use report::{Action, Inexpressible, SchemaChange, Why};

use adapted::wrap;
use refs::References;
use walk::{Walk, refuse};

/// Says `schema` in `dialect`. It is read as draft 2020-12, whatever its `$schema` names.
///
/// # Errors
/// The dialect cannot express it, or it is no JSON Schema.
///
/// # Complexity
/// Each part is looked at as often as it is inlined or merged, at most 20,000 times in all.
///
/// ```
/// use outcrop_core::schema::{SchemaDialect, adapt};
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": {"days": {"type": "integer", "description": "How long.", "minimum": 1, "maximum": 14}},
///     "required": ["days"],
/// });
/// let adapted = adapt(&schema, &SchemaDialect::native())?;
/// assert_eq!(adapted.schema, json!({
///     "type": "object",
///     "properties": {"days": {"type": "integer", "description": "How long.\nAt least 1. At most 14."}},
///     "required": ["days"],
///     "additionalProperties": false,
/// }));
/// assert_eq!(adapted.changes[1].to_string(), "`/properties/days`: `minimum` moved into the description");
/// # Ok::<(), outcrop_core::schema::Inexpressible>(())
/// ```
pub fn adapt(schema: &Value, dialect: &SchemaDialect) -> Result<Adapted, Inexpressible> {
    let mut walk = Walk::new(schema, dialect)?;
    if let Err(error) = jsonschema::draft202012::meta::validate(schema) {
        let pointer = error.instance_path().to_string();
        let (place, keyword) = pointer.rsplit_once('/').unwrap_or_default();
        return refuse(place, Why::Malformed { keyword: keyword.to_owned() });
    }
    if dialect.everything {
        return whole(schema, dialect, &mut walk.references);
    }
    let Some(mut root) = walk.schema(schema, "", 0)? else { return refuse("", Why::Never) };
    if walk.filled.iter().any(|place| walk.nulls.contains(place)) {
        return refuse("", Why::AmbiguousNull);
    }
    let wrapped = root["type"] != "object";
    if wrapped {
        root = wrap(root);
        walk.tell("", "type", Action::Wrapped);
    }
    if !walk.definitions.is_empty() {
        root["$defs"] = walk.definitions.into();
    }
    Ok(Adapted { schema: root, changes: walk.changes, wrapped, filled: walk.filled })
}

/// `schema` in a dialect that takes any schema whose root is an object.
fn whole(
    schema: &Value,
    dialect: &SchemaDialect,
    references: &mut References<'_>,
) -> Result<Adapted, Inexpressible> {
    let inlined = if dialect.references { None } else { inline::inline(schema, references) };
    if let Some((inlined, mut changes)) = inlined
        && let Ok(walk) = Walk::new(&inlined, dialect)
        && let Ok(mut adapted) = whole::adapt(&inlined, &walk.references)
    {
        changes.append(&mut adapted.changes);
        return Ok(Adapted { changes, ..adapted });
    }
    whole::adapt(schema, references)
}
