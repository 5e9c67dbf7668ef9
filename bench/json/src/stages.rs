//! What runs under callgrind: one kind of text in several sizes, one stage after the other.
//!
//! # Invariants
//! - Only what runs inside [`collect_this_stage`] is counted; callgrind writes a part for each of its calls.
//! - Every stage does its work once. Buffers are new, but the heap is as earlier stages left it, as in a program
//!   that has run for a while.

use std::hint::black_box;

use outcrop_json::{LimitError, LiveJson};

use crate::{ours, text::Kind};

/// The function inside of which callgrind counts, by the name that callgrind knows it under.
pub(crate) const COLLECTED: &str = concat!(module_path!(), "::collect_this_stage");

/// What is counted of one text, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// serde_json, a `Value` of the whole text.
    Floor,
    /// Ours: every delta pushed, the live value lent after each; new buffers, dropped at the end.
    Push,
    /// The same, with the text of the growing string read after each.
    Read,
    /// As `Push`, with the changes read after each; not dropped.
    Feed,
    /// As `Push`, with a companion brought up to date after each, and dropped at the end.
    Companion,
    /// What comes after the feed: `finish`, and the buffers dropped.
    Finish,
}

/// The stages of every text.
pub(crate) const STAGES: [Stage; 6] =
    [Stage::Floor, Stage::Push, Stage::Read, Stage::Companion, Stage::Feed, Stage::Finish];

/// Runs every stage for the kind of text in every size.
pub(crate) fn run(kind: &str, sizes: &[&str]) -> Result<(), String> {
    let kind = Kind::named(kind).ok_or("no such text")?;
    for size in sizes {
        let workload = kind.text(size.parse().map_err(|_| "a size is a number of bytes")?);
        run_one(&workload.text, &workload.deltas()).map_err(|error| format!("{size} B: {error}"))?;
    }
    Ok(())
}

/// In the order of [`STAGES`].
fn run_one(text: &str, deltas: &[&str]) -> Result<(), LimitError> {
    let text = black_box(text);
    collect_this_stage(&mut || drop(black_box(outcrop_bench_floor::value(text))));

    let deltas = black_box(deltas);
    let mut pushed = Ok(0);
    collect_this_stage(&mut || pushed = ours::cold(deltas));
    black_box(pushed)?;
    collect_this_stage(&mut || pushed = ours::cold_and_read(deltas));
    black_box(pushed)?;
    collect_this_stage(&mut || pushed = ours::push_with_companion(&mut LiveJson::new(), deltas));
    black_box(pushed)?;

    let mut kept = None;
    collect_this_stage(&mut || pushed = ours::push_with_feed(kept.insert(LiveJson::new()), deltas));
    black_box(pushed)?;
    collect_this_stage(&mut || _ = black_box(kept.take().map(|mut live| ours::finish(&mut live))));
    Ok(())
}

/// Callgrind counts in here. The call through `dyn` keeps the name of this function out of all others.
#[inline(never)]
fn collect_this_stage(run: &mut dyn FnMut()) {
    run();
    // So that this is no tail call: the function is left when the work is done.
    black_box(());
}
