//! What the derives of Outcrop write for a companion: its places by name and by position.
//!
//! Reading, serialising and deserialising are written once, over these traits (`objects.rs`, `variants.rs`), so that
//! what is generated for a type is small.
//!
//! # Invariants
//! - Members of the JSON that nobody takes are ignored, and so are places that the JSON does not have.

#![allow(missing_docs)] // Named only by generated code.

use std::{
    fmt::{self, Display},
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess},
    ser::{SerializeMap, SerializeSeq},
};

use super::{Done, List, Part, PartialValue, Reading, Tuple, done::Decoder};
use crate::NodeRef;

/// What is done with a place.
pub trait Visit {
    type Out;

    fn visit<P: PartialValue>(self, part: &mut Part<P>) -> Self::Out;

    /// The JSON cannot have a value at this place.
    fn refuse(self, why: &dyn Display) -> Self::Out;
}

/// What takes all places, one after another.
pub trait Sink {
    type Error;

    fn put<K: Serialize + ?Sized, P: PartialValue>(
        &mut self,
        key: &K,
        part: &Part<P>,
    ) -> Result<(), Self::Error>;
}

/// The field `N` of `C` is read by functions of its own.
pub enum By<C, const N: usize> {
    Never(std::convert::Infallible, PhantomData<C>),
}

/// What reads the field `N`.
pub trait Decodes<T, const N: usize> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>;
}

impl<T, C: Decodes<T, N>, const N: usize> Decoder<T> for By<C, N> {
    fn decode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        C::decode(deserializer)
    }
}

/// A companion that can stand in the object around it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown while it is still being written where it is flattened",
    label = "flattened here",
    note = "`#[output(done)]` on the field leaves it out of the partial companion"
)]
pub trait Flatten {
    /// What there is of it then.
    type Held: Fields + Default + Clone + fmt::Debug + PartialEq;
}

/// What is flattened, by the type of the companion where it is not.
pub type Flat<P> = <P as Flatten>::Held;

/// What is flattened and left out: which of the members around it are its own is known only in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeftOut;

impl Fields for LeftOut {
    fn each<S: Sink>(&self, _: &mut S) -> Result<(), S::Error> {
        Ok(())
    }
}

impl<P: Flatten> Flatten for Option<P> {
    type Held = Option<P::Held>;
}

impl<P: Flatten> Flatten for Box<P> {
    type Held = P::Held;
}

impl<T, D> Flatten for Done<T, D> {
    type Held = LeftOut;
}

impl<P> Flatten for List<P> {
    type Held = LeftOut;
}

impl<T> Flatten for Tuple<T> {
    type Held = LeftOut;
}

impl Flatten for String {
    type Held = LeftOut;
}

impl Flatten for serde_json::Value {
    type Held = LeftOut;
}

/// Whether a value takes members of any name.
pub fn takes_any<F: Fields>(_: &F) -> bool {
    F::ANY
}

/// The places of a companion.
pub trait Fields {
    /// It takes a member of any name.
    const ANY: bool = false;

    /// Visits the place of the member `name`; gives `visit` back where there is none.
    fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
        let _ = name;
        Err(visit)
    }

    /// Visits the place of the element `index`; gives `visit` back where there is none.
    fn element<V: Visit>(&mut self, index: usize, visit: V) -> Result<V::Out, V> {
        let _ = index;
        Err(visit)
    }

    /// Hands all places on, in their order.
    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error>;
}

/// Whether there is something at a place of it.
fn shows<F: Fields>(fields: &F) -> bool {
    struct Found;

    impl Sink for Found {
        type Error = ();

        fn put<K: Serialize + ?Sized, P: PartialValue>(&mut self, _: &K, part: &Part<P>) -> Result<(), ()> {
            if part.is_absent() { Ok(()) } else { Err(()) }
        }
    }

    fields.each(&mut Found).is_err()
}

/// An `Option` of what is flattened is there once one of its members is.
impl<P: Fields + Default> Fields for Option<P> {
    const ANY: bool = P::ANY;

    fn field<V: Visit>(&mut self, name: &str, visit: V) -> Result<V::Out, V> {
        if let Some(fields) = self {
            return fields.field(name, visit);
        }
        let mut fields = P::default();
        let out = fields.field(name, visit)?;
        // A member that does not fit, or of which nothing can be shown yet, is none that is there.
        if shows(&fields) {
            *self = Some(fields);
        }
        Ok(out)
    }

    fn each<S: Sink>(&self, sink: &mut S) -> Result<(), S::Error> {
        self.as_ref().map_or(Ok(()), |fields| fields.each(sink))
    }
}

/// Brings a place up to date.
pub(super) struct Updating<'n, 'r> {
    pub(super) node: NodeRef<'n>,
    pub(super) reading: &'r mut Reading,
}

/// What came of an update.
#[derive(Clone, Copy, Default)]
pub(super) struct Updated {
    /// There is something to show.
    pub(super) shows: bool,
    /// Something that is shown is other than before.
    pub(super) changed: bool,
}

impl Visit for Updating<'_, '_> {
    type Out = Updated;

    fn visit<P: PartialValue>(self, part: &mut Part<P>) -> Updated {
        let changed = part.update(self.node, self.reading);
        Updated { shows: !part.is_absent(), changed }
    }

    fn refuse(self, why: &dyn Display) -> Updated {
        self.reading.unfit(self.node, why);
        Updated::default()
    }
}

/// Fills a place by serde.
pub(super) struct Taking<'de, D>(D, PhantomData<&'de ()>);

impl<'de, D: Deserializer<'de>> Taking<'de, D> {
    pub(super) fn from(deserializer: D) -> Self {
        Self(deserializer, PhantomData)
    }
}

impl<'de, D: Deserializer<'de>> Visit for Taking<'de, D> {
    type Out = Result<(), D::Error>;

    fn visit<P: PartialValue>(self, part: &mut Part<P>) -> Self::Out {
        *part = Part::deserialize(self.0)?;
        Ok(())
    }

    fn refuse(self, why: &dyn Display) -> Self::Out {
        Err(D::Error::custom(why))
    }
}

/// Fills a place with the member that comes next.
pub(super) struct TakingMember<'m, 'de, A>(&'m mut A, PhantomData<&'de ()>);

impl<'m, 'de, A: MapAccess<'de>> TakingMember<'m, 'de, A> {
    pub(super) fn of(access: &'m mut A) -> Self {
        Self(access, PhantomData)
    }
}

impl<'de, A: MapAccess<'de>> Visit for TakingMember<'_, 'de, A> {
    type Out = Result<(), A::Error>;

    fn visit<P: PartialValue>(self, part: &mut Part<P>) -> Self::Out {
        *part = self.0.next_value()?;
        Ok(())
    }

    fn refuse(self, why: &dyn Display) -> Self::Out {
        self.0.next_value_seed(Refuse(why))
    }
}

/// Fills a place with the element that comes next. Gives whether one came.
pub(super) struct TakingElement<'s, 'de, A>(&'s mut A, PhantomData<&'de ()>);

impl<'s, 'de, A: SeqAccess<'de>> TakingElement<'s, 'de, A> {
    pub(super) fn of(access: &'s mut A) -> Self {
        Self(access, PhantomData)
    }
}

impl<'de, A: SeqAccess<'de>> Visit for TakingElement<'_, 'de, A> {
    type Out = Result<bool, A::Error>;

    fn visit<P: PartialValue>(self, part: &mut Part<P>) -> Self::Out {
        match self.0.next_element()? {
            Some(element) => *part = element,
            None => return Ok(false),
        }
        Ok(true)
    }

    fn refuse(self, why: &dyn Display) -> Self::Out {
        Err(A::Error::custom(why))
    }
}

/// A value that does not fit, whatever it is: the mistake is told of that value.
pub(super) struct Refuse<'w>(pub(super) &'w dyn Display);

impl<'de> DeserializeSeed<'de> for Refuse<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(D::Error::custom(self.0))
    }
}

/// Writes what is there as members.
pub(super) struct Members<'m, M>(pub(super) &'m mut M);

impl<M: SerializeMap> Sink for Members<'_, M> {
    type Error = M::Error;

    fn put<K: Serialize + ?Sized, P: PartialValue>(
        &mut self,
        key: &K,
        part: &Part<P>,
    ) -> Result<(), M::Error> {
        if part.is_absent() { Ok(()) } else { self.0.serialize_entry(key, part) }
    }
}

/// Writes the first few as elements.
pub(super) struct Elements<'s, S> {
    pub(super) seq: &'s mut S,
    pub(super) left: usize,
}

impl<S: SerializeSeq> Sink for Elements<'_, S> {
    type Error = S::Error;

    fn put<K: Serialize + ?Sized, P: PartialValue>(&mut self, _: &K, part: &Part<P>) -> Result<(), S::Error> {
        if self.left > 0 {
            self.left -= 1;
            self.seq.serialize_element(part)?;
        }
        Ok(())
    }
}

/// Counts up to the last that is there.
#[derive(Default)]
pub(super) struct Count {
    seen: usize,
    pub(super) there: usize,
}

impl Sink for Count {
    type Error = std::convert::Infallible;

    fn put<K: Serialize + ?Sized, P: PartialValue>(
        &mut self,
        _: &K,
        part: &Part<P>,
    ) -> Result<(), Self::Error> {
        self.seen += 1;
        if !part.is_absent() {
            self.there = self.seen;
        }
        Ok(())
    }
}
