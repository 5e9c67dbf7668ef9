//! What a turn gives in the end.
//!
//! # Invariants
//! - An answer exists only where the model's last message ended; a cut one is an [`Error`](crate::Error).

use outcrop_core::{History, StopReason, TurnOutcome, Usage};

/// How a turn ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// The model's last message, why it stopped, what all steps cost.
    pub outcome: TurnOutcome,
    /// The conversation, this turn included.
    pub history: History,
}

impl Answer {
    /// The text of the model's last message.
    pub fn text(&self) -> String {
        self.outcome.message.text()
    }

    /// Why the model stopped. Only `end_turn` and `stop_sequence` mean that it said all it wanted.
    pub fn stop_reason(&self) -> &StopReason {
        &self.outcome.stop_reason
    }

    /// Tokens of all steps.
    pub fn usage(&self) -> &Usage {
        &self.outcome.usage
    }
}
