//! The stream of a turn's events, as the caller holds it.
//!
//! # Invariants
//! - It is `Send + 'static`, so that it can be handed to another task or to a web response.
//! - Dropping it ends the turn: the HTTP exchange is closed, running tools are stopped, and the session's history
//!   is valid, with the results that had come. An error or a panic ends it likewise, at once.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use futures::{Stream, StreamExt};
use outcrop_core::{TurnEvent, turn::LiveInput};

use crate::{
    Answer, Error, ErrorKind,
    drive::{Drive, Going},
};

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
    state: State,
}

enum State {
    /// Nobody has polled it.
    Asked(Box<Drive>),
    Going(Box<Going>),
    /// It cannot begin.
    Failed(Box<Error>),
    /// The answer, where there is one.
    Over(Option<Box<Answer>>),
}

impl TurnStream {
    pub(crate) fn new(drive: Drive) -> Self {
        Self { state: State::Asked(Box::new(drive)) }
    }

    pub(crate) fn failed(error: Error) -> Self {
        Self { state: State::Failed(Box::new(error)) }
    }

    /// The answer, once the turn has ended with one.
    pub(crate) fn take_answer(&mut self) -> Option<Answer> {
        match &mut self.state {
            State::Over(answer) => answer.take().map(|answer| *answer),
            _ => None,
        }
    }

    /// The input of the tool call that `event` is about, as far as the model has written it, as of that event: for
    /// [`EventKind::ToolInputStart`], [`EventKind::ToolInputDelta`] and [`EventKind::ToolInputEnd`]. For those of an
    /// output ([`EventKind::OutputDelta`] and its neighbours) it is the output so far.
    ///
    /// It is lent until the next step begins; `None` for other events, and for those of other steps and turns. Who
    /// never asks pays nothing for it. What is shown here is never what is executed.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, testing::ScriptedModel};
    /// use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let input = json!({"path": "a.txt", "content": "Dear all"});
    /// let model = ScriptedModel::new().calls([("t1", "write_file", input)]).text("Done.");
    /// let mut turn = Agent::builder(model).build()?.ask("Write to all").stream();
    /// let mut content = String::new();
    /// while let Some(event) = turn.try_next().await? {
    ///     if let Some(input) = turn.live(&event)
    ///         && let Some(text) = input.get("content").and_then(|content| content.as_str())
    ///     {
    ///         content = text.to_owned();
    ///     }
    /// }
    /// assert_eq!(content, "Dear all");
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// As the tool's own types, filling in:
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, LivePartial, Part, testing::ScriptedModel, tool, tools};
    /// use serde_json::json;
    ///
    /// /// Writes a file.
    /// #[tool]
    /// fn write_file(path: String, content: String, mode: Option<u32>) -> String {
    ///     format!("{} bytes in {path} ({mode:?})", content.len())
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let input = json!({"path": "a.txt", "content": "Dear all"});
    /// let model = ScriptedModel::new().calls([("t1", "write_file", input)]).text("Done.");
    /// let mut turn = Agent::builder(model).tools(tools![write_file]).build()?.ask("Write to all").stream();
    /// let mut file = LivePartial::<write_file>::new(); // One for each call.
    /// while let Some(event) = turn.try_next().await? {
    ///     if let Some(input) = turn.live(&event)
    ///         && let Some(file) = file.update(*input)?.get()
    ///     {
    ///         println!("{:?}: {:?}", file.path.done(), file.content.as_deref());
    ///     }
    /// }
    /// let file = file.get().unwrap();
    /// assert_eq!(file.content, Part::Done("Dear all".to_owned()));
    /// assert!(file.mode.is_absent());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// [`EventKind::ToolInputStart`]: crate::EventKind::ToolInputStart
    /// [`EventKind::ToolInputDelta`]: crate::EventKind::ToolInputDelta
    /// [`EventKind::ToolInputEnd`]: crate::EventKind::ToolInputEnd
    /// [`EventKind::OutputDelta`]: crate::EventKind::OutputDelta
    pub fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        match &mut self.state {
            State::Going(going) => going.turn.live(event),
            State::Asked(_) | State::Failed(_) | State::Over(_) => None,
        }
    }

    /// Runs the turn to its end, whatever of it was watched, and gives the answer.
    ///
    /// # Errors
    /// Why there is no answer; the history stays with the session.
    pub async fn answer(mut self) -> Result<Answer, Error> {
        while let Some(event) = self.next().await {
            event?;
        }
        match self.state {
            State::Over(Some(answer)) => Ok(*answer),
            // The stream has yielded its error before, to whoever polled it then.
            _ => Err(ErrorKind::TurnOver.into()),
        }
    }
}

impl Stream for TurnStream {
    type Item = Result<TurnEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The turn is taken out while it is polled, so that a panic in there ends it.
        let mut going = match std::mem::replace(&mut self.state, State::Over(None)) {
            State::Going(going) => going,
            State::Asked(drive) => match Going::begin(*drive) {
                Ok(going) => Box::new(going),
                Err(error) => return Poll::Ready(Some(Err(error))),
            },
            State::Failed(error) => return Poll::Ready(Some(Err(*error))),
            over @ State::Over(_) => {
                self.state = over;
                return Poll::Ready(None);
            }
        };
        let polled = going.poll_event(cx);
        match polled {
            Poll::Pending | Poll::Ready(Some(Ok(_))) => self.state = State::Going(going),
            Poll::Ready(None) => self.state = State::Over(going.into_answer().map(Box::new)),
            Poll::Ready(Some(Err(_))) => drop(going),
        }
        polled
    }
}

impl std::fmt::Debug for TurnStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TurnStream").finish_non_exhaustive()
    }
}
