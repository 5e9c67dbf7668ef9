//! Decides what happens in a turn: which action is next, and what follows from what happened.
//!
//! A [`Turn`] does no I/O and knows no clock. A driver takes [`Action`]s, does them, and reports what happened by the
//! action's id, in any order; [`TurnEvent`]s for observers come out beside. The same machine runs under any driver, and
//! in tests without one. `docs/turn.md` has the states, the rules of the contract, and the tables of events and
//! diagnostics.
//!
//! | file | owns |
//! |---|---|
//! | `action.rs` | what a driver is asked to do, ids, how a turn ends |
//! | `step.rs` | the model and the calls of one step side by side; its one end |
//! | `attempt.rs` | one call to the model, also apart from its turn |
//! | `calls.rs`, `verdict.rs` | the tool calls of a step; which may run, and when |
//! | `answer.rs`, `output.rs` | an answer that has ended; what of it is the output |
//! | `outbox.rs`, `live.rs` | events and diagnostics; live values |
//! | `saved.rs` | the saved form |
//!
//! # Invariants
//! - A tool call is handed out for dispatch only when `verdict.rs` says that it may run (D3). Everything else becomes an
//!   error result or a [`TurnFailure`].
//! - Whenever the turn is let go, [`Turn::into_conversation`] gives a history that can be sent again, with every result
//!   that had come (D5).
//! - A call is handed out once. Only a `read_only` one whose turn was saved while it ran is handed out again.
//! - Outcomes for actions that are not outstanding change nothing.

mod action;
mod answer;
mod attempt;
mod calls;
mod limits;
mod live;
mod outbox;
mod output;
mod saved;
mod step;
mod texts;
mod verdict;

use std::{collections::VecDeque, sync::Arc};

pub use action::{
    Action, ActionId, ActionKind, CancelAction, ConverseAction, DecideAction, Decision, DispatchAction,
    InvalidActionId, Outstanding, Question, RememberAction, ToolCall, TurnFailure, TurnOutcome, WaitAction,
};
pub use answer::{AnswerEnd, FinishedAnswer};
pub use attempt::Attempt;
pub use live::LiveInput;
pub use saved::{SavedTurn, UnknownVersion};

use crate::{
    AttemptDiscarded, ContentBlock, Conversation, Diagnostic, EVENT_VERSION, History, Message, OutputAttempt,
    OutputFailure, OutputFailureReason, OutputRejected, RawJson, Response, StepEnd, StepStart, StopReason,
    StreamEvent, ToolEnd, ToolProgress, ToolResult, ToolResultContent, ToolResultStatus, ToolStart, TurnEnd,
    TurnEvent, TurnOutput, TurnStart, Usage,
    call_data::InputHash,
    config::{ToolStreaming, TurnConfig},
    failure::CallFailure,
    plan::{self, Effect, Knowledge, Lesson, OutputAsk, Place},
    time::Time,
};

use action::BoundDecision;
use answer::{CompleteAnswer, OutputCandidate, ParsedInput, PresetResults};
use attempt::{BROKEN_AFTER_ANSWER, OpenAnswer, Progress};
use calls::{Calls, EndedCall};
use limits::{LimitReached, Spent};
use live::{KeptInputs, LiveInputs};
use outbox::Outbox;
use output::OutputState;
use step::{ModelState, Next, OpenCall, Step};

/// One turn: from a user message to the answer.
///
/// ```
/// use std::sync::Arc;
/// use outcrop_core::*;
///
/// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
/// let mut turn = Turn::new(config, History::new(), Message::user("Hello"), "t1", Time(0));
/// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
/// let delta = ContentBlockDelta::new(0u32, BlockDelta::Text("Hi!".into()));
/// turn.on_stream_event(ask.id, StreamEvent::ContentBlockDelta(delta), Time(1));
/// turn.on_stream_event(ask.id, StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn)), Time(2));
/// turn.on_stream_end(ask.id, Time(2));
/// assert!(turn.next_action().is_none());
/// assert_eq!(turn.outcome().unwrap().as_ref().unwrap().message.text(), "Hi!");
/// assert_eq!(turn.into_conversation().history.len(), 2);
/// ```
#[derive(Debug)]
pub struct Turn {
    config: Arc<TurnConfig>,
    conversation: Conversation,
    knowledge: Knowledge,
    /// What the turn is to end with, where that is not only text.
    output: Option<OutputState>,
    phase: Phase,
    /// Calls of the step at hand that failed and were made again.
    retries: u32,
    usage: Usage,
    outbox: Outbox,
    live: LiveInputs,
    /// Actions that need no state.
    actions: VecDeque<Action>,
    /// Actions that were cancelled and not reported since.
    cancelling: Vec<ActionId>,
    /// The moment that the driver waits for.
    waiting: Option<Time>,
    /// The latest moment that a driver told.
    now: Time,
}

#[derive(Debug)]
enum Phase {
    /// A request is to be made.
    Prepare(Why),
    /// A step is under way.
    Step(Box<Step>),
    /// Nothing more happens.
    Over(Box<Result<TurnOutcome, TurnFailure>>),
}

/// Why a request is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
enum Why {
    /// The turn begins, or the model goes on with results.
    NextStep,
    /// The output was not valid.
    OutputRejected,
    /// A refusal taught how to phrase the request of the step at hand.
    Rephrased,
    /// The call of the step at hand failed and is made again.
    Retried,
    /// The request was out when the turn was saved.
    Resumed,
}

impl Turn {
    /// A turn that asks `user` after what was said in `conversation`. `id` goes into its events; `now` is the moment as
    /// the driver knows it.
    pub fn new(
        config: Arc<TurnConfig>,
        conversation: impl Into<Conversation>,
        user: Message,
        id: impl Into<Arc<str>>,
        now: Time,
    ) -> Self {
        let mut conversation = conversation.into();
        conversation.history.push_user(user);
        let mut turn = Self::over(config, conversation, id.into(), now);
        turn.outbox.emit(None, TurnStart::new(EVENT_VERSION, turn.config.target().model_id.clone()));
        turn
    }

    fn over(config: Arc<TurnConfig>, conversation: Conversation, id: Arc<str>, now: Time) -> Self {
        let output = config.output.as_ref();
        let output =
            output.map(|spec| OutputState::new(OutputAsk::new(spec, |name| config.names_tool(name))));
        Self {
            knowledge: Knowledge::new(&config, &conversation),
            config,
            conversation,
            output,
            phase: Phase::Prepare(Why::NextStep),
            retries: 0,
            usage: Usage::default(),
            outbox: Outbox::new(id, 0, 1),
            live: LiveInputs::default(),
            actions: VecDeque::new(),
            cancelling: Vec::new(),
            waiting: None,
            now,
        }
    }

    /// The next thing to do, if there is one now. Ask again after each thing that happened.
    pub fn next_action(&mut self) -> Option<Action> {
        if let Some(action) = self.actions.pop_front() {
            return Some(action);
        }
        if let Phase::Prepare(why) = self.phase {
            return self.ask(why);
        }
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return None };
        if let Some(question) = step.calls.next_question(step_number) {
            return Some(Action::Decide(question));
        }
        let (tools, limit) = (&self.config.tools, self.config.max_parallel_tools);
        if let Some(dispatch) = step.calls.next(tools, step_number, limit, self.now) {
            let call = &dispatch.call;
            self.outbox.emit(call.block, ToolStart::new(call.tool_use_id.as_str(), call.name.clone()));
            return Some(Action::Dispatch(dispatch));
        }
        self.next_wait()
    }

    /// The earliest moment at which something is due, where the driver does not wait for it yet.
    fn next_wait(&mut self) -> Option<Action> {
        let due = match &self.phase {
            Phase::Step(step) => match &step.model {
                ModelState::Backoff { until, .. } => Some(*until),
                _ => step.calls.deadline(),
            },
            _ => None,
        };
        if due == self.waiting {
            return None;
        }
        self.waiting = due;
        let until = due?;
        Some(Action::Wait(WaitAction { id: self.wait_id(until), until }))
    }

    fn wait_id(&self, until: Time) -> ActionId {
        ActionId::wait(self.outbox.step, self.outbox.attempt, until)
    }

    fn converse_id(&self) -> ActionId {
        ActionId::converse(self.outbox.step, self.outbox.attempt)
    }

    /// Makes the request of the step at hand.
    fn ask(&mut self, why: Why) -> Option<Action> {
        match why {
            Why::NextStep | Why::OutputRejected => {
                (self.outbox.step, self.outbox.attempt, self.retries) = (self.outbox.step + 1, 1, 0);
                self.outbox.emit(None, StepStart::new());
            }
            Why::Resumed => self.outbox.emit(None, StepStart::new()),
            Why::Rephrased | Why::Retried => {}
        }
        let mut reports = self.knowledge.refresh_tools(&self.config);
        if let Some(output) = &mut self.output {
            let history = &self.conversation.history;
            match plan::decide_output(&output.ask, &self.config, &self.knowledge, history) {
                Ok(decision) => {
                    let (instruction, more) = output.ask.take(decision);
                    reports.extend(more);
                    instruction.into_iter().for_each(|text| self.conversation.history.add_to_question(text));
                }
                Err(reason) => {
                    self.report(reports);
                    self.fail_output(reason, String::new());
                    return None;
                }
            }
        }
        let place = Place { step: self.outbox.step, attempt: self.outbox.attempt };
        let ask = self.output.as_ref().map(|output| &output.ask);
        let (request, sent, more) = plan::make(&self.config, &self.knowledge, &self.conversation, ask, place);
        reports.extend(more);
        self.report(reports);
        let said = self.conversation.history.len();
        let reported_before = std::mem::replace(&mut self.conversation.reported, said);
        let form = self.output.as_ref().map(OutputState::form).unwrap_or_default();
        let call = OpenCall { answer: OpenAnswer::new(form.clone()), sent, reported_before };
        let target = self.config.target();
        let step = Step::asked(call, target.model_id.clone());
        let action = ConverseAction {
            id: self.converse_id(),
            request: Box::new(request),
            target: target.key(),
            region: target.region.clone(),
            attempt: self.outbox.attempt,
            single_attempt: self.config.retry.max_attempts() > 1,
            turn: Arc::clone(self.outbox.turn()),
            form,
        };
        self.phase = Phase::Step(Box::new(step));
        Some(Action::Converse(action))
    }

    fn report(&mut self, diagnostics: Vec<Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.outbox.report(None, diagnostic));
    }

    fn see(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    /// The step at hand, where the Converse action `id` is its own.
    fn asked_step(&mut self, id: ActionId) -> Option<&mut Step> {
        let own = id == self.converse_id();
        match &mut self.phase {
            Phase::Step(step) if own => Some(step),
            _ => None,
        }
    }

    /// Takes an event of the stream of the Converse action `id`.
    pub fn on_stream_event(&mut self, id: ActionId, event: StreamEvent, now: Time) {
        self.see(now);
        if id != self.converse_id() {
            return;
        }
        let Phase::Step(step) = &mut self.phase else { return };
        match &mut step.model {
            ModelState::Open(call) => match call.answer.push(event, &mut self.outbox) {
                Ok(Progress::Growing) => {}
                Ok(Progress::Counted(usage)) => self.usage.add(&usage),
                Ok(Progress::MessageStopped) => self.commit(),
                Err(error) => self.break_off(|answer| answer.broken(AnswerEnd::Protocol(error))),
            },
            ModelState::Trailing(trailing) => {
                let usage = trailing.push(event, &mut self.outbox);
                usage.iter().for_each(|usage| self.usage.add(usage));
            }
            ModelState::Idle | ModelState::Backoff { .. } => {}
        }
    }

    /// The stream of the Converse action `id` has ended in order.
    pub fn on_stream_end(&mut self, id: ActionId, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        match step.model {
            ModelState::Open(_) => {
                let end = AnswerEnd::Protocol(crate::ProtocolError::Unfinished);
                self.break_off(|answer| answer.broken(end));
            }
            ModelState::Trailing(_) => {
                step.end_stream();
                self.advance();
            }
            ModelState::Idle | ModelState::Backoff { .. } => {}
        }
    }

    /// The call of the Converse action `id` failed.
    ///
    /// A refusal that teaches how to phrase the request is followed by another [`Action::Converse`], as long as nothing of
    /// the answer had come (R7, R70); so is a failure that [`TurnConfig::retry`] makes again. A failure after
    /// `messageStop` only ends the stream (R105).
    pub fn on_call_failed(&mut self, id: ActionId, failure: CallFailure, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        match step.model {
            ModelState::Open(_) => self.break_off(|answer| answer.failed(failure)),
            ModelState::Trailing(_) => {
                step.end_stream();
                self.outbox.diagnose("stream_error_after_answer", BROKEN_AFTER_ANSWER);
                self.advance();
            }
            ModelState::Idle | ModelState::Backoff { .. } => {}
        }
    }

    /// Takes the answer of the Converse action `id`, read apart from the turn by [`ConverseAction::read_apart`]. The
    /// attempt has given the events of the stream; the turn gives the others.
    pub fn on_answer(&mut self, id: ActionId, answer: FinishedAnswer, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        if !matches!(step.model, ModelState::Open(_)) {
            return;
        }
        let mut answer = answer;
        self.outbox.diagnostics.append(&mut answer.diagnostics);
        let usage = answer.metadata.as_ref().and_then(|metadata| metadata.usage.as_ref());
        usage.into_iter().for_each(|usage| self.usage.add(usage));
        if matches!(answer.end, AnswerEnd::Stopped { .. }) {
            self.take_message(answer);
            if let Some(step) = self.asked_step(id) {
                step.model = ModelState::Idle;
            }
            self.advance();
        } else {
            self.take_broken(answer);
        }
    }

    /// Takes an answer of the Converse action `id` that came as a whole, as if it had been streamed.
    pub fn on_response(&mut self, id: ActionId, response: Response, now: Time) {
        for event in response.into_events() {
            self.on_stream_event(id, event, now);
        }
        self.on_stream_end(id, now);
    }

    /// The tool of the Dispatch action `id` gave `content`.
    pub fn on_tool_result(
        &mut self,
        id: ActionId,
        content: Vec<ToolResultContent>,
        status: ToolResultStatus,
        now: Time,
    ) {
        self.see(now);
        if self.was_cancelled(id) {
            return;
        }
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        let ended = step.calls.finished(step_number, id, content, status);
        self.end_calls(ended);
    }

    /// The tool of the Dispatch action `id` reports its progress.
    pub fn on_tool_progress(&mut self, id: ActionId, progress: RawJson, now: Time) {
        self.see(now);
        let Phase::Step(step) = &self.phase else { return };
        if let Some((block, tool_use_id)) = step.calls.running(self.outbox.step, id) {
            self.outbox.emit(block, ToolProgress::new(tool_use_id, progress));
        }
    }

    /// A decision about the call of the Decide action `id` was made. `input_hash` is that of the input which was shown: a
    /// decision about another input changes nothing but a diagnostic.
    pub fn on_decision(&mut self, id: ActionId, input_hash: InputHash, decision: Decision, now: Time) {
        self.see(now);
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        match step.calls.decided(step_number, id, BoundDecision { input_hash, decision }) {
            Ok(ended) => self.end_calls(ended),
            Err(()) => {
                let text = format!("the decision {id} is about another input than the one to be decided");
                self.outbox.diagnose("decision_of_another_input", text);
            }
        }
    }

    /// The moment of the Wait action `id` has come.
    pub fn on_elapsed(&mut self, id: ActionId, now: Time) {
        self.see(now);
        let Some(until) = self.waiting.filter(|until| self.wait_id(*until) == id) else { return };
        self.waiting = None;
        if self.now < until {
            return;
        }
        let (step_number, now) = (self.outbox.step, self.now);
        let Phase::Step(step) = &mut self.phase else { return };
        if let ModelState::Backoff { until, .. } = step.model {
            if until <= now {
                self.retries += 1;
                self.outbox.attempt += 1;
                self.phase = Phase::Prepare(Why::Retried);
            }
            return;
        }
        let ended = step.calls.time_out(&self.config.tools, step_number, now);
        for call in &ended {
            self.cancelling.push(call.id);
            self.actions.push_back(Action::Cancel(CancelAction { id: call.id }));
        }
        self.end_calls(ended);
    }

    /// The action `id` was stopped before its outcome came, on request of the turn or by the driver's own decision.
    pub fn on_cancelled(&mut self, id: ActionId, now: Time) {
        self.see(now);
        if self.was_cancelled(id) {
            return;
        }
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        let ended = step.calls.cancelled(step_number, id);
        self.end_calls(ended);
    }

    /// Whether the outcome of `id` is no longer wanted; then it is not outstanding any more.
    fn was_cancelled(&mut self, id: ActionId) -> bool {
        let at = self.cancelling.iter().position(|cancelled| *cancelled == id);
        at.map(|at| self.cancelling.swap_remove(at)).is_some()
    }

    fn end_calls(&mut self, ended: impl IntoIterator<Item = EndedCall>) {
        for EndedCall { block, result, .. } in ended {
            self.outbox.emit(block, ToolEnd::new(result));
        }
        self.advance();
    }

    /// The message of the open call is complete.
    fn commit(&mut self) {
        let Phase::Step(step) = &mut self.phase else { return };
        let ModelState::Open(call) = &mut step.model else { return };
        let (answer, trailing, kept) = std::mem::take(&mut call.answer).complete(&mut self.outbox);
        self.live.keep(self.outbox.step, self.outbox.attempt, kept);
        self.take_message(answer);
        if let Phase::Step(step) = &mut self.phase {
            step.model = ModelState::Trailing(trailing);
        }
    }

    /// The open call ends without a complete message.
    fn break_off(&mut self, end: impl FnOnce(OpenAnswer) -> (FinishedAnswer, KeptInputs)) {
        let Phase::Step(step) = &mut self.phase else { return };
        let ModelState::Open(call) = &mut step.model else { return };
        let has_content = call.answer.has_content();
        let (answer, kept) = end(std::mem::take(&mut call.answer));
        if has_content {
            self.live.keep(self.outbox.step, self.outbox.attempt, kept);
        }
        self.take_broken(answer);
    }

    /// Decides over a complete message: its calls, and what it is to the output.
    fn take_message(&mut self, answer: FinishedAnswer) {
        let FinishedAnswer { message, end, metadata, endings, values, .. } = answer;
        let AnswerEnd::Stopped { stop_reason, additional_model_response_fields, all_stopped } = end else {
            return;
        };
        let additional_fields = additional_model_response_fields;
        let answer =
            CompleteAnswer { message, stop_reason, additional_fields, metadata, endings, all_stopped };
        self.report_oddities(&answer);
        let (candidate, presets) = match &self.output {
            Some(output) => output.extract(&answer),
            None => (OutputCandidate::Nothing, PresetResults::new()),
        };
        self.report_candidate(&candidate);
        self.take_calls(answer, candidate, values, presets);
    }

    fn take_calls(
        &mut self,
        answer: CompleteAnswer,
        candidate: OutputCandidate,
        values: Vec<(u32, ParsedInput)>,
        presets: PresetResults,
    ) {
        let Phase::Step(step) = &mut self.phase else { return };
        step.calls = Calls::admit(&self.config.tools, &answer, self.outbox.attempt, values, presets);
        // Calls whose result is known without running them.
        for (block, result) in step.calls.results() {
            self.outbox.emit(block, ToolEnd::new(result.clone()));
        }
        (step.answer, step.candidate) = (Some(answer), candidate);
    }

    /// Reports what is odd about a complete message.
    fn report_oddities(&mut self, answer: &CompleteAnswer) {
        let CompleteAnswer { message, stop_reason, .. } = answer;
        let has_calls = message.tool_uses().next().is_some();
        let is_call = |block: &ContentBlock| matches!(block, ContentBlock::ToolUse(_));
        if *stop_reason == StopReason::ToolUse && !message.content.iter().any(is_call) {
            let text = "the model stopped for a tool and called none; taken as the end of its answer";
            self.outbox.diagnose("tool_use_without_call", text);
        }
        if matches!(stop_reason, StopReason::EndTurn | StopReason::StopSequence) && has_calls {
            let text =
                format!("the model stopped with `{stop_reason}` and called a tool; taken as `tool_use`");
            self.outbox.diagnose("call_without_tool_use", text);
        }
        let damaged = answer.is_malformed() || message.tool_uses().any(|call| !call.input.is_object());
        let Phase::Step(step) = &self.phase else { return };
        let fine = matches!(&step.model, ModelState::Open(call) if call.sent.fine_streaming);
        if damaged && fine && self.knowledge.tool_streaming == ToolStreaming::Auto {
            self.knowledge.tool_streaming = ToolStreaming::Buffered;
            self.conversation.buffers_tools = true;
            let text =
                "the input of a tool came damaged: the session goes on without fine-grained tool streaming";
            self.outbox.diagnose("tools_buffered", text);
        }
    }

    /// Reports what an answer is to the output.
    fn report_candidate(&mut self, candidate: &OutputCandidate) {
        match candidate {
            OutputCandidate::Invalid { problems, .. } => {
                self.outbox.emit(None, OutputRejected::new(problems.trim_start()));
            }
            OutputCandidate::Valid { repaired: true, .. } => {
                let text =
                    "the output stood among other text, or had superfluous commas: that was passed over";
                self.outbox.diagnose("output_repaired", text);
            }
            _ => {}
        }
    }

    /// A call to the model ended without a complete message: it is phrased anew, made again, or the turn fails.
    fn take_broken(&mut self, answer: FinishedAnswer) {
        let failure = match answer.end {
            AnswerEnd::Protocol(error) => TurnFailure::Protocol(error),
            AnswerEnd::Failed { failure, before_content } => {
                if self.rephrase(&failure, before_content) {
                    return;
                }
                let Some(failure) = self.back_off(failure, before_content) else { return };
                TurnFailure::Converse(failure)
            }
            AnswerEnd::Stopped { .. } => return,
        };
        self.push_answer(answer.message, Vec::new());
        self.fail(failure);
    }

    /// Phrases the request anew, where the failure is a refusal that teaches how. Not once something of the answer was
    /// shown.
    fn rephrase(&mut self, failure: &CallFailure, before_content: bool) -> bool {
        let Phase::Step(step) = &self.phase else { return false };
        let ModelState::Open(call) = &step.model else { return false };
        let profile = self.knowledge.profile(&self.config);
        let refusal = failure.as_refusal().filter(|_| before_content);
        let Some(lesson) = refusal.and_then(|refusal| plan::learn(refusal, &call.sent, profile)) else {
            return false;
        };
        self.conversation.reported = call.reported_before;
        let Lesson { fact, effect, diagnostic } = lesson;
        if let Some(fact) = fact {
            let target = self.config.target();
            self.knowledge.learn(&self.config, fact);
            self.conversation.learn(target, fact);
            self.actions.push_back(Action::Remember(RememberAction { target: target.key(), fact }));
        }
        match effect {
            Effect::Nothing => {}
            Effect::DropThinking => self.knowledge.kept.drop_thinking = true,
            Effect::CitationsExcludeNativeOutput => {
                let output = self.output.iter_mut();
                output.for_each(|output| output.ask.refused_with_citations = true);
            }
            Effect::SchemaRefused { schema, words } => {
                self.knowledge.kept.schema_refusals.insert(schema, words);
            }
        }
        self.outbox.attempt += 1;
        self.report(diagnostic.into_iter().collect());
        self.phase = Phase::Prepare(Why::Rephrased);
        true
    }

    /// Waits before the call is made again; gives the failure back where it is not.
    fn back_off(&mut self, failure: Box<CallFailure>, before_content: bool) -> Option<Box<CallFailure>> {
        let seed = format!("{}/{}", self.outbox.turn(), self.outbox.step);
        let until = self.config.retry.on_failure(&failure, self.retries + 1, &seed, self.now);
        let (Some(until), Phase::Step(step)) = (until, &mut self.phase) else { return Some(failure) };
        let ModelState::Open(call) = &step.model else { return Some(failure) };
        self.conversation.reported = call.reported_before;
        let mut discarded = AttemptDiscarded::new(until.0.saturating_sub(self.now.0));
        discarded.code.clone_from(&failure.code);
        discarded.shown = (!before_content).then_some(true);
        self.outbox.emit(None, discarded);
        step.model = ModelState::Backoff { until, failure };
        None
    }

    /// Ends the step once its stream and all its calls have ended.
    fn advance(&mut self) {
        let Phase::Step(step) = &mut self.phase else { return };
        let Some(next) = step.settle(self.output.as_ref()) else { return };
        let Some(answer) = step.answer.take() else { return };
        let results = std::mem::take(&mut step.calls).into_results();
        let CompleteAnswer { message, stop_reason, additional_fields, metadata, .. } = answer;
        let ends = matches!(next, Next::Answered | Next::Output { .. });
        let last = ends.then(|| (message.clone(), additional_fields.clone(), metadata.clone()));
        let usage = metadata.as_ref().and_then(|metadata| metadata.usage.clone());
        self.push_answer(message, results);
        let mut end = StepEnd::new(stop_reason.clone());
        (end.additional_model_response_fields, end.metadata) = (additional_fields, metadata);
        self.outbox.emit(None, end);
        let outcome = |turn: &Self, output| {
            let (message, additional_model_response_fields, metadata) = last?;
            let (usage, steps) = (turn.usage.clone(), turn.outbox.step);
            let diagnostics = turn.outbox.diagnostics.clone();
            Some(TurnOutcome {
                message,
                stop_reason: stop_reason.clone(),
                usage,
                steps,
                additional_model_response_fields,
                metadata,
                output,
                diagnostics,
            })
        };
        match next {
            Next::Answered => {
                self.outbox.emit(None, TurnEnd::new(stop_reason.clone(), self.usage.clone()));
                let outcome = outcome(self, None);
                self.end(outcome.ok_or(TurnFailure::Abandoned));
            }
            Next::Output { value, repaired } => {
                let end = TurnEnd::new(stop_reason.clone(), self.usage.clone()).output(value.clone());
                self.outbox.emit(None, end);
                let output = self.take_output(value, repaired);
                let outcome = outcome(self, output);
                self.end(outcome.ok_or(TurnFailure::Abandoned));
            }
            Next::NextStep => self.next_step(),
            Next::RejectOutput { text, problems, reminder, emit } => {
                let problems = problems.trim_start().to_owned();
                if emit {
                    self.outbox.emit(None, OutputRejected::new(problems.clone()));
                }
                self.reject_output(text, problems, reminder, usage);
            }
            Next::Fail(failure) => self.fail(failure),
            Next::FailOutput { reason, text } => self.fail_output(reason, text),
        }
    }

    /// The model is to go on.
    fn next_step(&mut self) {
        match limits::before_next_step(self.config.max_steps, Spent { steps: self.outbox.step }) {
            Some(LimitReached::Steps { max_steps }) => self.fail(TurnFailure::StepLimit { max_steps }),
            None => self.phase = Phase::Prepare(Why::NextStep),
        }
    }

    fn take_output(&mut self, value: RawJson, repaired: bool) -> Option<Box<TurnOutput>> {
        let output = self.output.as_mut()?;
        let strategy = output.ask.strategy();
        let attempts = std::mem::take(&mut output.attempts);
        Some(Box::new(TurnOutput { value, strategy, repaired, attempts }))
    }

    /// Asks for the output again, in the same conversation, or fails.
    fn reject_output(
        &mut self,
        text: String,
        problems: String,
        reminder: Option<String>,
        usage: Option<Usage>,
    ) {
        let spent = Spent { steps: self.outbox.step };
        let at_limit = limits::before_next_step(self.config.max_steps, spent).is_some();
        let Some(output) = &mut self.output else { return };
        let is_last = output.is_last_attempt() || at_limit;
        let (step, strategy) = (spent.steps, output.ask.strategy());
        output.attempts.push(OutputAttempt { step, strategy, text: text.clone(), problems, usage });
        if is_last {
            let attempts = output.attempts.len();
            return self.fail_output(OutputFailureReason::Invalid { attempts }, text);
        }
        if let Some(reminder) = reminder {
            self.conversation.history.push_reminder(Message::user(reminder));
        }
        self.phase = Phase::Prepare(Why::OutputRejected);
    }

    /// Ends the turn without an output; `text` is what the model wrote last towards it.
    fn fail_output(&mut self, reason: OutputFailureReason, text: String) {
        let Some(output) = &mut self.output else { return };
        let partial = output.partial(&text);
        let attempts = std::mem::take(&mut output.attempts);
        let usage = self.usage.clone();
        let failure = OutputFailure { reason, text, partial, attempts, usage };
        self.fail(TurnFailure::Output(Box::new(failure)));
    }

    fn fail(&mut self, failure: TurnFailure) {
        self.end(Err(failure));
    }

    fn end(&mut self, outcome: Result<TurnOutcome, TurnFailure>) {
        self.phase = Phase::Over(Box::new(outcome));
    }

    /// Adds an answer of the step at hand to the history.
    fn push_answer(&mut self, message: Message, results: Vec<ToolResult>) {
        let Phase::Step(step) = &self.phase else { return };
        self.knowledge.kept.drop_thinking &= message.content.is_empty();
        self.conversation.history.push_answer(message, Some(&step.model_id), results, step.binding);
    }

    /// Brings the history into order, whatever was going on.
    fn close(&mut self) {
        let Phase::Step(step) = &mut self.phase else { return };
        let results = std::mem::take(&mut step.calls).into_results();
        let message = match (step.answer.take(), &mut step.model) {
            (Some(answer), _) => Some(answer.message),
            (None, ModelState::Open(call)) => {
                let (answer, kept) = std::mem::take(&mut call.answer)
                    .broken(AnswerEnd::Protocol(crate::ProtocolError::Unfinished));
                self.live.keep(self.outbox.step, self.outbox.attempt, kept);
                Some(answer.message)
            }
            (None, _) => None,
        };
        message.into_iter().for_each(|message| self.push_answer(message, results.clone()));
    }

    /// How the turn ended; `None` while it goes on.
    pub fn outcome(&self) -> Option<Result<&TurnOutcome, &TurnFailure>> {
        match &self.phase {
            Phase::Over(outcome) => Some(outcome.as_ref().as_ref()),
            _ => None,
        }
    }

    /// The actions that were handed out and whose outcome was not reported. Where only decisions are left, the driver may
    /// save the turn and let it go: [`Turn::resume`] hands them out again.
    pub fn outstanding(&self) -> Vec<Outstanding> {
        let mut outstanding = Vec::new();
        if let Phase::Step(step) = &self.phase {
            if matches!(step.model, ModelState::Open(_) | ModelState::Trailing(_)) {
                outstanding.push(Outstanding { id: self.converse_id(), cancelled: false });
            }
            outstanding.extend(step.calls.outstanding(self.outbox.step));
        }
        let wait = self.waiting.map(|until| Outstanding { id: self.wait_id(until), cancelled: false });
        outstanding.extend(wait);
        outstanding.extend(self.cancelling.iter().map(|id| Outstanding { id: *id, cancelled: true }));
        outstanding
    }

    /// The conversation as far as it is settled: without the step at hand.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The history of [`Turn::conversation`].
    pub fn history(&self) -> &History {
        &self.conversation.history
    }

    /// The conversation, whether the turn has ended or is given up now: calls without a result get one that says that
    /// they were interrupted, and what was not complete of an open answer is gone.
    pub fn into_conversation(mut self) -> Conversation {
        self.take_conversation()
    }

    /// As [`Turn::into_conversation`], for a driver that cannot give the turn away; the turn is over then.
    pub fn take_conversation(&mut self) -> Conversation {
        self.close();
        if !matches!(self.phase, Phase::Over(_)) {
            self.fail(TurnFailure::Abandoned);
        }
        self.conversation.reported = self.conversation.history.len();
        std::mem::take(&mut self.conversation)
    }

    /// The next event for observers.
    pub fn next_event(&mut self) -> Option<TurnEvent> {
        let event = self.outbox.next_event()?;
        self.live.seen(&event);
        Some(event)
    }

    /// What was dropped, downgraded or repaired so far, in order. Each was an event too.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.outbox.diagnostics
    }

    /// The id of the turn.
    pub fn id(&self) -> &str {
        self.outbox.turn()
    }

    /// The step at hand, from 1; 0 before the first.
    pub fn step(&self) -> u32 {
        self.outbox.step
    }

    /// Tokens of all steps so far.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// The input of the tool call that `event` is about, as of that event: for `toolInputStart`, `toolInputDelta` and
    /// `toolInputEnd` of the step at hand. For `outputStart`, `outputDelta` and `outputEnd` it is the output so far,
    /// without what may have been put around it for the model.
    ///
    /// It is there from the first of these events until [`Turn::next_event`] gives the `stepStart` of the next step.
    /// `None` for other events, and for those of other steps and turns.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use outcrop_core::*;
    ///
    /// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
    /// let mut turn = Turn::new(config, History::new(), Message::user("Write it down"), "t1", Time(0));
    /// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
    /// let start = ContentBlockStart::new(0u32, BlockStart::ToolUse(ToolUseStart::new("t", "write_file")));
    /// turn.on_stream_event(ask.id, StreamEvent::ContentBlockStart(start), Time(1));
    /// let delta = ToolUseDelta::new(r#"{"path": "a.txt", "content": "Dear al"#);
    /// let delta = ContentBlockDelta::new(0u32, BlockDelta::ToolUse(delta));
    /// turn.on_stream_event(ask.id, StreamEvent::ContentBlockDelta(delta), Time(2));
    ///
    /// let events: Vec<TurnEvent> = std::iter::from_fn(|| turn.next_event()).collect();
    /// let input = turn.live(events.last().unwrap()).unwrap();
    /// assert_eq!(input.get("content").unwrap().as_str(), Some("Dear al"));
    /// assert!(!input.get("content").unwrap().is_complete());
    /// assert_eq!((input.tool(), input.tool_use_id()), (Some("write_file"), Some("t")));
    /// ```
    ///
    /// # Complexity
    /// The first time for an event: linear in what came since the last one that was asked for. For an event before
    /// that: see [`LiveJson::mark_at`](outcrop_json::LiveJson::mark_at).
    pub fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        if event.turn != *self.outbox.turn() {
            return None;
        }
        let at_hand = (event.step, event.attempt) == (self.outbox.step, self.outbox.attempt);
        match &mut self.phase {
            Phase::Step(step) if at_hand && matches!(step.model, ModelState::Open(_)) => {
                match &mut step.model {
                    ModelState::Open(call) => call.answer.live(event),
                    _ => None,
                }
            }
            _ => self.live.live(event),
        }
    }
}
