//! Playing a script: each call takes the next answer.
//!
//! # Invariants
//! - The same calls in the same order get the same bytes, request ids included.

use std::{sync::Mutex, time::Duration};

use outcrop_core::{Usage, wire::Metrics};

use super::{Answer, Fault, Script};
use crate::{
    faults,
    received::{Call, Operation},
    reply::Reply,
    server::Asked,
    wire::{self, Padding},
};

/// A script and how far it is.
#[derive(Debug)]
pub(crate) struct Player {
    script: Script,
    next: Mutex<usize>,
}

impl Player {
    pub(crate) fn new(script: Script) -> Self {
        Self { script, next: Mutex::new(0) }
    }

    pub(crate) fn reply(&self, call: &Call, asked: &Asked) -> Reply {
        match asked {
            Asked::Answer(_) => self.next_answer(call),
            Asked::Count { counted, .. } => {
                let input_tokens = self.script.count_tokens.unwrap_or_else(|| quarter(counted.as_str()));
                Reply::json(200, serde_json::json!({ "inputTokens": input_tokens }).to_string())
            }
        }
    }

    fn next_answer(&self, call: &Call) -> Reply {
        let index = {
            let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let index = *next;
            *next = index.saturating_add(1);
            index
        };
        match self.script.answers.get(index) {
            Some(answer) => answer.reply(index, call),
            None => Reply::error(
                400,
                "ValidationException",
                &format!(
                    "The script is at its end: it has {} answers, all given.",
                    self.script.answers.len()
                ),
            ),
        }
    }
}

impl Answer {
    /// What goes out for `call`; `index` is this answer's place in the script.
    pub(crate) fn reply(&self, index: usize, call: &Call) -> Reply {
        let streams = call.operation == Operation::ConverseStream;
        let mut reply = match (&self.error, &self.exception) {
            (Some((status, fault)), _) => fault.reply(*status),
            (None, Some((_, fault))) if !streams => fault.reply(wire::status_of(&fault.error_type)),
            _ if streams => self.stream(index, call),
            _ => self.whole(call),
        };
        if !self.delay_before.is_zero() {
            reply.pauses.insert(0, (0, self.delay_before));
        }
        reply.delivery = self.delivery.clone();
        reply.cut = self.cut;
        // `Script::check` read them before.
        let faults: Vec<_> = self.faults.iter().filter_map(|spec| spec.parse().ok()).collect();
        match faults::in_place(&faults, call.operation) {
            Some(instead) => faults::put_into(&faults, instead),
            None => faults::put_into(&faults, reply),
        }
    }

    fn whole(&self, call: &Call) -> Reply {
        if self.message().tool_uses().any(|tool_use| !tool_use.input.is_object()) {
            // The service gives a parsed input, so this one cannot be given.
            let message = "Model produced invalid sequence as part of ToolUse. Please refer to the model tool use \
                           troubleshooting guide.";
            return Reply::error(424, "ModelErrorException", message);
        }
        let response = self.response(self.estimate(call), metrics(self.delay_before));
        match wire::to_json(&response) {
            Ok(body) => Reply::json(200, body),
            Err(error) => unwritable(&error),
        }
    }

    fn stream(&self, index: usize, call: &Call) -> Reply {
        let blocks = u32::try_from(self.content.len()).unwrap_or(u32::MAX);
        let took = self.delay_before.saturating_add(self.delay_between.saturating_mul(blocks));
        let events = match self.events(self.response(self.estimate(call), metrics(took))) {
            Ok(events) => events,
            // `Script::check` ran before; nothing is known to come here.
            Err((_, reason)) => return Reply::error(500, "InternalServerException", &reason),
        };
        let mut padding = Padding::new(index as u64);
        let mut frames: Vec<_> =
            events.iter().filter_map(|event| wire::event_frame(event, &mut padding)).collect();
        if let Some((after, fault)) = &self.exception {
            frames.truncate(*after);
            frames.push(wire::exception_frame(&fault.error_type, &fault.message));
        }
        let mut body = Vec::new();
        let mut pauses = Vec::new();
        for frame in &frames {
            if !body.is_empty() && !self.delay_between.is_zero() {
                pauses.push((body.len(), self.delay_between));
            }
            if let Err(error) = frame.encode(&mut body) {
                return Reply::error(
                    500,
                    "InternalServerException",
                    &format!("An event cannot be sent: {error}."),
                );
            }
        }
        let mut reply = Reply::stream(body);
        reply.pauses = pauses;
        reply
    }

    fn estimate(&self, call: &Call) -> Usage {
        let content = serde_json::to_string(&self.message().content).unwrap_or_default();
        let mut usage = Usage::default();
        usage.input_tokens = quarter(&String::from_utf8_lossy(&call.body));
        usage.output_tokens = quarter(&content);
        usage.total_tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        usage
    }
}

impl Fault {
    fn reply(&self, status: u16) -> Reply {
        let mut letters = self.error_type.chars();
        let upper = letters.next().map(|first| first.to_ascii_uppercase());
        let name: String = upper.into_iter().chain(letters).collect();
        Reply::error(status, &name, &self.message)
    }
}

/// Four characters to a token, as the estimate that everybody makes.
fn quarter(json: &str) -> u64 {
    json.chars().count().div_ceil(4) as u64
}

fn metrics(took: Duration) -> Metrics {
    Metrics::default().latency_ms(u64::try_from(took.as_millis()).unwrap_or(u64::MAX))
}

fn unwritable(error: &serde_json::Error) -> Reply {
    Reply::error(500, "InternalServerException", &format!("The answer cannot be written: {error}."))
}
