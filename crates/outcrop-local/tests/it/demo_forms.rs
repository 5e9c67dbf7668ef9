//! The forms in which the demo model answers: fragments, limits, thinking, JSON, citations.

use std::time::Duration;

use expect_test::expect;
use outcrop_core::{
    ContentBlock, Message, RawJson, Request, Role, StopReason, StreamEvent, ToolResult,
    wire::{
        Assembler, BlockDelta, BlockStart, CitationsConfig, DocumentBlock, DocumentFormat, DocumentSource,
        InferenceConfig, JsonSchemaFormat, OutputConfig, ReasoningContent, TextFormat, TextStructure,
    },
};
use outcrop_local::{Demo, Operation, judge};
use serde_json::{Value, json};

use crate::demo::{CLAUDE, NOVA, ask, lines, lines_of, message, respond, tools, with_tools};

const ADAPTIVE: &str = "us.anthropic.claude-opus-4-7";
const BINDING: &str = "us.anthropic.claude-opus-5-5";
const NOVA_2: &str = "us.amazon.nova-2-lite-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";

fn stream(model: &str, request: &Request) -> Vec<StreamEvent> {
    Demo::new().respond_stream(model, request, Duration::ZERO)
}

fn stop_reason(events: &[StreamEvent]) -> StopReason {
    let stops = events.iter().filter_map(|event| match event {
        StreamEvent::MessageStop(stop) => Some(stop.stop_reason.clone()),
        _ => None,
    });
    let stops: Vec<StopReason> = stops.collect();
    assert_eq!(stops.len(), 1);
    stops[0].clone()
}

/// The message of a stream; every event in its place.
fn assemble(events: &[StreamEvent]) -> Message {
    let mut assembler = Assembler::default();
    for event in events {
        assembler.push(event.clone()).unwrap();
    }
    assembler.finish().unwrap().message
}

fn fragments(events: &[StreamEvent]) -> Vec<String> {
    let inputs = events.iter().filter_map(|event| match event {
        StreamEvent::ContentBlockDelta(delta) => match &delta.delta {
            BlockDelta::ToolUse(part) => Some(part.input.clone()),
            _ => None,
        },
        _ => None,
    });
    inputs.collect()
}

fn fields(request: Request, fields: Value) -> Request {
    request.additional_model_request_fields(RawJson::from(fields))
}

fn limited(request: Request, max_tokens: u32) -> Request {
    request.inference_config(InferenceConfig::new().max_tokens(max_tokens))
}

#[test]
fn fragments_come_as_the_family_sends_them() {
    let request = with_tools("Forecast for Lisbon in celsius for 3 days", tools());
    let whole = r#"{"city":"Lisbon","unit":"celsius","days":3}"#;
    assert_eq!(
        fragments(&stream(CLAUDE, &request)),
        ["", r#"{"city":"Lisbon""#, r#","unit":"celsius""#, r#","days":3"#, "}"]
    );
    assert_eq!(fragments(&stream(NOVA, &request)), [whole]);
    let beta = json!({"anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"]});
    let fine = fragments(&stream(CLAUDE, &fields(request.clone(), beta.clone())));
    assert_eq!((fine[0].as_str(), fine.concat().as_str()), ("", whole));
    assert!(fine[1..].iter().all(|part| (1..=7).contains(&part.len())) && fine.len() > 8, "{fine:?}");
    assert_eq!(fragments(&stream(NOVA, &fields(request, beta))), [whole]);
    // Claude writes an empty input as no text at all.
    assert_eq!(fragments(&stream(CLAUDE, &with_tools("use current_time", tools()))), [""]);
    assert_eq!(fragments(&stream(NOVA, &with_tools("use current_time", tools()))), ["{}"]);
}

#[test]
fn only_new_stacks_name_the_type_of_a_call() {
    let kind = |model: &str| {
        stream(model, &with_tools("Weather in Lisbon?", tools())).into_iter().find_map(|event| match event {
            StreamEvent::ContentBlockStart(start) => match start.start {
                BlockStart::ToolUse(start) => Some(start.kind),
                _ => None,
            },
            _ => None,
        })
    };
    assert_eq!(kind(CLAUDE), Some(None));
    assert_eq!(kind(NOVA), Some(None));
    assert_eq!(kind(NOVA_2), Some(Some("tool_use".to_owned())));
}

#[test]
fn a_stream_and_a_whole_answer_say_the_same() {
    for model in [CLAUDE, NOVA, NOVA_2, GPT_OSS, ADAPTIVE] {
        for prompt in ["Weather in Lisbon and Porto?", "Hello!", "Count to 60"] {
            let request = with_tools(prompt, tools());
            let (events, whole) = (stream(model, &request), respond(model, &request));
            assert_eq!(assemble(&events), message(&whole), "{model} {prompt}");
            assert_eq!(stop_reason(&events), whole.stop_reason);
        }
    }
}

#[test]
fn any_limit_of_tokens_gives_an_answer_in_order() {
    let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    let fine = json!({"anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"]});
    let calls = || with_tools("Weather in Lisbon and Porto in celsius for 3 days, and add 2 and 3", tools());
    for (model, request) in [
        (CLAUDE, ask("Count to 60")),
        (CLAUDE, calls()),
        (CLAUDE, fields(calls(), fine)),
        (CLAUDE, fields(calls(), thinking)),
        (NOVA, calls()),
        (GPT_OSS, ask("Count to 30")),
    ] {
        let free = stream(model, &request);
        let all = respond(model, &request).usage.unwrap().output_tokens;
        assert!(all > 20);
        for limit in 1..=u32::try_from(all).unwrap() + 1 {
            let request = limited(request.clone(), limit);
            let events = stream(model, &request);
            let whole = respond(model, &request);
            let usage = whole.usage.clone().unwrap();
            assert!(usage.output_tokens <= u64::from(limit));
            let got = assemble(&events);
            if u64::from(limit) >= all {
                // The limit is part of the request, and so of the ids.
                assert_eq!(lines_of(&got), lines_of(&assemble(&free)));
                assert_eq!(whole.stop_reason, stop_reason(&free));
                continue;
            }
            assert_eq!(stop_reason(&events), StopReason::MaxTokens, "{model} {limit}");
            assert_eq!(whole.stop_reason, StopReason::MaxTokens);
            assert!(message(&whole).tool_uses().all(|call| call.input.is_object()));
            assert!(got.content.len() <= assemble(&free).content.len());
            assert_eq!(got.content.len(), message(&whole).content.len());
        }
    }
}

#[test]
fn a_fine_grained_input_is_cut_anywhere() {
    let beta = json!({"anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"]});
    let request = fields(with_tools("Forecast for Lisbon in celsius for 3 days", tools()), beta);
    let cut = (1..40).filter(|limit| {
        let message = assemble(&stream(CLAUDE, &limited(request.clone(), *limit)));
        message.tool_uses().any(|call| !call.input.is_object())
    });
    assert!(cut.count() > 5);
}

#[test]
fn a_stop_sequence_ends_the_text_before_it() {
    let config = InferenceConfig::new().stop_sequences(["5", ", 4", "never"]);
    let mut request = ask("Count to 9").inference_config(config);
    request.additional_model_response_field_paths = vec!["/stop_sequence".to_owned()];
    let response = respond(CLAUDE, &request);
    assert_eq!(lines(&response), "text 1, 2, 3\nstop_sequence\n");
    assert_eq!(response.additional_model_response_fields.unwrap().as_str(), r#"{"stop_sequence":", 4"}"#);
    request.inference_config = Some(InferenceConfig::new().stop_sequences(["1"]));
    assert_eq!(lines(&respond(CLAUDE, &request)), "stop_sequence\n");
}

/// The rules take a conversation of two turns with calls, whose reasoning is sent back.
fn accepted(model: &str, extra: Value, prompts: [&str; 2]) -> Vec<String> {
    let mut request = fields(with_tools(prompts[0], tools()), extra);
    request = limited(request, 4096);
    let mut kinds = Vec::new();
    for step in 0..8 {
        for operation in [Operation::Converse, Operation::ConverseStream] {
            judge(model, operation, &request.to_json_bytes().unwrap()).unwrap();
        }
        let events = stream(model, &request);
        let message = assemble(&events);
        kinds.extend(message.content.iter().map(|block| match block {
            ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(text)) => {
                let signed = if text.signature.is_some() { "signed" } else { "unsigned" };
                let shown = if text.text.is_empty() { "omitted" } else { "shown" };
                format!("{signed} {shown}")
            }
            ContentBlock::ReasoningContent(_) => "redacted".to_owned(),
            ContentBlock::ToolUse(_) => "call".to_owned(),
            _ => "text".to_owned(),
        }));
        let results: Vec<ContentBlock> = message
            .tool_uses()
            .map(|call| ToolResult::text(call.tool_use_id.as_str(), "sunny").into())
            .collect();
        request.messages.push(message);
        match (results.is_empty(), step) {
            (false, _) => request.messages.push(Message::new(Role::User, results)),
            (true, 0..4) => request.messages.push(Message::user(prompts[1])),
            (true, _) => break,
        }
    }
    kinds.dedup();
    kinds
}

#[test]
fn thinking_comes_as_the_model_has_it_and_is_taken_back() {
    let prompts = ["Weather in Lisbon?", "And the weather in Porto?"];
    let budget = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    assert_eq!(accepted(CLAUDE, json!({}), prompts)[..2], ["text", "call"]);
    assert_eq!(accepted(CLAUDE, budget.clone(), prompts)[..3], ["signed shown", "text", "call"]);
    let adaptive = json!({"thinking": {"type": "adaptive"}});
    assert_eq!(accepted(ADAPTIVE, adaptive, prompts)[..2], ["signed omitted", "text"]);
    let shown = json!({"thinking": {"type": "adaptive", "display": "summarized"}});
    assert_eq!(accepted(ADAPTIVE, shown, prompts)[0], "signed shown");
    assert_eq!(accepted(BINDING, json!({}), prompts)[..3], ["signed omitted", "text", "call"]);
    let nova = json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}});
    assert_eq!(accepted(NOVA_2, nova, prompts)[0], "unsigned shown");
    assert_eq!(accepted(GPT_OSS, json!({}), prompts)[0], "unsigned shown");
    let redacted = ["Weather in Lisbon? Use redacted thinking.", "And the weather in Porto?"];
    assert_eq!(accepted(CLAUDE, budget, redacted)[..3], ["redacted", "text", "call"]);
}

#[test]
fn a_forced_choice_with_adaptive_thinking_is_answered_without_it() {
    use outcrop_core::wire::ToolChoice;
    let mut request =
        fields(with_tools("Weather in Lisbon?", tools()), json!({"thinking": {"type": "adaptive"}}));
    request.tool_config.as_mut().unwrap().tool_choice = Some(ToolChoice::any());
    assert_eq!(lines(&respond(ADAPTIVE, &request)), "get_weather {\"city\":\"Lisbon\"}\ntool_use\n");
}

#[test]
fn text_fits_the_schema_that_is_asked_for() {
    let schema = json!({
        "type": "object",
        "properties": {
            "reason": {"type": "string"},
            "cities": {"type": "array", "items": {"type": "string"}},
            "nights": {"type": "integer"},
            "season": {"enum": ["spring", "autumn"]},
            "guest": {"$ref": "#/$defs/guest"},
        },
        "required": ["reason", "cities", "nights", "season", "guest"],
        "additionalProperties": false,
        "$defs": {"guest": {"type": "object", "properties": {"name": {"type": "string"}, "email": {"type": ["string", "null"], "format": "email"}}, "required": ["name", "email"], "additionalProperties": false}},
    });
    let format =
        TextFormat::new("json_schema", TextStructure::JsonSchema(JsonSchemaFormat::new(schema.to_string())));
    let request = ask("A trip to Lisbon, Porto and Faro in autumn, 4 nights, for Ada")
        .output_config(OutputConfig::new().text_format(format));
    let text = message(&respond(CLAUDE, &request)).text();
    assert!(jsonschema::is_valid(&schema, &serde_json::from_str(&text).unwrap()));
    expect![[r#"{"reason":"A trip to Lisbon, Porto and Faro in autumn, 4 nights, for Ada","cities":["Lisbon","Porto","Faro"],"nights":4,"season":"autumn","guest":{"name":"Ada","email":null}}"#]].assert_eq(&text);
}

#[test]
fn documents_are_cited_at_their_place() {
    let text = "Ships left at dawn. The umbrella was red. Nobody waited.";
    let document = DocumentBlock::new("Story", DocumentSource::Text(text.to_owned()))
        .format(DocumentFormat::Txt)
        .citations(CitationsConfig::new(true));
    let content: Vec<ContentBlock> = vec![document.into(), "What colour was the umbrella?".into()];
    let request = Request::new().messages([Message::user(content)]);
    let events = stream(CLAUDE, &request);
    assert_eq!(assemble(&events), message(&respond(CLAUDE, &request)));
    expect![[r#"
        text The demo model found this: 
        {"citationsContent":{"content":[{"text":"The umbrella was red."}],"citations":[{"title":"Story","location":{"documentChar":{"documentIndex":0,"start":20,"end":41}},"sourceContent":[{"text":"The umbrella was red."}]}]}}
        end_turn
    "#]].assert_eq(&lines(&respond(CLAUDE, &request)));
    let first_of_cited = events.iter().find_map(|event| match event {
        StreamEvent::ContentBlockDelta(delta) if delta.content_block_index == 1 => Some(delta.delta.clone()),
        _ => None,
    });
    assert!(matches!(first_of_cited, Some(BlockDelta::Citation(_))));
}
