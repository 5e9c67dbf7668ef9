//! What models often do wrong in an input that does not fit: a word that helps the next try.
//!
//! # Invariants
//! - A hint is told and nothing is mended: text that looks like a mistake may be meant.

use jsonschema::{JsonType, error::TypeKind};
use serde_json::Value;

/// R49: a string that holds the value that is wanted.
pub(super) fn holds_json(found: &Value, wanted: &TypeKind) -> Option<String> {
    let Value::String(text) = found else { return None };
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
pub(super) fn swallowed(found: &Value) -> Option<String> {
    let (name, _) = found.as_object()?.iter().find(|(_, member)| {
        let Value::String(text) = member else { return false };
        let text = text.trim_end();
        TAGS.iter().any(|tag| text.ends_with(tag)) || text.contains("<parameter name=\"")
    })?;
    Some(format!("`{name}` holds the markup of a call: it may have swallowed what was to follow"))
}

/// Longer names are not compared, since that takes the product of their lengths.
const MAX_COMPARED: usize = 64;

/// The known name that `name` may stand for.
pub(super) fn near<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |name: &str| {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    if name.len() > MAX_COMPARED {
        return None;
    }
    let wanted = plain(name);
    let distance = |other: &str| strsim::osa_distance(&wanted, &plain(other));
    let holds = |other: &str| {
        let other = plain(other);
        wanted.len() > 2 && other.len() > 2 && (other.contains(&wanted) || wanted.contains(&other))
    };
    let near = |other: &str| {
        let distance = distance(other);
        (distance <= wanted.chars().count() / 3 || holds(other)).then_some(distance)
    };
    let short_enough = known.filter(|other| other.len() <= MAX_COMPARED);
    short_enough
        .filter_map(|other| Some((near(other)?, other)))
        .min_by_key(|(far, _)| *far)
        .map(|(_, other)| other)
}
