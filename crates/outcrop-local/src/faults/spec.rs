//! The kinds of faults and how each is written.
//!
//! # Invariants
//! - [`FAULT_KINDS`] is the whole of it: what is not in the table is refused, and the docs show the same table.

use std::time::Duration;

use super::error::{self, HttpError};
use crate::Delivery;

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error { error: HttpError, retry_after: Option<u64> },
    Html(u16),
    Json,
    Exception { name: String, after: usize },
    ErrorFrame { code: String, after: usize },
    End(usize),
    Break(usize),
    Silence(usize),
    PreludeCrc(usize),
    MessageCrc(usize),
    Delivery(Delivery),
    Drip(Duration),
    Delay(Duration),
    Duplicate(usize),
    Swap(usize),
    BadInput,
    CutInput,
    NoMetadata,
    NoBlockStop(Option<u32>),
    NoMessageStop,
    UnknownEvent(usize),
    UnknownDelta(usize),
    UnknownStopReason,
}

/// A kind of fault, for people.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct FaultKind {
    /// How it is written.
    pub form: &'static str,
    /// One as it may be told.
    pub example: &'static str,
    /// What it does.
    pub what: &'static str,
}

macro_rules! rows {
    ($($form:literal, $example:literal, $what:literal;)*) => {
        &[$(FaultKind { form: $form, example: $example, what: $what }),*]
    };
}

/// Every kind of fault: the table of this crate's README.
pub const FAULT_KINDS: &[FaultKind] = rows! {
    "status=STATUS[:MS]", "status=503:1500", "an HTTP error of this status; MS sets `retry-after` and `x-amz-retry-after`";
    "validation[=MS]", "validation", "400 ValidationException";
    "quota[=MS]", "quota", "400 ServiceQuotaExceededException";
    "access-denied[=MS]", "access-denied", "403 AccessDeniedException";
    "unrecognized-client[=MS]", "unrecognized-client", "403 UnrecognizedClientException";
    "expired-token[=MS]", "expired-token", "403 ExpiredTokenException";
    "invalid-signature[=MS]", "invalid-signature", "403 InvalidSignatureException";
    "not-found[=MS]", "not-found", "404 ResourceNotFoundException";
    "model-timeout[=MS]", "model-timeout", "408 ModelTimeoutException";
    "model-error[=MS]", "model-error", "424 ModelErrorException";
    "model-stream-error[=MS]", "model-stream-error", "424 ModelStreamErrorException";
    "throttling[=MS]", "throttling=1500@1", "429 ThrottlingException";
    "model-not-ready[=MS]", "model-not-ready", "429 ModelNotReadyException";
    "internal[=MS]", "internal", "500 InternalServerException";
    "unavailable[=MS]", "unavailable@..2", "503 ServiceUnavailableException";
    "html[=STATUS]", "html=502", "a gateway's HTML page, 502 if not said; `html=200` in place of an answer; also `html-502`";
    "json", "json", "a JSON object with status 200 that is no answer and no stream";
    "exception=NAME[:N]", "exception=throttling:3", "in the stream, after N events; NAME as in `throttling` or `throttlingException`; without a stream the HTTP error";
    "error-frame=CODE[:N]", "error-frame=InternalError:1", "an unmodelled `:message-type: error` after N events";
    "cut=N", "cut=200", "the body ends after N bytes, and HTTP says that it is whole";
    "break=N", "break=200", "the connection breaks after N bytes of the body";
    "silence[=N]", "silence=3", "after N events nothing more comes and the connection stays open; without a stream no answer comes";
    "bad-prelude-crc=N", "bad-prelude-crc=2", "event N has a wrong prelude CRC";
    "bad-crc=N", "bad-crc=2", "event N has a wrong message CRC";
    "whole", "whole", "the body in one chunk";
    "bytes=N", "bytes=1", "the body in chunks of N bytes";
    "sizes=N:N:…", "sizes=300:12:7", "the body in chunks of these sizes, the rest in one";
    "drip=MS", "drip=5", "a pause before each chunk";
    "delay=MS", "delay=200", "a pause before the first event, or before an answer that is no stream";
    "duplicate=N", "duplicate=2", "event N comes twice";
    "swap=N", "swap=2", "events N and N+1 change places";
    "bad-input", "bad-input", "in tool inputs the first text value loses its quotes: a bare word";
    "cut-input", "cut-input", "tool inputs end in the middle";
    "no-metadata", "no-metadata", "no `metadata` event";
    "no-block-stop[=INDEX]", "no-block-stop=0", "no `contentBlockStop`, of this block or of any";
    "no-message-stop", "no-message-stop", "no `messageStop`";
    "unknown-event[=N]", "unknown-event=1", "an event of an unknown type after N events";
    "unknown-delta[=N]", "unknown-delta=2", "a delta of an unknown kind after N events";
    "unknown-stop-reason", "unknown-stop-reason", "the stop reason `outcrop_unknown`";
};

impl Kind {
    /// Reads `KIND[=VALUE]`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if let Some(error) = HttpError::named(name) {
            return Ok(Self::Error { error, retry_after: value.map(number).transpose()? });
        }
        let needed = || {
            let form =
                FAULT_KINDS.iter().map(|row| row.form).find(|form| form.split('=').next() == Some(name));
            value.ok_or_else(|| format!("it needs a value: {}", form.unwrap_or(name)))
        };
        let after = || value.map_or(Ok(0), number);
        let nth = || counted(needed()?);
        let kind = match name {
            "status" => {
                let (status, retry_after) = split_at_colon(needed()?);
                let error = HttpError::of_status(number(status)?)?;
                return Ok(Self::Error { error, retry_after: retry_after.map(number).transpose()? });
            }
            "html" => return value.map_or(Ok(502), number).and_then(page).map(Self::Html),
            "exception" => {
                let (name, after) = split_at_colon(needed()?);
                Self::Exception { name: error::exception_name(name)?, after: after.map_or(Ok(0), number)? }
            }
            "error-frame" => {
                let (code, after) = split_at_colon(needed()?);
                Self::ErrorFrame { code: code.to_owned(), after: after.map_or(Ok(0), number)? }
            }
            "cut" => Self::End(number(needed()?)?),
            "break" => Self::Break(number(needed()?)?),
            "silence" => Self::Silence(after()?),
            "bad-prelude-crc" => Self::PreludeCrc(nth()?),
            "bad-crc" => Self::MessageCrc(nth()?),
            "bytes" => Delivery::Bytes(nth()?).into(),
            "sizes" => Delivery::Sizes(needed()?.split(':').map(number).collect::<Result<_, _>>()?).into(),
            "drip" => Self::Drip(Duration::from_millis(number(needed()?)?)),
            "delay" => Self::Delay(Duration::from_millis(number(needed()?)?)),
            "duplicate" => Self::Duplicate(nth()?),
            "swap" => Self::Swap(nth()?),
            "no-block-stop" => Self::NoBlockStop(value.map(number).transpose()?),
            "unknown-event" => Self::UnknownEvent(after()?),
            "unknown-delta" => Self::UnknownDelta(after()?),
            _ => {
                let kind = match name {
                    "json" => Self::Json,
                    "whole" => Delivery::Whole.into(),
                    "bad-input" => Self::BadInput,
                    "cut-input" => Self::CutInput,
                    "no-metadata" => Self::NoMetadata,
                    "no-message-stop" => Self::NoMessageStop,
                    "unknown-stop-reason" => Self::UnknownStopReason,
                    _ => match name.strip_prefix("html-") {
                        Some(status) => Self::Html(number(status).and_then(page)?),
                        None => return Err("there is no such kind".to_owned()),
                    },
                };
                return if value.is_none() { Ok(kind) } else { Err("it takes no value".to_owned()) };
            }
        };
        Ok(kind)
    }
}

fn page(status: u16) -> Result<u16, String> {
    if status == 200 || (400..=599).contains(&status) {
        Ok(status)
    } else {
        Err("the status of a page is 200 or 400 to 599".to_owned())
    }
}

fn split_at_colon(value: &str) -> (&str, Option<&str>) {
    value.split_once(':').map_or((value, None), |(first, second)| (first, Some(second)))
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

fn counted(text: &str) -> Result<usize, String> {
    match number(text)? {
        0 => Err("it is counted from 1".to_owned()),
        n => Ok(n),
    }
}
