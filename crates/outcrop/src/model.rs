//! What an agent needs of a model: a request in, a stream of events out.
//!
//! # Invariants
//! - A model that cannot stream yields the same events from a whole answer (R124).
//! - Dropping the stream stops the call.

use std::{error::Error as StdError, fmt, pin::Pin};

use futures::Stream;
use outcrop_core::{Fact, Profile, Request, StreamEvent};

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

    /// Asks it. Nothing is sent before the stream is polled.
    fn stream(&self, request: Request) -> ModelStream;

    /// A refusal taught something about this model; sessions that open later should know.
    fn learn(&self, fact: Fact) {
        let _ = fact;
    }
}

impl<M: Model + ?Sized> Model for std::sync::Arc<M> {
    fn id(&self) -> &str {
        (**self).id()
    }

    fn profile(&self) -> Profile {
        (**self).profile()
    }

    fn stream(&self, request: Request) -> ModelStream {
        (**self).stream(request)
    }

    fn learn(&self, fact: Fact) {
        (**self).learn(fact);
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
}

impl ModelError {
    /// An error that is not worth another try, unless said otherwise.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let inner =
            Inner { source: source.into(), code: None, message: None, request_id: None, retryable: false };
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

impl StdError for ModelError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source.source()
    }
}
