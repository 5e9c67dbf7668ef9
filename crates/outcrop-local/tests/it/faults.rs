//! Every fault as a client sees it.

use std::time::{Duration, Instant};

use outcrop_core::wire::{Frame, FrameDecoder};
use outcrop_local::{Answer, Local, Running, Script};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use crate::client::{Answer as Received, post, post_with, send};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
const ALL: &str = "start 0+Hi 0+_there. 0. 1:weather 1+ 1+{'city':'Lis 1+bon'} 1. stop:tool_use metadata";

fn weather() -> Answer {
    Answer::new().text("Hi there.").tool_use("t1", "weather", json!({"city": "Lisbon"}))
}

async fn start(faults: &[&str]) -> Running {
    let script = (0..4).fold(Script::new(), |script, _| script.answer(weather()));
    let local = Local::script(script).faults_by_header();
    faults.iter().fold(local, |local, fault| local.fault(*fault)).start().await.unwrap()
}

async fn ask(local: &Running, operation: &str) -> Received {
    let asked = async { post(local.address(), &format!("/model/m/{operation}"), HELLO).await };
    tokio::time::timeout(Duration::from_secs(20), asked).await.unwrap()
}

/// The events in a line; then what is wrong with the bytes.
fn line(answer: &Received) -> String {
    let mut decoder = FrameDecoder::default();
    decoder.push(&answer.chunks.concat());
    let mut words = Vec::new();
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => words.push(word(&frame)),
            Ok(None) => break,
            Err(error) => {
                words.push(format!("<{error}>"));
                break;
            }
        }
    }
    if decoder.buffered() > 0 {
        words.push("<half a frame>".to_owned());
    }
    if !answer.whole {
        words.push("<broken>".to_owned());
    }
    words.join(" ")
}

fn word(frame: &Frame) -> String {
    let payload: Value = serde_json::from_slice(&frame.payload).unwrap_or_default();
    let at = |pointer| payload.pointer(pointer).and_then(Value::as_str);
    let block = &payload["contentBlockIndex"];
    let word = match frame.header_str(":event-type") {
        Some("messageStart") => "start".to_owned(),
        Some("contentBlockStart") => format!("{block}:{}", at("/start/toolUse/name").unwrap()),
        Some("contentBlockDelta") => {
            let text = at("/delta/text").or_else(|| at("/delta/toolUse/input"));
            format!("{block}+{}", text.unwrap_or("?"))
        }
        Some("contentBlockStop") => format!("{block}."),
        Some("messageStop") => format!("stop:{}", at("/stopReason").unwrap()),
        Some(other) => other.to_owned(),
        None => {
            let name = frame.header_str(":exception-type").or_else(|| frame.header_str(":error-code"));
            format!("!{}", name.unwrap())
        }
    };
    word.replace(' ', "_").replace('"', "'")
}

async fn check(fault: &str, expected: &str) {
    let local = start(&[fault]).await;
    let answer = ask(&local, "converse-stream").await;
    assert_eq!(answer.status, 200, "{fault}");
    assert_eq!(line(&answer), expected, "{fault}");
}

#[tokio::test]
async fn events_go_wrong() {
    check("unavailable@2", ALL).await;
    let cut = |to: &str, more: &str| format!("{}{more}", &ALL[..ALL.find(to).unwrap()]);
    check("exception=throttling:3", &cut("0.", "!throttlingException")).await;
    check("exception=modelStreamErrorException", "!modelStreamErrorException").await;
    check("exception=odd:1", "start !odd").await;
    check("error-frame=InternalError:1", "start !InternalError").await;
    check("duplicate=2", &ALL.replace("0+Hi", "0+Hi 0+Hi")).await;
    check("duplicate=99", ALL).await;
    check("swap=2", &ALL.replace("0+Hi 0+_there.", "0+_there. 0+Hi")).await;
    check("swap=11", ALL).await;
    check("bad-input", &ALL.replace("'Lis 1+bon'}", "Lisb 1+on}")).await;
    check("cut-input", &ALL.replace("1+{'city':'Lis 1+bon'}", "1+{'city': 1+")).await;
    check("no-metadata", &ALL.replace(" metadata", "")).await;
    check("no-block-stop", &ALL.replace(" 0.", "").replace(" 1.", "")).await;
    check("no-block-stop=1", &ALL.replace(" 1.", "")).await;
    check("no-message-stop", &ALL.replace(" stop:tool_use", "")).await;
    check("unknown-event=1", &ALL.replace("start ", "start outcropUnknown ")).await;
    check("unknown-delta=2", &ALL.replace("0+Hi", "0+Hi 0+?")).await;
    check("unknown-stop-reason", &ALL.replace("stop:tool_use", "stop:outcrop_unknown")).await;
}

#[tokio::test]
async fn bytes_go_wrong() {
    check("bad-prelude-crc=2", &format!("start <{}>", outcrop_core::wire::FrameError::PreludeCrc)).await;
    check("bad-crc=2", &format!("start <{}>", outcrop_core::wire::FrameError::MessageCrc)).await;
    check("cut=250", "start <half a frame>").await;
    check("break=250", "start <half a frame> <broken>").await;
    check("break=0", "<broken>").await;
    for (fault, expected) in [("bytes=1", 1), ("sizes=3:4", 3), ("whole", usize::MAX)] {
        let answer = ask(&start(&[fault]).await, "converse-stream").await;
        assert_eq!(line(&answer), ALL, "{fault}");
        let first = answer.chunks[0].len();
        assert!(first == expected || (fault == "whole" && answer.chunks.len() == 1), "{fault} {first}");
    }
    let begun = Instant::now();
    ask(&start(&["drip=10", "delay=100"]).await, "converse-stream").await;
    assert!(begun.elapsed() >= Duration::from_millis(100 + 11 * 10));
}

#[tokio::test]
async fn answers_are_replaced() {
    let check = async |fault: &str, operation: &str, status: u16, error: Option<&str>, body: &str| {
        let answer = ask(&start(&[fault]).await, operation).await;
        let kind = answer.header("x-amzn-errortype").and_then(|kind| kind.split(':').next());
        assert_eq!((answer.status, kind), (status, error), "{fault}");
        assert!(answer.body().contains(body), "{fault} {}", answer.body());
        answer
    };
    let both = ["converse", "converse-stream"];
    for operation in both {
        let told =
            check("throttling=1500", operation, 429, Some("ThrottlingException"), "Too many requests").await;
        assert_eq!((told.header("retry-after"), told.header("x-amz-retry-after")), (Some("2"), Some("1500")));
        check("status=503", operation, 503, Some("ServiceUnavailableException"), "Bedrock is unable").await;
        check("status=418", operation, 418, None, "message").await;
        check("expired-token", operation, 403, Some("ExpiredTokenException"), "expired").await;
        check("json", operation, 200, None, "no answer").await;
        let page = check("html-502", operation, 502, None, "<h1>502 Bad Gateway</h1>").await;
        assert_eq!((page.header("content-type"), page.header("x-amzn-requestid")), (Some("text/html"), None));
        check("html=200", operation, 200, None, "<html>").await;
    }
    check("exception=validation:3", "converse", 400, Some("ValidationException"), "not valid").await;
}

#[tokio::test]
async fn silence_lasts_until_the_client_leaves() {
    for (fault, operation, expected) in [
        ("silence=2", "converse-stream", "0+Hi"),
        ("silence", "converse-stream", ""),
        ("silence", "converse", ""),
    ] {
        let local = start(&[fault]).await;
        let mut socket = send(local.address(), &format!("/model/m/{operation}"), HELLO).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_millis(150), socket.read_to_end(&mut bytes)).await;
        assert!(read.is_err(), "{fault}: it ended");
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(if expected.is_empty() { "" } else { "Hi" }), "{fault}: {text}");
        assert_eq!(bytes.is_empty(), operation == "converse", "{fault}: {text}");
        assert!(!text.contains("there"), "{fault}: {text}");
        assert!(!local.stop_within(Duration::from_millis(50)).await);
    }
}

#[tokio::test]
async fn faults_are_for_some_requests_and_use_up_no_answer() {
    let local = start(&["throttling@..2", "html@4"]).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(ask(&local, "converse").await.status);
    }
    // Four answers, then the end of the script.
    assert_eq!(statuses, [429, 429, 200, 502, 200, 200, 200, 400]);

    local.set_faults(["unavailable"]).unwrap();
    assert_eq!(ask(&local, "converse").await.status, 503);
    let error = local.set_faults(["internal", "odd"]).unwrap_err();
    assert_eq!(error.to_string(), r#"fault "odd": there is no such kind"#);
    assert_eq!(ask(&local, "converse").await.status, 503);
}

#[tokio::test]
async fn a_request_asks_for_its_own_faults() {
    let ask = async |local: &Running, fault: &str| {
        let headers = [("x-outcrop-fault", fault)];
        post_with(local.address(), "/model/m/converse-stream", &headers, HELLO).await
    };
    let local = start(&[]).await;
    assert_eq!(
        line(&ask(&local, "no-metadata, duplicate=1").await),
        format!("start {}", ALL.replace(" metadata", ""))
    );
    assert_eq!(ask(&local, "throttling@2").await.status, 429);
    let refused = ask(&local, "no-metadata,nonsense").await;
    assert_eq!(refused.status, 400);
    assert_eq!(
        refused.body(),
        r#"{"message":"The header x-outcrop-fault cannot be obeyed: fault \"nonsense\": there is no such kind."}"#
    );
    let deaf = Local::script(Script::new().answer(weather())).start().await.unwrap();
    assert_eq!(line(&ask(&deaf, "throttling").await), ALL);
}

#[tokio::test]
async fn answers_of_a_script_have_their_own() {
    let script = Script::from_json(
        r#"{"answers": [{"content": [{"text": "a"}], "faults": ["no-metadata", "bytes=5"]},
                        {"content": [{"text": "a"}], "faults": ["throttling=10"]}]}"#,
    );
    let local =
        Local::script(script.unwrap().answer(Answer::new().text("b").fault("cut=3"))).start().await.unwrap();
    let first = ask(&local, "converse-stream").await;
    assert_eq!((line(&first).as_str(), first.chunks[0].len()), ("start 0+a 0. stop:end_turn", 5));
    assert_eq!(ask(&local, "converse").await.status, 429);
    assert_eq!(ask(&local, "converse").await.body().len(), 3);

    for (spec, expected) in [
        ("odd", r#"answers[0]: fault "odd": there is no such kind"#),
        ("json@1", r#"answers[0]: fault "json@1": the fault of an answer has no @, it is for this answer"#),
    ] {
        let error = Script::new().answer(Answer::new().fault(spec)).check().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = Local::demo().fault("odd").start().await.unwrap_err();
    assert_eq!(error.to_string(), r#"fault "odd": there is no such kind"#);
}
