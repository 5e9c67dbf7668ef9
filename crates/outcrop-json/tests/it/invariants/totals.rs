//! Invariant 8: any input, any size; and limits, and a text begun anew.

use outcrop_json::{End, ErrorKind, Limit, LimitError, Limits, LiveJson, Mark, Outcome, Progress};
use proptest::{collection::vec, prelude::*};

use super::{
    cases,
    seen::{nodes, seen, whole},
    texts,
};

fn limits(depth: u32, nodes: u32, bytes: u32) -> Limits {
    let mut limits = Limits::default();
    (limits.depth, limits.nodes, limits.bytes) = (depth, nodes, bytes);
    limits
}

fn with(limits: Limits, text: &str) -> (LiveJson, Result<(), LimitError>) {
    let mut live = LiveJson::with_limits(limits);
    let result = live.push(text);
    (live, result)
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn invariant_8_any_bytes(bytes in vec(any::<u8>(), 0..64), prefix in "[{\\[\"a:\\\\]{0,3}") {
        let mut live = LiveJson::new();
        live.push(&prefix).unwrap();
        live.push_bytes(&bytes).unwrap();
        let before = nodes(live.now());
        let half = live.mark_at(live.raw().len() / 2).unwrap();
        prop_assert!(nodes(live.at(half)).len() <= before.len());
        let outcome = live.finish(End::Whole);
        prop_assert!(nodes(live.now()).len() >= before.len());
        let printed = format!("{live:?} {:?} {:?} {outcome:?}", live.now(), live.changes(Mark::default()));
        prop_assert!(printed.contains("progress"));
    }

    /// No more values than bytes, and no more text in them than in the text.
    #[test]
    fn invariant_8_memory_is_bounded_by_the_text(text in texts::text()) {
        let live = whole(&text);
        let nodes = nodes(live.now());
        prop_assert!(nodes.len() <= text.len());
        let text_of = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let held: usize = nodes.iter().map(|node| text_of(&node.text) + text_of(&node.key)).sum();
        let pending = live.pending_key().map_or(0, str::len);
        prop_assert!(held + pending <= text.len(), "{} of {}", held + pending, text.len());
        prop_assert!(live.repairs().len() <= text.len());
    }

    /// A limit is met where it is, whatever the pieces; what was read before stays.
    #[test]
    fn limits_do_not_depend_on_the_pieces(
        text in texts::text(),
        lengths in texts::lengths(),
        depth in 0u32..4,
        most in 0u32..6,
    ) {
        let limits = limits(depth, most, 1 << 20);
        let (mut at_once, result) = with(limits, &text);
        let mut live = LiveJson::with_limits(limits);
        let mut last = Ok(());
        for piece in texts::pieces(&text, &lengths) {
            let now = live.push(piece);
            prop_assert!(last.is_ok() || last == now, "{:?}, then {:?}", last, now);
            last = now;
        }
        prop_assert_eq!(last, result);
        prop_assert_eq!(seen(&live), seen(&at_once));
        prop_assert_eq!(live.raw(), &text);
        prop_assert!(nodes(live.now()).len() <= most as usize);
        let outcome = live.finish(End::Whole);
        prop_assert_eq!(&outcome, &at_once.finish(End::Whole));
        // A root that nothing delimits, and a blank text, become values at the end only.
        let mut free = whole(&text);
        let free_outcome = free.finish(End::Whole);
        match live.error().map(|error| (error.kind, error.offset)) {
            Some((ErrorKind::Limit(limit), offset)) => {
                let told = result.err().is_none_or(|error| (error.limit, error.offset) == (limit, offset));
                let ends = matches!(&outcome, Outcome::Invalid(invalid) if Some(invalid.error) == live.error());
                prop_assert!(told && ends, "{:?} and {:?}", result, outcome);
            }
            _ => {
                prop_assert_eq!(result, Ok(()));
                prop_assert_eq!(outcome, free_outcome);
                prop_assert_eq!(seen(&live), seen(&free));
            }
        }
    }

    /// A text beyond the limit of bytes stops at the end of a piece: nothing after it is taken, so nothing is missing
    /// in the middle.
    #[test]
    fn the_limit_of_bytes_leaves_no_hole(
        text in texts::text(),
        lengths in texts::lengths(),
        most in 0u32..60,
    ) {
        let mut live = LiveJson::with_limits(limits(128, 1000, most));
        let mut failed = None;
        for piece in texts::pieces(&text, &lengths) {
            match (live.push(piece), failed) {
                (Ok(()), None) => {}
                (Ok(()), Some(_)) => prop_assert!(piece.is_empty(), "taken after a limit"),
                (Err(error), None) => {
                    prop_assert_eq!(error.limit, Limit::Bytes(most));
                    failed = Some(error);
                }
                (Err(error), Some(first)) => prop_assert_eq!(error, first),
            }
        }
        prop_assert!(text.starts_with(live.raw()));
        prop_assert!(live.raw().len() <= most as usize);
        prop_assert_eq!(failed.is_some(), text.len() > most as usize);
        let kept = live.raw().to_owned();
        prop_assert_eq!(nodes(live.now()), nodes(whole(&kept).now()));
        if failed.is_some() {
            prop_assert!(matches!(live.finish(End::Whole), Outcome::Invalid(_)));
        }
    }

    #[test]
    fn the_limit_of_bytes_holds_for_bytes(
        bytes in texts::bytes(),
        lengths in texts::lengths(),
        most in 0u32..60,
    ) {
        let mut live = LiveJson::with_limits(limits(128, 1000, most));
        for piece in texts::byte_pieces(&bytes, &lengths) {
            live.push_bytes(piece).ok();
            // Each byte that is not UTF-8 is kept as three.
            prop_assert!(live.raw().len() <= 3 * most as usize);
        }
        live.push("").ok();
        live.finish(End::Whole);
    }

    /// A text begun anew is read as by a new one.
    #[test]
    fn clear_leaves_nothing(
        first in texts::text(),
        bytes in texts::bytes(),
        second in texts::text(),
        end in any::<bool>(),
    ) {
        let mut live = whole(&first);
        live.push_bytes(&bytes).ok();
        if end {
            live.finish(End::Cut);
        }
        live.clear();
        prop_assert_eq!(seen(&live), seen(&LiveJson::new()));
        prop_assert_eq!(live.raw(), "");
        live.push(&second).ok();
        let mut fresh = whole(&second);
        prop_assert_eq!(seen(&live), seen(&fresh));
        prop_assert_eq!(live.finish(End::Whole), fresh.finish(End::Whole));
        prop_assert_eq!(seen(&live), seen(&fresh));
    }

    /// Cleared buffers are used again, where they are.
    #[test]
    fn clear_keeps_the_buffers(text in texts::strict()) {
        let text = format!("[\"first\",{text}]");
        let at = |live: &LiveJson| {
            let first = live.root().and_then(|root| root.index(0)).unwrap().as_str().unwrap().as_ptr();
            (live.raw().as_ptr(), first)
        };
        let mut live = whole(&text);
        let before = at(&live);
        live.clear();
        for letter in text.chars() {
            live.push(letter.encode_utf8(&mut [0; 4])).unwrap();
        }
        prop_assert_eq!(at(&live), before);
    }

    /// An empty piece is nothing at all.
    #[test]
    fn an_empty_piece_changes_nothing(text in texts::text()) {
        let mut live = LiveJson::new();
        for letter in text.chars() {
            live.push(letter.encode_utf8(&mut [0; 4])).ok();
            let (before, mark) = (seen(&live), live.mark());
            live.push("").ok();
            live.push_bytes(b"").ok();
            live.append("").unwrap();
            live.read_to(0).ok();
            prop_assert_eq!(seen(&live), before);
            prop_assert_eq!(live.mark(), mark);
            prop_assert_eq!(live.changes(mark).count(), 0);
        }
    }
}

/// Far deeper than the stack, piece by piece, with a reader after every one: linear, or this would not end.
#[test]
fn invariant_8_a_million_brackets() {
    const DEEP: usize = 1_000_000;
    for open in ["[", "{\"\":"] {
        let mut live = LiveJson::with_limits(limits(u32::MAX, u32::MAX, u32::MAX));
        let mut mark = live.mark();
        let mut changes = 0;
        for _ in 0..DEEP {
            live.push(open).unwrap();
            changes += live.changes(mark).count();
            mark = live.mark();
        }
        assert_eq!(changes, DEEP);
        assert_eq!(live.now().innermost_open().unwrap().id().index(), DEEP - 1);
        assert_eq!(live.mark_at(DEEP / 2).unwrap().offset(), DEEP / 2);
        let mut cut = LiveJson::with_limits(limits(u32::MAX, u32::MAX, u32::MAX));
        cut.push(live.raw()).unwrap();
        match cut.finish(End::Cut) {
            Outcome::Truncated(cut) => {
                assert_eq!(cut.missing.len(), DEEP);
                assert_eq!(cut.open.unwrap().matches('/').count(), DEEP - 1);
            }
            other => panic!("{other:?}"),
        }
        // The innermost array closes empty; a member without its value cannot.
        let close = if open == "[" { "]" } else { "}" };
        if open != "[" {
            live.push("0").unwrap();
        }
        for _ in 0..DEEP {
            live.push(close).unwrap();
            changes += live.changes(mark).count();
            mark = live.mark();
        }
        assert_eq!(changes, 2 * DEEP + usize::from(open != "["));
        assert!(live.finish(End::Whole).is_complete());
    }
}

/// What is deep and wrong is told like all else.
#[test]
fn invariant_8_deep_and_wrong() {
    let mut live = LiveJson::with_limits(limits(u32::MAX, u32::MAX, u32::MAX));
    live.push(&"[".repeat(1_000_000)).unwrap();
    live.push("}").unwrap();
    assert_eq!(live.error().unwrap().offset, 1_000_000);
    let outcome = live.finish(End::Whole);
    assert!(matches!(outcome, Outcome::Invalid(_)));
}

#[test]
fn invariant_8_wide() {
    let mut live = LiveJson::with_limits(limits(2, u32::MAX, u32::MAX));
    let mut mark = live.mark();
    live.push("{").unwrap();
    for index in 0..200_000 {
        live.push(&format!("\"key {index}\":[],")).unwrap();
        assert!(live.changes(mark).count() >= 2);
        mark = live.mark();
    }
    let root = live.root().unwrap();
    assert_eq!(root.len(), 200_000);
    assert_eq!(root.get("key 199999").unwrap().id().index(), 200_000);
    live.push("\"last\":0}").unwrap();
    assert!(live.finish(End::Whole).is_complete());
}

/// After an error the value is not touched any more, and a piece costs no more than being kept: otherwise this,
/// whose text is kept for the model, would not end.
#[test]
fn invariant_8_after_an_error_text_is_only_kept() {
    let mut live = LiveJson::new();
    live.push("[1 2 x").unwrap();
    assert_eq!(live.progress(), Progress::Invalid);
    let before = nodes(live.now());
    let mark = live.mark();
    for _ in 0..2_000_000 {
        live.push("[{\"a").unwrap();
    }
    assert_eq!(nodes(live.now()), before);
    assert_eq!(live.changes(mark).count(), 0);
    assert_eq!(live.raw().len(), 6 + 2_000_000 * 4);
}

#[test]
fn limits_at_their_edges() {
    let of = |limit, offset| Err((limit, offset));
    let max = u32::MAX;
    let check = |limits, text: &str, expected| {
        let (_, result) = with(limits, text);
        assert_eq!(result.map_err(|error| (error.limit, error.offset)), expected, "{text}");
    };
    check(limits(0, max, max), "1 ", Ok(()));
    check(limits(0, max, max), "[", of(Limit::Depth(0), 0));
    check(limits(2, max, max), "[[],{}]", Ok(()));
    check(limits(2, max, max), "[[],{\"a\":[]}]", of(Limit::Depth(2), 9));
    check(limits(max, 0, max), " ", Ok(()));
    check(limits(max, 0, max), "\"", of(Limit::Nodes(0), 0));
    check(limits(max, 3, max), "[1,\"\"]", Ok(()));
    check(limits(max, 3, max), "[1,[\"", of(Limit::Nodes(3), 4));
    check(limits(max, 3, max), "[1,2,34]", of(Limit::Nodes(3), 5));
    check(limits(max, 3, max), "[1,2,34", Ok(()));
    check(limits(max, 3, max), "[1,2,word", of(Limit::Nodes(3), 5));
    check(limits(max, max, 0), "", Ok(()));
    check(limits(max, max, 0), " ", of(Limit::Bytes(0), 0));
    check(limits(max, max, 3), "[1]", Ok(()));
    check(limits(max, max, 3), "[12]", of(Limit::Bytes(3), 0));
    let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(with(Limits::default(), &deep(128)).0.finish(End::Whole).is_complete());
    check(Limits::default(), &deep(129), of(Limit::Depth(128), 128));
}

/// A limit that is met is an error at every push from then on, and at the end.
#[test]
fn limits_are_typed_errors() {
    let (mut live, result) = with(limits(1, 10, 100), "[1,[2");
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "nested more than 1 deep at byte 3");
    assert_eq!(live.push("]]"), Err(error));
    assert_eq!(live.push_bytes(b" "), Err(error));
    assert_eq!(live.read_to(1), Err(error));
    assert_eq!(live.raw(), "[1,[2]] ");
    assert_eq!(live.error().unwrap().kind, ErrorKind::Limit(Limit::Depth(1)));
    assert_eq!(live.root().unwrap().to_value().unwrap(), serde_json::json!([1]));
    match live.finish(End::Whole) {
        Outcome::Invalid(invalid) => assert_eq!(invalid.error, live.error().unwrap()),
        other => panic!("{other:?}"),
    }
    let (mut live, result) = with(limits(1, 10, 4), "[1,");
    result.unwrap();
    let error = live.push("22]").unwrap_err();
    assert_eq!((error.limit, error.offset), (Limit::Bytes(4), 3));
    assert_eq!(live.raw(), "[1,");
    match live.finish(End::Cut) {
        Outcome::Invalid(invalid) => {
            assert_eq!(
                (invalid.error.kind, invalid.error.offset),
                (ErrorKind::Limit(error.limit), error.offset)
            );
        }
        other => panic!("{other:?}"),
    }
}
