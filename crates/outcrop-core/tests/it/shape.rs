//! What the service checks of the messages of a request, and what rendering promises of them.

use std::{collections::HashSet, sync::LazyLock};

use outcrop_core::{profile::*, wire::*};

/// The profiles of every row of the table, the permissive one, and some that only users or refusals make.
pub static PROFILES: LazyLock<Vec<(String, Profile)>> = LazyLock::new(|| {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../src/profile/profiles.json")).unwrap();
    let patterns = table.as_array().unwrap().iter().flat_map(|row| row["models"].as_array().unwrap());
    let mut profiles: Vec<_> = patterns
        .map(|pattern| pattern.as_str().unwrap().to_owned())
        .map(|id| (id.clone(), Profile::of(&id)))
        .collect();
    // Many models are alike in all that rendering asks for.
    let mut seen = Vec::new();
    profiles.retain(|(_, profile)| {
        let mut like = Profile::permissive();
        like.messages.assistant_first = profile.messages.assistant_first;
        like.messages.mixes_tool_results = profile.messages.mixes_tool_results;
        like.messages.mixes_tool_uses = profile.messages.mixes_tool_uses;
        like.tools.result_status = profile.tools.result_status;
        like.tools.result_json = profile.tools.result_json;
        like.media.in_tool_results.clone_from(&profile.media.in_tool_results);
        like.media.in_messages.clone_from(&profile.media.in_messages);
        like.messages.system_role = profile.messages.system_role;
        like.thinking.replay = profile.thinking.replay;
        like.tools.use_ids = profile.tools.use_ids;
        let new = !seen.contains(&like);
        seen.push(like);
        new
    });
    let mut made = |name: &str, profile: Profile| profiles.push((name.to_owned(), profile));
    let claude = Profile::of("anthropic.claude-sonnet-4-6");
    let alone = |profile: Profile| profile.with_fact(Fact::ToolUsesAlone).with_fact(Fact::ToolResultsAlone);
    made("somebody.new-model", Profile::permissive());
    made("permissive-alone", alone(Profile::permissive()));
    made("claude-uses-alone", claude.clone().with_fact(Fact::ToolUsesAlone));
    made("claude-results-alone", claude.clone().with_fact(Fact::ToolResultsAlone));
    made("claude-no-reasoning", claude.clone().with_fact(Fact::NoReasoning));
    let mut system = claude;
    system.messages.system_role = true;
    made("claude-system-messages", system);
    profiles
});

pub fn flat(messages: &[Message]) -> Vec<(String, String)> {
    let blocks = |message: &Message| {
        let role = message.role.to_string();
        let json = |block| serde_json::to_string(block).unwrap();
        message.content.iter().map(|block| (role.clone(), json(block))).collect::<Vec<_>>()
    };
    messages.iter().flat_map(blocks).collect()
}

/// The first rule that `messages` break; `None` where the service would take them.
pub fn flaw(messages: &[Message], profile: &Profile) -> Option<String> {
    if messages.is_empty() {
        return Some("no message".into());
    }
    if messages[0].role == Role::Assistant && !profile.messages.assistant_first {
        return Some("the assistant is first".into());
    }
    let empty = Vec::new();
    for (at, message) in messages.iter().enumerate() {
        let next = messages.get(at + 1);
        if next.is_some_and(|next| next.role == message.role) {
            return Some(format!("two messages of one role at {at}"));
        }
        let before = (message.role == Role::User && at > 0).then(|| calls(&messages[at - 1]));
        let flaw = match message.role {
            Role::Assistant => assistant(message, next, profile, at + 1 == messages.len()),
            Role::User => user(message, before.as_ref().unwrap_or(&empty), profile),
            Role::System if profile.messages.system_role => None,
            _ => Some("a role that is not taken".to_owned()),
        };
        let flaw = flaw.or_else(|| common(message));
        if let Some(flaw) = flaw {
            return Some(format!("message {at}: {flaw}"));
        }
    }
    None
}

fn calls(message: &Message) -> Vec<String> {
    message.tool_uses().map(|call| call.tool_use_id.clone()).collect()
}

fn common(message: &Message) -> Option<String> {
    if message.content.is_empty() {
        return Some("no content".into());
    }
    message.content.iter().find_map(|block| match block {
        ContentBlock::Text(text) if text.trim().is_empty() => Some("blank text".into()),
        ContentBlock::Unknown(raw) if !is_foreign(raw) => Some(format!("an unreadable block: {raw}")),
        ContentBlock::ToolAddition(_) | ContentBlock::ToolRemoval(_) if message.role != Role::System => {
            Some("a tool change outside a system message".into())
        }
        _ => None,
    })
}

/// Kinds of blocks and of parts of results.
const KNOWN: [&str; 15] = [
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
    "toolAddition",
    "toolRemoval",
    "json",
];

/// Whether it is an object with members none of which we know.
fn is_foreign(raw: &RawJson) -> bool {
    let Ok(serde_json::Value::Object(members)) = serde_json::from_str(raw.as_str()) else { return false };
    let alone = members.len() == 1;
    let mut kinds =
        members.iter().filter(|(_, value)| alone || !value.is_null()).map(|(key, _)| key).peekable();
    kinds.peek().is_some() && kinds.all(|kind| !KNOWN.contains(&kind.as_str()))
}

fn assistant(message: &Message, next: Option<&Message>, profile: &Profile, last: bool) -> Option<String> {
    let of_service = message.content.iter().filter_map(|block| match block {
        ContentBlock::ToolUse(call) if call.is_server_side() => Some(&call.tool_use_id),
        _ => None,
    });
    let server: HashSet<_> = of_service.collect();
    let mut ids = server.clone();
    for block in &message.content {
        match block {
            ContentBlock::ToolUse(call) => {
                if call.is_server_side() {
                    continue;
                }
                if !ids.insert(&call.tool_use_id) {
                    return Some(format!("two calls of id {}", call.tool_use_id));
                }
                if !ToolSpec::is_valid_name(&call.name) {
                    return Some(format!("the name `{}`", call.name));
                }
                if !is_valid_id(&call.tool_use_id, profile) {
                    return Some(format!("the id `{}`", call.tool_use_id));
                }
                if !call.input.wire().is_object() || call.kind.is_some() {
                    return Some("an input that is no object, or a type".into());
                }
            }
            ContentBlock::ToolResult(result)
                if result.kind.is_none() && !server.contains(&result.tool_use_id) =>
            {
                return Some("a result in an assistant message".into());
            }
            ContentBlock::ReasoningContent(reasoning) => {
                if let Some(flaw) = reasoning_flaw(reasoning, profile) {
                    return Some(flaw);
                }
            }
            _ => {}
        }
    }
    let is_call =
        |block: &&ContentBlock| matches!(block, ContentBlock::ToolUse(call) if !call.is_server_side());
    let count = message.content.iter().filter(is_call).count();
    if !profile.messages.mixes_tool_uses && count > 0 && count < message.content.len() {
        return Some("calls beside other content".into());
    }
    if count > 0 {
        let Some(next) = next else { return Some("calls without results".into()) };
        let answers: Vec<_> = next.tool_results().map(|result| result.tool_use_id.clone()).collect();
        if answers != calls(message) {
            return Some(format!("calls {:?} answered by {answers:?}", calls(message)));
        }
    }
    match message.content.last() {
        Some(ContentBlock::Text(text)) if last && text.ends_with(char::is_whitespace) => {
            Some("white space at the end of a prefill".into())
        }
        _ => None,
    }
}

fn reasoning_flaw(reasoning: &ReasoningContent, profile: &Profile) -> Option<String> {
    let (signed, readable, blank) = match reasoning {
        ReasoningContent::ReasoningText(text) => (text.is_signed(), true, text.text.trim().is_empty()),
        _ => (false, false, false),
    };
    match profile.thinking.replay {
        ReasoningReplay::Refused => Some("reasoning where it is refused"),
        ReasoningReplay::Signed if readable && !signed => Some("reasoning without a signature"),
        ReasoningReplay::Unsigned if has_signature(reasoning) => Some("a signature where it is refused"),
        _ if readable && blank && !signed => Some("blank reasoning"),
        _ => None,
    }
    .map(str::to_owned)
}

fn has_signature(reasoning: &ReasoningContent) -> bool {
    matches!(reasoning, ReasoningContent::ReasoningText(text) if text.signature.is_some())
}

fn user(message: &Message, calls: &[String], profile: &Profile) -> Option<String> {
    let results: Vec<&ToolResult> = message.tool_results().collect();
    let leading =
        message.content.iter().take_while(|block| matches!(block, ContentBlock::ToolResult(_))).count();
    if leading != results.len() {
        return Some("content before results".into());
    }
    if !results.iter().map(|result| &result.tool_use_id).eq(calls) {
        return Some("results that answer no call".into());
    }
    if !profile.messages.mixes_tool_results && !results.is_empty() && results.len() < message.content.len() {
        return Some("results beside other content".into());
    }
    let wrong = message
        .content
        .iter()
        .any(|block| matches!(block, ContentBlock::ReasoningContent(_) | ContentBlock::ToolUse(_)));
    if wrong {
        return Some("reasoning or calls in a user message".into());
    }
    results.into_iter().find_map(|result| result_flaw(result, profile))
}

fn result_flaw(result: &ToolResult, profile: &Profile) -> Option<String> {
    if result.content.is_empty() {
        return Some("an empty result".into());
    }
    if result.status.is_some() && !profile.tools.result_status {
        return Some("a status where it is refused".into());
    }
    result.content.iter().find_map(|part| {
        let media = match part {
            ToolResultContent::Text(text) if text.trim().is_empty() => {
                return Some("blank text in a result".into());
            }
            ToolResultContent::Json(_) if !profile.tools.result_json => {
                return Some("JSON where it is refused".into());
            }
            ToolResultContent::Json(json) if !json.is_object() => return Some(format!("a result of {json}")),
            ToolResultContent::Unknown(raw) if !is_foreign(raw) => {
                return Some(format!("an unreadable part: {raw}"));
            }
            ToolResultContent::Image(_) => Media::Image,
            ToolResultContent::Document(_) => Media::Document,
            ToolResultContent::Video(_) => Media::Video,
            ToolResultContent::SearchResult(_) => Media::SearchResult,
            _ => return None,
        };
        (!profile.media.in_tool_results.contains(&media)).then(|| format!("{media:?} in a result"))
    })
}

fn is_valid_id(id: &str, profile: &Profile) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric();
    let converse = (1..=64).contains(&id.len()) && id.chars().all(|c| word(c) || "_.:-".contains(c));
    match profile.tools.use_ids {
        ToolUseIds::NineCharacters => {
            (id.len() == 9 && id.chars().all(word)) || (converse && id.starts_with("tooluse_"))
        }
        _ => converse,
    }
}
