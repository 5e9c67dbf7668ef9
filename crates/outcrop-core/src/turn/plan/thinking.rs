//! What a request says of thinking, and what is replayed of the model's thinking that is bound to its prefix (R70).
//!
//! # Invariants
//! - As long as nothing before an answer changes, its thinking is replayed. After a change it is omitted from what is
//!   sent and stays in the history; that is reported once for each change.

use serde_json::Value;

use super::knowledge::Knowledge;
use crate::{
    turn::{
        Diagnostic, DiagnosticCode, History, Rule,
        config::TurnConfig,
        render::{Prefix, Rendered, render_behind},
    },
    wire::{ContentBlock, RawJson, Request},
};

/// Whether the user's request switches thinking on or off; `None` where it does not mention it.
pub(super) fn requested(request: &Request) -> Option<bool> {
    let fields = request.additional_model_request_fields.as_ref().and_then(RawJson::to_value)?;
    let thinking = fields.get("thinking").or(fields.get("reasoning_config"))?;
    Some(thinking.get("type").and_then(Value::as_str) != Some("disabled"))
}

/// The history as it is sent after what `request` holds.
pub(super) fn render(
    config: &TurnConfig,
    knowledge: &Knowledge,
    history: &History,
    request: &Request,
) -> Rendered {
    let profile = knowledge.profile(config);
    let prefix = profile.thinking.bound_to_prefix.then(|| Prefix::before_messages(request));
    let forgotten = if knowledge.kept.drop_thinking { history.len() } else { 0 };
    render_behind(history, profile, &config.target().model_id, prefix, forgotten)
}

/// Reports thinking that is omitted from here on. What was refused was reported then.
pub(super) fn omitted(knowledge: &Knowledge, rendered: &Rendered) -> Option<Diagnostic> {
    if !rendered.prefix_changed || knowledge.kept.drop_thinking {
        return None;
    }
    let omitted = |(rule, entry): &(Rule, usize)| (*rule == Rule::BoundReasoning).then_some(*entry);
    let mut entries: Vec<usize> = rendered.applied.iter().filter_map(omitted).collect();
    entries.dedup();
    let first = entries.first()?;
    let text = format!(
        "the thinking in {} messages, the first of them message {first}, is omitted: it is only valid after the tools, \
         the system prompt and the messages that it was written after, and these have changed",
        entries.len()
    );
    Some(Diagnostic::new(DiagnosticCode::BoundReasoning, text))
}

/// Whether a request sends back what a model thought.
pub(super) fn is_sent(request: &Request) -> bool {
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    blocks.any(|block| matches!(block, ContentBlock::ReasoningContent(_)))
}
