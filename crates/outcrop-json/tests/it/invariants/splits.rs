//! Invariants 1 and 2: a text means the same in whatever pieces it comes.

use outcrop_json::{End, LiveJson, Outcome, RepairKind};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    cases,
    seen::{Seen, nodes, seen, whole},
    texts::{self, byte_pieces, pieces},
};
use crate::oracle;

/// All there is in the end: what was seen last, what it turned out to be, and what is shown after that.
fn ends(mut make: impl FnMut() -> LiveJson) -> Vec<(Seen, Outcome, Seen, String)> {
    let end = |mut live: LiveJson, end| {
        let before = seen(&live);
        let outcome = live.finish(end);
        let after = seen(&live);
        (before, outcome, after, live.into_raw())
    };
    vec![end(make(), End::Whole), end(make(), End::Cut)]
}

fn by_bytes(bytes: &[u8], lengths: &[usize]) -> LiveJson {
    let mut live = LiveJson::new();
    for piece in byte_pieces(bytes, lengths) {
        live.push_bytes(piece).ok();
    }
    live
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn invariant_1_strict_json_in_any_pieces_is_what_serde_json_reads(
        text in texts::valid(),
        lengths in texts::lengths(),
    ) {
        let value: Value = serde_json::from_str(&text).unwrap();
        let tape = {
            let mut live = whole(&text);
            live.finish(End::Whole);
            nodes(live.now())
        };
        for lengths in [&lengths[..], &[1]] {
            let mut live = by_bytes(text.as_bytes(), lengths);
            prop_assert!(live.repairs().is_empty());
            match live.finish(End::Whole) {
                Outcome::Complete(complete) => {
                    let twice = complete.notes.iter().all(|note| note.kind == RepairKind::DuplicateKey);
                    prop_assert!(twice, "{:?}", complete);
                }
                other => prop_assert!(false, "{:?}", other),
            }
            prop_assert_eq!(live.root().unwrap().to_value(), Ok(value.clone()));
            let written = live.root().unwrap().to_json();
            prop_assert_eq!(&serde_json::from_str::<Value>(&written).unwrap(), &value);
            let mut again = whole(&written);
            again.finish(End::Whole);
            prop_assert_eq!(again.root().unwrap().to_json(), written);
            prop_assert_eq!(&nodes(live.now()), &tape);
            prop_assert_eq!(live.raw(), &text);
        }
    }

    /// Every beginning of a text is read alike, whether it came at once, by characters or by bytes, and whether it
    /// was read as it came or later.
    #[test]
    fn invariant_2_every_beginning_is_read_alike(text in texts::text()) {
        let mut letters = LiveJson::new();
        let mut bytes = LiveJson::new();
        let mut late = LiveJson::new();
        late.append(&text).unwrap();
        for (at, letter) in text.char_indices() {
            let to = at + letter.len_utf8();
            let expected = seen(&whole(&text[..to]));
            letters.push(&text[at..to]).ok();
            for byte in byte_pieces(&text.as_bytes()[at..to], &[1]) {
                bytes.push_bytes(byte).ok();
            }
            late.read_to(to).ok();
            prop_assert_eq!(&seen(&letters), &expected, "by characters, after {}", to);
            prop_assert_eq!(&seen(&bytes), &expected, "by bytes, after {}", to);
            prop_assert_eq!(&seen(&late), &expected, "read later, after {}", to);
            prop_assert_eq!(letters.raw(), &text[..to]);
        }
    }

    #[test]
    fn invariant_2_any_pieces_end_alike(text in texts::text(), lengths in texts::lengths()) {
        let expected = ends(|| whole(&text));
        let push = || {
            let mut live = LiveJson::new();
            for piece in pieces(&text, &lengths) {
                live.push(piece).ok();
            }
            live
        };
        let append = || {
            let mut live = LiveJson::new();
            for (index, piece) in pieces(&text, &lengths).into_iter().enumerate() {
                live.append(piece).unwrap();
                if index % 3 == 0 {
                    live.read_to(live.raw().len() / 2).ok();
                }
            }
            let end = live.raw().len();
            live.read_to(end).ok();
            live
        };
        let in_turn = || {
            let mut live = LiveJson::new();
            for (index, piece) in pieces(&text, &lengths).into_iter().enumerate() {
                match index % 3 {
                    0 => live.push(piece).ok(),
                    1 => {
                        let bytes = byte_pieces(piece.as_bytes(), &[1]).into_iter();
                        bytes.map(|byte| live.push_bytes(byte).ok()).last().flatten()
                    }
                    _ => live.append(piece).ok(),
                };
            }
            let end = live.raw().len();
            live.read_to(end).ok();
            live
        };
        prop_assert_eq!(&ends(push), &expected, "by push");
        prop_assert_eq!(&ends(append), &expected, "by append");
        prop_assert_eq!(&ends(in_turn), &expected, "by all in turn");
        prop_assert_eq!(&ends(|| by_bytes(text.as_bytes(), &lengths)), &expected, "by push_bytes");
    }

    /// What was appended and not read is read by `finish`.
    #[test]
    fn invariant_2_finish_reads_what_was_appended(text in texts::text()) {
        let mut late = LiveJson::new();
        late.append(&text).unwrap();
        let mut live = whole(&text);
        prop_assert_eq!(late.finish(End::Whole), live.finish(End::Whole));
        prop_assert_eq!(seen(&late), seen(&live));
    }

    #[test]
    fn invariant_2_any_bytes_in_any_pieces(bytes in texts::bytes(), lengths in texts::lengths()) {
        let expected = ends(|| by_bytes(&bytes, &[bytes.len().max(1)]));
        prop_assert_eq!(&ends(|| by_bytes(&bytes, &[1])), &expected, "byte by byte");
        prop_assert_eq!(&ends(|| by_bytes(&bytes, &lengths)), &expected);
        // The text is kept as the standard library would keep it; a character that is not whole is not there yet.
        let kept = &expected[0].3;
        let lossy = String::from_utf8_lossy(&bytes);
        let rest = lossy.strip_prefix(kept.as_str());
        prop_assert!(rest.is_some_and(|rest| rest.chars().count() <= 1), "{:?}", kept);
        if std::str::from_utf8(&bytes).is_err() {
            prop_assert!(!expected[0].1.is_complete());
        }
    }

    /// Section 7 by the oracle: what is shown, complete, held back, of every beginning of strict JSON.
    #[test]
    fn invariant_2_every_beginning_shows_what_the_oracle_shows(text in texts::strict()) {
        let mut live = LiveJson::new();
        for (at, letter) in text.char_indices() {
            let to = at + letter.len_utf8();
            live.push(&text[at..to]).unwrap();
            let reading = oracle::read(&text[..to]);
            prop_assert_eq!(live.root().map(oracle::shown), reading.shown, "after {}", to);
            prop_assert_eq!(live.pending_key(), reading.key.as_deref(), "after {}", to);
            prop_assert_eq!(live.pending_text(), reading.pending.as_deref(), "after {}", to);
        }
    }
}
