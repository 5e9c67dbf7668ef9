//! Any events in any order, through `Assembler` and `Turn`.
//!
//! Each byte is one event or one thing that a driver does. Nothing may panic; a call is handed out at most once and
//! only with an input that is strict JSON of the tool's schema; and whatever happened, the history can be sent again.

#![no_main]

use std::{
    collections::HashSet,
    sync::{Arc, LazyLock},
};

use libfuzzer_sys::fuzz_target;
use outcrop_core::{Action, ContentBlock, History, Message, Profile, Role, StreamEvent, Time, ToolSet, ToolSpec, Turn, TurnConfig, turn::{ActionId, render}, wire::{Assembler, BlockDelta, BlockStart, CallFailure, Citation, ContentBlockDelta, ContentBlockStart, ContentBlockStop, Frame, MessageStart, MessageStop, ReasoningContentDelta, ToolResultStatus, ToolUseDelta, ToolUseStart}};

const INPUTS: [&str; 16] = [
    "{\"city\":",
    "\"Lisbon\"",
    "}",
    "{}",
    "",
    " ",
    "null",
    "{\"city\":\"A\",\"city\":\"B\"}",
    "\\ud83d",
    "\"",
    "1e999",
    "[",
    "]",
    "{\"city\":\"Lisbon\"}",
    ",",
    "{\"x\":1}",
];
const REASONS: [&str; 8] = [
    "tool_use",
    "tool_use",
    "end_turn",
    "stop_sequence",
    "max_tokens",
    "malformed_tool_use",
    "content_filtered",
    "new",
];
const NAMES: [&str; 4] = ["plan", "plan", "other", "get weather"];

fuzz_target!(|data: &[u8]| {
    let mut bytes = data.iter().copied();
    let mut assembler = Assembler::new();
    while let Some(event) = event(&mut bytes) {
        if assembler.push(event).is_err() {
            break;
        }
    }
    match assembler.is_finished() {
        true => drop(assembler.finish().expect("messageStop came")),
        false => {
            let kept = assembler.partial().map(|message| message.content).unwrap_or_default();
            assert!(!kept.iter().any(|block| matches!(block, ContentBlock::ToolUse(_))), "{kept:?}");
        }
    }
    drive(data);
});

/// The next event, and nothing once the bytes are out.
fn event(bytes: &mut impl Iterator<Item = u8>) -> Option<StreamEvent> {
    let (kind, more) = (bytes.next()?, bytes.next()?);
    let at = u32::from(more & 3);
    let word = usize::from(more >> 2);
    let delta = |delta| StreamEvent::ContentBlockDelta(ContentBlockDelta::new(at, delta));
    let reasoning = |part| delta(BlockDelta::ReasoningContent(part));
    Some(match kind % 16 {
        0 => StreamEvent::MessageStart(MessageStart::new(Role::Assistant)),
        1 | 2 => {
            let mut start = ToolUseStart::new(format!("id{}", word & 3), NAMES[(word >> 2) & 3]);
            start.kind = (word == 63).then(|| "server_tool_use".to_owned());
            StreamEvent::ContentBlockStart(ContentBlockStart::new(at, BlockStart::ToolUse(start)))
        }
        3..=5 => delta(BlockDelta::ToolUse(ToolUseDelta::new(INPUTS[word & 15]))),
        6 | 7 => StreamEvent::ContentBlockStop(ContentBlockStop::new(at)),
        8 | 9 => StreamEvent::MessageStop(MessageStop::new(REASONS[word & 7])),
        10 => delta(BlockDelta::Text("so".into())),
        11 => reasoning(ReasoningContentDelta::Text("hm".into())),
        12 => reasoning(ReasoningContentDelta::Signature("s".into())),
        13 => reasoning(ReasoningContentDelta::RedactedContent(vec![more].into())),
        14 => delta(BlockDelta::Citation(Citation::new().title("t").into())),
        // The rest of the bytes up to the next line, as the service might write them.
        _ => {
            const TYPES: [&str; 4] = ["contentBlockDelta", "contentBlockStart", "metadata", "weather"];
            let payload: Vec<u8> = bytes.take_while(|byte| *byte != b'\n').collect();
            StreamEvent::from_frame(&Frame::event(TYPES[word & 3], payload))
                .unwrap_or_else(|_| StreamEvent::ContentBlockStop(ContentBlockStop::new(at)))
        }
    })
}

static CONFIG: LazyLock<Arc<TurnConfig>> = LazyLock::new(|| {
    let schema = serde_json::json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let tools = ToolSet::new([ToolSpec::with_schema("plan", "Plans.", schema)]).expect("a schema");
    let mut config = TurnConfig::new("a.model", Arc::new(tools));
    config.max_steps = 3;
    config.max_parallel_tools = 2;
    Arc::new(config)
});

static PROFILES: LazyLock<Vec<(&str, Profile)>> = LazyLock::new(|| {
    let ids = [
        "a.model",
        "anthropic.claude-sonnet-4-6",
        "meta.llama4",
        "mistral.mistral-large-3",
        "amazon.nova-lite",
    ];
    ids.map(|id| (id, Profile::of(id))).into()
});

/// What is outstanding between a turn and its driver.
#[derive(Default)]
struct Outstanding {
    ask: Option<ActionId>,
    running: Vec<ActionId>,
    seen: HashSet<ActionId>,
}

impl Outstanding {
    fn take(&mut self, turn: &mut Turn) {
        while let Some(action) = turn.next_action() {
            match action {
                Action::Converse(ask) => {
                    sendable(&ask.request.messages);
                    self.ask = Some(ask.id);
                }
                Action::Dispatch(dispatch) => {
                    assert!(self.seen.insert(dispatch.id), "handed out twice");
                    let text = dispatch.call.input.text().as_str();
                    let value: serde_json::Value = serde_json::from_str(text).expect("strict JSON");
                    let city =
                        value.as_object().filter(|members| members.len() == 1).and_then(|it| it.get("city"));
                    assert!(
                        city.is_some_and(serde_json::Value::is_string) && dispatch.call.name == "plan",
                        "{text}"
                    );
                    assert_eq!(text.matches("\"city\"").count(), 1, "{text}");
                    self.running.push(dispatch.id);
                }
                Action::Remember(_) => {}
                _ => unreachable!("an action that is not known"),
            }
        }
        while turn.next_event().is_some() {}
    }
}

fn drive(data: &[u8]) {
    let mut turn = Turn::new(Arc::clone(&CONFIG), History::new(), Message::user("Go"), "t", Time(0));
    let mut out = Outstanding::default();
    let mut bytes = data.iter().copied();
    loop {
        out.take(&mut turn);
        let Some(choice) = bytes.next() else { break };
        let Some(ask) = out.ask else { break };
        match choice % 16 {
            0 => turn.on_stream_end(ask, Time(0)),
            1 => {
                let refusal = CallFailure::refused("tool result blocks cannot be provided in the same turn");
                turn.on_call_failed(ask, refusal, Time(0));
            }
            2 | 3 if !out.running.is_empty() => {
                let id = out.running.swap_remove(usize::from(choice >> 4) % out.running.len());
                turn.on_tool_result(id, vec!["done".into()], ToolResultStatus::Success, Time(0));
            }
            4 if choice > 128 => {
                let saved = serde_json::to_string(&turn.save()).expect("a turn can be saved");
                let saved = serde_json::from_str(&saved).expect("what was saved can be read");
                turn = Turn::resume(Arc::clone(&CONFIG), saved, Time(0)).expect("of this version");
                // What was handed out is not handed out again.
                out = Outstanding { ask: out.ask, seen: out.seen, ..Outstanding::default() };
            }
            _ => match event(&mut bytes) {
                Some(event) => turn.on_stream_event(ask, event, Time(0)),
                None => break,
            },
        }
    }
    let history = turn.into_conversation().history;
    for (id, profile) in PROFILES.iter() {
        sendable(&render(&history, profile, id).messages);
    }
}

/// Roles alternate, and every call is answered once, in order, in the next message.
fn sendable(messages: &[Message]) {
    assert!(!messages.is_empty());
    for (at, message) in messages.iter().enumerate() {
        let next = messages.get(at + 1);
        assert!(!message.content.is_empty() && next.is_none_or(|next| next.role != message.role));
        let calls: Vec<_> = message.tool_uses().map(|call| &call.tool_use_id).collect();
        assert_eq!(calls.iter().collect::<HashSet<_>>().len(), calls.len());
        let answers: Vec<_> = next
            .filter(|_| message.role == Role::Assistant)
            .into_iter()
            .flat_map(|next| next.tool_results().map(|result| &result.tool_use_id))
            .collect();
        assert_eq!(calls, answers, "{messages:?}");
        let blank =
            |block: &ContentBlock| matches!(block, ContentBlock::Text(text) if text.trim().is_empty());
        assert!(!message.content.iter().any(blank));
    }
}
