//! The events of ConverseStream: read from frames, written as JSON for an endpoint.
//!
//! # Invariants
//! - One event is read in one pass; the padding member `p` is content of nothing and is read over.
//! - An event or a delta of a kind that we do not know is kept with its text, and the stream goes on (R111).
//! - A known event that cannot be read is an error, since what it said may be part of an input: the exceptions
//!   are `metadata` (the answer is final by then) and a block's start or delta whose index can be read: those
//!   come as unknown, and the assembler keeps such a block from being executed.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::wire::{Frame, FrameRef, RawJson};

mod delta;
mod error;
mod small;
mod types;

pub use error::{EventError, StreamException};
pub use types::*;

impl StreamEvent {
    /// Reads the event in a frame.
    ///
    /// ```
    /// use outcrop_core::{StreamEvent, wire::Frame};
    /// let frame = Frame::event("contentBlockStop", &br#"{"contentBlockIndex":0,"p":"abc"}"#[..]);
    /// assert!(matches!(StreamEvent::from_frame(&frame)?, StreamEvent::ContentBlockStop(_)));
    /// # Ok::<(), outcrop_core::wire::EventError>(())
    /// ```
    ///
    /// # Errors
    /// The frame is an exception, or cannot be read; see [`EventError`].
    pub fn from_frame(frame: &Frame) -> Result<Self, EventError> {
        Self::from_parts(|name| frame.header_str(name).map(str::as_bytes), &frame.payload)
    }

    /// Reads the event in a frame that is still in its decoder's buffer.
    ///
    /// # Errors
    /// As [`from_frame`](Self::from_frame).
    pub fn from_frame_ref(frame: FrameRef<'_>) -> Result<Self, EventError> {
        if frame.has_headers_of_delta()
            && let Some(event) = delta::read(frame.payload())
        {
            return Ok(Self::ContentBlockDelta(event));
        }
        Self::from_parts(|name| frame.header_text(name), frame.payload())
    }

    /// `header` gives the text of a header, which is UTF-8.
    fn from_parts<'a>(header: impl Fn(&str) -> Option<&'a [u8]>, payload: &[u8]) -> Result<Self, EventError> {
        let text = |name| header(name).map(String::from_utf8_lossy);
        match header(":message-type") {
            Some(b"event") => {}
            Some(b"exception") => {
                let kind = text(":exception-type").unwrap_or("unknownException".into());
                return Err(EventError::Exception(StreamException::read(&kind, payload, None)));
            }
            Some(b"error") => {
                let kind = text(":error-code").unwrap_or("unknownError".into());
                let message = text(":error-message");
                return Err(EventError::Exception(StreamException::read(&kind, payload, message.as_deref())));
            }
            _ => {
                let reason = format!("the header `:message-type` is {:?}", text(":message-type"));
                return Err(EventError::Malformed { event_type: String::new(), reason });
            }
        }
        let Some(event_type) = header(":event-type").filter(|name| !name.is_empty()) else {
            let reason = "there is no header `:event-type`".to_owned();
            return Err(EventError::Malformed { event_type: String::new(), reason });
        };
        Self::read(event_type, payload).map_err(|reason| EventError::Malformed {
            event_type: String::from_utf8_lossy(event_type).into_owned(),
            reason: reason.to_string(),
        })
    }

    /// Reads the event called `event_type` from its payload.
    fn read(event_type: &[u8], payload: &[u8]) -> Result<Self, serde_json::Error> {
        fn of<T: DeserializeOwned>(payload: &[u8]) -> Result<T, serde_json::Error> {
            serde_json::from_slice(payload)
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Opaque {
            content_block_index: u32,
            start: Option<RawJson>,
            delta: Option<RawJson>,
        }
        if let Some(event) = small::read(event_type, payload) {
            return Ok(event);
        }
        let null = || RawJson::from(serde_json::Value::Null);
        match event_type {
            b"contentBlockDelta" => match delta::read(payload).map_or_else(|| of(payload), Ok) {
                Ok(event) if !matches!(event.delta, BlockDelta::Unknown(_)) => {
                    Ok(Self::ContentBlockDelta(event))
                }
                // What is not understood is read once more, so that it is kept to the byte.
                unknown => {
                    let opaque: Opaque = of(payload).map_err(|error| unknown.err().unwrap_or(error))?;
                    let delta = BlockDelta::Unknown(opaque.delta.unwrap_or_else(null));
                    Ok(Self::ContentBlockDelta(ContentBlockDelta::new(opaque.content_block_index, delta)))
                }
            },
            b"contentBlockStart" => of(payload).map(Self::ContentBlockStart).or_else(|error| {
                let opaque: Opaque = of(payload).map_err(|_| error)?;
                let start = BlockStart::Unknown(opaque.start.unwrap_or_else(null));
                Ok(Self::ContentBlockStart(ContentBlockStart::new(opaque.content_block_index, start)))
            }),
            b"contentBlockStop" => of(payload).map(Self::ContentBlockStop),
            b"messageStart" => of(payload).map(Self::MessageStart),
            b"messageStop" => of(payload).map(Self::MessageStop),
            b"metadata" => {
                let metadata = of(payload).map(Box::new).map(Self::Metadata);
                Ok(metadata.unwrap_or_else(|_| unknown(event_type, payload)))
            }
            _ => Ok(unknown(event_type, payload)),
        }
    }

    /// The name on the wire, and the payload without padding; `None` for [`StreamEvent::WholeBlock`], which has
    /// no form on the wire.
    pub fn to_payload(&self) -> Option<(&str, RawJson)> {
        fn raw<T: Serialize>(value: &T) -> Option<RawJson> {
            RawJson::of(value).ok()
        }
        Some(match self {
            Self::MessageStart(event) => ("messageStart", raw(event)?),
            Self::ContentBlockStart(event) => ("contentBlockStart", raw(event)?),
            Self::ContentBlockDelta(event) => ("contentBlockDelta", raw(event)?),
            Self::ContentBlockStop(event) => ("contentBlockStop", raw(event)?),
            Self::MessageStop(event) => ("messageStop", raw(event)?),
            Self::Metadata(event) => ("metadata", raw(event)?),
            Self::Unknown(event) => (&event.event_type, event.payload.clone()),
            Self::WholeBlock(_) => return None,
        })
    }
}

/// An event that is kept and not understood; a payload that is no JSON is kept as a string.
fn unknown(event_type: &[u8], payload: &[u8]) -> StreamEvent {
    let as_text = || serde_json::Value::from(String::from_utf8_lossy(payload)).into();
    let payload = match payload {
        [] => RawJson::empty_object(),
        payload => serde_json::from_slice(payload).unwrap_or_else(|_| as_text()),
    };
    StreamEvent::Unknown(UnknownEvent {
        event_type: String::from_utf8_lossy(event_type).into_owned(),
        payload,
    })
}
