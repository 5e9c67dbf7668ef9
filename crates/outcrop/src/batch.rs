//! Many independent inputs for one agent, a limited number at a time.
//!
//! # Invariants
//! - Results come in the order of the inputs, one for each.
//! - Never more turns run at once than the limit allows.
//! - Dropping a batch stops the turns that run and starts no others.

use std::{
    collections::BTreeMap,
    fmt, mem,
    pin::Pin,
    task::{Context, Poll},
};

use futures::{
    Stream, StreamExt,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use outcrop_core::{ContentBlock, wire::IntoContent};

use crate::{Agent, Answer, Error};

/// The results of [`Agent::batch`], in the order of the inputs.
///
/// Each input is asked in a conversation of its own. A failed input does not end the others. A result that is ready
/// before the results of earlier inputs is kept until they are ready.
///
/// Await the batch for all results, or use it as a stream and handle each as soon as its turn comes. Nothing is sent
/// before the batch is awaited or polled, and turns make progress only while it is. Dropping it stops the turns that run.
///
/// ```
/// use futures::StreamExt;
/// use outcrop::{Agent, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let agent = Agent::builder(ScriptedModel::texts(["Lisbon.", "Madrid."])).build()?;
///
/// // The script has two answers, so the third request fails.
/// let mut batch = agent.batch(["Portugal?", "Spain?", "France?"]).concurrency(2);
/// let mut lines = Vec::new();
/// while let Some(result) = batch.next().await {
///     lines.push(match result {
///         Ok(answer) => answer.text(),
///         Err(error) => format!("failed: {error}"),
///     });
/// }
/// assert_eq!(lines[..2], ["Lisbon.", "Madrid."]);
/// assert!(lines[2].starts_with("failed"));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[must_use = "nothing is asked before the batch is awaited or polled"]
pub struct Batch {
    agent: Agent,
    inputs: Vec<Vec<ContentBlock>>,
    concurrency: usize,
    /// Set by the first poll.
    results: Option<BoxStream<'static, Result<Answer, Error>>>,
}

impl Batch {
    pub(crate) fn new(agent: Agent, inputs: impl IntoIterator<Item: IntoContent>) -> Self {
        let inputs = inputs.into_iter().map(IntoContent::into_content).collect();
        Self { agent, inputs, concurrency: 8, results: None }
    }

    /// Sets how many turns may run at the same time. The default is 8; 0 is treated as 1.
    ///
    /// Call it before the batch is polled; afterwards it has no effect.
    pub fn concurrency(mut self, turns: usize) -> Self {
        self.concurrency = turns.max(1);
        self
    }
}

fn results(
    agent: Agent,
    inputs: Vec<Vec<ContentBlock>>,
    concurrency: usize,
) -> impl Stream<Item = Result<Answer, Error>> {
    async_stream::stream! {
        let count = inputs.len();
        let mut inputs = inputs.into_iter().enumerate();
        let mut running = FuturesUnordered::new();
        // Results that wait for those of earlier inputs.
        let mut early = BTreeMap::new();
        for next in 0..count {
            while !early.contains_key(&next) {
                for (index, input) in inputs.by_ref().take(concurrency - running.len()) {
                    let ask = agent.ask(input);
                    running.push(async move { (index, ask.await) });
                }
                let Some((index, result)) = running.next().await else { break };
                early.insert(index, result);
            }
            if let Some(result) = early.remove(&next) {
                yield result;
            }
        }
    }
}

impl Stream for Batch {
    type Item = Result<Answer, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let results = this.results.get_or_insert_with(|| {
            results(this.agent.clone(), mem::take(&mut this.inputs), this.concurrency).boxed()
        });
        results.poll_next_unpin(cx)
    }
}

impl IntoFuture for Batch {
    type Output = Vec<Result<Answer, Error>>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("agent", &self.agent)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
