//! JSON types, constraints, model ids.

use outcrop_local::Operation;
use serde_json::json;

use super::*;

#[test]
fn types() {
    let no_json = judge(NOVA, Operation::Converse, b"{").expect_err("it is refused");
    assert_eq!((no_json.status, no_json.code), (400, "SerializationException"));
    check(
        NOVA,
        Operation::ConverseStream,
        messages(json!("Hi")),
        (400, "SerializationException", "STRING_VALUE can not be converted to a List"),
        messages(json!([hi()])),
    );
}

#[test]
fn constraints() {
    let named = |name: &str| with(json!({"toolConfig": {"tools": [tool("b"), tool(name)]}}));
    refuses(
        CLAUDE,
        named("a b"),
        "1 validation error detected: Value 'a b' at 'toolConfig.tools.2.member.toolSpec.name' failed to satisfy \
         constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
        named("a-b_1"),
    );
    let long = "a".repeat(65);
    refuses(
        NOVA,
        named(&long),
        &format!(
            "1 validation error detected: Value '{long}' at 'toolConfig.tools.2.member.toolSpec.name' failed to \
             satisfy constraint: Member must have length less than or equal to 64"
        ),
        named(&long[1..]),
    );
    let described = |text: &str| {
        let mut tool = tool("a");
        tool["toolSpec"]["description"] = json!(text);
        with(json!({"toolConfig": {"tools": [tool]}}))
    };
    refuses(
        UNKNOWN,
        described(""),
        "1 validation error detected: Value '' at 'toolConfig.tools.1.member.toolSpec.description' failed to \
         satisfy constraint: Member must have length greater than or equal to 1",
        described("A tool."),
    );
    refuses(
        UNKNOWN,
        with(json!({"toolConfig": {"tools": []}})),
        "1 validation error detected: Value '[]' at 'toolConfig.tools' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
        with(json!({"toolConfig": tools()})),
    );
    refuses(
        NOVA,
        with(json!({"inferenceConfig": {"temperature": 1.5}})),
        "1 validation error detected: Value '1.5' at 'inferenceConfig.temperature' failed to satisfy constraint: \
         Member must have value less than or equal to 1",
        with(json!({"inferenceConfig": {"temperature": 1}})),
    );
    refuses(
        NOVA,
        with(json!({"inferenceConfig": {"maxTokens": 0}})),
        "1 validation error detected: Value '0' at 'inferenceConfig.maxTokens' failed to satisfy constraint: \
         Member must have value greater than or equal to 1",
        with(json!({"inferenceConfig": {"maxTokens": 1}})),
    );
    let metadata = |value: &str| with(json!({"requestMetadata": {"team": value}}));
    assert!(
        refusal(NOVA, Operation::Converse, &metadata("ä"))
            .message
            .ends_with("Member must satisfy regular expression pattern: [a-zA-Z0-9\\s:_@$#=/+,-.]*")
    );
    takes(NOVA, Operation::Converse, &metadata("a b:c@d"));
}

#[test]
fn several_constraints_in_one_message() {
    let broken = dialog(
        json!([{"toolUse": {"toolUseId": "a|b", "name": "$a", "input": {}}}]),
        json!([{"toolResult": {"toolUseId": "a|b", "content": [{"text": "ok"}]}}]),
    );
    let pattern = "failed to satisfy constraint: Member must satisfy regular expression pattern:";
    refuses(
        CLAUDE,
        broken,
        &format!(
            "3 validation errors detected: \
             Value at 'messages.2.member.content.1.member.toolUse.toolUseId' {pattern} [a-zA-Z0-9_.:-]+; \
             Value at 'messages.2.member.content.1.member.toolUse.name' {pattern} [a-zA-Z0-9_-]+; \
             Value at 'messages.3.member.content.1.member.toolResult.toolUseId' {pattern} [a-zA-Z0-9_.:-]+"
        ),
        dialog(json!([tool_use("a:b.0")]), json!([tool_result("a:b.0")])),
    );
    refuses(
        UNKNOWN,
        messages(json!([{"role": "robot", "content": [{"text": "Hi"}]}])),
        "1 validation error detected: Value 'robot' at 'messages.1.member.role' failed to satisfy constraint: \
         Member must satisfy enum value set: [user, assistant, system]",
        messages(json!([hi()])),
    );
    refuses(
        CLAUDE,
        messages(json!([
            hi(),
            assistant(json!([{"reasoningContent": {"reasoningText": {"signature": "s"}}}])),
            hi()
        ])),
        "1 validation error detected: Value at \
         'messages.2.member.content.1.member.reasoningContent.reasoningText.text' failed to satisfy constraint: \
         Member must not be null",
        messages(json!([
            hi(),
            assistant(json!([{"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}}])),
            hi(),
        ])),
    );
}

#[test]
fn unions() {
    refuses(
        CLAUDE,
        messages(json!([user(json!([{"SDK_UNKNOWN_MEMBER": {"name": "x"}}]))])),
        "ContentBlock object at messages.0.content.0 must set one of the following keys: text, image, toolUse, \
         toolResult, document, video, cachePoint, reasoningContent, citationsContent, searchResult.",
        messages(json!([user(json!([{"text": "Hi", "newer": 1, "image": null}]))])),
    );
    let source = |cited: bool| {
        let document = json!({"name": "a", "format": "txt", "source": {"text": "words"}, "citations": {"enabled": cited}});
        messages(json!([user(json!([{"text": "Hi"}, {"document": document}]))]))
    };
    refuses(
        CLAUDE,
        source(false),
        "DocumentSource object at messages.0.content.1.document.source must set one of the following keys: bytes, \
         s3Location.",
        source(true),
    );
}

#[test]
fn models() {
    let hello = || messages(json!([hi()]));
    let check_model = |model_id: &str, operation, expected, fine| {
        let refusal = refusal(model_id, operation, &hello());
        assert_eq!((refusal.status, refusal.code, refusal.message.as_str()), expected);
        takes(fine, operation, &hello());
    };
    let invalid = (400, "ValidationException", "The provided model identifier is invalid.");
    check_model("us.does-not-exist-model-v1:0", Operation::ConverseStream, invalid, UNKNOWN);
    check_model("demo", Operation::Converse, invalid, NOVA);
    let text = "Invocation of model ID deepseek.r1-v1:0 with on-demand throughput isn’t supported. Retry your request \
                with the ID or ARN of an inference profile that contains this model.";
    check_model(
        "deepseek.r1-v1:0",
        Operation::Converse,
        (400, "ValidationException", text),
        "us.deepseek.r1-v1:0",
    );
    let text = "This model version has reached the end of its life. \
                Please refer to the AWS documentation for more details.";
    check_model("anthropic.claude-v1", Operation::Converse, (404, "ResourceNotFoundException", text), CLAUDE);

    let count = || json!({"input": {"converse": hello()}});
    for model_id in [CLAUDE_4, "anthropic.claude-sonnet-4-6", NOVA] {
        check(
            model_id,
            Operation::CountTokens,
            count(),
            (400, "ValidationException", "The provided model doesn't support counting tokens."),
            json!({"input": {"invokeModel": {"body": "e30="}}}),
        );
    }
    takes(&CLAUDE_4[3..], Operation::CountTokens, &count());
}
