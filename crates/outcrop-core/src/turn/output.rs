//! Structured output in a turn: how each step asks for it, and what of an answer is the output.
//!
//! # Invariants
//! - The way of asking is a function of the profile, what refusals taught, the request of the turn and whether
//!   citations are asked for. It stays through the turn unless one of these changes, so that a request begins as the one
//!   before it did (D5); each change is told.
//! - An output is what the model wrote in an answer that ended, read strictly and valid for the schema. Nothing that
//!   was cut is one (R82).
//! - A call of the output's tool is never handed out for dispatch, and has its result like any other.

mod find;
mod ladder;
mod live;
mod texts;

use std::{collections::BTreeMap, sync::Arc};

use ladder::Refused;
pub(super) use ladder::{Plan, TOO_MANY_MEMBERS, TOO_MANY_STRICT, TOO_MUCH};
pub(super) use live::OpenOutput;
pub(super) use texts::rejected_input;

use super::{Calls, FinishedStep, Phase, Recovery, Turn, calls::wholeness};
use crate::{
    BlockEnding, ContentBlock, EndPolicy, History, Message, OutputAttempt, OutputFailure,
    OutputFailureReason, OutputRejected, OutputSpec, Profile, RawJson, Request, StepEnd, StopReason,
    Strategy, ToolConfig, ToolEntry, ToolResult, ToolSpec, TurnEnd, TurnFailure, TurnOutcome, TurnOutput,
};
use find::has_ended;

/// The output of a turn: how it is asked for, and what came so far.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) spec: Arc<OutputSpec>,
    /// The name of its tool, which no other tool has.
    pub(super) tool: String,
    /// How the step at hand asks for it.
    pub(super) plan: Option<Plan>,
    /// What asks for it in words stands in the question, and not in the system prompt.
    pub(super) in_question: bool,
    /// The service said that citations stand in the way of native output.
    pub(super) refused_with_citations: bool,
    /// What came and was not valid.
    pub(super) attempts: Vec<OutputAttempt>,
    /// The plan is that of before the turn was saved.
    pub(super) resumed: bool,
}

/// What a finished answer is to the output.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Found {
    /// Nothing was meant for it.
    #[default]
    Nothing,
    /// It is in the block `at` of the message.
    Valid { at: usize, value: RawJson, repaired: bool },
    /// Something was meant for it.
    Invalid { text: String, problems: String },
}

/// A call whose result is known before any is run.
pub(super) struct Settled {
    pub(super) result: ToolResult,
    /// It was a call of the output's tool, which watchers know as the output.
    pub(super) is_output: bool,
}

impl Output {
    pub(super) fn new(spec: &Arc<OutputSpec>, taken: impl Fn(&str) -> bool) -> Self {
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
            in_question: false,
            refused_with_citations: false,
            attempts: Vec::new(),
            resumed: false,
        }
    }

    fn plan_is(&self, is: impl Fn(&Plan) -> bool) -> bool {
        self.plan.as_ref().is_some_and(is)
    }

    /// Whether the step at hand asks for the text to be the output.
    pub(super) fn by_text(&self) -> bool {
        self.plan_is(|plan| plan.by_text())
    }

    /// Whether the step at hand asks for the output by a tool.
    pub(super) fn by_tool(&self) -> bool {
        self.plan_is(|plan| !plan.by_text())
    }

    /// Whether `name` is the tool by which the step at hand asks for the output.
    pub(super) fn is_tool(&self, name: &str) -> bool {
        self.tool == name && self.by_tool()
    }

    pub(super) fn is_wrapped(&self) -> bool {
        self.plan_is(|plan| plan.offered.wrapped)
    }

    fn strategy(&self) -> Strategy {
        self.plan.as_ref().map_or(Strategy::Auto, |plan| plan.strategy)
    }

    /// Whether one more invalid output is the last.
    fn is_last_attempt(&self) -> bool {
        self.attempts.len() >= self.spec.most_retries() as usize
    }
}

impl Turn {
    /// Decides how the next step asks for the output.
    pub(super) fn plan_output(&mut self) -> Result<(), OutputFailureReason> {
        let cites = self.output.is_some() && asks_for_citations(&self.history);
        let Some(output) = &mut self.output else { return Ok(()) };
        let profile = self.taught.as_deref().unwrap_or(&self.config.profile);
        let shown = self.shown.as_ref();
        let circumstances =
            ladder::Circumstances::of(&self.config, shown, cites, output.refused_with_citations);
        let plan = ladder::plan(&output.spec, profile, &circumstances)?;
        let before = output.plan.replace(plan.clone());
        if before.as_ref() == Some(&plan) {
            return Ok(());
        }
        let resumed = std::mem::take(&mut output.resumed);
        // What was said stays where it is, whatever is learned of the model.
        let said = before.as_ref().is_some_and(|before| before.strategy == Strategy::Prompt);
        if plan.strategy == Strategy::Prompt && !said && says_in_question(profile) {
            output.in_question = true;
            let instruction = texts::instruction(&plan, &output.tool, !self.config.tools.is_empty());
            instruction.into_iter().for_each(|text| self.history.add_to_question(text));
        }
        let text = match before {
            Some(_) if resumed => None,
            None => plan.reason.map(|reason| format!("asked for by {}: {reason}", plan.strategy.as_str())),
            Some(before) => {
                let reason = plan.reason.as_deref().unwrap_or("the request was refused");
                let (from, to) = (before.words(), plan.words());
                Some(format!("asked for by {to} from here on, no more by {from}: {reason}"))
            }
        };
        if let Some(text) = text {
            self.diagnose("output_strategy", format!("the output is {text}"), None);
        }
        let changes = &plan.offered.changes;
        if !changes.is_empty() && !resumed {
            let text = format!("the model is shown an adapted schema: {}", changes.join("; "));
            self.diagnose("output_schema", text, None);
        }
        Ok(())
    }

    /// Puts into a request what asks for the output.
    pub(super) fn ask_for_output(&self, request: &mut Request) {
        let Some(output) = &self.output else { return };
        let Some(plan) = &output.plan else { return };
        let (spec, schema) = (&output.spec, &plan.offered.schema);
        match plan.strategy {
            Strategy::Native => {
                let config = request.output_config.take().unwrap_or_default();
                request.output_config = Some(config.text_format(texts::native_format(spec, schema)));
            }
            Strategy::Tool | Strategy::StrictTool => {
                let mut tool =
                    ToolSpec::with_schema(&output.tool, texts::tool_description(spec), schema.clone());
                tool.strict = (plan.strategy == Strategy::StrictTool).then_some(true);
                let config = request.tool_config.get_or_insert_with(|| ToolConfig::new(Vec::new()));
                config.tools.push(ToolEntry::ToolSpec(tool));
                if config.tool_choice.is_none()
                    && let Some(forced) = plan.forced
                {
                    config.tool_choice = Some(forced.choice(&output.tool));
                }
            }
            Strategy::Prompt | Strategy::Auto => {}
        }
        let said = plan.strategy == Strategy::Prompt && output.in_question;
        let instruction = texts::instruction(plan, &output.tool, !self.config.tools.is_empty());
        request.system.extend(instruction.filter(|_| !said).map(Into::into));
    }

    /// What a finished message is to the output, and the results of the calls that this settles, by block.
    pub(super) fn find_output(
        &self,
        message: &Message,
        endings: &[BlockEnding],
        whole: Result<(), &StopReason>,
    ) -> (Found, BTreeMap<usize, Settled>) {
        let Some(output) = &self.output else { return Default::default() };
        if output.by_text() {
            return (output.find_text(message, endings, whole), BTreeMap::new());
        }
        let mut found = Found::Nothing;
        let mut settled = BTreeMap::new();
        let calls = || {
            message.content.iter().enumerate().filter_map(|(at, block)| match block {
                ContentBlock::ToolUse(call) if !call.is_server_side() => Some((at, call)),
                _ => None,
            })
        };
        for (at, call) in calls().filter(|(_, call)| output.is_tool(&call.name)) {
            let result = if let Found::Valid { .. } = found {
                ToolResult::error(&call.tool_use_id, texts::NOT_TAKEN)
            } else {
                let text = call.input.as_str();
                let read = match wholeness(whole, endings.get(at), call) {
                    Err(not_whole) if !has_ended(whole) => Err(Err(not_whole.to_string())),
                    Err(_) => Err(Ok("\n- the call was not finished".to_owned())),
                    Ok(()) => output.read_input(text).map_err(Ok),
                };
                match read {
                    Ok(value) => {
                        found = Found::Valid { at, value, repaired: false };
                        ToolResult::new(&*call.tool_use_id, [texts::TAKEN.into()])
                    }
                    Err(Ok(problems)) => {
                        let told = texts::rejected_input(&problems);
                        found = Found::Invalid { text: text.to_owned(), problems };
                        ToolResult::error(&call.tool_use_id, told)
                    }
                    Err(Err(not_whole)) => ToolResult::error(&call.tool_use_id, not_whole),
                }
            };
            settled.insert(at, Settled { result, is_output: true });
        }
        let ends = match &found {
            Found::Valid { .. } => output.spec.policy() == EndPolicy::Early,
            Found::Invalid { .. } => output.is_last_attempt(),
            Found::Nothing => false,
        };
        if ends {
            for (at, call) in calls() {
                settled.entry(at).or_insert_with(|| {
                    let result = ToolResult::error(&call.tool_use_id, texts::NOT_RUN);
                    Settled { result, is_output: false }
                });
            }
        }
        (found, settled)
    }

    /// Tells what an answer is to the output.
    pub(super) fn announce_found(&mut self, found: &Found) {
        match found {
            Found::Invalid { problems, .. } => {
                let problems = problems.trim_start().to_owned();
                self.emit(None, OutputRejected::new(problems));
            }
            Found::Valid { repaired: true, .. } => {
                let text = "the output stood among other text, or had commas too many: that was passed over";
                self.diagnose("output_repaired", text, None);
            }
            _ => {}
        }
    }

    /// Ends a step of a turn that wants an output.
    pub(super) fn end_output_step(&mut self, step: FinishedStep, calls: Calls) {
        let has_calls = !calls.is_empty();
        let last_call = step.message.tool_uses().last();
        let last_call = last_call.map(|call| (call.name.clone(), call.input.as_str().to_owned()));
        self.push_answer(step.message.clone(), &step.model_id, calls.into_results(), step.binding);
        let mut end = StepEnd::new(step.stop_reason.clone());
        end.additional_model_response_fields = step.additional_fields.clone();
        end.metadata = step.metadata.clone();
        self.emit(None, end);
        use StopReason::{EndTurn, MalformedModelOutput, MalformedToolUse, StopSequence, ToolUse};
        let Some(output) = &self.output else { return };
        let stop_reason = step.stop_reason.clone();
        let malformed = matches!(stop_reason, MalformedToolUse | MalformedModelOutput);
        let stopped = !malformed && !matches!(stop_reason, ToolUse | EndTurn | StopSequence);
        let by_output_tool = step.message.tool_uses().any(|call| output.is_tool(&call.name));
        match (step.found.clone(), last_call) {
            (Found::Valid { value, repaired, .. }, _) => self.give_output(step, value, repaired),
            (_, Some((name, input))) if stopped && !by_output_tool => {
                self.fail(TurnFailure::TruncatedToolCall { stop_reason, name, input });
            }
            (_, _) if stopped => {
                let text = output.last_text(&step.message);
                self.fail_output(OutputFailureReason::Stopped { stop_reason }, text);
            }
            (Found::Invalid { text, problems }, call) => {
                let reminder = call.is_none().then(|| texts::rejected_text(&problems));
                self.ask_once_more(&step, text, problems, reminder);
            }
            (Found::Nothing, call) if malformed => {
                let problems = format!("\n- it was malformed, and was not received (`{stop_reason}`)");
                let reminder = call.is_none().then(|| texts::rejected_text(&problems));
                let text = output.last_text(&step.message);
                self.emit(None, OutputRejected::new(problems.trim_start()));
                self.ask_once_more(&step, text, problems, reminder);
            }
            (Found::Nothing, _) if has_calls => self.next_step(),
            (Found::Nothing, _) => {
                let (tool, text) = (&output.tool, output.last_text(&step.message));
                let by_text = output.by_text();
                let problems = match (by_text, text.is_empty()) {
                    (_, true) => "\n- there was no answer".to_owned(),
                    (true, false) => "\n- it was not read".to_owned(),
                    (false, false) => format!("\n- it was not given by the tool `{tool}`"),
                };
                let reminder = if by_text { texts::EMPTY.to_owned() } else { texts::reminder(tool) };
                self.emit(None, OutputRejected::new(problems.trim_start()));
                self.ask_once_more(&step, text, problems, Some(reminder));
            }
        }
    }

    fn give_output(&mut self, step: FinishedStep, value: RawJson, repaired: bool) {
        let Some(output) = &mut self.output else { return };
        let strategy = output.strategy();
        let attempts = std::mem::take(&mut output.attempts);
        let end = TurnEnd::new(step.stop_reason.clone(), self.usage.clone()).output(value.clone());
        self.emit(None, end);
        let outcome = TurnOutcome {
            message: step.message,
            stop_reason: step.stop_reason,
            usage: self.usage.clone(),
            steps: self.step,
            additional_model_response_fields: step.additional_fields,
            metadata: step.metadata,
            output: Some(Box::new(TurnOutput { value, strategy, repaired, attempts })),
        };
        self.phase = Phase::Over(Ok(outcome));
    }

    /// Asks for the output once more, in the same conversation, or gives it up.
    fn ask_once_more(
        &mut self,
        step: &FinishedStep,
        text: String,
        problems: String,
        reminder: Option<String>,
    ) {
        let usage = step.metadata.as_ref().and_then(|metadata| metadata.usage.clone());
        let (at, most_steps) = (self.step, self.config.max_steps);
        let Some(output) = &mut self.output else { return };
        let is_last = output.is_last_attempt() || at >= most_steps;
        let strategy = output.strategy();
        let problems = problems.trim_start().to_owned();
        output.attempts.push(OutputAttempt { step: at, strategy, text: text.clone(), problems, usage });
        if is_last {
            let attempts = output.attempts.len();
            return self.fail_output(OutputFailureReason::Invalid { attempts }, text);
        }
        if let Some(reminder) = reminder {
            self.history.push_reminder(Message::user(reminder));
        }
        self.attempt = 1;
    }

    /// Ends the turn without an output; `text` is what the model wrote last towards it.
    pub(super) fn fail_output(&mut self, reason: OutputFailureReason, text: String) {
        let Some(output) = &mut self.output else { return };
        let partial = output.partial(&text);
        let attempts = std::mem::take(&mut output.attempts);
        let usage = self.usage.clone();
        let failure = OutputFailure { reason, text, partial, attempts, usage };
        self.fail(TurnFailure::Output(Box::new(failure)));
    }

    /// What a refusal of the request at hand means for the way in which the output is asked for: where that changes
    /// by it, the turn asks once more.
    pub(super) fn climb_down(&mut self, refusal: &str) -> Option<Recovery> {
        let cites = self.output.is_some() && asks_for_citations(&self.history);
        let output = self.output.as_ref()?;
        let plan = output.plan.as_ref()?;
        let shown = self.shown.as_ref();
        let now = ladder::Circumstances::of(&self.config, shown, cites, output.refused_with_citations);
        let refused = ladder::refused(refusal, plan, &output.spec, &now)?;
        let (profile, with_citations) = match refused {
            Refused::Fact(fact) => (self.profile().clone().with_fact(fact), output.refused_with_citations),
            Refused::Citations => (self.profile().clone(), true),
        };
        let next = ladder::Circumstances::of(&self.config, shown, cites, with_citations);
        let next = ladder::plan(&output.spec, &profile, &next).ok()?;
        if next.asks_like(plan) {
            return None;
        }
        self.output.as_mut()?.refused_with_citations = with_citations;
        Some(match refused {
            Refused::Fact(fact) => {
                self.learn(fact);
                self.ask_again();
                Recovery::Learned(fact)
            }
            Refused::Citations => {
                self.ask_again();
                Recovery::AsksAgain
            }
        })
    }
}

impl Output {
    fn read(&self, text: &str) -> Result<RawJson, String> {
        self.spec.read(text, self.is_wrapped())
    }

    /// Reads the input of a call of its tool. A blank one is the empty object (R37).
    pub(super) fn read_input(&self, text: &str) -> Result<RawJson, String> {
        self.read(if text.trim().is_empty() { "{}" } else { text })
    }

    /// The plan of a step that was asked for before the turn was saved.
    pub(super) fn asked_by(&self, strategy: Strategy, profile: &Profile) -> Option<Plan> {
        let offered = self.spec.offered(strategy, profile).ok()?;
        Some(Plan { strategy, forced: None, offered, reason: None })
    }
}

/// Whether what is asked in words stands in the question itself: where there is no system prompt, and where one that
/// differs from turn to turn would break what the model thought before (R70).
fn says_in_question(profile: &Profile) -> bool {
    !profile.messages.system_prompt || profile.thinking.bound_to_prefix
}

/// Whether the conversation asks for citations.
fn asks_for_citations(history: &History) -> bool {
    let enabled = |config: &Option<crate::CitationsConfig>| config.as_ref().is_some_and(|c| c.enabled);
    let in_result = |part: &crate::ToolResultContent| match part {
        crate::ToolResultContent::Document(document) => enabled(&document.citations),
        crate::ToolResultContent::SearchResult(found) => enabled(&found.citations),
        _ => false,
    };
    history.messages().flat_map(|message| &message.content).any(|block| match block {
        ContentBlock::Document(document) => enabled(&document.citations),
        ContentBlock::SearchResult(found) => enabled(&found.citations),
        ContentBlock::ToolResult(result) => result.content.iter().any(in_result),
        _ => false,
    })
}

impl Plan {
    fn words(&self) -> String {
        match self.forced {
            Some(forced) => format!("{} with the choice `{}`", self.strategy.as_str(), forced.as_str()),
            None => self.strategy.as_str().to_owned(),
        }
    }
}
