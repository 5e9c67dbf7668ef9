//! Neither the wire nor the tools keep the other waiting.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::{Stream, StreamExt, future::pending, stream};
use outcrop_core::{EventKind, StreamEvent, wire::Frame};
use tokio::{sync::Notify, task::yield_now};

use crate::{Agent, Model, ModelCall, ModelError, ModelStream, Tool, TurnStream};

fn event(name: &str, payload: &'static str) -> StreamEvent {
    StreamEvent::from_frame(&Frame::event(name, payload)).unwrap()
}

/// A message that calls the tool `t`.
fn call() -> Vec<StreamEvent> {
    let start = r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t1","name":"t"}}}"#;
    vec![
        event("contentBlockStart", start),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"stopReason":"tool_use"}"#),
    ]
}

/// Calls the tool, then goes on with what `rest` gives.
struct Calls<F>(F);

impl<F, S> Model for Calls<F>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Stream<Item = StreamEvent> + Send + 'static,
{
    fn id(&self) -> &'static str {
        "a.model"
    }

    fn call(&self, _: ModelCall) -> ModelStream {
        Box::pin(stream::iter(call()).chain((self.0)()).map(Ok::<_, ModelError>))
    }
}

/// Reads until `is_due`; once `is_ready`, no more than two events of the kind `other` may come before that.
async fn read_until(
    turn: &mut TurnStream,
    is_due: impl Fn(&EventKind) -> bool,
    is_ready: impl Fn() -> bool,
    other: &str,
) {
    let mut waited = 0;
    loop {
        let kind = turn.next().await.expect("the turn goes on").unwrap().kind;
        if is_due(&kind) {
            return;
        }
        if is_ready() && kind.name() == other {
            waited += 1;
        }
        assert!(waited <= 2, "still waiting after {waited} of {other}");
        // The tools' tasks are to run beside.
        yield_now().await;
    }
}

#[tokio::test]
async fn a_wire_without_silence_does_not_keep_a_result() {
    let ended = Arc::new(AtomicBool::new(false));
    let end = Arc::clone(&ended);
    let quick = Tool::new::<(), _>("t", "Ends.", move |(), _| {
        end.store(true, Ordering::SeqCst);
        async { "ended" }
    });
    let agent = Agent::builder(Calls(|| stream::repeat_with(|| event("news", "{}")))).tool(quick);
    let mut turn = agent.build().unwrap().ask("Go on.").stream();
    let is_due = |kind: &EventKind| matches!(kind, EventKind::ToolEnd(_));
    read_until(&mut turn, is_due, || ended.load(Ordering::SeqCst), "diagnostic").await;
}

#[tokio::test]
async fn a_tool_without_silence_does_not_keep_the_wire() {
    let told = Arc::new(Notify::new());
    let (tell, told_all) = (Arc::clone(&told), Arc::new(AtomicBool::new(false)));
    let has_told = Arc::clone(&told_all);
    let talking = Tool::new::<(), _>("t", "Talks.", move |(), cx| {
        (0..1000).for_each(|told| cx.progress(told));
        has_told.store(true, Ordering::SeqCst);
        tell.notify_one();
        pending::<()>()
    });
    let agent = Agent::builder(Calls(move || {
        let told = Arc::clone(&told);
        let metadata = async move {
            told.notified().await;
            event("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#)
        };
        stream::once(metadata).chain(stream::pending())
    }));
    let mut turn = agent.tool(talking).build().unwrap().ask("Go on.").stream();
    let is_due = |kind: &EventKind| matches!(kind, EventKind::StepUsage(_));
    read_until(&mut turn, is_due, || told_all.load(Ordering::SeqCst), "toolProgress").await;
}
