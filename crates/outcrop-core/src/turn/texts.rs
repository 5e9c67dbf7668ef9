//! The texts that a model reads in place of a tool's own result.

use std::time::Duration;

/// Of a call that was waiting when its turn was given up.
pub(super) const NOT_BEGUN: &str = "The turn was interrupted before this call was begun. It had no effect.";

/// Of a call whose time was up.
pub(super) fn timed_out(timeout: Duration) -> String {
    format!(
        "The call did not finish within {} s and was stopped. It may or may not have taken effect.",
        timeout.as_secs_f32()
    )
}

/// Of a call that was not approved.
pub(super) fn denied(message: &str) -> String {
    match message.trim() {
        "" => "The call was not approved, so the tool was not run.".to_owned(),
        message => format!("The call was not approved, so the tool was not run: {message}"),
    }
}
