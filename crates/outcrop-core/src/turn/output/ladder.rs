//! Which way of asking for an output comes next.
//!
//! # Invariants
//! - A plan is a function of what is handed in, and each refusal that changes it takes something away: there are only
//!   so many.
//! - A forced choice is never asked for where it would be refused or would cost the thinking (R64, R65), nor with
//!   citations (R81).
//! - A refusal means only what its text says of what the request at hand asked for.

use std::sync::Arc;

use serde_json::Value;

use super::super::{
    TurnConfig,
    shown::{ShownTools, refused_tool},
};
use crate::{
    Fact, InputSchema, OutputFailureReason, OutputSpec, Profile, RawJson, SchemaCounts, SchemaLimits,
    Strategy, ToolChoice, ToolChoiceKind, ToolEntry, output::Offered,
};

/// How a step asks for the output.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Plan {
    /// Never [`Strategy::Auto`].
    pub(in super::super) strategy: Strategy,
    pub(super) forced: Option<Forced>,
    pub(super) offered: Arc<Offered>,
    /// Why it is not the one that comes before it.
    pub(super) reason: Option<String>,
}

impl Plan {
    pub(in super::super) fn by_text(&self) -> bool {
        matches!(self.strategy, Strategy::Native | Strategy::Prompt)
    }

    /// Whether requests by the two are the same.
    pub(super) fn asks_like(&self, other: &Self) -> bool {
        (self.strategy, self.forced, &self.offered) == (other.strategy, other.forced, &other.offered)
    }
}

/// A choice of tools that makes the model call one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forced {
    Tool,
    Any,
}

impl Forced {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Any => "any",
        }
    }

    pub(super) fn choice(self, tool: &str) -> ToolChoice {
        match self {
            Self::Tool => ToolChoice::tool(tool),
            Self::Any => ToolChoice::any(),
        }
    }
}

/// What the way of asking depends on beside the profile.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    /// There are other tools.
    has_tools: bool,
    /// The request says itself how tools are chosen.
    chooses: bool,
    /// What the request says of thinking; `None` where it says nothing.
    thinks: Option<bool>,
    /// The conversation asks for citations.
    cites: bool,
    /// The schemas of strict tools.
    strict: Vec<Value>,
    /// The place of the output's tool among the tools, where it has one.
    place: usize,
}

impl Circumstances {
    pub(super) fn of(
        config: &TurnConfig,
        shown: Option<&ShownTools>,
        cites: bool,
        refused_with_citations: bool,
    ) -> Self {
        let fields = config.request.additional_model_request_fields.as_ref().and_then(RawJson::to_value);
        let field = |name: &str| fields.as_ref().and_then(|fields| fields.get(name));
        let given = config.request.tool_config.as_ref();
        let choice = given.and_then(|given| given.tool_choice.as_ref());
        let given_specs = given.iter().flat_map(|given| &given.tools).filter_map(|entry| match entry {
            ToolEntry::ToolSpec(spec) if spec.strict == Some(true) => Some(&spec.input_schema),
            _ => None,
        });
        let given_strict = given_specs.filter_map(|schema| match schema {
            InputSchema::Json(schema) => schema.to_value(),
            _ => None,
        });
        let thinking = field("thinking").or(field("reasoning_config"));
        Self {
            has_tools: !config.tools.is_empty() || given.is_some_and(|given| !given.tools.is_empty()),
            // A forced choice of the user holds for the first step only.
            chooses: matches!(choice, Some(ToolChoice::Auto(_))) || field("tool_choice").is_some(),
            thinks: thinking.map(|thinking| thinking.get("type").and_then(Value::as_str) != Some("disabled")),
            cites: cites || refused_with_citations,
            strict: shown.into_iter().flat_map(ShownTools::schemas).cloned().chain(given_strict).collect(),
            place: config.tools.specs().count()
                + given.map_or(0, |given| {
                    given.tools.iter().filter(|entry| !matches!(entry, ToolEntry::CachePoint(_))).count()
                }),
        }
    }
}

/// How the output is asked for of a model that takes what `profile` says.
///
/// # Errors
/// The schema cannot be put in the one way that was demanded.
pub(super) fn plan(
    spec: &OutputSpec,
    profile: &Profile,
    circumstances: &Circumstances,
) -> Result<Plan, OutputFailureReason> {
    let plan = |strategy: Strategy, offered, reason: &[String]| {
        let by_tool = matches!(strategy, Strategy::Tool | Strategy::StrictTool);
        let forced = by_tool.then(|| forced(profile, circumstances)).flatten();
        let reason = (!reason.is_empty()).then(|| reason.join("; "));
        Plan { strategy, forced, offered, reason }
    };
    let wanted = spec.wanted_strategy();
    if wanted != Strategy::Auto {
        return match spec.offered(wanted, profile) {
            Ok(offered) => Ok(plan(wanted, offered, &[])),
            Err(reason) => Err(OutputFailureReason::Inexpressible { strategy: wanted, reason }),
        };
    }
    let mut reasons = Vec::new();
    let rungs = [Strategy::Native, Strategy::StrictTool, Strategy::Tool];
    for strategy in rungs {
        let obstacle = match obstacle(strategy, spec, profile, circumstances) {
            Ok(()) => spec
                .offered(strategy, profile)
                .and_then(|offered| {
                    within_limits(strategy, &offered, profile, circumstances).map(|()| offered)
                })
                .map_err(Some),
            Err(obstacle) => Err(obstacle.map(str::to_owned)),
        };
        match obstacle {
            Ok(offered) => return Ok(plan(strategy, offered, &reasons)),
            Err(reason) => reasons.extend(reason),
        }
    }
    match spec.offered(Strategy::Prompt, profile) {
        Ok(offered) => Ok(plan(Strategy::Prompt, offered, &reasons)),
        Err(reason) => Err(OutputFailureReason::Inexpressible { strategy: Strategy::Prompt, reason }),
    }
}

/// Why an output is not asked for in this way; without words where nobody need be told.
fn obstacle(
    strategy: Strategy,
    spec: &OutputSpec,
    profile: &Profile,
    circumstances: &Circumstances,
) -> Result<(), Option<&'static str>> {
    let schema = spec.schema_hash();
    match strategy {
        Strategy::Native if !profile.schema.native_output => Err(None),
        Strategy::Native if profile.schema.refused_for_native_output.contains(&schema) => {
            Err(Some("the service refused the schema for native output"))
        }
        Strategy::Native if circumstances.cites => Err(Some("citations are asked for")),
        // A tool that is there in some turns only would break what was thought in the others (R70).
        Strategy::StrictTool | Strategy::Tool
            if profile.tools.supported && profile.thinking.bound_to_prefix =>
        {
            Err(Some("its thinking is bound to the tools that it was offered"))
        }
        Strategy::StrictTool if !spec.prefers_strict() || !profile.schema.strict_tools => Err(None),
        Strategy::StrictTool if profile.schema.refused_for_strict_tools.contains(&schema) => {
            Err(Some("the service refused the schema for a strict tool"))
        }
        Strategy::StrictTool | Strategy::Tool if !profile.tools.supported => Err(None),
        _ => Ok(()),
    }
}

/// Whether the schema and those of strict tools are within what the service takes together.
fn within_limits(
    strategy: Strategy,
    offered: &Offered,
    profile: &Profile,
    circumstances: &Circumstances,
) -> Result<(), String> {
    let (tool, text) = match strategy {
        Strategy::Native => (None, Some(&offered.value)),
        Strategy::StrictTool => (Some(&offered.value), None),
        _ => return Ok(()),
    };
    if !profile.schema.subset_only {
        return Ok(());
    }
    let counts = SchemaCounts::of(circumstances.strict.iter().chain(tool), text);
    SchemaLimits::claude().check(&counts).map_err(|over| over.to_string())
}

/// How the model is made to call a tool, where it can be.
fn forced(profile: &Profile, circumstances: &Circumstances) -> Option<Forced> {
    let thinks = circumstances.thinks.unwrap_or(profile.thinking.on_by_default);
    if circumstances.chooses || circumstances.cites || (thinks && !profile.tools.forced_while_thinking) {
        return None;
    }
    let takes = |choice| profile.tools.choices.contains(&choice);
    if takes(ToolChoiceKind::Tool) && !circumstances.has_tools {
        Some(Forced::Tool)
    } else {
        takes(ToolChoiceKind::Any).then_some(Forced::Any)
    }
}

/// What a refusal takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Refused {
    /// A fact about the model.
    Fact(Fact),
    /// Native output for this turn, since citations are asked for.
    Citations,
}

/// What a refusal says of a request that asked by `plan` (`bedrock-api` 6.3, 6.4). The texts are matched narrowly: what
/// is said of a schema must not be taken for what is said of a model.
pub(super) fn refused(
    refusal: &str,
    plan: &Plan,
    spec: &OutputSpec,
    circumstances: &Circumstances,
) -> Option<Refused> {
    // Some texts come with a typographic apostrophe.
    let refusal = refusal.replace('\u{2019}', "'");
    let says = |texts: &[&str]| texts.iter().any(|text| refusal.contains(text));
    let schema = spec.schema_hash();
    // What is said of a tool is said of that one alone.
    let place = refused_tool(&refusal).map(|(place, _)| place);
    let fact = match plan.strategy {
        Strategy::Native if says(&["Citations cannot be enabled when output format is set"]) => {
            return Some(Refused::Citations);
        }
        Strategy::Native if says(NO_NATIVE) => Fact::NoNativeOutput,
        Strategy::Native
            if says(&["output_config.format.schema"])
                || (place.is_none() && (says(KEYWORD) || says(TOO_MUCH))) =>
        {
            Fact::NativeSchemaRefused(schema)
        }
        Strategy::StrictTool if says(&["custom.strict: Extra inputs are not permitted"]) => {
            Fact::NoStrictTools
        }
        Strategy::StrictTool
            if place.is_none_or(|place| place == circumstances.place)
                && (says(KEYWORD) || says(TOO_MUCH) || says(&[TOO_MANY_STRICT])) =>
        {
            Fact::StrictSchemaRefused(schema)
        }
        Strategy::Tool | Strategy::StrictTool => match plan.forced {
            Some(_) if says(&["Thinking may not be enabled when tool_choice forces tool use"]) => {
                // Where nothing was said of thinking the model thinks of itself.
                match circumstances.thinks {
                    Some(true) => Fact::NoForcedToolsWhileThinking,
                    _ => Fact::NoForcedTools,
                }
            }
            Some(_) if says(&[r#"tool_choice: type "tool" and "any" are not supported"#]) => {
                Fact::NoForcedTools
            }
            Some(Forced::Any) if says(&["doesn't support the toolConfig.toolChoice.any field"]) => {
                Fact::NoAnyTool
            }
            Some(Forced::Tool) if says(&["doesn't support the toolConfig.toolChoice.tool field"]) => {
                Fact::NoNamedTool
            }
            Some(_) if says(&["doesn't support the toolConfig.toolChoice field"]) => Fact::NoForcedTools,
            // With other tools the next request would be refused too.
            _ if !circumstances.has_tools && says(&["This model doesn't support tool use."]) => Fact::NoTools,
            _ => return None,
        },
        _ => return None,
    };
    Some(Refused::Fact(fact))
}

const NO_NATIVE: &[&str] = &[
    "doesn't support the outputConfig field",
    "doesn't support the outputConfig.textFormat field",
    "output_config.format: Extra inputs are not permitted",
];

/// What is said of all schemas of a request together (R80).
pub(in super::super) const TOO_MUCH: &[&str] =
    &[TOO_MANY_MEMBERS, "Schema is too complex", "compiled grammar is too large"];
/// What is said of their members, before it is said of which.
pub(in super::super) const TOO_MANY_MEMBERS: &str = "Schemas contains too many";
/// What is said of the number of strict tools.
pub(in super::super) const TOO_MANY_STRICT: &str = "Too many strict tools";

/// What is said of a keyword of a schema, wherever that stands.
const KEYWORD: &[&str] = &[
    "Schema type '",
    "For 'array' type,",
    "For 'boolean' type,",
    "For 'integer' type,",
    "For 'null' type,",
    "For 'number' type,",
    "For 'object' type,",
    "For 'string' type,",
];
