//! May this call run? D3 in one place.
//!
//! A call may run once its block has stopped (some gateways leave that to the end of the message, which is enough where
//! there is an input), the message has ended with `tool_use` (or with `end_turn` or `stop_sequence` and every block
//! stopped), and its text is strict JSON that fits the tool's schema. Everything else becomes an error result.

use super::answer::CompleteAnswer;
use crate::{
    tools::{InvalidInput, ReadyInput, ToolSet},
    wire::{ToolUse, strict_json::Read},
};

/// Whether the call at a place of a message came completely, as far as the answer tells.
pub(super) fn check_complete(
    answer: &CompleteAnswer,
    at: usize,
    tool_use: &ToolUse,
) -> Result<(), InvalidInput> {
    let not_whole = |stop_reason: Option<String>| Err(InvalidInput::NotWhole { stop_reason });
    if let Some(reason) = answer.forbids_calls() {
        return not_whole(Some(reason.as_str().to_owned()));
    }
    // A `type` that cannot be read may say that the service runs it.
    if tool_use.other.get("type").is_some() {
        return not_whole(None);
    }
    match answer.ending(at) {
        Some(ending) if !ending.understood => not_whole(None),
        // A block that never stopped and brought nothing may have lost all of its input.
        Some(ending) if !ending.stopped && tool_use.input.as_str().trim().is_empty() => not_whole(None),
        _ => Ok(()),
    }
}

/// The executable input of the call at a place of a message; `parsed` is what its text says, where that is at hand.
pub(super) fn admit(
    tools: &ToolSet,
    answer: &CompleteAnswer,
    at: usize,
    tool_use: &ToolUse,
    parsed: Option<Read>,
) -> Result<ReadyInput, InvalidInput> {
    check_complete(answer, at, tool_use)?;
    tools.check(&tool_use.name, &tool_use.input, parsed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::{BlockEnding, Message, StopReason, ToolSpec};

    struct Case {
        stop_reason: &'static str,
        input: &'static str,
        stopped: bool,
        all_stopped: bool,
        understood: bool,
        runs: bool,
    }

    /// One row a rule: what is changed against the first row, and whether the call runs.
    #[test]
    fn what_may_run() {
        let whole = || Case {
            stop_reason: "tool_use",
            input: r#"{"city":"Lisbon"}"#,
            stopped: true,
            all_stopped: true,
            understood: true,
            runs: true,
        };
        let not = || Case { runs: false, ..whole() };
        let cases = [
            whole(),
            Case { all_stopped: false, ..whole() },
            Case { stopped: false, all_stopped: false, ..whole() },
            Case { stopped: false, input: " ", ..not() },
            Case { stop_reason: "end_turn", ..whole() },
            Case { stop_reason: "stop_sequence", ..whole() },
            Case { stop_reason: "end_turn", all_stopped: false, ..not() },
            Case { stop_reason: "max_tokens", ..not() },
            Case { stop_reason: "guardrail_intervened", ..not() },
            Case { stop_reason: "model_context_window_exceeded", ..not() },
            Case { stop_reason: "malformed_tool_use", ..not() },
            Case { stop_reason: "something_new", ..not() },
            Case { understood: false, ..not() },
            Case { input: r#"{"city":"Lis"#, ..not() },
            Case { input: "null", ..not() },
            Case { input: r#"{"city":"a","city":"b"}"#, ..not() },
            Case { input: r#"{"city":7}"#, ..not() },
        ];
        let schema = json!({ "type": "object", "properties": { "city": { "type": "string" } } });
        let tools = ToolSet::new([ToolSpec::with_schema("plan", "Plans.", schema)]).unwrap();
        for (row, case) in cases.into_iter().enumerate() {
            let tool_use = ToolUse::new("a", "plan", case.input);
            let ending = BlockEnding {
                block: 0,
                stopped: case.stopped,
                understood: case.understood,
                follows_lost: false,
            };
            let answer = CompleteAnswer {
                message: Message::assistant(vec![tool_use.clone().into()]),
                stop_reason: StopReason::from(case.stop_reason),
                additional_fields: None,
                metadata: None,
                endings: vec![ending],
                all_stopped: case.all_stopped,
            };
            assert_eq!(admit(&tools, &answer, 0, &tool_use, None).is_ok(), case.runs, "row {row}");
        }
    }
}
