//! Frames and the events in them, and whole answers as events.

use expect_test::{Expect, expect};
use outcrop_core::wire::*;
use proptest::{collection::vec, prelude::*};

use crate::{
    generate::blocks,
    support::{cases, raw},
};

/// What a frame of an event is read as.
fn check(event_type: &str, payload: &str, expected: Expect) {
    let frame = Frame::event(event_type, payload.as_bytes().to_vec());
    expected.assert_eq(&read(&frame));
}

fn read(frame: &Frame) -> String {
    match StreamEvent::from_frame(frame) {
        Ok(event) => {
            let (name, payload) = event.to_payload().unwrap();
            let known = if matches!(event, StreamEvent::Unknown(_)) { "unknown " } else { "" };
            let odd = match &event {
                StreamEvent::ContentBlockDelta(event) => matches!(event.delta, BlockDelta::Unknown(_)),
                StreamEvent::ContentBlockStart(event) => matches!(event.start, BlockStart::Unknown(_)),
                _ => false,
            };
            format!("{known}{name}{} {payload}", if odd { " of an unknown kind" } else { "" })
        }
        Err(EventError::Exception(exception)) => {
            let original = (exception.original_status_code, &exception.original_message);
            format!("{} {exception} {original:?}", exception.status())
        }
        Err(error) => error.to_string(),
    }
}

/// Every known event is read, without its padding, and written as it was.
#[test]
fn known_events() {
    let events = [
        ("messageStart", r#"{"role":"assistant"}"#),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"a","name":"n","type":"server_tool_use"}}}"#,
        ),
        (
            "contentBlockStart",
            r#"{"contentBlockIndex":1,"start":{"toolResult":{"toolUseId":"a","type":"t","status":"error"}}}"#,
        ),
        ("contentBlockStart", r#"{"contentBlockIndex":1,"start":{"image":{"format":"png"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"text":"\u00e9\ud83d\ude00"}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a"}}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"toolResult":[{"text":"a"},{"json":{"x":1e2}}]}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"text":"a"}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"signature":"a"}}}"#),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"aGk="}}}"#,
        ),
        (
            "contentBlockDelta",
            r#"{"contentBlockIndex":1,"delta":{"citation":{"title":"t","source":"s","location":{"web":{"url":"u","domain":"d"}},"sourceContent":[{"text":"x"}]}}}"#,
        ),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"image":{"source":{"bytes":"aGk="}}}}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"image":{"error":{"message":"no"}}}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":4294967295}"#),
        ("messageStop", r#"{"stopReason":"end_turn","additionalModelResponseFields":{"x": 1e2}}"#),
        ("messageStop", r#"{"stopReason":"a_new_one"}"#),
        (
            "metadata",
            r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{}},"metrics":{"latencyMs":5}}"#,
        ),
    ];
    for (name, payload) in events {
        let padded = payload.replacen('{', r#"{"p":"abcdefgh","#, 1);
        for payload in [payload, &padded, &payload.replace(':', " : ")] {
            let event = StreamEvent::from_frame(&Frame::event(name, payload.as_bytes().to_vec())).unwrap();
            assert!(!matches!(event, StreamEvent::Unknown(_)), "{payload}");
            let (again, written) = event.to_payload().unwrap();
            let mut expected: serde_json::Value = serde_json::from_str(payload).unwrap();
            expected.as_object_mut().unwrap().remove("p");
            assert_eq!((again, written.to_value().unwrap()), (name, expected), "{payload}");
        }
    }
}

/// R111: an event of an unknown kind is kept, whatever it carries.
#[test]
fn r111_unknown_events() {
    check("weather", r#" {"rain": 1e2,"p":"ab"}"#, expect![[r#"unknown weather {"rain": 1e2,"p":"ab"}"#]]);
    check("weather", "", expect!["unknown weather {}"]);
    check("weather", "not JSON", expect![[r#"unknown weather "not JSON""#]]);
    check("", "{}", expect!["event `` cannot be read: there is no header `:event-type`"]);
    let binary = Frame::event("weather", vec![0xff, b'a']);
    expect![[r#"unknown weather "�a""#]].assert_eq(&read(&binary));
}

/// R105: metadata that cannot be read does not cost the answer.
#[test]
fn r105_unreadable_metadata() {
    check(
        "metadata",
        r#"{"usage":{"inputTokens":-1}}"#,
        expect![[r#"metadata {"usage":{"outputTokens":0,"totalTokens":0,"inputTokens":-1}}"#]],
    );
    check("metadata", "{", expect![[r#"unknown metadata "{""#]]);
}

/// R111: a delta that is not known, or known in a form that is not, is kept with its index.
#[test]
fn r111_unknown_deltas() {
    let delta = |delta: &str, expected| {
        check("contentBlockDelta", &format!(r#"{{"contentBlockIndex":1,"delta":{delta},"p":"a"}}"#), expected)
    };
    delta(
        r#"{"hologram": {"x": 1e2}}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"hologram": {"x": 1e2}}}"#
        ]],
    );
    delta(
        r#"{"text":"a","toolUse":{"input":"b"}}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":"a","toolUse":{"input":"b"}}}"#
        ]],
    );
    delta(
        r#"{"text":"a","hologram":1}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":"a","hologram":1}}"#
        ]],
    );
    delta(
        r#"{"text":"a","text":"b"}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":"a","text":"b"}}"#
        ]],
    );
    delta(
        r#"{"text":"a","hologram":null}"#,
        expect![[r#"contentBlockDelta {"contentBlockIndex":1,"delta":{"text":"a"}}"#]],
    );
    delta(
        r#"{"text":5}"#,
        expect![[r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":5}}"#]],
    );
    delta(
        r#"{"text":null}"#,
        expect![[r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":null}}"#]],
    );
    delta(
        r#"{"text":"\ud83d"}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"text":"\ud83d"}}"#
        ]],
    );
    delta(
        r#"{"toolUse":{"input":{"a":1}}}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"toolUse":{"input":{"a":1}}}}"#
        ]],
    );
    delta(
        r#"{"reasoningContent":{"redactedContent":"*"}}"#,
        expect![[
            r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"*"}}}"#
        ]],
    );
    delta("{}", expect![[r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":{}}"#]]);
    delta("null", expect![[r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":null}"#]]);
    delta("[1]", expect![[r#"contentBlockDelta of an unknown kind {"contentBlockIndex":1,"delta":[1]}"#]]);
}

#[test]
fn r47_unknown_starts() {
    let start = |start: &str, expected| {
        check("contentBlockStart", &format!(r#"{{"contentBlockIndex":1,"start":{start}}}"#), expected)
    };
    start(
        r#"{"toolUse":{"name":"a"}}"#,
        expect![[
            r#"contentBlockStart of an unknown kind {"contentBlockIndex":1,"start":{"toolUse":{"name":"a"}}}"#
        ]],
    );
    start(
        r#"{"toolUse":{"toolUseId":"a","name":null}}"#,
        expect![[
            r#"contentBlockStart of an unknown kind {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"a","name":null}}}"#
        ]],
    );
    start(
        r#"{"toolUse":{"toolUseId":"a","name":"b"},"image":{"format":"png"}}"#,
        expect![[
            r#"contentBlockStart of an unknown kind {"contentBlockIndex":1,"start":{"toolUse":{"toolUseId":"a","name":"b"},"image":{"format":"png"}}}"#
        ]],
    );
    start("{}", expect![[r#"contentBlockStart of an unknown kind {"contentBlockIndex":1,"start":{}}"#]]);
    start("null", expect![[r#"contentBlockStart of an unknown kind {"contentBlockIndex":1,"start":null}"#]]);
}

/// A known event of which not even the index can be read may have been a part of an input.
#[test]
fn events_that_cannot_be_read() {
    for index in ["-1", "4294967296", "1e2", "1.0", "\"1\"", "null", "123456789012345678901234567890"] {
        for (name, rest) in [("contentBlockDelta", r#","delta":{"text":"a"}"#), ("contentBlockStop", "")] {
            let payload = format!(r#"{{"contentBlockIndex":{index}{rest}}}"#);
            let error = StreamEvent::from_frame(&Frame::event(name, payload.into_bytes())).unwrap_err();
            assert!(matches!(error, EventError::Malformed { .. }), "{error}");
        }
    }
    check(
        "contentBlockDelta",
        r#"{"delta":{"text":"a"}}"#,
        expect![
            "event `contentBlockDelta` cannot be read: missing field `contentBlockIndex` at line 1 column 22"
        ],
    );
    check(
        "contentBlockStop",
        "",
        expect!["event `contentBlockStop` cannot be read: EOF while parsing a value at line 1 column 0"],
    );
    check(
        "messageStop",
        "{}",
        expect!["event `messageStop` cannot be read: missing field `stopReason` at line 1 column 2"],
    );
    let binary = Frame::event("contentBlockStop", vec![b'{', 0xff]);
    expect!["event `contentBlockStop` cannot be read: key must be a string at line 1 column 2"]
        .assert_eq(&read(&binary));
}

fn exception(kind: &str, payload: &[u8]) -> Frame {
    Frame::exception(kind, payload.to_vec())
}

/// R103: failures inside a stream, modelled or not; one member that cannot be read takes no other along.
#[test]
fn r103_exceptions() {
    let payloads = [
        ("throttlingException", r#"{"message":"Too many"}"#),
        ("validationException", r#"{"Message":"no"}"#),
        ("modelStreamErrorException", r#"{"message":"m","originalStatusCode":503,"originalMessage":"o"}"#),
        ("modelStreamErrorException", r#"{"message":"m","originalStatusCode":"503","originalMessage":{}}"#),
        ("modelStreamErrorException", r#"{"message":"m","originalStatusCode":100000}"#),
        ("internalServerException", r#"{"message":"a","Message":"b"}"#),
        ("serviceUnavailableException", ""),
        ("modelTimeoutException", "[]"),
        ("éException", "<html>busy</html>"),
        ("", r#"{"message":null}"#),
    ];
    let shown = payloads.map(|(kind, payload)| read(&exception(kind, payload.as_bytes())));
    expect![[r#"
        429 ThrottlingException: Too many (None, None)
        400 ValidationException: no (None, None)
        424 ModelStreamErrorException: m (Some(503), Some("o"))
        424 ModelStreamErrorException: m (None, None)
        424 ModelStreamErrorException: m (None, None)
        500 InternalServerException: a (None, None)
        503 ServiceUnavailableException: no message (None, None)
        408 ModelTimeoutException: no message (None, None)
        500 éException: <html>busy</html> (None, None)
        500 : no message (None, None)"#]]
    .assert_eq(&shown.join("\n"));
}

#[test]
fn unmodelled_errors_and_other_frames() {
    let frame = |headers: &[(&'static str, &'static str)]| {
        let frame =
            headers.iter().fold(Frame::new("x"), |frame, (name, value)| frame.with_header(*name, *value));
        read(&frame)
    };
    let shown = [
        frame(&[(":message-type", "error"), (":error-code", "InternalError"), (":error-message", "gone")]),
        frame(&[(":message-type", "error")]),
        frame(&[(":message-type", "exception")]),
        frame(&[(":message-type", "event")]),
        frame(&[(":message-type", "news")]),
        frame(&[]),
    ];
    expect![[r#"
        500 InternalError: gone (None, None)
        500 UnknownError: x (None, None)
        500 UnknownException: x (None, None)
        event `` cannot be read: there is no header `:event-type`
        event `` cannot be read: the header `:message-type` is Some("news")
        event `` cannot be read: the header `:message-type` is None"#]]
    .assert_eq(&shown.join("\n"));
}

proptest! {
    #![proptest_config(cases(512))]

    /// R124: an answer that was not streamed, told as events and assembled again, is the same answer.
    #[test]
    fn r124_an_answer_as_events(content in vec(blocks(), 0..6), more in any::<bool>()) {
        let mut message = Message::assistant(content);
        let mut response = Response::new(Output::Message(message.clone()), "end_turn");
        response.additional_model_response_fields = Some(raw(r#"{"x": 1e2}"#));
        if more {
            message.other.insert("newMember", raw("1e2"));
            response.output = Output::Message(message.clone());
            response.other.insert("newMember", raw("[ 1]"));
            response.usage = Some(Usage::new());
        }
        let mut assembler = Assembler::new();
        for event in response.clone().into_events() {
            assembler.push(event).unwrap();
        }
        let done = assembler.finish().unwrap();
        prop_assert!(done.all_stopped && done.endings.iter().all(|ending| ending.stopped && ending.understood));
        prop_assert!(done.foreign.is_empty());
        prop_assert_eq!(done.message, message);
        prop_assert_eq!(done.stop.additional_model_response_fields, response.additional_model_response_fields);
        let metadata = done.metadata.unwrap();
        prop_assert_eq!((metadata.usage, metadata.other), (response.usage, response.other));
    }

    /// Nothing that a frame may hold makes reading it panic, and what is read as an event can be written.
    #[test]
    fn any_payload(name in "(contentBlock(Start|Delta|Stop)|message(Start|Stop)|metadata|x)", payload in vec(any::<u8>(), 0..40)) {
        if let Ok(event) = StreamEvent::from_frame(&Frame::event(&name, payload)) {
            prop_assert!(event.to_payload().is_some());
        }
    }
}
