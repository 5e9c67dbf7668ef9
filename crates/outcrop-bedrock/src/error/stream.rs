//! Answers that began well and are not what they should be.

use std::{error::Error as StdError, fmt};

use outcrop_core::wire::{EventError, FrameError};

use super::excerpt;

const WRONG_ENDPOINT: &str =
    "the endpoint does not speak Converse: check endpoint_url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and proxies";

/// An event stream that ended before its message did, or is damaged.
///
/// A stream is complete at `messageStop`; without it what came is a fragment, however clean the ending.
#[non_exhaustive]
#[derive(Debug)]
pub struct StreamError {
    /// What is wrong with the stream.
    pub kind: StreamErrorKind,
    /// How many events were handed out before.
    pub events: usize,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
}

/// What is wrong with a stream.
#[non_exhaustive]
#[derive(Debug)]
pub enum StreamErrorKind {
    /// It ended without `messageStop`.
    Ended,
    /// It ended within a frame.
    CutInFrame,
    /// The connection broke.
    Broken(Box<dyn StdError + Send + Sync>),
    /// A frame is damaged: its checksum or its headers are wrong.
    BadFrame(FrameError),
    /// An event of a known kind cannot be read.
    BadEvent(EventError),
}

impl StreamError {
    pub(crate) fn is_retryable(&self) -> bool {
        !matches!(self.kind, StreamErrorKind::BadEvent(_))
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        // Not one frame: it was none from the beginning.
        let never_was = self.events == 0 && matches!(self.kind, StreamErrorKind::BadFrame(_));
        never_was.then_some(WRONG_ENDPOINT)
    }
}

impl StdError for StreamError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            StreamErrorKind::Broken(error) => Some(&**error),
            StreamErrorKind::BadFrame(error) => Some(error),
            StreamErrorKind::BadEvent(error) => Some(error),
            StreamErrorKind::Ended | StreamErrorKind::CutInFrame => None,
        }
    }
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StreamErrorKind::Ended => f.write_str("the stream ended without messageStop"),
            StreamErrorKind::CutInFrame => f.write_str("the stream ended within a frame"),
            StreamErrorKind::Broken(_) => f.write_str("the stream's connection broke"),
            StreamErrorKind::BadFrame(_) => f.write_str("the stream has a damaged frame"),
            StreamErrorKind::BadEvent(_) => f.write_str("the stream has a damaged event"),
        }?;
        write!(f, ", after {} events", self.events)?;
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}

/// An answer with status 2xx that is not what Bedrock sends.
#[non_exhaustive]
#[derive(Clone, Debug)]
pub struct UnexpectedResponse {
    /// What was due, such as "an event stream".
    pub expected: &'static str,
    /// The HTTP status code.
    pub status: u16,
    /// The content type, if there was one.
    pub content_type: Option<String>,
    /// The start of the body in one line, at most 300 characters.
    pub excerpt: String,
    /// The service's id of the request; a proxy gives none.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
    /// Why the body could not be read, if it had the right form.
    pub reason: Option<String>,
}

impl UnexpectedResponse {
    pub(crate) fn new(
        expected: &'static str,
        head: &crate::transport::Head,
        body: &[u8],
        reason: Option<String>,
    ) -> Self {
        Self {
            expected,
            status: head.status,
            content_type: head.content_type.clone(),
            excerpt: excerpt(body),
            request_id: head.request_id.clone(),
            attempts: head.attempts,
            reason,
        }
    }

    pub(crate) fn hint(&self) -> &'static str {
        WRONG_ENDPOINT
    }
}

impl StdError for UnexpectedResponse {}

impl fmt::Display for UnexpectedResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let content_type = self.content_type.as_deref().unwrap_or("no content type");
        write!(f, "expected {}, got status {} with {content_type}", self.expected, self.status)?;
        if let Some(reason) = &self.reason {
            write!(f, " ({reason})")?;
        }
        if !self.excerpt.is_empty() {
            write!(f, ": {}", self.excerpt)?;
        }
        write!(f, "; {}", self.hint())
    }
}
