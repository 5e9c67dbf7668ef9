//! Turns that are dropped, that fail, that panic: the conversation is whole afterwards and can go on.

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use outcrop::{
    Agent, AgentBuilder, Ask, Error, ErrorKind, EventKind, History, Model, ModelCall, ModelStream, Session,
    Tool, TurnEvent, TurnStream, testing::ScriptedModel,
};
use outcrop_local::{Answer, Progress, Script};
use serde_json::json;
use tokio::{runtime::Builder, sync::Notify, task::yield_now};
use tokio_util::sync::CancellationToken;

use crate::support::{Stage, assert_askable, assert_history, eventually, tell_error, tool};

/// Counts what is alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Two tools: one ends at once, the other when it is told to. Both leave traces.
#[derive(Clone, Default)]
struct Tools {
    running: Arc<AtomicUsize>,
    tokens: Arc<Mutex<Vec<CancellationToken>>>,
    release: Arc<Notify>,
}

impl Tools {
    fn add(&self, agent: AgentBuilder) -> AgentBuilder {
        agent.tool(self.tool("quick", false)).tool(self.tool("slow", true))
    }

    fn tool(&self, name: &str, waits: bool) -> Tool {
        let tools = self.clone();
        tool(name, move |_, cx| {
            let alive = Alive::new(&tools.running);
            tools.tokens.lock().unwrap().push(cx.cancellation().clone());
            let release = tools.release.clone();
            async move {
                let _alive = alive;
                if waits {
                    release.notified().await;
                }
                "finished"
            }
        })
    }

    async fn assert_stopped(&self) {
        eventually("the tools stop", || self.running.load(Ordering::SeqCst) == 0).await;
        let all =
            |tokens: &Mutex<Vec<CancellationToken>>| tokens.lock().unwrap().iter().all(|t| t.is_cancelled());
        eventually("their tokens are cancelled", || all(&self.tokens)).await;
    }
}

/// What became of each call, in order.
fn results(history: &History) -> Vec<(String, String)> {
    let results = history.messages().flat_map(|message| message.tool_results());
    results
        .map(|result| (result.tool_use_id.clone(), serde_json::to_string(&result.content).unwrap()))
        .collect()
}

/// Reads `events` events, or fewer where the turn ends.
async fn read(turn: &mut TurnStream, events: usize) -> Vec<TurnEvent> {
    read_until(turn, |seen| seen.len() >= events).await
}

async fn read_until(turn: &mut TurnStream, enough: impl Fn(&[TurnEvent]) -> bool) -> Vec<TurnEvent> {
    let mut seen = Vec::new();
    while !enough(&seen) {
        match turn.next().await {
            Some(event) => seen.push(event.unwrap_or_else(|error| panic!("{}", tell_error(&error)))),
            None => break,
        }
    }
    seen
}

fn is_tool_start(event: &TurnEvent) -> bool {
    matches!(event.kind, EventKind::ToolStart(_))
}

async fn drop_after(events: usize, never: bool) -> Vec<TurnEvent> {
    drop_when(|seen| seen.len() >= events, never).await
}

/// Drops the turn when enough was seen of it; gives that.
async fn drop_when(enough: impl Fn(&[TurnEvent]) -> bool, never: bool) -> Vec<TurnEvent> {
    let calls = Answer::new()
        .reasoning("Two of them.", "c2ln")
        .text("Let me look.")
        .tool_use("t1", "quick", json!({ "a": 1 }))
        .tool_use("t2", "slow", json!({ "b": [1, 2] }))
        .delay_between(Duration::from_millis(1));
    let script = Script::new().answer(calls).answer("Still here.").answer("Still here.");
    let stage = Stage::new(script).await;
    let tools = Tools::default();
    if !never {
        tools.release.notify_one();
    }
    let session = tools.add(stage.agent()).build().unwrap().session();
    let mut turn = session.ask("Go on.").stream();
    let seen = read_until(&mut turn, enough).await;
    drop(turn);

    let history = session.history();
    assert_history(&history);
    assert_eq!(history.is_empty(), seen.is_empty());
    let ended: Vec<_> = seen
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::ToolEnd(end) => Some(end.result.tool_use_id.clone()),
            _ => None,
        })
        .collect();
    for (id, result) in results(&history) {
        if ended.contains(&id) {
            assert!(result.contains("finished"), "{id}: {result}");
        } else {
            // Known to nobody yet: it may have ended in this moment.
            assert!(result.contains("finished") || result.contains("interrupted"), "{id}: {result}");
            assert!(id != "t2" || !never || result.contains("interrupted"), "{id}: {result}");
        }
    }
    assert!(ended.len() <= results(&history).len());
    tools.assert_stopped().await;
    let received = stage.local.requests();
    eventually("no answer is on its way", || {
        received.iter().all(|received| received.progress() != Progress::Answering)
    })
    .await;
    // Where the calls were never asked for they come now.
    tools.release.notify_one();
    assert_askable(&session).await;
    stage.assert_requests();
    seen
}

#[tokio::test]
async fn a_drop_after_each_event_while_a_tool_hangs() {
    // The last events that come are the end of the quick tool and the usage, in any order.
    let is_last = |event: &&TurnEvent| matches!(event.kind, EventKind::ToolEnd(_) | EventKind::StepUsage(_));
    let all = drop_when(|seen| seen.iter().filter(is_last).count() == 2, true).await.len();
    for chunk in (0..=all).collect::<Vec<_>>().chunks(8) {
        join_all(chunk.iter().map(|events| drop_after(*events, true))).await;
    }
}

#[tokio::test]
async fn a_drop_after_each_event_of_a_whole_turn() {
    let whole = drop_after(usize::MAX, false).await;
    assert!(matches!(whole.last().unwrap().kind, EventKind::TurnEnd(_)));
    for chunk in (0..whole.len()).collect::<Vec<_>>().chunks(8) {
        join_all(chunk.iter().map(|events| drop_after(*events, false))).await;
    }
}

/// R109: the exchange ends with the stream, not when the model has finished.
#[tokio::test]
async fn the_connection_is_closed_at_once() {
    let long = Answer::new().text("A long story").delay_between(Duration::from_secs(600));
    let stage = Stage::new(Script::new().answer(long).answer("Still here.")).await;
    let session = stage.agent().build().unwrap().session();
    let mut turn = session.ask("Tell.").stream();
    // The turn's start, the step's start; then nothing for a long time.
    read(&mut turn, 2).await;
    assert!(tokio::time::timeout(Duration::from_millis(50), turn.next()).await.is_err());
    assert_eq!(stage.local.requests()[0].progress(), Progress::Answering);
    drop(turn);
    let received = stage.local.requests();
    eventually("the endpoint sees it", || received[0].progress() == Progress::Abandoned).await;
    assert_askable(&session).await;
}

/// Text that was seen is kept; what comes next goes on after it.
#[tokio::test]
async fn text_so_far_is_kept() {
    let long = Answer::new()
        .reasoning("Hm.", "c2ln")
        .text("Once upon")
        .fragments(["Once", " upon"])
        .delay_between(Duration::from_millis(5));
    let stage = Stage::new(Script::new().answer(long).answer("Still here.")).await;
    let session = stage.agent().build().unwrap().session();
    let mut turn = session.ask("Tell.").stream();
    read_until(&mut turn, |seen| seen.iter().any(|event| matches!(event.kind, EventKind::TextDelta(_))))
        .await;
    drop(turn);
    let kept = serde_json::to_value(session.history().messages().nth(1)).unwrap();
    let reasoning =
        json!({ "reasoningContent": { "reasoningText": { "text": "Hm.", "signature": "c2ln" } } });
    assert_eq!(kept["content"], json!([reasoning, { "text": "Once" }]));
    assert_askable(&session).await;
    stage.assert_requests();
}

fn two_calls() -> ScriptedModel {
    ScriptedModel::new()
        .calls([("t1", "quick", json!({})), ("t2", "slow", json!({}))])
        .text("Still here.")
        .text("Still here.")
}

#[tokio::test]
async fn a_result_that_nobody_polled_is_kept() {
    let tools = Tools::default();
    let session = tools.add(Agent::builder(two_calls())).build().unwrap().session();
    let mut turn = session.ask("Go on.").stream();
    while tools.running.load(Ordering::SeqCst) < 2 {
        read(&mut turn, 1).await;
        for _ in 0..4 {
            yield_now().await;
        }
        if tools.tokens.lock().unwrap().len() == 2 {
            break;
        }
    }
    drop(turn);
    let results = results(&session.history());
    assert!(results[0].1.contains("finished"), "{results:?}");
    assert!(results[1].1.contains("interrupted"), "{results:?}");
    tools.assert_stopped().await;
    assert_askable(&session).await;
}

#[tokio::test]
async fn a_call_that_was_not_begun_says_so() {
    let tools = Tools::default();
    let model = ScriptedModel::new()
        .calls([("t1", "slow", json!({})), ("t2", "quick", json!({}))])
        .text("Still here.");
    let session = tools.add(Agent::builder(model)).max_parallel_tools(1).build().unwrap().session();
    let mut turn = session.ask("Go on.").stream();
    read_until(&mut turn, |seen| seen.iter().any(is_tool_start)).await;
    drop(turn);
    let results = results(&session.history());
    assert!(results[0].1.contains("may or may not have taken effect"), "{results:?}");
    assert!(results[1].1.contains("had no effect"), "{results:?}");
    assert_askable(&session).await;
}

#[tokio::test]
async fn what_was_never_polled_changes_nothing() {
    let stage = Stage::new(Script::new().answer("Still here.")).await;
    let session = stage.agent().build().unwrap().session();
    drop(session.ask("Never asked."));
    drop(session.ask("Never polled.").stream());
    drop(session.ask("Never awaited.").into_future());
    assert!(session.history().is_empty());
    assert!(stage.local.requests().is_empty());
    assert_askable(&session).await;
    assert_eq!(session.history().len(), 2);
}

#[tokio::test]
async fn one_turn_at_a_time() {
    let tools = Tools::default();
    let session = tools.add(Agent::builder(two_calls())).build().unwrap().session();
    let mut first = session.ask("Go on.").stream();
    read(&mut first, 1).await;
    for _ in 0..2 {
        // That the second one is refused does not end the first one's turn.
        let refused = session.ask("Me too.").await.unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::TurnInProgress));
        assert!(refused.is_retryable());
    }
    assert!(session.history().is_empty(), "as before the turn");
    tools.release.notify_one();
    assert_eq!(first.answer().await.unwrap().text(), "Still here.");
    assert_eq!(session.history().len(), 4);
    assert_askable(&session).await;
}

/// A tool that asks its own session gets an error and no deadlock.
#[tokio::test]
async fn a_tool_cannot_ask_its_own_session() {
    let slot: Arc<Mutex<Option<Arc<Session>>>> = Arc::default();
    let inner = slot.clone();
    let nested = tool("nested", move |_, _| {
        let session = inner.lock().unwrap().clone().unwrap();
        async move { session.ask("Me too.").await.map(|answer| answer.text()) }
    });
    let model = ScriptedModel::new().calls([("t1", "nested", json!({}))]).text("Done.").text("Still here.");
    let session = Arc::new(Agent::builder(model).tool(nested).build().unwrap().session());
    *slot.lock().unwrap() = Some(session.clone());
    session.ask("Go on.").await.unwrap();
    let results = results(&session.history());
    assert!(results[0].1.contains("in another turn"), "{results:?}");
    assert_askable(&session).await;
    slot.lock().unwrap().take();
}

/// A model that panics when it is asked, or when it is listened to, as long as it is told to.
#[derive(Clone)]
struct Panicking {
    inner: ScriptedModel,
    at_once: bool,
    panics: Arc<AtomicBool>,
}

impl Model for Panicking {
    fn id(&self) -> &str {
        self.inner.id()
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        if !self.panics.swap(false, Ordering::SeqCst) {
            return self.inner.call(call);
        }
        assert!(!self.at_once, "the model panics");
        Box::pin(futures::stream::poll_fn(|_| panic!("its stream panics")))
    }
}

#[tokio::test]
async fn a_panic_ends_the_turn_and_no_more() {
    for at_once in [true, false] {
        let inner = ScriptedModel::texts(["Still here."]);
        let model = Panicking { inner, at_once, panics: Arc::new(AtomicBool::new(true)) };
        let session = Arc::new(Agent::builder(model).build().unwrap().session());
        let asking = session.clone();
        let panicked = tokio::spawn(async move { asking.ask("Go on.").await }).await.unwrap_err();
        assert!(panicked.is_panic());
        assert_eq!(session.history().len(), 1);
        assert_askable(&session).await;
    }
}

#[tokio::test]
async fn an_error_ends_the_turn_and_no_more() {
    let model = ScriptedModel::new().events([]).text("Still here.");
    let session = Agent::builder(model).build().unwrap().session();
    let mut turn = session.ask("Go on.").stream();
    let error = loop {
        match turn.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
    // The turn is over as soon as its error is known, though the stream is still held.
    assert!(turn.next().await.is_none());
    assert_askable(&session).await;
    assert!(matches!(turn.answer().await, Err(error) if matches!(error.kind(), ErrorKind::TurnOver)));
}

/// The answer can still be had from a stream that was read to its end.
#[tokio::test]
async fn an_answer_after_the_last_event() {
    let session = Agent::builder(ScriptedModel::texts(["Hello.", "Still here."])).build().unwrap().session();
    let mut turn = session.ask("Hi").stream();
    while turn.next().await.is_some() {}
    assert!(turn.next().await.is_none());
    assert_askable(&session).await;
    assert_eq!(turn.answer().await.unwrap().history.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_ask_that_is_given_up() {
    let tools = Tools::default();
    let session = tools.add(Agent::builder(two_calls())).build().unwrap().session();
    let waiting = tokio::time::timeout(Duration::from_secs(30), session.ask("Go on."));
    assert!(waiting.await.is_err());
    tools.assert_stopped().await;
    assert_eq!(results(&session.history()).len(), 2);
    assert_askable(&session).await;
}

/// A blocking tool cannot be stopped, but it can see that it should.
#[tokio::test]
async fn a_blocking_tool_sees_the_drop() {
    let (began, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (begin, end) = (began.clone(), ended.clone());
    let looking = Tool::blocking("looking", "Looks.", move |(): (), cx| {
        begin.store(true, Ordering::SeqCst);
        while !cx.cancellation().is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        cx.progress("nobody hears this");
        end.store(true, Ordering::SeqCst);
    });
    let model = ScriptedModel::new().calls([("t1", "looking", json!({}))]).text("Still here.");
    let session = Agent::builder(model).tool(looking).build().unwrap().session();
    let mut turn = session.ask("Go on.").stream();
    while !began.load(Ordering::SeqCst) {
        let _ = tokio::time::timeout(Duration::from_millis(5), turn.next()).await;
    }
    drop(turn);
    eventually("the tool ends", || ended.load(Ordering::SeqCst)).await;
    assert!(results(&session.history())[0].1.contains("interrupted"));
    assert_askable(&session).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_go_anywhere() {
    let tools = Tools::default();
    let agent = tools.add(Agent::builder(two_calls())).build().unwrap();
    let session = Arc::new(agent.session());
    let mut turn = session.ask("Go on.").stream();
    // Begun here, read in another task, dropped on a thread without a runtime.
    let turn = tokio::spawn(async move {
        read(&mut turn, 3).await;
        turn
    });
    let turn = turn.await.unwrap();
    std::thread::spawn(move || drop(turn)).join().unwrap();
    tools.assert_stopped().await;
    let elsewhere = session.clone();
    tokio::spawn(async move { assert_askable(&elsewhere).await }).await.unwrap();
    // A whole turn on a runtime of its own.
    let history = std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(assert_askable(&session));
        session.history()
    });
    assert_history(&history.join().unwrap());
}

/// The runtime that a tool ran on is gone, and the turn goes on elsewhere: it does not wait for ever.
#[test]
fn a_runtime_that_ends() {
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let model = ScriptedModel::new().calls([("t1", "never", json!({}))]).text("Done.").text("Still here.");
    let agent = Agent::builder(model).tool(tool("never", |_, _| pending::<()>())).build().unwrap();
    let session = agent.session();
    let mut turn = session.ask("Go on.").stream();
    let first = runtime();
    first.block_on(async {
        read_until(&mut turn, |seen| seen.iter().any(is_tool_start)).await;
        yield_now().await;
    });
    drop(first);
    runtime().block_on(async {
        let answer = tokio::time::timeout(Duration::from_secs(5), turn.answer()).await;
        assert_eq!(answer.expect("the turn hangs").unwrap().text(), "Done.");
        assert_askable(&session).await;
    });
    assert!(results(&session.history())[0].1.contains("failed"));
}

#[test]
fn types_that_travel() {
    fn travels<T: Send + 'static>() {}
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    travels::<TurnStream>();
    travels::<Ask>();
    travels::<<Ask as IntoFuture>::IntoFuture>();
    travels::<Session>();
    is_shared::<Arc<Session>>();
    is_shared::<Agent>();
    is_shared::<Tool>();
    is_shared::<outcrop::ToolCx>();
    is_shared::<History>();
    is_shared::<TurnEvent>();
    fn is_error<T: std::error::Error + Send + Sync + 'static>() {}
    is_error::<Error>();
    is_error::<outcrop::BuildError>();
    is_error::<outcrop::ModelError>();
}
