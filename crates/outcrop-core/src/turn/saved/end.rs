//! How a turn ended that was over when it was saved.

use serde::{Deserialize, Serialize};

use super::{super::TurnOutcome, SavedMessage, Turn};
use crate::{OutputFailure, ProtocolError, RawJson, StopReason, StreamMetadata, TurnFailure, TurnOutput};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum SavedEnd {
    Answered {
        answer: Box<SavedMessage>,
        stop_reason: StopReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        additional_fields: Option<RawJson>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metadata: Option<Box<StreamMetadata>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Box<TurnOutput>>,
    },
    Output(Box<OutputFailure>),
    StepLimit {
        max_steps: u32,
    },
    TruncatedToolCall {
        stop_reason: StopReason,
        name: String,
        input: String,
    },
    MalformedOutput {
        stop_reason: StopReason,
    },
    StartedTwice,
    BlockStartedTwice {
        block: u32,
    },
    BlockStopped {
        block: u32,
    },
    MixedBlock {
        block: u32,
        kind: String,
        delta: String,
    },
    InputTooLong {
        block: u32,
        limit: u32,
    },
    Unfinished,
    Abandoned,
    Converse,
}

impl SavedEnd {
    pub(super) fn of(outcome: &Result<TurnOutcome, TurnFailure>) -> Self {
        match outcome.clone() {
            Ok(outcome) => Self::Answered {
                answer: Box::new(SavedMessage::of(&outcome.message)),
                stop_reason: outcome.stop_reason,
                additional_fields: outcome.additional_model_response_fields,
                metadata: outcome.metadata,
                output: outcome.output,
            },
            Err(TurnFailure::Output(failure)) => Self::Output(failure),
            Err(TurnFailure::StepLimit { max_steps }) => Self::StepLimit { max_steps },
            Err(TurnFailure::TruncatedToolCall { stop_reason, name, input }) => {
                Self::TruncatedToolCall { stop_reason, name, input }
            }
            Err(TurnFailure::MalformedOutput { stop_reason }) => Self::MalformedOutput { stop_reason },
            Err(TurnFailure::Protocol(error)) => match error {
                ProtocolError::StartedTwice => Self::StartedTwice,
                ProtocolError::BlockStartedTwice { block } => Self::BlockStartedTwice { block },
                ProtocolError::BlockStopped { block } => Self::BlockStopped { block },
                ProtocolError::MixedBlock { block, kind, delta } => {
                    Self::MixedBlock { block, kind: kind.to_owned(), delta: delta.to_owned() }
                }
                ProtocolError::InputTooLong { block, limit } => Self::InputTooLong { block, limit },
                ProtocolError::Unfinished => Self::Unfinished,
            },
            Err(TurnFailure::Abandoned) => Self::Abandoned,
            Err(TurnFailure::Converse) => Self::Converse,
        }
    }

    pub(super) fn restore(self, turn: &Turn) -> Result<TurnOutcome, TurnFailure> {
        Err(match self {
            Self::Answered { answer, stop_reason, additional_fields, metadata, output } => {
                return Ok(TurnOutcome {
                    message: answer.restore(),
                    stop_reason,
                    usage: turn.usage.clone(),
                    steps: turn.step,
                    additional_model_response_fields: additional_fields,
                    metadata,
                    output,
                });
            }
            Self::Output(failure) => TurnFailure::Output(failure),
            Self::StepLimit { max_steps } => TurnFailure::StepLimit { max_steps },
            Self::TruncatedToolCall { stop_reason, name, input } => {
                TurnFailure::TruncatedToolCall { stop_reason, name, input }
            }
            Self::MalformedOutput { stop_reason } => TurnFailure::MalformedOutput { stop_reason },
            Self::StartedTwice => ProtocolError::StartedTwice.into(),
            Self::BlockStartedTwice { block } => ProtocolError::BlockStartedTwice { block }.into(),
            Self::BlockStopped { block } => ProtocolError::BlockStopped { block }.into(),
            Self::MixedBlock { block, kind, delta } => ProtocolError::mixed(block, &kind, &delta).into(),
            Self::InputTooLong { block, limit } => ProtocolError::InputTooLong { block, limit }.into(),
            Self::Unfinished => ProtocolError::Unfinished.into(),
            Self::Abandoned => TurnFailure::Abandoned,
            Self::Converse => TurnFailure::Converse,
        })
    }
}
