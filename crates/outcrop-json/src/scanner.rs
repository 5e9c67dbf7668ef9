//! The reader: a state machine over bytes that looks at each byte once.
//!
//! Structure is read here; strings and names in `scanner/text.rs`, what is not strict JSON in `scanner/lenient.rs`.
//!
//! # Invariants
//! - What has been read is a function of the text alone, however it was cut into fragments.
//! - No recursion: nesting is kept by the parent links of the tape.
//! - After the first error nothing on the tape changes any more.

mod lenient;
mod past;
mod text;

use crate::{
    ErrorKind, Limit, NodeId, Repair, RepairKind, SyntaxError,
    tree::{NONE, Node, NodeKind, Tape},
};
pub(crate) use lenient::Literal;
pub(crate) use text::find_special;

/// What the next byte means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// Before the value; only white space so far.
    #[default]
    Start,
    /// In a run of backticks before the value.
    FenceTicks,
    /// After the ticks of a fence, before the end of its line.
    FenceInfo,
    /// In text before the value.
    Prose,
    /// After `[`.
    ArrayStart,
    /// After a comma in an array.
    ArrayNext,
    /// After `{`.
    ObjectStart,
    /// After a comma in an object.
    ObjectNext,
    /// After a name.
    KeyEnd,
    /// After a colon.
    MemberValue,
    /// After a value in an array or object.
    After,
    /// After the root value.
    Done,
    /// After the root value, in the ticks that close a fence.
    FenceClose,
    /// In a string or name.
    Text,
    /// In a string or name in single quotes.
    Single,
    /// In an escape in a string or name, which begins at `token_at`.
    Escape,
    /// In a number.
    Number,
    /// In a word that may become a literal.
    Word,
    /// In white space after a word that is a literal unless something follows.
    WordSpace,
    /// In a string without quotes.
    Bare,
    /// After a backslash in one.
    BareEscape,
    /// In a name without quotes.
    BareKey,
    /// After a slash that may begin a comment.
    Slash,
    /// In a comment to the end of the line.
    LineComment,
    /// In a comment.
    BlockComment,
    /// After a star in one.
    BlockStar,
    /// Nothing more is read.
    Invalid,
}

impl State {
    /// Between values, within the root value.
    #[inline]
    fn is_structure(self) -> bool {
        matches!(
            self,
            Self::ArrayStart
                | Self::ArrayNext
                | Self::ObjectStart
                | Self::ObjectNext
                | Self::KeyEnd
                | Self::MemberValue
                | Self::After
        )
    }
}

/// Where in a number the reader is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Digits {
    #[default]
    Minus,
    Zero,
    Int,
    Dot,
    Fraction,
    E,
    ESign,
    Exponent,
}

impl Digits {
    /// Whether a number can end here.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Zero | Self::Int | Self::Fraction | Self::Exponent)
    }

    #[inline]
    fn next(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Minus, b'0') => Self::Zero,
            (Self::Minus | Self::Int, b'0'..=b'9') => Self::Int,
            (Self::Zero | Self::Int, b'.') => Self::Dot,
            (Self::Dot | Self::Fraction, b'0'..=b'9') => Self::Fraction,
            (Self::Zero | Self::Int | Self::Fraction, b'e' | b'E') => Self::E,
            (Self::E, b'+' | b'-') => Self::ESign,
            (Self::E | Self::ESign | Self::Exponent, b'0'..=b'9') => Self::Exponent,
            _ => return None,
        })
    }
}

/// Bounds, see [`Limits`](crate::Limits).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) depth: u32,
    pub(crate) nodes: u32,
}

/// The state between two bytes.
#[derive(Debug)]
pub(crate) struct Scanner {
    pub(crate) tape: Tape,
    pub(crate) bounds: Bounds,
    pub(crate) state: State,
    depth: u32,
    /// Where the name being read, or read last, begins in the arena.
    pub(crate) key_start: u32,
    /// In [`State::Text`] and its escapes: a name, not a value.
    pub(crate) in_key: bool,
    /// The quote that ends the string.
    quote: u8,
    pub(crate) digits: Digits,
    /// Where the escape, number, word or comment being read begins; in `Bare`, where white space that is held back does.
    pub(crate) token_at: usize,
    /// The word being read, and how much of it came.
    pub(crate) literal: Literal,
    pub(crate) literal_len: u8,
    /// What follows the comment, and whether a word may begin with its slash.
    resume: State,
    /// Backticks counted.
    ticks: u8,
    /// A fence was opened.
    fenced: bool,
    pub(crate) repairs: Vec<Repair>,
    pub(crate) error: Option<SyntaxError>,
    /// How many bytes had to be read to know of the error.
    pub(crate) error_known_at: usize,
}

#[inline]
fn is_space(byte: u8) -> bool {
    const SPACES: u64 = 1 << b' ' | 1 << b'\n' | 1 << b'\r' | 1 << b'\t';
    byte <= b' ' && SPACES >> byte & 1 == 1
}

impl Scanner {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            tape: Tape::new(),
            bounds,
            state: State::Start,
            depth: 0,
            key_start: 0,
            in_key: false,
            quote: b'"',
            digits: Digits::Minus,
            token_at: 0,
            literal: Literal::Null,
            literal_len: 0,
            resume: State::Start,
            ticks: 0,
            fenced: false,
            repairs: Vec::new(),
            error: None,
            error_known_at: 0,
        }
    }

    /// Back to the beginning, with the buffers kept.
    pub(crate) fn clear(&mut self) {
        let mut tape = std::mem::replace(&mut self.tape, Tape::new());
        let mut repairs = std::mem::take(&mut self.repairs);
        tape.clear();
        repairs.clear();
        *self = Self { tape, repairs, ..Self::new(self.bounds) };
    }

    /// Reads on to the end of `raw`, the whole text so far.
    pub(crate) fn scan(&mut self, raw: &str) {
        let mut at = self.tape.read;
        while at < raw.len() {
            at = match self.state {
                State::Text => self.text(raw, at),
                state if state.is_structure() => self.structure(raw, at),
                State::Escape => self.escapes(raw, self.token_at),
                State::Number => self.number(raw, at),
                State::Invalid => raw.len(),
                _ => self.step(raw, at),
            };
        }
        self.tape.read = at;
    }

    /// Reads structure from `at` on; gives the place after it.
    fn structure(&mut self, raw: &str, mut at: usize) -> usize {
        while let Some(&byte) = raw.as_bytes().get(at) {
            if is_space(byte) {
                at += 1;
                continue;
            }
            at = match self.state {
                State::After => self.after(raw, byte, at),
                State::MemberValue | State::ArrayStart | State::ArrayNext => self.value(raw, byte, at),
                State::ObjectStart | State::ObjectNext if byte == b'"' => {
                    self.begin_key(b'"');
                    self.text(raw, at + 1)
                }
                State::ObjectStart | State::ObjectNext => self.key(byte, at),
                State::KeyEnd => self.colon(byte, at),
                _ => return at,
            };
            if !self.state.is_structure() {
                break;
            }
        }
        at
    }

    /// Reads on from `at`, at least one byte or one change of state; gives the place after what it read.
    #[cold]
    fn step(&mut self, raw: &str, at: usize) -> usize {
        let Some(&byte) = raw.as_bytes().get(at) else { return at };
        match self.state {
            State::Single => self.single(raw, at),
            State::Start => self.start(raw, byte, at),
            State::Done | State::FenceClose => self.done(byte, at),
            _ => self.lenient(raw, byte, at),
        }
    }

    /// A name that is not in double quotes, or the end of the object. White space was passed over, here and in the
    /// next three.
    #[inline]
    fn key(&mut self, byte: u8, at: usize) -> usize {
        match byte {
            b'}' => {
                if self.state == State::ObjectNext {
                    self.repair(RepairKind::TrailingComma, at, Some(self.tape.open));
                }
                self.close_container(at);
            }
            b'/' => self.slash(at),
            b'\'' => {
                self.repair(RepairKind::SingleQuotes, at, Some(self.tape.open));
                self.begin_key(b'\'');
            }
            _ if lenient::is_name_byte(byte) => {
                self.repair(RepairKind::BareKey, at, Some(self.tape.open));
                self.key_start = self.tape.text.len() as u32;
                self.state = State::BareKey;
                return at;
            }
            _ => return self.fail(ErrorKind::ExpectedKey, at),
        }
        at + 1
    }

    fn begin_key(&mut self, quote: u8) {
        self.key_start = self.tape.text.len() as u32;
        self.in_key = true;
        self.quote = quote;
        self.state = if quote == b'"' { State::Text } else { State::Single };
    }

    #[inline(always)]
    fn colon(&mut self, byte: u8, at: usize) -> usize {
        match byte {
            b':' => self.state = State::MemberValue,
            b'/' => self.slash(at),
            _ => return self.fail(ErrorKind::ExpectedColon, at),
        }
        at + 1
    }

    /// A value, or the end of an array.
    #[inline(always)]
    fn value(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        match byte {
            b'"' => {
                let next = self.begin_string(b'"', at);
                return if self.state == State::Text { self.text(raw, next) } else { next };
            }
            b'{' => return self.open_container(NodeKind::Object, at),
            b'[' => return self.open_container(NodeKind::Array, at),
            b'-' | b'0'..=b'9' => return self.begin_number(raw, byte, at),
            b']' if self.state != State::MemberValue => {
                if self.state == State::ArrayNext {
                    self.repair(RepairKind::TrailingComma, at, Some(self.tape.open));
                }
                self.close_container(at);
            }
            b'/' => self.slash(at),
            b'\'' => {
                let next = self.begin_string(b'\'', at);
                if self.error.is_none() {
                    self.repair(RepairKind::SingleQuotes, at, Some(self.tape.open));
                }
                return next;
            }
            _ if lenient::is_word_start(byte) => return self.begin_word(raw, byte, at),
            _ => return self.fail(ErrorKind::ExpectedValue, at),
        }
        at + 1
    }

    /// A comma or the end of the container.
    #[inline(always)]
    fn after(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        let in_object = self.in_object();
        match byte {
            b',' if in_object && raw.as_bytes().get(at + 1) == Some(&b'"') => {
                self.begin_key(b'"');
                return self.text(raw, at + 2);
            }
            b',' => self.state = if in_object { State::ObjectNext } else { State::ArrayNext },
            b'}' if in_object => self.close_container(at),
            b']' if !in_object => self.close_container(at),
            b'/' => self.slash(at),
            _ if self.is_missing_comma(byte, in_object) => {
                self.repair(RepairKind::MissingComma, at, Some(self.tape.open));
                // Not the state after a comma: a closing bracket cannot come here.
                self.state = if in_object { State::ObjectStart } else { State::ArrayStart };
                return at;
            }
            _ if in_object => return self.fail(ErrorKind::ExpectedCommaOrBrace, at),
            _ => return self.fail(ErrorKind::ExpectedCommaOrBracket, at),
        }
        at + 1
    }

    /// After the root value.
    fn done(&mut self, byte: u8, at: usize) -> usize {
        match byte {
            _ if is_space(byte) => self.state = State::Done,
            b'}' | b']' if self.state == State::Done => self.repair(RepairKind::SurplusClose, at, None),
            b'`' if self.fenced && self.ticks < 6 => {
                self.ticks += 1;
                self.state = State::FenceClose;
            }
            b'/' if self.state == State::Done => self.slash(at),
            _ => return self.fail(ErrorKind::TrailingText, at),
        }
        at + 1
    }

    fn begin_number(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        self.token_at = at;
        self.digits = match byte {
            b'-' => Digits::Minus,
            b'0' => Digits::Zero,
            _ => Digits::Int,
        };
        self.state = State::Number;
        self.number(raw, at + 1)
    }

    fn number(&mut self, raw: &str, mut at: usize) -> usize {
        let bytes = raw.as_bytes();
        let mut digits = self.digits;
        while let Some(&byte) = bytes.get(at) {
            if digits == Digits::Int && byte.is_ascii_digit() {
                at += 1;
                continue;
            }
            if let Some(next) = digits.next(byte) {
                digits = next;
                at += 1;
                continue;
            }
            self.digits = digits;
            return self.end_number(raw, byte, at);
        }
        self.digits = digits;
        at
    }

    /// `byte` is the first that is not of the number.
    fn end_number(&mut self, raw: &str, byte: u8, at: usize) -> usize {
        if self.digits.is_whole() && (is_space(byte) || matches!(byte, b',' | b'}' | b']')) {
            self.commit_number(raw, at, at + 1);
            return at;
        }
        if self.digits == Digits::Minus && byte == b'I' && self.tape.open != NONE {
            return self.minus_infinity(at);
        }
        if self.tape.open == NONE {
            // Nothing was shown yet: a text that begins with a digit or a dash.
            return self.prose(self.token_at, at);
        }
        self.fail(ErrorKind::Number, at)
    }

    /// Puts the number that ends at `end` on the tape.
    pub(crate) fn commit_number(&mut self, raw: &str, end: usize, closed_at: usize) {
        let begin = self.token_at;
        if self.push_node(NodeKind::Number, begin) {
            self.tape.text.push_str(raw.get(begin..end).unwrap_or_default());
            self.close_leaf(self.tape.nodes.len() as u32 - 1, closed_at);
        } else {
            self.error_known_at = closed_at;
        }
    }

    /// Puts a node on the tape, unless that is one too many.
    #[inline]
    pub(crate) fn push_node(&mut self, kind: NodeKind, at: usize) -> bool {
        let id = self.tape.nodes.len() as u32;
        if id >= self.bounds.nodes {
            self.fail(ErrorKind::Limit(Limit::Nodes(self.bounds.nodes)), at);
            return false;
        }
        let mut key = self.key_start;
        if let Some(parent) = self.tape.nodes.get_mut(self.tape.open as usize) {
            if parent.kind == NodeKind::Array {
                key = parent.size;
            }
            parent.size += 1;
        }
        self.tape.nodes.push(Node {
            kind,
            parent: self.tape.open,
            end: 0,
            key,
            text: self.tape.text.len() as u32,
            size: 0,
            opened_at: at as u32,
            closed_at: 0,
        });
        true
    }

    #[inline]
    fn begin_string(&mut self, quote: u8, at: usize) -> usize {
        let id = self.tape.nodes.len() as u32;
        if self.push_node(NodeKind::String, at) {
            self.tape.open = id;
            self.in_key = false;
            self.quote = quote;
            self.state = if quote == b'"' { State::Text } else { State::Single };
        }
        at + 1
    }

    #[inline]
    fn open_container(&mut self, kind: NodeKind, at: usize) -> usize {
        if self.depth >= self.bounds.depth {
            return self.fail(ErrorKind::Limit(Limit::Depth(self.bounds.depth)), at);
        }
        let id = self.tape.nodes.len() as u32;
        if self.push_node(kind, at) {
            self.depth += 1;
            self.tape.open = id;
            self.state = if kind == NodeKind::Object { State::ObjectStart } else { State::ArrayStart };
        }
        at + 1
    }

    #[inline]
    fn close_container(&mut self, at: usize) {
        let end = self.tape.nodes.len() as u32;
        if let Some(node) = self.tape.nodes.get_mut(self.tape.open as usize) {
            node.end = end;
            node.closed_at = at as u32 + 1;
            self.tape.open = node.parent;
            self.depth -= 1;
        }
        self.state = if self.tape.open == NONE { State::Done } else { State::After };
    }

    /// Closes the leaf `id`, whose text ends at the end of the arena.
    #[inline]
    pub(crate) fn close_leaf(&mut self, id: u32, closed_at: usize) {
        if let Some(node) = self.tape.nodes.get_mut(id as usize) {
            node.end = id + 1;
            node.size = self.tape.text.len() as u32;
            node.closed_at = closed_at as u32;
            self.tape.open = node.parent;
        }
        self.state = if self.tape.open == NONE { State::Done } else { State::After };
    }

    /// A text of which nothing was read is an empty object.
    pub(crate) fn empty_object(&mut self, at: usize) {
        if self.push_node(NodeKind::Object, at) {
            self.close_leaf(0, at);
            if let Some(node) = self.tape.nodes.first_mut() {
                node.size = 0;
            }
        }
    }

    /// The quote that ends the string being read.
    pub(crate) fn quote(&self) -> char {
        char::from(self.quote)
    }

    /// Whether the string being read has quotes.
    pub(crate) fn is_quoted(&self) -> bool {
        !matches!(self.state, State::Bare | State::BareEscape)
    }

    /// The text is wrong from `at` on.
    #[cold]
    pub(crate) fn fail(&mut self, kind: ErrorKind, at: usize) -> usize {
        self.fail_knowing(kind, at, at + 1)
    }

    /// The text is wrong from `at` on, which is known since `known_at` bytes were read.
    #[cold]
    pub(crate) fn fail_knowing(&mut self, kind: ErrorKind, at: usize, known_at: usize) -> usize {
        self.error = Some(SyntaxError { kind, offset: at });
        self.error_known_at = known_at;
        self.state = State::Invalid;
        at
    }

    /// Keeps a repair; several of a kind in one node are one with a count.
    #[cold]
    pub(crate) fn repair(&mut self, kind: RepairKind, at: usize, node: Option<u32>) {
        let node = node.filter(|id| *id != NONE).map(NodeId);
        // The kinds that can alternate within one node are few, so this looks back a few entries only.
        let same_node = self.repairs.iter_mut().rev().take(8).take_while(|known| known.node == node);
        match same_node.into_iter().find(|known| known.kind == kind) {
            Some(known) => known.count = known.count.saturating_add(1),
            None => self.repairs.push(Repair::new(kind, at, node)),
        }
    }
}
