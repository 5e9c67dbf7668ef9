//! How the output of a turn is asked for.
//!
//! # Invariants
//! - A plan is a function of what is passed in, and each refusal that changes it takes something away: there are only so
//!   many.
//! - A tool is never forced where that would be refused or would cost the thinking (R64, R65), nor with citations (R81).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{knowledge::Knowledge, output_texts as texts, thinking, tools::SentTools};
use crate::{
    profile::{Profile, ToolChoiceKind},
    schema::{SchemaCounts, SchemaLimits},
    tools::{OutputFailureReason, OutputSpec, Strategy, output_spec::Offered},
    turn::{Diagnostic, DiagnosticCode, History, config::TurnConfig},
    wire::{
        InputSchema, Request, ToolChoice, ToolConfig, ToolEntry, ToolResultContent, ToolSpec,
        message::ContentBlock,
    },
};

/// The output of a turn, and how it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct OutputAsk {
    pub(crate) spec: Arc<OutputSpec>,
    /// The name of its tool, which no other tool has.
    pub(crate) tool: String,
    /// How the step at hand asks for it.
    pub(crate) plan: Option<OutputPlan>,
    /// What that was decided by; `None` where it was decided before the turn was saved.
    pub(super) context: Option<StrategyContext>,
    /// The instruction is part of the question, and not of the system prompt.
    pub(crate) in_question: bool,
    /// The service refused native output since citations are asked for.
    pub(crate) refused_with_citations: bool,
    /// The plan was made before the turn was saved in a form that does not say why: a change is not reported.
    pub(crate) resumed: bool,
}

/// How a step asks for the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutputPlan {
    /// Never [`Strategy::Auto`].
    pub(crate) strategy: Strategy,
    pub(crate) forced: Option<ForcedChoice>,
    pub(crate) offered: Arc<Offered>,
    /// Why a preferred strategy is not used.
    pub(crate) reason: Option<String>,
}

/// A tool choice that makes the model call a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ForcedChoice {
    Tool,
    Any,
}

impl ForcedChoice {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Any => "any",
        }
    }

    fn choice(self, tool: &str) -> ToolChoice {
        match self {
            Self::Tool => ToolChoice::tool(tool),
            Self::Any => ToolChoice::any(),
        }
    }
}

impl OutputPlan {
    fn by_text(&self) -> bool {
        matches!(self.strategy, Strategy::Native | Strategy::Prompt)
    }

    /// Whether requests by the two are the same.
    pub(super) fn asks_like(&self, other: &Self) -> bool {
        (self.strategy, self.forced, &self.offered) == (other.strategy, other.forced, &other.offered)
    }

    fn words(&self) -> String {
        match self.forced {
            Some(forced) => format!("{} with the choice `{}`", self.strategy.as_str(), forced.as_str()),
            None => self.strategy.as_str().to_owned(),
        }
    }
}

impl OutputAsk {
    pub(crate) fn new(spec: &Arc<OutputSpec>, taken: impl Fn(&str) -> bool) -> Self {
        let names = std::iter::once(spec.name().to_owned()).chain((2..).map(|n| {
            let suffix = format!("_{n}");
            let kept = spec.name().len().min(64 - suffix.len());
            format!("{}{suffix}", spec.name().get(..kept).unwrap_or_default())
        }));
        let tool = names.into_iter().find(|name| !taken(name)).unwrap_or_default();
        Self {
            spec: Arc::clone(spec),
            tool,
            plan: None,
            context: None,
            in_question: false,
            refused_with_citations: false,
            resumed: false,
        }
    }

    /// Whether the step at hand asks for the text to be the output.
    pub(crate) fn by_text(&self) -> bool {
        self.plan.as_ref().is_some_and(OutputPlan::by_text)
    }

    /// Whether the step at hand asks for the output by a tool.
    pub(crate) fn by_tool(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.by_text())
    }

    /// Whether `name` is the tool by which the step at hand asks for the output.
    pub(crate) fn is_tool(&self, name: &str) -> bool {
        self.tool == name && self.by_tool()
    }

    /// Whether the value is in a member of what the model writes.
    pub(crate) fn is_wrapped(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| plan.offered.wrapped)
    }

    pub(crate) fn strategy(&self) -> Strategy {
        self.plan.as_ref().map_or(Strategy::Auto, |plan| plan.strategy)
    }

    /// The plan of a step that was asked for before the turn was saved.
    pub(crate) fn plan_again(
        &self,
        strategy: Strategy,
        forced: Option<ForcedChoice>,
        reason: Option<String>,
        profile: &Profile,
    ) -> Option<OutputPlan> {
        let offered = self.spec.offered(strategy, profile).ok()?;
        Some(OutputPlan { strategy, forced, offered, reason })
    }

    /// Takes what was decided; gives what is to be added to the question, and what is to be reported.
    pub(crate) fn take(&mut self, decision: OutputDecision) -> (Option<String>, Vec<Diagnostic>) {
        let OutputDecision { plan, context, instruction, diagnostics } = decision;
        if self.plan.as_ref() != Some(&plan) {
            self.resumed = false;
        }
        self.plan = Some(plan);
        self.context = Some(context);
        self.in_question |= instruction.is_some();
        (instruction, diagnostics)
    }

    /// Puts into a request what asks for the output.
    pub(super) fn ask(&self, request: &mut Request, has_tools: bool) {
        let Some(plan) = &self.plan else { return };
        let (spec, schema) = (&self.spec, &plan.offered.schema);
        match plan.strategy {
            Strategy::Native => {
                let config = request.output_config.take().unwrap_or_default();
                request.output_config = Some(config.text_format(texts::native_format(spec, schema)));
            }
            Strategy::Tool | Strategy::StrictTool => {
                let mut tool =
                    ToolSpec::with_schema(&self.tool, texts::tool_description(spec), schema.clone());
                tool.strict = (plan.strategy == Strategy::StrictTool).then_some(true);
                let config = request.tool_config.get_or_insert_with(|| ToolConfig::new(Vec::new()));
                config.tools.push(ToolEntry::ToolSpec(tool));
                if config.tool_choice.is_none()
                    && let Some(forced) = plan.forced
                {
                    config.tool_choice = Some(forced.choice(&self.tool));
                }
            }
            Strategy::Prompt | Strategy::Auto => {}
        }
        let is_said = plan.strategy == Strategy::Prompt && self.in_question;
        let instruction = self.instruction(plan, has_tools);
        request.system.extend(instruction.filter(|_| !is_said).map(Into::into));
    }

    fn instruction(&self, plan: &OutputPlan, has_tools: bool) -> Option<String> {
        match plan.strategy {
            Strategy::Prompt => Some(texts::prompt(&plan.offered.schema, has_tools)),
            Strategy::Tool | Strategy::StrictTool if plan.forced != Some(ForcedChoice::Tool) => {
                Some(texts::call_the_tool(&self.tool))
            }
            _ => None,
        }
    }
}

/// What was decided for the next step.
pub(crate) struct OutputDecision {
    plan: OutputPlan,
    context: StrategyContext,
    /// What is to be added to the question that is asked.
    instruction: Option<String>,
    diagnostics: Vec<Diagnostic>,
}

/// Decides how the next step asks for the output.
///
/// # Errors
/// The schema cannot be expressed in the one strategy that was demanded.
pub(crate) fn decide(
    ask: &OutputAsk,
    config: &TurnConfig,
    knowledge: &Knowledge,
    history: &History,
) -> Result<OutputDecision, OutputFailureReason> {
    let profile = knowledge.profile(config);
    let context = StrategyContext::of(config, &knowledge.tools(), ask, history);
    let plan = plan(&ask.spec, profile, &context)?;
    let mut decision = OutputDecision { plan, context, instruction: None, diagnostics: Vec::new() };
    if ask.plan.as_ref() == Some(&decision.plan) {
        return Ok(decision);
    }
    let plan = &decision.plan;
    // An instruction stays where it is, whatever is learned of the model.
    let is_said =
        ask.in_question || ask.plan.as_ref().is_some_and(|before| before.strategy == Strategy::Prompt);
    if plan.strategy == Strategy::Prompt && !is_said && instructs_in_question(profile) {
        decision.instruction = ask.instruction(plan, !config.tools.is_empty());
    }
    let text = match &ask.plan {
        Some(_) if ask.resumed => None,
        None => {
            plan.reason.as_ref().map(|reason| format!("asked for by {}: {reason}", plan.strategy.as_str()))
        }
        Some(before) => {
            let reason = plan.reason.as_deref().unwrap_or("the request was refused");
            let (from, to) = (before.words(), plan.words());
            Some(format!("asked for by {to} from here on, no more by {from}: {reason}"))
        }
    };
    let strategy =
        text.map(|text| Diagnostic::new(DiagnosticCode::OutputStrategy, format!("the output is {text}")));
    decision.diagnostics.extend(strategy);
    let changes = &plan.offered.changes;
    if !changes.is_empty() && !ask.resumed {
        let text = format!("the model is shown an adapted schema: {}", changes.join("; "));
        decision.diagnostics.push(Diagnostic::new(DiagnosticCode::OutputSchema, text));
    }
    Ok(decision)
}

/// Whether an instruction is part of the question: where there is no system prompt, and where one that differs from
/// turn to turn would invalidate earlier thinking (R70).
fn instructs_in_question(profile: &Profile) -> bool {
    !profile.messages.system_prompt || profile.thinking.bound_to_prefix
}

/// What the strategy depends on beside the profile.
#[derive(Clone, Debug)]
pub(super) struct StrategyContext {
    /// There are other tools.
    pub(super) has_tools: bool,
    /// The request says itself how tools are chosen.
    chooses: bool,
    /// What the request says of thinking; `None` where it does not mention it.
    pub(super) thinks: Option<bool>,
    /// Citations are asked for, or the service said so.
    pub(super) cites: bool,
    /// The schemas of strict tools.
    strict: Vec<Value>,
    /// The place of the output's tool among the tools, where it has one.
    pub(super) place: usize,
}

impl StrategyContext {
    pub(super) fn of(config: &TurnConfig, tools: &SentTools, ask: &OutputAsk, history: &History) -> Self {
        let fields = config.request.additional_model_request_fields.as_ref();
        let own_choice = fields
            .and_then(crate::wire::RawJson::to_value)
            .is_some_and(|fields| fields.get("tool_choice").is_some());
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
        Self {
            has_tools: !config.tools.is_empty() || given.is_some_and(|given| !given.tools.is_empty()),
            // A forced choice of the user holds for the first step only.
            chooses: matches!(choice, Some(ToolChoice::Auto(_))) || own_choice,
            thinks: thinking::requested(&config.request),
            cites: asks_for_citations(history) || ask.refused_with_citations,
            strict: tools.strict_schemas().cloned().chain(given_strict).collect(),
            place: config.tools.specs().count()
                + given.map_or(0, |given| {
                    given.tools.iter().filter(|entry| !matches!(entry, ToolEntry::CachePoint(_))).count()
                }),
        }
    }
}

/// Whether the conversation asks for citations.
fn asks_for_citations(history: &History) -> bool {
    let enabled = |config: &Option<crate::wire::CitationsConfig>| config.as_ref().is_some_and(|c| c.enabled);
    let in_result = |part: &ToolResultContent| match part {
        ToolResultContent::Document(document) => enabled(&document.citations),
        ToolResultContent::SearchResult(found) => enabled(&found.citations),
        _ => false,
    };
    history.messages().flat_map(|message| &message.content).any(|block| match block {
        ContentBlock::Document(document) => enabled(&document.citations),
        ContentBlock::SearchResult(found) => enabled(&found.citations),
        ContentBlock::ToolResult(result) => result.content.iter().any(in_result),
        _ => false,
    })
}

/// How the output is asked for of a model that takes what `profile` says.
///
/// # Errors
/// The schema cannot be expressed in the one strategy that was demanded.
pub(super) fn plan(
    spec: &OutputSpec,
    profile: &Profile,
    context: &StrategyContext,
) -> Result<OutputPlan, OutputFailureReason> {
    let plan = |strategy: Strategy, offered, reason: &[String]| {
        let by_tool = matches!(strategy, Strategy::Tool | Strategy::StrictTool);
        let forced = by_tool.then(|| forced(profile, context)).flatten();
        let reason = (!reason.is_empty()).then(|| reason.join("; "));
        OutputPlan { strategy, forced, offered, reason }
    };
    let wanted = spec.wanted_strategy();
    if wanted != Strategy::Auto {
        return match spec.offered(wanted, profile) {
            Ok(offered) => Ok(plan(wanted, offered, &[])),
            Err(reason) => Err(OutputFailureReason::Inexpressible { strategy: wanted, reason }),
        };
    }
    let mut reasons = Vec::new();
    for strategy in [Strategy::Native, Strategy::StrictTool, Strategy::Tool] {
        let offered = match unavailable(strategy, spec, profile, context) {
            Some(reason) => Err(reason.map(str::to_owned)),
            None => spec
                .offered(strategy, profile)
                .and_then(|offered| within_limits(strategy, &offered, profile, context).map(|()| offered))
                .map_err(Some),
        };
        match offered {
            Ok(offered) => return Ok(plan(strategy, offered, &reasons)),
            Err(reason) => reasons.extend(reason),
        }
    }
    match spec.offered(Strategy::Prompt, profile) {
        Ok(offered) => Ok(plan(Strategy::Prompt, offered, &reasons)),
        Err(reason) => Err(OutputFailureReason::Inexpressible { strategy: Strategy::Prompt, reason }),
    }
}

/// Why a strategy is unavailable; `Some(None)` where that need not be reported.
fn unavailable(
    strategy: Strategy,
    spec: &OutputSpec,
    profile: &Profile,
    context: &StrategyContext,
) -> Option<Option<&'static str>> {
    let schema = spec.schema_hash();
    match strategy {
        Strategy::Native if !profile.schema.native_output => Some(None),
        Strategy::Native if profile.schema.refused_for_native_output.contains(&schema) => {
            Some(Some("the service refused the schema for native output"))
        }
        Strategy::Native if context.cites => Some(Some("citations are asked for")),
        // A tool that is there in some turns only would invalidate the thinking of the others (R70).
        Strategy::StrictTool | Strategy::Tool
            if profile.tools.supported && profile.thinking.bound_to_prefix =>
        {
            Some(Some("its thinking is bound to the tools that it was offered"))
        }
        Strategy::StrictTool if !spec.prefers_strict() || !profile.schema.strict_tools => Some(None),
        Strategy::StrictTool if profile.schema.refused_for_strict_tools.contains(&schema) => {
            Some(Some("the service refused the schema for a strict tool"))
        }
        Strategy::StrictTool | Strategy::Tool if !profile.tools.supported => Some(None),
        _ => None,
    }
}

/// Whether the schema and those of strict tools are within what the service takes together.
fn within_limits(
    strategy: Strategy,
    offered: &Offered,
    profile: &Profile,
    context: &StrategyContext,
) -> Result<(), String> {
    let (tool, text) = match strategy {
        Strategy::Native => (None, Some(&offered.value)),
        Strategy::StrictTool => (Some(&offered.value), None),
        _ => return Ok(()),
    };
    if !profile.schema.subset_only {
        return Ok(());
    }
    let counts = SchemaCounts::of(context.strict.iter().chain(tool), text);
    SchemaLimits::claude().check(&counts).map_err(|over| over.to_string())
}

/// How the model is made to call a tool, where it can be.
fn forced(profile: &Profile, context: &StrategyContext) -> Option<ForcedChoice> {
    let thinks = context.thinks.unwrap_or(profile.thinking.on_by_default);
    if context.chooses || context.cites || (thinks && !profile.tools.forced_while_thinking) {
        return None;
    }
    let takes = |choice| profile.tools.choices.contains(&choice);
    if takes(ToolChoiceKind::Tool) && !context.has_tools {
        Some(ForcedChoice::Tool)
    } else {
        takes(ToolChoiceKind::Any).then_some(ForcedChoice::Any)
    }
}
