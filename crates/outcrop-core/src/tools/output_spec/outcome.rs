//! How a turn ended that was to end with an output: plain data, which can be kept.
//!
//! # Invariants
//! - The text of what the model wrote is never lost, valid or not.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Strategy, unit};
use crate::wire::{RawJson, StopReason, Usage};

/// The value of an output, and how it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TurnOutput {
    /// The value as the model wrote it, valid for the schema.
    pub value: RawJson,
    /// How it was asked for; never [`Strategy::Auto`].
    pub strategy: Strategy,
    /// Something around or in the text was passed over (only with [`Strategy::Prompt`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repaired: bool,
    /// What had come before it and was not valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<OutputAttempt>,
}

impl TurnOutput {
    /// Reads the value as a `T`, from its text, so that long numbers stay exact. `()`, whose schema is that of the empty
    /// object, is read from that.
    ///
    /// # Errors
    /// What `T`'s own `Deserialize` refuses although the schema took it; nothing where the output was asked for with
    /// [`OutputSpec::read_as`](crate::tools::OutputSpec::read_as).
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        self.value.parse_into().or_else(|error| unit(&self.value).ok_or(error))
    }
}

/// An output that was not valid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OutputAttempt {
    /// The step that it came in.
    pub step: u32,
    /// How it was asked for.
    pub strategy: Strategy,
    /// What the model wrote; empty where it gave nothing.
    pub text: String,
    /// What is wrong with it, as the model was told: a line for each.
    pub problems: String,
    /// What the step cost, where that was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// Why a turn has no output.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[error("{reason}")]
#[non_exhaustive]
pub struct OutputFailure {
    /// Why.
    pub reason: OutputFailureReason,
    /// What the model wrote last towards it; empty where it gave nothing.
    pub text: String,
    /// What can be read of that text: a beginning, or a value that is not valid. It was held to no schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<RawJson>,
    /// All that came and was not valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<OutputAttempt>,
    /// Tokens of all steps.
    pub usage: Usage,
}

/// Why a turn has no output.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum OutputFailureReason {
    /// Nothing that the model gave was valid, however often it was asked.
    #[error("the model gave no valid output in {attempts} attempts")]
    Invalid {
        /// How many attempts there were.
        attempts: usize,
    },
    /// The model was stopped before it was done (R82): by its token limit, a guardrail, a filter, its window.
    #[error("the model stopped with `{stop_reason}` before its output was whole")]
    Stopped {
        /// Why.
        stop_reason: StopReason,
    },
    /// The schema cannot be put in the way that was demanded.
    #[error("the schema cannot be asked for by {}: {reason}", strategy.as_str())]
    Inexpressible {
        /// How it was to be asked for.
        strategy: Strategy,
        /// What stands in the way.
        reason: String,
    },
}
