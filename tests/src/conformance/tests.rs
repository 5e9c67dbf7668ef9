//! The runner judged: differences it must see, and rules it must allow.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use outcrop_core::Frame;

use super::run;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs over one case with these files; each line of the report must begin as expected. What the rules of
/// refusals say is left out.
async fn check(files: &[(&str, &str)], expected: &[&str]) {
    let report = report_on(files).await;
    let counts = |line: &&str| line.contains(" calls over HTTP") || line.starts_with("refusals: ");
    let lines: Vec<&str> =
        report.lines().filter(|line| !counts(line) && !line.contains(": false refusal: ")).collect();
    let same = lines.len() == expected.len()
        && lines.iter().zip(expected).all(|(line, start)| line.starts_with(start));
    assert!(same, "{report}");
}

async fn report_on(files: &[(&str, &str)]) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("outcrop-conformance-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let dir = Folder(std::env::temp_dir().join(name));
    fs::create_dir_all(dir.0.join("source/case")).unwrap();
    for (file, text) in files {
        let bytes = if file.ends_with(".eventstream") { frames(text) } else { text.as_bytes().to_vec() };
        fs::write(dir.0.join("source/case").join(file), bytes).unwrap();
    }
    run(std::slice::from_ref(&dir.0)).await.to_string()
}

#[tokio::test]
async fn refusals_are_compared() {
    const COUNT: &str = r#"{"path":"/model/amazon.nova-lite-v1%3A0/count-tokens","status":STATUS}"#;
    const REQUEST: &str =
        r#"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}}}"#;
    for (status, message, expected) in [
        (
            "400",
            "The provided model doesn't support counting tokens.",
            "refusals: 1 equal, 0 listed, 0 false refusals",
        ),
        ("400", "Something else.", "refusals: 0 equal, 1 listed, 0 false refusals"),
        ("200", "", "refusals: 0 equal, 0 listed, 1 false refusals"),
    ] {
        let meta = COUNT.replace("STATUS", status);
        let answer = format!(r#"{{"message":"{message}"}}"#);
        let files = [("1-meta.json", &*meta), ("1-request.json", REQUEST), ("1-response.json", &*answer)];
        let report = report_on(&files).await;
        assert!(report.lines().any(|line| line == expected), "{report}");
    }
}

/// A frame from each line: its type and its payload.
fn frames(lines: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines.lines() {
        let (kind, payload) = line.trim().split_once(' ').unwrap();
        let payload = payload.to_owned();
        let frame = if kind.ends_with("Exception") {
            Frame::exception(kind, payload)
        } else {
            Frame::event(kind, payload)
        };
        frame.encode(&mut bytes).unwrap();
    }
    bytes
}

const STREAM: (&str, &str) = ("1-meta.json", r#"{"path":"/model/a.b%2Fc%3a0/converse-stream"}"#);
const WHOLE: (&str, &str) = ("1-meta.json", r#"{"path":"/model/us.anthropic.claude-sonnet-4-6/converse"}"#);
const HELLO: &str = r#"messageStart {"role":"assistant"}
    somethingNew {"a":[1]}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hé"},"p":"abc"}
    contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"llo"}}
    contentBlockStop {"contentBlockIndex":0}
    messageStop {"stopReason":"end_turn"}"#;

#[tokio::test]
async fn an_answer_alone_is_enough() {
    check(&[STREAM, ("1-response.eventstream", HELLO)], &["1 passed, 0 failed, 0 skipped"]).await;
    let whole =
        r#"{"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"end_turn"} "#;
    check(&[WHOLE, ("1-response.json", whole)], &["1 passed, 0 failed, 0 skipped"]).await;
    check(&[WHOLE], &["0 passed, 0 failed, 1 skipped"]).await;
    check(&[("1-meta.json", r#"{"path":"/model/a/invoke"}"#)], &["0 passed, 0 failed, 0 skipped"]).await;
}

#[tokio::test]
async fn differences_are_told() {
    let expected = (
        "1-expected.json",
        r#"{"message":{"role":"assistant","content":[{"text":"Hello"}]},"stopReason":"end_turn"}"#,
    );
    let line =
        r#"FAIL source/case/1: delivered as recorded: .message.content[0].text is "Héllo", expected "Hello""#;
    let other = "FAIL source/case/1: ";
    let mut lines = vec![other; 6];
    lines[0] = line;
    lines[5] = "0 passed, 1 failed";
    check(&[STREAM, ("1-response.eventstream", HELLO), expected], &lines).await;
    check(
        &[WHOLE, ("1-response.json", "{}"), ("1-request.json", r#"["messages"]"#)],
        &[other, other, "0 passed, 1 failed"],
    )
    .await;
    check(&[("1-meta.json", "{}")], &["FAIL source/case: the case cannot be read", "0 passed, 1 failed"])
        .await;
}

#[tokio::test]
async fn exceptions_keep_what_came_before() {
    let stream = r#"messageStart {"role":"assistant"}
        contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Let me"}}
        contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"t","name":"n"}}}
        contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\""}}}
        throttlingException {"message":"Too many"}"#;
    let expected = r#"{"error":{"type":"throttlingException","message":"Too many"},"stopReason":null,"message":{"role":"assistant",
        "content":[{"text":"Let me"},{"toolUse":{"toolUseId":"t","name":"n","rawInput":"{\"a\""}}]}}"#;
    let good = [STREAM, ("1-response.eventstream", stream), ("1-expected.json", expected)];
    check(&good, &["1 passed, 0 failed, 0 skipped"]).await;
}

#[tokio::test]
async fn refusals_may_be_anything() {
    let html = ("1-response.html", "<html>Bad Gateway</html>");
    check(
        &[("1-meta.json", r#"{"path":"/model/a/converse","status":502,"content_type":"text/html"}"#), html],
        &["1 passed"],
    )
    .await;
    let meta = r#"{"path":"/model/a/converse-stream","status":403,"response_headers":{"x-amzn-errortype":"ExpiredTokenException:http://x/"}}"#;
    check(&[("1-meta.json", meta), ("1-response.json", r#"{"message":"old"}"#)], &["1 passed"]).await;
}

#[tokio::test]
async fn turns_are_sent_again_by_rules() {
    let content = r#"[{"reasoningContent":{"reasoningText":{"text":"hm"}}},{"text":" "},
        {"toolUse":{"toolUseId":"t","name":"n","input":{"b":1,"a":[]},"type":"tool_use"}}]"#;
    let message = format!(r#"{{"role":"assistant","content":{content}}}"#);
    let response = format!(r#"{{"output":{{"message":{message}}},"stopReason":"tool_use"}}"#);
    let expected = format!(r#"{{"message":{message},"stopReason":"tool_use"}}"#);
    let request = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]},
        {"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"n","input":{}}}]},
        {"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"ok"}]}}]}]}"#;
    check(
        &[
            WHOLE,
            ("1-response.json", &response),
            ("1-expected.json", &expected),
            ("02-meta.json", WHOLE.1),
            ("02-response.json", &response),
            ("02-request.json", request),
        ],
        &["rule blank_text: 1", "rule tool_use_type: 1", "rule unsigned_reasoning: 1", "2 passed, 0 failed"],
    )
    .await;
}

#[tokio::test]
async fn a_missing_folder_is_no_success() {
    let report = run(&[PathBuf::from("no/such/folder")]).await;
    assert!(!report.is_good());
    assert!(report.to_string().starts_with("FAIL no/such/folder: no recorded case is there\n"));
}
