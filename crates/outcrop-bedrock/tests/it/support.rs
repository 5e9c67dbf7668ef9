//! What the tests share: a handle on the server, events as bytes, outcomes as text.

use std::{fmt::Write as _, time::Duration};

use futures::StreamExt;
use outcrop_bedrock::{
    Bedrock, BedrockBuilder, Error, EventStream,
    aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig},
};
use outcrop_core::{Message, Request, wire::Frame};

use crate::server::Server;

pub(crate) const MODEL: &str = "us.anthropic.claude-sonnet-4-6";

/// A handle whose retries wait for a moment only.
pub(crate) fn builder(server: &Server) -> BedrockBuilder {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    Bedrock::builder(MODEL)
        .sdk_config(config)
        .static_credentials("AKIDEXAMPLE", "secret", None)
        .endpoint_url(server.url())
}

pub(crate) async fn bedrock(server: &Server) -> Bedrock {
    builder(server).build().await.unwrap()
}

pub(crate) fn request() -> Request {
    Request::new().messages([Message::user("Hello")])
}

pub(crate) fn frame(frame: Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    frame.encode(&mut bytes).unwrap();
    bytes
}

pub(crate) fn event(name: &str, payload: &str) -> Vec<u8> {
    frame(Frame::event(name, payload.to_owned()))
}

pub(crate) fn exception(name: &str, payload: &str) -> Vec<u8> {
    frame(Frame::exception(name, payload.to_owned()))
}

pub(crate) fn start() -> Vec<u8> {
    event("messageStart", r#"{"p":"abc","role":"assistant"}"#)
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let payload = serde_json::json!({ "contentBlockIndex": 0, "delta": { "text": text }, "p": "abcdef" });
    event("contentBlockDelta", &payload.to_string())
}

pub(crate) fn block_stop() -> Vec<u8> {
    event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"ab"}"#)
}

pub(crate) fn stop() -> Vec<u8> {
    event("messageStop", r#"{"p":"abcd","stopReason":"end_turn"}"#)
}

pub(crate) fn metadata() -> Vec<u8> {
    let usage = r#"{"inputTokens":1,"outputTokens":2,"totalTokens":3}"#;
    event("metadata", &format!(r#"{{"metrics":{{"latencyMs":7}},"p":"abc","usage":{usage}}}"#))
}

/// A whole answer, "Hi".
pub(crate) fn hi() -> Vec<u8> {
    [start(), text("Hi"), block_stop(), stop(), metadata()].concat()
}

pub(crate) const HI: &str = r#"{"output":{"message":{"role":"assistant","content":[{"text":"Hi"}]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":7}}"#;

/// The events and how they ended, a line each.
pub(crate) async fn drain(mut events: EventStream) -> String {
    let mut lines = String::new();
    while let Some(item) = events.next().await {
        match item {
            Ok(event) => match event.to_payload() {
                Some((name, payload)) => writeln!(lines, "{name} {payload}").unwrap(),
                None => writeln!(lines, "{event:?}").unwrap(),
            },
            Err(error) => {
                lines += &told(&error);
                assert!(events.next().await.is_none(), "nothing follows an error");
                return lines;
            }
        }
    }
    assert!(events.next().await.is_none(), "the end is the end");
    lines + "end\n"
}

/// What a caller can learn of an error.
pub(crate) fn told(error: &Error) -> String {
    let mut lines = format!("error: {error}\n");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        writeln!(lines, "  because: {error}").unwrap();
        source = error.source();
    }
    let mut facts = vec![format!("attempts {}", error.attempts())];
    facts.extend(error.code().map(|code| format!("code {code}")));
    facts.extend(error.status().map(|status| format!("status {status}")));
    facts.extend(error.request_id().map(|id| format!("request id {id}")));
    facts.extend(error.is_retryable().then(|| "retryable".to_owned()));
    facts.extend(error.is_throttling().then(|| "throttling".to_owned()));
    facts.extend(error.is_context_overflow().then(|| "context overflow".to_owned()));
    writeln!(lines, "  {}", facts.join(", ")).unwrap();
    lines
}
