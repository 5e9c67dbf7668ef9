//! The end of a text: what it turned out to be.
//!
//! # Invariants
//! - Nothing that was shown disappears or changes. What was held back is dropped, but for half a surrogate pair,
//!   which is U+FFFD, and a root number or literal, which ends with the text.
//! - A text that was cut is never complete, and a guess is never a repair.

use std::collections::HashSet;

use crate::{
    Complete, End, ErrorKind, Guessed, Invalid, LiveJson, Outcome, Repair, RepairKind, Repaired, Severity,
    SyntaxError, Truncated,
    scanner::State,
    tree::{NONE, NodeKind},
};

/// Objects with more members have their names compared in a set.
const FEW: usize = 16;

impl LiveJson {
    /// Says what the text is, once no more of it comes. What is pushed later is kept, and not read.
    ///
    /// A blank text is an empty object: that is how a tool without arguments is called.
    ///
    /// ```
    /// use outcrop_json::{End, LiveJson, Outcome, RepairKind};
    ///
    /// let outcome = |text: &str| {
    ///     let mut live = LiveJson::new();
    ///     live.push(text).unwrap();
    ///     live.finish(End::Whole)
    /// };
    /// assert!(matches!(outcome(r#"{"a": 1}"#), Outcome::Complete(_)));
    /// assert!(matches!(outcome(r#"{"a": 1,}"#), Outcome::Repaired(_)));
    /// assert!(matches!(outcome(r#"{"a": one}"#), Outcome::Guessed(_)));
    /// assert!(matches!(outcome(r#"{"a": [1, 2"#), Outcome::Truncated(cut) if cut.missing == "]}"));
    /// assert!(matches!(outcome("I cannot do that."), Outcome::Invalid(_)));
    /// assert_eq!(outcome(r#"{"a": one}"#).repairs()[0].kind, RepairKind::BareWord);
    /// ```
    ///
    /// # Complexity
    /// Linear in the number of values; where the value had to stop at an error, linear in the text.
    pub fn finish(&mut self, end: End) -> Outcome {
        if !self.finished {
            self.scanner.scan(&self.raw);
        }
        let notes = self.duplicates();
        let outcome = self.settle(end, notes);
        self.end();
        outcome
    }

    fn settle(&mut self, end: End, mut notes: Vec<Repair>) -> Outcome {
        if let Some(limit) = self.limit_met() {
            let error = SyntaxError { kind: ErrorKind::Limit(limit.limit), offset: limit.offset };
            return self.invalid(error, notes);
        }
        if let Some(error) = self.error() {
            return self.invalid(error, notes);
        }
        match self.scanner.state {
            State::Done | State::FenceClose if self.has_carry() => {
                let at = self.raw().len();
                self.scanner.fail(ErrorKind::Utf8, at);
                self.invalid(SyntaxError { kind: ErrorKind::Utf8, offset: at }, notes)
            }
            State::Done | State::FenceClose => self.done(notes),
            State::Start if end == End::Whole && !self.has_carry() && self.repairs().is_empty() => {
                self.scanner.repair(RepairKind::Blank, 0, None);
                self.scanner.empty_object(self.raw.len());
                self.done(notes)
            }
            _ if self.scanner.tape.open == NONE => self.end_of_root(end, notes),
            _ => {
                self.scanner.end_of_escape(&self.raw);
                notes.splice(0..0, self.repairs().iter().copied());
                let open = self.now().innermost_open();
                Outcome::Truncated(Truncated {
                    open: open.map(|node| node.pointer().to_string()),
                    missing: self.missing(),
                    repairs: notes,
                })
            }
        }
    }

    /// Nothing is open: the text ends in a root number or literal, in a comment, or before any value.
    fn end_of_root(&mut self, end: End, notes: Vec<Repair>) -> Outcome {
        let (at, carry) = (self.raw.len(), self.has_carry());
        let scanner = &mut self.scanner;
        let whole = !carry
            && match scanner.state {
                State::Number => scanner.digits.is_whole(),
                State::Word => scanner.literal_len as usize == scanner.literal.text().len(),
                State::LineComment => !scanner.tape.nodes.is_empty(),
                _ => false,
            };
        if whole && end == End::Whole {
            match scanner.state {
                State::Number => scanner.commit_number(&self.raw, at, at),
                State::Word => scanner.commit_literal(at),
                _ => {}
            }
            return self.done(notes);
        }
        if end == End::Cut || scanner.state == State::BlockComment || scanner.state == State::BlockStar {
            let mut repairs = self.repairs().to_vec();
            repairs.extend(notes);
            return Outcome::Truncated(Truncated { repairs, open: None, missing: String::new() });
        }
        let (kind, offset) = match scanner.state {
            _ if carry => (ErrorKind::Utf8, at),
            State::Number => (ErrorKind::Number, at),
            State::Slash if !scanner.tape.nodes.is_empty() => (ErrorKind::TrailingText, scanner.token_at),
            _ => (ErrorKind::NoValue, at),
        };
        let error = SyntaxError { kind, offset };
        scanner.fail(kind, offset);
        self.invalid(error, notes)
    }

    /// The root value is complete, if it could be taken.
    fn done(&self, notes: Vec<Repair>) -> Outcome {
        if let Some(error) = self.error() {
            return self.invalid(error, notes);
        }
        let worst =
            self.repairs().iter().map(|repair| repair.kind.severity()).max().unwrap_or(Severity::Note);
        let mut repairs = self.repairs().to_vec();
        repairs.extend(notes);
        match worst {
            Severity::Note => Outcome::Complete(Complete { notes: repairs }),
            Severity::Benign => Outcome::Repaired(Repaired { repairs }),
            Severity::Guess => Outcome::Guessed(Guessed { repairs }),
        }
    }

    fn invalid(&self, error: SyntaxError, notes: Vec<Repair>) -> Outcome {
        let mut repairs = self.repairs().to_vec();
        repairs.extend(notes);
        Outcome::Invalid(Invalid { repairs, error })
    }

    /// What would close all that is open.
    fn missing(&self) -> String {
        let open = self.now().innermost_open();
        let mut missing = String::new();
        for node in std::iter::successors(open, |node| node.parent()) {
            match node.node_kind() {
                NodeKind::Object => missing.push('}'),
                NodeKind::Array => missing.push(']'),
                _ if self.scanner.is_quoted() => missing.push(self.scanner.quote()),
                _ => {}
            }
        }
        missing
    }

    /// Names that are there twice in an object.
    fn duplicates(&self) -> Vec<Repair> {
        let mut found = Vec::new();
        let mut names = HashSet::new();
        let nodes = &self.scanner.tape.nodes;
        for (id, node) in nodes.iter().enumerate().filter(|(_, node)| node.kind == NodeKind::Object) {
            let Some(object) = self.now().node_at(id as u32) else { continue };
            let mut members = object.members();
            let twice = if (node.size as usize) <= FEW {
                std::iter::from_fn(|| members.next())
                    .enumerate()
                    .find(|(index, (name, _))| object.members().take(*index).any(|(known, _)| known == *name))
                    .map(|(_, (_, twice))| twice)
            } else {
                names.clear();
                members.find(|(name, _)| !names.insert(*name)).map(|(_, twice)| twice)
            };
            found.extend(
                twice.map(|twice| Repair::new(RepairKind::DuplicateKey, twice.offset(), Some(twice.id()))),
            );
        }
        found
    }
}
