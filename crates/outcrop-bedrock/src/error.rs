//! Why a call failed, and the questions a caller asks about it.
//!
//! # What was already retried
//! The SDK retries before the first byte of an answer, by default 3 attempts in all: status 500, 502, 503 and 504,
//! `ThrottlingException` and `ModelNotReadyException`, connections that could not be opened or broke before an answer,
//! and connect timeouts. It does not retry other codes, a 429 without a code, nor anything after a 200: no stream, and
//! no body of Converse. [`Error::attempts`] tells how often the request was sent. A caller that retries on top should
//! do so for errors with one attempt only, or build the handle with `max_attempts(1)` and own the policy.

use std::time::Duration;

mod failure;
mod service;
mod stream;
mod texts;
mod transport;

pub use service::ServiceError;
pub use stream::{StreamError, StreamErrorKind, UnexpectedResponse};
pub(crate) use texts::excerpt;
pub use transport::{TimeoutError, TimeoutKind, TransportError, TransportKind};

/// Why a call to Bedrock failed.
///
/// Match on the variant for what happened, ask the methods for what to do about it.
///
/// ```
/// use outcrop_bedrock::{Error, ServiceError};
///
/// let body = r#"{"message":"Input is too long for requested model."}"#;
/// let headers = |name: &str| match name {
///     "x-amzn-errortype" => Some("ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/"),
///     "x-amzn-requestid" => Some("5a1f"),
///     _ => None,
/// };
/// let error = Error::from(ServiceError::from_http(400, headers, body.into(), 1));
/// assert_eq!(error.code(), Some("ValidationException"));
/// assert!(error.is_context_overflow());
/// assert!(!error.is_retryable());
/// assert_eq!(
///     error.to_string(),
///     "ValidationException: Input is too long for requested model. (status 400, request id 5a1f)",
/// );
/// ```
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service refused: a status other than 2xx, or an exception in the stream.
    #[error(transparent)]
    Service(Box<ServiceError>),
    /// The request could not be built, signed or delivered, or the answer's body broke off.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// Nothing came for too long.
    #[error(transparent)]
    Timeout(Box<TimeoutError>),
    /// The event stream ended before the message did, or is damaged.
    #[error(transparent)]
    Stream(Box<StreamError>),
    /// The answer was 2xx but not what Bedrock sends: most often the endpoint is another service or a proxy.
    #[error(transparent)]
    UnexpectedResponse(Box<UnexpectedResponse>),
}

impl Error {
    /// The service's id of the request, from `x-amzn-requestid`: AWS support asks for it.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Service(error) => error.request_id.as_deref(),
            Self::Transport(error) => error.request_id.as_deref(),
            Self::Timeout(error) => error.request_id.as_deref(),
            Self::Stream(error) => error.request_id.as_deref(),
            Self::UnexpectedResponse(error) => error.request_id.as_deref(),
        }
    }

    /// The service's name for the error, such as `ThrottlingException`; the same before and within a stream.
    pub fn code(&self) -> Option<&str> {
        self.as_service()?.code.as_deref()
    }

    /// The HTTP status; for an exception within a stream the status that the same error has outside of one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Service(error) => error.status,
            Self::UnexpectedResponse(error) => Some(error.status),
            _ => None,
        }
    }

    /// What the service said, word for word.
    pub fn message(&self) -> Option<&str> {
        self.as_service()?.message.as_deref()
    }

    /// The service's refusal, if this is one.
    pub fn as_service(&self) -> Option<&ServiceError> {
        match self {
            Self::Service(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the same request may succeed later.
    ///
    /// It does not say that nothing was billed or delivered: when events of a stream were handed out before the
    /// error, send again only if their reader can take them back. See [the module](self) for what was retried already.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Service(error) => error.is_retryable(),
            Self::Transport(error) => error.is_retryable(),
            Self::Timeout(_) => true,
            Self::Stream(error) => error.is_retryable(),
            Self::UnexpectedResponse(_) => false,
        }
    }

    /// Whether the account sent too much: wait, with growing delays, before the next request.
    ///
    /// `ThrottlingException`, `ServiceQuotaExceededException` and a 429 without a code. Lack of capacity
    /// (`ServiceUnavailableException`, `ModelNotReadyException`) is retryable but not throttling.
    pub fn is_throttling(&self) -> bool {
        self.as_service().is_some_and(ServiceError::is_throttling)
    }

    /// Whether the request was longer than the model's context: shorten it, sending it again cannot help.
    ///
    /// Bedrock has no code for it, so this goes by the texts that its model families use, in a refusal or within a
    /// stream.
    pub fn is_context_overflow(&self) -> bool {
        self.as_service().is_some_and(ServiceError::is_context_overflow)
    }

    /// How long the service asked to wait (`retry-after`, `x-amz-retry-after`), if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        self.as_service()?.retry_after
    }

    /// How often the request was sent, the SDK's own retries included; 0 if it never was.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Service(error) => error.attempts,
            Self::Transport(error) => error.attempts,
            Self::Timeout(error) => error.attempts,
            Self::Stream(error) => error.attempts,
            Self::UnexpectedResponse(error) => error.attempts,
        }
    }

    /// What to do about it, for faults of set-up whose own text leaves newcomers puzzled.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Service(error) => error.hint(),
            Self::Transport(error) => error.hint(),
            Self::Stream(error) => error.hint(),
            Self::UnexpectedResponse(error) => Some(error.hint()),
            Self::Timeout(_) => None,
        }
    }
}

macro_rules! boxed_into {
    ($($variant:ident($inner:ident)),+) => {$(
        impl From<$inner> for Error {
            fn from(error: $inner) -> Self {
                Self::$variant(Box::new(error))
            }
        }
    )+};
}

boxed_into! {
    Service(ServiceError), Transport(TransportError), Timeout(TimeoutError), Stream(StreamError),
    UnexpectedResponse(UnexpectedResponse)
}
