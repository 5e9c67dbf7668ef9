//! An answer of the model that has ended, as data: what a turn goes on with, however the answer was read.
//!
//! # Invariants
//! - Nothing in it is executable: inputs are kept as the raw text that the model wrote, and are parsed and validated
//!   again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    turn::Diagnostic,
    wire::{
        BlockEnding, Message, ProtocolError, RawJson, StopReason, StreamMetadata, ToolResult, Usage,
        failure::CallFailure, strict_json::Read,
    },
};

/// How one call to the model ended: with a message, or with a fault and what was there before it. It can be kept as JSON
/// between processes, as by a durable engine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FinishedAnswer {
    /// The message; after a fault what of it can stay in a conversation.
    #[serde(with = "message_with_inputs")]
    pub message: Message,
    /// How it ended.
    pub end: AnswerEnd,
    /// What it cost; not always there (R105).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<StreamMetadata>>,
    /// The tokens of the call, as they were reported first; not always there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// What was reported while it was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub diagnostics: Vec<Diagnostic>,
    /// For each block of the message: how it ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) endings: Vec<BlockEnding>,
    /// What the inputs say that are strict JSON objects, so that they need not be parsed again.
    #[serde(skip)]
    pub(super) values: ParsedInputs,
}

/// Parsed inputs by block, kept beside their texts while the answer is in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct ParsedInputs(pub(super) Vec<(u32, Read)>);

/// What is parsed again is the same: answers are compared by their texts.
impl PartialEq for ParsedInputs {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum AnswerEnd {
    /// The message is complete.
    Stopped {
        /// Why the model stopped.
        stop_reason: StopReason,
        /// What was asked for by `additionalModelResponseFieldPaths`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        additional_model_response_fields: Option<RawJson>,
        /// Every block's own stop event came.
        all_stopped: bool,
    },
    /// The stream broke the order that Converse promises, or ended before the message did.
    Protocol(ProtocolError),
    /// The call failed.
    Failed {
        /// Why.
        failure: Box<CallFailure>,
        /// Nothing of an answer had come.
        before_content: bool,
    },
}

impl FinishedAnswer {
    /// An answer that ended by a fault, with what of its message can stay.
    pub(super) fn broken(message: Option<Message>, end: AnswerEnd) -> Self {
        Self {
            message: message.unwrap_or_else(|| Message::assistant(Vec::new())),
            end,
            metadata: None,
            usage: None,
            diagnostics: Vec::new(),
            endings: Vec::new(),
            values: ParsedInputs::default(),
        }
    }
}

/// A complete message of the model and how it ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CompleteAnswer {
    #[serde(with = "message_with_inputs")]
    pub(super) message: Message,
    pub(super) stop_reason: StopReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) additional_fields: Option<RawJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) metadata: Option<Box<StreamMetadata>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) endings: Vec<BlockEnding>,
    #[serde(default)]
    pub(super) all_stopped: bool,
}

impl CompleteAnswer {
    /// Whether the service says that the output was malformed.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self.stop_reason, StopReason::MalformedToolUse | StopReason::MalformedModelOutput)
    }

    /// Whether the model ended its message by itself.
    pub(super) fn ended_by_model(&self) -> bool {
        matches!(self.stop_reason, StopReason::ToolUse | StopReason::EndTurn | StopReason::StopSequence)
    }

    /// Whether it was cut off, by its token limit, a guardrail or a filter.
    pub(super) fn was_cut(&self) -> bool {
        !self.is_malformed() && !self.ended_by_model()
    }

    /// Why none of its calls may run, where none may (D3).
    pub(super) fn forbids_calls(&self) -> Option<&StopReason> {
        match &self.stop_reason {
            StopReason::ToolUse => None,
            StopReason::EndTurn | StopReason::StopSequence if self.all_stopped => None,
            reason => Some(reason),
        }
    }

    pub(super) fn ending(&self, at: usize) -> Option<&BlockEnding> {
        self.endings.get(at)
    }
}

/// What an answer is to the output of its turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum OutputCandidate {
    /// Nothing in it was meant as the output.
    #[default]
    Nothing,
    /// The output is in the block `at` of the message.
    Valid { at: usize, value: RawJson, repaired: bool },
    /// Something was meant as the output and is not valid.
    Invalid { text: String, problems: String },
}

/// The result of a call that is known before any call runs.
#[derive(Debug)]
pub(super) struct PresetResult {
    pub(super) result: ToolResult,
    /// It was a call of the output's tool, which observers know as the output.
    pub(super) is_output: bool,
}

/// Preset results by the place of their call in the message.
pub(super) type PresetResults = BTreeMap<usize, PresetResult>;

/// A message with its inputs as the model wrote them, since its JSON cannot carry those that are not JSON.
pub(super) mod message_with_inputs {
    use std::borrow::Cow;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::wire::{ContentBlock, Message};

    #[derive(Serialize, Deserialize)]
    struct WithInputs<'a> {
        message: Cow<'a, Message>,
        inputs: Vec<Cow<'a, str>>,
    }

    pub(in super::super) fn serialize<S: Serializer>(
        message: &Message,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let inputs = message.tool_uses().map(|call| call.input.as_str().into()).collect();
        WithInputs { message: Cow::Borrowed(message), inputs }.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Message, D::Error> {
        let WithInputs { message, inputs } = WithInputs::deserialize(deserializer)?;
        let mut message = message.into_owned();
        let calls = message.content.iter_mut().filter_map(|block| match block {
            ContentBlock::ToolUse(call) if !call.is_server_side() => Some(call),
            _ => None,
        });
        for (call, input) in calls.zip(inputs) {
            call.input = (*input).into();
        }
        Ok(message)
    }
}
