//! R39 to R41: what the endpoint is asked for where a tool is declared live, and what becomes of it after damage.

use expect_test::{Expect, expect};
use outcrop::{
    AgentBuilder, Bedrock, Session, ToolStreaming,
    core::{Profile, profile::Support},
};
use outcrop_local::{Answer, Script};
use serde_json::{Value, json};

use crate::support::{LLAMA, Stage, tool, watch};

/// Asks `Go on.` and then, in the same session, as often as there are answers left; tells the model's own fields of
/// each request, the diagnostics of each turn and how it ended.
async fn told(
    answers: Vec<Answer>,
    model: impl FnOnce(&Bedrock) -> Bedrock,
    set_up: impl FnOnce(AgentBuilder) -> AgentBuilder,
) -> String {
    let count = answers.len();
    let stage = Stage::new(answers.into_iter().fold(Script::new(), Script::answer)).await;
    let agent = set_up(outcrop::Agent::builder(model(&stage.bedrock))).build().unwrap();
    let session = agent.session();
    let mut told = String::new();
    while stage.local.requests().len() < count {
        ask(&stage, &session, &mut told).await;
    }
    told
}

async fn ask(stage: &Stage, session: &Session, told: &mut String) {
    let before = stage.local.requests().len();
    let watched = watch(session.ask("Go on.").stream()).await;
    for received in &stage.local.requests()[before..] {
        let fields = received.request().unwrap().additional_model_request_fields;
        let operation = received.path.rsplit('/').next().unwrap();
        *told += &format!("{operation} {}\n", fields.as_ref().map_or("-", |fields| fields.as_str()));
    }
    for line in watched.told().lines().filter(|line| line.contains("diagnostic")) {
        *told += &format!("  {line}\n");
    }
    *told += &match &watched.answer {
        Ok(answer) => format!("  answer: {}\n", answer.text()),
        Err(error) => format!("  error: {error}\n"),
    };
}

fn call(input: &str) -> Answer {
    Answer::new().tool_use("t1", "note", input).fragments([input])
}

fn live(agent: AgentBuilder) -> AgentBuilder {
    agent.tool(tool("note", |_, _| async { "noted" }).live())
}

fn not_live(agent: AgentBuilder) -> AgentBuilder {
    agent.tool(tool("note", |_, _| async { "noted" }))
}

/// A turn of one step.
async fn check(
    model: impl FnOnce(&Bedrock) -> Bedrock,
    set_up: impl FnOnce(AgentBuilder) -> AgentBuilder,
    expected: Expect,
) {
    expected.assert_eq(&told(vec!["Yes.".into()], model, set_up).await);
}

fn claude(bedrock: &Bedrock) -> Bedrock {
    bedrock.clone()
}

#[tokio::test]
async fn who_is_asked() {
    check(
        claude,
        live,
        expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        not_live,
        expect![[r#"
        converse-stream -
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        |agent| agent,
        expect![[r#"
        converse-stream -
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        |agent| not_live(agent).tool_streaming(ToolStreaming::Fine),
        expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        |agent| agent.tool_streaming(ToolStreaming::Fine),
        expect![[r#"
        converse-stream -
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        |agent| live(agent).tool_streaming(ToolStreaming::Buffered),
        expect![[r#"
        converse-stream -
          answer: Yes.
    "#]],
    )
    .await;
    // Families that have no such thing, models that cannot stream, and those that nobody knows.
    for streaming in [ToolStreaming::Auto, ToolStreaming::Fine] {
        let set_up = |agent| live(agent).tool_streaming(streaming);
        let nova = |bedrock: &Bedrock| bedrock.with_model("us.amazon.nova-2-lite-v1:0");
        let llama = |bedrock: &Bedrock| bedrock.with_model(LLAMA);
        let unknown = |bedrock: &Bedrock| bedrock.with_model("somebody.new-model");
        let is_auto = streaming == ToolStreaming::Auto;
        check(
            nova,
            set_up,
            if is_auto {
                expect![[r#"
            converse-stream -
              answer: Yes.
        "#]]
            } else {
                expect![[r#"
            converse-stream -
              1 diagnostic tools_not_fine
              answer: Yes.
        "#]]
            },
        )
        .await;
        check(
            llama,
            set_up,
            if is_auto {
                expect![[r#"
            converse -
              1 diagnostic not_streamed
              answer: Yes.
        "#]]
            } else {
                expect![[r#"
            converse -
              1 diagnostic tools_not_fine
              1 diagnostic not_streamed
              answer: Yes.
        "#]]
            },
        )
        .await;
        check(
            unknown,
            set_up,
            if is_auto {
                expect![[r#"
            converse-stream -
              answer: Yes.
        "#]]
            } else {
                expect![[r#"
            converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
              answer: Yes.
        "#]]
            },
        )
        .await;
    }
    // What the table says can be overridden.
    let mut profile = Profile::of("anthropic.claude-sonnet-4-6");
    profile.tools.fine_streaming = Support::No;
    check(
        claude,
        |agent| live(agent).profile(profile),
        expect![[r#"
        converse-stream -
          answer: Yes.
    "#]],
    )
    .await;
}

/// R40: merged with what the user wrote.
#[tokio::test]
async fn the_users_own_betas_stay() {
    let fields = |agent: AgentBuilder, fields: Value| agent.additional_model_request_fields(fields);
    let own = json!({ "anthropic_beta": ["context-1m-2025-08-07"], "top_k": 5 });
    check(claude, |agent| live(fields(agent, own)), expect![[r#"
        converse-stream {"top_k":5,"anthropic_beta":["context-1m-2025-08-07","fine-grained-tool-streaming-2025-05-14"]}
          answer: Yes.
    "#]]).await;
    let by_hand = json!({ "anthropic_beta": ["fine-grained-tool-streaming-2025-05-14"] });
    check(
        claude,
        |agent| live(fields(agent, by_hand.clone())),
        expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Yes.
    "#]],
    )
    .await;
    check(
        claude,
        |agent| not_live(fields(agent, by_hand.clone())).tool_streaming(ToolStreaming::Fine),
        expect![[r#"
            converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
              answer: Yes.
        "#]],
    )
    .await;
    // Nothing is streamed there.
    let llama = |bedrock: &Bedrock| bedrock.with_model(LLAMA);
    check(
        llama,
        |agent| live(fields(agent, by_hand.clone())),
        expect![[r#"
        converse -
          1 diagnostic not_streamed
          answer: Yes.
    "#]],
    )
    .await;
}

/// R41: what came damaged is told to the model and not run; the next step and the rest of the session go without.
#[tokio::test]
async fn after_damage_inputs_are_buffered() {
    let script =
        || vec![call("{}"), call(r#"{"names": cronjob}"#), call("{}"), "Noted.".into(), "Again.".into()];
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream -
        converse-stream -
          2 diagnostic tools_buffered
          answer: Noted.
        converse-stream -
          answer: Again.
    "#]]
    .assert_eq(&told(script(), claude, live).await);
    // Forced, it stays.
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Noted.
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Again.
    "#]]
    .assert_eq(&told(script(), claude, |agent| live(agent).tool_streaming(ToolStreaming::Fine)).await);
    // Without it damage is nobody's doing.
    expect![[r#"
        converse-stream -
        converse-stream -
        converse-stream -
        converse-stream -
          answer: Noted.
        converse-stream -
          answer: Again.
    "#]]
    .assert_eq(&told(script(), claude, not_live).await);
}

#[tokio::test]
async fn a_cut_input_is_damage_too() {
    let script = vec![call(r#"{"text": "Dear al"#).stop_reason("max_tokens".into()), "Again.".into()];
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          1 diagnostic tools_buffered
          error: the model stopped with `max_tokens` in a call of `note`, which was not run
        converse-stream -
          answer: Again.
    "#]]
    .assert_eq(&told(script, claude, live).await);
    let whole = vec![call("{}").stop_reason("max_tokens".into()), "Again.".into()];
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          error: the model stopped with `max_tokens` in a call of `note`, which was not run
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Again.
    "#]]
    .assert_eq(&told(whole, claude, live).await);
    let malformed = vec![Answer::new().text("I").stop_reason("malformed_tool_use".into()), "Again.".into()];
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          1 diagnostic tools_buffered
          error: the model's output was malformed (`malformed_tool_use`)
        converse-stream -
          answer: Again.
    "#]]
    .assert_eq(&told(malformed, claude, live).await);
}

/// A session that opens later asks for it again; a refusal is known to it.
#[tokio::test]
async fn a_refusal_is_learned() {
    let refused = || {
        let text = "The model returned the following errors: invalid beta flag";
        Answer::error(400, "ValidationException", text)
    };
    let script = vec![refused(), call("{}"), "Noted.".into(), "Again.".into()];
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream -
        converse-stream -
          1 diagnostic learned
          answer: Noted.
        converse-stream -
          answer: Again.
    "#]]
    .assert_eq(&told(script, claude, live).await);

    let script = Script::new().answer(refused()).answer("One.").answer("Two.");
    let stage = Stage::new(script).await;
    let agent = live(stage.agent()).build().unwrap();
    let mut later = String::new();
    for _ in 0..2 {
        ask(&stage, &agent.session(), &mut later).await;
    }
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream -
          1 diagnostic learned
          answer: One.
        converse-stream -
          answer: Two.
    "#]]
    .assert_eq(&later);

    // A flag of the user's own is the user's to take away.
    let own = json!({ "anthropic_beta": ["wrong"] });
    let set_up = |agent: AgentBuilder| not_live(agent).additional_model_request_fields(own);
    expect![[r#"
        converse-stream {"anthropic_beta":["wrong"]}
          error: the model's answer did not come
    "#]]
    .assert_eq(&told(vec![refused()], claude, set_up).await);
}

#[tokio::test]
async fn another_session_is_not_concerned() {
    let script = Script::new().answer(call("{")).answer("One.").answer("Two.");
    let stage = Stage::new(script).await;
    let agent = live(stage.agent()).build().unwrap();
    let mut both = String::new();
    for _ in 0..2 {
        ask(&stage, &agent.session(), &mut both).await;
    }
    expect![[r#"
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
        converse-stream -
          1 diagnostic tools_buffered
          answer: One.
        converse-stream {"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}
          answer: Two.
    "#]]
    .assert_eq(&both);
}
