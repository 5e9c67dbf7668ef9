//! Tool uses and their results: each answered, once, in the next turn.
//!
//! A turn is all neighbouring messages of one role, since the service merges them.

use std::collections::HashSet;

use super::{
    Refusal, Verdict,
    read::{Asked, Block},
};

/// Neighbouring messages of one role.
struct Turn<'a> {
    /// The index of its first message.
    at: usize,
    role: &'a str,
    blocks: Vec<Block<'a>>,
}

fn turns<'a>(asked: &Asked<'a>) -> Vec<Turn<'a>> {
    let mut turns: Vec<Turn<'a>> = Vec::new();
    for (at, message) in asked.messages.iter().enumerate() {
        let blocks = message.blocks.iter().copied().filter(|block| block.kind != "cachePoint");
        match turns.last_mut() {
            Some(turn) if turn.role == message.role => turn.blocks.extend(blocks),
            _ => turns.push(Turn { at, role: message.role, blocks: blocks.collect() }),
        }
    }
    turns
}

impl<'a> Turn<'a> {
    /// Ids of the calls that the other side answers.
    fn uses(&self) -> Vec<&'a str> {
        let uses = self.blocks.iter().filter(|block| block.kind == "toolUse" && !block.is_server_tool());
        uses.map(|block| block.str("toolUseId")).collect()
    }

    /// Ids that are answered. What an assistant's turn holds are answers of the service itself.
    fn results(&self) -> Vec<&'a str> {
        let results =
            self.blocks.iter().filter(|block| block.kind == "toolResult" && self.role != "assistant");
        results.map(|block| block.str("toolUseId")).collect()
    }
}

pub(super) fn config_is_there(asked: &Asked<'_>) -> Verdict {
    let used = turns(asked).iter().any(|turn| !turn.uses().is_empty() || !turn.results().is_empty());
    if used && asked.at("/toolConfig").is_none() && asked.field("tools").is_none() {
        return Err(Refusal::validation(
            "The toolConfig field must be defined when using toolUse and toolResult content blocks.",
        ));
    }
    Ok(())
}

/// The ids that stand there more than once, each once.
fn repeated<'a>(ids: &[&'a str]) -> Vec<&'a str> {
    let (mut seen, mut told) = (HashSet::new(), HashSet::new());
    ids.iter().copied().filter(|id| !seen.insert(*id) && told.insert(*id)).collect()
}

pub(super) fn unique_ids(asked: &Asked<'_>) -> Verdict {
    for turn in turns(asked) {
        for (kind, ids) in [("toolUse", turn.uses()), ("toolResult", turn.results())] {
            let repeated = repeated(&ids);
            if !repeated.is_empty() {
                return Err(Refusal::validation(format!(
                    "The {kind} blocks at messages.{}.content contain duplicate Ids: {}",
                    turn.at,
                    repeated.join(", ")
                )));
            }
        }
    }
    Ok(())
}

pub(super) fn answered(asked: &Asked<'_>) -> Verdict {
    let turns = turns(asked);
    for (index, turn) in turns.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|index| turns.get(index));
        let asked_before = previous.map(Turn::uses).unwrap_or_default();
        let results = turn.results();
        if results.len() > asked_before.len() {
            return Err(Refusal::validation(format!(
                "The number of toolResult blocks at messages.{}.content exceeds the number of toolUse blocks \
                 of previous turn.",
                turn.at
            )));
        }
        let uses = turn.uses();
        if uses.is_empty() || turn.role != "assistant" {
            continue;
        }
        let Some(next) = turns.get(index + 1) else {
            // The last word is a call: Converse looks at pairs of turns only.
            if asked.speaks_anthropic() {
                return Err(unanswered(turn, &uses));
            }
            continue;
        };
        let answers: HashSet<_> = next.results().into_iter().collect();
        let missing: Vec<_> = uses.iter().copied().filter(|id| !answers.contains(id)).collect();
        if !missing.is_empty() {
            return Err(Refusal::validation(format!(
                "Expected toolResult blocks at messages.{}.content for the following Ids: {}",
                next.at,
                missing.join(", ")
            )));
        }
        // The model wants the results first.
        let first_other = next.blocks.iter().position(|block| block.kind != "toolResult");
        let last_result = next.blocks.iter().rposition(|block| block.kind == "toolResult");
        if asked.speaks_anthropic() && first_other < last_result && first_other.is_some() {
            let late: Vec<_> = next.blocks[first_other.unwrap_or_default()..]
                .iter()
                .filter(|block| block.kind == "toolResult")
                .map(|block| block.str("toolUseId"))
                .collect();
            return Err(unanswered(turn, &late));
        }
    }
    Ok(())
}

fn unanswered(turn: &Turn<'_>, ids: &[&str]) -> Refusal {
    Refusal::by_model(format!(
        "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. \
         Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        turn.at,
        ids.join(", ")
    ))
}

pub(super) fn error_content(asked: &Asked<'_>) -> Verdict {
    let empty_error = |block: &Block<'_>| {
        block.kind == "toolResult" && block.str("status") == "error" && block.items().is_empty()
    };
    match asked.blocks().find(|(_, _, block)| empty_error(block)) {
        Some((at, index, _)) => Err(Refusal::validation(format!(
            "The content field at messages.{at}.content.{index}.toolResult cannot be empty when status value \
             is error."
        ))),
        None => Ok(()),
    }
}

pub(super) fn co_location(asked: &Asked<'_>) -> Verdict {
    for turn in turns(asked) {
        let mixes = |kind: &str| {
            turn.blocks.iter().any(|block| block.kind == kind)
                && turn.blocks.iter().any(|block| block.kind != kind)
        };
        let said = if turn.role == "user" && !asked.profile.messages.mixes_tool_results && mixes("toolResult")
        {
            "result"
        } else if turn.role == "assistant" && !asked.profile.messages.mixes_tool_uses && mixes("toolUse") {
            "use"
        } else {
            continue;
        };
        return Err(Refusal::validation(format!(
            "messages.{}.content: Conversation blocks and tool {said} blocks cannot be provided in the same \
             turn.",
            turn.at
        )));
    }
    Ok(())
}
