//! What is wrong with a text, and what is too much of one.

use std::fmt;

/// Why and where a text stops being JSON, the lenient rules included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: ErrorKind,
    /// The first byte that does not fit: bytes from the start of the text.
    pub offset: usize,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is no value in the text.
    NoValue,
    /// A value was expected.
    ExpectedValue,
    /// A name or `}` was expected.
    ExpectedKey,
    /// A colon was expected.
    ExpectedColon,
    /// A comma or `}` was expected.
    ExpectedCommaOrBrace,
    /// A comma or `]` was expected.
    ExpectedCommaOrBracket,
    /// A number that is not one in JSON.
    Number,
    /// Something follows the end of the value.
    TrailingText,
    /// Bytes that are not UTF-8.
    Utf8,
    /// The text is nested too deep, too large or has too many values.
    Limit(Limit),
}

/// A bound that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Objects and arrays within each other.
    Depth(u32),
    /// Values in the text.
    Nodes(u32),
    /// Bytes of text.
    Bytes(u32),
}

/// A bound was met. What was read before stays readable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LimitError {
    /// Which.
    pub limit: Limit,
    /// Where: bytes from the start of the text.
    pub offset: usize,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depth(max) => write!(f, "nested more than {max} deep"),
            Self::Nodes(max) => write!(f, "more than {max} values"),
            Self::Bytes(max) => write!(f, "more than {max} bytes"),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoValue => "no JSON value",
            Self::ExpectedValue => "expected a value",
            Self::ExpectedKey => "expected a name or `}`",
            Self::ExpectedColon => "expected `:`",
            Self::ExpectedCommaOrBrace => "expected `,` or `}`",
            Self::ExpectedCommaOrBracket => "expected `,` or `]`",
            Self::Number => "invalid number",
            Self::TrailingText => "text after the value",
            Self::Utf8 => "invalid UTF-8",
            Self::Limit(limit) => return limit.fmt(f),
        })
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.limit, self.offset)
    }
}

impl std::error::Error for SyntaxError {}
impl std::error::Error for LimitError {}
