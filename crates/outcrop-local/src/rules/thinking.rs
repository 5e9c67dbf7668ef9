//! Thinking of Anthropic's models: how it is asked for, and that its blocks come back as they were sent.

use outcrop_core::profile::{ReasoningReplay, ThinkingType};
use serde_json::Value;

use super::{Refusal, Verdict, read::Asked};
use crate::signing::{self, Place};

/// Guess: which of its addresses the service names.
const HELP: &str = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking";

pub(super) fn kind(asked: &Asked<'_>) -> Verdict {
    let Some(kind) = asked.thinking() else { return Ok(()) };
    let taken = &asked.profile.thinking.types;
    if !asked.speaks_anthropic() || taken.iter().any(|thinking| thinking.as_str() == kind) {
        return Ok(());
    }
    let adapts = taken.contains(&ThinkingType::Adaptive);
    let message = match kind {
        // Guess, for models that never think.
        _ if taken.is_empty() => "thinking: Extra inputs are not permitted".to_owned(),
        "adaptive" => "adaptive thinking is not supported on this model".to_owned(),
        "enabled" if adapts => r#""thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior."#.to_owned(),
        "enabled" | "disabled" | "between_tools" => {
            format!(r#""thinking.type.{kind}" is not supported for this model."#)
        }
        // Guess.
        other => format!(
            "thinking: Input tag '{other}' found using 'type' does not match any of the expected tags: \
             'adaptive', 'disabled', 'enabled'"
        ),
    };
    Err(Refusal::by_model(message))
}

pub(super) fn budget(asked: &Asked<'_>) -> Verdict {
    let Some(kind) = asked.thinking().filter(|_| asked.speaks_anthropic()) else { return Ok(()) };
    let thinking = asked.field("thinking").or_else(|| asked.field("reasoning_config"));
    let budget = thinking.and_then(|thinking| thinking.get("budget_tokens"));
    if kind != "enabled" {
        return match budget {
            // Guess: the path.
            Some(_) => Err(Refusal::by_model(format!(
                "thinking.{kind}.budget_tokens: Extra inputs are not permitted"
            ))),
            None => Ok(()),
        };
    }
    let Some(budget) = budget.and_then(Value::as_f64) else {
        return Err(Refusal::by_model("thinking.enabled.budget_tokens: Field required"));
    };
    if budget < 1024.0 {
        return Err(Refusal::by_model(
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        ));
    }
    // Between tool calls it may think beyond one answer's length.
    let interleaved = asked.has_beta("interleaved-thinking") && !asked.tools().is_empty();
    let max_tokens = asked.max_tokens().map(|max_tokens| max_tokens as f64);
    if !interleaved && max_tokens.is_some_and(|max_tokens| max_tokens <= budget) {
        return Err(Refusal::by_model(format!(
            "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at \
             {HELP}#max-tokens-and-context-window-size"
        )));
    }
    Ok(())
}

/// As Anthropic's API calls a block.
fn anthropic_name(kind: &str) -> &str {
    match kind {
        "toolUse" => "tool_use",
        "toolResult" => "tool_result",
        "citationsContent" => "text",
        other => other,
    }
}

/// With a budget, the last turn of the assistant begins with its thinking while tools are being used.
pub(super) fn comes_first(asked: &Asked<'_>) -> Verdict {
    if !asked.speaks_anthropic() || asked.thinking() != Some("enabled") {
        return Ok(());
    }
    let is_turn = |at: &usize| asked.messages[*at].role == "assistant";
    let Some(last) = (0..asked.messages.len()).rev().find(is_turn) else { return Ok(()) };
    // A turn that was ended by words of the user is no longer looked at.
    let answers = asked.messages.iter().skip(last + 1).flat_map(|message| &message.blocks);
    let is_prefill = last + 1 == asked.messages.len();
    if !is_prefill && !answers.into_iter().any(|block| block.kind == "toolResult") {
        return Ok(());
    }
    let mut first = last;
    while first > 0 && is_turn(&(first - 1)) {
        first -= 1;
    }
    match asked.messages[first].blocks.iter().find(|block| block.kind != "cachePoint") {
        Some(block) if block.kind != "reasoningContent" => Err(Refusal::by_model(format!(
            "messages.{first}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{}`. \
             When `thinking` is enabled, a final `assistant` message must start with a thinking block \
             (preceeding the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include \
             thinking blocks from previous turns. To avoid this requirement, disable `thinking`. \
             Please consult our documentation at {HELP}",
            anthropic_name(block.kind)
        ))),
        _ => Ok(()),
    }
}

pub(super) fn signatures(asked: &Asked<'_>) -> Verdict {
    if asked.profile.thinking.replay != ReasoningReplay::Signed && asked.is_known() {
        return Ok(());
    }
    let latest = asked.messages.iter().rposition(|message| message.role == "assistant");
    let drops_blocks = asked.has_beta("thinking-binding-controls-2026-08-01")
        && asked
            .field("thinking")
            .and_then(|thinking| thinking.pointer("/block_binding/prefix_mismatch_behavior"))
            .is_some_and(|behavior| behavior == "drop_block");
    let mut place = Place::before_messages(asked.body);
    for (at, message) in asked.messages.iter().enumerate() {
        place.next_message();
        for (index, block) in message.blocks.iter().enumerate() {
            if block.kind == "reasoningContent" {
                let path = format!("messages.{at}.content.{index}");
                let found = check(asked, &place, block.value, &path)?;
                let trouble = match found {
                    signing::Verdict::Valid => None,
                    signing::Verdict::Foreign => asked.own_signatures_only.then(|| invalid(&path)),
                    signing::Verdict::Altered => Some(invalid(&path)),
                    signing::Verdict::Moved => (latest == Some(at)).then(|| {
                        format!(
                            "{path}: thinking or redacted_thinking blocks in the latest assistant message \
                             cannot be modified. These blocks must remain as they were in the original \
                             response."
                        )
                    }),
                    signing::Verdict::BoundElsewhere => (!drops_blocks).then(|| {
                        format!(
                            "{}. The block is bound to a different conversation. Remove the block, or set \
                             `thinking.block_binding.prefix_mismatch_behavior` to \"drop_block\". That setting \
                             requires the `thinking-binding-controls-2026-08-01` value in the `anthropic-beta` \
                             header.",
                            invalid(&path)
                        )
                    }),
                };
                if let Some(message) = trouble {
                    return Err(Refusal::by_model(message));
                }
            }
            place.push(message.role, block.whole);
        }
    }
    Ok(())
}

fn invalid(path: &str) -> String {
    format!("{path}: Invalid `signature` in `thinking` block")
}

fn check(
    asked: &Asked<'_>,
    place: &Place,
    reasoning: &Value,
    path: &str,
) -> Result<signing::Verdict, Refusal> {
    if let Some(blob) = reasoning.get("redactedContent").and_then(Value::as_str) {
        return Ok(signing::verify_redacted(asked.model_id, place, blob));
    }
    let text = |key: &str| reasoning.pointer(&format!("/reasoningText/{key}")).and_then(Value::as_str);
    match text("signature") {
        Some(signature) => {
            Ok(signing::verify(asked.model_id, place, text("text").unwrap_or_default(), signature))
        }
        None if asked.speaks_anthropic() => {
            Err(Refusal::by_model(format!("{path}.thinking.signature: Field required")))
        }
        None => Ok(signing::Verdict::Foreign),
    }
}
