//! What a history takes and keeps: calls and results from anywhere, whole turns, the saved form.

use expect_test::{Expect, expect};
use outcrop_core::{profile::*, turn::*, wire::*};

use crate::support::{compact, message};

/// A line a message: its role, then its blocks.
fn show(history: &History) -> String {
    let mut lines = String::new();
    for entry in history.entries() {
        lines += entry.message.role.as_str();
        for block in &entry.message.content {
            lines += " | ";
            lines += &match block {
                ContentBlock::Text(text) => text.clone(),
                ContentBlock::ToolUse(call) => format!("call {}", call.tool_use_id),
                ContentBlock::ToolResult(result) => compact(result),
                other => serde_json::to_string(other).unwrap(),
            };
        }
        lines += "\n";
    }
    lines
}

fn check(messages: &[&str], expected: Expect) {
    let history = History::from_messages(messages.iter().map(|text| message(text)));
    expected.assert_eq(&show(&history));
    let saved = serde_json::to_string(&history).unwrap();
    let loaded: History = serde_json::from_str(&saved).unwrap();
    assert_eq!(show(&loaded), show(&history));
    assert_eq!(serde_json::to_string(&loaded).unwrap(), saved);
}

const CALLS: &str = r#"{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"now","input":{}}},{"toolUse":{"toolUseId":"b","name":"now","input":{}}}]}"#;
const RESULT_A: &str =
    r#"{"role":"user","content":[{"toolResult":{"toolUseId":"a","content":[{"text":"one"}]}}]}"#;
const RESULT_B: &str = r#"{"role":"user","content":[{"toolResult":{"toolUseId":"b","content":[{"text":"two"}]}},{"text":"and?"}]}"#;

/// R26, R33: results are put into the order of the calls, missing ones say so, orphans are gone.
#[test]
fn results_that_are_missing_doubled_or_orphans() {
    let doubled = r#"{"role":"user","content":[{"text":"well"},{"toolResult":{"toolUseId":"b","content":[{"text":"two"}]}},{"toolResult":{"toolUseId":"b","content":[{"text":"three"}]}},{"toolResult":{"toolUseId":"c","content":[]}}]}"#;
    check(
        &[RESULT_A, CALLS, doubled],
        expect![[r#"
        assistant | call a | call b
        user | a error: The call was interrupted before its result was known. It may or may not have taken effect. | b -: two | well
    "#]],
    );
}

/// R1, R26: many programs write one message for each result; the service reads neighbours as one.
#[test]
fn results_spread_over_neighbours() {
    check(
        &[CALLS, RESULT_A, RESULT_B, RESULT_A],
        expect![[r#"
        assistant | call a | call b
        user | a -: one | b -: two
        user | and?
    "#]],
    );
    let system = r#"{"role":"system","content":[{"text":"be brief"}]}"#;
    check(
        &[CALLS, system, RESULT_B, RESULT_A],
        expect![[r#"
        assistant | call a | call b
        user | a -: one | b -: two
        system | be brief
        user | and?
    "#]],
    );
}

/// R26: a call at the end of a conversation is answered too.
#[test]
fn a_call_at_the_end() {
    check(
        &[CALLS],
        expect![[r#"
        assistant | call a | call b
        user | a error: The call was interrupted before its result was known. It may or may not have taken effect. | b error: The call was interrupted before its result was known. It may or may not have taken effect.
    "#]],
    );
    check(
        &[CALLS, CALLS, RESULT_B],
        expect![[r#"
        assistant | call a | call b
        user | a error: The call was interrupted before its result was known. It may or may not have taken effect. | b error: The call was interrupted before its result was known. It may or may not have taken effect.
        assistant | call a | call b
        user | a error: The call was interrupted before its result was known. It may or may not have taken effect. | b -: two | and?
    "#]],
    );
}

/// R35a: calls of the service's own are not answered, and their results stay where they are.
#[test]
fn calls_of_the_service() {
    let served = r#"{"role":"assistant","content":[{"toolUse":{"toolUseId":"a","name":"code","input":{},"type":"server_tool_use"}},{"toolResult":{"toolUseId":"a","content":[{"text":"[HIDDEN]"}],"type":"nova_code_interpreter_result"}}]}"#;
    check(
        &[served, RESULT_A],
        expect![[r#"
        assistant | call a | a -: [HIDDEN]
    "#]],
    );
}

/// R16: two calls of one id keep their results in the order they came.
#[test]
fn two_calls_of_one_id() {
    let mut history = History::new();
    let call = |input: &str| ContentBlock::from(ToolUse::new("a", "now", input));
    let results =
        [ToolResult::text("a", "one"), ToolResult::text("a", "two"), ToolResult::text("a", "three")];
    history.push_step(Message::assistant([call("{}"), call("{}")]), None, results);
    expect![[r#"
        assistant | call a | call a
        user | a success: one | a success: two
    "#]]
    .assert_eq(&show(&history));
}

/// R71: a cut never parts a call from its result, and takes reasoning along, which is bound to what was before.
#[test]
fn whole_turns_are_cut() {
    let mut history = History::new();
    for turn in ["one", "two", "three"] {
        history.push_user(Message::user(turn));
        let thought = ReasoningContent::ReasoningText(ReasoningText::new("hm").signature("s"));
        let call = ToolUse::new("a", "now", "{}");
        history.push_step(
            Message::assistant([thought.into(), call.into()]),
            None,
            [ToolResult::text("a", "12")],
        );
        history.push_step(Message::assistant(turn.to_uppercase()), None, []);
    }
    let mut kept = history.clone();
    kept.keep_turns(2);
    expect![[r#"
        user | two
        assistant | call a
        user | a success: 12
        assistant | TWO
        user | three
        assistant | call a
        user | a success: 12
        assistant | THREE
    "#]]
    .assert_eq(&show(&kept));
    let popped = history.pop_turn();
    assert_eq!((popped.len(), history.len()), (4, 8));
    for turns in [0, 1, 2, 3, usize::MAX] {
        let mut kept = history.clone();
        kept.keep_turns(turns);
        assert_eq!(kept.len(), turns.min(2) * 4);
    }
}

/// A history of a later version is refused, not misread.
#[test]
fn a_later_version_is_refused() {
    let error = serde_json::from_str::<History>(r#"{"version":2,"entries":[]}"#).unwrap_err();
    expect!["the history is of version 2, this reads up to 1"].assert_eq(&error.to_string());
}

/// R51, R52, R111: digits, order and white space of what nobody knows are kept through saving and rendering.
#[test]
fn unknown_blocks_stay_to_the_byte() {
    let odd = r#"{ "hologram" : {"n":123456789012345678901234567890,  "x":1e2, "x":2,
        "s":"\u00e9\ud83d" } }"#;
    let mut history = History::from_messages([message(&format!(r#"{{"role":"user","content":[{odd}]}}"#))]);
    history.push_step(
        message(&format!(r#"{{"role":"assistant","content":[{odd},{{"text":"x"}}]}}"#)),
        None,
        [],
    );
    let saved = serde_json::to_string(&history).unwrap();
    assert_eq!(saved.matches(odd).count(), 2);
    let loaded: History = serde_json::from_str(&saved).unwrap();
    let rendered = render(&loaded, &Profile::permissive(), "m");
    let request = Request::new().messages(rendered.messages).to_json_bytes().unwrap();
    assert_eq!(String::from_utf8(request).unwrap().matches(odd).count(), 2);
}

/// The last question goes with all that came of it, and no other.
#[test]
fn pop_turn_takes_one_question() {
    let mut history = History::new();
    history.push_user(Message::user("one"));
    history.push_user(Message::user("two"));
    let call = Message::assistant(ContentBlock::from(ToolUse::new("a", "now", "{}")));
    history.push_step(call, None, [ToolResult::text("a", "12:34")]);
    assert_eq!(history.pop_turn().len(), 3);
    assert_eq!(history.messages().map(Message::text).collect::<Vec<_>>(), ["one"]);
    assert_eq!(history.pop_turn().len(), 1);
    assert_eq!((history.pop_turn().len(), history.len()), (0, 0));
}
