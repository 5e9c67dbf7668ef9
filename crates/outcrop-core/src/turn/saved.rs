//! The saved form of a turn: raw text and where each call stands, never an executable input.
//!
//! # Invariants
//! - It carries its version; a newer one is refused.
//! - Resuming parses and validates every input again, against the tools that are there then.
//! - An answer that was still coming when the turn was saved is asked for again; a call that was out is not run
//!   again, since nobody knows whether it took effect.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Fact, History, Message, StopReason, ToolResult, Usage};

use super::{Calls, FinishedStep, Phase, Turn, TurnConfig, calls::Standing};

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answer: Option<SavedAnswer>,
}

/// An answer whose calls are not all done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedAnswer {
    message: Message,
    /// The inputs as the model wrote them, where the message cannot carry them.
    inputs: Vec<String>,
    stop_reason: StopReason,
    model_id: String,
    calls: Vec<SavedCall>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SavedCall {
    Waiting,
    Running,
    Done(Box<ToolResult>),
}

const VERSION: u32 = 1;

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
                message: step.message.clone(),
                inputs: step.message.tool_uses().map(|call| call.input.as_str().to_owned()).collect(),
                stop_reason: step.stop_reason.clone(),
                model_id: step.model_id.clone(),
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
        // A step that is being asked for, or is about to be once more, is asked for again.
        let begun =
            matches!(self.phase, Phase::Asking(_)) || (matches!(self.phase, Phase::Due) && self.attempt > 1);
        let step = self.step.saturating_sub(u32::from(begun));
        SavedTurn {
            version: VERSION,
            turn: self.id.to_string(),
            history: self.history.clone(),
            step,
            usage: self.usage.clone(),
            learned: self.learned.clone(),
            answer,
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
        turn.step = saved.step;
        turn.usage = saved.usage;
        for fact in saved.learned {
            turn.profile = turn.profile.with_fact(fact);
            turn.learned.push(fact);
        }
        if let Some(mut answer) = saved.answer {
            let mut inputs = answer.inputs.into_iter();
            for block in &mut answer.message.content {
                if let crate::ContentBlock::ToolUse(call) = block
                    && !call.is_server_side()
                    && let Some(input) = inputs.next()
                {
                    call.input = input.into();
                }
            }
            let standings = answer.calls.into_iter().map(|call| match call {
                SavedCall::Waiting => Standing::Waiting,
                SavedCall::Running => Standing::Running,
                SavedCall::Done(result) => Standing::Done(*result),
            });
            let calls = Calls::restore(&turn.config.tools, &answer.message, standings.collect());
            let step = FinishedStep {
                message: answer.message,
                stop_reason: answer.stop_reason,
                model_id: answer.model_id,
                additional_fields: None,
                metadata: None,
            };
            turn.phase = Phase::Dispatching { stream: None, step, calls };
            turn.advance();
        }
        Ok(turn)
    }
}
