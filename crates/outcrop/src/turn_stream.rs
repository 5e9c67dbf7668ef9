//! The stream of a turn's events, as the caller holds it.
//!
//! # Invariants
//! - It is `Send + 'static`, so that it can be handed to another task or to a web response.
//! - Dropping it ends the turn: the HTTP exchange is closed, running tools are stopped, and the session's history
//!   is valid, with the results that had come.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use futures::{Stream, StreamExt};
use outcrop_core::TurnEvent;

use crate::{Answer, Error};

/// Where the turn leaves its answer.
pub(crate) type AnswerCell = Arc<Mutex<Option<Answer>>>;

/// The events of a turn. After an error there are no more.
///
/// ```
/// use futures::TryStreamExt;
/// use outcrop::{Agent, EventKind, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let agent = Agent::builder(ScriptedModel::texts(["Hello!"])).build()?;
/// let mut turn = agent.ask("Hi").stream();
/// let mut text = String::new();
/// while let Some(event) = turn.try_next().await? {
///     if let EventKind::TextDelta(delta) = event.kind {
///         text.push_str(&delta.text);
///     }
/// }
/// assert_eq!(text, "Hello!");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use = "a turn does nothing unless it is polled"]
pub struct TurnStream {
    events: Pin<Box<dyn Stream<Item = Result<TurnEvent, Error>> + Send>>,
    answer: AnswerCell,
}

impl TurnStream {
    pub(crate) fn new(
        events: impl Stream<Item = Result<TurnEvent, Error>> + Send + 'static,
        answer: AnswerCell,
    ) -> Self {
        Self { events: Box::pin(events), answer }
    }

    /// Runs the turn to its end, whatever of it was watched, and gives the answer.
    ///
    /// # Errors
    /// Why there is no answer; the history stays with the session.
    pub async fn answer(mut self) -> Result<Answer, Error> {
        while let Some(event) = self.events.next().await {
            event?;
        }
        // Without an answer the stream has yielded its error before, to whoever polled it then.
        let answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        answer.ok_or(Error::TurnOver)
    }
}

impl Stream for TurnStream {
    type Item = Result<TurnEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.events.as_mut().poll_next(cx)
    }
}

impl std::fmt::Debug for TurnStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnStream").finish_non_exhaustive()
    }
}
