//! Tools that were declared strict: which of them are asked for so, and what a refusal takes away.
//!
//! # Invariants
//! - One schema that the service would refuse never breaks the other tools: its tool goes without `strict`, with its own
//!   schema, and that is told (R80).
//! - What the model writes is held to the schema that the tool declared, strict or not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Recovery, Turn};
use crate::{
    Fact, InputSchema, Profile, RawJson, SchemaCounts, SchemaDialect, SchemaLimits, ToolSet, ToolSpec, adapt,
    output::schema_hash,
};

/// The tools that were declared strict, as a model is shown them.
#[derive(Debug, Default)]
pub(super) struct StrictTools {
    /// By their places in the set of tools.
    specs: BTreeMap<usize, ToolSpec>,
    /// The schemas of those that are strict.
    pub(super) schemas: Vec<Value>,
    /// Which are not, and why.
    loose: Vec<String>,
    /// The profile has changed since.
    pub(super) stale: bool,
}

impl StrictTools {
    /// As a model takes them that is as `profile` says.
    pub(super) fn of(tools: &ToolSet, profile: &Profile) -> Self {
        let mut strict = Self::default();
        for (at, spec) in tools.specs().enumerate().filter(|(_, spec)| spec.strict == Some(true)) {
            let InputSchema::Json(schema) = &spec.input_schema else { continue };
            let mut spec = spec.clone();
            match adapted(schema, profile, &strict.schemas) {
                Ok(adapted) => {
                    spec.input_schema = InputSchema::Json(RawJson::from(&adapted));
                    strict.schemas.push(adapted);
                }
                Err(reason) => {
                    strict.loose.push(format!("`{}` ({reason})", spec.name));
                    spec.strict = None;
                }
            }
            strict.specs.insert(at, spec);
        }
        strict
    }
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
    let adapted = adapt(&schema, &SchemaDialect::strict_tool()).map_err(|error| error.to_string())?;
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
    /// Looks at the tools that were declared strict, where there is something new to see.
    pub(super) fn plan_strict_tools(&mut self) {
        let known = self.strict.take().unwrap_or(StrictTools { stale: true, ..StrictTools::default() });
        if !known.stale {
            self.strict = Some(known);
            return;
        }
        let strict = StrictTools::of(&self.config.tools, self.profile());
        let news: Vec<&str> =
            strict.loose.iter().filter(|loose| !known.loose.contains(loose)).map(String::as_str).collect();
        if !news.is_empty() {
            let text = format!("asked for without `strict`: {}", news.join(", "));
            self.diagnose("not_strict", text, None);
        }
        self.strict = Some(strict);
    }

    /// The specs of the agent's tools, as they are sent.
    pub(super) fn sent_specs(&self) -> impl Iterator<Item = ToolSpec> {
        self.config.tools.specs().enumerate().map(|(at, spec)| {
            let strict = self.strict.as_ref().and_then(|strict| strict.specs.get(&at));
            strict.unwrap_or(spec).clone()
        })
    }

    /// What a refusal of the request at hand means for strict tools: the turn asks once more without what was refused.
    pub(super) fn loosen(&mut self, refusal: &str) -> Option<Recovery> {
        let strict = self.strict.as_ref().filter(|strict| !strict.schemas.is_empty())?;
        let fact = match refused_tool(refusal)? {
            (_, rest) if rest.starts_with(".strict: Extra inputs are not permitted") => Fact::NoStrictTools,
            (at, _) => {
                strict.specs.get(&at).filter(|spec| spec.strict == Some(true))?;
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
}

/// The place of the tool that a refusal such as `tools.1.custom: For 'array' type, …` is about, and what is said of it.
fn refused_tool(refusal: &str) -> Option<(usize, &str)> {
    let (_, rest) = refusal.split_once("tools.")?;
    let (at, rest) = rest.split_once(".custom")?;
    Some((at.parse().ok()?, rest))
}
