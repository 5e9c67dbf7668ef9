//! Recordings answered again.

use std::{fs, path::PathBuf};

use outcrop_core::wire::Frame;
use outcrop_local::{Cut, Delivery, Local, Replay, ReplayError, Running};

use crate::client::post;

/// A folder of its own in the system's place for such; gone at the end of the test.
struct Case(PathBuf);

impl Case {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let dir = std::env::temp_dir().join(format!("outcrop-local-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        for (file, text) in files {
            fs::write(dir.join(file), text).unwrap();
        }
        Self(dir)
    }
}

impl Drop for Case {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn case(name: &str) -> Case {
    let mut stream = Vec::new();
    Frame::event("messageStart", r#"{"p":"ab","role":"assistant"}"#).encode(&mut stream).unwrap();
    Case::new(
        name,
        &[
            (
                "01-meta.json",
                br#"{"path":"/model/m%3A0/converse-stream","status":200,"content_type":"application/vnd.amazon.eventstream",
                     "response_headers":{"x-amzn-requestid":"recorded","content-length":"3"},"chunk_sizes":[5,7],"extra":1}"#,
            ),
            ("01-response.eventstream", &stream),
            ("02-meta.json", br#"{"path":"/model/m:0/converse","status":400,"content_type":"application/json"}"#),
            ("02-response.json", br#"{"message":"no"}"#),
            ("10-meta.json", br#"{"path":"/model/m:0/apply","status":204}"#),
            ("notes.txt", b"not ours"),
        ],
    )
}

async fn start(replay: Replay) -> Running {
    Local::replay(replay).start().await.unwrap()
}

#[tokio::test]
async fn interactions_are_answered_in_order() {
    let case = case("order");
    let local = start(Replay::from_dir(&case.0).unwrap()).await;
    let stream = post(local.address(), "/model/m:0/converse-stream", "{}").await;
    assert_eq!((stream.status, stream.header("x-amzn-requestid")), (200, Some("recorded")));
    assert_eq!(stream.chunks.iter().map(Vec::len).collect::<Vec<_>>()[..2], [5, 7]);
    assert_eq!(stream.chunks.concat(), fs::read(case.0.join("01-response.eventstream")).unwrap());

    let wrong = post(local.address(), "/model/other/converse", "{}").await;
    assert_eq!(wrong.status, 400);
    assert_eq!(
        wrong.body(),
        r#"{"message":"The recording expects /model/m:0/converse here, not /model/other/converse."}"#
    );

    let error = post(local.address(), "/model/m%3A0/converse", "{}").await;
    assert_eq!((error.status, error.body().as_str()), (400, r#"{"message":"no"}"#));
    assert_eq!(error.header("x-amzn-errortype"), None);
    assert_eq!(post(local.address(), "/model/m%3a0/apply", "").await.status, 204);
    let end = post(local.address(), "/model/m%3A0/apply", "{}").await;
    assert_eq!(
        end.body(),
        r#"{"message":"The recording is at its end: it has 3 interactions, all answered."}"#
    );
}

#[tokio::test]
async fn one_interaction_repeats_and_is_cut() {
    let case = case("repeat");
    let replay = Replay::interaction(&case.0, "01").unwrap().repeating();
    let local = start(replay.delivery(Delivery::Whole).cut(Cut::Break(4))).await;
    for _ in 0..3 {
        let answer = post(local.address(), "/model/m:0/converse-stream", "{}").await;
        assert_eq!((answer.chunks.concat().len(), answer.whole), (4, false));
    }
}

#[tokio::test]
async fn an_error_type_is_assumed_only_when_asked_for() {
    let case = case("type");
    let local = start(Replay::interaction(&case.0, "02").unwrap().assume_error_type()).await;
    let error = post(local.address(), "/model/m:0/converse", "{}").await;
    assert!(error.header("x-amzn-errortype").unwrap().starts_with("ValidationException:http"));
}

#[test]
fn folders_without_a_recording_are_refused() {
    let empty = Case::new("empty", &[("note", b"")]);
    assert!(matches!(Replay::from_dir(&empty.0), Err(ReplayError::Empty { .. })));
    assert!(matches!(Replay::interaction(&empty.0, "01"), Err(ReplayError::Empty { .. })));
    assert!(matches!(Replay::from_dir(empty.0.join("none")), Err(ReplayError::File { .. })));
    let broken = Case::new("broken", &[("01-meta.json", b"{}")]);
    assert!(matches!(Replay::from_dir(&broken.0), Err(ReplayError::Meta { .. })));
}
