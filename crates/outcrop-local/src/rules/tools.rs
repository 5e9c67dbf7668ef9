//! Tools as they are offered, and how the model is to choose.

use std::collections::HashSet;

use outcrop_core::profile::ToolChoiceKind;
use serde_json::Value;

use super::{
    Refusal, Verdict,
    conversation::is_set,
    read::{Asked, Block},
};
use crate::Operation;

/// Schemas and JSON results are objects.
pub(super) fn json_objects(asked: &Asked<'_>) -> Verdict {
    let refuse = |path: String| {
        Err(Refusal::validation(format!(
            "The format of the value at {path} is invalid. Provide a json object for the field and try again."
        )))
    };
    for (at, tool) in asked.tools().iter().enumerate().filter(|(_, tool)| tool.kind == "toolSpec") {
        let schema = tool.value.pointer("/inputSchema/json");
        if !schema.is_some_and(Value::is_object) {
            return refuse(format!("toolConfig.tools.{at}.toolSpec.inputSchema.json"));
        }
        // Guess: that the same words are used for another type.
        if schema.and_then(|schema| schema.get("type")).is_some_and(|kind| kind != "object") {
            return refuse(format!("toolConfig.tools.{at}.toolSpec.inputSchema.json.type"));
        }
    }
    for (at, index, block) in asked.blocks() {
        if block.kind == "toolUse" && !block.value.get("input").is_some_and(Value::is_object) {
            return refuse(format!("messages.{at}.content.{index}.toolUse.input"));
        }
        for (item_at, item) in block.items().into_iter().enumerate() {
            if item.kind == "json" && !item.value.is_object() && message_is_users(asked, at) {
                return refuse(format!("messages.{at}.content.{index}.toolResult.content.{item_at}.json"));
            }
        }
    }
    Ok(())
}

fn message_is_users(asked: &Asked<'_>, at: usize) -> bool {
    asked.messages[at].role != "assistant"
}

pub(super) fn support(asked: &Asked<'_>) -> Verdict {
    if asked.tools().is_empty() {
        return Ok(());
    }
    if !asked.profile.tools.supported {
        return Err(Refusal::validation("This model doesn't support tool use."));
    }
    if asked.operation == Operation::ConverseStream && !asked.profile.tools.streams {
        return Err(Refusal::validation("This model doesn't support tool use in streaming mode."));
    }
    // Guess: the words, after those for tools that are no cache points.
    let point = asked.tools().iter().position(|tool| tool.kind == "cachePoint");
    let taken = asked.profile.caching.as_ref().is_none_or(|cache| cache.tools);
    match point {
        Some(at) if !taken => Err(Refusal::by_model(format!(
            "Malformed input request: #/toolConfig/tools/{at}: extraneous key [cachePoint] is not permitted, \
             please reformat your input and try again."
        ))),
        _ => Ok(()),
    }
}

fn choice_of(name: &str) -> Option<ToolChoiceKind> {
    match name {
        "auto" => Some(ToolChoiceKind::Auto),
        "any" => Some(ToolChoiceKind::Any),
        "tool" => Some(ToolChoiceKind::Tool),
        _ => None,
    }
}

/// Anthropic's models say it themselves, see [`forced_choice`].
pub(super) fn choice(asked: &Asked<'_>) -> Verdict {
    let Some(name) = asked.at("/toolConfig/toolChoice").and(asked.tool_choice()) else { return Ok(()) };
    let refused = choice_of(name).is_some_and(|choice| !asked.profile.tools.choices.contains(&choice));
    if refused && !asked.speaks_anthropic() {
        return Err(Refusal::validation(format!(
            "This model doesn't support the toolConfig.toolChoice.{name} field. \
             Remove toolConfig.toolChoice.{name} and try again."
        )));
    }
    Ok(())
}

pub(super) fn forced_choice(asked: &Asked<'_>) -> Verdict {
    let Some(choice) =
        asked.tool_choice().and_then(choice_of).filter(|choice| *choice != ToolChoiceKind::Auto)
    else {
        return Ok(());
    };
    if !asked.speaks_anthropic() {
        return Ok(());
    }
    if !asked.profile.tools.choices.contains(&choice) {
        return Err(Refusal::by_model(
            r#"tool_choice: type "tool" and "any" are not supported for this model."#,
        ));
    }
    if asked.thinking() == Some("enabled") && !asked.profile.tools.forced_while_thinking {
        return Err(Refusal::by_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(())
}

/// What a request says twice, and names that stand for two tools.
pub(super) fn two_choices(asked: &Asked<'_>) -> Verdict {
    if is_set(asked.field("tool_choice")) && asked.at("/toolConfig/toolChoice").is_some() {
        // Guess.
        return Err(Refusal::validation(
            "The additional field tool_choice conflicts with an existing field.",
        ));
    }
    let mut names = HashSet::new();
    let tools = asked.tools();
    let mut specs = tools.iter().filter(|tool| tool.kind == "toolSpec");
    if asked.speaks_anthropic() && specs.any(|tool| !names.insert(tool.str("name"))) {
        return Err(Refusal::by_model("tools: Tool names must be unique."));
    }
    Ok(())
}

pub(super) fn status(asked: &Asked<'_>) -> Verdict {
    let has_status = |block: Block<'_>| block.kind == "toolResult" && is_set(block.value.get("status"));
    if asked.endpoint.refuses_result_status && asked.blocks().any(|(_, _, block)| has_status(block)) {
        return Err(Refusal::validation(
            "This model doesn't support the status field. Remove status and try again.",
        ));
    }
    Ok(())
}
