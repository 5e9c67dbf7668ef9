//! Where the references of a schema lead.
//!
//! # Invariants
//! - A reference leads into the same schema or is an error: nothing is fetched.
//! - A target is known by one pointer, whichever way the reference is spelled.
//! - No walk here recurses, so that a schema of any depth can be looked at.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::report::Why;

/// Parts of a schema that are looked at before it is called too large.
const MAX_PARTS: usize = 20_000;

/// What a keyword holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Schema,
    List,
    Members,
}

/// What `keyword` holds, where that is schemas. Definitions are not among them: they count where they are used.
pub(super) fn shape(keyword: &str) -> Option<Shape> {
    Some(match keyword {
        "items"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "unevaluatedItems"
        | "contains"
        | "propertyNames"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contentSchema" => Shape::Schema,
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => Shape::List,
        "properties" | "patternProperties" | "dependentSchemas" => Shape::Members,
        _ => return None,
    })
}

/// The keywords that refer to another schema. Within one schema `$dynamicRef` leads where `$ref` would.
pub(super) const REFERENCES: [&str; 2] = ["$ref", "$dynamicRef"];

/// Whether members of this keyword of a root hold schemas that others refer to.
pub(super) fn holds_definitions(keyword: &str) -> bool {
    matches!(keyword, "$defs" | "definitions")
}

/// The schemas right within `schema`, each with the pointer to it.
fn within<'a>(schema: &'a Map<String, Value>, at: &str, definitions: bool) -> Vec<(String, &'a Value)> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let shape = match holds_definitions(keyword) {
            true => definitions.then_some(Shape::Members),
            false => shape(keyword),
        };
        match (shape, value) {
            (Some(Shape::Schema), value) => found.push((child(at, keyword), value)),
            (Some(Shape::List), Value::Array(parts)) => {
                let at = child(at, keyword);
                let parts = parts.iter().enumerate();
                found.extend(parts.map(|(index, part)| (format!("{at}/{index}"), part)));
            }
            (Some(Shape::Members), Value::Object(members)) => {
                let at = child(at, keyword);
                found.extend(members.iter().map(|(name, part)| (child(&at, name), part)));
            }
            _ => {}
        }
    }
    found
}

/// The pointer to the member `name` of what is at `at`.
pub(super) fn child(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// A schema whose references can be followed.
pub(super) struct References<'a> {
    root: &'a Value,
    /// The root's `$id`, without a fragment.
    id: Option<&'a str>,
    /// Anchors, each with the pointer to its schema.
    anchors: HashMap<&'a str, String>,
    /// Whether a schema within has an `$id`, so that references do not mean what they seem to.
    embedded: bool,
    /// Targets, and whether they lead to themselves.
    recursive: HashMap<String, bool>,
}

impl<'a> References<'a> {
    /// Looks through the whole schema, once.
    pub(super) fn of(root: &'a Value, max_depth: usize) -> Result<Self, (String, Why)> {
        let mut anchors = HashMap::new();
        let mut embedded = false;
        let mut parts = 0;
        // JSON that is no schema can be nested too, and is cloned and compared later.
        let mut json = vec![(root, 0)];
        while let Some((value, depth)) = json.pop() {
            if depth > 2 * max_depth {
                return Err((String::new(), Why::TooDeep));
            }
            parts += 1;
            if parts > 10 * MAX_PARTS {
                return Err((String::new(), Why::TooLarge));
            }
            match value {
                Value::Array(items) => json.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Object(members) => json.extend(members.values().map(|member| (member, depth + 1))),
                _ => {}
            }
        }
        parts = 0;
        let mut todo = vec![(String::new(), root)];
        while let Some((at, schema)) = todo.pop() {
            let Some(schema) = schema.as_object() else { continue };
            parts += 1;
            if parts > MAX_PARTS {
                return Err((String::new(), Why::TooLarge));
            }
            embedded |= !at.is_empty() && schema.get("$id").is_some_and(Value::is_string);
            for keyword in ["$anchor", "$dynamicAnchor"] {
                if let Some(name) = schema.get(keyword).and_then(Value::as_str) {
                    anchors.insert(name, at.clone());
                }
            }
            todo.extend(within(schema, &at, true));
        }
        let id = root.get("$id").and_then(Value::as_str).map(|id| id.split('#').next().unwrap_or(id));
        let id = id.filter(|id| !id.is_empty());
        Ok(Self { root, id, anchors, embedded, recursive: HashMap::new() })
    }

    /// The pointer to what `reference` leads to.
    pub(super) fn resolve(&self, reference: &str) -> Result<String, Why> {
        let lost = || Why::Reference { reference: reference.chars().take(200).collect() };
        if self.embedded {
            return Err(lost());
        }
        let local = match self.id.and_then(|id| reference.strip_prefix(id)) {
            Some(rest) if rest.is_empty() || rest.starts_with('#') => rest,
            _ => reference,
        };
        let fragment = match local.strip_prefix('#') {
            Some(fragment) => unescape(fragment).ok_or_else(lost)?,
            None if local.is_empty() => String::new(),
            None => return Err(lost()),
        };
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(fragment.as_str()).cloned().ok_or_else(lost);
        }
        self.root.pointer(&fragment).map(|_| fragment).ok_or_else(lost)
    }

    /// The schema at a pointer that [`References::resolve`] gave.
    pub(super) fn target(&self, pointer: &str) -> &'a Value {
        self.root.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// Whether what is at `pointer` refers to itself, directly or through others.
    pub(super) fn is_recursive(&mut self, pointer: &str) -> bool {
        if let Some(&known) = self.recursive.get(pointer) {
            return known;
        }
        let mut seen = HashSet::new();
        let mut todo = vec![self.target(pointer)];
        let mut found = false;
        while let Some(schema) = todo.pop() {
            let Some(schema) = schema.as_object() else { continue };
            for keyword in REFERENCES {
                let Some(reference) = schema.get(keyword).and_then(Value::as_str) else { continue };
                let Ok(target) = self.resolve(reference) else { continue };
                found |= target == pointer;
                if seen.insert(target.clone()) {
                    todo.push(self.target(&target));
                }
            }
            // A target may lie within what it is reached from, or the other way round.
            todo.extend(within(schema, "", false).into_iter().map(|(_, part)| part));
            if found {
                break;
            }
        }
        self.recursive.insert(pointer.to_owned(), found);
        found
    }
}

/// A fragment without percent-escapes.
fn unescape(fragment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}
