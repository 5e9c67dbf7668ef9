//! Reading the value as it was at one moment.
//!
//! # Invariants
//! - What a view shows is a function of the text before its mark, whatever came since.
//! - Nothing is copied: strings are lent.

use std::fmt;

use crate::{
    Kind, LiveJson, Mark, NodeId, PartialError,
    tree::{NONE, Node, NodeKind, Tape},
};

/// The value as it was at one moment.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub(crate) tape: &'a Tape,
    pub(crate) mark: Mark,
    /// The value that is the root of what is seen.
    root: u32,
}

impl<'a> View<'a> {
    pub(crate) fn new(tape: &'a Tape, mark: Mark) -> Self {
        Self { tape, mark, root: 0 }
    }

    /// The member `name` of the root as if it were all there is: it is the root, and paths begin at it. Nothing is
    /// there before it has begun.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"{"value": ["one", "tw"#)?;
    /// let value = live.now().member("value");
    /// assert_eq!(value.pointer("/1").unwrap().as_str(), Some("tw"));
    /// assert_eq!(value.root().unwrap().index(0).unwrap().pointer().to_string(), "/0");
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    #[must_use]
    pub fn member(self, name: &str) -> Self {
        let root = self.root().and_then(|root| root.get(name)).map_or(NONE, |member| member.id);
        Self { root, ..self }
    }

    /// Whether all there is is seen.
    #[inline]
    pub(crate) fn is_whole(self) -> bool {
        self.root == 0
    }

    /// Whether `id` is the root of what is seen or a value in it.
    #[inline]
    pub(crate) fn holds(self, id: u32) -> bool {
        self.is_whole()
            || self.root().is_some_and(|root| id == self.root || (id > self.root && id < root.subtree_end()))
    }

    /// The moment.
    pub fn mark(self) -> Mark {
        self.mark
    }

    /// The root value, once it has begun.
    #[inline]
    pub fn root(self) -> Option<NodeRef<'a>> {
        self.node_at(self.root)
    }

    /// A value by its id, if it had begun.
    pub fn node(self, id: NodeId) -> Option<NodeRef<'a>> {
        self.node_at(id.0).filter(|_| self.holds(id.0))
    }

    /// The innermost value that was open, if one was.
    #[inline]
    pub fn innermost_open(self) -> Option<NodeRef<'a>> {
        self.node_at(self.mark.open).filter(|open| self.holds(open.id))
    }

    /// A value by its JSON Pointer (RFC 6901), such as `/days/0/place`; the empty pointer is the root.
    pub fn pointer(self, pointer: &str) -> Option<NodeRef<'a>> {
        let root = self.root()?;
        if pointer.is_empty() {
            return Some(root);
        }
        let parts = pointer.strip_prefix('/')?.split('/');
        parts.map(|part| part.replace("~1", "/").replace("~0", "~")).try_fold(root, |node, part| {
            match node.kind() {
                Kind::Object => node.get(&part),
                // As in RFC 6901: no leading zeros, no sign.
                Kind::Array if part == "0" || !part.starts_with(['0', '+']) => node.index(part.parse().ok()?),
                _ => None,
            }
        })
    }

    /// Reads the value as a `T`, see [`LiveJson::partial`](crate::LiveJson::partial).
    ///
    /// # Errors
    /// A value that is complete does not fit `T`, or `T` cannot be made of nothing yet.
    pub fn partial<T: serde::Deserialize<'a>>(self) -> Result<T, PartialError> {
        crate::de::partial(self)
    }

    /// As [`View::node_at`], for a value that had begun.
    #[inline]
    pub(crate) fn begun_node(self, id: u32) -> Option<NodeRef<'a>> {
        let node = self.tape.nodes.get(id as usize)?;
        Some(NodeRef { view: self, id, node })
    }

    #[inline]
    pub(crate) fn node_at(self, id: u32) -> Option<NodeRef<'a>> {
        if id >= self.mark.nodes {
            return None;
        }
        let node = self.tape.nodes.get(id as usize)?;
        Some(NodeRef { view: self, id, node })
    }
}

/// The value as it is now.
impl<'a> From<&'a LiveJson> for View<'a> {
    fn from(live: &'a LiveJson) -> Self {
        live.now()
    }
}

impl fmt::Debug for View<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.root()).finish()
    }
}

/// A value within a text that is still being written.
#[derive(Clone, Copy)]
pub struct NodeRef<'a> {
    view: View<'a>,
    id: u32,
    node: &'a Node,
}

impl<'a> NodeRef<'a> {
    /// Its id: stable for as long as the text is read.
    pub fn id(self) -> NodeId {
        NodeId(self.id)
    }

    /// What it is. This never changes.
    pub fn kind(self) -> Kind {
        match self.node.kind {
            NodeKind::Null => Kind::Null,
            NodeKind::False | NodeKind::True => Kind::Bool,
            NodeKind::Number => Kind::Number,
            NodeKind::String => Kind::String,
            NodeKind::Array => Kind::Array,
            NodeKind::Object => Kind::Object,
        }
    }

    /// Whether it has ended: then it never changes again. Numbers, booleans and nulls always have.
    #[inline]
    pub fn is_complete(self) -> bool {
        self.is_complete_at(self.view.mark)
    }

    #[inline]
    pub(crate) fn is_complete_at(self, mark: Mark) -> bool {
        self.node.is_closed_at(mark)
    }

    /// Where it begins: bytes from the start of the text.
    pub fn offset(self) -> usize {
        self.node.opened_at as usize
    }

    /// The value that it is in.
    pub fn parent(self) -> Option<NodeRef<'a>> {
        if self.is_root() { None } else { self.view.node_at(self.node.parent) }
    }

    #[inline]
    fn is_root(self) -> bool {
        self.id == self.view.root
    }

    /// Its name, where it is a member of an object.
    pub fn key(self) -> Option<&'a str> {
        if self.is_root() { None } else { self.view.tape.key(self.node) }
    }

    /// Its place, where it is an element of an array.
    pub fn index_in_parent(self) -> Option<usize> {
        self.parent().filter(|parent| parent.kind() == Kind::Array).map(|_| self.node.key as usize)
    }

    /// Where it is in the value, as a JSON Pointer (RFC 6901).
    pub fn pointer(self) -> Pointer<'a> {
        Pointer { node: self }
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.node.kind == NodeKind::Null
    }

    /// The boolean that it is.
    pub fn as_bool(self) -> Option<bool> {
        match self.node.kind {
            NodeKind::True => Some(true),
            NodeKind::False => Some(false),
            _ => None,
        }
    }

    /// The string that it is, as far as it came.
    #[inline]
    pub fn as_str(self) -> Option<&'a str> {
        if self.node.kind == NodeKind::String { Some(self.text()) } else { None }
    }

    /// The digits of the number that it is, as they came.
    pub fn as_number(self) -> Option<&'a str> {
        if self.node.kind == NodeKind::Number { Some(self.text()) } else { None }
    }

    /// The number that it is, if it is a whole one that fits.
    pub fn as_u64(self) -> Option<u64> {
        self.as_number()?.parse().ok()
    }

    /// The number that it is, if it is a whole one that fits.
    pub fn as_i64(self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The number that it is, rounded as serde_json does; `None` beyond the range.
    pub fn as_f64(self) -> Option<f64> {
        serde_json::from_str(self.as_number()?).ok()
    }

    #[inline]
    pub(crate) fn text(self) -> &'a str {
        self.view.tape.text.get(self.node.text as usize..self.text_end() as usize).unwrap_or_default()
    }

    /// Where its text ends in the arena.
    #[inline]
    pub(crate) fn text_end(self) -> u32 {
        if self.is_complete() { self.node.size } else { self.view.mark.text }
    }

    /// The id after its last descendant, if it has ended since, be it after the mark; 0 otherwise.
    #[inline]
    pub(crate) fn ended_at(self) -> u32 {
        self.node.end
    }

    /// The id of what it is in, or [`NONE`].
    pub(crate) fn parent_id(self) -> u32 {
        self.node.parent
    }

    /// The member of that name; the last one where there are several, as in `serde_json::Value`.
    ///
    /// # Complexity
    /// Linear in the number of members.
    pub fn get(self, key: &str) -> Option<NodeRef<'a>> {
        self.members().filter(|(name, _)| *name == key).last().map(|(_, node)| node)
    }

    /// The element at `index`.
    ///
    /// # Complexity
    /// Linear in the index.
    pub fn index(self, index: usize) -> Option<NodeRef<'a>> {
        self.items().nth(index)
    }

    /// The elements of the array, as far as they have begun; nothing where it is none.
    pub fn items(self) -> Items<'a> {
        Items {
            children: if self.node.kind == NodeKind::Array { self.children() } else { Children::none(self) },
        }
    }

    /// The members of the object with their names, as far as they have begun; nothing where it is none. A name
    /// that is there twice comes twice.
    pub fn members(self) -> Members<'a> {
        Members {
            children: if self.node.kind == NodeKind::Object { self.children() } else { Children::none(self) },
        }
    }

    /// The number of elements or members that have begun.
    pub fn len(self) -> usize {
        match self.node.kind {
            NodeKind::Array | NodeKind::Object => {
                let all_there =
                    self.is_complete() || self.view.tape.nodes.len() == self.view.mark.nodes as usize;
                if all_there { self.node.size as usize } else { self.children().count() }
            }
            _ => 0,
        }
    }

    /// Whether it has no elements or members so far.
    pub fn is_empty(self) -> bool {
        self.children().next().is_none()
    }

    /// A copy of the value so far.
    ///
    /// # Errors
    /// A number that serde_json cannot hold, such as `1e999`.
    pub fn to_value(self) -> Result<serde_json::Value, PartialError> {
        crate::value::to_value(self)
    }

    /// The value so far as strict JSON without spaces: numbers to the digit as they were written, members in their
    /// order, a name that is there twice twice.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"{"id": 12345678901234567890.10, "to": ["ann", "bo"#)?;
    /// assert_eq!(live.root().unwrap().to_json(), r#"{"id":12345678901234567890.10,"to":["ann","bo"]}"#);
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    ///
    /// # Complexity
    /// Linear in the value; nothing recurses.
    pub fn to_json(self) -> String {
        crate::value::to_json(self)
    }

    /// Reads the value so far as a `T`, see [`LiveJson::partial`](crate::LiveJson::partial).
    ///
    /// # Errors
    /// A value that is complete does not fit `T`, or `T` cannot be made of what is there yet.
    pub fn partial<T: serde::Deserialize<'a>>(self) -> Result<T, PartialError> {
        crate::de::partial_of(self)
    }

    /// Reads the value as a `T`, whether it is complete or not.
    ///
    /// # Errors
    /// The value as it is does not fit `T`.
    pub fn decode<T: serde::Deserialize<'a>>(self) -> Result<T, PartialError> {
        crate::de::decode(self)
    }

    /// The elements or members, as far as they have begun; nothing where it is neither array nor object.
    pub fn children(self) -> Children<'a> {
        self.children_from(self.id + 1)
    }

    /// The elements or members that began or changed since `mark`: the one that was open then comes first.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"["one", "two", "thr"#)?;
    /// let mark = live.mark();
    /// live.push(r#"ee", "four", "fi"#)?;
    /// let changed = live.root().unwrap().children_since(mark);
    /// let changed: Vec<_> = changed.filter_map(|element| element.as_str()).collect();
    /// assert_eq!(changed, ["three", "four", "fi"]);
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    ///
    /// # Complexity
    /// Linear in the depth below it at `mark`, and then in what is given: what was complete before is not walked.
    pub fn children_since(self, mark: Mark) -> Children<'a> {
        if self.id >= mark.nodes {
            return self.children();
        }
        if self.is_complete_at(mark) {
            return Children::none(self);
        }
        // What is next in it, or the one in it that was open.
        let mut next = mark.nodes;
        let mut open = mark.open;
        while open != self.id {
            let Some(node) = self.view.node_at(open) else { return Children::none(self) };
            next = open;
            open = node.node.parent;
        }
        self.children_from(next)
    }

    /// The children from the one of that id.
    #[inline]
    pub(crate) fn children_from(self, next: u32) -> Children<'a> {
        let end = if self.is_complete() { self.node.end } else { self.view.mark.nodes };
        Children { view: self.view, next, end: end.min(self.view.mark.nodes) }
    }

    /// The id after the last value in it that had begun.
    pub(crate) fn subtree_end(self) -> u32 {
        self.children().end.max(self.id + 1)
    }

    pub(crate) fn node_kind(self) -> NodeKind {
        self.node.kind
    }

    pub(crate) fn view(self) -> View<'a> {
        self.view
    }
}

impl fmt::Debug for NodeRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("NodeRef");
        shown.field("pointer", &self.pointer().to_string()).field("kind", &self.kind());
        match self.node.kind {
            NodeKind::String | NodeKind::Number => shown.field("text", &self.text()),
            NodeKind::True | NodeKind::False => shown.field("value", &self.as_bool()),
            _ => shown.field("len", &self.len()),
        };
        shown.field("complete", &self.is_complete()).finish()
    }
}

/// A JSON Pointer, made when it is printed.
#[derive(Clone, Copy)]
pub struct Pointer<'a> {
    node: NodeRef<'a>,
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut way: Vec<_> = std::iter::successors(Some(self.node), |node| node.parent()).collect();
        way.pop();
        for node in way.into_iter().rev() {
            match node.key() {
                Some(key) if key.contains(['~', '/']) => {
                    write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?;
                }
                Some(key) => write!(f, "/{key}")?,
                None => write!(f, "/{}", node.node.key)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

/// The elements of an array or the members of an object.
#[derive(Clone)]
pub struct Children<'a> {
    view: View<'a>,
    next: u32,
    end: u32,
}

impl<'a> Children<'a> {
    pub(crate) fn none(of: NodeRef<'a>) -> Self {
        Self { view: of.view, next: NONE, end: 0 }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = NodeRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<NodeRef<'a>> {
        if self.next >= self.end {
            return None;
        }
        let child = self.view.node_at(self.next)?;
        // Nothing follows a child that is open.
        self.next = if child.node.end == 0 { NONE } else { child.node.end };
        Some(child)
    }
}

/// The elements of an array.
#[derive(Clone)]
pub struct Items<'a> {
    children: Children<'a>,
}

impl<'a> Iterator for Items<'a> {
    type Item = NodeRef<'a>;

    fn next(&mut self) -> Option<NodeRef<'a>> {
        self.children.next()
    }
}

/// The members of an object with their names.
#[derive(Clone)]
pub struct Members<'a> {
    children: Children<'a>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, NodeRef<'a>);

    fn next(&mut self) -> Option<(&'a str, NodeRef<'a>)> {
        let child = self.children.next()?;
        Some((child.key().unwrap_or_default(), child))
    }
}

macro_rules! debug_iterators {
    ($($name:ident),*) => {
        $(impl fmt::Debug for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_list().entries(self.clone()).finish()
            }
        })*
    };
}

debug_iterators!(Children, Items, Members);
