//! Tools, how they are chosen, and their results.

use super::*;

#[test]
fn answers() {
    refuses(
        NOVA,
        dialog(json!([tool_use("A"), tool_use("B"), tool_use("C")]), json!([tool_result("C")])),
        "Expected toolResult blocks at messages.2.content for the following Ids: A, B",
        dialog(json!([tool_use("A"), tool_use("B")]), json!([tool_result("B"), tool_result("A")])),
    );
    refuses(
        CLAUDE,
        dialog(json!([tool_use("A")]), json!([tool_result("A"), tool_result("B")])),
        "The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous turn.",
        dialog(json!([tool_use("A")]), json!([tool_result("A"), {"text": "Go on."}])),
    );
    refuses(
        CLAUDE,
        dialog(json!([tool_use("A"), tool_use("A")]), json!([tool_result("A")])),
        "The toolUse blocks at messages.1.content contain duplicate Ids: A",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
    refuses(
        CLAUDE,
        dialog(json!([tool_use("A")]), json!([tool_result("A"), tool_result("A")])),
        "The toolResult blocks at messages.2.content contain duplicate Ids: A",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
    let words = "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: A. \
                 Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
    let fine = || dialog(json!([tool_use("A")]), json!([tool_result("A")]));
    model_refuses(
        CLAUDE,
        dialog(json!([tool_use("A")]), json!([{"text": "So:"}, tool_result("A")])),
        words,
        fine(),
    );
    let open = json!({"messages": [hi(), assistant(json!([tool_use("A")]))], "toolConfig": tools()});
    model_refuses(CLAUDE, open, words, fine());
}

#[test]
fn answers_in_two_messages_are_one_turn() {
    let request = json!({
        "messages": [
            hi(),
            assistant(json!([tool_use("A")])),
            assistant(json!([tool_use("B")])),
            user(json!([tool_result("B")])),
            user(json!([tool_result("A")])),
        ],
        "toolConfig": tools(),
    });
    takes(CLAUDE, Operation::Converse, &request);
}

#[test]
fn tools_of_the_service_are_not_answered() {
    let call = json!({"toolUse": {"toolUseId": "A", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}});
    let result = json!({"toolResult": {"toolUseId": "A", "content": [{"text": "[HIDDEN]"}], "type": "x"}});
    let request = json!({"messages": [hi(), assistant(json!([call, result, {"text": "So."}])), hi()]});
    takes("us.amazon.nova-2-lite-v1:0", Operation::Converse, &request);
}

#[test]
fn results() {
    let mut without = dialog(json!([tool_use("A")]), json!([tool_result("A")]));
    without["toolConfig"] = json!(null);
    refuses(
        UNKNOWN,
        without,
        "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
    let holding = |content: Value, status: &str| {
        dialog(
            json!([tool_use("A")]),
            json!([{"toolResult": {"toolUseId": "A", "content": content, "status": status}}]),
        )
    };
    refuses(
        UNKNOWN,
        holding(json!([]), "error"),
        "The content field at messages.2.content.0.toolResult cannot be empty when status value is error.",
        holding(json!([]), "success"),
    );
    refuses(
        UNKNOWN,
        holding(json!([{"json": [1]}]), "success"),
        "The format of the value at messages.2.content.0.toolResult.content.0.json is invalid. \
         Provide a json object for the field and try again.",
        holding(json!([{"json": {"a": 1}}]), "success"),
    );
    refuses(
        "us.writer.palmyra-x4-v1:0",
        holding(json!([{"text": "a"}]), "success"),
        "This model doesn't support the status field. Remove status and try again.",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
    refuses(
        LLAMA,
        dialog(json!([tool_use("A")]), json!([tool_result("A"), {"text": "Go on."}])),
        "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
    refuses(
        MISTRAL,
        dialog(json!([{"text": "I look."}, tool_use("A")]), json!([tool_result("A")])),
        "messages.1.content: Conversation blocks and tool use blocks cannot be provided in the same turn.",
        dialog(json!([tool_use("A")]), json!([tool_result("A")])),
    );
}

#[test]
fn offers() {
    let offered = || with(json!({"toolConfig": tools()}));
    refuses("us.deepseek.r1-v1:0", offered(), "This model doesn't support tool use.", with(json!({})));
    check(
        MISTRAL,
        Operation::ConverseStream,
        offered(),
        (400, "ValidationException", "This model doesn't support tool use in streaming mode."),
        with(json!({})),
    );
    takes(MISTRAL, Operation::Converse, &offered());
    let schema = |schema: Value| {
        with(json!({"toolConfig": {"tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": schema}}}]}}))
    };
    refuses(
        UNKNOWN,
        schema(json!("{}")),
        "The format of the value at toolConfig.tools.0.toolSpec.inputSchema.json is invalid. \
         Provide a json object for the field and try again.",
        schema(json!({"type": "object"})),
    );
    model_refuses(
        CLAUDE,
        with(json!({"toolConfig": {"tools": [tool("a"), tool("a")]}})),
        "tools: Tool names must be unique.",
        with(json!({"toolConfig": {"tools": [tool("a"), tool("b")]}})),
    );
}

#[test]
fn choices() {
    let choosing = |choice: Value| with(json!({"toolConfig": {"tools": [tool("a")], "toolChoice": choice}}));
    refuses(
        LLAMA,
        choosing(json!({"any": {}})),
        "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
        choosing(json!({"auto": {}})),
    );
    refuses(
        MISTRAL,
        choosing(json!({"tool": {"name": "a"}})),
        "This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.",
        choosing(json!({"any": {}})),
    );
    model_refuses(
        CLAUDE_55,
        choosing(json!({"tool": {"name": "a"}})),
        r#"tool_choice: type "tool" and "any" are not supported for this model."#,
        choosing(json!({"auto": {}})),
    );
    let thinking = |model_fields: Value, choice: Value| {
        let mut request = choosing(choice);
        merge(&mut request, json!({"additionalModelRequestFields": {"thinking": model_fields}}));
        request
    };
    let enabled = || json!({"type": "enabled", "budget_tokens": 1024});
    model_refuses(
        CLAUDE,
        thinking(enabled(), json!({"any": {}})),
        "Thinking may not be enabled when tool_choice forces tool use.",
        thinking(enabled(), json!({"auto": {}})),
    );
    takes(CLAUDE_46, Operation::Converse, &thinking(json!({"type": "adaptive"}), json!({"any": {}})));
}
