//! What the endpoint received, for tests to look at.
//!
//! # Invariants
//! - Requests stand in the order in which their bodies were complete, which is the order of the answers.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use bytes::Bytes;
use http::HeaderMap;
use outcrop_core::Request;
use serde::Deserialize;

use crate::log::Entry;

/// What is asked for: the last part of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `…/converse`
    Converse,
    /// `…/converse-stream`
    ConverseStream,
    /// `…/count-tokens`
    CountTokens,
    /// Anything else. A [`Replay`](crate::Replay) answers it where it was recorded.
    Other,
}

impl Operation {
    /// The last part of its path.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::CountTokens => "count-tokens",
            Self::Other => "other",
        }
    }

    fn of(name: &str) -> Self {
        match name {
            "converse" => Self::Converse,
            "converse-stream" => Self::ConverseStream,
            "count-tokens" => Self::CountTokens,
            _ => Self::Other,
        }
    }
}

/// How far the answer to a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Progress {
    /// It is on its way, or waits for a delay of the script.
    Answering,
    /// All of it was handed to the connection, a [`Cut`](crate::Cut) being obeyed.
    Answered,
    /// The client went away before its end.
    Abandoned,
}

/// One request as it came.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// `POST`, for all that Bedrock has here.
    pub method: String,
    /// The path as it came, percent signs included.
    pub path: String,
    /// The model id in the path, decoded; empty where the path has none.
    pub model_id: String,
    /// What is asked for.
    pub operation: Operation,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, byte for byte.
    pub body: Bytes,
    pub(crate) progress: Tracker,
}

impl ReceivedRequest {
    /// The body as a request, if it is one; for CountTokens, the part that is to be counted.
    pub fn request(&self) -> Option<Request> {
        #[derive(Deserialize)]
        struct Counted {
            input: Input,
        }
        #[derive(Deserialize)]
        struct Input {
            converse: Request,
        }
        match self.operation {
            Operation::CountTokens => {
                serde_json::from_slice::<Counted>(&self.body).ok().map(|body| body.input.converse)
            }
            Operation::Other => None,
            _ => serde_json::from_slice(&self.body).ok(),
        }
    }

    /// How far its answer came by now.
    pub fn progress(&self) -> Progress {
        self.progress.progress()
    }
}

/// What an answer is made from.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) decoded_path: String,
    pub(crate) model_id: String,
    pub(crate) operation: Operation,
    pub(crate) body: Bytes,
}

const ANSWERED: u8 = 1;
const ABANDONED: u8 = 2;

/// Shared between a request in the log and the body that answers it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tracker(Arc<AtomicU8>);

impl Tracker {
    /// Until [`Watch::done`], a drop means that the client left.
    pub(crate) fn watch(&self) -> Watch {
        Watch { tracker: self.clone(), entry: None }
    }

    fn progress(&self) -> Progress {
        match self.0.load(Ordering::Acquire) {
            ANSWERED => Progress::Answered,
            ABANDONED => Progress::Abandoned,
            _ => Progress::Answering,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Watch {
    tracker: Tracker,
    /// What is to be logged at the end.
    pub(crate) entry: Option<Entry>,
}

impl Watch {
    pub(crate) fn done(&self) {
        self.tracker.0.store(ANSWERED, Ordering::Release);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // Fails where it is done already.
        let _ = self.tracker.0.compare_exchange(0, ABANDONED, Ordering::AcqRel, Ordering::Acquire);
        if let Some(entry) = self.entry.take() {
            entry.write(self.tracker.progress());
        }
    }
}

/// The model id and the operation in `/model/{modelId}/{operation}`. A slash in the id should be `%2F`, yet not
/// every client writes it so.
pub(crate) fn read_path(path: &str) -> Option<(String, Operation)> {
    let (model_id, operation) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    (!model_id.is_empty()).then(|| (decode(model_id), Operation::of(operation)))
}

/// Percent signs decoded; those that begin no escape stay.
pub(crate) fn decode(path: &str) -> String {
    String::from_utf8_lossy(&decode_bytes(path)).into_owned()
}

/// As [`decode`], whatever the bytes mean.
pub(crate) fn decode_bytes(path: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let escape = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                bytes.push(high << 4 | low);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_hold_any_model_id() {
        let check = |path: &str, expected: Option<(&str, Operation)>| {
            assert_eq!(read_path(path), expected.map(|(id, operation)| (id.to_owned(), operation)), "{path}");
        };
        let arn = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-lite-v1:0";
        check(
            "/model/amazon.nova-lite-v1%3A0/converse",
            Some(("amazon.nova-lite-v1:0", Operation::Converse)),
        );
        check(
            "/model/amazon.nova-lite-v1:0/converse-stream",
            Some(("amazon.nova-lite-v1:0", Operation::ConverseStream)),
        );
        check(
            "/model/arn%3Aaws%3abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/count-tokens",
            Some((arn, Operation::CountTokens)),
        );
        check(&format!("/model/{arn}/converse"), Some((arn, Operation::Converse)));
        check("/model/m/invoke", Some(("m", Operation::Other)));
        check("/model//converse", None);
        check("/model/converse", None);
        check("/", None);
        assert_eq!(decode("%e4%B8%ad%%4"), "中%%4");
        assert_eq!(decode("%ff"), "\u{fffd}");
    }
}
