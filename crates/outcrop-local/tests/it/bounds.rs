//! Limits, and what happens to clients that speak no HTTP.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use outcrop_local::{Bounds, Local, Running, Script, StartError};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::client::{post, post_with};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
const CONVERSE: &str = "/model/amazon.nova-lite-v1:0/converse";

async fn start(change: impl FnOnce(&mut Bounds)) -> Running {
    let mut bounds = Bounds::default();
    change(&mut bounds);
    Local::demo().without_rules().bounds(bounds).start().await.unwrap()
}

/// Sends these bytes and gives what comes back until the end, or until a while after nothing came.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // It may hang up before it has read everything.
    let _ = socket.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(5), read).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("-")
}

#[tokio::test]
async fn heads_are_bounded() {
    let local = start(|_| {}).await;
    let path = |length: usize| format!("/model/{}/converse", "m".repeat(length));
    let check = async |text: String, expected: &str| {
        assert_eq!(status(&exchange(local.address(), text.as_bytes()).await), expected, "{:.80}", text);
    };
    let head = |path: &str, headers: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{HELLO}",
            HELLO.len()
        )
    };
    check(head(&path(100), ""), "200").await;
    check(head(&path(10_000), ""), "414").await;
    check(head(&path(70_000), ""), "431").await;
    check(head(CONVERSE, &"a: b\r\n".repeat(150)), "431").await;
    check(head(CONVERSE, &format!("a: {}\r\n", "b".repeat(70_000))), "431").await;
    check("nonsense\r\n\r\n".to_owned(), "400").await;
    check(
        "POST /model/amazon.nova-lite-v1:0/converse HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"
            .to_owned(),
        "400",
    )
    .await;
    check("GET / HTTP/9.9\r\n\r\n".to_owned(), "400").await;
    // HTTP/2, and then no more of it: it is told so in frames.
    let frames = exchange(local.address(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nGET / HTTP/1.1\r\n\r\n").await;
    assert!(!frames.is_empty() && !frames.starts_with("HTTP"), "{frames:?}");
    assert_eq!(post(local.address(), CONVERSE, HELLO).await.status, 200);
}

#[tokio::test]
async fn slow_clients_are_left() {
    let local = start(|bounds| {
        bounds.head_time = Duration::from_millis(150);
        bounds.body_time = Duration::from_millis(150);
    })
    .await;
    let head =
        "POST /model/amazon.nova-lite-v1:0/converse HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n{";
    for (text, expected) in [("", "-"), ("POST /mod", "-"), (head, "408")] {
        let begun = Instant::now();
        let answer = exchange(local.address(), text.as_bytes()).await;
        let status = status(&answer);
        // Whether the head's time is worth an answer is the HTTP library's own business.
        assert!(status == expected || (expected == "-" && status == "408"), "{text} {answer}");
        assert!(begun.elapsed() < Duration::from_secs(4), "{text}");
    }
    // Drop by drop does not help.
    let mut socket = TcpStream::connect(local.address()).await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) && socket.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn further_connections_wait_their_turn() {
    let local = start(|bounds| bounds.connections = 2).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut socket = TcpStream::connect(local.address()).await.unwrap();
        socket.write_all(b"POST ").await.unwrap();
        held.push(socket);
    }
    // So that they are accepted before the next one asks.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let asked = post(local.address(), CONVERSE, HELLO);
    let mut asked = Box::pin(asked);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut asked).await.is_err());
    held.pop();
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap().status, 200);
}

#[tokio::test]
async fn only_this_machine_is_listened_to() {
    let any: SocketAddr = ([0, 0, 0, 0], 0).into();
    let error = Local::demo().listen(any).start().await.unwrap_err();
    assert!(matches!(error, StartError::NotLoopback { address } if address == any));
    let open = Local::demo().listen(any).allow_remote().start().await.unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], open.address().port()));
    assert_eq!(post(address, CONVERSE, HELLO).await.status, 200);
    let taken = Local::script(Script::new()).listen(address).start().await.unwrap_err();
    assert!(matches!(taken, StartError::Bind { .. }));
    assert_eq!(taken.to_string(), format!("{address} cannot be listened on"));
}

/// Bytes that are HTTP to some degree.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..40),
        1 => Just(b"POST /model/amazon.nova-lite-v1%3A0/converse-stream HTTP/1.1\r\nhost: x\r\n".to_vec()),
        1 => Just(b"content-length: 20\r\n".to_vec()),
        1 => Just(b"transfer-encoding: chunked\r\n".to_vec()),
        1 => Just(b"authorization: AWS4-HMAC-SHA256 Credential=a/b/c/bedrock/aws4_request,Signature=,SignedHeaders=host\r\n".to_vec()),
        1 => Just(b"x-amz-date: 20261122T101530Z\r\nx-outcrop-fault: no-metadata,\r\n".to_vec()),
        1 => Just(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        2 => Just(b"\r\n".to_vec()),
        1 => Just(b"5\r\n{\"mes\r\n0\r\n\r\n".to_vec()),
        1 => Just(HELLO.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_changes_nothing() {
    let quick = |bounds: &mut Bounds| {
        bounds.head_time = Duration::from_millis(200);
        bounds.body_time = Duration::from_millis(200);
    };
    let mut bounds = Bounds::default();
    quick(&mut bounds);
    let auth = "sigv4:a:b".parse().unwrap();
    let local = Local::demo().bounds(bounds).auth(auth).faults_by_header().start().await.unwrap();
    let open = start(quick).await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..20 {
        let clients = (0..16).map(|number| {
            let bytes = garbage().new_tree(&mut runner).unwrap().current();
            let address = if number % 2 == 0 { local.address() } else { open.address() };
            tokio::spawn(async move { exchange(address, &bytes).await })
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
    }
    assert_eq!(post(open.address(), CONVERSE, HELLO).await.status, 200);
    assert_eq!(post_with(local.address(), CONVERSE, &[], HELLO).await.status, 403);
}
