//! From a complete input to a `T`, or to words by which the model can write a better one.
//!
//! An input is wrong in one of two ways: it does not fit the schema, or it fits and the type refuses it. Both are
//! told in one form: a [`Problem`] for each, with its place, what was expected there, what was found, and the part of
//! the schema that says so.
//!
//! # Invariants
//! - Every text is bounded, whatever the model wrote: at most 8 problems, no more than 3 of one rule of the schema,
//!   and some thousand characters in all. What is cut says so.
//! - The same input gives the same words, in the order of the places.
//! - Nothing is mended here: a hint says what may have been meant.

mod hint;
mod problem;
mod schema;
mod shown;
mod typed;

pub use problem::{Problem, Problems};
pub(crate) use schema::Schema;
pub(crate) use shown::found;
pub(crate) use typed::read;

use crate::wire::excerpt::excerpt;
use shown::around;

/// Why a tool's input cannot be executed, worded for the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// No such tool.
    #[error("There is no tool called `{name}`. {}", if known.is_empty() { "There are no tools.".to_owned() } else { format!("The tools are: {known}.") })]
    UnknownTool {
        /// The name that the model wrote, bounded.
        name: String,
        /// The names there are, up to 64 of them.
        known: String,
    },
    /// The text is not one strict JSON object.
    #[error(
        "The input is not valid JSON ({reason}), so the tool was not run. Send one JSON object. {}The input was: {raw}",
        hint.as_deref().map(|hint| format!("{hint} ")).unwrap_or_default()
    )]
    NotJson {
        /// What is wrong.
        reason: String,
        /// The text, or where it is long the part in which the mistake is.
        raw: String,
        /// A sentence with the object that was probably meant, if there is one. It is only shown to the model.
        hint: Option<String>,
    },
    /// The value does not fit the schema.
    #[error("The input does not fit the tool's schema, so the tool was not run:{problems}")]
    Schema {
        /// Where and why.
        problems: Problems,
    },
    /// The value fits the schema, and the tool's own type refuses it.
    #[error("The input fits the schema but not the tool, so the tool was not run:{problems}")]
    Type {
        /// Where and why.
        problems: Problems,
    },
    /// The text is not the one that the turn handed out.
    #[error("The input was changed after the call was made, so the tool was not run.")]
    Altered,
    /// Nothing says that the input is whole.
    #[error("The call was not finished{}, so the tool was not run.", stop_reason.as_deref().map(|r| format!(" (stop reason `{r}`)")).unwrap_or_default())]
    NotWhole {
        /// Why the model stopped, where that is the reason.
        stop_reason: Option<String>,
    },
}

impl InvalidInput {
    /// A value that fits the schema and that the tool's own type refuses.
    pub fn of_type(problems: Problems) -> Self {
        Self::Type { problems }
    }

    /// A text that is not one strict JSON object.
    pub(crate) fn not_json(error: &serde_json::Error, text: &str) -> Self {
        let column = error.column().checked_sub(1).filter(|_| error.line() > 0);
        let line = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let at = line.map(str::len).sum::<usize>() + column.unwrap_or_default();
        let hint = hint::perhaps_meant(text);
        Self::NotJson { reason: excerpt(&error.to_string()), raw: around(text, at), hint }
    }
}

#[cfg(test)]
mod tests;
