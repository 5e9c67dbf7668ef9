//! One schema without references and alternatives, said in a dialect.
//!
//! # Invariants
//! - Each keyword is kept, said in words, or told of as a change; those that are kept keep their order.
//! - Every object names all its members and is closed.

use serde_json::{Map, Value, json};

use super::{
    OptionalMembers,
    merge::{Flat, is_equal, type_of, types, types_value},
    refs::child,
    report::{Action, Inexpressible, Why},
    unwrap::Segment,
    walk::{Adaptation, Walk, is_annotation, is_inert, is_never, refuse},
    words::{append, sentence},
};

/// What is said about objects and arrays, once their parts are adapted.
#[derive(Default)]
struct Parts {
    properties: Map<String, Value>,
    required: Vec<Value>,
    items: Option<Value>,
}

const KINDS: [(&str, &[&str]); 4] = [
    (
        "object",
        &[
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
        ],
    ),
    (
        "array",
        &[
            "items",
            "prefixItems",
            "unevaluatedItems",
            "contains",
            "minContains",
            "maxContains",
            "minItems",
            "maxItems",
            "uniqueItems",
        ],
    ),
    (
        "string",
        &[
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ],
    ),
    ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
];

/// The type that `keyword` says something about.
fn kind_of(keyword: &str) -> Option<&'static str> {
    KINDS.into_iter().find(|(_, keywords)| keywords.contains(&keyword)).map(|(kind, _)| kind)
}

/// Whether a value of type `kind`, told as the narrowest, is of one of `kinds`.
fn is_one_of(kind: &str, kinds: &[&str]) -> bool {
    kinds.contains(&kind) || kind == "integer" && kinds.contains(&"number")
}

impl Walk<'_> {
    pub(super) fn flat(&mut self, flat: Flat, at: &str, depth: usize) -> Adaptation {
        let Flat { keywords, notes } = flat;
        let declared = match keywords.get("type").map(types) {
            Some(None) => return refuse(at, Why::Malformed { keyword: "type".to_owned() }),
            declared => declared.flatten(),
        };
        if keywords.contains_key("enum") || keywords.contains_key("const") {
            return self.constants(&keywords, &notes, declared, at);
        }
        let mut kinds = match declared {
            Some(kinds) => kinds,
            None => vec![self.assumed(&keywords, at)?],
        };
        let mut parts = Parts::default();
        if kinds.contains(&"object") {
            match self.members(&keywords, &notes, at, depth)? {
                Some((properties, required)) => (parts.properties, parts.required) = (properties, required),
                None => kinds.retain(|kind| *kind != "object"),
            }
        }
        if kinds.contains(&"array") {
            parts.items = self.items(&keywords, at, depth)?;
            if parts.items.is_none() {
                kinds.retain(|kind| *kind != "array");
            }
        }
        match kinds.as_slice() {
            [] => Ok(None),
            kinds if kinds.len() == 1 || self.dialect.type_lists => {
                Ok(Some(self.emit(&keywords, &notes, kinds, &parts, at)))
            }
            kinds => {
                let mut rest = keywords.clone();
                rest.retain(|keyword, _| !is_annotation(keyword));
                let mut annotations = keywords.clone();
                annotations.retain(|keyword, _| is_annotation(keyword));
                self.tell(at, "type", Action::Rewritten { to: "anyOf", loosely: false });
                let each = kinds.iter().map(|kind| self.emit(&rest, &notes, &[kind], &parts, at)).collect();
                self.union("anyOf", each, annotations, at)
            }
        }
    }

    /// The type that is meant where none is told: the one that the keywords are about.
    fn assumed(&mut self, keywords: &Map<String, Value>, at: &str) -> Result<&'static str, Inexpressible> {
        let mut kinds: Vec<_> = keywords.keys().filter_map(|keyword| kind_of(keyword)).collect();
        kinds.dedup();
        match kinds.as_slice() {
            [kind] => {
                self.tell(at, "type", Action::Assumed { kind });
                Ok(kind)
            }
            _ => refuse(at, Why::Untyped),
        }
    }

    /// A schema that lists its values.
    fn constants(
        &mut self,
        keywords: &Map<String, Value>,
        notes: &[(String, Value)],
        declared: Option<Vec<&'static str>>,
        at: &str,
    ) -> Adaptation {
        let listed = match keywords.get("enum") {
            Some(Value::Array(values)) => Some(values.as_slice()),
            Some(_) => return refuse(at, Why::Malformed { keyword: "enum".to_owned() }),
            None => None,
        };
        let constant = keywords.get("const");
        let all = constant.map(std::slice::from_ref).or(listed).unwrap_or_default();
        let mut values: Vec<Value> = Vec::new();
        for value in all {
            let typed = declared.as_ref().is_none_or(|kinds| is_one_of(type_of(value), kinds));
            let listed = listed.is_none_or(|listed| listed.iter().any(|other| is_equal(other, value)));
            if typed && listed && !values.iter().any(|other| is_equal(other, value)) {
                values.push(value.clone());
            }
        }
        if values.is_empty() {
            return Ok(None);
        }
        if values.iter().any(|value| value.is_array() || value.is_object()) {
            return refuse(at, Why::CompoundConstant);
        }
        let mut kinds: Vec<&'static str> = match declared {
            Some(kinds) => kinds,
            None => types(&values.iter().map(type_of).collect::<Vec<_>>().into()).unwrap_or_default(),
        };
        kinds.retain(|kind| values.iter().any(|value| is_one_of(type_of(value), &[kind])));
        let keeps_const = constant.is_some() && self.dialect.constants;
        let keyword = if keeps_const { "const" } else { "enum" };
        if constant.is_some() && listed.is_some() {
            self.tell(at, "enum", Action::Dropped);
        }
        if constant.is_some() && !keeps_const {
            self.tell(at, "const", Action::Rewritten { to: "enum", loosely: false });
        }
        let mut rest = keywords.clone();
        let place = if constant.is_some() { "const" } else { "enum" };
        rest.retain(|keyword, _| !matches!(keyword.as_str(), "const" | "enum") || keyword == place);
        let Value::Object(mut out) = self.emit(&rest, notes, &kinds, &Parts::default(), at) else {
            return Ok(None);
        };
        if kinds.len() > 1 && !self.dialect.type_lists {
            out.shift_remove("type");
        }
        let value = if keeps_const { values.swap_remove(0) } else { values.into() };
        let held = out.into_iter().map(|(word, old)| match word == place {
            true => (keyword.to_owned(), value.clone()),
            false => (word, old),
        });
        Ok(Some(Value::Object(held.collect())))
    }

    /// The members of an object and those that must be there; `None` where no object fits.
    #[allow(clippy::type_complexity)]
    fn members(
        &mut self,
        keywords: &Map<String, Value>,
        notes: &[(String, Value)],
        at: &str,
        depth: usize,
    ) -> Result<Option<(Map<String, Value>, Vec<Value>)>, Inexpressible> {
        if keywords.get("patternProperties").is_some_and(|patterns| patterns != &json!({})) {
            return refuse(&child(at, "patternProperties"), Why::OpenMap);
        }
        let named = keywords.get("properties").and_then(Value::as_object);
        let closed = match keywords.get("additionalProperties") {
            None if named.is_none() => return refuse(at, Why::OpenMap),
            None => false,
            Some(rest) if is_never(rest) => true,
            Some(_) => return refuse(&child(at, "additionalProperties"), Why::OpenMap),
        };
        let empty = Map::new();
        let named = named.unwrap_or(&empty);
        let needed =
            keywords.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let is_needed = |name: &str| needed.iter().any(|one| one == name);
        if needed.iter().any(|name| name.as_str().is_none_or(|name| !named.contains_key(name))) {
            return if closed { Ok(None) } else { refuse(&child(at, "required"), Why::Untyped) };
        }
        if !closed {
            let rules = keywords.iter().chain(notes.iter().map(|(keyword, value)| (keyword, value)));
            for (keyword, rule) in rules {
                if names_others(keyword, rule, named) {
                    return refuse(at, Why::ConditionalMembers { keyword: keyword.clone() });
                }
            }
            self.tell(at, "additionalProperties", Action::Closed);
        }
        let within = child(at, "properties");
        let mut members = Map::new();
        for (name, schema) in named {
            let at = child(&within, name);
            self.place.push(Segment::Member(name.clone()));
            let adapted = self.schema(schema, &at, depth + 1)?;
            match adapted {
                Some(adapted) => {
                    let adapted = self.optional(adapted, is_needed(name), &at)?;
                    members.insert(name.clone(), adapted);
                }
                None if is_needed(name) => {
                    self.place.pop();
                    return Ok(None);
                }
                None => self.tell(&within, name, Action::Dropped),
            }
            self.place.pop();
        }
        let mut required: Vec<Value> = Vec::new();
        match self.dialect.optional {
            OptionalMembers::Nullable => required.extend(members.keys().map(|name| json!(name))),
            _ => {
                for name in needed {
                    if !required.contains(name) {
                        required.push(name.clone());
                    }
                }
            }
        }
        Ok(Some((members, required)))
    }

    /// The schema of a member, with `null` in place of its absence where the dialect wants that.
    fn optional(&mut self, schema: Value, needed: bool, at: &str) -> Result<Value, Inexpressible> {
        if self.dialect.optional == OptionalMembers::Omitted {
            return Ok(schema);
        }
        let null = accepts_null(&schema);
        if null {
            self.nulls.push(self.place.clone());
        }
        if null || needed {
            return Ok(schema);
        }
        self.filled.push(self.place.clone());
        self.tell(at, "required", Action::Nullable);
        let Value::Object(mut out) = schema else { return Ok(schema) };
        if let Some(Value::Array(branches)) = out.get_mut("anyOf") {
            branches.push(json!({ "type": "null" }));
        } else if let Some(kinds) = out.get("type").and_then(types).filter(|_| self.dialect.type_lists) {
            out.insert("type".to_owned(), types_value([kinds.as_slice(), &["null"]].concat()));
            if let Some(value) = out.shift_remove("const") {
                out.insert("enum".to_owned(), json!([value, null]));
            } else if let Some(Value::Array(values)) = out.get_mut("enum") {
                values.push(Value::Null);
            }
        } else if self.dialect.any_of {
            out = Map::from_iter([("anyOf".to_owned(), json!([out, { "type": "null" }]))]);
        } else {
            return refuse(at, Why::Union);
        }
        Ok(out.into())
    }

    /// The schema of all items; `None` where no array fits.
    fn items(&mut self, keywords: &Map<String, Value>, at: &str, depth: usize) -> Adaptation {
        if keywords.get("prefixItems").is_some_and(|items| items != &json!([])) {
            return refuse(at, Why::Tuple);
        }
        let within = child(at, "items");
        let Some(items) = keywords.get("items") else { return refuse(&within, Why::Untyped) };
        self.place.push(Segment::Items);
        let adapted = self.schema(items, &within, depth + 1)?;
        self.place.pop();
        let is_filled = keywords.get("minItems").and_then(Value::as_f64).is_some_and(|least| least >= 1.0);
        match adapted {
            // Only the empty array fits, which no dialect has a word for.
            None if !is_filled => refuse(&within, Why::Never),
            adapted => Ok(adapted),
        }
    }

    fn emit(
        &mut self,
        keywords: &Map<String, Value>,
        notes: &[(String, Value)],
        kinds: &[&'static str],
        parts: &Parts,
        at: &str,
    ) -> Value {
        let is_object = kinds.contains(&"object");
        let mut out = Map::new();
        let mut said = Vec::new();
        if !keywords.contains_key("type") {
            out.insert("type".to_owned(), types_value(kinds.to_vec()));
        }
        for (keyword, value) in keywords {
            let value = match keyword.as_str() {
                "type" => types_value(kinds.to_vec()),
                "const" | "enum" => value.clone(),
                "properties" if is_object => parts.properties.clone().into(),
                "required" if is_object && parts.required.is_empty() => continue,
                "required" if is_object => parts.required.clone().into(),
                "additionalProperties" if is_object => Value::Bool(false),
                "items" if parts.items.is_some() && kinds.contains(&"array") => {
                    parts.items.clone().unwrap_or_default()
                }
                "description" if value.is_string() => value.clone(),
                _ => match self.keyword(keyword, value, keywords, kinds, &mut said, at) {
                    Some(value) => value,
                    None => continue,
                },
            };
            out.insert(keyword.clone(), value);
        }
        for (keyword, value) in notes {
            if self.has_effect(keyword, value, keywords, kinds) {
                self.describe(keyword, value, &mut said, at);
            }
        }
        if is_object {
            out.entry("properties").or_insert_with(|| json!({}));
            if !parts.required.is_empty() {
                out.entry("required").or_insert_with(|| parts.required.clone().into());
            }
            out.entry("additionalProperties").or_insert(Value::Bool(false));
        }
        self.say(&mut out, &said, at);
        out.into()
    }

    /// Puts what was said in words into the description.
    fn say(&mut self, out: &mut Map<String, Value>, said: &[String], at: &str) {
        let old = out.get("description").and_then(Value::as_str).unwrap_or_default();
        let text = append(old, &said.join(" "));
        if !self.dialect.takes("description") {
            if out.shift_remove("description").is_some() || !text.is_empty() {
                self.tell(at, "description", Action::Dropped);
            }
        } else if !text.is_empty() {
            out.insert("description".to_owned(), text.into());
        }
    }

    /// The value of a keyword that is kept; others are said or told of.
    fn keyword(
        &mut self,
        keyword: &str,
        value: &Value,
        all: &Map<String, Value>,
        kinds: &[&'static str],
        said: &mut Vec<String>,
        at: &str,
    ) -> Option<Value> {
        if !self.has_effect(keyword, value, all, kinds) {
            // Keywords of older drafts mean nothing in this one, but may have been meant.
            let is_old = matches!(keyword, "dependencies" | "additionalItems" | "$recursiveRef");
            self.tell(at, keyword, if is_old { Action::Removed } else { Action::Dropped });
            return None;
        }
        let taken = self.dialect.takes(keyword)
            && match keyword {
                "format" => self.dialect.formats.iter().any(|format| value == format),
                "pattern" => self.dialect.all_patterns || value.as_str().is_some_and(is_simple),
                "minItems" => match self.dialect.max_min_items {
                    Some(most) if value.as_f64().is_some_and(|least| least > most as f64) => {
                        self.describe(keyword, value, said, at);
                        return (most > 0).then(|| most.into());
                    }
                    _ => true,
                },
                _ => true,
            };
        if taken {
            return Some(value.clone());
        }
        self.describe(keyword, value, said, at);
        None
    }

    fn describe(&mut self, keyword: &str, value: &Value, said: &mut Vec<String>, at: &str) {
        match sentence(keyword, value).filter(|_| self.dialect.takes("description")) {
            Some(sentence) => {
                said.push(sentence);
                self.tell(at, keyword, Action::Described);
            }
            None => self.tell(at, keyword, Action::Removed),
        }
    }

    /// Whether a keyword says anything about values of `kinds`, or to the model, that the others do not say.
    fn has_effect(
        &self,
        keyword: &str,
        value: &Value,
        all: &Map<String, Value>,
        kinds: &[&'static str],
    ) -> bool {
        let about = kind_of(keyword);
        if about
            .is_some_and(|kind| !kinds.contains(&kind) && !(kind == "number" && kinds.contains(&"integer")))
        {
            return false;
        }
        let is_zero = value.as_f64() == Some(0.0);
        match keyword {
            "minLength" | "minItems" | "minProperties" => !is_zero,
            "uniqueItems" => value == &Value::Bool(true),
            "minContains" | "maxContains" => all.contains_key("contains"),
            "if" => all.contains_key("then") || all.contains_key("else"),
            "then" | "else" => all.contains_key("if"),
            "patternProperties" | "properties" | "additionalProperties" | "required" | "prefixItems" => false,
            "title" => self.dialect.takes("title"),
            "default" | "examples" | "not" | "description" => true,
            keyword => about.is_some() && !is_inert(keyword),
        }
    }

    /// The alternatives `branches`, of which `annotations` tells.
    pub(super) fn union(
        &mut self,
        keyword: &str,
        branches: Vec<Value>,
        annotations: Map<String, Value>,
        at: &str,
    ) -> Adaptation {
        let mut distinct: Vec<Value> = Vec::new();
        for branch in branches.iter().filter(|branch| branch.is_object()) {
            if !distinct.contains(branch) {
                distinct.push(branch.clone());
            }
        }
        let mut out = match distinct.as_slice() {
            [] => return Ok(None),
            [Value::Object(only)] if !only.contains_key("$ref") || annotations.is_empty() => only.clone(),
            all => match self.listed(all) {
                Some((listed, overlap)) => {
                    let loosely = keyword == "oneOf" && (overlap || distinct.len() < branches.len());
                    self.tell(at, keyword, Action::Rewritten { to: "enum", loosely });
                    listed
                }
                None => {
                    let word = match keyword {
                        "oneOf" if self.dialect.one_of => "oneOf",
                        _ if self.dialect.any_of => "anyOf",
                        _ => return refuse(at, Why::Union),
                    };
                    Map::from_iter([(word.to_owned(), distinct.into())])
                }
            },
        };
        if keyword == "oneOf" && branches.len() > 1 && !out.contains_key("oneOf") && !out.contains_key("enum")
        {
            self.tell(at, keyword, Action::Rewritten { to: "anyOf", loosely: true });
        }
        let mut said = Vec::new();
        let inner = out.get("description").cloned();
        for (keyword, value) in &annotations {
            match (keyword.as_str(), &inner, value) {
                ("description", Some(Value::String(inner)), Value::String(outer)) => {
                    out.insert("description".to_owned(), append(outer, inner).into());
                }
                ("description", _, value) => {
                    out.insert("description".to_owned(), value.clone());
                }
                _ => {
                    if let Some(value) = self.keyword(keyword, value, &annotations, &[], &mut said, at) {
                        out.insert(keyword.clone(), value);
                    }
                }
            }
        }
        self.say(&mut out, &said, at);
        Ok(Some(out.into()))
    }

    /// Alternatives that are constants of one type, as one list of values; what each means is told beside.
    /// Told with it is whether some stand in several alternatives.
    fn listed(&self, branches: &[Value]) -> Option<(Map<String, Value>, bool)> {
        let kind = branches.first()?.get("type")?.as_str()?;
        let mut values: Vec<Value> = Vec::new();
        let mut text = String::new();
        let mut overlap = false;
        for branch in branches {
            let known =
                |word: &String| matches!(word.as_str(), "type" | "const" | "enum" | "title" | "description");
            if branch["type"] != kind || !branch.as_object()?.keys().all(known) {
                return None;
            }
            let own = match (branch.get("const"), branch.get("enum")) {
                (Some(one), _) => vec![one.clone()],
                (None, Some(Value::Array(all))) => all.clone(),
                _ => return None,
            };
            if let Some(meaning) = branch.get("description").and_then(Value::as_str) {
                let names: Vec<_> = own.iter().map(Value::to_string).collect();
                text = append(&text, &format!("- {}: {}", names.join(", "), meaning.trim()));
            }
            for value in own {
                match values.iter().any(|other| is_equal(other, &value)) {
                    true => overlap = true,
                    false => values.push(value),
                }
            }
        }
        let mut out = Map::from_iter([("type".to_owned(), json!(kind)), ("enum".to_owned(), values.into())]);
        if !text.is_empty() {
            out.insert("description".to_owned(), text.into());
        }
        Some((out, overlap))
    }
}

fn accepts_null(schema: &Value) -> bool {
    let listed = match (schema.get("const"), schema.get("enum")) {
        (Some(one), _) => one.is_null(),
        (None, Some(Value::Array(all))) => all.contains(&Value::Null),
        _ => true,
    };
    let typed = match &schema["type"] {
        Value::String(kind) => kind == "null",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "null"),
        _ => !listed || schema.get("anyOf").is_none(),
    };
    let branches = ["anyOf", "oneOf"].into_iter().filter_map(|word| schema.get(word)?.as_array());
    listed && typed || branches.flatten().any(accepts_null)
}

/// Whether a rule that is not sent names members beside `known`: no object with them could be written.
fn names_others(keyword: &str, rule: &Value, known: &Map<String, Value>) -> bool {
    let unknown = |name: &str| !known.contains_key(name);
    match (keyword, rule) {
        ("then" | "else", rule) => schema_names_others(rule, known, 0),
        ("dependentSchemas", Value::Object(rules)) => {
            rules.iter().any(|(name, rule)| !unknown(name) && schema_names_others(rule, known, 0))
        }
        ("dependentRequired", Value::Object(rules)) => rules.iter().any(|(name, others)| {
            let others = others.as_array().into_iter().flatten();
            !unknown(name) && others.filter_map(Value::as_str).any(unknown)
        }),
        _ => false,
    }
}

fn schema_names_others(rule: &Value, known: &Map<String, Value>, depth: usize) -> bool {
    let Some(rule) = rule.as_object() else { return false };
    if depth > super::walk::MAX_DEPTH || rule.contains_key("$ref") || rule.contains_key("$dynamicRef") {
        return true;
    }
    rule.iter().any(|(keyword, value)| match (keyword.as_str(), value) {
        ("properties", Value::Object(names)) => names.keys().any(|name| !known.contains_key(name)),
        ("required", Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).any(|name| !known.contains_key(name))
        }
        ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => {
            parts.iter().any(|part| schema_names_others(part, known, depth + 1))
        }
        ("then" | "else", part) => schema_names_others(part, known, depth + 1),
        _ => false,
    })
}

/// Whether a pattern has neither lookaround nor backreferences nor word boundaries.
fn is_simple(pattern: &str) -> bool {
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = letters.next();
                if escaped.is_none_or(|letter| letter.is_ascii_digit() || "kbB".contains(letter)) {
                    return false;
                }
            }
            '(' if letters.peek() == Some(&'?') => {
                letters.next();
                if letters.next() != Some(':') {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}
