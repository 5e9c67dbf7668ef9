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
//! | `course.rs` | the state of a turn and its transitions |
//! | `dialogue.rs` | the conversation, how requests are phrased, what was tried of an output |
//! | `step.rs` | the model and the calls of one step side by side; its one end |
//! | `attempt.rs` | one call to the model, also apart from its turn |
//! | `calls.rs`, `verdict.rs` | the tool calls of a step; which may run, and when |
//! | `answer.rs`, `output.rs` | an answer that has ended; what of it is the output |
//! | `outbox.rs`, `live.rs`, `agenda.rs` | events and diagnostics; live values; what is due and what is cancelled |
//! | `saved.rs` | the saved form |
//!
//! # Invariants
//! - A tool call is handed out for dispatch only when `verdict.rs` says that it may run (D3). Everything else becomes an
//!   error result or a [`TurnFailure`].
//! - Whenever the turn is let go, [`Turn::into_conversation`] gives a history that can be sent again, with every result
//!   that had come (D5).
//! - A call is handed out once. Only a `read_only` one whose turn was saved while it ran is handed out again.
//! - Outcomes for actions that are not outstanding change nothing.

pub(crate) mod config;
pub(crate) mod conversation;
pub(crate) mod diagnostic;
pub(crate) mod history;
pub(crate) mod plan;
pub(crate) mod render;
pub(crate) mod retry;
pub(crate) mod time;
pub(crate) mod turn_event;

mod action;
mod agenda;
mod answer;
mod attempt;
mod calls;
mod course;
mod dialogue;
mod limits;
mod live;
mod outbox;
mod output;
mod saved;
mod step;
mod texts;
mod verdict;

use std::sync::Arc;

pub use action::{
    Action, ActionId, ActionKind, CancelAction, ConverseAction, DecideAction, Decision, DispatchAction,
    InvalidActionId, Outstanding, Question, RememberAction, ToolCall, TurnFailure, TurnOutcome, WaitAction,
};
pub use answer::{AnswerEnd, FinishedAnswer};
pub use attempt::Attempt;
pub use config::{Target, TargetKey, ToolStreaming, TurnConfig, Wire};
pub use conversation::{Conversation, KnownFact};
pub use diagnostic::DiagnosticCode;
pub use history::{Binding, Entry, History};
pub use live::LiveInput;
pub use render::{Rendered, Rule, render};
pub use retry::RetryPolicy;
pub use saved::{SavedTurn, UnknownVersion};
pub use time::Time;
pub use turn_event::{
    AttemptDiscarded, CitationAdded, Diagnostic, EVENT_VERSION, EventKind, OutputDelta, OutputEnd,
    OutputRejected, OutputStart, ReasoningDelta, ReasoningEnd, StepEnd, StepStart, StepUsage, TextDelta,
    TextEnd, ToolEnd, ToolInputDelta, ToolInputEnd, ToolInputStart, ToolProgress, ToolStart, TurnEnd,
    TurnEvent, TurnStart,
};

use crate::{
    tools::call_data::InputHash,
    wire::{
        Message, RawJson, Response, StreamEvent, ToolResultContent, ToolResultStatus, Usage,
        failure::CallFailure,
    },
};

use course::Course;

/// One turn: from a user message to the answer.
///
/// ```
/// use std::sync::Arc;
/// use outcrop_core::{profile::*, schema::*, tools::*, turn::*, wire::*};
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
    course: Course,
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
        let start = TurnStart::new(EVENT_VERSION, config.target().model_id.clone());
        let mut course = Course::new(config, conversation, id.into(), now);
        course.outbox.emit(None, start);
        Self { course }
    }

    /// The next thing to do, if there is one now. Ask again after each thing that happened.
    pub fn next_action(&mut self) -> Option<Action> {
        self.course.next_action()
    }

    /// Takes an event of the stream of the Converse action `id`.
    pub fn on_stream_event(&mut self, id: ActionId, event: StreamEvent, now: Time) {
        self.course.on_stream_event(id, event, now);
    }

    /// The stream of the Converse action `id` has ended in order.
    pub fn on_stream_end(&mut self, id: ActionId, now: Time) {
        self.course.on_stream_end(id, now);
    }

    /// The call of the Converse action `id` failed.
    ///
    /// A refusal that teaches how to phrase the request is followed by another [`Action::Converse`], as long as nothing of
    /// the answer had come (R7, R70); so is a failure that [`TurnConfig::retry`] makes again. A failure after
    /// `messageStop` only ends the stream (R105).
    pub fn on_call_failed(&mut self, id: ActionId, failure: CallFailure, now: Time) {
        self.course.on_call_failed(id, failure, now);
    }

    /// Takes the answer of the Converse action `id`, read apart from the turn by [`ConverseAction::read_apart`]. The
    /// attempt has given the events of the stream; the turn gives the others.
    pub fn on_answer(&mut self, id: ActionId, answer: FinishedAnswer, now: Time) {
        self.course.on_answer(id, answer, now);
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
        self.course.on_tool_result(id, content, status, now);
    }

    /// The tool of the Dispatch action `id` reports its progress.
    pub fn on_tool_progress(&mut self, id: ActionId, progress: RawJson, now: Time) {
        self.course.on_tool_progress(id, progress, now);
    }

    /// A decision about the call of the Decide action `id` was made. `input_hash` is that of the input which was shown: a
    /// decision about another input changes nothing but a diagnostic.
    pub fn on_decision(&mut self, id: ActionId, input_hash: InputHash, decision: Decision, now: Time) {
        self.course.on_decision(id, input_hash, decision, now);
    }

    /// The moment of the Wait action `id` has come.
    pub fn on_elapsed(&mut self, id: ActionId, now: Time) {
        self.course.on_elapsed(id, now);
    }

    /// The action `id` was stopped before its outcome came, at the request of the turn or by the driver's own decision.
    ///
    /// For a tool call the model reads that the outcome is unknown, for a decision that the call was not begun. A call to
    /// the model that was stopped ends the turn with [`TurnFailure::Abandoned`]; what it had said stays in the history.
    pub fn on_cancelled(&mut self, id: ActionId, now: Time) {
        self.course.on_cancelled(id, now);
    }

    /// How the turn ended; `None` while it goes on.
    pub fn outcome(&self) -> Option<Result<&TurnOutcome, &TurnFailure>> {
        self.course.outcome()
    }

    /// The actions that were handed out and whose outcome was not reported. Where only decisions are left, the driver may
    /// save the turn and let it go: [`Turn::resume`] hands them out again.
    pub fn outstanding(&self) -> Vec<Outstanding> {
        self.course.outstanding()
    }

    /// The conversation as far as it is settled: without the step at hand.
    pub fn conversation(&self) -> &Conversation {
        &self.course.dialogue.conversation
    }

    /// The history of [`Turn::conversation`].
    pub fn history(&self) -> &History {
        &self.course.dialogue.conversation.history
    }

    /// The conversation, whether the turn has ended or is given up now: calls without a result get one that says that
    /// they were interrupted, and what was not complete of an open answer is gone.
    pub fn into_conversation(mut self) -> Conversation {
        self.take_conversation()
    }

    /// As [`Turn::into_conversation`], for a driver that cannot give the turn away; the turn is over then.
    pub fn take_conversation(&mut self) -> Conversation {
        self.course.take_conversation()
    }

    /// The next event for observers.
    pub fn next_event(&mut self) -> Option<TurnEvent> {
        self.course.next_event()
    }

    /// What was dropped, downgraded or repaired so far, in order. Each was an event too.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.course.outbox.diagnostics
    }

    /// The id of the turn.
    pub fn id(&self) -> &str {
        self.course.outbox.turn()
    }

    /// The step at hand, from 1; 0 before the first.
    pub fn step(&self) -> u32 {
        self.course.outbox.step
    }

    /// Tokens of all steps so far.
    pub fn usage(&self) -> &Usage {
        &self.course.usage
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
    /// use outcrop_core::{profile::*, schema::*, tools::*, turn::*, wire::*};
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
        self.course.live(event)
    }

    /// The turn as it can be kept. It can be taken at any moment; the turn goes on. Events that were not taken yet are not
    /// in it: take them first.
    pub fn save(&self) -> SavedTurn {
        SavedTurn::of(&self.course)
    }

    /// Goes on with a saved turn; `now` is the moment as the driver knows it.
    ///
    /// With nothing outstanding the turn goes on as if it had not been saved. Otherwise:
    ///
    /// | outstanding when it was saved | after it was resumed |
    /// |---|---|
    /// | `Converse`, its message not complete | the same request is made again, under the same id |
    /// | `Converse`, its message complete | the answer is kept; what its stream still brought is not known |
    /// | `Dispatch` of a `read_only` tool that is not `once` | runs again, under the same id |
    /// | any other `Dispatch` | the model reads that the outcome is unknown, and observers get its `toolEnd` |
    /// | `Decide` | is asked again, under the same id; a decision may also be reported at once |
    /// | `Wait` before a retry | handed out again |
    /// | `Wait` for the timeout of a tool | dropped; a call that runs again gets its full timeout |
    /// | `Cancel` | dropped; the call already has its result |
    ///
    /// # Errors
    /// It was saved by a later version.
    pub fn resume(config: Arc<TurnConfig>, saved: SavedTurn, now: Time) -> Result<Self, UnknownVersion> {
        Ok(Self { course: saved.restore(config, now)? })
    }
}
