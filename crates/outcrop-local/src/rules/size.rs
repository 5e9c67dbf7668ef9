//! How much fits.
//!
//! The service counts tokens; here they are estimated, and low: five letters, digits or signs each, whatever
//! stands between them, and nothing for media.

use serde_json::Value;

use super::{Refusal, Verdict, read::Asked};
use crate::OverflowMessage;

/// The service's limit for a request.
const MAX_BYTES: usize = 20_000_000;

pub(super) fn output_tokens(asked: &Asked<'_>) -> Verdict {
    // A beta lets some models write more.
    let more = asked.has_beta("output-") || asked.has_beta("max-tokens-");
    match (asked.max_tokens(), asked.profile.limits.max_output_tokens) {
        (Some(wanted), Some(most)) if wanted > most && !more => Err(Refusal::validation(format!(
            "The maximum tokens you requested exceeds the model limit of {most}. \
             Try again with a maximum tokens value that is lower than {most}."
        ))),
        _ => Ok(()),
    }
}

pub(super) fn media_count(asked: &Asked<'_>) -> Verdict {
    let count = |kind: &str| {
        let all = asked.blocks().flat_map(|(_, _, block)| std::iter::once(block).chain(block.items()));
        all.filter(|block| block.kind == kind).count()
    };
    let (images, documents) = (count("image"), count("document"));
    match asked.endpoint.max_media {
        Some(most) if images + documents > most as usize => Err(Refusal::by_model(format!(
            "messages: too many images and documents: {images} + {documents} > {most}"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn window(asked: &Asked<'_>) -> Verdict {
    if asked.length > MAX_BYTES {
        return Err(Refusal::validation("Input is too long for requested model."));
    }
    let Some(window) = asked.profile.limits.context_window else { return Ok(()) };
    let window = if asked.has_beta("context-1m") { window.max(1_000_000) } else { window };
    let tokens = ["system", "messages", "toolConfig"]
        .iter()
        .filter_map(|member| asked.body.get(member))
        .map(marks)
        .sum::<u64>()
        / 5;
    if tokens > window {
        let words = match asked.endpoint.overflow {
            OverflowMessage::PromptTooLong => {
                return Err(Refusal::by_model(format!(
                    "prompt is too long: {tokens} tokens > {window} maximum"
                )));
            }
            OverflowMessage::InputTokensExceeded => {
                return Err(Refusal::by_model(
                    "Input Tokens Exceeded: Number of input tokens exceeds maximum length. \
                     Please update the input to try again.",
                ));
            }
            OverflowMessage::MaximumContextLength => {
                // Guess: all behind the first half.
                return Err(Refusal::by_model(format!(
                    "This model's maximum context length is {window} tokens. However, your messages resulted \
                     in {tokens} tokens. Please reduce the length of the messages."
                )));
            }
            _ => "Input is too long for requested model.",
        };
        return Err(Refusal::validation(words));
    }
    match asked.max_tokens() {
        Some(wanted) if asked.endpoint.output_in_window && tokens.saturating_add(wanted) > window => {
            // Guess: all behind the colon.
            Err(Refusal::by_model(format!(
                "input length and `max_tokens` exceed context limit: {tokens} + {wanted} > {window}, \
                 decrease input length or `max_tokens` and try again"
            )))
        }
        _ => Ok(()),
    }
}

/// What is no white space, media left out.
fn marks(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.chars().filter(|letter| !letter.is_whitespace()).count() as u64,
        Value::Array(items) => items.iter().map(marks).sum(),
        Value::Object(members) => members
            .iter()
            .filter(|(key, _)| *key != "bytes")
            .map(|(key, value)| key.len() as u64 + marks(value))
            .sum(),
        _ => 1,
    }
}
