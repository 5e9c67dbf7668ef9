//! Turns that were to end with an output, and how each stop reason and each damage ends them.

use expect_test::expect;
use outcrop_core::{tools::*, turn::*, wire::*};
use serde_json::json;

use crate::{
    output::{BAD, GOOD, NATIVE, TOOLS, WORDS, alone, beside, calls, check, play, says, told, trip, words},
    support::{Sim, arg, call, cite, end, metadata, stop, text, whole_call},
};

/// R82: an answer that was cut is never an output, and what there is of it is told.
#[test]
fn r82_stop_reasons() {
    let reasons = [
        "max_tokens",
        "guardrail_intervened",
        "content_filtered",
        "model_context_window_exceeded",
        "refusal",
    ];
    let cut =
        reasons.map(|reason| told(alone(NATIVE, trip()), [says([text(0, r#"{"city":"Lis"#), end(reason)])]));
    expect![[r#"
        ask: native trip
        diagnostic output_schema
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
        ask: native trip
        diagnostic output_schema
        failed: the model stopped with `guardrail_intervened` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
        ask: native trip
        diagnostic output_schema
        failed: the model stopped with `content_filtered` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
        ask: native trip
        diagnostic output_schema
        failed: the model stopped with `model_context_window_exceeded` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
        ask: native trip
        diagnostic output_schema
        failed: the model stopped with `refusal` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
    "#]]
    .assert_eq(&cut.concat());
    // However whole it looks.
    check(
        alone(NATIVE, trip()),
        [says([text(0, GOOD), stop(0), end("max_tokens")])],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            failed: the model stopped with `max_tokens` before its output was whole
            text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 0 attempts
        "#]],
    );
    let looks_whole = [&whole_call(0, "o", "trip", GOOD)[..], &[end("max_tokens")]].concat();
    check(
        alone(TOOLS, trip()),
        [says(looks_whole)],
        expect![[r#"
        ask: tools trip; tool trip
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 0 attempts
    "#]],
    );
    let cut = [call(0, "o", "trip"), arg(0, r#"{"city":"Lis"#), end("max_tokens")];
    check(
        alone(TOOLS, trip()),
        [says(cut)],
        expect![[r#"
        ask: tools trip; tool trip
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"city":"Lis`, partial {"city":"Lis"}, 0 attempts
    "#]],
    );
    check(
        alone(WORDS, trip()),
        [says([text(0, "Here: {\"city\":\"L"), end("max_tokens")])],
        expect![[r#"
        ask: told: Answer with one JSON object that fits th…
        failed: the model stopped with `max_tokens` before its output was whole
        text `Here: {"city":"L`, partial {"city":"L"}, 0 attempts
    "#]],
    );
    // Nothing came at all.
    check(
        alone(NATIVE, trip()),
        [says([end("max_tokens")])],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            failed: the model stopped with `max_tokens` before its output was whole
            text ``, partial none, 0 attempts
        "#]],
    );
}

/// R44: where it was a tool of the user that was cut, that is told.
#[test]
fn r44_another_tool_was_cut() {
    let cut = [call(0, "a", "plan"), arg(0, r#"{"city":"Lis"#), end("max_tokens")];
    check(
        beside(TOOLS, trip()),
        [says(cut)],
        expect![[r#"
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        result a error: The call was not finished (stop reason `max_tokens`), so the tool was not run.
        failed: the model stopped with `max_tokens` in a call of `plan`; it was not run
    "#]],
    );
}

/// R82: not where the output had been given before it: that is told, though it may not be taken any more.
#[test]
fn r82_another_tool_was_cut_behind_the_output() {
    let cut = [call(1, "a", "plan"), arg(1, r#"{"city":"Lis"#), end("max_tokens")];
    check(
        beside(TOOLS, trip()),
        [says([&whole_call(0, "o", "trip", GOOD)[..], &cut[..]].concat())],
        expect![[r#"
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            result a error: The call was not finished (stop reason `max_tokens`), so the tool was not run.
            failed: the model stopped with `max_tokens` before its output was whole
            text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 0 attempts
        "#]],
    );
}

/// R46: malformed output is asked for again, so many times.
#[test]
fn r46_malformed() {
    let malformed = |reason: &str| says([text(0, "{"), end(reason)]);
    check(
        alone(NATIVE, trip()),
        [malformed("malformed_model_output"), words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - it was malformed, and was not received (`malformed_model_output`)
            ask: native trip
            output by native output after 1: {"city":"Lisbon","days":2}
        "#]],
    );
    let call = || says([&whole_call(0, "o", "trip", "{")[..], &[end("malformed_tool_use")]].concat());
    check(
        alone(TOOLS, trip()),
        [call(), calls("trip", GOOD)],
        expect![[r#"
            ask: tools trip; tool trip
            rejected: - it was malformed, and was not received (`malformed_tool_use`)
            ask: tools trip; tool trip
            output by a tool after 1: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone(TOOLS, trip().retries(1)),
        [call(), call()],
        expect![[r#"
            ask: tools trip; tool trip
            rejected: - it was malformed, and was not received (`malformed_tool_use`)
            ask: tools trip; tool trip
            rejected: - it was malformed, and was not received (`malformed_tool_use`)
            failed: the model gave no valid output in 2 attempts
            text `{`, partial {}, 2 attempts
        "#]],
    );
    check(
        alone(NATIVE, trip()),
        [says([end("malformed_model_output")]), words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - it was malformed, and was not received (`malformed_model_output`)
            ask: native trip
            output by native output after 1: {"city":"Lisbon","days":2}
        "#]],
    );
}

/// R73: no word, or only reasoning, is no output.
#[test]
fn r73_nothing_was_said() {
    let thought =
        || says([crate::support::think(0, "hm"), crate::support::sign(0, "s"), stop(0), end("end_turn")]);
    check(
        alone(NATIVE, trip()),
        [thought(), words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - there was no answer
            ask: native trip
            output by native output after 1: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone(NATIVE, trip().retries(1)),
        [says([end("end_turn")]), thought()],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - there was no answer
            ask: native trip
            rejected: - there was no answer
            failed: the model gave no valid output in 2 attempts
            text ``, partial none, 2 attempts
        "#]],
    );
}

/// Only a model that was asked in words may write something around the value; it is held to the schema all the same.
#[test]
fn what_is_passed_over_in_words() {
    for (answer, taken) in [
        ("```json\n{\"city\":\"Lisbon\",\"days\":2}\n```", true),
        ("Sure! Here it is: {\"city\":\"Lisbon\",\"days\":2} Enjoy.", true),
        ("{\"city\":\"Lisbon\",\"days\":2,}", true),
        ("```\n{\"city\":\"Lisbon\",\"days\":2,}\n```", true),
        ("{\"city\":\"Lisbon\",\"days\":2}}", true),
        // Not valid, mended or not.
        ("```json\n{\"city\":\"Lisbon\",\"days\":0,}\n```", false),
        // Cut, or with more than one way to read it.
        ("{\"city\":\"Lisbon\",\"days\":2", false),
        ("{\"days\":2,\"city\":\"Lisbon}", false),
        ("{\"city\":\"Lisbon\\ud83d\",\"days\":2,}", false),
        ("{\"city\":\"Lisbon\",\"days\":2} or {\"city\":\"Porto\",\"days\":2}", false),
        ("{\"city\":Lisbon,\"days\":2}", false),
        ("{\"city\":\"Lisbon\" \"days\":2}", false),
        ("{'city':'Lisbon','days':2}", false),
        // A name twice.
        ("{\"city\":\"Lisbon\",\"days\":2,\"days\":3}", false),
        ("{\"city\":\"Lisbon\",\"days\":2,\"days\":3,}", false),
        ("I cannot do that.", false),
        ("{}", false),
    ] {
        let sim = play(alone(WORDS, trip().retries(0)), [words(answer)]);
        assert_eq!(sim.log.contains("repaired"), taken, "{answer}: {}", sim.log);
        assert_eq!(sim.turn.outcome().unwrap().is_ok(), taken, "{answer}");
        if let Some(Ok(outcome)) = sim.turn.outcome() {
            assert_eq!(outcome.output.as_ref().unwrap().value.to_value(), serde_json::from_str(GOOD).ok());
        }
        // Where it was not asked in words nothing is passed over.
        let sim = play(alone(NATIVE, trip().retries(0)), [words(answer)]);
        assert!(sim.turn.outcome().unwrap().is_err(), "{answer}");
        let sim = play(alone(TOOLS, trip().retries(0)), [calls("trip", answer)]);
        assert!(sim.turn.outcome().unwrap().is_err(), "{answer}");
    }
}

/// What was mended, and what there is of a failure, has the digits that the model wrote (R51).
#[test]
fn r51_digits_are_kept() {
    let spec = || {
        OutputSpec::new("price", json!({"type": "object", "properties": {"id": {"type": "number"}}}))
            .unwrap()
            .retries(0)
    };
    let digits = r#"{"id":12345678901234567890.10}"#;
    let sim = play(alone(WORDS, spec()), [words("```json\n{\"id\": 12345678901234567890.10,}\n```")]);
    let outcome = sim.turn.outcome().unwrap().unwrap();
    assert_eq!(outcome.output.as_ref().unwrap().value.as_str(), digits);
    let sim = play(
        alone(WORDS, spec()),
        [says([text(0, "{\"id\": 12345678901234567890.10, "), end("max_tokens")])],
    );
    let Some(Err(TurnFailure::Output(failure))) = sim.turn.outcome() else { panic!() };
    assert_eq!(failure.partial.as_ref().unwrap().as_str(), digits);
}

/// Citations stand in blocks of their own kind, whose text is text (R81).
#[test]
fn r81_an_answer_with_citations() {
    let cited = |parts: [&str; 2], reason: &str| {
        let events = [text(0, parts[0]), cite(0, "Guide"), stop(0), text(1, parts[1]), stop(1), end(reason)];
        says(events)
    };
    let alone_cited = says([text(0, GOOD), cite(0, "Guide"), stop(0), end("end_turn")]);
    check(
        alone(WORDS, trip()),
        [alone_cited],
        expect![[r#"
            ask: told: Answer with one JSON object that fits th…
            output by words alone after 0: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone(WORDS, trip()),
        [cited([r#"{"city":"Lisbon","#, r#""days":2}"#], "end_turn")],
        expect![[r#"
        ask: told: Answer with one JSON object that fits th…
        output by words alone after 0: {"city":"Lisbon","days":2}
    "#]],
    );
    check(
        alone(WORDS, trip()),
        [cited([r#"{"city":"Lisbon","#, r#""days":"#], "max_tokens")],
        expect![[r#"
            ask: told: Answer with one JSON object that fits th…
            failed: the model stopped with `max_tokens` before its output was whole
            text `{"city":"Lisbon","days":`, partial {"city":"Lisbon"}, 0 attempts
        "#]],
    );
    let last = says([
        text(0, r#"{"city":"#),
        stop(0),
        text(1, r#""Lisb"#),
        cite(1, "Guide"),
        stop(1),
        end("max_tokens"),
    ]);
    check(
        alone(WORDS, trip()),
        [last],
        expect![[r#"
            ask: told: Answer with one JSON object that fits th…
            failed: the model stopped with `max_tokens` before its output was whole
            text `{"city":"Lisb`, partial {"city":"Lisb"}, 0 attempts
        "#]],
    );
    check(
        alone(WORDS, trip().retries(0)),
        [says([text(0, BAD), cite(0, "Guide"), stop(0), end("end_turn")])],
        expect![[r#"
            ask: told: Answer with one JSON object that fits th…
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":0}`, partial {"city":"Lisbon","days":0}, 1 attempts
        "#]],
    );
}

/// R82: in each way of asking, and where the value stands in a member: what there is of it is told.
#[test]
fn r82_what_there_is_of_a_list() {
    let list = || {
        let schema = serde_json::json!({ "type": "array", "items": { "type": "integer" } });
        OutputSpec::new("trip", schema).unwrap()
    };
    let cut = r#"{"value":[1,2,3"#;
    check(
        alone(NATIVE, list()),
        [says([text(0, cut), end("max_tokens")])],
        expect![[r#"
        ask: native trip
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"value":[1,2,3`, partial [1,2], 0 attempts
    "#]],
    );
    check(
        alone(NATIVE, list()),
        [says([text(0, ""), stop(0), text(1, cut), end("max_tokens")])],
        expect![[r#"
        ask: native trip
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"value":[1,2,3`, partial [1,2], 0 attempts
    "#]],
    );
    check(
        alone(TOOLS, list()),
        [says([call(0, "o", "trip"), arg(0, cut), end("max_tokens")])],
        expect![[r#"
        ask: tools trip; tool trip
        failed: the model stopped with `max_tokens` before its output was whole
        text `{"value":[1,2,3`, partial [1,2], 0 attempts
    "#]],
    );
    check(
        beside(TOOLS, list()),
        [says([call(0, "o", "trip"), arg(0, cut), end("model_context_window_exceeded")])],
        expect![[r#"
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            failed: the model stopped with `model_context_window_exceeded` before its output was whole
            text `{"value":[1,2,3`, partial [1,2], 0 attempts
        "#]],
    );
    check(
        alone(WORDS, list()),
        [says([text(0, &format!("```json\n{cut}")), end("guardrail_intervened")])],
        expect![[r#"
            ask: told: Answer with one JSON object that fits th…
            failed: the model stopped with `guardrail_intervened` before its output was whole
            text ````json
            {"value":[1,2,3`, partial [1,2], 0 attempts
        "#]],
    );
    // Not the last attempt's, where the last one gave nothing.
    check(
        alone(NATIVE, list()),
        [words(r#"{"value":["a"]}"#), says([end("content_filtered")])],
        expect![[r#"
        ask: native trip
        rejected: - `/value/0`: expected an integer, found the string "a". The schema there: {"type":"integer"}
        ask: native trip
        failed: the model stopped with `content_filtered` before its output was whole
        text ``, partial none, 1 attempts
    "#]],
    );
}

/// All that came and what it cost is in the failure.
#[test]
fn the_failure_tells_all() {
    let bad = |tokens| says([text(0, BAD), stop(0), end("end_turn"), metadata(tokens)]);
    let sim = play(alone(NATIVE, trip().retries(1)), [bad(3), bad(4)]);
    let Some(Err(TurnFailure::Output(failure))) = sim.turn.outcome() else { panic!() };
    assert_eq!(failure.text, BAD);
    assert_eq!(failure.usage.output_tokens, 7);
    let attempts = failure.attempts.iter().map(|attempt| {
        let tokens = attempt.usage.as_ref().map(|usage| usage.output_tokens);
        (attempt.step, attempt.strategy, attempt.text.as_str(), tokens)
    });
    let expected = [(1, Strategy::Native, BAD, Some(3)), (2, Strategy::Native, BAD, Some(4))];
    assert_eq!(attempts.collect::<Vec<_>>(), expected);
    expect![[r#"- `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}"#]]
    .assert_eq(&failure.attempts[0].problems);
    assert_eq!(sim.turn.into_conversation().into_history().len(), 4);
}

/// The limit of steps bounds attempts too.
#[test]
fn the_limit_of_steps() {
    let mut config = alone(NATIVE, trip().retries(9));
    config.max_steps = 2;
    check(
        config,
        [words(BAD), words(BAD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            ask: native trip
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            failed: the model gave no valid output in 2 attempts
            text `{"city":"Lisbon","days":0}`, partial {"city":"Lisbon","days":0}, 2 attempts
        "#]],
    );
    let mut config = beside(TOOLS, trip());
    config.max_steps = 1;
    check(
        config,
        [calls("plan", r#"{"city":"Porto"}"#)],
        expect![[r#"
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        run o plan `{"city":"Porto"}`
        result o success: ok
        failed: the turn reached its limit of 1 steps
    "#]],
    );
}

/// Whatever the wire does, the turn says so as ever.
#[test]
fn the_stream_breaks() {
    let mut sim = Sim::new(alone(NATIVE, trip()));
    sim.events([text(0, GOOD), stop(0)]).end_stream();
    assert!(sim.log.ends_with("failed: the stream ended before messageStop\n"), "{}", sim.log);
    let mut sim = Sim::new(alone(NATIVE, trip()));
    sim.events([text(0, GOOD), stop(0), end("end_turn")]);
    let id = sim.ask.as_ref().unwrap().id;
    sim.turn.on_call_failed(id, CallFailure::new(FailureClass::Broken), Time(0));
    sim.act();
    assert!(sim.turn.outcome().unwrap().is_ok(), "a failure after the answer changes nothing (R105)");
}

/// A turn that is to end with text is as it was.
#[test]
fn without_an_output() {
    let mut sim = Sim::new(crate::support::config());
    sim.events([text(0, GOOD), stop(0), end("end_turn")]).end_stream();
    assert!(sim.turn.outcome().unwrap().unwrap().output.is_none());
}
