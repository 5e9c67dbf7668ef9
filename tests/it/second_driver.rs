//! A second driver of a turn: one thread, no async runtime, the public API of `outcrop-core` alone. It is the template for
//! drivers in durable engines.
//!
//! It drives in two ways. By [`Way::Events`] it hands in the events of each stream. By [`Way::Answers`] it does what a
//! durable engine does: each model call and each tool call is one journaled step, whose result survives as JSON only.
//!
//! # Invariants
//! - It decides nothing: what comes next, what may run, what is asked again is the turn's business.
//! - Between any two actions the turn may be saved as JSON and resumed.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use outcrop_core::{
    Action, Conversation, Message, ReadyInput, StreamEvent, Time, Turn, TurnConfig, TurnEvent,
    turn::{
        ActionId, CancelAction, ConverseAction, Decision, DispatchAction, FinishedAnswer, SavedTurn,
        TurnOutcome,
    },
    wire::{CallFailure, ToolResultContent, ToolResultStatus},
};
use serde::{Serialize, de::DeserializeOwned};

/// What a model does when it is called.
#[derive(Clone)]
pub(crate) enum Reply {
    Events(Vec<StreamEvent>),
    Fails(CallFailure),
}

/// What a tool gave.
pub(crate) type Result = (Vec<ToolResultContent>, ToolResultStatus);

/// How answers reach the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As the events of a stream.
    Events,
    /// As a whole, read apart from the turn.
    Answers,
}

/// What was seen and done in a turn.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Transcript {
    pub(crate) events: Vec<TurnEvent>,
    pub(crate) requests: Vec<String>,
    pub(crate) remembered: Vec<String>,
    pub(crate) runs: Vec<String>,
    /// `None` where the turn failed.
    pub(crate) outcome: Option<TurnOutcome>,
    pub(crate) conversation: Conversation,
}

/// Drives turns; it is the engine.
pub(crate) struct Driver<'a> {
    pub(crate) config: Arc<TurnConfig>,
    pub(crate) way: Way,
    pub(crate) replies: VecDeque<Reply>,
    pub(crate) run: &'a dyn Fn(&str, &ReadyInput) -> Result,
    /// Before which actions, counted from 0, the turn is saved and resumed.
    pub(crate) saves: &'a dyn Fn(usize) -> bool,
    /// What was done, by the name of the action: each is done once.
    pub(crate) journal: BTreeMap<ActionId, String>,
    pub(crate) now: Time,
}

impl Driver<'_> {
    /// Drives one turn of a conversation.
    pub(crate) fn turn(&mut self, conversation: Conversation, question: &str) -> Transcript {
        let user = Message::user(question);
        let mut turn = Turn::new(Arc::clone(&self.config), conversation, user, "t", self.now);
        let mut seen = Transcript::default();
        let (mut running, mut waits, mut actions) = (VecDeque::new(), None, 0);
        self.journal.clear();
        loop {
            seen.events.extend(std::iter::from_fn(|| turn.next_event()));
            if (self.saves)(actions) && turn.outcome().is_none() {
                let saved: SavedTurn = through_json(&turn.save());
                turn = Turn::resume(Arc::clone(&self.config), saved, self.now).unwrap();
                // What is outstanding is handed out again, or settled, by the turn.
                (running, waits) = (VecDeque::new(), None);
                self.journal.retain(|id, _| id.kind() != outcrop_core::turn::ActionKind::Converse);
            }
            actions += 1;
            self.now = self.now.after(std::time::Duration::from_millis(1));
            match turn.next_action() {
                Some(Action::Converse(ask)) => self.converse(&mut turn, ask, &mut seen),
                Some(Action::Dispatch(dispatch)) => running.push_back(dispatch),
                Some(Action::Decide(decide)) => {
                    turn.on_decision(decide.id, decide.call.input_hash, Decision::Allow, self.now);
                }
                Some(Action::Wait(wait)) => waits = Some(wait),
                Some(Action::Cancel(CancelAction { id, .. })) => turn.on_cancelled(id, self.now),
                Some(Action::Remember(remember)) => seen.remembered.push(format!("{:?}", remember.fact)),
                Some(unknown) => panic!("this driver does not know {unknown:?}"),
                None => match (running.pop_front(), waits.take()) {
                    (Some(dispatch), wait) => {
                        waits = wait;
                        self.dispatch(&mut turn, dispatch, &mut seen);
                    }
                    // Nothing else can happen before that moment.
                    (None, Some(wait)) => {
                        self.now = self.now.max(wait.until);
                        turn.on_elapsed(wait.id, self.now);
                    }
                    (None, None) => break,
                },
            }
        }
        assert_eq!(turn.outstanding(), [], "nothing is left to report");
        seen.outcome = turn.outcome().expect("the turn has ended").ok().cloned();
        seen.conversation = turn.into_conversation();
        seen
    }

    /// Calls the model.
    fn converse(&mut self, turn: &mut Turn, ask: ConverseAction, seen: &mut Transcript) {
        assert!(self.journal.insert(ask.id, "asked".to_owned()).is_none(), "{} twice", ask.id);
        seen.requests.push(String::from_utf8(ask.request.to_json_bytes().unwrap()).unwrap());
        let reply = self.replies.pop_front().expect("the script goes on");
        if self.way == Way::Answers {
            // Those of the turn come before those of its attempt.
            seen.events.extend(std::iter::from_fn(|| turn.next_event()));
            let mut attempt = ask.read_apart();
            match reply {
                Reply::Events(events) => events.into_iter().for_each(|event| attempt.on_event(event)),
                Reply::Fails(failure) => attempt.on_failed(failure),
            }
            seen.events.extend(std::iter::from_fn(|| attempt.next_event()));
            let answer: FinishedAnswer = through_json(&attempt.finish());
            return turn.on_answer(ask.id, answer, self.now);
        }
        match reply {
            Reply::Events(events) => {
                events.into_iter().for_each(|event| turn.on_stream_event(ask.id, event, self.now));
                turn.on_stream_end(ask.id, self.now);
            }
            Reply::Fails(failure) => turn.on_call_failed(ask.id, failure, self.now),
        }
    }

    /// Runs a tool.
    fn dispatch(&mut self, turn: &mut Turn, dispatch: DispatchAction, seen: &mut Transcript) {
        let (id, name) = (dispatch.id, dispatch.call.name.clone());
        // In a durable engine the call is data until the step that runs it.
        let input = match self.way {
            Way::Events => dispatch.call.input,
            Way::Answers => self.config.tools.admit(&through_json(&dispatch.to_data())).unwrap(),
        };
        seen.runs.push(format!("{id} {name} {}", input.text().as_str()));
        assert!(self.journal.insert(id, name.clone()).is_none(), "{id} is run twice");
        let (content, status) = (self.run)(&name, &input);
        turn.on_tool_result(id, content, status, self.now);
    }
}

/// What is left of a value in another process.
fn through_json<T: Serialize, U: DeserializeOwned>(value: &T) -> U {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
