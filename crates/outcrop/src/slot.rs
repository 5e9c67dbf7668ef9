//! Where a session and its turn meet: the conversation, what the session has pinned, and whether a turn is going on.
//!
//! # Invariants
//! - One turn at a time; the conversation is only changed when a turn ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use outcrop_core::{Conversation, History, Message, TurnConfig};

use crate::{Error, ErrorKind};

/// Where a session and its turn meet.
#[derive(Debug)]
pub(crate) struct Slot {
    config: Arc<TurnConfig>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    conversation: Conversation,
    busy: bool,
}

impl Slot {
    pub(crate) fn new(history: History, config: TurnConfig) -> Self {
        let state = State { conversation: history.into(), busy: false };
        Self { config: Arc::new(config), state: Mutex::new(state) }
    }

    /// The history as it was before the turn that is going on, if there is one.
    pub(crate) fn history(&self) -> History {
        self.lock().conversation.history.clone()
    }

    /// Takes the last turn out of the history.
    pub(crate) fn pop_turn(&self) -> Result<Vec<Message>, Error> {
        let mut state = self.lock();
        if state.busy { Err(ErrorKind::TurnInProgress.into()) } else { Ok(state.conversation.pop_turn()) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing is done under the lock that could leave the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn begins with the conversation as it is and by what the session has pinned.
    pub(crate) fn begin(&self) -> Result<(Conversation, Arc<TurnConfig>), Error> {
        let mut state = self.lock();
        if std::mem::replace(&mut state.busy, true) {
            return Err(ErrorKind::TurnInProgress.into());
        }
        Ok((state.conversation.clone(), Arc::clone(&self.config)))
    }

    /// The turn is over, however it ended.
    pub(crate) fn end(&self, conversation: Conversation) {
        let mut state = self.lock();
        state.conversation = conversation;
        state.busy = false;
    }
}
