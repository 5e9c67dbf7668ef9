//! Cuts an answer to the limits of the request and fragments it as the model family does.
//!
//! # Tokens
//! Four characters of thinking, text, tool names and inputs are a token. An answer never has more than `maxTokens`.
//!
//! # Invariants
//! - Pieces keep their order; the piece in which a limit is reached is the last.
//! - A text ends right before its first stop sequence. Thinking and inputs are not searched for stop sequences.
//! - An input is cut anywhere with fine-grained streaming, else between its members, since the service drops an unfinished
//!   member. Without a stream it is always an object.

use outcrop_core::{
    StopReason,
    wire::{CitationsContent, InputText},
};
use serde_json::{Map, Value};

use super::{calls::Call, view::View};
use crate::cache::CHARS_PER_TOKEN;

/// One piece of an answer.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Thinking(String),
    Redacted(String),
    Text(String),
    Cited(CitationsContent),
    Call(Call),
}

/// A piece that is ready to be sent.
#[derive(Clone, Debug)]
pub(super) enum Shaped {
    Thinking(String),
    Redacted(String),
    Text(String),
    Cited(CitationsContent),
    Call { name: String, input: InputText, fragments: Vec<String> },
}

/// An answer within its limits.
pub(super) struct Limited {
    pub(super) pieces: Vec<Shaped>,
    pub(super) stop_reason: StopReason,
    pub(super) stop_sequence: Option<String>,
    pub(super) output_tokens: u64,
}

/// Cuts `pieces` to the limits; `seed` decides where fine-grained fragments are cut.
pub(super) fn limit(view: &View<'_>, pieces: Vec<Piece>, seed: u64) -> Limited {
    let most = view
        .max_tokens()
        .map_or(usize::MAX, |tokens| usize::try_from(tokens * CHARS_PER_TOKEN).unwrap_or(usize::MAX));
    let mut left = most;
    let mut shaped = Vec::new();
    let mut stopped = None;
    let mut stop_sequence = None;
    for (index, piece) in pieces.into_iter().enumerate() {
        if stopped.is_some() {
            break;
        }
        let before = left;
        let mut text_of = |text: String| {
            let (text, found) = until_stop(text, view.stop_sequences());
            let (text, whole) = up_to(text, &mut left);
            if !whole {
                stopped = Some(StopReason::MaxTokens);
            } else if let Some(found) = found {
                stopped = Some(StopReason::StopSequence);
                stop_sequence = Some(found);
            }
            text
        };
        match piece {
            Piece::Text(text) => {
                let text = text_of(text);
                if !text.is_empty() {
                    shaped.push(Shaped::Text(text));
                }
            }
            Piece::Cited(mut cited) => {
                let text = cited.content.first_mut().and_then(|part| part.text.as_mut());
                let text = text.map(|text| {
                    *text = text_of(std::mem::take(text));
                    text.is_empty()
                });
                if text == Some(false) {
                    shaped.push(Shaped::Cited(cited));
                }
            }
            Piece::Thinking(text) | Piece::Redacted(text) if before == 0 => drop(text),
            Piece::Thinking(text) => {
                let (text, whole) = up_to(text, &mut left);
                stopped = (!whole).then_some(StopReason::MaxTokens);
                shaped.push(Shaped::Thinking(text));
            }
            Piece::Redacted(text) => {
                let (text, whole) = up_to(text, &mut left);
                stopped = (!whole).then_some(StopReason::MaxTokens);
                shaped.push(Shaped::Redacted(text));
            }
            Piece::Call(call) => match shape_call(view, call, &mut left, seed.wrapping_add(index as u64)) {
                Some((call, whole)) => {
                    stopped = (!whole).then_some(StopReason::MaxTokens);
                    shaped.push(call);
                }
                None => stopped = Some(StopReason::MaxTokens),
            },
        }
        if before == 0 && stopped.is_none() {
            stopped = Some(StopReason::MaxTokens);
        }
    }
    let calls = shaped.iter().any(|piece| matches!(piece, Shaped::Call { .. }));
    let done = if calls { StopReason::ToolUse } else { StopReason::EndTurn };
    let output_tokens = ((most - left) as u64).div_ceil(CHARS_PER_TOKEN).max(1);
    Limited { pieces: shaped, stop_reason: stopped.unwrap_or(done), stop_sequence, output_tokens }
}

/// The text before the first stop sequence, and which one it was.
fn until_stop(mut text: String, sequences: &[String]) -> (String, Option<String>) {
    let found = sequences.iter().filter(|sequence| !sequence.is_empty());
    let found = found
        .filter_map(|sequence| Some((text.find(sequence.as_str())?, sequence)))
        .min_by_key(|(at, _)| *at);
    match found {
        Some((at, sequence)) => {
            text.truncate(at);
            (text, Some(sequence.clone()))
        }
        None => (text, None),
    }
}

/// As much of the text as `left` characters allow, which are used up; whether that is all of it.
fn up_to(mut text: String, left: &mut usize) -> (String, bool) {
    match text.char_indices().nth(*left) {
        Some((end, _)) => {
            text.truncate(end);
            *left = 0;
            (text, false)
        }
        None => {
            *left -= text.chars().count();
            (text, true)
        }
    }
}

/// `None` if not even the name fits.
fn shape_call(view: &View<'_>, call: Call, left: &mut usize, seed: u64) -> Option<(Shaped, bool)> {
    *left = left.checked_sub(call.name.chars().count()).filter(|left| *left > 1).or_else(|| {
        *left = 0;
        None
    })?;
    let whole = call.input.to_string();
    let length = whole.chars().count();
    let claude = view.profile.family == "anthropic";
    let fits = length <= *left;
    let name = call.name;
    if view.streams && view.fine_grained {
        let (text, fits) = up_to(whole, left);
        let fragments = fine(&text, seed);
        return Some((Shaped::Call { name, input: text.into(), fragments }, fits));
    }
    let members = call.input.as_object().cloned().unwrap_or_default();
    let (members, fits) = if fits { (members, true) } else { (whole_members(members, *left), false) };
    let text = Value::Object(members.clone()).to_string();
    *left = if fits { *left - length } else { 0 };
    let fragments = match claude {
        // Claude's empty input is no text at all.
        true if members.is_empty() && view.streams => vec![String::new()],
        true => bursts(&members),
        false => vec![text.clone()],
    };
    let input = if view.streams { fragments.concat() } else { text };
    Some((Shaped::Call { name, input: input.into(), fragments }, fits))
}

/// The members that are complete before the limit.
fn whole_members(members: Map<String, Value>, left: usize) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in members {
        kept.insert(name.clone(), value);
        if Value::Object(kept.clone()).to_string().chars().count() > left {
            kept.shift_remove(&name);
            break;
        }
    }
    kept
}

/// An empty fragment, then each member whole, then the end.
fn bursts(members: &Map<String, Value>) -> Vec<String> {
    let mut fragments = vec![String::new()];
    for (index, (name, value)) in members.iter().enumerate() {
        let lead = if index == 0 { "{" } else { "," };
        fragments.push(format!("{lead}{}:{value}", Value::from(name.as_str())));
    }
    fragments.push(if members.is_empty() { "{}".to_owned() } else { "}".to_owned() });
    fragments
}

/// An empty fragment, then one to seven characters each.
fn fine(text: &str, seed: u64) -> Vec<String> {
    let mut fragments = vec![String::new()];
    let mut state = seed;
    let mut left = 0;
    for letter in text.chars() {
        if left == 0 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            left = 1 + (state >> 33) % 7;
            fragments.push(String::new());
        }
        left -= 1;
        if let Some(last) = fragments.last_mut() {
            last.push(letter);
        }
    }
    fragments
}
