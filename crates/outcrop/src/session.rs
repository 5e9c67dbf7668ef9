//! A conversation with an agent, one turn at a time.
//!
//! # Invariants
//! - The history is valid whenever it can be seen: before a turn, and after it, however it ended.
//! - A session pins what it knows of its model when it opens, so that what was sent stays a prefix of what is sent.

use std::sync::{Arc, Mutex, PoisonError};

use outcrop_core::{Fact, History, IntoContent, Message, StopReason, TurnConfig, TurnOutcome, Usage};

use crate::{
    Agent, Error,
    drive::Drive,
    turn_stream::{AnswerCell, TurnStream},
};

/// A conversation. It is owned: keep it, send it to another task, take its history out.
///
/// ```
/// use outcrop::{Agent, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let agent = Agent::builder(ScriptedModel::texts(["Ada.", "You said Ada."])).build()?;
/// let session = agent.session();
/// session.ask("I am Ada.").await?;
/// let answer = session.ask("Who am I?").await?;
/// assert_eq!(answer.text(), "You said Ada.");
/// assert_eq!(session.history().len(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Debug)]
pub struct Session {
    agent: Agent,
    slot: Arc<Slot>,
}

impl Session {
    /// A conversation with `agent` that goes on after `history`.
    pub fn from_history(agent: &Agent, history: History) -> Self {
        let slot = Slot::new(history, agent.turn_config());
        Self { agent: agent.clone(), slot: Arc::new(slot) }
    }

    /// Asks; nothing is sent before the [`Ask`] is awaited or its stream is polled.
    pub fn ask(&self, content: impl IntoContent) -> Ask {
        Ask(Drive {
            model: Arc::clone(self.agent.model()),
            toolbox: Arc::clone(self.agent.toolbox()),
            slot: Arc::clone(&self.slot),
            user: Message::user(content),
            answer: AnswerCell::default(),
        })
    }

    /// The conversation so far; while a turn is going on, as it was before.
    pub fn history(&self) -> History {
        self.slot.lock().history.clone()
    }

    /// The conversation so far.
    pub fn into_history(self) -> History {
        self.history()
    }
}

/// A question that can be awaited for its answer, or watched.
#[must_use = "nothing is asked before it is awaited or its stream is polled"]
pub struct Ask(Drive);

impl Ask {
    /// The turn as a stream of events.
    pub fn stream(self) -> TurnStream {
        let answer = Arc::clone(&self.0.answer);
        TurnStream::new(self.0.events(), answer)
    }
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ask").finish_non_exhaustive()
    }
}

impl IntoFuture for Ask {
    type Output = Result<Answer, Error>;
    type IntoFuture = futures::future::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.stream().answer())
    }
}

/// How a turn ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The model's last message, why it stopped, what all steps cost.
    pub outcome: TurnOutcome,
    /// The conversation, this turn included.
    pub history: History,
}

impl Answer {
    /// The text of the model's last message.
    pub fn text(&self) -> String {
        self.outcome.message.text()
    }

    /// Why the model stopped. Only `end_turn` and `stop_sequence` mean that it said all it wanted.
    pub fn stop_reason(&self) -> &StopReason {
        &self.outcome.stop_reason
    }

    /// Tokens of all steps.
    pub fn usage(&self) -> &Usage {
        &self.outcome.usage
    }
}

/// Where a session and its turn meet.
#[derive(Debug)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Debug)]
struct State {
    history: History,
    config: Arc<TurnConfig>,
    busy: bool,
}

impl Slot {
    fn new(history: History, config: TurnConfig) -> Self {
        Self(Mutex::new(State { history, config: Arc::new(config), busy: false }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn begins with the history as it is and by what the session has pinned.
    pub(crate) fn begin(&self) -> Result<(History, Arc<TurnConfig>), Error> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.busy, true) {
            return Err(Error::TurnInProgress);
        }
        Ok((state.history.clone(), Arc::clone(&state.config)))
    }

    /// The turn is over, however it ended. What refusals taught in it holds for the rest of the session: what was
    /// sent before was refused, so no prefix is lost by it.
    pub(crate) fn end(&self, history: History, learned: &[Fact]) {
        let mut state = self.lock();
        state.history = history;
        state.busy = false;
        if !learned.is_empty() {
            let config = Arc::make_mut(&mut state.config);
            let known = config.profile.clone();
            config.profile = learned.iter().fold(known, |profile, fact| profile.with_fact(*fact));
        }
    }
}
