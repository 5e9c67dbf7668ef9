//! What a frame can hold in place of an event: a failure of the service, or something unreadable.
//!
//! # Invariants
//! - The service's code is the same inside a stream and outside, whatever the frame calls it.

use serde_json::Value;

/// What a frame held that is no event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// The service reports a failure inside the stream.
    #[error(transparent)]
    Exception(StreamException),
    /// A known event that cannot be read, or a frame without the headers of one.
    #[error("event `{event_type}` cannot be read: {reason}")]
    Malformed {
        /// The event's name; empty where the frame has none.
        event_type: String,
        /// What is wrong.
        reason: String,
    },
}

/// A failure reported inside a stream whose HTTP status was 200 (R103).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{code}: {}", message.as_deref().unwrap_or("no message"))]
#[non_exhaustive]
pub struct StreamException {
    /// The service code, such as `ThrottlingException`.
    pub code: String,
    /// The name as the frame has it, such as `throttlingException`.
    pub exception_type: String,
    /// The service's words.
    pub message: Option<String>,
    /// For model stream errors: the status that the model's own server gave.
    pub original_status_code: Option<u16>,
    /// For model stream errors: the words of the model's own server.
    pub original_message: Option<String>,
}

impl StreamException {
    pub(super) fn read(exception_type: &str, payload: &[u8], message: Option<&str>) -> Self {
        // Member by member: one that cannot be read takes none of the others along.
        let json = serde_json::from_slice::<Value>(payload);
        let no_json = (json.is_err() && !payload.is_empty()).then(|| String::from_utf8_lossy(payload).into());
        let body = json.unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let status = body.get("originalStatusCode").and_then(Value::as_u64);
        let mut letters = exception_type.chars();
        let code =
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
        Self {
            code,
            exception_type: exception_type.to_owned(),
            message: text("message")
                .or_else(|| text("Message"))
                .or_else(|| message.map(str::to_owned))
                .or(no_json),
            original_status_code: status.and_then(|status| u16::try_from(status).ok()),
            original_message: text("originalMessage"),
        }
    }

    /// The HTTP status that the same failure has outside a stream; 500 for codes that we do not know.
    pub fn status(&self) -> u16 {
        match self.code.as_str() {
            "ValidationException" => 400,
            "AccessDeniedException" => 403,
            "ResourceNotFoundException" => 404,
            "ModelTimeoutException" => 408,
            "ModelStreamErrorException" | "ModelErrorException" => 424,
            "ThrottlingException" | "ModelNotReadyException" => 429,
            "ServiceUnavailableException" => 503,
            _ => 500,
        }
    }
}
