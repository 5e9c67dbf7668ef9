//! The value so far: a tape of nodes in document order, and one text in which all names, strings and numbers lie.
//!
//! # Invariants
//! - Nodes and text are only appended. Ids, names and parents never change, and a node that was closed never does.
//! - Only the last leaf can be open, so the text of an open string is always the end of the arena: growing is
//!   appending, and what was lent before is a prefix of what is there now.
//! - A number or a literal becomes a node once it is delimited, so no node's value can turn out otherwise.

use std::{
    hash::{Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

/// A value of one text: stable for as long as the text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// Its place among all values of the text, in the order in which they begin; the root is 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A moment in the reading of one text.
///
/// A mark costs nothing to take and to keep, and there can be any number of them: what changed since one is found
/// by comparing it with a later one ([`LiveJson::changes`](crate::LiveJson::changes)), and what there was then can
/// still be read ([`LiveJson::at`](crate::LiveJson::at)).
///
/// Marks of another text, or of the time before [`LiveJson::clear`](crate::LiveJson::clear), are not errors, but
/// what they give has no meaning.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Nodes there were.
    pub(crate) nodes: u32,
    /// Bytes there were in the arena: where the text ends of a string that was open.
    pub(crate) text: u32,
    /// Bytes that had been read.
    pub(crate) offset: u32,
    /// The innermost node that was open, or [`NONE`].
    pub(crate) open: u32,
}

impl Default for Mark {
    /// The moment before anything was read.
    fn default() -> Self {
        Self { nodes: 0, text: 0, offset: 0, open: NONE }
    }
}

/// Of one text, marks are equal if they are of the same moment.
impl PartialEq for Mark {
    fn eq(&self, other: &Self) -> bool {
        (self.offset, self.nodes) == (other.offset, other.nodes)
    }
}

impl Eq for Mark {}

impl Hash for Mark {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.offset, self.nodes).hash(state);
    }
}

impl Mark {
    /// How many bytes of the text had been read.
    pub fn offset(self) -> usize {
        self.offset as usize
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum NodeKind {
    Null,
    False,
    True,
    Number,
    String,
    Array,
    Object,
}

impl NodeKind {
    pub(crate) fn is_container(self) -> bool {
        matches!(self, Self::Array | Self::Object)
    }
}

/// The parent of the root, and the open node where none is.
pub(crate) const NONE: u32 = u32::MAX;

/// 32 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) parent: u32,
    /// The index after its last descendant; 0 while it is open.
    pub(crate) end: u32,
    /// In an object, where its name begins in the arena. In an array, its index there.
    pub(crate) key: u32,
    /// Where its name ends in the arena, and its own text begins.
    pub(crate) text: u32,
    /// Where its text ends, once it is closed; of a container, the number of its children.
    pub(crate) size: u32,
    /// The offset of its first byte.
    pub(crate) opened_at: u32,
    /// The offset after the byte that closed it, which for numbers and words is the one after them.
    pub(crate) closed_at: u32,
}

impl Node {
    #[inline]
    pub(crate) fn is_closed_at(&self, mark: Mark) -> bool {
        self.end != 0 && self.closed_at <= mark.offset
    }
}

/// A number that no text in this process has.
fn next_text() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

#[derive(Debug)]
pub(crate) struct Tape {
    /// Of which text it is.
    pub(crate) text_id: u64,
    pub(crate) nodes: Vec<Node>,
    pub(crate) text: String,
    /// Bytes read.
    pub(crate) read: usize,
    /// The innermost open node.
    pub(crate) open: u32,
}

impl Tape {
    pub(crate) fn new() -> Self {
        Self { text_id: next_text(), nodes: Vec::new(), text: String::new(), read: 0, open: NONE }
    }

    pub(crate) fn clear(&mut self) {
        self.text_id = next_text();
        self.nodes.clear();
        self.text.clear();
        (self.read, self.open) = (0, NONE);
    }

    /// The name of a node, where it has one.
    pub(crate) fn key(&self, node: &Node) -> Option<&str> {
        if node.parent == NONE {
            return None;
        }
        let parent = self.nodes.get(node.parent as usize)?;
        match parent.kind {
            NodeKind::Object => self.text.get(node.key as usize..node.text as usize),
            _ => None,
        }
    }

    /// The innermost node that was open at `mark`, or [`NONE`]; the mark need not know.
    pub(crate) fn open_at(&self, mark: Mark) -> u32 {
        let Some(mut id) = mark.nodes.checked_sub(1) else { return NONE };
        while let Some(node) = self.nodes.get(id as usize).filter(|node| node.is_closed_at(mark)) {
            id = node.parent;
        }
        id
    }
}
