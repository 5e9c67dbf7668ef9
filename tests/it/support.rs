//! What the tests share: an agent on an endpoint, turns as text, and a checker of requests that knows nothing of
//! the code that makes them.
//!
//! ```text
//! let stage = Stage::new(Script::new().answer("Hello!")).await;
//! let agent = stage.agent().build().unwrap();
//! assert_eq!(agent.ask("Hi").await.unwrap().text(), "Hello!");
//! ```

use std::{collections::HashSet, fmt::Write as _, time::Duration};

use futures::StreamExt;
use outcrop::{
    Agent, AgentBuilder, Answer, Bedrock, BedrockBuilder, Error, EventKind, History, Message, Profile,
    Session, Tool, ToolCx, ToolSpec, TurnEvent, TurnStream,
    core::{Request, Role, turn::render, wire::ToolConfig},
};
use outcrop_bedrock::aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig};
use outcrop_local::{Local, Running, Script};
use serde_json::{Value, json, value::RawValue};

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-6";
/// A model that cannot stream with tools.
pub(crate) const LLAMA: &str = "meta.llama3-1-70b-instruct-v1:0";

/// An endpoint with a script, and a client of it.
pub(crate) struct Stage {
    pub(crate) local: Running,
    pub(crate) bedrock: Bedrock,
}

impl Stage {
    pub(crate) async fn new(script: Script) -> Self {
        let local = Local::script(script).start().await.unwrap();
        let bedrock = client(local.url()).build().await.unwrap();
        Self { local, bedrock }
    }

    pub(crate) fn agent(&self) -> AgentBuilder {
        Agent::builder(self.bedrock.clone())
    }

    /// The requests that came, as values.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.local.requests().iter().map(|received| received.request().unwrap()).collect()
    }

    /// What holds for every run: each request can be sent, and begins with what was sent before.
    pub(crate) fn assert_requests(&self) {
        let received = self.local.requests();
        for received in &received {
            assert_sendable(&received.request().unwrap());
        }
        for pair in received.windows(2) {
            assert_prefix(&pair[0].body, &pair[1].body);
        }
    }
}

/// A client whose retries wait for a moment only.
pub(crate) fn client(url: &str) -> BedrockBuilder {
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
        .build();
    Bedrock::builder(CLAUDE)
        .sdk_config(config)
        .static_credentials("AKIDEXAMPLE", "secret", None)
        .endpoint_url(url)
}

/// A tool of any arguments.
pub(crate) fn tool<F>(name: &str, run: impl Fn(Value, ToolCx) -> F + Send + Sync + 'static) -> Tool
where
    F: Future<Output: outcrop::IntoToolOutput> + Send + 'static,
{
    Tool::with_spec(spec(name), run)
}

pub(crate) fn spec(name: &str) -> ToolSpec {
    ToolSpec::with_schema(name, format!("The tool {name}."), json!({ "type": "object" }))
}

/// The messages of a body, as they were written.
pub(crate) fn messages_of(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        messages: &'a RawValue,
    }
    serde_json::from_slice::<Body<'_>>(body).unwrap().messages.get().to_owned()
}

/// The blocks of the first begin those of the second, to the byte.
pub(crate) fn assert_prefix(first: &[u8], second: &[u8]) {
    let (first, second) = (messages_of(first), messages_of(second));
    let blocks = first.strip_suffix("]}]").unwrap();
    assert!(second.starts_with(blocks), "not a prefix:\n{first}\n{second}");
}

/// What Converse and Claude refuse, checked on the JSON alone.
pub(crate) fn assert_sendable(request: &Request) {
    let body = serde_json::to_value(request).unwrap();
    if let Err(mistake) = sendable(&body) {
        panic!("{mistake} in\n{body:#}");
    }
}

fn sendable(body: &Value) -> Result<(), String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let blank = |value: &Value| value.as_str().is_none_or(|text| text.trim().is_empty());
    let messages = list(&body["messages"]);
    let mut role = "assistant";
    let mut open: Vec<String> = Vec::new();
    let mut has_calls = false;
    for (at, message) in messages.iter().enumerate() {
        let next = message["role"].as_str().unwrap_or("none");
        if next == role || !["user", "assistant"].contains(&next) {
            return Err(format!("message {at} is of role {next} after {role}"));
        }
        role = next;
        let content = list(&message["content"]);
        if content.is_empty() {
            return Err(format!("message {at} is empty"));
        }
        let mut calls = Vec::new();
        let mut results = Vec::new();
        let mut other_seen = false;
        for block in &content {
            if block.as_object().is_none_or(|members| members.len() != 1) {
                return Err(format!("message {at} has a block that is no union: {block}"));
            }
            if block.get("text").is_some_and(blank) {
                return Err(format!("message {at} has a blank text"));
            }
            if let Some(call) = block.get("toolUse") {
                if role != "assistant" || blank(&call["name"]) || !call["input"].is_object() {
                    return Err(format!("message {at} has a bad call: {call}"));
                }
                if call["type"] != "server_tool_use" {
                    calls.push(call["toolUseId"].as_str().unwrap_or_default().to_owned());
                }
            }
            match block.get("toolResult") {
                Some(result) if role == "user" => {
                    results.push(result["toolUseId"].as_str().unwrap_or_default().to_owned());
                    let parts = list(&result["content"]);
                    let bad = |part: &Value| {
                        part.get("text").is_some_and(blank)
                            || part.get("json").is_some_and(|json| !json.is_object())
                    };
                    if other_seen || parts.is_empty() || parts.iter().any(bad) {
                        return Err(format!("message {at} has a bad result: {result}"));
                    }
                }
                _ => other_seen = true,
            }
            if let Some(reasoning) = block.get("reasoningContent") {
                let signed = reasoning.get("redactedContent").is_some()
                    || !blank(&reasoning["reasoningText"]["signature"]);
                if role != "assistant" || !signed {
                    return Err(format!("message {at} has reasoning that is refused"));
                }
            }
        }
        if results != open {
            return Err(format!("message {at} answers {results:?}, and {open:?} were asked"));
        }
        if calls.iter().collect::<HashSet<_>>().len() < calls.len() {
            return Err(format!("message {at} has two calls of one id"));
        }
        has_calls |= !calls.is_empty();
        open = calls;
    }
    if role != "user" || messages.is_empty() {
        return Err("the last message is not the user's".into());
    }
    let tools = list(&body["toolConfig"]["tools"]);
    if (has_calls && tools.is_empty()) || (body.get("toolConfig").is_some() && tools.is_empty()) {
        return Err("there are no tools".into());
    }
    for tool in tools.iter().filter_map(|tool| tool.get("toolSpec")) {
        if tool.get("description").is_some_and(blank) || tool["inputSchema"]["json"]["type"] != "object" {
            return Err(format!("a tool cannot be offered: {tool}"));
        }
    }
    if list(&body["system"]).iter().any(|block| block.get("text").is_some_and(blank)) {
        return Err("the system prompt is blank".into());
    }
    Ok(())
}

/// A history that Claude can be asked after.
pub(crate) fn assert_history(history: &History) {
    let mut next = history.clone();
    next.push_user(Message::user("And now?"));
    let rendered = render(&next, &Profile::of(CLAUDE), CLAUDE);
    let tools = vec![spec("any").into()];
    assert_sendable(&Request::new().messages(rendered.messages).tool_config(ToolConfig::new(tools)));
    // In the history itself too, each call is answered right after it, in order, once.
    let messages: Vec<_> = history.messages().collect();
    for (at, message) in messages.iter().enumerate() {
        let asked: Vec<_> = message.tool_uses().map(|call| call.tool_use_id.as_str()).collect();
        let answered: Vec<_> = messages
            .get(at + 1)
            .filter(|next| next.role == Role::User)
            .into_iter()
            .flat_map(|next| next.tool_results())
            .map(|result| result.tool_use_id.as_str())
            .collect();
        assert_eq!(asked, answered, "the calls of message {at}");
    }
}

/// A turn that was watched to its end.
pub(crate) struct Watched {
    pub(crate) events: Vec<TurnEvent>,
    pub(crate) answer: Result<Answer, Error>,
}

pub(crate) async fn watch(mut turn: TurnStream) -> Watched {
    let mut events = Vec::new();
    while let Some(event) = turn.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(turn.next().await.is_none(), "nothing follows an error");
                return Watched { events, answer: Err(error) };
            }
        }
    }
    Watched { events, answer: turn.answer().await }
}

impl Watched {
    /// What happened, a line each; texts that grew are shown whole.
    pub(crate) fn told(&self) -> String {
        let mut lines: Vec<(String, String)> = Vec::new();
        // When the usage comes is a matter of the network.
        for event in self.events.iter().filter(|event| !matches!(event.kind, EventKind::StepUsage(_))) {
            let block = event.block.map(|block| format!("[{block}]")).unwrap_or_default();
            let place = format!("{}{block} {}", event.step, event.kind.name());
            let grown = match &event.kind {
                EventKind::TextDelta(delta) => Some(&delta.text),
                EventKind::ReasoningDelta(delta) => Some(&delta.text),
                EventKind::ToolInputDelta(delta) => Some(&delta.fragment),
                _ => None,
            };
            match (grown, lines.last_mut()) {
                (Some(text), Some((last, whole))) if *last == place => whole.push_str(text),
                (Some(text), _) => lines.push((place, text.clone())),
                (None, _) => lines.push((place, detail(&event.kind))),
            }
        }
        let mut told = String::new();
        for (place, detail) in lines {
            let _ = writeln!(told, "{}", format!("{place} {detail}").trim_end());
        }
        let _ = match &self.answer {
            Ok(answer) => writeln!(told, "answer: {} ({})", answer.text(), answer.stop_reason()),
            Err(error) => writeln!(told, "{}", tell_error(error)),
        };
        told
    }
}

/// An error with its causes and what can be asked of it.
pub(crate) fn tell_error(error: &Error) -> String {
    let mut told = format!("error: {error}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        let _ = write!(told, ": {cause}");
        source = cause.source();
    }
    if error.is_retryable() {
        told.push_str(" [retryable]");
    }
    if error.request_id().is_some() {
        told.push_str(" [request id]");
    }
    told
}

fn detail(kind: &EventKind) -> String {
    match kind {
        EventKind::ToolInputStart(start) => {
            let by = if start.server_side == Some(true) { ", by the service" } else { "" };
            format!("{} ({}{by})", start.tool_use_id, start.name)
        }
        EventKind::ToolInputEnd(end) => end.tool_use_id.to_string(),
        EventKind::ToolStart(start) => start.tool_use_id.to_string(),
        EventKind::ToolProgress(progress) => {
            format!("{} {}", progress.tool_use_id, progress.progress.as_str())
        }
        EventKind::ToolEnd(end) => serde_json::to_string(&end.result).unwrap(),
        EventKind::Diagnostic(diagnostic) => diagnostic.code.to_string(),
        EventKind::StepEnd(end) => end.stop_reason.to_string(),
        EventKind::TurnEnd(end) => end.stop_reason.to_string(),
        _ => String::new(),
    }
}

/// The session can be asked again and is in no turn; the endpoint's next answer is `Still here.`
pub(crate) async fn assert_askable(session: &Session) {
    assert_history(&session.history());
    let answer = session.ask("And now?").await.unwrap_or_else(|error| panic!("{}", tell_error(&error)));
    assert_eq!(answer.text(), "Still here.");
    assert_history(&session.history());
}

/// Waits for what must come soon.
pub(crate) async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it never came: {what}");
}

/// Numbers without a seed of their own: the same in each run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % sides
    }
}
