//! An output while the model writes it: the same events, whether it comes as text or as the input of a tool.
//!
//! # Invariants
//! - Which block is the output is decided by its first character that is not white space, and once: a text that does not
//!   begin like a value is shown as text.
//! - The text is kept for readers of its live value, and is read only then.

use std::{collections::BTreeMap, sync::Arc};

use outcrop_json::LiveJson;

use super::super::outbox::Outbox;
use crate::{
    turn::{OutputDelta, OutputEnd, OutputStart, TextDelta, TextEnd},
    wire::ToolUseStart,
};

/// How the output of a turn comes, as far as its events depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct OutputForm {
    /// The text is the output.
    pub(in super::super) by_text: bool,
    /// A code fence may stand around the text.
    pub(in super::super) fenced: bool,
    /// The name of the tool whose input is the output.
    pub(in super::super) tool: Option<String>,
    /// The value is in a member of what the model writes.
    pub(in super::super) wrapped: bool,
}

/// A block of a turn that wants an output.
#[derive(Debug)]
pub(super) enum OpenOutput {
    /// A text that is only white space so far.
    Undecided(String),
    /// A text that is the output.
    Text,
    /// The input of the output's tool.
    Input,
}

/// Reads the output of an attempt, as far as it comes as text.
#[derive(Debug, Default)]
pub(super) struct OutputReader {
    pub(super) form: OutputForm,
    /// Texts that are the output, by block.
    pub(super) texts: BTreeMap<u32, Box<LiveJson>>,
}

impl OutputReader {
    /// A text grew in a turn whose output is text. `false` says that it turned out not to be the output.
    pub(super) fn grow(&mut self, block: u32, open: &mut OpenOutput, text: String, out: &mut Outbox) -> bool {
        match open {
            OpenOutput::Undecided(held) => {
                held.push_str(&text);
                let Some(first) = held.trim_start().chars().next() else { return true };
                let held = std::mem::take(held);
                if first != '{' && !(self.form.fenced && first == '`') {
                    out.emit(Some(block), TextDelta::new(held));
                    return false;
                }
                *open = OpenOutput::Text;
                out.emit(Some(block), OutputStart::new());
                let delta = self.keep(block, held);
                out.emit(Some(block), delta);
            }
            OpenOutput::Text if !text.is_empty() => {
                let delta = self.keep(block, text);
                out.emit(Some(block), delta);
            }
            OpenOutput::Text | OpenOutput::Input => {}
        }
        true
    }

    /// The event for a text that grew. A text beyond the limit of a live value is not shown as one.
    fn keep(&mut self, block: u32, fragment: String) -> OutputDelta {
        let live = self.texts.entry(block).or_default();
        let _ = live.append(&fragment);
        OutputDelta::new(fragment, live.raw().len() as u64)
    }
}

/// A call of the output's tool began.
pub(super) fn start_input(block: u32, start: &ToolUseStart, out: &mut Outbox) -> OpenOutput {
    let mut event = OutputStart::new();
    event.tool_use_id = Some(Arc::from(start.tool_use_id.as_str()));
    out.emit(Some(block), event);
    OpenOutput::Input
}

/// A block of a turn that wants an output ended.
pub(super) fn close(block: u32, kind: OpenOutput, out: &mut Outbox) {
    match kind {
        OpenOutput::Undecided(held) => {
            if !held.is_empty() {
                out.emit(Some(block), TextDelta::new(held));
            }
            out.emit(Some(block), TextEnd::new());
        }
        OpenOutput::Text | OpenOutput::Input => out.emit(Some(block), OutputEnd::new()),
    }
}
