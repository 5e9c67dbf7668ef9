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
mod schema;
mod shown;
mod typed;

use std::fmt;

pub(crate) use schema::Schema;
pub(crate) use shown::{excerpt, found};
pub(crate) use typed::read;

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
        "The input is not valid JSON ({reason}), so the tool was not run. Send one JSON object. The input was: {raw}"
    )]
    NotJson {
        /// What is wrong.
        reason: String,
        /// The text, or where it is long the part in which the mistake is.
        raw: String,
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
        Self::NotJson { reason: excerpt(&error.to_string()), raw: around(text, at) }
    }
}

/// One thing that is wrong with a value.
///
/// Its `Display` is a sentence for the model:
///
/// ```
/// use outcrop_core::Problem;
/// let mut problem = Problem::new("/days", "a number of at least 1", "the number 0");
/// problem.schema = Some(r#"{"type":"integer","minimum":1}"#.to_owned());
/// assert_eq!(
///     problem.to_string(),
///     r#"`/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}"#,
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where, as a JSON Pointer; empty at the top level.
    pub pointer: String,
    /// What should be there.
    pub expected: String,
    /// What is there, shortened.
    pub found: String,
    /// What may have been meant, where that can be told.
    pub hint: Option<String>,
    /// The part of the schema that says what should be there, shortened and so not always JSON.
    pub schema: Option<String>,
}

/// Most characters of a pointer, of what is expected, and of a hint.
const MAX_WORDS: usize = 300;

impl Problem {
    /// At the place `pointer`; texts of more than 300 characters are cut.
    pub fn new(pointer: &str, expected: impl AsRef<str>, found: impl AsRef<str>) -> Self {
        Self {
            pointer: shown::cut(pointer, MAX_WORDS),
            expected: shown::cut(expected.as_ref(), MAX_WORDS),
            found: shown::cut(found.as_ref(), MAX_WORDS),
            hint: None,
            schema: None,
        }
    }

    fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(|hint| shown::cut(&hint, MAX_WORDS));
        self
    }

    fn schema(mut self, schema: Option<&serde_json::Value>) -> Self {
        self.schema = schema.map(shown::fragment);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, expected, found, hint, schema } = self;
        match &**pointer {
            "" => f.write_str("top level")?,
            pointer => write!(f, "`{pointer}`")?,
        }
        write!(f, ": expected {expected}, found {found}")?;
        if let Some(hint) = hint {
            write!(f, " ({hint})")?;
        }
        if let Some(schema) = schema {
            write!(f, ". The schema there: {schema}")?;
        }
        Ok(())
    }
}

/// What is wrong with a value: the first problems, and how many more there are.
///
/// Its `Display` gives each a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    told: Vec<Problem>,
    more: usize,
}

impl Problems {
    /// Most problems that are told; beyond them a count is enough.
    pub const MAX: usize = 8;

    /// The problems that are told.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.told.iter()
    }

    /// How many there are beyond those that are told.
    pub fn more(&self) -> usize {
        self.more
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty() && self.more == 0
    }

    /// The same problems of a value that stands at `place` of another, a JSON Pointer.
    #[must_use]
    pub fn under(mut self, place: &str) -> Self {
        for problem in &mut self.told {
            problem.pointer.insert_str(0, place);
        }
        self
    }

    /// Adds those of another value.
    pub fn append(&mut self, other: Self) {
        self.more += other.more;
        other.told.into_iter().for_each(|problem| self.push(problem));
    }

    /// Adds one; beyond [`Problems::MAX`] it is only counted.
    pub fn push(&mut self, problem: Problem) {
        if self.told.len() < Self::MAX { self.told.push(problem) } else { self.more += 1 }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self { told: vec![problem], more: 0 }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.told {
            write!(f, "\n- {problem}")?;
        }
        if self.more > 0 {
            write!(f, "\n- and {} more", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
