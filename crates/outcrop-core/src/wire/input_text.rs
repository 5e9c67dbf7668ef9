//! A tool's input as the model wrote it: text, which can be shown and sent back, and never run.
//!
//! # Invariants
//! - An `InputText` that is not one strict JSON object is written as `{"INVALID_JSON": "<text>"}`, since the service takes
//!   objects only; the text itself stays.
//! - A blank text is the empty object: a rule of the protocol for tools without arguments (R37).

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, value::RawValue};

use crate::wire::{RawJson, strict_json::Read};

/// The arguments of a tool call as the model wrote them: any text.
///
/// ```
/// use outcrop_core::wire::InputText;
///
/// let whole = InputText::from(r#"{"city": "Lisbon"}"#);
/// assert_eq!(serde_json::to_string(&whole)?, r#"{"city": "Lisbon"}"#);
///
/// let cut = InputText::from(r#"{"city": "Lis"#);
/// assert_eq!(cut.as_str(), r#"{"city": "Lis"#);
/// assert_eq!(serde_json::to_string(&cut)?, r#"{"INVALID_JSON":"{\"city\": \"Lis"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct InputText {
    inner: Arc<Inner>,
}

struct Inner {
    text: Box<str>,
    /// What goes on the wire, once somebody has asked for it.
    wire: OnceLock<RawJson>,
    object: bool,
}

impl InputText {
    /// The text as it came, white space included.
    pub fn as_str(&self) -> &str {
        &self.inner.text
    }

    /// What is sent back to the service: the text where it is a strict JSON object, `{}` where it is blank, else
    /// the text wrapped in one.
    pub fn wire(&self) -> &RawJson {
        self.inner.wire.get_or_init(|| {
            if self.is_object() {
                match RawValue::from_string(self.json().to_owned()) {
                    Ok(raw) => return RawJson::from_boxed(raw),
                    // Not reached: it was read before.
                    Err(error) => drop(error),
                }
            }
            RawJson::from(serde_json::json!({ "INVALID_JSON": self.as_str() }))
        })
    }

    /// Whether the text is one strict JSON object, or blank.
    pub fn is_object(&self) -> bool {
        self.inner.object
    }

    /// The text of the object, where it is one.
    pub(crate) fn json(&self) -> &str {
        match self.as_str().trim() {
            "" => "{}",
            text => text,
        }
    }
}

impl InputText {
    /// The text, and what it says if it is one JSON object or blank.
    pub(crate) fn read(text: impl Into<Box<str>>) -> (Self, Option<Read>) {
        let text = text.into();
        let read = match text.trim() {
            "" => Some(Read::blank()),
            // A value and not a raw value decides: raw values let unpaired surrogates and 1e999 pass.
            _ => Read::of(&text).ok().filter(|read| read.value.is_object()),
        };
        let inner = Inner { text, wire: OnceLock::new(), object: read.is_some() };
        (Self { inner: Arc::new(inner) }, read)
    }
}

impl From<&str> for InputText {
    fn from(text: &str) -> Self {
        Self::read(text).0
    }
}

impl From<String> for InputText {
    fn from(text: String) -> Self {
        Self::read(text).0
    }
}

impl From<RawJson> for InputText {
    fn from(raw: RawJson) -> Self {
        Self::from(raw.as_str())
    }
}

impl From<Value> for InputText {
    fn from(value: Value) -> Self {
        Self::from(value.to_string())
    }
}

impl PartialEq for InputText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for InputText {}

impl fmt::Debug for InputText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for InputText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wire().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for InputText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer).map(Self::from)
    }
}
