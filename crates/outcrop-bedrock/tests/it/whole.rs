//! Answers that come whole: Converse, CountTokens, and what is no answer of Bedrock at all.

use expect_test::{Expect, expect};
use outcrop_bedrock::Error;

use crate::{
    server::{Reply, Server},
    support::{HI, bedrock, request, told},
};

#[tokio::test]
async fn converse_gives_the_response_and_its_request_id() {
    let server = Server::start([Reply::json(HI)]).await;
    let (response, meta) = bedrock(&server).await.converse(&request()).await.unwrap();
    assert_eq!(serde_json::to_string(&response).unwrap(), HI);
    assert_eq!((meta.request_id.as_deref(), meta.attempts, meta.streamed), (Some("req-1"), 1, false));
    assert_eq!(server.only().path, "/model/us.anthropic.claude-sonnet-4-6/converse");
}

#[tokio::test]
async fn converse_keeps_what_it_does_not_know() {
    let body = r#"{"output":{"message":{"role":"assistant","content":[{"hologram":{"z":1,"a":1e2}}]}},"stopReason":"refusal","tide":"high"}"#;
    let server = Server::start([Reply::json(body)]).await;
    let (response, _) = bedrock(&server).await.converse(&request()).await.unwrap();
    assert_eq!(serde_json::to_string(&response).unwrap(), body);
}

#[tokio::test]
async fn count_tokens_counts_under_the_base_id() {
    let server = Server::start([Reply::json(r#"{"inputTokens":42}"#)]).await;
    assert_eq!(bedrock(&server).await.count_tokens(&request()).await.unwrap(), 42);
    let seen = server.only();
    assert_eq!(seen.path, "/model/anthropic.claude-sonnet-4-6/count-tokens");
    assert_eq!(
        seen.text(),
        r#"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hello"}]}]}}}"#
    );
}

/// The same answer to a stream and to Converse.
async fn check_no_bedrock(reply: Reply, stream: Expect, converse: Expect) {
    let server = Server::start([reply.clone(), reply]).await;
    let bedrock = bedrock(&server).await;
    let error = bedrock.converse_stream(&request()).await.unwrap_err();
    stream.assert_eq(&told(&error));
    assert!(matches!(error, Error::UnexpectedResponse(_)) && error.hint().is_some());
    let error = bedrock.converse(&request()).await.unwrap_err();
    converse.assert_eq(&told(&error));
    assert!(matches!(error, Error::UnexpectedResponse(_)) && error.hint().is_some());
}

#[tokio::test]
async fn html_with_status_200() {
    check_no_bedrock(
        Reply::whole(200, &[("content-type", "text/html")], "<html>\n  <h1>Sign in</h1>\n</html>"),
        expect![[r#"
            error: expected an event stream, got status 200 with text/html: <html> <h1>Sign in</h1> </html>; the endpoint does not speak Converse: check endpoint_url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and proxies
              attempts 1, status 200
        "#]],
        expect![[r#"
            error: expected a Converse response, got status 200 with text/html (expected value at line 1 column 1): <html> <h1>Sign in</h1> </html>; the endpoint does not speak Converse: check endpoint_url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and proxies
              attempts 1, status 200
        "#]],
    )
    .await;
}

#[tokio::test]
async fn json_with_status_200_that_is_no_response() {
    check_no_bedrock(
        Reply::json(r#"{"choices":[]}"#),
        expect![[r#"
            error: expected an event stream, got status 200 with application/json: {"choices":[]}; the endpoint does not speak Converse: check endpoint_url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and proxies
              attempts 1, status 200, request id req-1
        "#]],
        expect![[r#"
            error: expected a Converse response, got status 200 with application/json (missing field `output` at line 1 column 14): {"choices":[]}; the endpoint does not speak Converse: check endpoint_url, AWS_ENDPOINT_URL_BEDROCK_RUNTIME and proxies
              attempts 1, status 200, request id req-1
        "#]],
    )
    .await;
}

#[tokio::test]
async fn excerpts_are_bounded() {
    let server =
        Server::start([Reply::whole(200, &[("content-type", "text/html")], &"a".repeat(100_000))]).await;
    let error = bedrock(&server).await.converse_stream(&request()).await.unwrap_err();
    let Error::UnexpectedResponse(unexpected) = &error else { panic!("{error}") };
    assert_eq!(unexpected.excerpt.chars().count(), 301);
}

#[tokio::test]
async fn an_empty_body_and_one_that_breaks_off() {
    let server = Server::start([Reply::json(""), Reply::chunked("application/json").chunk(&HI[..40])]).await;
    let bedrock = bedrock(&server).await;
    let error = bedrock.converse(&request()).await.unwrap_err();
    assert!(matches!(error, Error::UnexpectedResponse(_)), "{error}");
    let error = bedrock.converse(&request()).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.is_retryable(), "{error}");
    assert_eq!(error.request_id(), Some("req-1"));
    assert_eq!(server.seen().len(), 2, "a body that breaks off is not asked for again");
}

#[tokio::test]
async fn other_2xx_are_read_too() {
    let server = Server::start([Reply::whole(203, &[("content-type", "application/json")], HI)]).await;
    assert!(bedrock(&server).await.converse(&request()).await.is_ok());
}
