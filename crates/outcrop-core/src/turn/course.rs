//! What follows from what happened: the state of a turn, and every transition of it.
//!
//! [`Turn`](super::Turn) is its public face: it documents the contract with drivers, and this keeps it.
//!
//! # Invariants
//! - Parts own their state and take arguments; what concerns several of them is decided here.
//! - An outcome for an action that is not outstanding changes nothing but the time.

use std::sync::Arc;

use super::{
    action::{
        Action, ActionId, BoundDecision, ConverseAction, Decision, Outstanding, TurnFailure, TurnOutcome,
    },
    agenda::Agenda,
    answer::{AnswerEnd, CompleteAnswer, FinishedAnswer},
    attempt::{BROKEN_AFTER_ANSWER, OpenAnswer, Progress},
    calls::{Calls, EndedCall},
    dialogue::{Dialogue, Prepared},
    limits::{self, LimitReached, Spent},
    live::{KeptInputs, LiveInput, LiveInputs},
    outbox::Outbox,
    step::{ModelState, Next, Step},
};
use crate::{
    tools::{OutputFailureReason, call_data::InputHash},
    turn::{
        AttemptDiscarded, Conversation, DiagnosticCode, OutputRejected, StepEnd, StepStart, ToolEnd,
        ToolProgress, ToolStart, TurnEnd, TurnEvent, config::TurnConfig, time::Time,
    },
    wire::{
        Message, ProtocolError, RawJson, StreamEvent, ToolResult, ToolResultContent, ToolResultStatus, Usage,
        failure::CallFailure,
    },
};

/// The state of a turn.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) dialogue: Dialogue,
    pub(super) phase: Phase,
    /// Calls of the step at hand that failed and were made again.
    pub(super) retries: u32,
    pub(super) usage: Usage,
    pub(super) outbox: Outbox,
    pub(super) live: LiveInputs,
    pub(super) agenda: Agenda,
}

#[derive(Debug)]
pub(super) enum Phase {
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
pub(super) enum Why {
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

impl Course {
    pub(super) fn next_action(&mut self) -> Option<Action> {
        if let Some(action) = self.agenda.pop() {
            return Some(action);
        }
        if let Phase::Prepare(why) = self.phase {
            return self.ask(why);
        }
        let place = self.outbox.place();
        let Phase::Step(step) = &mut self.phase else { return self.agenda.wait(None, place) };
        if let Some(question) = step.calls.next_question(place.0) {
            return Some(Action::Decide(question));
        }
        let config = &self.dialogue.config;
        let limit = config.max_parallel_tools;
        if let Some(dispatch) = step.calls.next(&config.tools, place.0, limit, self.agenda.now()) {
            let call = &dispatch.call;
            self.outbox.emit(call.block, ToolStart::new(call.tool_use_id.as_str(), call.name.clone()));
            return Some(Action::Dispatch(dispatch));
        }
        let due = step.due();
        self.agenda.wait(due, place)
    }

    pub(super) fn on_stream_event(&mut self, id: ActionId, event: StreamEvent, now: Time) {
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

    pub(super) fn on_stream_end(&mut self, id: ActionId, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        match step.model {
            ModelState::Open(_) => {
                let end = AnswerEnd::Protocol(ProtocolError::Unfinished);
                self.break_off(|answer| answer.broken(end));
            }
            ModelState::Trailing(_) => {
                step.end_stream();
                self.advance();
            }
            ModelState::Idle | ModelState::Backoff { .. } => {}
        }
    }

    pub(super) fn on_call_failed(&mut self, id: ActionId, failure: CallFailure, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        match step.model {
            ModelState::Open(_) => self.break_off(|answer| answer.failed(failure)),
            ModelState::Trailing(_) => {
                step.end_stream();
                self.outbox.diagnose(DiagnosticCode::StreamErrorAfterAnswer, BROKEN_AFTER_ANSWER);
                self.advance();
            }
            ModelState::Idle | ModelState::Backoff { .. } => {}
        }
    }

    pub(super) fn on_answer(&mut self, id: ActionId, mut answer: FinishedAnswer, now: Time) {
        self.see(now);
        let Some(step) = self.asked_step(id) else { return };
        if !matches!(step.model, ModelState::Open(_)) {
            return;
        }
        self.outbox.diagnostics.append(&mut answer.diagnostics);
        answer.usage.iter().for_each(|usage| self.usage.add(usage));
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

    pub(super) fn on_tool_result(
        &mut self,
        id: ActionId,
        content: Vec<ToolResultContent>,
        status: ToolResultStatus,
        now: Time,
    ) {
        self.see(now);
        if self.agenda.was_cancelled(id) {
            return;
        }
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        let ended = step.calls.finished(step_number, id, content, status);
        self.end_calls(ended);
    }

    pub(super) fn on_tool_progress(&mut self, id: ActionId, progress: RawJson, now: Time) {
        self.see(now);
        let Phase::Step(step) = &self.phase else { return };
        if let Some((block, tool_use_id)) = step.calls.running(self.outbox.step, id) {
            self.outbox.emit(block, ToolProgress::new(tool_use_id, progress));
        }
    }

    pub(super) fn on_decision(&mut self, id: ActionId, input_hash: InputHash, decision: Decision, now: Time) {
        self.see(now);
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        match step.calls.decided(step_number, id, BoundDecision { input_hash, decision }) {
            Ok(ended) => self.end_calls(ended),
            Err(()) => {
                let text = format!("the decision {id} is about another input than the one to be decided");
                self.outbox.diagnose(DiagnosticCode::DecisionOfAnotherInput, text);
            }
        }
    }

    pub(super) fn on_elapsed(&mut self, id: ActionId, now: Time) {
        self.see(now);
        let place = self.outbox.place();
        if !self.agenda.elapsed(id, place) {
            return;
        }
        let Phase::Step(step) = &mut self.phase else { return };
        if let ModelState::Backoff { .. } = step.model {
            self.retries += 1;
            self.outbox.attempt += 1;
            self.phase = Phase::Prepare(Why::Retried);
            return;
        }
        let ended = step.calls.time_out(&self.dialogue.config.tools, place.0, self.agenda.now());
        ended.iter().for_each(|call| self.agenda.cancel(call.id));
        self.end_calls(ended);
    }

    pub(super) fn on_cancelled(&mut self, id: ActionId, now: Time) {
        self.see(now);
        if self.agenda.was_cancelled(id) {
            return;
        }
        match self.asked_step(id).map(|step| &step.model) {
            Some(ModelState::Open(_)) => {
                self.close();
                return self.fail(TurnFailure::Abandoned);
            }
            Some(ModelState::Trailing(_)) => return self.on_stream_end(id, now),
            _ => {}
        }
        let step_number = self.outbox.step;
        let Phase::Step(step) = &mut self.phase else { return };
        let ended = step.calls.cancelled(step_number, id);
        self.end_calls(ended);
    }

    pub(super) fn outcome(&self) -> Option<Result<&TurnOutcome, &TurnFailure>> {
        match &self.phase {
            Phase::Over(outcome) => Some(outcome.as_ref().as_ref()),
            _ => None,
        }
    }

    pub(super) fn outstanding(&self) -> Vec<Outstanding> {
        let (mut outstanding, mut due) = (Vec::new(), None);
        if let Phase::Step(step) = &self.phase {
            due = step.due();
            if matches!(step.model, ModelState::Open(_) | ModelState::Trailing(_)) {
                outstanding.push(Outstanding { id: self.converse_id(), cancelled: false });
            }
            outstanding.extend(step.calls.outstanding(self.outbox.step));
        }
        outstanding.extend(self.agenda.outstanding(due, self.outbox.place()));
        outstanding
    }

    pub(super) fn take_conversation(&mut self) -> Conversation {
        self.close();
        if !matches!(self.phase, Phase::Over(_)) {
            self.fail(TurnFailure::Abandoned);
        }
        self.dialogue.take_conversation()
    }

    pub(super) fn next_event(&mut self) -> Option<TurnEvent> {
        let event = self.outbox.next_event()?;
        self.live.seen(&event);
        Some(event)
    }

    pub(super) fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        if event.turn != *self.outbox.turn() {
            return None;
        }
        let at_hand = (event.step, event.attempt) == (self.outbox.step, self.outbox.attempt);
        if at_hand
            && let Phase::Step(step) = &mut self.phase
            && let ModelState::Open(call) = &mut step.model
        {
            return call.answer.live(event);
        }
        self.live.live(event)
    }

    pub(super) fn new(config: Arc<TurnConfig>, conversation: Conversation, id: Arc<str>, now: Time) -> Self {
        Self {
            dialogue: Dialogue::new(config, conversation),
            phase: Phase::Prepare(Why::NextStep),
            retries: 0,
            usage: Usage::default(),
            outbox: Outbox::new(id, 0, 1),
            live: LiveInputs::default(),
            agenda: Agenda::new(now),
        }
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
        let is_first = why == Why::NextStep && self.outbox.step == 1;
        let Prepared { request, call, form } = match self.dialogue.prepare(is_first, &mut self.outbox) {
            Ok(prepared) => prepared,
            Err(reason) => {
                self.fail_output(reason, String::new());
                return None;
            }
        };
        self.agenda.stop_waiting();
        let config = &self.dialogue.config;
        let target = config.target();
        let action = ConverseAction {
            id: self.converse_id(),
            request: Box::new(request),
            target: target.key(),
            region: target.region.clone(),
            attempt: self.outbox.attempt,
            single_attempt: config.retry.max_attempts() > 1,
            turn: Arc::clone(self.outbox.turn()),
            form,
        };
        self.phase = Phase::Step(Box::new(Step::asked(call, target.model_id.clone())));
        Some(Action::Converse(action))
    }

    fn see(&mut self, now: Time) {
        self.agenda.see(now);
    }

    /// The step at hand, where the Converse action `id` is its own.
    fn asked_step(&mut self, id: ActionId) -> Option<&mut Step> {
        let own = id == self.converse_id();
        match &mut self.phase {
            Phase::Step(step) if own => Some(step),
            _ => None,
        }
    }

    pub(super) fn end_calls(&mut self, ended: impl IntoIterator<Item = EndedCall>) {
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
        let Phase::Step(step) = &mut self.phase else { return };
        let fine = matches!(&step.model, ModelState::Open(call) if call.sent.fine_streaming);
        let (candidate, presets) = self.dialogue.read(&answer, fine, &mut self.outbox);
        let tools = &self.dialogue.config.tools;
        step.calls = Calls::admit(tools, &answer, self.outbox.attempt, values, presets);
        // Calls whose result is known without running them.
        for (block, result) in step.calls.results() {
            self.outbox.emit(block, ToolEnd::new(result.clone()));
        }
        (step.answer, step.candidate) = (Some(answer), candidate);
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
        if !before_content {
            return false;
        }
        let Some((remember, reports)) = self.dialogue.learn(failure, call) else { return false };
        remember.into_iter().for_each(|fact| self.agenda.push(Action::Remember(fact)));
        self.outbox.attempt += 1;
        self.outbox.report_all(reports);
        self.phase = Phase::Prepare(Why::Rephrased);
        true
    }

    /// Waits before the call is made again; gives the failure back where it is not.
    fn back_off(&mut self, failure: Box<CallFailure>, before_content: bool) -> Option<Box<CallFailure>> {
        let (step, attempt) = self.outbox.place();
        let seed = format!("{}/{step}/{attempt}", self.outbox.turn());
        let now = self.agenda.now();
        let until = self.dialogue.config.retry.on_failure(&failure, self.retries + 1, &seed, now);
        let (Some(until), Phase::Step(step)) = (until, &mut self.phase) else { return Some(failure) };
        let mut discarded = AttemptDiscarded::new(until.0.saturating_sub(now.0));
        discarded.code.clone_from(&failure.code);
        discarded.shown = (!before_content).then_some(true);
        self.outbox.emit(None, discarded);
        step.model = ModelState::Backoff { until, failure };
        None
    }

    /// Ends the step once its stream and all its calls have ended.
    pub(super) fn advance(&mut self) {
        let Phase::Step(step) = &mut self.phase else { return };
        let Some(next) = step.settle(self.dialogue.output.as_ref()) else { return };
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
                let output = self.dialogue.take_output(value, repaired);
                let outcome = outcome(self, output);
                self.end(outcome.ok_or(TurnFailure::Abandoned));
            }
            Next::GoOn => self.next_step(),
            Next::RejectOutput { text, problems, reminder, emit } => {
                let problems = problems.trim_start().to_owned();
                if emit {
                    self.outbox.emit(None, OutputRejected::new(problems.clone()));
                }
                let (spent, at_limit) = ((self.outbox.step, usage), self.limit_reached().is_some());
                match self.dialogue.reject_output(text, problems, reminder, spent, at_limit) {
                    Ok(()) => self.phase = Phase::Prepare(Why::OutputRejected),
                    Err((reason, text)) => self.fail_output(reason, text),
                }
            }
            Next::Fail(failure) => self.fail(failure),
            Next::FailOutput { reason, text } => self.fail_output(reason, text),
        }
    }

    /// The model is to go on.
    fn next_step(&mut self) {
        match self.limit_reached() {
            Some(LimitReached::Steps { max_steps }) => self.fail(TurnFailure::StepLimit { max_steps }),
            None => self.phase = Phase::Prepare(Why::NextStep),
        }
    }

    fn limit_reached(&self) -> Option<LimitReached> {
        limits::before_next_step(self.dialogue.config.max_steps, Spent { steps: self.outbox.step })
    }

    /// Ends the turn without an output; `text` is what the model wrote last towards it.
    fn fail_output(&mut self, reason: OutputFailureReason, text: String) {
        let failure = self.dialogue.output_failure(reason, text, self.usage.clone());
        self.fail(failure);
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
        self.dialogue.push_answer(message, &step.model_id, results, step.binding);
    }

    /// Brings the history into order, whatever was going on.
    fn close(&mut self) {
        let Phase::Step(step) = &mut self.phase else { return };
        let results = std::mem::take(&mut step.calls).into_results();
        let message = match (step.answer.take(), &mut step.model) {
            (Some(answer), _) => Some(answer.message),
            (None, ModelState::Open(call)) => {
                let (answer, kept) =
                    std::mem::take(&mut call.answer).broken(AnswerEnd::Protocol(ProtocolError::Unfinished));
                self.live.keep(self.outbox.step, self.outbox.attempt, kept);
                Some(answer.message)
            }
            (None, _) => None,
        };
        message.into_iter().for_each(|message| self.push_answer(message, results.clone()));
    }
}
