//! The saved form of a turn: raw text and where each call stands, never an executable input.
//!
//! # Invariants
//! - It carries its version; a newer one is refused.
//! - Resuming parses and validates every input again, against the tools that are there then.
//! - An answer that was still coming when the turn was saved is asked for again; a call that was out is not run
//!   again, since nobody knows whether it took effect.
//! - A turn that was over stays over: nothing is asked again.

mod end;
mod output;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Binding, ContentBlock, Fact, History, Message, RawJson, StopReason, StreamMetadata, ToolResult, Usage,
};

use end::SavedEnd;
use output::{SavedFound, SavedOutput};

use super::{
    Calls, FinishedStep, Found, Phase, ToolStreaming, Turn, TurnConfig, calls::Standing,
    output::rejected_input,
};

/// A turn as it is kept between processes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedTurn {
    version: u32,
    turn: String,
    history: History,
    step: u32,
    usage: Usage,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    learned: Vec<Fact>,
    /// Fine-grained tool streaming was given up after damage.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    buffered: bool,
    /// The step is to be asked for without what was thought so far.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    forgets: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<SavedOutput>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<SavedAnswer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<SavedEnd>,
}

/// An answer whose calls are not all done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedAnswer {
    answer: SavedMessage,
    stop_reason: StopReason,
    model_id: String,
    calls: Vec<SavedCall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    additional_fields: Option<RawJson>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Box<StreamMetadata>>,
    /// What it is to the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    found: Option<SavedFound>,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Binding::is_unknown")]
    binding: Binding,
}

/// A message with its inputs as the model wrote them, since its JSON cannot carry those that are no JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct SavedMessage {
    message: Message,
    inputs: Vec<String>,
}

impl SavedMessage {
    fn of(message: &Message) -> Self {
        let inputs = message.tool_uses().map(|call| call.input.as_str().to_owned()).collect();
        Self { message: message.clone(), inputs }
    }

    fn restore(self) -> Message {
        let Self { mut message, inputs } = self;
        let calls = message.content.iter_mut().filter_map(|block| match block {
            ContentBlock::ToolUse(call) if !call.is_server_side() => Some(call),
            _ => None,
        });
        for (call, input) in calls.zip(inputs) {
            call.input = input.into();
        }
        message
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SavedCall {
    Waiting,
    Running,
    Done(Box<ToolResult>),
}

/// The newest version. What wants no output is written as version 1, which older readers take.
const VERSION: u32 = 2;

/// A saved turn that cannot be resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saved turn is of version {version}, this reads up to {VERSION}")]
pub struct UnknownVersion {
    /// Its version.
    pub version: u32,
}

impl Turn {
    /// The turn as it can be kept. It can be taken at any moment; the turn goes on.
    pub fn save(&self) -> SavedTurn {
        let answer = match &self.phase {
            Phase::Dispatching { step, calls, .. } => Some(SavedAnswer {
                answer: SavedMessage::of(&step.message),
                stop_reason: step.stop_reason.clone(),
                additional_fields: step.additional_fields.clone(),
                metadata: step.metadata.clone(),
                model_id: step.model_id.clone(),
                found: SavedFound::of(&step.found),
                binding: step.binding,
                calls: calls
                    .standings()
                    .map(|standing| match standing {
                        Standing::Waiting => SavedCall::Waiting,
                        Standing::Running => SavedCall::Running,
                        Standing::Done(result) => SavedCall::Done(Box::new(result)),
                    })
                    .collect(),
            }),
            _ => None,
        };
        let end = match &self.phase {
            Phase::Over(outcome) => Some(SavedEnd::of(outcome)),
            _ => None,
        };
        // A step that is being asked for, or is about to be once more, is asked for again.
        let begun =
            matches!(self.phase, Phase::Asking(_)) || (matches!(self.phase, Phase::Due) && self.attempt > 1);
        let step = self.step.saturating_sub(u32::from(begun));
        SavedTurn {
            version: if self.output.is_some() { VERSION } else { 1 },
            turn: self.id.to_string(),
            history: self.history.clone(),
            step,
            usage: self.usage.clone(),
            learned: self.learned.clone(),
            buffered: self.tool_streaming != self.config.tool_streaming,
            forgets: self.forgets,
            output: self.output.as_ref().map(SavedOutput::of),
            answer,
            end,
        }
    }

    /// Goes on with a saved turn.
    ///
    /// # Errors
    /// It was saved by a newer version.
    pub fn resume(config: Arc<TurnConfig>, saved: SavedTurn) -> Result<Self, UnknownVersion> {
        if saved.version > VERSION {
            return Err(UnknownVersion { version: saved.version });
        }
        let mut turn = Self::over(config, saved.history, saved.turn.into());
        turn.reported = turn.history.len();
        turn.step = saved.step;
        turn.usage = saved.usage;
        turn.forgets = saved.forgets;
        if saved.buffered && turn.tool_streaming == ToolStreaming::Auto {
            turn.tool_streaming = ToolStreaming::Buffered;
        }
        for fact in saved.learned {
            turn.learn(fact);
        }
        let profile = turn.profile().clone();
        if let (Some(output), Some(saved)) = (&mut turn.output, saved.output) {
            saved.restore(output, &profile);
        }
        if let Some(answer) = saved.answer {
            let message = answer.answer.restore();
            let (found, lost) =
                answer.found.map_or_else(Default::default, |found| turn.found_again(found, &message));
            let standings = answer.calls.into_iter().map(|call| match call {
                SavedCall::Waiting => Standing::Waiting,
                SavedCall::Running => Standing::Running,
                SavedCall::Done(result) => Standing::Done(*result),
            });
            let mut standings: Vec<_> = standings.collect();
            if let (Some(lost), Found::Invalid { problems, .. }) = (lost, &found)
                && let (Some(standing), Some(call)) = (standings.get_mut(lost), message.tool_uses().nth(lost))
            {
                *standing = Standing::Done(ToolResult::error(&call.tool_use_id, rejected_input(problems)));
            }
            let calls = Calls::restore(&turn.config.tools, &message, standings);
            let step = FinishedStep {
                message,
                stop_reason: answer.stop_reason,
                model_id: answer.model_id,
                additional_fields: answer.additional_fields,
                metadata: answer.metadata,
                found,
                binding: answer.binding,
            };
            turn.phase = Phase::Dispatching { stream: None, step, calls };
            turn.advance();
        }
        if let Some(end) = saved.end {
            turn.phase = Phase::Over(end.restore(&turn));
        }
        Ok(turn)
    }
}
