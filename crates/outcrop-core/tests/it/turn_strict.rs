//! Tools that were declared strict: as they are sent, and what is left of them after a refusal.

use std::sync::Arc;

use expect_test::{Expect, expect};
use outcrop_core::{tools::*, turn::*, wire::*};
use serde_json::{Value, json};

use crate::{
    output::{GOOD, asking, trip},
    support::{Sim, end, whole_call},
};

const CLAUDE: &str = "anthropic.claude-sonnet-4-6";

fn strict(name: &str, schema: Value) -> ToolSpec {
    let mut spec = ToolSpec::with_schema(name, "", schema);
    spec.strict = Some(true);
    spec
}

fn bounded() -> ToolSpec {
    let days = json!({ "type": "integer", "minimum": 1 });
    strict("bounded", json!({ "type": "object", "properties": { "days": days }, "required": ["days"] }))
}

fn map() -> ToolSpec {
    strict("map", json!({ "type": "object", "additionalProperties": { "type": "string" } }))
}

fn config(model: &str, specs: impl IntoIterator<Item = ToolSpec>) -> TurnConfig {
    TurnConfig::new(model, Arc::new(ToolSet::new(specs).unwrap()))
}

/// The tools of the request at hand.
fn sent(sim: &Sim) -> String {
    serde_json::to_string(&sim.ask.as_ref().unwrap().request.tool_config.as_ref().unwrap().tools).unwrap()
}

/// What is told, how the first request asks and how each next one does.
fn check(config: TurnConfig, refusals: &[&str], expected: Expect) {
    let mut sim = Sim::new(config);
    let mut seen = format!("{}\n", asking(&sim.ask.as_ref().unwrap().request));
    for refusal in refusals {
        let recovery = sim.refuse(refusal);
        seen += &format!("{recovery:?}: {}\n", asking(&sim.ask.as_ref().unwrap().request));
    }
    let told = sim.log.lines().filter(|line| line.starts_with("diagnostic") || line.starts_with("failed"));
    seen.extend(told.map(|line| format!("{line}\n")));
    expected.assert_eq(&seen);
}

/// R80: what cannot be strict goes without, and the others stay.
#[test]
fn r80_a_schema_that_cannot_be_strict() {
    check(
        config(CLAUDE, [bounded(), map()]),
        &[],
        expect![[r#"
            tools bounded (strict), map
            diagnostic not_strict
            diagnostic strict_schema
        "#]],
    );
    check(
        config("anthropic.claude-fable-5", [bounded()]),
        &[],
        expect![[r#"
        tools bounded
        diagnostic not_strict
    "#]],
    );
    let many = (0..22).map(|n| strict(&format!("t{n}"), json!({ "type": "object", "properties": {} })));
    check(
        config(CLAUDE, many),
        &[],
        expect![[r#"
        tools t0 (strict), t1 (strict), t2 (strict), t3 (strict), t4 (strict), t5 (strict), t6 (strict), t7 (strict), t8 (strict), t9 (strict), t10 (strict), t11 (strict), t12 (strict), t13 (strict), t14 (strict), t15 (strict), t16 (strict), t17 (strict), t18 (strict), t19 (strict), t20, t21
        diagnostic not_strict
    "#]],
    );
}

#[test]
fn the_schema_is_adapted_and_the_input_held_to_the_original() {
    let mut sim = Sim::new(config(CLAUDE, [bounded(), map()]));
    expect![[r#"[{"toolSpec":{"name":"bounded","inputSchema":{"json":{"type":"object","properties":{"days":{"type":"integer","description":"At least 1."}},"required":["days"],"additionalProperties":false}},"strict":true}},{"toolSpec":{"name":"map","inputSchema":{"json":{"type":"object","additionalProperties":{"type":"string"}}}}}]"#]].assert_eq(&sent(&sim));
    let calls =
        [whole_call(0, "a", "bounded", r#"{"days":0}"#), whole_call(1, "b", "bounded", r#"{"days":1}"#)];
    sim.events(calls.concat()).events([end("tool_use")]);
    assert_eq!(sim.running.len(), 1);
    expect![[r#"
        ask with 1 messages
        diagnostic not_strict
        diagnostic strict_schema
        result a error: The input does not fit the tool's schema, so the tool was not run: / - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}
        run b bounded `{"days":1}`
    "#]].assert_eq(&sim.log);
}

#[test]
fn r80_refusals() {
    let two = || config(CLAUDE, [strict("open", json!({ "type": "object", "properties": {} })), bounded()]);
    let array = "The model returned the following errors: tools.1.custom: For 'array' type, property 'maxItems' is not supported";
    check(
        two(),
        &[array, array],
        expect![[r#"
            tools open (strict), bounded (strict)
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded
            Failed: tools open (strict), bounded
            diagnostic strict_schema
            diagnostic not_strict
            failed: the request was not answered
        "#]],
    );
    let all =
        "The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted";
    check(
        two(),
        &[all, all],
        expect![[r#"
            tools open (strict), bounded (strict)
            Learned(NoStrictTools): tools open, bounded
            Failed: tools open, bounded
            diagnostic strict_schema
            diagnostic not_strict
            failed: the request was not answered
        "#]],
    );
    // Beside an output each refusal is about the one that it names.
    let output = || two().output(trip().strategy(Strategy::StrictTool));
    check(
        output(),
        &[array, "tools.2.custom: For 'array' type, property 'maxItems' is not supported"],
        expect![[r#"
            tools open (strict), bounded (strict), trip (strict); any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded, trip (strict); any; told: Give your final answer by calling the to…
            Failed: tools open (strict), bounded, trip (strict); any; told: Give your final answer by calling the to…
            diagnostic strict_schema
            diagnostic output_schema
            diagnostic not_strict
            failed: the request was not answered
        "#]],
    );
    let auto = || {
        let mut config = two().output(trip().strict(true));
        config.target_mut().profile.schema.native_output = false;
        config
    };
    check(
        auto(),
        &[array, "tools.2.custom: For 'array' type, property 'maxItems' is not supported"],
        expect![[r#"
            tools open (strict), bounded (strict), trip (strict); any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded, trip (strict); any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(2724134317)): tools open (strict), bounded, trip; any; told: Give your final answer by calling the to…
            diagnostic strict_schema
            diagnostic output_schema
            diagnostic not_strict
            diagnostic output_strategy
        "#]],
    );
    check(
        auto(),
        &[all],
        expect![[r#"
            tools open (strict), bounded (strict), trip (strict); any; told: Give your final answer by calling the to…
            Learned(NoStrictTools): tools open, bounded, trip; any; told: Give your final answer by calling the to…
            diagnostic strict_schema
            diagnostic output_schema
            diagnostic not_strict
            diagnostic output_strategy
        "#]],
    );
}

/// R80: what is said of all schemas together takes `strict` from the tool whose schema costs most, and again, until the
/// request is taken; the output gives way before that.
#[test]
fn r80_refusals_that_name_no_tool() {
    let optional = |names: &[&str]| {
        let members: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "type": "object", "properties": members })
    };
    let three = || {
        let tools = [
            strict("one", optional(&["a"])),
            strict("three", optional(&["a", "b", "c"])),
            strict("none", optional(&[])),
        ];
        config(CLAUDE, tools)
    };
    let said = "The model returned the following errors: ";
    let complex = format!("{said}Schema is too complex.");
    let large = format!(
        "{said}The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools."
    );
    let many = format!("{said}Schemas contains too many optional parameters (25), which would make …");
    check(
        three(),
        &[&complex, &large, &many, &complex],
        expect![[r#"
        tools one (strict), three (strict), none (strict)
        Learned(StrictSchemaRefused(3789110439)): tools one (strict), three, none (strict)
        Learned(StrictSchemaRefused(689012991)): tools one, three, none (strict)
        Learned(StrictSchemaRefused(2220259017)): tools one, three, none
        Failed: tools one, three, none
        diagnostic not_strict
        diagnostic not_strict
        diagnostic not_strict
        failed: the request was not answered
    "#]],
    );
    check(
        three().output(trip()),
        &[&large, &large],
        expect![[r#"
        native trip; tools one (strict), three (strict), none (strict)
        Learned(NativeSchemaRefused(2724134317)): tools one (strict), three (strict), none (strict), trip; any; told: Give your final answer by calling the to…
        Learned(StrictSchemaRefused(3789110439)): tools one (strict), three, none (strict), trip; any; told: Give your final answer by calling the to…
        diagnostic output_schema
        diagnostic output_strategy
        diagnostic not_strict
    "#]],
    );
    let number = format!(
        "{said}Too many strict tools (21). The maximum number of strict tools supported is 20. Try reducing the number of tools marked as strict."
    );
    check(
        three().output(trip()),
        &[&number],
        expect![[r#"
        native trip; tools one (strict), three (strict), none (strict)
        Learned(StrictSchemaRefused(3789110439)): native trip; tools one (strict), three, none (strict)
        diagnostic output_schema
        diagnostic not_strict
    "#]],
    );
    // Without strict tools it is no business of theirs.
    check(
        config(CLAUDE, [ToolSpec::with_schema("plain", "", optional(&[]))]),
        &[&complex],
        expect![[r#"
        tools plain
        Failed: tools plain
        failed: the request was not answered
    "#]],
    );
}

/// R80: what is told names the tool, the place and the keyword, or the service's words; once.
#[test]
fn what_is_told() {
    let mut sim = Sim::new(config(
        CLAUDE,
        [bounded(), map(), strict("open", json!({ "type": "object", "properties": {} }))],
    ));
    sim.refuse("The model returned the following errors: tools.2.custom: For 'array' type, property 'maxItems' is not supported");
    sim.events(whole_call(0, "a", "open", "{}")).events([end("tool_use")]).end_stream().result("a", "Done.");
    expect![[r#"
        asked for without `strict`: `map` (the schema at `/additionalProperties` cannot be sent: it is a map, whose members can have any name)
        the model is shown an adapted schema: `bounded` (`/properties/days`: `minimum` moved into the description)
        asked for without `strict`: `open` (the service refused its schema: For 'array' type, property 'maxItems' is not supported)"#]].assert_eq(&sim.diagnostics.join("\n"));
}

/// R80: all schemas together are too much: the largest goes without `strict`, one after the other. Native output goes
/// first, where it is one of them.
#[test]
fn r80_too_much_together() {
    let two = || config(CLAUDE, [strict("open", json!({ "type": "object", "properties": {} })), bounded()]);
    let large = "The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.";
    let optional =
        "The model returned the following errors: Schemas contains too many optional parameters (25).";
    check(
        two(),
        &[large, "Schema is too complex.", optional],
        expect![[r#"
            tools open (strict), bounded (strict)
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded
            Learned(StrictSchemaRefused(2220259017)): tools open, bounded
            Failed: tools open, bounded
            diagnostic strict_schema
            diagnostic not_strict
            diagnostic not_strict
            failed: the request was not answered
        "#]],
    );
    check(
        two(),
        &["The model returned the following errors: Too many strict tools (2)."],
        expect![[r#"
            tools open (strict), bounded (strict)
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded
            diagnostic strict_schema
            diagnostic not_strict
        "#]],
    );
    check(
        two().output(trip()),
        &[large, large],
        expect![[r#"
            native trip; tools open (strict), bounded (strict)
            Learned(NativeSchemaRefused(2724134317)): tools open (strict), bounded (strict), trip; any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded, trip; any; told: Give your final answer by calling the to…
            diagnostic strict_schema
            diagnostic output_schema
            diagnostic output_strategy
            diagnostic not_strict
        "#]],
    );
    check(
        two().output(trip()),
        &["Too many strict tools (2)."],
        expect![[r#"
            native trip; tools open (strict), bounded (strict)
            Learned(StrictSchemaRefused(692401904)): native trip; tools open (strict), bounded
            diagnostic strict_schema
            diagnostic output_schema
            diagnostic not_strict
        "#]],
    );
    check(
        two().output(trip().strategy(Strategy::Tool)),
        &[optional],
        expect![[r#"
            tools open (strict), bounded (strict), trip; any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(692401904)): tools open (strict), bounded, trip; any; told: Give your final answer by calling the to…
            diagnostic strict_schema
            diagnostic not_strict
        "#]],
    );
    // Without a strict tool it is about something else.
    check(
        config(CLAUDE, [ToolSpec::with_schema("open", "", json!({ "type": "object" }))]),
        &[large],
        expect![[r#"
            tools open
            Failed: tools open
            failed: the request was not answered
        "#]],
    );
}

/// What is said of one tool is said of no other: here of one that the request had beside the agent's.
#[test]
fn r80_a_tool_that_the_user_gave() {
    let given = |output: OutputSpec| {
        let mut config = config(CLAUDE, []).output(output);
        let tools = vec![ToolEntry::from(strict("given", json!({ "type": "object", "properties": {} })))];
        config.request.tool_config = Some(ToolConfig::new(tools));
        config
    };
    let of_given = "The model returned the following errors: tools.0.custom: For 'array' type, property 'maxItems' is not supported";
    check(
        given(trip()),
        &[of_given],
        expect![[r#"
        native trip; tools given (strict)
        Failed: native trip; tools given (strict)
        diagnostic output_schema
        failed: the request was not answered
    "#]],
    );
    let by_strict_tool = || {
        let mut config = given(trip().strict(true));
        config.target_mut().profile.schema.native_output = false;
        config
    };
    check(
        by_strict_tool(),
        &[of_given],
        expect![[r#"
        tools given (strict), trip (strict); any; told: Give your final answer by calling the to…
        Failed: tools given (strict), trip (strict); any; told: Give your final answer by calling the to…
        diagnostic output_schema
        failed: the request was not answered
    "#]],
    );
    check(
        by_strict_tool(),
        &["tools.1.custom: For 'array' type, property 'maxItems' is not supported"],
        expect![[r#"
            tools given (strict), trip (strict); any; told: Give your final answer by calling the to…
            Learned(StrictSchemaRefused(2724134317)): tools given (strict), trip; any; told: Give your final answer by calling the to…
            diagnostic output_schema
            diagnostic output_strategy
        "#]],
    );
}

/// An output is shown while it is written where that is asked for: by a tool that takes fine-grained streaming.
#[test]
fn r40_a_live_output() {
    let fields = |config: TurnConfig| {
        let request = Sim::new(config).ask.unwrap().request;
        crate::support::sent_fields(&request).unwrap_or("none".to_owned())
    };
    let by = |strategy| config(CLAUDE, []).output(trip().live(true).strategy(strategy));
    expect![[r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#]]
        .assert_eq(&fields(by(Strategy::Tool)));
    expect!["none"].assert_eq(&fields(by(Strategy::Native)));
    expect!["none"].assert_eq(&fields(config(CLAUDE, []).output(trip().strategy(Strategy::Tool))));
    // Damage is no output, and the session goes on without.
    let mut sim = Sim::new(by(Strategy::Tool));
    let cut = [&whole_call(0, "o", "trip", r#"{"city":"Lis"#)[..], &[end("tool_use")]].concat();
    sim.events(cut).end_stream();
    assert_eq!(crate::support::sent_fields(&sim.ask.as_ref().unwrap().request), None);
    assert!(sim.turn.conversation().buffers_tools());
    sim.events([&whole_call(0, "p", "trip", GOOD)[..], &[end("tool_use")]].concat()).end_stream();
    assert!(sim.turn.outcome().unwrap().is_ok());
}
