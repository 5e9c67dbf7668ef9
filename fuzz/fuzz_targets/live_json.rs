//! The live reading of any bytes in any pieces, against `serde_json`.
//!
//! - A text is complete exactly when it is JSON to `serde_json`, and then has the same value. Differences that are
//!   meant: a number beyond `f64` is kept as its text, half a surrogate pair is a benign repair, and nesting ends at
//!   128 here and a little earlier there.
//! - The changes since the last piece, and since any earlier mark, give the value when they are replayed.
//! - A text that was cut is never wrong unless it was before, and what was shown is still shown.
//! - A repair of the whole text leaves JSON unchanged, and makes JSON of any other text that it can read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outcrop_json::{
    Change, Changes, End, ErrorKind, Kind, LiveJson, Mark, NodeRef, Outcome, RepairKind, View,
    repair,
};
use serde::de::IgnoredAny;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    // The last bytes, so that any text can be the start of a corpus as it is.
    let Some((&seed, bytes)) = data.split_last() else { return };
    let mut live = LiveJson::new();
    let (mut shadow, mut mark) = (Shadow::default(), live.mark());
    let mut marks = vec![mark];
    for (turn, piece) in pieces(bytes, seed).into_iter().enumerate() {
        live.push_bytes(piece).ok();
        if (turn + usize::from(seed)) % 3 == 0 {
            continue;
        }
        shadow.replay(live.changes(mark));
        shadow.must_be(live.now());
        mark = live.mark();
        marks.push(mark);
    }
    shadow.replay(live.changes(mark));
    shadow.must_be(live.now());
    mark = live.mark();
    assert_eq!(shadow.invalid, live.error().is_some(), "the error is told once");
    for (index, since) in marks.iter().enumerate().step_by(marks.len() / 8 + 1) {
        let mut late = Shadow::default();
        late.replay(live.changes_between(Mark::default(), *since));
        late.must_be(live.at(*since));
        late.replay(live.changes_between(*since, marks[(index + 5).min(marks.len() - 1)]));
        late.replay(live.changes_between(marks[(index + 5).min(marks.len() - 1)], live.mark()));
        late.must_be(live.now());
    }

    let before = live.root().map(value);
    let mut cut = LiveJson::new();
    cut.push_bytes(bytes).ok();
    let was_wrong = cut.error().is_some();
    let cut_outcome = cut.finish(End::Cut);
    kept(before.as_ref(), &cut);
    match &cut_outcome {
        // Half a character after the value cannot become white space.
        Outcome::Invalid(_) => assert!(was_wrong || std::str::from_utf8(bytes).is_err(), "{cut_outcome:?}"),
        Outcome::Truncated(_) => assert!(!was_wrong, "{cut_outcome:?}"),
        _ => {}
    }

    let outcome = live.finish(End::Whole);
    kept(before.as_ref(), &live);
    shadow.invalid = false;
    shadow.replay(live.changes(mark));
    shadow.must_be(live.now());
    against_serde_json(bytes, &live, &outcome);
});

/// The bytes in pieces whose lengths follow from the seed.
fn pieces(bytes: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed);
    let most = [1, 3, 12, 200][usize::from(seed) & 3];
    let mut rest = bytes;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, after) = rest.split_at(((state >> 24) as usize % (most + 1)).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn against_serde_json(bytes: &[u8], live: &LiveJson, outcome: &Outcome) {
    let too_deep = live.error().is_some_and(|error| matches!(error.kind, ErrorKind::Limit(_)));
    if too_deep {
        assert!(matches!(outcome, Outcome::Invalid(_)));
        return;
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(!outcome.is_complete(), "{outcome:?}");
        return;
    };
    assert_eq!(live.raw(), text);
    let syntax = serde_json::from_str::<IgnoredAny>(text).is_ok();
    let halves = outcome.repairs().iter().any(|repair| repair.kind == RepairKind::LoneSurrogate);
    match outcome {
        Outcome::Complete(_) => assert!(syntax && !halves, "{outcome:?}"),
        Outcome::Repaired(_) => assert!(!syntax || halves, "{outcome:?}"),
        _ => assert!(!syntax, "{outcome:?}"),
    }
    if let Some(proposal) = repair(text) {
        assert_eq!(proposal.is_changed(), proposal.json != text);
        let depth = serde_json::from_str::<IgnoredAny>(&proposal.json).err();
        assert!(depth.is_none_or(|error| error.to_string().contains("recursion")), "{}", proposal.json);
    }
    if let Ok(expected) = serde_json::from_str::<Value>(text) {
        let found = live.root().expect("a value").to_value();
        assert_eq!(found.expect("in range"), expected);
        if !halves {
            assert_eq!(repair(text).expect("JSON").json, text);
        }
    }
}

/// All that was shown is shown after the end, but that half a surrogate pair may have come to a string that was open.
fn kept(before: Option<&Value>, live: &LiveJson) {
    let Some(before) = before else { return };
    let after = live.root().map(value).expect("what was shown is kept");
    assert!(is_grown(before, &after), "{before} became {after}");
}

fn is_grown(before: &Value, after: &Value) -> bool {
    match (before, after) {
        (Value::String(before), Value::String(after)) => {
            after.strip_prefix(before.as_str()).is_some_and(|more| more.is_empty() || more == "\u{fffd}")
        }
        (Value::Array(before), Value::Array(after)) => {
            before.len() == after.len()
                && before.iter().zip(after).all(|(before, after)| is_grown(before, after))
        }
        (Value::Object(before), Value::Object(after)) => {
            before.len() == after.len()
                && before
                    .iter()
                    .all(|(name, before)| after.get(name).is_some_and(|after| is_grown(before, after)))
        }
        _ => before == after,
    }
}

/// The value of a node; a number that no `Value` can hold is its text.
fn value(node: NodeRef<'_>) -> Value {
    match node.kind() {
        Kind::Array => node.items().map(value).collect(),
        Kind::Object => {
            Value::Object(node.members().map(|(name, node)| (name.to_owned(), value(node))).collect())
        }
        _ => node.to_value().unwrap_or_else(|_| node.as_number().into()),
    }
}

/// What a reader knows that is given changes and nothing else.
#[derive(Default)]
struct Shadow {
    root: Option<Value>,
    open: Vec<String>,
    invalid: bool,
}

impl Shadow {
    fn replay(&mut self, changes: Changes<'_>) {
        for change in changes {
            assert!(!self.invalid, "{change:?} after an error");
            match change {
                Change::Set(set) => self.set(set.node),
                Change::Append(append) => {
                    let pointer = append.node.pointer().to_string();
                    assert_eq!(Some(&pointer), self.open.last());
                    match self.root.as_mut().and_then(|root| root.pointer_mut(&pointer)) {
                        Some(Value::String(text)) => text.push_str(append.text),
                        other => panic!("{append:?} appended to {other:?}"),
                    }
                }
                Change::Close(close) => {
                    assert_eq!(self.open.pop(), Some(close.node.pointer().to_string()));
                }
                Change::Invalid(_) => self.invalid = true,
                other => panic!("{other:?}"),
            }
        }
    }

    fn set(&mut self, node: NodeRef<'_>) {
        let pointer = node.pointer().to_string();
        let is_container = matches!(node.kind(), Kind::Array | Kind::Object);
        let new = match node.kind() {
            Kind::Array => Value::Array(Vec::new()),
            Kind::Object => Value::Object(serde_json::Map::new()),
            _ => value(node),
        };
        match pointer.rsplit_once('/') {
            None => {
                assert!(self.root.is_none());
                self.root = Some(new);
            }
            Some((parent, name)) => {
                assert_eq!(Some(parent), self.open.last().map(String::as_str));
                match self.root.as_mut().and_then(|root| root.pointer_mut(parent)) {
                    Some(Value::Array(items)) => items.push(new),
                    Some(Value::Object(members)) => {
                        members.insert(name.replace("~1", "/").replace("~0", "~"), new);
                    }
                    other => panic!("{node:?} set in {other:?}"),
                }
            }
        }
        if is_container || !node.is_complete() {
            self.open.push(pointer);
        }
    }

    fn must_be(&self, view: View<'_>) {
        assert_eq!(self.root, view.root().map(value));
        let open = std::iter::successors(view.innermost_open(), |node| node.parent());
        let open: Vec<_> = open.map(|node| node.pointer().to_string()).collect();
        assert!(self.open.iter().rev().eq(&open), "{:?} and {open:?}", self.open);
    }
}
