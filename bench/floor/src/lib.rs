//! The floor: a finished text, parsed once by serde_json with its default features.
//!
//! # Invariants
//! - Nothing else is linked here, so the code that is generated for the floor does not depend on what it is
//!   compared with.

use serde::de::IgnoredAny;
use serde_json::Value;

/// The value of the text.
#[inline(never)]
pub fn value(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok()
}

/// Whether the text is JSON; nothing of it is kept.
#[inline(never)]
pub fn is_json(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
