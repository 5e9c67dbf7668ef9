//! What had been read at an earlier byte, for readers that come late.

use super::{Bounds, Scanner, State, is_space, lenient::Literal};
use crate::tree::{Mark, NONE, Node, NodeKind};

impl Scanner {
    /// The moment at which `offset` bytes of `raw` had been read; more have been since.
    pub(crate) fn mark_at(&self, raw: &str, offset: usize) -> Mark {
        let nodes = self.tape.nodes.partition_point(|node| shown_at(raw, node) <= offset);
        // After an error nothing grew.
        let end = self.error.map_or(offset, |error| error.offset);
        let mut text = 0;
        if let Some(last) = nodes.checked_sub(1).and_then(|last| self.tape.nodes.get(last)) {
            let open = last.end == 0 || last.closed_at as usize > offset;
            text = match last.kind {
                NodeKind::String if open => {
                    last.text + text_before(raw, last.opened_at as usize, offset.min(end))
                }
                kind if kind.is_container() => last.text,
                _ => last.size,
            };
        }
        let mark = Mark { nodes: nodes as u32, text, offset: offset as u32, open: NONE };
        Mark { open: self.tape.open_at(mark), ..mark }
    }

    /// The name of the member that comes next, as far as it came.
    pub(crate) fn pending_key(&self) -> Option<&str> {
        let begun = match self.state {
            State::Text | State::Single | State::Escape => self.in_key,
            State::BareKey | State::KeyEnd | State::MemberValue => true,
            State::Number | State::Word | State::WordSpace => self.in_object(),
            State::Slash | State::LineComment | State::BlockComment | State::BlockStar => {
                matches!(self.resume, State::KeyEnd | State::MemberValue)
            }
            _ => false,
        };
        if begun { self.tape.text.get(self.key_start as usize..) } else { None }
    }

    pub(super) fn in_object(&self) -> bool {
        self.tape.nodes.get(self.tape.open as usize).is_some_and(|node| node.kind == NodeKind::Object)
    }
}

/// How many bytes had to be read for the node to be there.
fn shown_at(raw: &str, node: &Node) -> usize {
    let begin = node.opened_at as usize;
    match node.kind {
        NodeKind::Array | NodeKind::Object => begin + 1,
        NodeKind::String => match raw.as_bytes().get(begin) {
            Some(b'"' | b'\'') => begin + 1,
            _ => begin + bare_shown_after(raw.as_bytes().get(begin..).unwrap_or_default()),
        },
        _ => node.closed_at as usize,
    }
}

/// How many bytes of a string without quotes had to be read to know that it is no literal and no comment.
fn bare_shown_after(bytes: &[u8]) -> usize {
    let Some(&first) = bytes.first() else { return 0 };
    if first == b'/' {
        return 2;
    }
    let Some(mut literal) = Literal::starting_with(first) else { return 1 };
    if literal == Literal::PythonNone && bytes.get(1) == Some(&b'a') {
        literal = Literal::NaN;
    }
    let text = literal.text().as_bytes();
    let mut len = bytes.iter().zip(text).take_while(|(byte, expected)| byte == expected).count();
    if len == text.len() && literal.repair().is_some() {
        len += bytes.iter().skip(len).take_while(|byte| is_space(**byte)).count();
    }
    len + 1
}

/// The length of the decoded text of the string that begins at `begin`, when `offset` bytes had been read.
fn text_before(raw: &str, begin: usize, offset: usize) -> u32 {
    let mut scanner = Scanner::new(Bounds { depth: 1, nodes: 2 });
    scanner.open_container(NodeKind::Array, begin);
    scanner.tape.read = begin;
    scanner.scan(raw.get(..offset).unwrap_or_default());
    debug_assert!(scanner.tape.open != NONE);
    scanner.tape.text.len() as u32
}
