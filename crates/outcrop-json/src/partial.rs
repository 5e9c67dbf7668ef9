//! Values of your own types while they are still being written: updated in place, in time linear in what changed.
//!
//! [`HasPartial`] names the companion of a type, [`PartialValue`] is what a companion can do, [`Part`] is a place in
//! one, and [`LivePartial`] keeps one up to date. Companions of structs and enums are made by Outcrop's derives; by
//! hand they look as in [`PartialValue`].
//!
//! # Invariants
//! - What is shown never contradicts the value in the end: text only grows; numbers, booleans, dates and whatever
//!   else can turn out otherwise are there once they are complete.
//! - As long as all fits, a companion after any sequence of updates equals one that was read at once, and the one that
//!   serde reads (`live.partial::<Part<Partial<T>>>()`): of two members of one name the last counts, once it has
//!   something to show.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Visitor},
};

use crate::{Mark, NodeRef, PartialError, tree::NONE, view::Children};

mod done;
mod follow;
mod list;
mod maps;
mod simple;
mod text;
mod tuple;

pub(crate) mod fields;
pub(crate) mod objects;
pub(crate) mod variants;

pub use done::{Decoder, Done, Own};
pub use follow::LivePartial;
pub use list::List;
pub use tuple::Tuple;

pub(crate) use done::DONE;
pub(crate) use variants::{TAGGED, VARIANT};

/// A type whose values can be shown while they are still being written.
///
/// Of your own types, `#[derive(Output)]` and `#[derive(ToolInput)]` of Outcrop make it. The companions are:
///
/// | type | companion |
/// |---|---|
/// | `String`, `Box<str>`, `Arc<str>`, `Cow<'static, str>` | `String`, which grows |
/// | numbers, `bool`, `char`, `()`, addresses, paths, `Duration`; dates, `Uuid`, `Url` by feature | itself, once complete |
/// | `Option<T>`, `Box<T>`, `Arc<T>` | `Option` and `Box` of the companion |
/// | `Vec<T>`, `[T; N]`, sets | [`List`] of companions |
/// | tuples | [`Tuple`] of [`Part`]s |
/// | maps | the map, of [`Part`]s |
/// | `serde_json::Value` | itself, which grows |
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be shown while it is still being written",
    label = "has no partial companion",
    note = "put `#[derive(Output)]` on `{Self}`, which gives it one",
    note = "where it is of another crate and has the implementations of serde and schemars, put `#[output(done)]` on the field: it is shown once it is complete",
    note = "else give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait HasPartial {
    /// The companion: what there is of a value so far.
    type Partial: PartialValue;
}

/// What there is of a `T` so far.
///
/// ```
/// use outcrop_json::{List, Partial};
///
/// let so_far: Partial<Vec<String>> = List::default();
/// assert!(so_far.is_empty());
/// ```
pub type Partial<T> = <T as HasPartial>::Partial;

/// What is there of a value that is still being written, updated in place.
///
/// A companion made by hand:
///
/// ```
/// use outcrop_json::*;
/// use serde::{Deserialize, Serialize};
///
/// struct Booking { city: String, nights: u32 }
///
/// #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
/// struct BookingPartial {
///     #[serde(default, skip_serializing_if = "Part::is_absent")]
///     city: Part<String>,
///     #[serde(default, skip_serializing_if = "Part::is_absent")]
///     nights: Part<u32>,
/// }
///
/// impl HasPartial for Booking {
///     type Partial = BookingPartial;
/// }
///
/// impl PartialValue for BookingPartial {
///     fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
///         if node.kind() != Kind::Object {
///             reading.unfit(node, "expected a booking");
///             return None;
///         }
///         let mut booking = Self::default();
///         booking.update(node, reading);
///         Some(booking)
///     }
///
///     fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
///         let mut changed = false;
///         for member in reading.children(node) {
///             changed |= match member.key() {
///                 Some("city") => self.city.update(member, reading),
///                 Some("nights") => self.nights.update(member, reading),
///                 _ => false,
///             };
///         }
///         changed
///     }
/// }
///
/// let (mut live, mut booking) = (LiveJson::new(), LivePartial::<Booking>::new());
/// live.push(r#"{"city": "Lis"#)?;
/// let so_far = booking.update(&live)?.get().unwrap();
/// assert_eq!(so_far.city, Part::Growing("Lis".to_owned()));
/// assert_eq!(so_far.nights, Part::Absent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no companion of a type, so it cannot be updated while it is being written",
    note = "companions are made by `#[derive(Output)]`; `Partial<T>` names that of `T`"
)]
pub trait PartialValue: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned {
    /// Whether there is something to show before the value is complete. What is `false` here is neither read nor
    /// updated before.
    const GROWS: bool = true;

    /// The value so far; `None` where there is nothing to show yet, or where it does not fit, which `reading` is told.
    ///
    /// Where a node of which nothing could be shown has grown, it is read again.
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self>;

    /// Adds what came since the last time. Only called for the node that it was read from.
    ///
    /// Gives whether something that is shown is other than before; nobody compares to find out
    /// ([`LivePartial::has_changed`]).
    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool;
}

/// A place in a companion: nothing there yet, something that grows, or all of it.
///
/// Serialised it is what is in it; leave it out where [`Part::is_absent`]. What is read from anything but a
/// [`LiveJson`](crate::LiveJson) is done.
///
/// ```
/// use outcrop_json::Part;
///
/// let mut name = Part::<String>::default();
/// assert!(name.is_absent());
/// name = Part::Growing("An".to_owned());
/// assert_eq!((name.as_deref(), name.is_done()), (Some("An"), false));
/// name = Part::Done("Ann".to_owned());
/// assert_eq!(name.done().map(String::as_str), Some("Ann"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Part<P> {
    /// Nothing, or nothing that can be shown before it is complete.
    #[default]
    Absent,
    /// What there is so far.
    Growing(P),
    /// All of it: it does not change any more.
    Done(P),
}

impl<P> Part<P> {
    /// What there is, complete or not.
    pub fn get(&self) -> Option<&P> {
        match self {
            Self::Absent => None,
            Self::Growing(value) | Self::Done(value) => Some(value),
        }
    }

    /// What there is, if it is complete.
    pub fn done(&self) -> Option<&P> {
        match self {
            Self::Done(value) => Some(value),
            Self::Absent | Self::Growing(_) => None,
        }
    }

    /// What there is, kept.
    pub fn into_option(self) -> Option<P> {
        match self {
            Self::Absent => None,
            Self::Growing(value) | Self::Done(value) => Some(value),
        }
    }

    /// What there is, as what it derefs to: text as `&str`, a [`List`] as a slice.
    pub fn as_deref(&self) -> Option<&P::Target>
    where
        P: std::ops::Deref,
    {
        self.get().map(|value| &**value)
    }

    /// Whether there is nothing to show.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Whether it is there and may still grow.
    pub fn is_growing(&self) -> bool {
        matches!(self, Self::Growing(_))
    }

    /// Whether all of it is there.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    fn new(value: P, done: bool) -> Self {
        if done { Self::Done(value) } else { Self::Growing(value) }
    }
}

impl<P: PartialValue> Part<P> {
    /// Brings the place up to date with a value that belongs to it, which has changed or begun.
    ///
    /// A value that has begun takes the place of an earlier one as soon as it has something to show. Gives whether the
    /// place is other than before.
    pub fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        let grew = self.is_growing();
        self.bring_up(node, reading) || (grew && self.is_done())
    }

    /// The same; that it is complete is no change by itself.
    fn bring_up(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        let done = node.is_complete();
        // Only the last of several can have been open.
        if let Self::Growing(value) = self
            && !reading.is_new(node)
        {
            let changed = value.update(node, reading);
            if done && let Self::Growing(value) = std::mem::take(self) {
                *self = Self::Done(value);
            }
            changed
        } else if (done || P::GROWS)
            && let Some(value) = P::read(node, reading)
        {
            reading.shown(node);
            replace(self, Self::new(value, done))
        } else {
            false
        }
    }
}

/// Puts a value that was read anew in the place of another; gives whether they differ. That costs no more than reading
/// it did.
fn replace<P: PartialEq>(place: &mut P, value: P) -> bool {
    let changed = *place != value;
    *place = value;
    changed
}

impl<P: Serialize> Serialize for Part<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_unit(),
            Self::Growing(value) | Self::Done(value) => value.serialize(serializer),
        }
    }
}

/// The name by which the deserializer of this crate knows that it is asked for a [`Part`].
pub(crate) const PART: &str = "$outcrop_json::Part";

impl<'de, P: PartialValue> Deserialize<'de> for Part<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PartVisitor<P>(std::marker::PhantomData<P>);

        impl<'de, P: PartialValue> Visitor<'de> for PartVisitor<P> {
            type Value = Part<P>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value that fits")
            }

            /// Only a live value that has not begun says this.
            fn visit_none<E: serde::de::Error>(self) -> Result<Part<P>, E> {
                Ok(Part::Absent)
            }

            /// Only a live value that is not complete says this.
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Part<P>, D::Error> {
                if !P::GROWS {
                    return Err(serde::de::Error::custom("the value is not complete"));
                }
                P::deserialize(deserializer).map(Part::Growing)
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                deserializer: D,
            ) -> Result<Part<P>, D::Error> {
                P::deserialize(deserializer).map(Part::Done)
            }
        }

        deserializer.deserialize_newtype_struct(PART, PartVisitor(std::marker::PhantomData))
    }
}

/// One update: since when, and what did not fit.
///
/// It is made by [`LivePartial`] and handed on to every value that changed.
#[derive(Clone, Debug)]
pub struct Reading {
    since: Mark,
    /// The nodes that were open then, the root first.
    way: Vec<u32>,
    /// The values that do not fit, in the order in which they were met.
    faults: Vec<(u32, PartialError)>,
}

impl Reading {
    fn new() -> Self {
        Self { since: Mark::default(), way: Vec::new(), faults: Vec::new() }
    }

    /// An update since a moment: `root` is any node of the value.
    fn begin(&mut self, since: Mark, root: NodeRef<'_>) {
        self.since = since;
        self.way.clear();
        let mut open = since.open;
        while open != NONE
            && let Some(node) = root.view().node_at(open)
        {
            self.way.push(open);
            open = node.parent_id();
        }
        self.way.reverse();
    }

    /// Whether a value began since the last update.
    pub fn is_new(&self, node: NodeRef<'_>) -> bool {
        node.id().0 >= self.since.nodes
    }

    /// The elements or members that changed or began since the last update, in their order; those that
    /// [`NodeRef::children_since`] gives.
    pub fn children<'a>(&self, node: NodeRef<'a>) -> Children<'a> {
        if self.is_new(node) {
            return node.children();
        }
        // Ids grow on the way down.
        match self.way.binary_search(&node.id().0) {
            Ok(at) => node.children_from(self.way.get(at + 1).copied().unwrap_or(self.since.nodes)),
            Err(_) => Children::none(node),
        }
    }

    /// Reads something of which nothing was known before: to it all is new.
    fn whole<R>(&mut self, read: impl FnOnce(&mut Self) -> R) -> R {
        let since = std::mem::take(&mut self.since);
        let out = read(self);
        self.since = since;
        out
    }

    /// A value is shown: what did not fit in earlier members of its name does not matter any more.
    fn shown(&mut self, node: NodeRef<'_>) {
        if self.faults.is_empty() {
            return;
        }
        let (Some(parent), Some(name)) = (node.parent(), node.key()) else { return };
        self.faults.retain(|(fault, _)| {
            let before = *fault > parent.id().0 && *fault < node.id().0;
            let way = std::iter::successors(node.view().node_at(*fault), |node| node.parent());
            let mut members = way.filter(|node| before && node.parent_id() == parent.id().0);
            members.next().is_none_or(|member| member.key() != Some(name))
        });
    }

    /// All of a value is read again.
    fn forget(&mut self, node: NodeRef<'_>) {
        self.faults.retain(|(fault, _)| *fault < node.id().0);
    }

    /// Tells that a value does not fit. That is a mistake once the value is complete, and nothing before.
    pub fn unfit(&mut self, node: NodeRef<'_>, why: impl fmt::Display) {
        if node.is_complete() {
            self.faults.push((node.id().0, PartialError::of(node, why.to_string())));
        }
    }

    /// Reads a value by serde, if it is complete and fits.
    pub fn decode<T: DeserializeOwned>(&mut self, node: NodeRef<'_>) -> Option<T> {
        if !node.is_complete() {
            return None;
        }
        match node.decode() {
            Ok(value) => Some(value),
            Err(error) => {
                self.faults.push((node.id().0, error));
                None
            }
        }
    }
}
