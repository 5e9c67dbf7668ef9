//! Companions of enums, by the form of their tag.
//!
//! # Invariants
//! - A variant is shown once it is known: its name is complete and, where only its content tells (`{"Variant": ..}`),
//!   there is something of the content to show.
//! - Of two tags the last counts, as of any two members of one name; the rest is then read again.

#![allow(missing_docs)] // Named only by generated code.

use std::fmt;

use serde::{
    Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::Value;

use super::{
    Part, PartialValue, Reading,
    fields::{Fields, Members, Refuse, Sink, Taking, Updated, Updating},
    objects::{
        ElementsVisitor, ObjectVisitor, fill_elements, fill_object, serialize_elements, serialize_object,
        take_member,
    },
    replace,
};
use crate::{Kind, NodeRef};

/// What a variant holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Unit,
    Newtype,
    Tuple,
    Object,
}

/// The variants of a companion.
pub trait Variants: Fields + PartialEq + Sized {
    /// In the order of [`Variants::index`], the name by which each is serialised.
    const NAMES: &'static [(&'static str, Shape)];
    /// `TAGGED` and the name of the member that is the tag, where it is one.
    const TAG: &'static str = TAGGED;
    /// The name of the member that is the content, where it is one.
    const CONTENT: &'static str = "";

    /// Which variant has a name.
    fn find(name: &str) -> Option<usize>;

    /// A variant with nothing in it.
    fn blank(index: usize) -> Self;

    fn index(&self) -> usize;
}

/// The beginning of a name by which the deserializer of this crate knows which member comes first, wherever it stands.
pub(crate) const TAGGED: &str = "$outcrop_json::tag=";

/// The name by which the deserializer of this crate knows that it is asked for a variant that stands by itself.
pub(crate) const VARIANT: &str = "$outcrop_json::Variant";

const NO_SUCH: &str = "no variant has this name";
const NO_TAG: &str = "expected a member that tells the variant";
const ONE_MEMBER: &str = "expected an object with a single member, the variant";

fn named<P: Variants>(name: &str) -> Option<P> {
    P::find(name).map(P::blank)
}

fn name_and_shape<P: Variants>(of: &P) -> (&'static str, Shape) {
    P::NAMES.get(of.index()).copied().unwrap_or(("", Shape::Unit))
}

fn tag<P: Variants>() -> &'static str {
    P::TAG.strip_prefix(TAGGED).unwrap_or_default()
}

/// Brings the content up to date.
fn fill<P: Variants>(of: &mut P, content: NodeRef<'_>, reading: &mut Reading) -> Updated {
    match name_and_shape(of).1 {
        Shape::Unit => Updated { shows: true, changed: false },
        Shape::Newtype => of.element(0, Updating { node: content, reading }).unwrap_or_default(),
        Shape::Tuple => fill_elements(of, content, reading),
        Shape::Object => fill_object(of, content, reading),
    }
}

/// A content that is not the one before takes its place, once it has something to show. Gives whether something that is
/// shown is other than before.
fn refill<P: Variants>(of: &mut P, content: NodeRef<'_>, reading: &mut Reading) -> bool {
    if !reading.is_new(content) {
        return fill(of, content, reading).changed;
    }
    filled(of.index(), content, reading).is_some_and(|fresh| replace(of, fresh))
}

/// A variant that was not there before, once its content has something to show.
fn filled<P: Variants>(index: usize, content: NodeRef<'_>, reading: &mut Reading) -> Option<P> {
    let mut fresh = P::blank(index);
    let shown = fill(&mut fresh, content, reading).shows;
    if shown {
        reading.shown(content);
    }
    shown.then_some(fresh)
}

/// The content of a variant, by serde.
struct ContentSeed<'p, P>(&'p mut P);

impl<'de, P: Variants> DeserializeSeed<'de> for ContentSeed<'_, P> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match name_and_shape(self.0).1 {
            Shape::Unit => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            Shape::Newtype => self.0.element(0, Taking::from(deserializer)).unwrap_or(Ok(())),
            Shape::Tuple => deserializer.deserialize_seq(ElementsVisitor(self.0)),
            Shape::Object => deserializer.deserialize_map(ObjectVisitor(self.0)),
        }
    }
}

/// The content of a variant, to be serialised.
struct Content<'p, P>(&'p P);

impl<P: Variants> Serialize for Content<'_, P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match name_and_shape(self.0).1 {
            Shape::Unit => serializer.serialize_unit(),
            Shape::Newtype => {
                let mut one = One { serializer: Some(serializer), written: None };
                self.0.each(&mut one)?;
                match (one.written, one.serializer) {
                    (Some(written), _) => Ok(written),
                    (None, Some(serializer)) => serializer.serialize_unit(),
                    (None, None) => Err(serde::ser::Error::custom("no content")),
                }
            }
            Shape::Tuple => serialize_elements(self.0, serializer),
            Shape::Object => serialize_object(self.0, serializer),
        }
    }
}

/// Writes the first.
struct One<S: Serializer> {
    serializer: Option<S>,
    written: Option<S::Ok>,
}

impl<S: Serializer> Sink for One<S> {
    type Error = S::Error;

    fn put<K: Serialize + ?Sized, P: PartialValue>(&mut self, _: &K, part: &Part<P>) -> Result<(), S::Error> {
        if let Some(serializer) = self.serializer.take() {
            self.written = Some(part.serialize(serializer)?);
        }
        Ok(())
    }
}

// ---- The name of the variant outside: `"Unit"`, `{"Variant": content}`. ----------------------------------------

/// Reads `"Unit"` or `{"Variant": content}`.
pub fn read_external<P: Variants>(node: NodeRef<'_>, reading: &mut Reading) -> Option<P> {
    match node.kind() {
        Kind::String if node.is_complete() => {
            let unit = node.as_str().and_then(unit);
            if unit.is_none() {
                reading.unfit(node, NO_SUCH);
            }
            unit
        }
        Kind::String => None,
        Kind::Object => {
            let mut read: Option<P> = None;
            for member in reading.children(node) {
                match &mut read {
                    _ if !is_of_first_name(member, node, reading) => {}
                    Some(read) => drop(refill(read, member, reading)),
                    None => match member.key().and_then(P::find) {
                        Some(index) => read = filled(index, member, reading),
                        None => reading.unfit(member, NO_SUCH),
                    },
                }
            }
            if read.is_none() {
                reading.unfit(node, ONE_MEMBER);
            }
            read
        }
        _ => {
            reading.unfit(node, "expected a string or an object with a single member");
            None
        }
    }
}

/// Brings `{"Variant": content}` up to date. Gives whether something that is shown is other than before.
pub fn update_external<P: Variants>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> bool {
    let mut changed = false;
    for member in reading.children(node) {
        changed |= is_of_first_name(member, node, reading) && refill(of, member, reading);
    }
    changed
}

/// There is one variant; it may be written twice.
fn is_of_first_name(member: NodeRef<'_>, of: NodeRef<'_>, reading: &mut Reading) -> bool {
    let is = of.children().next().is_some_and(|first| first.key() == member.key());
    if !is {
        reading.unfit(member, ONE_MEMBER);
    }
    is
}

fn unit<P: Variants>(name: &str) -> Option<P> {
    named(name).filter(|variant| name_and_shape(variant).1 == Shape::Unit)
}

/// Serialises as `"Unit"` or `{"Variant": content}`.
pub fn serialize_external<P: Variants, S: Serializer>(of: &P, serializer: S) -> Result<S::Ok, S::Error> {
    let (name, shape) = name_and_shape(of);
    if shape == Shape::Unit {
        return serializer.serialize_str(name);
    }
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(name, &Content(of))?;
    map.end()
}

/// Reads `"Unit"` or `{"Variant": content}` by serde.
pub fn deserialize_external<'de, P: Variants, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    struct ExternalVisitor<P>(std::marker::PhantomData<P>);

    impl<'de, P: Variants> Visitor<'de> for ExternalVisitor<P> {
        type Value = P;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or an object with a single member")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<P, E> {
            unit(name).ok_or_else(|| E::custom(NO_SUCH))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<P, A::Error> {
            let Some(name) = map.next_key::<String>()? else { return Err(A::Error::custom(ONE_MEMBER)) };
            let Some(mut read) = named::<P>(&name) else {
                map.next_value_seed(Refuse(&NO_SUCH))?;
                return Err(A::Error::custom(NO_SUCH));
            };
            map.next_value_seed(ContentSeed(&mut read))?;
            while map.next_key::<IgnoredAny>()?.is_some() {
                map.next_value_seed(Refuse(&ONE_MEMBER))?;
            }
            Ok(read)
        }
    }

    deserializer.deserialize_newtype_struct(VARIANT, ExternalVisitor(std::marker::PhantomData))
}

// ---- The name of the variant in a member, beside the content or beside a member with the content. ---------------

/// Reads `{"tag": "Variant", ..}` and `{"tag": "Variant", "content": ..}`.
pub fn read_tagged<P: Variants>(node: NodeRef<'_>, reading: &mut Reading) -> Option<P> {
    if node.kind() != Kind::Object {
        reading.unfit(node, "expected an object");
        return None;
    }
    // While the variant is not known, the tag can only be among what is new.
    let Some(tag) = new_tag::<P>(node, reading) else {
        reading.unfit(node, NO_TAG);
        return None;
    };
    let Some(mut read) = tag.as_str().and_then(named::<P>) else {
        reading.unfit(tag, NO_SUCH);
        return None;
    };
    reading.forget(node);
    reading.whole(|reading| add(&mut read, node, reading));
    Some(read)
}

/// Brings `{"tag": "Variant", ..}` and `{"tag": "Variant", "content": ..}` up to date. Gives whether something that is
/// shown is other than before.
pub fn update_tagged<P: Variants>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> bool {
    match new_tag::<P>(node, reading).and_then(|_| read_tagged(node, reading)) {
        Some(other) => replace(of, other),
        None => add(of, node, reading),
    }
}

fn new_tag<'a, P: Variants>(node: NodeRef<'a>, reading: &Reading) -> Option<NodeRef<'a>> {
    let is_tag = |member: &NodeRef<'_>| member.key() == Some(tag::<P>()) && member.is_complete();
    reading.children(node).filter(is_tag).last()
}

/// Adds what is new to a variant that is known. Gives whether something that is shown is other than before.
fn add<P: Variants>(of: &mut P, node: NodeRef<'_>, reading: &mut Reading) -> bool {
    let mut changed = false;
    for member in reading.children(node) {
        let name = member.key().unwrap_or_default();
        if name == tag::<P>() {
            continue;
        }
        if P::CONTENT.is_empty() {
            changed |=
                of.field(name, Updating { node: member, reading }).is_ok_and(|updated| updated.changed);
        } else if name == P::CONTENT {
            changed |= refill(of, member, reading);
        }
    }
    changed
}

/// Serialises as `{"tag": "Variant", ..}` or `{"tag": "Variant", "content": ..}`.
pub fn serialize_tagged<P: Variants, S: Serializer>(of: &P, serializer: S) -> Result<S::Ok, S::Error> {
    let (name, shape) = name_and_shape(of);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry(tag::<P>(), name)?;
    if P::CONTENT.is_empty() {
        of.each(&mut Members(&mut map))?;
    } else if shape != Shape::Unit && is_there(of) {
        map.serialize_entry(P::CONTENT, &Content(of))?;
    }
    map.end()
}

fn is_there<P: Fields>(of: &P) -> bool {
    let mut count = super::fields::Count::default();
    let Ok(()) = of.each(&mut count);
    count.there > 0
}

/// Reads `{"tag": "Variant", ..}` and `{"tag": "Variant", "content": ..}` by serde.
pub fn deserialize_tagged<'de, P: Variants, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
    struct TaggedVisitor<P>(std::marker::PhantomData<P>);

    impl<'de, P: Variants> Visitor<'de> for TaggedVisitor<P> {
        type Value = P;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
            deserializer.deserialize_map(self)
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<P, A::Error> {
            // In a live value the tag comes first, wherever it stands.
            let mut before = Vec::new();
            let mut read: Option<P> = None;
            while let Some(name) = map.next_key::<String>()? {
                if name == tag::<P>() {
                    read = Some(map.next_value_seed(TagSeed(std::marker::PhantomData))?);
                    continue;
                }
                match &mut read {
                    None => before.push((name, map.next_value::<Value>()?)),
                    Some(read) if P::CONTENT.is_empty() => take_member(read, &name, &mut map)?,
                    Some(read) if name == P::CONTENT => map.next_value_seed(ContentSeed(read))?,
                    Some(_) => drop(map.next_value::<IgnoredAny>()?),
                }
            }
            let Some(mut read) = read else { return Err(A::Error::custom(NO_TAG)) };
            for (name, value) in before {
                let taken = match P::CONTENT {
                    "" => read.field(&name, Taking::from(value)).unwrap_or(Ok(())),
                    content if content == name => ContentSeed(&mut read).deserialize(value),
                    _ => Ok(()),
                };
                taken.map_err(A::Error::custom)?;
            }
            Ok(read)
        }
    }

    deserializer.deserialize_newtype_struct(P::TAG, TaggedVisitor(std::marker::PhantomData))
}

/// The name of a variant, which must be whole.
struct TagSeed<P>(std::marker::PhantomData<P>);

impl<'de, P: Variants> DeserializeSeed<'de> for TagSeed<P> {
    type Value = P;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<P, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<P: Variants> Visitor<'_> for TagSeed<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a variant")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<P, E> {
        named(name).ok_or_else(|| E::custom(NO_SUCH))
    }
}
