//! Text answers: a dictated text, a count, or a sentence that quotes the prompt and names its attachments.
//!
//! # Invariants
//! - The system prompt is never quoted.

use outcrop_core::{ContentBlock, Message, wire::MediaSource};

use super::{
    view::View,
    words::{shorten, words},
};

/// The highest number of a count.
const MAX_COUNT: usize = 5000;

/// The answer to `prompt`.
pub(super) fn answer(view: &View<'_>, prompt: &str) -> String {
    let prompt = prompt.trim();
    if let Some(text) = dictated(prompt).map(str::to_owned).or_else(|| counted(prompt)) {
        return text;
    }
    let mut text = "I am the demo model, a stand-in for a real one.".to_owned();
    let attached = attachments(view.turn().first());
    if !attached.is_empty() {
        text.push_str(&format!(" You sent {}.", attached.join(", ")));
    }
    if !prompt.is_empty() {
        text.push_str(&format!(" You said: “{}”.", shorten(prompt, 160)));
    }
    text
}

/// "Say …", "Reply with …": the rest of the prompt.
fn dictated(prompt: &str) -> Option<&str> {
    let rest = ["say", "reply with"].iter().find_map(|lead| {
        let start = prompt.get(..lead.len())?;
        prompt.get(lead.len()..).filter(|_| start.eq_ignore_ascii_case(lead))
    })?;
    let text = rest.strip_prefix([' ', ':'])?.trim_start_matches(':').trim().trim_matches('"');
    Some(text).filter(|text| !text.is_empty())
}

/// "Count to 20": as many numbers as a test needs text.
fn counted(prompt: &str) -> Option<String> {
    let mut words = words(prompt);
    let leads =
        ["count", "to"].iter().all(|lead| words.next().is_some_and(|word| word.eq_ignore_ascii_case(lead)));
    let last: usize = words.next().filter(|_| leads)?.parse().ok()?;
    Some((1..=last.min(MAX_COUNT)).map(|number| number.to_string()).collect::<Vec<_>>().join(", "))
}

/// The media of the prompt: formats, names, sizes.
fn attachments(message: Option<&Message>) -> Vec<String> {
    let size = |source: Option<&MediaSource>| match source {
        Some(MediaSource::Bytes(bytes)) => format!("{} bytes", bytes.0.len()),
        Some(MediaSource::S3Location(place)) => place.uri.clone(),
        _ => "unknown size".to_owned(),
    };
    let blocks = message.into_iter().flat_map(|message| &message.content);
    let named = blocks.filter_map(|block| match block {
        ContentBlock::Image(image) => {
            Some(format!("a {} image ({})", image.format, size(image.source.as_ref())))
        }
        ContentBlock::Video(video) => {
            Some(format!("a {} video ({})", video.format, size(Some(&video.source))))
        }
        ContentBlock::Audio(audio) => {
            Some(format!("{} audio ({})", audio.format, size(audio.source.as_ref())))
        }
        ContentBlock::Document(document) => {
            let format = document.format.as_ref().map_or("text", |format| format.as_str());
            let size = super::cite::document_size(document);
            Some(format!("the {format} document “{}” ({size})", document.name))
        }
        ContentBlock::SearchResult(found) => Some(format!("the search result “{}”", found.title)),
        _ => None,
    });
    named.collect()
}
