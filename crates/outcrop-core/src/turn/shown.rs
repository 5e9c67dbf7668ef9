//! The agent's tools as a model is shown them: strict where they were declared so and can be, and without references
//! where it follows none; and what a refusal takes away.
//!
//! # Invariants
//! - What is shown is a function of the profile, so that requests begin alike (D5). Which tools are strict is what
//!   [`StrictReport`] says of it.
//! - A refusal that names a tool takes `strict` from that one. One that is about all of them teaches the limits, and
//!   where they were kept takes it from the tool whose schema costs most, and again, until the request is taken (R80).
//! - What the model writes is held to the schema that the tool declared, strict or not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    Recovery, Turn,
    output::{TOO_MANY_MEMBERS, TOO_MANY_STRICT, TOO_MUCH},
};
use crate::{
    Fact, InputSchema, NotStrict, Profile, RawJson, SchemaCounts, SchemaDialect, SchemaLimits, StrictReport,
    StrictTool, ToolSet, ToolSpec, adapt, decode::excerpt, output::schema_hash,
};

/// The tools that a model is shown in another form than they were declared in, or strict.
#[derive(Debug, Default)]
pub(super) struct ShownTools {
    /// By their places in the set of tools.
    specs: BTreeMap<usize, ToolSpec>,
    report: StrictReport,
    /// What was told.
    told: Vec<String>,
    /// What the service said of schemas in this turn.
    refusals: BTreeMap<u32, String>,
    /// The profile has changed since.
    pub(super) stale: bool,
}

impl ShownTools {
    /// As a model takes them that is as `profile` says.
    fn look_again(&mut self, tools: &ToolSet, profile: &Profile) {
        self.report = StrictReport::of(tools, profile);
        self.specs.clear();
        self.stale = false;
        for (at, spec) in tools.specs().enumerate() {
            let InputSchema::Json(declared) = &spec.input_schema else { continue };
            let mut shown = spec.clone();
            let outcome = self.tool(at).map(|tool| &tool.outcome);
            let schema = match outcome {
                Some(Ok(adapted)) => Some(RawJson::from(&adapted.schema)),
                _ if profile.schema.follows_references => None,
                _ => inlined(declared),
            };
            if let Some(Err(_)) = outcome {
                shown.strict = None;
            }
            if outcome.is_some() || schema.is_some() {
                shown.input_schema = schema.map_or(shown.input_schema, InputSchema::Json);
                self.specs.insert(at, shown);
            }
        }
    }

    /// The schemas of those that are strict.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &Value> {
        self.report.schemas()
    }

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

    /// What is to be told: under which code, how it begins, and of which tools, which was not told before.
    fn news(&mut self) -> Vec<(&'static str, String)> {
        let (mut loose, mut shown) = (Vec::new(), Vec::new());
        for tool in &self.report.tools {
            let mut losses: Vec<_> = tool.losses().map(ToString::to_string).collect();
            let more = losses.split_off(losses.len().min(MAX_LOSSES)).len();
            losses.extend((more > 0).then(|| format!("and {more} more")));
            match &tool.outcome {
                Err(reason) => loose.push(self.reason(tool, reason)),
                Ok(_) if losses.is_empty() => {}
                Ok(_) => shown.push(format!("`{}` ({})", tool.name, losses.join("; "))),
            }
        }
        let mut news = Vec::new();
        for (code, words, mut tools) in [
            ("not_strict", "asked for without `strict`", loose),
            ("strict_schema", "the model is shown an adapted schema", shown),
        ] {
            tools.retain(|one| !self.told.contains(one));
            if !tools.is_empty() {
                news.push((code, format!("{words}: {}", tools.join(", "))));
                self.told.extend(tools);
            }
        }
        news
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

impl Turn {
    /// Looks at how the tools are shown, where there is something new to see.
    pub(super) fn plan_tools(&mut self) {
        let mut shown = self.shown.take().unwrap_or(ShownTools { stale: true, ..ShownTools::default() });
        if shown.stale {
            shown.look_again(&self.config.tools, self.profile());
            for (code, text) in shown.news() {
                self.diagnose(code, text, None);
            }
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

    /// What a refusal of the request at hand that names a strict tool, or says that a limit is exceeded that was not
    /// known, means: the turn asks once more without what was refused.
    pub(super) fn loosen(&mut self, refusal: &str) -> Option<Recovery> {
        let shown = self.shown.as_ref().filter(|shown| shown.schemas().next().is_some())?;
        let Some((at, rest)) = refused_tool(refusal) else {
            let counted = [TOO_MANY_STRICT, TOO_MANY_MEMBERS].iter().any(|text| refusal.contains(text));
            let is_over = SchemaLimits::claude().check(&shown.report.counts).is_err();
            let is_news = counted && is_over && !self.profile().schema.subset_only;
            return is_news.then(|| self.loosened_by(Fact::SchemaLimits));
        };
        if rest.starts_with(".strict: Extra inputs are not permitted") {
            return Some(self.loosened_by(Fact::NoStrictTools));
        }
        let schema = schema_hash(&shown.tool(at).filter(|tool| tool.outcome.is_ok())?.declared);
        Some(self.loosen_schema(schema, rest))
    }

    /// What a refusal means that is about the schemas of the request as a whole, once it is not the output's that gives
    /// way: the tool whose schema costs most is no longer strict.
    pub(super) fn loosen_costliest(&mut self, refusal: &str) -> Option<Recovery> {
        let says = |text: &&str| refusal.contains(text);
        if refused_tool(refusal).is_some() || !(says(&TOO_MANY_STRICT) || TOO_MUCH.iter().any(says)) {
            return None;
        }
        let tools = &self.shown.as_ref()?.report.tools;
        let counted = refusal.split_once(TOO_MANY_MEMBERS).map_or("", |(_, what)| what);
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
        if let Some(shown) = &mut self.shown {
            shown.refusals.insert(schema, words.trim_start_matches(':').trim().to_owned());
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
pub(super) fn refused_tool(refusal: &str) -> Option<(usize, &str)> {
    let (_, rest) = refusal.split_once("tools.")?;
    let (at, rest) = rest.split_once(".custom")?;
    Some((at.parse().ok()?, rest))
}

/// What a schema lost that is told of one tool; [`StrictReport`] tells all.
const MAX_LOSSES: usize = 3;
