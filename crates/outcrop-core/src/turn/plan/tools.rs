//! The agent's tools as they are sent: strict where they were declared so and can be, and without references where the
//! model does not follow them.
//!
//! # Invariants
//! - What is sent is a function of the tools and the profile. Which tools are strict is decided by [`StrictReport`].
//! - What the model writes is validated against the schema that the tool declared, strict or not.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    profile::Profile,
    schema::{SchemaDialect, adapt},
    tools::{NotStrict, StrictReport, StrictTool, ToolSet, output_spec::schema_hash},
    turn::{Diagnostic, DiagnosticCode},
    wire::{InputSchema, RawJson, ToolSpec, excerpt::excerpt},
};

/// The tools as they are sent.
#[derive(Debug, Default)]
pub(crate) struct SentTools {
    /// Those that are sent in another form than they were declared in, by their places in the set of tools.
    changed: BTreeMap<usize, ToolSpec>,
    report: StrictReport,
}

impl SentTools {
    pub(super) fn of(tools: &ToolSet, profile: &Profile) -> Self {
        let report = StrictReport::of(tools, profile);
        let mut sent = Self { changed: BTreeMap::new(), report };
        for (at, spec) in tools.specs().enumerate() {
            let InputSchema::Json(declared) = &spec.input_schema else { continue };
            let mut changed = spec.clone();
            let outcome = sent.tool(at).map(|tool| &tool.outcome);
            let schema = match outcome {
                Some(Ok(adapted)) => Some(RawJson::from(&adapted.schema)),
                _ if profile.schema.follows_references => None,
                _ => inlined(declared),
            };
            if let Some(Err(_)) = outcome {
                changed.strict = None;
            }
            if outcome.is_some() || schema.is_some() {
                changed.input_schema = schema.map_or(changed.input_schema, InputSchema::Json);
                sent.changed.insert(at, changed);
            }
        }
        sent
    }

    /// The specs of `tools`, as they are sent.
    pub(super) fn specs<'a>(&'a self, tools: &'a ToolSet) -> impl Iterator<Item = ToolSpec> + 'a {
        tools.specs().enumerate().map(|(at, spec)| self.changed.get(&at).unwrap_or(spec).clone())
    }

    /// The schemas of those that are strict.
    pub(super) fn strict_schemas(&self) -> impl Iterator<Item = &Value> {
        self.report.schemas()
    }

    pub(super) fn report(&self) -> &StrictReport {
        &self.report
    }

    /// The tool at a place, where it was declared strict.
    pub(super) fn tool(&self, at: usize) -> Option<&StrictTool> {
        self.report.tools.iter().find(|tool| tool.at == at)
    }

    /// What is to be reported that is not in `reported`, which grows by it.
    pub(super) fn diagnostics(
        &self,
        refusals: &BTreeMap<u32, String>,
        reported: &mut Vec<String>,
    ) -> Vec<Diagnostic> {
        let (mut not_strict, mut adapted) = (Vec::new(), Vec::new());
        for tool in &self.report.tools {
            let mut losses: Vec<_> = tool.losses().map(ToString::to_string).collect();
            let more = losses.split_off(losses.len().min(MAX_LOSSES)).len();
            losses.extend((more > 0).then(|| format!("and {more} more")));
            match &tool.outcome {
                Err(reason) => not_strict.push(why_not_strict(tool, reason, refusals)),
                Ok(_) if losses.is_empty() => {}
                Ok(_) => adapted.push(format!("`{}` ({})", tool.name, losses.join("; "))),
            }
        }
        let mut diagnostics = Vec::new();
        for (code, words, mut tools) in [
            (DiagnosticCode::NotStrict, "asked for without `strict`", not_strict),
            (DiagnosticCode::StrictSchema, "the model is shown an adapted schema", adapted),
        ] {
            tools.retain(|one| !reported.contains(one));
            if !tools.is_empty() {
                diagnostics.push(Diagnostic::new(code, format!("{words}: {}", tools.join(", "))));
                reported.extend(tools);
            }
        }
        diagnostics
    }
}

/// Why a tool is not strict, and what the service said.
fn why_not_strict(tool: &StrictTool, reason: &NotStrict, refusals: &BTreeMap<u32, String>) -> String {
    match refusals.get(&schema_hash(&tool.declared)) {
        Some(refusal) if *reason == NotStrict::Refused => {
            format!("`{}` ({reason}: {})", tool.name, excerpt(refusal))
        }
        _ => format!("`{}` ({reason})", tool.name),
    }
}

/// A schema with definitions in place of its references, where it has any and that is possible: a model that does not
/// follow references takes such a place for one where anything may stand (R79).
fn inlined(schema: &RawJson) -> Option<RawJson> {
    if !schema.as_str().contains("Ref\"") && !schema.as_str().contains("$ref\"") {
        return None;
    }
    let value: Value = schema.to_value()?;
    let dialect = SchemaDialect { references: false, ..SchemaDialect::tool() };
    let adapted = adapt(&value, &dialect).ok()?;
    (!adapted.wrapped && adapted.schema != value).then(|| RawJson::from(&adapted.schema))
}

/// The most losses that are reported of one tool; [`StrictReport`] has all.
const MAX_LOSSES: usize = 3;
