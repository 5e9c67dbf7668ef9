//! Saved turns of versions 1 and 2, which are read for ever and no longer written.

use serde::Deserialize;

use super::state::{SavedCandidate, SavedOutput, SavedPhase, SavedStep, State};
use crate::{
    profile::Fact,
    tools::{OutputAttempt, OutputFailure, Strategy, TurnOutput},
    turn::{Binding, Conversation, History, TurnFailure, TurnOutcome, plan::KeptKnowledge, time::Time},
    wire::{
        Message, ProtocolError, RawJson, StopReason, StreamMetadata, Usage,
        failure::{CallFailure, FailureClass},
    },
};

use super::super::{
    answer::{CompleteAnswer, message_with_inputs},
    calls::{SavedCall, SavedCallState},
    course::Why,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Earlier {
    version: u32,
    turn: String,
    history: History,
    step: u32,
    usage: Usage,
    #[serde(default)]
    learned: Vec<Fact>,
    #[serde(default)]
    buffered: bool,
    #[serde(default)]
    forgets: bool,
    output: Option<EarlierOutput>,
    answer: Option<EarlierAnswer>,
    end: Option<EarlierEnd>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierOutput {
    strategy: Option<Strategy>,
    #[serde(default)]
    attempts: Vec<OutputAttempt>,
    #[serde(default)]
    refused_with_citations: bool,
    #[serde(default)]
    in_question: bool,
}

/// An answer whose calls are not all done.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierAnswer {
    #[serde(with = "message_with_inputs")]
    answer: Message,
    stop_reason: StopReason,
    model_id: String,
    calls: Vec<SavedCallState>,
    additional_fields: Option<RawJson>,
    metadata: Option<Box<StreamMetadata>>,
    found: Option<SavedCandidate>,
    #[serde(default)]
    binding: Binding,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum EarlierEnd {
    Answered {
        #[serde(with = "message_with_inputs")]
        answer: Message,
        stop_reason: StopReason,
        additional_fields: Option<RawJson>,
        metadata: Option<Box<StreamMetadata>>,
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

/// Reads a saved turn of version 1 or 2.
pub(super) fn read(raw: &RawJson) -> Result<State, serde_json::Error> {
    let Earlier { version, turn, history, step, usage, learned, buffered, forgets, output, answer, end } =
        raw.parse_into()?;
    let phase = match (end, answer) {
        (Some(end), _) => over(end, step, &usage),
        (None, Some(answer)) => SavedPhase::Step(Box::new(step_of(answer))),
        // The step that was asked for is not counted.
        (None, None) => SavedPhase::Prepare(Why::NextStep),
    };
    let mut conversation = Conversation::from(history);
    conversation.reported = conversation.history.len();
    conversation.buffers_tools = buffered;
    Ok(State {
        version,
        turn,
        conversation,
        step,
        attempt: 1,
        retries: 0,
        usage,
        now: Time(0),
        phase,
        knowledge: KeptKnowledge { drop_thinking: forgets, ..KeptKnowledge::default() },
        output: output.map(|output| SavedOutput {
            strategy: output.strategy,
            forced: None,
            reason: None,
            attempts: output.attempts,
            refused_with_citations: output.refused_with_citations,
            in_question: output.in_question,
            is_earlier: true,
        }),
        diagnostics: Vec::new(),
        remember: Vec::new(),
        facts: learned,
    })
}

fn step_of(earlier: EarlierAnswer) -> SavedStep {
    let answer = CompleteAnswer {
        message: earlier.answer,
        stop_reason: earlier.stop_reason,
        additional_fields: earlier.additional_fields,
        metadata: earlier.metadata,
        endings: Vec::new(),
        all_stopped: true,
    };
    let call = |state| SavedCall { state, block: None, attempt: 1, is_output: false, is_allowed: false };
    SavedStep {
        answer,
        calls: earlier.calls.into_iter().map(call).collect(),
        model_id: earlier.model_id,
        binding: earlier.binding,
        candidate: earlier.found,
    }
}

fn over(end: EarlierEnd, steps: u32, usage: &Usage) -> SavedPhase {
    SavedPhase::Failed(match end {
        EarlierEnd::Answered { answer, stop_reason, additional_fields, metadata, output } => {
            return SavedPhase::Answered(Box::new(TurnOutcome {
                message: answer,
                stop_reason,
                usage: usage.clone(),
                steps,
                additional_model_response_fields: additional_fields,
                metadata,
                output,
                diagnostics: Vec::new(),
            }));
        }
        EarlierEnd::Output(failure) => TurnFailure::Output(failure),
        EarlierEnd::StepLimit { max_steps } => TurnFailure::StepLimit { max_steps },
        EarlierEnd::TruncatedToolCall { stop_reason, name, input } => {
            TurnFailure::TruncatedToolCall { stop_reason, name, input }
        }
        EarlierEnd::MalformedOutput { stop_reason } => TurnFailure::MalformedOutput { stop_reason },
        EarlierEnd::StartedTwice => ProtocolError::StartedTwice.into(),
        EarlierEnd::BlockStartedTwice { block } => ProtocolError::BlockStartedTwice { block }.into(),
        EarlierEnd::BlockStopped { block } => ProtocolError::BlockStopped { block }.into(),
        EarlierEnd::MixedBlock { block, kind, delta } => {
            ProtocolError::MixedBlock { block, kind: kind.into(), delta: delta.into() }.into()
        }
        EarlierEnd::InputTooLong { block, limit } => ProtocolError::InputTooLong { block, limit }.into(),
        EarlierEnd::Unfinished => ProtocolError::Unfinished.into(),
        EarlierEnd::Abandoned => TurnFailure::Abandoned,
        EarlierEnd::Converse => TurnFailure::Converse(Box::new(CallFailure::new(FailureClass::Other))),
    })
}
