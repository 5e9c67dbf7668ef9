//! The agent's tools as a model is shown them: strict where they were declared so and can be, and without references
//! where it follows none; and what a refusal takes away.
//!
//! # Invariants
//! - What is shown is a function of the profile, so that requests begin alike (D5).
//! - One schema that the service would refuse never breaks the other tools: its tool goes without `strict`, with its own
//!   schema, and that is told (R80).
//! - What the model writes is held to the schema that the tool declared, strict or not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Recovery, Turn,
    output::{TOO_MANY_STRICT, TOO_MUCH},
};
use crate::{
    Fact, InputSchema, Profile, RawJson, SchemaCounts, SchemaDialect, SchemaLimits, ToolSet, ToolSpec, adapt,
    output::schema_hash,
};

/// The tools that a model is shown in another form than they were declared in, or strict.
#[derive(Debug, Default)]
pub(super) struct ShownTools {
    /// By their places in the set of tools.
    specs: BTreeMap<usize, ToolSpec>,
    /// The schemas of those that are strict.
    pub(super) schemas: Vec<Value>,
    /// Which were declared so and are not, and why.
    loose: Vec<String>,
    /// The profile has changed since.
    pub(super) stale: bool,
}

impl ShownTools {
    /// As a model takes them that is as `profile` says.
    pub(super) fn of(tools: &ToolSet, profile: &Profile) -> Self {
        let mut shown = Self::default();
        for (at, spec) in tools.specs().enumerate() {
            let InputSchema::Json(schema) = &spec.input_schema else { continue };
            let declared = spec.strict == Some(true);
            if !declared && profile.follows_references {
                continue;
            }
            let mut spec = spec.clone();
            let as_strict = declared.then(|| adapted(schema, profile, &shown.schemas));
            if let Some(Ok(adapted)) = as_strict {
                spec.input_schema = InputSchema::Json(RawJson::from(&adapted));
                shown.schemas.push(adapted);
                shown.specs.insert(at, spec);
                continue;
            }
            if let Some(Err(reason)) = as_strict {
                shown.loose.push(format!("`{}` ({reason})", spec.name));
                spec.strict = None;
            }
            let inlined = if profile.follows_references { None } else { inlined(schema) };
            if declared || inlined.is_some() {
                spec.input_schema = InputSchema::Json(inlined.unwrap_or_else(|| schema.clone()));
                shown.specs.insert(at, spec);
            }
        }
        shown
    }
}

/// A schema with definitions in the place of references, where there are any and that can be: a model that follows none
/// would take such a place for one where anything may stand (R79).
fn inlined(schema: &RawJson) -> Option<RawJson> {
    if !schema.as_str().contains("Ref\"") && !schema.as_str().contains("$ref\"") {
        return None;
    }
    let value: Value = schema.to_value()?;
    let dialect = SchemaDialect { references: false, ..SchemaDialect::tool() };
    let adapted = adapt(&value, &dialect).ok()?;
    (!adapted.wrapped && adapted.schema != value).then(|| RawJson::from(&adapted.schema))
}

/// The schema of a strict tool beside those of `others`, or why it cannot be one.
fn adapted(schema: &RawJson, profile: &Profile, others: &[Value]) -> Result<Value, String> {
    if !profile.strict_tools {
        return Err("the model takes no strict tools".to_owned());
    }
    if profile.strict_schemas_refused.contains(&schema_hash(schema)) {
        return Err("the service refused its schema".to_owned());
    }
    let schema: Value = schema.parse_into().map_err(|error| error.to_string())?;
    let dialect = SchemaDialect { references: profile.follows_references, ..SchemaDialect::strict_tool() };
    let adapted = adapt(&schema, &dialect).map_err(|error| error.to_string())?;
    if adapted.wrapped {
        return Err("its top level is not plainly an object".to_owned());
    }
    if profile.schema_subset {
        let counts = SchemaCounts::of(others.iter().chain([&adapted.schema]), None);
        SchemaLimits::claude().check(&counts).map_err(|over| over.to_string())?;
    }
    Ok(adapted.schema)
}

impl Turn {
    /// Looks at how the tools are shown, where there is something new to see.
    pub(super) fn plan_tools(&mut self) {
        let known = self.shown.take().unwrap_or(ShownTools { stale: true, ..ShownTools::default() });
        if !known.stale {
            self.shown = Some(known);
            return;
        }
        let shown = ShownTools::of(&self.config.tools, self.profile());
        let news: Vec<&str> =
            shown.loose.iter().filter(|loose| !known.loose.contains(loose)).map(String::as_str).collect();
        if !news.is_empty() {
            let text = format!("asked for without `strict`: {}", news.join(", "));
            self.diagnose("not_strict", text, None);
        }
        self.shown = Some(shown);
    }

    /// The specs of the agent's tools, as they are sent.
    pub(super) fn sent_specs(&self) -> impl Iterator<Item = ToolSpec> {
        self.config.tools.specs().enumerate().map(|(at, spec)| {
            let shown = self.shown.as_ref().and_then(|shown| shown.specs.get(&at));
            shown.unwrap_or(spec).clone()
        })
    }

    /// What a refusal of the request at hand means for strict tools: the turn asks once more without what was refused.
    pub(super) fn loosen(&mut self, refusal: &str) -> Option<Recovery> {
        let shown = self.shown.as_ref().filter(|shown| !shown.schemas.is_empty())?;
        let fact = match refused_tool(refusal)? {
            (_, rest) if rest.starts_with(".strict: Extra inputs are not permitted") => Fact::NoStrictTools,
            (at, _) => {
                shown.specs.get(&at).filter(|spec| spec.strict == Some(true))?;
                let InputSchema::Json(schema) = &self.config.tools.specs().nth(at)?.input_schema else {
                    return None;
                };
                Fact::StrictSchemaRefused(schema_hash(schema))
            }
        };
        self.learn(fact);
        self.ask_again();
        Some(Recovery::Learned(fact))
    }

    /// As [`Turn::loosen`], for a refusal that names no tool: all schemas together are too much. The largest is taken
    /// away.
    pub(super) fn loosen_largest(&mut self, refusal: &str) -> Option<Recovery> {
        let says = |text: &&str| refusal.contains(text);
        if refused_tool(refusal).is_some() || !(TOO_MUCH.iter().any(says) || says(&TOO_MANY_STRICT)) {
            return None;
        }
        let specs = self.shown.as_ref()?.specs.iter().filter(|(_, spec)| spec.strict == Some(true));
        let size = |spec: &ToolSpec| match &spec.input_schema {
            InputSchema::Json(schema) => schema.as_str().len(),
            _ => 0,
        };
        let (at, _) = specs.max_by_key(|(_, spec)| size(spec))?;
        let InputSchema::Json(schema) = &self.config.tools.specs().nth(*at)?.input_schema else {
            return None;
        };
        let fact = Fact::StrictSchemaRefused(schema_hash(schema));
        self.learn(fact);
        self.ask_again();
        Some(Recovery::Learned(fact))
    }
}

/// The place of the tool that a refusal such as `tools.1.custom: For 'array' type, …` is about, and what is said of it.
pub(super) fn refused_tool(refusal: &str) -> Option<(usize, &str)> {
    let (_, rest) = refusal.split_once("tools.")?;
    let (at, rest) = rest.split_once(".custom")?;
    Some((at.parse().ok()?, rest))
}
