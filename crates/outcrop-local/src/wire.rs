//! Core's types in the bytes of the service: sorted members, padding, error form.
//!
//! # Invariants
//! - JSON is compact and its members are sorted by name at every level, as the service writes it; what the model
//!   or the caller wrote (a tool's input, JSON in a tool result, additional fields) keeps its own order.
//! - Every event carries the padding member `p`; an exception carries none. The same script gives the same padding.

use std::collections::BTreeMap;

use outcrop_core::{StreamEvent, wire::Frame};
use serde::Serialize;
use serde_json::value::RawValue;

/// The content type of an event stream.
pub(crate) const EVENT_STREAM: &str = "application/vnd.amazon.eventstream";
/// The content type of everything else.
pub(crate) const JSON: &str = "application/json";

/// The header that names an error's type.
pub(crate) const ERROR_TYPE: &str = "x-amzn-errortype";
/// The header that names a request.
pub(crate) const REQUEST_ID: &str = "x-amzn-requestid";

/// Where serde_json ends; what lies deeper is written as it came.
const MAX_DEPTH: usize = 128;
/// Members whose value is a document.
const DOCUMENTS: [&str; 3] = ["input", "json", "additionalModelResponseFields"];
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The lengths of the padding of one answer: spread like the service's, the same at each run.
#[derive(Clone, Debug)]
pub(crate) struct Padding(u64);

impl Padding {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 2 to 61 characters.
    fn next(&mut self) -> &'static str {
        // SplitMix64: neighbouring seeds give unlike lengths.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        &ALPHABET[..2 + ((mixed ^ (mixed >> 31)) % 60) as usize]
    }
}

/// The frame of an event; `None` for an event that has no form on the wire.
pub(crate) fn event_frame(event: &StreamEvent, padding: &mut Padding) -> Option<Frame> {
    let (event_type, payload) = event.to_payload()?;
    let mut text = String::new();
    match serde_json::from_str::<BTreeMap<String, &RawValue>>(payload.as_str()) {
        Ok(mut members) => {
            let padded = serde_json::value::to_raw_value(padding.next()).ok()?;
            members.insert("p".to_owned(), &padded);
            write_object(
                &members.iter().map(|(key, value)| (key, *value)).collect::<Vec<_>>(),
                1,
                true,
                &mut text,
            );
        }
        Err(_) => write(payload.as_str(), 0, true, &mut text),
    }
    Some(Frame::event(event_type, text))
}

/// The frame of an exception; `exception_type` may be written as HTTP has it (`ThrottlingException`) or as frames
/// do (`throttlingException`).
pub(crate) fn exception_frame(exception_type: &str, message: &str) -> Frame {
    let mut letters = exception_type.chars();
    let lower = letters.next().map(|first| first.to_ascii_lowercase());
    let name: String = lower.into_iter().chain(letters).collect();
    Frame::exception(&name, message_body(message))
}

/// The JSON of `value` as the service writes it.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let raw = serde_json::to_string(value)?;
    let mut text = String::with_capacity(raw.len());
    write(&raw, 0, true, &mut text);
    Ok(text)
}

/// `{"message":…}`, the body of every error.
pub(crate) fn message_body(message: &str) -> String {
    serde_json::json!({ "message": message }).to_string()
}

/// The value of `x-amzn-errortype`: who refuses, the model's service or the front end, shows in its address.
pub(crate) fn error_type_header(error_type: &str) -> String {
    let origin = match error_type {
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "UnknownOperationException" => "com.amazon.coral.service",
        _ => "com.amazon.bedrock",
    };
    format!("{error_type}:http://internal.amazon.com/coral/{origin}/")
}

/// The status that an error of this type has outside a stream.
pub(crate) fn status_of(error_type: &str) -> u16 {
    match error_type.to_ascii_lowercase().as_str() {
        "validationexception" | "servicequotaexceededexception" => 400,
        "accessdeniedexception" => 403,
        "resourcenotfoundexception" => 404,
        "modeltimeoutexception" => 408,
        "modelerrorexception" | "modelstreamerrorexception" => 424,
        "throttlingexception" | "modelnotreadyexception" => 429,
        "serviceunavailableexception" => 503,
        _ => 500,
    }
}

fn write(json: &str, depth: usize, sort: bool, out: &mut String) {
    let json = json.trim();
    match json.as_bytes().first() {
        Some(b'{') if depth < MAX_DEPTH => {
            if sort && let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
                let members: Vec<_> = members.iter().map(|(key, value)| (key, *value)).collect();
                return write_object(&members, depth + 1, true, out);
            }
            match serde_json::from_str::<InOrder<'_>>(json) {
                Ok(InOrder(members)) => {
                    let members: Vec<_> = members.iter().map(|(key, value)| (key, *value)).collect();
                    write_object(&members, depth + 1, false, out);
                }
                Err(_) => out.push_str(json),
            }
        }
        Some(b'[') if depth < MAX_DEPTH => match serde_json::from_str::<Vec<&RawValue>>(json) {
            Ok(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write(item.get(), depth + 1, sort, out);
                }
                out.push(']');
            }
            Err(_) => out.push_str(json),
        },
        _ => out.push_str(json),
    }
}

fn write_object(members: &[(&String, &RawValue)], depth: usize, sort: bool, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(&serde_json::Value::from(key.as_str()).to_string());
        out.push(':');
        write(value.get(), depth, sort && !DOCUMENTS.contains(&key.as_str()), out);
    }
    out.push('}');
}

/// The members of an object in the order they came.
struct InOrder<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> serde::Deserialize<'de> for InOrder<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> serde::de::Visitor<'de> for Read {
            type Value = InOrder<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(InOrder(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_but_documents_are_not() {
        let check = |json: &str, expected: &str| {
            let mut text = String::new();
            write(json, 0, true, &mut text);
            assert_eq!(text, expected);
        };
        check(
            r#" {"b": [ {"d":1e2,"c":null} ], "a" : "é\u00e9"} "#,
            r#"{"a":"é\u00e9","b":[{"c":null,"d":1e2}]}"#,
        );
        check(
            r#"{"toolUse":{"name":"t","input":{"b": 1.50, "a": [ {"d":1,"c":2} ]}}}"#,
            r#"{"toolUse":{"input":{"b":1.50,"a":[{"d":1,"c":2}]},"name":"t"}}"#,
        );
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        write(&deep, 0, true, &mut String::new());
    }

    #[test]
    fn padding_is_spread_and_repeats() {
        let lengths = |seed| {
            let mut padding = Padding::new(seed);
            (0..1000).map(|_| padding.next().len()).collect::<Vec<_>>()
        };
        assert_eq!(lengths(1), lengths(1));
        assert_ne!(lengths(1), lengths(2));
        assert!(lengths(1).iter().all(|length| (2..=61).contains(length)));
        assert_eq!(lengths(1).into_iter().collect::<std::collections::BTreeSet<_>>().len(), 60);
    }
}
