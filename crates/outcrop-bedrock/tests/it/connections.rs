//! When connections are closed, kept, and limited in number.

use std::time::Duration;

use futures::StreamExt;
use outcrop_bedrock::{Bedrock, BedrockBuilder, Error};

use crate::{
    server::{Reply, Server},
    support::{bedrock, builder, drain, hi, request, start},
};

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = Server::start([Reply::events().chunk(start()).until_hang_up()]).await;
    let bedrock = bedrock(&server).await;
    let mut events = bedrock.converse_stream(&request()).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    drop(events);
    server.hung_up().await;
}

#[tokio::test]
async fn dropping_the_call_before_the_answer_closes_the_connection() {
    let server = Server::start([Reply::silence().until_hang_up()]).await;
    let bedrock = bedrock(&server).await;
    let asked = request();
    tokio::select! {
        _ = bedrock.converse_stream(&asked) => panic!("there is no answer"),
        () = async { while server.seen().is_empty() { tokio::time::sleep(Duration::from_millis(5)).await } } => {}
    }
    server.hung_up().await;
}

#[tokio::test]
async fn a_finished_stream_leaves_its_connection_for_the_next() {
    let reply = || Reply::events().chunk(hi()).end();
    let server = Server::start([reply(), reply(), reply()]).await;
    let bedrock = bedrock(&server).await;
    for _ in 0..3 {
        drain(bedrock.converse_stream(&request()).await.unwrap()).await;
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_limit_on_calls_counts_a_stream_until_it_ends() {
    let server = Server::start([
        Reply::events().chunk(start()).until_hang_up(),
        Reply::events().chunk(hi()).end(),
        Reply::events().chunk(hi()).end(),
    ])
    .await;
    let bedrock = builder(&server).max_concurrent_calls(1).build().await.unwrap();
    let asked = request();
    let mut first = bedrock.converse_stream(&asked).await.unwrap();
    assert!(first.next().await.unwrap().is_ok());
    let second = bedrock.converse_stream(&asked);
    tokio::pin!(second);
    assert!(tokio::time::timeout(Duration::from_millis(50), second.as_mut()).await.is_err());
    assert_eq!(server.seen().len(), 1, "the second waits");
    drop(first);
    drain(second.await.unwrap()).await;
    // The end frees the place, even where the stream itself is kept.
    let mut kept = bedrock.converse_stream(&asked).await.unwrap();
    while kept.next().await.is_some() {}
    assert!(bedrock.converse_stream(&asked).await.is_err(), "nothing more is scripted");
}

#[tokio::test]
async fn handles_streams_and_errors_go_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Bedrock>();
    check::<BedrockBuilder>();
    check::<Error>();
    let server = Server::start([Reply::events().chunk(hi()).end()]).await;
    let bedrock = bedrock(&server).await;
    let task = tokio::spawn(async move { drain(bedrock.stream(&request()).await.unwrap()).await });
    assert!(task.await.unwrap().ends_with("end\n"));
}
