//! What a body asks for, read once.
//!
//! # Invariants
//! - What cannot be read is a `ValidationException` that says where; nothing is guessed.

use outcrop_core::{RawJson, Request};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    received::{Call, Operation},
    reply::{Refused, Reply},
};

/// A body that could be read.
#[derive(Debug)]
pub(crate) enum Asked {
    /// For Converse and ConverseStream.
    Answer(Box<Request>),
    /// For CountTokens: the JSON to be counted, and what it says if it is Converse's.
    Count { counted: RawJson, request: Option<Box<Request>> },
}

impl Asked {
    /// Reads the body of `call`.
    pub(crate) fn read(call: &Call) -> Result<Self, Refused> {
        #[derive(Deserialize)]
        struct Body {
            input: Input,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        enum Input {
            Converse(RawJson),
            InvokeModel(RawJson),
        }
        match call.operation {
            Operation::Converse | Operation::ConverseStream => read(&call.body).map(Self::Answer),
            Operation::CountTokens => match read::<Body>(&call.body)?.input {
                Input::Converse(counted) => {
                    let request = Some(read(counted.as_str().as_bytes())?);
                    Ok(Self::Count { counted, request })
                }
                Input::InvokeModel(counted) => Ok(Self::Count { counted, request: None }),
            },
            Operation::Other => Err(Reply::unknown_operation().into()),
        }
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(json).map_err(|error| {
        let message = format!("The body cannot be read as a request: {error}.");
        Reply::error(400, "ValidationException", &message).into()
    })
}
