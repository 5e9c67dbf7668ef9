//! A turn under a driver of a few lines: which calls run, what the model is told, and how a turn ends.

use expect_test::{Expect, expect};
use outcrop_core::{turn::*, wire::*};

use crate::{
    shape::flaw,
    support::{Sim, arg, begin, call, config, end, server_call, stop, text, whole_call, wire},
};

/// One answer of a model, and all that came of it up to the end of its stream.
fn check(events: impl IntoIterator<Item = StreamEvent>, expected: Expect) {
    let mut sim = Sim::new(config());
    sim.events(events).end_stream();
    expected.assert_eq(&sim.log);
    let profile = sim.config.target().profile.clone();
    let history = sim.turn.into_conversation().into_history();
    assert_eq!(flaw(&render(&history, &profile, "anthropic.claude-sonnet-4-6").messages, &profile), None);
}

pub const LISBON: &str = r#"{"city":"Lisbon"}"#;

fn one_call(input: &str, reason: &str) -> Vec<StreamEvent> {
    [&[begin()][..], &whole_call(0, "a", "plan", input), &[end(reason)]].concat()
}

#[test]
fn d3_a_whole_call_is_run() {
    check(
        one_call(LISBON, "tool_use"),
        expect![[r#"
            ask with 1 messages
            run a plan `{"city":"Lisbon"}`
        "#]],
    );
}

#[test]
fn d3_nothing_runs_before_the_message_has_ended() {
    let mut sim = Sim::new(config());
    sim.events(whole_call(0, "a", "plan", LISBON)).events([text(1, "and")]);
    assert!(sim.running.is_empty());
    assert!(sim.turn.next_action().is_none());
    sim.events([end("tool_use")]);
    assert_eq!(sim.running.len(), 1, "before the stream has ended");
}

/// R45: the blocks decide, where every one of them has stopped.
#[test]
fn r45_end_turn_with_a_call() {
    check(
        one_call(LISBON, "end_turn"),
        expect![[r#"
            ask with 1 messages
            diagnostic call_without_tool_use
            run a plan `{"city":"Lisbon"}`
        "#]],
    );
    check(
        one_call(LISBON, "stop_sequence"),
        expect![[r#"
            ask with 1 messages
            diagnostic call_without_tool_use
            run a plan `{"city":"Lisbon"}`
        "#]],
    );
}

/// R43: the end of a turn does not end a block that was still growing.
#[test]
fn r43_end_turn_with_a_block_that_has_not_stopped() {
    check(
        [call(0, "a", "plan"), arg(0, LISBON), end("end_turn")],
        expect![[r#"
        ask with 1 messages
        diagnostic call_without_tool_use
        result a error: The call was not finished (stop reason `end_turn`), so the tool was not run.
        ask with 3 messages
    "#]],
    );
    let other = [&whole_call(0, "a", "plan", LISBON)[..], &[text(1, "and"), end("end_turn")]].concat();
    check(
        other,
        expect![[r#"
        ask with 1 messages
        diagnostic call_without_tool_use
        result a error: The call was not finished (stop reason `end_turn`), so the tool was not run.
        ask with 3 messages
    "#]],
    );
}

/// R43: that holds for blocks that are not in the message too.
#[test]
fn r43_end_turn_with_an_unknown_block_that_has_not_stopped() {
    let unknown = wire("contentBlockStart", r#"{"contentBlockIndex":1,"start":{"toolUse":{"name":"plan"}}}"#);
    let events = [&whole_call(0, "a", "plan", LISBON)[..], &[unknown, end("end_turn")]].concat();
    check(
        events,
        expect![[r#"
        ask with 1 messages
        diagnostic unknown_content
        diagnostic call_without_tool_use
        result a error: The call was not finished (stop reason `end_turn`), so the tool was not run.
        ask with 3 messages
    "#]],
    );
}

/// R104: gateways leave `contentBlockStop` out; a message that ended with `tool_use` closes its blocks.
#[test]
fn r104_tool_use_with_a_block_that_has_not_stopped() {
    check(
        [call(0, "a", "plan"), arg(0, LISBON), end("tool_use")],
        expect![[r#"
            ask with 1 messages
            run a plan `{"city":"Lisbon"}`
        "#]],
    );
}

/// R44: what was cut may look whole.
#[test]
fn r44_max_tokens_with_a_call_that_looks_whole() {
    check(
        one_call(LISBON, "max_tokens"),
        expect![[r#"
        ask with 1 messages
        result a error: The call was not finished (stop reason `max_tokens`), so the tool was not run.
        failed: the model stopped with `max_tokens` in a call of `plan`; it was not run
    "#]],
    );
    check(
        one_call(LISBON, "model_context_window_exceeded"),
        expect![[r#"
        ask with 1 messages
        result a error: The call was not finished (stop reason `model_context_window_exceeded`), so the tool was not run.
        failed: the model stopped with `model_context_window_exceeded` in a call of `plan`; it was not run
    "#]],
    );
}

#[test]
fn r46_other_stop_reasons_run_nothing() {
    let stopped = "failed: the model stopped with";
    let malformed = "failed: the model's output was malformed";
    for (reason, failure) in [
        ("guardrail_intervened", stopped),
        ("content_filtered", stopped),
        ("malformed_tool_use", malformed),
        ("a_new_reason", stopped),
    ] {
        let mut sim = Sim::new(config());
        sim.events(one_call(LISBON, reason)).end_stream();
        assert!(sim.running.is_empty() && sim.log.contains(failure), "{}", sim.log);
    }
    check(
        [text(0, "hm"), end("malformed_model_output")],
        expect![[r#"
        ask with 1 messages
        failed: the model's output was malformed (`malformed_model_output`)
    "#]],
    );
    check(
        [text(0, "hm"), end("a_new_reason")],
        expect![[r#"
            ask with 1 messages
            answered (a_new_reason): `hm`
        "#]],
    );
}

/// R35a: who runs a call of a form that is not known is not known either.
#[test]
fn r35a_an_odd_type_is_not_run() {
    let start =
        r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a","name":"plan","type":{"by":"us"}}}}"#;
    let input = r#"{"contentBlockIndex":0,"delta":{"toolUse":{"input":"{\"city\":\"Lisbon\"}"}}}"#;
    check(
        [wire("contentBlockStart", start), wire("contentBlockDelta", input), stop(0), end("tool_use")],
        expect![[r#"
            ask with 1 messages
            result a error: The call was not finished, so the tool was not run.
            ask with 3 messages
        "#]],
    );
}

/// R42, strands: malformed arguments became `{}` and the tool ran.
#[test]
fn r42_malformed_arguments_are_not_run_as_an_empty_object() {
    let mut sim = Sim::new(config());
    sim.events(whole_call(0, "a", "now", r#"{"zone": UTC}"#)).events([end("tool_use")]).end_stream();
    expect![[r#"
        ask with 1 messages
        result a error: The input is not valid JSON (expected value at line 1 column 10), so the tool was not run. Send one JSON object. Perhaps you meant: {"zone":"UTC"}. The input was: {"zone": UTC}
        ask with 3 messages
    "#]].assert_eq(&sim.log);
    assert!(sim.asked().contains(r#"{"INVALID_JSON":"{\"zone\": UTC}"}"#), "R48: {}", sim.asked());
}

/// R42, langchain: `{"target":"users","dry_run":tr` became a valid call without `dry_run`.
#[test]
fn r42_truncated_arguments_do_not_become_a_valid_call() {
    let cut = r#"{"target":"users","dry_run":tr"#;
    for reason in ["max_tokens", "tool_use", "end_turn"] {
        let mut sim = Sim::new(config());
        sim.events(whole_call(0, "a", "now", cut)).events([end(reason)]).end_stream();
        assert!(sim.running.is_empty() && !sim.log.contains("run "), "{}", sim.log);
    }
    check(
        [&whole_call(0, "a", "now", cut)[..], &[end("max_tokens")]].concat(),
        expect![[r#"
        ask with 1 messages
        result a error: The call was not finished (stop reason `max_tokens`), so the tool was not run.
        failed: the model stopped with `max_tokens` in a call of `now`; it was not run
    "#]],
    );
}

/// R50: what is lenient in a preview is strict here.
#[test]
fn r50_inputs_that_are_no_strict_json() {
    let inputs = [
        r#"{"city":"\ud83d"}"#,
        r#"{"city":"A","city":"B"}"#,
        r#"{"city":"A","x":{"b":[{"c":1,"c":2}]}}"#,
        r#"{"city":"A",}"#,
        r#"{"city":NaN}"#,
        "{\"city\":\"a\nb\"}",
        r#"{"city":"A"} {}"#,
        r#"{"city":1e999}"#,
        "\u{feff}{\"city\":\"A\"}",
        "[]",
        "null",
        r#""{}""#,
    ];
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    for input in inputs.into_iter().chain([deep.as_str()]) {
        let mut sim = Sim::new(config());
        sim.events(whole_call(0, "a", "now", input)).events([end("tool_use")]);
        assert!(sim.running.is_empty(), "{input}");
        assert!(sim.log.contains("result a error: The input is not valid JSON"), "{input}: {}", sim.log);
    }
}

/// R51: digits are kept, whatever a number is parsed as.
#[test]
fn r51_long_numbers_stay_exact() {
    let mut sim = Sim::new(config());
    let input = r#"{ "id": 123456789012345678901234567890, "x": 1e2 }"#;
    sim.events(whole_call(0, "a", "now", input)).events([end("tool_use")]);
    assert_eq!(sim.running[0].call.input.text().as_str(), input);
    let members: std::collections::BTreeMap<String, RawJson> = sim.running[0].call.input.decode().unwrap();
    assert_eq!(members["id"].as_str(), "123456789012345678901234567890");
}

#[test]
fn d3_inputs_that_do_not_fit_the_schema() {
    check(
        one_call(r#"{"city":5,"when":"now"}"#, "tool_use"),
        expect![[r#"
            ask with 1 messages
            result a error: The input does not fit the tool's schema, so the tool was not run: / - top level: expected no members but `city` and `days`, found `when` / - `/city`: expected a string, found the number 5. The schema there: {"type":"string"}
            ask with 3 messages
        "#]],
    );
}

#[test]
fn d3_a_tool_that_is_not_there() {
    check(
        [&whole_call(0, "a", "fly to", "{}")[..], &[end("tool_use")]].concat(),
        expect![[r#"
        ask with 1 messages
        result a error: There is no tool called `fly to`. The tools are: `plan`, `now`.
        ask with 3 messages
        diagnostic tool_name
    "#]],
    );
}

/// R37: no delta, an empty one, a blank one: the empty object.
#[test]
fn r37_blank_inputs() {
    for fragments in [&[][..], &[""], &["", " "], &["\n"]] {
        let mut sim = Sim::new(config());
        sim.events([call(0, "a", "now")]).events(fragments.iter().map(|text| arg(0, text)));
        sim.events([stop(0), end("tool_use")]);
        assert_eq!(sim.running[0].call.input.value(), &serde_json::json!({}), "{fragments:?}");
    }
}

/// R111, D3: a delta that nobody understands may be a part of the input.
#[test]
fn d3_an_unknown_delta_within_a_call() {
    let unknown = wire("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"toolUse":{"patch":"x"}}}"#);
    check(
        [call(0, "a", "now"), arg(0, "{}"), unknown, stop(0), end("tool_use")],
        expect![[r#"
        ask with 1 messages
        diagnostic unknown_content
        result a error: The call was not finished, so the tool was not run.
        ask with 3 messages
    "#]],
    );
}

/// R47: a call without id or name is left out, and told.
#[test]
fn r47_a_call_without_a_name() {
    let start = wire("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"a"}}}"#);
    let calls = [&[start, arg(0, "{}"), stop(0)][..], &whole_call(1, "b", "now", ""), &[end("tool_use")]];
    check(
        calls.concat(),
        expect![[r#"
            ask with 1 messages
            diagnostic unknown_content
            diagnostic unknown_content
            run b now ``
        "#]],
    );
    check(
        [arg(0, "{}"), stop(0), end("tool_use")],
        expect![[r#"
            ask with 1 messages
            diagnostic unknown_content
            diagnostic tool_use_without_call
            answered (tool_use): ``
        "#]],
    );
}

/// R35a: the service runs these itself.
#[test]
fn r35a_a_call_of_the_service() {
    let events = [server_call(0, "a", "plan"), arg(0, LISBON), stop(0), text(1, "so"), stop(1)];
    check(
        [&events[..], &[end("end_turn")]].concat(),
        expect![[r#"
            ask with 1 messages
            answered (end_turn): `so`
        "#]],
    );
    check(
        [&events[..], &[end("tool_use")]].concat(),
        expect![[r#"
            ask with 1 messages
            answered (tool_use): `so`
        "#]],
    );
}

#[test]
fn r104_a_stream_that_ends_early() {
    check(
        [text(0, "so")],
        expect![[r#"
            ask with 1 messages
            failed: the stream ended before messageStop
        "#]],
    );
    check(
        whole_call(0, "a", "plan", LISBON),
        expect![[r#"
            ask with 1 messages
            failed: the stream ended before messageStop
        "#]],
    );
    check(
        [],
        expect![[r#"
            ask with 1 messages
            failed: the stream ended before messageStop
        "#]],
    );
}

#[test]
fn a_stream_out_of_order() {
    check(
        [begin(), text(0, "so"), begin()],
        expect![[r#"
            ask with 1 messages
            failed: the message began twice
        "#]],
    );
    check(
        [text(0, "so"), stop(0), stop(0), end("end_turn")],
        expect![[r#"
            ask with 1 messages
            failed: block 0 went on after its end
        "#]],
    );
    check(
        [&whole_call(0, "a", "now", "")[..], &[arg(0, "{}"), end("tool_use")]].concat(),
        expect![[r#"
            ask with 1 messages
            failed: block 0 went on after its end
        "#]],
    );
}
