//! Outputs beside the tools of the user, calls that are none, and the schema that the model is shown.

use expect_test::expect;
use outcrop_core::{tools::*, wire::*};
use serde_json::json;

use crate::{
    output::{BAD, GOOD, NATIVE, TOOLS, WORDS, alone, beside, calls, check, play, says, told, trip},
    support::{Sim, arg, call, cite, delta, end, raw, stop, text, whole_call},
};

/// R84: the first valid one counts, and each call has its result.
#[test]
fn r84_several_calls() {
    let both = |first: &str, second: &str| {
        let outputs = [whole_call(0, "a", "trip", first), whole_call(1, "b", "trip", second)].concat();
        let more = [&outputs[..], &whole_call(2, "c", "plan", r#"{"city":"Porto"}"#), &[end("tool_use")]];
        says(more.concat())
    };
    let other = r#"{"city":"Porto","days":3}"#;
    check(
        beside(TOOLS, trip()),
        [both(GOOD, other)],
        expect![[r#"
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            result c error: Not executed: the turn ended with this step.
            output by a tool after 0: {"city":"Lisbon","days":2}
        "#]],
    );
    check(
        beside(TOOLS, trip().end_policy(EndPolicy::Exhaustive)),
        [both(BAD, GOOD)],
        expect![[r#"
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        run c plan `{"city":"Porto"}`
        result c success: ok
        output by a tool after 0: {"city":"Lisbon","days":2}
    "#]],
    );
    // None of them is valid: the other tool runs, and the model goes on.
    check(
        beside(TOOLS, trip()),
        [both(BAD, BAD), calls("trip", GOOD)],
        expect![[r#"
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            run c plan `{"city":"Porto"}`
            result c success: ok
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            output by a tool after 1: {"city":"Lisbon","days":2}
        "#]],
    );
    // None is, and it was the last attempt.
    check(
        beside(TOOLS, trip().retries(0)),
        [both(BAD, BAD)],
        expect![[r#"
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            rejected: - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
            result c error: Not executed: the turn ended with this step.
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":0}`, partial {"city":"Lisbon","days":0}, 1 attempts
        "#]],
    );
}

#[test]
fn r84_results_of_calls_that_are_not_run() {
    let answer = [
        &whole_call(0, "a", "plan", r#"{"city":"Porto"}"#)[..],
        &whole_call(1, "b", "trip", GOOD),
        &whole_call(2, "c", "trip", GOOD),
        &[end("tool_use")],
    ];
    let sim = play(beside(TOOLS, trip()), [says(answer.concat())]);
    let history = sim.turn.into_conversation().into_history();
    expect![[r#"{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"Not executed: the turn ended with this step."}],"status":"error"}},{"toolResult":{"toolUseId":"b","content":[{"text":"The answer was taken."}]}},{"toolResult":{"toolUseId":"c","content":[{"text":"Not executed: the answer was given before this call."}],"status":"error"}}]}"#]].assert_eq(&serde_json::to_string(history.messages().last().unwrap()).unwrap());
}

/// The name of a tool that is there already is not taken.
#[test]
fn the_name_of_the_output_is_its_own() {
    let spec = OutputSpec::new("plan", json!({ "type": "object" })).unwrap();
    check(
        beside(TOOLS, spec),
        [calls("plan", r#"{"city":"Porto"}"#), calls("plan_2", "{}")],
        expect![[r#"
        ask: tools plan, now, plan_2; any; told: Give your final answer by calling the to…
        run o plan `{"city":"Porto"}`
        result o success: ok
        ask: tools plan, now, plan_2; any; told: Give your final answer by calling the to…
        output by a tool after 0: {}
    "#]],
    );
}

/// D3: a call that may not be whole is no output, however it looks.
#[test]
fn d3_a_call_that_may_not_be_whole() {
    let open = [call(0, "o", "trip"), arg(0, GOOD), end("end_turn")];
    check(
        alone(TOOLS, trip().retries(0)),
        [says(open)],
        expect![[r#"
            ask: tools trip; tool trip
            diagnostic call_without_tool_use
            rejected: - the call was not finished
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 1 attempts
        "#]],
    );
    let odd = [
        &[call(0, "o", "trip"), arg(0, GOOD)][..],
        &[delta(0, BlockDelta::Unknown(raw("{}")))],
        &[stop(0), end("tool_use")],
    ];
    check(
        alone(TOOLS, trip().retries(0)),
        [says(odd.concat())],
        expect![[r#"
            ask: tools trip; tool trip
            diagnostic unknown_content
            rejected: - the call was not finished
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 1 attempts
        "#]],
    );
    let odd = [&[text(0, GOOD), delta(0, BlockDelta::Unknown(raw("{}")))][..], &[stop(0), end("end_turn")]];
    check(
        alone(NATIVE, trip().retries(0)),
        [says(odd.concat())],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            diagnostic unknown_content
            rejected: - it came in a form that could not be read
            failed: the model gave no valid output in 1 attempts
            text `{"city":"Lisbon","days":2}`, partial {"city":"Lisbon","days":2}, 1 attempts
        "#]],
    );
    // Nor is what was cut into blocks, where something is missing in any of them.
    for (model, block) in [(NATIVE, 0), (NATIVE, 1), (WORDS, 0), (WORDS, 1)] {
        let missing = [delta(block, BlockDelta::Unknown(raw("{}"))), stop(block)];
        let mut odd = [&[text(0, r#"{"city":"Lis"#), cite(0, "Guide")][..], &missing].concat();
        odd.extend([text(2, r#"","days":2}"#), stop(2), end("end_turn")]);
        let told = told(alone(model, trip().retries(0)), [says(odd)]);
        assert!(told.contains("rejected: - it came in a form that could not be read"), "{told}");
        assert!(told.contains(r#"text `{"city":"Lis","days":2}`"#), "{told}");
    }
    // Only citations cut a text into blocks.
    for model in [NATIVE, WORDS] {
        let blocks =
            [text(0, r#"{"city":"Lisbon","days":1"#), stop(0), text(1, "2}"), stop(1), end("end_turn")];
        let told = told(alone(model, trip().retries(0)), [says(blocks)]);
        assert!(told.contains("rejected: - it is not valid JSON"), "{told}");
    }
    // What is missing before a value that stands alone is not missing in it.
    let odd = [
        &[text(0, "So"), delta(0, BlockDelta::Unknown(raw("{}"))), stop(0)][..],
        &[text(1, GOOD), stop(1), end("end_turn")],
    ]
    .concat();
    let told = told(alone(NATIVE, trip().retries(0)), [says(odd)]);
    assert!(told.contains("output by native output"), "{told}");
}

/// What a model is shown is adapted; what it gives is held to the original.
#[test]
fn the_schema_that_is_shown() {
    let shown = |spec: OutputSpec, model| {
        let request = Sim::new(alone(model, spec)).ask.unwrap().request;
        let format = request.output_config.and_then(|config| config.text_format);
        let tools = request.tool_config.map(|config| serde_json::to_string(&config.tools).unwrap());
        let Some(TextStructure::JsonSchema(format)) = format.map(|format| format.structure) else {
            return tools.unwrap_or_else(|| serde_json::to_string(&request.system).unwrap());
        };
        format.schema
    };
    expect![[r#"{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","description":"At least 1."}},"required":["city","days"],"additionalProperties":false}"#]].assert_eq(&shown(trip(), NATIVE));
    expect![[r#"[{"toolSpec":{"name":"trip","inputSchema":{"json":{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1}},"required":["city","days"],"additionalProperties":false}},"description":"Takes the final answer.\n\nCall this once, with the final answer, when all else is done."}}]"#]].assert_eq(&shown(trip(), TOOLS));
    expect![[r#"[{"text":"Answer with one JSON object that fits this JSON Schema, and with nothing else: no words before or after it, no code fence.\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"city\",\"days\"],\"additionalProperties\":false}"}]"#]].assert_eq(&shown(trip(), WORDS));
    let nested = || {
        let part = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
        let schema =
            json!({ "type": "array", "items": { "$ref": "#/$defs/part" }, "$defs": { "part": part } });
        OutputSpec::new("list", schema).unwrap()
    };
    expect![[r##"{"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/part"}}},"required":["value"],"additionalProperties":false,"$defs":{"part":{"type":"object","properties":{"n":{"type":"integer"}},"additionalProperties":false}}}"##]].assert_eq(&shown(nested(), NATIVE));
    expect![[r#"{"type":"object","properties":{"value":{"type":"array","items":{"type":"object","properties":{"n":{"type":"integer"}},"additionalProperties":false}}},"required":["value"],"additionalProperties":false}"#]].assert_eq(&shown(nested(), "openai.gpt-oss-120b-1:0"));
    expect![[r##"[{"toolSpec":{"name":"list","inputSchema":{"json":{"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/part"}}},"required":["value"],"additionalProperties":false,"$defs":{"part":{"type":"object","properties":{"n":{"type":"integer"}}}}}},"description":"Takes the final answer.\n\nCall this once, with the final answer, when all else is done."}}]"##]].assert_eq(&shown(nested(), "anthropic.claude-sonnet-4-20250514-v1:0"));
}
