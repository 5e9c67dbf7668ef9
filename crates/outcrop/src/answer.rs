//! What a turn gives in the end.
//!
//! # Invariants
//! - An answer exists only where the model's last message ended; a cut one is an [`Error`](crate::Error).

use outcrop_core::{Diagnostic, History, StopReason, Usage, turn::TurnOutcome};

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

    /// What was dropped, downgraded or repaired on the way, in order. Each was an event too.
    ///
    /// ```
    /// use outcrop::{Agent, testing::ScriptedModel};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let answer = Agent::builder(ScriptedModel::texts(["Hi."])).build()?.ask("Hello").await?;
    /// assert!(answer.diagnostics().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.outcome.diagnostics
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
