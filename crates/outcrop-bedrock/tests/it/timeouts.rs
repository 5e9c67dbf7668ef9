//! Silence: which limits there are, and what they do not do.

use std::time::Duration;

use expect_test::expect;
use futures::StreamExt;
use outcrop_bedrock::{
    Bedrock, Error, TimeoutKind,
    aws_config::{BehaviorVersion, Region, SdkConfig, timeout::TimeoutConfig},
};

use crate::{
    server::{Reply, Server},
    support::{HI, MODEL, builder, drain, hi, metadata, request, start, stop, text, told},
};

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn silence_between_events() {
    let server =
        Server::start([Reply::events().chunk([start(), text("Hal")].concat()).until_hang_up()]).await;
    let bedrock = builder(&server).idle_timeout(SHORT).build().await.unwrap();
    expect![[r#"
        messageStart {"role":"assistant"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hal"}}
        error: the answer fell silent within 150ms (request id req-1)
          attempts 1, request id req-1, retryable
    "#]]
    .assert_eq(&drain(bedrock.converse_stream(&request()).await.unwrap()).await);
    server.hung_up().await;
}

#[tokio::test]
async fn no_first_event_after_the_headers() {
    let server = Server::start([Reply::events().until_hang_up()]).await;
    let bedrock = builder(&server).first_event_timeout(SHORT).build().await.unwrap();
    expect![[r#"
        error: no first event within 150ms (request id req-1)
          attempts 1, request id req-1, retryable
    "#]]
    .assert_eq(&drain(bedrock.converse_stream(&request()).await.unwrap()).await);
}

#[tokio::test]
async fn no_headers_in_the_time_for_the_first_event() {
    let server = Server::start([Reply::silence().until_hang_up()]).await;
    let bedrock = builder(&server).first_event_timeout(SHORT).build().await.unwrap();
    let error = bedrock.converse_stream(&request()).await.unwrap_err();
    expect![[r#"
        error: no first event within 150ms
          attempts 1, retryable
    "#]]
    .assert_eq(&told(&error));
    server.hung_up().await;
}

#[tokio::test]
async fn limits_can_be_off() {
    let pause = Duration::from_millis(100);
    let server =
        Server::start([Reply::events().pause(pause).chunk(start()).pause(pause).chunk(hi()).end()]).await;
    let bedrock = builder(&server).first_event_timeout(None).idle_timeout(None).operation_timeout(None);
    let events = bedrock.build().await.unwrap().converse_stream(&request()).await.unwrap();
    assert!(drain(events).await.ends_with("end\n"));
}

#[tokio::test]
async fn each_event_begins_the_silence_anew() {
    let frames = [start(), text("a"), text("b"), text("c"), text("d"), stop(), metadata()];
    let pause = Duration::from_millis(100);
    let reply = frames.iter().fold(Reply::events(), |reply, frame| reply.pause(pause).chunk(frame)).end();
    let server = Server::start([reply]).await;
    let bedrock =
        builder(&server).idle_timeout(4 * pause).first_event_timeout(4 * pause).build().await.unwrap();
    assert!(drain(bedrock.converse_stream(&request()).await.unwrap()).await.ends_with("end\n"));
}

#[tokio::test]
async fn a_slow_reader_meets_no_limit() {
    let reply = Reply::events()
        .chunk([start(), text("a")].concat())
        .pause(4 * SHORT)
        .chunk([stop(), metadata()].concat());
    let server = Server::start([reply.end()]).await;
    let bedrock =
        builder(&server).idle_timeout(2 * SHORT).first_event_timeout(2 * SHORT).build().await.unwrap();
    let mut events = bedrock.converse_stream(&request()).await.unwrap();
    tokio::time::sleep(3 * SHORT).await;
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.unwrap().is_ok());
    tokio::time::sleep(3 * SHORT).await;
    assert!(drain(events).await.ends_with("end\n"));
}

#[tokio::test]
async fn limits_of_the_sdk_do_not_cover_the_stream_but_ours_do() {
    let reply = || Reply::events().chunk(start()).pause(4 * SHORT).chunk(hi()).end();
    let server = Server::start([reply(), reply()]).await;
    let limits = TimeoutConfig::builder()
        .read_timeout(SHORT)
        .operation_timeout(SHORT)
        .operation_attempt_timeout(SHORT);
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .timeout_config(limits.build())
        .build();
    let builder =
        || Bedrock::builder(MODEL).sdk_config(config.clone()).bearer_token("key").endpoint_url(server.url());
    let theirs = builder().build().await.unwrap();
    assert!(drain(theirs.converse_stream(&request()).await.unwrap()).await.ends_with("end\n"));
    let ours = builder().idle_timeout(SHORT).build().await.unwrap();
    let told = drain(ours.converse_stream(&request()).await.unwrap()).await;
    assert!(told.contains("error: the answer fell silent within 150ms"), "{told}");
}

#[tokio::test]
async fn a_stalled_body_is_an_error_and_is_not_asked_for_again() {
    let stalled = Reply::chunked("application/json").chunk(&HI[..40]).until_hang_up();
    let server = Server::start([stalled]).await;
    let bedrock = builder(&server).idle_timeout(SHORT).build().await.unwrap();
    let error = bedrock.converse(&request()).await.unwrap_err();
    expect![[r#"
        error: the answer fell silent within 150ms (request id req-1)
          attempts 1, request id req-1, retryable
    "#]]
    .assert_eq(&told(&error));
    server.hung_up().await;
    assert_eq!(server.seen().len(), 1);
}

// Read by the SDK, this would be broken off after 5 s of grace and asked for three times.
#[tokio::test]
async fn a_pause_within_a_body_is_no_fault() {
    let paused = Reply::chunked("application/json")
        .chunk(&HI[..40])
        .pause(Duration::from_secs(7))
        .chunk(&HI[40..])
        .end();
    let server = Server::start([paused]).await;
    let bedrock = builder(&server).build().await.unwrap();
    assert!(bedrock.converse(&request()).await.is_ok());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn the_operation_timeout_covers_headers_and_body() {
    let dripping = HI.as_bytes().chunks(2).fold(Reply::chunked("application/json"), |reply, piece| {
        reply.pause(Duration::from_millis(50)).chunk(piece)
    });
    let server = Server::start([Reply::silence().until_hang_up(), dripping]).await;
    let bedrock = builder(&server).operation_timeout(2 * SHORT).build().await.unwrap();
    for request_id in [None, Some("req-1")] {
        let error = bedrock.converse(&request()).await.unwrap_err();
        let Error::Timeout(timeout) = &error else { panic!("{error}") };
        assert_eq!((timeout.kind, timeout.limit), (TimeoutKind::Operation, Some(2 * SHORT)));
        assert_eq!((error.request_id(), error.attempts()), (request_id, 1));
    }
}

#[tokio::test]
async fn metadata_is_waited_for_a_while() {
    let reply = Reply::events().chunk([start(), stop()].concat()).pause(2 * SHORT).chunk(metadata()).end();
    let server = Server::start([reply]).await;
    // The limit for silence does not count any more.
    let bedrock = builder(&server).idle_timeout(SHORT).build().await.unwrap();
    let told = drain(bedrock.converse_stream(&request()).await.unwrap()).await;
    assert!(told.contains("\nmetadata ") && told.ends_with("end\n"), "{told}");
}

#[tokio::test]
async fn metadata_that_never_comes_is_no_error() {
    let server = Server::start([Reply::events().chunk([start(), stop()].concat()).until_hang_up()]).await;
    let bedrock = builder(&server).build().await.unwrap();
    let told = drain(bedrock.converse_stream(&request()).await.unwrap()).await;
    assert!(told.ends_with("messageStop {\"stopReason\":\"end_turn\"}\nend\n"), "{told}");
    server.hung_up().await;
}
