//! Companions that are objects, and those that are arrays of a fixed length.

use std::fmt;

use serde::{
    Deserializer, Serializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap, SerializeSeq},
};

use super::{
    Reading,
    fields::{Count, Elements, Fields, Members, TakingElement, TakingMember, Updated, Updating},
};
use crate::{Kind, NodeRef};

const AN_OBJECT: &str = "expected an object";
const AN_ARRAY: &str = "expected an array";
const SURPLUS: &str = "more elements than are expected";

/// Reads an object.
pub fn read_object<P: Fields + Default>(node: NodeRef<'_>, reading: &mut Reading) -> Option<P> {
    let mut read = P::default();
    fill_object(&mut read, node, reading).shows.then_some(read)
}

/// Brings an object up to date. Gives whether something that is shown is other than before.
pub fn update_object<P: Fields>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> bool {
    let mut changed = false;
    for member in reading.children(node) {
        let updated = of.field(member.key().unwrap_or_default(), Updating { node: member, reading });
        changed |= updated.is_ok_and(|updated| updated.changed);
    }
    changed
}

/// The same, where the node may be no object: there is something to show if it is.
pub(super) fn fill_object<P: Fields>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> Updated {
    if node.kind() == Kind::Object {
        return Updated { shows: true, changed: update_object(of, node, reading) };
    }
    reading.unfit(node, AN_OBJECT);
    Updated::default()
}

/// Serialises what is there as an object.
pub fn serialize_object<P: Fields, S: Serializer>(of: &P, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    of.each(&mut Members(&mut map))?;
    map.end()
}

/// Reads an object by serde.
pub fn deserialize_object<'de, P: Fields + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<P, D::Error> {
    let mut read = P::default();
    deserializer.deserialize_map(ObjectVisitor(&mut read))?;
    Ok(read)
}

pub(super) struct ObjectVisitor<'p, P>(pub(super) &'p mut P);

impl<'de, P: Fields> Visitor<'de> for ObjectVisitor<'_, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            take_member(self.0, &name, &mut map)?;
        }
        Ok(())
    }
}

/// Takes the member whose name was read.
pub(super) fn take_member<'de, P: Fields, A: MapAccess<'de>>(
    of: &mut P,
    name: &str,
    map: &mut A,
) -> Result<(), A::Error> {
    match of.field(name, TakingMember::of(&mut *map)) {
        Ok(taken) => taken,
        Err(_) => map.next_value::<IgnoredAny>().map(drop),
    }
}

/// Reads an array of a fixed length.
pub fn read_elements<P: Fields + Default>(node: NodeRef<'_>, reading: &mut Reading) -> Option<P> {
    let mut read = P::default();
    fill_elements(&mut read, node, reading).shows.then_some(read)
}

/// Brings an array of a fixed length up to date. Gives whether something that is shown is other than before.
pub fn update_elements<P: Fields>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> bool {
    let mut changed = false;
    for element in reading.children(node) {
        let index = element.index_in_parent().unwrap_or(usize::MAX);
        match of.element(index, Updating { node: element, reading }) {
            Ok(updated) => changed |= updated.changed,
            Err(_) => reading.unfit(element, SURPLUS),
        }
    }
    changed
}

/// The same, where the node may be no array: there is something to show if it is.
pub(super) fn fill_elements<P: Fields>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> Updated {
    if node.kind() == Kind::Array {
        return Updated { shows: true, changed: update_elements(of, node, reading) };
    }
    reading.unfit(node, AN_ARRAY);
    Updated::default()
}

/// Serialises as an array up to the last that is there.
pub fn serialize_elements<P: Fields, S: Serializer>(of: &P, serializer: S) -> Result<S::Ok, S::Error> {
    let mut count = Count::default();
    let Ok(()) = of.each(&mut count);
    let mut seq = serializer.serialize_seq(Some(count.there))?;
    of.each(&mut Elements { seq: &mut seq, left: count.there })?;
    seq.end()
}

/// Reads an array of a fixed length by serde.
pub fn deserialize_elements<'de, P: Fields + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<P, D::Error> {
    let mut read = P::default();
    deserializer.deserialize_seq(ElementsVisitor(&mut read))?;
    Ok(read)
}

pub(super) struct ElementsVisitor<'p, P>(pub(super) &'p mut P);

impl<'de, P: Fields> Visitor<'de> for ElementsVisitor<'_, P> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        // What is surplus is told by whoever gives the elements.
        while let Ok(taken) = self.0.element(index, TakingElement::of(&mut seq))
            && taken?
        {
            index += 1;
        }
        Ok(())
    }
}
