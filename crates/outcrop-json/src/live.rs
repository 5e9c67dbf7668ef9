//! [`LiveJson`]: one text that is still being written, and its value so far.

use std::fmt;

use crate::{
    ErrorKind, Limit, LimitError, Mark, NodeRef, PartialError, Repair, SyntaxError, View,
    change::Changes,
    scanner::{Bounds, Scanner, State, find_special},
};

/// How large a text may become.
///
/// ```
/// use outcrop_json::{Limits, LiveJson};
///
/// let mut limits = Limits::default();
/// limits.depth = 2;
/// let mut live = LiveJson::with_limits(limits);
/// assert_eq!(live.push("[[[").unwrap_err().to_string(), "nested more than 2 deep at byte 2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Objects and arrays within each other; 128 unless told. Reading goes to any depth; making a `Value` or a struct
    /// of what was read recurses, as serde does, so a limit of many thousands needs a large stack.
    pub depth: u32,
    /// Values in the text; 1,000,000 unless told.
    pub nodes: u32,
    /// Bytes of text; 16 MiB unless told. The most that can be told is 1 GiB.
    pub bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, nodes: 1_000_000, bytes: 16 << 20 }
    }
}

/// Offsets are 32 bits, and one byte of text never needs more than four of the arena.
const MOST_BYTES: u32 = 1 << 30;

/// Where the reading of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Progress {
    /// More is expected.
    Incomplete,
    /// The value is complete; only white space and the like can follow.
    Complete,
    /// The text is wrong; the value stays as it was before the error.
    Invalid,
}

/// A JSON text that comes in fragments, and the value that it is so far.
///
/// Each byte is looked at once. The value can be read after every fragment, by reference, and what changed can be
/// asked for at any rate by any number of readers. What could still turn out otherwise is held back: half a name,
/// half an escape, half a surrogate pair, a number or a literal that may go on. So text that was shown only grows,
/// and a value that is complete never changes.
///
/// ```
/// use outcrop_json::{End, LiveJson};
///
/// let mut live = LiveJson::new();
/// live.push(r#"{"path": "notes.md", "content": "Line on"#)?;
/// let content = live.root().and_then(|root| root.get("content")).unwrap();
/// assert_eq!(content.as_str(), Some("Line on"));
/// assert!(!content.is_complete());
///
/// live.push(r#"e.\n"}"#)?;
/// assert_eq!(live.root().and_then(|root| root.get("content")).unwrap().as_str(), Some("Line one.\n"));
/// assert!(live.finish(End::Whole).is_complete());
/// # Ok::<(), outcrop_json::LimitError>(())
/// ```
pub struct LiveJson {
    pub(crate) raw: String,
    pub(crate) scanner: Scanner,
    limits: Limits,
    limit_met: Option<LimitError>,
    /// How many bytes more can be taken without a second look: none while a character is not whole, or at the end.
    room: usize,
    /// Bytes of a character that is not whole yet.
    carry: [u8; 4],
    carry_len: usize,
    pub(crate) finished: bool,
}

impl LiveJson {
    /// An empty text with the default limits.
    pub fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    /// An empty text with limits of one's own.
    pub fn with_limits(mut limits: Limits) -> Self {
        limits.bytes = limits.bytes.min(MOST_BYTES);
        Self {
            raw: String::new(),
            scanner: Scanner::new(Bounds { depth: limits.depth, nodes: limits.nodes }),
            limits,
            limit_met: None,
            room: limits.bytes as usize,
            carry: [0; 4],
            carry_len: 0,
            finished: false,
        }
    }

    /// Back to an empty text, with the buffers kept: reading a text no longer than the last allocates nothing.
    pub fn clear(&mut self) {
        self.raw.clear();
        self.scanner.clear();
        self.limit_met = None;
        self.room = self.limits.bytes as usize;
        self.carry_len = 0;
        self.finished = false;
    }

    /// Takes the next fragment, cut anywhere.
    ///
    /// A text that is not JSON is no error here: the value stays as it was before the mistake, and
    /// [`LiveJson::error`] and [`LiveJson::finish`] tell.
    ///
    /// # Errors
    /// A limit was met. What was read stays readable. Beyond the limits of depth and number the text is still kept;
    /// beyond that of bytes it is not.
    ///
    /// # Complexity
    /// Linear in the fragment, whatever came before; no allocation but the growth of buffers.
    #[inline]
    pub fn push(&mut self, fragment: &str) -> Result<(), LimitError> {
        // Most fragments only make a string longer.
        let in_text = self.scanner.state == State::Text && self.scanner.tape.read == self.raw.len();
        if !in_text || fragment.len() > self.room {
            self.append(fragment)?;
            return self.scan_on();
        }
        self.room -= fragment.len();
        self.raw.push_str(fragment);
        let plain = find_special(fragment.as_bytes());
        if plain < fragment.len() {
            return self.push_special(plain);
        }
        self.scanner.tape.text.push_str(fragment);
        self.scanner.tape.read += plain;
        Ok(())
    }

    fn push_special(&mut self, plain: usize) -> Result<(), LimitError> {
        self.scanner.grow_text(&self.raw, plain);
        self.check_limit()
    }

    /// Buffers that most inputs fit into, so that they need not grow step by step.
    #[cold]
    fn first_buffers(&mut self, fragment: usize) {
        const BYTES: usize = 1024;
        self.raw.reserve(fragment.max(BYTES));
        self.scanner.tape.text.reserve(BYTES);
        self.scanner.tape.nodes.reserve(BYTES / 64);
    }

    fn scan_on(&mut self) -> Result<(), LimitError> {
        if !self.finished {
            self.scanner.scan(&self.raw);
        }
        self.check_limit()
    }

    /// Takes the next fragment as bytes, which may be cut within a character.
    ///
    /// Bytes that are not UTF-8 end the value with an error; in the text they are kept as U+FFFD.
    ///
    /// # Errors
    /// As for [`LiveJson::push`].
    pub fn push_bytes(&mut self, fragment: &[u8]) -> Result<(), LimitError> {
        self.append_bytes(fragment)?;
        self.scan_on()
    }

    /// Takes the next fragment without looking at it: for a text whose value may not be asked for.
    ///
    /// It is read by [`LiveJson::read_to`], or by the next [`LiveJson::push`] or [`LiveJson::finish`].
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.append(r#"["a","#)?;
    /// live.append(r#""b"]"#)?;
    /// assert!(live.root().is_none());
    /// live.read_to(5)?;
    /// assert_eq!(live.root().unwrap().len(), 1);
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    ///
    /// # Errors
    /// The text is longer than the limit; the fragment was not taken.
    #[inline]
    pub fn append(&mut self, fragment: &str) -> Result<(), LimitError> {
        if fragment.len() > self.room {
            return self.append_bytes(fragment.as_bytes());
        }
        if self.raw.capacity() == 0 {
            self.first_buffers(fragment.len());
        }
        self.room -= fragment.len();
        self.raw.push_str(fragment);
        Ok(())
    }

    /// Reads what was appended up to `offset`, or to its end if that is before. Reading never goes back.
    ///
    /// # Errors
    /// A limit was met.
    pub fn read_to(&mut self, offset: usize) -> Result<(), LimitError> {
        if offset > self.scanner.tape.read && !self.finished {
            let offset = (offset..).find(|at| *at >= self.raw.len() || self.raw.is_char_boundary(*at));
            let end = offset.unwrap_or_default().min(self.raw.len());
            self.scanner.scan(self.raw.get(..end).unwrap_or_default());
        }
        self.check_limit()
    }

    #[inline]
    fn check_limit(&self) -> Result<(), LimitError> {
        if self.scanner.state == State::Invalid { self.limit_error() } else { Ok(()) }
    }

    #[cold]
    fn limit_error(&self) -> Result<(), LimitError> {
        match self.scanner.error {
            Some(SyntaxError { kind: ErrorKind::Limit(limit), offset }) => Err(LimitError { limit, offset }),
            _ => Ok(()),
        }
    }

    #[cold]
    fn too_long(&mut self) -> LimitError {
        let error = LimitError { limit: Limit::Bytes(self.limits.bytes), offset: self.raw.len() };
        self.room = 0;
        *self.limit_met.get_or_insert(error)
    }

    fn append_bytes(&mut self, fragment: &[u8]) -> Result<(), LimitError> {
        let room = (self.limits.bytes as usize).saturating_sub(self.raw.len() + self.carry_len);
        if !fragment.is_empty() && (fragment.len() > room || self.limit_met.is_some()) {
            return Err(self.too_long());
        }
        self.decode(fragment);
        // A text that is finished is not read on, so each fragment is looked at twice.
        let in_order = self.carry_len == 0 && !self.finished;
        self.room = if in_order { (self.limits.bytes as usize).saturating_sub(self.raw.len()) } else { 0 };
        Ok(())
    }

    /// Takes bytes that may begin and end within a character.
    fn decode(&mut self, mut fragment: &[u8]) {
        // First the rest of a character that was cut.
        while self.carry_len > 0 && !fragment.is_empty() {
            let carry_len = self.carry_len;
            let Some((&byte, rest)) = fragment.split_first() else { break };
            if let Some(place) = self.carry.get_mut(carry_len) {
                *place = byte;
            }
            let carry = self.carry;
            match std::str::from_utf8(carry.get(..carry_len + 1).unwrap_or_default()) {
                Ok(text) => {
                    self.raw.push_str(text);
                    self.carry_len = 0;
                    fragment = rest;
                }
                Err(error) if error.error_len().is_none() => {
                    self.carry_len += 1;
                    fragment = rest;
                }
                // The byte that broke it may begin a character of its own.
                Err(_) => {
                    self.carry_len = 0;
                    self.not_utf8();
                }
            }
        }
        while !fragment.is_empty() {
            let error = match std::str::from_utf8(fragment) {
                Ok(text) => {
                    self.raw.push_str(text);
                    break;
                }
                Err(error) => error,
            };
            let (valid, rest) = fragment.split_at(error.valid_up_to());
            self.raw.push_str(std::str::from_utf8(valid).unwrap_or_default());
            match error.error_len() {
                Some(len) => {
                    self.not_utf8();
                    fragment = rest.get(len..).unwrap_or_default();
                }
                None => {
                    self.carry_len = rest.len();
                    if let Some(place) = self.carry.get_mut(..rest.len()) {
                        place.copy_from_slice(rest);
                    }
                    break;
                }
            }
        }
    }

    fn not_utf8(&mut self) {
        if !self.finished {
            self.scanner.scan(&self.raw);
        }
        if self.scanner.error.is_none() && !self.finished {
            self.scanner.fail(ErrorKind::Utf8, self.raw.len());
        }
        self.raw.push(char::REPLACEMENT_CHARACTER);
    }

    /// A character is cut at the end of what was pushed as bytes.
    pub(crate) fn has_carry(&self) -> bool {
        self.carry_len > 0
    }

    /// Nothing more is read.
    pub(crate) fn end(&mut self) {
        self.finished = true;
        self.room = 0;
    }

    pub(crate) fn limit_met(&self) -> Option<LimitError> {
        self.limit_met
    }

    /// The text so far, as it came.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The text, without its value.
    pub fn into_raw(self) -> String {
        self.raw
    }

    /// This moment, to ask later what changed since.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark {
            nodes: self.scanner.tape.nodes.len() as u32,
            text: self.scanner.tape.text.len() as u32,
            offset: self.scanner.tape.read as u32,
            open: self.scanner.tape.open,
        }
    }

    /// The value as it is now.
    #[inline]
    pub fn now(&self) -> View<'_> {
        self.at(self.mark())
    }

    /// The value as it was at `mark`.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"["one", "tw"#)?;
    /// let mark = live.mark();
    /// live.push(r#"o", "three"]"#)?;
    /// assert_eq!(live.at(mark).root().unwrap().to_value()?, serde_json::json!(["one", "tw"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn at(&self, mark: Mark) -> View<'_> {
        View::new(&self.scanner.tape, mark)
    }

    /// The moment at which the first `offset` bytes had been read, if they have been.
    ///
    /// # Complexity
    /// Logarithmic in the values read; where a string was open at that moment and has grown since, linear in its
    /// text up to there.
    pub fn mark_at(&self, offset: usize) -> Option<Mark> {
        match offset.cmp(&self.scanner.tape.read) {
            std::cmp::Ordering::Equal => Some(self.mark()),
            std::cmp::Ordering::Less => Some(self.scanner.mark_at(&self.raw, offset)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// The root value, once it has begun.
    #[inline]
    pub fn root(&self) -> Option<NodeRef<'_>> {
        self.now().root()
    }

    /// The innermost value that is open: what grows next, or what the next value will be in.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"{"to": ["ann", "bo"#)?;
    /// assert_eq!(live.innermost_open().unwrap().pointer().to_string(), "/to/1");
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    #[inline]
    pub fn innermost_open(&self) -> Option<NodeRef<'_>> {
        self.now().node_at(self.scanner.tape.open)
    }

    /// What changed since `mark`, together as if it had come at once. Each reader keeps a mark of its own.
    ///
    /// ```
    /// use outcrop_json::{Change, LiveJson};
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"{"city": "Lis"#)?;
    /// let mark = live.mark();
    /// live.push(r#"bon"}"#)?;
    /// let changes: Vec<String> = live.changes(mark).map(|change| match change {
    ///     Change::Set(set) => format!("set {}", set.node.pointer()),
    ///     Change::Append(append) => format!("append {} {}", append.node.pointer(), append.text),
    ///     Change::Close(close) => format!("close {}", close.node.pointer()),
    ///     change => format!("{change:?}"),
    /// }).collect();
    /// assert_eq!(changes, ["append /city bon", "close /city", "close "]);
    /// # Ok::<(), outcrop_json::LimitError>(())
    /// ```
    ///
    /// # Complexity
    /// Linear in what changed, and in the depth at `mark`.
    #[inline]
    pub fn changes(&self, since: Mark) -> Changes<'_> {
        self.changes_between(since, self.mark())
    }

    /// What changed from one moment to a later one.
    #[inline]
    pub fn changes_between(&self, since: Mark, until: Mark) -> Changes<'_> {
        let known_at = self.scanner.error_known_at;
        let is_new = |_: &&SyntaxError| since.offset() < known_at && known_at <= until.offset();
        Changes::new(self.at(until), since, self.scanner.error.as_ref().filter(is_new))
    }

    /// Reads the value so far as a `T`, which may borrow its strings from here: names and strings are decoded
    /// already, so a `&str` always borrows.
    ///
    /// What a `T` cannot hold yet is left out: a member that is still growing and does not decode is absent, as is
    /// an element of an array whose members have not all come. Fields of `T` that may be absent are `Option`s.
    ///
    /// Types that are read from a string see it while it grows: `"1.1.1.1"` is an address before `"1.1.1.10"` is. So do
    /// the untagged enums, flattened fields and contents of internally tagged enums that serde keeps aside first.
    ///
    /// ```
    /// use outcrop_json::LiveJson;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct WriteFile<'a> {
    ///     path: Option<&'a str>,
    ///     content: Option<&'a str>,
    ///     mode: Option<u32>,
    /// }
    ///
    /// let mut live = LiveJson::new();
    /// live.push(r#"{"path": "a.txt", "content": "Hel\nlo", "mode": 4"#)?;
    /// let partial: WriteFile<'_> = live.partial()?;
    /// assert_eq!(partial.content, Some("Hel\nlo"));
    /// assert_eq!(partial.mode, None); // may become 420
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A value that is complete does not fit `T`, or `T` cannot be made of nothing yet.
    ///
    /// # Complexity
    /// Linear in the number of values, not in the length of strings.
    pub fn partial<'a, T: serde::Deserialize<'a>>(&'a self) -> Result<T, PartialError> {
        self.now().partial()
    }

    /// Where the reading is.
    pub fn progress(&self) -> Progress {
        match self.scanner.state {
            State::Invalid => Progress::Invalid,
            State::Done | State::FenceClose => Progress::Complete,
            _ => Progress::Incomplete,
        }
    }

    /// What is wrong with the text so far, if something is. The value stays as it was before it.
    pub fn error(&self) -> Option<SyntaxError> {
        self.scanner.error
    }

    /// What was known to be wrong at `mark`.
    pub fn error_at(&self, mark: Mark) -> Option<SyntaxError> {
        self.scanner.error.filter(|_| self.scanner.error_known_at <= mark.offset())
    }

    /// The departures from strict JSON that were accepted so far, in the order in which they were met.
    pub fn repairs(&self) -> &[Repair] {
        &self.scanner.repairs
    }

    /// The name of the member that comes next, as far as it came; its value has not begun or is held back.
    pub fn pending_key(&self) -> Option<&str> {
        self.scanner.pending_key()
    }

    /// The number or word that is held back since it may go on: its text so far.
    pub fn pending_text(&self) -> Option<&str> {
        match self.scanner.state {
            State::Number | State::Word | State::WordSpace => {
                self.raw.get(self.scanner.token_at..self.scanner.tape.read).map(str::trim_end)
            }
            _ => None,
        }
    }
}

impl Default for LiveJson {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LiveJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveJson")
            .field("raw", &self.raw)
            .field("progress", &self.progress())
            .field("repairs", &self.scanner.repairs)
            .finish_non_exhaustive()
    }
}
