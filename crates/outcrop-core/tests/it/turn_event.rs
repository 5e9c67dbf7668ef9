//! The events that a watcher sees: flat, read again, and kept where they are newer than the reader.

use expect_test::expect;
use outcrop_core::{turn::*, wire::*};
use serde_json::Value;

use crate::support::raw;

/// One event of each kind, with all of its members.
fn kinds() -> Vec<EventKind> {
    let mut end = StepEnd::new("end_turn").additional_model_response_fields(raw(r#"{"x":1e2}"#));
    end.metadata = Some(StreamMetadata::new().usage(Usage::new()).into());
    vec![
        TurnStart::new(EVENT_VERSION, "m").into(),
        StepStart::new().into(),
        TextDelta::new("é\n").into(),
        TextEnd::new().into(),
        ReasoningDelta::new("hm").into(),
        ReasoningEnd::new().into(),
        CitationAdded::new(Citation::new().title("t")).into(),
        ToolInputStart::new("a", "n").server_side(true).into(),
        ToolInputDelta::new("a", "{\"x", 3u64).into(),
        ToolInputEnd::new("a").into(),
        ToolStart::new("a", "n").into(),
        ToolProgress::new("a", raw(r#"{ "done":1e2 }"#)).into(),
        ToolProgress::new("a", raw("null")).into(),
        ToolEnd::new(ToolResult::error("a", "no")).into(),
        Diagnostic::new("c", "m").raw(raw("[ 1]")).into(),
        StepUsage::new(Usage::new()).into(),
        end.into(),
        TurnEnd::new("a_new_reason", Usage::new()).into(),
    ]
}

fn event(kind: EventKind) -> TurnEvent {
    let start = r#"{"turn":"t","step":2,"attempt":1,"type":"stepStart"}"#;
    let mut event: TurnEvent = serde_json::from_str(start).unwrap();
    event.kind = kind;
    event
}

#[test]
fn every_kind_is_read_as_it_was_written() {
    let mut shown = String::new();
    for kind in kinds() {
        for block in [None, Some(0), Some(u32::MAX)] {
            let mut event = event(kind.clone());
            event.block = block;
            let text = serde_json::to_string(&event).unwrap();
            let again: TurnEvent =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            assert_eq!(again, event, "{text}");
            assert_eq!(serde_json::to_string(&again).unwrap(), text);
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(value["type"], kind.name(), "flat: {text}");
            let of_value: TurnEvent = serde_json::from_value(value.clone()).unwrap();
            assert_eq!(serde_json::to_value(of_value).unwrap(), value);
        }
        shown += &serde_json::to_string(&event(kind)).unwrap();
        shown += "\n";
    }
    expect![[r#"
        {"turn":"t","step":2,"attempt":1,"type":"turnStart","version":1,"model":"m"}
        {"turn":"t","step":2,"attempt":1,"type":"stepStart"}
        {"turn":"t","step":2,"attempt":1,"type":"textDelta","text":"é\n"}
        {"turn":"t","step":2,"attempt":1,"type":"textEnd"}
        {"turn":"t","step":2,"attempt":1,"type":"reasoningDelta","text":"hm"}
        {"turn":"t","step":2,"attempt":1,"type":"reasoningEnd"}
        {"turn":"t","step":2,"attempt":1,"type":"citationAdded","citation":{"title":"t"}}
        {"turn":"t","step":2,"attempt":1,"type":"toolInputStart","toolUseId":"a","name":"n","serverSide":true}
        {"turn":"t","step":2,"attempt":1,"type":"toolInputDelta","toolUseId":"a","fragment":"{\"x","mark":3}
        {"turn":"t","step":2,"attempt":1,"type":"toolInputEnd","toolUseId":"a"}
        {"turn":"t","step":2,"attempt":1,"type":"toolStart","toolUseId":"a","name":"n"}
        {"turn":"t","step":2,"attempt":1,"type":"toolProgress","toolUseId":"a","progress":{ "done":1e2 }}
        {"turn":"t","step":2,"attempt":1,"type":"toolProgress","toolUseId":"a","progress":null}
        {"turn":"t","step":2,"attempt":1,"type":"toolEnd","result":{"toolUseId":"a","content":[{"text":"no"}],"status":"error"}}
        {"turn":"t","step":2,"attempt":1,"type":"diagnostic","code":"c","message":"m","raw":[ 1]}
        {"turn":"t","step":2,"attempt":1,"type":"stepUsage","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0}}
        {"turn":"t","step":2,"attempt":1,"type":"stepEnd","stopReason":"end_turn","additionalModelResponseFields":{"x":1e2},"metadata":{"usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0}}}
        {"turn":"t","step":2,"attempt":1,"type":"turnEnd","stopReason":"a_new_reason","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0}}
    "#]].assert_eq(&shown);
}

/// D7: a kind newer than the reader, and members newer than the kind, are kept as they came.
#[test]
fn what_is_newer_is_kept() {
    for text in [
        r#"{"turn":"t","step":1,"attempt":1,"block":3,"type":"hologram","n":{ "x":1e2,"x":null}}"#,
        r#"{"type":"hologram","attempt":1,"new":null,"step":1,"turn":"t"}"#,
        r#"{"turn":"t","step":1,"attempt":1,"type":"textDelta","text":"a","new":{ "x":1e2}}"#,
        r#"{"turn":"t","step":1,"attempt":1,"type":"textEnd","new":null}"#,
        r#"{"turn":"t","step":1,"attempt":1,"type":"textEnd","new":null,"newer":1}"#,
    ] {
        let event: TurnEvent = serde_json::from_str(text).unwrap();
        assert_eq!(matches!(event.kind, EventKind::Unknown(_)), text.contains("hologram"));
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
    }
}

/// The first event carries the version of the form.
#[test]
fn the_first_event_is_the_start_of_the_turn() {
    let mut sim =
        Turn::new(crate::support::config().into(), History::new(), Message::user("Go"), "t", Time(0));
    let first = sim.next_event().unwrap();
    expect![[r#"{"turn":"t","step":0,"attempt":1,"type":"turnStart","version":1,"model":"anthropic.claude-sonnet-4-6"}"#]].assert_eq(&serde_json::to_string(&first).unwrap());
}

#[test]
fn what_is_no_event() {
    for text in [
        "{}",
        "[]",
        r#"{"turn":"t","step":1,"attempt":1}"#,
        r#"{"turn":"t","step":-1,"attempt":1,"type":"stepStart"}"#,
    ] {
        assert!(serde_json::from_str::<TurnEvent>(text).is_err(), "{text}");
    }
}
