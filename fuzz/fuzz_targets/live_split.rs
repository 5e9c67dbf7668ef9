//! The live reading of any text is a function of the text: of what came, not of how it came.
//!
//! - All that can be seen after each character is what is seen of that beginning read at once, and what a late
//!   reader finds by [`LiveJson::mark_at`].
//! - Values only grow: what is complete stays, strings grow at their end, and only the innermost open ones grow.
//! - Limits that are met are met in the same place.

#![no_main]

use libfuzzer_sys::fuzz_target;
use outcrop_json::{End, Kind, Limits, LiveJson, Progress, Repair, SyntaxError, View};

fuzz_target!(|data: &[u8]| {
    let Some((&seed, bytes)) = data.split_last() else { return };
    let text = String::from_utf8_lossy(bytes);
    let mut limits = Limits::default();
    if seed & 7 == 7 {
        (limits.depth, limits.nodes) = (u32::from(seed >> 3 & 3), u32::from(seed >> 5) + 1);
    }
    let start = || LiveJson::with_limits(limits);
    let mut whole = start();
    whole.push(&text).ok();
    let mut late = start();
    late.append(&text).expect("no limit of bytes");

    let mut live = start();
    let mut before = seen(&live);
    // Beginnings are read anew one in so many, so that long texts stay cheap.
    let every = text.len() / 64 + 1;
    for (index, letter) in text.char_indices() {
        let end = index + letter.len_utf8();
        if seed & 8 == 0 {
            live.push(&text[index..end]).ok();
        } else {
            for byte in text.as_bytes()[index..end].chunks(1) {
                live.push_bytes(byte).ok();
            }
        }
        let now = seen(&live);
        only_grew(&before, &now);
        late.read_to(end).ok();
        let then = whole.mark_at(end).expect("it was read");
        if end % every == 0 || end == text.len() {
            let mut beginning = start();
            beginning.push(&text[..end]).ok();
            assert_eq!(now, seen(&beginning), "read at once, up to {end}");
            assert_eq!(now, seen(&late), "read later, up to {end}");
            assert_eq!(now.nodes, nodes(whole.at(then)), "by its mark, up to {end}");
            assert_eq!(then, live.mark());
        }
        before = now;
    }
    for end in [End::Whole, End::Cut] {
        let at_once = || {
            let mut live = start();
            live.push(&text).ok();
            live
        };
        let in_two = || {
            let mut live = start();
            let (one, two) = bytes_at(&text, seed);
            live.push_bytes(one).ok();
            live.push_bytes(two).ok();
            live
        };
        let (mut one, mut two) = (at_once(), in_two());
        assert_eq!(one.finish(end), two.finish(end));
        assert_eq!(seen(&one), seen(&two));
        one.clear();
        assert_eq!(seen(&one), seen(&start()));
        one.push(&text).ok();
        assert_eq!(seen(&one), seen(&whole), "read again");
    }
});

/// The text in two, anywhere, also within a character.
fn bytes_at(text: &str, seed: u8) -> (&[u8], &[u8]) {
    text.as_bytes().split_at(text.len() * usize::from(seed) / 255)
}

#[derive(Debug, PartialEq)]
struct SeenNode {
    kind: Kind,
    key: Option<String>,
    index: Option<usize>,
    text: Option<String>,
    truth: Option<bool>,
    complete: bool,
    parent: Option<usize>,
    offset: usize,
    len: usize,
}

#[derive(Debug, PartialEq)]
struct Seen {
    nodes: Vec<SeenNode>,
    open: Option<usize>,
    repairs: Vec<Repair>,
    error: Option<SyntaxError>,
    progress: Progress,
    pending_key: Option<String>,
    pending_text: Option<String>,
    read: usize,
}

fn seen(live: &LiveJson) -> Seen {
    Seen {
        nodes: nodes(live.now()),
        open: live.now().innermost_open().map(|node| node.id().index()),
        repairs: live.repairs().to_vec(),
        error: live.error(),
        progress: live.progress(),
        pending_key: live.pending_key().map(str::to_owned),
        pending_text: live.pending_text().map(str::to_owned),
        read: live.mark().offset(),
    }
}

/// All values in the order of their ids.
fn nodes(view: View<'_>) -> Vec<SeenNode> {
    let mut nodes = Vec::new();
    let mut walk = Vec::from_iter(view.root());
    while let Some(node) = walk.pop() {
        assert_eq!(node.id().index(), nodes.len());
        let members = node.members().map(|(_, member)| member);
        let mut children: Vec<_> = members.chain(node.items()).collect();
        assert_eq!(node.len(), children.len());
        children.reverse();
        walk.extend(children);
        nodes.push(SeenNode {
            kind: node.kind(),
            key: node.key().map(str::to_owned),
            index: node.index_in_parent(),
            text: node.as_str().or(node.as_number()).map(str::to_owned),
            truth: node.as_bool(),
            complete: node.is_complete(),
            parent: node.parent().map(|parent| parent.id().index()),
            offset: node.offset(),
            len: node.len(),
        });
    }
    nodes
}

fn only_grew(before: &Seen, now: &Seen) {
    assert!(before.nodes.len() <= now.nodes.len() && before.repairs.len() <= now.repairs.len());
    for (old, new) in before.nodes.iter().zip(&now.nodes) {
        if old.complete {
            assert_eq!(old, new, "a complete value changed");
            continue;
        }
        let ids = |node: &SeenNode| (node.kind, node.key.clone(), node.index, node.parent, node.offset);
        assert_eq!(ids(old), ids(new));
        let text = |node: &SeenNode| node.text.clone().unwrap_or_default();
        assert!(text(new).starts_with(&text(old)) && new.len >= old.len, "{old:?} became {new:?}");
    }
    for new in &now.nodes[before.nodes.len()..] {
        let parent = new.parent.and_then(|parent| before.nodes.get(parent));
        assert!(parent.is_none_or(|parent| !parent.complete), "{new:?} came into {parent:?}");
    }
    if before.error.is_some() {
        assert_eq!((&before.nodes, before.error), (&now.nodes, now.error));
    }
}
