//! Assembles the events of one stream into one assistant [`Message`].
//!
//! Text, reasoning and citations have no start event: their first delta opens the block. Blocks are told apart by
//! `contentBlockIndex` alone, and may come in any order.
//!
//! # Invariants
//! - A signature leaves as its fragments came, in the block they came in; redacted bytes likewise.
//! - Only `messageStop` ends a message. Blocks left open then are closed by it, and are marked so (R104).
//! - A block in which something was not understood is marked, so that no tool call in it is ever executed.
//! - What cannot stand in a message (a delta of an unknown kind, a tool input without its start) is handed out
//!   beside it, never lost and never sent back.

use std::{borrow::Cow, collections::BTreeMap};

use bytes::BytesMut;
use outcrop_json::{Limit, LimitError, LiveJson};
use serde::{Deserialize, Serialize};

use crate::wire::{
    Blob, BlockDelta, BlockStart, Citation, CitationsContent, CitedText, ContentBlock, ImageBlock,
    ImageDelta, InputText, Members, Message, MessageStop, RawJson, ReasoningContent, ReasoningContentDelta,
    ReasoningText, Role, StreamEvent, StreamMetadata, ToolResult, ToolResultContent, ToolResultStart,
    ToolUse, ToolUseStart, strict_json::Read,
};

/// The stream broke the order that Converse promises.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum ProtocolError {
    /// The message began twice.
    #[error("the message began twice")]
    StartedTwice,
    /// A block began where one was.
    #[error("block {block} began twice")]
    BlockStartedTwice {
        /// Its index.
        block: u32,
    },
    /// A block grew or stopped after it had stopped.
    #[error("block {block} went on after its end")]
    BlockStopped {
        /// Its index.
        block: u32,
    },
    /// A delta did not fit the kind of its block.
    #[error("block {block} is {kind} and got {delta}")]
    MixedBlock {
        /// Its index.
        block: u32,
        /// What the block is.
        kind: Cow<'static, str>,
        /// What came.
        delta: Cow<'static, str>,
    },
    /// A tool's input is longer than any that is taken.
    #[error("the input in block {block} has more than {limit} bytes")]
    InputTooLong {
        /// Its index.
        block: u32,
        /// The most that is taken.
        limit: u32,
    },
    /// The stream ended before `messageStop`, so the message is not whole (R104).
    #[error("the stream ended before messageStop")]
    Unfinished,
}

/// What one event did to the message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Growth {
    /// Nothing that shows.
    Nothing,
    /// A tool call began.
    ToolUseStarted {
        /// Its block.
        block: u32,
        /// Its start.
        start: ToolUseStart,
    },
    /// Text grew.
    Text {
        /// Its block.
        block: u32,
        /// By this.
        text: String,
    },
    /// Reasoning grew.
    Reasoning {
        /// Its block.
        block: u32,
        /// By this.
        text: String,
    },
    /// A tool's input grew.
    ToolInput {
        /// Its block.
        block: u32,
        /// By this.
        fragment: String,
        /// The bytes that there are of it with this fragment.
        mark: u64,
    },
    /// A source was named.
    Citation {
        /// Its block.
        block: u32,
        /// The source.
        citation: Box<Citation>,
    },
    /// A block came whole.
    Whole {
        /// Its index.
        block: u32,
        /// What it is.
        content: Box<ContentBlock>,
    },
    /// A block has ended.
    BlockStopped {
        /// Its index.
        block: u32,
    },
    /// The message has ended.
    MessageStopped,
    /// The metadata came.
    Metadata,
    /// Something came that has no place in the message: an unknown event or delta, or content after the end.
    Foreign {
        /// Its block, where it has one.
        block: Option<u32>,
        /// What came.
        raw: RawJson,
    },
}

/// Folds events into a message.
///
/// Text, reasoning and citations have no start event: their first delta opens the block. Blocks are told apart by
/// their index alone and may come in any order; only `messageStop` ends the message.
///
/// ```
/// use outcrop_core::{StopReason, StreamEvent, wire::{Assembler, BlockDelta, ContentBlockDelta, MessageStop}};
///
/// let mut assembler = Assembler::new();
/// for text in ["Hel", "lo"] {
///     let delta = ContentBlockDelta::new(0u32, BlockDelta::Text(text.into()));
///     assembler.push(StreamEvent::ContentBlockDelta(delta))?;
/// }
/// assembler.push(StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn)))?;
/// assert_eq!(assembler.finish()?.message.text(), "Hello");
/// # Ok::<(), outcrop_core::wire::ProtocolError>(())
/// ```
#[derive(Debug, Default)]
pub struct Assembler {
    started: bool,
    /// Members of the message beside role and content.
    other: Members,
    /// Behind pointers, since a map's first node has room for eleven.
    blocks: BTreeMap<u32, Box<Block>>,
    stop: Option<MessageStop>,
    metadata: Option<Box<StreamMetadata>>,
    foreign: Vec<ForeignPart>,
}

#[derive(Debug, Default)]
struct Block {
    body: Body,
    /// The input of a tool use: its text, and its value for whoever asks.
    input: Option<Box<LiveJson>>,
    stopped: bool,
    /// Something in it was not understood.
    tainted: bool,
}

#[derive(Debug, Default)]
enum Body {
    /// Nothing has come that tells its kind.
    #[default]
    Empty,
    Text(String),
    Cited {
        text: Option<String>,
        citations: Vec<Citation>,
    },
    Reasoning {
        text: Option<String>,
        signature: Option<String>,
        redacted: Option<BytesMut>,
    },
    /// Its input is beside it, in the block.
    ToolUse(ToolUseStart),
    ToolResult {
        start: ToolResultStart,
        content: Vec<ToolResultContent>,
    },
    Image(ImageBlock),
    Whole(Box<ContentBlock>),
    Foreign,
}

impl Body {
    /// What a block is that begins with a delta. A delta that is not known tells nothing: the next one may.
    fn opened_by(delta: &BlockDelta) -> Self {
        match delta {
            BlockDelta::Text(_) => Self::Text(String::new()),
            BlockDelta::Citation(_) => Self::Cited { text: None, citations: Vec::new() },
            BlockDelta::ReasoningContent(_) => {
                Self::Reasoning { text: None, signature: None, redacted: None }
            }
            // These need a start; without one they have no id, name or format.
            BlockDelta::ToolUse(_) | BlockDelta::ToolResult(_) | BlockDelta::Image(_) => Self::Foreign,
            BlockDelta::Unknown(_) => Self::Empty,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Text(_) => "text",
            Self::Cited { .. } => "cited text",
            Self::Reasoning { .. } => "reasoning",
            Self::ToolUse(_) => "a tool use",
            Self::ToolResult { .. } => "a tool result",
            Self::Image(_) => "an image",
            Self::Whole(_) => "whole",
            Self::Foreign => "of an unknown kind",
        }
    }
}

/// Something that came and has no place in a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ForeignPart {
    /// The block it came in, where it has one.
    pub block: Option<u32>,
    /// What came.
    pub raw: RawJson,
}

/// A finished message and what came with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Assembled {
    /// The message, its blocks in the order of their indexes.
    pub message: Message,
    /// For each block of `message.content`: how it ended.
    pub endings: Vec<BlockEnding>,
    /// Every block's own stop event came, also of blocks that are not in the message.
    pub all_stopped: bool,
    /// Why the model stopped, and what was asked for beside it.
    pub stop: MessageStop,
    /// What it cost; not always there (R105).
    pub metadata: Option<Box<StreamMetadata>>,
    /// What came and has no place in the message.
    pub foreign: Vec<ForeignPart>,
    /// The inputs of tool uses by their blocks, for whoever still looks at their values.
    pub inputs: BTreeMap<u32, Box<LiveJson>>,
    /// What those inputs say that are strict JSON objects, so that they need not be read again.
    pub(crate) values: Vec<(u32, Read)>,
}

/// How a block of a finished message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BlockEnding {
    /// Its index on the stream.
    pub block: u32,
    /// Its own stop event came; otherwise `messageStop` closed it.
    pub stopped: bool,
    /// All that came in it was understood.
    pub understood: bool,
    /// A block stood right before it of which nothing was understood, so that the message does not hold it.
    pub(crate) follows_lost: bool,
}

impl Assembler {
    /// An assembler for one stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether `messageStop` came: the message is final.
    pub fn is_finished(&self) -> bool {
        self.stop.is_some()
    }

    /// Whether nothing of an answer has come: no block and nothing that has no place in one.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.foreign.is_empty() && !self.is_finished()
    }

    /// The metadata, once it came.
    pub fn metadata(&self) -> Option<&StreamMetadata> {
        self.metadata.as_deref()
    }

    /// The inputs of tool uses so far by their blocks, without the message.
    pub fn take_inputs(&mut self) -> BTreeMap<u32, Box<LiveJson>> {
        let input = |(index, block): (&u32, &mut Box<Block>)| Some((*index, block.input.take()?));
        self.blocks.iter_mut().filter_map(input).collect()
    }

    /// The input of the tool use in `block`: its text so far, which is read when its value is asked for.
    pub fn input(&mut self, block: u32) -> Option<&mut LiveJson> {
        self.blocks.get_mut(&block)?.input.as_deref_mut()
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// The event breaks the order of a stream; what came before stays readable by [`Assembler::partial`].
    /// After `messageStop` nothing is an error any more.
    ///
    /// # Complexity
    /// Linear in the event, however much came before.
    pub fn push(&mut self, event: StreamEvent) -> Result<Growth, ProtocolError> {
        if self.is_finished() {
            return Ok(self.push_late(event));
        }
        match event {
            StreamEvent::MessageStart(_) if self.started => Err(ProtocolError::StartedTwice),
            StreamEvent::MessageStart(event) => {
                self.started = true;
                self.other = event.other;
                Ok(Growth::Nothing)
            }
            StreamEvent::ContentBlockStart(event) => self.start(event.content_block_index, event.start),
            StreamEvent::ContentBlockDelta(event) => self.grow(event.content_block_index, event.delta),
            StreamEvent::ContentBlockStop(event) => self.stop_block(event.content_block_index),
            StreamEvent::WholeBlock(event) => {
                let (block, content) = (event.content_block_index, event.block);
                let opened = self.open(block, Body::Whole(content.clone()))?;
                if let ContentBlock::ToolUse(call) = &*content {
                    let mut input = Box::new(LiveJson::new());
                    input.append(call.input.as_str()).map_err(|error| too_long(block, error))?;
                    opened.input = Some(input);
                }
                Ok(Growth::Whole { block, content })
            }
            StreamEvent::MessageStop(event) => {
                self.stop = Some(event);
                Ok(Growth::MessageStopped)
            }
            StreamEvent::Metadata(event) => {
                self.metadata = Some(event);
                Ok(Growth::Metadata)
            }
            StreamEvent::Unknown(event) => Ok(self.keep_foreign(None, event.payload)),
        }
    }

    /// After the end: metadata counts, all else is only handed out.
    fn push_late(&mut self, event: StreamEvent) -> Growth {
        match event {
            StreamEvent::Metadata(event) => {
                self.metadata = Some(event);
                Growth::Metadata
            }
            event => match event.to_payload() {
                Some((_, raw)) => self.keep_foreign(None, raw),
                None => Growth::Nothing,
            },
        }
    }

    fn keep_foreign(&mut self, block: Option<u32>, raw: RawJson) -> Growth {
        self.foreign.push(ForeignPart { block, raw: raw.clone() });
        Growth::Foreign { block, raw }
    }

    fn open(&mut self, index: u32, body: Body) -> Result<&mut Block, ProtocolError> {
        match self.blocks.entry(index) {
            std::collections::btree_map::Entry::Occupied(_) => {
                Err(ProtocolError::BlockStartedTwice { block: index })
            }
            std::collections::btree_map::Entry::Vacant(place) => {
                Ok(place.insert(Box::new(Block { body, ..Block::default() })))
            }
        }
    }

    fn start(&mut self, index: u32, start: BlockStart) -> Result<Growth, ProtocolError> {
        match start {
            BlockStart::ToolUse(start) => {
                self.open(index, Body::ToolUse(start.clone()))?.input = Some(Box::new(LiveJson::new()));
                Ok(Growth::ToolUseStarted { block: index, start })
            }
            BlockStart::ToolResult(start) => {
                self.open(index, Body::ToolResult { start, content: Vec::new() })?;
                Ok(Growth::Nothing)
            }
            BlockStart::Image(start) => {
                self.open(index, Body::Image(ImageBlock::new(start.format)))?;
                Ok(Growth::Nothing)
            }
            BlockStart::Unknown(raw) => {
                self.open(index, Body::Foreign)?.tainted = true;
                Ok(self.keep_foreign(Some(index), raw))
            }
        }
    }

    fn grow(&mut self, index: u32, delta: BlockDelta) -> Result<Growth, ProtocolError> {
        let block = self.blocks.entry(index).or_default();
        if block.stopped {
            return Err(ProtocolError::BlockStopped { block: index });
        }
        if matches!(block.body, Body::Empty) {
            block.body = Body::opened_by(&delta);
        }
        let mixed = |kind: &'static str, delta: &'static str| {
            Err(ProtocolError::MixedBlock { block: index, kind: kind.into(), delta: delta.into() })
        };
        let (body, delta) = (&mut block.body, delta);
        match (body, delta) {
            (Body::Foreign, delta) => {
                block.tainted = true;
                Ok(self.keep_foreign(
                    Some(index),
                    RawJson::of(&delta).unwrap_or_else(|_| RawJson::empty_object()),
                ))
            }
            (_, BlockDelta::Unknown(raw)) => {
                block.tainted = true;
                Ok(self.keep_foreign(Some(index), raw))
            }
            (Body::Text(known), BlockDelta::Text(text)) => {
                known.push_str(&text);
                Ok(Growth::Text { block: index, text })
            }
            (Body::Cited { text: known, .. }, BlockDelta::Text(text)) => {
                known.get_or_insert_default().push_str(&text);
                Ok(Growth::Text { block: index, text })
            }
            (Body::Cited { citations, .. }, BlockDelta::Citation(citation)) => {
                citations.push((*citation).clone());
                Ok(Growth::Citation { block: index, citation })
            }
            (body @ Body::Text(_), BlockDelta::Citation(citation)) => {
                let Body::Text(text) = std::mem::replace(body, Body::Empty) else {
                    return Ok(Growth::Nothing);
                };
                *body = Body::Cited { text: Some(text), citations: vec![(*citation).clone()] };
                Ok(Growth::Citation { block: index, citation })
            }
            (Body::Reasoning { text, signature, redacted }, BlockDelta::ReasoningContent(delta)) => {
                match delta {
                    ReasoningContentDelta::Text(part) => {
                        text.get_or_insert_default().push_str(&part);
                        Ok(Growth::Reasoning { block: index, text: part })
                    }
                    ReasoningContentDelta::Signature(part) => {
                        signature.get_or_insert_default().push_str(&part);
                        Ok(Growth::Nothing)
                    }
                    ReasoningContentDelta::RedactedContent(Blob(bytes)) => {
                        redacted.get_or_insert_default().extend_from_slice(&bytes);
                        Ok(Growth::Nothing)
                    }
                    ReasoningContentDelta::Unknown(raw) => {
                        block.tainted = true;
                        Ok(self.keep_foreign(Some(index), raw))
                    }
                }
            }
            (Body::ToolUse(_), BlockDelta::ToolUse(delta)) => {
                let input = block.input.get_or_insert_default();
                input.append(&delta.input).map_err(|error| too_long(index, error))?;
                let mark = input.raw().len() as u64;
                Ok(Growth::ToolInput { block: index, fragment: delta.input, mark })
            }
            (Body::ToolResult { content, .. }, BlockDelta::ToolResult(parts)) => {
                content.extend(parts);
                Ok(Growth::Nothing)
            }
            (Body::Image(image), BlockDelta::Image(delta)) => {
                match delta {
                    ImageDelta::Source(source) => image.source = Some(source),
                    ImageDelta::Error(error) => image.error = Some(error),
                    ImageDelta::Unknown(raw) => {
                        block.tainted = true;
                        return Ok(self.keep_foreign(Some(index), raw));
                    }
                }
                Ok(Growth::Nothing)
            }
            (body, BlockDelta::Text(_)) => mixed(body.kind(), "text"),
            (body, BlockDelta::Citation(_)) => mixed(body.kind(), "a citation"),
            (body, BlockDelta::ReasoningContent(_)) => mixed(body.kind(), "reasoning"),
            (body, BlockDelta::ToolUse(_)) => mixed(body.kind(), "a tool's input"),
            (body, BlockDelta::ToolResult(_)) => mixed(body.kind(), "a tool result"),
            (body, BlockDelta::Image(_)) => mixed(body.kind(), "an image"),
        }
    }

    fn stop_block(&mut self, index: u32) -> Result<Growth, ProtocolError> {
        let block = self.blocks.entry(index).or_default();
        if std::mem::replace(&mut block.stopped, true) {
            return Err(ProtocolError::BlockStopped { block: index });
        }
        Ok(Growth::BlockStopped { block: index })
    }

    /// The finished message.
    ///
    /// # Errors
    /// [`ProtocolError::Unfinished`] where `messageStop` has not come; the assembler is gone then, so ask
    /// [`Assembler::is_finished`] first to read it by [`Assembler::partial`].
    pub fn finish(self) -> Result<Assembled, ProtocolError> {
        let Some(stop) = self.stop else { return Err(ProtocolError::Unfinished) };
        let all_stopped = self.blocks.values().all(|block| block.stopped);
        let mut content = Vec::with_capacity(self.blocks.len());
        let mut endings = Vec::with_capacity(self.blocks.len());
        let (mut inputs, mut values) = (BTreeMap::new(), Vec::new());
        let mut lost = false;
        for (index, block) in self.blocks {
            let (stopped, understood) = (block.stopped, !block.tainted);
            let is_foreign = matches!(block.body, Body::Foreign);
            let ending = BlockEnding { block: index, stopped, understood, follows_lost: lost };
            let text = block.input.as_deref().map(LiveJson::raw).unwrap_or_default();
            let into_input = || {
                let (input, value) = InputText::read(text);
                values.extend(value.map(|value| (index, value)));
                input
            };
            let blocks = block.body.into_blocks(into_input);
            lost = if blocks.is_empty() { lost || is_foreign || !understood } else { false };
            for block in blocks {
                content.push(block);
                endings.push(ending);
            }
            inputs.extend(block.input.map(|input| (index, input)));
        }
        let mut message = Message::new(Role::Assistant, content);
        message.other = self.other;
        let Self { metadata, foreign, .. } = self;
        Ok(Assembled { message, endings, all_stopped, stop, metadata, foreign, inputs, values })
    }

    /// What of an unfinished message can stand in a history: text so far, and reasoning that is whole and signed.
    /// Tool calls are left out, since nothing says that they are whole (R61). `None` where no text is left.
    pub fn partial(self) -> Option<Message> {
        let mut content = Vec::new();
        for block in self.blocks.into_values() {
            let stopped = block.stopped;
            content.extend(block.body.into_blocks(|| InputText::from("")).into_iter().filter(|block| {
                match block {
                    ContentBlock::Text(text) => !text.trim().is_empty(),
                    ContentBlock::CitationsContent(_) => true,
                    ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning)) => {
                        stopped && reasoning.is_signed()
                    }
                    ContentBlock::ReasoningContent(_) => stopped,
                    _ => false,
                }
            }));
        }
        let message = Message::new(Role::Assistant, content);
        (!message.text().trim().is_empty()).then_some(message)
    }
}

fn too_long(block: u32, error: LimitError) -> ProtocolError {
    let limit = match error.limit {
        Limit::Bytes(limit) => limit,
        _ => 0,
    };
    ProtocolError::InputTooLong { block, limit }
}

impl Body {
    /// The blocks of the message that it becomes; `input` makes that of a tool use.
    fn into_blocks(self, input: impl FnOnce() -> InputText) -> Vec<ContentBlock> {
        match self {
            Self::Empty | Self::Foreign => Vec::new(),
            Self::Text(text) => vec![ContentBlock::Text(text)],
            Self::Cited { text, citations } => {
                let content = text.map(|text| CitedText::new().text(text));
                vec![CitationsContent::new().content(content).citations(citations).into()]
            }
            Self::Reasoning { text, signature, redacted } => {
                let mut blocks = Vec::new();
                if text.is_some() || signature.is_some() {
                    let mut reasoning = ReasoningText::new(text.unwrap_or_default());
                    reasoning.signature = signature;
                    blocks.push(ReasoningContent::ReasoningText(reasoning).into());
                }
                let redacted = redacted.map(|bytes| ReasoningContent::RedactedContent(Blob(bytes.freeze())));
                blocks.extend(redacted.map(ContentBlock::from));
                blocks
            }
            Self::ToolUse(start) => {
                let mut tool_use = ToolUse::new(start.tool_use_id, start.name, input());
                tool_use.kind = start.kind;
                tool_use.other = start.other;
                vec![tool_use.into()]
            }
            Self::ToolResult { start, content } => {
                let mut result = ToolResult::new(start.tool_use_id, content);
                result.status = start.status;
                result.kind = start.kind;
                result.other = start.other;
                vec![result.into()]
            }
            Self::Image(image) => vec![image.into()],
            Self::Whole(block) => vec![*block],
        }
    }
}
