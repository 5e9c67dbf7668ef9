//! Runs tool calls, each in a task of its own.
//!
//! # Invariants
//! - Every call that was begun reports exactly one output: its own, or that it panicked or ran out of time. A call
//!   whose turn was dropped reports nothing; the turn says that it was interrupted.
//! - A sequential call is alone among the calls of its turn; those before it have ended, those after it wait.
//! - A panic stays in its task; the model is told that the tool failed, not how.
//! - Outputs wait in a box until they are taken, so that none is lost when the turn is dropped.

mod reports;

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{FutureExt, future::BoxFuture};
use outcrop_core::{ActionId, RawJson, ToolCall, ToolResultStatus};
use tokio::{
    sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock},
    task::{AbortHandle, coop},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, field::Empty};

use reports::Reports;

use crate::{
    tool::{BROKEN, ToolCx, ToolOutput},
    toolbox::{Found, Toolbox},
};

/// What a running call reports.
#[derive(Debug)]
pub(crate) enum Report {
    Progress(ActionId, RawJson),
    Done(ActionId, ToolOutput),
}

/// Sees to it that a call reports, also where its task ends before its time: by a panic in a destructor, or with
/// the runtime that it ran on.
struct Ending {
    id: ActionId,
    span: Span,
    reports: Arc<Reports<Report>>,
    /// Cancelled when the turn was dropped.
    turn: CancellationToken,
    reported: bool,
}

impl Ending {
    fn report(mut self, output: ToolOutput) {
        self.send(output);
    }

    fn send(&mut self, output: ToolOutput) {
        self.reported = true;
        let status = if output.status == ToolResultStatus::Error { "error" } else { "success" };
        self.span.record("status", status);
        // Where nobody takes it the turn is gone, and has said that the call was interrupted.
        self.reports.leave(Report::Done(self.id, output));
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        match (self.reported, self.turn.is_cancelled()) {
            (true, _) => {}
            (false, true) => {
                self.span.record("status", "interrupted");
            }
            (false, false) => self.send(ToolOutput::error(BROKEN)),
        }
    }
}

/// Stands in line at the gate: a sequential call goes through alone, others together, all in the order in which this
/// is called. What comes out keeps the place until it is dropped.
fn enter(gate: &Arc<RwLock<()>>, alone: bool) -> BoxFuture<'static, Inside> {
    let gate = Arc::clone(gate);
    let mut entering = async move {
        match alone {
            true => Inside::Alone(gate.write_owned().await),
            false => Inside::Together(gate.read_owned().await),
        }
    }
    .boxed();
    // The lock is fair: who asked first is first. So it is asked here, and not when the call's task first runs; and
    // it answers even where the turn's task has used up its share.
    match coop::unconstrained(&mut entering).now_or_never() {
        Some(inside) => std::future::ready(inside).boxed(),
        None => entering,
    }
}

/// A call's place behind the gate.
#[expect(dead_code, reason = "it is held, not read")]
enum Inside {
    Alone(OwnedRwLockWriteGuard<()>),
    Together(OwnedRwLockReadGuard<()>),
}

/// The running calls of a turn. Dropping it stops them.
pub(crate) struct Running {
    tasks: Vec<AbortHandle>,
    cancellation: CancellationToken,
    gate: Arc<RwLock<()>>,
    reports: Arc<Reports<Report>>,
    /// Calls whose output was not taken yet.
    open: usize,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            tasks: Vec::new(),
            cancellation: CancellationToken::new(),
            gate: Arc::default(),
            reports: Arc::new(Reports::new()),
            open: 0,
        }
    }

    /// Begins a call.
    pub(crate) fn start(
        &mut self,
        id: ActionId,
        call: ToolCall,
        toolbox: &Toolbox,
        step: u32,
        parent: &Span,
    ) {
        // Finished tasks are let go as new ones come.
        self.tasks.retain(|task| !task.is_finished());
        self.open += 1;
        let span = tracing::info_span!(
            parent: parent, "outcrop.tool",
            tool = call.name.as_str(), tool_use_id = call.tool_use_id.as_str(), status = Empty,
        );
        let Some(Found { handler, timeout, alone }) = toolbox.find(&call.name) else {
            self.reports.leave(Report::Done(id, ToolOutput::error("There is no such tool.")));
            return;
        };
        let cancellation = self.cancellation.child_token();
        let progress = Arc::clone(&self.reports);
        let states = toolbox.states();
        let cx = ToolCx::new(call.tool_use_id, step, cancellation.clone(), states, move |value| {
            progress.leave(Report::Progress(id, value));
        });
        let ending = Ending {
            id,
            span: span.clone(),
            reports: Arc::clone(&self.reports),
            turn: self.cancellation.clone(),
            reported: false,
        };
        let enter = toolbox.any_sequential().then(|| enter(&self.gate, alone));
        let work = async move {
            let ending = ending;
            // Its time begins when it may run.
            let _inside = match enter {
                Some(enter) => Some(enter.await),
                None => None,
            };
            // The guard cancels the call's token when its task ends, however it ends.
            let _cancel_on_drop = cancellation.drop_guard();
            let input = call.input;
            let run = AssertUnwindSafe(async move { handler.call(input, cx).await }).catch_unwind();
            let output = match tokio::time::timeout(timeout, run).await {
                Ok(Ok(output)) => output,
                Ok(Err(_)) => {
                    tracing::error!("the tool panicked");
                    ToolOutput::error(BROKEN)
                }
                Err(_) => ToolOutput::error(format!(
                    "The call took longer than {} seconds and was given up. It may or may not have taken effect.",
                    timeout.as_secs_f32()
                )),
            };
            ending.report(output);
        };
        self.tasks.push(tokio::spawn(work.instrument(span)).abort_handle());
    }

    /// The next report. Waits for ever while nothing runs.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Report> {
        // To wait costs more than to look, and while a model streams there is mostly nothing to wait for. What
        // calls that have ended still tell is taken as it is found.
        if self.open == 0 && self.reports.is_empty() {
            return Poll::Pending;
        }
        // Reports that never end leave the runtime's other tasks their share.
        let share = ready!(coop::poll_proceed(cx));
        let report = ready!(self.reports.poll(cx));
        share.made_progress();
        if let Report::Done(..) = report {
            self.open -= 1;
        }
        Poll::Ready(report)
    }

    /// Stops all calls and gives what had been reported and was not taken yet.
    pub(crate) fn stop(&mut self) -> Vec<Report> {
        self.cancellation.cancel();
        self.tasks.drain(..).for_each(|task| task.abort());
        std::iter::from_fn(|| self.reports.take()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.drain(..).for_each(|task| task.abort());
    }
}
