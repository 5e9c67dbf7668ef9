//! [`Done`]: a value that is shown only whole.

use std::{fmt, marker::PhantomData, ops::Deref, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error as _, SeqAccess, Visitor},
};
use serde_json::Value;

use super::{PartialValue, Reading};
use crate::NodeRef;

/// A value that is shown only whole: an enum of names, a field under `#[output(done)]`.
///
/// It derefs to the value. The JSON that the value was read from is kept beside it: that is what is compared,
/// serialised and printed, so `T` needs to be `Deserialize` and nothing else. `D` is how a `T` is read: as it reads itself
/// ([`Own`]), or as the functions of a field do.
///
/// ```
/// use outcrop_json::{Done, LiveJson};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// enum Class { First, Second }
///
/// let mut live = LiveJson::new();
/// live.push(r#""Second""#)?;
/// let class: Done<Class> = live.partial()?;
/// assert!(matches!(*class, Class::Second));
/// assert_eq!(class.json(), "Second");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Done<T, D = Own> {
    value: Arc<T>,
    json: Arc<Value>,
    by: PhantomData<fn() -> D>,
}

/// How a value is read.
pub trait Decoder<T> {
    /// Reads it.
    ///
    /// # Errors
    /// It does not fit.
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
}

/// A value is read as it reads itself.
#[derive(Clone, Copy, Debug)]
pub enum Own {}

impl<T: DeserializeOwned> Decoder<T> for Own {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

/// What `D` reads.
struct Decoded<T, D>(T, PhantomData<fn() -> D>);

impl<'de, T, D: Decoder<T>> Deserialize<'de> for Decoded<T, D> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        D::decode(deserializer).map(|value| Self(value, PhantomData))
    }
}

impl<T, D> Done<T, D> {
    /// The JSON that it was read from. A number that serde_json cannot hold is its text.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The value, shared.
    pub fn into_arc(self) -> Arc<T> {
        self.value
    }

    fn new(value: T, json: Value) -> Self {
        Self { value: Arc::new(value), json: Arc::new(json), by: PhantomData }
    }
}

impl<T, D> Deref for Done<T, D> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T, D> Clone for Done<T, D> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), json: Arc::clone(&self.json), by: PhantomData }
    }
}

impl<T, D> PartialEq for Done<T, D> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}

impl<T, D> fmt::Debug for Done<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.json, f)
    }
}

impl<T, D> Serialize for Done<T, D> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl<T, D: Decoder<T>> PartialValue for Done<T, D> {
    const GROWS: bool = false;

    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        let Decoded(value, _) = reading.decode::<Decoded<T, D>>(node)?;
        Some(Self::new(value, crate::value::lossy(node)))
    }

    fn update(&mut self, _: NodeRef<'_>, _: &mut Reading) -> bool {
        false
    }
}

/// The name by which the deserializer of this crate knows that it is asked for a [`Done`]: it then gives two elements,
/// the value as JSON and the value.
pub(crate) const DONE: &str = "$outcrop_json::Done";

impl<'de, T, D: Decoder<T>> Deserialize<'de> for Done<T, D> {
    fn deserialize<De: Deserializer<'de>>(deserializer: De) -> Result<Self, De::Error> {
        struct DoneVisitor<T, D>(PhantomData<(T, D)>);

        impl<'de, T, D: Decoder<T>> Visitor<'de> for DoneVisitor<T, D> {
            type Value = Done<T, D>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value that fits")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Done<T, D>, A::Error> {
                match (seq.next_element()?, seq.next_element::<Decoded<T, D>>()?) {
                    (Some(json), Some(Decoded(value, _))) => Ok(Done::new(value, json)),
                    _ => Err(A::Error::custom("no value")),
                }
            }

            fn visit_newtype_struct<De: Deserializer<'de>>(
                self,
                deserializer: De,
            ) -> Result<Done<T, D>, De::Error> {
                let json = Value::deserialize(deserializer)?;
                let value = D::decode(&json).map_err(De::Error::custom)?;
                Ok(Done::new(value, json))
            }
        }

        deserializer.deserialize_newtype_struct(DONE, DoneVisitor(PhantomData))
    }
}
