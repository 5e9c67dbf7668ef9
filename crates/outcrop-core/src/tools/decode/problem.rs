//! What is wrong with a value, in words for the model.
//!
//! # Invariants
//! - Every text is bounded, and so is the number of problems that are listed.

use std::fmt;

use super::shown::fragment;
use crate::wire::excerpt::cut;

/// One thing that is wrong with a value.
///
/// Its `Display` is a sentence for the model:
///
/// ```
/// use outcrop_core::tools::Problem;
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
            pointer: cut(pointer, MAX_WORDS),
            expected: cut(expected.as_ref(), MAX_WORDS),
            found: cut(found.as_ref(), MAX_WORDS),
            hint: None,
            schema: None,
        }
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.map(|hint| cut(&hint, MAX_WORDS));
        self
    }

    pub(super) fn schema(mut self, schema: Option<&serde_json::Value>) -> Self {
        self.schema = schema.map(fragment);
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
    pub(super) told: Vec<Problem>,
    pub(super) more: usize,
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
