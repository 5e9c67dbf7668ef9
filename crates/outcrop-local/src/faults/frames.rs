//! Faults on the events of a stream.
//!
//! # Invariants
//! - A stream that is no sequence of whole frames (a recording of a damaged one) is left as it is.
//! - Frames that no fault names leave byte for byte as they came; pauses stay with their events.

use std::time::Duration;

use outcrop_core::wire::{Frame, FrameDecoder};
use serde_json::{Value, json};

use super::{Fault, Kind, error};
use crate::{delivery::frame_ends, reply::Reply, wire};

/// Of the events that are added.
const PADDING: &str = "abcdefghijklm";

/// One event with what belongs to it.
struct Piece {
    frame: Frame,
    pause: Duration,
    damage: Option<Damage>,
}

/// The place in a frame whose byte is turned over.
#[derive(Clone, Copy)]
enum Damage {
    PreludeCrc,
    MessageCrc,
}

pub(super) fn put_into(faults: &[Fault], reply: &mut Reply) {
    if !reply.is_stream() || !faults.iter().any(|fault| is_on_events(&fault.kind)) {
        return;
    }
    let Some(mut pieces) = read(reply) else { return };
    for fault in faults {
        apply(&fault.kind, &mut pieces);
    }
    write(&pieces, reply);
}

fn is_on_events(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Error { .. }
            | Kind::Html(_)
            | Kind::Json
            | Kind::End(_)
            | Kind::Break(_)
            | Kind::Delivery(_)
            | Kind::Drip(_)
            | Kind::Delay(_)
    )
}

fn read(reply: &Reply) -> Option<Vec<Piece>> {
    let ends = frame_ends(&reply.body);
    if ends.last().copied().unwrap_or(0) != reply.body.len() {
        return None;
    }
    let mut decoder = FrameDecoder::default();
    decoder.push(&reply.body);
    let mut start = 0;
    ends.into_iter()
        .map(|end| {
            let frame = decoder.next_frame().ok().flatten()?;
            let pauses = reply.pauses.iter().filter(|(offset, _)| (start..end).contains(offset));
            let pause = pauses.map(|(_, pause)| *pause).sum();
            start = end;
            Some(Piece { frame, pause, damage: None })
        })
        .collect()
}

fn write(pieces: &[Piece], reply: &mut Reply) {
    let mut body = Vec::new();
    reply.pauses.clear();
    for piece in pieces {
        let start = body.len();
        if !piece.pause.is_zero() {
            reply.pauses.push((start, piece.pause));
        }
        // It was read or is small: it can be written.
        if piece.frame.encode(&mut body).is_err() {
            continue;
        }
        let turned = match piece.damage {
            None => continue,
            Some(Damage::PreludeCrc) => start + 8,
            Some(Damage::MessageCrc) => body.len() - 1,
        };
        body[turned] ^= 0xff;
    }
    reply.body = body.into();
}

impl Piece {
    fn new(frame: Frame) -> Self {
        Self { frame, pause: Duration::ZERO, damage: None }
    }

    fn is(&self, event_type: &str) -> bool {
        self.frame.header_str(":event-type") == Some(event_type)
    }

    fn payload(&self) -> Value {
        serde_json::from_slice(&self.frame.payload).unwrap_or_default()
    }

    fn set_payload(&mut self, payload: &Value) {
        self.frame.payload = payload.to_string().into();
    }

    /// Which block it speaks of.
    fn block(&self) -> Option<u64> {
        self.payload().get("contentBlockIndex")?.as_u64()
    }
}

fn apply(kind: &Kind, pieces: &mut Vec<Piece>) {
    match kind {
        Kind::Exception { name, after } => {
            pieces.truncate(*after);
            pieces.push(Piece::new(wire::exception_frame(name, error::exception_message(name))));
        }
        Kind::ErrorFrame { code, after } => {
            pieces.truncate(*after);
            let frame = Frame::new("").with_header(":message-type", "error");
            let frame = frame.with_header(":error-code", code.clone());
            pieces.push(Piece::new(frame.with_header(":error-message", "An error on demand.")));
        }
        Kind::Silence(after) => pieces.truncate(*after),
        Kind::PreludeCrc(nth) => damage(pieces, *nth, Damage::PreludeCrc),
        Kind::MessageCrc(nth) => damage(pieces, *nth, Damage::MessageCrc),
        Kind::Duplicate(nth) => {
            if let Some(piece) = pieces.get(*nth - 1) {
                let again = Piece::new(piece.frame.clone());
                pieces.insert(*nth, again);
            }
        }
        Kind::Swap(nth) if *nth < pieces.len() => pieces.swap(*nth - 1, *nth),
        Kind::BadInput => change_inputs(pieces, bare_word),
        Kind::CutInput => change_inputs(pieces, |input| input[..floor(input, input.len() / 2)].to_owned()),
        Kind::NoMetadata => pieces.retain(|piece| !piece.is("metadata")),
        Kind::NoMessageStop => pieces.retain(|piece| !piece.is("messageStop")),
        Kind::NoBlockStop(index) => pieces.retain(|piece| {
            let named = index.is_none_or(|index| piece.block() == Some(index.into()));
            !(piece.is("contentBlockStop") && named)
        }),
        Kind::UnknownEvent(after) => {
            let payload =
                json!({ "contentBlockIndex": block_at(pieces, *after), "outcrop": {}, "p": PADDING });
            insert(pieces, *after, "outcropUnknown", &payload);
        }
        Kind::UnknownDelta(after) => {
            let delta = json!({ "outcropUnknown": {} });
            let payload =
                json!({ "contentBlockIndex": block_at(pieces, *after), "delta": delta, "p": PADDING });
            insert(pieces, *after, "contentBlockDelta", &payload);
        }
        Kind::UnknownStopReason => {
            for piece in pieces.iter_mut().filter(|piece| piece.is("messageStop")) {
                let mut payload = piece.payload();
                payload["stopReason"] = "outcrop_unknown".into();
                piece.set_payload(&payload);
            }
        }
        _ => {}
    }
}

fn damage(pieces: &mut [Piece], nth: usize, damage: Damage) {
    if let Some(piece) = pieces.get_mut(nth - 1) {
        piece.damage = Some(damage);
    }
}

/// The block that the event before this place speaks of, else the first.
fn block_at(pieces: &[Piece], after: usize) -> u64 {
    pieces.iter().take(after).rev().find_map(Piece::block).unwrap_or(0)
}

fn insert(pieces: &mut Vec<Piece>, after: usize, event_type: &str, payload: &Value) {
    let frame = Frame::event(event_type, payload.to_string());
    pieces.insert(after.min(pieces.len()), Piece::new(frame));
}

const INPUT: &str = "/delta/toolUse/input";

/// Rewrites the inputs of all tools, each in the fragments in which it came, as far as there is text for them.
fn change_inputs(pieces: &mut [Piece], change: impl Fn(&str) -> String) {
    let mut fragments: Vec<(u64, usize, String)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let payload = piece.payload();
        if let (Some(block), Some(text)) = (piece.block(), payload.pointer(INPUT).and_then(Value::as_str)) {
            fragments.push((block, at, text.to_owned()));
        }
    }
    fragments.sort_by_key(|(block, at, _)| (*block, *at));
    for block in fragments.chunk_by(|one, next| one.0 == next.0) {
        let whole: String = block.iter().map(|(_, _, text)| text.as_str()).collect();
        let changed = change(&whole);
        let mut rest = changed.as_str();
        for (count, (_, at, text)) in block.iter().enumerate() {
            let is_last = count + 1 == block.len();
            let end = if is_last { rest.len() } else { floor(rest, text.len()) };
            let (part, after) = rest.split_at(end);
            rest = after;
            let mut payload = pieces[*at].payload();
            if let Some(input) = payload.pointer_mut(INPUT) {
                *input = part.into();
                pieces[*at].set_payload(&payload);
            }
        }
    }
}

/// The first text value loses its quotes; an input without one becomes a bare word altogether.
fn bare_word(input: &str) -> String {
    let value = input.split_once(':').and_then(|(key, value)| {
        let quoted = value.trim_start();
        let text = quoted.strip_prefix('"')?;
        let (word, after) = text.split_once('"')?;
        let space = &value[..value.len() - quoted.len()];
        Some(format!("{key}:{space}{word}{after}"))
    });
    value.unwrap_or_else(|| "outcrop".to_owned())
}

/// The largest boundary between letters that is no larger than `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_become_bare_words() {
        assert_eq!(bare_word(r#"{"city": "Lisbon","days":2}"#), r#"{"city": Lisbon,"days":2}"#);
        assert_eq!(bare_word(r#"{"days":2}"#), "outcrop");
        assert_eq!(bare_word(""), "outcrop");
        assert_eq!(floor("aé", 2), 1);
        assert_eq!(floor("aé", 9), 3);
    }
}
