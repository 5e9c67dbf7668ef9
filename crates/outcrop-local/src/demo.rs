//! The demo model: a stand-in that reads the request and answers by simple rules, so that an agent can be tried
//! and tested without a model.
//!
//! It knows nothing and understands little: words that overlap, schemas, numbers and names found in the prompt.
//! What it keeps to exactly is the form: what a real model's answer can hold comes as the service sends it.
//!
//! # Invariants
//! - The same request gets the same content, whatever came before; only the cache figures of `usage` remember.
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
mod mend;
mod pattern;
mod results;
mod schema;
mod shape;
mod talk;
mod think;
mod view;
mod words;

/// A stand-in for a model: it reads the request for real and answers by simple, repeatable rules.
///
/// | it does | how |
/// |---|---|
/// | calls tools | where words of the prompt meet a tool's name, description, properties or enum values; several at once; `toolChoice`, `tool_choice` `none` and `disable_parallel_tool_use` are honoured |
/// | fills inputs | from the JSON Schema, with the prompt's numbers, names, dates and quoted texts; valid wherever it can |
/// | answers results | quotes them; mends a failed call twice at most; takes ids from them for a further tool |
/// | thinks | where the request or the model's default says so, signed for Claude ids; "redacted thinking" in a prompt redacts it |
/// | writes JSON | for `outputConfig.textFormat`, valid for the schema |
/// | cites | documents and search results with citations enabled, for Claude ids |
/// | stops | at stop sequences and at `maxTokens` |
/// | remembers | what the messages say: "my name is …" |
/// | says, counts, tells, reckons | "Reply with …", "Count to 20", "300 words", "2 + 3 * 4" |
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
/// Refuse what the rules refuse; then `Demo::answer` gives an [`Answer`] which goes the way of a script's answer
/// (`Answer::reply`), so that delays, delivery and faults work on it as on any other. `Demo::count_tokens` answers
/// CountTokens. `now` is the time since the endpoint began; the prompt cache lives by it. One `Demo` is one cache:
/// share it between calls, it locks itself for a moment only.
#[derive(Debug, Default)]
pub struct Demo {
    seed: u64,
    delay_before: Duration,
    delay_between: Duration,
    cache: Mutex<Cache>,
}

impl Demo {
    /// With seed 0 and without delays.
    pub fn new() -> Self {
        Self::default()
    }

    /// Other ids and other cuts of fragments for the same requests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// How long the first event takes, or the whole answer without a stream.
    #[must_use]
    pub fn delay_before(mut self, delay_before: Duration) -> Self {
        self.delay_before = delay_before;
        self
    }

    /// How long each further event takes.
    #[must_use]
    pub fn delay_between(mut self, delay_between: Duration) -> Self {
        self.delay_between = delay_between;
        self
    }

    /// The answer to a Converse call, without HTTP. `now` only has to grow from call to call.
    pub fn respond(&self, model_id: &str, request: &Request, now: Duration) -> Response {
        self.answer(model_id, Operation::Converse, &bytes(request), request, now)
            .response(Usage::default(), Metrics::default())
    }

    /// The events of a ConverseStream call, without HTTP.
    pub fn respond_stream(&self, model_id: &str, request: &Request, now: Duration) -> Vec<StreamEvent> {
        let answer = self.answer(model_id, Operation::ConverseStream, &bytes(request), request, now);
        let response = answer.response(Usage::default(), Metrics::default());
        // Every block that it makes can be streamed.
        answer.events(response).unwrap_or_default()
    }

    /// What the model says to `request`; `operation` decides between a stream's forms and those of a whole answer.
    ///
    /// `body` is what `request` was read from: signatures are bound to it as it came.
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

    /// How many tokens the request has by the demo model's own estimate, the same as in `usage`.
    pub(crate) fn count_tokens(&self, request: &Request) -> u64 {
        cache::input_tokens(request)
    }

    /// 200 ms, 1 ms for each 100 tokens of input that were not read from the cache, 12 ms for each of output, and
    /// the delays.
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
