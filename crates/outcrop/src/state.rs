//! Values of the host that tools are given beside their input.
//!
//! # Invariants
//! - One value of a type; it is pinned when the agent is built.
//! - What a tool says that it needs is there: `AgentBuilder::build` has looked.

use std::{
    any::{Any, TypeId, type_name},
    collections::HashMap,
    fmt,
    ops::Deref,
    sync::Arc,
};

use crate::tool::ToolCx;

/// A value that the host gave with [`AgentBuilder::state`](crate::AgentBuilder::state). It is shared: a clone is
/// the same value.
///
/// ```
/// use outcrop::State;
/// let prices = State::new(vec![3, 5]);
/// assert_eq!(prices.iter().sum::<i32>(), 8);
/// ```
pub struct State<T: ?Sized>(Arc<T>);

impl<T> State<T> {
    /// Shares `value`; for calling a tool's function by hand.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T: ?Sized> State<T> {
    /// The shared value.
    pub fn into_arc(self) -> Arc<T> {
        self.0
    }
}

impl<T: ?Sized> From<Arc<T>> for State<T> {
    fn from(value: Arc<T>) -> Self {
        Self(value)
    }
}

impl<T: ?Sized> Clone for State<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: ?Sized> Deref for State<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("State").field(&&*self.0).finish()
    }
}

/// The type of a value that a tool needs.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

impl Need {
    pub(crate) fn of<T: 'static>() -> Self {
        Self { id: TypeId::of::<T>(), name: type_name::<T>() }
    }
}

/// The values of an agent, by type.
#[derive(Default)]
pub(crate) struct States {
    values: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl States {
    /// Adds a value; false where there was one of its type, which goes.
    pub(crate) fn insert<T: Send + Sync + 'static>(&mut self, value: T) -> bool {
        self.values.insert(TypeId::of::<T>(), Arc::new(value)).is_none()
    }

    pub(crate) fn has(&self, need: Need) -> bool {
        self.values.contains_key(&need.id)
    }

    pub(crate) fn find<T: Send + Sync + 'static>(&self) -> Option<State<T>> {
        let value = Arc::clone(self.values.get(&TypeId::of::<T>())?);
        value.downcast().ok().map(State)
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("States").field("len", &self.values.len()).finish()
    }
}

/// What a parameter under `#[tool(state)]` can be: a [`State<T>`], also by another name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no state",
    label = "not a `State<T>`",
    note = "take `State<{Self}>`, and give the value with `.state(..)` when the agent is built"
)]
pub trait StateParam: Sized + Send + 'static {
    /// The value's type.
    type Value: Send + Sync + 'static;

    /// The value, where the agent has one.
    fn find(cx: &ToolCx) -> Option<Self>;
}

impl<T: Send + Sync + 'static> StateParam for State<T> {
    type Value = T;

    fn find(cx: &ToolCx) -> Option<Self> {
        cx.state()
    }
}

/// A parameter that the host gives. What needs the bound on `S` is looked up once, in [`Host::new`], so that a type
/// that is no state is told of once.
pub struct Host<S> {
    need: Need,
    find: fn(&ToolCx) -> Option<S>,
}

impl<S> Host<S> {
    /// The parameter.
    #[allow(clippy::new_without_default)] // It is nothing to have around.
    pub fn new() -> Self
    where
        S: StateParam,
    {
        Self { need: Need::of::<S::Value>(), find: S::find }
    }

    /// What the agent must be given.
    pub fn need(&self) -> Need {
        self.need
    }

    pub(crate) fn find(&self, cx: &ToolCx) -> Option<S> {
        (self.find)(cx)
    }
}
