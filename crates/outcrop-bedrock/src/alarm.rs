//! One timer for all waits of a call.
//!
//! # Invariants
//! - It never rings before the moment that is asked for.
//! - A later moment costs nothing until the earlier one has passed: to set a timer anew may wake the runtime's driver.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer, made when it is first needed. Each wait tells it anew until when.
#[derive(Debug, Default)]
pub(crate) struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once `until` has passed; otherwise the task is woken then, or before.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, until: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if until < sleep.deadline() {
            sleep.as_mut().reset(until);
        }
        loop {
            ready!(sleep.as_mut().poll(cx));
            if sleep.deadline() >= until {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(until);
        }
    }

    /// What `future` gives, or `None` once `until` has passed.
    pub(crate) async fn limit<F: Future>(&mut self, until: Instant, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => self.poll(cx, until).map(|()| None),
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::{future::pending, time::Duration};

    use super::*;

    /// Waits until so many milliseconds after the beginning, one after the other; each ends at its moment.
    async fn check(moments: &[u64]) {
        let (begin, mut alarm) = (Instant::now(), Alarm::default());
        for moment in moments {
            let until = begin + Duration::from_millis(*moment);
            let now = Instant::now();
            assert_eq!(alarm.limit(until, pending::<()>()).await, None);
            assert_eq!(Instant::now(), until.max(now), "{moments:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_ends_at_its_moment() {
        check(&[10, 20, 500, 501]).await;
        check(&[10, 5, 30]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_moment_counts_although_a_later_one_was_set() {
        let (begin, mut alarm) = (Instant::now(), Alarm::default());
        let at = |millis| begin + Duration::from_millis(millis);
        let quick = tokio::time::sleep(Duration::from_millis(1));
        assert_eq!(alarm.limit(at(1000), quick).await, Some(()));
        assert_eq!(alarm.limit(at(50), pending::<()>()).await, None);
        assert_eq!(Instant::now(), at(50));
        assert_eq!(alarm.limit(at(2000), pending::<()>()).await, None);
        assert_eq!(Instant::now(), at(2000));
    }
}
