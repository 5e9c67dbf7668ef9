//! What a finished but malformed text most likely means: [`repair()`].
//!
//! One pass over the whole text writes it anew as strict JSON, in which only the end may be missing: what the
//! text does not say is never made up, and what was half there at a cut is left out. `partial-json-fixer` then
//! closes what is open. Its own guesses (null for a name without a value, digits cut off a number, nothing but
//! an error for half a surrogate pair) are never needed, since no such place is left for it.
//!
//! # Invariants
//! - Strict JSON is returned as `serde_json` reads it, with no repairs.
//! - A value that looks like a number but is none in JSON becomes a string of the same text, so no digit is changed
//!   or lost; a number is what `serde_json` makes of it. A number at a cut may be half of one, and is left out.
//! - No name and no value is invented: names without values are left out.
//! - Time and memory are linear in the text, and nothing recurses: no look-ahead goes further than what follows the
//!   second quote that it meets, so each byte is looked at a bounded number of times.

mod ahead;
mod brackets;
mod escape;
mod quoted;
mod rewrite;
mod root;
mod word;
mod writer;

use serde_json::Value;

use crate::{Repair, RepairKind};
use rewrite::Rewriter;
use root::{Root, Span};

/// What a malformed text most likely means.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Proposal {
    /// The value.
    pub value: Value,
    /// How the text departs from strict JSON, each kind once, in the order they were met. No node is given, as
    /// there is no tree.
    pub repairs: Vec<Repair>,
}

/// The value that a finished text most likely means, and all that had to be done to read it. `None` where there
/// is no value in it, as in plain prose, or where it is nested deeper than the 127 levels that `serde_json`
/// reads.
///
/// It is for diagnostics, for previews, and for answers that a model was asked to write as JSON in plain text.
/// Unless there are no repairs, or all are [`Benign`](crate::Severity::Benign), the value is a guess: never
/// execute it.
///
/// # Complexity
/// Linear in the text.
///
/// ```
/// use outcrop_json::{RepairKind, repair};
///
/// let proposal = repair(r#"Here: {"command": "echo "hi"", "cwd": /srv}"#).unwrap();
/// assert_eq!(proposal.value, serde_json::json!({"command": "echo \"hi\"", "cwd": "/srv"}));
/// let kinds: Vec<_> = proposal.repairs.iter().map(|repair| repair.kind).collect();
/// assert_eq!(kinds, [RepairKind::TextBefore, RepairKind::InnerQuote, RepairKind::BareWord]);
///
/// assert_eq!(repair("I could not find the file."), None);
/// ```
pub fn repair(text: &str) -> Option<Proposal> {
    match serde_json::from_str(text) {
        Ok(value) => Some(Proposal { value, repairs: Vec::new() }),
        Err(_) => rewrite(text)?.into_proposal(),
    }
}

/// The text as strict JSON, of which the end may be missing.
#[derive(Debug)]
struct Rewritten {
    json: String,
    open: bool,
    repairs: Vec<Repair>,
    /// How often a byte was looked at.
    #[cfg_attr(not(test), expect(dead_code, reason = "the bound is checked by tests"))]
    steps: usize,
}

impl Rewritten {
    fn into_proposal(self) -> Option<Proposal> {
        let json = if self.open { partial_json_fixer::fix_json(&self.json) } else { self.json };
        let value = serde_json::from_str(&json).ok()?;
        Some(Proposal { value, repairs: self.repairs })
    }
}

fn rewrite(text: &str) -> Option<Rewritten> {
    let mut repairs = Repairs::default();
    let (json, open, steps) = match root::find(text, &mut repairs) {
        Root::None => return None,
        Root::Literal(json) => (json.to_owned(), false, 0),
        Root::Scalar(json) => (json.to_owned(), false, 0),
        Root::Within(span) => Rewriter::new(text, span, &mut repairs).run()?,
        Root::Escaped(span) => {
            let plain = escape::undone(text.get(span.start..span.limit)?)?;
            let mut inner = Repairs::default();
            let whole = Span { start: 0, limit: plain.len(), fenced: false };
            let written = Rewriter::new(&plain, whole, &mut inner).run()?;
            repairs.note(RepairKind::Other, span.start);
            // Where they are in the text is not known any more.
            repairs.0.extend(inner.0.into_iter().map(|repair| Repair { offset: span.start, ..repair }));
            written
        }
    };
    Some(Rewritten { json, open, repairs: repairs.0, steps })
}

/// What was met, each kind once.
#[derive(Debug, Default)]
struct Repairs(Vec<Repair>);

impl Repairs {
    fn note(&mut self, kind: RepairKind, offset: usize) {
        match self.0.iter_mut().find(|known| known.kind == kind) {
            Some(known) => known.count = known.count.saturating_add(1),
            None => self.0.push(Repair::new(kind, offset, None)),
        }
    }
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
