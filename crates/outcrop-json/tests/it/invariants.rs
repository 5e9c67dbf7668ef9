//! What always holds, for any text and any split: the invariants by number, as properties.
//!
//! 1. Strict JSON in any pieces is read as `serde_json` reads it (`splits.rs`).
//! 2. What is read is a function of the text, not of the pieces (`splits.rs`).
//! 3. What is shown of a beginning is an ancestor of what is shown of more (`growth.rs`).
//! 4. What is complete never changes, and nothing that was shown is taken back (`growth.rs`).
//! 5. The changes since any mark, replayed, give the value (`feed.rs`).
//! 6. A text that was cut is told from one that is wrong, and keeps what was shown (`ends.rs`).
//! 7. Complete is what `serde_json` accepts, and nothing else (`ends.rs`).
//! 8. Nothing panics, recurses or grows without bound (`totals.rs`).
//! 9. A benign repair has one reading: written as strict JSON, it is read as the same value (`ends.rs`).
//! 10. Typed reading is that of `serde_json` (`../typed.rs`).

use proptest::prelude::*;

pub(crate) mod seen;
pub(crate) mod texts;

mod damage;
mod ends;
mod feed;
mod growth;
mod short;
mod splits;
mod totals;

pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases, ..config } }
}
