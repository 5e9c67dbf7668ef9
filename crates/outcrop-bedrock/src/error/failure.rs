//! Our errors as what a turn decides by.

use std::time::Duration;

use outcrop_core::wire::{CallFailure, FailureClass, TimeoutPhase};

use super::{Error, ServiceError, StreamErrorKind, TimeoutKind, TransportKind};

/// Codes of a model or a subscription that is not there yet.
const NOT_READY_CODES: &[&str] = &["ModelNotReadyException", "MPAgreementBeingCreated"];

/// Codes of credentials that are missing, unknown, expired or wrong.
const CREDENTIALS_CODES: &[&str] = &[
    "ExpiredTokenException",
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
];

impl Error {
    /// The failure as data: its class, by which a turn decides whether to try again, and what the service said.
    ///
    /// ```
    /// use outcrop_bedrock::{Error, ServiceError};
    /// use outcrop_core::wire::FailureClass;
    ///
    /// let body = r#"{"message":"Too many tokens, please wait before trying again."}"#;
    /// let headers = |name: &str| (name == "x-amzn-errortype").then_some("ThrottlingException");
    /// let error = Error::from(ServiceError::from_http(429, headers, body.into(), 1));
    /// assert_eq!(error.to_failure().class, FailureClass::Throttled);
    /// ```
    pub fn to_failure(&self) -> CallFailure {
        let mut failure = CallFailure::new(self.class()).answered(self.was_answered());
        failure.code = self.code().map(str::to_owned);
        failure.request_id = self.request_id().map(str::to_owned);
        let milliseconds = |wait: Duration| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        failure.retry_after = self.retry_after().map(milliseconds);
        match self.message() {
            Some(message) => failure.message(message),
            None => failure,
        }
    }

    fn class(&self) -> FailureClass {
        match self {
            Self::Service(error) => error.class(),
            Self::Transport(error) => match error.kind {
                TransportKind::Credentials => FailureClass::Credentials,
                TransportKind::Io => FailureClass::Broken,
                TransportKind::Request | TransportKind::Other => FailureClass::Other,
            },
            Self::Timeout(error) => FailureClass::Timeout(match error.kind {
                TimeoutKind::Sdk | TimeoutKind::FirstEvent => TimeoutPhase::First,
                TimeoutKind::Idle => TimeoutPhase::Idle,
                TimeoutKind::Operation => TimeoutPhase::Total,
            }),
            Self::Stream(error) if matches!(error.kind, StreamErrorKind::BadEvent(_)) => FailureClass::Other,
            Self::Stream(_) => FailureClass::Broken,
            Self::UnexpectedResponse(_) => FailureClass::Other,
        }
    }

    /// Whether the service had begun to answer.
    fn was_answered(&self) -> bool {
        match self {
            Self::Service(error) => error.is_in_stream(),
            Self::Transport(error) => error.request_id.is_some(),
            Self::Timeout(error) => error.request_id.is_some(),
            Self::Stream(_) => true,
            Self::UnexpectedResponse(_) => false,
        }
    }
}

impl ServiceError {
    fn class(&self) -> FailureClass {
        let has_code = |codes: &[&str]| self.code.as_deref().is_some_and(|code| codes.contains(&code));
        // Throttles first: some of their texts speak of tokens.
        if has_code(&["ServiceQuotaExceededException"]) {
            FailureClass::Quota
        } else if self.is_throttling() {
            FailureClass::Throttled
        } else if self.is_context_overflow() {
            FailureClass::TooLong
        } else if has_code(NOT_READY_CODES) {
            FailureClass::NotReady
        } else if self.is_retryable() {
            FailureClass::Overloaded
        } else if has_code(CREDENTIALS_CODES) || self.status == Some(401) {
            FailureClass::Credentials
        } else if has_code(&["AccessDeniedException"]) || self.status == Some(403) {
            FailureClass::Denied
        } else if self.status.is_some_and(|status| (400..500).contains(&status)) {
            FailureClass::Refused(self.refusal())
        } else {
            FailureClass::Other
        }
    }
}

impl From<&Error> for CallFailure {
    fn from(error: &Error) -> Self {
        error.to_failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_have_a_class() {
        let check = |status: u16, code: &str, message: &str, class: &str| {
            let body = serde_json::json!({ "message": message }).to_string();
            let header = |name: &str| (name == "x-amzn-errortype" && !code.is_empty()).then_some(code);
            let error = Error::from(ServiceError::from_http(status, header, body.into(), 1));
            let found = match error.to_failure().class {
                FailureClass::Refused(_) => "Refused".to_owned(),
                class => format!("{class:?}"),
            };
            assert_eq!(found, class, "{status} {code} {message}");
        };
        check(429, "ThrottlingException", "Too many tokens, please wait before trying again.", "Throttled");
        check(429, "", "slow down", "Throttled");
        check(400, "ServiceQuotaExceededException", "", "Quota");
        check(429, "ModelNotReadyException", "", "NotReady");
        check(503, "ServiceUnavailableException", "", "Overloaded");
        check(424, "ModelErrorException", "", "Overloaded");
        check(408, "ModelTimeoutException", "", "Overloaded");
        check(400, "ValidationException", "Input is too long for requested model.", "TooLong");
        check(403, "AccessDeniedException", "", "Denied");
        check(
            403,
            "ExpiredTokenException",
            "The security token included in the request is expired",
            "Credentials",
        );
        check(403, "UnrecognizedClientException", "", "Credentials");
        check(400, "ValidationException", "This model doesn't support tool use.", "Refused");
        check(404, "ResourceNotFoundException", "", "Refused");
    }
}
