//! Schemas that the answer is held to: native output and strict tools.
//!
//! Anthropic's paths are not Converse's: `output_config.format.schema` and `tools.N.custom`, with what is wrong
//! inside the schema told without a path.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Refusal, Verdict, media::asks_for_citations, read::Asked};

const SCHEMA: &str = "/outputConfig/textFormat/structure/jsonSchema/schema";
const MAX_STRICT_TOOLS: usize = 20;
const MAX_OPTIONAL: usize = 24;
const MAX_UNIONS: usize = 16;
const MAX_CHAIN: usize = 64;
/// Guess: the service does not tell how large a grammar may be; these are far above all that was seen to be taken.
const MAX_PARTS: usize = 1000;
const MAX_ALL_PARTS: usize = 3000;

pub(super) fn output_config(asked: &Asked<'_>) -> Verdict {
    if asked.at("/outputConfig/textFormat").is_none() {
        return Ok(());
    }
    if asked.profile.schema.native_output {
        return match asked.at(SCHEMA).and_then(Value::as_str).map(serde_json::from_str) {
            // Guess: that the same words are used here.
            Some(Ok(Value::Object(_))) | None => Ok(()),
            Some(_) => Err(Refusal::validation(
                "The format of the value at outputConfig.textFormat.structure.jsonSchema.schema is invalid. \
                 Provide a json object for the field and try again.",
            )),
        };
    }
    if asked.speaks_anthropic() {
        Err(Refusal::by_model("output_config.format: Extra inputs are not permitted"))
    } else {
        Err(Refusal::validation(
            "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
        ))
    }
}

/// Strict tools with their index among the tools that are no cache points.
fn strict_tools<'a>(asked: &Asked<'a>) -> Vec<(usize, &'a Value)> {
    let tools = asked.tools();
    let tools = tools.iter().filter(|tool| tool.kind != "cachePoint").enumerate();
    let strict = tools.filter(|(_, tool)| tool.value.get("strict") == Some(&Value::Bool(true)));
    strict.filter_map(|(at, tool)| Some((at, tool.value.pointer("/inputSchema/json")?))).collect()
}

pub(super) fn strict_support(asked: &Asked<'_>) -> Verdict {
    match strict_tools(asked).first() {
        Some((at, _)) if !asked.profile.schema.strict_tools && asked.speaks_anthropic() => {
            Err(Refusal::by_model(format!("tools.{at}.custom.strict: Extra inputs are not permitted")))
        }
        _ => Ok(()),
    }
}

/// The schema of the answer.
fn output_schema(asked: &Asked<'_>) -> Option<Value> {
    serde_json::from_str(asked.at(SCHEMA)?.as_str()?).ok()
}

pub(super) fn schemas(asked: &Asked<'_>) -> Verdict {
    if !asked.profile.schema.subset_only {
        return Ok(());
    }
    if let Some(schema) = output_schema(asked) {
        if refers_to_itself(&schema) {
            return Err(Refusal::new(
                500,
                "InternalServerException",
                "The system encountered an unexpected error during processing. Try your request again.",
            ));
        }
        if let Some(wrong) = unsupported(&schema) {
            return Err(Refusal::by_model(format!("output_config.format.schema: {wrong}")));
        }
    }
    for (at, schema) in strict_tools(asked) {
        if let Some(wrong) = unsupported(schema) {
            return Err(Refusal::by_model(format!("tools.{at}.custom: {wrong}")));
        }
    }
    Ok(())
}

/// Schemas within a schema, in the order in which they stand.
fn parts(schema: &Map<String, Value>, definitions: bool) -> Vec<&Value> {
    let mut parts = Vec::new();
    for (key, value) in schema {
        match (key.as_str(), value) {
            ("properties", Value::Object(named)) => parts.extend(named.values()),
            ("$defs" | "definitions", Value::Object(named)) if definitions => parts.extend(named.values()),
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(items)) => parts.extend(items),
            ("items" | "additionalProperties" | "not", Value::Object(_)) => parts.push(value),
            _ => {}
        }
    }
    parts
}

fn has_type(schema: &Map<String, Value>, wanted: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => false,
    }
}

/// What the first part that is not supported is refused with.
fn unsupported(schema: &Value) -> Option<String> {
    let schema = schema.as_object()?;
    if schema.contains_key("oneOf") {
        return Some("Schema type 'oneOf' is not supported".to_owned());
    }
    const NUMBERS: &[&str] = &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
    const ARRAYS: &[&str] =
        &["maxItems", "contains", "minContains", "maxContains", "prefixItems", "uniqueItems"];
    const OBJECTS: &[&str] = &["minProperties", "maxProperties", "patternProperties", "propertyNames"];
    for (kind, words) in [("integer", NUMBERS), ("number", NUMBERS), ("array", ARRAYS), ("object", OBJECTS)] {
        let word = schema.keys().find(|key| words.contains(&key.as_str()));
        if let Some(word) = word.filter(|_| has_type(schema, kind)) {
            return Some(format!("For '{kind}' type, property '{word}' is not supported"));
        }
    }
    let few = schema.get("minItems").and_then(Value::as_f64);
    if has_type(schema, "array") && few.is_some_and(|few| few > 1.0) {
        return Some("For 'array' type, 'minItems' values other than 0 or 1 are not supported".to_owned());
    }
    if has_type(schema, "object") {
        let wrong = match schema.get("additionalProperties") {
            Some(Value::Bool(false)) => None,
            Some(Value::Object(_)) => Some(
                "For 'object' type, 'additionalProperties: object' is not supported. \
                 Please set 'additionalProperties' to false",
            ),
            _ => Some("For 'object' type, 'additionalProperties' must be explicitly set to false"),
        };
        if let Some(wrong) = wrong {
            return Some(wrong.to_owned());
        }
    }
    parts(schema, true).into_iter().find_map(unsupported)
}

/// Whether a definition leads to itself. A chain of references that is longer than [`MAX_CHAIN`] is not followed.
fn refers_to_itself(root: &Value) -> bool {
    let mut walk = Walk { root, within: Vec::new(), done: HashSet::new() };
    walk.finds_itself(root)
}

struct Walk<'a> {
    root: &'a Value,
    /// References that led here.
    within: Vec<&'a str>,
    /// References that do not lead to themselves.
    done: HashSet<&'a str>,
}

impl<'a> Walk<'a> {
    fn finds_itself(&mut self, schema: &'a Value) -> bool {
        let Some(members) = schema.as_object() else { return false };
        if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
            if self.within.contains(&reference) {
                return true;
            }
            let target = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer));
            if let Some(target) =
                target.filter(|_| self.within.len() < MAX_CHAIN && !self.done.contains(reference))
            {
                self.within.push(reference);
                let found = self.finds_itself(target);
                self.within.pop();
                if found {
                    return true;
                }
                self.done.insert(reference);
            }
        }
        // Definitions are looked at where they are used.
        parts(members, false).into_iter().any(|part| self.finds_itself(part))
    }
}

/// What costs most when a grammar is made of schemas.
#[derive(Default)]
struct Cost {
    optional: usize,
    unions: usize,
    /// Schemas within schemas, definitions left out.
    parts: usize,
}

impl Cost {
    fn add(&mut self, schema: &Value) {
        let Some(schema) = schema.as_object() else { return };
        self.parts += 1;
        if let Some(Value::Object(properties)) = schema.get("properties") {
            let required = schema.get("required").and_then(Value::as_array);
            let is_required =
                |name: &str| required.is_some_and(|names| names.iter().any(|required| required == name));
            self.optional += properties.keys().filter(|name| !is_required(name)).count();
            let is_union = |property: &&Value| {
                property.get("anyOf").is_some() || property.get("type").is_some_and(Value::is_array)
            };
            self.unions += properties.values().filter(is_union).count();
        }
        parts(schema, false).into_iter().for_each(|part| self.add(part));
    }
}

pub(super) fn limits(asked: &Asked<'_>) -> Verdict {
    if !asked.profile.schema.subset_only {
        return Ok(());
    }
    let strict = strict_tools(asked);
    if strict.len() > MAX_STRICT_TOOLS {
        return Err(Refusal::by_model(format!(
            "Too many strict tools ({}). The maximum number of strict tools supported is {MAX_STRICT_TOOLS}. \
             Try reducing the number of tools marked as strict.",
            strict.len()
        )));
    }
    let mut cost = Cost::default();
    let answer = output_schema(asked);
    for schema in strict.iter().map(|(_, schema)| *schema).chain(&answer) {
        let before = cost.parts;
        cost.add(schema);
        if cost.parts - before > MAX_PARTS {
            return Err(Refusal::by_model("Schema is too complex."));
        }
    }
    if cost.parts > MAX_ALL_PARTS {
        return Err(Refusal::by_model(
            "The compiled grammar is too large, which would cause performance issues. \
             Simplify your tool schemas or reduce the number of strict tools.",
        ));
    }
    if cost.optional > MAX_OPTIONAL {
        return Err(Refusal::by_model(format!(
            "Schemas contains too many optional parameters ({}), which would make grammar compilation \
             inefficient. Reduce the number of optional parameters in your tool schemas (limit: {MAX_OPTIONAL}).",
            cost.optional
        )));
    }
    if cost.unions > MAX_UNIONS {
        return Err(Refusal::by_model(format!(
            "Schemas contains too many parameters with union types ({} parameters with type arrays or anyOf). \
             This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters \
             (limit: {MAX_UNIONS} parameters with unions).",
            cost.unions
        )));
    }
    Ok(())
}

pub(super) fn citations(asked: &Asked<'_>) -> Verdict {
    if asked.at("/outputConfig/textFormat").is_some() && asks_for_citations(asked) {
        return Err(Refusal::by_model("Citations cannot be enabled when output format is set"));
    }
    Ok(())
}
