//! JSON kept as the text it came in.
//!
//! Converse documents (tool schemas, additional fields) and everything that we do not know yet are held as
//! [`RawJson`]: a long integer, `1e2`, the order of members and the white space inside stay as they were written.
//!
//! # Invariants
//! - The text is one JSON value, checked when it was made; white space around it is gone.
//! - Two values are equal when their texts are equal. To compare meanings, compare [`RawJson::to_value`].
//! - A clone shares the text.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned, ser::Error as _};
use serde_json::{Value, value::RawValue};

/// One JSON value as text: checked, shared, equal by text.
///
/// It reads and writes through `serde_json` alone; other formats have no raw values.
///
/// ```
/// use outcrop_core::RawJson;
///
/// let raw: RawJson = r#" {"id": 123456789012345678901234567890, "x": 1e2} "#.parse()?;
/// assert_eq!(raw.as_str(), r#"{"id": 123456789012345678901234567890, "x": 1e2}"#);
/// assert_eq!(serde_json::to_string(&raw)?, raw.as_str());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct RawJson(Arc<RawValue>);

impl RawJson {
    /// The JSON of any value that serde can write.
    ///
    /// # Errors
    /// What `value`'s own `Serialize` reports, and maps whose keys are no strings.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::value::to_raw_value(value).map(|raw| Self(raw.into()))
    }

    /// The empty object, `{}`.
    pub fn empty_object() -> Self {
        Self::from(Value::Object(serde_json::Map::new()))
    }

    /// The text, without white space around it.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Reads the text as a `T`.
    ///
    /// # Errors
    /// The text is no `T`, or holds what serde_json refuses: a number out of range, an unpaired surrogate, more
    /// than 128 levels.
    pub fn parse_into<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }

    /// The text as a [`Value`]; `None` where serde_json cannot hold it (see [`RawJson::parse_into`]).
    pub fn to_value(&self) -> Option<Value> {
        self.parse_into().ok()
    }

    /// Whether the value is an object, by its first byte.
    pub fn is_object(&self) -> bool {
        self.as_str().starts_with('{')
    }

    pub(crate) fn from_boxed(raw: Box<RawValue>) -> Self {
        Self(raw.into())
    }
}

impl std::str::FromStr for RawJson {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str::<Box<RawValue>>(text).map(Self::from_boxed)
    }
}

impl From<Value> for RawJson {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl From<&Value> for RawJson {
    fn from(value: &Value) -> Self {
        let raw = RawValue::from_string(value.to_string());
        Self(raw.expect("a serde_json::Value always prints as JSON").into())
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from_boxed)
    }
}

/// Members of an object that its type does not name, in the order they came, each as its text.
///
/// Every struct of the wire carries one, so that what the service adds tomorrow can be read and what it takes
/// tomorrow can be sent.
///
/// ```
/// use outcrop_core::Usage;
///
/// let usage: Usage = serde_json::from_str(
///     r#"{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{}}"#,
/// )?;
/// assert_eq!(usage.other.get("serverToolUsage").unwrap().as_str(), "{}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members(Option<Box<Named>>);

/// Behind a pointer, since every struct of the wire has room for members and hardly one has any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Named(Vec<(String, RawJson)>);

impl Members {
    fn named(&self) -> &[(String, RawJson)] {
        self.0.as_deref().map_or(&[], |named| &named.0)
    }

    /// The member called `name`; the last one, should there be several.
    pub fn get(&self, name: &str) -> Option<&RawJson> {
        self.named().iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Sets the member called `name`.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<RawJson>) {
        let name = name.into();
        let Named(members) = &mut **self.0.get_or_insert_default();
        members.retain(|(key, _)| *key != name);
        members.push((name, value.into()));
    }

    /// All members, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &RawJson)> {
        self.named().iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Adds what was read, keeping doubles: [`Members::get`] finds the last.
    pub(crate) fn push(&mut self, name: String, value: RawJson) {
        self.0.get_or_insert_default().0.push((name, value));
    }

    /// Writes the members whose name `which` takes.
    pub(crate) fn write<M: serde::ser::SerializeMap>(
        &self,
        map: &mut M,
        which: impl Fn(&str) -> bool,
    ) -> Result<(), M::Error> {
        let mut members = self.named().iter().filter(|(name, _)| which(name));
        members.try_for_each(|(name, value)| map.serialize_entry(name, value))
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(Some(self.named().len()))?;
        self.write(&mut map, |_| true)?;
        map.end()
    }
}

/// The members of an object in `raw`; `null` ones are left out, save one that is alone: `{"json":null}` is a value.
/// `None` where it is no object.
pub(crate) fn object_members(raw: &str) -> Option<Vec<(String, &RawValue)>> {
    let mut members = all_members(raw)?;
    if members.len() > 1 {
        members.retain(|(_, value)| value.get() != "null");
    }
    Some(members)
}

/// The members of an object in `raw`, `null` or not.
pub(crate) fn all_members(raw: &str) -> Option<Vec<(String, &RawValue)>> {
    struct Read;
    impl<'de> serde::de::Visitor<'de> for Read {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                members.push((key, value));
            }
            Ok(members)
        }
    }
    serde::Deserializer::deserialize_map(&mut serde_json::Deserializer::from_str(raw), Read).ok()
}

/// Writes `{"key": value}`, the form of every Converse union.
pub(crate) fn write_union<S: Serializer, T: Serialize + ?Sized>(
    serializer: S,
    key: &'static str,
    value: &T,
) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeMap;
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// Bytes of an image, a document, redacted reasoning: bytes here, standard base64 on the wire.
///
/// ```
/// use outcrop_core::wire::Blob;
/// assert_eq!(serde_json::to_string(&Blob::from(b"hi".to_vec()))?, r#""aGk=""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Blob(pub bytes::Bytes);

impl<B: Into<bytes::Bytes>> From<B> for Blob {
    fn from(bytes: B) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        if self.0.len() > isize::MAX as usize / 2 {
            return Err(S::Error::custom("the bytes are too many for base64"));
        }
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64;
        impl serde::de::Visitor<'_> for Base64 {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a base64 string")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Blob, E> {
                use base64::Engine as _;
                let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(E::custom)?;
                Ok(Blob(bytes.into()))
            }
        }
        deserializer.deserialize_str(Base64)
    }
}
