//! What a turn asks its driver to do, the ids by which outcomes come back, and how a turn ends: plain data.
//!
//! # Invariants
//! - Ids are derived from what they name, never counted: a turn that was saved and resumed hands out the same ones.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    answer::message_with_inputs,
    attempt::{Attempt, OutputForm},
};
use crate::{
    profile::Fact,
    tools::{
        OutputFailure, ReadyInput, TurnOutput,
        call_data::{CallData, InputHash},
    },
    turn::{Diagnostic, config::TargetKey, time::Time},
    wire::{
        Message, ProtocolError, RawJson, Request, StopReason, StreamMetadata, ToolResultContent,
        ToolResultStatus, Usage, failure::CallFailure,
    },
};

/// What kind of action an [`ActionId`] names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ActionKind {
    /// [`Action::Converse`].
    Converse,
    /// [`Action::Dispatch`].
    Dispatch,
    /// [`Action::Wait`].
    Wait,
    /// [`Action::Decide`].
    Decide,
}

impl ActionKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::Dispatch => "dispatch",
            Self::Wait => "wait",
            Self::Decide => "decide",
        }
    }
}

/// Names an action of a turn, so that its outcome can be reported: the kind, the step, the attempt, and the place of the
/// content block or the moment that is waited for. Unique in its turn, and the same after the turn was saved and
/// resumed.
///
/// ```
/// use std::sync::Arc;
/// use outcrop_core::{profile::*, schema::*, tools::*, turn::*, wire::*};
/// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
/// let mut turn = Turn::new(config, History::new(), Message::user("Hello"), "t1", Time(0));
/// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
/// assert_eq!(ask.id.to_string(), "converse-1-1-0");
/// assert_eq!("converse-1-1-0".parse(), Ok(ask.id));
/// assert_eq!(serde_json::to_string(&ask.id).unwrap(), r#""converse-1-1-0""#);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ActionId {
    kind: ActionKind,
    step: u32,
    attempt: u32,
    place: u64,
}

impl ActionId {
    pub(super) fn converse(step: u32, attempt: u32) -> Self {
        Self { kind: ActionKind::Converse, step, attempt, place: 0 }
    }

    /// For the call in the content block at `place` of the message.
    pub(super) fn dispatch(step: u32, attempt: u32, place: u32) -> Self {
        Self { kind: ActionKind::Dispatch, step, attempt, place: place.into() }
    }

    pub(super) fn decide(step: u32, attempt: u32, place: u32) -> Self {
        Self { kind: ActionKind::Decide, step, attempt, place: place.into() }
    }

    pub(super) fn wait(step: u32, attempt: u32, until: Time) -> Self {
        Self { kind: ActionKind::Wait, step, attempt, place: until.0 }
    }

    /// What kind of action it names.
    pub fn kind(self) -> ActionKind {
        self.kind
    }

    /// The step that the action belongs to.
    pub fn step(self) -> u32 {
        self.step
    }

    /// The place of the call that a dispatch or a decision is about.
    pub(super) fn place(self) -> u64 {
        self.place
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}-{}", self.kind.as_str(), self.step, self.attempt, self.place)
    }
}

impl From<ActionId> for String {
    fn from(id: ActionId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ActionId {
    type Error = InvalidActionId;

    fn try_from(text: String) -> Result<Self, InvalidActionId> {
        text.parse()
    }
}

impl FromStr for ActionId {
    type Err = InvalidActionId;

    fn from_str(text: &str) -> Result<Self, InvalidActionId> {
        let kinds = [ActionKind::Converse, ActionKind::Dispatch, ActionKind::Wait, ActionKind::Decide];
        let read = || {
            let mut parts = text.split('-');
            let kind = parts.next()?;
            let id = Self {
                kind: kinds.into_iter().find(|known| known.as_str() == kind)?,
                step: parts.next()?.parse().ok()?,
                attempt: parts.next()?.parse().ok()?,
                place: parts.next()?.parse().ok()?,
            };
            // One text for each id: numbers have no sign and no leading zero.
            (id.to_string() == text).then_some(id)
        };
        read().ok_or_else(|| InvalidActionId { text: text.to_owned() })
    }
}

/// A text that does not name an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` does not name an action: expected something like `dispatch-1-1-0`")]
pub struct InvalidActionId {
    /// The text.
    pub text: String,
}

/// What the driver is to do next. A driver that gets an action that it does not know must stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Call the model and report its events or its answer.
    Converse(ConverseAction),
    /// Run a tool and report its result.
    Dispatch(DispatchAction),
    /// Report when a moment has come. It replaces the last one.
    Wait(WaitAction),
    /// Stop an action whose outcome is no longer wanted.
    Cancel(CancelAction),
    /// Obtain a decision about a tool call.
    Decide(DecideAction),
    /// Remember a fact about a model. It has no outcome.
    Remember(RememberAction),
}

/// Call the model. Report to [`Turn::on_stream_event`](super::Turn::on_stream_event) and then
/// [`Turn::on_stream_end`](super::Turn::on_stream_end) or [`Turn::on_call_failed`](super::Turn::on_call_failed); or, where
/// the answer is there as a whole, to [`Turn::on_answer`](super::Turn::on_answer).
#[derive(Debug)]
#[non_exhaustive]
pub struct ConverseAction {
    /// Names it.
    pub id: ActionId,
    /// The request.
    pub request: Box<Request>,
    /// The model to call.
    pub target: TargetKey,
    /// The AWS region, where it is not that of the driver's client.
    pub region: Option<String>,
    /// The attempt at this step, from 1.
    pub attempt: u32,
    /// The client's own retries are to be switched off, since the turn retries.
    pub single_attempt: bool,
    pub(super) turn: Arc<str>,
    pub(super) form: OutputForm,
}

impl ConverseAction {
    /// Reads the answer apart from the turn, as a durable engine does in a journaled step: the attempt gives the same
    /// events, and its end is reported to [`Turn::on_answer`](super::Turn::on_answer).
    pub fn read_apart(&self) -> Attempt {
        Attempt::new(Arc::clone(&self.turn), self.id.step, self.attempt, self.form.clone())
    }
}

/// Run a tool; report to [`Turn::on_tool_result`](super::Turn::on_tool_result).
#[derive(Debug)]
#[non_exhaustive]
pub struct DispatchAction {
    /// Names it.
    pub id: ActionId,
    /// The call, with an input that may be executed.
    pub call: ToolCall,
}

impl DispatchAction {
    /// The call as data that can be kept; [`ToolSet::admit`](crate::tools::ToolSet::admit) makes its input executable again.
    pub fn to_data(&self) -> CallData {
        CallData::new(&self.call.tool_use_id, &self.call.name, self.call.input.text().as_str())
    }
}

/// A call that may be executed.
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that its result bears. Models repeat these ids (R16): use the action's id to tell calls apart.
    pub tool_use_id: String,
    /// The tool.
    pub name: String,
    /// The input: complete, strict JSON, valid for the tool's schema.
    pub input: ReadyInput,
    /// The content block that it came in, where that is known.
    pub block: Option<u32>,
}

/// Report to [`Turn::on_elapsed`](super::Turn::on_elapsed) when a moment has come. It replaces the last one: there is
/// never more than one moment to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitAction {
    /// Names it.
    pub id: ActionId,
    /// The moment.
    pub until: Time,
}

/// Stop an action whose outcome is no longer wanted, then report to [`Turn::on_cancelled`](super::Turn::on_cancelled).
/// An outcome that comes before that is taken for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CancelAction {
    /// The action to stop.
    pub id: ActionId,
}

/// Obtain a decision about a tool call; report to [`Turn::on_decision`](super::Turn::on_decision). It may take days: once
/// nothing else is outstanding, the turn can be saved and let go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecideAction {
    /// Names it.
    pub id: ActionId,
    /// What is to be decided.
    pub question: Question,
    /// The call.
    pub call: CallData,
}

/// What is to be decided about a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// Whether it may run.
    Approval,
}

/// A decision about a tool call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Decision {
    /// It may run.
    Allow,
    /// It does not run; the model reads why.
    Deny {
        /// Why, for the model.
        message: String,
    },
    /// It does not run here: this is its result.
    Answer {
        /// What it gave.
        content: Vec<ToolResultContent>,
        /// Whether it succeeded.
        status: ToolResultStatus,
    },
}

/// Remember a fact about a model, for the sessions that open later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RememberAction {
    /// What it is about.
    pub target: TargetKey,
    /// The fact.
    pub fact: Fact,
}

/// A decision, bound to the input that was shown to whoever decided.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BoundDecision {
    pub(super) input_hash: InputHash,
    pub(super) decision: Decision,
}

/// An action whose outcome a turn waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outstanding {
    /// The action.
    pub id: ActionId,
    /// It was cancelled, and that was not reported yet.
    pub cancelled: bool,
}

/// How a turn ended with an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TurnOutcome {
    /// The last message of the model; without content where it said nothing.
    #[serde(with = "message_with_inputs")]
    pub message: Message,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// Tokens of all steps.
    pub usage: Usage,
    /// How many steps it took.
    pub steps: u32,
    /// What the last step was asked for by `additionalModelResponseFieldPaths`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_model_response_fields: Option<RawJson>,
    /// What the last step's stream brought at its end: usage, metrics, trace; not always there (R105).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<StreamMetadata>>,
    /// The output, where the turn was to end with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Box<TurnOutput>>,
    /// What was dropped, downgraded or repaired on the way, in order: the diagnostics that observers saw as events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
}

/// Why a turn ended without an answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum TurnFailure {
    /// The turn used up its steps.
    #[error("the turn reached its limit of {max_steps} steps")]
    StepLimit {
        /// The limit.
        max_steps: u32,
    },
    /// The model was stopped in the middle of a tool call; nothing of that step was run (R44).
    #[error("the model stopped with `{stop_reason}` in a call of `{name}`; it was not run")]
    TruncatedToolCall {
        /// Why it stopped.
        stop_reason: StopReason,
        /// The tool of the last call.
        name: String,
        /// What there is of its input.
        input: String,
    },
    /// The service says that the model's output was malformed (R46).
    #[error("the model's output was malformed (`{stop_reason}`)")]
    MalformedOutput {
        /// What the service says.
        stop_reason: StopReason,
    },
    /// The turn was to end with an output, and has none that is valid.
    #[error("the turn has no output")]
    Output(#[source] Box<OutputFailure>),
    /// The stream broke the order that Converse promises.
    #[error("the stream broke its protocol")]
    Protocol(#[from] ProtocolError),
    /// The turn was given up.
    #[error("the turn was given up")]
    Abandoned,
    /// The call to the model failed, and was not made again.
    #[error("the request was not answered")]
    Converse(Box<CallFailure>),
}
