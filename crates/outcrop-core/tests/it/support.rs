//! Short words for the events of a stream, and a turn with a driver that keeps a transcript.

use std::{fmt::Write as _, sync::Arc};

use outcrop_core::{profile::*, tools::*, turn::*, wire::*};
use proptest::prelude::ProptestConfig;
use serde_json::json;

pub fn text(block: u32, text: &str) -> StreamEvent {
    delta(block, BlockDelta::Text(text.into()))
}

pub fn think(block: u32, text: &str) -> StreamEvent {
    reasoning(block, ReasoningContentDelta::Text(text.into()))
}

pub fn sign(block: u32, signature: &str) -> StreamEvent {
    reasoning(block, ReasoningContentDelta::Signature(signature.into()))
}

pub fn redact(block: u32, bytes: &[u8]) -> StreamEvent {
    reasoning(block, ReasoningContentDelta::RedactedContent(bytes.to_vec().into()))
}

pub fn call(block: u32, id: &str, name: &str) -> StreamEvent {
    start(block, BlockStart::ToolUse(ToolUseStart::new(id, name)))
}

pub fn server_call(block: u32, id: &str, name: &str) -> StreamEvent {
    start(block, BlockStart::ToolUse(ToolUseStart::new(id, name).kind("server_tool_use")))
}

pub fn arg(block: u32, fragment: &str) -> StreamEvent {
    delta(block, BlockDelta::ToolUse(ToolUseDelta::new(fragment)))
}

pub fn cite(block: u32, title: &str) -> StreamEvent {
    delta(block, BlockDelta::Citation(Citation::new().title(title).into()))
}

pub fn stop(block: u32) -> StreamEvent {
    StreamEvent::ContentBlockStop(ContentBlockStop::new(block))
}

pub fn end(reason: &str) -> StreamEvent {
    StreamEvent::MessageStop(MessageStop::new(reason))
}

pub fn begin() -> StreamEvent {
    StreamEvent::MessageStart(MessageStart::new(Role::Assistant))
}

pub fn metadata(output_tokens: u64) -> StreamEvent {
    let mut usage = Usage::new();
    usage.output_tokens = output_tokens;
    StreamEvent::Metadata(Box::new(StreamMetadata::new().usage(usage)))
}

/// A block whose only delta holds all of its input.
pub fn whole_call(block: u32, id: &str, name: &str, input: &str) -> [StreamEvent; 3] {
    [call(block, id, name), arg(block, input), stop(block)]
}

/// An event as the service writes it.
pub fn wire(event_type: &str, payload: &str) -> StreamEvent {
    StreamEvent::from_frame(&Frame::event(event_type, payload.as_bytes().to_vec())).unwrap()
}

pub fn delta(block: u32, delta: BlockDelta) -> StreamEvent {
    StreamEvent::ContentBlockDelta(ContentBlockDelta::new(block, delta))
}

pub fn start(block: u32, start: BlockStart) -> StreamEvent {
    StreamEvent::ContentBlockStart(ContentBlockStart::new(block, start))
}

fn reasoning(block: u32, part: ReasoningContentDelta) -> StreamEvent {
    delta(block, BlockDelta::ReasoningContent(part))
}

/// So many cases of a property, or as many as `PROPTEST_CASES` says.
pub fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { ProptestConfig { cases, ..config } }
}

pub fn raw(text: &str) -> RawJson {
    text.parse().unwrap()
}

pub fn block(text: &str) -> ContentBlock {
    serde_json::from_str(text).unwrap()
}

pub fn message(text: &str) -> Message {
    serde_json::from_str(text).unwrap()
}

/// Two tools: `plan` takes a city and perhaps a number of days and nothing else; `now` takes anything.
pub fn tools() -> Arc<ToolSet> {
    let plan = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "days": { "type": "integer" } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let specs = [
        ToolSpec::with_schema("plan", "Plans a trip.", plan),
        ToolSpec::with_schema("now", "The time.", json!({ "type": "object" })),
    ];
    Arc::new(ToolSet::new(specs).unwrap())
}

/// The same tools, shown while the model writes their inputs.
pub fn live_tools() -> Arc<ToolSet> {
    let live = |spec: &ToolSpec| {
        let mut tool = ToolDef::from(spec.clone());
        tool.policy.live = true;
        tool
    };
    Arc::new(ToolSet::new(tools().specs().map(live)).unwrap())
}

pub fn config() -> TurnConfig {
    TurnConfig::new("anthropic.claude-sonnet-4-6", tools())
}

/// What became of a call that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It taught this, and the turn asked again.
    Learned(Fact),
    /// The turn asked again.
    AsksAgain,
    /// The turn failed, or nothing happened.
    Failed,
}

/// A turn and the one who drives it.
pub struct Sim {
    pub config: Arc<TurnConfig>,
    pub turn: Turn,
    pub ask: Option<ConverseAction>,
    /// How often it was asked.
    pub asks: usize,
    pub running: Vec<DispatchAction>,
    pub questions: Vec<DecideAction>,
    pub waits: Vec<WaitAction>,
    pub cancelled: Vec<ActionId>,
    /// The facts that it was told to remember.
    pub remembered: Vec<Fact>,
    /// What was asked, dispatched and told, a line each.
    pub log: String,
    /// The messages of what was diagnosed.
    pub diagnostics: Vec<String>,
    over: bool,
}

impl Sim {
    pub fn new(config: TurnConfig) -> Self {
        Self::over(config, History::new())
    }

    pub fn over(config: TurnConfig, history: History) -> Self {
        let config = Arc::new(config);
        let turn = Turn::new(Arc::clone(&config), history, Message::user("Go"), "t", Time(0));
        let mut sim = Self {
            config,
            turn,
            ask: None,
            asks: 0,
            running: Vec::new(),
            questions: Vec::new(),
            waits: Vec::new(),
            cancelled: Vec::new(),
            remembered: Vec::new(),
            log: String::new(),
            diagnostics: Vec::new(),
            over: false,
        };
        sim.act();
        sim
    }

    /// Tells all events that are worth a line, and takes every action that is there.
    pub fn act(&mut self) {
        loop {
            self.tell();
            match self.turn.next_action() {
                Some(Action::Converse(ask)) => {
                    self.line(format!("ask with {} messages", ask.request.messages.len()));
                    self.ask = Some(ask);
                    self.asks += 1;
                }
                Some(Action::Dispatch(dispatch)) => {
                    let call = &dispatch.call;
                    let input = call.input.text().as_str();
                    self.line(format!("run {} {} `{input}`", call.tool_use_id, call.name));
                    self.running.push(dispatch);
                }
                Some(Action::Wait(wait)) => {
                    self.line(format!("wait until {}", wait.until.0));
                    self.waits.push(wait);
                }
                Some(Action::Cancel(cancel)) => {
                    self.line(format!("cancel {}", cancel.id));
                    self.cancelled.push(cancel.id);
                }
                Some(Action::Decide(decide)) => {
                    self.line(format!(
                        "decide {} {} `{}`",
                        decide.call.tool_use_id, decide.call.name, decide.call.input
                    ));
                    self.questions.push(decide);
                }
                Some(Action::Remember(remember)) => self.remembered.push(remember.fact),
                Some(other) => panic!("{other:?}"),
                None => break,
            }
        }
        let end = match self.turn.outcome() {
            Some(Ok(answer)) => format!("answered ({}): `{}`", answer.stop_reason, answer.message.text()),
            Some(Err(TurnFailure::Protocol(error))) => format!("failed: {error}"),
            Some(Err(TurnFailure::Output(failure))) => format!("failed: {failure}"),
            Some(Err(failure)) => format!("failed: {failure}"),
            None => return,
        };
        if !std::mem::replace(&mut self.over, true) {
            self.line(end);
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.turn.next_event() {
            match event.kind {
                EventKind::Diagnostic(told) => {
                    self.line(format!("diagnostic {}", told.code));
                    self.diagnostics.push(told.message);
                }
                EventKind::ToolEnd(end) => self.line(format!("result {}", compact(&end.result))),
                EventKind::OutputRejected(told) => {
                    self.line(format!("rejected: {}", told.problems.replace('\n', " / ")));
                }
                _ => {}
            }
        }
    }

    fn line(&mut self, line: String) {
        let _ = writeln!(self.log, "{line}");
    }

    /// Hands in events of the open stream.
    pub fn events(&mut self, events: impl IntoIterator<Item = StreamEvent>) -> &mut Self {
        let id = self.ask.as_ref().unwrap().id;
        for event in events {
            self.turn.on_stream_event(id, event, Time(0));
            self.act();
        }
        self
    }

    pub fn end_stream(&mut self) -> &mut Self {
        let id = self.ask.as_ref().unwrap().id;
        self.turn.on_stream_end(id, Time(0));
        self.act();
        self
    }

    pub fn refuse(&mut self, refusal: &str) -> Recovery {
        let id = self.ask.as_ref().unwrap().id;
        let (asks, facts) = (self.asks, self.remembered.len());
        self.turn.on_call_failed(id, CallFailure::refused(refusal), Time(0));
        self.act();
        match self.remembered.get(facts) {
            _ if self.asks == asks => Recovery::Failed,
            Some(fact) => Recovery::Learned(*fact),
            None => Recovery::AsksAgain,
        }
    }

    /// The running call `id` gives `text`.
    pub fn result(&mut self, id: &str, text: &str) -> &mut Self {
        let at = self.running.iter().position(|running| running.call.tool_use_id == id).unwrap();
        let done = self.running.remove(at);
        self.turn.on_tool_result(done.id, vec![text.into()], ToolResultStatus::Success, Time(0));
        self.act();
        self
    }

    /// Saves the turn as a string and goes on with what can be read from that.
    pub fn reload(&mut self) -> &mut Self {
        let saved = serde_json::to_string(&self.turn.save()).unwrap();
        self.turn =
            Turn::resume(Arc::clone(&self.config), serde_json::from_str(&saved).unwrap(), Time(0)).unwrap();
        self.running.clear();
        self.questions.clear();
        self.act();
        self
    }

    /// The messages of the last request, as JSON.
    pub fn asked(&self) -> String {
        serde_json::to_string(&self.ask.as_ref().unwrap().request.messages).unwrap()
    }
}

/// The model's own fields of a request, as they are sent.
pub fn sent_fields(request: &Request) -> Option<String> {
    let body: RawJson = String::from_utf8(request.to_json_bytes().unwrap()).unwrap().parse().unwrap();
    let members: std::collections::BTreeMap<String, RawJson> = body.parse_into().unwrap();
    members.get("additionalModelRequestFields").map(|fields| fields.as_str().to_owned())
}

pub fn compact(result: &ToolResult) -> String {
    let mut line =
        format!("{} {}:", result.tool_use_id, result.status.as_ref().map_or("-", |status| status.as_str()));
    for part in &result.content {
        match part {
            ToolResultContent::Text(text) => line += &format!(" {}", text.replace('\n', " / ")),
            other => line += &format!(" {}", serde_json::to_string(other).unwrap()),
        }
    }
    line
}
