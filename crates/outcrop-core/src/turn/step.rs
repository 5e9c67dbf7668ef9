//! One step: a call to the model and the calls that its answer makes. The model and the tools are side by side, so that
//! tools can run while the service still sends.
//!
//! # Invariants
//! - A step ends once, by [`Step::settle`], when its stream has ended and all its calls have their results.
//! - An attempt is committed when its message is complete. After that a failure only ends its stream.

use super::{
    action::TurnFailure,
    answer::{CompleteAnswer, OutputCandidate},
    attempt::{OpenAnswer, Trailing},
    calls::Calls,
    output::OutputState,
};
use crate::{
    tools::OutputFailureReason,
    turn::{
        Binding,
        plan::{Sent, output_texts as texts},
        time::Time,
    },
    wire::{RawJson, StopReason, failure::CallFailure},
};

/// One step of a turn.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) model: ModelState,
    pub(super) calls: Calls,
    /// The answer, once it is complete.
    pub(super) answer: Option<CompleteAnswer>,
    /// What the answer is to the output.
    pub(super) candidate: OutputCandidate,
    /// The model that is asked.
    pub(super) model_id: String,
    /// Where the answer stands.
    pub(super) binding: Binding,
}

/// A call to the model that is out.
#[derive(Debug)]
pub(super) struct OpenCall {
    pub(super) answer: OpenAnswer,
    pub(super) sent: Sent,
    /// How many entries of the history had been reported on before it.
    pub(super) reported_before: usize,
}

/// The model's side of a step.
#[derive(Debug)]
pub(super) enum ModelState {
    /// A call is out and its message is not complete.
    Open(Box<OpenCall>),
    /// The message is complete; its stream may still bring metadata.
    Trailing(Trailing),
    /// Nothing is out.
    Idle,
    /// A call failed and is made again at that moment.
    Backoff { until: Time, failure: Box<CallFailure> },
}

/// What follows from a step.
#[derive(Debug)]
pub(super) enum Next {
    /// The turn ends with this answer.
    Answered,
    /// The turn ends with this output.
    Output { value: RawJson, repaired: bool },
    /// The model goes on with the results.
    GoOn,
    /// The model is asked for the output again.
    RejectOutput {
        text: String,
        problems: String,
        /// What is said to the model where no result says it.
        reminder: Option<String>,
        /// Observers do not know yet.
        emit: bool,
    },
    /// The turn ends without an answer.
    Fail(TurnFailure),
    /// The turn ends without an output.
    FailOutput { reason: OutputFailureReason, text: String },
}

impl Step {
    /// A step whose model was asked.
    pub(super) fn asked(call: OpenCall, model_id: String) -> Self {
        let binding = call.sent.binding;
        Self { binding, ..Self::in_state(ModelState::Open(Box::new(call)), model_id) }
    }

    /// A step without an answer.
    pub(super) fn in_state(model: ModelState, model_id: String) -> Self {
        Self {
            model,
            calls: Calls::default(),
            answer: None,
            candidate: OutputCandidate::Nothing,
            model_id,
            binding: Binding::default(),
        }
    }

    /// The earliest moment at which something is due.
    pub(super) fn due(&self) -> Option<Time> {
        match &self.model {
            ModelState::Backoff { until, .. } => Some(*until),
            _ => self.calls.deadline(),
        }
    }

    /// The stream of the answer has ended.
    pub(super) fn end_stream(&mut self) {
        if let ModelState::Trailing(trailing) = &mut self.model
            && let Some(answer) = &mut self.answer
        {
            answer.metadata = trailing.metadata.take();
        }
        self.model = ModelState::Idle;
    }

    /// What follows from the step; `None` while something of it is under way.
    pub(super) fn settle(&self, output: Option<&OutputState>) -> Option<Next> {
        let answer = self.answer.as_ref()?;
        if !matches!(self.model, ModelState::Idle) || !self.calls.are_done() {
            return None;
        }
        Some(match output {
            Some(output) => self.settle_output(answer, output),
            None if answer.is_malformed() => {
                Next::Fail(TurnFailure::MalformedOutput { stop_reason: answer.stop_reason.clone() })
            }
            None => match answer.message.tool_uses().last() {
                Some(call) if answer.was_cut() => {
                    Next::Fail(truncated(answer, &call.name, call.input.as_str()))
                }
                _ if self.calls.is_empty() => Next::Answered,
                _ => Next::GoOn,
            },
        })
    }

    fn settle_output(&self, answer: &CompleteAnswer, output: &OutputState) -> Next {
        let last_call = answer.message.tool_uses().last();
        let by_output_tool = answer.message.tool_uses().any(|call| output.ask.is_tool(&call.name));
        match (&self.candidate, last_call) {
            (OutputCandidate::Valid { value, repaired, .. }, _) => {
                Next::Output { value: value.clone(), repaired: *repaired }
            }
            (_, Some(call)) if answer.was_cut() && !by_output_tool => {
                Next::Fail(truncated(answer, &call.name, call.input.as_str()))
            }
            (_, _) if answer.was_cut() => {
                let reason = OutputFailureReason::Stopped { stop_reason: answer.stop_reason.clone() };
                Next::FailOutput { reason, text: output.last_text(&answer.message) }
            }
            (OutputCandidate::Invalid { text, problems }, call) => {
                let reminder = call.is_none().then(|| texts::rejected_text(problems));
                Next::RejectOutput { text: text.clone(), problems: problems.clone(), reminder, emit: false }
            }
            (OutputCandidate::Nothing, call) if answer.is_malformed() => {
                let problems = malformed(&answer.stop_reason);
                let reminder = call.is_none().then(|| texts::rejected_text(&problems));
                let text = output.last_text(&answer.message);
                Next::RejectOutput { text, problems, reminder, emit: true }
            }
            (OutputCandidate::Nothing, _) if !self.calls.is_empty() => Next::GoOn,
            (OutputCandidate::Nothing, _) => {
                let (tool, text) = (&output.ask.tool, output.last_text(&answer.message));
                let by_text = output.ask.by_text();
                let problems = match (by_text, text.is_empty()) {
                    (_, true) => "\n- there was no answer".to_owned(),
                    (true, false) => "\n- it was not read".to_owned(),
                    (false, false) => format!("\n- it was not given by the tool `{tool}`"),
                };
                let reminder = if by_text { texts::EMPTY.to_owned() } else { texts::reminder(tool) };
                Next::RejectOutput { text, problems, reminder: Some(reminder), emit: true }
            }
        }
    }
}

fn truncated(answer: &CompleteAnswer, name: &str, input: &str) -> TurnFailure {
    let stop_reason = answer.stop_reason.clone();
    TurnFailure::TruncatedToolCall { stop_reason, name: name.to_owned(), input: input.to_owned() }
}

fn malformed(stop_reason: &StopReason) -> String {
    format!("\n- it was malformed, and was not received (`{stop_reason}`)")
}
