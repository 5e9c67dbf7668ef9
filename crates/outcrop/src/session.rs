//! A conversation with an agent, one turn at a time.
//!
//! # Invariants
//! - The history is valid whenever it can be seen: before a turn, and after it, however it ended.
//! - A session pins what it knows of its model when it opens, so that what was sent stays a prefix of what is sent.

use std::sync::Arc;

use outcrop_core::{History, IntoContent, Message};

use crate::{Agent, Answer, Error, drive::Drive, slot::Slot, turn_stream::TurnStream};

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
        })
    }

    /// The conversation so far; while a turn is going on, as it was before.
    pub fn history(&self) -> History {
        self.slot.history()
    }

    /// Takes the last turn out of the conversation: the user's last message and all that came after it. For a
    /// question that the service refuses, or one that is to be asked again after an error.
    ///
    /// # Errors
    /// [`Error::TurnInProgress`].
    pub fn pop_turn(&self) -> Result<Vec<Message>, Error> {
        self.slot.pop_turn()
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
        TurnStream::new(self.0)
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
