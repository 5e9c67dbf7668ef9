//! What changed between two moments, found on the tape: there is no log of events.
//!
//! # Invariants
//! - Replaying the changes of any sequence of moments into a value gives the value at the last one.
//! - Changes come in document order, together as if they had come at once: a string that began and grew is one
//!   [`Change::Set`].

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::{
    Mark, NodeRef, SyntaxError, View,
    tree::{NONE, NodeKind},
};

/// One change of the value.
///
/// Serialised it is a small object, with a JSON Pointer (RFC 6901) as its path, for a reader elsewhere:
///
/// ```
/// use outcrop_json::LiveJson;
///
/// let mut live = LiveJson::new();
/// live.push(r#"{"to": "An"#)?;
/// let mark = live.mark();
/// live.push(r#"n", "copies": [2"#)?;
/// live.push("]}")?;
/// let changes: Vec<_> = live.changes(mark).collect();
/// assert_eq!(serde_json::to_value(&changes)?, serde_json::json!([
///     {"op": "append", "path": "/to", "text": "n"},
///     {"op": "close", "path": "/to"},
///     {"op": "set", "path": "/copies", "value": []},
///     {"op": "set", "path": "/copies/0", "value": 2, "complete": true},
///     {"op": "close", "path": "/copies"},
///     {"op": "close", "path": ""},
/// ]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Change<'a> {
    /// A value began.
    Set(Set<'a>),
    /// A string grew.
    Append(Append<'a>),
    /// A value that had begun before is complete.
    Close(Close<'a>),
    /// The text is wrong from here on; nothing changes any more.
    Invalid(SyntaxError),
}

/// A value began: what is at its place is replaced, or it is added at the end.
///
/// Objects and arrays are to be set empty: what is in them follows, and then a [`Change::Close`]. A string is set with its text so far; where
/// [`NodeRef::is_complete`] says so, it and all numbers, booleans and nulls are complete, and not closed again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Set<'a> {
    /// The value.
    pub node: NodeRef<'a>,
}

/// A string grew.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Append<'a> {
    /// The string.
    pub node: NodeRef<'a>,
    /// By this.
    pub text: &'a str,
}

/// A value is complete.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Close<'a> {
    /// The value.
    pub node: NodeRef<'a>,
}

/// The changes from one moment to another, in document order.
#[derive(Clone, Debug)]
pub struct Changes<'a> {
    view: View<'a>,
    /// The innermost node that is open at this place of the walk.
    open: u32,
    /// The next node that is new.
    next: u32,
    /// Where the text ended of what was open then, which may be a string; [`NONE`] once told.
    grown_from: u32,
    error: Option<&'a SyntaxError>,
}

impl<'a> Changes<'a> {
    #[inline]
    pub(crate) fn new(view: View<'a>, since: Mark, error: Option<&'a SyntaxError>) -> Self {
        let grown_from = if since.open == NONE { NONE } else { since.text };
        Self { view, open: since.open, next: since.nodes, grown_from, error }
    }

    /// Of these changes those that `view`, of the same moment, holds; with the paths that it gives.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// let start = live.mark();
    /// live.push(r#"{"value": ["one"#)?;
    /// let changes = live.changes(start).within(live.now().member("value"));
    /// assert_eq!(serde_json::to_value(changes.collect::<Vec<_>>())?, serde_json::json!([
    ///     {"op": "set", "path": "", "value": []},
    ///     {"op": "set", "path": "/0", "value": "one"},
    /// ]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn within(mut self, view: View<'a>) -> Self {
        self.view = view;
        self
    }

    /// The next change of the whole value.
    #[inline]
    fn step(&mut self) -> Option<Change<'a>> {
        if self.grown_from != NONE
            && let Some(growth) = self.growth()
        {
            return Some(growth);
        }
        if self.open == NONE && self.next >= self.view.mark.nodes && self.error.is_none() {
            return None;
        }
        self.walk()
    }

    /// The next change that a view of less than the whole value holds.
    fn step_within(&mut self) -> Option<Change<'a>> {
        loop {
            let change = self.step()?;
            let node = match &change {
                Change::Set(set) => set.node,
                Change::Append(append) => append.node,
                Change::Close(close) => close.node,
                Change::Invalid(_) => return Some(change),
            };
            if self.view.holds(node.id().0) {
                return Some(change);
            }
        }
    }

    /// What the string that was open then has grown by, if it has.
    #[inline]
    fn growth(&mut self) -> Option<Change<'a>> {
        let from = std::mem::replace(&mut self.grown_from, NONE);
        let node = self.view.begun_node(self.open)?;
        if node.node_kind() != NodeKind::String {
            return None;
        }
        let end = node.text_end();
        if !node.is_complete() {
            // It is the last there is.
            self.open = NONE;
        }
        if end <= from {
            return None;
        }
        let text = self.view.tape.text.get(from as usize..end as usize)?;
        Some(Change::Append(Append { node, text }))
    }

    /// The next value that closed or began.
    #[inline]
    fn walk(&mut self) -> Option<Change<'a>> {
        // It closes once all that is in it was told.
        if let Some(node) = self.view.begun_node(self.open)
            && node.ended_at() == self.next
            && node.is_complete()
        {
            self.open = node.parent_id();
            return Some(Change::Close(Close { node }));
        }
        if let Some(node) = self.view.node_at(self.next) {
            if node.node_kind().is_container() {
                self.open = self.next;
            }
            self.next += 1;
            return Some(Change::Set(Set { node }));
        }
        self.error.take().copied().map(Change::Invalid)
    }
}

impl<'a> Iterator for Changes<'a> {
    type Item = Change<'a>;

    #[inline]
    fn next(&mut self) -> Option<Change<'a>> {
        if self.view.is_whole() { self.step() } else { self.step_within() }
    }
}

impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Set(set) => {
                map.serialize_entry("op", "set")?;
                map.serialize_entry("path", &set.node.pointer().to_string())?;
                match set.node.node_kind() {
                    NodeKind::Object => map.serialize_entry("value", &serde_json::Map::new())?,
                    NodeKind::Array => map.serialize_entry("value", &[(); 0])?,
                    // A number that serde_json cannot hold is its text.
                    _ => match set.node.to_value() {
                        Ok(value) => map.serialize_entry("value", &value)?,
                        Err(_) => map.serialize_entry("value", set.node.text())?,
                    },
                }
                if !set.node.node_kind().is_container() && set.node.is_complete() {
                    map.serialize_entry("complete", &true)?;
                }
            }
            Self::Append(append) => {
                map.serialize_entry("op", "append")?;
                map.serialize_entry("path", &append.node.pointer().to_string())?;
                map.serialize_entry("text", append.text)?;
            }
            Self::Close(close) => {
                map.serialize_entry("op", "close")?;
                map.serialize_entry("path", &close.node.pointer().to_string())?;
            }
            Self::Invalid(error) => {
                map.serialize_entry("op", "invalid")?;
                map.serialize_entry("offset", &error.offset)?;
                map.serialize_entry("message", &error.kind.to_string())?;
            }
        }
        map.end()
    }
}
