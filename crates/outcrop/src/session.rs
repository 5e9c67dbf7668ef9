//! A conversation with an agent, one turn at a time.
//!
//! # Invariants
//! - The history is valid whenever it can be seen: before a turn, and after it, however it ended.
//! - A session pins what it knows of its model when it opens, so that what was sent stays a prefix of what is sent.

use std::sync::Arc;

use outcrop_core::{History, Message, wire::IntoContent};
use outcrop_json::HasPartial;

use crate::{
    Agent, Answer, Error,
    drive::Drive,
    output::Output,
    slot::Slot,
    turn_stream::TurnStream,
    typed::{AskOutput, ElementStream, OutputStream, Outputs},
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
        let drive = Drive {
            model: Arc::clone(self.agent.model()),
            toolbox: Arc::clone(self.agent.toolbox()),
            slot: Arc::clone(&self.slot),
            user: Message::user(content),
            output: None,
        };
        Ask { drive, outputs: Arc::clone(self.agent.outputs()) }
    }

    /// The conversation so far; while a turn is going on, as it was before.
    pub fn history(&self) -> History {
        self.slot.history()
    }

    /// Takes the last turn out of the conversation: the user's last message and all that came after it. For a
    /// question that the service refuses, or one that is to be asked again after an error.
    ///
    /// # Errors
    /// [`ErrorKind::TurnInProgress`](crate::ErrorKind::TurnInProgress).
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
pub struct Ask {
    drive: Drive,
    outputs: Arc<Outputs>,
}

impl Ask {
    /// The turn as a stream of events.
    pub fn stream(self) -> TurnStream {
        TurnStream::new(self.drive)
    }

    /// Ends the turn with a `T`: the model is asked for it in the way that it takes, what it gives is held to the
    /// schema of `T`, and it is asked again where it is not valid.
    ///
    /// ```
    /// use outcrop::{Agent, Output, testing::ScriptedModel};
    ///
    /// #[derive(Output)]
    /// struct Trip {
    ///     /// Why this plan.
    ///     reason: String,
    ///     cities: Vec<String>,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let model = ScriptedModel::texts([r#"{"reason": "It is warm.", "cities": ["Lisbon"]}"#]);
    /// let trip: Trip = Agent::builder(model).build()?.ask("A weekend in the south").output().await?;
    /// assert_eq!(trip.cities, ["Lisbon"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn output<T: Output>(self) -> AskOutput<T> {
        AskOutput::new(self.drive, &self.outputs)
    }

    /// As [`Ask::output`], watched: what there is of the `T` as it grows, and the `T` at the end.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, OutputUpdate, testing::ScriptedModel};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let model = ScriptedModel::texts([r#"{"value": ["Lisbon", "Faro"]}"#]);
    /// let mut cities = Agent::builder(model).build()?.ask("Cities?").output_stream::<Vec<String>>();
    /// while let Some(update) = cities.try_next().await? {
    ///     match update {
    ///         OutputUpdate::Partial(so_far) => println!("{} so far", so_far.len()),
    ///         OutputUpdate::Done(cities) => assert_eq!(cities, ["Lisbon", "Faro"]),
    ///         _ => {}
    ///     }
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn output_stream<T: Output + HasPartial>(self) -> OutputStream<T> {
        self.output().updates()
    }

    /// Ends the turn with a list, and gives each element as soon as it is complete. The list is held to its schema
    /// and to checks only at its end; then an error may follow elements that were given, and so it is where the model
    /// wrote it anew after a call and it begins with others ([`ErrorKind::WrittenAnew`](crate::ErrorKind::WrittenAnew)). It is
    /// asked for once. With a strategy or checks it is [`AskOutput::elements`].
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, testing::ScriptedModel};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let model = ScriptedModel::texts([r#"{"value": ["Lisbon", "Faro"]}"#]);
    /// let cities = Agent::builder(model).build()?.ask("Cities?").elements::<String>();
    /// assert_eq!(cities.try_collect::<Vec<_>>().await?, ["Lisbon", "Faro"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn elements<T>(self) -> ElementStream<T>
    where
        T: Output,
        Vec<T>: Output,
    {
        self.output::<Vec<T>>().elements()
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
