//! What a turn may spend.

/// What a turn has spent so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    /// Steps, the one at hand included.
    pub(super) steps: u32,
}

/// A limit that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitReached {
    Steps { max_steps: u32 },
}

/// The limit that keeps another step from being made.
pub(super) fn before_next_step(max_steps: u32, spent: Spent) -> Option<LimitReached> {
    (spent.steps >= max_steps).then_some(LimitReached::Steps { max_steps })
}
