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

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

use crate::{InvalidInput, Problem, RawJson, decode, decode::excerpt, raw_json::all_members};

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
    /// The text, and what it says if it is one strict JSON object or blank.
    pub(crate) fn read(text: impl Into<Box<str>>) -> (Self, Option<Value>) {
        let text = text.into();
        let value = match text.trim() {
            "" => Some(Value::Object(serde_json::Map::new())),
            // A `Value` and not a raw value decides: raw values let unpaired surrogates and 1e999 pass.
            _ => serde_json::from_str::<Value>(&text).ok().filter(Value::is_object),
        };
        let inner = Inner { text, wire: OnceLock::new(), object: value.is_some() };
        (Self { inner: Arc::new(inner) }, value)
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

/// Reads a text as what it says and nothing else: one JSON value, no name twice in an object (R50).
///
/// serde_json takes the last of two members of one name, and a tool's own `Deserialize` may take the first: then
/// what was checked is not what runs.
pub(crate) fn parse_strict(text: &str) -> Result<(Value, Exactness), serde_json::Error> {
    // The value is serde_json's own, so that it is right under each of its features.
    let value = serde_json::from_str(text)?;
    let exactness = check_doubles(text, &value)?;
    Ok((value, exactness))
}

/// Refuses a text in which a name is there twice; `value` is what serde_json makes of it.
pub(crate) fn check_doubles(text: &str, value: &Value) -> Result<Exactness, serde_json::Error> {
    let looked = Looked::at(text);
    // A name that is there twice is once in the value. Only then is it worth looking for.
    if looked.members != members(value) {
        serde_json::from_str::<NoDoubles>(text)?;
    }
    Ok(looked.exactness)
}

/// Whether a value holds the numbers of its text as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exactness {
    /// It does: each is the same decimal number.
    Exact,
    /// There is a number that is long or has an exponent.
    Rounded,
}

/// Most digits of an integer that a `Value` holds as it is, and of a number with a fraction.
const EXACT_DIGITS: (usize, usize) = (18, 15);

/// What can be seen of a JSON text without reading it.
#[derive(Debug)]
struct Looked {
    /// How many members all its objects have.
    members: usize,
    exactness: Exactness,
}

impl Looked {
    /// Looks at each byte outside of strings once. There every member has a colon, and there is no other.
    fn at(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (mut members, mut exactness, mut at) = (0, Exactness::Exact, 0);
        while let Some(byte) = bytes.get(at) {
            at += 1;
            match byte {
                b':' => members += 1,
                b'"' => at = string_end(bytes, at),
                b'0'..=b'9' => {
                    let rest = &bytes[at - 1..];
                    let in_number =
                        |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
                    let length = rest.iter().position(|byte| !in_number(byte)).unwrap_or(rest.len());
                    at += length - 1;
                    // Few digits and no exponent are the rule, and then all is said.
                    if length > EXACT_DIGITS.1
                        || rest[..length].iter().any(|byte| matches!(byte, b'e' | b'E'))
                    {
                        let plain = rest[..length].iter().all(u8::is_ascii_digit);
                        if !plain || length > EXACT_DIGITS.0 {
                            exactness = Exactness::Rounded;
                        }
                    }
                }
                _ => {}
            }
        }
        Self { members, exactness }
    }
}

/// Behind the string whose inside begins at `at`.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match memchr::memchr2(b'"', b'\\', &bytes[at.min(bytes.len())..]) {
            None => return bytes.len(),
            Some(next) if bytes[at + next] == b'"' => return at + next + 1,
            Some(next) => at += next + 2,
        }
    }
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
    exactness: Exactness,
}

impl ReadyInput {
    /// `text` must have been found whole, strict and valid for `schema`; hence not public.
    pub(crate) fn new(value: Value, text: InputText, schema: RawJson, exactness: Exactness) -> Self {
        Self { value, text, schema, exactness }
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
        if self.exactness == Exactness::Exact && !self.is_empty() {
            if let Ok(read) = T::deserialize(std::mem::take(&mut self.value)) {
                return Ok(read);
            }
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
        if self.input.exactness == Exactness::Exact
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
        let ReadyInput { value, text, schema, exactness } = &mut self.input;
        let (text, schema) = (text.clone(), schema.clone());
        ReadyInput::new(std::mem::take(value), text, schema, *exactness).into_decoded()
    }
}

impl fmt::Debug for ReadyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadyInput").field(&self.text).finish()
    }
}
