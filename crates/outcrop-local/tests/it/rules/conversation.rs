//! The shape of a conversation.

use super::*;

#[test]
fn who_speaks_when() {
    refuses(
        NOVA,
        messages(json!([assistant(json!([{"text": "Hello."}])), hi()])),
        "A conversation must start with a user message. \
         Try again with a conversation that starts with a user message.",
        messages(json!([hi(), assistant(json!([{"text": "Hello."}])), hi()])),
    );
    takes(CLAUDE, Operation::Converse, &messages(json!([assistant(json!([{"text": "Hello."}])), hi()])));
    takes(NOVA, Operation::Converse, &messages(json!([hi(), hi()])));

    let mut strict = outcrop_local::EndpointProfile::of(NOVA);
    strict.merges_roles = false;
    let twice = messages(json!([hi(), hi()])).to_string();
    assert_eq!(
        Judge::of(NOVA)
            .endpoint_profile(strict)
            .judge(Operation::Converse, twice.as_bytes())
            .expect_err("refused")
            .message,
        "A conversation must alternate between user and assistant roles. \
         Make sure the conversation alternates between user and assistant roles and try again."
    );
}

#[test]
fn something_is_said() {
    refuses(
        UNKNOWN,
        messages(json!([hi(), assistant(json!([])), hi()])),
        "The content field in the Message object at messages.1 is empty. \
         Add a ContentBlock object to the content field and try again.",
        messages(json!([hi(), assistant(json!([{"text": "."}])), hi()])),
    );
    refuses(
        UNKNOWN,
        messages(json!([user(json!([{"text": "Hi"}, {"text": " \n"}]))])),
        "The text field in the ContentBlock object at messages.0.content.1 is blank. \
         Add text to the text field, and try again.",
        messages(json!([user(json!([{"text": "Hi"}, {"text": "."}]))])),
    );
    let result = |text: &str| {
        dialog(
            json!([tool_use("1")]),
            json!([{"toolResult": {"toolUseId": "1", "content": [{"text": text}]}}]),
        )
    };
    model_refuses(CLAUDE, result(""), "messages: text content blocks must be non-empty", result("-"));
    model_refuses(
        CLAUDE,
        result(" "),
        "messages: text content blocks must contain non-whitespace text",
        result("-"),
    );
    refuses(
        CLAUDE,
        with(json!({"system": [{"text": ""}]})),
        "1 validation error detected: Value at 'system.1.member.text' failed to satisfy constraint: \
         Member must have length greater than or equal to 1",
        with(json!({"system": []})),
    );
}

#[test]
fn system() {
    refuses(
        "mistral.mistral-7b-instruct-v0:2",
        with(json!({"system": [{"text": "Be kind."}]})),
        "This model doesn't support system messages. \
         Try again without a system message or use a model that supports system messages.",
        with(json!({})),
    );
    let inside = messages(json!([hi(), {"role": "system", "content": [{"text": "Be kind."}]}, hi()]));
    refuses(CLAUDE, inside.clone(), "role 'system' is not supported on this model", with(json!({})));
    takes("us.anthropic.claude-opus-5", Operation::Converse, &inside);
}

#[test]
fn the_end() {
    let prefilled = |text: &str| messages(json!([hi(), assistant(json!([{"text": text}]))]));
    model_refuses(
        CLAUDE_46,
        prefilled("{"),
        "This model does not support assistant message prefill. The conversation must end with a user message.",
        messages(json!([hi()])),
    );
    model_refuses(
        CLAUDE,
        prefilled("{ "),
        "messages: final assistant content cannot end with trailing whitespace",
        prefilled("{"),
    );
    refuses(
        LLAMA,
        prefilled("{"),
        "The model that you are using requires the last turn in the conversation to be a user message. \
         Add a user message to the conversation and try again.",
        messages(json!([hi()])),
    );
    takes(NOVA, Operation::Converse, &prefilled("{ "));
}

#[test]
fn reasoning() {
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "Hm."}}});
    let words = "User messages cannot contain reasoning content";
    refuses(
        NOVA,
        messages(json!([hi(), assistant(json!([thought, {"text": "a"}])), hi()])),
        words,
        with(json!({})),
    );
    refuses(CLAUDE, messages(json!([user(json!([thought]))])), words, with(json!({})));
    takes(
        "openai.gpt-oss-120b-1:0",
        Operation::Converse,
        &messages(json!([hi(), assistant(json!([thought, {"text": "a"}])), hi()])),
    );
}
