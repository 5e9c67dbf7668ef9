//! JSON compared by value: order of members does not count, integers are exact at any length.
//!
//! # Invariants
//! - A member that is absent, `null`, `[]` or `{}` is the same; within documents, which belong to users and models,
//!   every value counts.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;
use serde_json::value::RawValue;

/// Members whose value is taken as it is: documents, and `toolChoice`, where `{"any":{}}` is not `{"auto":{}}`.
const EXACT: [&str; 5] =
    ["input", "json", "additionalModelRequestFields", "additionalModelResponseFields", "toolChoice"];

/// A JSON value; numbers are kept as text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    pub(super) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        let raw: &RawValue = serde_json::from_slice(text)?;
        Self::read(raw)
    }

    pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        Self::parse(&serde_json::to_vec(value)?)
    }

    fn read(raw: &RawValue) -> Result<Self, serde_json::Error> {
        let text = raw.get();
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
                let read = members.into_iter().map(|(key, value)| Ok((key, Self::read(value)?)));
                Self::Object(read.collect::<Result<_, serde_json::Error>>()?)
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text)?;
                Self::Array(items.into_iter().map(Self::read).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            _ => Self::Number(text.to_owned()),
        })
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.as_object()?.get(key)
    }

    pub(super) fn as_object(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_object_mut(&mut self) -> Option<&mut BTreeMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(items) => items.is_empty(),
            Self::Object(members) => members.is_empty(),
            _ => false,
        }
    }

    /// The same with empty members left out.
    fn tidy(self) -> Self {
        match self {
            Self::Array(items) => Self::Array(items.into_iter().map(Self::tidy).collect()),
            Self::Object(members) => {
                let tidied = members.into_iter().map(|(key, value)| {
                    let value = if EXACT.contains(&key.as_str()) { value } else { value.tidy() };
                    (key, value)
                });
                Self::Object(tidied.filter(|(_, value)| !value.is_empty()).collect())
            }
            other => other,
        }
    }
}

/// `throttlingException` → `ThrottlingException`
pub(super) fn upper_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// The first difference between two values, in words; `None` where they are the same.
pub(super) fn difference(ours: &Json, theirs: &Json) -> Option<String> {
    differ(&ours.clone().tidy(), &theirs.clone().tidy(), "")
}

fn differ(ours: &Json, theirs: &Json, path: &str) -> Option<String> {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            let keys = ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key)));
            keys.filter_map(|key| match (ours.get(key), theirs.get(key)) {
                (Some(ours), Some(theirs)) => differ(ours, theirs, &format!("{path}.{key}")),
                (Some(ours), None) => Some(format!("{path}.{key} is {ours}, expected nothing")),
                (None, theirs) => {
                    Some(format!("{path}.{key} is missing, expected {}", theirs.unwrap_or(&Json::Null)))
                }
            })
            .next()
        }
        (Json::Array(ours), Json::Array(theirs)) => {
            let pairs = ours.iter().zip(theirs).enumerate();
            let mut differences =
                pairs.filter_map(|(at, (ours, theirs))| differ(ours, theirs, &format!("{path}[{at}]")));
            differences.next().or_else(|| {
                let (a, b) = (ours.len(), theirs.len());
                (a != b).then(|| format!("{path} has {a} items, expected {b}"))
            })
        }
        (Json::Number(ours), Json::Number(theirs)) if same_number(ours, theirs) => None,
        (ours, theirs) if ours == theirs => None,
        (ours, theirs) => Some(format!("{path} is {ours}, expected {theirs}")),
    }
}

/// Integers digit by digit; others as the doubles that every reader makes of them.
fn same_number(ours: &str, theirs: &str) -> bool {
    let integer = |text: &str| !text.contains(['.', 'e', 'E']);
    if integer(ours) && integer(theirs) {
        return ours == theirs;
    }
    matches!((ours.parse::<f64>(), theirs.parse::<f64>()), (Ok(a), Ok(b)) if a == b)
}

/// An excerpt, for a line of a report.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(text) => text.clone(),
            Self::String(text) => format!("{text:?}"),
            Self::Array(items) => {
                format!("[{}]", items.iter().map(Self::to_string).collect::<Vec<_>>().join(","))
            }
            Self::Object(members) => {
                let members = members.iter().map(|(key, value)| format!("{key:?}:{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        };
        let excerpt: String = text.chars().take(120).collect();
        f.write_str(&excerpt)?;
        if excerpt.len() < text.len() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ours: &str, theirs: &str, expected: Option<&str>) {
        let parse = |text: &str| Json::parse(text.as_bytes()).unwrap();
        assert_eq!(difference(&parse(ours), &parse(theirs)).as_deref(), expected);
    }

    #[test]
    fn values_are_compared() {
        check(r#"{"a":1,"b":[],"c":{"d":null}}"#, r#"{"a":1}"#, None);
        check(r#"{"a":7006652.0}"#, r#"{"a":7006652}"#, None);
        check(r#"{"a":0.7}"#, r#"{"a":0.699999988}"#, Some(".a is 0.7, expected 0.699999988"));
        check(
            "123456789012345678901",
            "123456789012345678902",
            Some(" is 123456789012345678901, expected 123456789012345678902"),
        );
        check(r#"{"input":{"a":[]}}"#, r#"{"input":{}}"#, Some(r#".input is {"a":[]}, expected nothing"#));
        check(
            r#"{"toolChoice":{"any":{}}}"#,
            r#"{"toolChoice":{"auto":{}}}"#,
            Some(".toolChoice.any is {}, expected nothing"),
        );
        check(r#"[{"text":"a"},1]"#, r#"[{"text":"a"}]"#, Some(" has 2 items, expected 1"));
    }
}
