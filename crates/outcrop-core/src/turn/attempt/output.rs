//! An output while the model writes it: the same events, whether it comes as text or as the input of a tool.
//!
//! # Invariants
//! - Which block is the output is decided by its first character that is not white space, and once: a text that does not
//!   begin like a value is shown as text.
//! - The text is kept for readers of its live value, and is read only then.

use std::{collections::BTreeMap, sync::Arc};

use outcrop_json::LiveJson;

use super::{OpenAnswer, OpenBlock, Outbox};
use crate::{OutputDelta, OutputEnd, OutputStart, TextDelta, TextEnd, ToolUseStart};

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

impl OpenAnswer {
    /// A text grew in a turn whose output is text.
    pub(super) fn show_output_text(&mut self, block: u32, text: String, out: &mut Outbox) {
        let Self { open, texts, form, .. } = self;
        let place = open.entry(block).or_insert(OpenBlock::Output(OpenOutput::Undecided(String::new())));
        match place {
            OpenBlock::Output(OpenOutput::Undecided(held)) => {
                held.push_str(&text);
                let Some(first) = held.trim_start().chars().next() else { return };
                let held = std::mem::take(held);
                if first == '{' || (form.fenced && first == '`') {
                    *place = OpenBlock::Output(OpenOutput::Text);
                    out.emit(Some(block), OutputStart::new());
                    out.emit(Some(block), grown(texts, block, held));
                } else {
                    *place = OpenBlock::Text;
                    out.emit(Some(block), TextDelta::new(held));
                }
            }
            OpenBlock::Output(OpenOutput::Text) if !text.is_empty() => {
                out.emit(Some(block), grown(texts, block, text));
            }
            _ if !text.is_empty() => out.emit(Some(block), TextDelta::new(text)),
            _ => {}
        }
    }

    /// A call of the output's tool began.
    pub(super) fn start_output_input(&mut self, block: u32, start: &ToolUseStart, out: &mut Outbox) {
        self.open.insert(block, OpenBlock::Output(OpenOutput::Input));
        let mut event = OutputStart::new();
        event.tool_use_id = Some(Arc::from(start.tool_use_id.as_str()));
        out.emit(Some(block), event);
    }
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

/// The event for a text that grew. A text beyond the limit of a live value is not shown as one.
fn grown(texts: &mut BTreeMap<u32, Box<LiveJson>>, block: u32, fragment: String) -> OutputDelta {
    let live = texts.entry(block).or_default();
    let _ = live.append(&fragment);
    OutputDelta::new(fragment, live.raw().len() as u64)
}
