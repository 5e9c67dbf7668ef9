//! One table a rule of rendering: a conversation, a model, and what is sent to it.

use expect_test::{Expect, expect};
use outcrop_core::{profile::*, turn::*, wire::*};

use crate::{
    shape::flaw,
    support::{message, raw},
};

pub const CLAUDE: &str = "us.anthropic.claude-sonnet-4-6";
pub const NOVA: &str = "amazon.nova-lite-v1:0";
pub const LLAMA: &str = "meta.llama4-scout";
pub const MISTRAL: &str = "mistral.mistral-large-3";
pub const WRITER: &str = "writer.palmyra-x5";
pub const GPT_OSS: &str = "openai.gpt-oss-120b";

/// The messages in short, a line each, and the rules that were applied; merging is left out unless it is alone.
pub fn check(messages: &[&str], model: &str, expected: Expect) {
    check_as(
        &History::from_messages(messages.iter().map(|text| message(text))),
        model,
        &Profile::of(model),
        expected,
    );
}

pub fn check_as(history: &History, model: &str, profile: &Profile, expected: Expect) {
    let rendered = render(history, profile, model);
    assert_eq!(flaw(&rendered.messages, profile), None);
    let mut shown = String::new();
    for message in &rendered.messages {
        shown += message.role.as_str();
        for block in &message.content {
            shown += &format!(" {}", serde_json::to_string(block).unwrap());
        }
        shown += "\n";
    }
    let mut rules: Vec<String> =
        rendered.applied.iter().map(|(rule, entry)| format!("{rule}@{entry}")).collect();
    rules.dedup();
    shown += &format!("{}\n", rules.join(" "));
    expected.assert_eq(&shown);
}

pub fn user(content: &str) -> String {
    format!(r#"{{"role":"user","content":[{content}]}}"#)
}

pub fn assistant(content: &str) -> String {
    format!(r#"{{"role":"assistant","content":[{content}]}}"#)
}

pub fn call(id: &str) -> String {
    format!(r#"{{"toolUse":{{"toolUseId":"{id}","name":"now","input":{{}}}}}}"#)
}

pub fn result(id: &str, content: &str) -> String {
    format!(r#"{{"toolResult":{{"toolUseId":"{id}","content":[{content}],"status":"success"}}}}"#)
}

pub const HI: &str = r#"{"role":"user","content":[{"text":"hi"}]}"#;
const YES: &str = r#"{"role":"assistant","content":[{"text":"yes "}]}"#;

/// A question, one call, and its result with this content.
pub fn with_result(content: &str) -> [String; 3] {
    [HI.to_owned(), assistant(&call("a")), user(&result("a", content))]
}

pub fn check_result(content: &str, model: &str, expected: Expect) {
    let messages = with_result(content);
    check(&messages.each_ref().map(String::as_str), model, expected);
}

#[test]
fn r1_neighbours_of_one_role_are_merged() {
    check(
        &[HI, HI, YES, YES, HI],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"} {"text":"hi"}
        assistant {"text":"yes "} {"text":"yes "}
        user {"text":"hi"}
        merged_neighbours@1 merged_neighbours@3
    "#]],
    );
}

#[test]
fn r2_the_user_begins() {
    check(
        &[YES, HI],
        NOVA,
        expect![[r#"
        user {"text":"."}
        assistant {"text":"yes "}
        user {"text":"hi"}
        user_first@0
    "#]],
    );
    check(
        &[YES, HI],
        CLAUDE,
        expect![[r#"
        assistant {"text":"yes "}
        user {"text":"hi"}

    "#]],
    );
    check(
        &[],
        CLAUDE,
        expect![[r#"
        user {"text":"."}
        user_first@0
    "#]],
    );
}

#[test]
fn r3_blank_text() {
    check(
        &[&user(r#"{"text":" "},{"text":"hi"}"#), &assistant(r#"{"text":""},{"text":"yes"}"#), HI],
        CLAUDE,
        expect![[r#"
            user {"text":"hi"}
            assistant {"text":"yes"}
            user {"text":"hi"}
            blank_text@0 blank_text@1
        "#]],
    );
    check(
        &[&user(r#"{"text":" \n"}"#)],
        CLAUDE,
        expect![[r#"
        user {"text":"."}
        blank_text@0
    "#]],
    );
}

#[test]
fn r4_a_prefill_does_not_end_in_white_space() {
    check(
        &[HI, YES],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"text":"yes"}
        trimmed_prefill@1
    "#]],
    );
    check(
        &[HI, YES, HI],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"text":"yes "}
        user {"text":"hi"}

    "#]],
    );
}

#[test]
fn r5_an_answer_of_which_nothing_is_left() {
    check(
        &[HI, &assistant(r#"{"text":""}"#), HI],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"} {"text":"hi"}
        blank_text@1 empty_message@1 merged_neighbours@2
    "#]],
    );
}

#[test]
fn r6_results_alone() {
    let mixed = user(&format!(r#"{},{{"text":"and?"}}"#, result("a", r#"{"text":"12"}"#)));
    check(
        &[HI, &assistant(&call("a")), &mixed],
        LLAMA,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"12"}]}}
        assistant {"text":"."}
        user {"text":"and?"}
        split_message@2
    "#]],
    );
    check(
        &[HI, &assistant(&call("a")), &mixed],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"12"}],"status":"success"}} {"text":"and?"}
        merged_neighbours@2
    "#]],
    );
}

/// Where calls must be alone they come last, so that their results are in the next message.
#[test]
fn r6_calls_alone() {
    let mixed = assistant(&format!(r#"{},{{"text":"and"}},{}"#, call("a"), call("b")));
    check(
        &[HI, &mixed, HI],
        LLAMA,
        expect![[r#"
        user {"text":"hi"}
        assistant {"text":"and"}
        user {"text":"."}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}} {"toolUse":{"toolUseId":"b","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"Error: The call was interrupted before its result was known. It may or may not have taken effect."}]}} {"toolResult":{"toolUseId":"b","content":[{"text":"Error: The call was interrupted before its result was known. It may or may not have taken effect."}]}}
        assistant {"text":"."}
        user {"text":"hi"}
        split_message@1 status_as_text@2 split_message@2
    "#]],
    );
}

#[test]
fn r8_a_system_message_inside() {
    let system = r#"{"role":"system","content":[{"text":"be brief"},{"text":""}]}"#;
    check(
        &[HI, YES, system, HI],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"text":"yes "}
        user {"text":"be brief"} {"text":"hi"}
        system_as_user@2 blank_text@2 merged_neighbours@3
    "#]],
    );
    let mut profile = Profile::of(CLAUDE);
    profile.messages.system_role = true;
    let history = History::from_messages([HI, YES, system, HI].map(message));
    check_as(
        &history,
        CLAUDE,
        &profile,
        expect![[r#"
        user {"text":"hi"}
        assistant {"text":"yes "}
        system {"text":"be brief"}
        user {"text":"hi"}
        blank_text@2
    "#]],
    );
}

#[test]
fn r9_changes_of_tools() {
    let change = r#"{"toolAddition":{"tool":{"type":"t","name":"now"}}}"#;
    check(
        &[&format!(r#"{{"role":"system","content":[{change}]}}"#), HI],
        CLAUDE,
        expect![[r#"
        user {"text":"."} {"text":"hi"}
        system_as_user@0 misplaced_block@0 blank_text@0 merged_neighbours@1
    "#]],
    );
}

#[test]
fn r10_what_cannot_be_read_is_not_sent() {
    let odd = r#"{"text":5},{"text":"a","image":{}},{},{"hologram":null},{"hologram":{"x": 1e2}}"#;
    check(
        &[&user(odd), &assistant(odd), HI],
        CLAUDE,
        expect![[r#"
        user {"hologram":null} {"hologram":{"x": 1e2}}
        assistant {"hologram":null} {"hologram":{"x": 1e2}}
        user {"text":"hi"}
        unreadable_block@0 unreadable_block@1
    "#]],
    );
    check_result(
        r#"{"text":5},{},{"hologram":{"x": 1e2}}"#,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"hologram":{"x": 1e2}}],"status":"success"}}
        unreadable_block@2
    "#]],
    );
    check_result(
        r#"{"image":{}}"#,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"(empty)"}],"status":"success"}}
        unreadable_block@2 empty_result@2
    "#]],
    );
}

#[test]
fn r12_reasoning_of_a_user() {
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#;
    check(
        &[&user(thought), YES, HI],
        CLAUDE,
        expect![[r#"
        user {"text":"."}
        assistant {"text":"yes "}
        user {"text":"hi"}
        user_reasoning@0 blank_text@0
    "#]],
    );
}

/// R58–R62: signed reasoning goes back to the byte and in its place; each family takes another part of the rest.
#[test]
fn r61_r62_reasoning() {
    let thoughts = [
        r#"{"reasoningContent":{"reasoningText":{"text":" a ","signature":"s=="}}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"","signature":"t"}}}"#,
        r#"{"reasoningContent":{"redactedContent":"aGk="}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"b"}}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":""}}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"c","signature":""}}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":5}}}"#,
        r#"{"reasoningContent":{"summary":{"x": 1}}}"#,
        r#"{"text":"yes"}"#,
    ];
    let answer = assistant(&thoughts.join(","));
    for (model, expected) in [
        (
            CLAUDE,
            expect![[r#"
            user {"text":"hi"}
            assistant {"reasoningContent":{"reasoningText":{"text":" a ","signature":"s=="}}} {"reasoningContent":{"reasoningText":{"text":"","signature":"t"}}} {"reasoningContent":{"redactedContent":"aGk="}} {"reasoningContent":{"summary":{"x": 1}}} {"text":"yes"}
            user {"text":"hi"}
            unsigned_reasoning@1 unreadable_block@1
        "#]],
        ),
        (
            GPT_OSS,
            expect![[r#"
                user {"text":"hi"}
                assistant {"reasoningContent":{"reasoningText":{"text":" a "}}} {"reasoningContent":{"redactedContent":"aGk="}} {"reasoningContent":{"reasoningText":{"text":"b"}}} {"reasoningContent":{"reasoningText":{"text":"c"}}} {"reasoningContent":{"summary":{"x": 1}}} {"text":"yes"}
                user {"text":"hi"}
                reasoning_signature@1 blank_text@1 reasoning_signature@1 unreadable_block@1
            "#]],
        ),
        (
            NOVA,
            expect![[r#"
            user {"text":"hi"}
            assistant {"text":"yes"}
            user {"text":"hi"}
            refused_reasoning@1 unreadable_block@1 refused_reasoning@1
        "#]],
        ),
        (
            "a.b",
            expect![[r#"
                user {"text":"hi"}
                assistant {"reasoningContent":{"reasoningText":{"text":" a ","signature":"s=="}}} {"reasoningContent":{"reasoningText":{"text":"","signature":"t"}}} {"reasoningContent":{"redactedContent":"aGk="}} {"reasoningContent":{"reasoningText":{"text":"b"}}} {"reasoningContent":{"reasoningText":{"text":"c","signature":""}}} {"reasoningContent":{"summary":{"x": 1}}} {"text":"yes"}
                user {"text":"hi"}
                blank_text@1 unreadable_block@1
            "#]],
        ),
    ] {
        check(&[HI, &answer, HI], model, expected);
    }
}

#[test]
fn r63_reasoning_of_another_model() {
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"a","signature":"s"}}},{"text":"yes"}"#;
    let mut history = History::new();
    history.push_user(Message::user("hi"));
    for model in [Some("eu.anthropic.claude-sonnet-4-6"), Some("anthropic.claude-opus-4-5"), None] {
        history.push_step(message(&assistant(thought)), model, []);
        history.push_user(Message::user("hi"));
    }
    check_as(
        &history,
        CLAUDE,
        &Profile::of(CLAUDE),
        expect![[r#"
        user {"text":"hi"}
        assistant {"reasoningContent":{"reasoningText":{"text":"a","signature":"s"}}} {"text":"yes"}
        user {"text":"hi"}
        assistant {"text":"yes"}
        user {"text":"hi"}
        assistant {"reasoningContent":{"reasoningText":{"text":"a","signature":"s"}}} {"text":"yes"}
        user {"text":"hi"}
        foreign_reasoning@3
    "#]],
    );
}

/// A history is never changed by what is sent.
#[test]
fn the_history_stays() {
    let history = History::from_messages(with_result(r#"{"json":[1]}"#).map(|text| message(&text)));
    let before = serde_json::to_string(&history).unwrap();
    render(&history, &Profile::of(LLAMA), LLAMA);
    assert_eq!(serde_json::to_string(&history).unwrap(), before);
    assert!(raw(&before).is_object());
}
