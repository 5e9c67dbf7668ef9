//! What is sent: the same bytes for the same conversation, and every setting where it belongs.

use std::time::Duration;

use expect_test::{Expect, expect};
use outcrop::{
    Agent, AgentBuilder, BuildError, InferenceConfig, Session, Tool, ToolSpec,
    core::{
        RawJson, Request,
        wire::{
            CachePoint, GuardrailConfig, ServiceTier, SystemContentBlock, ToolChoice, ToolConfig, ToolEntry,
        },
    },
    schemars::JsonSchema,
    serde::Deserialize,
    testing::ScriptedModel,
};
use outcrop_local::Script;
use serde_json::json;

use crate::support::{Stage, spec, tool};

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
#[allow(dead_code)]
struct Trip {
    /// Why this one.
    reason: String,
    days: Vec<Day>,
    budget: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
#[allow(dead_code)]
struct Day {
    zone: String,
    area: String,
    hours: (u8, u8),
}

fn full(agent: AgentBuilder) -> AgentBuilder {
    agent
        .system("You plan trips.")
        .system(SystemContentBlock::CachePoint(CachePoint::default()))
        .tool(Tool::new("plan", "Plans.", |_: Trip, _| async {}))
        .tools((0..20).map(|at| tool(&format!("tool_{at}"), |_, _| async {})))
        .inference_config(InferenceConfig::new().max_tokens(700u32).temperature(0.7))
        .additional_model_request_fields(json!({ "zeta": 1, "alpha": { "b": 1, "a": 2 } }))
        .request(|request: Request| {
            request.request_metadata([("team", "a"), ("app", "b")].map(|(k, v)| (k.into(), v.into())))
        })
}

/// R24, R85: no cache of prompts works without it.
#[tokio::test]
async fn the_same_conversation_is_sent_as_the_same_bytes() {
    let script = (0..6).fold(Script::new(), |script, _| script.answer("Yes."));
    let stage = Stage::new(script).await;
    let agents = [full(stage.agent()).build().unwrap(), full(stage.agent()).build().unwrap()];
    for agent in [&agents[0], &agents[0], &agents[1]] {
        let session = agent.session();
        session.ask("Lisbon?").await.unwrap();
        session.ask("And Porto?").await.unwrap();
    }
    let bodies: Vec<_> = stage.local.requests().into_iter().map(|received| received.body).collect();
    assert_eq!(bodies.len(), 6);
    for at in 0..4 {
        assert_eq!(bodies[at], bodies[at + 2]);
    }
    assert_ne!(bodies[0], bodies[1]);
}

/// A history that was saved and read again is sent as it was.
#[tokio::test]
async fn a_saved_conversation_is_sent_as_the_same_bytes() {
    let calls = || {
        ScriptedModel::new()
            .calls([("t1", "any", json!({ "z": 1, "a": [1.50, "é"] }))])
            .text("Done.")
            .text("Still here.")
    };
    let model = calls();
    let agent = Agent::builder(model.clone()).tool(tool("any", |_, _| async { "fine" })).build().unwrap();
    let session = agent.session();
    session.ask("Go on.").await.unwrap();
    let saved = serde_json::to_string(&session.history()).unwrap();
    session.ask("And now?").await.unwrap();
    let again = calls().text("Unused.");
    let other = Agent::builder(again.clone()).tool(tool("any", |_, _| async { "fine" })).build().unwrap();
    let resumed = Session::from_history(&other, serde_json::from_str(&saved).unwrap());
    let _ = resumed.ask("And now?").await;
    assert_eq!(model.request_bodies().last(), again.request_bodies().first());
}

#[tokio::test]
async fn settings_arrive() {
    async fn check(set_up: impl FnOnce(AgentBuilder) -> AgentBuilder, expected: Expect) {
        let stage = Stage::new(Script::new().answer("Yes.")).await;
        set_up(stage.agent()).build().unwrap().ask("Hi").await.unwrap();
        expected.assert_eq(std::str::from_utf8(&stage.local.requests()[0].body).unwrap());
    }
    check(|agent| agent, expect![[r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]]).await;
    check(
        |agent| agent.system("Be brief.").system(SystemContentBlock::CachePoint(CachePoint::default())),
        expect![[r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Be brief."},{"cachePoint":{"type":"default"}}]}"#]],
    )
    .await;
    check(
        |agent| {
            agent.inference_config(InferenceConfig::new().max_tokens(9u32).top_p(0.1).stop_sequences(["END"]))
        },
        expect![[r#"{"inferenceConfig":{"maxTokens":9,"topP":0.1,"stopSequences":["END"]},"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]],
    )
    .await;
    check(
        |agent| {
            agent.guardrail_config(
                GuardrailConfig::new().guardrail_identifier("g1").guardrail_version("DRAFT"),
            )
        },
        expect![[r#"{"guardrailConfig":{"guardrailIdentifier":"g1","guardrailVersion":"DRAFT"},"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]],
    )
    .await;
    check(
        |agent| {
            agent.additional_model_request_fields(json!({ "thinking": { "type": "adaptive" }, "a": 0.70 }))
        },
        expect![[r#"{"additionalModelRequestFields":{"thinking":{"type":"adaptive"},"a":0.7},"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]],
    )
    .await;
    check(
        |agent| agent.request(|request| request.service_tier(ServiceTier::new("flex"))),
        expect![[
            r#"{"serviceTier":{"type":"flex"},"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#
        ]],
    )
    .await;
    // A choice and a cache point, in any order with the tools.
    let point = |request: Request| {
        request.tool_config(ToolConfig::new(vec![ToolEntry::CachePoint(CachePoint::default())]))
    };
    check(
        |agent| agent.tool_choice(ToolChoice::any()).request(point).tool(tool("any", |_, _| async {})),
        expect![[r#"{"toolConfig":{"tools":[{"toolSpec":{"name":"any","inputSchema":{"json":{"type":"object"}},"description":"The tool any."}},{"cachePoint":{"type":"default"}}],"toolChoice":{"any":{}}},"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]],
    )
    .await;
    // What is given as messages is replaced.
    check(
        |agent| agent.request(|request| request.messages([outcrop::Message::user("Never sent.")])),
        expect![[r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#]],
    )
    .await;
}

#[test]
fn mistakes_of_the_program() {
    fn check(set_up: impl FnOnce(AgentBuilder) -> AgentBuilder, expected: Expect) {
        let error: BuildError = set_up(Agent::builder(ScriptedModel::new())).build().unwrap_err();
        expected.assert_eq(&error.to_string());
    }
    let of_schema = |schema: &str| {
        let spec = ToolSpec::with_schema("any", "Any.", schema.parse::<RawJson>().unwrap());
        Tool::with_spec(spec, |_: serde_json::Value, _| async {})
    };
    let any = || tool("any", |_, _| async {});
    check(|agent| agent.tool(any()).tool(any()), expect!["two tools are called `any`"]);
    check(
        |agent| agent.tool(any()).tool_choice(ToolChoice::tool("other")),
        expect!["the tool choice asks for `other`, which is not offered"],
    );
    check(
        |agent| agent.tool_choice(ToolChoice::any()),
        expect!["the tool choice asks for any tool, which is not offered"],
    );
    check(
        |agent| agent.tool(tool("get weather", |_, _| async {})),
        expect!["`get weather` is no name for a tool: 1 to 64 letters, digits, `_` or `-`"],
    );
    check(
        |agent| agent.tool(tool("", |_, _| async {})),
        expect!["`` is no name for a tool: 1 to 64 letters, digits, `_` or `-`"],
    );
    check(
        |agent| agent.tool(Tool::new("n", "N.", |_: u8, _| async {})),
        expect![
            "the input schema of tool `n` cannot be used: the top level must be of type `object`; put the value into a field"
        ],
    );
    check(
        |agent| agent.tool(Tool::new("n", "N.", |_: Vec<Day>, _| async {})),
        expect![
            "the input schema of tool `n` cannot be used: the top level must be of type `object`; put the value into a field"
        ],
    );
    check(
        |agent| agent.tool(of_schema("true")),
        expect![
            "the input schema of tool `any` cannot be used: the top level must be of type `object`; put the value into a field"
        ],
    );
    check(
        |agent| agent.tool(of_schema(r#"{"type":"object","properties":7}"#)),
        expect![[r#"the input schema of tool `any` cannot be used: 7 is not of type "object""#]],
    );
    check(
        |agent| agent.tool(of_schema(r##"{"type":"object","$ref":"#/nowhere"}"##)),
        expect!["the input schema of tool `any` cannot be used: Pointer '/nowhere' does not exist"],
    );
    check(|agent| agent.max_steps(0), expect!["max_steps must be at least 1"]);
    check(|agent| agent.max_parallel_tools(0), expect!["max_parallel_tools must be at least 1"]);
    check(|agent| agent.tool_timeout(Duration::ZERO), expect!["tool_timeout must be more than 0"]);
    check(|agent| agent.tool(any().timeout(Duration::ZERO)), expect!["a tool's timeout must be more than 0"]);
    assert!(Agent::builder(ScriptedModel::new()).tool_timeout(Duration::MAX).tool(any()).build().is_ok());
    assert_eq!(spec("any").description.as_deref(), Some("The tool any."));
}

/// The longest time limit is a time limit.
#[tokio::test]
async fn no_time_limit() {
    let model = ScriptedModel::new().calls([("t1", "any", json!({}))]).text("Done.");
    let agent = Agent::builder(model).tool(tool("any", |_, _| async {})).tool_timeout(Duration::MAX);
    assert_eq!(agent.build().unwrap().ask("Go on.").await.unwrap().text(), "Done.");
}
