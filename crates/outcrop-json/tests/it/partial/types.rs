//! Companions of the family of types, as the derives of Outcrop make them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use outcrop_json::{__private::*, Done, HasPartial, NodeRef, Part, Partial, PartialValue, Reading};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::typed::types;

/// Implements the traits that only hand on.
macro_rules! hands_on {
    ($partial:ident of $type:ty: $read:ident $update:ident $serialize:ident $deserialize:ident) => {
        impl HasPartial for $type {
            type Partial = $partial;
        }

        impl PartialValue for $partial {
            fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
                $read(node, reading)
            }

            fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
                $update(self, node, reading)
            }
        }

        impl Serialize for $partial {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $serialize(self, serializer)
            }
        }

        impl<'de> Deserialize<'de> for $partial {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $deserialize(deserializer)
            }
        }
    };
}

macro_rules! object {
    ($partial:ident of $of:ty { $($field:ident: $type:ty = $name:literal $(| $alias:literal)*),* $(,)? } $($flat:ident: $flat_type:ty)?) => {
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $partial {
            $($field: Part<Partial<$type>>,)*
            $($flat: Partial<$flat_type>,)?
        }

        hands_on!($partial of $of: read_object update_object serialize_object deserialize_object);

        impl Fields for $partial {
            fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
                match name {
                    $($name $(| $alias)* => Ok(visit.visit(&mut self.$field)),)*
                    $(_ if true => self.$flat.field(name, visit),)?
                    _ => Err(visit),
                }
            }

            fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
                $(sink.put($name, &self.$field)?;)*
                $(self.$flat.each(sink)?;)?
                Ok(())
            }
        }
    };
}

object!(OrderPartial of types::Order {
    name: String = "name", count: u32 = "count", price: Option<f64> = "price", gift: Option<bool> = "gift",
    switch: Option<types::Switch> = "switch", tags: Vec<String> = "tags",
    lines: Option<Vec<types::Line>> = "lines", to: Option<Box<types::Order>> = "to",
});

object!(LinePartial of types::Line {
    kind: char = "type", at: (i8, i8) = "at", note: Option<String> = "note",
});

object!(NumbersPartial of types::Numbers {
    a: i128 = "a", b: u128 = "b", c: i64 = "c", d: u64 = "d", e: i8 = "e", f: f32 = "f", g: f64 = "g",
});

object!(PlacesPartial of types::Places {
    by_name: BTreeMap<String, i32> = "by_name", by_number: HashMap<i64, String> = "by_number",
    by_wide: BTreeMap<u128, bool> = "by_wide", by_switch: BTreeMap<types::Switch, u8> = "by_switch",
    by_newtype: BTreeMap<u16, Option<u8>> = "by_newtype",
});

object!(FlatMapPartial of types::FlatMap { id: u8 = "id" } rest: BTreeMap<String, Value>);

object!(FlatPartial of types::Flat { id: u8 = "id" } line: Option<types::Line>);

object!(StrictPartial of types::Strict {
    id: u8 = "id", name: Option<String> = "name" | "nom" | "nombre", ends: () = "ends",
});

object!(DefaultsPartial of types::Defaults {
    name: String = "name", count: u32 = "count", on: bool = "on", list: BTreeSet<u8> = "list",
    switch: types::Switch = "switch",
});

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PairPartial(Part<u8>, Part<Option<String>>);

hands_on!(PairPartial of types::Pair: read_elements update_elements serialize_elements deserialize_elements);

impl Fields for PairPartial {
    fn element<V: Visit>(&mut self, index: usize, visit: V) -> Result<V::Out, V> {
        match index {
            0 => Ok(visit.visit(&mut self.0)),
            1 => Ok(visit.visit(&mut self.1)),
            _ => Err(visit),
        }
    }

    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        sink.put(&0, &self.0)?;
        sink.put(&1, &self.1)
    }
}

impl HasPartial for types::Switch {
    type Partial = Done<Self>;
}

impl HasPartial for types::Untagged {
    type Partial = Done<Self>;
}

impl HasPartial for types::Shape {
    type Partial = Done<Self>;
}

impl HasPartial for types::Unit {
    type Partial = Done<Self>;
}

impl HasPartial for types::Newtype {
    type Partial = u16;
}

impl HasPartial for types::NewtypeList {
    type Partial = Partial<Vec<Option<types::Newtype>>>;
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExternalPartial {
    On,
    Once,
    Number(Part<u8>),
    Tuple(Part<u8>, Part<String>),
    Struct { a: Part<u8>, b: Part<Option<String>> },
    Nested(Part<Box<ExternalPartial>>),
    Maybe(Part<Option<bool>>),
    Nothing(Part<()>),
}

hands_on!(ExternalPartial of types::External: read_external update_external serialize_external deserialize_external);

impl Variants for ExternalPartial {
    const NAMES: &'static [(&'static str, Shape)] = &[
        ("On", Shape::Unit),
        ("Once", Shape::Unit),
        ("Number", Shape::Newtype),
        ("Tuple", Shape::Tuple),
        ("Struct", Shape::Object),
        ("Nested", Shape::Newtype),
        ("Maybe", Shape::Newtype),
        ("Nothing", Shape::Newtype),
    ];

    fn find(name: &str) -> Option<usize> {
        ["On", "Once", "Number", "Tuple", "Struct", "Nested", "Maybe", "Nothing"]
            .iter()
            .position(|it| *it == name)
    }

    fn blank(index: usize) -> Self {
        match index {
            0 => Self::On,
            1 => Self::Once,
            2 => Self::Number(Part::Absent),
            3 => Self::Tuple(Part::Absent, Part::Absent),
            4 => Self::Struct { a: Part::Absent, b: Part::Absent },
            5 => Self::Nested(Part::Absent),
            6 => Self::Maybe(Part::Absent),
            _ => Self::Nothing(Part::Absent),
        }
    }

    fn index(&self) -> usize {
        match self {
            Self::On => 0,
            Self::Once => 1,
            Self::Number(_) => 2,
            Self::Tuple(..) => 3,
            Self::Struct { .. } => 4,
            Self::Nested(_) => 5,
            Self::Maybe(_) => 6,
            Self::Nothing(_) => 7,
        }
    }
}

impl Fields for ExternalPartial {
    fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
        match (self, name) {
            (Self::Struct { a, .. }, "a") => Ok(visit.visit(a)),
            (Self::Struct { b, .. }, "b") => Ok(visit.visit(b)),
            _ => Err(visit),
        }
    }

    fn element<V: Visit>(&mut self, index: usize, visit: V) -> Result<V::Out, V> {
        match (self, index) {
            (Self::Number(a), 0) => Ok(visit.visit(a)),
            (Self::Tuple(a, _), 0) => Ok(visit.visit(a)),
            (Self::Tuple(_, b), 1) => Ok(visit.visit(b)),
            (Self::Nested(a), 0) => Ok(visit.visit(a)),
            (Self::Maybe(a), 0) => Ok(visit.visit(a)),
            (Self::Nothing(a), 0) => Ok(visit.visit(a)),
            _ => Err(visit),
        }
    }

    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        match self {
            Self::On | Self::Once => Ok(()),
            Self::Number(a) => sink.put(&0, a),
            Self::Tuple(a, b) => {
                sink.put(&0, a)?;
                sink.put(&1, b)
            }
            Self::Struct { a, b } => {
                sink.put("a", a)?;
                sink.put("b", b)
            }
            Self::Nested(a) => sink.put(&0, a),
            Self::Maybe(a) => sink.put(&0, a),
            Self::Nothing(a) => sink.put(&0, a),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum InternalPartial {
    On,
    Once,
    Line(LinePartial),
    Struct { a: Part<u8>, b: Part<Option<String>> },
}

hands_on!(InternalPartial of types::Internal: read_tagged update_tagged serialize_tagged deserialize_tagged);

impl Variants for InternalPartial {
    const TAG: &'static str = "$outcrop_json::tag=t";
    const NAMES: &'static [(&'static str, Shape)] =
        &[("On", Shape::Unit), ("Once", Shape::Unit), ("Line", Shape::Object), ("Struct", Shape::Object)];

    fn find(name: &str) -> Option<usize> {
        ["On", "Once", "Line", "Struct"].iter().position(|it| *it == name)
    }

    fn blank(index: usize) -> Self {
        match index {
            0 => Self::On,
            1 => Self::Once,
            2 => Self::Line(LinePartial::default()),
            _ => Self::Struct { a: Part::Absent, b: Part::Absent },
        }
    }

    fn index(&self) -> usize {
        match self {
            Self::On => 0,
            Self::Once => 1,
            Self::Line(_) => 2,
            Self::Struct { .. } => 3,
        }
    }
}

impl Fields for InternalPartial {
    fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
        match (self, name) {
            (Self::Line(line), name) => line.field(name, visit),
            (Self::Struct { a, .. }, "a") => Ok(visit.visit(a)),
            (Self::Struct { b, .. }, "b") => Ok(visit.visit(b)),
            _ => Err(visit),
        }
    }

    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        match self {
            Self::On | Self::Once => Ok(()),
            Self::Line(line) => line.each(sink),
            Self::Struct { a, b } => {
                sink.put("a", a)?;
                sink.put("b", b)
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AdjacentPartial {
    On,
    Once,
    TwoNumbers(Part<i8>, Part<i8>),
    Text(Part<String>),
    Struct { a: Part<u8>, b: Part<Option<String>> },
}

hands_on!(AdjacentPartial of types::Adjacent: read_tagged update_tagged serialize_tagged deserialize_tagged);

impl Variants for AdjacentPartial {
    const TAG: &'static str = "$outcrop_json::tag=t";
    const CONTENT: &'static str = "c";
    const NAMES: &'static [(&'static str, Shape)] = &[
        ("on", Shape::Unit),
        ("once", Shape::Unit),
        ("two_numbers", Shape::Tuple),
        ("text", Shape::Newtype),
        ("struct", Shape::Object),
    ];

    fn find(name: &str) -> Option<usize> {
        ["on", "once", "two_numbers", "text", "struct"].iter().position(|it| *it == name)
    }

    fn blank(index: usize) -> Self {
        match index {
            0 => Self::On,
            1 => Self::Once,
            2 => Self::TwoNumbers(Part::Absent, Part::Absent),
            3 => Self::Text(Part::Absent),
            _ => Self::Struct { a: Part::Absent, b: Part::Absent },
        }
    }

    fn index(&self) -> usize {
        match self {
            Self::On => 0,
            Self::Once => 1,
            Self::TwoNumbers(..) => 2,
            Self::Text(_) => 3,
            Self::Struct { .. } => 4,
        }
    }
}

impl Fields for AdjacentPartial {
    fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
        match (self, name) {
            (Self::Struct { a, .. }, "a") => Ok(visit.visit(a)),
            (Self::Struct { b, .. }, "b") => Ok(visit.visit(b)),
            _ => Err(visit),
        }
    }

    fn element<V: Visit>(&mut self, index: usize, visit: V) -> Result<V::Out, V> {
        match (self, index) {
            (Self::TwoNumbers(a, _), 0) => Ok(visit.visit(a)),
            (Self::TwoNumbers(_, b), 1) => Ok(visit.visit(b)),
            (Self::Text(a), 0) => Ok(visit.visit(a)),
            _ => Err(visit),
        }
    }

    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        match self {
            Self::On | Self::Once => Ok(()),
            Self::TwoNumbers(a, b) => {
                sink.put(&0, a)?;
                sink.put(&1, b)
            }
            Self::Text(a) => sink.put(&0, a),
            Self::Struct { a, b } => {
                sink.put("a", a)?;
                sink.put("b", b)
            }
        }
    }
}
