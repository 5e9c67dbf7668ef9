//! What a driver has still to be told or to report that needs no state of the step: actions that are due, calls that were
//! cancelled, and the one moment that is waited for.
//!
//! # Invariants
//! - There is never more than one moment to wait for: a new one replaces it.
//! - An action stays outstanding until its outcome, or that it was cancelled, was reported.
//! - Time never runs backwards.

use std::collections::VecDeque;

use super::action::{Action, ActionId, CancelAction, Outstanding, RememberAction, WaitAction};
use crate::turn::time::Time;

#[derive(Debug)]
pub(super) struct Agenda {
    due: VecDeque<Action>,
    /// Actions that were cancelled and not reported since.
    cancelling: Vec<ActionId>,
    /// The moment that the driver waits for.
    waiting: Option<Time>,
    /// The latest moment that a driver told.
    now: Time,
}

impl Agenda {
    pub(super) fn new(now: Time) -> Self {
        Self { due: VecDeque::new(), cancelling: Vec::new(), waiting: None, now }
    }

    pub(super) fn see(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    pub(super) fn now(&self) -> Time {
        self.now
    }

    pub(super) fn push(&mut self, action: Action) {
        self.due.push_back(action);
    }

    pub(super) fn pop(&mut self) -> Option<Action> {
        self.due.pop_front()
    }

    /// The facts that the driver was not told to remember yet.
    pub(super) fn facts_to_remember(&self) -> Vec<RememberAction> {
        let fact = |action: &Action| match action {
            Action::Remember(fact) => Some(fact.clone()),
            _ => None,
        };
        self.due.iter().filter_map(fact).collect()
    }

    /// The outcome of `id` is no longer wanted.
    pub(super) fn cancel(&mut self, id: ActionId) {
        self.cancelling.push(id);
        self.push(Action::Cancel(CancelAction { id }));
    }

    /// Whether `id` was cancelled; from here on it is not outstanding any more.
    pub(super) fn was_cancelled(&mut self, id: ActionId) -> bool {
        let at = self.cancelling.iter().position(|cancelled| *cancelled == id);
        at.map(|at| self.cancelling.swap_remove(at)).is_some()
    }

    /// Asks the driver to wait until `due`, where it does not do that yet.
    pub(super) fn wait(&mut self, due: Option<Time>, (step, attempt): (u32, u32)) -> Option<Action> {
        if due == self.waiting {
            return None;
        }
        self.waiting = due;
        let until = due?;
        Some(Action::Wait(WaitAction { id: ActionId::wait(step, attempt, until), until }))
    }

    /// The turn goes on without a moment to wait for.
    pub(super) fn stop_waiting(&mut self) {
        self.waiting = None;
    }

    /// Whether the moment has come that is waited for as `id`.
    pub(super) fn elapsed(&mut self, id: ActionId, (step, attempt): (u32, u32)) -> bool {
        let Some(until) = self.waiting.filter(|until| ActionId::wait(step, attempt, *until) == id) else {
            return false;
        };
        self.waiting = None;
        until <= self.now
    }

    /// What the driver was asked for and has not reported; the moment only where it is still the one that is `due`.
    pub(super) fn outstanding(
        &self,
        due: Option<Time>,
        (step, attempt): (u32, u32),
    ) -> impl Iterator<Item = Outstanding> {
        let wait = self
            .waiting
            .filter(|until| due == Some(*until))
            .map(|until| ActionId::wait(step, attempt, until));
        let wait = wait.into_iter().map(|id| Outstanding { id, cancelled: false });
        wait.chain(self.cancelling.iter().map(|id| Outstanding { id: *id, cancelled: true }))
    }
}
