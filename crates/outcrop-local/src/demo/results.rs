//! What tools gave: values for further calls, and words for the answer.
//!
//! # Invariants
//! - The newest result comes first.

use serde_json::Value;

use super::{
    view::{Done, result_texts},
    words::shorten,
};

/// Values that are kept.
const MAX_VALUES: usize = 200;
/// Characters of one result that the answer quotes.
const MAX_QUOTE: usize = 600;

/// Names and plain values in the results, the newest first.
pub(super) fn found_values(done: &[Done<'_>]) -> Vec<(String, Value)> {
    let mut values = Vec::new();
    for result in done.iter().rev().filter_map(|done| done.result).filter(|result| !result.is_error()) {
        for text in result_texts(result) {
            match serde_json::from_str::<Value>(&text) {
                Ok(value) => collect("", &value, &mut values, 0),
                Err(_) => named_in(&text, &mut values),
            }
        }
    }
    values.truncate(MAX_VALUES);
    values
}

fn collect(name: &str, value: &Value, values: &mut Vec<(String, Value)>, depth: usize) {
    if depth > 16 || values.len() > MAX_VALUES {
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

/// `id: A17`, `id=A17`.
fn named_in(text: &str, values: &mut Vec<(String, Value)>) {
    let mut words = text.split(|letter: char| letter.is_whitespace() || ",;()".contains(letter)).peekable();
    while let Some(word) = words.next() {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => match word.strip_suffix(':') {
                Some(name) => (name, words.peek().copied()),
                None => continue,
            },
        };
        let value = value
            .map(|value| value.trim_matches(['"', '\'', '.', '`']))
            .filter(|value| !value.is_empty() && !value.contains('='));
        if let Some(value) = value.filter(|_| !name.is_empty() && values.len() <= MAX_VALUES) {
            let number = serde_json::from_str::<Value>(value).ok().filter(Value::is_number);
            values.push((name.to_owned(), number.unwrap_or_else(|| value.into())));
        }
    }
}

/// The answer made of the results of the turn.
pub(super) fn answer(done: &[Done<'_>], first: bool) -> String {
    let mut lines = Vec::new();
    let mut failed: Vec<(&str, String)> = Vec::new();
    for done in done {
        let Some(result) = done.result else { continue };
        let texts = result_texts(result).join(" ");
        let text =
            if texts.trim().is_empty() { "nothing".to_owned() } else { shorten(texts.trim(), MAX_QUOTE) };
        let name = done.call.name.as_str();
        failed.retain(|(other, _)| *other != name);
        if result.is_error() {
            failed.push((name, text));
        } else {
            lines.push(format!("{name} says: {text}"));
        }
    }
    lines.extend(
        failed.into_iter().map(|(name, text)| format!("{name} failed, and I could not mend it: {text}")),
    );
    let lead = if first { "The demo model asked its tools. " } else { "" };
    format!("{lead}{}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_words() {
        let mut values = Vec::new();
        named_in("Found 2: id=A17 (price: 4.50), name: \"Umbrella\". x", &mut values);
        let found: Vec<String> = values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(found.join(" "), r#"id="A17" price=4.5 name="Umbrella""#);
    }
}
