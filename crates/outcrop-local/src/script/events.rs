//! The blocks of an answer as the events of a stream.
//!
//! # Invariants
//! - Text, reasoning and citations begin with their first delta; only tool uses, tool results and images have a start.
//! - Blocks do not interleave, indexes count from 0, each block is stopped once: so does the service.
//! - Assembling the events gives the blocks back; a block for which that cannot be is refused.

use outcrop_core::{
    ContentBlock, StreamEvent,
    wire::{
        BlockDelta, BlockStart, CitationsContent, ContentBlockDelta, ContentBlockStart, ContentBlockStop,
        ImageDelta, ImageStart, ReasoningContent, ReasoningContentDelta, ToolResultStart, ToolUseDelta,
        ToolUseStart,
    },
};

use super::Scripted;

/// How long a fragment of a tool's input is where the script does not say.
const INPUT_FRAGMENT_CHARS: usize = 12;

/// Appends the events of the block at `index`, its stop included.
pub(super) fn block_events(
    index: u32,
    block: &Scripted,
    events: &mut Vec<StreamEvent>,
) -> Result<(), String> {
    let fragments = block.fragments.as_deref();
    let start = |start| StreamEvent::ContentBlockStart(ContentBlockStart::new(index, start));
    let mut parts: Vec<BlockDelta> = Vec::new();
    match &block.block {
        ContentBlock::Text(text) => parts.extend(words(text, fragments).map(BlockDelta::Text)),
        ContentBlock::ToolUse(tool_use) => {
            only_known(tool_use.other.is_empty())?;
            let mut begun = ToolUseStart::new(tool_use.tool_use_id.as_str(), tool_use.name.as_str());
            begun.kind = tool_use.kind.clone();
            events.push(start(BlockStart::ToolUse(begun)));
            let input = match fragments {
                Some(fragments) => fragments.to_vec(),
                None => input_fragments(tool_use.input.as_str()),
            };
            parts.extend(input.into_iter().map(|part| BlockDelta::ToolUse(ToolUseDelta::new(part))));
        }
        ContentBlock::ToolResult(result) => {
            only_known(result.other.is_empty())?;
            let mut begun = ToolResultStart::new(result.tool_use_id.as_str());
            begun.kind = result.kind.clone();
            begun.status = result.status.clone();
            events.push(start(BlockStart::ToolResult(begun)));
            parts.push(BlockDelta::ToolResult(result.content.clone()));
        }
        ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning)) => {
            only_known(reasoning.other.is_empty())?;
            parts.extend(
                words(&reasoning.text, fragments)
                    .map(ReasoningContentDelta::Text)
                    .map(BlockDelta::ReasoningContent),
            );
            let signature = reasoning.signature.clone().map(ReasoningContentDelta::Signature);
            parts.extend(signature.map(BlockDelta::ReasoningContent));
        }
        ContentBlock::ReasoningContent(ReasoningContent::RedactedContent(bytes)) => {
            parts.push(BlockDelta::ReasoningContent(ReasoningContentDelta::RedactedContent(bytes.clone())));
        }
        ContentBlock::CitationsContent(cited) => {
            let text = cited_text(cited)?;
            // Claude cites before it writes.
            parts.extend(cited.citations.iter().cloned().map(Box::new).map(BlockDelta::Citation));
            parts.extend(text.into_iter().flat_map(|text| words(text, fragments)).map(BlockDelta::Text));
        }
        ContentBlock::Image(image) if image.other.is_empty() => {
            let part = match (&image.source, &image.error) {
                (Some(source), None) => ImageDelta::Source(source.clone()),
                (None, Some(error)) => ImageDelta::Error(error.clone()),
                _ => return Err("an image must hold either `source` or `error` to be streamed".to_owned()),
            };
            events.push(start(BlockStart::Image(ImageStart::new(image.format.clone()))));
            parts.push(BlockDelta::Image(part));
        }
        other => {
            let kind = other.kind();
            let kind = kind.as_deref().unwrap_or("with several members");
            return Err(format!("a block `{kind}` cannot be streamed: no delta carries it"));
        }
    }
    events.extend(
        parts.into_iter().map(|part| StreamEvent::ContentBlockDelta(ContentBlockDelta::new(index, part))),
    );
    events.push(StreamEvent::ContentBlockStop(ContentBlockStop::new(index)));
    Ok(())
}

fn only_known(known: bool) -> Result<(), String> {
    if known { Ok(()) } else { Err("members that Converse does not name cannot be streamed".to_owned()) }
}

/// The text of a cited block that deltas can carry: one at most, and with a citation, since that makes it one.
fn cited_text(cited: &CitationsContent) -> Result<Option<&str>, String> {
    only_known(cited.other.is_empty() && cited.content.iter().all(|part| part.other.is_empty()))?;
    match (&cited.content[..], &cited.citations[..]) {
        (_, []) => {
            Err("a cited block without a citation cannot be streamed: it would arrive as text".to_owned())
        }
        ([], _) => Ok(None),
        ([text], _) => Ok(text.text.as_deref()),
        _ => Err("a cited block with several texts cannot be streamed: they would arrive as one".to_owned()),
    }
}

/// The text cut before each run of white space, or as the script says; never nothing.
fn words<'a>(text: &'a str, fragments: Option<&'a [String]>) -> impl Iterator<Item = String> + 'a {
    let mut own = Vec::new();
    if fragments.is_none() {
        let mut start = 0;
        let mut after_word = false;
        for (at, letter) in text.char_indices() {
            if letter.is_whitespace() && after_word {
                own.push(text[start..at].to_owned());
                start = at;
            }
            after_word = !letter.is_whitespace();
        }
        own.push(text[start..].to_owned());
    }
    own.into_iter().chain(fragments.unwrap_or_default().iter().cloned())
}

/// First an empty fragment, as Claude does, then a few characters each.
fn input_fragments(input: &str) -> Vec<String> {
    let mut fragments = vec![String::new()];
    for (count, letter) in input.chars().enumerate() {
        match fragments.last_mut() {
            Some(last) if count % INPUT_FRAGMENT_CHARS != 0 => last.push(letter),
            _ => fragments.push(letter.to_string()),
        }
    }
    fragments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_before_words_and_inputs_every_few_characters() {
        let check =
            |text: &str, expected: &[&str]| assert_eq!(words(text, None).collect::<Vec<_>>(), expected);
        check("Hello, wide  world\n\nbye ", &["Hello,", " wide", "  world", "\n\nbye", " "]);
        check("", &[""]);
        check("  é", &["  é"]);
        assert_eq!(input_fragments(r#"{"city":"São Tomé"}"#), ["", r#"{"city":"São"#, r#" Tomé"}"#]);
        assert_eq!(input_fragments(""), [""]);
    }
}
