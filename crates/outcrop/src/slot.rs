//! Where a session and its turn meet: the history, what the session has pinned, and whether a turn is going on.
//!
//! # Invariants
//! - One turn at a time; the history is only changed when a turn ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outcrop_core::{Fact, History, Message, ToolStreaming, TurnConfig};

use crate::Error;

/// Where a session and its turn meet.
#[derive(Debug)]
pub(crate) struct Slot(Mutex<State>);

#[derive(Debug)]
struct State {
    history: History,
    config: Arc<TurnConfig>,
    busy: bool,
    /// Entries of the history that a turn has reported on.
    reported: usize,
}

impl Slot {
    pub(crate) fn new(history: History, config: TurnConfig) -> Self {
        Self(Mutex::new(State { history, config: Arc::new(config), busy: false, reported: 0 }))
    }

    /// The history as it was before the turn that is going on, if there is one.
    pub(crate) fn history(&self) -> History {
        self.lock().history.clone()
    }

    /// Takes the last turn out of the history.
    pub(crate) fn pop_turn(&self) -> Result<Vec<Message>, Error> {
        let mut state = self.lock();
        if state.busy { Err(Error::TurnInProgress) } else { Ok(state.history.pop_turn()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave the state half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn begins with the history as it is and by what the session has pinned.
    pub(crate) fn begin(&self) -> Result<(History, Arc<TurnConfig>, usize), Error> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.busy, true) {
            return Err(Error::TurnInProgress);
        }
        Ok((state.history.clone(), Arc::clone(&state.config), state.reported))
    }

    /// The turn is over, however it ended. What refusals taught in it holds for the rest of the session: what was
    /// sent before was refused, so no prefix is lost by it. So does what became of the streaming of inputs.
    pub(crate) fn end(&self, history: History, learned: &[Fact], tool_streaming: ToolStreaming) {
        let mut state = self.lock();
        state.reported = history.len();
        state.history = history;
        state.busy = false;
        if state.config.tool_streaming != tool_streaming {
            Arc::make_mut(&mut state.config).tool_streaming = tool_streaming;
        }
        if !learned.is_empty() {
            let config = Arc::make_mut(&mut state.config);
            let known = config.profile.clone();
            config.profile = learned.iter().fold(known, |profile, fact| profile.with_fact(*fact));
        }
    }
}
