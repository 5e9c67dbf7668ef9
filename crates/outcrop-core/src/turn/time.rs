//! Time as a driver reports it: core has no clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment: milliseconds as the driver knows them. It never runs backwards: a turn takes an earlier moment than one it
/// has seen for that one.
///
/// ```
/// use std::time::Duration;
/// use outcrop_core::Time;
/// assert_eq!(Time(1_000).after(Duration::from_secs(2)), Time(3_000));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Time(pub u64);

impl Time {
    /// The moment `length` later; rounded up to a millisecond.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        let milliseconds = length.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_add(u64::try_from(milliseconds).unwrap_or(u64::MAX)))
    }
}
