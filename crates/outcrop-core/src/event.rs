//! The events of ConverseStream: read from frames, written as JSON for an endpoint.
//!
//! # Invariants
//! - One event is read in one pass; the padding member `p` is content of nothing and is read over.
//! - An event or a delta of a kind that we do not know is kept with its text, and the stream goes on (R111).
//! - A known event that cannot be read is an error, since what it said may be part of an input: the exceptions
//!   are `metadata` (the answer is final by then) and a block's start or delta whose index can be read: those
//!   come as unknown, and the assembler keeps such a block from being executed.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use crate::{
    Blob, Citation, ContentBlock, Frame, FrameRef, ImageFormat, MediaSource, Metrics, PerformanceConfig,
    RawJson, Role, ServiceTier, StopReason, ToolResultContent, ToolResultStatus, Trace, Usage,
    media::MediaError,
    raw_json::{Members, write_union},
    wire::Key,
};

mod delta;
mod error;
mod small;

pub use error::{EventError, StreamException};

/// One event of a stream.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The message begins.
    MessageStart(MessageStart),
    /// A tool use, tool result or image begins. Text, reasoning and citations begin with their first delta.
    ContentBlockStart(ContentBlockStart),
    /// A block grows.
    ContentBlockDelta(ContentBlockDelta),
    /// A block has ended.
    ContentBlockStop(ContentBlockStop),
    /// The message has ended.
    MessageStop(MessageStop),
    /// What it cost; last, and not always there.
    Metadata(Box<StreamMetadata>),
    /// A block given whole. Never on the wire: it is how an answer that was not streamed carries what deltas
    /// cannot (see [`Response::into_events`](crate::Response::into_events)).
    WholeBlock(WholeBlock),
    /// An event of a kind that this version does not know.
    Unknown(UnknownEvent),
}

wire_struct! {
    /// The message begins.
    pub struct MessageStart {
        required {
            /// Always the assistant's.
            role: Role = "role",
        }
        optional {}
        lists {}
        ignored { "p" }
    }
}

wire_struct! {
    /// A block begins.
    pub struct ContentBlockStart {
        required {
            /// Which block; the only thing that tells blocks apart.
            content_block_index: u32 = "contentBlockIndex",
            /// What begins.
            start: BlockStart = "start",
        }
        optional {}
        lists {}
        ignored { "p" }
    }
}

wire_union! {
    /// What begins.
    pub enum BlockStart {
        /// A tool call.
        ToolUse(ToolUseStart) = "toolUse",
        /// The result of a tool that the service ran.
        ToolResult(ToolResultStart) = "toolResult",
        /// A picture.
        Image(ImageStart) = "image",
    }
}

wire_struct! {
    /// A tool call begins.
    pub struct ToolUseStart {
        required {
            /// Its id.
            tool_use_id: String = "toolUseId",
            /// The name of the tool.
            name: String = "name",
        }
        optional {
            /// `server_tool_use`: the service runs it.
            kind: String = "type",
        }
        lists {}
    }
}

wire_struct! {
    /// The result of a tool that the service ran begins.
    pub struct ToolResultStart {
        required {
            /// The call that it answers.
            tool_use_id: String = "toolUseId",
        }
        optional {
            /// Which tool's result it is.
            kind: String = "type",
            /// How it went.
            status: ToolResultStatus = "status",
        }
        lists {}
    }
}

wire_struct! {
    /// A picture begins.
    pub struct ImageStart {
        required {
            /// Its format.
            format: ImageFormat = "format",
        }
        optional {}
        lists {}
    }
}

wire_struct! {
    /// A block grows.
    pub struct ContentBlockDelta {
        required {
            /// Which block.
            content_block_index: u32 = "contentBlockIndex",
            /// By what.
            delta: BlockDelta = "delta",
        }
        optional {}
        lists {}
        ignored { "p" }
    }
}

wire_struct! {
    /// A block has ended.
    pub struct ContentBlockStop {
        required {
            /// Which block.
            content_block_index: u32 = "contentBlockIndex",
        }
        optional {}
        lists {}
        ignored { "p" }
    }
}

wire_struct! {
    /// The message has ended.
    pub struct MessageStop {
        required {
            /// Why.
            stop_reason: StopReason = "stopReason",
        }
        optional {
            /// What was asked for by `additionalModelResponseFieldPaths`.
            additional_model_response_fields: RawJson = "additionalModelResponseFields",
        }
        lists {}
        ignored { "p" }
    }
}

wire_struct! {
    /// What the call cost, and what guardrails say.
    #[derive(Default)]
    pub struct StreamMetadata {
        required {}
        optional {
            /// Tokens.
            usage: Usage = "usage",
            /// Time.
            metrics: Metrics = "metrics",
            /// What guardrails and routers say.
            trace: Trace = "trace",
            /// The latency that served it.
            performance_config: PerformanceConfig = "performanceConfig",
            /// The tier that served it.
            service_tier: ServiceTier = "serviceTier",
        }
        lists {}
        ignored { "p" }
    }
}

/// A block given whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WholeBlock {
    /// Which block.
    pub content_block_index: u32,
    /// The block.
    pub block: Box<ContentBlock>,
}

impl WholeBlock {
    /// The block at `content_block_index`.
    pub fn new(content_block_index: u32, block: impl Into<Box<ContentBlock>>) -> Self {
        Self { content_block_index, block: block.into() }
    }
}

/// An event of a kind that this version does not know.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// Its name on the wire.
    pub event_type: String,
    /// What it carried.
    pub payload: RawJson,
}

/// By what a block grows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BlockDelta {
    /// Text; empty ones occur.
    Text(String),
    /// A fragment of a tool's input, cut anywhere.
    ToolUse(ToolUseDelta),
    /// Parts of the result of a tool that the service ran.
    ToolResult(Vec<ToolResultContent>),
    /// Reasoning.
    ReasoningContent(ReasoningContentDelta),
    /// A source of this block's text, before or after it.
    Citation(Box<Citation>),
    /// A picture.
    Image(ImageDelta),
    /// A delta of a kind that this version does not know.
    Unknown(RawJson),
}

wire_struct! {
    /// A fragment of a tool's input.
    pub struct ToolUseDelta {
        required {
            /// The fragment; the first is often empty.
            input: String = "input",
        }
        optional {}
        lists {}
    }
}

wire_union! {
    /// A picture, or why there is none.
    pub enum ImageDelta {
        /// Where its bytes are.
        Source(MediaSource) = "source",
        /// Why there is none.
        Error(MediaError) = "error",
    }
}

/// By what reasoning grows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ReasoningContentDelta {
    /// Text.
    Text(String),
    /// The signature, or a part of it.
    Signature(String),
    /// Redacted bytes, or a part of them.
    RedactedContent(Blob),
    /// Something that this version does not know.
    Unknown(RawJson),
}

/// Reads a union in one pass: `$key => variant` for known keys. A second member makes the whole unknown.
macro_rules! one_pass_union {
    ($name:ident { $($variant:ident($ty:ty) = $key:literal),* $(,)? }) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Read;
                impl<'de> serde::de::Visitor<'de> for Read {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("an object with one member (", stringify!($name), ")"))
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        let mut known: Option<$name> = None;
                        let mut rest = Members::default();
                        while let Some(key) = map.next_key::<Key<'de>>()? {
                            match &*key.0 {
                                $( $key if known.is_none() => {
                                    known = map.next_value::<Option<$ty>>()?.map($name::$variant);
                                } )*
                                other => {
                                    if let Some(value) = map.next_value::<Option<RawJson>>()? {
                                        rest.push(other.to_owned(), value);
                                    }
                                }
                            }
                        }
                        match known {
                            Some(known) if rest.is_empty() => Ok(known),
                            known => {
                                let all = known.as_ref().and_then(|known| RawJson::of(known).ok());
                                if let Some(members) = all.as_ref().map(RawJson::as_str) {
                                    for (key, value) in crate::raw_json::object_members(members).unwrap_or_default() {
                                        rest.push(key, RawJson::from_boxed(value.to_owned()));
                                    }
                                }
                                let raw = RawJson::of(&rest).map_err(serde::de::Error::custom)?;
                                Ok($name::Unknown(raw))
                            }
                        }
                    }
                }
                deserializer.deserialize_map(Read)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(value) => write_union(serializer, $key, value), )*
                    Self::Unknown(raw) => raw.serialize(serializer),
                }
            }
        }
    };
}

one_pass_union!(BlockDelta {
    Text(String) = "text",
    ToolUse(ToolUseDelta) = "toolUse",
    ToolResult(Vec<ToolResultContent>) = "toolResult",
    ReasoningContent(ReasoningContentDelta) = "reasoningContent",
    Citation(Box<Citation>) = "citation",
    Image(ImageDelta) = "image",
});

one_pass_union!(ReasoningContentDelta {
    Text(String) = "text",
    Signature(String) = "signature",
    RedactedContent(Blob) = "redactedContent",
});

impl StreamEvent {
    /// Reads the event in a frame.
    ///
    /// ```
    /// use outcrop_core::{Frame, StreamEvent};
    /// let frame = Frame::event("contentBlockStop", &br#"{"contentBlockIndex":0,"p":"abc"}"#[..]);
    /// assert!(matches!(StreamEvent::from_frame(&frame)?, StreamEvent::ContentBlockStop(_)));
    /// # Ok::<(), outcrop_core::EventError>(())
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
