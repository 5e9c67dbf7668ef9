//! Which way of asking comes first, and what each refusal of the service does to it (`bedrock-api` 4.5, 4.6, 6.4).

use expect_test::{Expect, expect};
use outcrop_core::{profile::*, tools::*, turn::*, wire::*};
use serde_json::json;

use crate::{
    output::{GOOD, NATIVE, Step, TOOLS, alone, asking, beside, check, play, told, trip, words},
    support::Recovery,
    support::Sim,
};

/// How the first request asks, by the model.
fn first(model: &str) -> String {
    let alone = asking(&Sim::new(alone(model, trip())).ask.unwrap().request);
    let beside = asking(&Sim::new(beside(model, trip())).ask.unwrap().request);
    format!("{model}\n  alone  {alone}\n  beside {beside}\n")
}

/// R76, 4.6: by family.
#[test]
fn r76_the_first_request_by_family() {
    let models = [
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "anthropic.claude-sonnet-4-20250514-v1:0",
        "us.anthropic.claude-sonnet-4-6",
        "anthropic.claude-fable-5",
        "anthropic.claude-fable-5-1",
        "anthropic.claude-opus-5-5",
        "amazon.nova-pro-v1:0",
        "meta.llama4-scout-17b-instruct-v1:0",
        "meta.llama3-2-1b-instruct-v1:0",
        "mistral.mistral-large-2407-v1:0",
        "mistral.mistral-7b-instruct-v0:2",
        "writer.palmyra-x5-v1:0",
        "openai.gpt-oss-120b-1:0",
        "deepseek.r1-v1:0",
        "deepseek.v3-v1:0",
        "qwen.qwen3-32b-v1:0",
        "xai.grok-4-6",
        "somebody.new-model",
    ];
    expect![[r#"
        anthropic.claude-3-5-sonnet-20241022-v2:0
          alone  tools trip; tool trip
          beside tools plan, now, trip; any; told: Give your final answer by calling the to…
        anthropic.claude-sonnet-4-20250514-v1:0
          alone  tools trip; tool trip
          beside tools plan, now, trip; any; told: Give your final answer by calling the to…
        us.anthropic.claude-sonnet-4-6
          alone  native trip
          beside native trip; tools plan, now
        anthropic.claude-fable-5
          alone  tools trip; told: Give your final answer by calling the to…
          beside tools plan, now, trip; told: Give your final answer by calling the to…
        anthropic.claude-fable-5-1
          alone  
          beside tools plan, now
        anthropic.claude-opus-5-5
          alone  native trip
          beside native trip; tools plan, now
        amazon.nova-pro-v1:0
          alone  tools trip; tool trip
          beside tools plan, now, trip; any; told: Give your final answer by calling the to…
        meta.llama4-scout-17b-instruct-v1:0
          alone  tools trip; told: Give your final answer by calling the to…
          beside tools plan, now, trip; told: Give your final answer by calling the to…
        meta.llama3-2-1b-instruct-v1:0
          alone  told: Answer with one JSON object that fits th…
          beside tools plan, now; told: When you need no more tools, answer with…
        mistral.mistral-large-2407-v1:0
          alone  tools trip; any; told: Give your final answer by calling the to…
          beside tools plan, now, trip; any; told: Give your final answer by calling the to…
        mistral.mistral-7b-instruct-v0:2
          alone  
          beside tools plan, now
        writer.palmyra-x5-v1:0
          alone  tools trip; told: Give your final answer by calling the to…
          beside tools plan, now, trip; told: Give your final answer by calling the to…
        openai.gpt-oss-120b-1:0
          alone  native trip
          beside native trip; tools plan, now
        deepseek.r1-v1:0
          alone  told: Answer with one JSON object that fits th…
          beside tools plan, now; told: When you need no more tools, answer with…
        deepseek.v3-v1:0
          alone  native trip
          beside native trip; tools plan, now
        qwen.qwen3-32b-v1:0
          alone  native trip
          beside native trip; tools plan, now
        xai.grok-4-6
          alone  tools trip; tool trip
          beside tools plan, now, trip; any; told: Give your final answer by calling the to…
        somebody.new-model
          alone  native trip
          beside native trip; tools plan, now
    "#]]
    .assert_eq(&models.map(first).concat());
}

/// A request of the model's own fields, and how the first request asks then.
fn with_fields(model: &str, fields: serde_json::Value, expected: Expect) {
    let mut config = alone(model, trip());
    config.request.additional_model_request_fields = Some(fields.into());
    expected.assert_eq(&asking(&Sim::new(config).ask.unwrap().request));
}

/// R64, R65: a choice is never forced where thinking forbids it.
#[test]
fn r64_no_forced_choice_while_it_thinks() {
    let old = "anthropic.claude-sonnet-4-20250514-v1:0";
    with_fields(old, json!({}), expect!["tools trip; tool trip"]);
    with_fields(
        old,
        json!({ "thinking": { "type": "enabled", "budget_tokens": 2000 } }),
        expect!["tools trip; told: Give your final answer by calling the to…"],
    );
    with_fields(
        old,
        json!({ "reasoning_config": { "type": "enabled", "budget_tokens": 2000 } }),
        expect!["tools trip; told: Give your final answer by calling the to…"],
    );
    with_fields(old, json!({ "thinking": { "type": "disabled" } }), expect!["tools trip; tool trip"]);
    // What the caller says of the choice itself stays.
    with_fields(
        old,
        json!({ "tool_choice": { "type": "auto" } }),
        expect!["tools trip; told: Give your final answer by calling the to…"],
    );
    let fable = "anthropic.claude-fable-5";
    with_fields(fable, json!({}), expect!["tools trip; told: Give your final answer by calling the to…"]);
    // Other families think and can be forced.
    with_fields(TOOLS, json!({ "thinking": { "type": "enabled" } }), expect!["tools trip; tool trip"]);
}

/// R81: with citations there is neither native output nor a forced choice.
#[test]
fn r81_citations() {
    let source = || DocumentSource::Text("Lisbon.".into());
    let cited = DocumentBlock::new("a", source()).citations(CitationsConfig::new(true));
    let mut history = History::new();
    history.push_user(Message::new(Role::User, vec![ContentBlock::from(cited), "Read this.".into()]));
    let sim = Sim::over(alone(NATIVE, trip()), history);
    expect![[r#"
        ask with 1 messages
        diagnostic output_strategy

        tools trip; told: Give your final answer by calling the to…"#]]
    .assert_eq(&format!("{}\n{}", sim.log, asking(&sim.ask.unwrap().request)));
}

/// The caller's own choice of tools holds for the first step.
#[test]
fn the_callers_choice() {
    let with_choice = |choice| {
        let mut config = beside(TOOLS, trip());
        config.request.tool_config = Some(ToolConfig::new(Vec::new()).tool_choice(choice));
        config
    };
    let plan = || crate::output::calls("plan", r#"{"city":"Porto"}"#);
    let output = || crate::output::calls("trip", GOOD);
    check(
        with_choice(ToolChoice::tool("plan")),
        [plan(), output()],
        expect![[r#"
        ask: tools plan, now, trip; tool plan; told: Give your final answer by calling the to…
        run o plan `{"city":"Porto"}`
        result o success: ok
        ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
        output by a tool after 0: {"city":"Lisbon","days":2}
    "#]],
    );
    check(
        with_choice(ToolChoice::auto()),
        [plan(), output()],
        expect![[r#"
        ask: tools plan, now, trip; auto; told: Give your final answer by calling the to…
        run o plan `{"city":"Porto"}`
        result o success: ok
        ask: tools plan, now, trip; auto; told: Give your final answer by calling the to…
        output by a tool after 0: {"city":"Lisbon","days":2}
    "#]],
    );
}

const REFUSED: &str = "The model returned the following errors: ";

/// Refusals of the first request of `config`, and how the next one asks.
fn refused(config: impl Fn() -> TurnConfig, refusals: &[&'static str], expected: Expect) {
    let told = refusals.iter().map(|refusal| {
        let told = told(config(), [Step::Refuses(refusal)]);
        format!("{refusal}\n{}\n", told.lines().map(|line| format!("    {line}\n")).collect::<String>())
    });
    expected.assert_eq(&told.collect::<String>());
}

/// R76, R80: every text of 6.4 that is about native output.
#[test]
fn r76_native_output_is_refused() {
    let native = || alone(NATIVE, trip());
    refused(
        native,
        &[
            "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
            "This model doesn\u{2019}t support the outputConfig field. Remove outputConfig and try again.",
            "The model returned the following errors: output_config.format: Extra inputs are not permitted",
        ],
        expect![[r#"
            This model doesn't support the outputConfig field. Remove outputConfig and try again.
                ask: native trip
                diagnostic output_schema
                Learned(NoNativeOutput)
                ask: tools trip; tool trip
                diagnostic output_strategy

            This model doesn’t support the outputConfig field. Remove outputConfig and try again.
                ask: native trip
                diagnostic output_schema
                Learned(NoNativeOutput)
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: output_config.format: Extra inputs are not permitted
                ask: native trip
                diagnostic output_schema
                Learned(NoNativeOutput)
                ask: tools trip; tool trip
                diagnostic output_strategy

        "#]],
    );
    refused(
        native,
        &[
            "The model returned the following errors: output_config.format.schema: For 'array' type, property 'maxItems' is not supported",
            "The model returned the following errors: output_config.format.schema: Schema type 'oneOf' is not supported",
            "The model returned the following errors: Schema is too complex.",
            "The model returned the following errors: Schemas contains too many optional parameters (25), which would make grammar compilation inefficient.",
            "The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
        ],
        expect![[r#"
            The model returned the following errors: output_config.format.schema: For 'array' type, property 'maxItems' is not supported
                ask: native trip
                diagnostic output_schema
                Learned(NativeSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: output_config.format.schema: Schema type 'oneOf' is not supported
                ask: native trip
                diagnostic output_schema
                Learned(NativeSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: Schema is too complex.
                ask: native trip
                diagnostic output_schema
                Learned(NativeSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: Schemas contains too many optional parameters (25), which would make grammar compilation inefficient.
                ask: native trip
                diagnostic output_schema
                Learned(NativeSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.
                ask: native trip
                diagnostic output_schema
                Learned(NativeSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

        "#]],
    );
    refused(
        native,
        &["The model returned the following errors: Citations cannot be enabled when output format is set"],
        expect![[r#"
            The model returned the following errors: Citations cannot be enabled when output format is set
                ask: native trip
                diagnostic output_schema
                AsksAgain
                ask: tools trip; told: Give your final answer by calling the to…
                diagnostic output_strategy

        "#]],
    );
}

/// R77, R79: what cannot be said natively is asked for by a tool, and that is told.
#[test]
fn r77_schemas_that_cannot_be_native() {
    let with = |schema: serde_json::Value| OutputSpec::new("out", schema).unwrap();
    let map = || with(json!({ "type": "object", "additionalProperties": { "type": "integer" } }));
    let tree = || {
        let node = json!({ "type": "object", "properties": { "in": { "$ref": "#/$defs/node" } } });
        with(json!({ "$ref": "#/$defs/node", "$defs": { "node": node } }))
    };
    let many = || {
        let members = (0..25).map(|n| (format!("m{n}"), json!({ "type": "string" })));
        with(json!({ "type": "object", "properties": serde_json::Map::from_iter(members) }))
    };
    let mut seen = String::new();
    for spec in [map(), tree(), many(), map().strategy(Strategy::Native)] {
        let mut turn =
            Turn::new(alone(NATIVE, spec).into(), History::new(), Message::user("Go"), "t", Time(0));
        let action = turn.next_action();
        while let Some(event) = turn.next_event() {
            if let EventKind::Diagnostic(told) = event.kind {
                seen += &format!("{}: {}\n", told.code, told.message);
            }
        }
        match (action, turn.outcome()) {
            (Some(Action::Converse(ask)), None) => seen += &format!("{}\n", asking(&ask.request)),
            (None, Some(Err(TurnFailure::Output(failure)))) => seen += &format!("{failure}\n"),
            other => panic!("{other:?}"),
        }
    }
    expect![[r#"
        output_strategy: the output is asked for by a tool: the schema at `/additionalProperties` cannot be sent: it is a map, whose members can have any name
        tools out; tool out
        output_strategy: the output is asked for by a tool: the schema at the root cannot be sent: it leads to itself
        tools out; tool out
        output_strategy: the output is asked for by a tool: 25 optional members in strict schemas, and the service takes 24 in one request
        tools out; tool out
        the schema cannot be asked for by native output: the schema at `/additionalProperties` cannot be sent: it is a map, whose members can have any name
    "#]].assert_eq(&seen);
    // Natively there is no room for it beside strict tools, which count too (R78).
    let text = json!({ "type": "string" });
    let two = json!({ "type": "object", "properties": { "a": text, "b": text } });
    let strict = (0..12).map(|n| {
        let mut spec = ToolSpec::with_schema(format!("t{n}"), "", two.clone());
        spec.strict = Some(true);
        spec
    });
    let tools = std::sync::Arc::new(ToolSet::new(strict).unwrap());
    let native = |spec: OutputSpec| {
        let config = TurnConfig::new(NATIVE, tools.clone()).output(spec);
        Sim::new(config).ask.unwrap().request.output_config.is_some()
    };
    assert!(native(trip()));
    assert!(!native(with(json!({ "type": "object", "properties": { "a": text } }))));
}

/// Other refusals are no business of the output.
#[test]
fn what_is_not_about_the_output() {
    for text in [
        "output_config.effort: Extra inputs are not permitted",
        "top_k: Extra inputs are not permitted",
        "Input is too long for requested model.",
        "This model doesn't support tool use.",
        r#"tool_choice: type "tool" and "any" are not supported for this model."#,
        "The provided model identifier is invalid.",
    ] {
        let mut sim = Sim::new(alone(NATIVE, trip()));
        assert_eq!(sim.refuse(text), Recovery::Failed, "{REFUSED}{text}");
        assert!(sim.log.ends_with("failed: the request was not answered\n"), "{}", sim.log);
    }
}

/// R64, R65: forced choices that are refused.
#[test]
fn r65_a_forced_choice_is_refused() {
    let forced = || alone(TOOLS, trip());
    refused(
        forced,
        &[
            r#"The model returned the following errors: tool_choice: type "tool" and "any" are not supported for this model."#,
            "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.",
            "This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.",
            "This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.",
            "This model doesn't support the toolConfig.toolChoice field. Remove toolConfig.toolChoice and try again.",
            "This model doesn't support tool use.",
        ],
        expect![[r#"
            The model returned the following errors: tool_choice: type "tool" and "any" are not supported for this model.
                ask: tools trip; tool trip
                Learned(NoForcedTools)
                ask: tools trip; told: Give your final answer by calling the to…
                diagnostic output_strategy

            The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.
                ask: tools trip; tool trip
                Learned(NoForcedTools)
                ask: tools trip; told: Give your final answer by calling the to…
                diagnostic output_strategy

            This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.
                ask: tools trip; tool trip
                Learned(NoNamedTool)
                ask: tools trip; any; told: Give your final answer by calling the to…
                diagnostic output_strategy

            This model doesn't support the toolConfig.toolChoice.any field. Remove toolConfig.toolChoice.any and try again.
                ask: tools trip; tool trip
                Failed
                failed: the request was not answered

            This model doesn't support the toolConfig.toolChoice field. Remove toolConfig.toolChoice and try again.
                ask: tools trip; tool trip
                Learned(NoForcedTools)
                ask: tools trip; told: Give your final answer by calling the to…
                diagnostic output_strategy

            This model doesn't support tool use.
                ask: tools trip; tool trip
                Learned(NoTools)
                ask: told: Answer with one JSON object that fits th…
                diagnostic output_strategy

        "#]],
    );
}

/// R64: what is learned depends on whether the request said that the model is to think.
#[test]
fn r64_thinking_that_nobody_asked_for() {
    let text = "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.";
    let thinking = |kind: &str| {
        let mut config = alone("somebody.new-model", trip().strategy(Strategy::Tool));
        config.request.additional_model_request_fields = Some(json!({ "thinking": { "type": kind } }).into());
        config
    };
    refused(
        || thinking("enabled"),
        &[text],
        expect![[r#"
        The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.
            ask: tools trip; tool trip
            Learned(NoForcedToolsWhileThinking)
            ask: tools trip; told: Give your final answer by calling the to…
            diagnostic output_strategy

    "#]],
    );
    refused(
        || alone("somebody.new-model", trip().strategy(Strategy::Tool)),
        &[text],
        expect![[r#"
        The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.
            ask: tools trip; tool trip
            Learned(NoForcedTools)
            ask: tools trip; told: Give your final answer by calling the to…
            diagnostic output_strategy

    "#]],
    );
}

/// Where there is no system prompt the first message says it.
#[test]
fn without_a_system_prompt() {
    let sim = Sim::new(alone("amazon.titan-text-express-v1", trip()));
    expect![[r#"[{"role":"user","content":[{"text":"Go"},{"text":"Answer with one JSON object that fits this JSON Schema, and with nothing else: no words before or after it, no code fence.\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\",\"minimum\":1}},\"required\":[\"city\",\"days\"],\"additionalProperties\":false}"}]}]"#]].assert_eq(&sim.asked());
}

/// From `tool` to `any` to neither.
#[test]
fn one_choice_after_the_other() {
    check(
        alone("somebody.new-model", trip().strategy(Strategy::Tool)),
        [
            Step::Refuses("This model doesn't support the toolConfig.toolChoice.tool field. Remove it."),
            Step::Refuses("This model doesn't support the toolConfig.toolChoice.any field. Remove it."),
            words("no"),
            crate::output::calls("trip", GOOD),
        ],
        expect![[r#"
            ask: tools trip; tool trip
            Learned(NoNamedTool)
            ask: tools trip; any; told: Give your final answer by calling the to…
            diagnostic output_strategy
            Learned(NoAnyTool)
            ask: tools trip; told: Give your final answer by calling the to…
            diagnostic output_strategy
            rejected: - it was not given by the tool `trip`
            ask: tools trip; told: Give your final answer by calling the to…
            output by a tool after 1: {"city":"Lisbon","days":2}
        "#]],
    );
}

/// From the top to the bottom in one turn, with nothing lost.
#[test]
fn all_the_way_down() {
    check(
        alone("somebody.new-model", trip().strict(true)),
        [
            Step::Refuses(
                "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
            ),
            Step::Refuses(
                "The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted",
            ),
            Step::Refuses("This model doesn't support tool use."),
            words(GOOD),
        ],
        expect![[r#"
            ask: native trip
            diagnostic output_schema
            Learned(NoNativeOutput)
            ask: tools trip (strict); tool trip
            diagnostic output_strategy
            diagnostic output_schema
            Learned(NoStrictTools)
            ask: tools trip; tool trip
            diagnostic output_strategy
            Learned(NoTools)
            ask: told: Answer with one JSON object that fits th…
            diagnostic output_strategy
            output by words alone after 0: {"city":"Lisbon","days":2}
        "#]],
    );
}

/// R80: a strict tool's schema.
#[test]
fn r80_a_strict_tool_is_refused() {
    let strict = || {
        let mut config = alone(NATIVE, trip().strict(true));
        config.target_mut().profile.schema.native_output = false;
        config
    };
    refused(
        strict,
        &[
            "The model returned the following errors: tools.0.custom: For 'array' type, property 'maxItems' is not supported",
            "The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted",
            "The model returned the following errors: The compiled grammar is too large, which would cause performance issues.",
        ],
        expect![[r#"
            The model returned the following errors: tools.0.custom: For 'array' type, property 'maxItems' is not supported
                ask: tools trip (strict); tool trip
                diagnostic output_schema
                Learned(StrictSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted
                ask: tools trip (strict); tool trip
                diagnostic output_schema
                Learned(NoStrictTools)
                ask: tools trip; tool trip
                diagnostic output_strategy

            The model returned the following errors: The compiled grammar is too large, which would cause performance issues.
                ask: tools trip (strict); tool trip
                diagnostic output_schema
                Learned(StrictSchemaRefused(2724134317))
                ask: tools trip; tool trip
                diagnostic output_strategy

        "#]],
    );
}

/// What was demanded is kept to.
#[test]
fn a_demanded_strategy_does_not_change() {
    refused(
        || alone(NATIVE, trip().strategy(Strategy::Native)),
        &["This model doesn't support the outputConfig field. Remove outputConfig and try again."],
        expect![[r#"
            This model doesn't support the outputConfig field. Remove outputConfig and try again.
                ask: native trip
                diagnostic output_schema
                Failed
                failed: the request was not answered

        "#]],
    );
}

/// With other tools a model that takes none cannot go on.
#[test]
fn tools_of_the_user_are_not_dropped() {
    refused(
        || beside(TOOLS, trip()),
        &["This model doesn't support tool use."],
        expect![[r#"
        This model doesn't support tool use.
            ask: tools plan, now, trip; any; told: Give your final answer by calling the to…
            Failed
            failed: the request was not answered

    "#]],
    );
}

/// D6: what was learned holds for later turns that start from it, and goes through JSON.
#[test]
fn d6_what_was_learned_is_remembered() {
    let mut learned = Vec::new();
    for text in [
        "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
        "The model returned the following errors: output_config.format.schema: Schema type 'oneOf' is not supported",
    ] {
        let sim = play(alone(NATIVE, trip()), [Step::Refuses(text)]);
        learned.push(*sim.remembered.last().unwrap());
    }
    let json = serde_json::to_string(&learned).unwrap();
    expect![[r#"["noNativeOutput",{"nativeSchemaRefused":2724134317}]"#]].assert_eq(&json);
    let again: Vec<Fact> = serde_json::from_str(&json).unwrap();
    assert_eq!(again, learned);
    for fact in again {
        let mut config = alone(NATIVE, trip());
        config.target_mut().profile = config.target().profile.clone().with_fact(fact);
        assert!(asking(&Sim::new(config).ask.unwrap().request).contains("tools trip"), "{fact:?}");
        let other = OutputSpec::new("other", json!({ "type": "object", "properties": {} })).unwrap();
        let mut config = alone(NATIVE, other);
        config.target_mut().profile = config.target().profile.clone().with_fact(fact);
        let native = asking(&Sim::new(config).ask.unwrap().request).contains("native");
        assert_eq!(native, fact != Fact::NoNativeOutput, "a schema says nothing of others: {fact:?}");
    }
}

/// A refusal after the model began to answer is none of the request.
#[test]
fn nothing_is_asked_again_once_it_answered() {
    let mut sim = Sim::new(alone(NATIVE, trip()));
    sim.events([crate::support::text(0, "{")]);
    assert_eq!(sim.refuse("This model doesn't support the outputConfig field."), Recovery::Failed);
}
