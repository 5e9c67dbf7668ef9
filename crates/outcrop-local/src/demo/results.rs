//! Tool results as sources of further inputs, and the answer that quotes them.
//!
//! # Invariants
//! - The newest result comes first among the sources.

use serde_json::Value;

use super::{
    view::{Done, result_texts},
    words::shorten,
};

/// Values that are kept.
const MAX_VALUES: usize = 200;
/// Characters of one result that the answer quotes.
const MAX_QUOTE: usize = 600;

/// What the tools of a turn returned.
#[derive(Default)]
pub(super) struct Results {
    /// Names and plain values of JSON results.
    pub(super) values: Vec<(String, Value)>,
    /// The other results, a line each.
    pub(super) texts: String,
}

impl Results {
    pub(super) fn of(done: &[Done<'_>]) -> Self {
        let mut results = Self::default();
        for result in done.iter().rev().filter_map(|done| done.result).filter(|result| !result.is_error()) {
            for text in result_texts(result) {
                match serde_json::from_str::<Value>(&text) {
                    Ok(value) if value.is_object() || value.is_array() => {
                        collect("", &value, &mut results.values, 0)
                    }
                    _ => results.texts.push_str(&format!("\n{text}")),
                }
            }
        }
        results
    }
}

fn collect(name: &str, value: &Value, values: &mut Vec<(String, Value)>, depth: usize) {
    if depth > 16 || values.len() >= MAX_VALUES {
        return;
    }
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(name, value, values, depth + 1))
        }
        Value::Array(items) => items.iter().for_each(|item| collect(name, item, values, depth + 1)),
        plain if !name.is_empty() => values.push((name.to_owned(), plain.clone())),
        _ => {}
    }
}

/// The answer that quotes the results of the turn, a line each.
pub(super) fn answer(done: &[Done<'_>]) -> String {
    let lines = done.iter().filter_map(|done| {
        let result = done.result?;
        let text = result_texts(result).join(" ");
        let text = if text.trim().is_empty() { "nothing" } else { text.trim() };
        let verb = if result.is_error() { "failed" } else { "returned" };
        Some(format!("{} {verb}: {}", done.call.name, shorten(text, MAX_QUOTE)))
    });
    format!("The demo model called its tools.\n{}", lines.collect::<Vec<_>>().join("\n"))
}
