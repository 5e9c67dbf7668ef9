//! Models that cannot stream, or be counted: asked another way, and remembered.

use expect_test::expect;

use outcrop_bedrock::Bedrock;
use outcrop_core::{
    Fact, Profile, RawJson, Request, ToolSpec,
    wire::{ToolConfig, ToolEntry},
};

use crate::{
    server::{Reply, Server},
    support::{HI, bedrock, builder, drain, hi, request, told},
};

const NO_TOOLS: &str = "This model doesn't support tool use in streaming mode.";

fn no_streaming_with_tools() -> Reply {
    Reply::refusal(400, "ValidationException", NO_TOOLS)
}

fn with_tools() -> Request {
    let spec =
        ToolSpec::with_schema("tide", "The tide now.", r#"{"type":"object"}"#.parse::<RawJson>().unwrap());
    request().tool_config(ToolConfig::new(vec![ToolEntry::from(spec)]))
}

fn paths(server: &Server) -> Vec<String> {
    let short = |path: String| path.rsplit('/').next().unwrap_or_default().to_owned();
    server.seen().into_iter().map(|seen| short(seen.path)).collect()
}

#[tokio::test]
async fn no_tools_in_streams_falls_back_on_converse_and_is_remembered() {
    let server = Server::start([
        no_streaming_with_tools(),
        Reply::json(HI),
        Reply::json(HI),
        Reply::events().chunk(hi()).end(),
        no_streaming_with_tools(),
        Reply::json(HI),
    ])
    .await;
    let bedrock = bedrock(&server).await;
    let events = bedrock.stream(&with_tools()).await.unwrap();
    assert_eq!((events.meta().streamed, events.request_id()), (false, Some("req-1")));
    expect![[r#"
        messageStart {"role":"assistant"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hi"}}
        contentBlockStop {"contentBlockIndex":0}
        messageStop {"stopReason":"end_turn"}
        metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":7}}
        end
    "#]]
    .assert_eq(&drain(events).await);
    assert_eq!(paths(&server), ["converse-stream", "converse"]);
    // Clones know it; requests without tools and other models still stream.
    drain(bedrock.clone().stream(&with_tools()).await.unwrap()).await;
    let plain = bedrock.stream(&request()).await.unwrap();
    assert!(plain.meta().streamed);
    drain(plain).await;
    drain(bedrock.with_model("other.model").stream(&with_tools()).await.unwrap()).await;
    assert_eq!(paths(&server)[2..], ["converse", "converse-stream", "converse-stream", "converse"],);
    let seen = server.seen();
    assert_eq!(seen[0].body, seen[1].body, "the same request goes to Converse");
}

#[tokio::test]
async fn a_profile_that_says_so_needs_no_refusal() {
    let server = Server::start([Reply::json(HI), Reply::json(HI), Reply::events().chunk(hi()).end()]).await;
    let llama = bedrock(&server).await.with_model("us.meta.llama4-maverick-17b-instruct-v1:0");
    drain(llama.stream(&with_tools()).await.unwrap()).await;
    // Set by hand, for ids that do not tell the model; and the other way round.
    let set = |profile| builder(&server).model_profile(profile).build();
    let like_llama = set(Profile::of("meta.llama4-maverick-17b-instruct-v1:0")).await.unwrap();
    drain(like_llama.stream(&with_tools()).await.unwrap()).await;
    drain(set(Profile::permissive()).await.unwrap().stream(&with_tools()).await.unwrap()).await;
    assert_eq!(paths(&server), ["converse", "converse", "converse-stream"]);
}

#[tokio::test]
async fn facts_can_be_taken_along() {
    let refusal =
        Reply::refusal(400, "ValidationException", "This model doesn't support the status field. Remove it.");
    let server = Server::start([refusal, Reply::json(HI)]).await;
    let one = bedrock(&server).await;
    assert!(one.model_profile().tools.result_status);
    // What a refusal says about a conversation is for the turn to judge, which knows what it asked for.
    assert!(one.converse(&request()).await.is_err());
    assert_eq!(one.learned_facts(), []);
    one.teach(Fact::NoToolResultStatus);
    assert_eq!(one.learned_facts(), [Fact::NoToolResultStatus]);
    assert!(!one.model_profile().tools.result_status);
    let other: Bedrock = bedrock(&server).await;
    other.teach(Fact::NoToolStreaming);
    drain(other.stream(&with_tools()).await.unwrap()).await;
    assert_eq!(paths(&server), ["converse", "converse"]);
}

#[tokio::test]
async fn a_new_handle_knows_nothing() {
    let server = Server::start([
        no_streaming_with_tools(),
        Reply::json(HI),
        no_streaming_with_tools(),
        Reply::json(HI),
    ])
    .await;
    for _ in 0..2 {
        drain(bedrock(&server).await.stream(&with_tools()).await.unwrap()).await;
    }
    assert_eq!(paths(&server), ["converse-stream", "converse", "converse-stream", "converse"]);
}

#[tokio::test]
async fn no_streams_at_all() {
    let refusal = Reply::refusal(400, "ValidationException", "The model is unsupported for streaming.");
    let server = Server::start([refusal, Reply::json(HI), Reply::json(HI)]).await;
    let bedrock = bedrock(&server).await;
    drain(bedrock.stream(&request()).await.unwrap()).await;
    drain(bedrock.stream(&with_tools()).await.unwrap()).await;
    assert_eq!(paths(&server), ["converse-stream", "converse", "converse"]);
}

#[tokio::test]
async fn other_refusals_and_converse_stream_itself_do_not_fall_back() {
    let server = Server::start([
        Reply::refusal(400, "ValidationException", "This model doesn't support tool use."),
        no_streaming_with_tools(),
    ])
    .await;
    let bedrock = bedrock(&server).await;
    assert!(bedrock.stream(&with_tools()).await.is_err());
    assert_eq!(bedrock.converse_stream(&with_tools()).await.unwrap_err().message(), Some(NO_TOOLS));
    assert_eq!(paths(&server), ["converse-stream", "converse-stream"]);
}

#[tokio::test]
async fn a_model_that_cannot_be_counted_is_asked_once() {
    let refusal =
        Reply::refusal(400, "ValidationException", "The provided model doesn't support counting tokens.");
    let server = Server::start([refusal, Reply::json(r#"{"inputTokens":1}"#)]).await;
    let bedrock = bedrock(&server).await;
    let first = bedrock.count_tokens(&request()).await.unwrap_err();
    expect![[r#"
        error: ValidationException: The provided model doesn't support counting tokens. (status 400, request id req-1)
          attempts 1, code ValidationException, status 400, request id req-1
    "#]]
    .assert_eq(&told(&first));
    let second = bedrock.count_tokens(&request()).await.unwrap_err();
    assert_eq!((second.attempts(), second.to_string()), (0, first.to_string()));
    assert!(second.hint().is_some());
    assert_eq!(bedrock.with_model("other.model").count_tokens(&request()).await.unwrap(), 1);
    assert_eq!(paths(&server).len(), 2);
}
