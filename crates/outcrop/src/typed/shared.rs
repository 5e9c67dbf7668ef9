//! A companion that is handed out without a copy of it.
//!
//! # Invariants
//! - What was handed out never changes: while somebody holds it, the next change is made to a copy.

use std::{marker::PhantomData, sync::Arc};

use outcrop_json::{HasPartial, NodeRef, PartialValue, Reading};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A `T` whose companion is shared.
pub(super) struct Sharing<T>(PhantomData<fn() -> T>);

impl<T: HasPartial> HasPartial for Sharing<T> {
    type Partial = SharedPartial<T::Partial>;
}

/// A companion that is shared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SharedPartial<P>(Arc<P>);

impl<P> SharedPartial<P> {
    /// As it is now.
    pub(super) fn share(&self) -> Arc<P> {
        Arc::clone(&self.0)
    }
}

impl<P: PartialValue> PartialValue for SharedPartial<P> {
    const GROWS: bool = P::GROWS;

    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        P::read(node, reading).map(|value| Self(Arc::new(value)))
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        Arc::make_mut(&mut self.0).update(node, reading)
    }
}

impl<P: Serialize> Serialize for SharedPartial<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for SharedPartial<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        P::deserialize(deserializer).map(|value| Self(Arc::new(value)))
    }
}
