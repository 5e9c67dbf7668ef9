//! Definitions in the place of references, for a schema that is else left as it is: some families are shown the schema
//! and follow none (R79).
//!
//! # Invariants
//! - The same values fit as before.
//! - A reference that leads to itself stays, with the definitions that it needs; a schema that grows too much by
//!   inlining, or that cannot be followed, is left as it is.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::{
    refs::{REFERENCES, References, Shape, child, holds_definitions, shape},
    report::{Action, SchemaChange},
    walk::{MAX_DEPTH, is_annotation, is_inert},
};

/// Parts of a schema after inlining. A schema of more costs more than it tells.
const MAX_PARTS: usize = 2_000;

/// `root` without references, as far as there can be; `None` where it stays as it is.
pub(super) fn inline(root: &Value, references: &mut References<'_>) -> Option<(Value, Vec<SchemaChange>)> {
    let mut inline = Inline { references, changes: Vec::new(), parts: 0 };
    let mut inlined = inline.schema(root, "", 0)?;
    let mut left = Vec::new();
    collect(&inlined, &mut left);
    let definitions = inline.definitions(root, &mut left)?;
    inlined.as_object_mut()?.extend(definitions);
    let changes = inline.changes;
    // What stands where no schema is known to stand might need what was left out.
    (!changes.is_empty() && count(&inlined) == left.len()).then_some((inlined, changes))
}

struct Inline<'a, 'b> {
    references: &'a mut References<'b>,
    changes: Vec<SchemaChange>,
    parts: usize,
}

impl Inline<'_, '_> {
    /// A schema whose references are inlined, without definitions.
    fn schema(&mut self, schema: &Value, at: &str, depth: usize) -> Option<Value> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return None;
        }
        let Value::Object(keywords) = schema else { return Some(schema.clone()) };
        let mut own = Map::new();
        let mut targets = Vec::new();
        for (keyword, value) in keywords.iter().filter(|(keyword, _)| !holds_definitions(keyword)) {
            let within = child(at, keyword);
            let inlined = match (shape(keyword), value) {
                (Some(Shape::Schema), part) => self.schema(part, &within, depth + 1)?,
                (Some(Shape::List), Value::Array(parts)) => {
                    let parts = parts.iter().enumerate();
                    let parts =
                        parts.map(|(index, part)| self.schema(part, &format!("{within}/{index}"), depth + 1));
                    parts.collect::<Option<Vec<_>>>()?.into()
                }
                (Some(Shape::Members), Value::Object(members)) => {
                    let members = members.iter().map(|(name, part)| {
                        Some((name.clone(), self.schema(part, &child(&within, name), depth + 1)?))
                    });
                    members.collect::<Option<Map<_, _>>>()?.into()
                }
                (_, Value::String(reference)) if REFERENCES.contains(&keyword.as_str()) => {
                    let target = self.references.resolve(reference).ok()?;
                    if !self.references.is_recursive(&target) {
                        let schema = self.references.target(&target);
                        targets.push(anonymous(self.schema(schema, &target, depth + 1)?));
                        let (pointer, keyword, action) = (at.to_owned(), keyword.clone(), Action::Inlined);
                        let change = SchemaChange { pointer, keyword, action };
                        if !self.changes.contains(&change) {
                            self.changes.push(change);
                        }
                        continue;
                    }
                    value.clone()
                }
                (_, value) => value.clone(),
            };
            own.insert(keyword.clone(), inlined);
        }
        Some(targets.into_iter().fold(own, put).into())
    }

    /// The definitions that the references in `left` lead to, and those that these need.
    fn definitions(&mut self, root: &Value, left: &mut Vec<String>) -> Option<Map<String, Value>> {
        let mut kept: HashSet<(String, String)> = HashSet::new();
        let mut all = Map::new();
        let mut at = 0;
        while let Some(reference) = left.get(at) {
            at += 1;
            let target = self.references.resolve(reference).ok()?;
            let mut names = target.trim_start_matches('/').splitn(3, '/');
            let (Some(keyword), Some(name)) = (names.next(), names.next()) else { continue };
            if !holds_definitions(keyword) || !kept.insert((keyword.to_owned(), name.to_owned())) {
                continue;
            }
            let pointer = format!("/{keyword}/{name}");
            let definition = self.schema(root.pointer(&pointer)?, &pointer, 0)?;
            collect(&definition, left);
            let name = name.replace("~1", "/").replace("~0", "~");
            all.entry(keyword).or_insert_with(|| json!({})).as_object_mut()?.insert(name, definition);
        }
        Some(all)
    }
}

/// Says what `target` says beside what `own` says.
fn put(mut own: Map<String, Value>, target: Value) -> Map<String, Value> {
    match target {
        Value::Object(mut keywords)
            if own.keys().all(|keyword| is_annotation(keyword) || is_inert(keyword)) =>
        {
            keywords.extend(own);
            keywords
        }
        // Much of what stands in one schema looks at what stands beside it.
        target => {
            match own.get_mut("allOf") {
                Some(Value::Array(parts)) => parts.push(target),
                _ => drop(own.insert("allOf".to_owned(), json!([target]))),
            }
            own
        }
    }
}

/// A definition without the names by which it is referred to: no two schemas may have the same.
fn anonymous(mut schema: Value) -> Value {
    if let Value::Object(keywords) = &mut schema {
        keywords.retain(|keyword, _| !matches!(keyword.as_str(), "$anchor" | "$dynamicAnchor" | "$id"));
    }
    schema
}

/// The references of a schema, without those of its definitions.
fn collect(schema: &Value, found: &mut Vec<String>) {
    let Value::Object(keywords) = schema else { return };
    for (keyword, value) in keywords.iter().filter(|(keyword, _)| !holds_definitions(keyword)) {
        match (shape(keyword), value) {
            (Some(Shape::Schema), part) => collect(part, found),
            (Some(Shape::List), Value::Array(parts)) => parts.iter().for_each(|part| collect(part, found)),
            (Some(Shape::Members), Value::Object(members)) => {
                members.values().for_each(|part| collect(part, found));
            }
            (_, Value::String(reference)) if REFERENCES.contains(&keyword.as_str()) => {
                found.push(reference.clone());
            }
            _ => {}
        }
    }
}

/// How often JSON says that it refers to something, wherever that stands.
fn count(json: &Value) -> usize {
    match json {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| match value {
                Value::String(_) => usize::from(REFERENCES.contains(&name.as_str())),
                value => count(value),
            })
            .sum(),
        _ => 0,
    }
}
