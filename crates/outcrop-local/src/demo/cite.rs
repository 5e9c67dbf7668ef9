//! Citations: of each document, the sentence that shares most words with the prompt, and its location.
//!
//! # Invariants
//! - The characters at a location are exactly the cited text.
//! - Only Claude cites, and only documents with `citations.enabled`; documents that are not text (a PDF) are not cited.

use outcrop_core::{
    ContentBlock,
    wire::{
        Citation, CitationLocation, CitationsContent, CitedText, DocumentBlock, DocumentChunk,
        DocumentFormat, DocumentRange, DocumentSource, SearchResultBlock, SearchResultRange,
    },
};

use super::{
    view::View,
    words::{content_stems, shorten},
};

const MAX_CITED_CHARS: usize = 400;

/// One cited block for each document that can be cited.
pub(super) fn citations(view: &View<'_>, prompt: &str) -> Vec<CitationsContent> {
    if !view.profile.media.citations || view.profile.family != "anthropic" || view.text_schema.is_some() {
        return Vec::new();
    }
    let stems = content_stems(prompt);
    let (mut documents, mut found) = (0, 0);
    let mut cited = Vec::new();
    for message in &view.request.messages {
        for block in &message.content {
            match block {
                ContentBlock::Document(document) => {
                    if document.citations.as_ref().is_some_and(|citations| citations.enabled) {
                        cited.extend(of_document(document, documents, &stems));
                    }
                    documents += 1;
                }
                ContentBlock::SearchResult(result) => {
                    if result.citations.as_ref().is_some_and(|citations| citations.enabled) {
                        cited.extend(of_search_result(result, found, &stems));
                    }
                    found += 1;
                }
                _ => {}
            }
        }
    }
    cited
}

/// The size of a document, in words.
pub(super) fn document_size(document: &DocumentBlock) -> String {
    match &document.source {
        DocumentSource::Bytes(bytes) => format!("{} bytes", bytes.0.len()),
        DocumentSource::Text(text) => format!("{} characters", text.chars().count()),
        DocumentSource::Content(chunks) => format!("{} chunks", chunks.len()),
        DocumentSource::S3Location(place) => place.uri.clone(),
        _ => "of unknown size".to_owned(),
    }
}

fn of_document(document: &DocumentBlock, index: u64, stems: &[String]) -> Option<CitationsContent> {
    let range = |start: usize, end: usize| {
        DocumentRange::new().document_index(index).start(start as u64).end(end as u64)
    };
    let (sentence, location) = match &document.source {
        DocumentSource::Content(chunks) => {
            let texts = chunks
                .iter()
                .map(|chunk| if let DocumentChunk::Text(text) = chunk { text.as_str() } else { "" });
            let (chunk, text) = texts
                .enumerate()
                .filter(|(_, text)| !text.trim().is_empty())
                .max_by_key(|(at, text)| (score(text, stems), usize::MAX - at))?;
            (text.to_owned(), CitationLocation::DocumentChunk(range(chunk, chunk + 1)))
        }
        source => {
            let text = match (source, &document.format) {
                (DocumentSource::Text(text), _) => text.clone(),
                (
                    DocumentSource::Bytes(bytes),
                    Some(
                        DocumentFormat::Txt | DocumentFormat::Md | DocumentFormat::Csv | DocumentFormat::Html,
                    ),
                ) => String::from_utf8(bytes.0.to_vec()).ok()?,
                _ => return None,
            };
            let (start, sentence) = best_sentence(&text, stems)?;
            let end = start + sentence.chars().count();
            (sentence, CitationLocation::DocumentChar(range(start, end)))
        }
    };
    Some(content(&document.name, None, sentence, location))
}

fn of_search_result(result: &SearchResultBlock, index: u64, stems: &[String]) -> Option<CitationsContent> {
    let texts = result.content.iter().enumerate().filter(|(_, part)| !part.text.trim().is_empty());
    let (at, part) = texts.max_by_key(|(at, part)| (score(&part.text, stems), usize::MAX - at))?;
    let range = SearchResultRange::new().search_result_index(index).start(at as u64).end(at as u64 + 1);
    let location = CitationLocation::SearchResultLocation(range);
    Some(content(&result.title, Some(&result.source), part.text.clone(), location))
}

fn content(title: &str, source: Option<&str>, text: String, location: CitationLocation) -> CitationsContent {
    let mut citation = Citation::new().title(title).location(location);
    citation.source = source.map(str::to_owned);
    citation.source_content = vec![CitedText::new().text(text.as_str())];
    let shown = shorten(text.trim(), MAX_CITED_CHARS);
    CitationsContent::new().content([CitedText::new().text(shown)]).citations([citation])
}

fn score(text: &str, stems: &[String]) -> usize {
    content_stems(text).iter().filter(|stem| stems.contains(stem)).count()
}

/// The sentence with most of these words, and the index of its first character.
fn best_sentence(text: &str, stems: &[String]) -> Option<(usize, String)> {
    let mut at = 0;
    let mut best: Option<(usize, usize, &str)> = None;
    for sentence in text.split_inclusive(['.', '!', '?', '\n']) {
        let inner = sentence.trim();
        let start = at + sentence.chars().take_while(|letter| letter.is_whitespace()).count();
        at += sentence.chars().count();
        let score = score(inner, stems);
        if inner.chars().any(char::is_alphanumeric) && best.is_none_or(|(known, ..)| score > known) {
            best = Some((score, start, inner));
        }
    }
    best.map(|(_, start, sentence)| (start, sentence.to_owned()))
}
