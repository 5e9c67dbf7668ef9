//! The box in which running calls leave their reports for their turn.
//!
//! # Invariants
//! - Reports are taken in the order in which they were left; none is lost before the box itself is.
//! - The turn is woken for each report that is left after it found the box empty.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker},
};

/// Made for few reports at a time, so that a turn pays for no more than it uses.
#[derive(Debug)]
pub(super) struct Reports<T> {
    inner: Mutex<Inner<T>>,
    /// Whether there are any; looked at for every event of a turn.
    any: AtomicBool,
}

#[derive(Debug)]
struct Inner<T> {
    left: VecDeque<T>,
    waker: Option<Waker>,
}

impl<T> Reports<T> {
    pub(super) fn new() -> Self {
        let inner = Inner { left: VecDeque::new(), waker: None };
        Self { inner: Mutex::new(inner), any: AtomicBool::new(false) }
    }

    pub(super) fn leave(&self, report: T) {
        let waker = {
            let mut inner = self.lock();
            inner.left.push_back(report);
            self.any.store(true, Ordering::Release);
            inner.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    pub(super) fn take(&self) -> Option<T> {
        self.take_from(&mut self.lock())
    }

    /// The oldest report; where there is none, the task is woken for the next.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> Poll<T> {
        let mut inner = self.lock();
        match self.take_from(&mut inner) {
            Some(report) => Poll::Ready(report),
            None => {
                match &mut inner.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }

    fn take_from(&self, inner: &mut Inner<T>) -> Option<T> {
        let report = inner.left.pop_front();
        if inner.left.is_empty() {
            self.any.store(false, Ordering::Release);
        }
        report
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        // Nothing is done under the lock that could leave the box half changed.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::task::noop_waker_ref;

    use super::*;

    #[test]
    fn reports_are_taken_in_order() {
        let reports = Reports::new();
        let mut cx = Context::from_waker(noop_waker_ref());
        assert!(reports.is_empty() && reports.poll(&mut cx).is_pending());
        (1..=3).for_each(|report| reports.leave(report));
        assert!(!reports.is_empty());
        assert_eq!(reports.poll(&mut cx), Poll::Ready(1));
        assert_eq!([reports.take(), reports.take(), reports.take()], [Some(2), Some(3), None]);
        assert!(reports.is_empty());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_waits_is_woken() {
        let reports = Arc::new(Reports::new());
        let leaves = |many: u32| {
            let reports = Arc::clone(&reports);
            tokio::spawn(async move {
                for report in 0..many {
                    reports.leave(report);
                    tokio::task::yield_now().await;
                }
            })
        };
        let tasks = [leaves(1000), leaves(1000)];
        let mut sum = 0;
        for _ in 0..2000 {
            sum += std::future::poll_fn(|cx| reports.poll(cx)).await;
        }
        assert_eq!(sum, 2 * (0..1000).sum::<u32>());
        for task in tasks {
            task.await.unwrap();
        }
        assert!(reports.is_empty());
    }
}
