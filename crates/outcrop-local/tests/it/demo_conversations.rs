//! Whole conversations with the demo model: what it says is taken back by the rules, turn after turn.

use std::time::Duration;

use outcrop_core::{
    ContentBlock, Message, RawJson, Request, Role, ToolResult,
    wire::{CachePoint, InferenceConfig, SystemContentBlock, ToolConfig},
};
use outcrop_local::{Demo, Operation, judge};
use proptest::prelude::*;
use serde_json::json;

use crate::demo::{CLAUDE, message, tools};

const PROMPTS: [&str; 8] = [
    "Weather in Lisbon and Porto?",
    "Add 2 and 3",
    "Hello!",
    "What is my name?",
    "Search for umbrellas and order 2 of them",
    "My name is Ada.",
    "Redacted thinking, please: what time is it?",
    "Count to 30",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_accepted_and_cache_reads_grow(
        turns in prop::collection::vec((0..PROMPTS.len(), any::<bool>()), 20),
        model in prop::sample::select(vec![CLAUDE, "us.anthropic.claude-opus-5-5", "us.anthropic.claude-opus-4-8"]),
    ) {
        let demo = Demo::new();
        let thinking = match model {
            CLAUDE => json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}),
            _ => json!({"thinking": {"type": "adaptive", "display": "summarized"}}),
        };
        let mut request = Request::new()
            .system([SystemContentBlock::Text("Be brief. ".repeat(600))])
            .tool_config(ToolConfig::new(tools()))
            .inference_config(InferenceConfig::new().max_tokens(4000u32))
            .additional_model_request_fields(RawJson::from(thinking));
        let (mut last, mut calls) = (0, 0u64);
        for (prompt, fails) in turns {
            request.messages.push(Message::user(PROMPTS[prompt]));
            loop {
                calls += 1;
                let mut sent = request.clone();
                let newest = sent.messages.last_mut().unwrap();
                newest.content.push(CachePoint::default().into());
                let body = sent.to_json_bytes().unwrap();
                let verdict = judge(model, Operation::Converse, &body);
                prop_assert!(verdict.is_ok(), "{:?}\n{}", verdict, String::from_utf8_lossy(&body));
                let response = demo.respond(model, &sent, Duration::from_secs(calls * 30));
                let read = response.usage.as_ref().unwrap().cache_read_input_tokens.unwrap();
                prop_assert!(calls == 1 || read > last, "{} after {}", read, last);
                last = read;
                let said = message(&response);
                let results: Vec<ContentBlock> = said
                    .tool_uses()
                    .map(|call| match fails {
                        true => ToolResult::error(call.tool_use_id.as_str(), "try again").into(),
                        false => ToolResult::text(call.tool_use_id.as_str(), "id: U-9").into(),
                    })
                    .collect();
                request.messages.push(said);
                if results.is_empty() {
                    break;
                }
                request.messages.push(Message::new(Role::User, results));
            }
        }
        prop_assert!(last > 1500);
    }
}
