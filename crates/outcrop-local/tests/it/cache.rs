//! The prompt cache as `usage` shows it.

use std::time::Duration;

use outcrop_core::{
    ContentBlock, Message, RawJson, Request, Usage,
    wire::{CachePoint, CacheTtl, SystemContentBlock, ToolChoice, ToolConfig, ToolEntry},
};
use outcrop_local::Demo;
use serde_json::json;

use crate::demo::{CLAUDE, NOVA, message, tools};

const MINUTE: Duration = Duration::from_secs(60);
/// A model with the least minimum.
const SMALL: &str = "anthropic.claude-opus-5";

fn usage(demo: &Demo, request: &Request, now: Duration) -> Usage {
    usage_of(demo, CLAUDE, request, now)
}

fn usage_of(demo: &Demo, model: &str, request: &Request, now: Duration) -> Usage {
    let usage = demo.respond(model, request, now).usage.unwrap();
    assert_eq!(usage.total_tokens, usage.all_input_tokens() + usage.output_tokens);
    let details: u64 = usage.cache_details.iter().map(|detail| detail.input_tokens).sum();
    assert_eq!(details, usage.cache_write_input_tokens.unwrap_or(0));
    usage
}

fn read(usage: &Usage) -> u64 {
    usage.cache_read_input_tokens.unwrap()
}

fn written(usage: &Usage) -> u64 {
    usage.cache_write_input_tokens.unwrap()
}

fn text(tokens: usize) -> String {
    "word".repeat(tokens)
}

fn point(ttl: Option<CacheTtl>) -> CachePoint {
    let mut point = CachePoint::default();
    point.ttl = ttl;
    point
}

/// A system prompt of so many tokens with a point behind it, and a question.
fn cached_system(tokens: usize, ttl: Option<CacheTtl>) -> Request {
    Request::new()
        .system([SystemContentBlock::Text(text(tokens)), SystemContentBlock::CachePoint(point(ttl))])
        .messages([Message::user("Hello!")])
}

#[test]
fn a_prefix_is_written_once_and_then_read() {
    let demo = Demo::new();
    let request = cached_system(2000, None);
    let first = usage(&demo, &request, Duration::ZERO);
    assert_eq!(read(&first), 0);
    assert!((2000..2010).contains(&written(&first)), "{first:?}");
    assert_eq!(first.cache_details[0].ttl, CacheTtl::FiveMinutes);
    let second = usage(&demo, &request, MINUTE);
    assert_eq!((read(&second), written(&second)), (written(&first), 0));
    assert!(second.cache_details.is_empty());
    assert_eq!(second.input_tokens, first.input_tokens);
    // Another question behind the point; another model; another server.
    let mut other = request.clone();
    other.messages = vec![Message::user("Goodbye, and thanks!")];
    assert_eq!(read(&usage(&demo, &other, MINUTE)), written(&first));
    assert_eq!(read(&usage_of(&demo, "us.anthropic.claude-sonnet-4-6", &request, MINUTE)), 0);
    assert_eq!(
        read(&usage_of(&demo, "anthropic.claude-sonnet-4-5-20250929-v1:0", &request, MINUTE)),
        written(&first)
    );
    assert_eq!(read(&usage(&Demo::new(), &request, MINUTE)), 0);
    // One letter before the point.
    let mut edited = request;
    edited.system[0] = SystemContentBlock::Text(text(2000) + ".");
    assert_eq!(read(&usage(&demo, &edited, MINUTE)), 0);
}

#[test]
fn reads_grow_over_a_conversation() {
    let demo = Demo::new();
    let system = vec![SystemContentBlock::Text(text(1500)), point(None).into_system()];
    let mut request = Request::new().tool_config(ToolConfig::new(tools())).system(system);
    let mut last = 0;
    for turn in 0..20 {
        request
            .messages
            .push(Message::user(vec![format!("Message {turn}: nothing").into(), point(None).into()]));
        let now = MINUTE * turn;
        let response = demo.respond(CLAUDE, &request, now);
        let usage = response.usage.clone().unwrap();
        if turn > 0 {
            assert!(read(&usage) > last, "turn {turn}: {usage:?}");
            assert!(written(&usage) > 0 && written(&usage) < 200);
            assert!(usage.input_tokens < 5);
        }
        last = read(&usage);
        // The newest point alone: earlier ones are found by looking back.
        let said = message(&response);
        let Some(user) = request.messages.last_mut() else { unreachable!() };
        user.content.pop();
        request.messages.push(said);
    }
    assert!(last > 1500);
}

trait IntoSystem {
    fn into_system(self) -> SystemContentBlock;
}

impl IntoSystem for CachePoint {
    fn into_system(self) -> SystemContentBlock {
        SystemContentBlock::CachePoint(self)
    }
}

#[test]
fn what_is_not_read_runs_out_and_a_read_refreshes() {
    let five = cached_system(2000, None);
    let demo = Demo::new();
    usage(&demo, &five, Duration::ZERO);
    for step in 1..=4 {
        assert!(read(&usage(&demo, &five, MINUTE * 4 * step)) > 0, "refreshed");
    }
    assert_eq!(read(&usage(&demo, &five, MINUTE * 21)), 0, "5 minutes after the last read");
    let hour = cached_system(2100, Some(CacheTtl::OneHour));
    let first = usage(&demo, &hour, MINUTE * 30);
    assert_eq!(first.cache_details[0].ttl, CacheTtl::OneHour);
    assert!(read(&usage(&demo, &hour, MINUTE * 89)) > 0);
    assert!(read(&usage(&demo, &hour, MINUTE * 148)) > 0);
    assert_eq!(read(&usage(&demo, &hour, MINUTE * 208)), 0);
}

#[test]
fn a_short_prefix_is_left_alone() {
    let check = |model: &str, tokens: usize, cached: bool| {
        let (demo, request) = (Demo::new(), cached_system(tokens, None));
        let first = usage_of(&demo, model, &request, Duration::ZERO);
        assert_eq!(written(&first) > 0, cached, "{model} {tokens}");
        assert_eq!(read(&usage_of(&demo, model, &request, MINUTE)) > 0, cached, "{model} {tokens}");
    };
    check(CLAUDE, 1000, false);
    check(CLAUDE, 1024, true);
    check(SMALL, 500, false);
    check(SMALL, 512, true);
    check("us.anthropic.claude-haiku-4-5-20251001-v1:0", 4000, false);
    check("us.anthropic.claude-haiku-4-5-20251001-v1:0", 4096, true);
    check(NOVA, 1024, true);
}

#[test]
fn figures_are_absent_where_the_model_tells_none() {
    let plain = Request::new().messages([Message::user("Hello!")]);
    let demo = Demo::new();
    assert_eq!(usage(&demo, &plain, MINUTE).cache_read_input_tokens, Some(0));
    assert_eq!(usage_of(&demo, "openai.gpt-oss-20b-1:0", &plain, MINUTE).cache_read_input_tokens, None);
}

#[test]
fn a_point_looks_back_about_twenty_blocks() {
    let check = |more: usize, found: bool| {
        let demo = Demo::new();
        let mut request = cached_system(1100, None);
        usage(&demo, &request, Duration::ZERO);
        request.system.pop();
        let blocks = (0..more).map(|number| ContentBlock::from(format!("Note {number}.")));
        request.messages = vec![Message::user(blocks.chain([point(None).into()]).collect::<Vec<_>>())];
        assert_eq!(read(&usage(&demo, &request, MINUTE)) > 0, found, "{more} blocks on");
    };
    check(1, true);
    check(20, true);
    check(21, false);
    check(60, false);
}

#[test]
fn two_times_to_live_are_told_apart_and_sorted() {
    let demo = Demo::new();
    let mut request = cached_system(1200, Some(CacheTtl::OneHour));
    request.messages = vec![Message::user(vec![text(300).into(), point(None).into(), "Hello!".into()])];
    let first = usage(&demo, &request, Duration::ZERO);
    let details: Vec<_> =
        first.cache_details.iter().map(|detail| (detail.ttl.as_str(), detail.input_tokens / 10)).collect();
    assert_eq!(details, [("1h", 120), ("5m", 30)]);
    // The short one is gone, the long one is not.
    let later = usage(&demo, &request, MINUTE * 10);
    assert_eq!(read(&later) / 10, 120);
    assert_eq!(later.cache_details[0].ttl, CacheTtl::FiveMinutes);
}

#[test]
fn the_choice_of_tool_counts_from_the_messages_on() {
    let demo = Demo::new();
    let mut tools = tools();
    tools.push(ToolEntry::CachePoint(point(None)));
    let mut request = cached_system(1200, None).tool_config(ToolConfig::new(tools));
    request.messages = vec![Message::user(vec![text(500).into(), point(None).into()])];
    let first = usage(&demo, &request, Duration::ZERO);
    request.tool_config.as_mut().unwrap().tool_choice = Some(ToolChoice::any());
    let second = usage(&demo, &request, MINUTE);
    assert!(read(&second) > 1200 && written(&second) > 490, "{second:?}");
    assert!(read(&second) < written(&first));
    let thinking = RawJson::from(json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}));
    request.tool_config.as_mut().unwrap().tool_choice = None;
    assert_eq!(written(&usage(&demo, &request, MINUTE)), 0);
    request.additional_model_request_fields = Some(thinking);
    assert!(written(&usage(&demo, &request, MINUTE)) > 490);
    // A change in the tools changes everything.
    request.tool_config.as_mut().unwrap().tools.remove(0);
    assert_eq!(read(&usage(&demo, &request, MINUTE)), 0);
}

#[test]
fn memory_is_bounded() {
    let demo = Demo::new();
    let oldest = cached_system(600, None);
    usage_of(&demo, SMALL, &oldest, Duration::ZERO);
    for number in 0..1100 {
        let mut request = cached_system(520, None);
        request.system.insert(0, SystemContentBlock::Text(number.to_string()));
        usage_of(&demo, SMALL, &request, Duration::from_millis(number + 1));
    }
    assert_eq!(read(&usage_of(&demo, SMALL, &oldest, MINUTE)), 0);
}
