//! Whether two schemas can be told apart: no value fits both. Of such alternatives `oneOf` says no more than `anyOf`.
//!
//! # Invariants
//! - Schemas are only called apart where that is certain: each keyword restricts, so those that are looked at are
//!   enough, whatever stands beside them.

use serde_json::{Map, Value};

use super::{
    kinds::is_one_of,
    merge::{is_equal, type_of, types},
    refs::References,
};

/// References that are followed one after the other, and members within members.
const MAX_HOPS: usize = 8;

/// Whether no value fits two of `parts`.
pub(super) fn all_apart(parts: &[Value], references: &References<'_>) -> bool {
    let mut pairs = parts.iter().enumerate().flat_map(|(at, a)| parts[..at].iter().map(move |b| (a, b)));
    pairs.all(|(a, b)| are_apart(a, b, references, MAX_HOPS))
}

fn are_apart(a: &Value, b: &Value, references: &References<'_>, hops: usize) -> bool {
    let (Value::Object(one), Value::Object(other)) = (a, b) else {
        return a == &Value::Bool(false) || b == &Value::Bool(false);
    };
    if hops == 0 {
        return false;
    }
    for (from, beside) in [(one, b), (other, a)] {
        let target = from.get("$ref").and_then(Value::as_str).map(|to| references.resolve(to));
        if let Some(Ok(target)) = target
            && are_apart(references.target(&target), beside, references, hops - 1)
        {
            return true;
        }
    }
    let by_value = match (values(one), values(other)) {
        (Some(ours), Some(theirs)) => {
            !ours.iter().any(|value| theirs.iter().any(|other| is_equal(value, other)))
        }
        (Some(listed), None) => misses(listed, other),
        (None, Some(listed)) => misses(listed, one),
        (None, None) => false,
    };
    if by_value {
        return true;
    }
    if let (Some(ours), Some(theirs)) = (kinds(one), kinds(other)) {
        let common = ours.iter().any(|kind| is_one_of(kind, &theirs));
        if !common && !theirs.iter().any(|kind| is_one_of(kind, &ours)) {
            return true;
        }
        if ours == ["object"] && theirs == ["object"] {
            return lacks(one, other)
                || lacks(other, one)
                || required(one).filter(|name| required(other).any(|own| own == *name)).any(|name| {
                    match (member(one, name), member(other, name)) {
                        (Some(ours), Some(theirs)) => are_apart(ours, theirs, references, hops - 1),
                        _ => false,
                    }
                });
        }
    }
    false
}

fn kinds(schema: &Map<String, Value>) -> Option<Vec<&'static str>> {
    schema.get("type").and_then(types)
}

/// The values that a schema lists.
fn values(schema: &Map<String, Value>) -> Option<&[Value]> {
    let constant = schema.get("const").map(std::slice::from_ref);
    constant.or_else(|| schema.get("enum")?.as_array().map(Vec::as_slice))
}

/// Whether none of `listed` is of a type that `schema` names.
fn misses(listed: &[Value], schema: &Map<String, Value>) -> bool {
    kinds(schema).is_some_and(|kinds| !listed.iter().any(|value| is_one_of(type_of(value), &kinds)))
}

fn required(schema: &Map<String, Value>) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn member<'a>(schema: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    schema.get("properties")?.get(name)
}

/// Whether an object of `one` must have a member that one of `other` cannot have.
fn lacks(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let closed = other.get("additionalProperties") == Some(&Value::Bool(false))
        && !other.contains_key("patternProperties");
    closed && required(one).any(|name| member(other, name).is_none())
}
