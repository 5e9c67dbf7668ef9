//! What is refused, in which words, and that the like of it is taken when it obeys.

use outcrop_local::{Judge, Local, Operation, Refusal, judge};
use serde_json::{Value, json};

mod conversation;
mod front;
mod media;
mod never_panics;
mod output;
mod thinking;
mod tools;

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const CLAUDE_3: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const CLAUDE_4: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
const CLAUDE_46: &str = "us.anthropic.claude-sonnet-4-6";
const CLAUDE_47: &str = "us.anthropic.claude-opus-4-7";
const CLAUDE_55: &str = "us.anthropic.claude-opus-5-5";
const HAIKU_45: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const NOVA: &str = "amazon.nova-lite-v1:0";
const LLAMA: &str = "us.meta.llama4-maverick-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const UNKNOWN: &str = "somebody.new-model";

/// Converse: refused with status 400 and these words; the other request is taken.
#[track_caller]
fn refuses(model_id: &str, broken: Value, words: &str, obeys: Value) {
    check(model_id, Operation::Converse, broken, (400, "ValidationException", words), obeys);
}

/// As [`refuses`], in the words of the model.
#[track_caller]
fn model_refuses(model_id: &str, broken: Value, words: &str, obeys: Value) {
    refuses(model_id, broken, &format!("The model returned the following errors: {words}"), obeys);
}

#[track_caller]
fn check(model_id: &str, operation: Operation, broken: Value, expected: (u16, &str, &str), obeys: Value) {
    let refusal = refusal(model_id, operation, &broken);
    assert_eq!((refusal.status, refusal.code, refusal.message.as_str()), expected);
    takes(model_id, operation, &obeys);
}

#[track_caller]
fn refusal(model_id: &str, operation: Operation, body: &Value) -> Refusal {
    let refusal = judge(model_id, operation, body.to_string().as_bytes()).expect_err("it is refused");
    over_http(model_id, operation, body, &refusal);
    refusal
}

/// The endpoint answers the raw request with the same status, type and words.
#[track_caller]
fn over_http(model_id: &str, operation: Operation, body: &Value, refusal: &Refusal) {
    let name = match operation {
        Operation::Converse => "converse",
        Operation::ConverseStream => "converse-stream",
        Operation::CountTokens => "count-tokens",
        _ => return,
    };
    // A path cannot hold every id; those that it cannot are judged above alone.
    if refusal.in_stream || model_id.is_empty() || model_id.contains([' ', '%', '?', '#']) {
        return;
    }
    let path = format!("/model/{}/{name}", model_id.replace(':', "%3A").replace('/', "%2F"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = runtime.block_on(async {
        let local = Local::demo().start().await.unwrap();
        crate::client::post(local.address(), &path, &body.to_string()).await
    });
    let said: Value = serde_json::from_slice(&answer.chunks.concat()).unwrap();
    assert_eq!((answer.status, &said["message"]), (refusal.status, &json!(refusal.message)));
    let kind = answer.header("x-amzn-errortype").unwrap_or_default();
    assert!(kind.starts_with(&format!("{}:", refusal.code)), "{kind}");
}

#[track_caller]
fn takes(model_id: &str, operation: Operation, body: &Value) {
    assert_eq!(judge(model_id, operation, body.to_string().as_bytes()), Ok(()));
}

/// A request of these messages.
fn messages(messages: Value) -> Value {
    json!({ "messages": messages })
}

fn user(content: Value) -> Value {
    json!({"role": "user", "content": content})
}

fn assistant(content: Value) -> Value {
    json!({"role": "assistant", "content": content})
}

fn hi() -> Value {
    user(json!([{"text": "Hi"}]))
}

/// `hello` with further members of the request.
fn with(members: Value) -> Value {
    let mut request = messages(json!([hi()]));
    merge(&mut request, members);
    request
}

fn merge(request: &mut Value, members: Value) {
    if let (Some(request), Value::Object(members)) = (request.as_object_mut(), members) {
        request.extend(members);
    }
}

fn tool(name: &str) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object"}}}})
}

/// A tool configuration with the tool `a`.
fn tools() -> Value {
    json!({"tools": [tool("a")]})
}

fn tool_use(id: &str) -> Value {
    json!({"toolUse": {"toolUseId": id, "name": "a", "input": {}}})
}

fn tool_result(id: &str) -> Value {
    json!({"toolResult": {"toolUseId": id, "content": [{"text": "ok"}]}})
}

/// A conversation with the tool `a`: these blocks of the assistant and then of the user.
fn dialog(uses: Value, results: Value) -> Value {
    json!({"messages": [hi(), assistant(uses), user(results)], "toolConfig": tools()})
}

#[test]
fn a_profile_can_be_given() {
    let id = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc";
    let body = with(json!({"toolConfig": tools()})).to_string();
    assert_eq!(judge(id, Operation::ConverseStream, body.as_bytes()), Ok(()));
    let profile = outcrop_core::Profile::of("meta.llama3-1-70b-instruct-v1:0");
    let refusal = Judge::of(id).profile(profile).judge(Operation::ConverseStream, body.as_bytes());
    assert_eq!(
        refusal.expect_err("it is refused").message,
        "This model doesn't support tool use in streaming mode."
    );
}

#[test]
fn other_operations_are_not_judged() {
    assert_eq!(judge("", Operation::Other, b"no JSON"), Ok(()));
}
