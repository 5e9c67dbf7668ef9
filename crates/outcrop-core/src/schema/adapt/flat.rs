//! One schema without references and alternatives, said in a dialect.
//!
//! # Invariants
//! - Each keyword is kept, said in words, or told of as a change; those that are kept keep their order.
//! - Every object names all its members and is closed.

use serde_json::{Map, Value, json};

use super::{
    kinds::{is_one_of, kind_of},
    merge::{Flat, is_equal, type_of, types, types_value},
    report::{Action, Inexpressible, Why},
    walk::{Adaptation, Walk, is_annotation, refuse},
    words::append,
};

/// What is said about objects and arrays, once their parts are adapted.
#[derive(Default)]
struct Parts {
    properties: Map<String, Value>,
    required: Vec<Value>,
    items: Option<Value>,
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
                self.union("anyOf", false, true, each, annotations, at)
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
    pub(super) fn say(&mut self, out: &mut Map<String, Value>, said: &[String], at: &str) {
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
}
