//! Exchanges shown to people, on stderr.
//!
//! # Invariants
//! - One line for each exchange, written when its answer has ended or its client has left.
//! - Headers are never shown, and so no credentials; control characters are escaped; what is shown of a body is
//!   bounded.
//! - A stderr that cannot be written to changes nothing.

use std::{fmt::Write as _, io::Write as _, time::Instant};

use bytes::Bytes;
use outcrop_core::{Usage, wire::FrameDecoder};
use serde::Deserialize;

use crate::{Progress, reply::Reply, wire::ERROR_TYPE};

/// How much of each exchange is shown on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Log {
    /// Nothing.
    #[default]
    Off,
    /// A line: operation, model, status, duration, and stop reason with usage, or the error; for a stream, how many
    /// events it has.
    Short,
    /// The line, then the first 16 KiB of both bodies.
    Full,
}

/// As much of a body is shown.
const SHOWN_BYTES: usize = 16 * 1024;

/// What is known of an exchange when its answer begins.
#[derive(Debug)]
pub(crate) struct Entry {
    started: Instant,
    /// Of the line, what stands before the duration.
    head: String,
    /// And what stands after it.
    tail: String,
    bodies: String,
}

impl Entry {
    /// `what` is operation and model; `faults` are those that were put in.
    pub(crate) fn new(
        log: Log,
        started: Instant,
        what: &str,
        request: &Bytes,
        reply: &Reply,
        faults: &str,
    ) -> Option<Self> {
        if log == Log::Off {
            return None;
        }
        let seen = Seen::of(reply);
        let mut tail = seen.describe();
        if !faults.is_empty() {
            // A String takes everything.
            let _ = write!(tail, " fault={}", shown(faults));
        }
        let bodies = match log {
            Log::Full => format!("  > {}\n{}", body(request), seen.body(reply)),
            _ => String::new(),
        };
        Some(Self { started, head: format!("{} {}", shown(what), reply.status), tail, bodies })
    }

    /// Writes it, now that the answer has ended.
    pub(crate) fn write(self, progress: Progress) {
        let left = if progress == Progress::Abandoned { " (the client left)" } else { "" };
        let Self { started, head, tail, bodies } = self;
        let took = started.elapsed().as_millis();
        // All at once, so that exchanges do not mix.
        let _ = std::io::stderr().write_all(format!("{head} {took}ms{tail}{left}\n{bodies}").as_bytes());
    }
}

/// What an answer says about itself.
#[derive(Default)]
struct Seen {
    events: Option<usize>,
    frames: Vec<(String, Bytes)>,
    stop_reason: Option<String>,
    usage: Option<Usage>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    stop_reason: Option<String>,
    usage: Option<Usage>,
    message: Option<String>,
}

impl Seen {
    fn of(reply: &Reply) -> Self {
        let mut seen = Self::default();
        if !reply.is_stream() {
            let kind = reply.header(ERROR_TYPE).and_then(|kind| kind.split(':').next());
            seen.read(&reply.body, (reply.status >= 400).then_some(kind.unwrap_or("error")));
            return seen;
        }
        let mut decoder = FrameDecoder::default();
        decoder.push(&reply.body);
        while let Ok(Some(frame)) = decoder.next_frame() {
            let event = frame.header_str(":event-type");
            let exception = frame.header_str(":exception-type").or_else(|| frame.header_str(":error-code"));
            match event {
                Some("messageStop" | "metadata") | None => seen.read(&frame.payload, exception),
                Some(_) => {}
            }
            let kind = event.or(exception).unwrap_or("?").to_owned();
            seen.frames.push((kind, frame.payload));
        }
        seen.events = Some(seen.frames.len());
        seen
    }

    fn read(&mut self, json: &[u8], error: Option<&str>) {
        let told: Option<Told> = serde_json::from_slice(json).ok();
        if let Some(kind) = error {
            let message = told.and_then(|told| told.message).unwrap_or_default();
            self.error = Some(format!("{kind}: {message}"));
            return;
        }
        if let Some(told) = told {
            self.stop_reason = told.stop_reason.or(self.stop_reason.take());
            self.usage = told.usage.or(self.usage.take());
        }
    }

    fn describe(&self) -> String {
        let mut text = String::new();
        if let Some(stop_reason) = &self.stop_reason {
            let _ = write!(text, " {}", shown(stop_reason));
        }
        if let Some(usage) = &self.usage {
            let _ = write!(text, " in={} out={}", usage.input_tokens, usage.output_tokens);
            let (read, written) = (usage.cache_read_input_tokens, usage.cache_write_input_tokens);
            if read.is_some() || written.is_some() {
                let _ = write!(text, " cache={}r/{}w", read.unwrap_or(0), written.unwrap_or(0));
            }
        }
        if let Some(events) = self.events {
            let _ = write!(text, " events={events}");
        }
        if let Some(error) = &self.error {
            let _ = write!(text, " {}", shown(error));
        }
        text
    }

    fn body(&self, reply: &Reply) -> String {
        if self.events.is_none() {
            return format!("  < {}\n", body(&reply.body));
        }
        let mut text = String::new();
        for (kind, payload) in &self.frames {
            if text.len() > SHOWN_BYTES {
                text.push_str("  < …\n");
                break;
            }
            let _ = writeln!(text, "  < {kind} {}", body(payload));
        }
        text
    }
}

fn body(bytes: &Bytes) -> String {
    let cut = bytes.len() > SHOWN_BYTES;
    let text = shown(&String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN_BYTES)]));
    if cut { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

/// The text with its control characters escaped: a terminal obeys some of them.
fn shown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() { safe.extend(letter.escape_default()) } else { safe.push(letter) }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire;

    fn check(reply: &Reply, expected: &str) {
        let entry = Entry::new(Log::Full, Instant::now(), "converse m\u{1b}", &Bytes::from("{}"), reply, "");
        let entry = entry.unwrap();
        assert_eq!(format!("{}{}\n{}", entry.head, entry.tail, entry.bodies), expected);
    }

    #[test]
    fn answers_are_described() {
        check(
            &Reply::json(200, r#"{"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"cacheReadInputTokens":4}}"#.to_owned()),
            "converse m\\u{1b} 200 end_turn in=1 out=2 cache=4r/0w\n  > {}\n  < {\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":1,\"outputTokens\":2,\"totalTokens\":3,\"cacheReadInputTokens\":4}}\n",
        );
        check(
            &Reply::error(400, "ValidationException", "No."),
            "converse m\\u{1b} 400 ValidationException: No.\n  > {}\n  < {\"message\":\"No.\"}\n",
        );
        let mut stream = Vec::new();
        wire::exception_frame("ThrottlingException", "Wait.").encode(&mut stream).unwrap();
        check(
            &Reply::stream(stream),
            "converse m\\u{1b} 200 events=1 throttlingException: Wait.\n  > {}\n  < throttlingException {\"message\":\"Wait.\"}\n",
        );
        assert!(body(&Bytes::from(vec![b'a'; 20_000])).ends_with("a… (20000 bytes)"));
    }
}
