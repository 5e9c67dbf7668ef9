//! The demo model: a stand-in that answers by simple rules, so that a client can be tried and tested without a model.
//!
//! It matches words and fills schemas; it does not understand language. What it reproduces exactly is the form of the
//! service's answers: blocks, events, stop reasons, signatures, usage.
//!
//! # Invariants
//! - The same request gets the same content, whatever came before; only the cache figures of `usage` depend on it.
//! - It never panics, and time and memory are bounded by the size of the request.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use outcrop_core::{Request, Response, StreamEvent, Usage, wire::Metrics};
use serde_json::Value;

use crate::{
    Answer, Operation,
    cache::{self, Cache},
};

mod calls;
mod cite;
mod compose;
mod facts;
mod fill;
mod pattern;
mod results;
mod schema;
mod shape;
mod talk;
mod think;
mod view;
mod words;

/// A stand-in for a model that answers each request by simple, repeatable rules.
///
/// | it | how |
/// |---|---|
/// | calls tools | if a word of the prompt is in the tool's name, or else in its description; several at once; obeys `toolChoice`, `tool_choice` `none` and `disable_parallel_tool_use` |
/// | fills inputs | from the JSON Schema, with names, numbers, codes and quoted texts of the prompt; valid for the schema wherever it can |
/// | answers results | quotes them; repeats a failed call once; takes ids from them for a further tool |
/// | thinks | if the request or the model's default says so, signed for Claude ids; "redacted thinking" in a prompt redacts it |
/// | writes JSON | for `outputConfig.textFormat`, valid for the schema |
/// | cites | documents and search results with citations enabled, for Claude ids |
/// | stops | at stop sequences and at `maxTokens` |
/// | answers text | "Reply with: pong" by that text, "Count to 20" by the numbers, all else by a sentence that quotes it |
///
/// ```
/// use outcrop_core::{Message, Request};
/// use outcrop_local::Demo;
/// use std::time::Duration;
///
/// let request = Request::new().messages([Message::user("Reply with: pong")]);
/// let response = Demo::new().respond("us.anthropic.claude-sonnet-4-6", &request, Duration::ZERO);
/// assert_eq!(response.message().unwrap().text(), "pong");
/// ```
///
/// # For the endpoint
/// The rules come first; then `Demo::answer` gives an [`Answer`] that is sent like a script's answer (`Answer::reply`), so
/// that delays, delivery and faults apply to it. `Demo::count_tokens` answers CountTokens. `now` is the time since the
/// endpoint started, by which the prompt cache expires. One `Demo` is one cache: share it between calls.
#[derive(Debug, Default)]
pub struct Demo {
    seed: u64,
    delay_before: Duration,
    delay_between: Duration,
    cache: Mutex<Cache>,
}

impl Demo {
    /// Creates a demo model with seed 0 and without delays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the seed, which changes ids and fragments. The default is 0.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the delay before the first event, or before an answer without a stream. The default is none.
    #[must_use]
    pub fn delay_before(mut self, delay_before: Duration) -> Self {
        self.delay_before = delay_before;
        self
    }

    /// Sets the delay before each further event. The default is none.
    #[must_use]
    pub fn delay_between(mut self, delay_between: Duration) -> Self {
        self.delay_between = delay_between;
        self
    }

    /// Answers a Converse call, without HTTP. `now` must not decrease from call to call.
    pub fn respond(&self, model_id: &str, request: &Request, now: Duration) -> Response {
        self.answer(model_id, Operation::Converse, &bytes(request), request, now)
            .response(Usage::default(), Metrics::default())
    }

    /// Answers a ConverseStream call with its events, without HTTP.
    pub fn respond_stream(&self, model_id: &str, request: &Request, now: Duration) -> Vec<StreamEvent> {
        let answer = self.answer(model_id, Operation::ConverseStream, &bytes(request), request, now);
        let response = answer.response(Usage::default(), Metrics::default());
        // Every block that it makes can be streamed.
        answer.events(response).unwrap_or_default()
    }

    /// Answers `request`, in the form that `operation` needs.
    ///
    /// `body` is the JSON of `request` as it was received; signatures cover it.
    pub(crate) fn answer(
        &self,
        model_id: &str,
        operation: Operation,
        body: &[u8],
        request: &Request,
        now: Duration,
    ) -> Answer {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let view = view::View::of(model_id, operation, request);
        let composed = compose::compose(&view, model_id, &body, self.seed);
        let input = self.cache.lock().unwrap_or_else(PoisonError::into_inner).account(model_id, request, now);
        let latency = self.latency(&input, composed.output_tokens, composed.blocks);
        let usage = compose::total(input, composed.output_tokens);
        composed
            .answer
            .usage(usage)
            .metrics(Metrics::default().latency_ms(latency))
            .delay_before(self.delay_before)
            .delay_between(self.delay_between)
    }

    /// Estimates the tokens of a request, as in `usage`.
    pub(crate) fn count_tokens(&self, request: &Request) -> u64 {
        cache::input_tokens(request)
    }

    /// 200 ms, plus 1 ms for each 100 input tokens that were not read from the cache, 12 ms for each output token, and the
    /// delays.
    fn latency(&self, input: &Usage, output_tokens: u64, blocks: u32) -> u64 {
        let fresh = input.all_input_tokens().saturating_sub(input.cache_read_input_tokens.unwrap_or(0));
        let delays = self.delay_before.saturating_add(self.delay_between.saturating_mul(blocks));
        let delays = u64::try_from(delays.as_millis()).unwrap_or(u64::MAX);
        (200 + fresh / 100 + output_tokens.saturating_mul(12)).saturating_add(delays)
    }
}

fn bytes(request: &Request) -> Vec<u8> {
    request.to_json_bytes().unwrap_or_default()
}
