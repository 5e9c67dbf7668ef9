//! Looking at what comes, without taking it.
//!
//! # Invariants
//! - No question looks further than what follows the second quote from where it is asked: asked once at every
//!   quote of a text, it costs a bounded number of looks at each byte.
//! - Offsets are of ASCII bytes or of the end, so a text may be cut at them.

use std::cell::Cell;

/// An object or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Object,
    Array,
}

impl Bracket {
    pub(super) fn opened_by(byte: u8) -> Option<Self> {
        match byte {
            b'{' => Some(Self::Object),
            b'[' => Some(Self::Array),
            _ => None,
        }
    }

    pub(super) fn opening(self) -> char {
        if self == Self::Object { '{' } else { '[' }
    }

    pub(super) fn closing(self) -> char {
        if self == Self::Object { '}' } else { ']' }
    }

    pub(super) fn closed_by(byte: u8) -> Option<Self> {
        match byte {
            b'}' => Some(Self::Object),
            b']' => Some(Self::Array),
            _ => None,
        }
    }
}

/// Whether a name with its colon stands somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Yes,
    No,
    /// The text ends before that can be told.
    Cut,
}

/// A kind of comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comment {
    /// To the end of the line.
    Line,
    /// To `*/`.
    Block,
}

impl Comment {
    fn end(self) -> &'static str {
        match self {
            Self::Line => "\n",
            Self::Block => "*/",
        }
    }
}

/// A text, and how much of it was looked at.
#[derive(Debug)]
pub(super) struct Ahead<'a> {
    text: &'a str,
    steps: Cell<usize>,
    /// What was found last by [`Self::behind`], for `*/` and for a newline.
    found: [Cell<Found>; 2],
}

/// From `from` on, what was looked for first stands before `end`; with `None` it stands nowhere.
#[derive(Clone, Copy, Debug)]
struct Found {
    from: usize,
    end: Option<usize>,
}

impl<'a> Ahead<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        // Before the first look: nothing is known.
        let unknown = Found { from: usize::MAX, end: None };
        Self { text, steps: Cell::new(0), found: [Cell::new(unknown), Cell::new(unknown)] }
    }

    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.steps.set(self.steps.get() + 1);
        self.text.as_bytes().get(at).copied()
    }

    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Where the text behind the comment goes on whose inside begins at `at`, if the comment ends.
    pub(super) fn behind(&self, at: usize, comment: Comment) -> Option<usize> {
        let wanted = comment.end();
        let known = &self.found[comment as usize];
        let Found { from, end } = known.get();
        if from <= at && end.is_none_or(|end| at + wanted.len() <= end) {
            return end;
        }
        let rest = self.text.as_bytes().get(at..)?;
        let found = rest.windows(wanted.len()).position(|window| window == wanted.as_bytes());
        self.steps.set(self.steps.get() + found.unwrap_or(rest.len()));
        let end = found.map(|len| at + len + wanted.len());
        known.set(Found { from: at, end });
        end
    }

    pub(super) fn starts_with(&self, at: usize, text: &str) -> bool {
        self.text.get(at..).is_some_and(|rest| rest.starts_with(text))
    }

    /// The first place from `at` on that is no white space, and whether all that is before it is white space in
    /// JSON.
    pub(super) fn space(&self, mut at: usize) -> (usize, bool) {
        let mut strict = true;
        while let Some(byte) = self.byte(at) {
            if is_space(byte) {
                at += 1;
                continue;
            }
            if byte.is_ascii() && !byte.is_ascii_control() {
                break;
            }
            match self.text.get(at..).and_then(|rest| rest.chars().next()) {
                Some(char) if is_odd_space(char) => at += char.len_utf8(),
                _ => break,
            }
            strict = false;
        }
        (at, strict)
    }

    pub(super) fn after_space(&self, at: usize) -> usize {
        self.space(at).0
    }

    /// The first place from `at` on that is neither white space nor a comma.
    pub(super) fn after_commas(&self, mut at: usize) -> usize {
        loop {
            at = self.after_space(at);
            if self.byte(at) != Some(b',') {
                return at;
            }
            at += 1;
        }
    }

    pub(super) fn has_newline(&self, from: usize, to: usize) -> bool {
        (from..to).any(|at| self.byte(at) == Some(b'\n'))
    }

    pub(super) fn is_comment(&self, at: usize) -> bool {
        self.byte(at) == Some(b'/') && matches!(self.byte(at + 1), Some(b'/' | b'*'))
    }

    /// The first place from `at` on that is neither white space nor a comment.
    pub(super) fn after_comments(&self, mut at: usize) -> usize {
        loop {
            at = self.after_space(at);
            if !self.is_comment(at) {
                return at;
            }
            let comment = if self.byte(at + 1) == Some(b'/') { Comment::Line } else { Comment::Block };
            at = self.behind(at + 2, comment).unwrap_or(self.text.len());
        }
    }

    /// Where the quoted text that opens at `at` ends, if every quote that has no backslash before it is an end.
    pub(super) fn quoted(&self, at: usize) -> Option<usize> {
        let quote = self.byte(at)?;
        let mut at = at + 1;
        loop {
            match self.byte(at)? {
                b'\\' => at += 2,
                byte if byte == quote => return Some(at),
                _ => at += 1,
            }
        }
    }

    /// Whether a name in quotes and a colon stand at `at`.
    pub(super) fn quoted_name(&self, at: usize) -> Name {
        let Some(end) = self.quoted(at) else { return Name::Cut };
        self.colon(end + 1)
    }

    /// Whether a name without quotes, or without the first of them, and a colon stand at `at`.
    pub(super) fn bare_name(&self, at: usize) -> Name {
        let end = self.name_end(at);
        if end == at {
            return Name::No;
        }
        self.colon(if self.byte(end) == Some(b'"') { end + 1 } else { end })
    }

    /// Where the name without quotes ends that begins at `at`.
    pub(super) fn name_end(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(is_name_byte) {
            at += 1;
        }
        at
    }

    fn colon(&self, at: usize) -> Name {
        match self.byte(self.after_space(at)) {
            Some(b':') => Name::Yes,
            Some(_) => Name::No,
            None => Name::Cut,
        }
    }

    /// Whether what stands in quotes at `at` ends where a value may end.
    pub(super) fn quoted_value(&self, at: usize) -> bool {
        self.quoted(at).is_some_and(|end| self.ends_value(end + 1))
    }

    /// Whether a number stands at `at` and ends where a value may end.
    pub(super) fn number_value(&self, at: usize) -> bool {
        let end = self.number_end(at);
        end > at && self.ends_value(end)
    }

    /// Where the bytes end that numbers are made of.
    pub(super) fn number_end(&self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
            at += 1;
        }
        at
    }

    fn ends_value(&self, at: usize) -> bool {
        let next = self.after_space(at);
        matches!(self.byte(next), None | Some(b',' | b']' | b'}')) || self.is_comment(next)
    }

    /// Where the dots end that stand at `at` for items left out, if there are any.
    pub(super) fn ellipsis(&self, at: usize) -> Option<usize> {
        let dots = ["...", "\u{2026}"].iter().find(|dots| self.starts_with(at, dots))?;
        self.ends_value(at + dots.len()).then_some(at + dots.len())
    }
}

/// What comes later in a text, as far as it helps to tell whether a string has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    /// The last quote.
    pub(super) quote: usize,
    /// Whether nothing but brackets follows it.
    pub(super) ends_quoted: bool,
    /// The last quote that is followed by a comma and a name with its colon; 0 if there is none.
    pub(super) member: usize,
    /// The last bracket that is followed by a quote, as an object is opened; 0 if there is none.
    pub(super) object: usize,
}

impl Tail {
    pub(super) fn of(ahead: &Ahead<'_>) -> Self {
        let last =
            ahead.text.trim_end_matches(|char: char| char.is_whitespace() || matches!(char, '}' | ']'));
        let find = |wanted: char, test: fn(&Ahead<'_>, usize) -> bool| {
            let mut found = ahead.text.rmatch_indices(wanted).map(|(at, _)| at);
            found.find(|at| test(ahead, *at)).unwrap_or(0)
        };
        Self {
            quote: ahead.text.rfind('"').unwrap_or(0),
            ends_quoted: last.ends_with('"'),
            member: find('"', |ahead, at| {
                let comma = ahead.after_space(at + 1);
                let name = ahead.after_space(comma + 1);
                ahead.byte(comma) == Some(b',')
                    && ahead.byte(name) == Some(b'"')
                    && ahead.quoted_name(name) == Name::Yes
            }),
            object: find('{', |ahead, at| ahead.byte(ahead.after_space(at + 1)) == Some(b'"')),
        }
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What looks like white space, or like nothing.
fn is_odd_space(char: char) -> bool {
    char.is_whitespace() || char.is_control() || matches!(char, '\u{feff}' | '\u{200b}'..='\u{200d}')
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'')
}

/// Whether a name without quotes may hold this byte.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.') || byte >= 0x80
}
