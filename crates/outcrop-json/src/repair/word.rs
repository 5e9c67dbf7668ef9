//! Values without quotes: literals, numbers, words, and strings whose opening quote is missing.
//!
//! In an array, a word ends at a comma or at the end of the line. In an object it ends only where another member
//! or the end of the object follows, so that `{"a": Hello, world, "b": 1}` keeps its sentence.

use serde_json::Number;

use super::{
    ahead::{Ahead, Bracket, Name, is_quote, is_space},
    quoted::{Closing, Inner},
};
use crate::RepairKind;

/// A value without an opening quote.
#[derive(Debug)]
pub(super) struct Word {
    /// Where the text of it ends; it may have white space at its end.
    pub(super) end: usize,
    /// Where reading goes on.
    pub(super) resume: usize,
    /// Whether it ends in a quote that nothing opened.
    pub(super) quoted: bool,
}

/// The word that begins at `start`.
pub(super) fn read(closing: &Closing<'_, '_>, start: usize) -> Word {
    let ahead = closing.ahead;
    let in_object = closing.container() == Some(Bracket::Object);
    let scalar_end = scalar_end(ahead, start);
    let (mut curly, mut square, mut quotes) = (0usize, 0usize, 0usize);
    let mut at = start;
    let end = |at| Word { end: at, resume: at, quoted: false };
    while let Some(byte) = ahead.byte(at) {
        let after_space = at > start && ahead.byte(at - 1).is_some_and(is_space);
        match byte {
            b',' if !in_object => return end(at),
            // `1,234` is kept together, so that no digit is lost; after any other literal a comma is a comma.
            b',' if at == scalar_end
                && at > start
                && !ahead.byte(ahead.after_space(at + 1)).is_some_and(is_digit) =>
            {
                return end(at);
            }
            b',' => {
                if closing.member_follows(at, Inner { quotes, ..Inner::default() }) {
                    return end(at);
                }
                at = ahead.after_commas(at);
                continue;
            }
            b'\n' if !in_object => return end(at),
            b'\n' => {
                let next = ahead.after_space(at);
                let ends = match ahead.byte(next) {
                    None | Some(b'"' | b'}' | b']') => true,
                    Some(b'\'') => ahead.quoted_name(next) == Name::Yes,
                    Some(_) => ahead.is_comment(next) || ahead.bare_name(next) == Name::Yes,
                };
                if ends {
                    return end(at);
                }
                at = next;
                continue;
            }
            b'{' | b'[' if at == scalar_end && at > start => return end(at),
            b'{' => curly += 1,
            b'[' => square += 1,
            b'}' if curly > 0 => curly -= 1,
            b']' if square > 0 => square -= 1,
            b'}' | b']' => return end(at),
            b'/' if at > start && (after_space || at == scalar_end) && ahead.is_comment(at) => {
                return end(at);
            }
            b'\\' if ahead.byte(at + 1).is_some_and(|next| matches!(next, b'"' | b'\\')) => at += 1,
            b'"' => {
                if closing.closes(at, Inner { quotes, ..Inner::default() }) {
                    // The second quote of two belongs to the text.
                    let paired = quotes % 2 == 1;
                    return Word { end: at + usize::from(paired), resume: at + 1, quoted: !paired };
                }
                let next_begins = quotes == 0
                    && (after_space || at == scalar_end)
                    && if in_object { ahead.quoted_name(at) == Name::Yes } else { ahead.quoted_value(at) };
                if next_begins {
                    return end(at);
                }
                quotes += 1;
            }
            _ if at == scalar_end
                && is_space(byte)
                && item_follows(ahead, ahead.after_space(at), in_object) =>
            {
                return end(at);
            }
            _ => {}
        }
        at += 1;
    }
    end(ahead.len())
}

/// What stands where a name without quotes should be.
#[derive(Debug)]
pub(super) struct BareName {
    /// What it is; `None` if it is none.
    pub(super) kind: Option<RepairKind>,
    /// Where the text of it ends; it may have white space at its end.
    pub(super) end: usize,
    /// Where reading goes on.
    pub(super) resume: usize,
}

/// The name without quotes that begins at `start`. A colon has to follow, or what can only be a value.
pub(super) fn name(ahead: &Ahead<'_>, start: usize) -> BareName {
    let end = ahead.name_end(start);
    let next = ahead.after_space(end);
    if end > start && next > end && ahead.byte(next).is_some_and(is_quote) && ahead.quoted_value(next) {
        return BareName { kind: Some(RepairKind::BareKey), end, resume: next };
    }
    if end > start && ahead.is_comment(next) && ahead.byte(ahead.after_comments(next)) == Some(b':') {
        return BareName { kind: Some(RepairKind::BareKey), end, resume: next };
    }
    let mut end = end;
    while ahead.byte(end).is_some_and(|byte| !b":=,{}[]\"\n".contains(&byte)) {
        end += 1;
    }
    let next = ahead.after_space(end);
    let quote = ahead.byte(end) == Some(b'"');
    match ahead.byte(next) {
        _ if end == start => BareName { kind: None, end, resume: start + 1 },
        Some(b':' | b'{' | b'[' | b'=') => BareName { kind: Some(RepairKind::BareKey), end, resume: next },
        _ if quote && ahead.byte(ahead.after_space(end + 1)) == Some(b':') => {
            BareName { kind: Some(RepairKind::MissingOpenQuote), end, resume: end + 1 }
        }
        _ => BareName { kind: None, end, resume: end },
    }
}

/// Whether what stands at `at`, behind a literal or a number, can only be the next item.
fn item_follows(ahead: &Ahead<'_>, at: usize, in_object: bool) -> bool {
    let Some(byte) = ahead.byte(at) else { return false };
    match byte {
        b'{' | b'[' => true,
        _ if in_object => ahead.bare_name(at) == Name::Yes,
        b'"' => true,
        _ => ahead.number_value(at) || ahead.byte(ahead.number_end(at)).is_some_and(is_space),
    }
}

/// Where a literal or a number would end that begins at `start`; `start` if none does.
fn scalar_end(ahead: &Ahead<'_>, start: usize) -> usize {
    if let Some((word, _, _)) = LITERALS.iter().find(|(word, _, _)| ahead.starts_with(start, word)) {
        return start + word.len();
    }
    ahead.number_end(start)
}

/// What a word is.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// This, in JSON, whatever its text was.
    Literal(&'static str, Option<RepairKind>),
    /// Its own text is a number in JSON.
    Number,
    /// A string of its own text.
    Text(RepairKind),
}

/// What the word `text` is, which has no white space around it.
pub(super) fn meaning(text: &str) -> Meaning {
    if let Some((json, kind)) = literal(text) {
        return Meaning::Literal(json, kind);
    }
    if serde_json::from_str::<Number>(text).is_ok() {
        return Meaning::Number;
    }
    let numeric =
        unsigned(text).starts_with(|char: char| char.is_ascii_digit()) && !text.bytes().any(is_space);
    Meaning::Text(if numeric { RepairKind::MalformedNumber } else { RepairKind::BareWord })
}

/// Whether `text`, at the end of a text that was cut there, says nothing yet: it may become another number, or a
/// literal.
pub(super) fn is_half(text: &str) -> bool {
    let digits = unsigned(text);
    digits.is_empty()
        || digits.starts_with(|char: char| char.is_ascii_digit())
        || LITERALS.iter().any(|(word, _, _)| word.len() > text.len() && word.starts_with(text))
}

/// What follows the sign and the point that a number, or what people write for one, may begin with.
fn unsigned(text: &str) -> &str {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.strip_prefix('.').unwrap_or(text)
}

/// What a word means that stands for something other than its text.
pub(super) fn literal(text: &str) -> Option<(&'static str, Option<RepairKind>)> {
    LITERALS.iter().find(|(word, _, _)| *word == text).map(|(_, json, kind)| (*json, *kind))
}

const LITERALS: [(&str, &str, Option<RepairKind>); 9] = [
    ("true", "true", None),
    ("false", "false", None),
    ("null", "null", None),
    ("True", "true", Some(RepairKind::PythonLiteral)),
    ("False", "false", Some(RepairKind::PythonLiteral)),
    ("None", "null", Some(RepairKind::PythonLiteral)),
    ("NaN", "null", Some(RepairKind::NotANumber)),
    ("Infinity", "null", Some(RepairKind::NotANumber)),
    ("-Infinity", "null", Some(RepairKind::NotANumber)),
];

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit()
}

/// The text of a word without the typographic quotes around it.
pub(super) fn without_quotes(text: &str) -> Option<&str> {
    const QUOTES: [(char, &[char]); 4] = [
        ('\u{201c}', &['\u{201c}', '\u{201d}']),
        ('\u{201e}', &['\u{201c}', '\u{201d}']),
        ('\u{2018}', &['\u{2018}', '\u{2019}']),
        ('`', &['`', '\u{b4}']),
    ];
    let (open, close) = QUOTES.iter().find(|(open, _)| text.starts_with(*open))?;
    let inside = text.strip_prefix(*open)?.strip_suffix(*close)?;
    (!inside.starts_with(*open)).then_some(inside)
}
