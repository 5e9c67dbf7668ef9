//! Blocks of thinking that this endpoint signed: what becomes of them on their way back.

use serde_json::{Value, json};

use super::{Judge, RULES};
use crate::{
    Operation,
    signing::{Place, redact, sign},
};

const OLD: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const BINDING: &str = "us.anthropic.claude-opus-5-5";

fn question(system: &str) -> Value {
    json!({
        "system": [{"text": system}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "toolConfig": {"tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": {"type": "object"}}}}]},
    })
}

fn thought(text: &str, signature: String) -> Value {
    json!({"reasoningContent": {"reasoningText": {"text": text, "signature": signature}}})
}

/// The blocks that a model answers the question with: thinking, hidden thinking, a call.
fn answer(model_id: &str) -> Vec<Value> {
    let mut place = Place::after(&question("Be kind."));
    let first = thought("I think.", sign(model_id, &place, "I think."));
    place.push("assistant", &first);
    let second = json!({"reasoningContent": {"redactedContent": redact(model_id, &place, "hidden")}});
    vec![first, second, json!({"toolUse": {"toolUseId": "A", "name": "a", "input": {}}})]
}

/// The question again, with these blocks of the assistant and the result of the call.
fn again(system: &str, blocks: &[Value]) -> Value {
    let mut request = question(system);
    if let Some(messages) = request["messages"].as_array_mut() {
        messages.push(json!({"role": "assistant", "content": blocks}));
        messages.push(json!({"role": "user", "content": [
            {"toolResult": {"toolUseId": "A", "content": [{"text": "ok"}]}},
        ]}));
    }
    request
}

#[track_caller]
fn check(model_id: &str, request: &Value, expected: Option<&str>) {
    let verdict = Judge::of(model_id).judge(Operation::Converse, request.to_string().as_bytes());
    let expected = expected.map(|words| format!("The model returned the following errors: {words}"));
    assert_eq!(verdict.err().map(|refusal| refusal.message), expected);
}

const INVALID: &str = "messages.1.content.0: Invalid `signature` in `thinking` block";
const MODIFIED: &str = "messages.1.content.0: thinking or redacted_thinking blocks in the latest assistant message \
                        cannot be modified. These blocks must remain as they were in the original response.";
const BOUND: &str = "messages.1.content.0: Invalid `signature` in `thinking` block. The block is bound to a different \
                     conversation. Remove the block, or set `thinking.block_binding.prefix_mismatch_behavior` to \
                     \"drop_block\". That setting requires the `thinking-binding-controls-2026-08-01` value in the \
                     `anthropic-beta` header.";

#[test]
fn blocks_that_come_back_as_they_were() {
    check(OLD, &again("Be kind.", &answer(OLD)), None);
    check(BINDING, &again("Be kind.", &answer(BINDING)), None);
}

#[test]
fn changed_blocks() {
    let mut blocks = answer(OLD);
    blocks[0]["reasoningContent"]["reasoningText"]["text"] = json!("I thought.");
    check(OLD, &again("Be kind.", &blocks), Some(INVALID));
    check("us.anthropic.claude-opus-4-5-20251101-v1:0", &again("Be kind.", &answer(OLD)), Some(INVALID));
}

#[test]
fn moved_blocks() {
    let blocks = answer(OLD);
    let swapped = [blocks[1].clone(), blocks[0].clone(), blocks[2].clone()];
    check(OLD, &again("Be kind.", &swapped), Some(MODIFIED));
    check(OLD, &again("Be kind.", &[blocks[1].clone(), blocks[2].clone()]), Some(MODIFIED));
    check(OLD, &again("Be kind.", &blocks[2..]), None);
}

#[test]
fn another_prefix() {
    check(OLD, &again("Be unkind.", &answer(OLD)), None);
    let mut request = again("Be unkind.", &answer(BINDING));
    check(BINDING, &request, Some(BOUND));
    request["additionalModelRequestFields"] = json!({
        "anthropic_beta": ["thinking-binding-controls-2026-08-01"],
        "thinking": {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}},
    });
    check(BINDING, &request, None);
}

#[test]
fn signatures_of_others() {
    let request = again("Be kind.", &[thought("I think.", "Eq8BCkgI".to_owned()), answer(OLD)[2].clone()]);
    check(OLD, &request, None);
    let verdict =
        Judge::of(OLD).own_signatures_only().judge(Operation::Converse, request.to_string().as_bytes());
    assert!(verdict.is_err_and(|refusal| refusal.message.ends_with(INVALID)));
}

#[test]
fn each_rule_stands_once() {
    let mut names: Vec<_> = RULES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}
