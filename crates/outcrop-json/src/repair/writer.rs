//! The JSON that is written: commas, brackets, and what is taken back.
//!
//! # Invariants
//! - What is written is the beginning of one strict JSON text at every moment. A comma is written with the item
//!   that follows it, so none is left at an end; a name that gets no value is taken back.

use super::{ahead::Bracket, escape, escape::Quoted};
use crate::repair::Repairs;

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// How something that is open is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// With its brackets.
    Plain,
    /// An object where a name should be: its members are those of the object around it.
    Merged,
    /// An array where a name should be: it is taken back at its end.
    Dropped,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    form: Form,
    /// How much was written before it.
    start: usize,
    /// Whether there is an item in it.
    filled: bool,
}

#[derive(Debug, Default)]
pub(super) struct Writer {
    json: String,
    stack: Vec<Bracket>,
    /// One for each of the stack.
    frames: Vec<Frame>,
    /// What to go back to if the name gets no value: how much was written, and whether there was an item.
    before_name: (usize, bool),
}

impl Writer {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { json: String::with_capacity(bytes), ..Self::default() }
    }

    /// What is open, outermost first.
    pub(super) fn stack(&self) -> &[Bracket] {
        &self.stack
    }

    pub(super) fn innermost(&self) -> Option<Bracket> {
        self.stack.last().copied()
    }

    /// What is around the innermost.
    pub(super) fn outer(&self) -> Option<Bracket> {
        self.stack.iter().nth_back(1).copied()
    }

    /// Whether there is an item in the innermost.
    pub(super) fn is_filled(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.filled)
    }

    /// Begins an item.
    pub(super) fn begin_item(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            if frame.filled {
                self.json.push(',');
            }
            frame.filled = true;
        }
    }

    /// Begins a member.
    pub(super) fn begin_name(&mut self) {
        self.before_name = (self.json.len(), self.is_filled());
        self.begin_item();
    }

    /// Ends the name of a member.
    pub(super) fn end_name(&mut self) {
        self.json.push(':');
    }

    /// Takes back the member that was begun last, which got no value.
    pub(super) fn take_back_name(&mut self) {
        let (len, filled) = self.before_name;
        self.json.truncate(len);
        if let Some(frame) = self.frames.last_mut() {
            frame.filled = filled;
        }
    }

    /// `None` if that is too deep.
    pub(super) fn open(&mut self, bracket: Bracket, form: Form) -> Option<()> {
        if self.stack.len() == MAX_DEPTH {
            return None;
        }
        let start = self.json.len();
        let filled = form == Form::Merged && self.is_filled();
        if form != Form::Merged {
            self.json.push(bracket.opening());
        }
        self.stack.push(bracket);
        self.frames.push(Frame { form, start, filled });
        Some(())
    }

    pub(super) fn close(&mut self) {
        let (Some(bracket), Some(frame)) = (self.stack.pop(), self.frames.pop()) else { return };
        match frame.form {
            Form::Plain => self.json.push(bracket.closing()),
            Form::Merged => {
                if let Some(outer) = self.frames.last_mut() {
                    outer.filled = frame.filled;
                }
            }
            Form::Dropped => self.json.truncate(frame.start),
        }
    }

    /// A literal or a number.
    pub(super) fn scalar(&mut self, json: &str) {
        self.json.push_str(json);
    }

    /// The text of a name or a string that had no quotes.
    pub(super) fn bare(&mut self, text: &str) {
        escape::raw(text, &mut self.json);
    }

    /// A string, which stays open if it was cut.
    pub(super) fn string(&mut self, quoted: Quoted<'_>, repairs: &mut Repairs) {
        self.json.push('"');
        quoted.write(&mut self.json, repairs);
        if !quoted.cut {
            self.json.push('"');
        }
    }

    /// What was written, as far as it is kept.
    pub(super) fn into_json(mut self) -> String {
        if let Some(dropped) = self.frames.iter().find(|frame| frame.form == Form::Dropped) {
            self.json.truncate(dropped.start);
        }
        self.json
    }
}
