//! What an agent needs of a model: a request in, a stream of events out.
//!
//! # Invariants
//! - A model that cannot stream yields the same events from a whole answer (R124).
//! - Dropping the stream stops the call.

use std::{error::Error as StdError, fmt, pin::Pin};

use futures::Stream;
use outcrop_core::{
    Fact, Profile, Request, StreamEvent,
    turn::{ConverseAction, TargetKey},
    wire::{CallFailure, FailureClass, Refusal},
};

/// The events of one call. After an error it yields nothing more.
pub type ModelStream = Pin<Box<dyn Stream<Item = Result<StreamEvent, ModelError>> + Send>>;

/// A model that can be asked.
///
/// [`Bedrock`](crate::Bedrock) is one, [`ScriptedModel`](crate::testing::ScriptedModel) another.
pub trait Model: Send + Sync + 'static {
    /// Its id, as Bedrock writes it.
    fn id(&self) -> &str;

    /// What it takes. A session asks once, when it opens.
    fn profile(&self) -> Profile {
        Profile::of(self.id())
    }

    /// Calls it. Nothing is sent before the stream is polled.
    fn call(&self, call: ModelCall) -> ModelStream;

    /// A refusal taught something about this model; sessions that open later should know.
    fn learn(&self, fact: Fact) {
        let _ = fact;
    }
}

macro_rules! model_behind {
    ($($pointer:ty),*) => {$(
        impl<M: Model + ?Sized> Model for $pointer {
            fn id(&self) -> &str {
                (**self).id()
            }

            fn profile(&self) -> Profile {
                (**self).profile()
            }

            fn call(&self, call: ModelCall) -> ModelStream {
                (**self).call(call)
            }

            fn learn(&self, fact: Fact) {
                (**self).learn(fact);
            }
        }
    )*};
}

model_behind!(std::sync::Arc<M>, Box<M>);

/// One call to a model.
///
/// A model of one's own:
///
/// ```
/// use outcrop::{Agent, Model, ModelCall, ModelStream, core::{profile::*, schema::*, tools::*, turn::*, wire::*}};
///
/// struct Echo;
///
/// impl Model for Echo {
///     fn id(&self) -> &str {
///         "my.echo"
///     }
///
///     fn call(&self, call: ModelCall) -> ModelStream {
///         let asked = call.request.messages.last().map(Message::text).unwrap_or_default();
///         let answer = Response::new(Output::Message(Message::assistant(asked)), StopReason::EndTurn);
///         Box::pin(futures::stream::iter(answer.into_events().into_iter().map(Ok)))
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let model: Box<dyn Model> = Box::new(Echo);
/// assert_eq!(Agent::builder(model).build()?.ask("Hello").await?.text(), "Hello");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelCall {
    /// What is sent.
    pub request: Request,
    /// What the call is for, and how it is to be made.
    pub context: CallContext,
}

/// What a [`ModelCall`] is for, and how it is to be made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallContext {
    /// The id of the turn.
    pub turn: std::sync::Arc<str>,
    /// The step of the turn, from 1.
    pub step: u32,
    /// The attempt at the step, from 1.
    pub attempt: u32,
    /// The model and the form in which it is asked.
    pub target: TargetKey,
    /// The AWS region, where it is not that of the model's own client.
    pub region: Option<String>,
    /// The call is sent once: the turn retries by itself.
    pub single_attempt: bool,
}

impl ModelCall {
    /// The call that a turn asks for.
    pub(crate) fn of(ask: ConverseAction, turn: &str) -> Self {
        let context = CallContext {
            turn: turn.into(),
            step: ask.id.step(),
            attempt: ask.attempt,
            target: ask.target,
            region: ask.region,
            single_attempt: ask.single_attempt,
        };
        Self { request: *ask.request, context }
    }
}

/// Why a model did not answer, or not to the end.
pub struct ModelError {
    inner: Box<Inner>,
}

struct Inner {
    source: Box<dyn StdError + Send + Sync>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    retryable: bool,
    failure: Option<CallFailure>,
}

impl ModelError {
    /// An error that is not worth another try, unless said otherwise.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let inner = Inner {
            source: source.into(),
            code: None,
            message: None,
            request_id: None,
            retryable: false,
            failure: None,
        };
        Self { inner: Box::new(inner) }
    }

    /// Sets the service's code, such as `ThrottlingException`.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.inner.code = Some(code.into());
        self
    }

    /// Sets the service's own words; refusals are understood by them.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.inner.message = Some(message.into());
        self
    }

    /// Sets the service's id of the request.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.inner.request_id = Some(request_id.into());
        self
    }

    /// Sets whether the same request may get an answer later.
    #[must_use]
    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.inner.retryable = retryable;
        self
    }

    /// Sets what a turn decides by, whether to phrase the request anew and whether to make the call again; and by it code,
    /// message and request id. Without it, a message is taken for that of a refusal.
    #[must_use]
    pub fn with_failure(mut self, failure: CallFailure) -> Self {
        self.inner.code.clone_from(&failure.code);
        self.inner.message.clone_from(&failure.message);
        self.inner.request_id.clone_from(&failure.request_id);
        self.inner.retryable = failure.class.is_retryable();
        self.inner.failure = Some(failure);
        self
    }

    /// The failure as data: its class, and what the service said.
    pub fn to_failure(&self) -> CallFailure {
        if let Some(failure) = &self.inner.failure {
            return failure.clone();
        }
        let class = match self.message() {
            _ if self.is_retryable() => FailureClass::Overloaded,
            Some(message) => FailureClass::Refused(Refusal::parse(message)),
            None => FailureClass::Other,
        };
        let mut failure = CallFailure::new(class);
        failure.code = self.code().map(str::to_owned);
        failure.request_id = self.request_id().map(str::to_owned);
        match self.message() {
            Some(message) => failure.message(message),
            None => failure,
        }
    }

    /// The error that it was made of, whose words are this one's. That of a `Bedrock` is a `BedrockError`, which knows
    /// more: whether the request was too long, how long to wait, what to do about it.
    ///
    /// ```
    /// use outcrop::ModelError;
    /// let error = ModelError::new(std::io::Error::other("the line is dead"));
    /// assert_eq!(error.to_string(), "the line is dead");
    /// assert!(error.get_ref().is::<std::io::Error>());
    /// ```
    pub fn get_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.inner.source
    }

    /// The service's code.
    pub fn code(&self) -> Option<&str> {
        self.inner.code.as_deref()
    }

    /// The service's own words.
    pub fn message(&self) -> Option<&str> {
        self.inner.message.as_deref()
    }

    /// The service's id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// Whether the same request may get an answer later.
    pub fn is_retryable(&self) -> bool {
        self.inner.retryable
    }
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.source.fmt(f)
    }
}

impl fmt::Debug for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelError")
            .field("code", &self.inner.code)
            .field("message", &self.inner.message)
            .field("request_id", &self.inner.request_id)
            .field("retryable", &self.inner.retryable)
            .field("source", &self.inner.source)
            .finish()
    }
}

impl From<&ModelError> for CallFailure {
    fn from(error: &ModelError) -> Self {
        error.to_failure()
    }
}

impl StdError for ModelError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.source()
    }
}
