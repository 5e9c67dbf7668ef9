//! How values and schemas are shown to the model: short, whatever their size.
//!
//! # Invariants
//! - The work is bounded like the text: of a huge value only what is shown is looked at.
//! - What was left out is marked by `…`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::wire::excerpt::{MAX_EXCERPT, cut, excerpt};

/// Characters of a value that is shown.
const MAX_FOUND: usize = 120;
/// Characters of a part of a schema.
const MAX_FRAGMENT: usize = 400;
/// Members of a list of words.
const MAX_LISTED: usize = 20;

/// Of a long text the part around byte `at`, else all of it.
pub(super) fn around(text: &str, at: usize) -> String {
    if text.char_indices().nth(MAX_EXCERPT).is_none() {
        return text.to_owned();
    }
    let start = text.floor_char_boundary(at.saturating_sub(MAX_EXCERPT * 3 / 4));
    if start == 0 {
        return excerpt(text);
    }
    let part = cut(&text[start..], MAX_EXCERPT);
    format!("…{part} ({} bytes in all, from byte {start})", text.len())
}

/// What a value is, in words.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Number(value) => format!("the number {}", cut(&value.to_string(), MAX_FOUND)),
        Value::String(text) if text.is_empty() => "an empty string".to_owned(),
        Value::String(_) => format!("the string {}", short(value, MAX_FOUND)),
        Value::Array(items) if items.is_empty() => "an empty array".to_owned(),
        Value::Array(_) => format!("an array: {}", short(value, MAX_FOUND)),
        Value::Object(members) if members.is_empty() => "an empty object".to_owned(),
        Value::Object(_) => format!("an object: {}", short(value, MAX_FOUND)),
    }
}

/// A part of a schema.
pub(super) fn fragment(schema: &Value) -> String {
    short(schema, MAX_FRAGMENT)
}

/// A value as JSON, with as much of its depth as there is room for.
pub(super) fn short(value: &Value, most: usize) -> String {
    let mut text = String::new();
    for depth in (0..6).rev() {
        text.clear();
        write(&mut text, value, depth, most);
        if text.len() <= most {
            return text;
        }
    }
    cut(&text, most)
}

/// Stops early where the text is longer than `most` anyway.
fn write(text: &mut String, value: &Value, depth: usize, most: usize) {
    match value {
        Value::String(string) => {
            let string = cut(string, most.min(80));
            let _ = write!(text, "{}", Value::String(string));
        }
        Value::Array(items) if items.is_empty() => text.push_str("[]"),
        Value::Object(members) if members.is_empty() => text.push_str("{}"),
        Value::Array(_) if depth == 0 => text.push_str("[…]"),
        Value::Object(_) if depth == 0 => text.push_str("{…}"),
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                if at == MAX_LISTED || text.len() > most {
                    text.push('…');
                    break;
                }
                write(text, item, depth - 1, most);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                if at == MAX_LISTED || text.len() > most {
                    text.push('…');
                    break;
                }
                let _ = write!(text, "{}:", Value::String(cut(name, 80)));
                write(text, member, depth - 1, most);
            }
            text.push('}');
        }
        Value::Number(number) => text.push_str(&cut(&number.to_string(), most)),
        Value::Null | Value::Bool(_) => {
            let _ = write!(text, "{value}");
        }
    }
}

/// Values as a list: `one of "a", "b" or "c"`.
pub(super) fn one_of(values: &[Value]) -> String {
    let listed = either(values.iter().map(|value| short(value, 60)), values.len());
    if values.len() < 3 { listed } else { format!("one of {listed}") }
}

/// Names as a list.
pub(super) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>, word: &str) -> String {
    let count = names.len();
    joined(names.map(|name| format!("`{}`", cut(name, 60))), count, word)
}

/// `a, b or c`
pub(super) fn either(words: impl Iterator<Item = String>, count: usize) -> String {
    joined(words, count, "or")
}

fn joined(words: impl Iterator<Item = String>, count: usize, word: &str) -> String {
    let mut text = String::new();
    for (at, next) in words.take(MAX_LISTED).enumerate() {
        match at {
            0 => {}
            at if at + 1 == count => {
                let _ = write!(text, " {word} ");
            }
            _ => text.push_str(", "),
        }
        text.push_str(&next);
        if text.len() > 220 && at + 1 < count {
            let _ = write!(text, " {word} one of {} more", count - at - 1);
            return text;
        }
    }
    if count > MAX_LISTED {
        let _ = write!(text, " {word} one of {} more", count - MAX_LISTED);
    }
    text
}

/// `1 item`, `2 items`.
pub(super) fn count(number: u64, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}
