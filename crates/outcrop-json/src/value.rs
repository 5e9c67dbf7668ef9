//! The value as a `serde_json::Value`, for people who have code for that, and as text.
//!
//! # Invariants
//! - As text it has the digits of every number.
//! - [`LiveValue::update`] leaves the value as [`NodeRef::to_value`] would make it, in time linear in what changed.
//! - A number that serde_json cannot hold becomes its text, since dropping it would move what follows.

use std::fmt::Write;

use serde_json::Value;

use crate::{
    Change, LiveJson, Mark, NodeRef, PartialError, View,
    tree::{NONE, NodeKind},
};

/// A `serde_json::Value` that follows a [`LiveJson`].
///
/// ```
/// use outcrop_json::{LiveJson, LiveValue};
///
/// let (mut live, mut value) = (LiveJson::new(), LiveValue::new());
/// live.push(r#"{"to": ["ann", "bo"#)?;
/// assert_eq!(value.update(&live)["to"][1], "bo");
/// live.push(r#"b"]}"#)?;
/// assert_eq!(value.update(&live)["to"][1], "bob");
/// # Ok::<(), outcrop_json::LimitError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LiveValue {
    value: Value,
    mark: Mark,
}

impl LiveValue {
    /// A value for a text of which nothing was read: null until it begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value as of the last update.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The value, kept.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// Brings the value up to now. It must always be given the same text; after [`LiveJson::clear`], a new one.
    ///
    /// # Complexity
    /// Linear in what changed and in the depth.
    pub fn update(&mut self, live: &LiveJson) -> &Value {
        self.update_to(live.now())
    }

    /// Brings the value up to the moment of `view`, which must not be before that of the last update.
    pub fn update_to(&mut self, view: View<'_>) -> &Value {
        let since = std::mem::replace(&mut self.mark, view.mark());
        // Down to the innermost value that was open: what changed lies in it or in what it is in.
        let mut open = since.open;
        let mut way: Vec<u32> = Vec::new();
        while let Some(node) = view.node_at(open).filter(|_| view.holds(open)) {
            way.push(open);
            open = node.parent().map_or(NONE, |parent| parent.id().0);
        }
        way.reverse();
        let mut ends_at = 0;
        for change in crate::change::Changes::new(view, since, None) {
            match change {
                Change::Append(append) => {
                    if let Some(Value::String(text)) = descend(&mut self.value, view, &way) {
                        text.push_str(append.text);
                    }
                }
                Change::Close(_) => {
                    way.pop();
                }
                // A value that began in one that was made just now is in it already.
                Change::Set(set) if set.node.id().0 < ends_at => {
                    if set.node.node_kind().is_container() {
                        way.push(set.node.id().0);
                    }
                }
                Change::Set(set) => {
                    ends_at = set.node.subtree_end();
                    let made = lossy(set.node);
                    match (descend(&mut self.value, view, &way), set.node.key()) {
                        (Some(Value::Object(members)), Some(key)) => {
                            members.insert(key.to_owned(), made);
                        }
                        (Some(Value::Array(items)), _) => items.push(made),
                        (Some(place), _) => *place = made,
                        (None, _) => {}
                    }
                    if set.node.node_kind().is_container() {
                        way.push(set.node.id().0);
                    }
                }
                Change::Invalid(_) => {}
            }
        }
        &self.value
    }
}

/// The place of the last node of `way`, which begins at the root.
fn descend<'v>(root: &'v mut Value, view: View<'_>, way: &[u32]) -> Option<&'v mut Value> {
    way.iter().skip(1).try_fold(root, |place, id| match place {
        // What is open is the last of its array.
        Value::Array(items) => items.last_mut(),
        Value::Object(members) => members.get_mut(view.node_at(*id)?.key()?),
        _ => None,
    })
}

/// The value of a node and of all in it.
pub(crate) fn to_value(node: NodeRef<'_>) -> Result<Value, PartialError> {
    build(node, |number| number.decode::<Value>())
}

pub(crate) fn lossy(node: NodeRef<'_>) -> Value {
    let number = |number: NodeRef<'_>| {
        Ok(number.decode::<Value>().unwrap_or_else(|_| Value::String(number.text().to_owned())))
    };
    let built: Result<Value, PartialError> = build(node, number);
    built.unwrap_or_default()
}

/// Builds without recursion: depth is bounded by a limit that users set.
fn build<E>(node: NodeRef<'_>, number: impl Fn(NodeRef<'_>) -> Result<Value, E>) -> Result<Value, E> {
    let leaf = |node: NodeRef<'_>| match node.node_kind() {
        NodeKind::Null => Ok(Value::Null),
        NodeKind::True => Ok(Value::Bool(true)),
        NodeKind::False => Ok(Value::Bool(false)),
        NodeKind::Number => number(node),
        NodeKind::String => Ok(Value::String(node.text().to_owned())),
        NodeKind::Array => Ok(Value::Array(Vec::new())),
        NodeKind::Object => Ok(Value::Object(serde_json::Map::new())),
    };
    // Each entry: a container being filled, and its children to come.
    let mut filling = vec![(leaf(node)?, node, node.children())];
    loop {
        let Some((container, _, children)) = filling.last_mut() else { return Ok(Value::Null) };
        let Some(child) = children.next() else {
            let Some((done, of, _)) = filling.pop() else { return Ok(Value::Null) };
            match filling.last_mut() {
                None => return Ok(done),
                Some((container, _, _)) => put(container, of, done),
            }
            continue;
        };
        let value = leaf(child)?;
        if child.node_kind().is_container() {
            filling.push((value, child, child.children()));
        } else {
            put(container, child, value);
        }
    }
}

/// The text of a node and of all in it.
pub(crate) fn to_json(node: NodeRef<'_>) -> String {
    let mut json = String::new();
    // What closes each container that is being written, and its children to come.
    let mut open = Vec::new();
    let mut next = Some(node);
    loop {
        match next {
            Some(node) => match node.node_kind() {
                NodeKind::Null => json.push_str("null"),
                NodeKind::True => json.push_str("true"),
                NodeKind::False => json.push_str("false"),
                NodeKind::Number => json.push_str(node.text()),
                NodeKind::String => push_string(&mut json, node.text()),
                kind @ (NodeKind::Array | NodeKind::Object) => {
                    let (begin, end) = if kind == NodeKind::Array { ('[', ']') } else { ('{', '}') };
                    json.push(begin);
                    open.push((end, node.children(), true));
                }
            },
            None => json.extend(open.pop().map(|(end, ..)| end)),
        }
        let Some((end, children, is_first)) = open.last_mut() else { return json };
        next = children.next();
        if let Some(child) = next {
            if !std::mem::take(is_first) {
                json.push(',');
            }
            if *end == '}' {
                push_string(&mut json, child.key().unwrap_or_default());
                json.push(':');
            }
        }
    }
}

fn push_string(json: &mut String, text: &str) {
    // By `Display`, which for a `Value` does not fail.
    let _ = write!(json, "{}", Value::from(text));
}

fn put(container: &mut Value, child: NodeRef<'_>, value: Value) {
    match container {
        Value::Array(items) => items.push(value),
        Value::Object(members) => {
            members.insert(child.key().unwrap_or_default().to_owned(), value);
        }
        _ => {}
    }
}
