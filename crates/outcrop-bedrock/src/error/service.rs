//! What the service refused, over HTTP or within a stream.

use std::{fmt, time::Duration};

use bytes::Bytes;
use outcrop_core::wire::{Refusal, Statement, StreamException};
use serde::Deserialize;

use super::texts::{self, excerpt};

/// A refusal by the service.
///
/// Its code comes from the header `x-amzn-errortype`, else from `code` or `__type` of the body; a front end or a proxy
/// may give none. Codes that no AWS model names are kept as they came.
#[non_exhaustive]
#[derive(Clone, Debug, Default)]
pub struct ServiceError {
    /// The name of the error in upper camel case, such as `ThrottlingException`.
    pub code: Option<String>,
    /// The text of the service.
    pub message: Option<String>,
    /// The HTTP status; for an exception within a stream the one that its code has outside of streams (500 where the
    /// code is unknown).
    pub status: Option<u16>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// Within a stream the name as it was sent, such as `throttlingException`; there the HTTP status was 200.
    pub exception_type: Option<String>,
    /// The status that the model's own server gave (`originalStatusCode`).
    pub original_status: Option<u16>,
    /// The text that the model's own server gave (`originalMessage`).
    pub original_message: Option<String>,
    /// The body of the answer or the payload of the exception, as it came.
    pub body: Bytes,
}

/// The bodies of refusals; which member holds the text differs by front end.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    #[serde(alias = "Message", alias = "errorMessage")]
    message: Option<String>,
    code: Option<serde_json::Value>,
    #[serde(rename = "__type")]
    shape: Option<String>,
    original_status_code: Option<u16>,
    original_message: Option<String>,
}

impl Body {
    fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

impl ServiceError {
    /// Reads an answer whose status is not 2xx; `header` looks a header up by its lower-case name.
    pub fn from_http<'a>(
        status: u16,
        header: impl Fn(&str) -> Option<&'a str>,
        body: Bytes,
        attempts: u32,
    ) -> Self {
        let read = Body::read(&body);
        let in_body = read.code.as_ref().and_then(serde_json::Value::as_str).or(read.shape.as_deref());
        Self {
            code: header("x-amzn-errortype").or(in_body).map(bare_code).filter(|code| !code.is_empty()),
            message: read.message,
            status: Some(status),
            request_id: header("x-amzn-requestid").or_else(|| header("x-amz-request-id")).map(str::to_owned),
            attempts,
            retry_after: retry_after(header),
            exception_type: None,
            original_status: read.original_status_code,
            original_message: read.original_message,
            body,
        }
    }

    /// The failure that a stream reports; `body` is the payload of its frame.
    pub(crate) fn from_exception(
        exception: StreamException,
        body: &[u8],
        request_id: Option<String>,
        attempts: u32,
    ) -> Self {
        Self {
            status: Some(exception.status()),
            code: Some(exception.code),
            message: exception.message,
            request_id,
            attempts,
            retry_after: None,
            exception_type: Some(exception.exception_type),
            original_status: exception.original_status_code,
            original_message: exception.original_message,
            body: Bytes::copy_from_slice(body),
        }
    }

    /// Whether the refusal came within a stream, after a status of 200.
    pub fn is_in_stream(&self) -> bool {
        self.exception_type.is_some()
    }

    pub(crate) fn is_throttling(&self) -> bool {
        match self.code.as_deref() {
            Some(code) => texts::THROTTLING_CODES.contains(&code),
            None => self.status == Some(429),
        }
    }

    pub(crate) fn is_context_overflow(&self) -> bool {
        !self.is_throttling() && self.refusal().says(Statement::TooLong)
    }

    pub(crate) fn is_retryable(&self) -> bool {
        if self.is_context_overflow() {
            return false;
        }
        // A fault that the model's server put down to the request comes again.
        let blames_request = |status: u16| (400..500).contains(&status) && !matches!(status, 408 | 424 | 429);
        if self.original_status.is_some_and(blames_request) {
            return false;
        }
        let by_code = |code: &str| texts::RETRYABLE_CODES.contains(&code);
        let by_status = |status: u16| matches!(status, 408 | 424 | 429 | 500 | 502 | 503 | 504 | 529);
        self.is_throttling()
            || self.code.as_deref().is_some_and(by_code)
            || self.status.is_some_and(by_status)
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        texts::hint(self.code.as_deref(), &self.refusal())
    }

    /// What the service says: in its own text and in that of the model's own server.
    pub(crate) fn refusal(&self) -> Refusal {
        let texts = [self.message.as_deref(), self.original_message.as_deref()];
        Refusal::parse(&texts.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }
}

impl std::error::Error for ServiceError {}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or("Bedrock refused the request"))?;
        match &self.message {
            Some(message) => write!(f, ": {message}")?,
            None if self.body.is_empty() => {}
            None => write!(f, ": {}", excerpt(&self.body))?,
        }
        f.write_str(if self.is_in_stream() { " (in the stream" } else { " (" })?;
        let mut comma = if self.is_in_stream() { ", " } else { "" };
        if let Some(status) = self.status {
            write!(f, "{comma}status {status}")?;
            comma = ", ";
        }
        match &self.request_id {
            Some(id) => write!(f, "{comma}request id {id})"),
            None => write!(f, "{comma}no request id)"),
        }
    }
}

/// `aws.protocol#Name:http://…` → `Name`.
fn bare_code(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().trim().to_owned()
}

/// `x-amz-retry-after` is in milliseconds, `retry-after` in seconds; its form as a date is not read.
fn retry_after<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    let number = |name| header(name)?.trim().parse::<u32>().ok().map(u64::from);
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}
