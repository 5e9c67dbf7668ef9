//! A turn that is to end with an output, under a driver of a few lines: how it is asked for, what is taken, what the
//! model is told.

use std::sync::Arc;

use expect_test::{Expect, expect};
use outcrop_core::{tools::*, turn::*, wire::*};
use serde_json::json;

use crate::{
    shape::flaw,
    support::{Sim, end, sign, stop, text, think, tools, whole_call},
};

/// A trip: a city and a number of days, both needed.
pub fn trip() -> OutputSpec {
    let schema = json!({
        "type": "object",
        "properties": { "city": { "type": "string" }, "days": { "type": "integer", "minimum": 1 } },
        "required": ["city", "days"],
        "additionalProperties": false,
    });
    OutputSpec::new("trip", schema).unwrap()
}

pub const GOOD: &str = r#"{"city":"Lisbon","days":2}"#;
pub const BAD: &str = r#"{"city":"Lisbon","days":0}"#;
/// A model that takes native output.
pub const NATIVE: &str = "anthropic.claude-sonnet-4-6";
/// One that does not, and can be made to call a tool.
pub const TOOLS: &str = "amazon.nova-pro-v1:0";
/// One without tools.
pub const WORDS: &str = "deepseek.r1-v1:0";

/// A turn without other tools.
pub fn alone(model: &str, spec: OutputSpec) -> TurnConfig {
    TurnConfig::new(model, Arc::new(ToolSet::default())).output(spec)
}

/// A turn with the tools `plan` and `now`.
pub fn beside(model: &str, spec: OutputSpec) -> TurnConfig {
    TurnConfig::new(model, tools()).output(spec)
}

/// How a request asks for the output.
pub fn asking(request: &Request) -> String {
    let mut ways = Vec::new();
    let format = request.output_config.as_ref().and_then(|config| config.text_format.as_ref());
    if let Some(TextStructure::JsonSchema(format)) = format.map(|format| &format.structure) {
        ways.push(format!("native {}", format.name.as_deref().unwrap_or_default()));
    }
    if let Some(config) = &request.tool_config {
        let names = config.tools.iter().filter_map(|entry| match entry {
            ToolEntry::ToolSpec(spec) if spec.strict == Some(true) => Some(format!("{} (strict)", spec.name)),
            ToolEntry::ToolSpec(spec) => Some(spec.name.clone()),
            _ => None,
        });
        ways.push(format!("tools {}", names.collect::<Vec<_>>().join(", ")));
        ways.extend(config.tool_choice.as_ref().map(|choice| match choice {
            ToolChoice::Auto(_) => "auto".to_owned(),
            ToolChoice::Any(_) => "any".to_owned(),
            ToolChoice::Tool(tool) => format!("tool {}", tool.name),
            other => format!("{other:?}"),
        }));
    }
    for block in &request.system {
        let SystemContentBlock::Text(text) = block else { continue };
        ways.push(format!("told: {}…", text.chars().take(40).collect::<String>().replace('\n', " ")));
    }
    ways.join("; ")
}

/// One part of what a model or the service does.
pub enum Step {
    Says(Vec<StreamEvent>),
    Refuses(&'static str),
}

pub fn says(events: impl IntoIterator<Item = StreamEvent>) -> Step {
    Step::Says(events.into_iter().collect())
}

/// A text that is all of an answer.
pub fn words(words: &str) -> Step {
    says([text(0, words), stop(0), end("end_turn")])
}

/// A call that is all of an answer.
pub fn calls(name: &str, input: &str) -> Step {
    says([&whole_call(0, "o", name, input)[..], &[end("tool_use")]].concat())
}

/// Plays a turn and keeps what happened, with the way in which each request asked. Calls are answered at once.
pub fn play(config: TurnConfig, steps: impl IntoIterator<Item = Step>) -> Sim {
    let mut sim = Sim::new(config);
    let mut log = String::new();
    let mut seen = 0;
    for step in steps {
        log += &tail(&sim, &mut seen);
        match step {
            Step::Says(events) => {
                sim.events(events);
                while let Some(running) = sim.running.first() {
                    let id = running.call.tool_use_id.clone();
                    sim.result(&id, "ok");
                }
                sim.end_stream();
            }
            Step::Refuses(text) => {
                let recovery = sim.refuse(text);
                log += &format!("{recovery:?}\n");
            }
        }
    }
    log += &tail(&sim, &mut seen);
    match sim.turn.outcome() {
        Some(Ok(outcome)) => {
            let output = outcome.output.as_ref().unwrap();
            let repaired = if output.repaired { ", repaired" } else { "" };
            let before = output.attempts.len();
            log += &format!(
                "output by {}{repaired} after {before}: {}\n",
                output.strategy.as_str(),
                output.value
            );
        }
        Some(Err(TurnFailure::Output(failure))) => {
            let partial = failure.partial.as_ref().map_or("none", RawJson::as_str);
            log +=
                &format!("text `{}`, partial {partial}, {} attempts\n", failure.text, failure.attempts.len());
        }
        _ => {}
    }
    sim.log = log;
    sim
}

/// What was logged since, and how the request at hand asks.
fn tail(sim: &Sim, seen: &mut usize) -> String {
    let mut log = String::new();
    for line in sim.log[*seen..].lines().filter(|line| !line.starts_with("answered")) {
        let asks = line.starts_with("ask with");
        let asks = asks.then(|| asking(&sim.ask.as_ref().unwrap().request));
        log += &asks.map_or_else(|| format!("{line}\n"), |asking| format!("ask: {asking}\n"));
    }
    *seen = sim.log.len();
    log
}

/// A turn, what is told of it, and a history that can be sent again.
pub fn check(config: TurnConfig, steps: impl IntoIterator<Item = Step>, expected: Expect) {
    expected.assert_eq(&told(config, steps));
}

/// What is told of a turn whose history can be sent again.
pub fn told(config: TurnConfig, steps: impl IntoIterator<Item = Step>) -> String {
    let sim = play(config, steps);
    let log = sim.log.clone();
    let (profile, model) = (sim.config.target().profile.clone(), sim.config.target().model_id.clone());
    assert_eq!(
        flaw(&render(&sim.turn.into_conversation().into_history(), &profile, &model).messages, &profile),
        None
    );
    log
}

/// What the model is asked with after its first answer.
fn asked_again(config: TurnConfig, step: Step, expected: Expect) {
    let sim = play(config, [step]);
    let messages = &sim.ask.as_ref().unwrap().request.messages;
    expected.assert_eq(&serde_json::to_string(messages.last().unwrap()).unwrap());
}

#[test]
fn native() {
    check(
        alone(NATIVE, trip()),
        [words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            output by native output after 0: {"city":"Lisbon","days":2}
        "#]],
    );
}

/// R73: reasoning and an empty text may come before.
#[test]
fn r73_native_behind_reasoning_and_an_empty_text() {
    let answer = [
        &[think(0, "hm"), sign(0, "s"), stop(0), text(1, ""), stop(1)][..],
        &[text(2, r#" {"city":"Lis"#), text(2, "bon\",\n\"days\":2} "), stop(2), end("end_turn")],
    ];
    check(
        alone(NATIVE, trip()),
        [says(answer.concat())],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            "days":2} `
            output by native output after 0: {"city":"Lisbon",
            "days":2}
        "#]],
    );
}

#[test]
fn by_a_forced_tool() {
    check(
        alone(TOOLS, trip()),
        [calls("trip", GOOD)],
        expect![[r#"
        ask: tools trip; tool trip
        output by a tool after 0: {"city":"Lisbon","days":2}
    "#]],
    );
}

#[test]
fn by_words() {
    check(
        alone(WORDS, trip()),
        [words(GOOD)],
        expect![[r#"
        ask: told: Answer with one JSON object that fits th…
        output by words alone after 0: {"city":"Lisbon","days":2}
    "#]],
    );
}

#[test]
fn by_a_strict_tool_where_that_was_said() {
    check(
        alone(NATIVE, trip().strategy(Strategy::StrictTool)),
        [calls("trip", GOOD)],
        expect![[r#"
            ask: tools trip (strict); tool trip
            diagnostic output_schema
            output by a strict tool after 0: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone("anthropic.claude-haiku-4-5", trip().strict(true)),
        [words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            output by native output after 0: {"city":"Lisbon","days":2}
        "#]],
    );
}

/// R84: tools of the user first, the output in the end.
#[test]
fn r84_beside_tools() {
    let plan = || calls("plan", r#"{"city":"Porto"}"#);
    check(
        beside(NATIVE, trip()),
        [plan(), words(GOOD)],
        expect![[r#"
            ask: native trip; tools plan, now
            diagnostic output_schema
            run o plan `{"city":"Porto"}`
            result o success: ok
            ask: native trip; tools plan, now
            output by native output after 0: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        beside(TOOLS, trip()),
        [plan(), calls("trip", GOOD)],
        expect![[r#"
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        run o plan `{"city":"Porto"}`
        result o success: ok
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        output by a tool after 0: {"city":"Lisbon","days":2}
    "#]],
    );
    check(
        beside(WORDS, trip()),
        [words(GOOD)],
        expect![[r#"
        ask: tools plan, now; told: When you need no more tools, answer with…
        diagnostic not_streamed
        output by words alone after 0: {"city":"Lisbon","days":2}
    "#]],
    );
}

/// The numbers stay as the model wrote them.
#[test]
fn the_value_is_the_text() {
    let number = json!({ "type": "number" });
    let schema = json!({ "type": "object", "properties": { "x": number, "n": number } });
    let spec = || OutputSpec::new("n", schema.clone()).unwrap();
    let exact = r#"{"x":1.50, "n":123456789012345678901234567890}"#;
    check(
        alone(NATIVE, spec()),
        [words(exact)],
        expect![[r#"
            ask: native n
            output by native output after 0: {"x":1.50, "n":123456789012345678901234567890}
        "#]],
    );
    check(
        alone(TOOLS, spec()),
        [calls("n", exact)],
        expect![[r#"
        ask: tools n; tool n
        output by a tool after 0: {"x":1.50, "n":123456789012345678901234567890}
    "#]],
    );
}

/// R83: what is no object is wrapped for the model, and unwrapped.
#[test]
fn r83_roots_that_are_no_object() {
    let list = || OutputSpec::new("list", json!({ "type": "array", "items": { "type": "number" } })).unwrap();
    let good = r#"{"value": [1.0, 2]}"#;
    check(
        alone(NATIVE, list()),
        [words(good)],
        expect![[r#"
        ask: native list
        output by native output after 0: [1.0, 2]
    "#]],
    );
    check(
        alone(TOOLS, list()),
        [calls("list", good)],
        expect![[r#"
        ask: tools list; tool list
        output by a tool after 0: [1.0, 2]
    "#]],
    );
    check(
        alone(WORDS, list()),
        [words(good)],
        expect![[r#"
        ask: told: Answer with one JSON object that fits th…
        output by words alone after 0: [1.0, 2]
    "#]],
    );
    let bad = [
        "[1, 2]",
        r#"{"value":[1],"more":2}"#,
        "{}",
        r#"{"value":["a"]}"#,
        "null",
        r#"{"value":[1],"value":[2]}"#,
    ];
    let bad = bad.map(|bad| told(alone(NATIVE, list().retries(0)), [words(bad)]));
    expect![[r#"
        ask: native list
        rejected: - top level: expected an object with the one member `value`, found an array: [1,2]
        failed: the model gave no valid output in 1 attempts
        text `[1, 2]`, partial none, 1 attempts
        ask: native list
        rejected: - top level: expected an object with the one member `value`, found an object: {"value":[1],"more":2}
        failed: the model gave no valid output in 1 attempts
        text `{"value":[1],"more":2}`, partial [1], 1 attempts
        ask: native list
        rejected: - top level: expected an object with the one member `value`, found an empty object
        failed: the model gave no valid output in 1 attempts
        text `{}`, partial none, 1 attempts
        ask: native list
        rejected: - `/value/0`: expected a number, found the string "a". The schema there: {"type":"number"}
        failed: the model gave no valid output in 1 attempts
        text `{"value":["a"]}`, partial ["a"], 1 attempts
        ask: native list
        rejected: - top level: expected an object with the one member `value`, found null
        failed: the model gave no valid output in 1 attempts
        text `null`, partial none, 1 attempts
        ask: native list
        rejected: - it is not valid JSON: the member `value` is there twice at line 1 column 20
        failed: the model gave no valid output in 1 attempts
        text `{"value":[1],"value":[2]}`, partial [2], 1 attempts
    "#]]
    .assert_eq(&bad.concat());
}

/// An invalid output goes back into the same conversation, with the place of what is wrong.
#[test]
fn what_the_model_is_told() {
    asked_again(
        alone(NATIVE, trip()),
        words(BAD),
        expect![[
            r#"{"role":"user","content":[{"text":"Your answer was not taken:\n- `/days`: expected a number of at least 1, found the number 0. The schema there: {\"type\":\"integer\",\"minimum\":1}\nGive the whole answer again, corrected, as one JSON object and nothing else."}]}"#
        ]],
    );
    asked_again(
        alone(TOOLS, trip()),
        calls("trip", BAD),
        expect![[
            r#"{"role":"user","content":[{"toolResult":{"toolUseId":"o","content":[{"text":"The answer was not taken:\n- `/days`: expected a number of at least 1, found the number 0. The schema there: {\"type\":\"integer\",\"minimum\":1}\nCall the tool again with the whole answer, corrected."}],"status":"error"}}]}"#
        ]],
    );
    asked_again(
        alone(TOOLS, trip()),
        calls("trip", r#"{"city":"Lis"#),
        expect![[
            r#"{"role":"user","content":[{"toolResult":{"toolUseId":"o","content":[{"text":"The answer was not taken:\n- it is not valid JSON: EOF while parsing a string at line 1 column 12\nCall the tool again with the whole answer, corrected."}],"status":"error"}}]}"#
        ]],
    );
    asked_again(
        alone(TOOLS, trip()),
        words("Lisbon, for two days."),
        expect![[
            r#"{"role":"user","content":[{"text":"Your answer is only read where it is given by the tool `trip`: call it now, with the whole answer."}]}"#
        ]],
    );
    asked_again(
        alone(NATIVE, trip()),
        words(" "),
        expect![[
            r#"{"role":"user","content":[{"text":"Go"},{"text":"Your answer was empty. Give it again, as JSON."}]}"#
        ]],
    );
    asked_again(
        alone(WORDS, trip()),
        words("Sure!"),
        expect![[
            r#"{"role":"user","content":[{"text":"Your answer was not taken:\n- it is not valid JSON: expected value at line 1 column 1\nGive the whole answer again, corrected, as one JSON object and nothing else."}]}"#
        ]],
    );
}

#[test]
fn asked_until_it_is_valid() {
    check(
        alone(NATIVE, trip()),
        [words(BAD), words("no"), words(GOOD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            ask: native trip
            rejected: - it is not valid JSON: expected ident at line 1 column 2
            ask: native trip
            output by native output after 2: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone(TOOLS, trip()),
        [calls("trip", BAD), words("no"), calls("trip", GOOD)],
        expect![[r#"
            ask: tools trip; tool trip
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            ask: tools trip; tool trip
            rejected: - it was not given by the tool `trip`
            ask: tools trip; tool trip
            output by a tool after 2: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        alone(NATIVE, trip()),
        [words(BAD), words("no"), words("[]")],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            ask: native trip
            rejected: - it is not valid JSON: expected ident at line 1 column 2
            ask: native trip
            rejected: - top level: expected an object, found an empty array. The schema there: {"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1}},"required":["city","days"],"additionalProperties":false}
            failed: the model gave no valid output in 3 attempts
            text `[]`, partial [], 3 attempts
        "#]],
    );
    check(
        alone(NATIVE, trip().retries(0)),
        [words(BAD)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":0}`, partial {"city":"Lisbon","days":0}, 1 attempts
        "#]],
    );
}

/// Thinking stays where it was when the model is asked again (R58).
#[test]
fn thinking_is_kept() {
    let answer = [think(0, "hm"), sign(0, "s"), stop(0), text(1, BAD), stop(1), end("end_turn")];
    let sim = play(alone(NATIVE, trip()), [says(answer)]);
    expect![[r#"[{"role":"user","content":[{"text":"Go"}]},{"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},{"text":"{\"city\":\"Lisbon\",\"days\":0}"}]},{"role":"user","content":[{"text":"Your answer was not taken:\n- `/days`: expected a number of at least 1, found the number 0. The schema there: {\"type\":\"integer\",\"minimum\":1}\nGive the whole answer again, corrected, as one JSON object and nothing else."}]}]"#]].assert_eq(&sim.asked());
}

#[test]
fn a_check_beyond_the_schema() {
    let spec = || {
        trip().validate(|_, value| match value["city"] == "Lisbon" {
            true => Err(Problem::new("/city", "another city", "`Lisbon`").into()),
            false => Ok(()),
        })
    };
    check(
        alone(NATIVE, spec()),
        [words(GOOD), words(r#"{"city":"Porto","days":1}"#)],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            rejected: - `/city`: expected another city, found `Lisbon`
            ask: native trip
            output by native output after 1: {"city":"Porto","days":1}
        "#]],
    );
}

/// A type may refuse what its schema takes.
#[test]
fn a_type_that_cannot_be_read() {
    #[derive(serde::Deserialize)]
    struct Trip {
        #[serde(rename = "days")]
        _days: u8,
    }
    let schema = json!({ "type": "object", "properties": { "days": { "type": "integer" } } });
    let spec = || OutputSpec::new("trip", schema.clone()).unwrap().read_as::<Trip>();
    check(
        alone(NATIVE, spec()),
        [words(r#"{"days":300}"#), words("{}"), words(r#"{"days":2}"#)],
        expect![[r#"
            ask: native trip
            rejected: - `/days`: expected an integer from 0 to 255, found the number 300. The schema there: {"type":"integer"}
            ask: native trip
            rejected: - top level: expected the member `days`, found an empty object. The schema there: {"type":"object","properties":{"days":{"type":"integer"}}}
            ask: native trip
            output by native output after 2: {"days":2}
        "#]],
    );
    let list = OutputSpec::new("list", json!({ "type": "array" })).unwrap().read_as::<Vec<u8>>().retries(0);
    check(
        alone(NATIVE, list.clone().strategy(Strategy::Tool)),
        [calls("list", r#"{"value":[1,-1]}"#)],
        expect![[r#"
            ask: tools list; tool list
            rejected: - `/value/1`: expected an integer from 0 to 255, found the number -1
            failed: the model gave no valid output in 1 attempts
            text `{"value":[1,-1]}`, partial [1,-1], 1 attempts
        "#]],
    );
}

/// D5: what is sent begins as what was sent before, step by step.
#[test]
fn d5_requests_of_a_turn_begin_alike() {
    for (config, steps) in [
        (beside(NATIVE, trip()), [calls("plan", r#"{"city":"Porto"}"#), words(BAD)]),
        (beside(TOOLS, trip()), [calls("plan", r#"{"city":"Porto"}"#), calls("trip", BAD)]),
        (alone(TOOLS, trip()), [words("no"), calls("trip", BAD)]),
        (alone(WORDS, trip()), [words("no"), words(BAD)]),
        (alone("amazon.titan-text-express-v1", trip()), [words("no"), words(BAD)]),
    ] {
        let mut sim = Sim::new(config);
        let mut before: Option<Request> = None;
        for step in steps {
            let request = (*sim.ask.as_ref().unwrap().request).clone();
            if let Some(before) = before.replace(request.clone()) {
                let fixed = |request: &Request| {
                    (request.system.clone(), request.tool_config.clone(), request.output_config.clone())
                };
                assert_eq!(fixed(&before), fixed(&request));
                let shown = |request: &Request| crate::shape::flat(&request.messages);
                assert!(shown(&request).starts_with(&shown(&before)), "{:?}", shown(&request));
            }
            let Step::Says(events) = step else { continue };
            sim.events(events);
            while let Some(running) = sim.running.first() {
                let id = running.call.tool_use_id.clone();
                sim.result(&id, "ok");
            }
            sim.end_stream();
        }
        assert!(before.is_some());
    }
}

/// What a turn says to the model itself begins no turn.
#[test]
fn reminders_are_no_questions() {
    let mut history =
        play(alone(NATIVE, trip()), [words(BAD), words(GOOD)]).turn.into_conversation().into_history();
    assert_eq!(history.len(), 4);
    let again: History = serde_json::from_str(&serde_json::to_string(&history).unwrap()).unwrap();
    assert_eq!(again, history);
    let mut cut = history.clone();
    cut.keep_turns(1);
    assert_eq!(cut, history);
    assert_eq!((history.pop_turn().len(), history.len()), (4, 0));
}

#[test]
fn what_cannot_be_asked_for() {
    let name = OutputSpec::new("a b", json!({})).unwrap_err();
    expect!["`a b` is no name for an output: 1 to 64 letters, digits, `_` or `-`"]
        .assert_eq(&name.to_string());
    let schema = OutputSpec::new("a", json!({ "type": "objekt" })).unwrap_err();
    expect![[r#"the schema of output `a` cannot be used: "objekt" is not valid under any of the schemas listed in the 'anyOf' keyword"#]].assert_eq(&schema.to_string());
}
