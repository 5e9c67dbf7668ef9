//! The walk over a schema that says each part of it in the words of a dialect.
//!
//! # Invariants
//! - `Ok(None)` is a schema that no value fits; the place that holds it decides what follows from that.
//! - Every step is counted and every level too, so that neither inlining nor alternatives run away.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{
    OptionalMembers, SchemaDialect,
    adapted::Segment,
    apart::all_apart,
    merge::{Flat, merge},
    refs::{REFERENCES, References, child, holds_definitions},
    report::{Action, Inexpressible, SchemaChange, Why},
    words::append,
};

/// Schemas within schemas that are followed. A document of 128 levels, the most that is read, has no more.
pub(super) const MAX_DEPTH: usize = 64;
/// Schemas that are looked at, each as often as it is inlined or merged. No request of this size was ever taken:
/// a grammar is refused long before.
const MAX_STEPS: usize = 20_000;

pub(super) type Adaptation = Result<Option<Value>, Inexpressible>;

pub(super) struct Walk<'a> {
    pub(super) dialect: &'a SchemaDialect,
    pub(super) references: References<'a>,
    pub(super) changes: Vec<SchemaChange>,
    reported: HashSet<SchemaChange>,
    /// Definitions by the names that they are sent under.
    pub(super) definitions: Map<String, Value>,
    /// Targets of references and the names of their definitions; `None` where no value fits one.
    names: HashMap<String, Option<String>>,
    steps: usize,
    /// How often it was told that values are taken or refused that were not.
    losses: usize,
    /// Targets of references whose definitions are among the losses.
    lossy: HashSet<String>,
    /// Targets of references that were met again before it was known what becomes of them.
    awaited: HashSet<String>,
    /// Where the walk is in the value.
    pub(super) place: Vec<Segment>,
    /// Places where `null` stands for a member that is not there, and those where it is a value.
    pub(super) filled: Vec<Vec<Segment>>,
    pub(super) nulls: Vec<Vec<Segment>>,
}

/// Keywords that say nothing about values and nothing to the model.
pub(super) fn is_inert(keyword: &str) -> bool {
    matches!(keyword, "$schema" | "$id" | "$vocabulary" | "$comment" | "$anchor" | "$dynamicAnchor")
        || matches!(keyword, "deprecated" | "readOnly" | "writeOnly")
        || holds_definitions(keyword)
}

/// Keywords that say nothing about values, but something to the model.
pub(super) fn is_annotation(keyword: &str) -> bool {
    matches!(keyword, "title" | "description" | "default" | "examples")
}

pub(super) fn refuse<T>(at: &str, why: Why) -> Result<T, Inexpressible> {
    Err(Inexpressible { pointer: at.to_owned(), why })
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: &'a Value, dialect: &'a SchemaDialect) -> Result<Self, Inexpressible> {
        let references =
            References::of(root, MAX_DEPTH).map_err(|(pointer, why)| Inexpressible { pointer, why })?;
        Ok(Self {
            dialect,
            references,
            changes: Vec::new(),
            reported: HashSet::new(),
            definitions: Map::new(),
            names: HashMap::new(),
            steps: 0,
            losses: 0,
            lossy: HashSet::new(),
            awaited: HashSet::new(),
            place: Vec::new(),
            filled: Vec::new(),
            nulls: Vec::new(),
        })
    }

    /// Tells of a change, once.
    pub(super) fn tell(&mut self, at: &str, keyword: &str, action: Action) {
        let change = SchemaChange { pointer: at.to_owned(), keyword: keyword.to_owned(), action };
        if change.widens() || change.narrows() || change.action == Action::Nullable {
            self.losses += 1;
        }
        if self.reported.insert(change.clone()) {
            self.changes.push(change);
        }
    }

    fn step(&mut self, at: &str, depth: usize) -> Result<(), Inexpressible> {
        self.steps += 1;
        if depth > MAX_DEPTH {
            return refuse(at, Why::TooDeep);
        }
        if self.steps > MAX_STEPS {
            return refuse(at, Why::TooLarge);
        }
        Ok(())
    }

    /// Any schema, in the dialect.
    pub(super) fn schema(&mut self, schema: &Value, at: &str, depth: usize) -> Adaptation {
        self.step(at, depth)?;
        let keywords = match schema {
            Value::Bool(true) => return refuse(at, Why::Untyped),
            never if is_never(never) => return Ok(None),
            Value::Object(keywords) => keywords,
            _ => return refuse(at, Why::Malformed { keyword: String::new() }),
        };
        let keeps_references =
            self.dialect.references && self.dialect.optional == OptionalMembers::Omitted && !at.is_empty();
        if let Some((keyword, reference)) = bare_reference(keywords).filter(|_| keeps_references) {
            let target = self.resolve(reference, at)?;
            if !self.references.is_recursive(&target) || self.dialect.recursion {
                self.drop_others(keywords, &[keyword], at);
                return self.reference(target, at, depth);
            }
            return refuse(at, Why::Recursion);
        }
        if let Some((keyword, reference)) = annotated_reference(keywords) {
            let target = self.target(reference, at)?;
            if let Value::Object(described) = self.references.target(&target) {
                self.drop_others(keywords, &[keyword, "title", "description", "default", "examples"], at);
                self.tell(at, keyword, Action::Inlined);
                let inlined = annotated(described.clone(), keywords);
                return self.schema(&inlined.into(), at, depth + 1);
            }
        }
        if let Some(keyword) = lone_union(keywords) {
            return self.lone_union(keywords, keyword, at, depth);
        }
        let mut own = keywords.clone();
        let mut annotations = Map::new();
        for keyword in keywords.keys().filter(|keyword| is_annotation(keyword)) {
            annotations.extend(own.shift_remove_entry(keyword));
        }
        let mut flats = self.flatten(&Value::Object(own), at, depth)?;
        let annotations = Flat { keywords: annotations, notes: Vec::new() };
        if flats.len() == 1 {
            let only = merge(&annotations, &flats.remove(0)).or_else(|why| refuse(at, why))?;
            let Some(Flat { keywords: mut merged, notes }) = only else { return Ok(None) };
            let mut ordered = Map::new();
            for keyword in keywords.keys() {
                ordered.extend(merged.shift_remove_entry(keyword));
            }
            ordered.extend(merged);
            return self.flat(Flat { keywords: ordered, notes }, at, depth);
        }
        let mut branches = Vec::new();
        for flat in flats {
            branches.extend(self.flat(flat, at, depth)?);
        }
        self.union("anyOf", false, true, branches, annotations.keywords, at)
    }

    fn lone_union(
        &mut self,
        keywords: &Map<String, Value>,
        keyword: &str,
        at: &str,
        depth: usize,
    ) -> Adaptation {
        let Some(Value::Array(parts)) = keywords.get(keyword) else {
            return refuse(at, Why::Malformed { keyword: keyword.to_owned() });
        };
        let mut branches = Vec::new();
        let within = child(at, keyword);
        let losses = self.losses;
        for (index, part) in parts.iter().enumerate() {
            branches.extend(self.schema(part, &format!("{within}/{index}"), depth + 1)?);
        }
        let mut annotations = keywords.clone();
        annotations.retain(|keyword, _| is_annotation(keyword));
        self.drop_others(keywords, &[keyword, "title", "description", "default", "examples"], at);
        // What fits exactly one alternative is another thing once one of them takes more or less.
        let exact = self.dialect.one_of && self.losses == losses && branches.len() == parts.len();
        let apart = all_apart(parts, &self.references);
        self.union(keyword, exact, apart, branches, annotations, at)
    }

    /// Says of all keywords but `kept` that they went without loss.
    fn drop_others(&mut self, keywords: &Map<String, Value>, kept: &[&str], at: &str) {
        for keyword in keywords.keys().filter(|keyword| !kept.contains(&keyword.as_str())) {
            if !holds_definitions(keyword) {
                self.tell(at, keyword, Action::Dropped);
            }
        }
    }

    fn resolve(&self, reference: &str, at: &str) -> Result<String, Inexpressible> {
        self.references.resolve(reference).or_else(|why| refuse(at, why))
    }

    /// What a reference leads to that is replaced by it.
    fn target(&mut self, reference: &str, at: &str) -> Result<String, Inexpressible> {
        let target = self.resolve(reference, at)?;
        let keeps_references = self.dialect.references && self.dialect.recursion;
        if self.references.is_recursive(&target) && !keeps_references {
            return refuse(at, Why::Recursion);
        }
        Ok(target)
    }

    /// A reference to a definition, which is adapted where it is met first.
    fn reference(&mut self, target: String, at: &str, depth: usize) -> Adaptation {
        let name = match self.names.get(&target) {
            Some(known) => {
                self.losses += usize::from(self.lossy.contains(&target));
                if let Some(name) = known
                    && self.definitions.get(name).is_some_and(Value::is_null)
                {
                    self.awaited.insert(target);
                }
                known.clone()
            }
            None => {
                let name = self.name_for(&target);
                self.definitions.insert(name.clone(), Value::Null);
                self.names.insert(target.clone(), Some(name.clone()));
                // As long as it is not known, the worse is assumed.
                self.lossy.insert(target.clone());
                let losses = self.losses;
                let schema = self.references.target(&target);
                match self.schema(schema, if target.is_empty() { at } else { &target }, depth + 1)? {
                    Some(adapted) => {
                        self.definitions.insert(name.clone(), adapted);
                        if self.losses == losses {
                            self.lossy.remove(&target);
                        }
                        Some(name)
                    }
                    // What leads to it from within would lead nowhere.
                    None if self.awaited.contains(&target) => return refuse(&target, Why::Never),
                    None => {
                        self.definitions.shift_remove(&name);
                        self.names.insert(target, None);
                        None
                    }
                }
            }
        };
        Ok(name.map(|name| json!({ "$ref": format!("#/$defs/{name}") })))
    }

    /// A name of letters, digits, `_`, `.` and `-` that no other definition has.
    fn name_for(&self, target: &str) -> String {
        let last = target.rsplit('/').next().unwrap_or_default();
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() || "_.-".contains(letter) { letter } else { '_' }
        };
        let stem: String = last.chars().map(plain).collect();
        let stem = if stem.is_empty() { "Root".to_owned() } else { stem };
        let free = |name: &String| !self.definitions.contains_key(name);
        let numbered = (2..).map(|number| format!("{stem}_{number}"));
        std::iter::once(stem.clone()).chain(numbered).find(free).unwrap_or(stem)
    }

    /// The alternatives that a schema comes down to, each without references and unions.
    fn flatten(&mut self, schema: &Value, at: &str, depth: usize) -> Result<Vec<Flat>, Inexpressible> {
        self.step(at, depth)?;
        let keywords = match schema {
            Value::Bool(true) => return Ok(vec![Flat::default()]),
            Value::Bool(false) => return Ok(Vec::new()),
            Value::Object(keywords) => keywords,
            _ => return refuse(at, Why::Malformed { keyword: String::new() }),
        };
        let mut own = keywords.clone();
        own.retain(|keyword, _| {
            !REFERENCES.contains(&keyword.as_str())
                && !matches!(keyword.as_str(), "allOf" | "anyOf" | "oneOf")
        });
        for keyword in keywords.keys().filter(|keyword| is_inert(keyword)) {
            own.shift_remove(keyword);
            if !holds_definitions(keyword) {
                self.tell(at, keyword, Action::Dropped);
            }
        }
        let mut flats = vec![Flat { keywords: own, notes: Vec::new() }];
        for keyword in REFERENCES {
            let Some(reference) = keywords.get(keyword) else { continue };
            let Some(reference) = reference.as_str() else {
                return refuse(at, Why::Malformed { keyword: keyword.to_owned() });
            };
            let target = self.target(reference, at)?;
            self.tell(at, keyword, Action::Inlined);
            let schema = self.references.target(&target);
            let others = self.flatten(schema, &target, depth + 1)?;
            flats = self.product(flats, &others, at, depth)?;
        }
        for keyword in ["allOf", "anyOf", "oneOf"] {
            let Some(parts) = keywords.get(keyword) else { continue };
            let Some(parts) = parts.as_array() else {
                return refuse(at, Why::Malformed { keyword: keyword.to_owned() });
            };
            let within = child(at, keyword);
            let mut branches = Vec::new();
            for (index, part) in parts.iter().enumerate() {
                let others = self.flatten(part, &format!("{within}/{index}"), depth + 1)?;
                if keyword == "allOf" {
                    flats = self.product(flats, &others, at, depth)?;
                } else {
                    branches.extend(others);
                }
            }
            match keyword {
                "allOf" => self.tell(at, keyword, Action::Merged),
                keyword => {
                    flats = self.product(flats, &branches, at, depth)?;
                    if keyword == "oneOf" && parts.len() > 1 {
                        let loosely = !all_apart(parts, &self.references);
                        self.tell(at, keyword, Action::Rewritten { to: "anyOf", loosely });
                    }
                    self.tell(at, keyword, Action::Merged);
                }
            }
        }
        for flat in &mut flats {
            close_evaluated(flat, keywords);
        }
        Ok(flats)
    }

    fn product(
        &mut self,
        flats: Vec<Flat>,
        others: &[Flat],
        at: &str,
        depth: usize,
    ) -> Result<Vec<Flat>, Inexpressible> {
        let mut product = Vec::new();
        for flat in &flats {
            for other in others {
                self.step(at, depth)?;
                product.extend(merge(flat, other).or_else(|why| refuse(at, why))?);
            }
        }
        Ok(product)
    }
}

/// `unevaluated…` of `schema` said by other keywords, now that all that it looks at is in `flat`.
fn close_evaluated(flat: &mut Flat, schema: &Map<String, Value>) {
    let keywords = &mut flat.keywords;
    if let Some(rest) = schema.get("unevaluatedProperties") {
        keywords.shift_remove("unevaluatedProperties");
        keywords.entry("additionalProperties").or_insert_with(|| rest.clone());
    }
    if let Some(rest) = schema.get("unevaluatedItems") {
        let plain = !["prefixItems", "contains"].iter().any(|keyword| keywords.contains_key(*keyword));
        if plain {
            keywords.shift_remove("unevaluatedItems");
            keywords.entry("items").or_insert_with(|| rest.clone());
        }
    }
}

/// Whether this is one of the usual ways to say that no value fits.
pub(super) fn is_never(schema: &Value) -> bool {
    let any = |schema: &Value| schema == &Value::Bool(true) || schema == &json!({});
    schema == &Value::Bool(false) || schema.get("not").is_some_and(any)
}

/// The reference in a schema that says nothing else.
fn bare_reference(keywords: &Map<String, Value>) -> Option<(&'static str, &str)> {
    let mut found = REFERENCES.into_iter().filter_map(|word| Some((word, keywords.get(word)?.as_str()?)));
    let only = found.next().filter(|_| found.next().is_none())?;
    let bare = |keyword: &String| keyword == only.0 || is_inert(keyword) || keyword == "title";
    keywords.keys().all(bare).then_some(only)
}

/// The reference in a schema that says nothing else about values.
fn annotated_reference(keywords: &Map<String, Value>) -> Option<(&'static str, &str)> {
    let mut found = REFERENCES.into_iter().filter_map(|word| Some((word, keywords.get(word)?.as_str()?)));
    let only = found.next().filter(|_| found.next().is_none())?;
    let lone = |keyword: &String| keyword == only.0 || is_inert(keyword) || is_annotation(keyword);
    keywords.keys().all(lone).then_some(only)
}

/// A definition with what a reference to it tells the model beside it.
fn annotated(mut definition: Map<String, Value>, reference: &Map<String, Value>) -> Map<String, Value> {
    for (keyword, value) in reference.iter().filter(|(keyword, _)| is_annotation(keyword)) {
        let value = match (keyword.as_str(), value.as_str(), definition.get(keyword).and_then(Value::as_str))
        {
            ("description", Some(outer), Some(inner)) => append(outer, inner).into(),
            _ => value.clone(),
        };
        definition.insert(keyword.clone(), value);
    }
    definition
}

/// The keyword of a union beside which nothing else is said about values.
fn lone_union(keywords: &Map<String, Value>) -> Option<&'static str> {
    let mut found = ["anyOf", "oneOf"].into_iter().filter(|word| keywords.contains_key(*word));
    let only = found.next().filter(|_| found.next().is_none())?;
    let lone = |keyword: &String| keyword == only || is_inert(keyword) || is_annotation(keyword);
    keywords.keys().all(lone).then_some(only)
}
