//! Tools that were declared strict in a turn: how they are asked for, and what a refusal takes away.
//!
//! # Invariants
//! - Which are strict is what [`StrictReport`] says of the profile and of what refusals taught.
//! - A refusal that names a tool takes `strict` from that one. One that is about all of them teaches the limits, and
//!   where they were kept takes it from the tool whose schema costs most, and again, until the request is taken (R80).
//! - What the model writes is held to the schema that the tool declared, strict or not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Recovery, Turn};
use crate::{
    Fact, InputSchema, NotStrict, RawJson, SchemaCounts, SchemaLimits, StrictReport, StrictTool, ToolSpec,
    decode::excerpt, output::schema_hash,
};

/// The tools that were declared strict, as a model is shown them.
#[derive(Debug, Default)]
pub(super) struct StrictTools {
    report: StrictReport,
    /// The schemas of those that are strict.
    pub(super) schemas: Vec<Value>,
    /// What was told.
    told: Vec<String>,
    /// What the service said of schemas in this turn.
    refusals: BTreeMap<u32, String>,
    /// The profile has changed since.
    pub(super) stale: bool,
}

impl StrictTools {
    fn tool(&self, at: usize) -> Option<&StrictTool> {
        self.report.tools.iter().find(|tool| tool.at == at)
    }

    /// Why a tool is not strict, and what the service said.
    fn reason(&self, tool: &StrictTool, reason: &NotStrict) -> String {
        match self.refusals.get(&schema_hash(&tool.declared)) {
            Some(refusal) if *reason == NotStrict::Refused => {
                format!("`{}` ({reason}: {})", tool.name, excerpt(refusal))
            }
            _ => format!("`{}` ({reason})", tool.name),
        }
    }
}

impl Turn {
    /// Looks at the tools that were declared strict, where there is something new to see.
    pub(super) fn plan_strict_tools(&mut self) {
        let known = self.strict.take().unwrap_or(StrictTools { stale: true, ..StrictTools::default() });
        if !known.stale {
            self.strict = Some(known);
            return;
        }
        let report = StrictReport::of(&self.config.tools, self.profile());
        let schemas = report.schemas().cloned().collect();
        let mut strict = StrictTools { report, schemas, stale: false, ..known };
        let (mut loose, mut shown) = (Vec::new(), Vec::new());
        for tool in &strict.report.tools {
            let mut losses: Vec<_> = tool.losses().map(ToString::to_string).collect();
            let more = losses.split_off(losses.len().min(MAX_LOSSES)).len();
            losses.extend((more > 0).then(|| format!("and {more} more")));
            match &tool.outcome {
                Err(reason) => loose.push(strict.reason(tool, reason)),
                Ok(_) if losses.is_empty() => {}
                Ok(_) => shown.push(format!("`{}` ({})", tool.name, losses.join("; "))),
            }
        }
        for (code, words, mut news) in [
            ("not_strict", "asked for without `strict`", loose),
            ("strict_schema", "the model is shown an adapted schema", shown),
        ] {
            news.retain(|one| !strict.told.contains(one));
            if !news.is_empty() {
                self.diagnose(code, format!("{words}: {}", news.join(", ")), None);
                strict.told.extend(news);
            }
        }
        self.strict = Some(strict);
    }

    /// The specs of the agent's tools, as they are sent.
    pub(super) fn sent_specs(&self) -> impl Iterator<Item = ToolSpec> {
        self.config.tools.specs().enumerate().map(|(at, spec)| {
            let mut spec = spec.clone();
            match self.strict.as_ref().and_then(|strict| strict.tool(at)).map(|tool| &tool.outcome) {
                Some(Ok(adapted)) => spec.input_schema = InputSchema::Json(RawJson::from(&adapted.schema)),
                Some(Err(_)) => spec.strict = None,
                None => {}
            }
            spec
        })
    }

    /// What a refusal of the request at hand that names a strict tool, or their number, means: the turn asks once more
    /// without what was refused.
    pub(super) fn loosen(&mut self, refusal: &str) -> Option<Recovery> {
        let strict = self.strict.as_ref().filter(|strict| !strict.schemas.is_empty())?;
        let Some((at, rest)) = refused_tool(refusal) else {
            let counted = [TOO_MANY_TOOLS, TOO_MANY].iter().any(|text| refusal.contains(text));
            let is_over = SchemaLimits::claude().check(&strict.report.counts).is_err();
            if counted && is_over && !self.profile().schema_subset {
                return Some(self.loosened_by(Fact::SchemaLimits));
            }
            return if refusal.contains(TOO_MANY_TOOLS) { self.loosen_costliest(refusal) } else { None };
        };
        if rest.starts_with(".strict: Extra inputs are not permitted") {
            return Some(self.loosened_by(Fact::NoStrictTools));
        }
        let schema = schema_hash(&strict.tool(at).filter(|tool| tool.outcome.is_ok())?.declared);
        Some(self.loosen_schema(schema, rest))
    }

    /// What a refusal means that is about the schemas of the request as a whole, once it is not the output's that gives
    /// way: the tool whose schema costs most is no longer strict.
    pub(super) fn loosen_costliest(&mut self, refusal: &str) -> Option<Recovery> {
        if ![TOO_MANY_TOOLS, TOO_MANY].iter().chain(TOO_LARGE).any(|text| refusal.contains(text)) {
            return None;
        }
        let tools = &self.strict.as_ref()?.report.tools;
        let counted = refusal.split_once(TOO_MANY).map_or("", |(_, what)| what);
        let costs = |tool: &StrictTool| {
            let schema = &tool.outcome.as_ref().ok()?.schema;
            let counts = SchemaCounts::of([schema], None);
            let count = match counted {
                what if what.starts_with(" optional") => counts.optional,
                "" => 0,
                _ => counts.unions,
            };
            Some(((count, schema.to_string().len()), schema_hash(&tool.declared)))
        };
        let (_, schema) = tools.iter().filter_map(costs).max_by_key(|(cost, _)| *cost)?;
        Some(self.loosen_schema(schema, refusal))
    }

    fn loosen_schema(&mut self, schema: u32, refusal: &str) -> Recovery {
        let (_, words) = refusal.split_once(" errors: ").unwrap_or(("", refusal));
        if let Some(strict) = &mut self.strict {
            strict.refusals.insert(schema, words.trim_start_matches(':').trim().to_owned());
        }
        self.loosened_by(Fact::StrictSchemaRefused(schema))
    }

    fn loosened_by(&mut self, fact: Fact) -> Recovery {
        self.learn(fact);
        self.ask_again();
        Recovery::Learned(fact)
    }
}

/// The place of the tool that a refusal such as `tools.1.custom: For 'array' type, …` is about, and what is said of it.
fn refused_tool(refusal: &str) -> Option<(usize, &str)> {
    let (_, rest) = refusal.split_once("tools.")?;
    let (at, rest) = rest.split_once(".custom")?;
    Some((at.parse().ok()?, rest))
}

/// What a schema lost that is told of one tool; [`StrictReport`] tells all.
const MAX_LOSSES: usize = 3;

/// What is said of the number of strict tools (`bedrock-api` 4.5).
const TOO_MANY_TOOLS: &str = "Too many strict tools";

/// What is said of the members of all strict schemas, before it is said of which.
const TOO_MANY: &str = "Schemas contains too many";

/// What is said of the schemas of a request together, or of one of them, nobody knows which (`bedrock-api` 6.4).
const TOO_LARGE: &[&str] = &["Schema is too complex", "compiled grammar is too large"];
