//! outcrop-json, used as one would: push a delta, read what there is.
//!
//! # Invariants
//! - After every delta the live value is read, and what was read is handed back: no work can be left out.

use outcrop_json::{End, LimitError, LiveJson, LivePartial, NodeRef, Outcome};
use serde_json::Value;

/// Takes the live value, which is lent: whether it is there, and complete.
#[inline]
fn look(live: &LiveJson) -> usize {
    live.root().map_or(0, |root| 1 + usize::from(root.is_complete()))
}

/// A live value after every delta.
pub(crate) fn push(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    let mut seen = 0;
    for delta in deltas {
        live.push(delta)?;
        seen += look(live);
    }
    Ok(seen)
}

/// A live value after every delta, and the text of the string that is growing taken from it.
pub(crate) fn push_and_read(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    let mut seen = 0;
    for delta in deltas {
        live.push(delta)?;
        let growing = live.innermost_open().and_then(NodeRef::as_str);
        seen += look(live) + growing.map_or(0, str::len);
    }
    Ok(seen)
}

/// A live value and what changed, after every delta.
pub(crate) fn push_with_feed(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    let mut seen = 0;
    let mut mark = live.mark();
    for delta in deltas {
        live.push(delta)?;
        seen += look(live);
        for change in live.changes(mark) {
            std::hint::black_box(&change);
            seen += 1;
        }
        mark = live.mark();
    }
    Ok(seen)
}

/// A live value after every delta, and a companion brought up to date with it.
pub(crate) fn push_with_companion(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    let mut seen = 0;
    let mut companion = LivePartial::<Value>::new();
    for delta in deltas {
        live.push(delta)?;
        seen += look(live);
        seen += usize::from(companion.update(&*live).is_ok_and(|part| part.is_done()));
    }
    std::hint::black_box(companion);
    Ok(seen)
}

/// In new buffers, which are dropped at the end.
pub(crate) fn cold(deltas: &[&str]) -> Result<usize, LimitError> {
    push(&mut LiveJson::new(), deltas)
}

/// In new buffers, with the growing string read after every delta.
pub(crate) fn cold_and_read(deltas: &[&str]) -> Result<usize, LimitError> {
    push_and_read(&mut LiveJson::new(), deltas)
}

/// In buffers that `live` has from before.
pub(crate) fn warm(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    live.clear();
    push(live, deltas)
}

/// In buffers that `live` has from before, with the changes read after every delta.
pub(crate) fn warm_with_feed(live: &mut LiveJson, deltas: &[&str]) -> Result<usize, LimitError> {
    live.clear();
    push_with_feed(live, deltas)
}

/// No more comes.
pub(crate) fn finish(live: &mut LiveJson) -> Outcome {
    live.finish(End::Whole)
}

/// After how many of the deltas there is no live value.
pub(crate) fn without_value(deltas: &[&str]) -> Result<usize, LimitError> {
    let mut live = LiveJson::new();
    let mut without = 0;
    for delta in deltas {
        live.push(delta)?;
        without += usize::from(live.root().is_none());
    }
    Ok(without)
}

/// What the finished text comes to.
pub(crate) fn value(deltas: &[&str]) -> Result<Value, String> {
    let mut live = LiveJson::new();
    push(&mut live, deltas).map_err(|error| error.to_string())?;
    if !live.finish(End::Whole).is_complete() {
        return Err("the text is not complete".to_owned());
    }
    live.root().ok_or("no value")?.to_value().map_err(|error| error.to_string())
}
