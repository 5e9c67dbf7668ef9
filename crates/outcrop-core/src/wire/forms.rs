//! The three shapes of Converse's JSON, each written once: structs, one-key unions, string enums.
//!
//! # Invariants
//! - A struct writes its required members, then the optional ones that are set, then `other`; always in one order.
//! - What is read is written again: unknown members, and known ones that need not be there and are in a form that we
//!   do not know, land in `other`; unknown union keys and malformed union
//!   values in `Unknown` with their text, unknown enum values in `Unknown` with theirs.
//! - `null` and a missing member are the same, save for required members that take any JSON; so are an empty list
//!   and a missing one.

/// A struct of the wire. `required` members must be there when it is read; `optional` ones become `Option`,
/// `lists` become `Vec`, `defaults` are their type's default where missing and are always written, `ignored` ones
/// are read over, `beside` ones are no members and are neither read nor written. Makes `new(required…)` and one chained setter for each other member.
macro_rules! wire_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            required { $( $(#[$rmeta:meta])* $req:ident : $rty:ty = $rkey:literal ),* $(,)? }
            optional { $( $(#[$ometa:meta])* $opt:ident : $oty:ty = $okey:literal ),* $(,)? }
            lists { $( $(#[$lmeta:meta])* $list:ident : $lty:ty = $lkey:literal ),* $(,)? }
            $( defaults { $( $(#[$dmeta:meta])* $def:ident : $dty:ty = $dkey:literal ),* $(,)? } )?
            $( ignored { $( $ignored:literal ),* } )?
            $( beside { $( $(#[$bmeta:meta])* $beside:ident : $bty:ty ),* $(,)? } )?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$rmeta])* pub $req: $rty, )*
            $( $(#[$ometa])* pub $opt: Option<$oty>, )*
            $( $(#[$lmeta])* pub $list: Vec<$lty>, )*
            $( $( $(#[$dmeta])* pub $def: $dty, )* )?
            $( $( $(#[$bmeta])* pub $beside: $bty, )* )?
            /// Members that this version does not name.
            pub other: $crate::wire::raw_json::Members,
        }

        impl $name {
            /// Made of the members that Converse requires; the others are absent.
            #[allow(clippy::new_without_default)]
            pub fn new($( $req: impl Into<$rty> ),*) -> Self {
                Self {
                    $( $req: $req.into(), )*
                    $( $opt: None, )*
                    $( $list: Vec::new(), )*
                    $( $( $def: Default::default(), )* )?
                    $( $( $beside: Default::default(), )* )?
                    other: Default::default(),
                }
            }

            $(
                #[doc = concat!("Sets `", $okey, "`.")]
                #[must_use]
                pub fn $opt(mut self, $opt: impl Into<$oty>) -> Self {
                    self.$opt = Some($opt.into());
                    self
                }
            )*

            $(
                #[doc = concat!("Sets `", $lkey, "`.")]
                #[must_use]
                pub fn $list<I>(mut self, $list: I) -> Self
                where
                    I: IntoIterator,
                    I::Item: Into<$lty>,
                {
                    self.$list = $list.into_iter().map(Into::into).collect();
                    self
                }
            )*
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[allow(unused_imports)]
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $( map.serialize_entry($rkey, &self.$req)?; )*
                $( $( if self.other.get($dkey).is_none() { map.serialize_entry($dkey, &self.$def)?; } )* )?
                $( if let Some(value) = &self.$opt { map.serialize_entry($okey, value)?; } )*
                $( if !self.$list.is_empty() { map.serialize_entry($lkey, &self.$list)?; } )*
                // A member that could not be read stands in `other`, until it is set anew.
                self.other.write(&mut map, |name| match name {
                    $( $okey => self.$opt.is_none(), )*
                    $( $lkey => self.$list.is_empty(), )*
                    _ => true,
                })?;
                map.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $( let mut $req: Option<$rty> = None; )*
                        $( let mut $opt: Option<$oty> = None; )*
                        $( let mut $list: Option<Vec<$lty>> = None; )*
                        $( $( let mut $def: Option<$dty> = None; )* )?
                        let mut other = $crate::wire::raw_json::Members::default();
                        #[allow(unused_mut, unused_variables)]
                        let mut null: Option<&'static str> = None;
                        while let Some(key) = map.next_key::<$crate::wire::forms::Key<'de>>()? {
                            match &*key.0 {
                                $( $rkey => {
                                    $req = map.next_value()?;
                                    null = $req.is_none().then_some($rkey).or(null);
                                } )*
                                $( $okey => $opt = $crate::wire::forms::readable($okey, map.next_value()?, &mut other), )*
                                $( $lkey => $list = $crate::wire::forms::readable($lkey, map.next_value()?, &mut other), )*
                                $( $( $dkey => $def = $crate::wire::forms::readable($dkey, map.next_value()?, &mut other), )* )?
                                $( $( $ignored => drop(map.next_value::<serde::de::IgnoredAny>()?), )* )?
                                unknown => other.push(unknown.to_owned(), map.next_value()?),
                            }
                        }
                        Ok($name {
                            $( $req: $req
                                .or_else(|| (null == Some($rkey)).then($crate::wire::forms::of_null).flatten())
                                .ok_or_else(|| serde::de::Error::missing_field($rkey))?, )*
                            $( $opt, )*
                            $( $list: $list.unwrap_or_default(), )*
                            $( $( $def: $def.unwrap_or_default(), )* )?
                            $( $( $beside: Default::default(), )* )?
                            other,
                        })
                    }
                }
                deserializer.deserialize_map(Read)
            }
        }
    };
}

/// A union of the wire: an object with one key. Anything else, and a value that its key does not take, is
/// kept as `Unknown`, to the byte.
macro_rules! wire_union {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident($ty:ty) = $key:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$vmeta])* $variant($ty), )*
            /// A kind that this version does not know, or a known one in a form that it does not know: the whole
            /// object as it came.
            Unknown($crate::wire::raw_json::RawJson),
        }

        impl $name {
            /// The key that tells the kind on the wire; `None` where an unknown value is no one-key object.
            pub fn kind(&self) -> Option<std::borrow::Cow<'static, str>> {
                match self {
                    $( Self::$variant(_) => Some($key.into()), )*
                    Self::Unknown(raw) => match &mut $crate::wire::raw_json::object_members(raw.as_str())?[..] {
                        [(key, _)] => Some(std::mem::take(key).into()),
                        _ => None,
                    },
                }
            }

            /// The keys that this version knows.
            #[allow(dead_code)]
            pub(crate) const KINDS: &'static [&'static str] = &[$( $key ),*];
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(value) => $crate::wire::raw_json::write_union(serializer, $key, value), )*
                    Self::Unknown(raw) => raw.serialize(serializer),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let raw = $crate::wire::raw_json::RawJson::deserialize(deserializer)?;
                let known = match $crate::wire::raw_json::object_members(raw.as_str()).as_deref() {
                    Some([(key, value)]) => match key.as_str() {
                        $( $key => serde_json::from_str(value.get()).ok().map(Self::$variant), )*
                        _ => None,
                    },
                    _ => None,
                };
                Ok(known.unwrap_or(Self::Unknown(raw)))
            }
        }
    };
}

/// A string enum of the wire; values that we do not know keep their text.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $text:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $( #[doc = concat!("`", $text, "`")] $(#[$vmeta])* $variant, )*
            /// A value that this version does not know, as it came.
            Unknown(Box<str>),
        }

        impl $name {
            /// Every value that this version knows, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$( Self::$variant ),*];

            /// The text on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $text, )*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $( $text => Self::$variant, )*
                    unknown => Self::Unknown(unknown.into()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$crate::wire::forms::Key<'_> as serde::Deserialize>::deserialize(deserializer).map(|text| Self::from(&*text.0))
            }
        }
    };
}

/// The value of a member that need not be there. One in a form that we do not know is kept in `other`, so that it
/// costs neither itself nor all that stands beside it.
pub(crate) fn readable<T: serde::de::DeserializeOwned>(
    name: &str,
    raw: Option<crate::wire::RawJson>,
    other: &mut crate::wire::Members,
) -> Option<T> {
    let raw = raw?;
    let value = raw.parse_into().ok();
    if value.is_none() {
        other.push(name.to_owned(), raw);
    }
    value
}

/// What a required member is that was `null`, where its type takes that.
pub(crate) fn of_null<T: serde::de::DeserializeOwned>() -> Option<T> {
    serde_json::from_str("null").ok()
}

/// A string that borrows from the input where it can.
pub(crate) struct Key<'de>(pub(crate) std::borrow::Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Key<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> serde::de::Visitor<'de> for Read {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(text.to_owned().into()))
            }

            fn visit_string<E>(self, text: String) -> Result<Key<'de>, E> {
                Ok(Key(text.into()))
            }
        }
        deserializer.deserialize_str(Read)
    }
}
