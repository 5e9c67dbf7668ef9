//! Decides what happens in a turn: which action is next, and what follows from what happened.
//!
//! A [`Turn`] does no I/O and knows no clock. A driver takes [`Action`]s, does them, and tells what happened by the
//! action's id, in any order; [`TurnEvent`]s for whoever watches come out beside. The same machine runs under any
//! driver, and in tests under none.
//!
//! # Invariants
//! - A tool call is handed out for dispatch only when its block has stopped (some gateways leave that to the end of
//!   the message, which will do where there is an input), the message has ended with
//!   `tool_use` (or with `end_turn` or `stop_sequence` and every block stopped), and its text is strict JSON that
//!   fits the tool's schema (D3). Everything else becomes an error result or a [`TurnFailure`].
//! - Whenever the turn is let go, [`Turn::into_history`] gives a history that can be sent again, with every
//!   result that had come (D5).
//! - A call that was handed out is never handed out again, not even by a turn that was saved and resumed.
//! - Outcomes for actions that are not outstanding change nothing.

mod action;
mod bound;
mod calls;
mod live;
mod output;
mod refusal;
mod request;
mod saved;
mod shown;
mod tool_streaming;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

pub use action::{
    Action, ActionId, ConverseAction, DispatchAction, Recovery, TurnConfig, TurnFailure, TurnOutcome,
};
pub use calls::ToolCall;
pub use live::LiveInput;
pub use saved::{SavedTurn, UnknownVersion};
pub use tool_streaming::ToolStreaming;

use crate::{
    Assembled, Assembler, Binding, CitationAdded, ContentBlock, Diagnostic, EVENT_VERSION, EventKind, Fact,
    Growth, History, Message, OutputDelta, Profile, ProtocolError, RawJson, ReasoningContent, ReasoningDelta,
    ReasoningEnd, StepEnd, StepStart, StepUsage, StopReason, StreamEvent, StreamMetadata, TextDelta, TextEnd,
    ToolEnd, ToolInputDelta, ToolInputEnd, ToolInputStart, ToolProgress, ToolResult, ToolResultContent,
    ToolResultStatus, ToolUseStart, TurnEnd, TurnEvent, TurnStart, Usage,
};
use outcrop_json::LiveJson;

use bound::sends_reasoning;
use calls::Calls;
use live::{LiveCall, LiveInputs};
use output::{Found, OpenOutput, Output};
use shown::ShownTools;

/// One turn: from a user message to the answer.
///
/// ```
/// use std::sync::Arc;
/// use outcrop_core::*;
///
/// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
/// let mut turn = Turn::new(config, History::new(), Message::user("Hello"), "t1");
/// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
/// let delta = ContentBlockDelta::new(0u32, BlockDelta::Text("Hi!".into()));
/// turn.on_stream_event(ask.id, StreamEvent::ContentBlockDelta(delta));
/// turn.on_stream_event(ask.id, StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn)));
/// turn.on_stream_end(ask.id);
/// assert!(turn.next_action().is_none());
/// assert_eq!(turn.outcome().unwrap().as_ref().unwrap().message.text(), "Hi!");
/// assert_eq!(turn.into_history().len(), 2);
/// ```
#[derive(Debug)]
pub struct Turn {
    id: Arc<str>,
    config: Arc<TurnConfig>,
    /// That of `config`, where refusals have taught something beyond it.
    taught: Option<Box<Profile>>,
    history: History,
    step: u32,
    attempt: u32,
    usage: Usage,
    phase: Phase,
    next_id: u64,
    events: VecDeque<TurnEvent>,
    /// Entries of the history whose rendering was already reported on.
    reported: usize,
    /// As it was before the attempt at hand.
    reported_before: usize,
    learned: Vec<Fact>,
    tool_streaming: ToolStreaming,
    /// The request at hand asks for fine-grained tool streaming, by our doing.
    asked_fine: bool,
    /// The inputs of the last message that was assembled, until a watcher has seen the next step begin.
    inputs: LiveInputs,
    /// The calls that began in this step and in the last one, by step, attempt and block.
    calls_begun: BTreeMap<(u32, u32, u32), LiveCall>,
    /// What the turn is to end with, where that is not only text.
    output: Option<Output>,
    /// How the tools are shown; `None` until they are looked at.
    shown: Option<ShownTools>,
    /// The service refused what was thought so far, and there is no answer without it yet.
    forgets: bool,
}

#[derive(Debug)]
enum Phase {
    /// The next request is due.
    Due,
    /// A request is out.
    Asking(Asking),
    /// The answer is final and its stream may still bring metadata; calls may run meanwhile.
    Dispatching { stream: Option<ActionId>, step: FinishedStep, calls: Calls },
    /// Nothing more happens.
    Over(Result<TurnOutcome, TurnFailure>),
}

#[derive(Debug)]
struct Asking {
    id: ActionId,
    assembler: Assembler,
    /// Which kind each open block is, for the events that end it.
    open: BTreeMap<u32, OpenBlock>,
    /// Its tokens are in the turn's.
    counted: bool,
    /// Texts that are the output, by block.
    texts: BTreeMap<u32, Box<LiveJson>>,
    /// Where the answer stands.
    binding: Binding,
    /// The request sends back what the model thought.
    reasons: bool,
}

#[derive(Debug)]
enum OpenBlock {
    Text,
    Reasoning,
    ToolUse(Arc<str>),
    /// Of a turn that wants an output.
    Output(OpenOutput),
}

/// An answer that is final.
#[derive(Debug)]
struct FinishedStep {
    message: Message,
    stop_reason: StopReason,
    model_id: String,
    additional_fields: Option<RawJson>,
    metadata: Option<Box<StreamMetadata>>,
    /// What it is to the output.
    found: Found,
    /// Where it stands.
    binding: Binding,
}

impl Turn {
    /// A turn that asks `user` after `history`. `id` goes into its events.
    pub fn new(
        config: Arc<TurnConfig>,
        mut history: History,
        user: Message,
        id: impl Into<Arc<str>>,
    ) -> Self {
        history.push_user(user);
        let mut turn = Self::over(config, history, id.into());
        turn.emit(None, TurnStart::new(EVENT_VERSION, turn.config.model_id.clone()));
        turn
    }

    fn over(config: Arc<TurnConfig>, history: History, id: Arc<str>) -> Self {
        let tool_streaming = config.tool_streaming;
        let output = config.output.as_ref().map(|spec| Output::new(spec, |name| config.names_tool(name)));
        Self {
            id,
            config,
            taught: None,
            history,
            step: 0,
            attempt: 1,
            usage: Usage::default(),
            phase: Phase::Due,
            next_id: 0,
            events: VecDeque::new(),
            reported: 0,
            reported_before: 0,
            learned: Vec::new(),
            tool_streaming,
            asked_fine: false,
            inputs: LiveInputs::default(),
            calls_begun: BTreeMap::new(),
            output,
            shown: None,
            forgets: false,
        }
    }

    /// The first `entries` of the history were told of in an earlier turn: what rendering leaves out of them is not
    /// told again.
    pub fn skip_reported(&mut self, entries: usize) {
        self.reported = entries;
    }

    /// What the model takes, as far as is known now.
    fn profile(&self) -> &Profile {
        self.taught.as_deref().unwrap_or(&self.config.profile)
    }

    /// The next thing to do, if there is one now. Ask again after each thing that happened.
    pub fn next_action(&mut self) -> Option<Action> {
        match &mut self.phase {
            Phase::Due => {
                if self.attempt == 1 {
                    self.step += 1;
                    self.emit(None, StepStart::new());
                }
                self.plan_tools();
                if let Err(reason) = self.plan_output() {
                    self.fail_output(reason, String::new());
                    return None;
                }
                Some(Action::Converse(self.ask()))
            }
            Phase::Dispatching { calls, .. } => {
                let call = calls.next_call(self.config.max_parallel_tools)?;
                let id = ActionId(self.next_id);
                self.next_id += 1;
                calls.started(&call, id);
                let started = crate::ToolStart::new(call.tool_use_id.clone(), call.name.clone());
                self.emit(call.block, started);
                Some(Action::Dispatch(DispatchAction { id, call }))
            }
            Phase::Asking(_) | Phase::Over(_) => None,
        }
    }

    fn ask(&mut self) -> ConverseAction {
        self.calls_begun = self.calls_begun.split_off(&(self.step.saturating_sub(1), 0, 0));
        let id = ActionId(self.next_id);
        self.next_id += 1;
        let (request, binding) = self.request();
        let reasons = sends_reasoning(&request);
        self.phase = Phase::Asking(Asking {
            id,
            assembler: Assembler::new(),
            open: BTreeMap::new(),
            counted: false,
            texts: BTreeMap::new(),
            binding,
            reasons,
        });
        let streams = self.profile().tools.streams;
        if self.step == 1 && self.attempt == 1 && request.tool_config.is_some() && !streams {
            let text = "this model cannot stream while it has tools: each answer comes whole";
            self.diagnose("not_streamed", text, None);
        }
        ConverseAction { id, request: Box::new(request) }
    }

    /// Takes an event of the stream of the Converse action `id`.
    pub fn on_stream_event(&mut self, id: ActionId, event: StreamEvent) {
        match &mut self.phase {
            Phase::Asking(asking) if asking.id == id => match asking.assembler.push(event) {
                Ok(growth) => self.grown(growth),
                Err(error) => self.fail(error.into()),
            },
            Phase::Dispatching { stream: Some(stream), step, .. } if *stream == id => match event {
                StreamEvent::Metadata(metadata) => {
                    // A second one replaces what is told, and is not counted again.
                    let usage = metadata.usage.clone().filter(|_| step.metadata.is_none());
                    step.metadata = Some(metadata);
                    self.count(usage);
                }
                late => {
                    let payload = late.to_payload().map(|(_, payload)| payload);
                    payload.into_iter().for_each(|raw| self.diagnose_unknown(None, raw));
                }
            },
            _ => {}
        }
    }

    fn grown(&mut self, growth: Growth) {
        let Phase::Asking(asking) = &mut self.phase else { return };
        let open = &mut asking.open;
        match growth {
            Growth::Nothing => {}
            Growth::Text { block, text } if self.output.as_ref().is_some_and(Output::by_text) => {
                self.grow_output_text(block, text);
            }
            Growth::Text { block, text } => {
                open.entry(block).or_insert(OpenBlock::Text);
                if !text.is_empty() {
                    self.emit(Some(block), TextDelta::new(text));
                }
            }
            Growth::Reasoning { block, text } => {
                open.entry(block).or_insert(OpenBlock::Reasoning);
                if !text.is_empty() {
                    self.emit(Some(block), ReasoningDelta::new(text));
                }
            }
            Growth::ToolUseStarted { block, start }
                if start.kind.is_none()
                    && self.output.as_ref().is_some_and(|output| output.is_tool(&start.name)) =>
            {
                self.start_output_input(block, &start);
            }
            Growth::ToolUseStarted { block, start } => {
                let call = LiveCall::of(&start);
                open.insert(block, OpenBlock::ToolUse(Arc::clone(&call.tool_use_id)));
                self.calls_begun.insert((self.step, self.attempt, block), call);
                self.emit(Some(block), tool_input_start(start));
            }
            Growth::ToolInput { block, fragment, mark } => match open.get(&block) {
                Some(OpenBlock::ToolUse(id)) => {
                    let delta = ToolInputDelta::new(Arc::clone(id), fragment, mark);
                    self.emit(Some(block), delta);
                }
                Some(OpenBlock::Output(_)) => self.emit(Some(block), OutputDelta::new(fragment, mark)),
                _ => {}
            },
            Growth::Citation { block, citation } => {
                open.entry(block).or_insert(OpenBlock::Text);
                self.emit(Some(block), CitationAdded::new(citation));
            }
            Growth::Whole { block, content } => self.show_whole(block, *content),
            Growth::BlockStopped { block } => self.close_block(block),
            Growth::Foreign { block, raw } => self.diagnose_unknown(block, raw),
            Growth::Metadata => {
                let usage = asking.assembler.metadata().and_then(|metadata| metadata.usage.clone());
                let first = !std::mem::replace(&mut asking.counted, true);
                self.count(usage.filter(|_| first));
            }
            Growth::MessageStopped => self.finish_message(),
        }
    }

    /// A block that came whole shows as if it had grown.
    fn show_whole(&mut self, block: u32, content: ContentBlock) {
        match content {
            ContentBlock::Text(text) => self.grown(Growth::Text { block, text }),
            ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning)) => {
                self.grown(Growth::Reasoning { block, text: reasoning.text });
            }
            ContentBlock::CitationsContent(cited) => {
                for citation in cited.citations {
                    self.grown(Growth::Citation { block, citation: citation.into() });
                }
                for text in cited.content.into_iter().filter_map(|part| part.text) {
                    self.grown(Growth::Text { block, text });
                }
            }
            ContentBlock::ToolUse(call) => {
                let fragment = call.input.as_str().to_owned();
                let mut start = ToolUseStart::new(call.tool_use_id, call.name);
                start.kind = call.kind;
                self.grown(Growth::ToolUseStarted { block, start });
                let mark = fragment.len() as u64;
                self.grown(Growth::ToolInput { block, fragment, mark });
            }
            _ => {}
        }
    }

    fn close_block(&mut self, block: u32) {
        let Phase::Asking(asking) = &mut self.phase else { return };
        let Some(kind) = asking.open.remove(&block) else { return };
        match kind {
            OpenBlock::Text => self.emit(Some(block), TextEnd::new()),
            OpenBlock::Reasoning => self.emit(Some(block), ReasoningEnd::new()),
            OpenBlock::ToolUse(id) => self.emit(Some(block), ToolInputEnd::new(id)),
            OpenBlock::Output(kind) => self.close_output(block, kind),
        }
    }

    /// The message is final: decides over its tool calls.
    fn finish_message(&mut self) {
        if let Phase::Asking(asking) = &mut self.phase {
            let left: Vec<u32> = asking.open.keys().copied().collect();
            left.into_iter().for_each(|block| self.close_block(block));
        }
        let Phase::Asking(asking) = std::mem::replace(&mut self.phase, Phase::Due) else { return };
        let assembled = match asking.assembler.finish() {
            Ok(assembled) => assembled,
            Err(error) => return self.fail(error.into()),
        };
        let Assembled { message, endings, all_stopped, stop, metadata, mut inputs, values, .. } = assembled;
        inputs.extend(asking.texts);
        self.keep_inputs(inputs);
        let stop_reason = stop.stop_reason;
        let has_calls = message.tool_uses().next().is_some();
        let server_side = |block: &ContentBlock| matches!(block, ContentBlock::ToolUse(_));
        if stop_reason == StopReason::ToolUse && !message.content.iter().any(server_side) {
            let text = "the model stopped for a tool and called none; taken as the end of its answer";
            self.diagnose("tool_use_without_call", text, None);
        }
        if matches!(stop_reason, StopReason::EndTurn | StopReason::StopSequence) && has_calls {
            let text =
                format!("the model stopped with `{stop_reason}` and called a tool; taken as `tool_use`");
            self.diagnose("call_without_tool_use", text, None);
        }
        let malformed =
            matches!(stop_reason, StopReason::MalformedToolUse | StopReason::MalformedModelOutput);
        if malformed || message.tool_uses().any(|call| !call.input.is_object()) {
            self.on_damaged_input();
        }
        // Which of the calls may run (D3).
        let whole = match &stop_reason {
            StopReason::ToolUse => Ok(()),
            StopReason::EndTurn | StopReason::StopSequence if all_stopped => Ok(()),
            reason => Err(reason),
        };
        let (found, settled) = self.find_output(&message, &endings, whole);
        self.announce_found(&found);
        let calls = Calls::judge(&self.config.tools, &message, &endings, values, whole, settled);
        let model_id = self.config.model_id.clone();
        let additional_fields = stop.additional_model_response_fields;
        let binding = asking.binding;
        let step =
            FinishedStep { message, stop_reason, model_id, additional_fields, metadata, found, binding };
        self.phase = Phase::Dispatching { stream: Some(asking.id), step, calls };
        self.announce_refused();
        self.advance();
    }

    /// Events for calls whose result is known without running them.
    fn announce_refused(&mut self) {
        let Phase::Dispatching { calls, .. } = &self.phase else { return };
        let refused: Vec<_> =
            calls.results().map(|(block, result)| (block, ToolEnd::new(result.clone()))).collect();
        refused.into_iter().for_each(|(block, end)| self.emit(block, end));
    }

    /// The stream of the Converse action `id` has ended in order.
    pub fn on_stream_end(&mut self, id: ActionId) {
        match &mut self.phase {
            Phase::Asking(asking) if asking.id == id => self.fail(ProtocolError::Unfinished.into()),
            Phase::Dispatching { stream, .. } if *stream == Some(id) => {
                *stream = None;
                self.advance();
            }
            _ => {}
        }
    }

    /// The tool of the Dispatch action `id` gave `content`.
    pub fn on_tool_result(
        &mut self,
        id: ActionId,
        content: Vec<ToolResultContent>,
        status: ToolResultStatus,
    ) {
        let Phase::Dispatching { calls, .. } = &mut self.phase else { return };
        let Some((block, result)) = calls.finished(id, content, status) else { return };
        self.emit(block, ToolEnd::new(result));
        self.advance();
    }

    /// The tool of the Dispatch action `id` tells how far it is.
    pub fn on_tool_progress(&mut self, id: ActionId, progress: RawJson) {
        let Phase::Dispatching { calls, .. } = &self.phase else { return };
        if let Some((block, tool_use_id)) = calls.running(id) {
            self.emit(block, ToolProgress::new(tool_use_id, progress));
        }
    }

    /// Ends the step once its stream and all its calls have ended.
    fn advance(&mut self) {
        match &self.phase {
            Phase::Dispatching { stream: None, calls, .. } if calls.are_done() => {}
            _ => return,
        }
        let Phase::Dispatching { step, calls, .. } = std::mem::replace(&mut self.phase, Phase::Due) else {
            return;
        };
        let has_calls = !calls.is_empty();
        if self.output.is_some() {
            return self.end_output_step(step, calls);
        }
        let FinishedStep { message, stop_reason, model_id, additional_fields, metadata, binding, .. } = step;
        let goes_on =
            matches!(stop_reason, StopReason::ToolUse | StopReason::EndTurn | StopReason::StopSequence);
        let malformed =
            matches!(stop_reason, StopReason::MalformedToolUse | StopReason::MalformedModelOutput);
        let truncated = message.tool_uses().last().filter(|_| !goes_on);
        let truncated = truncated.map(|call| (call.name.clone(), call.input.as_str().to_owned()));
        let outcome = (!malformed && truncated.is_none() && !has_calls).then(|| TurnOutcome {
            message: message.clone(),
            stop_reason: stop_reason.clone(),
            usage: self.usage.clone(),
            steps: self.step,
            additional_model_response_fields: additional_fields.clone(),
            metadata: metadata.clone(),
            output: None,
        });
        self.push_answer(message, &model_id, calls.into_results(), binding);
        let mut end = StepEnd::new(stop_reason.clone());
        end.additional_model_response_fields = additional_fields;
        end.metadata = metadata;
        self.emit(None, end);
        match (truncated, outcome) {
            _ if malformed => self.fail(TurnFailure::MalformedOutput { stop_reason }),
            (Some((name, input)), _) => {
                self.fail(TurnFailure::TruncatedToolCall { stop_reason, name, input });
            }
            (None, Some(outcome)) => {
                self.emit(None, TurnEnd::new(stop_reason, self.usage.clone()));
                self.phase = Phase::Over(Ok(outcome));
            }
            (None, None) => self.next_step(),
        }
    }

    /// The results of a step are there, and the model is to go on.
    fn next_step(&mut self) {
        if self.step >= self.config.max_steps {
            self.fail(TurnFailure::StepLimit { max_steps: self.config.max_steps });
        } else {
            self.attempt = 1;
        }
    }

    fn count(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.usage.add(&usage);
            self.emit(None, StepUsage::new(usage));
        }
    }

    /// Ends the turn without an answer; what can be kept of an open answer goes into the history.
    fn fail(&mut self, failure: TurnFailure) {
        self.close();
        self.phase = Phase::Over(Err(failure));
    }

    /// Brings the history into order, whatever was going on.
    fn close(&mut self) {
        match std::mem::replace(&mut self.phase, Phase::Due) {
            Phase::Due => {}
            over @ Phase::Over(_) => self.phase = over,
            Phase::Asking(mut asking) => {
                let mut inputs = asking.assembler.take_inputs();
                inputs.extend(asking.texts);
                self.keep_inputs(inputs);
                if let Some(message) = asking.assembler.partial() {
                    let model_id = self.config.model_id.clone();
                    self.push_answer(message, &model_id, Vec::new(), asking.binding);
                }
            }
            Phase::Dispatching { step, calls, .. } => {
                self.push_answer(step.message, &step.model_id, calls.into_results(), step.binding);
            }
        }
    }

    /// Adds an answer to the history.
    fn push_answer(&mut self, message: Message, model_id: &str, results: Vec<ToolResult>, binding: Binding) {
        self.forgets &= message.content.is_empty();
        self.history.push_answer(message, Some(model_id), results, binding);
    }

    /// How the turn ended; `None` while it goes on.
    pub fn outcome(&self) -> Option<Result<&TurnOutcome, &TurnFailure>> {
        match &self.phase {
            Phase::Over(outcome) => Some(outcome.as_ref()),
            _ => None,
        }
    }

    /// The conversation as far as it is settled: without the step at hand.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The history, whether the turn has ended or is given up now: calls without a result get one that says that
    /// they were interrupted, and what was not whole of an open answer is gone.
    pub fn into_history(mut self) -> History {
        self.take_history()
    }

    /// As [`Turn::into_history`], for a driver that cannot give the turn away; the turn is over then.
    pub fn take_history(&mut self) -> History {
        self.close();
        if !matches!(self.phase, Phase::Over(_)) {
            self.phase = Phase::Over(Err(TurnFailure::Abandoned));
        }
        std::mem::take(&mut self.history)
    }

    /// The next event for whoever watches.
    pub fn next_event(&mut self) -> Option<TurnEvent> {
        let event = self.events.pop_front()?;
        self.inputs.seen(&event);
        Some(event)
    }

    /// The id of the turn.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The step at hand, from 1; 0 before the first.
    pub fn step(&self) -> u32 {
        self.step
    }

    /// What refusals taught in this turn. A driver should render later turns of the conversation by it too.
    pub fn learned(&self) -> &[Fact] {
        &self.learned
    }

    /// Tokens of all steps so far.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    fn diagnose_unknown(&mut self, block: Option<u32>, raw: RawJson) {
        let message = "the service sent something that has no place in the message; it is only shown here";
        self.emit(block, Diagnostic::new("unknown_content", message).raw(raw));
    }

    fn diagnose(&mut self, code: &str, message: impl Into<String>, block: Option<u32>) {
        self.emit(block, Diagnostic::new(code, message));
    }

    fn emit(&mut self, block: Option<u32>, kind: impl Into<EventKind>) {
        let turn = Arc::clone(&self.id);
        let event = TurnEvent { turn, step: self.step, attempt: self.attempt, block, kind: kind.into() };
        self.events.push_back(event);
    }
}

fn tool_input_start(start: ToolUseStart) -> ToolInputStart {
    let server_side = start.kind.as_deref() == Some("server_tool_use");
    let mut event = ToolInputStart::new(start.tool_use_id, start.name);
    event.server_side = server_side.then_some(true);
    event
}
