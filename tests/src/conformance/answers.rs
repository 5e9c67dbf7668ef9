//! What the service answered must come out of the client, however it is delivered; less than all of it never passes
//! for an answer.
//!
//! # Invariants
//! - The answer is what `expected.json` says. An answer without this file fails.
//! - Before `messageStop` is whole, a stream that ends is an error. After it the message is final, and only what
//!   metadata would have told is missing.

use std::collections::BTreeSet;

use outcrop_bedrock::Bedrock;
use outcrop_core::Request;
use outcrop_local::{Cut, Delivery, Local, Replay, Running};

use super::{
    Checked,
    call::{Outcome, call},
    case::{Case, Interaction},
    json::{Json, difference, upper_first},
};

/// How many cuts are spread over a body, at least.
const CUTS: usize = 56;
/// Every so manieth cut breaks the connection too.
const BREAKS: usize = 4;

pub(super) async fn check(case: &Case, interaction: &Interaction, request: Request, checked: &mut Checked) {
    let replay = match Replay::interaction(&case.folder, &interaction.number) {
        Ok(replay) => replay.repeating(),
        Err(error) => return checked.fail("replay", error),
    };
    let Some(mut wire) = Wire::start(interaction, replay.clone(), &request, checked).await else { return };
    if !interaction.is_success() {
        check_refusal(interaction, &mut wire, checked).await;
        if interaction.status() == 400 && interaction.error_type().is_none() {
            let replay = replay.assume_error_type();
            let Some(mut wire) = Wire::start(interaction, replay, &request, checked).await else { return };
            check_code(&wire.call(checked).await, Some("ValidationException"), checked);
        }
        return;
    }
    let first = wire.call(checked).await;
    wire.check_sent(&request, checked);
    let Some(expected) = &interaction.expected else {
        let (number, status) = (&interaction.number, interaction.status());
        let missing = format!("an answer of status {status} needs the file {number}-expected.json");
        return checked.fail("no expectation", missing);
    };
    let whole = Whole::of(expected);
    whole.compare("delivered as recorded", &first, checked);
    checked.is_compared = true;
    for (name, delivery) in deliveries(interaction) {
        let outcome = wire.deliver(delivery, None, checked).await;
        whole.compare(name, &outcome, checked);
    }
    check_cuts(interaction, &whole, &mut wire, checked).await;
}

/// The endpoint and a client of it.
struct Wire {
    running: Running,
    bedrock: Bedrock,
    request: Request,
    streams: bool,
}

impl Wire {
    async fn start(
        interaction: &Interaction,
        replay: Replay,
        request: &Request,
        checked: &mut Checked,
    ) -> Option<Self> {
        let running = match Local::replay(replay).start().await {
            Ok(running) => running,
            Err(error) => {
                checked.fail("endpoint", error);
                return None;
            }
        };
        let bedrock = Bedrock::builder(&*interaction.model_id)
            .region("us-east-1")
            .static_credentials("AKIDEXAMPLE", "secret", None)
            .endpoint_url(running.url())
            .max_attempts(1)
            .build()
            .await;
        match bedrock {
            Ok(bedrock) => {
                Some(Self { running, bedrock, request: request.clone(), streams: interaction.streams() })
            }
            Err(error) => {
                checked.fail("client", error);
                None
            }
        }
    }

    async fn call(&mut self, checked: &mut Checked) -> Outcome {
        checked.calls += 1;
        call(&self.bedrock, self.streams, &self.request).await
    }

    async fn deliver(&mut self, delivery: Delivery, cut: Option<Cut>, checked: &mut Checked) -> Outcome {
        self.running.take_requests();
        self.running.deliver(delivery, cut);
        self.call(checked).await
    }

    /// The endpoint must have got our bytes, at the right place.
    fn check_sent(&self, request: &Request, checked: &mut Checked) {
        let received = self.running.requests();
        let [sent] = &received[..] else {
            return checked.fail("sent", format!("{} requests arrived, not one", received.len()));
        };
        match request.to_json_bytes() {
            Ok(bytes) if bytes == sent.body => {}
            Ok(_) => checked.fail("sent", "the body is not the request's own bytes"),
            Err(error) => checked.fail("sent", error),
        }
        if sent.model_id != self.bedrock.model_id() {
            checked.fail("sent", format!("the model id arrived as {:?}", sent.model_id));
        }
    }
}

async fn check_refusal(interaction: &Interaction, wire: &mut Wire, checked: &mut Checked) {
    let outcome = wire.call(checked).await;
    let Outcome::Failed { error, .. } = &outcome else {
        return checked.fail("refusal", format!("{} in place of an error", outcome.in_words()));
    };
    if error.status() != Some(interaction.status()) {
        checked.fail("refusal", format!("status {:?}, expected {}", error.status(), interaction.status()));
    }
    check_code(&outcome, interaction.error_type().as_deref(), checked);
    let body = Json::parse(interaction.body()).unwrap_or(Json::Null);
    let message = ["message", "Message"].iter().find_map(|key| body.get(key)?.as_str());
    if error.message() != message {
        checked.fail("refusal", format!("message {:?}, expected {message:?}", error.message()));
    }
    check_request_id(interaction, error.request_id(), checked);
}

fn check_code(outcome: &Outcome, expected: Option<&str>, checked: &mut Checked) {
    match outcome {
        Outcome::Failed { error, .. } if error.code() == expected => {}
        Outcome::Failed { error, .. } => {
            checked.fail("refusal", format!("code {:?}, expected {expected:?}", error.code()));
        }
        other => checked.fail("refusal", format!("{} in place of an error", other.in_words())),
    }
}

fn check_request_id(interaction: &Interaction, id: Option<&str>, checked: &mut Checked) {
    let recorded = interaction.header("x-amzn-requestid");
    if recorded.is_some() && id != recorded {
        checked.fail("request id", format!("{id:?}, expected {recorded:?}"));
    }
}

fn deliveries(interaction: &Interaction) -> Vec<(&'static str, Delivery)> {
    let mut deliveries = vec![
        ("in one piece", Delivery::Whole),
        ("in single bytes", Delivery::Bytes(1)),
        ("in pieces of 97 bytes", Delivery::Bytes(97)),
        ("in frames", Delivery::Frames),
    ];
    let recorded = interaction.meta.chunk_sizes.clone();
    deliveries.extend(recorded.map(|sizes| ("in the recorded chunks", Delivery::Sizes(sizes))));
    deliveries
}

/// What must come out of the whole body.
enum Whole {
    Answer(Json),
    /// A stream that an exception ends.
    Exception {
        kind: Option<String>,
        message: Option<String>,
        before: Json,
    },
}

impl Whole {
    fn of(expected: &Json) -> Self {
        let text = |json: &Json, key| json.get(key).and_then(Json::as_str).map(str::to_owned);
        match expected.get("error") {
            Some(error) if *error != Json::Null => Self::Exception {
                kind: text(error, "type"),
                message: text(error, "message"),
                before: expected.get("message").cloned().unwrap_or(Json::Null),
            },
            _ => Self::Answer(expected.clone()),
        }
    }

    fn compare(&self, check: &str, outcome: &Outcome, checked: &mut Checked) {
        match (self, outcome) {
            (Self::Answer(expected), Outcome::Answer(answer)) => {
                if let Some(difference) = difference(answer, expected) {
                    checked.fail(check, difference);
                }
            }
            (Self::Exception { kind, message, before }, Outcome::Failed { error, before: came }) => {
                let Some(service) = error.as_service() else {
                    return checked.fail(check, format!("the error `{error}` in place of the exception"));
                };
                if service.exception_type != *kind {
                    checked.fail(check, format!("exception {:?}, expected {kind:?}", service.exception_type));
                }
                let code = kind.as_deref().map(upper_first);
                if error.code() != code.as_deref() {
                    checked.fail(check, format!("code {:?}, expected {code:?}", error.code()));
                }
                if error.message() != message.as_deref() {
                    checked.fail(check, format!("message {:?}, expected {message:?}", error.message()));
                }
                if let Some(difference) = difference(came, before) {
                    checked.fail(check, format!("before the exception: {difference}"));
                }
            }
            (_, outcome) => checked.fail(check, format!("unexpectedly {}", outcome.in_words())),
        }
    }
}

/// What a body means that ends somewhere.
enum Rest {
    /// No answer.
    Error,
    /// The answer without what metadata tell.
    WithoutMetadata,
    /// All that the whole body gives.
    All,
    /// An error, or all: the body is no stream whose frames tell.
    ErrorOrAll,
}

/// Where in a stream its meaning changes.
struct Landmarks {
    /// Ends of frames.
    ends: Vec<usize>,
    stop: Option<usize>,
    metadata: Option<usize>,
    exception: Option<usize>,
}

impl Landmarks {
    fn of(interaction: &Interaction) -> Option<Self> {
        if !interaction.streams() {
            return None;
        }
        let frames = interaction.frames()?;
        let end_of = |header: &str, kind: Option<&str>| {
            let named = |value: Option<&str>| value.is_some() && (kind.is_none() || value == kind);
            frames.iter().find(|(frame, _)| named(frame.header_str(header))).map(|(_, end)| *end)
        };
        Some(Self {
            stop: end_of(":event-type", Some("messageStop")),
            metadata: end_of(":event-type", Some("metadata")),
            exception: end_of(":exception-type", None).or(end_of(":error-code", None)),
            ends: frames.iter().map(|(_, end)| *end).collect(),
        })
    }

    fn rest(&self, length: usize) -> Rest {
        let has = |end: Option<usize>| end.is_some_and(|end| end <= length);
        match (has(self.exception), has(self.stop), has(self.metadata)) {
            (true, ..) | (_, true, true) => Rest::All,
            (false, true, false) if self.metadata.is_none() => Rest::All,
            (false, true, false) => Rest::WithoutMetadata,
            (false, false, _) => Rest::Error,
        }
    }
}

async fn check_cuts(interaction: &Interaction, whole: &Whole, wire: &mut Wire, checked: &mut Checked) {
    let length = interaction.body().len();
    let landmarks = Landmarks::of(interaction);
    let mut cuts: BTreeSet<usize> = (0..CUTS).map(|at| at * length / CUTS).collect();
    if let Some(landmarks) = &landmarks {
        let last = landmarks.ends.len().saturating_sub(6);
        let near = landmarks.ends[last..].iter().chain(landmarks.ends.first());
        cuts.extend(near.flat_map(|end| [end.saturating_sub(1), *end, end + 1]));
    } else {
        cuts.insert(length.saturating_sub(1));
    }
    cuts.retain(|cut| *cut < length);
    for (at, length) in cuts.into_iter().enumerate() {
        let rest = landmarks.as_ref().map_or(Rest::ErrorOrAll, |landmarks| landmarks.rest(length));
        let delivery = if at % 2 == 0 { Delivery::Frames } else { Delivery::Whole };
        let outcome = wire.deliver(delivery.clone(), Some(Cut::End(length)), checked).await;
        compare_cut(&format!("ended after byte {length}"), &rest, whole, &outcome, checked);
        if at % BREAKS == 0 {
            let outcome = wire.deliver(delivery, Some(Cut::Break(length)), checked).await;
            compare_cut(&format!("broken after byte {length}"), &rest, whole, &outcome, checked);
        }
    }
}

fn compare_cut(check: &str, rest: &Rest, whole: &Whole, outcome: &Outcome, checked: &mut Checked) {
    match (rest, whole, outcome) {
        (Rest::Error | Rest::ErrorOrAll, _, Outcome::Failed { .. }) => {}
        (Rest::Error, _, outcome) => {
            checked.fail(check, format!("{} in place of an error", outcome.in_words()));
        }
        (Rest::WithoutMetadata, Whole::Answer(expected), Outcome::Answer(_)) => {
            Whole::Answer(without_metadata(expected)).compare(check, outcome, checked);
        }
        (Rest::All | Rest::ErrorOrAll | Rest::WithoutMetadata, whole, outcome) => {
            whole.compare(check, outcome, checked);
        }
    }
}

/// What is known at `messageStop`.
fn without_metadata(expected: &Json) -> Json {
    let known = ["message", "stopReason", "additionalModelResponseFields"];
    let members = expected.as_object().into_iter().flatten();
    let kept = members.filter(|(key, _)| known.contains(&key.as_str()));
    Json::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
}
