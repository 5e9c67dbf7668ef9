//! Arbitrary messages, histories and streams: what models, foreign programs and damaged files may give.

use outcrop_core::{turn::*, wire::*};
use proptest::{
    collection::vec,
    prelude::{Strategy, *},
    sample::select,
};

use crate::support::raw;

pub fn words() -> impl Strategy<Value = String> {
    select(vec!["", " ", "\n\t", "hi", "so ", " é\u{1f30d}", ".", "a\u{a0}"]).prop_map(str::to_owned)
}

pub fn ids() -> impl Strategy<Value = String> {
    let long = "x".repeat(80);
    let ids =
        ["a", "a", "b", "b", "", "x|y", "é", "functions.f:0", "tooluse_abc", "tooluse_!", "abcdefghi", &long];
    select(ids.map(str::to_owned).to_vec())
}

pub fn names() -> impl Strategy<Value = String> {
    select(vec!["plan", "plan", "now", "get weather", "", "天気"]).prop_map(str::to_owned)
}

pub const INPUTS: [&str; 14] = [
    r#"{"city":"Lisbon"}"#,
    r#"{ "city" : "Lisbon", "days": 2 }"#,
    r#"{"city":"Lisbon","days":1.5}"#,
    r#"{"city":"Lis"#,
    r#"{"city":"\ud83d"}"#,
    r#"{"city":"A","city":"B"}"#,
    r#"{"days":123456789012345678901234567890}"#,
    r#"{"days":1e999}"#,
    "{}",
    "",
    " ",
    "null",
    "[]",
    "{\"city\":\"a\nb\"}",
];

fn inputs() -> impl Strategy<Value = InputText> {
    select(INPUTS.to_vec()).prop_map(InputText::from)
}

fn blobs() -> impl Strategy<Value = Blob> {
    vec(any::<u8>(), 0..4).prop_map(Blob::from)
}

fn members() -> impl Strategy<Value = Vec<(String, RawJson)>> {
    let values =
        select(vec!["1", "1e2", "123456789012345678901234567890", "[ 1]", "null", r#"{"a":1,"a":2}"#]);
    prop_oneof![
        6 => Just(Vec::new()),
        1 => values.prop_map(|value| vec![("newMember".to_owned(), raw(value))]),
    ]
}

fn with<T>(mut value: T, more: Vec<(String, RawJson)>, other: impl Fn(&mut T) -> &mut Members) -> T {
    more.into_iter().for_each(|(name, member)| other(&mut value).insert(name, member));
    value
}

pub fn tool_uses() -> impl Strategy<Value = ToolUse> {
    let kinds = select(vec![None, None, None, Some("tool_use"), Some("server_tool_use")]);
    (ids(), names(), inputs(), kinds, members()).prop_map(|(id, name, input, kind, more)| {
        let mut call = ToolUse::new(id, name, input);
        call.kind = kind.map(str::to_owned);
        with(call, more, |call| &mut call.other)
    })
}

fn reasoning() -> impl Strategy<Value = ContentBlock> {
    let signature = proptest::option::of(select(vec!["", "sig", "c2ln"]).prop_map(str::to_owned));
    let readable = (words(), signature, members()).prop_map(|(text, signature, more)| {
        let mut text = ReasoningText::new(text);
        text.signature = signature;
        ReasoningContent::ReasoningText(with(text, more, |text| &mut text.other)).into()
    });
    prop_oneof![
        4 => readable,
        1 => blobs().prop_map(|bytes| ReasoningContent::RedactedContent(bytes).into()),
    ]
}

fn media() -> impl Strategy<Value = ContentBlock> {
    select(vec![
        r#"{"image":{"format":"png","source":{"bytes":"aGk="}}}"#,
        r#"{"document":{"name":"notes","format":"txt","source":{"text":"so"}}}"#,
        r#"{"video":{"format":"mp4","source":{"s3Location":{"uri":"s3://b/k"}}}}"#,
        r#"{"audio":{"format":"mp3","source":{"bytes":"aGk="}}}"#,
        r#"{"searchResult":{"source":"s","title":"t","content":[{"text":"x"}]}}"#,
        r#"{"cachePoint":{"type":"default"}}"#,
        r#"{"guardContent":{"text":{"text":"x"}}}"#,
        r#"{"toolAddition":{"tool":{"type":"t","name":"n"}}}"#,
    ])
    .prop_map(crate::support::block)
}

/// Blocks that this version does not know, or cannot read.
fn unknown() -> impl Strategy<Value = ContentBlock> {
    select(vec![
        r#"{"hologram": {"n":123456789012345678901234567890, "x":1e2,"x":2}}"#,
        r#"{"hologram":1,"aura":2}"#,
        r#"{"text":5}"#,
        r#"{"text":"a","image":{}}"#,
        r#"{"toolUse":{"toolUseId":"a"}}"#,
        r#"{"toolResult":{"content":[]}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":1}}}"#,
        r#"{"reasoningContent":{"summary":"x"}}"#,
        "{}",
        "[1]",
    ])
    .prop_map(crate::support::block)
}

fn cited() -> impl Strategy<Value = ContentBlock> {
    let texts = vec(proptest::option::of(words()), 0..3);
    let citations = vec((words(), members()), 0..3);
    (texts, citations).prop_map(|(texts, citations)| {
        let text = |text: Option<String>| {
            let mut cited = CitedText::new();
            cited.text = text;
            cited
        };
        let citation =
            |(title, more): (String, _)| with(Citation::new().title(title), more, |it| &mut it.other);
        CitationsContent::new()
            .content(texts.into_iter().map(text))
            .citations(citations.into_iter().map(citation))
            .into()
    })
}

fn parts() -> impl Strategy<Value = ToolResultContent> {
    let json = select(vec!["{}", r#"{"a": 1e2}"#, "[1]", "null", "5", "\"\""]);
    let others = select(vec![
        r#"{"image":{"format":"png","source":{"bytes":"aGk="}}}"#,
        r#"{"document":{"name":"notes","source":{"text":"so"}}}"#,
        r#"{"video":{"format":"mp4","source":{"bytes":"aGk="}}}"#,
        r#"{"searchResult":{"source":"s","title":"t","content":[]}}"#,
        r#"{"cachePoint":{"type":"default"}}"#,
        r#"{"hologram":1}"#,
        r#"{"text":5}"#,
        r#"{"image":{}}"#,
        "{}",
    ]);
    prop_oneof![
        words().prop_map(ToolResultContent::Text),
        json.prop_map(|json| ToolResultContent::Json(raw(json))),
        others.prop_map(|other| serde_json::from_str(other).unwrap()),
    ]
}

pub fn tool_results() -> impl Strategy<Value = ToolResult> {
    let status = proptest::option::of(select(vec!["success", "error", "maybe"]));
    (ids(), vec(parts(), 0..3), status, members()).prop_map(|(id, content, status, more)| {
        let mut result = ToolResult::new(id, content);
        result.status = status.map(ToolResultStatus::from);
        with(result, more, |result| &mut result.other)
    })
}

/// Any block, whoever may or may not write it.
pub fn blocks() -> impl Strategy<Value = ContentBlock> {
    prop_oneof![
        3 => words().prop_map(ContentBlock::Text),
        3 => tool_uses().prop_map(ContentBlock::ToolUse),
        2 => reasoning(),
        1 => tool_results().prop_map(ContentBlock::ToolResult),
        1 => media(),
        1 => unknown(),
        1 => cited(),
    ]
}

pub fn messages(roles: &'static [&'static str], size: usize) -> impl Strategy<Value = Message> {
    let role = select(roles.to_vec());
    (role, vec(blocks(), 0..size)).prop_map(|(role, content)| Message::new(role, content))
}

/// What may be done to a history.
#[derive(Clone, Debug)]
pub enum Op {
    User(Message),
    Step { message: Message, model: Option<&'static str>, results: Vec<ToolResult> },
}

pub fn ops() -> impl Strategy<Value = Vec<Op>> {
    let models =
        select(vec![None, Some("anthropic.claude-sonnet-4-6"), Some("amazon.nova-2"), Some("writer.")]);
    let step = (messages(&["assistant"], 5), models, vec(tool_results(), 0..4))
        .prop_map(|(message, model, results)| Op::Step { message, model, results });
    let user = messages(&["user", "user", "user", "system"], 4).prop_map(Op::User);
    vec(prop_oneof![1 => user, 1 => step], 1..7)
}

pub fn apply(history: &mut History, op: Op) {
    match op {
        Op::User(message) => history.push_user(message),
        Op::Step { message, model, results } => history.push_step(message, model, results),
    }
}
