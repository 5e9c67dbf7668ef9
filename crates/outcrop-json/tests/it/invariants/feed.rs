//! Invariant 5: the changes since any mark, replayed, give the value; what was shown can be shown again.

use outcrop_json::{Change, Changes, End, Kind, LiveJson, Mark, NodeRef, SyntaxError, View};
use proptest::{collection::vec, prelude::*};
use serde_json::{Value, json};

use super::{
    cases,
    seen::{SeenNode, nodes},
    texts,
};

/// What a reader knows that is given changes and nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
struct Shadow {
    root: Option<Value>,
    /// The pointers of the values that are open, the innermost last.
    open: Vec<String>,
    errors: Vec<SyntaxError>,
}

impl Shadow {
    fn replay(&mut self, changes: Changes<'_>) -> Result<(), TestCaseError> {
        for change in changes {
            prop_assert!(self.errors.is_empty(), "{:?} after an error", change);
            prop_assert_eq!(serde_json::to_value(change).unwrap(), wire(change));
            match change {
                Change::Set(set) => self.set(set.node)?,
                Change::Append(append) => {
                    let pointer = append.node.pointer().to_string();
                    prop_assert_eq!(Some(&pointer), self.open.last());
                    prop_assert!(!append.text.is_empty());
                    match self.root.as_mut().and_then(|root| root.pointer_mut(&pointer)) {
                        Some(Value::String(text)) => text.push_str(append.text),
                        other => prop_assert!(false, "{:?} appended to {:?}", append, other),
                    }
                }
                Change::Close(close) => {
                    prop_assert_eq!(self.open.pop(), Some(close.node.pointer().to_string()));
                }
                Change::Invalid(error) => self.errors.push(error),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        Ok(())
    }

    /// Puts a value at its place, which its pointer names.
    fn set(&mut self, node: NodeRef<'_>) -> Result<(), TestCaseError> {
        let pointer = node.pointer().to_string();
        // Containers come empty, and what is in them after.
        let value = bare(node);
        let is_open = value.is_array() || value.is_object() || value.is_string() && !node.is_complete();
        match pointer.rsplit_once('/') {
            None => {
                prop_assert!(self.root.is_none() && self.open.is_empty());
                self.root = Some(value);
            }
            Some((parent, name)) => {
                prop_assert_eq!(Some(parent), self.open.last().map(String::as_str));
                match self.root.as_mut().and_then(|root| root.pointer_mut(parent)) {
                    Some(Value::Array(items)) => {
                        prop_assert_eq!(name, items.len().to_string());
                        items.push(value);
                    }
                    Some(Value::Object(members)) => {
                        members.insert(name.replace("~1", "/").replace("~0", "~"), value);
                    }
                    other => prop_assert!(false, "{:?} set in {:?}", node, other),
                }
            }
        }
        self.open.extend(is_open.then_some(pointer));
        Ok(())
    }

    fn must_be(&self, view: View<'_>) -> Result<(), TestCaseError> {
        prop_assert_eq!(&self.root, &view.root().map(value));
        prop_assert_eq!(&self.root, &view.root().map(copied));
        let mut open: Vec<_> = std::iter::successors(view.innermost_open(), |node| node.parent())
            .map(|node| node.pointer().to_string())
            .collect();
        open.reverse();
        prop_assert_eq!(&self.open, &open);
        Ok(())
    }
}

/// The value of a node without what is in it; a number that no `Value` can hold is its text.
fn bare(node: NodeRef<'_>) -> Value {
    match node.kind() {
        Kind::Array => Value::Array(Vec::new()),
        Kind::Object => Value::Object(serde_json::Map::new()),
        Kind::String => node.as_str().into(),
        Kind::Bool => node.as_bool().into(),
        Kind::Null => Value::Null,
        _ => {
            let digits = node.as_number().unwrap();
            serde_json::from_str(digits).unwrap_or_else(|_| digits.into())
        }
    }
}

/// A change as it goes over a wire.
fn wire(change: Change<'_>) -> Value {
    let path = |node: NodeRef<'_>| node.pointer().to_string();
    match change {
        Change::Set(set) => {
            let mut wire = json!({ "op": "set", "path": path(set.node), "value": bare(set.node) });
            let is_container = matches!(set.node.kind(), Kind::Array | Kind::Object);
            if set.node.is_complete() && !is_container {
                wire["complete"] = true.into();
            }
            wire
        }
        Change::Append(append) => json!({ "op": "append", "path": path(append.node), "text": append.text }),
        Change::Close(close) => json!({ "op": "close", "path": path(close.node) }),
        Change::Invalid(error) => {
            json!({ "op": "invalid", "offset": error.offset, "message": error.kind.to_string() })
        }
        other => panic!("{other:?}"),
    }
}

/// The value of a node; a number that no `Value` can hold is its text.
fn value(node: NodeRef<'_>) -> Value {
    match node.kind() {
        Kind::Array => node.items().map(value).collect(),
        Kind::Object => node.members().map(|(name, member)| (name.to_owned(), value(member))).collect(),
        _ => bare(node),
    }
}

/// The same by [`NodeRef::to_value`], where it can be.
fn copied(node: NodeRef<'_>) -> Value {
    let made = node.to_value();
    if let Ok(made) = &made {
        assert_eq!(serde_json::from_str::<Value>(&node.to_json()).unwrap(), *made);
    }
    made.unwrap_or_else(|_| value(node))
}

/// A moment as it was: its mark, and all that was to be seen of the values.
struct Moment {
    mark: Mark,
    nodes: Vec<SeenNode>,
    value: Option<Value>,
}

fn moment(live: &LiveJson) -> Moment {
    Moment { mark: live.mark(), nodes: nodes(live.now()), value: live.root().map(value) }
}

/// The text in pieces, and all moments between them, the first before any.
fn moments(live: &mut LiveJson, text: &str, lengths: &[usize]) -> Vec<Moment> {
    let mut moments = vec![moment(live)];
    for piece in texts::pieces(text, lengths) {
        live.push(piece).ok();
        moments.push(moment(live));
    }
    moments
}

proptest! {
    #![proptest_config(cases(512))]

    /// Readers that read whenever they like, and one that reads after every piece.
    #[test]
    fn invariant_5_changes_give_the_value_to_readers_of_any_rate(
        text in texts::text(),
        lengths in texts::lengths(),
        rates in vec(vec(any::<bool>(), 1..6), 1..4),
    ) {
        let mut live = LiveJson::new();
        let mut readers = vec![(Mark::default(), Shadow::default(), vec![true])];
        let reader = |rate| (Mark::default(), Shadow::default(), rate);
        readers.extend(rates.into_iter().map(reader));
        let pieces = texts::pieces(&text, &lengths);
        for (turn, piece) in pieces.iter().enumerate() {
            live.push(piece).ok();
            for (mark, shadow, rate) in &mut readers {
                if !rate[turn % rate.len()] && turn + 1 < pieces.len() {
                    continue;
                }
                shadow.replay(live.changes(*mark))?;
                shadow.must_be(live.now())?;
                prop_assert_eq!(live.changes(live.mark()).count(), 0);
                *mark = live.mark();
            }
        }
        for (_, shadow, rate) in &readers {
            let told = Vec::from_iter(live.error());
            prop_assert_eq!(&shadow.errors, &told, "told once, to a reader at {:?}", rate);
        }
        // Half a pair at the end of a string, or a root that nothing delimited, comes like any other change.
        live.finish(End::Whole);
        for (mark, shadow, _) in &mut readers {
            shadow.errors.clear();
            shadow.replay(live.changes(*mark))?;
            shadow.must_be(live.now())?;
        }
    }

    /// Late readers: between any two moments of the past, too.
    #[test]
    fn invariant_5_what_was_seen_can_be_seen_again(text in texts::text(), lengths in texts::lengths()) {
        let mut live = LiveJson::new();
        let moments = moments(&mut live, &text, &lengths);
        let step = moments.len() / 12 + 1;
        for (index, since) in moments.iter().enumerate() {
            prop_assert_eq!(&nodes(live.at(since.mark)), &since.nodes, "at {:?}", since.mark);
            prop_assert_eq!(live.at(since.mark).mark(), since.mark);
            let mut shadow = Shadow::default();
            shadow.replay(live.changes_between(Mark::default(), since.mark))?;
            shadow.must_be(live.at(since.mark))?;
            prop_assert_eq!(&shadow.root, &since.value);
            for until in moments[index..].iter().step_by(step) {
                let mut shadow = shadow.clone();
                shadow.replay(live.changes_between(since.mark, until.mark))?;
                shadow.must_be(live.at(until.mark))?;
                prop_assert_eq!(&shadow.root, &until.value);
            }
        }
    }

    /// What was to be seen after so many bytes is to be seen again, whoever asks and however they came.
    #[test]
    fn invariant_5_mark_at_any_byte(text in texts::text(), finished in any::<bool>()) {
        let mut live = LiveJson::new();
        let mut letters = vec![moment(&live)];
        for letter in text.chars() {
            live.push(letter.encode_utf8(&mut [0; 4])).ok();
            letters.push(moment(&live));
        }
        let mut whole = super::seen::whole(&text);
        if finished {
            whole.finish(End::Cut);
        }
        prop_assert_eq!(whole.mark_at(text.len() + 1), None);
        for (index, then) in letters.iter().enumerate() {
            let offset = then.mark.offset();
            let mark = whole.mark_at(offset).unwrap();
            // After the end, the last moment is that of the end.
            if finished && offset == text.len() {
                prop_assert_eq!(mark, whole.mark());
                break;
            }
            prop_assert_eq!(&nodes(whole.at(mark)), &then.nodes, "after {}", offset);
            prop_assert_eq!(mark, then.mark, "after {}", offset);
            let mut shadow = Shadow::default();
            shadow.replay(whole.changes_between(Mark::default(), mark))?;
            prop_assert_eq!(&shadow.root, &then.value);
            shadow.errors.clear();
            let now = letters.len() - 1;
            let until = letters[(index + 3).min(now)].mark.offset();
            let until = whole.mark_at(until).unwrap();
            shadow.replay(whole.changes_between(mark, until))?;
            shadow.must_be(whole.at(until))?;
        }
    }

    /// The same where some bytes are not UTF-8: from there on, nothing changes.
    #[test]
    fn invariant_5_mark_at_among_bytes(bytes in texts::bytes()) {
        let mut live = LiveJson::new();
        let mut moments = Vec::new();
        for byte in &bytes {
            live.push_bytes(&[*byte]).ok();
            moments.push(moment(&live));
        }
        for then in &moments {
            let mark = live.mark_at(then.mark.offset()).unwrap();
            prop_assert_eq!(&nodes(live.at(mark)), &then.nodes, "after {}", then.mark.offset());
        }
    }
}
