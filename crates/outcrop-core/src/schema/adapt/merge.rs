//! Two schemas that both hold, as one.
//!
//! # Invariants
//! - A value fits the merged schema, notes included, exactly where it fits both.
//! - Schemas within are not merged here but put side by side into an `allOf`, which is merged once it is reached.

use serde_json::{Map, Value, json};

use super::{report::Why, words::append};

/// A schema without references and without `allOf`, `anyOf`, `oneOf`.
#[derive(Clone, Debug, Default)]
pub(super) struct Flat {
    /// The keywords of the merged schema, by name.
    pub(super) keywords: Map<String, Value>,
    /// Keywords that hold as well and that `keywords` has no place for.
    pub(super) notes: Vec<(String, Value)>,
}

/// Keywords that mean something only together.
const UNITS: [&[&str]; 2] = [&["if", "then", "else"], &["contains", "minContains", "maxContains"]];

/// Both at once; `None` where no value can fit both.
pub(super) fn merge(a: &Flat, b: &Flat) -> Result<Option<Flat>, Why> {
    let mut merged = a.clone();
    merged.notes.extend(b.notes.iter().cloned());
    for keyword in ["patternProperties", "prefixItems"] {
        let both = a.keywords.contains_key(keyword) && b.keywords.contains_key(keyword);
        if both && a.keywords[keyword] != b.keywords[keyword] {
            return Err(if keyword == "prefixItems" { Why::Tuple } else { Why::OpenMap });
        }
    }
    for unit in UNITS {
        let has = |flat: &Flat| flat.keywords.contains_key(unit[0]);
        if has(a) && has(b) && unit.iter().any(|word| a.keywords.get(*word) != b.keywords.get(*word)) {
            let words =
                unit.iter().filter_map(|word| Some(((*word).to_owned(), b.keywords.get(*word)?.clone())));
            merged.notes.extend(words);
        }
    }
    let held = |keyword: &str| {
        let unit = UNITS.iter().find(|unit| unit.contains(&keyword));
        a.keywords.contains_key(keyword) || unit.is_some_and(|unit| a.keywords.contains_key(unit[0]))
    };
    for (keyword, theirs) in b.keywords.iter().filter(|(keyword, _)| !held(keyword)) {
        merged.keywords.insert(keyword.clone(), theirs.clone());
    }
    merge_members(&mut merged.keywords, &a.keywords, &b.keywords);
    for (keyword, theirs) in &b.keywords {
        let is_unit = UNITS.iter().any(|unit| unit.contains(&keyword.as_str()));
        let Some(ours) = a.keywords.get(keyword).filter(|ours| !is_unit && *ours != theirs) else { continue };
        let value = match keyword.as_str() {
            "type" => Some(match common_types(ours, theirs) {
                Some(types) if types.is_empty() => return Ok(None),
                Some(types) => types_value(types),
                None => return Err(Why::Malformed { keyword: "type".to_owned() }),
            }),
            "enum" => {
                let (Some(ours), Some(theirs)) = (ours.as_array(), theirs.as_array()) else {
                    return Err(Why::Malformed { keyword: "enum".to_owned() });
                };
                let both = ours.iter().filter(|value| theirs.iter().any(|other| is_equal(value, other)));
                let both: Vec<_> = both.cloned().collect();
                if both.is_empty() {
                    return Ok(None);
                }
                Some(both.into())
            }
            "const" if is_equal(ours, theirs) => None,
            "const" => return Ok(None),
            "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" => {
                larger(theirs, ours)
                    .map(|theirs_wins| if theirs_wins { theirs.clone() } else { ours.clone() })
            }
            "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" => {
                larger(theirs, ours)
                    .map(|theirs_wins| if theirs_wins { ours.clone() } else { theirs.clone() })
            }
            "uniqueItems" => Some((ours == &json!(true) || theirs == &json!(true)).into()),
            "items" => Some(both_schemas(ours, theirs)),
            "description" => match (ours.as_str(), theirs.as_str()) {
                (Some(ours), Some(theirs)) => Some(append(ours, theirs).into()),
                _ => None,
            },
            "title" | "default" | "examples" | "properties" | "required" | "additionalProperties" => None,
            _ => {
                merged.notes.push((keyword.clone(), theirs.clone()));
                None
            }
        };
        if let Some(value) = value {
            merged.keywords.insert(keyword.clone(), value);
        }
    }
    Ok(Some(merged))
}

/// What objects may hold under both.
fn merge_members(into: &mut Map<String, Value>, ours: &Map<String, Value>, theirs: &Map<String, Value>) {
    let named = |of: &Map<String, Value>| of.get("properties").and_then(Value::as_object).cloned();
    let (our_rest, their_rest) = (ours.get("additionalProperties"), theirs.get("additionalProperties"));
    let patterned = [ours, theirs].iter().any(|of| of.contains_key("patternProperties"));
    let (our_named, their_named) = (named(ours), named(theirs));
    if our_named.is_some() || their_named.is_some() {
        let (our_named, their_named) = (our_named.unwrap_or_default(), their_named.unwrap_or_default());
        // Patterns make it unknown what an unnamed member may be; such maps are not sent anyway.
        let of = |named: &Map<String, Value>, rest: Option<&Value>, name: &str| match (named.get(name), rest)
        {
            (Some(schema), _) => schema.clone(),
            (None, Some(rest)) if !patterned => rest.clone(),
            _ => Value::Bool(true),
        };
        let mut merged = Map::new();
        for name in our_named.keys().chain(their_named.keys()) {
            if !merged.contains_key(name) {
                let both = both_schemas(&of(&our_named, our_rest, name), &of(&their_named, their_rest, name));
                merged.insert(name.clone(), both);
            }
        }
        into.insert("properties".to_owned(), merged.into());
    }
    if let (Some(ours), Some(theirs)) = (our_rest, their_rest) {
        into.insert("additionalProperties".to_owned(), both_schemas(ours, theirs));
    }
    if let (Some(Value::Array(ours)), Some(Value::Array(theirs))) =
        (ours.get("required"), theirs.get("required"))
    {
        let mut names = ours.clone();
        names.extend(theirs.iter().filter(|name| !ours.contains(name)).cloned());
        into.insert("required".to_owned(), names.into());
    }
}

/// A schema that takes what both take.
fn both_schemas(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Bool(true), other) | (other, Value::Bool(true)) => other.clone(),
        (Value::Bool(false), _) | (_, Value::Bool(false)) => Value::Bool(false),
        (a, b) if a == b => a.clone(),
        (a, b) => json!({ "allOf": [a, b] }),
    }
}

/// The names in a `type`; `None` where it is malformed.
pub(super) fn types(value: &Value) -> Option<Vec<&'static str>> {
    const TYPES: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];
    let known = |value: &Value| TYPES.into_iter().find(|kind| value == kind);
    let mut found = match value {
        Value::Array(list) if !list.is_empty() => list.iter().map(known).collect::<Option<Vec<_>>>()?,
        value => vec![known(value)?],
    };
    let mut seen = Vec::new();
    found.retain(|kind| {
        !seen.contains(kind) && {
            seen.push(kind);
            true
        }
    });
    if found.contains(&"number") {
        found.retain(|kind| *kind != "integer");
    }
    Some(found)
}

/// `type` of these names.
pub(super) fn types_value(types: Vec<&'static str>) -> Value {
    match types.as_slice() {
        [one] => json!(one),
        all => json!(all),
    }
}

fn common_types(a: &Value, b: &Value) -> Option<Vec<&'static str>> {
    let (a, b) = (types(a)?, types(b)?);
    let common = a.iter().filter_map(|&kind| match kind {
        kind if b.contains(&kind) => Some(kind),
        "integer" if b.contains(&"number") => Some("integer"),
        "number" if b.contains(&"integer") => Some("integer"),
        _ => None,
    });
    Some(common.collect())
}

/// Whether `a` is the larger number; `None` where one is none.
fn larger(a: &Value, b: &Value) -> Option<bool> {
    Some(a.as_f64()? > b.as_f64()?)
}

/// Whether two values are the same to JSON Schema, for which `1.0` is `1`.
pub(super) fn is_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            a == b || (a.is_f64() != b.is_f64() && a.as_f64() == b.as_f64())
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let same =
                |(name, value): (&String, &Value)| b.get(name).is_some_and(|other| is_equal(value, other));
            a.len() == b.len() && a.iter().all(same)
        }
        (a, b) => a == b,
    }
}

/// The type of a value, as the narrowest name.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
