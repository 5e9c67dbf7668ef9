//! Errors that stand in place of an answer.
//!
//! # Invariants
//! - Those with a name have the type, status and form of the service; a gateway's page has nothing of the service.

use crate::{reply::Reply, wire};

/// An error over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HttpError {
    status: u16,
    /// Missing where the service knows no error of this status.
    error_type: Option<&'static str>,
    message: &'static str,
}

/// Name, type, status, message.
type Row = (&'static str, &'static str, u16, &'static str);

const TRY_AGAIN: &str =
    "The system encountered an unexpected error during processing. Try your request again.";

const ERRORS: &[Row] = &[
    ("validation", "ValidationException", 400, "The request is not valid."),
    (
        "quota",
        "ServiceQuotaExceededException",
        400,
        "Your request exceeds the service quota for your account.",
    ),
    (
        "access-denied",
        "AccessDeniedException",
        403,
        "You don't have access to the model with the specified model ID.",
    ),
    (
        "unrecognized-client",
        "UnrecognizedClientException",
        403,
        "The security token included in the request is invalid.",
    ),
    ("expired-token", "ExpiredTokenException", 403, "The security token included in the request is expired"),
    (
        "invalid-signature",
        "InvalidSignatureException",
        403,
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    ),
    ("not-found", "ResourceNotFoundException", 404, "This model version has reached the end of its life."),
    ("model-timeout", "ModelTimeoutException", 408, "The model took too long to answer."),
    ("model-error", "ModelErrorException", 424, TRY_AGAIN),
    ("model-stream-error", "ModelStreamErrorException", 424, TRY_AGAIN),
    ("throttling", "ThrottlingException", 429, "Too many requests, please wait before trying again."),
    (
        "model-not-ready",
        "ModelNotReadyException",
        429,
        "The model is not ready to serve requests. Wait and try again.",
    ),
    ("internal", "InternalServerException", 500, TRY_AGAIN),
    ("unavailable", "ServiceUnavailableException", 503, "Bedrock is unable to process your request."),
];

impl HttpError {
    fn of(row: &Row) -> Self {
        Self { status: row.2, error_type: Some(row.1), message: row.3 }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        ERRORS.iter().find(|row| row.0 == name).map(Self::of)
    }

    /// The service's most usual error of this status.
    pub(super) fn of_status(status: u16) -> Result<Self, String> {
        if !(400..=599).contains(&status) {
            return Err("the status of an error is 400 to 599".to_owned());
        }
        let row = ERRORS.iter().find(|row| row.2 == status);
        Ok(row.map_or(Self { status, error_type: None, message: "An error on demand." }, Self::of))
    }

    pub(super) fn reply(&self, retry_after: Option<u64>) -> Reply {
        let mut reply = match self.error_type {
            Some(error_type) => Reply::error(self.status, error_type, self.message),
            None => Reply::json(self.status, wire::message_body(self.message)),
        };
        if let Some(millis) = retry_after {
            // HTTP counts seconds; the SDKs also read milliseconds.
            reply.headers.push(("retry-after".to_owned(), millis.div_ceil(1000).to_string()));
            reply.headers.push(("x-amz-retry-after".to_owned(), millis.to_string()));
        }
        reply
    }
}

/// A gateway's page.
pub(super) fn html(status: u16) -> Reply {
    let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let title = title.unwrap_or("Error");
    let page = format!(
        "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    );
    Reply { carries_id: false, ..Reply::new(status, "text/html", page) }
}

/// The name of an exception as frames have it: `throttling`, `model-stream-error`, `ThrottlingException` and
/// `throttlingException` are all understood, and so is a name that nobody knows.
pub(super) fn exception_name(name: &str) -> Result<String, String> {
    let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    if !is_name {
        return Err(format!("`{name}` is no name of an exception"));
    }
    let name = HttpError::named(name).and_then(|error| error.error_type).unwrap_or(name);
    let mut letters = name.chars();
    Ok(letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect())
}

/// What is said with an exception of this name.
pub(super) fn exception_message(name: &str) -> &'static str {
    let row = ERRORS.iter().find(|row| row.1.eq_ignore_ascii_case(name));
    row.map_or("An exception on demand.", |row| row.3)
}

/// The same error outside of a stream.
pub(super) fn of_exception(name: &str) -> Reply {
    let mut letters = name.chars();
    let name: String =
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
    Reply::error(wire::status_of(&name), &name, exception_message(&name))
}
