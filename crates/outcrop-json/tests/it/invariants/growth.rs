//! Invariants 3 and 4: what is shown only grows, at its end.

use outcrop_json::{End, Kind, LiveJson, Outcome, Progress};
use proptest::prelude::*;

use super::{
    cases,
    seen::{Seen, SeenNode, seen},
    texts,
};
use crate::oracle::{Shown, What, shown};

/// Whether `now` can be what `before` grew into.
fn is_ancestor(before: &Shown, now: &Shown) -> bool {
    if before.complete || now.at != before.at {
        return before == now;
    }
    match (&before.what, &now.what) {
        (What::String(before), What::String(now)) => now.starts_with(before),
        (What::Array(before), What::Array(now)) => only_the_last_grew(before, now, |item| item),
        (What::Object(before), What::Object(now)) => {
            before.iter().zip(now).all(|((before, _), (now, _))| before == now)
                && only_the_last_grew(before, now, |(_, member)| member)
        }
        _ => false,
    }
}

fn only_the_last_grew<T: PartialEq>(before: &[T], now: &[T], value: impl Fn(&T) -> &Shown) -> bool {
    match before.split_last() {
        None => true,
        Some((last, others)) => {
            now.starts_with(others)
                && now.get(others.len()).is_some_and(|now| is_ancestor(value(last), value(now)))
                // What is followed by another is complete.
                && now.iter().rev().skip(1).all(|item| value(item).complete)
        }
    }
}

/// The first value that did not only grow.
fn broken(before: &[SeenNode], now: &[SeenNode]) -> Option<String> {
    if now.len() < before.len() {
        return Some(format!("{} values became {}", before.len(), now.len()));
    }
    before.iter().zip(now).enumerate().find_map(|(id, (before, now))| {
        let mut same = before.clone();
        if !before.complete {
            same.complete = now.complete;
            match before.kind {
                Kind::String if now.text.as_ref()?.starts_with(before.text.as_ref()?) => {
                    same.text.clone_from(&now.text);
                }
                Kind::Array | Kind::Object if now.len >= before.len => same.len = now.len,
                _ => {}
            }
        }
        (same != *now).then(|| format!("value {id} was {before:?} and is {now:?}"))
    })
}

/// What must hold from one moment to the next, besides the values.
fn only_went_on(before: &Seen, now: &Seen) -> Result<(), TestCaseError> {
    prop_assert_eq!(broken(&before.nodes, &now.nodes), None);
    // New values are in what was open, or in what is new.
    for node in &now.nodes[before.nodes.len()..] {
        if let Some(parent) = node.parent.and_then(|parent| before.nodes.get(parent)) {
            prop_assert!(!parent.complete, "{:?} came into {:?}", node, parent);
        }
    }
    prop_assert!(now.repairs.len() >= before.repairs.len());
    for (before, now) in before.repairs.iter().zip(&now.repairs) {
        prop_assert_eq!((before.offset, before.node), (now.offset, now.node));
        prop_assert!(now.count >= before.count);
    }
    if before.error.is_some() {
        prop_assert_eq!(
            (&now.nodes, now.error, now.progress),
            (&before.nodes, before.error, Progress::Invalid)
        );
        prop_assert_eq!(&now.repairs, &before.repairs);
    }
    if before.nodes.first().is_some_and(|root| root.complete) {
        prop_assert_eq!(&now.nodes, &before.nodes);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn invariant_3_the_value_of_a_beginning_is_an_ancestor(
        text in texts::text(),
        lengths in texts::lengths(),
    ) {
        let mut live = LiveJson::new();
        let mut before: Vec<Shown> = Vec::new();
        for piece in texts::pieces(&text, &lengths) {
            live.push(piece).ok();
            let now = live.root().map(shown);
            for before in &before {
                let is_one = now.as_ref().is_some_and(|now| is_ancestor(before, now));
                prop_assert!(is_one, "{:?} became {:?}", before, now);
            }
            before.extend(now);
        }
    }

    #[test]
    fn invariant_4_what_is_complete_never_changes(text in texts::text()) {
        let mut live = LiveJson::new();
        let mut before = seen(&live);
        for letter in text.chars() {
            live.push(letter.encode_utf8(&mut [0; 4])).ok();
            let now = seen(&live);
            only_went_on(&before, &now)?;
            // The open values are one chain, from the root to the innermost.
            let mut chain: Vec<_> = std::iter::successors(now.open, |id| now.nodes[*id].parent).collect();
            chain.reverse();
            let open: Vec<_> = (0..now.nodes.len()).filter(|id| !now.nodes[*id].complete).collect();
            prop_assert_eq!(chain, open);
            before = now;
        }
    }

    /// At the end, half a surrogate pair may come to be seen, and a root that nothing delimited; nothing else.
    #[test]
    fn invariant_4_the_end_takes_nothing_back(text in texts::text(), cut in any::<bool>()) {
        let mut live = LiveJson::new();
        live.push(&text).ok();
        let before = seen(&live);
        let end = if cut { End::Cut } else { End::Whole };
        let outcome = live.finish(end);
        let mut after = seen(&live);
        if before.nodes.is_empty() {
            prop_assert!(after.nodes.len() <= 1);
            let is_new = |root: &SeenNode| root.complete && root.kind != Kind::String && root.len == 0;
            prop_assert!(after.nodes.iter().all(is_new));
            prop_assert!(after.nodes.is_empty() || !cut);
        } else {
            for (before, after) in before.nodes.iter().zip(&mut after.nodes) {
                if before.text != after.text {
                    prop_assert!(!before.complete && matches!(outcome, Outcome::Truncated(_)));
                    prop_assert_eq!(before.text.clone().unwrap() + "\u{fffd}", after.text.clone().unwrap());
                    after.text.clone_from(&before.text);
                }
            }
            prop_assert_eq!(&before.nodes, &after.nodes);
        }
        // It is final: more is kept, and not read; and to be told twice is to be told the same.
        let after = seen(&live);
        prop_assert_eq!(live.finish(end), outcome);
        live.push("]}\"more").ok();
        live.push_bytes(b"\"}, 1").ok();
        live.read_to(usize::MAX).ok();
        prop_assert_eq!(live.raw().len(), text.len() + 12);
        prop_assert_eq!(&seen(&live), &after);
    }
}
