//! Events of one stream and the message that comes of them.

use expect_test::{Expect, expect};
use outcrop_core::wire::*;

use crate::support::{arg, call, cite, end, redact, server_call, sign, start, stop, text, think, wire};

/// The blocks of the message, a line each, and what is told beside it.
pub fn show(events: &[StreamEvent]) -> String {
    let mut assembler = Assembler::new();
    for event in events {
        if let Err(error) = assembler.push(event.clone()) {
            let partial = assembler.partial().map(|message| serde_json::to_string(&message.content).unwrap());
            return format!("{error}\npartial {}\n", partial.as_deref().unwrap_or("-"));
        }
    }
    if !assembler.is_finished() {
        let partial = assembler.partial().map(|message| serde_json::to_string(&message.content).unwrap());
        return format!("unfinished\npartial {}\n", partial.as_deref().unwrap_or("-"));
    }
    let done = assembler.finish().unwrap();
    let mut shown = String::new();
    for (block, ending) in done.message.content.iter().zip(&done.endings) {
        let open = if ending.stopped { "" } else { " (open)" };
        let odd = if ending.understood { "" } else { " (odd)" };
        shown += &format!("{}{open}{odd} {}\n", ending.block, serde_json::to_string(block).unwrap());
    }
    for part in &done.foreign {
        shown += &format!("foreign {:?} {}\n", part.block, part.raw);
    }
    shown += &format!(
        "{}{}\n",
        done.stop.stop_reason,
        if done.metadata.is_some() { " with metadata" } else { "" }
    );
    shown
}

pub fn check(events: impl IntoIterator<Item = StreamEvent>, expected: Expect) {
    expected.assert_eq(&show(&events.into_iter().collect::<Vec<_>>()));
}

/// R36: by index alone, whatever comes between.
#[test]
fn r36_interleaved_calls() {
    let events = [
        call(1, "b", "now"),
        call(0, "a", "plan"),
        arg(1, "{\"z"),
        arg(0, r#"{"city":"\ud8"#),
        arg(1, "\":1"),
        arg(0, r#"3d\ude00"}"#),
        arg(1, "2}"),
        stop(1),
        stop(0),
        end("tool_use"),
    ];
    check(
        events,
        expect![[r#"
        0 {"toolUse":{"toolUseId":"a","name":"plan","input":{"city":"\ud83d\ude00"}}}
        1 {"toolUse":{"toolUseId":"b","name":"now","input":{"z":12}}}
        tool_use
    "#]],
    );
}

/// R37, R38: no delta, an empty one, a blank one.
#[test]
fn r37_calls_without_arguments() {
    let events = [
        call(0, "a", "now"),
        stop(0),
        call(1, "b", "now"),
        arg(1, ""),
        stop(1),
        call(2, "c", "now"),
        arg(2, " "),
        stop(2),
        end("tool_use"),
    ];
    check(
        events,
        expect![[r#"
        0 {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        1 {"toolUse":{"toolUseId":"b","name":"now","input":{}}}
        2 {"toolUse":{"toolUseId":"c","name":"now","input":{}}}
        tool_use
    "#]],
    );
}

/// R47: what has no id or name is no call, and nothing of it is lost.
#[test]
fn r47_a_call_without_id() {
    let odd =
        wire("contentBlockStart", r#"{"contentBlockIndex":0,"start":{"toolUse":{"name":"now"}},"p":"ab"}"#);
    check(
        [odd, arg(0, "{}"), stop(0), arg(1, "{}"), stop(1), end("tool_use")],
        expect![[r#"
        foreign Some(0) {"toolUse":{"name":"now"}}
        foreign Some(0) {"toolUse":{"input":"{}"}}
        foreign Some(1) {"toolUse":{"input":"{}"}}
        tool_use
    "#]],
    );
}

/// R58, R59, R60: text, signature and redacted bytes in fragments, each in its block.
#[test]
fn r58_reasoning() {
    let events = [
        think(0, "a"),
        think(0, "b "),
        sign(0, "s1"),
        sign(0, "=="),
        stop(0),
        sign(1, "s2"),
        stop(1),
        redact(2, b"h"),
        redact(2, b"i"),
        stop(2),
        think(3, ""),
        stop(3),
        think(4, "x"),
        redact(4, b"y"),
        sign(4, "s"),
        stop(4),
        redact(5, b""),
        stop(5),
        end("end_turn"),
    ];
    check(
        events,
        expect![[r#"
        0 {"reasoningContent":{"reasoningText":{"text":"ab ","signature":"s1=="}}}
        1 {"reasoningContent":{"reasoningText":{"text":"","signature":"s2"}}}
        2 {"reasoningContent":{"redactedContent":"aGk="}}
        3 {"reasoningContent":{"reasoningText":{"text":""}}}
        4 {"reasoningContent":{"reasoningText":{"text":"x","signature":"s"}}}
        4 {"reasoningContent":{"redactedContent":"eQ=="}}
        5 {"reasoningContent":{"redactedContent":""}}
        end_turn
    "#]],
    );
}

/// R95: citations come before or after their text; both orders give one block.
#[test]
fn r95_citations() {
    let events = [
        cite(0, "t"),
        text(0, "a"),
        cite(0, "u"),
        stop(0),
        text(1, "b"),
        cite(1, "t"),
        text(1, "c"),
        stop(1),
        cite(2, "alone"),
        stop(2),
        end("end_turn"),
    ];
    check(
        events,
        expect![[r#"
        0 {"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"t"},{"title":"u"}]}}
        1 {"citationsContent":{"content":[{"text":"bc"}],"citations":[{"title":"t"}]}}
        2 {"citationsContent":{"citations":[{"title":"alone"}]}}
        end_turn
    "#]],
    );
}

/// R35a: calls and results of the service's own keep their type and their parts.
#[test]
fn r35a_blocks_of_the_service() {
    let begins = ToolResultStart::new("a").kind("nova_code_interpreter_result").status("success");
    let parts = r#"{"contentBlockIndex":1,"delta":{"toolResult":[{"text":"[HIDDEN]"},{"json":{"x":1e2}}]}}"#;
    let events = [
        server_call(0, "a", "code"),
        arg(0, "{}"),
        stop(0),
        start(1, BlockStart::ToolResult(begins)),
        wire("contentBlockDelta", parts),
        stop(1),
        text(2, "so"),
        stop(2),
        end("end_turn"),
    ];
    check(
        events,
        expect![[r#"
        0 {"toolUse":{"toolUseId":"a","name":"code","input":{},"type":"server_tool_use"}}
        1 {"toolResult":{"toolUseId":"a","content":[{"text":"[HIDDEN]"},{"json":{"x":1e2}}],"status":"success","type":"nova_code_interpreter_result"}}
        2 {"text":"so"}
        end_turn
    "#]],
    );
}

#[test]
fn pictures() {
    let source = r#"{"contentBlockIndex":0,"delta":{"image":{"source":{"bytes":"aGk="}}}}"#;
    let error = r#"{"contentBlockIndex":1,"delta":{"image":{"error":{"message":"no"}}}}"#;
    let image = |at| start(at, BlockStart::Image(ImageStart::new("png")));
    let events =
        [image(0), wire("contentBlockDelta", source), stop(0), image(1), wire("contentBlockDelta", error)];
    check(
        [&events[..], &[stop(1), end("end_turn")]].concat(),
        expect![[r#"
        0 {"image":{"format":"png","source":{"bytes":"aGk="}}}
        1 {"image":{"format":"png","error":{"message":"no"}}}
        end_turn
    "#]],
    );
}

/// R111: what nobody knows is kept beside, and the rest goes on.
#[test]
fn r111_unknown_events_and_deltas() {
    let events = [
        wire("weather", r#"{"rain": 1e2,"p":"ab"}"#),
        text(0, "a"),
        wire("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"hologram": {"x": 1e2}}}"#),
        text(0, "b"),
        stop(0),
        wire("contentBlockStart", r#"{"contentBlockIndex":1,"start":{"hologram":{}}}"#),
        wire("contentBlockDelta", r#"{"contentBlockIndex":1,"delta":{"hologram":1}}"#),
        text(1, "of it"),
        stop(1),
        wire("contentBlockDelta", r#"{"contentBlockIndex":2,"delta":{"reasoningContent":{"summary":"x"}}}"#),
        think(2, "hm"),
        stop(2),
        end("end_turn"),
    ];
    check(
        events,
        expect![[r#"
            0 (odd) {"text":"ab"}
            2 (odd) {"reasoningContent":{"reasoningText":{"text":"hm"}}}
            foreign None {"rain": 1e2,"p":"ab"}
            foreign Some(0) {"hologram": {"x": 1e2}}
            foreign Some(1) {"hologram":{}}
            foreign Some(1) {"hologram":1}
            foreign Some(1) {"text":"of it"}
            foreign Some(2) {"summary":"x"}
            end_turn
        "#]],
    );
}

/// R111: a block whose first delta is not known is what its next one says; its text is not lost.
#[test]
fn r111_an_unknown_delta_comes_first() {
    let odd = |at: u32| {
        wire("contentBlockDelta", &format!(r#"{{"contentBlockIndex":{at},"delta":{{"hologram":1}}}}"#))
    };
    let citation = r#"{"contentBlockIndex":3,"delta":{"citation":{"title":{"de":"x"}}}}"#;
    let events = [
        odd(0),
        text(0, "a"),
        cite(0, "t"),
        stop(0),
        odd(1),
        think(1, "hm"),
        sign(1, "s"),
        stop(1),
        odd(2),
        odd(2),
        stop(2),
        wire("contentBlockDelta", citation),
        text(3, "b"),
        stop(3),
        end("end_turn"),
    ];
    check(
        events,
        expect![[r#"
            0 (odd) {"citationsContent":{"content":[{"text":"a"}],"citations":[{"title":"t"}]}}
            1 (odd) {"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}
            3 {"citationsContent":{"content":[{"text":"b"}],"citations":[{"title":{"de":"x"}}]}}
            foreign Some(0) {"hologram":1}
            foreign Some(1) {"hologram":1}
            foreign Some(2) {"hologram":1}
            foreign Some(2) {"hologram":1}
            end_turn
        "#]],
    );
}
