//! The output while it grows: the same events and the same value, by text and by tool.

use expect_test::expect;
use outcrop_core::{tools::*, turn::*, wire::*};
use serde_json::json;

use crate::{
    output::{GOOD, NATIVE, TOOLS, WORDS, alone, trip},
    support::{Sim, arg, call, end, stop, text, think},
};

/// Plays one answer and shows each event, with the value that is lent for it.
fn events(config: TurnConfig, answer: impl IntoIterator<Item = StreamEvent>) -> String {
    let mut turn = Turn::new(config.into(), History::new(), Message::user("Go"), "t", Time(0));
    let Some(Action::Converse(ask)) = turn.next_action() else { panic!() };
    let mut shown = String::new();
    let mut kept = Vec::new();
    for event in answer {
        turn.on_stream_event(ask.id, event, Time(0));
        while let Some(event) = turn.next_event() {
            show(&mut turn, &event, &mut shown);
            kept.push(event);
        }
    }
    // What was lent while it grew is lent as of the same moments later.
    let mut later = String::new();
    for event in &kept {
        show(&mut turn, event, &mut later);
    }
    assert_eq!(later, shown);
    turn.on_stream_end(ask.id, Time(0));
    while let Some(event) = turn.next_event() {
        show(&mut turn, &event, &mut shown);
    }
    shown
}

fn show(turn: &mut Turn, event: &TurnEvent, shown: &mut String) {
    let line = match &event.kind {
        EventKind::OutputStart(_) | EventKind::OutputDelta(_) | EventKind::OutputEnd(_) => {
            let live = turn.live(event).unwrap();
            let value = live.root().map(|root| root.to_value().unwrap().to_string());
            let paths =
                live.changes().map(|change| serde_json::to_value(change).unwrap()["path"].to_string());
            let paths = paths.collect::<Vec<_>>().join(" ");
            format!("{}: {} {paths}", event.kind.name(), value.as_deref().unwrap_or("nothing"))
        }
        EventKind::TextDelta(delta) => format!("textDelta {:?}", delta.text),
        EventKind::TurnEnd(end) => format!("turnEnd {}", end.output.as_ref().unwrap()),
        EventKind::TextEnd(_) | EventKind::ToolInputStart(_) | EventKind::OutputRejected(_) => {
            event.kind.name().to_owned()
        }
        _ => return,
    };
    *shown += &format!("{} {line}\n", event.block.map_or("-".to_owned(), |block| block.to_string()));
}

const PARTS: [&str; 3] = [r#"{"city":"Lis"#, r#"bon","da"#, r#"ys":2}"#];

#[test]
fn d7_the_same_by_text_and_by_tool() {
    let by_text = PARTS.map(|part| text(1, part)).to_vec();
    let by_text = [vec![think(0, "hm"), stop(0)], by_text, vec![stop(1), end("end_turn")]].concat();
    let by_text = events(alone(NATIVE, trip()), by_text);
    expect![[r#"
        1 outputStart: nothing 
        1 outputDelta: {"city":"Lis"} "" "/city"
        1 outputDelta: {"city":"Lisbon"} "/city" "/city"
        1 outputDelta: {"city":"Lisbon","days":2} "/days" ""
        1 outputEnd: {"city":"Lisbon","days":2} 
        - turnEnd {"city":"Lisbon","days":2}
    "#]]
    .assert_eq(&by_text);
    let by_tool = PARTS.map(|part| arg(1, part)).to_vec();
    let by_tool =
        [vec![think(0, "hm"), stop(0), call(1, "o", "trip")], by_tool, vec![stop(1), end("tool_use")]]
            .concat();
    assert_eq!(events(alone(TOOLS, trip()), by_tool), by_text);
}

/// R83: of a value that is no object the object around it is not shown.
#[test]
fn r83_unwrapped() {
    let list = || OutputSpec::new("list", json!({ "type": "array", "items": { "type": "string" } })).unwrap();
    let parts = [r#"{ "va"#, r#"lue": ["#, r#" "a"#, r#"b", "c"]"#, " }"];
    let by_text = [parts.map(|part| text(0, part)).to_vec(), vec![stop(0), end("end_turn")]].concat();
    let by_text = events(alone(NATIVE, list()), by_text);
    expect![[r#"
        0 outputStart: nothing 
        0 outputDelta: nothing 
        0 outputDelta: [] ""
        0 outputDelta: ["a"] "/0"
        0 outputDelta: ["ab","c"] "/0" "/0" "/1" ""
        0 outputDelta: ["ab","c"] 
        0 outputEnd: ["ab","c"] 
        - turnEnd [ "ab", "c"]
    "#]]
    .assert_eq(&by_text);
    let by_tool = [vec![call(0, "o", "list")], parts.map(|part| arg(0, part)).to_vec()].concat();
    let by_tool = [by_tool, vec![stop(0), end("tool_use")]].concat();
    assert_eq!(events(alone(TOOLS, list()), by_tool), by_text);
}

/// A text that does not begin like a value is a text.
#[test]
fn text_that_is_no_output() {
    let answer = [text(0, " "), text(0, "Let me see."), stop(0), text(1, "\n"), text(1, GOOD), stop(1)];
    expect![[r#"
        0 textDelta " Let me see."
        0 textEnd
        1 outputStart: nothing 
        1 outputDelta: {"city":"Lisbon","days":2} "" "/city" "/days" ""
        1 outputEnd: {"city":"Lisbon","days":2} 
        - turnEnd {"city":"Lisbon","days":2}
    "#]]
    .assert_eq(&events(alone(NATIVE, trip()), [&answer[..], &[end("end_turn")]].concat()));
    let answer = [
        text(0, "\n"),
        stop(0),
        text(1, "``"),
        text(1, "`json\n{\"city\":\"Li"),
        text(1, "sbon\",\"days\":2}\n```"),
        stop(1),
    ];
    expect![[r#"
        0 textDelta "\n"
        0 textEnd
        1 outputStart: nothing 
        1 outputDelta: nothing 
        1 outputDelta: {"city":"Li"} "" "/city"
        1 outputDelta: {"city":"Lisbon","days":2} "/city" "/city" "/days" ""
        1 outputEnd: {"city":"Lisbon","days":2} 
        - turnEnd {"city":"Lisbon","days":2}
    "#]]
    .assert_eq(&events(alone(WORDS, trip()), [&answer[..], &[end("end_turn")]].concat()));
}

/// A text that no output is looked for in is what it was.
#[test]
fn text_beside_a_tool() {
    let answer =
        [text(0, "{\"city\":"), stop(0), call(1, "o", "trip"), arg(1, GOOD), stop(1), end("tool_use")];
    expect![[r#"
        0 textDelta "{\"city\":"
        0 textEnd
        1 outputStart: nothing 
        1 outputDelta: {"city":"Lisbon","days":2} "" "/city" "/days" ""
        1 outputEnd: {"city":"Lisbon","days":2} 
        - turnEnd {"city":"Lisbon","days":2}
    "#]]
    .assert_eq(&events(alone(TOOLS, trip()), answer));
}

/// The events go through JSON.
#[test]
fn on_the_wire() {
    let mut sim = Sim::new(alone(NATIVE, trip()));
    let id = sim.ask.as_ref().unwrap().id;
    for event in [text(0, GOOD), stop(0), end("end_turn")] {
        sim.turn.on_stream_event(id, event, Time(0));
    }
    sim.turn.on_stream_end(id, Time(0));
    let mut lines = String::new();
    while let Some(event) = sim.turn.next_event() {
        let line = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<TurnEvent>(&line).unwrap(), event);
        lines += &(line + "\n");
    }
    expect![[r#"
        {"turn":"t","step":1,"attempt":1,"block":0,"type":"outputStart"}
        {"turn":"t","step":1,"attempt":1,"block":0,"type":"outputDelta","fragment":"{\"city\":\"Lisbon\",\"days\":2}","mark":26}
        {"turn":"t","step":1,"attempt":1,"block":0,"type":"outputEnd"}
        {"turn":"t","step":1,"attempt":1,"type":"stepEnd","stopReason":"end_turn"}
        {"turn":"t","step":1,"attempt":1,"type":"turnEnd","stopReason":"end_turn","usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0},"output":{"city":"Lisbon","days":2}}
    "#]].assert_eq(&lines);
}
