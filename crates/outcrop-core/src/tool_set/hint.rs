//! What models often do wrong in an input that does not fit: a word that helps the next try.
//!
//! # Invariants
//! - A hint is told and nothing is mended: text that looks like a mistake may be meant.

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::Value;

/// What may be behind `error`, which was found in `input`.
pub(super) fn of(error: &ValidationError<'_>, input: &Value) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::Type { kind } => holds_json(error, kind),
        ValidationErrorKind::Required { .. } => swallowed(input),
        _ => None,
    }
}

/// R49: a string that holds the value that is wanted.
fn holds_json(error: &ValidationError<'_>, wanted: &TypeKind) -> Option<String> {
    let Value::String(text) = &**error.instance() else { return None };
    let held: Value = serde_json::from_str(text.trim()).ok()?;
    let (kind, words) = match held {
        Value::Array(_) => (JsonType::Array, "an array"),
        Value::Object(_) => (JsonType::Object, "an object"),
        Value::Number(number) if number.is_f64() => (JsonType::Number, "a number"),
        Value::Number(_) => (JsonType::Integer, "a number"),
        Value::Bool(_) => (JsonType::Boolean, "a boolean"),
        Value::Null | Value::String(_) => return None,
    };
    let is_wanted = |one: JsonType| one == kind || (one, kind) == (JsonType::Number, JsonType::Integer);
    let fits = match wanted {
        TypeKind::Single(one) => is_wanted(*one),
        TypeKind::Multiple(set) => set.iter().any(is_wanted),
    };
    fits.then(|| format!("it is a string that holds {words}: give {words} itself"))
}

/// The ends of calls that leak into the last text of an input, and the members after it with them.
const TAGS: [&str; 3] = ["</invoke>", "</parameter>", "</function_calls>"];

/// A text that has swallowed what was to follow it.
fn swallowed(input: &Value) -> Option<String> {
    let (name, _) = input.as_object()?.iter().find(|(_, member)| {
        let Value::String(text) = member else { return false };
        let text = text.trim_end();
        TAGS.iter().any(|tag| text.ends_with(tag)) || text.contains("<parameter name=\"")
    })?;
    Some(format!("`/{name}` holds the markup of a call: it may have swallowed what was to follow"))
}
