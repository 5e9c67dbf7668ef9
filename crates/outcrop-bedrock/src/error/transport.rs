//! Faults on the way: requests that were not delivered, answers that did not come.

use std::{error::Error as StdError, fmt, time::Duration};

use aws_credential_types::provider::error::{CredentialsError, TokenError};

type Source = Box<dyn StdError + Send + Sync>;

/// The request was not delivered, or the answer's body broke off.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct TransportError {
    /// Where it failed.
    pub kind: TransportKind,
    /// The service's id of the request, where an answer had begun.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
    source: Source,
}

/// Where a [`TransportError`] happened.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportKind {
    /// The request could not be built: an endpoint that is no URL, an id that makes no path.
    Request,
    /// No credentials or token could be had.
    Credentials,
    /// The connection could not be opened, or broke.
    Io,
    /// Anything else within the SDK.
    Other,
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "the request could not be built",
            Self::Credentials => "no credentials for Bedrock",
            Self::Io => "the connection to Bedrock failed",
            Self::Other => "the request was not delivered",
        })
    }
}

impl TransportError {
    pub(crate) fn new(kind: TransportKind, attempts: u32, source: Source) -> Self {
        Self { kind, request_id: None, attempts, source }
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    pub(crate) fn is_about_credentials(error: &(dyn StdError + 'static)) -> bool {
        let mut chain = std::iter::successors(Some(error), |&error| error.source());
        chain.any(|error| {
            error.is::<CredentialsError>()
                || error.is::<TokenError>()
                // Neither credentials nor a token: the SDK keeps that error's type to itself.
                || error.to_string().starts_with("failed to select an auth scheme")
        })
    }

    pub(crate) fn is_retryable(&self) -> bool {
        self.kind == TransportKind::Io
    }

    pub(crate) fn hint(&self) -> Option<&'static str> {
        (self.kind == TransportKind::Credentials).then_some(
            "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with \
             `aws sso login` and name the profile",
        )
    }
}

/// Nothing came for too long.
#[non_exhaustive]
#[derive(Debug)]
pub struct TimeoutError {
    /// What was waited for.
    pub kind: TimeoutKind,
    /// The limit, where it is ours.
    pub limit: Option<Duration>,
    /// The service's id of the request, where an answer had begun.
    pub request_id: Option<String>,
    /// How often the request was sent.
    pub attempts: u32,
    source: Option<Source>,
}

/// What a [`TimeoutError`] was waiting for.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeoutKind {
    /// A limit of the SDK: connecting (3.1 s unless set), or one that an injected client or configuration brought.
    Sdk,
    /// The whole of a Converse or CountTokens call.
    Operation,
    /// The first event of a stream.
    FirstEvent,
    /// The next event of a stream, or the next bytes of a body.
    Idle,
}

impl TimeoutError {
    pub(crate) fn new(kind: TimeoutKind, limit: Option<Duration>, attempts: u32) -> Self {
        Self { kind, limit, request_id: None, attempts, source: None }
    }

    pub(crate) fn with_request_id(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }

    pub(crate) fn with_source(mut self, source: Source) -> Self {
        self.source = Some(source);
        self
    }
}

impl StdError for TimeoutError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

impl fmt::Display for TimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TimeoutKind::Sdk => "the SDK's time limit ran out",
            TimeoutKind::Operation => "no complete answer",
            TimeoutKind::FirstEvent => "no first event",
            TimeoutKind::Idle => "the answer fell silent",
        })?;
        if let Some(limit) = self.limit {
            write!(f, " within {limit:?}")?;
        }
        match &self.request_id {
            Some(id) => write!(f, " (request id {id})"),
            None => Ok(()),
        }
    }
}
