//! What the model says: bodies of ConverseStream, made once, and what a reader must have seen of them.
//!
//! # Invariants
//! - The same options make the same bytes, so that both processes know what is sent.
//! - Events look as the service's: members sorted, padding `p` of 2 to 61 characters, no start of a text block.

use outcrop_core::wire::Frame;
use serde_json::{Value, json};

use crate::Failure;

/// The tool that scripts call.
pub(crate) const TOOL: &str = "write_file";
/// Bytes of a delta, as Claude's are.
const DELTA_BYTES: usize = 12;
const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Which answers are played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Script {
    /// One answer: one call with a long input.
    Tool,
    /// One answer: one long text.
    Text,
    /// Three answers: a text and a call, two calls, a text.
    Turn,
}

impl Script {
    pub(crate) const ALL: [Self; 3] = [Self::Tool, Self::Text, Self::Turn];

    /// Its name in the address of an endpoint.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Text => "text",
            Self::Turn => "turn",
        }
    }

    /// The answers, step by step; the long ones have `deltas` deltas.
    pub(crate) fn answers(self, deltas: usize) -> Result<Vec<Answer>, Failure> {
        match self {
            Self::Tool => {
                let answer = Answer::begin()?.call("tooluse_1", &file(deltas * DELTA_BYTES))?;
                Ok(vec![answer.end("tool_use")?])
            }
            Self::Text => Ok(vec![Answer::begin()?.text(&prose(deltas * DELTA_BYTES))?.end("end_turn")?]),
            Self::Turn => Ok(vec![
                Answer::begin()?.text(&prose(96))?.call("tooluse_1", &file(200))?.end("tool_use")?,
                Answer::begin()?
                    .call("tooluse_2", &file(160))?
                    .call("tooluse_3", &file(160))?
                    .end("tool_use")?,
                Answer::begin()?.text(&prose(360))?.end("end_turn")?,
            ]),
        }
    }
}

/// One answer in the making, or whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    /// Its frames as they stand on the wire.
    pub(crate) frames: Vec<Vec<u8>>,
    /// What it says: how much, its text, and its calls, each with id and input.
    pub(crate) said: Said,
    pub(crate) text: String,
    pub(crate) calls: Vec<(&'static str, Value)>,
    block: u32,
    padding: u64,
}

/// How much was said, or seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// Bytes of text.
    pub(crate) text: usize,
    /// Bytes of JSON in the inputs of calls.
    pub(crate) input: usize,
    /// Bytes of `content` in these inputs, decoded: what a reader of live values is shown in the end.
    pub(crate) content: usize,
}

/// Wire events of `answers`, and what they say.
pub(crate) fn sum(answers: &[Answer]) -> (usize, Said) {
    let mut said = Said::default();
    answers.iter().for_each(|answer| said += answer.said);
    (answers.iter().map(|answer| answer.frames.len()).sum(), said)
}

impl std::ops::AddAssign for Said {
    fn add_assign(&mut self, other: Self) {
        self.text += other.text;
        self.input += other.input;
        self.content += other.content;
    }
}

impl Answer {
    fn begin() -> Result<Self, Failure> {
        let mut answer = Self::default();
        answer.event("messageStart", json!({ "role": "assistant" }))?;
        Ok(answer)
    }

    fn text(mut self, text: &str) -> Result<Self, Failure> {
        self.text.push_str(text);
        for part in pieces(text) {
            self.said.text += part.len();
            self.delta(json!({ "text": part }))?;
        }
        self.stop()
    }

    fn call(mut self, id: &'static str, input: &Value) -> Result<Self, Failure> {
        self.said.content += input["content"].as_str().map_or(0, str::len);
        self.calls.push((id, input.clone()));
        let start = json!({ "toolUse": { "name": TOOL, "toolUseId": id } });
        self.event("contentBlockStart", json!({ "contentBlockIndex": self.block, "start": start }))?;
        for part in pieces(&input.to_string()) {
            self.said.input += part.len();
            self.delta(json!({ "toolUse": { "input": part } }))?;
        }
        self.stop()
    }

    fn delta(&mut self, delta: Value) -> Result<(), Failure> {
        self.event("contentBlockDelta", json!({ "contentBlockIndex": self.block, "delta": delta }))
    }

    fn stop(mut self) -> Result<Self, Failure> {
        self.event("contentBlockStop", json!({ "contentBlockIndex": self.block }))?;
        self.block += 1;
        Ok(self)
    }

    fn end(mut self, stop_reason: &str) -> Result<Self, Failure> {
        self.event("messageStop", json!({ "stopReason": stop_reason }))?;
        let usage = json!({ "inputTokens": 812, "outputTokens": 2048, "totalTokens": 2860 });
        self.event("metadata", json!({ "metrics": { "latencyMs": 1200 }, "usage": usage }))?;
        Ok(self)
    }

    fn event(&mut self, name: &str, mut payload: Value) -> Result<(), Failure> {
        // SplitMix64: lengths are spread like the service's, and the same at each run.
        self.padding = self.padding.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.padding ^ (self.padding >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        payload["p"] = Value::from(&ALPHABET[..2 + usize::try_from((mixed ^ (mixed >> 31)) % 60)?]);
        let mut bytes = Vec::new();
        Frame::event(name, payload.to_string()).encode(&mut bytes)?;
        self.frames.push(bytes);
        Ok(())
    }
}

/// The input of a call: a path, and a file of about so many bytes.
fn file(bytes: usize) -> Value {
    let mut content = String::new();
    for line in 1.. {
        if content.len() >= bytes {
            break;
        }
        content.push_str(&format!("    let row_{line} = table.row(\"São Tomé\", {});\n", line * 37 % 1000));
    }
    json!({ "path": "src/rows.rs", "content": content })
}

/// A text of about so many bytes.
fn prose(bytes: usize) -> String {
    let words = ["The", "rain", "in", "São", "Tomé", "stays", "mainly", "on", "the", "hills."];
    let mut text = String::new();
    for word in words.iter().cycle() {
        if text.len() >= bytes {
            break;
        }
        text.push_str(word);
        text.push(' ');
    }
    text
}

/// `text` in pieces of a delta's size.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.ceil_char_boundary(DELTA_BYTES.min(rest.len()));
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use outcrop_core::{ContentBlock, StreamEvent, wire::{Assembler, FrameDecoder}};

    use super::*;

    /// Every answer, read back by the codec that clients use.
    #[test]
    fn answers_say_what_they_claim() {
        for script in Script::ALL {
            for answer in script.answers(50).unwrap() {
                let (mut decoder, mut assembler, mut events) = (FrameDecoder::default(), Assembler::new(), 0);
                decoder.push(&answer.frames.concat());
                while let Some(frame) = decoder.next_frame().unwrap() {
                    assembler.push(StreamEvent::from_frame(&frame).unwrap()).unwrap();
                    events += 1;
                }
                let message = assembler.finish().unwrap().message;
                let mut said = Said { text: message.text().len(), ..Said::default() };
                for call in message.tool_uses() {
                    let input: Value = serde_json::from_str(call.input.as_str()).unwrap();
                    said.input += call.input.as_str().len();
                    said.content += input["content"].as_str().unwrap().len();
                }
                assert_eq!((events, said), (answer.frames.len(), answer.said), "{script:?}");
                let blocks = usize::from(!answer.text.is_empty()) + answer.calls.len();
                assert_eq!(message.content.len(), blocks);
                assert!(!message.content.iter().any(|block| matches!(block, ContentBlock::Unknown(_))));
            }
        }
    }

    #[test]
    fn pieces_are_small_and_whole() {
        let text = prose(1_000);
        assert_eq!(pieces(&text).collect::<String>(), text);
        assert!(pieces(&text).all(|piece| (1..=DELTA_BYTES + 1).contains(&piece.len())));
    }
}
