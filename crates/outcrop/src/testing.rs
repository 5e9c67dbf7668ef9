//! A model that plays what it is told, for tests without HTTP; and the context of a call for tests of a tool alone.
//!
//! For tests over the real protocol use `outcrop-local`.
//!
//! # Invariants
//! - Answers are played in order; one call more than there are answers is an error.
//! - Every request that came is kept, as the bytes that would have been sent.

use std::sync::{Arc, Mutex, PoisonError};

use outcrop_core::{
    Message, Profile, RawJson, Request, Response, StopReason, StreamEvent, ToolUse, Usage,
    wire::{Metrics, Output},
};

use tokio_util::sync::CancellationToken;

use crate::{
    model::{Model, ModelCall, ModelError, ModelStream},
    tool::ToolCx,
};

/// A model that plays recorded or invented events. A clone plays on with the same script.
///
/// ```
/// use outcrop::{Agent, Tool, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let model = ScriptedModel::new()
///     .calls([("call_1", "now", serde_json::json!({}))])
///     .text("It is noon.");
/// let now = Tool::new::<(), _>("now", "The time.", |_, _| async { "12:00" });
/// let answer = Agent::builder(model.clone()).tool(now).build()?.ask("What time is it?").await?;
/// assert_eq!(answer.text(), "It is noon.");
/// assert_eq!(model.requests().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, Default)]
pub struct ScriptedModel {
    id: Option<String>,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    answers: std::collections::VecDeque<Vec<Result<StreamEvent, ModelError>>>,
    requests: Vec<Request>,
}

impl ScriptedModel {
    /// A model without answers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A model that answers with these texts, one a call.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        texts.into_iter().fold(Self::new(), Self::text)
    }

    /// Sets the id, and by it the profile; otherwise `scripted.model`.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Adds an answer of one text.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.message(Message::assistant(text.into()), StopReason::EndTurn)
    }

    /// Adds an answer that calls tools: id, name and input of each.
    #[must_use]
    pub fn calls<'a>(self, calls: impl IntoIterator<Item = (&'a str, &'a str, serde_json::Value)>) -> Self {
        let blocks: Vec<_> =
            calls.into_iter().map(|(id, name, input)| ToolUse::new(id, name, input).into()).collect();
        self.message(Message::assistant(blocks), StopReason::ToolUse)
    }

    /// Adds an answer of any message.
    #[must_use]
    pub fn message(self, message: Message, stop_reason: StopReason) -> Self {
        let mut response = Response::new(Output::Message(message), stop_reason);
        response.usage = Some(Usage::new());
        response.metrics = Some(Metrics::new());
        self.events(response.into_events().into_iter().map(Ok))
    }

    /// Adds an answer of given events; an error ends it.
    #[must_use]
    pub fn events(self, events: impl IntoIterator<Item = Result<StreamEvent, ModelError>>) -> Self {
        self.lock().answers.push_back(events.into_iter().collect());
        self
    }

    /// The requests that came, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// The requests that came, as the JSON that would have been sent.
    pub fn request_bodies(&self) -> Vec<RawJson> {
        let body = |request: &Request| String::from_utf8(request.to_json_bytes().ok()?).ok()?.parse().ok();
        self.requests().iter().filter_map(body).collect()
    }

    /// Keeps `request` and takes the next answer.
    fn answer(&self, request: Request) -> Vec<Result<StreamEvent, ModelError>> {
        let mut shared = self.lock();
        shared.requests.push(request);
        let at_its_end = || vec![Err(ModelError::new("the script is at its end"))];
        shared.answers.pop_front().unwrap_or_else(at_its_end)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Model for ScriptedModel {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or("scripted.model")
    }

    fn profile(&self) -> Profile {
        Profile::of(self.id())
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        let model = self.clone();
        Box::pin(async_stream::stream! {
            for event in model.answer(call.request) {
                yield event;
            }
        })
    }
}

/// The context of a call that no agent made, for calling a tool's function by hand. Its id is `by_hand`, its step 1;
/// what it tells of its progress nobody hears.
///
/// ```
/// use outcrop::{State, ToolCx, testing::tool_cx, tool};
///
/// /// Price of an item.
/// #[tool]
/// fn price(item: usize, prices: State<Vec<u32>>, cx: ToolCx) -> Option<u32> {
///     cx.progress("looking");
///     prices.get(item).copied()
/// }
///
/// assert_eq!(price(1, State::new(vec![3, 5]), tool_cx()), Some(5));
/// ```
pub fn tool_cx() -> ToolCx {
    ToolCx::new("by_hand".to_owned(), 1, CancellationToken::new(), Arc::default(), |_| {})
}
