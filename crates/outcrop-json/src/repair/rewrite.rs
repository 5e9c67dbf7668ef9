//! Reads a damaged value and writes it anew, as strict JSON of which the end may be missing.
//!
//! # Invariants
//! - Every round of the loop takes at least one byte, closes a bracket, or goes on to a later phase of an item.

use std::cell::Cell;

use super::{
    Repairs,
    ahead::{Ahead, Bracket, Comment, Name, Tail, is_quote, is_space},
    brackets,
    escape::Quoted,
    quoted::{Closing, End, Ending, Place},
    root::Span,
    word::{self, Meaning},
    writer::{Form, Writer},
};
use crate::RepairKind;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first item of what was just opened.
    First,
    /// An item, after a comma.
    Next,
    /// A comma.
    After,
    /// A colon, after a name.
    Colon,
    /// The value of a member.
    Value,
}

#[derive(Debug)]
pub(super) struct Rewriter<'a, 'r> {
    text: &'a str,
    /// Up to the end of the fence.
    ahead: Ahead<'a>,
    fenced: bool,
    at: usize,
    phase: Phase,
    tail: Tail,
    weighs_brackets: Cell<bool>,
    /// Whether no line break comes any more; known once it was asked for.
    on_last_line: bool,
    out: Writer,
    repairs: &'r mut Repairs,
}

impl<'a, 'r> Rewriter<'a, 'r> {
    pub(super) fn new(text: &'a str, span: Span, repairs: &'r mut Repairs) -> Self {
        let within = text.get(..span.limit).unwrap_or(text);
        let ahead = Ahead::new(within);
        let tail = Tail::of(&ahead);
        Self {
            text,
            ahead,
            fenced: span.fenced,
            at: span.start,
            phase: Phase::First,
            tail,
            weighs_brackets: Cell::new(true),
            on_last_line: false,
            out: Writer::with_capacity(within.len().saturating_sub(span.start)),
            repairs,
        }
    }

    /// The text as JSON, whether something is still open in it, and how many bytes were looked at. `None` if it is
    /// too deep.
    pub(super) fn run(mut self) -> Option<(String, bool, usize)> {
        let mut open = false;
        match self.ahead.byte(self.at).and_then(Bracket::opened_by) {
            Some(bracket) => self.take_opening(bracket, Form::Plain)?,
            None => open = self.string(Place::Value).how == Ending::Cut,
        }
        while let Some(innermost) = self.out.innermost() {
            self.pass_over_space();
            let Some(byte) = self.ahead.byte(self.at).filter(|_| !self.is_at_fence()) else {
                open = true;
                break;
            };
            match (self.phase, byte) {
                (Phase::Colon, _) => self.colon(byte),
                (Phase::Value, _) => self.value(byte)?,
                (_, b'}' | b']') => self.close(byte),
                (_, b',') => self.comma(),
                (_, b':') => self.pass_over(1),
                _ if self.is_at_ellipsis() => {}
                _ if innermost == Bracket::Object => self.name(byte)?,
                _ => self.element(byte)?,
            }
        }
        if open {
            if matches!(self.phase, Phase::Colon | Phase::Value) {
                self.out.take_back_name();
            }
            self.note(RepairKind::Truncation);
        }
        self.trailing();
        Some((self.out.into_json(), open, self.ahead.steps()))
    }

    fn note(&mut self, kind: RepairKind) {
        self.repairs.note(kind, self.at);
    }

    fn pass_over(&mut self, bytes: usize) {
        self.note(RepairKind::Other);
        self.at += bytes;
    }

    fn is_at_fence(&self) -> bool {
        self.fenced && self.ahead.starts_with(self.at, "```")
    }

    /// Passes over dots that stand for items left out.
    fn is_at_ellipsis(&mut self) -> bool {
        let Some(end) = self.ahead.ellipsis(self.at) else { return false };
        self.pass_over(end - self.at);
        self.phase = Phase::After;
        true
    }

    /// Passes over white space and comments.
    fn pass_over_space(&mut self) {
        loop {
            let (next, strict) = self.ahead.space(self.at);
            if !strict {
                self.note(RepairKind::Other);
            }
            self.at = next;
            let (inside, comment) = match (self.ahead.byte(next), self.ahead.byte(next + 1)) {
                (Some(b'/'), Some(b'/')) => (next + 2, Comment::Line),
                (Some(b'/'), Some(b'*')) => (next + 2, Comment::Block),
                (Some(b'#'), None | Some(b' ' | b'\n')) if self.phase != Phase::Value => {
                    (next + 1, Comment::Line)
                }
                _ => return,
            };
            let found = match comment {
                Comment::Line if self.on_last_line => None,
                _ => self.ahead.behind(inside, comment),
            };
            if found.is_none() && comment == Comment::Line {
                // Rather a word than a comment on all the rest.
                self.on_last_line = true;
                return;
            }
            self.note(RepairKind::Comment);
            self.at = found.unwrap_or(self.ahead.len());
        }
    }

    fn take_opening(&mut self, bracket: Bracket, form: Form) -> Option<()> {
        self.at += 1;
        self.phase = Phase::First;
        self.out.open(bracket, form)
    }

    fn comma(&mut self) {
        if self.phase != Phase::After {
            self.note(RepairKind::Other);
        }
        if self.out.is_filled() {
            self.phase = Phase::Next;
        }
        self.at += 1;
    }

    fn note_missing_comma(&mut self) {
        if self.phase == Phase::After && self.out.is_filled() {
            self.note(RepairKind::MissingComma);
        }
    }

    /// A name, or what stands in its place.
    fn name(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'{' | b'[' if self.out.outer() == Some(Bracket::Array) && self.phase != Phase::First => {
                // `[{"a": 1, {"b": 2}]`: the object was not closed.
                self.note(RepairKind::Mismatch);
                self.out.close();
            }
            b'{' => {
                self.note(RepairKind::Other);
                return self.take_opening(Bracket::Object, Form::Merged);
            }
            b'[' => {
                self.note(RepairKind::Other);
                return self.take_opening(Bracket::Array, Form::Dropped);
            }
            _ if is_quote(byte) => {
                self.note_missing_comma();
                self.out.begin_name();
                self.string(Place::Name);
                self.out.end_name();
                self.phase = Phase::Colon;
            }
            _ => {
                self.note_missing_comma();
                self.bare_name();
            }
        }
        Some(())
    }

    /// A name without quotes. What has no colon is none, and passed over.
    fn bare_name(&mut self) {
        let found = word::name(&self.ahead, self.at);
        let Some(kind) = found.kind else {
            self.note(RepairKind::Other);
            self.at = found.resume;
            self.phase = Phase::After;
            return;
        };
        self.note(kind);
        self.out.begin_name();
        let text = self.ahead.slice(self.at, found.end).trim_end();
        self.out.bare(word::without_quotes(text).unwrap_or(text));
        self.out.end_name();
        self.at = found.resume;
        self.phase = Phase::Colon;
    }

    fn colon(&mut self, byte: u8) {
        self.phase = Phase::Value;
        match byte {
            b':' => self.at += 1,
            b'=' => self.pass_over(if self.ahead.byte(self.at + 1) == Some(b'>') { 2 } else { 1 }),
            b',' | b'}' | b']' => self.drop_name(),
            _ => self.note(RepairKind::Other),
        }
    }

    /// There is no value for the name.
    fn drop_name(&mut self) {
        self.note(RepairKind::Other);
        self.out.take_back_name();
        self.phase = Phase::After;
    }

    /// The value of a member.
    fn value(&mut self, byte: u8) -> Option<()> {
        match byte {
            b'{' => return self.take_opening(Bracket::Object, Form::Plain),
            b'[' => return self.take_opening(Bracket::Array, Form::Plain),
            b',' | b'}' | b']' => self.drop_name(),
            b':' => self.pass_over(1),
            _ if is_quote(byte) => {
                self.string(Place::Value);
                self.phase = Phase::After;
            }
            _ => self.word(),
        }
        Some(())
    }

    fn element(&mut self, byte: u8) -> Option<()> {
        if is_quote(byte) && self.ahead.quoted_name(self.at) == Name::Yes {
            self.note(RepairKind::Mismatch);
            if self.out.is_filled() && self.out.outer() == Some(Bracket::Object) {
                // `{"a": [1, "b": 2}`: the array was not closed.
                self.out.close();
                self.phase = Phase::Next;
                return Some(());
            }
            // `["a": 1]`: the object was not opened.
            self.out.begin_item();
            self.phase = Phase::First;
            return self.out.open(Bracket::Object, Form::Plain);
        }
        self.note_missing_comma();
        if let Some(bracket) = Bracket::opened_by(byte) {
            self.out.begin_item();
            return self.take_opening(bracket, Form::Plain);
        }
        if is_quote(byte) {
            self.out.begin_item();
            self.string(Place::Value);
            self.phase = Phase::After;
        } else {
            self.word();
        }
        Some(())
    }

    fn closing(&self) -> Closing<'_, 'a> {
        Closing {
            ahead: &self.ahead,
            stack: self.out.stack(),
            tail: self.tail,
            weighs_brackets: &self.weighs_brackets,
        }
    }

    /// A string in quotes.
    fn string(&mut self, place: Place) -> End {
        let open = self.at;
        let quote = self.ahead.byte(open).unwrap_or(b'"');
        if quote == b'\'' {
            self.note(RepairKind::SingleQuotes);
        }
        let end = self.closing().end(open, place);
        let text = self.ahead.slice(open + 1, end.text);
        let quoted = Quoted { text, offset: open + 1, quote, cut: end.how == Ending::Cut };
        self.out.string(quoted, self.repairs);
        self.at = end.resume;
        if end.how == Ending::NoQuote {
            self.note(RepairKind::Other);
        }
        end
    }

    /// A value without quotes.
    fn word(&mut self) {
        let start = self.at;
        let word = word::read(&self.closing(), start);
        let text = self.ahead.slice(start, word.end);
        let trimmed = text.trim_end();
        let cut = word.resume == self.ahead.len() && trimmed.len() == text.len() && !word.quoted;
        if cut && word::is_half(trimmed) {
            self.at = word.resume;
            return;
        }
        if self.phase != Phase::Value {
            self.out.begin_item();
        }
        if word.quoted {
            self.note(RepairKind::MissingOpenQuote);
            self.out.string(Quoted { text, offset: start, quote: b'"', cut: false }, self.repairs);
        } else {
            match word::meaning(trimmed) {
                Meaning::Literal(json, kind) => {
                    self.out.scalar(json);
                    if let Some(kind) = kind {
                        self.note(kind);
                    }
                }
                Meaning::Number => self.out.scalar(trimmed),
                Meaning::Text(kind) => {
                    self.note(kind);
                    self.out.bare(word::without_quotes(trimmed).unwrap_or(trimmed));
                }
            }
        }
        self.at = word.resume;
        self.phase = Phase::After;
    }

    /// A bracket that closes.
    fn close(&mut self, byte: u8) {
        let Some(bracket) = Bracket::closed_by(byte) else { return };
        let stack = self.out.stack();
        let depth = if self.out.innermost() != Some(bracket) {
            let depth = brackets::after_mismatch(&self.ahead, stack, bracket, self.at + 1);
            self.note(RepairKind::Mismatch);
            depth
        } else if brackets::is_early(&self.ahead, stack, self.at + 1) {
            self.note(RepairKind::Mismatch);
            1
        } else {
            let depth = stack.len().saturating_sub(1);
            if self.phase == Phase::Next {
                self.note(RepairKind::TrailingComma);
            }
            depth
        };
        while self.out.stack().len() > depth {
            self.out.close();
        }
        self.at += 1;
        self.phase = Phase::After;
    }

    /// What comes after the value.
    fn trailing(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                _ if is_space(byte) => self.at += 1,
                b'}' | b']' => {
                    self.note(RepairKind::SurplusClose);
                    self.at += 1;
                }
                b'`' if bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"```")) => {
                    if !self.fenced {
                        self.note(RepairKind::Fence);
                    }
                    self.at += bytes.iter().skip(self.at).take_while(|byte| **byte == b'`').count();
                }
                _ => return self.note(RepairKind::TextAfter),
            }
        }
    }
}
