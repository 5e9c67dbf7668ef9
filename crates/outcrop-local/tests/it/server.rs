//! The endpoint itself: what it notes, its limits, how it ends.

use std::time::Duration;

use outcrop_local::{Answer, Cut, Delivery, Local, Operation, Progress, Running, Script};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::{post, read, send};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
const LONG: Duration = Duration::from_secs(600);

async fn start(answers: impl IntoIterator<Item = Answer>) -> Running {
    Local::script(answers.into_iter().fold(Script::new(), Script::answer)).start().await.unwrap()
}

/// Waits until the first request's answer has come so far.
async fn wait_for(local: &Running, progress: Progress) {
    let reached = async {
        while local.requests().first().map(|request| request.progress()) != Some(progress) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), reached).await.unwrap();
}

#[tokio::test]
async fn requests_are_noted() {
    let local = start(["a".into(), "b".into()]).await;
    let path = "/model/arn%3Aaws%3Abedrock%3A%3A1%3Aprofile%2Fx/converse";
    post(local.address(), path, HELLO).await;
    post(local.address(), "/model/m/count-tokens", &format!(r#"{{"input":{{"converse":{HELLO}}}}}"#)).await;
    let requests = local.take_requests();
    assert_eq!(requests[0].path, path);
    assert_eq!(requests[0].model_id, "arn:aws:bedrock::1:profile/x");
    assert_eq!(requests[0].operation, Operation::Converse);
    assert_eq!((&*requests[0].method, &*requests[0].body), ("POST", HELLO.as_bytes()));
    assert_eq!(requests[0].headers["host"], "x");
    assert_eq!(requests[0].request(), requests[1].request());
    assert_eq!(requests[0].request().unwrap().messages[0].text(), "Hi");
    assert_eq!(requests[0].progress(), Progress::Answered);
    assert!(local.requests().is_empty());
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_delays() {
    for (operation, after_headers) in [("converse", false), ("converse-stream", true)] {
        let local = start([Answer::new().text("a").delay_before(LONG)]).await;
        let mut socket = send(local.address(), &format!("/model/m/{operation}"), HELLO).await;
        if after_headers {
            let mut head = [0; 12];
            socket.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 200");
        }
        wait_for(&local, Progress::Answering).await;
        drop(socket);
        wait_for(&local, Progress::Abandoned).await;
    }
}

#[tokio::test]
async fn a_drop_closes_port_and_connections() {
    let local = start([Answer::new().text("a").delay_before(LONG)]).await;
    let address = local.address();
    let busy = send(address, "/model/m/converse-stream", HELLO).await;
    let mut idle = tokio::net::TcpStream::connect(address).await.unwrap();
    wait_for(&local, Progress::Answering).await;
    drop(local);
    let ended = async {
        assert!(!read(busy).await.whole);
        assert!(matches!(idle.read(&mut [0; 1]).await, Ok(0) | Err(_)));
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn a_stop_finishes_answers() {
    let local = start([Answer::new().text("a").delay_before(Duration::from_millis(100))]).await;
    let socket = send(local.address(), "/model/m/converse-stream", HELLO).await;
    wait_for(&local, Progress::Answering).await;
    let (answer, ()) = tokio::join!(read(socket), local.stop());
    assert!(answer.whole);
}

#[tokio::test]
async fn long_bodies_are_refused() {
    let local = Local::script(Script::new().answer("a")).max_body_bytes(HELLO.len()).start().await.unwrap();
    for (extra, status) in [(0, 200), (1, 413), (10_000_000, 413)] {
        let body = format!("{HELLO}{}", " ".repeat(extra));
        let answer = match extra {
            // So long that the endpoint does not read to the end; what comes back may get lost on the way.
            10_000_000 => {
                let mut socket = tokio::net::TcpStream::connect(local.address()).await.unwrap();
                let head = format!(
                    "POST /model/m/converse HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                socket.write_all(head.as_bytes()).await.unwrap();
                socket.write_all(&body.as_bytes()[..HELLO.len() * 5]).await.unwrap();
                read(socket).await
            }
            _ => post(local.address(), "/model/m/converse", &body).await,
        };
        assert_eq!(answer.status, status, "{extra}");
        assert!(answer.header("x-amzn-requestid").is_some());
    }
}

#[tokio::test]
async fn delivery_changes_while_it_runs() {
    let local = start(["a".into(), "b".into(), "c".into()]).await;
    let sizes = async |local: &Running| {
        let answer = post(local.address(), "/model/m/converse", HELLO).await;
        answer.chunks.iter().map(Vec::len).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&local).await.len(), 1);
    local.deliver(Delivery::Bytes(3), Some(Cut::End(7)));
    assert_eq!(sizes(&local).await, [3, 3, 1]);
    local.deliver(Delivery::Whole, None);
    assert_eq!(sizes(&local).await.len(), 1);
}

#[tokio::test]
async fn other_methods_and_paths_are_unknown() {
    let local = start([]).await;
    for line in ["GET /model/m/converse", "POST /", "DELETE /x"] {
        let mut socket = tokio::net::TcpStream::connect(local.address()).await.unwrap();
        socket.write_all(format!("{line} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        assert_eq!(read(socket).await.status, 404);
    }
}
