//! The request of a step: the rendered history and the tools that it needs.
//!
//! # Invariants
//! - Tools are declared where there are any, and where the history speaks of some (R18); a list without a tool is
//!   never sent (R19).
//! - A forced choice of tools holds for the first step of a turn: held for all, the turn could never end.

use super::Turn;
use crate::{Message, Request, Role, ToolChoice, ToolConfig, ToolEntry, ToolSpec, render};

impl Turn {
    /// The request for the history as it is.
    pub(super) fn request(&mut self) -> Request {
        let rendered = render(&self.history, &self.profile, &self.config.model_id);
        for (rule, entry) in rendered.applied {
            if rule.is_lossy() && entry >= self.reported {
                let message = format!("message {entry} was changed for this model: {rule}");
                self.diagnose(rule.as_str(), message, None);
            }
        }
        self.reported = self.history.len();
        let mut request = self.config.request.clone();
        request.messages = rendered.messages;
        let given = request.tool_config.take();
        let own = self.config.tools.specs().cloned().map(ToolEntry::ToolSpec);
        let mut entries: Vec<ToolEntry> =
            own.chain(given.iter().flat_map(|given| given.tools.iter().cloned())).collect();
        if entries.iter().all(|entry| matches!(entry, ToolEntry::CachePoint(_))) {
            entries = declared_again(&request.messages);
        }
        if !entries.is_empty() {
            let forced = |choice: &ToolChoice| matches!(choice, ToolChoice::Any(_) | ToolChoice::Tool(_));
            let mut config = ToolConfig::new(entries);
            config.tool_choice =
                given.and_then(|given| given.tool_choice).filter(|choice| self.step <= 1 || !forced(choice));
            request.tool_config = Some(config);
        }
        request
    }
}

/// Specs for tools that a history without tools of its own speaks of (R18): the service wants them declared.
fn declared_again(messages: &[Message]) -> Vec<ToolEntry> {
    let mut names: Vec<&str> = Vec::new();
    for message in messages.iter().filter(|message| message.role == Role::Assistant) {
        for tool_use in message.tool_uses() {
            if !names.contains(&tool_use.name.as_str()) {
                names.push(&tool_use.name);
            }
        }
    }
    let spec = |name: &str| {
        let schema = serde_json::json!({ "type": "object", "properties": {} });
        ToolSpec::with_schema(name, "No longer offered: do not call it.", schema)
    };
    names.into_iter().map(|name| ToolEntry::ToolSpec(spec(name))).collect()
}
