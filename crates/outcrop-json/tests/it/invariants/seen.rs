//! All that can be seen of a text being read, as data that can be compared.

use outcrop_json::{Kind, LiveJson, NodeRef, Progress, Repair, SyntaxError, View};

/// One value, flat.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SeenNode {
    pub(crate) kind: Kind,
    pub(crate) key: Option<String>,
    pub(crate) index: Option<usize>,
    /// The text of a string, the digits of a number.
    pub(crate) text: Option<String>,
    pub(crate) truth: Option<bool>,
    pub(crate) complete: bool,
    pub(crate) parent: Option<usize>,
    pub(crate) offset: usize,
    pub(crate) len: usize,
    pub(crate) pointer: String,
}

/// What can be seen, but for the text itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) nodes: Vec<SeenNode>,
    pub(crate) open: Option<usize>,
    pub(crate) repairs: Vec<Repair>,
    pub(crate) error: Option<SyntaxError>,
    pub(crate) progress: Progress,
    pub(crate) pending_key: Option<String>,
    pub(crate) pending_text: Option<String>,
    pub(crate) read: usize,
}

pub(crate) fn seen(live: &LiveJson) -> Seen {
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

/// All values in the order in which they began, which is that of their ids.
pub(crate) fn nodes(view: View<'_>) -> Vec<SeenNode> {
    let mut nodes: Vec<SeenNode> = Vec::new();
    let mut last_of_name: Vec<bool> = Vec::new();
    let mut walk = Vec::from_iter(view.root());
    while let Some(node) = walk.pop() {
        assert_eq!(node.id().index(), nodes.len(), "ids are not in order");
        assert_eq!(
            view.node(node.id()).map(NodeRef::offset),
            Some(node.offset()),
            "found otherwise by its id"
        );
        let mut children: Vec<_> = match node.kind() {
            Kind::Object => node
                .members()
                .map(|(name, member)| {
                    assert_eq!(member.key(), Some(name));
                    member
                })
                .collect(),
            _ => node.items().collect(),
        };
        assert_eq!((node.len(), node.is_empty()), (children.len(), children.is_empty()));
        assert_eq!(node.as_u64().is_some() || node.as_i64().is_some(), is_whole(node), "{node:?}");
        for (index, child) in children.iter().enumerate() {
            let by_index = node.index(index).filter(|_| node.kind() == Kind::Array);
            let by_name = child.key().and_then(|name| node.get(name));
            let found = by_index.or(by_name).unwrap().id();
            assert!(found == child.id() || node.kind() == Kind::Object && found > child.id());
        }
        // A pointer leads to the last of a name.
        let pointer = node.pointer().to_string();
        let is_last = node.parent().is_none_or(|parent| {
            last_of_name[parent.id().index()]
                && node.key().is_none_or(|name| parent.get(name).unwrap().id() == node.id())
        });
        last_of_name.push(is_last);
        if is_last {
            assert_eq!(view.pointer(&pointer).map(NodeRef::id), Some(node.id()), "{pointer}");
        }
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
            pointer,
        });
    }
    nodes
}

/// A number that fits one of the two.
fn is_whole(node: NodeRef<'_>) -> bool {
    node.as_number().is_some_and(|text| {
        text.parse::<i128>().is_ok_and(|number| (i64::MIN.into()..=u64::MAX.into()).contains(&number))
    })
}

/// The text read at once.
pub(crate) fn whole(text: &str) -> LiveJson {
    let mut live = LiveJson::new();
    live.push(text).ok();
    live
}
