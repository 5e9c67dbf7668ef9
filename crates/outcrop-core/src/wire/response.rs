//! The answer to a Converse call, and the same answer as the events that a stream would have brought.
//!
//! # Invariants
//! - [`Response::into_events`] loses nothing: assembling its events gives the same message.

use crate::wire::{
    Blob, CitationsContent, ContentBlock, Message, Metrics, PerformanceConfig, RawJson, ReasoningContent,
    ServiceTier, StopReason, Trace, Usage,
    event::{
        BlockDelta, BlockStart, ContentBlockDelta, ContentBlockStart, ContentBlockStop, MessageStart,
        MessageStop, ReasoningContentDelta, StreamEvent, StreamMetadata, ToolResultStart, ToolUseDelta,
        ToolUseStart, WholeBlock,
    },
};

wire_struct! {
    /// The answer to a Converse call.
    pub struct Response {
        required {
            /// What the model said.
            output: Output = "output",
            /// Why it stopped.
            stop_reason: StopReason = "stopReason",
        }
        optional {
            /// What it cost.
            usage: Usage = "usage",
            /// How long it took.
            metrics: Metrics = "metrics",
            /// What was asked for by `additionalModelResponseFieldPaths`.
            additional_model_response_fields: RawJson = "additionalModelResponseFields",
            /// What guardrails and routers say.
            trace: Trace = "trace",
            /// The latency that served it.
            performance_config: PerformanceConfig = "performanceConfig",
            /// The tier that served it.
            service_tier: ServiceTier = "serviceTier",
        }
        lists {}
    }
}

wire_union! {
    /// What a model gives.
    pub enum Output {
        /// A message.
        Message(Message) = "message",
    }
}

impl Response {
    /// The message; `None` where the output is of a kind that this version does not know.
    pub fn message(&self) -> Option<&Message> {
        match &self.output {
            Output::Message(message) => Some(message),
            Output::Unknown(_) => None,
        }
    }

    /// The events that a stream would have brought, for models that cannot stream (R124).
    pub fn into_events(self) -> Vec<StreamEvent> {
        let message = match self.output {
            Output::Message(message) => message,
            Output::Unknown(raw) => Message::assistant(ContentBlock::Unknown(raw)),
        };
        let mut start = MessageStart::new(message.role);
        start.other = message.other;
        let mut events = vec![StreamEvent::MessageStart(start)];
        for (index, block) in (0u32..).zip(message.content) {
            block_events(index, block, &mut events);
            events.push(StreamEvent::ContentBlockStop(ContentBlockStop::new(index)));
        }
        let mut stop = MessageStop::new(self.stop_reason);
        stop.additional_model_response_fields = self.additional_model_response_fields;
        events.push(StreamEvent::MessageStop(stop));
        let mut metadata = StreamMetadata::new();
        metadata.usage = self.usage;
        metadata.metrics = self.metrics;
        metadata.trace = self.trace;
        metadata.performance_config = self.performance_config;
        metadata.service_tier = self.service_tier;
        metadata.other = self.other;
        events.push(StreamEvent::Metadata(Box::new(metadata)));
        events
    }
}

/// Start and deltas of one block; a block that deltas cannot carry whole is one [`WholeBlock`].
fn block_events(index: u32, block: ContentBlock, events: &mut Vec<StreamEvent>) {
    let delta = |delta| StreamEvent::ContentBlockDelta(ContentBlockDelta::new(index, delta));
    let start = |start| StreamEvent::ContentBlockStart(ContentBlockStart::new(index, start));
    match block {
        ContentBlock::Text(text) => events.push(delta(BlockDelta::Text(text))),
        ContentBlock::ToolUse(tool_use) if tool_use.other.is_empty() => {
            let mut begun = ToolUseStart::new(tool_use.tool_use_id, tool_use.name);
            begun.kind = tool_use.kind;
            events.push(start(BlockStart::ToolUse(begun)));
            events.push(delta(BlockDelta::ToolUse(ToolUseDelta::new(tool_use.input.as_str()))));
        }
        ContentBlock::ToolResult(result) if result.other.is_empty() => {
            let mut begun = ToolResultStart::new(result.tool_use_id);
            begun.kind = result.kind;
            begun.status = result.status;
            events.push(start(BlockStart::ToolResult(begun)));
            events.push(delta(BlockDelta::ToolResult(result.content)));
        }
        ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning))
            if reasoning.other.is_empty() =>
        {
            let reasoning_delta = |part| delta(BlockDelta::ReasoningContent(part));
            events.push(reasoning_delta(ReasoningContentDelta::Text(reasoning.text)));
            events.extend(
                reasoning.signature.map(|text| reasoning_delta(ReasoningContentDelta::Signature(text))),
            );
        }
        ContentBlock::ReasoningContent(ReasoningContent::RedactedContent(Blob(bytes))) => {
            events.push(delta(BlockDelta::ReasoningContent(ReasoningContentDelta::RedactedContent(Blob(
                bytes,
            )))));
        }
        ContentBlock::CitationsContent(cited) if streams_whole(&cited) => {
            events.extend(
                cited.citations.into_iter().map(|citation| delta(BlockDelta::Citation(citation.into()))),
            );
            let texts = cited.content.into_iter().filter_map(|part| part.text);
            events.extend(texts.map(|text| delta(BlockDelta::Text(text))));
        }
        block => events.push(StreamEvent::WholeBlock(WholeBlock::new(index, block))),
    }
}

/// A cited block goes into deltas where joining them gives it back: one text at most, nothing unknown.
fn streams_whole(cited: &CitationsContent) -> bool {
    cited.other.is_empty()
        && !cited.citations.is_empty()
        && cited.content.len() <= 1
        && cited.content.iter().all(|part| part.other.is_empty() && part.text.is_some())
}
