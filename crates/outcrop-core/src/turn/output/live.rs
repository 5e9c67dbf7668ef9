//! An output while the model writes it: the same events, whether it comes as text or as the input of a tool.
//!
//! # Invariants
//! - Which block is the output is decided by its first character that says something, and once: a text that does
//!   not begin like a value is shown as text.
//! - The text is kept for whoever asks for its value, and read only then.

use std::{collections::BTreeMap, sync::Arc};

use outcrop_json::LiveJson;

use super::super::{Asking, OpenBlock, Phase, Turn};
use crate::{EventKind, OutputDelta, OutputEnd, OutputStart, TextDelta, TextEnd, ToolUseStart};

/// A block of a turn that wants an output.
#[derive(Debug)]
pub(in super::super) enum OpenOutput {
    /// A text that has said nothing yet.
    Undecided(String),
    /// A text that is the output.
    Text,
    /// The input of the output's tool.
    Input,
}

impl Turn {
    /// A text grew in a turn whose output is text.
    pub(in super::super) fn grow_output_text(&mut self, block: u32, text: String) {
        let fenced = self.output.as_ref().is_some_and(|output| output.strategy() == crate::Strategy::Prompt);
        let Phase::Asking(Asking { open, texts, .. }) = &mut self.phase else { return };
        let place = open.entry(block).or_insert(OpenBlock::Output(OpenOutput::Undecided(String::new())));
        match place {
            OpenBlock::Output(OpenOutput::Undecided(held)) => {
                held.push_str(&text);
                let Some(first) = held.trim_start().chars().next() else { return };
                let held = std::mem::take(held);
                if first == '{' || (fenced && first == '`') {
                    *place = OpenBlock::Output(OpenOutput::Text);
                    let delta = grown(texts, block, held);
                    self.emit(Some(block), OutputStart::new());
                    self.emit(Some(block), delta);
                } else {
                    *place = OpenBlock::Text;
                    self.emit(Some(block), TextDelta::new(held));
                }
            }
            OpenBlock::Output(OpenOutput::Text) if !text.is_empty() => {
                let delta = grown(texts, block, text);
                self.emit(Some(block), delta);
            }
            _ if !text.is_empty() => self.emit(Some(block), TextDelta::new(text)),
            _ => {}
        }
    }

    /// A call of the output's tool began.
    pub(in super::super) fn start_output_input(&mut self, block: u32, start: &ToolUseStart) {
        let Phase::Asking(asking) = &mut self.phase else { return };
        asking.open.insert(block, OpenBlock::Output(OpenOutput::Input));
        let mut event = OutputStart::new();
        event.tool_use_id = Some(Arc::from(start.tool_use_id.as_str()));
        self.emit(Some(block), event);
    }

    /// A block of a turn that wants an output ended.
    pub(in super::super) fn close_output(&mut self, block: u32, kind: OpenOutput) {
        match kind {
            OpenOutput::Undecided(held) => {
                if !held.is_empty() {
                    self.emit(Some(block), TextDelta::new(held));
                }
                self.emit(Some(block), TextEnd::new());
            }
            OpenOutput::Text | OpenOutput::Input => self.emit(Some(block), EventKind::from(OutputEnd::new())),
        }
    }
}

/// The event for a text that grew. A text beyond what a value may have is not shown as one.
fn grown(texts: &mut BTreeMap<u32, Box<LiveJson>>, block: u32, fragment: String) -> OutputDelta {
    let live = texts.entry(block).or_default();
    let _ = live.append(&fragment);
    OutputDelta::new(fragment, live.raw().len() as u64)
}
