//! Turns over real HTTP: the tool loop, what goes wrong in it, and that a conversation goes on after each of them.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use expect_test::{Expect, expect};
use outcrop::{
    AgentBuilder, ContentBlock, Tool, ToolOutput,
    core::{RawJson, StopReason, ToolUse, wire::ReasoningContent},
    schemars::JsonSchema,
    serde::Deserialize,
    testing::ScriptedModel,
};
use outcrop_local::{Answer, Script};
use serde_json::{Value, json};
use tokio::sync::{Barrier, Notify};

use crate::support::{CLAUDE, LLAMA, Stage, assert_askable, messages_of, spec, tool, watch};

/// Runs a turn over these answers, tells it, and asks once more. Every request must be one that Claude takes and
/// begin with the bytes of the one before.
async fn check(
    answers: impl IntoIterator<Item = Answer>,
    set_up: impl FnOnce(AgentBuilder) -> AgentBuilder,
    expected: Expect,
) -> Stage {
    let script = answers.into_iter().fold(Script::new(), Script::answer).answer("Still here.");
    let stage = Stage::new(script).await;
    let session = set_up(stage.agent()).build().unwrap().session();
    let watched = watch(session.ask("Go on.").stream()).await;
    expected.assert_eq(&watched.told());
    assert_askable(&session).await;
    stage.assert_requests();
    stage
}

/// A tool that must not run.
fn forbidden(name: &str) -> Tool {
    tool(name, |_, _| async { panic!("it must not run") as () })
}

fn call(id: &str, name: &str, input: Value) -> Answer {
    Answer::new().tool_use(id, name, input)
}

#[tokio::test]
async fn parallel_calls_finish_in_reverse_and_are_answered_in_order() {
    let done = Arc::new(Notify::new());
    let first = done.clone();
    let answers = [
        Answer::new()
            .reasoning("Two cities.", "c2ln")
            .text("Let me look.")
            .tool_use("t1", "slow", json!({ "city": "Lisbon" }))
            .tool_use("t2", "fast", json!({ "city": "Porto" })),
        "Both are sunny.".into(),
    ];
    let set_up = |agent: AgentBuilder| {
        agent
            .tool(tool("slow", move |_, _| {
                let first = first.clone();
                async move {
                    first.notified().await;
                    "sun, late"
                }
            }))
            .tool(tool("fast", move |input, cx| {
                let done = done.clone();
                async move {
                    cx.progress(json!({ "asked": input["city"] }));
                    done.notify_one();
                    Ok::<_, String>("sun".to_owned())
                }
            }))
    };
    let stage = check(
        answers,
        set_up,
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] reasoningDelta Two cities.
            1[0] reasoningEnd
            1[1] textDelta Let me look.
            1[1] textEnd
            1[2] toolInputStart t1 (slow)
            1[2] toolInputDelta {"city":"Lisbon"}
            1[2] toolInputEnd t1
            1[3] toolInputStart t2 (fast)
            1[3] toolInputDelta {"city":"Porto"}
            1[3] toolInputEnd t2
            1[2] toolStart t1
            1[3] toolStart t2
            1[3] toolProgress t2 {"asked":"Porto"}
            1[3] toolEnd {"toolUseId":"t2","content":[{"text":"sun"}],"status":"success"}
            1[2] toolEnd {"toolUseId":"t1","content":[{"text":"sun, late"}],"status":"success"}
            1 stepEnd tool_use
            2 stepStart
            2[0] textDelta Both are sunny.
            2[0] textEnd
            2 stepEnd end_turn
            2 turnEnd end_turn
            answer: Both are sunny. (end_turn)
        "#]],
    )
    .await;
    let requests = stage.requests();
    let results: Vec<_> = requests[1].messages[2].tool_results().map(|result| &*result.tool_use_id).collect();
    assert_eq!(results, ["t1", "t2"]);
    for request in &requests {
        assert_eq!(request.tool_config, requests[0].tool_config);
        assert_eq!(request.tool_config.as_ref().unwrap().tools.len(), 2);
    }
}

/// R58, R60, R48: what the model wrote goes back as it wrote it.
#[tokio::test]
async fn blocks_go_back_to_the_byte() {
    let input = r#"{ "z" : 123456789012345678901234567890 ,"a":[1.0, 2e3,"\u00e9"] }"#;
    let redacted: ContentBlock =
        serde_json::from_str(r#"{"reasoningContent":{"redactedContent":"AAECAwT/"}}"#).unwrap();
    let answers = [
        Answer::new()
            .reasoning("Hm,  let me\n see. ", "c2lnbmF0dXJl+/==")
            .block(redacted)
            .reasoning("", "b25seSBzaWduZWQ=")
            .text(" Odd \n spacing ")
            .tool_use("t1", "any", input),
        "Done.".into(),
    ];
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = seen.clone();
    let any = Tool::with_spec(spec("any"), move |raw: RawJson, _| {
        keep.lock().unwrap().push(raw.as_str().to_owned());
        async {}
    });
    let stage = check(
        answers,
        |agent| agent.tool(any),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] reasoningDelta Hm,  let me
             see.
            1[0] reasoningEnd
            1[2] reasoningEnd
            1[3] textDelta  Odd 
             spacing
            1[3] textEnd
            1[4] toolInputStart t1 (any)
            1[4] toolInputDelta { "z" : 123456789012345678901234567890 ,"a":[1.0, 2e3,"\u00e9"] }
            1[4] toolInputEnd t1
            1[4] toolStart t1
            1[4] toolEnd {"toolUseId":"t1","content":[{"text":"done"}],"status":"success"}
            1 stepEnd tool_use
            2 stepStart
            2[0] textDelta Done.
            2[0] textEnd
            2 stepEnd end_turn
            2 turnEnd end_turn
            answer: Done. (end_turn)
        "#]],
    )
    .await;
    let sent = messages_of(&stage.local.requests()[1].body);
    for part in [
        r#"{"reasoningContent":{"reasoningText":{"text":"Hm,  let me\n see. ","signature":"c2lnbmF0dXJl+/=="}}}"#,
        r#"{"reasoningContent":{"redactedContent":"AAECAwT/"}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"","signature":"b25seSBzaWduZWQ="}}}"#,
        r#"{"text":" Odd \n spacing "}"#,
        &format!(r#""input":{input}"#),
    ] {
        assert!(sent.contains(part), "{part} is not in {sent}");
    }
    assert_eq!(*seen.lock().unwrap(), [input]);
}

/// R111: blocks that this version does not know are kept and sent back.
#[tokio::test]
async fn unknown_blocks_are_kept() {
    let unknown = r#"{"hologram":{"z":1,"a":1.50}}"#;
    let block: ContentBlock = serde_json::from_str(unknown).unwrap();
    // Without a stream, since no delta carries it.
    let script = Script::new()
        .answer(Answer::new().text("Look:").block(block.clone()).tool_use("t1", "look", json!({})))
        .answer("Done.");
    // A script is checked for streams too, so this one is played by a model of ours.
    assert!(script.check().is_err());
    let message = outcrop::Message::assistant(vec![
        "Look:".into(),
        block.clone(),
        ToolUse::new("t1", "look", json!({})).into(),
    ]);
    let model = ScriptedModel::new().message(message, StopReason::ToolUse).text("Done.");
    let agent =
        outcrop::Agent::builder(model.clone()).tool(tool("look", |_, _| async { 1 })).build().unwrap();
    agent.ask("Show me.").await.unwrap();
    assert!(model.request_bodies()[1].as_str().contains(unknown));
}

/// What a call gives to the model where it goes wrong; the turn goes on.
#[tokio::test]
async fn mistakes_become_results() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(crate = "outcrop::serde")]
    #[schemars(crate = "outcrop::schemars")]
    struct Day {
        /// From 1.
        number: u8,
    }

    async fn check(tool: Tool, name: &str, input: &str, expected: Expect) {
        let call = Answer::new().tool_use("t1", name, input);
        let stage = Stage::new(Script::new().answer(call).answer("I see.").answer("Still here.")).await;
        let session = stage.agent().tool(tool).build().unwrap().session();
        let answer = session.ask("Go on.").await.unwrap();
        assert_eq!(answer.text(), "I see.");
        let requests = stage.requests();
        let result = requests[1].messages[2].tool_results().next().unwrap();
        expected.assert_eq(&serde_json::to_string(&(&result.status, &result.content)).unwrap());
        assert_askable(&session).await;
        stage.assert_requests();
    }

    let good = || tool("good", |_, _| async { "fine" });
    check(good(), "good", "{}", expect![[r#"["success",[{"text":"fine"}]]"#]]).await;
    check(good(), "good", "", expect![[r#"["success",[{"text":"fine"}]]"#]]).await;
    check(
        good(),
        "bad",
        "{}",
        expect![[r#"["error",[{"text":"There is no tool called `bad`. The tools are: `good`."}]]"#]],
    )
    .await;
    check(good(), "good", r#"{"a": tru"#, expect![[r#"["error",[{"text":"The input is not valid JSON (EOF while parsing a value at line 1 column 9), so the tool was not run. Send one JSON object. The input was: {\"a\": tru"}]]"#]]).await;
    check(good(), "good", "[1]", expect![[r#"["error",[{"text":"The input is not valid JSON (not an object), so the tool was not run. Send one JSON object. The input was: [1]"}]]"#]]).await;
    let day = || Tool::new("day", "A day.", |day: Day, _| async move { day.number });
    check(day(), "day", r#"{"number":-1,"x":2}"#, expect![[r#"["error",[{"text":"The input does not fit the tool's schema, so the tool was not run:\n- `/number`: expected a number of at least 0, found the number -1. The schema there: {\"type\":\"integer\",\"format\":\"uint8\",\"minimum\":0,\"maximum\":255,\"description\":\"From 1.\"}"}]]"#]]).await;
    check(day(), "day", r#"{"number":3,"number":4}"#, expect![[r#"["error",[{"text":"The input is not valid JSON (the member `number` is there twice at line 1 column 20), so the tool was not run. Send one JSON object. The input was: {\"number\":3,\"number\":4}"}]]"#]]).await;
    let unit = Tool::new("now", "The time.", |(): (), _| async { "12:00" });
    check(unit, "now", "{}", expect![[r#"["success",[{"text":"12:00"}]]"#]]).await;
    let failing = tool("failing", |_, _| async { Err::<(), _>("no such city") });
    check(failing, "failing", "{}", expect![[r#"["error",[{"text":"no such city"}]]"#]]).await;
    let refusing = tool("refusing", |_, _| async { ToolOutput::error("closed") });
    check(refusing, "refusing", "{}", expect![[r#"["error",[{"text":"closed"}]]"#]]).await;
    let silent = tool("silent", |_, _| async { " " });
    check(silent, "silent", "{}", expect![[r#"["success",[{"text":"(empty)"}]]"#]]).await;
    let early = tool("early", |_, _| {
        assert!(std::hint::black_box(false), "before the future");
        async {}
    });
    check(early, "early", "{}", expect![[r#"["error",[{"text":"The tool failed for a reason of its own. It may have taken effect in part."}]]"#]]).await;
    let late = tool("late", |_, _| async { panic!("inside the future") as () });
    check(late, "late", "{}", expect![[r#"["error",[{"text":"The tool failed for a reason of its own. It may have taken effect in part."}]]"#]]).await;
    let blocking = Tool::blocking("blocking", "Blocks.", |(): (), _| panic!("on its thread") as ());
    check(blocking, "blocking", "{}", expect![[r#"["error",[{"text":"The tool failed for a reason of its own. It may have taken effect in part."}]]"#]]).await;
    let never = tool("never", |_, _| std::future::pending::<()>()).timeout(Duration::from_millis(20));
    check(never, "never", "{}", expect![[r#"["error",[{"text":"The call did not finish within 0.02 s and was stopped. It may or may not have taken effect."}]]"#]]).await;
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("while it is dropped");
        }
    }
    let stuck = tool("stuck", |_, _| async {
        let _guard = PanicsOnDrop;
        std::future::pending::<()>().await
    });
    // That its time is up is decided before it is stopped.
    check(stuck.timeout(Duration::from_millis(20)), "stuck", "{}", expect![[r#"["error",[{"text":"The call did not finish within 0.02 s and was stopped. It may or may not have taken effect."}]]"#]]).await;
}

/// A tool that only ends when the other one has begun: both must run at the same time, one of them on a thread of
/// its own although the runtime has one thread only.
#[tokio::test(flavor = "current_thread")]
async fn blocking_tools_do_not_block_the_others() {
    let (sender, receiver) = mpsc::channel::<()>();
    let receiver = Mutex::new(receiver);
    let blocking = Tool::blocking("blocking", "Waits.", move |(): (), _| {
        let got = receiver.lock().unwrap().recv_timeout(Duration::from_secs(10));
        if got.is_ok() { "released" } else { "stuck" }
    });
    let releasing = tool("releasing", move |_, _| {
        let sender = sender.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            sender.send(()).map_err(|error| error.to_string())
        }
    });
    let answer = Answer::new().tool_use("t1", "blocking", json!({})).tool_use("t2", "releasing", json!({}));
    let stage = check(
        [answer, "Done.".into()],
        |agent| agent.tool(blocking).tool(releasing),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] toolInputStart t1 (blocking)
            1[0] toolInputDelta {}
            1[0] toolInputEnd t1
            1[1] toolInputStart t2 (releasing)
            1[1] toolInputDelta {}
            1[1] toolInputEnd t2
            1[0] toolStart t1
            1[1] toolStart t2
            1[1] toolEnd {"toolUseId":"t2","content":[{"text":"done"}],"status":"success"}
            1[0] toolEnd {"toolUseId":"t1","content":[{"text":"released"}],"status":"success"}
            1 stepEnd tool_use
            2 stepStart
            2[0] textDelta Done.
            2[0] textEnd
            2 stepEnd end_turn
            2 turnEnd end_turn
            answer: Done. (end_turn)
        "#]],
    )
    .await;
    assert!(messages_of(&stage.local.requests()[1].body).contains("released"));
}

#[tokio::test]
async fn limits_of_parallel_calls() {
    async fn check(limit: Option<usize>, expected: usize) {
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // A call only ends when as many as are expected run at the same time.
        let together = Arc::new(Barrier::new(expected));
        let seen = most.clone();
        let work = tool("work", move |_, _| {
            let (running, most, together) = (running.clone(), most.clone(), together.clone());
            async move {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                together.wait().await;
                tokio::task::yield_now().await;
                running.fetch_sub(1, Ordering::SeqCst);
            }
        });
        let calls =
            (0..16).fold(Answer::new(), |answer, at| answer.tool_use(format!("t{at}"), "work", json!({})));
        let stage = Stage::new(Script::new().answer(calls).answer("Done.")).await;
        let mut agent = stage.agent().tool(work);
        if let Some(limit) = limit {
            agent = agent.max_parallel_tools(limit);
        }
        let answer = agent.build().unwrap().ask("Go on.").await.unwrap();
        assert_eq!(
            answer.history.messages().nth(2).unwrap().tool_results().filter(|r| !r.is_error()).count(),
            16
        );
        assert_eq!(seen.load(Ordering::SeqCst), expected);
    }
    check(None, 8).await;
    check(Some(1), 1).await;
    check(Some(16), 16).await;
}

#[tokio::test]
async fn steps_are_limited() {
    let ran = Arc::new(AtomicUsize::new(0));
    let count = ran.clone();
    let more = tool("more", move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        async {}
    });
    check(
        [call("t1", "more", json!({})), call("t2", "more", json!({}))],
        |agent| agent.tool(more).max_steps(2),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] toolInputStart t1 (more)
            1[0] toolInputDelta {}
            1[0] toolInputEnd t1
            1[0] toolStart t1
            1[0] toolEnd {"toolUseId":"t1","content":[{"text":"done"}],"status":"success"}
            1 stepEnd tool_use
            2 stepStart
            2[0] toolInputStart t2 (more)
            2[0] toolInputDelta {}
            2[0] toolInputEnd t2
            2[0] toolStart t2
            2[0] toolEnd {"toolUseId":"t2","content":[{"text":"done"}],"status":"success"}
            2 stepEnd tool_use
            error: the turn reached its limit of 2 steps
        "#]],
    )
    .await;
    assert_eq!(ran.load(Ordering::SeqCst), 2);
}

/// R44: even a call that looks whole is not run when the model was cut off.
#[tokio::test]
async fn a_call_that_was_cut_off_is_not_run() {
    let cut = |input: &str, stop_reason| {
        let answer = Answer::new().text("Now").tool_use("t1", "drop_table", input);
        [answer.stop_reason(stop_reason)]
    };
    check(
        cut(r#"{"target":"users"}"#, StopReason::MaxTokens),
        |agent| agent.tool(forbidden("drop_table")),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Now
            1[0] textEnd
            1[1] toolInputStart t1 (drop_table)
            1[1] toolInputDelta {"target":"users"}
            1[1] toolInputEnd t1
            1[1] toolEnd {"toolUseId":"t1","content":[{"text":"The call was not finished (stop reason `max_tokens`), so the tool was not run."}],"status":"error"}
            1 stepEnd max_tokens
            error: the model stopped with `max_tokens` in a call of `drop_table`, which was not run
        "#]],
    )
    .await;
    check(
        cut(r#"{"target":"users","dry_run":tr"#, StopReason::MaxTokens),
        |agent| agent.tool(forbidden("drop_table")),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Now
            1[0] textEnd
            1[1] toolInputStart t1 (drop_table)
            1[1] toolInputDelta {"target":"users","dry_run":tr
            1[1] toolInputEnd t1
            1[1] toolEnd {"toolUseId":"t1","content":[{"text":"The call was not finished (stop reason `max_tokens`), so the tool was not run."}],"status":"error"}
            1 stepEnd max_tokens
            error: the model stopped with `max_tokens` in a call of `drop_table`, which was not run
        "#]],
    )
    .await;
    check(
        cut(r#"{"target":"users"}"#, StopReason::GuardrailIntervened),
        |agent| agent.tool(forbidden("drop_table")),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Now
            1[0] textEnd
            1[1] toolInputStart t1 (drop_table)
            1[1] toolInputDelta {"target":"users"}
            1[1] toolInputEnd t1
            1[1] toolEnd {"toolUseId":"t1","content":[{"text":"The call was not finished (stop reason `guardrail_intervened`), so the tool was not run."}],"status":"error"}
            1 stepEnd guardrail_intervened
            error: the model stopped with `guardrail_intervened` in a call of `drop_table`, which was not run
        "#]],
    )
    .await;
    check(
        cut(r#"{"target":"users"}"#, "a_new_reason".into()),
        |agent| agent.tool(forbidden("drop_table")),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Now
            1[0] textEnd
            1[1] toolInputStart t1 (drop_table)
            1[1] toolInputDelta {"target":"users"}
            1[1] toolInputEnd t1
            1[1] toolEnd {"toolUseId":"t1","content":[{"text":"The call was not finished (stop reason `a_new_reason`), so the tool was not run."}],"status":"error"}
            1 stepEnd a_new_reason
            error: the model stopped with `a_new_reason` in a call of `drop_table`, which was not run
        "#]],
    )
    .await;
}

/// R45, both ways round.
#[tokio::test]
async fn stop_reasons_that_do_not_fit() {
    check(
        [call("t1", "good", json!({})).stop_reason(StopReason::EndTurn), "Done.".into()],
        |agent| agent.tool(tool("good", |_, _| async { "fine" })),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] toolInputStart t1 (good)
            1[0] toolInputDelta {}
            1[0] toolInputEnd t1
            1 diagnostic call_without_tool_use
            1[0] toolStart t1
            1[0] toolEnd {"toolUseId":"t1","content":[{"text":"fine"}],"status":"success"}
            1 stepEnd end_turn
            2 stepStart
            2[0] textDelta Done.
            2[0] textEnd
            2 stepEnd end_turn
            2 turnEnd end_turn
            answer: Done. (end_turn)
        "#]],
    )
    .await;
    check(
        [Answer::new().text("Nothing to call.").stop_reason(StopReason::ToolUse)],
        |agent| agent,
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Nothing to call.
            1[0] textEnd
            1 diagnostic tool_use_without_call
            1 stepEnd tool_use
            1 turnEnd tool_use
            answer: Nothing to call. (tool_use)
        "#]],
    )
    .await;
    check(
        [Answer::new().text("Half an ans").stop_reason(StopReason::MaxTokens)],
        |agent| agent,
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Half an ans
            1[0] textEnd
            1 stepEnd max_tokens
            1 turnEnd max_tokens
            answer: Half an ans (max_tokens)
        "#]],
    )
    .await;
    check(
        [Answer::new().text("Garb").stop_reason(StopReason::MalformedModelOutput)],
        |agent| agent,
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] textDelta Garb
            1[0] textEnd
            1 stepEnd malformed_model_output
            error: the model's output was malformed (`malformed_model_output`)
        "#]],
    )
    .await;
    check(
        [Answer::new()],
        |agent| agent,
        expect![[r#"
        0 turnStart
        1 stepStart
        1 stepEnd end_turn
        1 turnEnd end_turn
        answer:  (end_turn)
    "#]],
    )
    .await;
}

/// R35a: what the service runs itself is neither run nor answered, and goes back in its place.
#[tokio::test]
async fn calls_of_the_service_are_its_own() {
    let searched: ContentBlock =
        ToolUse::new("s1", "web_search", json!({ "q": "tides" })).kind("server_tool_use").into();
    let found: ContentBlock = outcrop::core::ToolResult::new("s1", vec!["High at noon.".into()])
        .kind("web_search_tool_result")
        .into();
    let answers =
        [Answer::new().block(searched).block(found).tool_use("t1", "good", json!({})), "At noon.".into()];
    let stage = check(
        answers,
        |agent| agent.tool(tool("good", |_, _| async { "fine" })).tool(forbidden("web_search")),
        expect![[r#"
            0 turnStart
            1 stepStart
            1[0] toolInputStart s1 (web_search, by the service)
            1[0] toolInputDelta {"q":"tides"}
            1[0] toolInputEnd s1
            1[2] toolInputStart t1 (good)
            1[2] toolInputDelta {}
            1[2] toolInputEnd t1
            1[2] toolStart t1
            1[2] toolEnd {"toolUseId":"t1","content":[{"text":"fine"}],"status":"success"}
            1 stepEnd tool_use
            2 stepStart
            2[0] textDelta At noon.
            2[0] textEnd
            2 stepEnd end_turn
            2 turnEnd end_turn
            answer: At noon. (end_turn)
        "#]],
    )
    .await;
    let requests = stage.requests();
    assert_eq!(requests[1].messages[1].content.len(), 3);
    assert_eq!(requests[1].messages[2].content.len(), 1);
}

/// A model of another family gets the same conversation in its own form.
#[tokio::test]
async fn a_family_with_rules_of_its_own() {
    let answers = [
        Answer::new().text("Let me look.").tool_use("t1", "good", json!({})),
        "Done.".into(),
        "Still here.".into(),
    ];
    let stage = Stage::new(answers.into_iter().fold(Script::new(), Script::answer)).await;
    let llama = stage.bedrock.with_model(LLAMA);
    let good = tool("good", |_, _| async { Err::<(), _>("closed") });
    let session = outcrop::Agent::builder(llama).tool(good).build().unwrap().session();
    session.ask("Go on.").await.unwrap();
    session.ask("And now?").await.unwrap();
    stage.assert_requests();
    let sent = messages_of(&stage.local.requests()[2].body);
    assert!(!sent.contains("status"), "{sent}");
    assert!(sent.contains("Error: closed"), "{sent}");
    assert!(stage.local.requests().iter().all(|received| received.model_id == LLAMA));
}

/// A conversation that another model began: its reasoning stays in the history and is not sent (R63).
#[tokio::test]
async fn a_history_moves_to_another_model() {
    let script =
        Script::new().answer(Answer::new().reasoning("Hm.", "c2ln").text("Yes.")).answer("Still here.");
    let stage = Stage::new(script).await;
    let history = stage.agent().build().unwrap().ask("Really?").await.unwrap().history;
    let saved = serde_json::to_string(&history).unwrap();
    let other =
        outcrop::Agent::builder(stage.bedrock.with_model("us.anthropic.claude-haiku-4-5")).build().unwrap();
    let session = outcrop::Session::from_history(&other, serde_json::from_str(&saved).unwrap());
    assert_askable(&session).await;
    let reasons = |block: &ContentBlock| {
        matches!(block, ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(_)))
    };
    assert!(session.history().messages().any(|message| message.content.iter().any(reasons)));
    assert!(!messages_of(&stage.local.requests()[1].body).contains("reasoningContent"));
    assert_ne!(stage.local.requests()[1].model_id, CLAUDE);
}
