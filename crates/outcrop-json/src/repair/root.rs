//! Where in a text the value is: behind a byte order mark, in a code fence, in prose.

use super::{
    Repairs,
    ahead::{is_name_byte, is_quote, is_space},
    word,
};
use crate::RepairKind;

/// Where the value is.
#[derive(Debug)]
pub(super) enum Root<'a> {
    /// There is none.
    None,
    /// It is something other than an array, an object or a damaged string: this.
    Literal(&'static str),
    /// It is strict JSON within the text.
    Scalar(&'a str),
    /// It has to be read.
    Within(Span),
    /// It has to be read, and all of it is escaped as if it stood in a string.
    Escaped(Span),
}

/// A part of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// The first byte of the value: a bracket or a quote.
    pub(super) start: usize,
    /// The value ends before this.
    pub(super) limit: usize,
    /// There is a code fence around it.
    pub(super) fenced: bool,
}

const FENCE: &str = "```";

pub(super) fn find<'a>(text: &'a str, repairs: &mut Repairs) -> Root<'a> {
    let mut start = 0;
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        repairs.note(RepairKind::ByteOrderMark, 0);
        start = text.len() - rest.len();
    }
    start = skip_comments(text, skip_space(text, start), repairs);
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        repairs.note(RepairKind::Blank, 0);
        return Root::Literal("{}");
    }
    let mut span = Span { start, limit: text.len(), fenced: false };
    if begins(text, start, FENCE) {
        repairs.note(RepairKind::Fence, start);
        span = fence(text, start);
    }
    match text.as_bytes().get(span.start) {
        Some(b'{' | b'[') => return within(text, span),
        None => return Root::None,
        _ => {}
    }
    if let Some(root) = scalar(text, span, repairs) {
        return root;
    }
    in_prose(text, span, repairs)
}

fn within<'a>(text: &'a str, mut span: Span) -> Root<'a> {
    let inside = skip_space(text, span.start + 1);
    if begins(text, inside, "\\\"") {
        return Root::Escaped(span);
    }
    if !span.fenced {
        // The end of a fence whose beginning is missing.
        let whole = text.trim_end().trim_end_matches('`').trim_end();
        let fenced = text.get(whole.len()..).is_some_and(|rest| rest.trim_start().starts_with(FENCE));
        if fenced && whole.ends_with(['"', '}', ']']) && whole.len() > span.start {
            span.limit = whole.len();
        }
    }
    Root::Within(span)
}

/// Where comments end that stand at `at`.
fn skip_comments(text: &str, mut at: usize, repairs: &mut Repairs) -> usize {
    loop {
        let end = if begins(text, at, "//") {
            "\n"
        } else if begins(text, at, "/*") {
            "*/"
        } else {
            return at;
        };
        let inside = text.get(at + 2..).unwrap_or_default();
        let Some(len) = inside.find(end) else { return at };
        repairs.note(RepairKind::Comment, at);
        at = skip_space(text, at + 2 + len + end.len());
    }
}

/// What the code fence at `at` holds.
fn fence(text: &str, at: usize) -> Span {
    let start = fence_start(text, at);
    Span { start, limit: closing_fence(text, start), fenced: true }
}

/// The first byte in the code fence at `at`, behind its backticks, its language and white space.
fn fence_start(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let info = at + bytes.iter().skip(at).take_while(|byte| **byte == b'`').count();
    let end = info + bytes.iter().skip(info).take_while(|byte| is_name_byte(**byte)).count();
    skip_space(text, end)
}

/// Where the fence closes around what starts at `start`: the last one that stands at the start of a line or has
/// nothing after it.
fn closing_fence(text: &str, start: usize) -> usize {
    let inside = text.get(start..).unwrap_or_default();
    let Some(at) = inside.rfind(FENCE) else { return text.len() };
    let (before, after) = (inside.get(..at).unwrap_or_default(), inside.get(at..).unwrap_or_default());
    let before = before.trim_end_matches('`');
    let at_line_start = before.is_empty() || before.trim_end_matches([' ', '\t']).ends_with('\n');
    if at_line_start || after.trim_matches('`').trim().is_empty() { start + before.len() } else { text.len() }
}

/// The value, where it is all of the span and not in brackets.
fn scalar<'a>(text: &'a str, span: Span, repairs: &mut Repairs) -> Option<Root<'a>> {
    let whole = text.get(span.start..span.limit)?.trim();
    if serde_json::from_str::<serde_json::Value>(whole).is_ok() {
        return Some(Root::Scalar(whole));
    }
    if let Some((json, kind)) = word::literal(whole) {
        if let Some(kind) = kind {
            repairs.note(kind, span.start);
        }
        return Some(Root::Literal(json));
    }
    if !whole.starts_with('"') {
        return None;
    }
    // A string that is damaged within, or not closed. With a quote in the middle, it is prose.
    let mut escaped = false;
    let end = whole.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    match end {
        Some(len) if len + 2 < whole.len() => None,
        _ => Some(Root::Within(span)),
    }
}

/// Looks for a value among sentences: the first bracket with a name or another bracket in it, or a code fence that
/// begins with a bracket; without those, the first bracket that may hold something else.
fn in_prose<'a>(text: &'a str, span: Span, repairs: &mut Repairs) -> Root<'a> {
    let mut likely = None;
    let mut at = span.start;
    while let Some(&byte) = text.as_bytes().get(at).filter(|_| at < span.limit) {
        let mut found = None;
        match byte {
            b'`' if begins(text, at, FENCE) => {
                let inside = fence_start(text, at);
                if matches!(text.as_bytes().get(inside), Some(b'{' | b'[')) {
                    repairs.note(RepairKind::TextBefore, span.start);
                    repairs.note(RepairKind::Fence, at);
                    return within(text, fence(text, at));
                }
                at = inside;
                continue;
            }
            b'{' | b'[' => found = Some(promise(text, at)),
            _ => {}
        }
        match found {
            Some(Promise::Strong) => {
                likely = Some(at);
                break;
            }
            Some(Promise::Weak) if likely.is_none() => likely = Some(at),
            _ => {}
        }
        at += 1;
    }
    let Some(start) = likely else { return Root::None };
    repairs.note(RepairKind::TextBefore, span.start);
    within(text, Span { start, ..span })
}

/// How much a bracket among sentences looks like JSON.
enum Promise {
    Strong,
    Weak,
    None,
}

fn promise(text: &str, at: usize) -> Promise {
    let bytes = text.as_bytes();
    let inside = skip_space(text, at + 1);
    let Some(&next) = bytes.get(inside) else { return Promise::Weak };
    let run = |from: usize, wanted: fn(&u8) -> bool| {
        from + bytes.iter().skip(from).take_while(|byte| wanted(byte)).count()
    };
    if bytes.get(at) == Some(&b'{') {
        let end = run(inside, |byte| is_name_byte(*byte));
        return match next {
            b'}' => Promise::Weak,
            _ if is_quote(next) => Promise::Strong,
            _ if end > inside && bytes.get(skip_space(text, end)) == Some(&b':') => Promise::Weak,
            _ => Promise::None,
        };
    }
    match next {
        b'{' | b'[' => Promise::Strong,
        _ if is_quote(next) => Promise::Strong,
        // A box to tick is no array, and a number alone is a reference.
        b']' if inside == at + 1 => Promise::Weak,
        b'-' | b'0'..=b'9' => match bytes.get(run(inside + 1, u8::is_ascii_digit)) {
            Some(b']') => Promise::None,
            _ => Promise::Weak,
        },
        _ if ["true", "false", "null"].iter().any(|word| begins(text, inside, word)) => Promise::Weak,
        _ => Promise::None,
    }
}

fn begins(text: &str, at: usize, with: &str) -> bool {
    text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(with.as_bytes()))
}

fn skip_space(text: &str, from: usize) -> usize {
    from + text.as_bytes().iter().skip(from).take_while(|byte| is_space(**byte)).count()
}
