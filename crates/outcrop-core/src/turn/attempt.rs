//! One call to the model: its stream of events becomes events for observers and, in the end, a finished answer.
//!
//! # Invariants
//! - The events and the answer are a function of what the service sent and of how the output was asked for: it makes no
//!   difference whether an attempt is read within its turn or apart from it.
//! - The message is complete once `messageStop` was read. After that only metadata counts.

mod output;

use std::{collections::BTreeMap, sync::Arc};

use super::{
    answer::{AnswerEnd, FinishedAnswer, ParsedInputs},
    live::{KeptInputs, LiveCall, LiveInput, LiveInputs},
    outbox::Outbox,
};
use crate::{
    turn::{
        CitationAdded, DiagnosticCode, ReasoningDelta, ReasoningEnd, StepUsage, TextDelta, TextEnd,
        ToolInputDelta, ToolInputEnd, ToolInputStart, TurnEvent,
    },
    wire::{
        Assembled, Assembler, ContentBlock, Growth, ProtocolError, ReasoningContent, Response, StreamEvent,
        StreamMetadata, ToolUseStart, Usage, failure::CallFailure,
    },
};

pub(super) use output::OutputForm;
use output::{OpenOutput, OutputReader};

/// One call to the model, read apart from its turn: takes the events of the stream, gives the events for observers, and
/// ends as a [`FinishedAnswer`] that can be kept as JSON.
///
/// A durable engine runs it inside its model step; the turn itself needs no stream then.
///
/// ```
/// use std::sync::Arc;
/// use outcrop_core::{profile::*, schema::*, tools::*, turn::*, wire::*};
///
/// let config = Arc::new(TurnConfig::new("a.model", Arc::new(ToolSet::default())));
/// let mut turn = Turn::new(config, History::new(), Message::user("Hello"), "t1", Time(0));
/// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
///
/// let mut attempt = ask.read_apart();
/// let delta = ContentBlockDelta::new(0u32, BlockDelta::Text("Hi!".into()));
/// attempt.on_event(StreamEvent::ContentBlockDelta(delta));
/// attempt.on_event(StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn)));
/// assert!(matches!(attempt.next_event().unwrap().kind, EventKind::TextDelta(_)));
/// let kept = serde_json::to_string(&attempt.finish())?;
///
/// turn.on_answer(ask.id, serde_json::from_str(&kept)?, Time(1));
/// assert!(turn.next_action().is_none());
/// assert_eq!(turn.outcome().unwrap().as_ref().unwrap().message.text(), "Hi!");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct Attempt {
    reading: Reading,
    outbox: Outbox,
    kept: LiveInputs,
    usage: Option<Usage>,
}

#[derive(Debug)]
enum Reading {
    Open(Box<OpenAnswer>),
    /// The answer is there. Without `trailing` nothing more is read.
    Finished {
        answer: Box<FinishedAnswer>,
        trailing: Option<Trailing>,
    },
}

impl Attempt {
    pub(super) fn new(turn: Arc<str>, step: u32, attempt: u32, form: OutputForm) -> Self {
        Self {
            reading: Reading::Open(Box::new(OpenAnswer::new(form))),
            outbox: Outbox::new(turn, step, attempt),
            kept: LiveInputs::default(),
            usage: None,
        }
    }

    /// Takes the next event of the stream. After a broken order or a failure nothing more is read.
    pub fn on_event(&mut self, event: StreamEvent) {
        match &mut self.reading {
            Reading::Open(open) => match open.push(event, &mut self.outbox) {
                Ok(Progress::Growing) => {}
                Ok(Progress::Counted(usage)) => self.usage = Some(*usage),
                Ok(Progress::MessageStopped) => self.complete(),
                Err(error) => self.end(|open| open.broken(AnswerEnd::Protocol(error))),
            },
            Reading::Finished { trailing: Some(trailing), .. } => {
                let usage = trailing.push(event, &mut self.outbox);
                self.usage = usage.or(self.usage.take());
            }
            Reading::Finished { trailing: None, .. } => {}
        }
    }

    /// Takes an answer that came as a whole.
    pub fn on_response(&mut self, response: Response) {
        response.into_events().into_iter().for_each(|event| self.on_event(event));
    }

    /// The call failed. After the message was complete this changes nothing but a diagnostic.
    pub fn on_failed(&mut self, failure: CallFailure) {
        match &self.reading {
            Reading::Open(_) => self.end(|open| open.failed(failure)),
            Reading::Finished { trailing: Some(_), .. } => {
                self.outbox.diagnose(DiagnosticCode::StreamErrorAfterAnswer, BROKEN_AFTER_ANSWER);
                self.end_stream();
            }
            Reading::Finished { trailing: None, .. } => {}
        }
    }

    /// The stream of a complete message has ended.
    fn end_stream(&mut self) {
        if let Reading::Finished { answer, trailing } = &mut self.reading
            && let Some(trailing) = trailing.take()
        {
            answer.metadata = trailing.metadata;
        }
    }

    fn complete(&mut self) {
        let Reading::Open(open) = &mut self.reading else { return };
        let (answer, trailing, inputs) = std::mem::take(&mut **open).complete(&mut self.outbox);
        self.kept.keep(self.outbox.step, self.outbox.attempt, inputs);
        self.reading = Reading::Finished { answer: Box::new(answer), trailing: Some(trailing) };
    }

    fn end(&mut self, end: impl FnOnce(OpenAnswer) -> (FinishedAnswer, KeptInputs)) {
        let Reading::Open(open) = &mut self.reading else { return };
        let (answer, inputs) = end(std::mem::take(&mut **open));
        self.kept.keep(self.outbox.step, self.outbox.attempt, inputs);
        self.reading = Reading::Finished { answer: Box::new(answer), trailing: None };
    }

    /// The next event for observers.
    pub fn next_event(&mut self) -> Option<TurnEvent> {
        self.outbox.next_event()
    }

    /// The input of the tool call, or the output, that `event` is about, as of that event. See
    /// [`Turn::live`](super::Turn::live).
    pub fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        if event.turn != *self.outbox.turn() {
            return None;
        }
        match &mut self.reading {
            Reading::Open(open) => open.live(event),
            _ => self.kept.live(event),
        }
    }

    /// The answer. A stream that ended before the message did is a fault, and so says the answer.
    pub fn finish(mut self) -> FinishedAnswer {
        self.end_stream();
        let mut answer = match self.reading {
            Reading::Finished { answer, .. } => *answer,
            Reading::Open(open) => open.broken(AnswerEnd::Protocol(ProtocolError::Unfinished)).0,
        };
        (answer.usage, answer.diagnostics) = (self.usage, self.outbox.diagnostics);
        answer
    }
}

/// What a stream that breaks after `messageStop` is reported as.
pub(super) const BROKEN_AFTER_ANSWER: &str = "the stream broke after the answer was final";

/// What an event came to.
#[derive(Debug)]
pub(super) enum Progress {
    Growing,
    /// The tokens of the call, told for the first time.
    Counted(Box<Usage>),
    MessageStopped,
}

/// An answer whose message is not complete.
#[derive(Debug, Default)]
pub(super) struct OpenAnswer {
    assembler: Assembler,
    output: OutputReader,
    /// What kind each open block is, for the events that end it.
    open: BTreeMap<u32, OpenBlock>,
    /// The calls that began, by block.
    calls: BTreeMap<u32, LiveCall>,
    /// Its tokens were reported.
    counted: bool,
}

#[derive(Debug)]
enum OpenBlock {
    Text,
    Reasoning,
    ToolUse(Arc<str>),
    /// Of a turn that wants an output.
    Output(OpenOutput),
}

impl OpenAnswer {
    pub(super) fn new(form: OutputForm) -> Self {
        Self { output: OutputReader { form, ..OutputReader::default() }, ..Self::default() }
    }

    /// Takes the next event of the stream.
    ///
    /// # Errors
    /// The event breaks the order of a stream.
    pub(super) fn push(&mut self, event: StreamEvent, out: &mut Outbox) -> Result<Progress, ProtocolError> {
        let growth = self.assembler.push(event)?;
        Ok(self.show(growth, out))
    }

    fn show(&mut self, growth: Growth, out: &mut Outbox) -> Progress {
        match growth {
            Growth::Nothing => {}
            Growth::Text { block, text } if self.output.form.by_text => {
                self.show_output_text(block, text, out);
            }
            Growth::Text { block, text } => {
                self.open.entry(block).or_insert(OpenBlock::Text);
                if !text.is_empty() {
                    out.emit(Some(block), TextDelta::new(text));
                }
            }
            Growth::Reasoning { block, text } => {
                self.open.entry(block).or_insert(OpenBlock::Reasoning);
                if !text.is_empty() {
                    out.emit(Some(block), ReasoningDelta::new(text));
                }
            }
            Growth::ToolUseStarted { block, start }
                if start.kind.is_none() && self.output.form.tool.as_deref() == Some(&start.name) =>
            {
                let open = output::start_input(block, &start, out);
                self.open.insert(block, OpenBlock::Output(open));
            }
            Growth::ToolUseStarted { block, start } => {
                let call = LiveCall::of(&start);
                self.open.insert(block, OpenBlock::ToolUse(Arc::clone(&call.tool_use_id)));
                self.calls.insert(block, call);
                out.emit(Some(block), tool_input_start(start));
            }
            Growth::ToolInput { block, fragment, mark } => match self.open.get(&block) {
                Some(OpenBlock::ToolUse(id)) => {
                    let delta = ToolInputDelta::new(Arc::clone(id), fragment, mark);
                    out.emit(Some(block), delta);
                }
                Some(OpenBlock::Output(_)) => {
                    out.emit(Some(block), crate::turn::OutputDelta::new(fragment, mark));
                }
                _ => {}
            },
            Growth::Citation { block, citation } => {
                self.open.entry(block).or_insert(OpenBlock::Text);
                out.emit(Some(block), CitationAdded::new(citation));
            }
            Growth::Whole { block, content } => self.show_whole(block, *content, out),
            Growth::BlockStopped { block } => self.close_block(block, out),
            Growth::Foreign { block, raw } => out.diagnose_unknown(block, raw),
            Growth::Metadata => {
                let usage = self.assembler.metadata().and_then(|metadata| metadata.usage.clone());
                if let Some(usage) = count(usage, &mut self.counted, out) {
                    return Progress::Counted(Box::new(usage));
                }
            }
            Growth::MessageStopped => return Progress::MessageStopped,
        }
        Progress::Growing
    }

    /// A text grew in a turn whose output is text.
    fn show_output_text(&mut self, block: u32, text: String, out: &mut Outbox) {
        let undecided = || OpenBlock::Output(OpenOutput::Undecided(String::new()));
        let place = self.open.entry(block).or_insert_with(undecided);
        if let OpenBlock::Output(open) = place {
            if !self.output.grow(block, open, text, out) {
                *place = OpenBlock::Text;
            }
        } else if !text.is_empty() {
            out.emit(Some(block), TextDelta::new(text));
        }
    }

    /// A block that came whole shows as if it had grown.
    fn show_whole(&mut self, block: u32, content: ContentBlock, out: &mut Outbox) {
        let mut show = |growth| drop(self.show(growth, out));
        match content {
            ContentBlock::Text(text) => show(Growth::Text { block, text }),
            ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning)) => {
                show(Growth::Reasoning { block, text: reasoning.text });
            }
            ContentBlock::CitationsContent(cited) => {
                for citation in cited.citations {
                    show(Growth::Citation { block, citation: citation.into() });
                }
                for text in cited.content.into_iter().filter_map(|part| part.text) {
                    show(Growth::Text { block, text });
                }
            }
            ContentBlock::ToolUse(call) => {
                let fragment = call.input.as_str().to_owned();
                let mut start = ToolUseStart::new(call.tool_use_id, call.name);
                start.kind = call.kind;
                show(Growth::ToolUseStarted { block, start });
                let mark = fragment.len() as u64;
                show(Growth::ToolInput { block, fragment, mark });
            }
            _ => {}
        }
    }

    fn close_block(&mut self, block: u32, out: &mut Outbox) {
        let Some(kind) = self.open.remove(&block) else { return };
        match kind {
            OpenBlock::Text => out.emit(Some(block), TextEnd::new()),
            OpenBlock::Reasoning => out.emit(Some(block), ReasoningEnd::new()),
            OpenBlock::ToolUse(id) => out.emit(Some(block), ToolInputEnd::new(id)),
            OpenBlock::Output(kind) => output::close(block, kind, out),
        }
    }

    /// The message is complete: the answer without what trails it, and the live values of its inputs.
    pub(super) fn complete(mut self, out: &mut Outbox) -> (FinishedAnswer, Trailing, KeptInputs) {
        let left: Vec<u32> = self.open.keys().copied().collect();
        left.into_iter().for_each(|block| self.close_block(block, out));
        let Self { assembler, output: OutputReader { form, texts }, calls, counted, .. } = self;
        let Assembled { message, endings, all_stopped, stop, metadata, mut inputs, values, .. } =
            match assembler.finish() {
                Ok(assembled) => assembled,
                Err(error) => {
                    let answer = FinishedAnswer::broken(None, AnswerEnd::Protocol(error));
                    return (answer, Trailing::default(), KeptInputs::default());
                }
            };
        inputs.extend(texts);
        let end = AnswerEnd::Stopped {
            stop_reason: stop.stop_reason,
            additional_model_response_fields: stop.additional_model_response_fields,
            all_stopped,
        };
        let values = ParsedInputs(values);
        let answer = FinishedAnswer { endings, values, ..FinishedAnswer::broken(Some(message), end) };
        (answer, Trailing { metadata, counted }, KeptInputs { inputs, calls, wrapped: form.wrapped })
    }

    /// The answer breaks off: what of it can stay in a conversation.
    pub(super) fn broken(mut self, end: AnswerEnd) -> (FinishedAnswer, KeptInputs) {
        let mut inputs = self.assembler.take_inputs();
        let metadata = self.assembler.metadata().cloned().map(Box::new);
        inputs.extend(self.output.texts);
        let kept = KeptInputs { inputs, calls: self.calls, wrapped: self.output.form.wrapped };
        (FinishedAnswer { metadata, ..FinishedAnswer::broken(self.assembler.partial(), end) }, kept)
    }

    /// The call failed.
    pub(super) fn failed(self, failure: CallFailure) -> (FinishedAnswer, KeptInputs) {
        let before_content = self.assembler.is_empty();
        self.broken(AnswerEnd::Failed { failure: Box::new(failure), before_content })
    }

    /// Whether something of the answer was reported or kept.
    pub(super) fn has_content(&self) -> bool {
        !self.assembler.is_empty()
    }

    /// The live value that `event` is about.
    pub(super) fn live(&mut self, event: &TurnEvent) -> Option<LiveInput<'_>> {
        let block = event.block?;
        let live = match self.output.texts.get_mut(&block) {
            Some(text) => text,
            None => self.assembler.input(block)?,
        };
        LiveInput::of(live, event, self.calls.get(&block), self.output.form.wrapped)
    }
}

/// What may come after `messageStop`.
#[derive(Debug, Default)]
pub(super) struct Trailing {
    pub(super) metadata: Option<Box<StreamMetadata>>,
    /// Its tokens were reported.
    counted: bool,
}

impl Trailing {
    /// Takes an event; gives the tokens of the call where they are told for the first time. Later metadata replaces
    /// earlier and is not counted again.
    pub(super) fn push(&mut self, event: StreamEvent, out: &mut Outbox) -> Option<Usage> {
        match event {
            StreamEvent::Metadata(metadata) => {
                let usage = metadata.usage.clone();
                self.metadata = Some(metadata);
                count(usage, &mut self.counted, out)
            }
            late => {
                let payload = late.to_payload().map(|(_, payload)| payload);
                payload.into_iter().for_each(|raw| out.diagnose_unknown(None, raw));
                None
            }
        }
    }
}

/// Reports the tokens of a call where they are told for the first time, and gives them then.
fn count(usage: Option<Usage>, counted: &mut bool, out: &mut Outbox) -> Option<Usage> {
    let usage = usage.filter(|_| !*counted)?;
    *counted = true;
    out.emit(None, StepUsage::new(usage.clone()));
    Some(usage)
}

fn tool_input_start(start: ToolUseStart) -> ToolInputStart {
    let server_side = start.kind.as_deref() == Some("server_tool_use");
    let mut event = ToolInputStart::new(start.tool_use_id, start.name);
    event.server_side = server_side.then_some(true);
    event
}
