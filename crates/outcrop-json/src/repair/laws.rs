//! What holds for every text.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value};

use super::{Rewritten, repair, rewrite};
use crate::RepairKind;

/// How often a byte is looked at, on average over a text, at most.
const MAX_STEPS: usize = 40;

fn value() -> impl Strategy<Value = Value> {
    let text = vec(select(TEXT.as_slice()), 0..6).prop_map(|parts| parts.concat());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        text.clone().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((text.clone(), inner), 0..6).prop_map(|members| Value::from(Map::from_iter(members))),
        ]
    })
}

/// Parts of strings that look like structure.
const TEXT: [&str; 24] = [
    "a", "key", " ", ", ", ",", ": ", ":", "\"", "\"", "'", "\\", "{", "}", "[", "]", "\n", "```", "//",
    "/*", "é", "😀", "true", "12", "\u{7f}",
];

/// Parts of texts, whole or broken.
const PARTS: [&str; 52] = [
    "{",
    "}",
    "[",
    "]",
    "{",
    "}",
    "[",
    "]",
    ",",
    ",",
    ":",
    ":",
    "\"",
    "\"",
    "\"",
    "'",
    "\\",
    "\\\"",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\u00e",
    "\\n",
    "\"a\":",
    "\"b\": ",
    "\"x\"",
    "\"key\"",
    "'k':",
    "k:",
    "word",
    "two words",
    "true",
    "None",
    "NaN",
    "12",
    "-",
    "007",
    "1.5e3",
    "1,234",
    " ",
    " ",
    "\n",
    "\r\n",
    "\t",
    "// c\n",
    "/*",
    "*/",
    "```",
    "```json\n",
    "...",
    "\u{feff}",
    "“é”",
];

fn object() -> impl Strategy<Value = Value> {
    vec((".{0,4}", value()), 0..5).prop_map(|members| Value::from(Map::from_iter(members)))
}

/// The same JSON, in another writing.
fn texts(value: &Value) -> [String; 3] {
    let plain = value.to_string();
    let mut ascii = String::new();
    for char in plain.chars() {
        match char {
            ' '..='~' => ascii.push(char),
            _ => ascii.extend(char.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}"))),
        }
    }
    [ascii, serde_json::to_string_pretty(value).unwrap(), plain]
}

/// Closes what is open, as `partial-json-fixer` should.
fn closed(json: &str) -> String {
    let (mut stack, mut in_string, mut escaped) = (Vec::new(), false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => stack.push('}'),
            b'[' => stack.push(']'),
            b'}' | b']' => drop(stack.pop()),
            _ => {}
        }
    }
    let quote = if in_string { "\"" } else { "" };
    format!("{json}{quote}{}", stack.iter().rev().collect::<String>())
}

/// What is written is JSON but for its end, the fixer finds that end, and the work is bounded.
fn holds(text: &str) -> Result<(), TestCaseError> {
    let Some(rewritten) = rewrite(text) else { return Ok(()) };
    let Rewritten { json, open, steps, .. } = &rewritten;
    let closed = closed(json);
    prop_assert!(*open || closed == *json, "{} in {:?}", json, text);
    let value = serde_json::from_str::<Value>(&closed);
    prop_assert!(value.is_ok(), "{:?} gave {}: {:?}", text, closed, value);
    prop_assert!(*steps <= MAX_STEPS * text.len(), "{} steps for {} bytes", steps, text.len());
    prop_assert_eq!(rewritten.into_proposal().map(|proposal| proposal.value), value.ok());
    Ok(())
}

/// Whether a text that was cut may mean `part` if the whole means `whole`.
fn is_beginning(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::String(part), Value::String(whole)) => {
            // Half of a surrogate pair stands for itself.
            whole.starts_with(part.as_str()) || whole.starts_with(part.trim_end_matches('\u{fffd}'))
        }
        (Value::Array(part), Value::Array(whole)) => {
            let before = part.len().saturating_sub(1);
            part.len() <= whole.len()
                && part.iter().zip(whole).take(before).all(|(part, whole)| part == whole)
                && part.iter().zip(whole).all(|(part, whole)| is_beginning(part, whole))
        }
        (Value::Object(part), Value::Object(whole)) => {
            let differs = part.iter().filter(|(name, value)| whole.get(*name) != Some(value)).count();
            differs <= 1
                && part
                    .iter()
                    .all(|(name, value)| whole.get(name).is_some_and(|whole| is_beginning(value, whole)))
        }
        _ => part == whole,
    }
}

/// Texts that make a careless look-ahead start over and over.
#[test]
fn work_grows_no_faster_than_the_text() {
    const HEADS: [&str; 7] = ["{\"a\":x", "{\"a\":\"", "[\"", "[", "{\"a\":", "{", "{\"a\":\"\\\"{"];
    const UNITS: [&str; 34] = [
        "\"", "\", ", "\", \"", "\" \"", "\":", "x,", "x ", "x\n", ",", ",\"", "'", "', ", "\"}", "\"},",
        "{\"", "[\"", "]", "}", " ", "\n", "//x,", "x //", "/* ", "1 ", "1,", "1 {", "...,", "\\\"", "\\u",
        "\", 'x", "a//,", "a/*,", "a/**/,", "a//:",
    ];
    for head in HEADS {
        for unit in UNITS {
            for tail in ["", "\"", "\"}", "'", "y y"] {
                let text = format!("{head}{}{tail}", unit.repeat(2000));
                if let Some(rewritten) = rewrite(&text) {
                    let steps = rewritten.steps;
                    assert!(steps <= MAX_STEPS * text.len(), "{steps} steps: {head} {unit} {tail}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,40}") {
        holds(&text)?;
        holds(&format!("{{{text}"))?;
    }

    #[test]
    fn broken_text(parts in vec(select(PARTS.as_slice()), 0..40)) {
        let text = parts.concat();
        holds(&text)?;
        holds(&format!("{{\"a\": {text}"))?;
        holds(&format!("[\"{text}"))?;
    }

    #[test]
    fn long_broken_text(parts in vec(select(PARTS.as_slice()), 1..6), times in 1_usize..300) {
        holds(&format!("[{}", parts.concat().repeat(times)))?;
        holds(&format!("{{\"a\":\"{}", parts.concat().repeat(times)))?;
    }

    #[test]
    fn strict_json_is_taken_as_it_is(value in value()) {
        for text in texts(&value) {
            // Also by the pass that looks for damage.
            for proposal in [repair(&text), rewrite(&text).unwrap().into_proposal()] {
                let proposal = proposal.unwrap();
                prop_assert_eq!(&proposal.value, &value);
                prop_assert_eq!(proposal.repairs, []);
            }
        }
    }

    #[test]
    fn strings_without_damage_are_kept_beside_damage(value in value()) {
        for text in texts(&value) {
            let proposal = repair(&format!("{{\"before\": {text}, bare: {text},}}")).unwrap();
            prop_assert_eq!(&proposal.value["before"], &value);
            prop_assert_eq!(&proposal.value["bare"], &value);
            let kinds: Vec<_> = proposal.repairs.iter().map(|repair| repair.kind).collect();
            prop_assert_eq!(kinds, [RepairKind::BareKey, RepairKind::TrailingComma]);
        }
    }

    #[test]
    fn what_is_proposed_is_json(parts in vec(select(PARTS.as_slice()), 0..40)) {
        if let Some(proposal) = repair(&parts.concat()) {
            let again = repair(&proposal.value.to_string()).unwrap();
            prop_assert_eq!(again.value, proposal.value);
            prop_assert_eq!(again.repairs, []);
        }
    }

    #[test]
    fn a_beginning_gives_a_beginning(value in object()) {
        for text in texts(&value) {
            for (end, _) in text.char_indices().skip(1) {
                let beginning = &text[..end];
                let proposal = repair(beginning).unwrap();
                prop_assert!(is_beginning(&proposal.value, &value), "{} gave {}", beginning, proposal.value);
                prop_assert!(!proposal.repairs.is_empty(), "{}", beginning);
            }
        }
    }
}
