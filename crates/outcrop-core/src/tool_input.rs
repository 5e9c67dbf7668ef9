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

use std::{collections::HashSet, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{InvalidInput, Problem, RawJson, decode, decode::excerpt};

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
    text: Arc<str>,
    /// What goes on the wire; the same text where that is an object.
    wire: RawJson,
    object: bool,
}

impl InputText {
    /// The text as it came, white space included.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What is sent back to the service: the text where it is a strict JSON object, `{}` where it is blank, else
    /// the text wrapped in one.
    pub fn wire(&self) -> &RawJson {
        &self.wire
    }

    /// Whether the text is one strict JSON object, or blank.
    pub fn is_object(&self) -> bool {
        self.object
    }
}

impl InputText {
    fn new(text: Arc<str>) -> Self {
        Self::read(text).0
    }

    /// The text, and what it says if it is one strict JSON object or blank.
    pub(crate) fn read(text: impl Into<Arc<str>>) -> (Self, Option<Value>) {
        let text = text.into();
        if text.trim().is_empty() {
            let value = Value::Object(serde_json::Map::new());
            return (Self { text, wire: RawJson::empty_object(), object: true }, Some(value));
        }
        // A `Value` and not a raw value decides: raw values let unpaired surrogates and 1e999 pass.
        let Some(value) = serde_json::from_str::<Value>(&text).ok().filter(Value::is_object) else {
            return (Self::wrapped(text), None);
        };
        match RawValue::from_string(text.trim().to_owned()) {
            Ok(raw) => (Self { text, wire: RawJson::from_boxed(raw), object: true }, Some(value)),
            Err(_) => (Self::wrapped(text), None),
        }
    }

    fn wrapped(text: Arc<str>) -> Self {
        let wire = RawJson::from(serde_json::json!({ "INVALID_JSON": &*text }));
        Self { text, wire, object: false }
    }
}

impl From<&str> for InputText {
    fn from(text: &str) -> Self {
        Self::new(text.into())
    }
}

impl From<String> for InputText {
    fn from(text: String) -> Self {
        Self::new(text.into())
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
        self.text == other.text
    }
}

impl Eq for InputText {}

impl fmt::Debug for InputText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Serialize for InputText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for InputText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        RawJson::deserialize(deserializer).map(Self::from)
    }
}

/// Reads a text as what it says and nothing else: one JSON value, no name twice in an object (R50).
///
/// serde_json takes the last of two members of one name, and a tool's own `Deserialize` may take the first: then
/// what was checked is not what runs.
pub(crate) fn parse_strict(text: &str) -> Result<Value, serde_json::Error> {
    // The value is serde_json's own, so that it is right under each of its features.
    let value = serde_json::from_str(text)?;
    check_doubles(text, &value)?;
    Ok(value)
}

/// Refuses a text in which a name is there twice; `value` is what serde_json makes of it.
pub(crate) fn check_doubles(text: &str, value: &Value) -> Result<(), serde_json::Error> {
    // A name that is there twice is once in the value. Only then is it worth looking for.
    let MemberCount(written) = serde_json::from_str(text)?;
    if written == members(value) { Ok(()) } else { serde_json::from_str::<NoDoubles>(text).map(drop) }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        Value::Array(items) => items.iter().map(members).sum(),
        _ => 0,
    }
}

/// What a visitor does that looks at names only.
macro_rules! visit_scalars {
    () => {
        visit_scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

        fn visit_unit<E>(self) -> Result<Self, E> {
            Ok(self)
        }
    };
    ($($method:ident: $ty:ty),*) => {
        $(fn $method<E>(self, _: $ty) -> Result<Self, E> {
            Ok(self)
        })*
    };
}

/// How many members all objects of a text have.
struct MemberCount(usize);

impl<'de> Deserialize<'de> for MemberCount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberCount(0))
    }
}

impl<'de> serde::de::Visitor<'de> for MemberCount {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    visit_scalars!();

    fn visit_seq<A: serde::de::SeqAccess<'de>>(mut self, mut seq: A) -> Result<Self, A::Error> {
        while let Some(Self(more)) = seq.next_element()? {
            self.0 += more;
        }
        Ok(self)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while map.next_key::<serde::de::IgnoredAny>()?.is_some() {
            let Self(more) = map.next_value()?;
            self.0 += 1 + more;
        }
        Ok(self)
    }
}

/// Reads over a value in which no object has a name twice.
struct NoDoubles;

impl<'de> Deserialize<'de> for NoDoubles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> serde::de::Visitor<'de> for NoDoubles {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    visit_scalars!();

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                let reason = format!("the member `{}` is there twice", excerpt(&name));
                return Err(serde::de::Error::custom(reason));
            }
            map.next_value::<Self>()?;
            names.insert(name);
        }
        Ok(self)
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
}

impl ReadyInput {
    /// `text` must have been found whole, strict and valid for `schema`; hence not public.
    pub(crate) fn new(value: Value, text: InputText, schema: RawJson) -> Self {
        Self { value, text, schema }
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
        decode::read(self.text.wire().as_str(), None, &self.schema)
            .or_else(|problem| match &self.value {
                Value::Object(members) if members.is_empty() => {
                    serde_json::from_value(Value::Null).map_err(|_| problem)
                }
                _ => Err(problem),
            })
            .map_err(|problem| InvalidInput::Type { problems: problem.into() })
    }

    /// Reads `text`, the member `name` of the arguments, as a `T`.
    ///
    /// # Errors
    /// As [`ReadyInput::decode`].
    pub fn decode_member<T: DeserializeOwned>(&self, name: &str, text: &str) -> Result<T, Problem> {
        decode::read(text, Some(name), &self.schema)
    }
}

impl fmt::Debug for ReadyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadyInput").field(&self.text).finish()
    }
}
