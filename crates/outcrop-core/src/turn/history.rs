//! What was said, append-only and valid at every moment.
//!
//! Messages are kept as they were sent. What a model family takes of them is the business of
//! [`render`](crate::turn::render), which works on a copy.
//!
//! # Invariants
//! - Every tool call in an assistant message is answered in the message right after it, in order, exactly once;
//!   no result is without its call (R16, R26, R33). Calls that the service ran are not answered (R35a).
//! - Nothing is changed once it is in; only whole turns can be taken off either end (R71).
//! - An assistant message knows the model that wrote it, since reasoning is bound to its model (R63), and what stood
//!   before it where that counts (R70).

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{ContentBlock, Message, Role, ToolResult};

/// A conversation. A clone is cheap: messages are shared.
///
/// ```
/// use outcrop_core::{History, Message};
/// let mut history = History::new();
/// history.push_user(Message::user("Hello"));
/// history.push_step(Message::assistant("Hi!"), Some("amazon.nova-lite-v1:0"), []);
/// let saved = serde_json::to_string(&history)?;
/// assert_eq!(serde_json::from_str::<History>(&saved)?, history);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    entries: Vec<Arc<Entry>>,
}

/// One message and where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry {
    /// The message.
    pub message: Message,
    /// The id of the model that wrote it; absent for user messages and where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// A turn wrote this itself, to ask for its output once more: no question of the user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminder: bool,
    /// What it holds for of what stood before it.
    #[serde(default, skip_serializing_if = "Binding::is_unknown")]
    pub binding: Binding,
}

impl Entry {
    fn new(message: Message, model: Option<String>) -> Self {
        Self { message, model, reminder: false, binding: Binding::default() }
    }
}

/// What an answer holds for of what stood before it when it was written (R70). It is known where a
/// [`Turn`](crate::turn::Turn) asked for the answer; what comes from elsewhere is sent as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Binding {
    /// The CRC-32 of all that stood before it, where the model binds to that what it thinks: tools, system prompt and
    /// messages as they were sent, cache points aside. What was thought goes back only behind the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u32>,
    /// The service had refused what was thought before, so that it was written without, and stays so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgets: bool,
}

impl Binding {
    /// Whether nothing is known.
    pub(crate) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

impl History {
    /// Nothing said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A conversation from elsewhere. Where it breaks the rules of tool calls it is mended: missing results are
    /// added as errors that say so, results without a call and second results are dropped (R26).
    pub fn from_messages(messages: impl IntoIterator<Item = Message>) -> Self {
        Self::from_entries(messages.into_iter().map(|message| Entry::new(message, None)))
    }

    /// As [`History::from_messages`], with the model that wrote the assistant messages.
    pub fn from_entries(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut history = Self::new();
        let mut waiting: Option<Entry> = None;
        let mut replies: Vec<Entry> = Vec::new();
        for entry in entries {
            if entry.message.role == Role::Assistant {
                history.push_answered(waiting.replace(entry), std::mem::take(&mut replies));
            } else {
                replies.push(entry);
            }
        }
        history.push_answered(waiting, replies);
        history
    }

    /// Adds an assistant message and all that was said until the next one. Some programs write a message for each
    /// result (R1), so results are looked for in all of it.
    fn push_answered(&mut self, assistant: Option<Entry>, mut replies: Vec<Entry>) {
        let mut results = Vec::new();
        for reply in &mut replies {
            reply.message.content.retain(|block| match block {
                ContentBlock::ToolResult(result) => {
                    results.push(result.clone());
                    false
                }
                _ => true,
            });
        }
        let answers_calls =
            assistant.as_ref().is_some_and(|entry| entry.message.tool_uses().next().is_some());
        if let Some(entry) = assistant {
            self.push_answer(entry.message, entry.model.as_deref(), results, entry.binding);
        }
        let mut replies = replies.into_iter().peekable();
        // What stood beside the results stays beside them.
        if answers_calls
            && let Some(last) = self.entries.last_mut()
            && let Some(beside) = replies.next_if(|reply| reply.message.role == Role::User)
        {
            Arc::make_mut(last).message.content.extend(beside.message.content);
        }
        let said = replies.filter(|reply| !reply.message.content.is_empty());
        self.entries.extend(said.map(Arc::new));
    }

    /// Adds a user message. Tool results in it are dropped: they come with [`History::push_step`].
    pub fn push_user(&mut self, mut message: Message) {
        message.content.retain(|block| !matches!(block, ContentBlock::ToolResult(_)));
        if !message.content.is_empty() {
            self.entries.push(Arc::new(Entry::new(message, None)));
        }
    }

    /// Adds what a turn itself says to the model, which begins no turn.
    pub(crate) fn push_reminder(&mut self, message: Message) {
        self.entries.push(Arc::new(Entry { reminder: true, ..Entry::new(message, None) }));
    }

    /// Adds to the question that was asked last and has no answer yet; beside results it is said as a reminder.
    pub(crate) fn add_to_question(&mut self, text: String) {
        match self.entries.last_mut().filter(|last| is_question(last)) {
            Some(last) => Arc::make_mut(last).message.content.push(text.into()),
            None => self.push_reminder(Message::user(text)),
        }
    }

    /// Adds an assistant message and, where it calls tools, the message with their results.
    ///
    /// Results may come in any order and are put into that of the calls; a missing one becomes an error result
    /// that says so, one that answers no call is dropped. A message without content adds nothing.
    pub fn push_step(
        &mut self,
        assistant: Message,
        model: Option<&str>,
        results: impl IntoIterator<Item = ToolResult>,
    ) {
        self.push_answer(assistant, model, results, Binding::default());
    }

    /// As [`History::push_step`], with what is known of where the message stood.
    pub(crate) fn push_answer(
        &mut self,
        assistant: Message,
        model: Option<&str>,
        results: impl IntoIterator<Item = ToolResult>,
        binding: Binding,
    ) {
        if assistant.content.is_empty() {
            return;
        }
        let mut results: Vec<Option<ToolResult>> = results.into_iter().map(Some).collect();
        // All before it are taken: results in the order of the calls are found at once.
        let mut taken = 0;
        let answers: Vec<ContentBlock> = assistant
            .tool_uses()
            .map(|tool_use| {
                while results.get(taken).is_some_and(Option::is_none) {
                    taken += 1;
                }
                let given = results
                    .iter_mut()
                    .skip(taken)
                    .find(|result| {
                        result.as_ref().is_some_and(|result| result.tool_use_id == tool_use.tool_use_id)
                    })
                    .and_then(Option::take);
                let result = given.unwrap_or_else(|| ToolResult::error(&tool_use.tool_use_id, INTERRUPTED));
                ContentBlock::ToolResult(result)
            })
            .collect();
        let entry = Entry { binding, ..Entry::new(assistant, model.map(str::to_owned)) };
        self.entries.push(Arc::new(entry));
        if !answers.is_empty() {
            self.entries.push(Arc::new(Entry::new(Message::new(Role::User, answers), None)));
        }
    }

    /// The messages, oldest first, as they were sent.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.message)
    }

    /// The messages with where they came from.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter().map(|entry| &**entry)
    }

    /// How many of the first messages go without what was thought in them, since the service refused that.
    pub(crate) fn forgotten(&self) -> usize {
        self.entries.iter().rposition(|entry| entry.binding.forgets).unwrap_or(0)
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes off the last message that a user wrote and all that came after it; nothing where there is none. For a
    /// question that the service refuses to take.
    pub fn pop_turn(&mut self) -> Vec<Message> {
        let asks = |entry: &Arc<Entry>| is_question(entry);
        let start = self.entries.iter().rposition(asks).unwrap_or(self.entries.len());
        self.entries.drain(start..).map(|entry| Arc::unwrap_or_clone(entry).message).collect()
    }

    /// Keeps the last `turns` turns, whole (R71). Reasoning in them is dropped when something was cut: the
    /// newest models bind it to everything before it (R70).
    pub fn keep_turns(&mut self, turns: usize) {
        let starts: Vec<usize> = self.turn_starts().collect();
        let Some(cut) = starts.len().checked_sub(turns).filter(|cut| *cut > 0) else { return };
        let keep_from = starts.get(cut).copied().unwrap_or(self.entries.len());
        self.entries.drain(..keep_from);
        for entry in &mut self.entries {
            let reasons = |block: &ContentBlock| matches!(block, ContentBlock::ReasoningContent(_));
            if entry.message.content.iter().any(reasons) {
                Arc::make_mut(entry).message.content.retain(|block| !reasons(block));
            }
        }
        self.entries.retain(|entry| !entry.message.content.is_empty());
    }

    /// Where turns begin: user messages that hold more than results, and that no such message precedes.
    fn turn_starts(&self) -> impl Iterator<Item = usize> {
        let asks = |at: usize| is_question(&self.entries[at]);
        (0..self.entries.len()).filter(move |&at| asks(at) && (at == 0 || !asks(at - 1)))
    }
}

/// Whether somebody says something in it, and not only a tool.
fn is_question(entry: &Entry) -> bool {
    let message = &entry.message;
    !entry.reminder && message.role != Role::Assistant && message.tool_results().next().is_none()
}

/// What the model reads in place of a result that never came.
pub(crate) const INTERRUPTED: &str =
    "The call was interrupted before its result was known. It may or may not have taken effect.";

/// The saved form: a version and the entries.
#[derive(Serialize, Deserialize)]
struct Saved<E> {
    version: u32,
    entries: Vec<E>,
}

/// The version of the saved form that is written; older ones are read.
const VERSION: u32 = 1;

impl Serialize for History {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Saved { version: VERSION, entries: self.entries().collect() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for History {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = Saved::<Entry>::deserialize(deserializer)?;
        if saved.version > VERSION {
            let message = format!("the history is of version {}, this reads up to {VERSION}", saved.version);
            return Err(serde::de::Error::custom(message));
        }
        Ok(Self::from_entries(saved.entries))
    }
}
