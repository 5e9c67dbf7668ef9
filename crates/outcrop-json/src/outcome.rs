//! What a text turned out to be, and what had to be done to read it.
//!
//! # Invariants
//! - Complete, repaired, guessed, truncated and invalid are never confused: a text with a guess in it is not
//!   repaired, one that was cut off is neither, and only strict JSON is complete.
//! - Every departure from strict JSON that was accepted is listed, with its kind, place and node.

use crate::{NodeId, SyntaxError};

/// How much a departure from strict JSON says about the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Strict JSON, but worth knowing.
    Note,
    /// Not strict JSON; there is one way to read it.
    Benign,
    /// There is more than one way to read it. Fit to be shown, never to be executed.
    Guess,
}

/// A way in which a text departs from strict JSON and is read all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RepairKind {
    /// A name is there twice in an object: the last one counts, as in `serde_json::Value`.
    DuplicateKey,
    /// An empty or blank text, read as an empty object: how a tool without arguments is called.
    Blank,
    /// A byte order mark before the value.
    ByteOrderMark,
    /// A code fence around the value.
    Fence,
    /// A comma before a closing bracket.
    TrailingComma,
    /// A closing bracket after the end of the value.
    SurplusClose,
    /// A control character in a string that should be escaped.
    ControlCharacter,
    /// Half of a surrogate pair, read as U+FFFD.
    LoneSurrogate,
    /// A backslash before a character that needs none: the backslash is kept.
    InvalidEscape,
    /// A word without quotes, read as a string.
    BareWord,
    /// A string whose opening quote is missing.
    MissingOpenQuote,
    /// A name without quotes.
    BareKey,
    /// A string or name in single quotes.
    SingleQuotes,
    /// `True`, `False`, `None`, read as Python means them.
    PythonLiteral,
    /// `NaN`, `Infinity` or `-Infinity`, read as null.
    NotANumber,
    /// A comment, passed over.
    Comment,
    /// No comma between two values.
    MissingComma,
    /// Text before the value, passed over.
    TextBefore,
    /// The text ended too early, and [`repair`](crate::repair()) closed what was open.
    Truncation,
}

impl RepairKind {
    /// How much it says about the value.
    pub fn severity(self) -> Severity {
        match self {
            Self::DuplicateKey => Severity::Note,
            Self::Blank
            | Self::ByteOrderMark
            | Self::Fence
            | Self::TrailingComma
            | Self::SurplusClose
            | Self::ControlCharacter
            | Self::LoneSurrogate => Severity::Benign,
            _ => Severity::Guess,
        }
    }
}

/// One departure from strict JSON that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Repair {
    /// What it was.
    pub kind: RepairKind,
    /// Where it was: bytes from the start of the text. The first place, where there were several in one node.
    pub offset: usize,
    /// The value that it is in, where it is in one.
    pub node: Option<NodeId>,
    /// How often it came in this node.
    pub count: u32,
}

impl Repair {
    /// One repair.
    pub(crate) fn new(kind: RepairKind, offset: usize, node: Option<NodeId>) -> Self {
        Self { kind, offset, node, count: 1 }
    }
}

/// How the writer left off, for [`LiveJson::finish`](crate::LiveJson::finish).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The writer says that this is all.
    Whole,
    /// The writer was cut off: by a limit, an error, or a lost connection.
    Cut,
}

/// What a text is, once no more of it comes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// One JSON value as RFC 8259 has it, and nothing else.
    Complete(Complete),
    /// Not strict JSON, but there is only one way to read it.
    Repaired(Repaired),
    /// There is more than one way to read it. Fit to be shown, never to be executed.
    Guessed(Guessed),
    /// It was cut off. What is there is a beginning.
    Truncated(Truncated),
    /// It cannot be read.
    Invalid(Invalid),
}

/// One JSON value and nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Complete {
    /// Names that are there twice.
    pub notes: Vec<Repair>,
}

/// A text with one way to read it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Repaired {
    /// What was accepted, in the order it was met.
    pub repairs: Vec<Repair>,
}

/// A text with more than one way to read it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Guessed {
    /// What was accepted, in the order it was met.
    pub repairs: Vec<Repair>,
}

/// A text that was cut off.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Truncated {
    /// What was accepted before the cut, in the order it was met.
    pub repairs: Vec<Repair>,
    /// The innermost value that is still open, as a JSON Pointer (RFC 6901). `None` where nothing was begun.
    pub open: Option<String>,
    /// What would close all that is open, such as `"]}`.
    pub missing: String,
}

/// A text that cannot be read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Invalid {
    /// What was accepted before.
    pub repairs: Vec<Repair>,
    /// What is wrong, and where.
    pub error: SyntaxError,
}

impl Outcome {
    /// Whether the text is strict JSON.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Complete(_))
    }

    /// What was accepted, in the order it was met.
    pub fn repairs(&self) -> &[Repair] {
        match self {
            Self::Complete(outcome) => &outcome.notes,
            Self::Repaired(outcome) => &outcome.repairs,
            Self::Guessed(outcome) => &outcome.repairs,
            Self::Truncated(outcome) => &outcome.repairs,
            Self::Invalid(outcome) => &outcome.repairs,
        }
    }
}
