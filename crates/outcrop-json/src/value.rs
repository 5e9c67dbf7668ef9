//! The value as a `serde_json::Value`, for people who have code for that, and as text.
//!
//! # Invariants
//! - As text it has the digits of every number.
//! - A number that serde_json cannot hold becomes its text, since dropping it would move what follows.

use std::fmt::Write;

use serde_json::Value;

use crate::{NodeRef, PartialError, tree::NodeKind};

/// The value of a node and of all in it.
pub(crate) fn to_value(node: NodeRef<'_>) -> Result<Value, PartialError> {
    build(node, |number| number.decode::<Value>())
}

/// The same for any node: a number that serde_json cannot hold becomes its text.
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
