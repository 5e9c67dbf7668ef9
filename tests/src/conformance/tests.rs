//! The runner judged: differences it must see, and rules it must allow.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use outcrop_core::wire::Frame;

use super::run;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs over one case with these files; each line of the report must begin as expected. Lines of counts are left out.
async fn check(files: &[(&str, &str)], expected: &[&str]) {
    let report = report_on(files).await;
    let is_count = |line: &&str| {
        line.contains(" calls over HTTP") || line.starts_with("refusals: ") || line.starts_with("expected: ")
    };
    let lines: Vec<&str> = report.lines().filter(|line| !is_count(line)).collect();
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

#[track_caller]
fn assert_lines(report: &str, expected: &[&str]) {
    for expected in expected {
        assert!(report.lines().any(|line| line == *expected), "{expected}\nis not in\n{report}");
    }
}

#[tokio::test]
async fn refusals_are_compared() {
    const COUNT: &str = r#"{"path":"/model/amazon.nova-lite-v1%3A0/count-tokens","status":STATUS}"#;
    const REQUEST: &str =
        r#"{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}}}"#;
    const WORDS: &str = "The provided model doesn't support counting tokens.";
    for (status, message, expected) in [
        ("400", WORDS, ["refusals: 1 equal, 0 known exceptions, 0 wrong", "0 passed, 0 failed, 0 skipped"]),
        (
            "400",
            "Something else.",
            ["refusals: 0 equal, 0 known exceptions, 1 wrong", "0 passed, 1 failed, 0 skipped"],
        ),
        ("200", "", ["refusals: 0 equal, 0 known exceptions, 1 wrong", "0 passed, 1 failed, 0 skipped"]),
    ] {
        let meta = COUNT.replace("STATUS", status);
        let answer = format!(r#"{{"message":"{message}"}}"#);
        let files = [("1-meta.json", &*meta), ("1-request.json", REQUEST), ("1-response.json", &*answer)];
        assert_lines(&report_on(&files).await, &expected);
    }
}

const BLANK_WORDS: &str = "The text field in the ContentBlock object at messages.0.content.0 is blank. \
                           Add text to the text field, and try again.";

/// Runs over one refusal of a request with a blank text.
async fn report_on_blank(status: u16, kind: Option<&str>, message: &str) -> String {
    let kind = kind.map_or(String::new(), |kind| format!(r#""x-amzn-errortype":"{kind}""#));
    let path = "/model/us.amazon.nova-lite-v1:0/converse";
    let meta = format!(r#"{{"path":"{path}","status":{status},"response_headers":{{{kind}}}}}"#);
    let request = r#"{"messages":[{"role":"user","content":[{"text":" "}]}]}"#;
    let response = format!(r#"{{"message":"{message}"}}"#);
    report_on(&[("1-meta.json", &meta), ("1-request.json", request), ("1-response.json", &response)]).await
}

#[tokio::test]
async fn a_refusal_with_the_same_status_type_and_words_passes() {
    for kind in [Some("ValidationException:http://x/"), Some("ValidationException"), None] {
        let report = report_on_blank(400, kind, BLANK_WORDS).await;
        assert_lines(&report, &["refusals: 1 equal, 0 known exceptions, 0 wrong"]);
        assert_lines(&report, &["expected: 0 of 0", "1 passed, 0 failed, 0 skipped"]);
    }
}

async fn check_wrong_refusal(status: u16, kind: Option<&str>, message: &str, recorded: &str) {
    let report = report_on_blank(status, kind, message).await;
    let failure = format!(
        "FAIL source/case/1: refusal: the service refused with {recorded}, \
         the rules say 400 ValidationException {BLANK_WORDS:?}"
    );
    assert_lines(&report, &[&failure, "refusals: 0 equal, 0 known exceptions, 1 wrong"]);
    assert_lines(&report, &["0 passed, 1 failed, 0 skipped"]);
}

#[tokio::test]
async fn a_refusal_with_another_type_fails() {
    let recorded = format!("400 ConflictException {BLANK_WORDS:?}");
    check_wrong_refusal(400, Some("ConflictException:http://x/"), BLANK_WORDS, &recorded).await;
}

#[tokio::test]
async fn a_refusal_with_other_words_fails() {
    let recorded = r#"400 ValidationException "Add text.""#;
    check_wrong_refusal(400, Some("ValidationException"), "Add text.", recorded).await;
    check_wrong_refusal(400, None, "Add text.", recorded).await;
}

#[tokio::test]
async fn a_refusal_with_another_status_fails() {
    let recorded = format!("422 ValidationException {BLANK_WORDS:?}");
    check_wrong_refusal(422, Some("ValidationException"), BLANK_WORDS, &recorded).await;
    let recorded = format!("500 InternalServerException {BLANK_WORDS:?}");
    check_wrong_refusal(500, None, BLANK_WORDS, &recorded).await;
}

/// Known exceptions excuse rules that accept the request, not rules that refuse it in another way.
#[tokio::test]
async fn only_accepted_requests_are_known_exceptions() {
    let words = "User: x is not authorized to perform: bedrock:InvokeModel";
    let recorded = format!("403 AccessDeniedException {words:?}");
    check_wrong_refusal(403, Some("AccessDeniedException"), words, &recorded).await;

    let request = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
    let meta = r#"{"path":"/model/us.amazon.nova-lite-v1:0/converse","status":403,
        "response_headers":{"x-amzn-errortype":"AccessDeniedException"}}"#;
    for (words, expected) in [
        (words, ["refusals: 0 equal, 1 known exceptions, 0 wrong", "1 passed, 0 failed, 0 skipped"]),
        ("No.", ["refusals: 0 equal, 0 known exceptions, 1 wrong", "0 passed, 1 failed, 0 skipped"]),
    ] {
        let response = format!(r#"{{"message":"{words}"}}"#);
        let files = [("1-meta.json", meta), ("1-request.json", request), ("1-response.json", &*response)];
        assert_lines(&report_on(&files).await, &expected);
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
async fn an_answer_without_an_expectation_fails() {
    let failure =
        "FAIL source/case/1: no expectation: an answer of status 200 needs the file 1-expected.json";
    let lines = [failure, "0 passed, 1 failed, 0 skipped"];
    check(&[STREAM, ("1-response.eventstream", HELLO)], &lines).await;
    let whole =
        r#"{"output":{"message":{"role":"assistant","content":[{"text":"a"}]}},"stopReason":"end_turn"} "#;
    let files = [WHOLE, ("1-response.json", whole)];
    check(&files, &lines).await;
    assert_lines(&report_on(&files).await, &["expected: 0 of 1"]);

    let expected = r#"{"message":{"role":"assistant","content":[{"text":"a"}]},"stopReason":"end_turn"}"#;
    let files = [WHOLE, ("1-response.json", whole), ("1-expected.json", expected)];
    assert_lines(&report_on(&files).await, &["expected: 1 of 1", "1 passed, 0 failed, 0 skipped"]);
}

#[tokio::test]
async fn interactions_without_a_response_are_skipped() {
    check(&[WHOLE], &["0 passed, 0 failed, 1 skipped"]).await;
    let unused = "FAIL source/case/1: expectation: there is no response to compare it with";
    check(&[WHOLE, ("1-expected.json", "{}")], &[unused, "0 passed, 1 failed, 0 skipped"]).await;
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
        &[other, other, other, "0 passed, 1 failed"],
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
        {"role":"user","content":[{"toolResult":{"toolUseId":"t","content":[{"text":"ok"}]}}]}],
        "toolConfig":{"tools":[{"toolSpec":{"name":"n","inputSchema":{"json":{"type":"object"}}}}]}}"#;
    check(
        &[
            WHOLE,
            ("1-response.json", &response),
            ("1-expected.json", &expected),
            ("02-meta.json", WHOLE.1),
            ("02-response.json", &response),
            ("02-expected.json", &expected),
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
