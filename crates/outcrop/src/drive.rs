//! The only loop: carries things between a [`Turn`], which decides, a model, tools and a clock.
//!
//! # Invariants
//! - Whatever ends the loop (an answer, an error, a panic, a drop between two polls), the session gets its conversation
//!   back, with every result that had been reported.
//! - What can start is started before the events that led to it are handed out.
//! - Neither the wire nor the tools keep the other waiting: whoever was heard last is asked last.
//! - An action that this driver does not know ends the turn.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::StreamExt;
use outcrop_core::{
    Action, EventKind, Message, OutputSpec, StreamEvent, Time, Turn, TurnEvent,
    turn::{ActionId, TurnFailure},
};
use tokio::{
    task::coop,
    time::{Instant, Sleep},
};
use tracing::{Span, field::Empty};

use crate::{
    Answer, Error,
    dispatch::{Report, Running},
    error::ErrorKind,
    model::{Model, ModelCall, ModelError, ModelStream},
    slot::Slot,
    toolbox::Toolbox,
};

/// What a turn needs.
pub(crate) struct Drive {
    pub(crate) model: Arc<dyn Model>,
    pub(crate) toolbox: Arc<Toolbox>,
    pub(crate) slot: Arc<Slot>,
    pub(crate) user: Message,
    /// What the turn is to end with, where that is not only text.
    pub(crate) output: Option<Arc<OutputSpec>>,
}

/// A turn that is under way. Dropping it gives the conversation back to the session.
pub(crate) struct Going {
    pub(crate) turn: Turn,
    model: Arc<dyn Model>,
    toolbox: Arc<Toolbox>,
    /// The session, until it has its history back.
    slot: Option<Arc<Slot>>,
    call: Option<Call>,
    running: Running,
    timer: Option<Timer>,
    clock: Clock,
    /// The tools are to be asked before the wire.
    tools_first: bool,
    unknown_action: bool,
    model_error: Option<ModelError>,
    span: Span,
    step_span: Span,
}

/// The moment that the turn waits for.
struct Timer {
    id: ActionId,
    sleep: Pin<Box<Sleep>>,
}

/// Milliseconds since 1970, that never run backwards while the turn runs. It is read once for all that happens at one
/// wake-up.
struct Clock {
    begun: Instant,
    /// The moment at which the turn began.
    base: Duration,
    now: Option<Time>,
}

impl Clock {
    fn new() -> Self {
        let base = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { begun: Instant::now(), base, now: None }
    }

    fn now(&mut self) -> Time {
        let (base, begun) = (self.base, self.begun);
        *self.now.get_or_insert_with(|| {
            Time(u64::try_from((base + begun.elapsed()).as_millis()).unwrap_or(u64::MAX))
        })
    }

    /// When a moment comes.
    fn at(&self, time: Time) -> Instant {
        let ahead = Duration::from_millis(time.0).saturating_sub(self.base);
        // Beyond what the clock can tell nothing comes.
        self.begun.checked_add(ahead).unwrap_or_else(|| self.begun + Duration::from_secs(60 * 60 * 24 * 365))
    }
}

/// The Converse call that is out.
struct Call {
    id: ActionId,
    stream: ModelStream,
}

impl Going {
    /// Begins the turn.
    pub(crate) fn begin(drive: Drive) -> Result<Self, Error> {
        let Drive { model, toolbox, slot, user, output } = drive;
        let (conversation, mut config) = slot.begin()?;
        if output.is_some() {
            Arc::make_mut(&mut config).output = output;
        }
        let id = turn_id();
        let span = tracing::info_span!(
            "outcrop.turn",
            turn = id.as_str(),
            model = config.target().model_id.as_str(),
            steps = Empty,
            stop_reason = Empty,
            input_tokens = Empty,
            output_tokens = Empty,
            error = Empty,
        );
        let mut clock = Clock::new();
        let turn = Turn::new(config, conversation, user, id, clock.now());
        let mut going = Self {
            turn,
            model,
            toolbox,
            slot: Some(slot),
            call: None,
            running: Running::new(),
            timer: None,
            clock,
            tools_first: false,
            unknown_action: false,
            model_error: None,
            span,
            step_span: Span::none(),
        };
        going.start_actions();
        Ok(going)
    }

    /// The next event of the turn; after `None` or an error there are no more.
    pub(crate) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<TurnEvent, Error>>> {
        loop {
            if let Some(event) = self.turn.next_event() {
                if let EventKind::Diagnostic(diagnostic) = &event.kind {
                    // Not the message, which may quote content.
                    let code = diagnostic.code.as_str();
                    tracing::warn!(parent: &self.span, code, step = event.step, "outcrop.diagnostic");
                }
                return Poll::Ready(Some(Ok(event)));
            }
            if let Some(ended) = self.ended() {
                return Poll::Ready(ended.err().map(Err));
            }
            if self.poll_happening(cx).is_pending() {
                self.clock.now = None;
                return Poll::Pending;
            }
            self.start_actions();
        }
    }

    /// Gives the history back to the session, and the answer to the caller if there is one.
    pub(crate) fn into_answer(mut self) -> Option<Answer> {
        self.end()
    }

    /// Starts all that can start now.
    fn start_actions(&mut self) {
        while let Some(action) = self.turn.next_action() {
            let step = self.turn.step();
            match action {
                Action::Converse(ask) => {
                    self.step_span = tracing::info_span!(parent: &self.span, "outcrop.step", step, error = Empty, request_id = Empty);
                    let id = ask.id;
                    let call = ModelCall::of(ask, self.turn.id());
                    let stream = self.step_span.in_scope(|| self.model.call(call));
                    self.call = Some(Call { id, stream });
                }
                Action::Dispatch(dispatch) => {
                    self.running.start(dispatch.id, dispatch.call, &self.toolbox, step, &self.step_span);
                }
                Action::Wait(wait) => {
                    let sleep = Box::pin(tokio::time::sleep_until(self.clock.at(wait.until)));
                    self.timer = Some(Timer { id: wait.id, sleep });
                }
                Action::Cancel(cancel) => self.running.cancel(cancel.id),
                Action::Remember(remember) => self.model.learn(remember.fact),
                _ => {
                    self.unknown_action = true;
                    return;
                }
            }
        }
    }

    /// How the turn ended; `None` while it goes on.
    fn ended(&mut self) -> Option<Result<(), Error>> {
        if self.unknown_action {
            return Some(Err(ErrorKind::UnknownAction.into()));
        }
        Some(match self.turn.outcome()? {
            Ok(outcome) => {
                self.span.record("stop_reason", outcome.stop_reason.as_str());
                Ok(())
            }
            Err(failure) => {
                let model_error = match failure {
                    TurnFailure::Converse(_) => self.model_error.take(),
                    _ => None,
                };
                let error = Error::of_turn(&self.turn, failure, model_error);
                self.span.record("error", error.to_string());
                Err(error)
            }
        })
    }

    /// Waits for the next thing to happen and tells the turn.
    fn poll_happening(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A task that has used up its share lets others run. Nothing is taken from the share here.
        drop(ready!(coop::poll_proceed(cx)));
        for tools in [self.tools_first, !self.tools_first] {
            let happened = if tools { self.poll_tools(cx) } else { self.poll_wire(cx) };
            if happened.is_ready() {
                self.tools_first = !tools;
                return happened;
            }
        }
        self.poll_timer(cx)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(timer) = &mut self.timer else { return Poll::Pending };
        ready!(timer.sleep.as_mut().poll(cx));
        let id = timer.id;
        self.timer = None;
        self.clock.now = None;
        self.turn.on_elapsed(id, self.clock.now());
        Poll::Ready(())
    }

    fn poll_tools(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let report = ready!(self.running.poll_next(cx));
        self.report(report);
        Poll::Ready(())
    }

    fn poll_wire(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Call { id, stream }) = &mut self.call else { return Poll::Pending };
        let (id, event) = (*id, ready!(self.step_span.in_scope(|| stream.poll_next_unpin(cx))));
        self.wire(id, event);
        Poll::Ready(())
    }

    fn wire(&mut self, id: ActionId, event: Option<Result<StreamEvent, ModelError>>) {
        let now = self.clock.now();
        match event {
            Some(Ok(event)) => {
                self.turn.on_stream_event(id, event, now);
                // A turn that is over lets its call go at once.
                if self.turn.outcome().is_some() {
                    self.call = None;
                }
            }
            None => {
                self.call = None;
                self.turn.on_stream_end(id, now);
            }
            Some(Err(error)) => {
                self.call = None;
                // Not the message: refusals quote what was sent.
                self.step_span.record("error", error.code().unwrap_or("no answer"));
                self.step_span.record("request_id", error.request_id());
                self.turn.on_call_failed(id, error.to_failure(), now);
                self.model_error = Some(error);
            }
        }
    }

    fn report(&mut self, report: Report) {
        let now = self.clock.now();
        match report {
            Report::Progress(id, progress) => self.turn.on_tool_progress(id, progress, now),
            Report::Done(id, output) => self.turn.on_tool_result(id, output.content, output.status, now),
            Report::Cancelled(id) => self.turn.on_cancelled(id, now),
        }
    }

    /// Stops what still runs and gives the conversation back, once.
    fn end(&mut self) -> Option<Answer> {
        let slot = self.slot.take()?;
        let reports = self.running.stop();
        reports.into_iter().for_each(|report| self.report(report));
        self.span.record("steps", self.turn.step());
        self.span.record("input_tokens", self.turn.usage().all_input_tokens());
        self.span.record("output_tokens", self.turn.usage().output_tokens);
        if self.turn.outcome().is_none() {
            self.span.record("error", "the turn was dropped");
        }
        let outcome = self.turn.outcome().and_then(Result::ok).cloned();
        let conversation = self.turn.take_conversation();
        let answer = outcome.map(|outcome| Answer { outcome, history: conversation.history.clone() });
        slot.end(conversation);
        answer
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.end();
    }
}

/// An id for a turn that no other turn is likely to have.
fn turn_id() -> String {
    use std::hash::{BuildHasher, RandomState};
    format!("turn_{:016x}", RandomState::new().hash_one(std::time::SystemTime::now()))
}

#[cfg(test)]
mod tests;
