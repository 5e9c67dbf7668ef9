//! HTTP/2 from the first byte, as the AWS SDK for JavaScript speaks it.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use outcrop_core::wire::FrameDecoder;
use outcrop_local::{Local, Progress, Running, Script};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;

type Client = http2::SendRequest<Full<Bytes>>;

async fn connect(local: &Running) -> Client {
    let socket = tokio::net::TcpStream::connect(local.address()).await.unwrap();
    let (client, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    client
}

fn request(local: &Running, operation: &str, fault: &str) -> http::Request<Full<Bytes>> {
    let uri = format!("{}/model/m%3A0/{operation}", local.url());
    let request = http::Request::post(uri).header("x-outcrop-fault", fault);
    request.body(Full::from(HELLO)).unwrap()
}

async fn start() -> Running {
    let script = (0..6).fold(Script::new(), |script, _| script.answer("Hello there!"));
    Local::script(script).faults_by_header().start().await.unwrap()
}

#[tokio::test]
async fn many_answers_come_over_one_connection() {
    let local = start().await;
    let mut client = connect(&local).await;
    let (one, two) = (request(&local, "converse", "whole"), request(&local, "converse-stream", "bytes=7"));
    let (one, two) = tokio::join!(client.send_request(one), client.clone().send_request(two));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.status().as_u16(), two.status().as_u16()), (200, 200));
    assert!(one.headers().contains_key("x-amzn-requestid"));
    let one = one.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&one).contains("Hello there!"));
    let mut decoder = FrameDecoder::default();
    decoder.push(&two.into_body().collect().await.unwrap().to_bytes());
    while decoder.next_frame().unwrap().is_some() {}
    decoder.finish().unwrap();
    // Who signs, signs the host; here it comes as `:authority`.
    assert_eq!(local.requests()[0].headers["host"], local.address().to_string());
}

#[tokio::test]
async fn an_answer_breaks_and_the_connection_stays() {
    let local = start().await;
    let mut client = connect(&local).await;
    let answer = client.send_request(request(&local, "converse-stream", "break=200")).await.unwrap();
    assert!(answer.into_body().collect().await.is_err());
    let answer = client.send_request(request(&local, "converse-stream", "whole")).await.unwrap();
    assert!(answer.into_body().collect().await.is_ok());
    let refused = client.send_request(request(&local, "converse", "html")).await.unwrap();
    assert_eq!(refused.status(), 502);
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_work() {
    let local = start().await;
    let mut client = connect(&local).await;
    let silent = client.send_request(request(&local, "converse-stream", "silence=1")).await.unwrap();
    assert_eq!(local.requests()[0].progress(), Progress::Answering);
    drop(silent);
    let left = async {
        while local.requests()[0].progress() != Progress::Abandoned {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), left).await.unwrap();

    let silent = client.send_request(request(&local, "converse-stream", "silence=1")).await.unwrap();
    drop(local);
    let ended = tokio::time::timeout(Duration::from_secs(10), silent.into_body().collect()).await;
    assert!(ended.unwrap().is_err());
}
