//! Answers other than 2xx: what they say, and how often the SDK asks again.

use std::time::Duration;

use expect_test::expect;
use outcrop_bedrock::{Error, TransportKind};

use crate::{
    server::{Reply, Server},
    support::{HI, bedrock, builder, drain, hi, request, told},
};

/// The error, for Converse and for a stream alike.
async fn refused(reply: Reply) -> Error {
    let server = Server::start(vec![reply; 6]).await;
    let bedrock = builder(&server).max_attempts(1).build().await.unwrap();
    let error = bedrock.converse_stream(&request()).await.unwrap_err();
    let same = bedrock.converse(&request()).await.unwrap_err();
    assert_eq!(told(&error), told(&same));
    error
}

#[tokio::test]
async fn a_refusal_has_code_status_request_id_and_text() {
    let error =
        refused(Reply::refusal(400, "ValidationException", "Input is too long for requested model.")).await;
    expect![[r#"
        error: ValidationException: Input is too long for requested model. (status 400, request id req-1)
          attempts 1, code ValidationException, status 400, request id req-1, context overflow
    "#]]
    .assert_eq(&told(&error));
    assert_eq!(error.message(), Some("Input is too long for requested model."));
    assert_eq!(error.as_service().unwrap().body, r#"{"message":"Input is too long for requested model."}"#);
}

#[tokio::test]
async fn codes_come_from_the_header_or_the_body() {
    for (header, body, code) in [
        ("ThrottlingException", "{}", Some("ThrottlingException")),
        ("aws.coral#ThrottlingException:http://x/", "{}", Some("ThrottlingException")),
        ("", r#"{"code":"AccessDeniedException"}"#, Some("AccessDeniedException")),
        ("", r#"{"__type":"com.amazon.coral.service#ExpiredTokenException"}"#, Some("ExpiredTokenException")),
        ("ServiceQuotaExceededException", "{}", Some("ServiceQuotaExceededException")),
        ("", r#"{"code":403}"#, None),
        ("", "no JSON", None),
    ] {
        let headers: &[(&str, &str)] = if header.is_empty() { &[] } else { &[("x-amzn-errortype", header)] };
        assert_eq!(refused(Reply::whole(400, headers, body)).await.code(), code, "{header} {body}");
    }
    for body in [r#"{"message":"M"}"#, r#"{"Message":"M"}"#, r#"{"errorMessage":"M"}"#] {
        assert_eq!(refused(Reply::whole(400, &[], body)).await.message(), Some("M"));
    }
}

#[tokio::test]
async fn an_error_without_a_code() {
    let error =
        refused(Reply::whole(502, &[("content-type", "text/html")], "<html><h1>Bad gateway</h1></html>"))
            .await;
    expect![[r#"
        error: Bedrock refused the request: <html><h1>Bad gateway</h1></html> (status 502, no request id)
          attempts 1, status 502, retryable
    "#]]
    .assert_eq(&told(&error));
    let error = refused(Reply::whole(429, &[], "")).await;
    expect![[r#"
        error: Bedrock refused the request (status 429, no request id)
          attempts 1, status 429, retryable, throttling
    "#]]
    .assert_eq(&told(&error));
}

#[tokio::test]
async fn wishes_to_wait_are_told() {
    for (name, value, wait) in [
        ("retry-after", "7", Some(Duration::from_secs(7))),
        ("x-amz-retry-after", "1500", Some(Duration::from_millis(1500))),
        ("retry-after", "Sun, 22 Nov 2026 21:00:00 GMT", None),
    ] {
        assert_eq!(refused(Reply::whole(400, &[(name, value)], "{}")).await.retry_after(), wait, "{name}");
    }
}

#[tokio::test]
async fn what_is_retryable() {
    for (status, code, retryable) in [
        (400, "ValidationException", false),
        (400, "ServiceQuotaExceededException", true),
        (403, "AccessDeniedException", false),
        (403, "MPAgreementBeingCreated", true),
        (404, "ResourceNotFoundException", false),
        (408, "ModelTimeoutException", true),
        (424, "ModelErrorException", true),
        (429, "ThrottlingException", true),
        (429, "ModelNotReadyException", true),
        (500, "InternalServerException", true),
        (503, "ServiceUnavailableException", true),
        (529, "OverloadedException", true),
        (501, "NotImplementedException", false),
    ] {
        let error = refused(Reply::refusal(status, code, "M")).await;
        assert_eq!(error.is_retryable(), retryable, "{code}");
        let throttling = matches!(code, "ThrottlingException" | "ServiceQuotaExceededException");
        assert_eq!(error.is_throttling(), throttling, "{code}");
    }
}

/// The texts of R102, each as a family says it.
#[tokio::test]
async fn context_overflow_is_known_by_its_text() {
    for text in [
        "Input is too long for requested model.",
        "The model returned the following errors: prompt is too long: 204807 tokens > 200000 maximum",
        "Too many input tokens.",
        "Input Tokens Exceeded: Number of input tokens exceeds maximum length. Please update the input to try again.",
        "This model's maximum context length is 131072 tokens.",
        "context_length_exceeded",
        "Your input exceeds the context window of this model.",
        "total tokens exceed model maximum",
        "the prompt is longer than the model's context length",
        "input length and `max_tokens` exceed context limit: 199000 + 4000 > 200000",
        "too many total text bytes: 1 > 0",
    ] {
        let error = refused(Reply::refusal(400, "ValidationException", text)).await;
        assert!(error.is_context_overflow() && !error.is_retryable(), "{text}");
    }
    let throttled = refused(Reply::refusal(429, "ThrottlingException", "Too many tokens, please wait")).await;
    assert!(!throttled.is_context_overflow());
}

#[tokio::test]
async fn hints_for_faults_of_set_up() {
    for (status, code, text, hint) in [
        (
            400,
            "ValidationException",
            "Invocation of model ID anthropic.claude-x with on-demand throughput isn’t supported. Retry your request \
             with the ID or ARN of an inference profile that contains this model.",
            "inference profile",
        ),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            "access",
        ),
        (
            403,
            "AccessDeniedException",
            "Model access is denied due to IAM user or service role is not authorized to perform the required AWS \
             Marketplace actions (aws-marketplace:ViewSubscriptions, aws-marketplace:Subscribe)",
            "Marketplace",
        ),
        (
            404,
            "ResourceNotFoundException",
            "Access denied. This Model is marked by provider as Legacy and you have not been actively using the model",
            "active model",
        ),
        (
            404,
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
            "active model",
        ),
        (400, "ValidationException", "The provided model identifier is invalid.", "region"),
        (
            400,
            "ValidationException",
            "not allowed by the data retention mode of the account",
            "data retention",
        ),
        (
            403,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
            "access key",
        ),
        (403, "MPAgreementBeingCreated", "M", "15 minutes"),
    ] {
        let error = refused(Reply::refusal(status, code, text)).await;
        assert!(error.hint().is_some_and(|given| given.contains(hint)), "{text}: {:?}", error.hint());
    }
    assert_eq!(
        refused(Reply::refusal(400, "ValidationException", "Malformed input request")).await.hint(),
        None
    );
}

#[tokio::test]
async fn classes_that_the_sdk_retries() {
    for reply in [
        Reply::refusal(429, "ThrottlingException", "Too many requests"),
        Reply::refusal(429, "ModelNotReadyException", "M"),
        Reply::refusal(500, "InternalServerException", "M"),
        Reply::whole(502, &[("content-type", "text/html")], "<html>Bad gateway</html>"),
        Reply::refusal(503, "ServiceUnavailableException", "M"),
    ] {
        let server = Server::start(vec![reply.clone(); 9]).await;
        let error = bedrock(&server).await.converse_stream(&request()).await.unwrap_err();
        assert_eq!((server.seen().len(), error.attempts()), (3, 3), "{error}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn classes_that_the_sdk_does_not_retry() {
    for (status, code) in [
        (400, "ValidationException"),
        (400, "ServiceQuotaExceededException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (408, "ModelTimeoutException"),
        (424, "ModelErrorException"),
        (529, "OverloadedException"),
    ] {
        let server = Server::start(vec![Reply::refusal(status, code, "M"); 9]).await;
        let error = bedrock(&server).await.converse(&request()).await.unwrap_err();
        assert_eq!((server.seen().len(), error.attempts()), (1, 1), "{error}");
    }
    let server = Server::start(vec![Reply::whole(429, &[], "{}"); 9]).await;
    let error = bedrock(&server).await.converse(&request()).await.unwrap_err();
    assert_eq!((server.seen().len(), error.attempts()), (1, 1), "{error}");
}

#[tokio::test]
async fn success_at_the_third_attempt() {
    let busy = || Reply::refusal(503, "ServiceUnavailableException", "M");
    let server = Server::start([busy(), busy(), Reply::events().chunk(hi()).end()]).await;
    let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    assert_eq!(events.meta().attempts, 3);
    assert!(drain(events).await.ends_with("end\n"));
    let seen = server.seen();
    assert!(seen.iter().all(|request| request.body == seen[0].body));
}

/// A caller that retries by itself sends each call once, whatever the handle is set to.
#[tokio::test]
async fn a_single_attempt_is_sent_once() {
    let unavailable = || Reply::refusal(503, "ServiceUnavailableException", "busy");
    let server = Server::start([unavailable(), unavailable(), unavailable()]).await;
    let bedrock = builder(&server).max_attempts(3).build().await.unwrap();
    assert_eq!(bedrock.single_attempt().converse(&request()).await.unwrap_err().attempts(), 1);
    assert!(matches!(bedrock.single_attempt().stream(&request()).await, Err(error) if error.attempts() == 1));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn attempts_can_be_set() {
    let busy = || Reply::refusal(503, "ServiceUnavailableException", "M");
    for (set, made) in [(0, 1), (1, 1), (2, 2), (5, 5)] {
        let server = Server::start(vec![busy(); 9]).await;
        let bedrock = builder(&server).max_attempts(set).build().await.unwrap();
        assert_eq!(bedrock.converse(&request()).await.unwrap_err().attempts(), made);
        assert_eq!(server.seen().len() as u32, made);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_tried_again() {
    let server = Server::start([Reply::silence(), Reply::silence().reset(), Reply::json(HI)]).await;
    let (_, meta) = bedrock(&server).await.converse(&request()).await.unwrap();
    assert_eq!(meta.attempts, 3);
}

#[tokio::test]
async fn nobody_there() {
    let server = Server::start([]).await;
    let gone = builder(&server).endpoint_url("http://127.0.0.1:1").max_attempts(1).build().await.unwrap();
    let error = gone.converse(&request()).await.unwrap_err();
    let Error::Transport(transport) = &error else { panic!("{error}") };
    assert_eq!(transport.kind, TransportKind::Io);
    assert!(error.is_retryable());
    assert_eq!(error.to_string(), "the connection to Bedrock failed");
}

#[tokio::test]
async fn an_endpoint_that_is_no_url() {
    let server = Server::start([]).await;
    let wrong = builder(&server).endpoint_url("not a url").build().await.unwrap();
    let error = wrong.converse(&request()).await.unwrap_err();
    assert!(matches!(&error, Error::Transport(_)) && !error.is_retryable(), "{error:?}");
}

// The SDK stops retrying once many calls have failed; that must not reach over to other tenants of the process.
#[tokio::test]
async fn retries_used_up_by_one_handle_are_there_for_another() {
    let busy = || Reply::refusal(503, "ServiceUnavailableException", "M");
    let server = Server::start(vec![busy(); 600]).await;
    let unlucky = bedrock(&server).await;
    let mut calls = 0;
    while unlucky.converse(&request()).await.unwrap_err().attempts() == 3 {
        calls += 1;
        assert!(calls < 150, "the budget is limited");
    }
    let other = bedrock(&server).await;
    assert_eq!(other.converse(&request()).await.unwrap_err().attempts(), 3);
}
