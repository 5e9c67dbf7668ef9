//! Spans: their names, fields and nesting as the docs of `outcrop` promise, and no content in any of them.

use std::{
    cell::RefCell,
    fmt::{Debug, Write as _},
    sync::{Mutex, OnceLock, PoisonError},
};

use expect_test::expect;
use outcrop::{Agent, Tool, schemars::JsonSchema, serde::Deserialize};
use outcrop_local::{Answer, Script};
use serde_json::json;
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_core::span::Current as CurrentSpan;

use crate::support::{Stage, eventually, tool};

/// Keeps all that is recorded in this process.
#[derive(Default)]
struct Recorder(Mutex<Vec<Recorded>>);

#[derive(Clone)]
struct Recorded {
    metadata: &'static Metadata<'static>,
    /// The place of the span it stands in.
    parent: Option<usize>,
    fields: Vec<(&'static str, String)>,
    is_event: bool,
}

thread_local! {
    /// The spans that this thread is in.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

struct Fields<'a>(&'a mut Vec<(&'static str, String)>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

impl Recorder {
    fn global() -> &'static Self {
        static RECORDER: OnceLock<&'static Recorder> = OnceLock::new();
        RECORDER.get_or_init(|| {
            let recorder: &'static Recorder = Box::leak(Box::default());
            tracing::subscriber::set_global_default(Handle(recorder)).unwrap();
            recorder
        })
    }

    fn all(&self) -> Vec<Recorded> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, recorded: Recorded) -> u64 {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(recorded);
        all.len() as u64
    }

    /// The turn of this id with all that stands in it, a line each.
    fn tree(&self, model: &str) -> String {
        let all = self.all();
        let is_turn = |at: &usize| {
            all[*at].metadata.name() == "outcrop.turn"
                && all[*at].fields.contains(&("model", format!("{model:?}")))
        };
        let mut told = String::new();
        for turn in (0..all.len()).filter(is_turn) {
            Self::tell(&all, turn, 0, &mut told);
        }
        told
    }

    fn tell(all: &[Recorded], at: usize, depth: usize, told: &mut String) {
        let Recorded { metadata, fields, is_event, .. } = &all[at];
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| {
                let varies = ["turn", "request_id", "input_tokens", "output_tokens"].contains(name);
                if varies { format!("{name}=…") } else { format!("{name}={value}") }
            })
            .collect();
        let name = if *is_event { "event" } else { metadata.name() };
        let _ = writeln!(told, "{:indent$}{name} {}", "", fields.join(" "), indent = depth * 2);
        for inner in (0..all.len()).filter(|inner| all[*inner].parent == Some(at)) {
            // What the client tells comes at any time.
            let target = all[inner].metadata.target();
            if target.starts_with("outcrop::") || target.starts_with("it::") {
                Self::tell(all, inner, depth + 1, told);
            }
        }
    }
}

struct Handle(&'static Recorder);

fn current() -> Option<usize> {
    ENTERED.with_borrow(|entered| entered.last().map(|id| *id as usize - 1))
}

impl Subscriber for Handle {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let parent = match span.parent() {
            Some(parent) => Some(parent.into_u64() as usize - 1),
            None if span.is_root() => None,
            None => current(),
        };
        let mut fields = Vec::new();
        span.record(&mut Fields(&mut fields));
        let metadata = span.metadata();
        Id::from_u64(self.0.add(Recorded { metadata, parent, fields, is_event: false }))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut all = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.record(&mut Fields(&mut all[span.into_u64() as usize - 1].fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Vec::new();
        event.record(&mut Fields(&mut fields));
        let metadata = event.metadata();
        self.0.add(Recorded { metadata, parent: current(), fields, is_event: true });
    }

    fn current_span(&self) -> CurrentSpan {
        match current() {
            Some(at) => CurrentSpan::new(Id::from_u64(at as u64 + 1), self.0.all()[at].metadata),
            None => CurrentSpan::none(),
        }
    }

    fn enter(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(span.into_u64()));
    }

    fn exit(&self, span: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            let at = entered.iter().rposition(|id| *id == span.into_u64());
            at.map(|at| entered.remove(at));
        });
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Args {
    #[allow(dead_code)]
    secret: String,
}

/// A marker of content, one for each place that content can come from.
const SECRETS: [&str; 7] = [
    "s3cr3t-prompt",
    "s3cr3t-system",
    "s3cr3t-thought",
    "s3cr3t-text",
    "s3cr3t-input",
    "s3cr3t-output",
    "s3cr3t-refused",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spans_nest_and_hold_no_content() {
    let recorder = Recorder::global();
    let calls = Answer::new()
        .reasoning("s3cr3t-thought", "c2ln")
        .text("s3cr3t-text")
        .tool_use("t1", "waits", json!({ "secret": "s3cr3t-input" }))
        .tool_use("t2", "blocks", json!({ "secret": "s3cr3t-input" }))
        .tool_use("t3", "panics", json!({ "secret": "s3cr3t-input" }))
        .tool_use("t4", "waits", json!({ "other": "s3cr3t-input" }));
    let stage = Stage::new(
        Script::new()
            .answer(calls)
            .answer("s3cr3t-text")
            .answer(Answer::error(400, "ValidationException", "You said: s3cr3t-refused"))
            .answer(Answer::new().text("s3cr3t-text").exception(
                1,
                "modelStreamErrorException",
                "s3cr3t-refused",
            )),
    )
    .await;
    let agent = Agent::builder(stage.bedrock.with_model("traced.model"))
        .system("s3cr3t-system")
        .tool(Tool::new("waits", "Waits.", |_: Args, cx| async move {
            tokio::task::yield_now().await;
            tracing::info!("in the tool");
            cx.progress("s3cr3t-output");
            "s3cr3t-output"
        }))
        .tool(Tool::blocking("blocks", "Blocks.", |_: Args, _| {
            tracing::info!("on its thread");
            Err::<(), _>("s3cr3t-output")
        }))
        .tool(tool("panics", |_, _| async { panic!("s3cr3t-output") as () }))
        .max_parallel_tools(1)
        .build()
        .unwrap();
    agent.ask("s3cr3t-prompt").await.unwrap();
    agent.ask("s3cr3t-prompt").await.unwrap_err();
    agent.ask("s3cr3t-prompt").await.unwrap_err();
    expect![[r#"
        outcrop.turn turn=… model="traced.model" stop_reason="end_turn" steps=2 input_tokens=… output_tokens=…
          outcrop.step step=1
            outcrop.tool tool="waits" tool_use_id="t1" status="success"
              event message=in the tool
            outcrop.tool tool="blocks" tool_use_id="t2" status="error"
              event message=on its thread
            outcrop.tool tool="panics" tool_use_id="t3" status="error"
              event message=the tool panicked
          outcrop.step step=2
        outcrop.turn turn=… model="traced.model" error="the model's answer did not come" steps=1 input_tokens=… output_tokens=…
          outcrop.step step=1 error="ValidationException" request_id=…
        outcrop.turn turn=… model="traced.model" error="the model's answer did not come" steps=1 input_tokens=… output_tokens=…
          outcrop.step step=1 error="ModelStreamErrorException" request_id=…
    "#]].assert_eq(&recorder.tree("traced.model"));
    for Recorded { metadata, fields, .. } in recorder.all() {
        // The SDK tells the service's errors at its lowest level.
        if *metadata.level() == Level::TRACE && !metadata.target().starts_with("outcrop") {
            continue;
        }
        for (field, value) in &fields {
            let told = SECRETS.iter().any(|secret| value.contains(secret));
            assert!(!told, "{metadata:?}: {field}={value}");
        }
    }
}

/// A turn that is dropped records what it came to.
#[tokio::test]
async fn a_dropped_turn_is_recorded() {
    use futures::StreamExt;
    let recorder = Recorder::global();
    let stage = Stage::new(Script::new().answer(Answer::new().tool_use("t1", "never", json!({})))).await;
    let agent = Agent::builder(stage.bedrock.with_model("dropped.model"))
        .tool(tool("never", |_, _| std::future::pending::<()>()))
        .build()
        .unwrap();
    let mut turn = agent.ask("Go on.").stream();
    while !matches!(turn.next().await.unwrap().unwrap().kind, outcrop::EventKind::ToolStart(_)) {}
    drop(turn);
    eventually("the tool's span ends", || recorder.tree("dropped.model").contains("status")).await;
    expect![[r#"
        outcrop.turn turn=… model="dropped.model" steps=1 input_tokens=… output_tokens=… error="the turn was dropped"
          outcrop.step step=1
            outcrop.tool tool="never" tool_use_id="t1" status="interrupted"
    "#]]
    .assert_eq(&recorder.tree("dropped.model"));
}

/// What was downgraded reaches everyone: observers as an event, whoever awaits the answer or the error, and operators as a
/// warning without content.
#[tokio::test]
async fn a_diagnostic_reaches_everyone() {
    use futures::TryStreamExt;
    use outcrop::{DiagnosticCode, EventKind, StopReason, testing::ScriptedModel};
    let recorder = Recorder::global();
    // A model that does not stream while it has tools; the second answer stops in the middle of a call.
    let cut = outcrop::core::ToolUse::new("t1", "s3cr3t-name", r#"{"a": "#);
    let model = ScriptedModel::new()
        .with_id("meta.llama3-1-8b-instruct-v1:0")
        .text("Yes.")
        .text("Yes.")
        .message(outcrop::Message::assistant(vec![cut.into()]), StopReason::MaxTokens);
    let agent = Agent::builder(model).tool(tool("now", |_, _| async { "12:00" })).build().unwrap();
    let codes = |diagnostics: &[outcrop::Diagnostic]| -> Vec<DiagnosticCode> {
        diagnostics.iter().map(|diagnostic| diagnostic.code.clone()).collect()
    };
    let answer = agent.ask("Hello").await.unwrap();
    assert_eq!(codes(answer.diagnostics()), [DiagnosticCode::NotStreamed]);

    let mut seen = Vec::new();
    let mut turn = agent.ask("Hello").stream();
    while let Some(event) = turn.try_next().await.unwrap() {
        if let EventKind::Diagnostic(diagnostic) = event.kind {
            seen.push(diagnostic);
        }
    }
    assert_eq!(seen, answer.diagnostics());

    let error = agent.ask("Hello").await.unwrap_err();
    assert_eq!(codes(error.diagnostics()), [DiagnosticCode::NotStreamed]);

    let warned: Vec<_> = recorder
        .all()
        .into_iter()
        .filter(|recorded| {
            let code = ("code", format!("{:?}", "not_streamed"));
            recorded.is_event && recorded.fields.contains(&code)
        })
        .collect();
    assert_eq!(warned.len(), 3);
    for Recorded { metadata, fields, .. } in warned {
        assert_eq!(*metadata.level(), Level::WARN);
        assert_eq!(fields.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["message", "code", "step"]);
    }
}
