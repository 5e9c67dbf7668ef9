//! Batches: order, failures, the limit, and what a drop stops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use futures::StreamExt;
use outcrop::{
    Agent, Answer, Error, Model, ModelCall, ModelError, ModelStream,
    core::{Message, Response, StopReason, wire::Output},
};

/// Answers a number after that many milliseconds, and fails on anything else.
#[derive(Clone, Default)]
struct Sleeper(Arc<Counts>);

#[derive(Default)]
struct Counts {
    started: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
    finished: AtomicUsize,
}

/// One call that runs; dropped when it ends or is stopped.
struct Running(Arc<Counts>);

impl Running {
    fn start(counts: Arc<Counts>) -> Self {
        counts.started.fetch_add(1, SeqCst);
        counts.most.fetch_max(counts.running.fetch_add(1, SeqCst) + 1, SeqCst);
        Self(counts)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

impl Model for Sleeper {
    fn id(&self) -> &str {
        "test.sleeper"
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        let counts = Arc::clone(&self.0);
        Box::pin(async_stream::stream! {
            let running = Running::start(counts);
            assert_eq!(call.request.messages.len(), 1, "a conversation of its own");
            let text = call.request.messages[0].text();
            let Ok(millis) = text.parse() else {
                yield Err(ModelError::new(format!("`{text}` is not a number")));
                return;
            };
            tokio::time::sleep(Duration::from_millis(millis)).await;
            running.0.finished.fetch_add(1, SeqCst);
            drop(running);
            let response = Response::new(Output::Message(Message::assistant(text)), StopReason::EndTurn);
            for event in response.into_events() {
                yield Ok(event);
            }
        })
    }
}

fn sleeper() -> (Agent, Arc<Counts>) {
    let model = Sleeper::default();
    let counts = Arc::clone(&model.0);
    (Agent::builder(model).build().unwrap(), counts)
}

fn text(result: Result<Answer, Error>) -> String {
    result.map_or_else(|_| "failed".to_owned(), |answer| answer.text())
}

#[tokio::test(start_paused = true)]
async fn results_keep_the_order_of_the_inputs() {
    let (agent, _) = sleeper();
    let began = tokio::time::Instant::now();
    let results = agent.batch(["90", "10", "50", "30"]).await;
    assert_eq!(results.into_iter().map(text).collect::<Vec<_>>(), ["90", "10", "50", "30"]);
    assert!(began.elapsed() < Duration::from_millis(100), "they run at the same time");
}

#[tokio::test(start_paused = true)]
async fn a_result_is_yielded_as_soon_as_those_before_it() {
    let (agent, counts) = sleeper();
    let mut batch = agent.batch(["20", "10", "500"]);
    assert_eq!(text(batch.next().await.unwrap()), "20");
    assert_eq!(text(batch.next().await.unwrap()), "10");
    assert_eq!(counts.finished.load(SeqCst), 2);
    assert_eq!(text(batch.next().await.unwrap()), "500");
    assert!(batch.next().await.is_none());
    assert!(batch.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failure_does_not_end_the_others() {
    let (agent, _) = sleeper();
    let results = agent.batch(["20", "bad", "10"]).concurrency(2).await;
    assert_eq!(results.into_iter().map(text).collect::<Vec<_>>(), ["20", "failed", "10"]);
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_used_and_never_exceeded() {
    let inputs: Vec<String> = (0..40).map(|number: u64| (1 + number * 37 % 100).to_string()).collect();
    for (limit, most) in [(None, 8), (Some(3), 3), (Some(1), 1), (Some(0), 1), (Some(100), 40)] {
        let (agent, counts) = sleeper();
        let batch = agent.batch(inputs.clone());
        let batch = if let Some(limit) = limit { batch.concurrency(limit) } else { batch };
        let results = batch.await;
        assert_eq!(results.into_iter().map(text).collect::<Vec<_>>(), inputs);
        assert_eq!(counts.most.load(SeqCst), most, "{limit:?}");
    }
}

/// A slow first input does not keep the others from running.
#[tokio::test(start_paused = true)]
async fn the_limit_counts_turns_that_run() {
    let (agent, _) = sleeper();
    let began = tokio::time::Instant::now();
    let inputs = std::iter::once("100").chain(std::iter::repeat_n("10", 10));
    assert_eq!(agent.batch(inputs).concurrency(2).await.len(), 11);
    assert!(began.elapsed() < Duration::from_millis(110), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn dropping_it_stops_what_runs() {
    let (agent, counts) = sleeper();
    let mut batch = agent.batch(["10", "1000", "1000", "1000", "1000"]).concurrency(3);
    assert_eq!(text(batch.next().await.unwrap()), "10");
    assert_eq!(counts.running.load(SeqCst), 2);
    drop(batch);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(counts.running.load(SeqCst), 0);
    assert_eq!((counts.started.load(SeqCst), counts.finished.load(SeqCst)), (3, 1));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_it_is_polled() {
    let (agent, counts) = sleeper();
    drop(agent.batch(["10"]));
    assert_eq!(counts.started.load(SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn no_input_gives_no_result() {
    let (agent, counts) = sleeper();
    assert!(agent.batch(Vec::<String>::new()).await.is_empty());
    assert!(agent.batch([""; 0]).next().await.is_none());
    assert_eq!(counts.started.load(SeqCst), 0);
}

#[tokio::test]
async fn it_can_be_sent_to_a_task() {
    let (agent, _) = sleeper();
    let results = tokio::spawn(async move { agent.batch(["1", "2"]).await }).await.unwrap();
    assert_eq!(results.len(), 2);
}
