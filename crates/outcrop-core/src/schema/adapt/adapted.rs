//! An adapted schema, and the way back from a value that fits it to one of the original schema.
//!
//! # Invariants
//! - Only what adaptation put there is taken out: the object around the root, and `null`s for members that are not
//!   there.

use serde_json::{Map, Value, json};

use super::{SchemaChange, refs::child};

/// The member that holds the value where a root was wrapped.
pub const WRAPPER: &str = "value";

/// A schema in a dialect, and what was done to get there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adapted {
    /// What is sent.
    pub schema: Value,
    /// What was done, in the order of the schema. Definitions that nothing uses are left out without a word.
    pub changes: Vec<SchemaChange>,
    /// Whether the root was put into an object, as its member [`WRAPPER`].
    pub wrapped: bool,
    pub(super) filled: Vec<Vec<Segment>>,
}

/// An object that holds what `schema` describes.
pub(super) fn wrap(schema: Value) -> Value {
    json!({
        "type": "object",
        "properties": { WRAPPER: schema },
        "required": [WRAPPER],
        "additionalProperties": false,
    })
}

/// A step into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Segment {
    Member(String),
    /// All items of an array.
    Items,
}

/// A value that is no object with the one member [`WRAPPER`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("not an object with `{WRAPPER}` as its one member")]
pub struct NotWrapped {
    /// The value as the model wrote it.
    pub value: Value,
}

impl Adapted {
    /// The value that was asked for, out of one that was written to the adapted schema.
    ///
    /// # Errors
    /// The root was wrapped and the value is not.
    ///
    /// ```
    /// use outcrop_core::schema::{SchemaDialect, adapt};
    /// use serde_json::json;
    /// let schema = json!({"type": "array", "items": {"type": "string"}});
    /// let adapted = adapt(&schema, &SchemaDialect::native())?;
    /// assert!(adapted.wrapped);
    /// assert_eq!(adapted.unwrap_value(json!({"value": ["a"]})), Ok(json!(["a"])));
    /// assert_eq!(adapted.unwrap_pointer("/value/0"), Some("/0"));
    /// assert_eq!(adapted.wrap_pointer("/0"), "/value/0");
    /// # Ok::<(), outcrop_core::schema::Inexpressible>(())
    /// ```
    pub fn unwrap_value(&self, value: Value) -> Result<Value, NotWrapped> {
        let mut value = match value {
            value if !self.wrapped => value,
            Value::Object(mut members) if members.len() == 1 && members.contains_key(WRAPPER) => {
                members.shift_remove(WRAPPER).unwrap_or_default()
            }
            value => return Err(NotWrapped { value }),
        };
        for place in &self.filled {
            empty(&mut value, place);
        }
        Ok(value)
    }

    /// What there is of the value in a part of it; `None` while nothing of it is there. A `null` for a member that
    /// is not there stays.
    pub fn unwrap_partial<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        if self.wrapped { value.get(WRAPPER) } else { Some(value) }
    }

    /// The place in the value that was asked for, out of one in a value that was written; `None` for the object
    /// around it.
    pub fn unwrap_pointer<'a>(&self, pointer: &'a str) -> Option<&'a str> {
        if !self.wrapped {
            return Some(pointer);
        }
        let rest = pointer.strip_prefix('/')?.strip_prefix(WRAPPER)?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }

    /// The JSON pointer into what the model writes, for a message that tells it about a mistake.
    pub fn wrap_pointer(&self, pointer: &str) -> String {
        if self.wrapped { format!("{}{pointer}", child("", WRAPPER)) } else { pointer.to_owned() }
    }
}

/// Takes the `null` out that is at `place`.
fn empty(value: &mut Value, place: &[Segment]) {
    match (place, value) {
        ([Segment::Member(name)], Value::Object(members)) => remove_null(members, name),
        ([Segment::Member(name), rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get_mut(name) {
                empty(member, rest);
            }
        }
        ([Segment::Items, rest @ ..], Value::Array(items)) => {
            items.iter_mut().for_each(|item| empty(item, rest));
        }
        _ => {}
    }
}

fn remove_null(members: &mut Map<String, Value>, name: &str) {
    if members.get(name).is_some_and(Value::is_null) {
        members.shift_remove(name);
    }
}
