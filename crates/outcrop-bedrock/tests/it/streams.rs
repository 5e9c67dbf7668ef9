//! How streams end, well and badly.

use expect_test::{Expect, expect};
use futures::StreamExt;
use outcrop_core::{StreamEvent, wire::Frame};

use crate::{
    server::{Reply, Server},
    support::{
        bedrock, block_stop, drain, event, exception, frame, hi, metadata, request, start, stop, text,
    },
};

async fn check(reply: Reply, expected: Expect) {
    let server = Server::start([reply]).await;
    let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    assert_eq!(events.request_id(), Some("req-1"));
    expected.assert_eq(&drain(events).await);
    assert_eq!(server.seen().len(), 1, "nothing is retried after a 200");
}

#[tokio::test]
async fn a_whole_stream() {
    check(
        Reply::events().chunk(hi()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hi"}}
            contentBlockStop {"contentBlockIndex":0}
            messageStop {"stopReason":"end_turn"}
            metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":7}}
            end
        "#]],
    )
    .await;
}

#[tokio::test]
async fn frames_in_pieces_of_any_size() {
    let whole = {
        let server = Server::start([Reply::events().chunk(hi()).end()]).await;
        drain(bedrock(&server).await.converse_stream(&request()).await.unwrap()).await
    };
    for size in [1, 2, 3, 7, 64, 100] {
        let reply = hi().chunks(size).fold(Reply::events(), Reply::chunk).end();
        let server = Server::start([reply]).await;
        let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
        assert_eq!(drain(events).await, whole, "pieces of {size}");
    }
}

#[tokio::test]
async fn unknown_events_deltas_and_members_are_kept() {
    let tides = event("tideTable", r#"{"high":1e2,"p":"x"}"#);
    let delta =
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"hologram":{"z":1,"a":2.50}}}"#);
    let usage = event(
        "metadata",
        r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{}}}"#,
    );
    let reply = [start(), tides, delta, block_stop(), stop(), usage].concat();
    check(
        Reply::events().chunk(reply).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            tideTable {"high":1e2,"p":"x"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"hologram":{"z":1,"a":2.50}}}
            contentBlockStop {"contentBlockIndex":0}
            messageStop {"stopReason":"end_turn"}
            metadata {"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{}}}
            end
        "#]],
    )
    .await;
}

#[tokio::test]
async fn closed_without_message_stop() {
    check(
        Reply::events().chunk([start(), text("Hal")].concat()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hal"}}
            error: the stream ended without messageStop, after 2 events (request id req-1)
              attempts 1, request id req-1, retryable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn cut_within_a_frame() {
    let cut = text("Hal");
    check(
        Reply::events().chunk([&start()[..], &cut[..cut.len() - 3]].concat()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            error: the stream ended within a frame, after 1 events (request id req-1)
              attempts 1, request id req-1, retryable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn an_empty_stream() {
    check(
        Reply::events().end(),
        expect![[r#"
            error: the stream ended without messageStop, after 0 events (request id req-1)
              attempts 1, request id req-1, retryable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn connection_reset() {
    let server = Server::start([Reply::events().chunk(start()).reset()]).await;
    let mut events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    assert!(matches!(events.next().await, Some(Ok(StreamEvent::MessageStart(_)))));
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the stream's connection broke, after 1 events (request id req-1)");
    assert!(error.is_retryable() && std::error::Error::source(&error).is_some());
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn connection_closed_within_the_chunked_body() {
    let server = Server::start([Reply::events().chunk(start())]).await;
    let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    let told = drain(events).await;
    assert!(
        told.contains("error: the stream's connection broke, after 1 events (request id req-1)"),
        "{told}"
    );
}

#[tokio::test]
async fn wrong_checksum() {
    let mut bad = text("Hal");
    let last = bad.len() - 1;
    bad[last] ^= 1;
    check(
        Reply::events().chunk([start(), bad, stop()].concat()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            error: the stream has a damaged frame, after 1 events (request id req-1)
              because: frame checksum does not match
              attempts 1, request id req-1, retryable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn known_event_that_cannot_be_read() {
    check(
        Reply::events().chunk([start(), event("contentBlockStop", r#"{"contentBlockIndex":"zero"}"#)].concat()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            error: the stream has a damaged event, after 1 events (request id req-1)
              because: event `contentBlockStop` cannot be read: invalid type: string "zero", expected u32 at line 1 column 27
              attempts 1, request id req-1
        "#]],
    )
    .await;
}

#[tokio::test]
async fn modelled_exceptions_have_the_status_they_have_outside_of_streams() {
    let table = [
        (
            "internalServerException",
            expect![[r#"
            error: InternalServerException: Oops (in the stream, status 500, request id req-1)
              attempts 1, code InternalServerException, status 500, request id req-1, retryable
        "#]],
        ),
        (
            "modelStreamErrorException",
            expect![[r#"
            error: ModelStreamErrorException: Oops (in the stream, status 424, request id req-1)
              attempts 1, code ModelStreamErrorException, status 424, request id req-1, retryable
        "#]],
        ),
        (
            "validationException",
            expect![[r#"
            error: ValidationException: Oops (in the stream, status 400, request id req-1)
              attempts 1, code ValidationException, status 400, request id req-1
        "#]],
        ),
        (
            "throttlingException",
            expect![[r#"
            error: ThrottlingException: Oops (in the stream, status 429, request id req-1)
              attempts 1, code ThrottlingException, status 429, request id req-1, retryable, throttling
        "#]],
        ),
        (
            "serviceUnavailableException",
            expect![[r#"
            error: ServiceUnavailableException: Oops (in the stream, status 503, request id req-1)
              attempts 1, code ServiceUnavailableException, status 503, request id req-1, retryable
        "#]],
        ),
    ];
    for (name, expected) in table {
        check(Reply::events().chunk(exception(name, r#"{"message":"Oops"}"#)).end(), expected).await;
    }
}

#[tokio::test]
async fn unmodelled_exception_keeps_its_name() {
    check(
        Reply::events()
            .chunk([start(), exception("tideTooHighException", r#"{"message":"Wait"}"#)].concat())
            .end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            error: TideTooHighException: Wait (in the stream, status 500, request id req-1)
              attempts 1, code TideTooHighException, status 500, request id req-1, retryable
        "#]],
    )
    .await;
}

#[tokio::test]
async fn exception_keeps_what_the_models_own_server_said() {
    let payload = r#"{"message":"M","originalStatusCode":400,"originalMessage":"Input is too long for requested model."}"#;
    let server =
        Server::start([Reply::events().chunk(exception("modelStreamErrorException", payload)).end()]).await;
    let mut events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    let refusal = error.as_service().unwrap();
    assert_eq!(refusal.exception_type.as_deref(), Some("modelStreamErrorException"));
    assert_eq!(refusal.original_status, Some(400));
    assert_eq!(refusal.body, payload);
    assert!(error.is_context_overflow() && !error.is_retryable());
}

#[tokio::test]
async fn message_type_error() {
    let unmodelled = Frame::new("")
        .with_header(":message-type", "error")
        .with_header(":error-code", "InternalError")
        .with_header(":error-message", "An internal server error occurred.");
    check(
        Reply::events().chunk([start(), frame(unmodelled)].concat()).end(),
        expect![[r#"
            messageStart {"role":"assistant"}
            error: InternalError: An internal server error occurred. (in the stream, status 500, request id req-1)
              attempts 1, code InternalError, status 500, request id req-1, retryable
        "#]],
    )
    .await;
}

const STOPPED: &str =
    "messageStart {\"role\":\"assistant\"}\nmessageStop {\"stopReason\":\"end_turn\"}\nend\n";

#[tokio::test]
async fn after_message_stop_the_answer_is_final() {
    let stopped = || Reply::events().chunk([start(), stop()].concat());
    let damaged = {
        let mut frame = metadata();
        frame[20] ^= 1;
        frame
    };
    for (what, reply) in [
        ("end without metadata", stopped().end()),
        ("cut in metadata", stopped().chunk(&metadata()[..30]).end()),
        ("damaged metadata", stopped().chunk(damaged).end()),
        ("exception", stopped().chunk(exception("internalServerException", "{}")).end()),
        ("connection reset", stopped().reset()),
        ("closed within the chunked body", stopped()),
    ] {
        let server = Server::start([reply]).await;
        let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
        assert_eq!(drain(events).await, STOPPED, "{what}");
    }
}

#[tokio::test]
async fn an_open_connection_after_metadata_does_not_hold_the_end_back() {
    let server = Server::start([Reply::events().chunk(hi()).until_hang_up()]).await;
    let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    assert!(drain(events).await.ends_with("end\n"));
    server.hung_up().await;
}

#[tokio::test]
async fn metadata_may_come_before_message_stop_or_not_be_readable() {
    let reply = [start(), event("metadata", r#"{"usage":7}"#), stop()].concat();
    let server = Server::start([Reply::events().chunk(reply).until_hang_up()]).await;
    let events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    expect![[r#"
        messageStart {"role":"assistant"}
        metadata {"usage":7}
        messageStop {"stopReason":"end_turn"}
        end
    "#]]
    .assert_eq(&drain(events).await);
}

#[tokio::test]
async fn every_cut_before_the_end_of_message_stop_is_an_error_and_none_after_it() {
    let whole = hi();
    let final_from = whole.len() - metadata().len();
    let cuts = (0..=whole.len()).step_by(3).chain([final_from - 1, final_from, final_from + 1, whole.len()]);
    let cuts = cuts.collect::<Vec<_>>();
    let replies = cuts.iter().map(|cut| Reply::events().chunk(&whole[..*cut]).end()).collect::<Vec<_>>();
    let server = Server::start(replies).await;
    let bedrock = bedrock(&server).await;
    for cut in cuts {
        let told = drain(bedrock.converse_stream(&request()).await.unwrap()).await;
        assert_eq!(
            told.contains("error: the stream ended"),
            cut < final_from,
            "cut after {cut} bytes: {told}"
        );
    }
}

#[tokio::test]
async fn no_content_type_and_no_frames() {
    let server = Server::start([Reply::whole(200, &[], "<html>Sign in to the network</html>")]).await;
    let mut events = bedrock(&server).await.converse_stream(&request()).await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the stream has a damaged frame, after 0 events");
    assert!(error.hint().is_some_and(|hint| hint.contains("endpoint_url")));
}
