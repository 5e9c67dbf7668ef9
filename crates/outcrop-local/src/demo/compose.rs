//! Composes an answer of thinking, text and tool calls, with signatures and ids.
//!
//! # Invariants
//! - Every signature covers the exact blocks before it.
//! - Ids are derived from the request: the same request gets the same ids, any other request different ones.

use base64::{Engine, engine::general_purpose::STANDARD};
use outcrop_core::{
    ContentBlock, RawJson, Request, ToolUse, Usage,
    wire::{ReasoningContent, ReasoningText},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    calls::{Call, decide, facts},
    cite::citations,
    fill::{Sources, fill},
    results::{self, Results},
    shape::{Limited, Piece, Shaped, limit},
    talk,
    think::{Thinking, thought},
    view::View,
};
use crate::{
    Answer,
    signing::{Place, redact, sign},
};

/// Words in a prompt that make the thinking redacted.
const REDACTED: &str = "redacted thinking";

/// An answer with its output tokens and its number of blocks.
pub(super) struct Composed {
    pub(super) answer: Answer,
    pub(super) output_tokens: u64,
    pub(super) blocks: u32,
}

/// Composes the answer to a request. `body` is the request as it came.
pub(super) fn compose(view: &View<'_>, model_id: &str, body: &Value, seed: u64) -> Composed {
    let digest = digest(view.request, model_id, seed);
    let prompt = view.prompt();
    let calls = decide(view, &prompt);
    let thinking = Thinking::of(view);
    let mut pieces = Vec::new();
    if thinking != Thinking::Off {
        let thought = thought(view, &prompt, &calls);
        let hidden = matches!(thinking, Thinking::Signed { .. }) && prompt.to_lowercase().contains(REDACTED);
        match hidden {
            // The service likes to send two in a row.
            true => pieces.extend([Piece::Redacted(thought), Piece::Redacted("and more".to_owned())]),
            false => pieces.push(Piece::Thinking(thought)),
        }
    }
    match calls.is_empty() {
        true => pieces.extend(said(view, &prompt)),
        false => {
            pieces.extend(announced(view, &calls).map(Piece::Text));
            pieces.extend(calls.into_iter().map(Piece::Call));
        }
    }
    let seed = u64::from_be_bytes(digest.first_chunk().copied().unwrap_or_default());
    sealed(view, model_id, body, &digest, thinking, limit(view, pieces, seed))
}

/// The texts of an answer without calls.
fn said(view: &View<'_>, prompt: &str) -> Vec<Piece> {
    let done = view.done();
    if let Some(schema) = &view.text_schema {
        let results = Results::of(&done);
        let facts = facts(prompt, &results, "");
        let value = fill(schema, Sources { facts: &facts, results: &results.values, member: 0 }).value;
        return vec![Piece::Text(value.to_string())];
    }
    if done.iter().any(|done| done.result.is_some()) {
        return vec![Piece::Text(results::answer(&done))];
    }
    let cited = citations(view, prompt);
    if cited.is_empty() {
        return vec![Piece::Text(talk::answer(view, prompt))];
    }
    let mut pieces = vec![Piece::Text("The demo model found this: ".to_owned())];
    for (index, part) in cited.into_iter().enumerate() {
        if index > 0 {
            pieces.push(Piece::Text(" And: ".to_owned()));
        }
        pieces.push(Piece::Cited(part));
    }
    pieces
}

/// The text before calls, unless the calls were forced or the family does not mix text and calls.
fn announced(view: &View<'_>, calls: &[Call]) -> Option<String> {
    if view.choice != super::view::Choice::Auto || !view.profile.messages.mixes_tool_uses {
        return None;
    }
    let mut names: Vec<&str> = Vec::new();
    for call in calls {
        if !names.contains(&call.name.as_str()) {
            names.push(&call.name);
        }
    }
    let text = format!("The demo model calls {}.", names.join(" and "));
    // The first Nova models think aloud.
    let aloud = view.profile.family == "amazon-nova" && !view.bare_id.starts_with("amazon.nova-2");
    Some(if aloud { format!("<thinking> {text} </thinking>\n") } else { text })
}

/// Adds signatures and ids.
fn sealed(
    view: &View<'_>,
    model_id: &str,
    body: &Value,
    digest: &[u8],
    thinking: Thinking,
    limited: Limited,
) -> Composed {
    let mut place = Place::after(body);
    let mut answer = Answer::new();
    let mut blocks = 0;
    for (index, piece) in limited.pieces.into_iter().enumerate() {
        let (block, fragments): (ContentBlock, Option<Vec<String>>) = match piece {
            Shaped::Thinking(text) => {
                let text = if thinking == (Thinking::Signed { shown: false }) { String::new() } else { text };
                let mut reasoning = ReasoningText::new(text);
                if matches!(thinking, Thinking::Signed { .. }) {
                    reasoning.signature = Some(sign(model_id, &place, &reasoning.text));
                }
                (ReasoningContent::ReasoningText(reasoning).into(), None)
            }
            Shaped::Redacted(text) => {
                let blob = STANDARD.decode(redact(model_id, &place, &text)).unwrap_or_default();
                (ReasoningContent::RedactedContent(blob.into()).into(), None)
            }
            Shaped::Text(text) => (text.into(), None),
            Shaped::Cited(cited) => (cited.into(), None),
            Shaped::Call { name, input, fragments } => {
                let mut tool_use = ToolUse::new(tool_use_id(digest, index), name, input);
                tool_use.kind = kind_of_calls(view, &tool_use.name);
                (tool_use.into(), Some(fragments).filter(|_| view.streams))
            }
        };
        place.push("assistant", &serde_json::to_value(&block).unwrap_or_default());
        answer = answer.block(block);
        if let Some(fragments) = fragments {
            answer = answer.fragments(fragments);
        }
        blocks += 1;
    }
    let asks = view.request.additional_model_response_field_paths.iter().any(|path| path == "/stop_sequence");
    if asks {
        let fields = json!({ "stop_sequence": limited.stop_sequence });
        answer = answer.additional_model_response_fields(RawJson::from(fields));
    }
    let answer = answer.stop_reason(limited.stop_reason);
    Composed { answer, output_tokens: limited.output_tokens, blocks }
}

/// The `type` of a call: sent by Nova 2, and by Claude for strict tools.
fn kind_of_calls(view: &View<'_>, name: &str) -> Option<String> {
    let strict = view.profile.family == "anthropic" && view.tool(name).is_some_and(|tool| tool.strict);
    (strict || view.bare_id.starts_with("amazon.nova-2")).then(|| "tool_use".to_owned())
}

fn digest(request: &Request, model_id: &str, seed: u64) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(seed.to_be_bytes());
    digest.update((model_id.len() as u64).to_be_bytes());
    digest.update(model_id);
    digest.update(request.to_json_bytes().unwrap_or_default());
    digest.finalize().to_vec()
}

/// `tooluse_` and 22 letters and digits.
fn tool_use_id(digest: &[u8], index: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut own = Sha256::new();
    own.update(digest);
    own.update((index as u64).to_be_bytes());
    let letters = own
        .finalize()
        .iter()
        .take(22)
        .map(|byte| char::from(LETTERS[usize::from(*byte) % 62]))
        .collect::<String>();
    format!("tooluse_{letters}")
}

/// Adds the output tokens to the usage of the input.
pub(super) fn total(mut usage: Usage, output_tokens: u64) -> Usage {
    usage.output_tokens = output_tokens;
    usage.total_tokens = usage.all_input_tokens().saturating_add(output_tokens);
    usage
}
