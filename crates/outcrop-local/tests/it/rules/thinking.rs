//! Thinking and sampling of Anthropic's models. What needs a signature of ours is tested beside the rules.

use super::*;

const HELP: &str = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking";

fn fields(fields: Value) -> Value {
    with(json!({"additionalModelRequestFields": fields}))
}

fn thinking(thinking: Value) -> Value {
    fields(json!({"thinking": thinking}))
}

fn budget(tokens: u32) -> Value {
    json!({"type": "enabled", "budget_tokens": tokens})
}

#[test]
fn kinds() {
    let adaptive = || thinking(json!({"type": "adaptive"}));
    model_refuses(
        CLAUDE_47,
        thinking(budget(2000)),
        "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" and \
         \"output_config.effort\" to control thinking behavior.",
        adaptive(),
    );
    model_refuses(
        CLAUDE,
        adaptive(),
        "adaptive thinking is not supported on this model",
        thinking(budget(2000)),
    );
    model_refuses(
        CLAUDE_55,
        thinking(json!({"type": "disabled"})),
        "\"thinking.type.disabled\" is not supported for this model.",
        adaptive(),
    );
    takes("us.anthropic.claude-sonnet-5-5", Operation::Converse, &thinking(json!({"type": "between_tools"})));
    takes(CLAUDE_46, Operation::Converse, &thinking(budget(2000)));
    takes(NOVA, Operation::Converse, &thinking(budget(1)));
}

#[test]
fn budgets() {
    model_refuses(
        CLAUDE,
        thinking(budget(1023)),
        "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
        thinking(budget(1024)),
    );
    let limited = |most: u32, beta: Value| {
        let mut request = fields(json!({"thinking": budget(2000), "anthropic_beta": beta}));
        merge(&mut request, json!({"inferenceConfig": {"maxTokens": most}, "toolConfig": tools()}));
        request
    };
    model_refuses(
        CLAUDE,
        limited(2000, json!([])),
        &format!(
            "`max_tokens` must be greater than `thinking.budget_tokens`. \
             Please consult our documentation at {HELP}#max-tokens-and-context-window-size"
        ),
        limited(2001, json!([])),
    );
    takes(CLAUDE, Operation::Converse, &limited(2000, json!(["interleaved-thinking-2025-05-14"])));
}

#[test]
fn sampling() {
    let sampled = |config: Value| with(json!({"inferenceConfig": config}));
    model_refuses(
        CLAUDE,
        sampled(json!({"temperature": 0.5, "topP": 0.5})),
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        sampled(json!({"temperature": 0.5})),
    );
    takes(CLAUDE_3, Operation::Converse, &sampled(json!({"temperature": 0.5, "topP": 0.5})));
    model_refuses(
        CLAUDE_47,
        sampled(json!({"temperature": 0.5})),
        "`temperature` is deprecated for this model.",
        sampled(json!({"maxTokens": 5})),
    );
    let both = |temperature: f64| {
        let mut request = thinking(budget(1024));
        merge(&mut request, json!({"inferenceConfig": {"temperature": temperature}}));
        request
    };
    model_refuses(
        CLAUDE,
        both(0.5),
        &format!(
            "`temperature` may only be set to 1 when thinking is enabled. Please consult our documentation at \
             {HELP}#important-considerations-when-using-extended-thinking"
        ),
        both(1.0),
    );
}

#[test]
fn tools_that_bedrock_does_not_have() {
    let tool = |kind: &str| fields(json!({"tools": [{"type": kind, "name": "a"}]}));
    let broken = refusal(CLAUDE, Operation::Converse, &tool("web_search_20250305"));
    let words = "The model returned the following errors: tools.0: Input tag 'web_search_20250305' found using \
                 'type' does not match any of the expected tags: ";
    assert!(broken.message.starts_with(words), "{broken:?}");
    takes(CLAUDE, Operation::Converse, &tool("bash_20250124"));
}

#[test]
fn unknown_fields() {
    model_refuses(
        CLAUDE,
        fields(json!({"top_k": 5, "topK": 5})),
        "topK: Extra inputs are not permitted",
        fields(json!({"top_k": 5})),
    );
    takes(UNKNOWN, Operation::Converse, &fields(json!({"anything": 1})));
}

#[test]
fn blocks_come_first() {
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Eq8BCkgI"}}});
    let turn = |blocks: Value| {
        let mut request = dialog(blocks, json!([tool_result("A")]));
        merge(&mut request, json!({"additionalModelRequestFields": {"thinking": budget(1024)}}));
        request
    };
    model_refuses(
        CLAUDE,
        turn(json!([tool_use("A")])),
        &format!(
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. \
             When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding \
             the lastmost set of `tool_use` and `tool_result` blocks). We recommend you include thinking blocks from \
             previous turns. To avoid this requirement, disable `thinking`. Please consult our documentation at {HELP}"
        ),
        turn(json!([thought, tool_use("A")])),
    );
    let unsigned = json!({"reasoningContent": {"reasoningText": {"text": "Hm."}}});
    model_refuses(
        CLAUDE,
        turn(json!([unsigned, tool_use("A")])),
        "messages.1.content.0.thinking.signature: Field required",
        turn(json!([thought, tool_use("A")])),
    );
}
