//! The inputs of tool calls and the output while the model writes them: what an observer can show, and never run.
//!
//! # Invariants
//! - An input is read when its value is asked for, and not before: without readers it costs nothing.
//! - What is lent is as of the event it is asked for, whatever came since.
//! - Nothing that can be executed is made here: see [`ReadyInput`](crate::tools::ReadyInput).

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use outcrop_json::{Changes, LiveJson, Mark, NodeRef, SyntaxError, View};

use crate::{
    schema::adapt::WRAPPER,
    turn::{EventKind, OutputDelta, ToolInputDelta, TurnEvent},
    wire::ToolUseStart,
};

/// Which call an input belongs to.
#[derive(Clone, Debug)]
pub(super) struct LiveCall {
    pub(super) tool_use_id: Arc<str>,
    tool: Arc<str>,
}

impl LiveCall {
    pub(super) fn of(start: &ToolUseStart) -> Self {
        Self { tool_use_id: start.tool_use_id.as_str().into(), tool: start.name.as_str().into() }
    }
}

/// The live values of a message that is not being assembled any more.
#[derive(Debug, Default)]
pub(super) struct KeptInputs {
    pub(super) inputs: BTreeMap<u32, Box<LiveJson>>,
    pub(super) calls: BTreeMap<u32, LiveCall>,
    /// The output is a member of its text.
    pub(super) wrapped: bool,
}

/// The live values of the last message, until observers have seen the next step begin.
#[derive(Debug, Default)]
pub(super) struct LiveInputs {
    step: u32,
    attempt: u32,
    kept: KeptInputs,
}

impl LiveInputs {
    pub(super) fn keep(&mut self, step: u32, attempt: u32, kept: KeptInputs) {
        *self = Self { step, attempt, kept };
    }

    /// An observer has taken `event`: once it has seen a later step begin, it asks for these no more.
    pub(super) fn seen(&mut self, event: &TurnEvent) {
        if matches!(event.kind, EventKind::StepStart(_)) && event.step > self.step {
            self.kept = KeptInputs::default();
        }
    }

    /// The live value that `event` is about.
    pub(super) fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        let block = event.block.filter(|_| (event.step, event.attempt) == (self.step, self.attempt))?;
        let KeptInputs { inputs, calls, wrapped } = &mut self.kept;
        LiveInput::of(inputs.get_mut(&block)?, event, calls.get(&block), *wrapped)
    }
}

/// The input of a tool call, or an output, as far as the model has written it, as of one event.
///
/// It reads as a [`View`]: `root()`, `pointer("/days/0")`, `partial::<T>()`. A companion follows it by
/// `partial.update(*input)` ([`LivePartial`](outcrop_json::LivePartial)).
#[derive(Clone, Copy, Debug)]
pub struct LiveInput<'a> {
    live: &'a LiveJson,
    since: Mark,
    view: View<'a>,
    call: Option<&'a LiveCall>,
}

impl<'a> LiveInput<'a> {
    /// What `live` is as of `event`; an output is taken out of the member that it is `wrapped` in.
    pub(super) fn of(
        live: &'a mut LiveJson,
        event: &TurnEvent,
        call: Option<&'a LiveCall>,
        wrapped: bool,
    ) -> Option<Self> {
        let (since, mark) = match &event.kind {
            EventKind::ToolInputStart(_) | EventKind::OutputStart(_) => (0, 0),
            EventKind::ToolInputDelta(ToolInputDelta { mark, fragment, .. })
            | EventKind::OutputDelta(OutputDelta { mark, fragment, .. }) => {
                let mark = usize::try_from(*mark).ok().filter(|mark| *mark <= live.raw().len())?;
                (mark.checked_sub(fragment.len())?, mark)
            }
            EventKind::ToolInputEnd(_) | EventKind::OutputEnd(_) => (live.raw().len(), live.raw().len()),
            _ => return None,
        };
        // A limit of the value is none of the text: what is beyond it is not shown.
        let _ = live.read_to(since);
        let since = live.mark_at(since)?;
        let _ = live.read_to(mark);
        let mark = live.mark_at(mark)?;
        let input = Self { live, since, view: live.at(mark), call };
        match event.kind {
            EventKind::OutputStart(_) | EventKind::OutputDelta(_) | EventKind::OutputEnd(_) if wrapped => {
                Some(Self { view: input.view.member(WRAPPER), ..input })
            }
            _ => Some(input),
        }
    }

    /// The name of the tool that is called, as the model wrote it; `None` for an output.
    pub fn tool(&self) -> Option<&'a str> {
        self.call.map(|call| &*call.tool)
    }

    /// Which call it is: events of other calls may come in between. `None` for an output.
    pub fn tool_use_id(&self) -> Option<&'a str> {
        self.call.map(|call| &*call.tool_use_id)
    }

    /// The member `name` of the input, as far as it came.
    pub fn get(&self, name: &str) -> Option<NodeRef<'a>> {
        self.view.root()?.get(name)
    }

    /// The text so far, with what may be around an output.
    pub fn text(&self) -> &'a str {
        self.live.raw().get(..self.view.mark().offset()).unwrap_or_default()
    }

    /// What this event changed.
    pub fn changes(&self) -> Changes<'a> {
        self.changes_since(self.since)
    }

    /// What changed since `mark`, for a reader that does not look at every event.
    pub fn changes_since(&self, mark: Mark) -> Changes<'a> {
        self.live.changes_between(mark, self.view.mark()).within(self.view)
    }

    /// What is wrong with the text, if something is: from there on nothing is shown.
    pub fn error(&self) -> Option<SyntaxError> {
        self.live.error_at(self.view.mark())
    }
}

impl<'a> Deref for LiveInput<'a> {
    type Target = View<'a>;

    fn deref(&self) -> &View<'a> {
        &self.view
    }
}
