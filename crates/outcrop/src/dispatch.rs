//! Runs tool calls, each in a task of its own.
//!
//! # Invariants
//! - Every call that was begun reports exactly one end: its own output, that it panicked, or that it was cancelled.
//! - When a call runs, and for how long, is decided by the turn.
//! - A panic stays in its task; the model is told that the tool failed, not how.
//! - Outputs wait in a box until they are taken, so that none is lost when the turn is dropped.

mod reports;

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::FutureExt;
use outcrop_core::{
    RawJson,
    turn::{ActionId, ToolCall},
    wire::ToolResultStatus,
};
use tokio::task::{AbortHandle, coop};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, field::Empty};

use reports::Reports;

use crate::{
    tool::{BROKEN, ToolCx, ToolOutput},
    toolbox::Toolbox,
};

/// What a running call reports.
#[derive(Debug)]
pub(crate) enum Report {
    Progress(ActionId, RawJson),
    Done(ActionId, ToolOutput),
    /// It was stopped before it ended.
    Cancelled(ActionId),
}

/// Sees to it that a call reports, also where its task ends before its time: by a panic in a destructor, or with
/// the runtime that it ran on.
struct Ending {
    id: ActionId,
    span: Span,
    reports: Arc<Reports<Report>>,
    /// Cancelled when the call was stopped, or its turn was dropped.
    stop: CancellationToken,
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
        match (self.reported, self.stop.is_cancelled()) {
            (true, _) => {}
            (false, true) => {
                self.span.record("status", "interrupted");
                self.reports.leave(Report::Cancelled(self.id));
            }
            (false, false) => self.send(ToolOutput::error(BROKEN)),
        }
    }
}

/// The running calls of a turn. Dropping it stops them.
pub(crate) struct Running {
    tasks: Vec<Task>,
    cancellation: CancellationToken,
    reports: Arc<Reports<Report>>,
    /// Calls whose end was not taken yet.
    open: usize,
}

/// A call that was begun.
struct Task {
    id: ActionId,
    handle: AbortHandle,
    stop: CancellationToken,
}

impl Running {
    pub(crate) fn new() -> Self {
        Self {
            tasks: Vec::new(),
            cancellation: CancellationToken::new(),
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
        self.tasks.retain(|task| !task.handle.is_finished());
        self.open += 1;
        let span = tracing::info_span!(
            parent: parent, "outcrop.tool",
            tool = call.name.as_str(), tool_use_id = call.tool_use_id.as_str(), status = Empty,
        );
        let Some(handler) = toolbox.handler(&call.name).map(Arc::clone) else {
            self.reports.leave(Report::Done(id, ToolOutput::error("There is no such tool.")));
            return;
        };
        let stop = self.cancellation.child_token();
        let cancellation = stop.child_token();
        let progress = Arc::clone(&self.reports);
        let states = toolbox.states();
        let cx = ToolCx::new(call.tool_use_id, step, cancellation.clone(), states, move |value| {
            progress.leave(Report::Progress(id, value));
        });
        let ending = Ending {
            id,
            span: span.clone(),
            reports: Arc::clone(&self.reports),
            stop: stop.clone(),
            reported: false,
        };
        let work = async move {
            let ending = ending;
            // The guard cancels the call's token when its task ends, however it ends.
            let _cancel_on_drop = cancellation.drop_guard();
            let input = call.input;
            let run = AssertUnwindSafe(async move { handler.call(input, cx).await }).catch_unwind();
            let output = run.await.unwrap_or_else(|_| {
                tracing::error!("the tool panicked");
                ToolOutput::error(BROKEN)
            });
            ending.report(output);
        };
        let handle = tokio::spawn(work.instrument(span)).abort_handle();
        self.tasks.push(Task { id, handle, stop });
    }

    /// Stops a call, which then reports that it was cancelled.
    pub(crate) fn cancel(&mut self, id: ActionId) {
        for task in self.tasks.iter().filter(|task| task.id == id) {
            task.stop.cancel();
            task.handle.abort();
        }
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
        if let Report::Done(..) | Report::Cancelled(_) = report {
            self.open -= 1;
        }
        Poll::Ready(report)
    }

    /// Stops all calls and gives what had been reported and was not taken yet.
    pub(crate) fn stop(&mut self) -> Vec<Report> {
        self.cancellation.cancel();
        self.tasks.drain(..).for_each(|task| task.handle.abort());
        std::iter::from_fn(|| self.reports.take()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.drain(..).for_each(|task| task.handle.abort());
    }
}
