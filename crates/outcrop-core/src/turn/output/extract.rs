//! The output in the text of an answer.
//!
//! # Invariants
//! - It is all of a text, read strictly. Only a model that was asked in words alone may write something around it or
//!   superfluous commas, and only where there is one way to read it.

use std::borrow::Cow;

use outcrop_json::{LiveJson, Proposal, RepairKind};

use super::{CompleteAnswer, OutputCandidate, OutputState};
use crate::{
    schema::adapt::WRAPPER,
    tools::Strategy,
    wire::{ContentBlock, Message, RawJson, strict_json::parse_strict},
};

impl OutputState {
    /// Looks for the output in the text of a message.
    pub(in super::super) fn extract_from_text(&self, answer: &CompleteAnswer) -> OutputCandidate {
        let CompleteAnswer { message, endings, .. } = answer;
        // Blocks of text are closed by the end of the message (R104).
        if !answer.ended_by_model() || message.tool_uses().next().is_some() {
            return OutputCandidate::Nothing;
        }
        let Some((at, text)) = last_text(message) else { return OutputCandidate::Nothing };
        let understood = |at: usize| endings.get(at).is_none_or(|ending| ending.understood);
        let unread = |text: String| OutputCandidate::Invalid {
            text,
            problems: "\n- it came in a form that could not be read".to_owned(),
        };
        if !understood(at) {
            return unread(text.into_owned());
        }
        // The value is in the last block, or has been cut into blocks by citations.
        let Trailing { text: all, from, is_cited } = Trailing::of(message);
        // Where something is missing within it, it may have been another value.
        let mut within = from + 1..message.content.len();
        let is_gapless =
            within.all(|at| understood(at) && !endings.get(at).is_some_and(|ending| ending.follows_lost));
        let joined = (is_cited && understood(from) && is_gapless).then_some(&*all);
        let mut first_problem = None;
        for text in [Some(&*text), joined].into_iter().flatten() {
            match self.read(text) {
                Ok(value) => return OutputCandidate::Valid { at, value, repaired: false },
                Err(problem) => drop(first_problem.get_or_insert(problem)),
            }
        }
        if self.ask.strategy() == Strategy::Prompt {
            for text in [Some(&*text), joined].into_iter().flatten() {
                if let Some(Ok(value)) = mended(text).map(|mended| self.read(&mended)) {
                    return OutputCandidate::Valid { at, value, repaired: true };
                }
            }
        }
        if is_cited && joined.is_none() && parse_strict(&text).is_err() {
            return unread(all);
        }
        OutputCandidate::Invalid { text: written(message), problems: first_problem.unwrap_or_default() }
    }

    /// What the model wrote last towards the output.
    pub(in super::super) fn last_text(&self, message: &Message) -> String {
        let of_call = message.tool_uses().filter(|call| self.ask.is_tool(&call.name)).last();
        let of_call = of_call.map(|call| call.input.as_str().to_owned());
        of_call.unwrap_or_else(|| written(message))
    }

    /// The value so far of a text that is no output.
    pub(in super::super) fn partial(&self, text: &str) -> Option<RawJson> {
        let from = if self.ask.strategy() == Strategy::Prompt { text.find('{')? } else { 0 };
        let mut live = LiveJson::new();
        live.push(text.get(from..)?).ok()?;
        let root = live.root()?;
        let value = if self.ask.is_wrapped() { root.get(WRAPPER)? } else { root };
        if value.is_null() { None } else { value.to_json().parse().ok() }
    }
}

/// What a block says to the reader; `None` where it is no text.
fn said(block: &ContentBlock) -> Option<Cow<'_, str>> {
    match block {
        ContentBlock::Text(text) => Some(text.into()),
        ContentBlock::CitationsContent(cited) => {
            Some(cited.content.iter().filter_map(|part| part.text.as_deref()).collect())
        }
        _ => None,
    }
}

/// The last block of a message that says something.
fn last_text(message: &Message) -> Option<(usize, Cow<'_, str>)> {
    let texts = message.content.iter().enumerate().rev().filter_map(|(at, block)| Some((at, said(block)?)));
    texts.into_iter().find(|(_, text)| !text.trim().is_empty())
}

/// All text after the last block that is not text.
struct Trailing {
    text: String,
    /// The place of its first block.
    from: usize,
    /// Citations are in it, which cut a text into blocks.
    is_cited: bool,
}

impl Trailing {
    fn of(message: &Message) -> Self {
        let mut texts: Vec<_> = message.content.iter().rev().map_while(said).collect();
        texts.reverse();
        let from = message.content.len() - texts.len();
        let mut blocks = message.content.iter().skip(from);
        let is_cited = blocks.any(|block| matches!(block, ContentBlock::CitationsContent(_)));
        Self { text: texts.into_iter().collect(), from, is_cited }
    }
}

/// What the model wrote last.
fn written(message: &Message) -> String {
    match Trailing::of(message) {
        Trailing { text, is_cited: true, .. } => text,
        _ => last_text(message).map(|(_, text)| text.into_owned()).unwrap_or_default(),
    }
}

/// The one value in a text of a model that was asked in words alone: what stands around it is passed over, and so are
/// commas before closing brackets and the like. `None` where there is more than one way to read it.
fn mended(text: &str) -> Option<String> {
    let within = text.get(text.find('{')?..=text.rfind('}')?)?;
    if parse_strict(within).is_ok() {
        return Some(within.to_owned());
    }
    let Proposal { json, repairs, .. } = outcrop_json::repair(within)?;
    let is_harmless = |kind: RepairKind| {
        matches!(kind, RepairKind::TrailingComma | RepairKind::ControlCharacter | RepairKind::SurplusClose)
    };
    repairs.iter().all(|repair| is_harmless(repair.kind)).then_some(json)
}
