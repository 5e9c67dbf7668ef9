//! JSON Schemas as filling needs them: resolves references, merges `allOf`, validates values.
//!
//! # Invariants
//! - References are followed only inside the schema and only to a limit, so that recursive schemas end.
//! - A real validator decides whether a value is valid.

use jsonschema::Validator;
use serde_json::{Map, Value};

/// References and `allOf` parts that are followed for one schema.
const MAX_PARTS: usize = 100;
/// The keywords by which strings, numbers and booleans are checked.
const LEAF_WORDS: [&str; 12] = [
    "type",
    "enum",
    "const",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Replaces `$ref` and `allOf` at the top of a schema by what they refer to.
pub(super) fn resolve(root: &Value, schema: &Value) -> Value {
    let mut left = MAX_PARTS;
    resolve_within(root, schema, &mut left)
}

fn resolve_within(root: &Value, schema: &Value, left: &mut usize) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let mut base = members.clone();
    let mut parts: Vec<Value> = Vec::new();
    if *left == 0 {
        return schema.clone();
    }
    *left -= 1;
    if let Some(reference) = base.shift_remove("$ref")
        && let Some(target) = reference.as_str().and_then(|reference| follow(root, reference))
    {
        parts.push(resolve_within(root, target, left));
    }
    if let Some(Value::Array(all)) = base.shift_remove("allOf") {
        parts.extend(all.iter().map(|part| resolve_within(root, part, left)));
    }
    for part in parts {
        match part {
            Value::Object(part) => merge(&mut base, part),
            Value::Bool(false) => return Value::Bool(false),
            _ => {}
        }
    }
    Value::Object(base)
}

/// `#`, `#/$defs/x`, `#/properties/a/items`.
fn follow<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let pointer = reference.strip_prefix('#')?;
    root.pointer(pointer)
}

/// Adds the constraints of `part` to `base`.
pub(super) fn merge(base: &mut Map<String, Value>, part: Map<String, Value>) {
    for (word, value) in part {
        match (word.as_str(), base.get_mut(&word)) {
            (_, None) => {
                base.insert(word, value);
            }
            ("properties" | "patternProperties" | "$defs" | "definitions", Some(Value::Object(known))) => {
                let Value::Object(more) = value else { continue };
                for (name, schema) in more {
                    match known.get_mut(&name) {
                        Some(Value::Object(one)) => {
                            if let Value::Object(other) = schema {
                                merge(one, other);
                            }
                        }
                        Some(_) => {}
                        None => {
                            known.insert(name, schema);
                        }
                    }
                }
            }
            ("required", Some(Value::Array(known))) => {
                let more = value.as_array().cloned().unwrap_or_default();
                known.extend(more.into_iter().filter(|name| !known.contains(name)).collect::<Vec<_>>());
            }
            ("enum", Some(Value::Array(known))) => {
                if let Value::Array(more) = value {
                    known.retain(|item| more.contains(item));
                }
            }
            ("minimum" | "exclusiveMinimum" | "minLength" | "minItems", Some(known))
                if value.as_f64() > known.as_f64() =>
            {
                *known = value
            }
            ("maximum" | "exclusiveMaximum" | "maxLength" | "maxItems", Some(known))
                if value.as_f64() < known.as_f64() =>
            {
                *known = value
            }
            // An array of types beside one of them.
            ("type", Some(known)) if known.is_array() && value.is_string() => *known = value,
            // The final check finds what this could not fold.
            _ => {}
        }
    }
}

/// The types that a schema allows, guessed from its other keywords if it names none. Empty if it allows any.
pub(super) fn types(schema: &Map<String, Value>) -> Vec<String> {
    match schema.get("type") {
        Some(Value::String(kind)) => return vec![kind.clone()],
        Some(Value::Array(kinds)) => {
            return kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        _ => {}
    }
    let guess = [
        (
            "object",
            &["properties", "required", "additionalProperties", "patternProperties", "minProperties"][..],
        ),
        ("array", &["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
        ("string", &["pattern", "format", "minLength", "maxLength"]),
        ("number", &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
    ];
    let fits = guess.into_iter().find(|(_, words)| words.iter().any(|word| schema.contains_key(*word)));
    fits.map(|(kind, _)| vec![kind.to_owned()]).unwrap_or_default()
}

/// Checks values of one schema.
pub(super) struct Check(Option<Validator>);

impl Check {
    /// Checks by a whole schema, references included.
    pub(super) fn whole(schema: &Value) -> Self {
        Self(jsonschema::options().should_validate_formats(true).build(schema).ok())
    }

    /// Checks strings, numbers and booleans by a resolved schema.
    pub(super) fn leaf(schema: &Map<String, Value>) -> Self {
        let members =
            LEAF_WORDS.iter().filter_map(|word| Some(((*word).to_owned(), schema.get(*word)?.clone())));
        Self::whole(&Value::Object(members.collect()))
    }

    /// Whether a value is valid; any value is if the schema cannot be compiled.
    pub(super) fn fits(&self, value: &Value) -> bool {
        self.0.as_ref().is_none_or(|validator| validator.is_valid(value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_and_all_of_are_folded() {
        let root = json!({
            "$defs": {
                "city": {"type": "string", "minLength": 1},
                "loop": {"$ref": "#/$defs/loop"},
            },
        });
        let check = |schema, expected: Value| assert_eq!(resolve(&root, &schema), expected);
        check(json!({"$ref": "#/$defs/city", "minLength": 3}), json!({"minLength": 3, "type": "string"}));
        check(
            json!({"allOf": [{"required": ["a"]}, {"required": ["a", "b"], "maxItems": 2}, {"maxItems": 1}]}),
            json!({"required": ["a", "b"], "maxItems": 1}),
        );
        check(json!({"$ref": "#/nowhere"}), json!({}));
        check(json!(true), json!(true));
        resolve(&root, &json!({"$ref": "#/$defs/loop"}));
    }
}
