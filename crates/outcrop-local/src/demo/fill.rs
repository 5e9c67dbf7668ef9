//! Fills inputs from schemas: each property from the prompt or from earlier results if something there fits, else from
//! its default or example, else made up.
//!
//! # Invariants
//! - The value is valid for its schema if one of several tries is; otherwise the first try is used.
//! - Properties keep the order of the schema. Optional ones are filled only from the prompt or from results.
//! - A fact is used at most once in an input.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    facts::Facts,
    schema::{Check, resolve, types},
    words::{stem, words},
};

mod choices;
mod numbers;
mod texts;

/// The origin of a value. Later variants are better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grade {
    /// It is made up.
    MadeUp,
    /// It is a default, an example or a constant of the schema.
    Given,
    /// It is from the prompt or from a result.
    Found,
}

/// A value and its origin.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    pub(super) value: Value,
    pub(super) grade: Grade,
}

/// What inputs are filled from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    pub(super) facts: &'a Facts,
    /// Names and values found in results of tools.
    pub(super) results: &'a [(String, Value)],
    /// Which member of each list in the prompt is used.
    pub(super) member: usize,
}

/// A whole input.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) value: Value,
    /// Required properties whose values are made up.
    pub(super) made_up: Vec<String>,
    /// The facts that it used, by index.
    pub(super) used: BTreeSet<usize>,
    /// Whether it is valid for the schema.
    pub(super) valid: bool,
}

/// What one try does.
#[derive(Clone, Copy)]
struct Try {
    prompt: bool,
    optional: Optional,
    /// Which of several alternatives.
    turn: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    Found,
    Never,
    Always,
}

const TRIES: [(bool, Optional); 5] = [
    (true, Optional::Found),
    (true, Optional::Never),
    (true, Optional::Always),
    (false, Optional::Never),
    (false, Optional::Always),
];
/// Alternatives that are tried one after the other.
const TURNS: usize = 4;
const MAX_DEPTH: usize = 24;
/// Below this depth only required properties are filled.
const MAX_OPTIONAL_DEPTH: usize = 4;
const MAX_ITEMS: usize = 64;
/// Values in one input, so that recursive schemas end.
const MAX_VALUES: usize = 2000;

/// Fills `schema`.
pub(super) fn fill(schema: &Value, sources: Sources<'_>) -> Input {
    let check = Check::whole(schema);
    let spoken: BTreeSet<String> = words(&sources.facts.text).map(stem).collect();
    let mut first = None;
    for turn in 0..TURNS {
        for (prompt, optional) in TRIES {
            let mut filler = Filler {
                root: schema,
                sources,
                spoken: &spoken,
                now: Try { prompt, optional, turn },
                used: BTreeSet::new(),
                made_up: Vec::new(),
                variant: 0,
                values: 0,
            };
            let value = filler.value(schema, "", true, 0).value;
            let valid = check.fits(&value);
            let input = Input { value, made_up: filler.made_up, used: filler.used, valid };
            if valid {
                return input;
            }
            first.get_or_insert(input);
        }
    }
    first.unwrap_or(Input { value: json!({}), made_up: Vec::new(), used: BTreeSet::new(), valid: false })
}

struct Filler<'a> {
    root: &'a Value,
    sources: Sources<'a>,
    /// The stems of the prompt's words.
    spoken: &'a BTreeSet<String>,
    now: Try,
    used: BTreeSet<usize>,
    made_up: Vec<String>,
    /// Makes values that are made up differ within one array.
    variant: usize,
    values: usize,
}

impl Filler<'_> {
    fn value(&mut self, schema: &Value, name: &str, required: bool, depth: usize) -> Filled {
        self.values += 1;
        let schema = match resolve(self.root, schema) {
            Value::Object(schema) => schema,
            _ => Map::new(),
        };
        let made_up = |value: Value| Filled { value, grade: Grade::MadeUp };
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return made_up(smallest(&schema));
        }
        if let Some(value) = schema.get("const") {
            return Filled { value: value.clone(), grade: Grade::Given };
        }
        if let Some(filled) = self.found_in_results(&schema, name) {
            return filled;
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.one_of(&schema, values, name);
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(branches) = schema.get(word).and_then(Value::as_array).filter(|list| !list.is_empty())
            {
                return self.branch(&schema, word, branches, name, required, depth);
            }
        }
        let types = types(&schema);
        if types.len() > 1 {
            let branches: Vec<Value> = types.iter().map(|kind| json!({ "type": kind })).collect();
            return self.branch(&schema, "type", &branches, name, required, depth);
        }
        match types.first().map_or("", String::as_str) {
            "object" => self.object(&schema, depth),
            "array" => self.array(&schema, name, depth),
            "string" => self.text(&schema, name, required),
            "integer" => self.number(&schema, name, required, true),
            "number" => self.number(&schema, name, required, false),
            "boolean" => self.truth(&schema, name),
            "null" => made_up(Value::Null),
            _ => match self.given(&schema) {
                Some(value) => Filled { value, grade: Grade::Given },
                None => self.text(&schema, name, required),
            },
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: usize) -> Filled {
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut value = Map::new();
        let mut grade = Grade::MadeUp;
        for (name, property) in properties {
            let needed = required.contains(&name.as_str());
            if !needed && (self.now.optional == Optional::Never || depth > MAX_OPTIONAL_DEPTH) {
                continue;
            }
            let (used, made_up) = (self.used.clone(), self.made_up.len());
            let filled = self.value(property, name, needed, depth + 1);
            if !needed && self.now.optional == Optional::Found && filled.grade != Grade::Found {
                self.used = used;
                self.made_up.truncate(made_up);
                continue;
            }
            if needed
                && filled.grade == Grade::MadeUp
                && !matches!(filled.value, Value::Bool(_) | Value::Null)
            {
                self.made_up.push(name.clone());
            }
            grade = grade.max(filled.grade);
            value.insert(name.clone(), filled.value);
        }
        let more = schema.get("additionalProperties").cloned().unwrap_or(Value::Bool(true));
        for name in required.iter().filter(|name| !properties.contains_key(**name)) {
            let filled = self.value(&more, name, true, depth + 1);
            value.insert((*name).to_owned(), filled.value);
        }
        let least = schema.get("minProperties").and_then(Value::as_u64).unwrap_or(0);
        for number in 1..=(least.min(MAX_ITEMS as u64)) {
            if value.len() as u64 >= least {
                break;
            }
            let left = properties.iter().find(|(name, _)| !value.contains_key(*name));
            let (name, property) = match left {
                Some((name, property)) => (name.clone(), property.clone()),
                None => (format!("key{number}"), more.clone()),
            };
            let filled = self.value(&property, &name, true, depth + 1);
            value.insert(name, filled.value);
        }
        Filled { value: Value::Object(value), grade }
    }

    fn array(&mut self, schema: &Map<String, Value>, name: &str, depth: usize) -> Filled {
        let bound = |word: &str| schema.get(word).and_then(Value::as_u64).map(|bound| bound as usize);
        let least = bound("minItems").unwrap_or(0).min(MAX_ITEMS);
        let most = bound("maxItems").unwrap_or(MAX_ITEMS).min(MAX_ITEMS);
        let unique = schema.get("uniqueItems") == Some(&Value::Bool(true));
        let mut items: Vec<Value> = Vec::new();
        let mut grade = Grade::MadeUp;
        for item in schema.get("prefixItems").and_then(Value::as_array).into_iter().flatten().take(most) {
            let filled = self.value(item, name, true, depth + 1);
            grade = grade.max(filled.grade);
            items.push(filled.value);
        }
        let item = schema.get("items").cloned().unwrap_or(Value::Bool(true));
        let leaf = resolve(self.root, &item).as_object().cloned().unwrap_or_default();
        if items.is_empty() {
            items = self.listed(&leaf);
            items.truncate(most);
            if !items.is_empty() {
                grade = Grade::Found;
            }
        }
        if items.is_empty()
            && let Some(value @ Value::Array(_)) = self.given(schema)
        {
            return Filled { value, grade: Grade::Given };
        }
        // A list of one thing is better than an empty one where the prompt speaks of it.
        if items.is_empty() && most > 0 && least == 0 && self.now.prompt && depth <= MAX_OPTIONAL_DEPTH {
            let (used, made_up) = (self.used.clone(), self.made_up.len());
            let filled = self.value(&item, name, false, depth + 1);
            if filled.grade == Grade::Found {
                grade = Grade::Found;
                items.push(filled.value);
            } else {
                self.used = used;
                self.made_up.truncate(made_up);
            }
        }
        let before = self.variant;
        for attempt in 0..MAX_ITEMS * 2 {
            if items.len() >= least {
                break;
            }
            self.variant = before + attempt;
            let filled = self.value(&item, name, true, depth + 1);
            if !(unique && items.contains(&filled.value)) {
                items.push(filled.value);
            }
        }
        self.variant = before;
        let contains = schema.get("contains").filter(|_| items.is_empty() && most > 0);
        if let Some(contained) = contains {
            items.push(self.value(contained, name, true, depth + 1).value);
        }
        Filled { value: Value::Array(items), grade }
    }
}

/// Whether a word names an identifier of something else.
pub(super) fn is_key(word: &str) -> bool {
    matches!(word, "id" | "ids" | "sku" | "code" | "key" | "uuid" | "ref" | "token")
}

/// The value at the depth limit.
fn smallest(schema: &Map<String, Value>) -> Value {
    match types(schema).first().map_or("", String::as_str) {
        "object" => json!({}),
        "array" => json!([]),
        "integer" | "number" => json!(0),
        "boolean" => json!(false),
        "string" => json!(""),
        _ => Value::Null,
    }
}
