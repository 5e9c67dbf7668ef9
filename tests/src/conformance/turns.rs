//! A turn of the assistant, stored and sent again: what the recording client sent back in a later request of its
//! case must stand in our history as the service sent it, and in our next request after listed rules only.
//!
//! # Invariants
//! - The rules are written here a second time, over plain JSON, so that a slip of `render` shows.

use std::collections::BTreeMap;

use outcrop_core::{
    History, Message, Profile, Request, Response, Role, StreamEvent,
    profile::{ReasoningReplay, bare_model_id},
    turn::render,
};

use super::{
    Checked,
    call::{assemble, of_message},
    case::{Case, Interaction},
    json::{Json, difference},
};

/// What `render` may do to a turn of the assistant: first what changes it, then what only moves it between messages.
const LISTED: [&str; 10] = [
    "tool_use_type",
    "blank_text",
    "unsigned_reasoning",
    "reasoning_signature",
    "refused_reasoning",
    "foreign_reasoning",
    "merged_neighbours",
    "split_message",
    "user_first",
    "empty_message",
];

/// Checks the turns of earlier answers that the request `at` holds.
pub(super) fn check(case: &Case, at: usize, checked: &mut Checked) {
    let interaction = &case.interactions[at];
    let Some(request) =
        interaction.request.as_deref().and_then(|text| serde_json::from_slice::<Request>(text).ok())
    else {
        return;
    };
    let answers = find_answers(&case.interactions[..at], &request);
    if answers.is_empty() {
        return;
    }
    if let Err(error) = check_turns(interaction, &request, &answers, checked) {
        checked.fail("turns", error);
    }
}

/// For messages of `request`, by place, the interaction whose answer they hold.
fn find_answers<'a>(earlier: &'a [Interaction], request: &Request) -> BTreeMap<usize, &'a Interaction> {
    let mut found = BTreeMap::new();
    for interaction in earlier.iter().filter(|interaction| interaction.operation.is_some()) {
        let Some(answer) = expected_message(interaction) else { continue };
        let holds = |(at, message): &(usize, &Message)| {
            message.role == Role::Assistant && !found.contains_key(at) && is_same_turn(message, answer)
        };
        if let Some((at, _)) = request.messages.iter().enumerate().find(holds) {
            found.insert(at, interaction);
        }
    }
    found
}

/// The message of an answer that came to its end.
fn expected_message(interaction: &Interaction) -> Option<&Json> {
    let expected = interaction.expected.as_ref()?;
    expected.get("stopReason")?.as_str()?;
    expected.get("message")
}

/// By the ids of calls where there are any, else by the text: clients change much else.
fn is_same_turn(message: &Message, answer: &Json) -> bool {
    let blocks = answer.get("content").and_then(Json::as_array).unwrap_or_default();
    let ids: Vec<&str> =
        blocks.iter().filter_map(|block| block.get("toolUse")?.get("toolUseId")?.as_str()).collect();
    if !ids.is_empty() {
        return message.tool_uses().any(|tool_use| ids.contains(&tool_use.tool_use_id.as_str()));
    }
    let texts = blocks.iter().filter_map(|block| match block.get("citationsContent") {
        Some(cited) => cited.get("content")?.as_array()?.first()?.get("text")?.as_str(),
        None => block.get("text")?.as_str(),
    });
    let text = texts.collect::<String>();
    !text.trim().is_empty() && text.trim() == message.text().trim()
}

fn check_turns(
    interaction: &Interaction,
    request: &Request,
    answers: &BTreeMap<usize, &Interaction>,
    checked: &mut Checked,
) -> Result<(), String> {
    let profile = Profile::of(&interaction.model_id);
    let mut history = History::new();
    let mut expected = Vec::new();
    let mut turns = Vec::new();
    for (at, message) in request.messages.iter().enumerate() {
        if message.role != Role::Assistant {
            history.push_user(message.clone());
            continue;
        }
        let next = request.messages.get(at + 1);
        let results: Vec<_> = next.into_iter().flat_map(Message::tool_results).cloned().collect();
        let mut as_sent = of_message(message).map_err(|error| error.to_string())?;
        let entry = history.len();
        let mut is_own = true;
        match answers.get(&at) {
            None => history.push_step(message.clone(), None, results),
            Some(answer) => {
                let model = answer.model_id.as_str();
                history.push_step(stored(answer)?, Some(model), results);
                as_sent = expected_message(answer).cloned().unwrap_or(Json::Null);
                is_own = bare_model_id(model) == bare_model_id(&interaction.model_id);
                turns.push((entry, as_sent.clone()));
            }
        }
        let blocks = as_sent.get("content").and_then(Json::as_array).unwrap_or_default();
        expected.extend(blocks.iter().filter_map(|block| rendered(block, &profile, is_own)));
    }
    for (entry, as_sent) in &turns {
        let stored = history.messages().nth(*entry).ok_or("a turn is not in the history")?;
        if let Some(difference) = difference(&of_message(stored).map_err(|error| error.to_string())?, as_sent)
        {
            checked.fail("stored turn", difference);
        }
    }
    let rendering = render(&history, &profile, &interaction.model_id);
    let mut sent = Vec::new();
    for message in rendering.messages.iter().filter(|message| message.role == Role::Assistant) {
        // Stands between messages that may not be neighbours.
        if message.content != ["."].map(Into::into) {
            for block in &message.content {
                sent.push(Json::of(block).map_err(|error| error.to_string())?);
            }
        }
    }
    if let Some(difference) = difference(&Json::Array(sent), &Json::Array(expected)) {
        checked.fail("turn sent again", difference);
    }
    checked.turns += turns.len();
    for (rule, _) in rendering.applied.iter().filter(|(_, at)| turns.iter().any(|(entry, _)| entry == at)) {
        *checked.rules.entry(rule.as_str().to_owned()).or_default() += 1;
        if !LISTED.contains(&rule.as_str()) {
            checked.fail("turn sent again", format!("the rule {rule} was used"));
        }
    }
    Ok(())
}

/// The answer as our assembler folds it.
fn stored(interaction: &Interaction) -> Result<Message, String> {
    let events = if interaction.streams() {
        let frames = interaction.frames().ok_or("the recorded stream cannot be read")?;
        let events =
            frames.iter().map(|(frame, _)| StreamEvent::from_frame(frame).map_err(|error| error.to_string()));
        events.collect::<Result<_, _>>()?
    } else {
        let response: Response =
            serde_json::from_slice(interaction.body()).map_err(|error| error.to_string())?;
        response.into_events()
    };
    assemble(events)
}

/// A block as it should be sent again; `None` where it should not be.
fn rendered(block: &Json, profile: &Profile, is_own: bool) -> Option<Json> {
    let mut block = block.clone();
    let members = block.as_object_mut()?;
    if members.get("text").and_then(Json::as_str).is_some_and(|text| text.trim().is_empty()) {
        return None;
    }
    if let Some(tool_use) = members.get_mut("toolUse").and_then(Json::as_object_mut) {
        if tool_use.get("type").and_then(Json::as_str) != Some("server_tool_use") {
            tool_use.remove("type");
        }
        if let Some(text) = tool_use.remove("rawInput") {
            let wrapped = BTreeMap::from([("INVALID_JSON".to_owned(), text)]);
            tool_use.insert("input".to_owned(), Json::Object(wrapped));
        }
    }
    if let Some(reasoning) = members.get_mut("reasoningContent") {
        let text = reasoning.as_object_mut().and_then(|reasoning| reasoning.get_mut("reasoningText"));
        let is_unsigned = text.as_ref().is_some_and(|text| text.get("signature").is_none());
        match profile.thinking.replay {
            ReasoningReplay::Refused => return None,
            _ if !is_own => return None,
            ReasoningReplay::Signed if is_unsigned => return None,
            ReasoningReplay::Unsigned => {
                if let Some(text) = text.and_then(Json::as_object_mut) {
                    text.remove("signature");
                }
            }
            _ => {}
        }
    }
    Some(block)
}
