//! The events that come once a block or once a message, read in the form that the service gives them.
//!
//! # Invariants
//! - What is read here is what serde would have read of the same payload. Whatever looks otherwise (white space, an
//!   unknown member, `null`, an escape in a name) is not read here but left to it.
//! - Members may stand in any order, and the last of two of one name counts.

use super::{
    BlockStart, ContentBlockStart, ContentBlockStop, MessageStart, MessageStop, StreamEvent, StreamMetadata,
    ToolUseStart,
    delta::{plain, string},
};
use crate::wire::{Metrics, RawJson, Role, StopReason, Usage};

/// The event called `event_type` in `payload`; `None` where it is to be read by serde.
pub(super) fn read(event_type: &[u8], payload: &[u8]) -> Option<StreamEvent> {
    let mut rest = Rest(payload);
    let event = match event_type {
        b"contentBlockStart" => block_start(&mut rest)?,
        b"contentBlockStop" => block_stop(&mut rest)?,
        b"messageStart" => message_start(&mut rest)?,
        b"messageStop" => message_stop(&mut rest)?,
        b"metadata" => metadata(&mut rest)?,
        _ => return None,
    };
    rest.0.is_empty().then_some(event)
}

fn block_start(rest: &mut Rest<'_>) -> Option<StreamEvent> {
    let (mut index, mut start) = (None, None);
    rest.members(|name, rest| {
        match name {
            b"contentBlockIndex" => index = Some(rest.index()?),
            b"start" => {
                rest.eat(br#"{"toolUse":"#)?;
                start = Some(tool_use_start(rest)?);
                rest.eat(b"}")?;
            }
            b"p" => rest.padding()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(StreamEvent::ContentBlockStart(ContentBlockStart::new(index?, BlockStart::ToolUse(start?))))
}

fn tool_use_start(rest: &mut Rest<'_>) -> Option<ToolUseStart> {
    let (mut id, mut tool) = (None, None);
    rest.members(|name, rest| {
        match name {
            b"toolUseId" => id = Some(rest.string()?),
            b"name" => tool = Some(rest.string()?),
            _ => return None,
        }
        Some(())
    })?;
    Some(ToolUseStart::new(id?, tool?))
}

fn block_stop(rest: &mut Rest<'_>) -> Option<StreamEvent> {
    let mut index = None;
    rest.members(|name, rest| {
        match name {
            b"contentBlockIndex" => index = Some(rest.index()?),
            b"p" => rest.padding()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(StreamEvent::ContentBlockStop(ContentBlockStop::new(index?)))
}

fn message_start(rest: &mut Rest<'_>) -> Option<StreamEvent> {
    let mut role = None;
    rest.members(|name, rest| {
        match name {
            b"role" => role = Some(Role::from(rest.text()?)),
            b"p" => rest.padding()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(StreamEvent::MessageStart(MessageStart::new(role?)))
}

fn message_stop(rest: &mut Rest<'_>) -> Option<StreamEvent> {
    let mut reason = None;
    rest.members(|name, rest| {
        match name {
            b"stopReason" => reason = Some(StopReason::from(rest.text()?)),
            b"p" => rest.padding()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(StreamEvent::MessageStop(MessageStop::new(reason?)))
}

fn metadata(rest: &mut Rest<'_>) -> Option<StreamEvent> {
    let mut metadata = Box::<StreamMetadata>::default();
    rest.members(|name, rest| {
        match name {
            b"metrics" => metadata.metrics = Some(metrics(rest)?),
            b"usage" => metadata.usage = Some(usage(rest)?),
            b"p" => rest.padding()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(StreamEvent::Metadata(metadata))
}

fn metrics(rest: &mut Rest<'_>) -> Option<Metrics> {
    let mut metrics = Metrics::default();
    rest.members(|name, rest| {
        match name {
            b"latencyMs" => metrics.latency_ms = Some(rest.number()?),
            _ => return None,
        }
        Some(())
    })?;
    Some(metrics)
}

fn usage(rest: &mut Rest<'_>) -> Option<Usage> {
    let mut usage = Usage::default();
    rest.members(|name, rest| {
        match name {
            b"inputTokens" => usage.input_tokens = rest.number()?,
            b"outputTokens" => usage.output_tokens = rest.number()?,
            b"totalTokens" => usage.total_tokens = rest.number()?,
            b"cacheReadInputTokens" => usage.cache_read_input_tokens = Some(rest.number()?),
            b"cacheWriteInputTokens" => usage.cache_write_input_tokens = Some(rest.number()?),
            // Comes with most answers, and has no place of its own.
            b"serverToolUsage" => {
                rest.eat(b"{}")?;
                usage.other.push("serverToolUsage".to_owned(), RawJson::empty_object());
            }
            _ => return None,
        }
        Some(())
    })?;
    Some(usage)
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn eat(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// An object; `value` reads the value of a member, or gives up.
    fn members(&mut self, mut value: impl FnMut(&[u8], &mut Self) -> Option<()>) -> Option<()> {
        self.eat(b"{")?;
        if self.eat(b"}").is_some() {
            return Some(());
        }
        loop {
            let name = self.text()?.as_bytes();
            self.eat(b":")?;
            value(name, self)?;
            match self.0.split_first()? {
                (b',', rest) => self.0 = rest,
                (b'}', rest) => {
                    self.0 = rest;
                    return Some(());
                }
                _ => return None,
            }
        }
    }

    /// A string without escapes.
    fn text(&mut self) -> Option<&'a str> {
        let text = self.0.strip_prefix(b"\"")?;
        let (text, rest) = text.split_at(plain(text));
        self.0 = rest.strip_prefix(b"\"")?;
        std::str::from_utf8(text).ok()
    }

    fn string(&mut self) -> Option<String> {
        let (text, rest) = string(self.0.strip_prefix(b"\"")?)?;
        self.0 = rest;
        Some(text)
    }

    fn padding(&mut self) -> Option<()> {
        self.text().map(drop)
    }

    /// A whole number of at most nineteen digits, so that it fits.
    fn number(&mut self) -> Option<u64> {
        let digits = self.0.iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = self.0.split_at(digits);
        if digits == 0 || digits == 20 || (digits > 1 && number[0] == b'0') {
            return None;
        }
        self.0 = rest;
        Some(number.iter().fold(0, |read, digit| read * 10 + u64::from(digit - b'0')))
    }

    fn index(&mut self) -> Option<u32> {
        self.number()?.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As serde reads it, then as it is read here.
    fn check(event_type: &str, payload: &[u8]) -> Option<StreamEvent> {
        fn of<T: serde::de::DeserializeOwned>(payload: &[u8]) -> T {
            serde_json::from_slice(payload).unwrap_or_else(|error| {
                panic!("{}: {error}", String::from_utf8_lossy(payload));
            })
        }
        let read = read(event_type.as_bytes(), payload)?;
        let by_serde = match event_type {
            "contentBlockStart" => StreamEvent::ContentBlockStart(of(payload)),
            "contentBlockStop" => StreamEvent::ContentBlockStop(of(payload)),
            "messageStart" => StreamEvent::MessageStart(of(payload)),
            "messageStop" => StreamEvent::MessageStop(of(payload)),
            _ => StreamEvent::Metadata(of(payload)),
        };
        assert_eq!(read, by_serde, "{}", String::from_utf8_lossy(payload));
        Some(read)
    }

    /// As the service and its recordings have them.
    const EVENTS: &[(&str, &str)] = &[
        ("messageStart", r#"{"p":"abcdefghij","role":"assistant"}"#),
        ("messageStart", r#"{"role":"assistant"}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"p":"abc","start":{"toolUse":{"name":"add","toolUseId":"tooluse_1x-Y"}}}"#,
        ),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"a\"b\\c"}},"p":""}"#,
        ),
        ("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcdefghijkl"}"#),
        ("messageStop", r#"{"p":"abcdefghijklmnopq","stopReason":"end_turn"}"#),
        ("messageStop", r#"{"stopReason":"a_reason_to_come"}"#),
        (
            "metadata",
            r#"{"metrics":{"latencyMs":532},"p":"abc","usage":{"inputTokens":12,"outputTokens":3,"totalTokens":15}}"#,
        ),
        (
            "metadata",
            r#"{"metrics":{"latencyMs":0},"p":"abc","usage":{"cacheReadInputTokens":5,"cacheWriteInputTokens":0,"inputTokens":1,"outputTokens":3,"serverToolUsage":{},"totalTokens":9}}"#,
        ),
        ("metadata", r#"{"usage":{},"metrics":{}}"#),
    ];

    #[test]
    fn what_the_service_sends_is_read() {
        for (event_type, payload) in EVENTS {
            assert!(check(event_type, payload.as_bytes()).is_some(), "{payload}");
        }
    }

    #[test]
    fn what_looks_otherwise_is_left_to_serde() {
        for (event_type, payload) in [
            ("messageStart", r#"{"role":null}"#),
            ("messageStart", r#"{"role":"assistant","q":1}"#),
            ("messageStart", r#"{"role":"\u0061ssistant"}"#),
            ("messageStart", r#"{"p":"abc"}"#),
            ("messageStart", r#"{"role":"assistant",}"#),
            ("messageStart", r#"{"role":"assistant"} "#),
            (
                "contentBlockStart",
                r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"a","toolUseId":"t","type":"x"}}}"#,
            ),
            (
                "contentBlockStart",
                r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"a","toolUseId":"t"},"image":1}}"#,
            ),
            ("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"a"}}}"#),
            (
                "contentBlockStart",
                r#"{"contentBlockIndex":4294967296,"start":{"toolUse":{"name":"a","toolUseId":"t"}}}"#,
            ),
            ("contentBlockStop", r#"{"contentBlockIndex":-1}"#),
            ("contentBlockStop", r#"{"contentBlockIndex":01}"#),
            ("contentBlockStop", r#"{"contentBlockIndex":1.0}"#),
            ("contentBlockStop", r#"{"contentBlockIndex":}"#),
            ("contentBlockStop", "{}"),
            ("messageStop", r#"{"stopReason":"end_turn","additionalModelResponseFields":{}}"#),
            ("metadata", r#"{"usage":{"inputTokens":12345678901234567890}}"#),
            ("metadata", r#"{"usage":{"serverToolUsage":{"a":1}}}"#),
            ("metadata", r#"{"usage":null}"#),
            ("metadata", r#"{"trace":{}}"#),
            ("contentBlockDelta", r#"{"contentBlockIndex":0}"#),
        ] {
            assert_eq!(read(event_type.as_bytes(), payload.as_bytes()), None, "{payload}");
        }
    }

    proptest! {
        /// Any event with bytes changed, taken out or doubled.
        #[test]
        fn as_serde_reads_it(
            at in 0..EVENTS.len(),
            changes in proptest::collection::vec(
                (any::<proptest::sample::Index>(), "[ -~]|[{}\\[\\]:,\"\\\\0-9a-z]", 0..3usize),
                0..3,
            ),
        ) {
            let (event_type, payload) = EVENTS[at];
            let mut payload = payload.as_bytes().to_vec();
            for (place, byte, how) in changes {
                let (place, byte) = (place.index(payload.len()), byte.as_bytes()[0]);
                match how {
                    0 => payload[place] = byte,
                    1 => drop(payload.remove(place)),
                    _ => payload.insert(place, byte),
                }
            }
            check(event_type, &payload);
        }
    }
}
