//! Streams that end too early, refusals, and models that cannot stream: the right error, and a conversation that
//! can go on.

use std::time::Duration;

use expect_test::{Expect, expect};
use outcrop::{
    Agent, ContentBlock, ErrorKind, History, Session,
    core::{Fact, Message, ToolResult, ToolUse},
};
use outcrop_local::{Answer, Cut, Operation, Script};
use serde_json::json;

use crate::support::{
    CLAUDE, LLAMA, Stage, Watched, assert_askable, client, messages_of, tell_error, tool, watch,
};

const TWO_IN_ONE: &str =
    "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.";
const NO_TOOL_STREAMS: &str = "This model doesn't support tool use in streaming mode.";

fn refusal(message: &str) -> Answer {
    Answer::error(400, "ValidationException", message)
}

/// An answer with something of everything.
fn answer() -> Answer {
    Answer::new().reasoning("Hm.", "c2ln").text("Let me look.").tool_use(
        "t1",
        "good",
        json!({ "city": "Lisbon" }),
    )
}

/// Asks over these answers and tells the error and what is left of the turn; then asks again.
async fn check(answers: impl IntoIterator<Item = Answer>, expected: Expect) {
    let script = answers.into_iter().fold(Script::new(), Script::answer).answer("Still here.");
    let stage = Stage::new(script).await;
    let session = stage.agent().tool(tool("good", |_, _| async { "fine" })).build().unwrap().session();
    let watched = watch(session.ask("Go on.").stream()).await;
    let mut told = match &watched.answer {
        Ok(answer) => format!("answer: {}\n", answer.text()),
        Err(error) => format!("{}\n", tell_error(error)),
    };
    for message in session.history().messages() {
        told += &format!("{} {}\n", message.role, serde_json::to_string(&message.content).unwrap());
    }
    expected.assert_eq(&told);
    assert_askable(&session).await;
    stage.assert_requests();
}

#[tokio::test]
async fn streams_that_end_too_early() {
    // Without a byte, before the first frame's end, within a later frame, before the last frames.
    check([answer().cut(Cut::End(0))], expect![[r#"
        error: the model's answer did not come: the stream ended without messageStop, after 0 events (request id 00000000-0000-4000-8000-000000000001) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check([answer().cut(Cut::End(20))], expect![[r#"
        error: the model's answer did not come: the stream ended within a frame, after 0 events (request id 00000000-0000-4000-8000-000000000001) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check([answer().cut(Cut::End(700))], expect![[r#"
        error: the model's answer did not come: the stream ended within a frame, after 3 events (request id 00000000-0000-4000-8000-000000000001) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check([answer().cut(Cut::Break(700))], expect![[r#"
        error: the model's answer did not come: the stream's connection broke, after 3 events (request id 00000000-0000-4000-8000-000000000001): error reading a body from connection: unexpected EOF during chunk size line [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check([answer().cut(Cut::Break(0))], expect![[r#"
        error: the model's answer did not come: the stream's connection broke, after 0 events (request id 00000000-0000-4000-8000-000000000001): error reading a body from connection: unexpected EOF during chunk size line [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
}

/// Wherever the body is cut, the turn fails or, where only the metadata is missing, goes on; never does half a call
/// run.
#[tokio::test]
async fn a_cut_anywhere() {
    for at in (0..2000).step_by(53) {
        for cut in [Cut::End(at), Cut::Break(at)] {
            let script = Script::new()
                .answer(answer().fragments(["", r#"{"city":"#, r#""Lis"#, r#"bon"}"#]).cut(cut))
                .answer("Still here.")
                .answer("Still here.");
            let stage = Stage::new(script).await;
            let good = tool("good", |input, _| async move {
                assert_eq!(input, json!({ "city": "Lisbon" }));
                "fine"
            });
            let session = stage.agent().tool(good).build().unwrap().session();
            match session.ask("Go on.").await {
                Ok(answer) => assert_eq!((answer.text().as_str(), answer.history.len()), ("Still here.", 4)),
                Err(error) => {
                    assert!(error.is_retryable(), "{at}: {}", tell_error(&error));
                    assert!(error.request_id().is_some(), "{at}: {}", tell_error(&error));
                    let calls = session.history().messages().any(|message| message.tool_uses().count() > 0);
                    assert!(!calls, "{at}: a call is left");
                }
            }
            assert_askable(&session).await;
            stage.assert_requests();
        }
    }
}

#[tokio::test]
async fn exceptions_in_the_stream() {
    let fails = |after, kind| [answer().exception(after, kind, "Try again.")];
    check(fails(0, "throttlingException"), expect![[r#"
        error: the model's answer did not come: ThrottlingException: Try again. (in the stream, status 429, request id 00000000-0000-4000-8000-000000000001) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check(fails(5, "modelStreamErrorException"), expect![[r#"
        error: the model's answer did not come: ModelStreamErrorException: Try again. (in the stream, status 424, request id 00000000-0000-4000-8000-000000000001) [retryable] [request id]
        user [{"text":"Go on."}]
        assistant [{"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"c2ln"}}},{"text":"Let"}]
    "#]]).await;
    check(fails(9, "validationException"), expect![[r#"
        error: the model's answer did not come: ValidationException: Try again. (in the stream, status 400, request id 00000000-0000-4000-8000-000000000001) [request id]
        user [{"text":"Go on."}]
        assistant [{"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"c2ln"}}},{"text":"Let me look."}]
    "#]]).await;
}

#[tokio::test]
async fn refusals_before_the_stream() {
    check([refusal("The provided model identifier is invalid.")], expect![[r#"
        error: the model's answer did not come: ValidationException: The provided model identifier is invalid. (status 400, request id 00000000-0000-4000-8000-000000000001) [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    check([Answer::error(403, "AccessDeniedException", "No access.")], expect![[r#"
        error: the model's answer did not come: AccessDeniedException: No access. (status 403, request id 00000000-0000-4000-8000-000000000001) [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    // The SDK retries these: twice refused and then answered, or refused to the end.
    let busy = || Answer::error(429, "ThrottlingException", "Too many requests.");
    check(
        [busy(), busy(), "Hello.".into()],
        expect![[r#"
        answer: Hello.
        user [{"text":"Go on."}]
        assistant [{"text":"Hello."}]
    "#]],
    )
    .await;
    check([busy(), busy(), busy()], expect![[r#"
        error: the model's answer did not come: ThrottlingException: Too many requests. (status 429, request id 00000000-0000-4000-8000-000000000003) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
    let down = || Answer::error(503, "ServiceUnavailableException", "Come back later.");
    check([down(), down(), down()], expect![[r#"
        error: the model's answer did not come: ServiceUnavailableException: Come back later. (status 503, request id 00000000-0000-4000-8000-000000000003) [retryable] [request id]
        user [{"text":"Go on."}]
    "#]]).await;
}

/// R105: the answer is final at `messageStop`.
#[tokio::test]
async fn metadata_may_be_missing() {
    // Of the 4 frames of a short answer the last one is missing; or an exception stands in its place.
    let short = || Answer::new().text("Hello.");
    for answer in [short().exception(4, "internalServerException", "Late."), short()] {
        let stage = Stage::new(Script::new().answer(answer).answer("Still here.")).await;
        let session = stage.agent().build().unwrap().session();
        let Watched { answer, .. } = watch(session.ask("Go on.").stream()).await;
        assert_eq!(answer.unwrap().text(), "Hello.");
        assert_askable(&session).await;
    }
}

/// R124: without a stream a turn looks the same.
#[tokio::test]
async fn models_that_cannot_stream_with_tools() {
    async fn run(stage: &Stage, bedrock: outcrop::Bedrock) -> (String, Session) {
        let good = tool("good", |_, _| async { "fine" });
        let session = Agent::builder(bedrock).tool(good).build().unwrap().session();
        let watched = watch(session.ask("Go on.").stream()).await;
        stage.assert_requests();
        (watched.told(), session)
    }
    let script = || {
        Script::new()
            .answer(Answer::new().text("Let me look.").tool_use("t1", "good", json!({})))
            .answer("Done.")
            .answer("Still here.")
    };
    let streamed = Stage::new(script()).await;
    let (told, _) = run(&streamed, streamed.bedrock.clone()).await;

    let whole = Stage::new(script()).await;
    let (same, session) = run(&whole, whole.bedrock.with_model(LLAMA)).await;
    // Apart from a word that it is so.
    let (said, same): (Vec<_>, Vec<_>) = same.lines().partition(|line| line.contains("not_streamed"));
    assert_eq!((said.len(), told.lines().collect::<Vec<_>>()), (1, same));
    assert!(whole.local.requests().iter().all(|received| received.operation == Operation::Converse));
    assert_askable(&session).await;

    // A model of which nothing is known, and that refuses: it is asked the other way, once and for all sessions.
    let refused = [refusal(NO_TOOL_STREAMS), answer(), "Done.".into(), "Still here.".into(), "Done.".into()];
    let learning = Stage::new(refused.into_iter().fold(Script::new(), Script::answer)).await;
    let unknown = learning.bedrock.with_model("somebody.new-model-v1:0");
    let good = tool("good", |_, _| async { "fine" });
    let agent = Agent::builder(unknown.clone()).tool(good).build().unwrap();
    let session = agent.session();
    assert_eq!(session.ask("Go on.").await.unwrap().text(), "Done.");
    assert_askable(&session).await;
    assert_eq!(agent.ask("Once more.").await.unwrap().text(), "Done.");
    let operations: Vec<_> = learning.local.requests().iter().map(|received| received.operation).collect();
    use Operation::{Converse, ConverseStream};
    assert_eq!(operations, [ConverseStream, Converse, Converse, Converse, Converse]);
    assert_eq!(unknown.learned_facts(), [Fact::NoToolStreaming]);
}

/// A history whose last turn was interrupted: its results and the next question stand in one message.
fn interrupted() -> History {
    let call: ContentBlock = ToolUse::new("t1", "good", json!({})).into();
    let mut history = History::new();
    history.push_user(Message::user("Go on."));
    history.push_step(
        Message::assistant(call),
        Some("somebody.new-model-v1:0"),
        [ToolResult::text("t1", "fine")],
    );
    history
}

/// R7: a refusal that teaches is asked once more, and remembered.
#[tokio::test]
async fn a_refusal_teaches() {
    let answers = [refusal(TWO_IN_ONE), "Hello.".into(), "Still here.".into(), "Hello.".into()];
    let stage = Stage::new(answers.into_iter().fold(Script::new(), Script::answer)).await;
    let unknown = stage.bedrock.with_model("somebody.new-model-v1:0");
    let agent = Agent::builder(unknown.clone()).tool(tool("good", |_, _| async { "fine" })).build().unwrap();
    let session = Session::from_history(&agent, interrupted());
    let watched = watch(session.ask("And?").stream()).await;
    expect![[r#"
        0 turnStart
        1 stepStart
        1 diagnostic learned
        1[0] textDelta Hello.
        1[0] textEnd
        1 stepEnd end_turn
        1 turnEnd end_turn
        answer: Hello. (end_turn)
    "#]]
    .assert_eq(&watched.told());
    assert!(watched.events.iter().filter(|event| event.step == 1).skip(1).all(|event| event.attempt == 2));
    let sent: Vec<_> = stage.local.requests().iter().map(|received| messages_of(&received.body)).collect();
    assert!(sent[0].ends_with(r#""status":"success"}},{"text":"And?"}]}]"#), "{}", sent[0]);
    assert!(
        sent[1].ends_with(
            r#"{"role":"assistant","content":[{"text":"."}]},{"role":"user","content":[{"text":"And?"}]}]"#
        ),
        "{}",
        sent[1]
    );
    // The same session and later ones know it.
    assert_askable(&session).await;
    assert_eq!(unknown.learned_facts(), [Fact::ToolResultsAlone]);
    let later = Session::from_history(&agent, interrupted());
    assert_eq!(later.ask("And?").await.unwrap().text(), "Hello.");
    let requests = stage.local.requests();
    assert_eq!(requests.len(), 4);
    assert!(messages_of(&requests[2].body).starts_with(sent[1].strip_suffix("]").unwrap()));
    assert_eq!(messages_of(&requests[3].body), sent[1]);
}

/// A model that refuses the same thing twice is not asked for ever.
#[tokio::test]
async fn a_lesson_is_learned_once() {
    let answers = [refusal(TWO_IN_ONE), refusal(TWO_IN_ONE), "Still here.".into()];
    let stage = Stage::new(answers.into_iter().fold(Script::new(), Script::answer)).await;
    let agent = Agent::builder(stage.bedrock.with_model("somebody.new-model-v1:0")).build().unwrap();
    let session = Session::from_history(&agent, interrupted());
    let error = session.ask("And?").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Model(model) if model.code() == Some("ValidationException")));
    assert_eq!(stage.local.requests().len(), 2);
    assert_askable(&session).await;
}

/// What our own time limits end is an error like others.
#[tokio::test]
async fn silence_is_an_error() {
    let slow = Answer::new().text("Hello, you").delay_between(Duration::from_secs(600));
    let stage = Stage::new(Script::new().answer(slow).answer("Still here.")).await;
    let bedrock = client(stage.local.url()).idle_timeout(Duration::from_millis(50)).build().await.unwrap();
    assert_eq!(bedrock.model_id(), CLAUDE);
    let session = Agent::builder(bedrock).build().unwrap().session();
    let error = session.ask("Go on.").await.unwrap_err();
    assert!(error.is_retryable() && error.request_id().is_some(), "{}", tell_error(&error));
    assert_askable(&session).await;
    stage.assert_requests();
}
