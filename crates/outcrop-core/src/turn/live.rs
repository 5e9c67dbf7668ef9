//! The inputs of tool calls and the output while the model writes them: what a watcher can show, and never run.
//!
//! # Invariants
//! - An input is read when its value is asked for, and not before: who asks for nothing pays for nothing.
//! - What is lent is as of the event it is asked for, whatever came since.
//! - Nothing that can be executed is made here: see [`ReadyInput`](crate::ReadyInput).

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use outcrop_json::{Changes, LiveJson, Mark, NodeRef, SyntaxError, View};

use super::{Phase, Turn, output::Output};
use crate::{EventKind, OutputDelta, ToolInputDelta, ToolUseStart, TurnEvent, adapt::WRAPPER};

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

/// The inputs of a message that is not being assembled any more.
#[derive(Debug, Default)]
pub(super) struct LiveInputs {
    step: u32,
    attempt: u32,
    by_block: BTreeMap<u32, Box<LiveJson>>,
    /// The output stands in a member of its text.
    wrapped: bool,
}

impl LiveInputs {
    /// A watcher has taken `event`: once it has seen a later step begin, it asks for these no more.
    pub(super) fn seen(&mut self, event: &TurnEvent) {
        if matches!(event.kind, EventKind::StepStart(_)) && event.step > self.step {
            self.by_block.clear();
        }
    }
}

impl Turn {
    fn is_wrapped(&self) -> bool {
        self.output.as_ref().is_some_and(Output::is_wrapped)
    }

    /// Keeps the inputs and outputs of the message that was assembled.
    pub(super) fn keep_inputs(&mut self, by_block: BTreeMap<u32, Box<LiveJson>>) {
        self.inputs =
            LiveInputs { step: self.step, attempt: self.attempt, by_block, wrapped: self.is_wrapped() };
    }

    /// The input of the tool call that `event` is about, as of that event: for `toolInputStart`, `toolInputDelta` and
    /// `toolInputEnd` of the step at hand. For `outputStart`, `outputDelta` and `outputEnd` it is the output so far,
    /// without what may have been put around it for the model.
    ///
    /// It is there from the first of these events until [`Turn::next_event`] gives the `stepStart` of the next step.
    /// `None` for other events, and for those of other steps and turns.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use outcrop_core::*;
    ///
    /// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
    /// let mut turn = Turn::new(config, History::new(), Message::user("Write it down"), "t1");
    /// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
    /// let start = ContentBlockStart::new(0u32, BlockStart::ToolUse(ToolUseStart::new("t", "write_file")));
    /// turn.on_stream_event(ask.id, StreamEvent::ContentBlockStart(start));
    /// let delta = ToolUseDelta::new(r#"{"path": "a.txt", "content": "Dear al"#);
    /// let delta = ContentBlockDelta::new(0u32, BlockDelta::ToolUse(delta));
    /// turn.on_stream_event(ask.id, StreamEvent::ContentBlockDelta(delta));
    ///
    /// let events: Vec<TurnEvent> = std::iter::from_fn(|| turn.next_event()).collect();
    /// let input = turn.live(events.last().unwrap()).unwrap();
    /// assert_eq!(input.get("content").unwrap().as_str(), Some("Dear al"));
    /// assert!(!input.get("content").unwrap().is_complete());
    /// assert_eq!((input.tool(), input.tool_use_id()), (Some("write_file"), Some("t")));
    /// ```
    ///
    /// # Complexity
    /// The first time for an event: linear in what came since the last one that was asked for. For an event before
    /// that: see [`LiveJson::mark_at`].
    pub fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        let block = event.block.filter(|_| *event.turn == *self.id)?;
        let place = (event.step, event.attempt);
        let mut wrapped = self.is_wrapped();
        let live = match &mut self.phase {
            Phase::Asking(asking) if place == (self.step, self.attempt) => match asking.texts.get_mut(&block)
            {
                Some(text) => text,
                None => asking.assembler.input(block)?,
            },
            _ if place == (self.inputs.step, self.inputs.attempt) => {
                wrapped = self.inputs.wrapped;
                self.inputs.by_block.get_mut(&block)?
            }
            _ => return None,
        };
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
        let call = self.calls_begun.get(&(event.step, event.attempt, block));
        let input = LiveInput::new(live, since, mark, call)?;
        match event.kind {
            EventKind::OutputStart(_) | EventKind::OutputDelta(_) | EventKind::OutputEnd(_) if wrapped => {
                Some(LiveInput { view: input.view.member(WRAPPER), ..input })
            }
            _ => Some(input),
        }
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
    fn new(live: &'a mut LiveJson, since: usize, mark: usize, call: Option<&'a LiveCall>) -> Option<Self> {
        // A limit of the value is none of the text: what is beyond it is not shown.
        let _ = live.read_to(since);
        let since = live.mark_at(since)?;
        let _ = live.read_to(mark);
        let mark = live.mark_at(mark)?;
        Some(Self { live, since, view: live.at(mark), call })
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
