//! The deltas that come by the thousand (text, tool input, reasoning), read in the form that the service gives them.
//!
//! # Invariants
//! - What is read here is what serde would have read of the same payload. Whatever looks otherwise (white space,
//!   another order, an unknown member, `null`, an escape with `\u`) is not read here but left to it.
//! - Each byte is looked at a fixed number of times.

use super::{BlockDelta, ContentBlockDelta, ReasoningContentDelta, ToolUseDelta};

/// The delta in `payload`; `None` where it is to be read by serde.
pub(super) fn read(payload: &[u8]) -> Option<ContentBlockDelta> {
    let rest = payload.strip_prefix(br#"{"contentBlockIndex":"#)?;
    let (index, rest) = index(rest)?;
    let rest = rest.strip_prefix(br#","delta":{""#)?;
    let (delta, rest) = if let Some(rest) = rest.strip_prefix(br#"toolUse":{"input":""#) {
        let (input, rest) = string(rest)?;
        (BlockDelta::ToolUse(ToolUseDelta::new(input)), rest.strip_prefix(b"}")?)
    } else if let Some(rest) = rest.strip_prefix(br#"text":""#) {
        let (text, rest) = string(rest)?;
        (BlockDelta::Text(text), rest)
    } else if let Some(rest) = rest.strip_prefix(br#"reasoningContent":{"text":""#) {
        let (text, rest) = string(rest)?;
        (BlockDelta::ReasoningContent(ReasoningContentDelta::Text(text)), rest.strip_prefix(b"}")?)
    } else {
        return None;
    };
    let rest = rest.strip_prefix(b"}")?;
    let rest = match rest.strip_prefix(br#","p":""#) {
        Some(padding) => padding[plain(padding)..].strip_prefix(b"\"")?,
        None => rest,
    };
    (rest == b"}").then(|| ContentBlockDelta::new(index, delta))
}

/// A number of at most nine digits, so that it fits.
fn index(text: &[u8]) -> Option<(u32, &[u8])> {
    let digits = text.iter().take(10).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at(digits);
    match number {
        [] | [b'0', _, ..] | [_, _, _, _, _, _, _, _, _, _, ..] => None,
        number => Some((number.iter().fold(0, |read, digit| read * 10 + u32::from(digit - b'0')), rest)),
    }
}

/// The string that `text` begins with, its opening quote gone, and what comes after it.
pub(super) fn string(text: &[u8]) -> Option<(String, &[u8])> {
    let (piece, mut rest) = text.split_at(plain(text));
    let piece = std::str::from_utf8(piece).ok()?;
    if let [b'"', rest @ ..] = rest {
        return Some((piece.to_owned(), rest));
    }
    // Fragments are short: this much holds most of what comes after an escape.
    let mut read = String::with_capacity(piece.len() + 16);
    read.push_str(piece);
    loop {
        let (escaped, after) = match rest {
            [b'"', rest @ ..] => return Some((read, rest)),
            [b'\\', b'"', rest @ ..] => ('"', rest),
            [b'\\', b'\\', rest @ ..] => ('\\', rest),
            [b'\\', b'/', rest @ ..] => ('/', rest),
            [b'\\', b'n', rest @ ..] => ('\n', rest),
            [b'\\', b't', rest @ ..] => ('\t', rest),
            [b'\\', b'r', rest @ ..] => ('\r', rest),
            _ => return None,
        };
        read.push(escaped);
        let (piece, after) = after.split_at(plain(after));
        read.push_str(std::str::from_utf8(piece).ok()?);
        rest = after;
    }
}

/// How many bytes stand before the first quote, backslash or control character.
pub(super) fn plain(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);
    // Eight bytes at a time. The lowest top bit that is set in what this gives is that of the first byte that is 0;
    // those above it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & TOPS;
    let (words, tail) = text.as_chunks();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let controls = word.wrapping_sub(ONES * 0x20) & !word & TOPS;
        let ends =
            controls | zeros(word ^ (ONES * u64::from(b'"'))) | zeros(word ^ (ONES * u64::from(b'\\')));
        if ends != 0 {
            return at * 8 + ends.trailing_zeros() as usize / 8;
        }
    }
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | ..0x20);
    text.len() - tail.len() + tail.iter().position(ends).unwrap_or(tail.len())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::wire::StreamEvent;

    /// As serde reads it, then as it is read here.
    fn check(payload: &[u8]) -> Option<ContentBlockDelta> {
        let read = read(payload);
        if let Some(read) = &read {
            let by_serde: ContentBlockDelta = serde_json::from_slice(payload).unwrap();
            assert_eq!(*read, by_serde, "{}", String::from_utf8_lossy(payload));
            assert!(!matches!(by_serde.delta, BlockDelta::Unknown(_)));
            let frame = crate::wire::Frame::event("contentBlockDelta", payload.to_vec());
            assert_eq!(StreamEvent::from_frame(&frame).unwrap(), StreamEvent::ContentBlockDelta(by_serde));
        }
        read
    }

    #[test]
    fn what_the_service_sends_is_read() {
        for payload in [
            r#"{"contentBlockIndex":0,"delta":{"text":""},"p":"abcdefghijklmnopqrstuvwxyz01234"}"#,
            r#"{"contentBlockIndex":12,"delta":{"text":"São\tTomé"},"p":""}"#,
            r#"{"contentBlockIndex":999999999,"delta":{"reasoningContent":{"text":"Hm. \\ \/ \r\n"}},"p":"ab"}"#,
            r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\": [1, 2"}},"p":"abc"}"#,
            r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":""}}}"#,
        ] {
            assert!(check(payload.as_bytes()).is_some(), "{payload}");
        }
    }

    #[test]
    fn what_looks_otherwise_is_left_to_serde() {
        for payload in [
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"q":"abc"}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":"abc","q":1}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"},"p":null}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a","b":1}}"#,
            r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"a","b":1}}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":null}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"\u0041"}}"#,
            r#"{"contentBlockIndex":0, "delta":{"text":"a"}}"#,
            r#"{"delta":{"text":"a"},"contentBlockIndex":0}"#,
            r#"{"contentBlockIndex":00,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":4294967295,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":-1,"delta":{"text":"a"}}"#,
            r#"{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"a"}}}"#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"}} "#,
            r#"{"contentBlockIndex":0,"delta":{"text":"a"}"#,
            "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"a\nb\"}}",
        ] {
            assert_eq!(read(payload.as_bytes()), None, "{payload}");
        }
    }

    proptest! {
        /// Any text, in any form of a delta, with a byte changed or not.
        #[test]
        fn as_serde_reads_it(
            text in "[ -~]{0,30}|.{0,20}|[\\PC\\x00-\\x1f]{0,20}",
            form in 0..3usize,
            padding in "[a-zA-Z0-9]{0,40}|[ -~]{0,20}",
            change in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>())),
        ) {
            let text = serde_json::to_string(&text).unwrap();
            let forms = [
                format!(r#"{{"text":{text}}}"#),
                format!(r#"{{"toolUse":{{"input":{text}}}}}"#),
                format!(r#"{{"reasoningContent":{{"text":{text}}}}}"#),
            ];
            let delta = &forms[form];
            let mut payload = format!(r#"{{"contentBlockIndex":3,"delta":{delta},"p":"{padding}"}}"#).into_bytes();
            match change {
                None if !text.contains("\\u") && !text.contains("\\b") && !text.contains("\\f") => {
                    let is_plain = !padding.contains(['"', '\\']);
                    prop_assert_eq!(check(&payload).is_some(), is_plain);
                }
                None => {}
                Some((at, byte)) => {
                    let at = at.index(payload.len());
                    payload[at] = byte;
                }
            }
            check(&payload);
        }

        #[test]
        fn plain_bytes_are_counted(text in vec(prop_oneof![Just(b'a'), Just(b'"'), Just(b'\\'), any::<u8>()], 0..40)) {
            let ends = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
            prop_assert_eq!(plain(&text), text.iter().position(ends).unwrap_or(text.len()));
        }
    }
}
