//! The members of the saved form.
//!
//! # Invariants
//! - Nothing in it is executable: inputs are raw text.

use serde::{Deserialize, Serialize};

use super::super::{
    action::{RememberAction, TurnFailure, TurnOutcome},
    answer::CompleteAnswer,
    calls::SavedCall,
    course::Why,
    output::OutputState,
};
use crate::{
    profile::{Fact, Profile},
    tools::{OutputAttempt, Strategy},
    turn::{
        Binding, Conversation, Diagnostic,
        plan::{ForcedChoice, KeptKnowledge},
        time::Time,
    },
    wire::{Usage, failure::CallFailure},
};

/// The version that is written.
pub(in super::super) const VERSION: u32 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct State {
    pub(in super::super) version: u32,
    pub(in super::super) turn: String,
    pub(in super::super) conversation: Conversation,
    pub(in super::super) step: u32,
    pub(in super::super) attempt: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(in super::super) retries: u32,
    pub(in super::super) usage: Usage,
    pub(in super::super) now: Time,
    pub(in super::super) phase: SavedPhase,
    #[serde(default)]
    pub(in super::super) knowledge: KeptKnowledge,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) output: Option<SavedOutput>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) diagnostics: Vec<Diagnostic>,
    /// Facts that no driver was told to remember yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) remember: Vec<RememberAction>,
    /// Facts of earlier versions, which do not say what they are about: the model that is asked.
    #[serde(skip)]
    pub(in super::super) facts: Vec<Fact>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(in super::super) enum SavedPhase {
    Prepare(Why),
    /// A call was out whose message was not complete.
    Asked,
    Backoff {
        until: Time,
        failure: Box<CallFailure>,
    },
    Step(Box<SavedStep>),
    Answered(Box<TurnOutcome>),
    Failed(TurnFailure),
}

/// A step whose answer is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct SavedStep {
    pub(in super::super) answer: CompleteAnswer,
    pub(in super::super) calls: Vec<SavedCall>,
    pub(in super::super) model_id: String,
    #[serde(default, skip_serializing_if = "Binding::is_unknown")]
    pub(in super::super) binding: Binding,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) candidate: Option<SavedCandidate>,
}

/// What an answer was to the output. A value is never taken from the saved form: the message is read again, and held to
/// the schema that is there then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) enum SavedCandidate {
    /// It is in this block.
    Valid {
        at: usize,
    },
    Invalid {
        text: String,
        problems: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct SavedOutput {
    /// How the step at hand asked for it, or the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) strategy: Option<Strategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) forced: Option<ForcedChoice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in super::super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(in super::super) attempts: Vec<OutputAttempt>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in super::super) refused_with_citations: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in super::super) in_question: bool,
    /// Earlier versions do not keep all of the strategy.
    #[serde(skip)]
    pub(in super::super) is_earlier: bool,
}

impl SavedOutput {
    pub(in super::super) fn of(output: &OutputState) -> Self {
        let ask = &output.ask;
        Self {
            strategy: ask.plan.as_ref().map(|plan| plan.strategy),
            forced: ask.plan.as_ref().and_then(|plan| plan.forced),
            reason: ask.plan.as_ref().and_then(|plan| plan.reason.clone()),
            attempts: output.attempts.clone(),
            refused_with_citations: ask.refused_with_citations,
            in_question: ask.in_question,
            is_earlier: false,
        }
    }

    pub(in super::super) fn restore(self, output: &mut OutputState, profile: &Profile) {
        output.attempts = self.attempts;
        let ask = &mut output.ask;
        ask.refused_with_citations = self.refused_with_citations;
        ask.in_question = self.in_question;
        let Self { forced, reason, .. } = self;
        ask.plan = self.strategy.and_then(|strategy| ask.plan_again(strategy, forced, reason, profile));
        ask.resumed = self.is_earlier;
    }
}
