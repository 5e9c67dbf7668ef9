//! All that passes from one turn of a conversation to the next.

use serde::{Deserialize, Serialize};

use crate::{
    profile::{Fact, Profile},
    turn::{History, Target, TargetKey},
    wire::Message,
};

/// A conversation: what was said, and what was learned while it was said. [`Turn::new`](crate::turn::Turn::new) takes it and
/// [`Turn::into_conversation`](crate::turn::Turn::into_conversation) gives it back; it can be saved between turns.
///
/// ```
/// use outcrop_core::{Conversation, History, Message};
/// let mut history = History::new();
/// history.push_user(Message::user("Hello"));
/// let conversation = Conversation::from(history);
/// let json = serde_json::to_string(&conversation)?;
/// assert_eq!(serde_json::from_str::<Conversation>(&json)?, conversation);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Conversation {
    /// What was said.
    pub history: History,
    /// What refusals taught in its turns. Later turns render by it too: what was sent before was refused, so that no
    /// cached prefix is lost by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<KnownFact>,
    /// How many entries of the history a turn has reported on: what rendering leaves out of them is not reported again.
    #[serde(default)]
    pub(crate) reported: usize,
    /// Fine-grained tool streaming was given up after a damaged input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) buffers_tools: bool,
}

/// A fact about a model, and which model and wire it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnownFact {
    /// What it is about.
    pub target: TargetKey,
    /// The fact.
    pub fact: Fact,
}

impl Conversation {
    /// A conversation in which nothing was said.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was said.
    pub fn into_history(self) -> History {
        self.history
    }

    /// Whether fine-grained tool streaming was given up after a damaged input.
    pub fn buffers_tools(&self) -> bool {
        self.buffers_tools
    }

    /// Removes the user's last message and all that came after it. See [`History::pop_turn`].
    pub fn pop_turn(&mut self) -> Vec<Message> {
        let popped = self.history.pop_turn();
        self.reported = self.reported.min(self.history.len());
        popped
    }

    pub(crate) fn learn(&mut self, target: &Target, fact: Fact) {
        self.facts.push(KnownFact { target: target.key(), fact });
    }

    /// The profile of `target` with what was learned of it; `None` where that is nothing.
    pub(crate) fn profile_of(&self, target: &Target) -> Option<Box<Profile>> {
        let about =
            |known: &&KnownFact| known.target.model_id == target.model_id && known.target.wire == target.wire;
        let mut facts = self.facts.iter().filter(about).map(|known| known.fact).peekable();
        facts.peek()?;
        Some(Box::new(facts.fold(target.profile.clone(), Profile::with_fact)))
    }
}

impl From<History> for Conversation {
    fn from(history: History) -> Self {
        Self { history, ..Self::default() }
    }
}
