//! The only loop: carries things between a [`Turn`], which decides, a model and tools.
//!
//! # Invariants
//! - Whatever ends the loop (an answer, an error, a drop between two polls), the session gets its history back,
//!   with every result that had been reported.
//! - An action that this driver does not know ends the turn.

use std::sync::{Arc, PoisonError};

use futures::{Stream, StreamExt};
use outcrop_core::{Action, ActionId, Message, Recovery, StreamEvent, Turn, TurnEvent};
use tracing::{Span, field::Empty};

use crate::{
    Answer, Error,
    dispatch::{Report, Running},
    model::{Model, ModelError, ModelStream},
    slot::Slot,
    toolbox::Toolbox,
    turn_stream::AnswerCell,
};

/// What a turn needs.
pub(crate) struct Drive {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) toolbox: Arc<Toolbox>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) user: Message,
    pub(crate) answer: AnswerCell,
}

impl Drive {
    /// The events of the turn. Nothing begins before it is polled.
    pub(crate) fn events(self) -> impl Stream<Item = Result<TurnEvent, Error>> + Send + 'static {
        async_stream::stream! {
            let mut going = match Going::begin(self) {
                Ok(going) => going,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            };
            loop {
                let started = going.start_actions();
                while let Some(event) = going.turn.next_event() {
                    yield Ok(event);
                }
                if let Err(error) = started {
                    yield Err(error);
                    return;
                }
                match going.turn.outcome() {
                    None => going.wait().await,
                    Some(Ok(outcome)) => {
                        going.span.record("stop_reason", outcome.stop_reason.as_str());
                        return;
                    }
                    Some(Err(failure)) => {
                        let error = Error::from_failure(failure, going.model_error.take());
                        going.span.record("error", error.to_string());
                        yield Err(error);
                        return;
                    }
                }
            }
        }
    }
}

/// A turn that is under way. Dropping it gives the history back to the session.
struct Going {
    turn: Turn,
    model: Arc<dyn Model>,
    toolbox: Arc<Toolbox>,
    slot: Arc<Slot>,
    answer: AnswerCell,
    call: Option<Call>,
    running: Running,
    model_error: Option<ModelError>,
    span: Span,
    step_span: Span,
}

/// The Converse call that is out.
struct Call {
    id: ActionId,
    stream: ModelStream,
}

/// Whatever happens first.
enum Happened {
    Wire(Option<Result<StreamEvent, ModelError>>),
    Tool(Report),
}

impl Going {
    fn begin(drive: Drive) -> Result<Self, Error> {
        let Drive { model, toolbox, slot, user, answer } = drive;
        let (history, config, reported) = slot.begin()?;
        let id = turn_id();
        let span = tracing::info_span!(
            "outcrop.turn",
            turn = id.as_str(),
            model = config.model_id.as_str(),
            steps = Empty,
            stop_reason = Empty,
            input_tokens = Empty,
            output_tokens = Empty,
            error = Empty,
        );
        let mut turn = Turn::new(config, history, user, id);
        turn.skip_reported(reported);
        Ok(Self {
            turn,
            model,
            toolbox,
            slot,
            answer,
            call: None,
            running: Running::new(),
            model_error: None,
            span,
            step_span: Span::none(),
        })
    }

    /// Starts all that can start now.
    fn start_actions(&mut self) -> Result<(), Error> {
        while let Some(action) = self.turn.next_action() {
            let step = self.turn.step();
            match action {
                Action::Converse(ask) => {
                    self.step_span = tracing::info_span!(parent: &self.span, "outcrop.step", step, error = Empty, request_id = Empty);
                    let stream = self.step_span.in_scope(|| self.model.stream(*ask.request));
                    self.call = Some(Call { id: ask.id, stream });
                }
                Action::Dispatch(dispatch) => {
                    self.running.start(dispatch.id, dispatch.call, &self.toolbox, step, &self.step_span);
                }
                _ => return Err(Error::UnknownAction),
            }
        }
        Ok(())
    }

    /// Waits for the next thing to happen and tells the turn.
    async fn wait(&mut self) {
        let happened = match &mut self.call {
            Some(call) => {
                let span = &self.step_span;
                let wire = std::future::poll_fn(|cx| span.in_scope(|| call.stream.poll_next_unpin(cx)));
                tokio::select! {
                    event = wire => Happened::Wire(event),
                    report = self.running.next() => Happened::Tool(report),
                }
            }
            None => Happened::Tool(self.running.next().await),
        };
        match happened {
            Happened::Tool(report) => self.report(report),
            Happened::Wire(event) => self.wire(event),
        }
    }

    fn wire(&mut self, event: Option<Result<StreamEvent, ModelError>>) {
        let Some(id) = self.call.as_ref().map(|call| call.id) else { return };
        match event {
            Some(Ok(event)) => {
                self.turn.on_stream_event(id, event);
                // A turn that is over lets its call go at once.
                if self.turn.outcome().is_some() {
                    self.call = None;
                }
            }
            None => {
                self.call = None;
                self.turn.on_stream_end(id);
            }
            Some(Err(error)) => {
                self.call = None;
                // Not the message: refusals quote what was sent.
                self.step_span.record("error", error.code().unwrap_or("no answer"));
                self.step_span.record("request_id", error.request_id());
                match self.turn.on_converse_error(id, error.message()) {
                    Recovery::Learned(fact) => self.model.learn(fact),
                    _ => self.model_error = Some(error),
                }
            }
        }
    }

    fn report(&mut self, report: Report) {
        match report {
            Report::Progress(id, progress) => self.turn.on_tool_progress(id, progress),
            Report::Done(id, output) => self.turn.on_tool_result(id, output.content, output.status),
        }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let reports = self.running.stop();
        reports.into_iter().for_each(|report| self.report(report));
        self.span.record("steps", self.turn.step());
        self.span.record("input_tokens", self.turn.usage().all_input_tokens());
        self.span.record("output_tokens", self.turn.usage().output_tokens);
        if self.turn.outcome().is_none() {
            self.span.record("error", "the turn was dropped");
        }
        let outcome = self.turn.outcome().and_then(Result::ok).cloned();
        let learned = self.turn.learned().to_vec();
        let history = self.turn.take_history();
        if let Some(outcome) = outcome {
            let answer = Answer { outcome, history: history.clone() };
            *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        }
        self.slot.end(history, &learned);
    }
}

/// An id for a turn that no other turn is likely to have.
fn turn_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("turn_{:016x}", RandomState::new().hash_one(std::time::SystemTime::now()))
}
