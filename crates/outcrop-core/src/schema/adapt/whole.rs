//! Schemas for a dialect that takes any schema whose root is an object.
//!
//! # Invariants
//! - A root that is an object is left as it is, to the byte.
//! - Otherwise it is put into an object, and every reference still leads where it led.

use serde_json::{Map, Value};

use super::{
    Adapted,
    adapted::wrap,
    refs::{REFERENCES, References, Shape, child, holds_definitions, shape},
    report::{Action, Inexpressible, SchemaChange, Why},
    walk::{MAX_DEPTH, refuse},
};

/// Where a root that was wrapped is.
const WRAPPED: &str = "/properties/value";

pub(super) fn adapt(schema: &Value, references: &References<'_>) -> Result<Adapted, Inexpressible> {
    let unchanged = |schema| Adapted { schema, changes: Vec::new(), wrapped: false, filled: Vec::new() };
    if schema.get("type").is_some_and(|kind| kind == "object") {
        return Ok(unchanged(schema.clone()));
    }
    let mut inner = schema.clone();
    let mut definitions = Vec::new();
    if let Value::Object(keywords) = &mut inner {
        for keyword in ["$schema", "$id"] {
            keywords.shift_remove(keyword);
        }
    }
    redirect(&mut inner, "", references, 0)?;
    if let Value::Object(keywords) = &mut inner {
        let names: Vec<_> = keywords.keys().filter(|keyword| holds_definitions(keyword)).cloned().collect();
        definitions.extend(names.iter().filter_map(|name| keywords.shift_remove_entry(name)));
    }
    let mut root = wrap(inner);
    for (keyword, held) in definitions {
        root[keyword] = held;
    }
    let change = SchemaChange { pointer: String::new(), keyword: "type".to_owned(), action: Action::Wrapped };
    Ok(Adapted { schema: root, changes: vec![change], wrapped: true, filled: Vec::new() })
}

/// Turns every reference to where its target will be.
fn redirect(
    schema: &mut Value,
    at: &str,
    references: &References<'_>,
    depth: usize,
) -> Result<(), Inexpressible> {
    let Value::Object(keywords) = schema else { return Ok(()) };
    if depth > 2 * MAX_DEPTH {
        return refuse(at, Why::TooDeep);
    }
    for keyword in REFERENCES {
        let Some(Value::String(reference)) = keywords.get_mut(keyword) else { continue };
        let target = references.resolve(reference).or_else(|why| refuse(at, why))?;
        let hoisted = target.strip_prefix('/').and_then(|rest| rest.split('/').next());
        let prefix = match hoisted {
            Some(first) if holds_definitions(first) => "",
            _ => WRAPPED,
        };
        *reference = format!("#{prefix}{}", escape(&target));
    }
    for (keyword, value) in keywords.iter_mut() {
        let shape = if holds_definitions(keyword) { Some(Shape::Members) } else { shape(keyword) };
        let at = child(at, keyword);
        match (shape, value) {
            (Some(Shape::Schema), part) => redirect(part, &at, references, depth + 1)?,
            (Some(Shape::List), Value::Array(parts)) => {
                for part in parts {
                    redirect(part, &at, references, depth + 1)?;
                }
            }
            (Some(Shape::Members), Value::Object(members)) => redirect_all(members, &at, references, depth)?,
            _ => {}
        }
    }
    Ok(())
}

fn redirect_all(
    members: &mut Map<String, Value>,
    at: &str,
    references: &References<'_>,
    depth: usize,
) -> Result<(), Inexpressible> {
    members.values_mut().try_for_each(|part| redirect(part, at, references, depth + 1))
}

/// A pointer as a fragment: what has a meaning there is escaped.
fn escape(pointer: &str) -> String {
    let mut escaped = String::with_capacity(pointer.len());
    for byte in pointer.bytes() {
        match byte {
            b'%'
            | b'"'
            | b'<'
            | b'>'
            | b'\\'
            | b'^'
            | b'`'
            | b'{'
            | b'|'
            | b'}'
            | b'#'
            | b'['
            | b']'
            | ..=b' '
            | 127.. => {
                escaped.push_str(&format!("%{byte:02X}"));
            }
            byte => escaped.push(char::from(byte)),
        }
    }
    escaped
}
