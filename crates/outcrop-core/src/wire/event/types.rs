//! The types of the events, as they are on the wire.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{
    Blob, Citation, ContentBlock, ImageFormat, MediaSource, Metrics, PerformanceConfig, RawJson, Role,
    ServiceTier, StopReason, ToolResultContent, ToolResultStatus, Trace, Usage,
    forms::Key,
    media::MediaError,
    raw_json::{Members, write_union},
};

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
    /// cannot (see [`Response::into_events`](crate::wire::Response::into_events)).
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
                                    for (key, value) in crate::wire::raw_json::object_members(members).unwrap_or_default() {
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
