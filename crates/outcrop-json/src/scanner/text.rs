//! Strings and names: their text decoded as it comes.
//!
//! # Invariants
//! - An escape is decoded once all of it is there, with what follows the first half of a surrogate pair; until then
//!   it is held back. It is at most 12 bytes long, so what is read again at the next fragment is bounded.
//! - Text only grows. Half a surrogate pair without its other half is U+FFFD.

use super::{Scanner, State};
use crate::RepairKind;

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the first of eight bytes that is a quote, a backslash or a control character; later marks may be wrong.
#[inline]
fn special(word: u64) -> u64 {
    let control = word.wrapping_sub(LOW * 0x20);
    let quote = word ^ (LOW * b'"' as u64);
    let backslash = word ^ (LOW * b'\\' as u64);
    let marks = control | quote.wrapping_sub(LOW) | backslash.wrapping_sub(LOW);
    marks & !word & HIGH
}

/// Bytes that are special one by one.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        special[byte] = true;
        byte += 1;
    }
    special[b'"' as usize] = true;
    special[b'\\' as usize] = true;
    special
};

/// The place of the first quote, backslash or control character; without one, the length.
#[inline]
pub(crate) fn find_special(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let Some((chunk, more)) = rest.split_first_chunk::<8>() {
        let marks = special(u64::from_le_bytes(*chunk));
        if marks != 0 {
            return bytes.len() - rest.len() + marks.trailing_zeros() as usize / 8;
        }
        rest = more;
    }
    if let Some((chunk, more)) = rest.split_first_chunk::<4>() {
        // What is not there is spaces.
        let marks = special(u64::from(u32::from_le_bytes(*chunk)) | 0x2020_2020 << 32);
        if marks != 0 {
            return bytes.len() - rest.len() + marks.trailing_zeros() as usize / 8;
        }
        rest = more;
    }
    let mut at = bytes.len() - rest.len();
    while let Some(&byte) = bytes.get(at) {
        if SPECIAL[byte as usize] {
            break;
        }
        at += 1;
    }
    at
}

/// What stands at a backslash.
enum Escape {
    /// A character, and the length of its escape.
    Char(char, usize),
    /// Half a surrogate pair, six bytes long.
    Half,
    /// So many bytes that are no escape.
    Plain(usize),
    /// More is needed to tell.
    Cut,
}

impl Scanner {
    /// In a string or name, of which the next `plain` bytes are plain.
    pub(crate) fn grow_text(&mut self, raw: &str, plain: usize) {
        self.tape.read = self.text_from(raw, self.tape.read, plain);
        if self.tape.read < raw.len() {
            self.scan(raw);
        }
    }

    /// In a string or name.
    #[inline]
    pub(super) fn text(&mut self, raw: &str, at: usize) -> usize {
        let bytes = raw.as_bytes();
        let plain = find_special(bytes.get(at..).unwrap_or_default());
        let end = at + plain;
        // Most names and many strings are without an escape.
        match bytes.get(end) {
            Some(b'"') => {
                self.tape.text.push_str(raw.get(at..end).unwrap_or_default());
                self.end_of_text(bytes, end)
            }
            None => {
                self.tape.text.push_str(raw.get(at..).unwrap_or_default());
                end
            }
            _ => self.long_text(raw, at, plain),
        }
    }

    #[inline(never)]
    fn long_text(&mut self, raw: &str, at: usize, plain: usize) -> usize {
        self.text_from(raw, at, plain)
    }

    /// In a string or name, from `at` on, where `plain` bytes are plain; to its end or that of `raw`.
    #[inline(always)]
    fn text_from(&mut self, raw: &str, mut at: usize, mut plain: usize) -> usize {
        let bytes = raw.as_bytes();
        loop {
            let end = at + plain;
            if plain > 0 {
                self.tape.text.push_str(raw.get(at..end).unwrap_or_default());
            }
            match bytes.get(end) {
                None => return end,
                Some(b'\\') => {
                    // Most escapes are two bytes long.
                    if let Some(decoded) = bytes.get(end + 1).and_then(|kind| plain_escape(*kind)) {
                        self.tape.text.push(decoded);
                        at = end + 2;
                    } else {
                        at = self.escapes(raw, end);
                        if self.state != State::Text {
                            return at;
                        }
                    }
                }
                Some(b'"') => return self.end_of_text(bytes, end),
                Some(control) => {
                    self.tape.text.push(char::from(*control));
                    self.repair(RepairKind::ControlCharacter, end, Some(self.tape.open));
                    at = end + 1;
                }
            }
            plain = find_special(bytes.get(at..).unwrap_or_default());
        }
    }

    /// At the closing quote of a string or name.
    #[inline]
    fn end_of_text(&mut self, bytes: &[u8], at: usize) -> usize {
        if !self.in_key {
            self.close_leaf(self.tape.open, at + 1);
        } else if bytes.get(at + 1) == Some(&b':') {
            self.state = State::MemberValue;
            return at + 2;
        } else {
            self.state = State::KeyEnd;
        }
        at + 1
    }

    /// In a string or name in single quotes.
    pub(super) fn single(&mut self, raw: &str, at: usize) -> usize {
        let bytes = raw.as_bytes().get(at..).unwrap_or_default();
        let len = bytes.iter().position(|byte| matches!(byte, b'\'' | b'\\')).unwrap_or(bytes.len());
        let end = at + len;
        self.tape.text.push_str(raw.get(at..end).unwrap_or_default());
        match bytes.get(len) {
            None => end,
            Some(b'\\') => self.escapes(raw, end),
            Some(_) => self.end_of_text(raw.as_bytes(), end),
        }
    }

    /// At the backslash at `at`: takes escapes for as long as one follows the other.
    pub(super) fn escapes(&mut self, raw: &str, mut at: usize) -> usize {
        let bytes = raw.as_bytes();
        while bytes.get(at) == Some(&b'\\') {
            match escape_at(bytes, at, self.quote) {
                Escape::Char(decoded, len) => {
                    self.tape.text.push(decoded);
                    at += len;
                }
                Escape::Half => {
                    self.lone_surrogate(at);
                    at += 6;
                }
                Escape::Plain(len) => {
                    self.tape.text.push_str(raw.get(at..at + len).unwrap_or_default());
                    self.repair(RepairKind::InvalidEscape, at, Some(self.tape.open));
                    at += len;
                    // A backslash that is kept may be followed by one that begins an escape.
                }
                Escape::Cut => {
                    self.token_at = at;
                    self.state = State::Escape;
                    return raw.len();
                }
            }
        }
        self.state = if self.quote == b'"' { State::Text } else { State::Single };
        at
    }

    /// The text ends here: half a surrogate pair finds no other half.
    pub(crate) fn end_of_escape(&mut self, raw: &str) {
        let half = |unit| char::from_u32(u32::from(unit)).is_none();
        if self.state == State::Escape
            && !self.in_key
            && unit_at(raw.as_bytes(), self.token_at).is_some_and(half)
        {
            self.lone_surrogate(self.token_at);
            self.state = State::Text;
        }
    }

    #[cold]
    fn lone_surrogate(&mut self, at: usize) {
        self.tape.text.push(char::REPLACEMENT_CHARACTER);
        self.repair(RepairKind::LoneSurrogate, at, Some(self.tape.open));
    }
}

/// What stands at the backslash at `at`, in a string that ends with `quote`.
#[inline]
fn escape_at(bytes: &[u8], at: usize, quote: u8) -> Escape {
    let Some(&kind) = bytes.get(at + 1) else { return Escape::Cut };
    if kind == b'u' {
        return unit_escape_at(bytes, at);
    }
    match plain_escape(kind) {
        Some(decoded) => Escape::Char(decoded, 2),
        None if kind == b'\'' && quote == b'\'' => Escape::Char('\'', 2),
        None => Escape::Plain(1),
    }
}

/// What the letter after a backslash stands for.
#[inline]
fn plain_escape(kind: u8) -> Option<char> {
    match ESCAPES[kind as usize] {
        0 => None,
        // All of them are ASCII.
        decoded => Some(char::from(decoded & 0x7F)),
    }
}

/// The escapes of one letter; 0 is none.
const ESCAPES: [u8; 256] = {
    let mut escapes = [0; 256];
    escapes[b'n' as usize] = b'\n';
    escapes[b'"' as usize] = b'"';
    escapes[b'\\' as usize] = b'\\';
    escapes[b't' as usize] = b'\t';
    escapes[b'r' as usize] = b'\r';
    escapes[b'/' as usize] = b'/';
    escapes[b'b' as usize] = 8;
    escapes[b'f' as usize] = 12;
    escapes
};

/// What the `\u` at `at` is, with what follows it where it is the first half of a pair.
#[inline]
fn unit_escape_at(bytes: &[u8], at: usize) -> Escape {
    let Some(unit) = unit_at(bytes, at) else {
        let digits = bytes.get(at + 2..).unwrap_or_default();
        let len = digits.iter().take(4).take_while(|digit| HEX[**digit as usize] < 16).count();
        return if len == digits.len() { Escape::Cut } else { Escape::Plain(2 + len) };
    };
    if let Some(decoded) = char::from_u32(u32::from(unit)) {
        return Escape::Char(decoded, 6);
    }
    if unit >= 0xDC00 {
        return Escape::Half;
    }
    if let Some(low @ 0xDC00..=0xDFFF) = unit_at(bytes, at + 6) {
        let pair = 0x10000 + ((u32::from(unit) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
        return Escape::Char(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER), 12);
    }
    // The other half may still come, if what there is of it does not say otherwise.
    let rest = bytes.get(at + 6..).unwrap_or_default();
    let fits = |(place, byte): (usize, &u8)| match place {
        0 => *byte == b'\\',
        1 => *byte == b'u',
        _ => HEX[*byte as usize] < 16,
    };
    if rest.len() < 6 && rest.iter().enumerate().all(fits) { Escape::Cut } else { Escape::Half }
}

/// The values of hexadecimal digits; 255 is none.
const HEX: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        values[b"0123456789abcdef"[value] as usize] = value as u8;
        values[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// The code unit of the `\u` whose backslash is at `at`, if it is there whole.
#[inline]
fn unit_at(bytes: &[u8], at: usize) -> Option<u16> {
    let [b'\\', b'u', digits @ ..] = bytes.get(at..)?.first_chunk::<6>()? else { return None };
    let [a, b, c, d] = digits.map(|digit| HEX[digit as usize]);
    let unit = u16::from(a) << 12 | u16::from(b) << 8 | u16::from(c) << 4 | u16::from(d);
    ((a | b | c | d) < 16).then_some(unit)
}
