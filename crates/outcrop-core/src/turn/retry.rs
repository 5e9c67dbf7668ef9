//! Whether and when a failed call is made again.
//!
//! # Invariants
//! - It is a function of the policy, the failure, the attempt and the turn's id: no clock and no chance, so that a
//!   durable engine that replays a turn comes to the same moments.

use std::time::Duration;

use crate::{turn::time::Time, wire::failure::CallFailure};

/// Which failed calls are made again, and how long is waited before: exponential backoff with jitter, never less than
/// the service asks for.
///
/// ```
/// use std::time::Duration;
/// use outcrop_core::turn::RetryPolicy;
/// let policy = RetryPolicy::new(3).first_wait(Duration::from_millis(200)).longest_wait(Duration::from_secs(20));
/// assert_eq!(policy.max_attempts(), 3);
/// assert_eq!(RetryPolicy::none().max_attempts(), 1);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    max_attempts: u32,
    first_wait: Duration,
    longest_wait: Duration,
}

impl RetryPolicy {
    /// Nothing is made again. Then the client's own retries apply.
    pub const fn none() -> Self {
        Self::new(1)
    }

    /// At most `max_attempts` calls for a step, the first one included. Each is sent once: the client's own retries are
    /// switched off ([`ConverseAction::single_attempt`](crate::turn::ConverseAction::single_attempt)).
    pub const fn new(max_attempts: u32) -> Self {
        Self { max_attempts, first_wait: Duration::from_millis(500), longest_wait: Duration::from_secs(20) }
    }

    /// Sets the wait before the second attempt, which doubles with each further one; 500 ms unless set.
    #[must_use]
    pub const fn first_wait(mut self, wait: Duration) -> Self {
        self.first_wait = wait;
        self
    }

    /// Sets the longest wait that the doubling comes to; 20 s unless set.
    #[must_use]
    pub const fn longest_wait(mut self, wait: Duration) -> Self {
        self.longest_wait = wait;
        self
    }

    /// The most calls for a step, the first one included.
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// When the call is made again that failed as the `attempts`th of its step; `None` where it is given up.
    pub(crate) fn on_failure(
        &self,
        failure: &CallFailure,
        attempts: u32,
        seed: &str,
        now: Time,
    ) -> Option<Time> {
        if attempts >= self.max_attempts || !failure.class.is_retryable() {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << attempts.saturating_sub(1).min(16));
        let longest = doubled.min(self.longest_wait);
        // Half of it is fixed, half is spread, so that clients that failed together do not come back together.
        let spread = f64::from(crc32fast::hash(seed.as_bytes())) / f64::from(u32::MAX);
        let wait = longest.mul_f64(0.5 + spread / 2.0);
        let asked = Duration::from_millis(failure.retry_after.unwrap_or(0));
        Some(now.after(wait.max(asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::failure::FailureClass;

    #[test]
    fn waits_double_and_are_spread() {
        let policy =
            RetryPolicy::new(9).first_wait(Duration::from_millis(100)).longest_wait(Duration::from_secs(1));
        let wait = |attempts, seed: &str| {
            policy.on_failure(&CallFailure::new(FailureClass::Throttled), attempts, seed, Time(7)).unwrap().0
                - 7
        };
        for (attempts, longest) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (8, 1000)] {
            for seed in ["a", "b", "c"] {
                assert!((longest / 2..=longest + 1).contains(&wait(attempts, seed)), "{attempts} {seed}");
            }
        }
        assert_ne!(wait(4, "a"), wait(4, "b"));
        assert_eq!(wait(4, "a"), wait(4, "a"));
    }

    #[test]
    fn what_is_given_up() {
        let policy = RetryPolicy::new(2);
        let again = |class, attempts| policy.on_failure(&CallFailure::new(class), attempts, "t", Time(0));
        assert_eq!(again(FailureClass::Throttled, 2), None);
        assert_eq!(again(FailureClass::Denied, 1), None);
        assert_eq!(policy.on_failure(&CallFailure::refused("no"), 1, "t", Time(0)), None);
        let asked = CallFailure::new(FailureClass::Overloaded).retry_after(60_000);
        assert_eq!(policy.on_failure(&asked, 1, "t", Time(5)), Some(Time(60_005)));
    }
}
