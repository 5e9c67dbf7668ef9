//! A tool's input, twice: the model's text, which can be shown and sent back, and the ready input, which can run.
//!
//! The two are different types so that a preview can never be executed. [`InputText`] is what the model wrote.
//! [`ReadyInput`] is made in one place only, by a [`ToolSet`](crate::ToolSet), from a finished text that is
//! strict JSON and fits the tool's schema.
//!
//! # Invariants
//! - `ReadyInput` has no `Deserialize`, no `Default` and no public constructor.
//! - An `InputText` that is not one strict JSON object is written as `{"INVALID_JSON": "<text>"}`, since the
//!   service takes objects only; the text itself stays.
//! - A blank text is the empty object: a rule of the protocol for tools without arguments (R37).

mod strict;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{InvalidInput, Problem, RawJson, decode, raw_json::all_members};

pub(crate) use strict::{Read, refuse_doubles};

/// The arguments of a tool call as the model wrote them: any text.
///
/// ```
/// use outcrop_core::InputText;
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
    fn json(&self) -> &str {
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

/// The input of a tool that may run now: whole, strict JSON, valid for the tool's schema.
///
/// Only a [`Turn`](crate::Turn) makes one, by its [`ToolSet`](crate::ToolSet). It cannot be read from a file or a network, and it
/// has no default: a guess never becomes one.
pub struct ReadyInput {
    value: Value,
    text: InputText,
    schema: RawJson,
    exact: bool,
}

impl ReadyInput {
    /// `text` must have been found whole, strict and valid for `schema`; hence not public.
    pub(crate) fn new(value: Value, text: InputText, schema: RawJson, exact: bool) -> Self {
        Self { value, text, schema, exact }
    }

    /// The arguments.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The text they were read from, for numbers that do not fit a [`Value`].
    pub fn text(&self) -> &InputText {
        &self.text
    }

    /// Reads the arguments as a `T`, from the text, so that long numbers stay exact. `()` and unit structs, whose
    /// schema is that of the empty object, are read from it too.
    ///
    /// # Errors
    /// What `T`'s own `Deserialize` refuses although the schema took it, in words for the model.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, InvalidInput> {
        let read = decode::read(self.text.json(), None, &self.schema);
        let read = read.or_else(|problem| match self.is_empty() {
            true => serde_json::from_value(Value::Null).map_err(|_| problem),
            false => Err(problem),
        });
        read.map_err(|problem| InvalidInput::Type { problems: problem.into() })
    }

    /// As [`ReadyInput::decode`], in less time: what was parsed already is moved into the `T`. Where that could lose
    /// a digit of a number, or does not do, the text is read. A raw value inside of `T` gets the same JSON, perhaps
    /// in another spelling.
    ///
    /// # Errors
    /// As [`ReadyInput::decode`].
    pub fn into_decoded<T: DeserializeOwned>(mut self) -> Result<T, InvalidInput> {
        // What is empty may stand for what has no members at all.
        if self.exact
            && !self.is_empty()
            && let Ok(read) = T::deserialize(std::mem::take(&mut self.value))
        {
            return Ok(read);
        }
        self.decode()
    }

    /// The members of the arguments, to be read one by one.
    pub fn into_members(self) -> InputMembers {
        InputMembers { input: self }
    }

    fn is_empty(&self) -> bool {
        self.value.as_object().is_some_and(serde_json::Map::is_empty)
    }
}

/// The members of an input, each read once.
#[derive(Debug)]
pub struct InputMembers {
    input: ReadyInput,
}

impl InputMembers {
    /// Reads the member `name` as [`ReadyInput::into_decoded`] reads all; `None` where there is none.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<Result<T, Problem>> {
        let member = self.input.value.as_object_mut()?.get_mut(name)?;
        if self.input.exact
            && let Ok(read) = T::deserialize(std::mem::take(member))
        {
            return Some(Ok(read));
        }
        Some(self.read(name))
    }

    /// Reads a member from the text.
    #[cold]
    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, Problem> {
        let members = all_members(self.input.text.json()).unwrap_or_default();
        let text = members.iter().find(|(other, _)| other == name).map_or("null", |(_, raw)| raw.get());
        decode::read(text, Some(name), &self.input.schema)
    }

    /// Reads all of them together; after that there are none left.
    ///
    /// # Errors
    /// As [`ReadyInput::decode`].
    pub fn take_all<T: DeserializeOwned>(&mut self) -> Result<T, InvalidInput> {
        let ReadyInput { value, text, schema, exact } = &mut self.input;
        let (text, schema) = (text.clone(), schema.clone());
        ReadyInput::new(std::mem::take(value), text, schema, *exact).into_decoded()
    }
}

impl fmt::Debug for ReadyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadyInput").field(&self.text).finish()
    }
}
