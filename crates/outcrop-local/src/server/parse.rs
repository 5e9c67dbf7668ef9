//! What a body asks for, read once.
//!
//! # Invariants
//! - What cannot be read is a `ValidationException` that says where; nothing is guessed.

use outcrop_core::{
    Message, RawJson, Request,
    wire::{SystemContentBlock, ToolConfig},
};
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
            Operation::Converse | Operation::ConverseStream => read_request(&call.body).map(Self::Answer),
            Operation::CountTokens => match read::<Body>(&call.body)?.input {
                Input::Converse(counted) => {
                    let request = Some(read_request(counted.as_str().as_bytes())?);
                    Ok(Self::Count { counted, request })
                }
                Input::InvokeModel(counted) => Ok(Self::Count { counted, request: None }),
            },
            Operation::Other => Err(Reply::unknown_operation().into()),
        }
    }
}

/// Reads a request. What core keeps aside since it cannot read it is refused here.
fn read_request(json: &[u8]) -> Result<Box<Request>, Refused> {
    let request: Box<Request> = read(json)?;
    for (name, raw) in request.other.iter() {
        let error = match name {
            "messages" => raw.parse_into::<Vec<Message>>().err(),
            "system" => raw.parse_into::<Vec<SystemContentBlock>>().err(),
            "toolConfig" => raw.parse_into::<ToolConfig>().err(),
            _ => None,
        };
        if let Some(error) = error {
            return Err(unreadable(&format!("`{name}`: {error}")));
        }
    }
    Ok(request)
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(json).map_err(|error| unreadable(&error.to_string()))
}

fn unreadable(reason: &str) -> Refused {
    let message = format!("The body cannot be read as a request: {reason}.");
    Reply::error(400, "ValidationException", &message).into()
}
