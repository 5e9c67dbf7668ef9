//! What models often do wrong in an input that does not fit: a word that helps the next try.
//!
//! # Invariants
//! - A hint is told and nothing is mended: text that looks like a mistake may be meant.

use jsonschema::{JsonType, error::TypeKind};
use outcrop_json::RepairKind;
use serde_json::Value;

use super::shown::short;
use crate::wire::strict_json::parse_strict;

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

/// Most characters of an object that is suggested.
const MAX_SUGGESTED: usize = 300;

/// The object that a text which is not JSON probably stands for, as a sentence.
pub(super) fn perhaps_meant(text: &str) -> Option<String> {
    let proposal = outcrop_json::repair(text)?;
    // In place of these, the proposal has another value.
    let is_replaced = |kind: RepairKind| matches!(kind, RepairKind::LoneSurrogate | RepairKind::NotANumber);
    if !proposal.is_changed() || proposal.repairs.iter().any(|repair| is_replaced(repair.kind)) {
        return None;
    }
    let value = parse_strict(&proposal.json).ok().filter(Value::is_object)?;
    if proposal.json.chars().nth(MAX_SUGGESTED).is_none() {
        return Some(format!("Perhaps you meant: {}.", proposal.json));
    }
    let shortened = short(&value, MAX_SUGGESTED);
    (shortened != "{…}").then(|| format!("Perhaps you meant (shortened): {shortened}."))
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::perhaps_meant;

    /// Nothing is suggested where a value would have to be made up.
    #[test]
    fn objects_that_were_probably_meant() {
        fn check(input: &str, expected: Expect) {
            let hint = perhaps_meant(input);
            assert!(hint.as_ref().is_none_or(|hint| hint.chars().count() < 340), "{hint:?}");
            expected.assert_eq(&hint.unwrap_or_default().replace(&"a".repeat(60), "a*60 "));
        }
        check(r#"{"a": [1, 2"#, expect![[r#"Perhaps you meant: {"a": [1, 2]}."#]]);
        check("```json\n{'a': True,}\n```", expect![[r#"Perhaps you meant: {"a":true}."#]]);
        check("{\"a\": \"1\n2\"}", expect![[r#"Perhaps you meant: {"a":"1\n2"}."#]]);
        let a = "a".repeat(1_000);
        check(
            &format!(r#"{{"text": "{a}", "names": [cronjob, "{a}"]"#),
            expect![[
                r#"Perhaps you meant (shortened): {"text":"a*60 aaaaaaaaaaaaaaaaaaaa…","names":["cronjob","a*60 aaaaaaaaaaaaaaaaaaaa…"]}."#
            ]],
        );
        let many: String = (0..1_000).map(|n| format!("\"member {n}\": [[[[{n}]]]], ")).collect();
        check(&format!("{{{many}"), expect![""]);
        for input in [
            r#"{"a": 1, "b"#,
            r#"{"a": tru"#,
            r#"{"a": 12."#,
            r#"{"a": NaN}"#,
            r#"{"a": "\ud83d"}"#,
            r#"{"a": 1, "a": 2,}"#,
            r#"{"a": 1, "a": 2}"#,
            r#"{"a": 1} {"b": 2}"#,
            r#"{"a": "say "hi""}"#,
            r#"{"a": 1e999,}"#,
            "[1,]",
            "[1]",
            "Lisbon",
        ] {
            check(input, expect![""]);
        }
    }
}
