//! The output of a saved turn: what was tried, and what an answer that is kept was to it.
//!
//! # Invariants
//! - A value is never taken from the saved form: the message is read again, and held to the schema that is there then.

use serde::{Deserialize, Serialize};

use super::super::{
    Turn,
    output::{Found, Output},
};
use crate::{ContentBlock, Message, OutputAttempt, Profile, Strategy};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedOutput {
    /// How the step at hand asked for it, or the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<Strategy>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<OutputAttempt>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused_with_citations: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_question: bool,
}

impl SavedOutput {
    pub(super) fn of(output: &Output) -> Self {
        Self {
            strategy: output.plan.as_ref().map(|plan| plan.strategy),
            attempts: output.attempts.clone(),
            refused_with_citations: output.refused_with_citations,
            in_question: output.in_question,
        }
    }

    pub(super) fn restore(self, output: &mut Output, profile: &Profile) {
        output.attempts = self.attempts;
        output.refused_with_citations = self.refused_with_citations;
        output.in_question = self.in_question;
        output.plan = self.strategy.and_then(|strategy| output.asked_by(strategy, profile));
        output.resumed = true;
    }
}

/// What an answer was to the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SavedFound {
    /// It is in this block.
    Valid {
        at: usize,
    },
    Invalid {
        text: String,
        problems: String,
    },
}

impl SavedFound {
    pub(super) fn of(found: &Found) -> Option<Self> {
        match found {
            Found::Nothing => None,
            Found::Valid { at, .. } => Some(Self::Valid { at: *at }),
            Found::Invalid { text, problems } => {
                Some(Self::Invalid { text: text.clone(), problems: problems.clone() })
            }
        }
    }
}

impl Turn {
    /// What a saved answer is to the output that is wanted now; where it was a call that is not valid any more, also
    /// the place of that call among the calls.
    pub(super) fn found_again(&self, saved: SavedFound, message: &Message) -> (Found, Option<usize>) {
        let Some(output) = &self.output else { return (Found::Nothing, None) };
        let at = match saved {
            SavedFound::Invalid { text, problems } => return (Found::Invalid { text, problems }, None),
            SavedFound::Valid { at } => at,
        };
        let Some(ContentBlock::ToolUse(call)) = message.content.get(at) else {
            return (output.find_text(message, &[], Ok(())), None);
        };
        match output.read_input(call.input.as_str()) {
            Ok(value) => (Found::Valid { at, value, repaired: false }, None),
            Err(problems) => {
                let before = message.tool_uses().position(|other| std::ptr::eq(other, call));
                (Found::Invalid { text: call.input.as_str().to_owned(), problems }, before)
            }
        }
    }
}
