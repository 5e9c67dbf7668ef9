//! Typed reading: serde over the value so far, with borrowed strings.
//!
//! # Invariants
//! - Of two members of one name the last counts, as in `serde_json::Value`.
//! - A partial value never holds a number, boolean, null or name of a variant that could still change (where serde
//!   asks for a variant), and leaves out what does not decode only where it is still growing.

use std::{collections::HashMap, fmt, str::FromStr};

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor, value::BorrowedStrDeserializer,
};

use crate::{
    NodeRef, View,
    partial::{DONE, PART, TAGGED, VARIANT},
    tree::{NONE, NodeKind},
    view::Children,
};

/// Objects with more members have their names kept in a map.
const FEW: usize = 16;

/// Why a value, as far as it came, is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartialError {
    message: String,
    pointer: String,
    incomplete: bool,
}

impl PartialError {
    pub(crate) fn of(node: NodeRef<'_>, message: String) -> Self {
        Fault { message, node: NONE }.public(node)
    }

    /// The value that does not fit, as a JSON Pointer (RFC 6901).
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// Whether that value has not begun or is still growing: it may fit later.
    pub fn is_incomplete(&self) -> bool {
        self.incomplete
    }
}

impl fmt::Display for PartialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{} at {pointer}", self.message),
        }
    }
}

impl std::error::Error for PartialError {}

/// Reads what is there as a `T`, and leaves out what is still growing and does not fit.
pub(crate) fn partial<'a, T: Deserialize<'a>>(view: View<'a>) -> Result<T, PartialError> {
    match view.root() {
        Some(root) => partial_of(root),
        None => absent(),
    }
}

/// A `T` made of nothing.
fn absent<'a, T: Deserialize<'a>>() -> Result<T, PartialError> {
    T::deserialize(Absent).map_err(|error: Fault| PartialError {
        message: error.message,
        pointer: String::new(),
        incomplete: true,
    })
}

pub(crate) fn partial_of<'a, T: Deserialize<'a>>(node: NodeRef<'a>) -> Result<T, PartialError> {
    let mut node = node;
    loop {
        let fault = match T::deserialize(At { node, partial: true }) {
            Ok(value) => return Ok(value),
            Err(fault) => fault,
        };
        let at = node.view().node_at(fault.node).unwrap_or(node);
        if at.is_complete() {
            return Err(fault.public(at));
        }
        // What is open is the last there is: before it lies all that remains.
        let mut view = node.view();
        view.mark.nodes = at.id().0;
        match view.node_at(node.id().0) {
            Some(rest) => node = rest,
            None => return absent(),
        }
    }
}

/// Reads a value as a `T`, as it is.
pub(crate) fn decode<'a, T: Deserialize<'a>>(node: NodeRef<'a>) -> Result<T, PartialError> {
    T::deserialize(At { node, partial: false })
        .map_err(|fault| fault.clone().public(node.view().node_at(fault.node).unwrap_or(node)))
}

/// An error on its way up, and the innermost node that it is about.
#[derive(Clone, Debug)]
struct Fault {
    message: String,
    node: u32,
}

impl Fault {
    fn at(mut self, node: NodeRef<'_>) -> Self {
        if self.node == NONE {
            self.node = node.id().0;
        }
        self
    }

    fn public(self, node: NodeRef<'_>) -> PartialError {
        PartialError {
            message: self.message,
            pointer: node.pointer().to_string(),
            incomplete: !node.is_complete(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), node: NONE }
    }
}

/// Nothing, or nothing yet.
struct Absent;

impl<'de> Deserializer<'de> for Absent {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            PART => visitor.visit_none(),
            DONE => Err(de::Error::custom("the value has not begun")),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::empty::<()>()))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_map(de::value::MapDeserializer::new(std::iter::empty::<((), ())>()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

/// A value in the tree.
#[derive(Clone, Copy)]
struct At<'a> {
    node: NodeRef<'a>,
    /// What could still change is no value yet.
    partial: bool,
}

impl<'a> At<'a> {
    fn number<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.node.text();
        if let Ok(number) = text.parse::<u64>() {
            return visitor.visit_u64(number);
        }
        if let Ok(number) = text.parse::<i64>()
            && number != 0
        {
            return visitor.visit_i64(number);
        }
        // Rounded as serde_json does it, so that a value is the same by either way.
        match serde_json::from_str(text) {
            Ok(number) => visitor.visit_f64(number),
            Err(_) => Err(de::Error::custom("number out of range")),
        }
    }

    /// The elements, all of which must be taken.
    fn elements<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let mut elements = Elements { of: self, children: self.node.children() };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.children.next() {
            None => Ok(value),
            Some(surplus) => Err(<Fault as de::Error>::custom("more elements than are expected").at(surplus)),
        }
    }

    /// A string that must be whole to mean anything.
    fn name<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.as_str() {
            Some(_) if self.partial && !self.node.is_complete() => {
                Err(de::Error::custom("the name is not complete"))
            }
            Some(name) => visitor.visit_borrowed_str(name),
            None => self.wrong_type(&visitor),
        }
    }

    /// The members of an object, the last of a name first.
    fn tagged<V: Visitor<'a>>(self, tag: &str, visitor: V) -> Result<V::Value, Fault> {
        if self.node.node_kind() != NodeKind::Object {
            return self.wrong_type(&visitor);
        }
        let first = self.node.members().filter(|(name, _)| *name == tag).last();
        match first {
            Some((_, first)) => {
                let fields = Fields { first: Some(first), first_id: first.id().0, ..Fields::new(self) };
                visitor.visit_map(fields)
            }
            None => Err(de::Error::custom("expected a member that tells the variant")),
        }
    }

    fn child(self, node: NodeRef<'a>) -> Self {
        Self { node, ..self }
    }

    fn wrong_type<T>(self, expected: &dyn de::Expected) -> Result<T, Fault> {
        let found = match self.node.node_kind() {
            NodeKind::Null => Unexpected::Unit,
            NodeKind::False => Unexpected::Bool(false),
            NodeKind::True => Unexpected::Bool(true),
            NodeKind::Number => Unexpected::Other("a number"),
            NodeKind::String => Unexpected::Str(self.node.text()),
            NodeKind::Array => Unexpected::Seq,
            NodeKind::Object => Unexpected::Map,
        };
        Err(de::Error::invalid_type(found, expected))
    }
}

impl<'a> Deserializer<'a> for At<'a> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let found = match self.node.node_kind() {
            NodeKind::Null => visitor.visit_unit(),
            NodeKind::False => visitor.visit_bool(false),
            NodeKind::True => visitor.visit_bool(true),
            NodeKind::Number => self.number(visitor),
            NodeKind::String => visitor.visit_borrowed_str(self.node.text()),
            NodeKind::Array => self.elements(visitor),
            NodeKind::Object => visitor.visit_map(Fields::new(self)),
        };
        found.map_err(|fault| fault.at(self.node))
    }

    /// A name: of a variant, where the tag is a member.
    fn deserialize_identifier<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.name(visitor).map_err(|fault| fault.at(self.node))
    }

    fn deserialize_i128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.as_number().and_then(|text| text.parse().ok()) {
            Some(number) => visitor.visit_i128(number).map_err(|fault: Fault| fault.at(self.node)),
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_u128<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.as_number().and_then(|text| text.parse().ok()) {
            Some(number) => visitor.visit_u128(number).map_err(|fault: Fault| fault.at(self.node)),
            None => self.deserialize_any(visitor),
        }
    }

    /// Rounded once, as serde_json may do it, and not by way of an `f64`.
    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Some(text) = self.node.as_number() else { return self.deserialize_any(visitor) };
        match serde_json::from_str(text) {
            Ok(number) => visitor.visit_f32(number).map_err(|fault: Fault| fault.at(self.node)),
            Err(_) => Err(<Fault as de::Error>::custom("number out of range").at(self.node)),
        }
    }

    fn deserialize_bytes<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.as_str() {
            Some(text) => {
                visitor.visit_borrowed_bytes(text.as_bytes()).map_err(|fault: Fault| fault.at(self.node))
            }
            None => self.deserialize_any(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        let found = if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) };
        found.map_err(|fault| fault.at(self.node))
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match name {
            PART if !self.node.is_complete() => visitor.visit_some(self),
            DONE if self.partial && !self.node.is_complete() => {
                Err(de::Error::custom("the value is not complete"))
            }
            DONE => visitor.visit_seq(JsonAndValue { of: self, next: 0 }),
            VARIANT if self.node.as_str().is_some() => self.name(visitor),
            VARIANT => self.deserialize_any(visitor),
            _ => match name.strip_prefix(TAGGED) {
                Some(tag) => self.tagged(tag, visitor),
                None => visitor.visit_newtype_struct(self),
            },
        }
        .map_err(|fault| fault.at(self.node))
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let found = match self.node.node_kind() {
            NodeKind::String if self.partial && !self.node.is_complete() => {
                Err(de::Error::custom("the name of the variant is not complete"))
            }
            NodeKind::String => visitor.visit_enum(BorrowedStrDeserializer::new(self.node.text())),
            NodeKind::Object => {
                let mut members = self.node.members();
                match (members.next(), members.next()) {
                    (Some((name, value)), None) => {
                        visitor.visit_enum(Tagged { name, value: self.child(value) })
                    }
                    _ => Err(de::Error::custom("expected an object with a single member, the variant")),
                }
            }
            _ => self.wrong_type(&"a string or an object with a single member"),
        };
        found.map_err(|fault: Fault| fault.at(self.node))
    }

    fn deserialize_ignored_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 u8 u16 u32 u64 f64 char str string unit unit_struct seq tuple tuple_struct map struct
    }
}

struct Elements<'a> {
    of: At<'a>,
    children: Children<'a>,
}

impl<'a> SeqAccess<'a> for &mut Elements<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(child) = self.children.next() else { return Ok(None) };
        seed.deserialize(self.of.child(child)).map(Some).map_err(|fault| fault.at(child))
    }
}

/// For a [`Done`](crate::Done): the value as JSON, and the value.
struct JsonAndValue<'a> {
    of: At<'a>,
    next: u8,
}

impl<'a> SeqAccess<'a> for JsonAndValue<'a> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(crate::value::lossy(self.of.node)).map_err(de::Error::custom),
            _ => seed.deserialize(self.of),
        }
        .map(Some)
    }
}

struct Fields<'a> {
    of: At<'a>,
    /// A member that comes before the others, until it was given.
    first: Option<NodeRef<'a>>,
    /// Its id, or [`NONE`].
    first_id: u32,
    children: Children<'a>,
    value: Option<NodeRef<'a>>,
    /// Of each name the last member; only for many members.
    last: Option<HashMap<&'a str, u32>>,
}

impl<'a> Fields<'a> {
    fn new(of: At<'a>) -> Self {
        let last = of
            .node
            .children()
            .nth(FEW)
            .is_some()
            .then(|| of.node.members().map(|(name, node)| (name, node.id().0)).collect());
        Self { of, first: None, first_id: NONE, children: of.node.children(), value: None, last }
    }

    /// Whether a later member has the same name.
    fn is_superseded(&self, name: &str, node: NodeRef<'a>) -> bool {
        match &self.last {
            Some(last) => last.get(name).is_some_and(|last| *last != node.id().0),
            None => self.children.clone().any(|later| later.key() == Some(name)),
        }
    }

    fn next_member(&mut self) -> Option<NodeRef<'a>> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        loop {
            let child = self.children.next()?;
            if child.id().0 != self.first_id && !self.is_superseded(child.key().unwrap_or_default(), child) {
                return Some(child);
            }
        }
    }
}

impl<'a> MapAccess<'a> for Fields<'a> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        self.value = self.next_member();
        let Some(child) = self.value else { return Ok(None) };
        seed.deserialize(Key(child.key().unwrap_or_default())).map(Some).map_err(|fault| fault.at(child))
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(child) = self.value.take() else {
            return Err(de::Error::custom("a value was asked for before its name"));
        };
        seed.deserialize(self.of.child(child)).map_err(|fault| fault.at(child))
    }
}

/// A name. As in serde_json, numbers and booleans can be names.
struct Key<'a>(&'a str);

/// Reads a name as a `K`.
pub(crate) fn key<K: de::DeserializeOwned>(name: &str) -> Result<K, impl fmt::Display + use<K>> {
    K::deserialize(Key(name))
}

impl<'a> Key<'a> {
    /// The number that the name is, if JSON would take it for one.
    fn number<T: FromStr>(&self) -> Option<T> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        let whole = digits.split(['.', 'e', 'E']).next().unwrap_or_default();
        let begins_well = whole == "0" || whole.starts_with(|digit: char| matches!(digit, '1'..='9'));
        let ends_well = self.0.ends_with(|last: char| last.is_ascii_digit());
        if begins_well && ends_well { self.0.parse().ok() } else { None }
    }
}

macro_rules! parsed_keys {
    (but $not:literal: $($method:ident $visit:ident),* $(,)?) => {
        $(fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
            match self.number().filter(|_| self.0 != $not) {
                Some(number) => visitor.$visit(number),
                None => visitor.visit_borrowed_str(self.0),
            }
        })*
    };
}

impl<'a> Deserializer<'a> for Key<'a> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.0.parse() {
            Ok(truth) => visitor.visit_bool(truth),
            Err(_) => visitor.visit_borrowed_str(self.0),
        }
    }

    // To serde_json, negative zero is a float.
    parsed_keys! {
        but "-0":
        deserialize_i8 visit_i8, deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64,
    }

    parsed_keys! {
        but "":
        deserialize_i128 visit_i128, deserialize_u128 visit_u128, deserialize_f32 visit_f32,
        deserialize_f64 visit_f64,
    }

    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'a>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'a>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.0.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A variant with content.
struct Tagged<'a> {
    name: &'a str,
    value: At<'a>,
}

impl<'a> EnumAccess<'a> for Tagged<'a> {
    type Error = Fault;
    type Variant = At<'a>;

    fn variant_seed<V: DeserializeSeed<'a>>(self, seed: V) -> Result<(V::Value, At<'a>), Fault> {
        Ok((seed.deserialize(Key(self.name))?, self.value))
    }
}

impl<'a> VariantAccess<'a> for At<'a> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Deserialize::deserialize(self)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'a>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        match self.node.node_kind() {
            NodeKind::Array => self.deserialize_any(visitor),
            _ => self.wrong_type(&"an array").map_err(|fault: Fault| fault.at(self.node)),
        }
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.node.node_kind() {
            // As in serde_json, the fields may come without their names.
            NodeKind::Object | NodeKind::Array => self.deserialize_any(visitor),
            _ => self.wrong_type(&"an object").map_err(|fault: Fault| fault.at(self.node)),
        }
    }
}
