//! The request of a step: the rendered history and the tools that it needs.
//!
//! # Invariants
//! - Tools are declared where there are any, and where the history speaks of some (R18); a list without a tool is
//!   never sent (R19).
//! - Cache points go to models that take them, and no more than 4; the oldest in the messages give way.
//! - Fine-grained tool streaming is asked for by what the session has fixed: see `tool_streaming.rs`.
//! - A forced choice of tools holds for the first step of a turn: held for all, the turn could never end.
//! - What a model thought and binds to its prefix is sent behind that prefix only: see `bound.rs`.

use super::{Turn, output::Output};
use crate::{
    Binding, ContentBlock, History, Request, Role, Rule, SystemContentBlock, ToolChoice, ToolConfig,
    ToolEntry, ToolSpec, render::sent_name,
};

impl Turn {
    /// The request for the history as it is, and where its answer will stand.
    pub(super) fn request(&mut self) -> (Request, Binding) {
        let mut request = self.config.request.clone();
        let given = request.tool_config.take();
        let own = self.sent_specs().map(ToolEntry::ToolSpec);
        let mut entries: Vec<ToolEntry> =
            own.chain(given.iter().flat_map(|given| given.tools.iter().cloned())).collect();
        let mut config = given.unwrap_or_else(|| ToolConfig::new(Vec::new()));
        let forced = matches!(config.tool_choice, Some(ToolChoice::Any(_) | ToolChoice::Tool(_)));
        let none_left = entries.iter().all(|entry| matches!(entry, ToolEntry::CachePoint(_)));
        // The output's tool is one that is left.
        if none_left && !self.output.as_ref().is_some_and(Output::by_tool) {
            entries = declared_again(&self.history);
        }
        if forced && (none_left || self.step > 1) {
            config.tool_choice = None;
        }
        if !entries.is_empty() {
            config.tools = entries;
            request.tool_config = Some(config);
        }
        self.ask_for_output(&mut request);
        let binding = self.put_messages(&mut request);
        request.additional_model_request_fields =
            self.model_fields(request.additional_model_request_fields.take());
        if self.profile().caching.is_some() {
            keep_newest_cache_points(&mut request, MAX_CACHE_POINTS);
        } else if drop_cache_points(&mut request) && self.step == 1 {
            self.diagnose("cache_points", "this model takes no cache points; they were left out", None);
        }
        (request, binding)
    }

    /// Puts the rendered history into a request that has all that stands before it.
    fn put_messages(&mut self, request: &mut Request) -> Binding {
        let rendered = self.render_behind(request);
        for (rule, entry) in &rendered.applied {
            if rule.is_lossy() && *entry >= self.reported && *rule != Rule::BoundReasoning {
                let message = format!("message {entry} was changed for this model: {rule}");
                self.diagnose(rule.as_str(), message, None);
            }
        }
        self.tell_unbound(&rendered);
        self.reported_before = std::mem::replace(&mut self.reported, self.history.len());
        request.messages = rendered.messages;
        Binding { prefix: rendered.prefix, forgets: self.forgets }
    }
}

/// Takes out all cache points, for a model that refuses them (R90); tells whether there were any.
fn drop_cache_points(request: &mut Request) -> bool {
    let fixed = fixed_cache_points(request);
    request.system.retain(|block| !matches!(block, SystemContentBlock::CachePoint(_)));
    if let Some(config) = &mut request.tool_config {
        config.tools.retain(|entry| !matches!(entry, ToolEntry::CachePoint(_)));
    }
    keep_newest_cache_points(request, 0) || fixed > 0
}

/// Those among the tools and in the system prompt.
fn fixed_cache_points(request: &Request) -> usize {
    let tools = request.tool_config.iter().flat_map(|config| &config.tools);
    tools.filter(|entry| matches!(entry, ToolEntry::CachePoint(_))).count()
        + request.system.iter().filter(|block| matches!(block, SystemContentBlock::CachePoint(_))).count()
}

/// Most cache points that the service takes in a request.
const MAX_CACHE_POINTS: usize = 4;

/// Takes the oldest cache points out of the messages where there are too many in all (R86): a conversation that
/// marks each question would be refused at the fifth. What was cached by them is still found by the newer ones.
/// Tells whether any was taken out.
fn keep_newest_cache_points(request: &mut Request, most: usize) -> bool {
    let mut left = most.saturating_sub(fixed_cache_points(request));
    let mut taken = false;
    for message in request.messages.iter_mut().rev() {
        let mut at = message.content.len();
        while at > 0 {
            at -= 1;
            if matches!(message.content[at], ContentBlock::CachePoint(_)) {
                match left.checked_sub(1) {
                    Some(fewer) => left = fewer,
                    None => {
                        message.content.remove(at);
                        taken = true;
                    }
                }
            }
        }
    }
    taken
}

/// Specs for tools that a history without tools of its own speaks of (R18): the service wants them declared.
fn declared_again(history: &History) -> Vec<ToolEntry> {
    let mut names: Vec<String> = Vec::new();
    for message in history.messages().filter(|message| message.role == Role::Assistant) {
        for tool_use in message.tool_uses() {
            let name = sent_name(&tool_use.name);
            if !names.iter().any(|known| *known == name) {
                names.push(name.into_owned());
            }
        }
    }
    let spec = |name: String| {
        let schema = serde_json::json!({ "type": "object", "properties": {} });
        ToolSpec::with_schema(name, "No longer offered: do not call it.", schema)
    };
    names.into_iter().map(|name| ToolEntry::ToolSpec(spec(name))).collect()
}
