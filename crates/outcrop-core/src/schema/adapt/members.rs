//! The members of objects and the items of arrays, said in a dialect.
//!
//! # Invariants
//! - Every object that comes out names all its members; one that could have others is refused or told of.

use serde_json::{Map, Value, json};

use super::{
    OptionalMembers,
    adapted::Segment,
    merge::{types, types_value},
    refs::child,
    report::{Action, Inexpressible, Why},
    walk::{Adaptation, MAX_DEPTH, Walk, is_never, refuse},
};

impl Walk<'_> {
    /// The members of an object and those that must be there; `None` where no object fits.
    #[allow(clippy::type_complexity)]
    pub(super) fn members(
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
                    let has_default = schema.get("default").is_some_and(|default| !default.is_null());
                    let adapted = self.optional(adapted, is_needed(name), has_default, &at)?;
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
    fn optional(
        &mut self,
        schema: Value,
        needed: bool,
        has_default: bool,
        at: &str,
    ) -> Result<Value, Inexpressible> {
        if self.dialect.optional == OptionalMembers::Omitted {
            return Ok(schema);
        }
        let null = accepts_null(&schema);
        if null {
            self.nulls.push(self.place.clone());
        }
        if null && !needed {
            self.tell(at, "required", Action::Required { has_default });
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
    pub(super) fn items(&mut self, keywords: &Map<String, Value>, at: &str, depth: usize) -> Adaptation {
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
    if depth > MAX_DEPTH || rule.contains_key("$ref") || rule.contains_key("$dynamicRef") {
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
