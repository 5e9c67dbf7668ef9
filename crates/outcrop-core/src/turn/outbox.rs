//! What a turn reports: events for observers and diagnostics for whoever awaits the answer, each in order.
//!
//! # Invariants
//! - A diagnostic is an event and is kept for the outcome; neither happens without the other.

use std::{collections::VecDeque, sync::Arc};

use crate::{
    turn::{Diagnostic, DiagnosticCode, EventKind, TurnEvent},
    wire::RawJson,
};

/// The events of a turn that nobody has taken yet, and the place that new ones get.
#[derive(Debug)]
pub(super) struct Outbox {
    turn: Arc<str>,
    pub(super) step: u32,
    pub(super) attempt: u32,
    events: VecDeque<TurnEvent>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Outbox {
    pub(super) fn new(turn: Arc<str>, step: u32, attempt: u32) -> Self {
        Self { turn, step, attempt, events: VecDeque::new(), diagnostics: Vec::new() }
    }

    /// The step and the attempt at hand.
    pub(super) fn place(&self) -> (u32, u32) {
        (self.step, self.attempt)
    }

    pub(super) fn turn(&self) -> &Arc<str> {
        &self.turn
    }

    pub(super) fn emit(&mut self, block: Option<u32>, kind: impl Into<EventKind>) {
        let turn = Arc::clone(&self.turn);
        let event = TurnEvent { turn, step: self.step, attempt: self.attempt, block, kind: kind.into() };
        self.events.push_back(event);
    }

    pub(super) fn report(&mut self, block: Option<u32>, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic.clone());
        self.emit(block, diagnostic);
    }

    pub(super) fn report_all(&mut self, diagnostics: Vec<Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.report(None, diagnostic));
    }

    pub(super) fn diagnose(&mut self, code: DiagnosticCode, message: impl Into<String>) {
        self.report(None, Diagnostic::new(code, message));
    }

    /// Reports something of the service that has no place in the message.
    pub(super) fn diagnose_unknown(&mut self, block: Option<u32>, raw: RawJson) {
        let message = "the service sent something that has no place in the message; it is only shown here";
        self.report(block, Diagnostic::new(DiagnosticCode::UnknownContent, message).raw(raw));
    }

    pub(super) fn next_event(&mut self) -> Option<TurnEvent> {
        self.events.pop_front()
    }
}
