//! What stands before an answer, as a number: the newest models hold what they think only behind the exact prefix that
//! they thought it behind (R70).
//!
//! Counted are the tools, the system blocks and the blocks of all messages, in order, with the role where it changes.
//! Cache points and where a message begins are not, nor is any other setting of a request.
//!
//! # Invariants
//! - It is a function of the bytes that are sent: the same in each process and version.
//! - 32 bits are enough. Of changed prefixes one in four billion is taken for the same; the service then refuses it, and
//!   the turn asks again without what was thought.

use crc32fast::Hasher;
use serde::Serialize;

use crate::wire::{
    ContentBlock, Message, RawJson, Request, Role, SystemContentBlock, ToolEntry, raw_json::all_members,
};

/// Fields beyond Converse that a model is shown before the conversation.
const SHOWN: [&str; 2] = ["tools", "system"];

/// What stands before some place of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefix {
    sum: Hasher,
    role: Option<Role>,
    /// Messages that are in it whole, and blocks of the next one.
    counted: (usize, usize),
    buffer: Vec<u8>,
}

impl Prefix {
    /// What stands before the first message of a request.
    pub(crate) fn before_messages(request: &Request) -> Self {
        let mut prefix = Self::default();
        let tools = request.tool_config.iter().flat_map(|config| &config.tools);
        for tool in tools.filter(|tool| !matches!(tool, ToolEntry::CachePoint(_))) {
            prefix.feed("tool", tool);
        }
        let fields = request.additional_model_request_fields.as_ref().map_or("{}", RawJson::as_str);
        for (name, raw) in all_members(fields).unwrap_or_default() {
            if SHOWN.contains(&&*name) {
                prefix.feed(&name, raw);
            }
        }
        for block in request.system.iter().filter(|block| !matches!(block, SystemContentBlock::CachePoint(_)))
        {
            prefix.feed("system", block);
        }
        prefix
    }

    /// Goes behind what `messages`, which begin as they did the last time, have gained.
    pub(crate) fn go_behind(&mut self, messages: &[Message]) {
        let (whole, within) = self.counted;
        for (at, message) in messages.iter().enumerate().skip(whole) {
            let counted = if at == whole { within } else { 0 };
            for block in message.content.iter().skip(counted) {
                self.push(&message.role, block);
            }
            self.counted = (at, message.content.len());
        }
    }

    fn push(&mut self, role: &Role, block: &ContentBlock) {
        if matches!(block, ContentBlock::CachePoint(_)) {
            return;
        }
        if self.role.as_ref() != Some(role) {
            self.feed("role", role);
            self.role = Some(role.clone());
        }
        self.feed("block", block);
    }

    /// JSON ends where it ends, so that no two lists feed the same bytes.
    fn feed(&mut self, name: &str, item: &(impl Serialize + ?Sized)) {
        self.buffer.clear();
        // What cannot be written cannot be sent either: the request fails by it.
        let _ = serde_json::to_writer(&mut self.buffer, item);
        self.sum.update(name.as_bytes());
        self.sum.update(&self.buffer);
    }

    /// The number.
    pub(crate) fn number(&self) -> u32 {
        self.sum.clone().finalize()
    }
}
