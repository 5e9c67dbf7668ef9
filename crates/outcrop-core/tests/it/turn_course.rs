//! The course of a turn: results, limits, refusals, and what its requests hold.

use expect_test::expect;
use outcrop_core::{profile::*, tools::*, turn::*, wire::*};

use crate::{
    support::Recovery,
    support::{
        Sim, begin, block, cite, config, end, metadata, raw, redact, sign, start, stop, text, think,
        whole_call, wire,
    },
    turn::LISBON,
};

fn two_calls() -> Vec<StreamEvent> {
    let calls = [whole_call(0, "a", "plan", LISBON), whole_call(1, "b", "now", "")].concat();
    [&calls[..], &[end("tool_use")]].concat()
}

/// R33: results in any order give the same request.
#[test]
fn r33_results_in_any_order() {
    let asked = |order: [&str; 2]| {
        let mut sim = Sim::new(config());
        sim.events(two_calls()).end_stream();
        for id in order {
            sim.result(id, id);
        }
        sim.ask.unwrap().request.to_json_bytes().unwrap()
    };
    assert_eq!(asked(["a", "b"]), asked(["b", "a"]));
}

#[test]
fn results_may_come_before_the_stream_ends() {
    let mut sim = Sim::new(config());
    sim.events(two_calls()).result("b", "12").result("a", "x");
    assert!(sim.turn.outcome().is_none());
    sim.events([metadata(7)]).end_stream();
    expect![[r#"
        ask with 1 messages
        run a plan `{"city":"Lisbon"}`
        run b now ``
        result b success: 12
        result a success: x
        ask with 3 messages
    "#]]
    .assert_eq(&sim.log);
    assert_eq!(sim.turn.usage().output_tokens, 7);
}

/// The tokens of a call are counted once, however often they are told.
#[test]
fn metadata_that_comes_twice() {
    let mut sim = Sim::new(config());
    sim.events([metadata(7), metadata(7), text(0, "so"), stop(0), end("end_turn"), metadata(7)]).end_stream();
    assert_eq!(sim.turn.usage().output_tokens, 7);
    let mut sim = Sim::new(config());
    sim.events([text(0, "so"), stop(0), end("end_turn"), metadata(7), metadata(7)]).end_stream();
    assert_eq!(sim.turn.usage().output_tokens, 7);
}

#[test]
fn the_limit_of_steps() {
    let mut config = config();
    config.max_steps = 2;
    let mut sim = Sim::new(config);
    for _ in 0..2 {
        sim.events([&whole_call(0, "a", "now", "")[..], &[end("tool_use")]].concat()).end_stream();
        sim.result("a", "12");
    }
    expect![[r#"
        ask with 1 messages
        run a now ``
        result a success: 12
        ask with 3 messages
        run a now ``
        result a success: 12
        failed: the turn reached its limit of 2 steps
    "#]]
    .assert_eq(&sim.log);
    assert_eq!(sim.turn.into_conversation().into_history().len(), 5);
}

#[test]
fn the_limit_of_tools_at_the_same_time() {
    let mut config = config();
    config.max_parallel_tools = 1;
    let mut sim = Sim::new(config);
    sim.events(two_calls()).end_stream();
    expect![[r#"
        ask with 1 messages
        run a plan `{"city":"Lisbon"}`
    "#]]
    .assert_eq(&sim.log);
    sim.result("a", "x").result("b", "12");
    expect![[r#"
        ask with 1 messages
        run a plan `{"city":"Lisbon"}`
        result a success: x
        run b now ``
        result b success: 12
        ask with 3 messages
    "#]]
    .assert_eq(&sim.log);
}

/// Outcomes of actions that are not outstanding change nothing.
#[test]
fn stale_outcomes() {
    let mut sim = Sim::new(config());
    sim.events(two_calls()).end_stream();
    let (stream, tool) = (sim.ask.as_ref().unwrap().id, sim.running[0].id);
    sim.result("a", "x").result("b", "12");
    let before = sim.log.clone();
    for id in [stream, tool] {
        sim.turn.on_stream_event(id, text(0, "late"), Time(0));
        sim.turn.on_stream_end(id, Time(0));
        sim.turn.on_tool_result(id, vec!["again".into()], ToolResultStatus::Success, Time(0));
        sim.turn.on_tool_progress(id, raw("1"), Time(0));
        sim.turn.on_call_failed(id, CallFailure::refused("doesn't support the status field"), Time(0));
        sim.turn.on_cancelled(id, Time(0));
        sim.turn.on_elapsed(id, Time(0));
        sim.turn.on_decision(id, InputHash::of(""), Decision::Allow, Time(0));
        sim.act();
    }
    assert_eq!(sim.log, before);
    assert_eq!(sim.turn.into_conversation().into_history().len(), 3);
}

/// A driver may stop what it was asked for by its own decision.
#[test]
fn what_the_driver_stopped_is_not_waited_for() {
    let mut sim = Sim::new(config());
    sim.events(two_calls()).end_stream();
    let id = sim.running[0].id;
    sim.turn.on_cancelled(id, Time(0));
    sim.act();
    sim.result("b", "12");
    assert!(sim.asked().contains("was interrupted before its result was known"), "{}", sim.asked());

    let id = sim.ask.as_ref().unwrap().id;
    sim.events([text(0, "Half a")]);
    sim.turn.on_cancelled(id, Time(0));
    assert_eq!(sim.turn.outcome().unwrap().unwrap_err(), &TurnFailure::Abandoned);
    assert_eq!(sim.turn.outstanding(), []);
    assert_eq!(sim.turn.into_conversation().history.messages().last().unwrap().text(), "Half a");
}

/// A decision that nobody will make leaves the call undone.
#[test]
fn a_decision_that_is_cancelled() {
    let mut plan = ToolDef::from(ToolSpec::with_schema("plan", "", serde_json::json!({ "type": "object" })));
    plan.policy.approval = true;
    let mut config = config();
    config.tools = std::sync::Arc::new(ToolSet::new([plan]).unwrap());
    let mut sim = Sim::new(config);
    sim.events([&whole_call(0, "a", "plan", "{}")[..], &[end("tool_use")]].concat()).end_stream();
    sim.turn.on_cancelled(sim.questions[0].id, Time(0));
    sim.act();
    assert!(sim.asked().contains("It had no effect"), "{}", sim.asked());
}

const ALONE: &str = "Conversation blocks and tool result blocks cannot be provided in the same turn";

/// R7: what a refusal teaches is asked once more, rendered anew.
#[test]
fn r7_a_refusal_is_learned_from_once() {
    let mut sim = Sim::new(TurnConfig::new("a.new-model", config().tools));
    assert_eq!(sim.refuse(ALONE), Recovery::Learned(Fact::ToolResultsAlone));
    assert_eq!(sim.refuse(ALONE), Recovery::Failed);
    expect![[r#"
        ask with 1 messages
        diagnostic learned
        ask with 1 messages
        failed: the request was not answered
    "#]]
    .assert_eq(&sim.log);
}

/// R7: asking the same once more would not help.
#[test]
fn r7_what_was_known_is_not_learned() {
    let mut sim = Sim::new(TurnConfig::new("meta.llama4-scout", config().tools));
    assert_eq!(sim.refuse(ALONE), Recovery::Failed);
}

/// R7, R57: once anything of an answer has come, nothing is asked again.
#[test]
fn r7_nothing_is_asked_again_once_something_came() {
    let unknown = wire("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"hologram":1}}"#);
    let whole = StreamEvent::WholeBlock(WholeBlock::new(0, block(r#"{"text":"x"}"#)));
    let result = start(0, BlockStart::ToolResult(ToolResultStart::new("a")));
    let deliveries = [
        vec![text(0, "so")],
        vec![text(0, "so"), stop(0)],
        vec![think(0, "hm"), sign(0, "s"), stop(0)],
        vec![redact(0, b"x")],
        vec![cite(0, "t")],
        vec![result],
        vec![unknown],
        vec![whole],
    ];
    for delivered in deliveries {
        let mut sim = Sim::new(TurnConfig::new("a.new-model", config().tools));
        sim.events(delivered.clone());
        assert_eq!(sim.refuse(ALONE), Recovery::Failed, "{delivered:?}");
    }
    let mut sim = Sim::new(TurnConfig::new("a.new-model", config().tools));
    sim.events([begin()]);
    assert_eq!(sim.refuse(ALONE), Recovery::Learned(Fact::ToolResultsAlone));
}

/// R105: the answer is final at `messageStop`.
#[test]
fn r105_an_error_after_the_end_is_harmless() {
    let mut sim = Sim::new(config());
    sim.events([text(0, "so"), stop(0), end("end_turn")]);
    assert_eq!(sim.refuse("gone"), Recovery::Failed);
    expect![[r#"
        ask with 1 messages
        diagnostic stream_error_after_answer
        answered (end_turn): `so`
    "#]]
    .assert_eq(&sim.log);
}

/// R18, R19: a history that speaks of tools needs their declaration; without tools there is none.
#[test]
fn r18_tools_of_the_history_are_declared_again() {
    let mut history = History::new();
    let calls = [
        ToolUse::new("a", "now", "{}"),
        ToolUse::new("b", "get weather", "{}"),
        ToolUse::new("c", "now", "{}"),
    ];
    history.push_step(Message::assistant(calls.map(ContentBlock::from).to_vec()), None, []);
    let without_tools = || TurnConfig::new("anthropic.claude-sonnet-4-6", Default::default());
    let sim = Sim::over(without_tools(), history);
    let tools = sim.ask.unwrap().request.tool_config.unwrap();
    let specs = tools.tools.iter().map(|tool| match tool {
        ToolEntry::ToolSpec(spec) => spec.name.as_str(),
        _ => "",
    });
    assert_eq!(specs.collect::<Vec<_>>(), ["now", "get_weather"]);
    assert_eq!(Sim::new(without_tools()).ask.unwrap().request.tool_config, None);
}

/// R124: an answer that was not streamed shows the same as a streamed one, also where deltas could not carry it.
#[test]
fn r124_a_whole_block_is_shown() {
    let blocks = [
        r#"{"text":"so"}"#,
        r#"{"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[{"title":"t"}]}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s","new":1}}}"#,
        r#"{"toolUse":{"toolUseId":"a","name":"now","input":{"x":1},"new":1}}"#,
    ];
    let mut sim = Sim::new(config());
    let id = sim.ask.as_ref().unwrap().id;
    for (at, text) in (0..).zip(blocks) {
        sim.turn.on_stream_event(id, StreamEvent::WholeBlock(WholeBlock::new(at, block(text))), Time(0));
        sim.turn.on_stream_event(id, stop(at), Time(0));
    }
    let mut shown = String::new();
    while let Some(event) = sim.turn.next_event() {
        shown += &format!(
            "{}\n",
            serde_json::to_string(&event).unwrap().replace(r#""turn":"t","step":1,"attempt":1,"#, "")
        );
    }
    expect![[r#"
        {"block":0,"type":"textDelta","text":"so"}
        {"block":0,"type":"textEnd"}
        {"block":1,"type":"citationAdded","citation":{"title":"t"}}
        {"block":1,"type":"textDelta","text":"a"}
        {"block":1,"type":"textDelta","text":"b"}
        {"block":1,"type":"textEnd"}
        {"block":2,"type":"reasoningDelta","text":"hm"}
        {"block":2,"type":"reasoningEnd"}
        {"block":3,"type":"toolInputStart","toolUseId":"a","name":"now"}
        {"block":3,"type":"toolInputDelta","toolUseId":"a","fragment":"{\"x\":1}","mark":7}
        {"block":3,"type":"toolInputEnd","toolUseId":"a"}
    "#]]
    .assert_eq(&shown);
    sim.events([end("tool_use")]);
    assert_eq!(sim.running.len(), 1);
}

/// A forced choice that held for every step would make a turn that cannot end.
#[test]
fn a_forced_choice_holds_for_the_first_step() {
    for (choice, later) in [
        (ToolChoice::any(), None),
        (ToolChoice::tool("plan"), None),
        (ToolChoice::auto(), Some(ToolChoice::auto())),
    ] {
        let mut config = config();
        config.request.tool_config = Some(ToolConfig::new(Vec::new()).tool_choice(choice.clone()));
        let mut sim = Sim::new(config);
        let sent = |sim: &Sim| sim.ask.as_ref().unwrap().request.tool_config.clone().unwrap().tool_choice;
        assert_eq!(sent(&sim), Some(choice));
        sim.events(whole_call(0, "a", "plan", r#"{"city":"Lisbon"}"#)).events([end("tool_use")]).end_stream();
        sim.result("a", "done");
        assert_eq!((sim.asks, sent(&sim)), (2, later));
    }
}

/// R19: a list without a tool is never sent, also where it would hold a cache point.
#[test]
fn r19_a_cache_point_is_no_tool() {
    let mut config = TurnConfig::new("anthropic.claude-sonnet-4-6", Default::default());
    config.request.tool_config = Some(ToolConfig::new(vec![ToolEntry::from(CachePoint::default())]));
    assert_eq!(Sim::new(config).ask.unwrap().request.tool_config, None);
}

/// R86: four cache points in all; the newest in the messages stay.
#[test]
fn r86_the_oldest_cache_points_give_way() {
    let marked = |text: &str| Message::user(vec![text.into(), CachePoint::default().into()]);
    let mut history = History::new();
    for turn in 0..6 {
        history.push_user(marked(&format!("question {turn}")));
        history.push_step(Message::assistant("so"), None, []);
    }
    let mut config = config();
    config.request.system = vec!["Be brief.".into(), CachePoint::default().into()];
    let request = Sim::over(config, history).ask.unwrap().request;
    let points = request.messages.iter().map(|message| {
        message.content.iter().filter(|block| matches!(block, ContentBlock::CachePoint(_))).count()
    });
    assert_eq!(points.collect::<Vec<_>>(), [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0]);
}

/// What rendering leaves out of a history from elsewhere is told, and told once.
#[test]
fn what_is_left_out_of_an_old_history_is_told() {
    let mut history = History::new();
    history.push_user(Message::user("Hi"));
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#;
    let answer = Message::assistant(vec![block(thought), "so".into()]);
    history.push_step(answer, Some("amazon.nova-2-lite-v1:0"), []);
    let mut sim = Sim::over(config(), history);
    sim.events(two_calls()).end_stream();
    sim.result("a", "done").result("b", "done");
    assert_eq!(sim.log.matches("diagnostic foreign_reasoning").count(), 1, "{}", sim.log);
}

/// D3: a block that never stopped and brought nothing may have lost its input; blank is `{}` only where it stopped.
#[test]
fn r37_a_blank_input_that_never_stopped() {
    let start = r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a","name":"now"}}}"#;
    let run = |events: Vec<StreamEvent>| {
        let mut sim = Sim::new(config());
        sim.events(events).events([end("tool_use")]);
        sim.running.len()
    };
    assert_eq!(run(vec![wire("contentBlockStart", start)]), 0);
    assert_eq!(run(vec![wire("contentBlockStart", start), stop(0)]), 1);
}
