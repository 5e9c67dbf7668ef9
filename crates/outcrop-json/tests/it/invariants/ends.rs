//! Invariants 6, 7 and 9: what a text turns out to be.

use outcrop_json::{End, LiveJson, Outcome, RepairKind, Severity, repair};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    cases, damage,
    seen::{nodes, whole},
    texts,
};
use crate::oracle::{self, Verdict};

fn is_syntax(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The kinds accepted, but for names that came twice, which is strict JSON.
fn departures(outcome: &Outcome) -> Vec<RepairKind> {
    let kinds = outcome.repairs().iter().map(|repair| repair.kind);
    kinds.filter(|kind| kind.severity() > Severity::Note).collect()
}

proptest! {
    #![proptest_config(cases(512))]

    /// Each beginning of strict JSON is truncated, or complete if it might end there; what is missing closes it.
    #[test]
    fn invariant_6_a_text_that_was_cut_is_truncated(text in texts::valid()) {
        for (at, _) in text.char_indices() {
            let text = &text[..at];
            let reading = oracle::read(text);
            let mut live = whole(text);
            let before = nodes(live.now());
            let open = live.now().innermost_open().map(|node| node.pointer().to_string());
            let outcome = live.finish(End::Cut);
            match &outcome {
                Outcome::Complete(_) => prop_assert_eq!(reading.verdict, Verdict::Valid),
                Outcome::Truncated(cut) => {
                    prop_assert_eq!(&cut.open, &open);
                    prop_assert!(!before.first().is_some_and(|root| root.complete));
                    if !before.is_empty() {
                        let closed = text[..reading.safe].to_owned() + &cut.missing;
                        let mut closed_live = whole(&closed);
                        prop_assert!(closed_live.finish(End::Whole).is_complete(), "{:?}", closed);
                        // But for half a surrogate pair, the same values.
                        let mut shown = nodes(closed_live.now());
                        for (node, before) in shown.iter_mut().zip(&before) {
                            node.complete = before.complete;
                        }
                        prop_assert_eq!(shown, before.clone());
                    }
                    // Half a pair in a value comes to be seen; in a name, there is nothing to see it in.
                    let in_value = live.now().innermost_open().is_some_and(|open| open.as_str().is_some());
                    let half = reading.half && in_value;
                    let expected = if half { vec![RepairKind::LoneSurrogate] } else { Vec::new() };
                    prop_assert_eq!(departures(&outcome), expected);
                    let grown = nodes(live.now()).pop().and_then(|last| last.text);
                    let text = before.last().and_then(|last| last.text.clone());
                    prop_assert_eq!(grown, text.map(|text| text + if half { "\u{fffd}" } else { "" }));
                }
                other => prop_assert!(false, "{:?} of {:?}", other, text),
            }
            // By itself it is the same, unless a number or literal ends with it.
            let by_itself = whole(text).finish(End::Whole);
            if reading.verdict == Verdict::Valid {
                prop_assert!(by_itself.is_complete(), "{:?}", by_itself);
            } else if !before.is_empty() {
                prop_assert_eq!(by_itself, outcome);
            }
        }
    }

    /// A text in which nothing was accepted that is not JSON is wrong only where no continuation makes it right, and
    /// there it is.
    #[test]
    fn invariant_6_invalid_only_if_no_continuation_is_json(text in texts::text()) {
        let live = whole(&text);
        if live.repairs().is_empty() && let Some(error) = live.error() {
            prop_assert_eq!(oracle::read(&text).verdict, Verdict::Impossible(error.offset), "{:?}", error);
        }
        if let Verdict::Impossible(at) = oracle::read(&text).verdict {
            let not_before = live.error().is_none_or(|error| error.offset >= at);
            prop_assert!(not_before, "{:?} before {}", live.error(), at);
            for end in [End::Whole, End::Cut] {
                prop_assert!(!whole(&text).finish(end).is_complete());
            }
        }
    }

    /// Also with lone surrogates and numbers beyond `f64`, where it is a matter of syntax.
    #[test]
    fn invariant_7_complete_is_what_serde_json_accepts(text in texts::text()) {
        let mut live = whole(&text);
        let outcome = live.finish(End::Whole);
        let lone = oracle::read(&text).lone;
        prop_assert_eq!(outcome.is_complete(), is_syntax(&text) && !lone, "{:?}", outcome);
        if is_syntax(&text) && lone {
            prop_assert!(matches!(outcome, Outcome::Repaired(_)), "{:?}", outcome);
            prop_assert!(departures(&outcome).iter().all(|kind| *kind == RepairKind::LoneSurrogate));
        }
        match (serde_json::from_str::<Value>(&text), live.root()) {
            (Ok(value), Some(root)) => prop_assert_eq!(root.to_value(), Ok(value)),
            (Ok(value), None) => prop_assert!(false, "nothing instead of {}", value),
            (Err(_), Some(root)) if outcome.is_complete() => prop_assert!(root.to_value().is_err()),
            _ => {}
        }
        let is_sure = matches!(outcome, Outcome::Complete(_) | Outcome::Repaired(_));
        prop_assert_eq!(is_sure, outcome_is_sure(&outcome), "{:?}", outcome);
    }

    #[test]
    fn invariant_7_of_bytes_too(bytes in texts::bytes()) {
        let mut live = LiveJson::new();
        live.push_bytes(&bytes).ok();
        let outcome = live.finish(End::Whole);
        let strict = serde_json::from_slice::<Value>(&bytes);
        if let Ok(value) = &strict {
            prop_assert_eq!(live.root().map(|root| root.to_value()), Some(Ok(value.clone())));
        }
        let lone = std::str::from_utf8(&bytes).is_ok_and(|text| oracle::read(text).lone);
        let huge = strict.as_ref().is_err_and(|error| error.to_string().contains("out of range"));
        if !lone && !huge {
            prop_assert_eq!(outcome.is_complete(), strict.is_ok(), "{:?} and {:?}", outcome, strict);
        }
    }

    /// One reading: written out as strict JSON, it is read as the same value with nothing to repair.
    #[test]
    fn invariant_9_benign_repairs_are_idempotent(
        text in prop_oneof![damage::benign().prop_map(|damaged| damaged.text), texts::text()],
    ) {
        let mut live = whole(&text);
        if let Outcome::Repaired(_) = live.finish(End::Whole)
            && let Ok(value) = live.root().unwrap().to_value()
        {
            let written = value.to_string();
            let mut again = whole(&written);
            prop_assert!(again.finish(End::Whole).is_complete(), "{}", written);
            let again = again.root().unwrap().to_value().unwrap();
            prop_assert!(is_same(&again, &value), "{} and {}", again, value);
        }
    }

    /// A repair does not change strict JSON, and what it makes of another text is strict JSON.
    #[test]
    fn repair_leaves_strict_json_alone(text in texts::text()) {
        let proposal = repair(&text);
        if is_syntax(&text) && !oracle::read(&text).lone {
            let proposal = proposal.unwrap();
            prop_assert!(!proposal.is_changed());
            prop_assert_eq!(proposal.json, text);
        } else if let Some(proposal) = proposal {
            prop_assert!(proposal.is_changed());
            prop_assert!(is_syntax(&proposal.json), "{}", proposal.json);
        }
    }

    /// Of a text that was cut, a beginning of its value is proposed.
    #[test]
    fn repair_closes_a_text_that_was_cut(text in texts::valid()) {
        for (at, _) in text.char_indices() {
            let Some(proposal) = repair(&text[..at]) else { continue };
            let (cut, closed) = (whole(&text[..at]), whole(&proposal.json));
            let (cut, closed) = (nodes(cut.now()), nodes(closed.now()));
            // A number or literal at the end is not shown before something delimits it.
            prop_assert!(cut.len() <= closed.len() && closed.len() <= cut.len() + 1, "{}", proposal.json);
            for (cut, closed) in cut.iter().zip(&closed) {
                prop_assert_eq!((cut.kind, &cut.key, cut.index), (closed.kind, &closed.key, closed.index));
            }
        }
    }
}

/// The same, but for the last digit of a number, which `serde_json` may read otherwise than it wrote it.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) if left.is_f64() && right.is_f64() => {
            let (left, right) = (left.as_f64().unwrap(), right.as_f64().unwrap());
            left == right || (left / right - 1.0).abs() < 1e-14
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let found = |name| right.get(name);
            left.len() == right.len()
                && left.iter().all(|(name, left)| found(name).is_some_and(|right| is_same(left, right)))
        }
        _ => left == right,
    }
}

/// Fit to be executed, at most after a benign repair.
fn outcome_is_sure(outcome: &Outcome) -> bool {
    departures(outcome).iter().all(|kind| kind.severity() == Severity::Benign)
        && !matches!(outcome, Outcome::Truncated(_) | Outcome::Invalid(_) | Outcome::Guessed(_))
}
