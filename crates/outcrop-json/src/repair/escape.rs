//! Writes the text of a damaged string as a JSON string.
//!
//! # Invariants
//! - What is written is the inside of one JSON string, whatever the text.
//! - No half of an escape is left at a cut.

use super::Repairs;
use crate::RepairKind;

/// What stands between quotes.
#[derive(Debug)]
pub(super) struct Quoted<'a> {
    pub(super) text: &'a str,
    /// Where it is in the whole text.
    pub(super) offset: usize,
    /// The quotes.
    pub(super) quote: u8,
    /// Whether the whole text ends with it.
    pub(super) cut: bool,
}

impl Quoted<'_> {
    pub(super) fn write(&self, json: &mut String, repairs: &mut Repairs) {
        let mut at = 0;
        loop {
            let rest = self.text.get(at..).unwrap_or_default();
            let plain = rest.bytes().take_while(|byte| !is_special(*byte, self.quote)).count();
            json.push_str(rest.get(..plain).unwrap_or_default());
            at += plain;
            let Some(&byte) = self.text.as_bytes().get(at) else { return };
            let offset = self.offset + at;
            at += match byte {
                b'\\' => self.escape(at, json, repairs),
                b'"' | b'\'' => {
                    if byte == self.quote {
                        repairs.note(RepairKind::InnerQuote, offset);
                    }
                    json.push_str(if byte == b'"' { "\\\"" } else { "'" });
                    1
                }
                _ => {
                    repairs.note(RepairKind::ControlCharacter, offset);
                    control(byte, json);
                    1
                }
            };
        }
    }

    /// Writes the escape at `at` and says how long it is.
    fn escape(&self, at: usize, json: &mut String, repairs: &mut Repairs) -> usize {
        let bytes = self.text.as_bytes();
        let rest = bytes.len() - at;
        let Some(&byte) = bytes.get(at + 1) else {
            if !self.cut {
                repairs.note(RepairKind::InvalidEscape, self.offset + at);
                json.push_str("\\\\");
            }
            return 1;
        };
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                json.push('\\');
                json.push(char::from(byte));
                return 2;
            }
            b'\'' if self.quote == b'\'' => {
                json.push('\'');
                return 2;
            }
            b'u' => match Unit::at(bytes, at) {
                Unit::Whole => {
                    json.push_str(self.text.get(at..at + 6).unwrap_or_default());
                    return 6;
                }
                Unit::High => match Unit::at(bytes, at + 6) {
                    Unit::Low => {
                        json.push_str(self.text.get(at..at + 12).unwrap_or_default());
                        return 12;
                    }
                    _ => {
                        repairs.note(RepairKind::LoneSurrogate, self.offset + at);
                        json.push('\u{fffd}');
                        return 6;
                    }
                },
                Unit::Low => {
                    repairs.note(RepairKind::LoneSurrogate, self.offset + at);
                    json.push('\u{fffd}');
                    return 6;
                }
                Unit::Half if self.cut => return rest,
                Unit::Half | Unit::None => {}
            },
            _ => {}
        }
        repairs.note(RepairKind::InvalidEscape, self.offset + at);
        json.push_str("\\\\");
        1
    }
}

/// One `\u` escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Whole,
    High,
    Low,
    /// The text ends within it.
    Half,
    None,
}

impl Unit {
    fn at(bytes: &[u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        let mut unit = 0u32;
        for index in 0..6 {
            let Some(byte) = rest.get(index) else { return Self::Half };
            match index {
                0 if *byte == b'\\' => {}
                1 if *byte == b'u' => {}
                2.. => match char::from(*byte).to_digit(16) {
                    Some(digit) => unit = unit << 4 | digit,
                    None => return Self::None,
                },
                _ => return Self::None,
            }
        }
        match unit {
            0xd800..=0xdbff => Self::High,
            0xdc00..=0xdfff => Self::Low,
            _ => Self::Whole,
        }
    }
}

/// The text that the inside of a string stands for.
pub(super) fn undone(text: &str) -> Option<String> {
    let mut json = String::from('"');
    Quoted { text, offset: 0, quote: b'"', cut: true }.write(&mut json, &mut Repairs::default());
    json.push('"');
    serde_json::from_str(&json).ok()
}

/// Writes a string that has no quotes and no escapes but for quotes and backslashes.
pub(super) fn raw(text: &str, json: &mut String) {
    json.push('"');
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                json.push('\\');
                json.push(chars.next_if(|next| matches!(next, '"' | '\\')).unwrap_or('\\'));
            }
            '"' => json.push_str("\\\""),
            _ if char < ' ' => control(char as u8, json),
            _ => json.push(char),
        }
    }
    json.push('"');
}

fn control(byte: u8, json: &mut String) {
    match byte {
        b'\n' => json.push_str("\\n"),
        b'\r' => json.push_str("\\r"),
        b'\t' => json.push_str("\\t"),
        _ => {
            json.push_str("\\u00");
            for digit in [byte >> 4, byte & 15] {
                json.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
    }
}

fn is_special(byte: u8, quote: u8) -> bool {
    byte == b'"' || byte == b'\\' || byte < 0x20 || byte == quote
}
