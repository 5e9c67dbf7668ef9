//! What is not strict JSON and is read all the same, with at most one byte of look-ahead: text before the value,
//! fences, words, names without quotes, comments.
//!
//! # Invariants
//! - Everything accepted here is kept as a [`Repair`](crate::Repair).
//! - A word is shown once it can no longer become a literal, and then only grows.

use super::{Scanner, State, is_space};
use crate::{
    ErrorKind, RepairKind,
    tree::{NONE, NodeKind},
};

/// A word that is a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    Null,
    True,
    False,
    PythonNone,
    PythonTrue,
    PythonFalse,
    NaN,
    Infinity,
    MinusInfinity,
}

impl Literal {
    pub(super) fn starting_with(byte: u8) -> Option<Self> {
        Some(match byte {
            b'n' => Self::Null,
            b't' => Self::True,
            b'f' => Self::False,
            b'N' => Self::PythonNone,
            b'T' => Self::PythonTrue,
            b'F' => Self::PythonFalse,
            b'I' => Self::Infinity,
            _ => return None,
        })
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::True => "true",
            Self::False => "false",
            Self::PythonNone => "None",
            Self::PythonTrue => "True",
            Self::PythonFalse => "False",
            Self::NaN => "NaN",
            Self::Infinity => "Infinity",
            Self::MinusInfinity => "-Infinity",
        }
    }

    fn kind(self) -> NodeKind {
        match self {
            Self::True | Self::PythonTrue => NodeKind::True,
            Self::False | Self::PythonFalse => NodeKind::False,
            _ => NodeKind::Null,
        }
    }

    /// What it departs from strict JSON by.
    pub(crate) fn repair(self) -> Option<RepairKind> {
        match self {
            Self::Null | Self::True | Self::False => None,
            Self::PythonNone | Self::PythonTrue | Self::PythonFalse => Some(RepairKind::PythonLiteral),
            Self::NaN | Self::Infinity | Self::MinusInfinity => Some(RepairKind::NotANumber),
        }
    }
}

/// Whether a name without quotes may hold this byte.
pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.') || byte >= 0x80
}

/// Whether a string without quotes may begin with this byte.
pub(super) fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$' | b'@' | b'#' | b'~' | b'<') || byte >= 0x80
}

/// Whether a value ends before this byte, seen from a word.
fn ends_word(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']')
}

impl Scanner {
    /// The states that strict JSON has not.
    pub(super) fn lenient(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        match self.state {
            State::Word => self.word(raw, byte, at),
            State::WordSpace => self.word_space(raw, byte, at),
            State::Bare => self.bare(raw, at),
            State::BareEscape => {
                // Kept as it is: without an opening quote nothing says that it was an escape.
                if byte == b'"' || byte == b'\\' {
                    self.tape.text.push(char::from(byte));
                    self.token_at = at + 1;
                }
                self.state = State::Bare;
                if byte == b'"' || byte == b'\\' { at + 1 } else { at }
            }
            State::BareKey => self.bare_key(raw, at),
            State::Slash => self.after_slash(raw, byte, at),
            State::LineComment => self.line_comment(raw, at),
            State::BlockComment => {
                let rest = raw.as_bytes().get(at..).unwrap_or_default();
                match rest.iter().position(|byte| *byte == b'*') {
                    Some(len) => {
                        self.state = State::BlockStar;
                        at + len + 1
                    }
                    None => raw.len(),
                }
            }
            State::BlockStar => {
                self.state = match byte {
                    b'/' => self.resume,
                    b'*' => State::BlockStar,
                    _ => State::BlockComment,
                };
                at + 1
            }
            State::FenceTicks => self.fence_ticks(byte, at),
            State::FenceInfo => self.fence_info(byte, at),
            _ => self.in_prose(raw, at),
        }
    }

    /// Before the value.
    pub(super) fn start(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        match byte {
            b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' => self.value(raw, byte, at),
            _ if is_space(byte) => at + 1,
            b't' | b'f' | b'n' => self.begin_word(raw, byte, at),
            b'`' if !self.fenced => {
                self.token_at = at;
                self.ticks = 1;
                self.state = State::FenceTicks;
                at + 1
            }
            b'/' => {
                self.slash(at);
                at + 1
            }
            0xEF if at == 0 && raw.starts_with('\u{feff}') => {
                self.repair(RepairKind::ByteOrderMark, at, None);
                '\u{feff}'.len_utf8()
            }
            _ => self.prose(at, at),
        }
    }

    /// What began at `from` is text before the value; reading goes on at `at`.
    pub(super) fn prose(&mut self, from: usize, at: usize) -> usize {
        self.repair(RepairKind::TextBefore, from, None);
        self.ticks = 0;
        self.state = State::Prose;
        at
    }

    fn in_prose(&mut self, raw: &str, mut at: usize) -> usize {
        while let Some(&byte) = raw.as_bytes().get(at) {
            match byte {
                b'{' | b'[' => return self.value(raw, byte, at),
                b'`' if !self.fenced => {
                    self.ticks += 1;
                    self.fenced = self.ticks == 3;
                }
                _ if !self.fenced => self.ticks = 0,
                _ => {}
            }
            at += 1;
        }
        at
    }

    fn fence_ticks(&mut self, byte: u8, at: usize) -> usize {
        if byte != b'`' {
            return self.prose(self.token_at, at);
        }
        self.ticks += 1;
        if self.ticks == 3 {
            self.fenced = true;
            self.repair(RepairKind::Fence, self.token_at, None);
            self.state = State::FenceInfo;
        }
        at + 1
    }

    fn fence_info(&mut self, byte: u8, at: usize) -> usize {
        match byte {
            b'\n' => self.state = State::Start,
            b'{' | b'[' => {
                self.state = State::Start;
                return at;
            }
            _ => {}
        }
        at + 1
    }

    /// A slash where white space could stand.
    pub(super) fn slash(&mut self, at: usize) {
        self.resume = self.state;
        self.token_at = at;
        self.state = State::Slash;
    }

    fn after_slash(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        self.state = match byte {
            b'/' => State::LineComment,
            b'*' => State::BlockComment,
            _ => return self.no_comment(raw, at),
        };
        self.repair(RepairKind::Comment, self.token_at, Some(self.tape.open));
        at + 1
    }

    /// The slash began no comment: it may begin a path, or text before the value.
    fn no_comment(&mut self, raw: &str, at: usize) -> usize {
        let from = self.token_at;
        match self.resume {
            State::Start => self.prose(from, at),
            State::MemberValue | State::ArrayStart | State::ArrayNext => {
                self.begin_bare(raw.get(from..from + 1).unwrap_or_default(), from, at)
            }
            State::ObjectStart | State::ObjectNext => self.fail_knowing(ErrorKind::ExpectedKey, from, at + 1),
            State::KeyEnd => self.fail_knowing(ErrorKind::ExpectedColon, from, at + 1),
            State::Done => self.fail_knowing(ErrorKind::TrailingText, from, at + 1),
            _ if self.in_object() => self.fail_knowing(ErrorKind::ExpectedCommaOrBrace, from, at + 1),
            _ => self.fail_knowing(ErrorKind::ExpectedCommaOrBracket, from, at + 1),
        }
    }

    fn line_comment(&mut self, raw: &str, at: usize) -> usize {
        let rest = raw.as_bytes().get(at..).unwrap_or_default();
        match rest.iter().position(|byte| *byte == b'\n') {
            Some(len) => {
                self.state = self.resume;
                at + len + 1
            }
            None => raw.len(),
        }
    }

    /// Whether `byte`, after a value, can only begin another one.
    pub(super) fn is_missing_comma(&self, byte: u8, in_object: bool) -> bool {
        if in_object {
            return matches!(byte, b'"' | b'\'');
        }
        let after_string = self.tape.nodes.last().is_some_and(|node| {
            // The last node is the element itself, or lies in it.
            node.kind == NodeKind::String && node.parent == self.tape.open
        });
        matches!(byte, b'"' | b'{' | b'[') || !after_string && matches!(byte, b'-' | b'0'..=b'9')
    }

    /// A word: a literal, or a string without quotes.
    pub(super) fn begin_word(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        match Literal::starting_with(byte) {
            Some(literal) => {
                self.token_at = at;
                self.literal = literal;
                let end = at + literal.text().len();
                let there = raw.as_bytes().get(at..end) == Some(literal.text().as_bytes());
                if there && raw.as_bytes().get(end).is_some_and(|byte| ends_word(*byte)) {
                    self.commit_literal(end + 1);
                    return end;
                }
                self.literal_len = 1;
                self.resume = self.state;
                self.state = State::Word;
                at + 1
            }
            None => self.begin_bare("", at, at),
        }
    }

    /// `-I` was read up to `at`.
    pub(super) fn minus_infinity(&mut self, at: usize) -> usize {
        self.literal = Literal::MinusInfinity;
        self.literal_len = 2;
        self.state = State::Word;
        at + 1
    }

    fn word(&mut self, raw: &str, byte: u8, mut at: usize) -> usize {
        if byte == b'a' && self.literal == Literal::PythonNone && self.literal_len == 1 {
            self.literal = Literal::NaN;
        }
        let text = self.literal.text().as_bytes();
        while let Some(&expected) = text.get(self.literal_len as usize) {
            match raw.as_bytes().get(at) {
                None => return at,
                Some(&byte) if byte == expected => {
                    self.literal_len += 1;
                    at += 1;
                }
                Some(_) => return self.no_literal(raw, at),
            }
        }
        match raw.as_bytes().get(at) {
            None => at,
            Some(&byte) if ends_word(byte) || is_space(byte) && self.literal.repair().is_none() => {
                self.commit_literal(at + 1);
                at
            }
            Some(&byte) if is_space(byte) && self.tape.open != NONE => {
                self.state = State::WordSpace;
                at + 1
            }
            Some(_) => self.no_literal(raw, at),
        }
    }

    /// White space after `None` and the like: `None of these` is a string.
    fn word_space(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        if is_space(byte) {
            return at + 1;
        }
        if ends_word(byte) {
            self.commit_literal(at + 1);
            return at;
        }
        self.no_literal(raw, at)
    }

    /// Puts the literal on the tape.
    pub(crate) fn commit_literal(&mut self, closed_at: usize) {
        let at = self.token_at;
        let id = self.tape.nodes.len() as u32;
        if !self.push_node(self.literal.kind(), at) {
            self.error_known_at = closed_at;
            return;
        }
        if let Some(kind) = self.literal.repair() {
            self.repair(kind, at, Some(id));
        }
        self.close_leaf(id, closed_at);
    }

    /// The word that was read up to `at` is no literal.
    fn no_literal(&mut self, raw: &str, at: usize) -> usize {
        if self.tape.open == NONE {
            return self.prose(self.token_at, at);
        }
        if self.literal == Literal::MinusInfinity {
            return self.fail_knowing(ErrorKind::Number, self.token_at + 1, at + 1);
        }
        let from = self.token_at;
        self.begin_bare(raw.get(from..at).unwrap_or_default(), from, at)
    }

    /// A string without quotes that began at `from`, with `text` read of it before `at`.
    fn begin_bare(&mut self, text: &str, from: usize, at: usize) -> usize {
        let id = self.tape.nodes.len() as u32;
        if self.push_node(NodeKind::String, from) {
            self.tape.open = id;
            self.repair(RepairKind::BareWord, from, Some(id));
            let shown = text.trim_end_matches([' ', '\n', '\r', '\t']);
            self.tape.text.push_str(shown);
            self.token_at = from + shown.len();
            self.state = State::Bare;
        }
        at
    }

    /// In a string without quotes; white space from `token_at` on is held back, since it may be at its end.
    fn bare(&mut self, raw: &str, at: usize) -> usize {
        let bytes = raw.as_bytes();
        let mut end = at;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b',' | b'}' | b']' => {
                    self.close_leaf(self.tape.open, end + 1);
                    return end;
                }
                b'"' => {
                    let (from, node) = (self.token_at, self.tape.open);
                    self.tape.text.push_str(raw.get(from..end).unwrap_or_default());
                    for repair in self.repairs.iter_mut().rev().take_while(|repair| repair.node.is_some()) {
                        if repair.node.is_some_and(|id| id.0 == node) && repair.kind == RepairKind::BareWord {
                            repair.kind = RepairKind::MissingOpenQuote;
                            break;
                        }
                    }
                    self.close_leaf(node, end + 1);
                    return end + 1;
                }
                _ if is_space(byte) => end += 1,
                _ => {
                    let run = bytes.get(end..).unwrap_or_default().iter();
                    let ends =
                        |byte: &u8| matches!(byte, b',' | b'}' | b']' | b'"' | b'\\') || is_space(*byte);
                    let backslash = byte == b'\\';
                    let next =
                        if backslash { end + 1 } else { end + run.take_while(|byte| !ends(byte)).count() };
                    let from = self.token_at;
                    self.tape.text.push_str(raw.get(from..next).unwrap_or_default());
                    self.token_at = next;
                    end = next;
                    if backslash {
                        self.state = State::BareEscape;
                        return end;
                    }
                }
            }
        }
        end
    }

    fn bare_key(&mut self, raw: &str, at: usize) -> usize {
        let rest = raw.as_bytes().get(at..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
        self.tape.text.push_str(raw.get(at..at + len).unwrap_or_default());
        if len < rest.len() {
            self.state = State::KeyEnd;
        }
        at + len
    }
}
