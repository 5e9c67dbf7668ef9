//! Keywords in plain words, for the description that is sent in their place.
//!
//! # Invariants
//! - A sentence is no longer than [`MAX_LENGTH`]; what cannot be said within it is not said.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Bytes of one sentence.
const MAX_LENGTH: usize = 400;

/// What `keyword` says, or `None` where that takes too many words or needs definitions.
pub(super) fn sentence(keyword: &str, value: &Value) -> Option<String> {
    let text = match keyword {
        "minimum" => format!("At least {value}."),
        "maximum" => format!("At most {value}."),
        "exclusiveMinimum" => format!("More than {value}."),
        "exclusiveMaximum" => format!("Less than {value}."),
        "multipleOf" => format!("A multiple of {value}."),
        "minLength" => format!("At least {value} {}.", plural(value, "character")),
        "maxLength" => format!("At most {value} {}.", plural(value, "character")),
        "minItems" => format!("At least {value} {}.", plural(value, "item")),
        "maxItems" => format!("At most {value} {}.", plural(value, "item")),
        "minProperties" => format!("At least {value} {}.", plural(value, "member")),
        "maxProperties" => format!("At most {value} {}.", plural(value, "member")),
        "uniqueItems" => "No two items are equal.".to_owned(),
        "pattern" => format!("Fits the regular expression {}.", string(value)?),
        "format" => format!("Format: {}.", string(value)?),
        "contentEncoding" => format!("Encoded as {}.", string(value)?),
        "contentMediaType" => format!("Media type: {}.", string(value)?),
        "contentSchema" => format!("Its content fits this JSON Schema: {}.", schema(value)?),
        "default" => format!("Default: {value}."),
        "examples" => format!("For example: {}.", list(value)?),
        "contains" => format!("Some items fit this JSON Schema: {}.", schema(value)?),
        "minContains" => format!("At least {value} such {}.", plural(value, "item")),
        "maxContains" => format!("At most {value} such {}.", plural(value, "item")),
        "propertyNames" => format!("The names of members fit this JSON Schema: {}.", schema(value)?),
        "dependentRequired" => dependent(value.as_object()?)?,
        "dependentSchemas" => {
            let mut text = String::new();
            for (name, rule) in value.as_object()? {
                let rule = schema(rule)?;
                let _ =
                    write!(text, "{}Where `{name}` is given, this JSON Schema holds: {rule}.", space(&text));
            }
            text
        }
        "not" => format!("Does not fit this JSON Schema: {}.", schema(value)?),
        "if" => format!("A condition, where it fits this JSON Schema: {}.", schema(value)?),
        "then" => format!("Where the condition holds, it fits: {}.", schema(value)?),
        "else" => format!("Where the condition does not hold, it fits: {}.", schema(value)?),
        _ => return None,
    };
    (!text.is_empty() && text.len() <= MAX_LENGTH).then_some(text)
}

fn plural(count: &Value, word: &str) -> String {
    if count.as_f64() == Some(1.0) { word.to_owned() } else { format!("{word}s") }
}

fn space(before: &str) -> &'static str {
    if before.is_empty() { "" } else { " " }
}

fn string(value: &Value) -> Option<String> {
    value.as_str().map(|text| format!("`{text}`"))
}

fn list(value: &Value) -> Option<String> {
    let texts: Vec<_> = value.as_array()?.iter().map(Value::to_string).collect();
    Some(texts.join(", ")).filter(|text| !text.is_empty())
}

/// A schema as it is written; not where it refers to others, which the reader would not find.
fn schema(value: &Value) -> Option<String> {
    let text = value.to_string();
    let refers = ["\"$ref\"", "\"$dynamicRef\""].iter().any(|word| text.contains(word));
    (!refers).then_some(text)
}

fn dependent(rules: &Map<String, Value>) -> Option<String> {
    let mut text = String::new();
    for (name, others) in rules {
        let others: Vec<_> = others.as_array()?.iter().filter_map(string).collect();
        if !others.is_empty() {
            let others = others.join(", ");
            let _ = write!(text, "{}Where `{name}` is given, so must be {others}.", space(&text));
        }
    }
    Some(text)
}

/// The lines of `more` behind `text`.
pub(super) fn append(text: &str, more: &str) -> String {
    match (text.trim(), more.trim()) {
        ("", more) => more.to_owned(),
        (text, "") => text.to_owned(),
        (text, more) => format!("{text}\n{more}"),
    }
}
