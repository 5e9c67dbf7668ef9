//! The shape of a conversation: who speaks when, and that something is said.

use outcrop_core::profile::{Prefill, ReasoningReplay};
use serde_json::Value;

use super::{
    Refusal, Verdict,
    read::{Asked, Block},
};

pub(super) fn starts_with_user(asked: &Asked<'_>) -> Verdict {
    let is_wrong = match asked.messages.first() {
        // Guess, for no message at all.
        None => !asked.is_prompt(),
        Some(first) => {
            first.role == "assistant" && asked.is_known() && !asked.profile.messages.assistant_first
        }
    };
    if is_wrong {
        return Err(Refusal::validation(
            "A conversation must start with a user message. \
             Try again with a conversation that starts with a user message.",
        ));
    }
    Ok(())
}

pub(super) fn alternates(asked: &Asked<'_>) -> Verdict {
    let repeats = asked.messages.windows(2).any(|pair| pair[0].role == pair[1].role);
    if repeats && !asked.endpoint.merges_roles {
        return Err(Refusal::validation(
            "A conversation must alternate between user and assistant roles. \
             Make sure the conversation alternates between user and assistant roles and try again.",
        ));
    }
    Ok(())
}

pub(super) fn content_is_there(asked: &Asked<'_>) -> Verdict {
    match asked.messages.iter().position(|message| message.blocks.is_empty()) {
        Some(at) => Err(Refusal::validation(format!(
            "The content field in the Message object at messages.{at} is empty. \
             Add a ContentBlock object to the content field and try again."
        ))),
        None => Ok(()),
    }
}

fn is_blank(block: Block<'_>) -> bool {
    block.text().is_some_and(|text| text.trim().is_empty())
}

pub(super) fn text_is_there(asked: &Asked<'_>) -> Verdict {
    match asked.blocks().find(|(_, _, block)| is_blank(*block)) {
        Some((at, index, _)) => Err(Refusal::validation(format!(
            "The text field in the ContentBlock object at messages.{at}.content.{index} is blank. \
             Add text to the text field, and try again."
        ))),
        None => Ok(()),
    }
}

/// Converse looks at messages only; the model at the rest.
pub(super) fn result_text(asked: &Asked<'_>) -> Verdict {
    let system = asked.system();
    let items: Vec<_> = asked.blocks().flat_map(|(_, _, block)| block.items()).collect();
    if !asked.speaks_anthropic() {
        return Ok(());
    }
    if items.iter().any(|item| item.text() == Some("")) {
        return Err(Refusal::by_model("messages: text content blocks must be non-empty"));
    }
    if items.into_iter().any(is_blank) {
        return Err(Refusal::by_model("messages: text content blocks must contain non-whitespace text"));
    }
    if system.into_iter().any(is_blank) {
        return Err(Refusal::by_model("system: text content blocks must contain non-whitespace text"));
    }
    Ok(())
}

pub(super) fn system_prompt(asked: &Asked<'_>) -> Verdict {
    if !asked.profile.messages.system_prompt && !asked.system().is_empty() {
        return Err(Refusal::validation(
            "This model doesn't support system messages. \
             Try again without a system message or use a model that supports system messages.",
        ));
    }
    Ok(())
}

pub(super) fn system_role(asked: &Asked<'_>) -> Verdict {
    let has_system = asked.messages.iter().any(|message| message.role == "system");
    if has_system && asked.endpoint.refuses_system_role {
        return Err(Refusal::validation("role 'system' is not supported on this model"));
    }
    Ok(())
}

/// Nobody may send thinking as a user; some models refuse it in any message.
pub(super) fn reasoning_of_users(asked: &Asked<'_>) -> Verdict {
    let refuses = asked.profile.thinking.replay == ReasoningReplay::Refused;
    let is_wrong = asked.messages.iter().any(|message| {
        let thinks = message.blocks.iter().any(|block| block.kind == "reasoningContent");
        thinks && (refuses || message.role == "user")
    });
    if is_wrong {
        return Err(Refusal::validation("User messages cannot contain reasoning content"));
    }
    Ok(())
}

pub(super) fn prefill(asked: &Asked<'_>) -> Verdict {
    let Some(last) = asked.messages.last().filter(|message| message.role == "assistant") else {
        return Ok(());
    };
    // Tools that the service ran are answered in the message itself: it goes on from there.
    let last_block = last.blocks.iter().rfind(|block| block.kind != "cachePoint");
    match asked.profile.messages.prefill {
        Prefill::Refused if !asked.speaks_anthropic() => Err(Refusal::validation(
            "The model that you are using requires the last turn in the conversation to be a user message. \
             Add a user message to the conversation and try again.",
        )),
        Prefill::Refused => Err(Refusal::by_model(
            "This model does not support assistant message prefill. \
             The conversation must end with a user message.",
        )),
        Prefill::Trimmed
            if last_block
                .and_then(|block| block.text())
                .is_some_and(|text| text.ends_with(char::is_whitespace)) =>
        {
            Err(Refusal::by_model("messages: final assistant content cannot end with trailing whitespace"))
        }
        _ => Ok(()),
    }
}

/// Whether a member is there; a null member is none.
pub(super) fn is_set(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !value.is_null())
}
