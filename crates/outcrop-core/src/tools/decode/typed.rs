//! Reading a text as a type: what serde refuses, as a [`Problem`].
//!
//! # Invariants
//! - A text that can be read is read once, by serde_json alone. Only after a refusal it is read again, to learn where
//!   that was.
//! - The place is as deep as serde knows it: inside flattened, untagged and internally tagged types it is theirs.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::{Problem, schema::at_place, shown::found};
use crate::wire::RawJson;

/// Reads `text`, which stands at `member` of a value that fits `schema`, or is all of it.
pub(crate) fn read<T: DeserializeOwned>(
    text: &str,
    member: Option<&str>,
    schema: &RawJson,
) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| explain::<T>(text, member, schema, error))
}

#[cold]
fn explain<T: DeserializeOwned>(
    text: &str,
    member: Option<&str>,
    schema: &RawJson,
    error: serde_json::Error,
) -> Problem {
    let mut reader = serde_json::Deserializer::from_str(text);
    let (places, error) = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => (Some(error.path().clone()), error.into_inner()),
        Ok(_) => (None, error),
    };
    let whole: Value = serde_json::from_str(text).unwrap_or_default();
    let mut names: Vec<String> = member.into_iter().map(str::to_owned).collect();
    let value = places.map_or(&whole, |places| walk(&places, &whole, &mut names));
    let schema = schema.to_value();
    let fragment = schema.as_ref().and_then(|schema| at_place(schema, &names));
    let pointer: String =
        names.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect();
    worded(&error.to_string(), &pointer, value).schema(fragment.filter(|schema| schema.is_object()))
}

/// Goes along `places` as far as the value has them; adds the names of the places gone through.
fn walk<'a>(places: &Path, mut value: &'a Value, names: &mut Vec<String>) -> &'a Value {
    for place in places {
        let (name, next) = match place {
            Segment::Seq { index } => (index.to_string(), value.get(index)),
            // A variant is a member only where it has content.
            Segment::Enum { variant } if value.get(variant).is_none() => continue,
            Segment::Map { key } | Segment::Enum { variant: key } => (key.clone(), value.get(key)),
            Segment::Unknown => break,
        };
        let Some(next) = next else { break };
        names.push(name);
        value = next;
    }
    value
}

/// What serde says, in the words that schemas are told in.
fn worded(message: &str, pointer: &str, value: &Value) -> Problem {
    // The line and column are those of a fragment.
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let (start, wanted) = message.rsplit_once(", expected ").unwrap_or((message, ""));
    let is = |kinds: &[&str]| !wanted.is_empty() && kinds.iter().any(|kind| start.starts_with(kind));
    if is(&["invalid type: ", "invalid value: ", "invalid length "]) {
        return Problem::new(pointer, plain(wanted), found(value));
    }
    if is(&["unknown variant `", "unknown field `"]) {
        return Problem::new(pointer, wanted, found(value)).hint(Some(start.to_owned()));
    }
    match message.strip_prefix("missing field ") {
        Some(name) => Problem::new(pointer, format!("the member {name}"), found(value)),
        None => Problem::new(pointer, "a valid value", found(value)).hint(Some(message.to_owned())),
    }
}

/// The names that Rust has for types, as JSON has them.
fn plain(wanted: &str) -> String {
    let (least, kind) = match wanted.strip_prefix("a nonzero ") {
        Some(kind) => (1, kind),
        None => (0, wanted),
    };
    let most = match kind {
        "u8" => Some(u64::from(u8::MAX)),
        "u16" => Some(u64::from(u16::MAX)),
        "u32" => Some(u64::from(u32::MAX)),
        "u64" | "usize" => Some(u64::MAX),
        _ => None,
    };
    if let Some(most) = most {
        return format!("an integer from {least} to {most}");
    }
    let bits = match kind {
        "i8" => Some(7),
        "i16" => Some(15),
        "i32" => Some(31),
        "i64" | "isize" => Some(63),
        _ => None,
    };
    if let Some(bits) = bits {
        let limit = 1i128 << bits;
        let but = if least == 1 { ", but not 0" } else { "" };
        return format!("an integer from {} to {}{but}", -limit, limit - 1);
    }
    match wanted {
        "u128" | "i128" | "integer" => "an integer".to_owned(),
        "f32" | "f64" | "floating point number" => "a number".to_owned(),
        "unit" => "null".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        _ => match wanted.strip_prefix("a tuple of size ") {
            Some(size) => format!("an array of {size} items"),
            None if wanted.starts_with("struct ") && !wanted.contains(" with ") => "an object".to_owned(),
            None => wanted.to_owned(),
        },
    }
}
