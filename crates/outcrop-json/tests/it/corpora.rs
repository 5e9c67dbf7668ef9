//! The shared corpora of malformed, cut and plain JSON, where they are at hand.
//!
//! They are found beside the workspace, at `../shared/conformance`, or where `OUTCROP_CONFORMANCE` says; where
//! there are none, these tests say so and pass. What other projects expect of a malformed text is their choice:
//! their texts must be read without panic, alike for every split, and each prefix must show an ancestor of what
//! the whole shows.

use std::path::{Path, PathBuf};

use base64::Engine;
use outcrop_json::{End, Kind, LiveJson, NodeRef, Outcome, Progress, repair};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Case {
    name: String,
    input: Option<String>,
    input_base64: Option<String>,
    repeat: Option<(String, usize)>,
    valid: Option<bool>,
    #[serde(default, deserialize_with = "there")]
    expected: Option<Value>,
    #[serde(default, deserialize_with = "there")]
    live: Option<Value>,
    state: Option<String>,
    repair_class: Option<String>,
    stop_reason: Option<String>,
}

/// A member that is there, null included.
fn there<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Case {
    fn bytes(&self) -> Vec<u8> {
        match (&self.input, &self.input_base64, &self.repeat) {
            (Some(text), _, _) => text.clone().into_bytes(),
            (_, Some(text), _) => base64::engine::general_purpose::STANDARD.decode(text).unwrap(),
            (_, _, Some((text, times))) => text.repeat(*times).into_bytes(),
            _ => panic!("{}: no input", self.name),
        }
    }
}

fn folder() -> PathBuf {
    match std::env::var_os("OUTCROP_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder).join("json"),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance/json"),
    }
}

/// Checks every case of a file; says so where the file is not there.
fn check(file: &str, least: usize, mistake: impl Fn(&Case) -> Option<String>) {
    let path = folder().join(file);
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("skipped: no {file} (set OUTCROP_CONFORMANCE to the folder that has json/{file})");
        return;
    };
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= least, "{file} has {} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| mistake(case).map(|mistake| format!("{}: {mistake}", case.name)))
        .collect();
    assert!(wrong.is_empty(), "{} of {} in {file}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn read(bytes: &[u8], piece: usize) -> LiveJson {
    let mut live = LiveJson::new();
    for piece in bytes.chunks(piece.max(1)) {
        // A limit is an outcome like any other.
        let _ = live.push_bytes(piece);
    }
    live
}

fn shown(live: &LiveJson) -> Option<Value> {
    live.root().map(value)
}

/// The value of a node; a number that no `Value` can hold is its text.
fn value(node: NodeRef<'_>) -> Value {
    match node.kind() {
        Kind::Array => node.items().map(value).collect(),
        Kind::Object => node.members().map(|(name, member)| (name.to_owned(), value(member))).collect(),
        _ => node.to_value().unwrap_or_else(|_| node.as_number().into()),
    }
}

fn class(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Complete(_) => "complete",
        Outcome::Repaired(_) => "benign",
        Outcome::Guessed(_) => "guess",
        Outcome::Truncated(_) => "truncated",
        Outcome::Invalid(_) => "fatal",
        _ => "unknown",
    }
}

/// What must hold for any text: no panic, the same for every split, and prefixes that agree.
fn any_text(case: &Case) -> Option<String> {
    let bytes = case.bytes();
    let mut whole = read(&bytes, bytes.len());
    let fast = bytes.len() < 10_000;
    for piece in [1, 3, 7].into_iter().filter(|_| fast) {
        let mut split = read(&bytes, piece);
        if shown(&split) != shown(&whole)
            || split.error() != whole.error()
            || split.repairs() != whole.repairs()
        {
            return Some(format!("differs when read by {piece}: {split:?} and {whole:?}"));
        }
        if split.finish(End::Whole) != read(&bytes, bytes.len()).finish(End::Whole) {
            return Some(format!("ends otherwise when read by {piece}"));
        }
    }
    let mut growing = LiveJson::new();
    let mut before = None;
    for byte in bytes.iter().filter(|_| fast) {
        let _ = growing.push_bytes(&[*byte]);
        let now = shown(&growing);
        if let (Some(before), Some(now)) = (&before, &now)
            && !is_ancestor(before, now)
        {
            return Some(format!("{before} became {now}"));
        }
        if before.is_some() && now.is_none() {
            return Some(format!("{before:?} was taken back"));
        }
        before = now;
    }
    let outcome = whole.finish(End::Whole);
    let strict = serde_json::from_slice::<Value>(&bytes);
    match strict {
        Ok(value) if !matches!(outcome, Outcome::Complete(_)) => Some(format!("{value} is {outcome:?}")),
        Ok(value) if shown(&whole) != Some(value.clone()) => {
            Some(format!("{value} is shown as {:?}", shown(&whole)))
        }
        _ => None,
    }
}

/// Whether `now` can be what `before` grew into; a name that came twice may have replaced its value.
fn is_ancestor(before: &Value, now: &Value) -> bool {
    match (before, now) {
        (Value::String(before), Value::String(now)) => now.starts_with(before),
        (Value::Array(before), Value::Array(now)) => {
            before.len() <= now.len() && before.iter().zip(now).all(|(before, now)| is_ancestor(before, now))
        }
        (Value::Object(before), Value::Object(now)) => before.keys().all(|key| now.contains_key(key)),
        _ => before == now,
    }
}

fn valid_ones(case: &Case) -> Option<String> {
    if let Some(mistake) = any_text(case) {
        return Some(mistake);
    }
    let bytes = case.bytes();
    let mut live = read(&bytes, 5);
    let outcome = live.finish(End::Whole);
    let complete = matches!(outcome, Outcome::Complete(_));
    let surrogates = outcome.repairs().iter().all(|repair| {
        matches!(
            repair.kind,
            outcrop_json::RepairKind::LoneSurrogate | outcrop_json::RepairKind::DuplicateKey
        )
    });
    match (case.valid, &case.expected) {
        (Some(true), expected) => {
            if !(complete || surrogates && matches!(outcome, Outcome::Repaired(_))) {
                return Some(format!("valid, but {outcome:?}"));
            }
            let shown = shown(&live).unwrap_or_default();
            let expected = expected.as_ref().filter(|expected| !is_same(&shown, expected))?;
            Some(format!("{shown} instead of {expected}"))
        }
        (Some(false), _) if complete => Some("not valid, but complete".to_owned()),
        _ => None,
    }
}

/// Whether the values are equal; other languages do not tell `-0.0` or `1e2` from whole numbers.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| is_same(a, b))
        }
        (Value::Number(found), Value::Number(expected)) if found.is_f64() != expected.is_f64() => {
            found.as_f64() == expected.as_f64()
        }
        _ => found == expected,
    }
}

fn exactly(case: &Case) -> Option<String> {
    if let Some(mistake) = valid_ones(case) {
        return Some(mistake);
    }
    let mut live = read(&case.bytes(), 1);
    if let Some(state) = &case.state {
        let now = match live.progress() {
            Progress::Incomplete => "incomplete",
            Progress::Complete => "complete",
            _ => "invalid",
        };
        if now != state {
            return Some(format!("is {now}, not {state}"));
        }
        // No value yet is null there.
        let now = shown(&live).unwrap_or_default();
        if let Some(live) = case.live.as_ref().filter(|live| **live != now) {
            return Some(format!("shows {now}, not {live}"));
        }
    }
    let end = if case.stop_reason.as_deref() == Some("max_tokens") { End::Cut } else { End::Whole };
    let outcome = live.finish(end);
    let wanted = case.repair_class.as_deref().unwrap_or("complete");
    // Where the live value stops at an error, other libraries guess what follows. Here the text is invalid.
    if wanted == "guess" && live.error().is_some() {
        return (class(&outcome) != "fatal").then(|| format!("is {outcome:?}, not invalid"));
    }
    if class(&outcome) != wanted {
        return Some(format!("is {outcome:?}, not {wanted}"));
    }
    let kept = shown(&live);
    if let Some(expected) =
        case.expected.as_ref().filter(|expected| kept.as_ref().unwrap_or(&Value::Null) != *expected)
    {
        return Some(format!("is kept as {kept:?}, not {expected}"));
    }
    None
}

#[test]
fn live_semantics() {
    check("live-semantics.jsonl", 59, exactly);
}

#[test]
fn tool_input_failures() {
    check("tool-input-failures.jsonl", 19, exactly);
}

fn proposed(text: &str) -> Option<Value> {
    repair(text).map(|proposal| serde_json::from_str(&proposal.json).unwrap())
}

#[test]
fn repair_reads_them_too() {
    for file in ["live-semantics.jsonl", "tool-input-failures.jsonl"] {
        check(file, 1, |case| {
            let class = case.repair_class.as_deref();
            let expected = case.expected.as_ref().filter(|_| matches!(class, Some("guess" | "benign")))?;
            let found = proposed(case.input.as_deref()?)?;
            (found != *expected).then(|| format!("{found} instead of {expected}"))
        });
    }
}

#[test]
fn jsontestsuite() {
    check("jsontestsuite.jsonl", 340, valid_ones);
}

#[test]
fn texts_of_other_projects() {
    let files = [
        ("ai-sdk-fix-json.jsonl", 60),
        ("jsonrepair.jsonl", 417),
        ("json-repair-py.jsonl", 235),
        ("promplate-partial-json.jsonl", 32),
        ("jiter-partial.jsonl", 118),
        ("peer-behaviour.jsonl", 63),
    ];
    for (file, least) in files {
        check(file, least, valid_ones);
    }
}

#[test]
fn repair_reads_any_text() {
    let files = ["jsonrepair.jsonl", "json-repair-py.jsonl", "jsontestsuite.jsonl", "ai-sdk-fix-json.jsonl"];
    for file in files {
        check(file, 1, |case| {
            let text = String::from_utf8(case.bytes()).ok()?;
            let strict: Value = serde_json::from_str(&text).ok()?;
            let found = proposed(&text);
            (found.as_ref() != Some(&strict)).then(|| format!("{found:?}"))
        });
    }
}
