//! The ways others have to a value while the text still grows.
//!
//! # Invariants
//! - Everything here builds its value from the text it is given and drops it again, in one call.
//! - What a peer turns down is an `Err` or `None`, never a panic of ours and never counted as a value.

use jiter::{JsonValue, PartialMode};
use jsonmodem::{ParseEvent, ParserOptions, PathComponent, StreamingParser};
use serde_json::Value;

/// A jiter value of the whole text.
pub(crate) fn jiter_once(text: &str) -> bool {
    JsonValue::parse(text.as_bytes(), false).is_ok()
}

/// The deltas, one after the other, in one buffer.
pub(crate) fn append(deltas: &[&str]) -> usize {
    let mut text = String::new();
    for delta in deltas {
        text.push_str(std::hint::black_box(delta));
    }
    text.len()
}

/// A way to a value of an unfinished text that reads all of it again.
#[derive(Clone, Copy)]
pub(crate) struct Reparser {
    pub(crate) name: &'static str,
    /// Whether there is a value of this beginning of a text; it is built and dropped.
    pub(crate) run: fn(&str) -> bool,
    /// The value that a finished text comes to.
    pub(crate) value: fn(&str) -> Option<Value>,
}

pub(crate) const REPARSERS: [Reparser; 3] = [
    Reparser {
        name: "jiter, trailing strings",
        run: |text| jiter_partial(text).is_some(),
        value: |text| jiter_partial(text).map(|value| from_jiter(&value)),
    },
    Reparser { name: "partial-json-fixer + serde_json", run: |text| fixed(text).is_some(), value: fixed },
    Reparser { name: "balance brackets + serde_json", run: |text| balanced(text).is_some(), value: balanced },
];

fn jiter_partial(text: &str) -> Option<JsonValue<'_>> {
    JsonValue::parse_with_config(text.as_bytes(), false, PartialMode::TrailingStrings).ok()
}

fn from_jiter(value: &JsonValue<'_>) -> Value {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => (*value).into(),
        JsonValue::Int(value) => (*value).into(),
        JsonValue::BigInt(value) => value.to_string().into(),
        JsonValue::Float(value) => (*value).into(),
        JsonValue::Str(value) => value.as_ref().into(),
        JsonValue::Array(items) => items.iter().map(from_jiter).collect(),
        JsonValue::Object(members) => {
            members.iter().map(|(name, value)| (name.to_string(), from_jiter(value))).collect()
        }
    }
}

fn fixed(text: &str) -> Option<Value> {
    serde_json::from_str(&partial_json_fixer::fix_json(text)).ok()
}

/// What one writes first: close what is open, parse.
fn balanced(text: &str) -> Option<Value> {
    let mut closers = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => closers.push('}'),
            b'[' => closers.push(']'),
            b'}' | b']' => _ = closers.pop(),
            _ => {}
        }
    }
    let mut whole = String::with_capacity(text.len() + closers.len() + 1);
    whole.push_str(text);
    if in_string {
        whole.push('"');
    }
    whole.extend(closers.into_iter().rev());
    serde_json::from_str(&whole).ok()
}

/// Every event that jsonmodem has after each delta; how many, or `None` if it turns the text down.
pub(crate) fn modem(deltas: &[&str]) -> Option<usize> {
    let mut parser = StreamingParser::new(ParserOptions::default());
    let mut events = 0;
    for delta in deltas {
        parser.feed(delta);
        for event in parser.by_ref() {
            std::hint::black_box(event.ok()?);
            events += 1;
        }
    }
    for event in parser.finish() {
        std::hint::black_box(event.ok()?);
        events += 1;
    }
    Some(events)
}

/// The value that jsonmodem's events add up to.
pub(crate) fn modem_value(deltas: &[&str]) -> Option<Value> {
    let mut parser = StreamingParser::new(ParserOptions::default());
    let mut root = Value::Null;
    for delta in deltas {
        parser.feed(delta);
        for event in parser.by_ref() {
            apply(&mut root, event.ok()?)?;
        }
    }
    for event in parser.finish() {
        apply(&mut root, event.ok()?)?;
    }
    Some(root)
}

fn apply(root: &mut Value, event: ParseEvent) -> Option<()> {
    match event {
        ParseEvent::Null { path } => *place(root, &path)? = Value::Null,
        ParseEvent::Boolean { path, value } => *place(root, &path)? = value.into(),
        ParseEvent::Number { path, value } => *place(root, &path)? = value.into(),
        ParseEvent::ArrayStart { path } => *place(root, &path)? = Value::Array(Vec::new()),
        ParseEvent::ObjectBegin { path } => *place(root, &path)? = Value::Object(serde_json::Map::new()),
        ParseEvent::ArrayEnd { .. } | ParseEvent::ObjectEnd { .. } => {}
        ParseEvent::String { path, fragment, .. } => match place(root, &path)? {
            Value::String(text) => text.push_str(&fragment),
            other => *other = fragment.into(),
        },
    }
    Some(())
}

/// The value at a path; the last step may be new.
fn place<'a>(root: &'a mut Value, path: &[PathComponent]) -> Option<&'a mut Value> {
    path.iter().try_fold(root, |value, step| match (step, value) {
        (PathComponent::Key(name), Value::Object(members)) => {
            Some(members.entry(name.as_str()).or_insert(Value::Null))
        }
        (PathComponent::Index(at), Value::Array(items)) => {
            if *at == items.len() {
                items.push(Value::Null);
            }
            items.get_mut(*at)
        }
        _ => None,
    })
}

/// Whether two values are one, numbers compared as `f64`: jsonmodem has no others.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{REPARSERS, modem_value};

    #[test]
    fn an_open_text_has_a_value() {
        for reparser in REPARSERS {
            let value = (reparser.value)(r#"{"a":[1,"b\nc"#);
            assert_eq!(value, Some(json!({"a": [1, "b\nc"]})), "{}", reparser.name);
        }
    }

    #[test]
    fn a_name_without_its_value() {
        let [jiter, fixer, balanced] = REPARSERS.map(|reparser| (reparser.value)(r#"{"a":1,"b"#));
        assert_eq!(jiter, Some(json!({"a": 1})));
        assert_eq!(fixer, Some(json!({"a": 1, "b": null})));
        assert_eq!(balanced, None);
    }

    #[test]
    fn events_of_jsonmodem_add_up() {
        let value = modem_value(&[r#"{"a":[tr"#, r#"ue,"b\u00"#, r#"e9c",{}],"d":"x"}"#]);
        assert_eq!(value, Some(json!({"a": [true, "béc", {}], "d": "x"})));
        assert_eq!(modem_value(&[r#"["\ud83d\ude00"]"#]), None);
    }
}
