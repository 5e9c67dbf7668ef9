//! Images, documents and videos: which kinds, from where, and beside what.

use base64::{Engine, engine::general_purpose::STANDARD};
use outcrop_core::profile::Media;
use serde_json::Value;

use super::{
    Refusal, Verdict,
    conversation::is_set,
    read::{Asked, Block},
};

fn media_of(kind: &str) -> Option<Media> {
    match kind {
        "image" => Some(Media::Image),
        "document" => Some(Media::Document),
        "video" => Some(Media::Video),
        "audio" => Some(Media::Audio),
        "searchResult" => Some(Media::SearchResult),
        _ => None,
    }
}

fn in_s3(block: &Block<'_>) -> bool {
    block.value.pointer("/source/s3Location").is_some_and(|location| !location.is_null())
}

pub(super) fn kinds(asked: &Asked<'_>) -> Verdict {
    let refuse_block = |kind: &str| {
        Err(Refusal::validation(format!(
            "This model doesn't support the {kind} content block that you provided. \
             Update the content block and try again."
        )))
    };
    for (_, _, block) in asked.blocks() {
        let known = media_of(block.kind);
        if known.is_some_and(|media| !asked.profile.media.in_messages.contains(&media)) {
            return refuse_block(block.kind);
        }
        for item in block.items() {
            match media_of(item.kind) {
                Some(media) if !asked.profile.media.in_tool_results.contains(&media) => match media {
                    Media::Video => return refuse_block(item.kind),
                    _ => {
                        return Err(Refusal::validation(format!(
                            "This model doesn't support the {0} field for user messages. \
                             Remove {0} and try again.",
                            item.kind
                        )));
                    }
                },
                _ => {}
            }
        }
    }
    Ok(())
}

pub(super) fn s3(asked: &Asked<'_>) -> Verdict {
    for (_, _, block) in asked.blocks() {
        let refused = |block: &Block<'_>, taken: &[Media]| {
            in_s3(block) && media_of(block.kind).is_some_and(|media| !taken.contains(&media))
        };
        // A document is turned down later, by the model.
        let beside = block.kind != "document" && refused(&block, &asked.profile.media.s3_in_messages);
        let inside = block
            .items()
            .iter()
            .any(|item| item.kind == "image" && refused(item, &asked.profile.media.s3_in_tool_results));
        if beside || inside {
            return Err(Refusal::validation(
                "This model doesn't support the s3Uri field. Remove s3Uri and try again.",
            ));
        }
    }
    Ok(())
}

/// Documents and videos in S3 do not go with tool results.
pub(super) fn s3_results(asked: &Asked<'_>) -> Verdict {
    let taken = &asked.profile.media.s3_in_tool_results;
    let refused = |block: &Block<'_>| {
        in_s3(block)
            && matches!(block.kind, "document" | "video")
            && media_of(block.kind).is_some_and(|media| !taken.contains(&media))
    };
    for (at, message) in asked.messages.iter().enumerate() {
        let Some(index) = message.blocks.iter().position(|block| block.kind == "toolResult") else {
            continue;
        };
        let beside = message.blocks.iter().any(refused);
        let inside = message.blocks.iter().flat_map(Block::items).any(|item| refused(&item));
        if (beside && !asked.speaks_anthropic()) || inside {
            return Err(Refusal::by_model(format!(
                "Malformed input request: #/messages/{at}/content/{index}: extraneous key [toolResult] is not \
                 permitted, please reformat your input and try again."
            )));
        }
    }
    Ok(())
}

pub(super) fn s3_documents(asked: &Asked<'_>) -> Verdict {
    let refused = |block: &Block<'_>| {
        block.kind == "document"
            && in_s3(block)
            && !asked.profile.media.s3_in_messages.contains(&Media::Document)
    };
    match asked.blocks().find(|(_, _, block)| refused(block)) {
        Some((at, index, _)) if asked.speaks_anthropic() => Err(Refusal::by_model(format!(
            "messages.{at}.content.{index}.document.source.type: Field required"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn documents_need_text(asked: &Asked<'_>) -> Verdict {
    let is_wrong = asked.messages.iter().any(|message| {
        let has = |kind: &str| message.blocks.iter().any(|block| block.kind == kind);
        has("document") && !has("text") && !has("guardContent")
    });
    if is_wrong {
        return Err(Refusal::validation(
            "A text block must be included when using documents. Add a text block and retry your request.",
        ));
    }
    Ok(())
}

pub(super) fn document_names(asked: &Asked<'_>) -> Verdict {
    let is_wrong = |block: &Block<'_>| {
        let name = block.str("name");
        let takes =
            |letter: char| letter.is_alphanumeric() || letter.is_whitespace() || "-()[]".contains(letter);
        let mut spaces = name.chars().zip(name.chars().skip(1));
        // The name of a text that is cited is free.
        let is_file = ["bytes", "s3Location"]
            .iter()
            .any(|source| is_set(block.value.get("source").and_then(|from| from.get(source))));
        block.kind == "document"
            && is_file
            && (!name.chars().all(takes) || spaces.any(|(a, b)| a.is_whitespace() && b.is_whitespace()))
    };
    if asked.blocks().any(|(_, _, block)| is_wrong(&block) || block.items().iter().any(is_wrong)) {
        return Err(Refusal::validation(
            "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, \
             parentheses, and square brackets. The name can't contain more than one consecutive whitespace \
             character. Check that the file name conforms to these restrictions and retry your request.",
        ));
    }
    Ok(())
}

/// Whether a document or a search result is to be cited.
pub(super) fn asks_for_citations(asked: &Asked<'_>) -> bool {
    let cited = |block: &Block<'_>| block.value.pointer("/citations/enabled") == Some(&Value::Bool(true));
    asked.blocks().any(|(_, _, block)| cited(&block) || block.items().iter().any(cited))
}

pub(super) fn citations(asked: &Asked<'_>) -> Verdict {
    if !asked.profile.media.citations && asks_for_citations(asked) {
        return Err(Refusal::validation("This model doesn't support citations."));
    }
    Ok(())
}

/// Found when the image is opened: a stream has begun by then.
pub(super) fn image_bytes(asked: &Asked<'_>) -> Verdict {
    if !asked.endpoint.checks_image_bytes {
        return Ok(());
    }
    let images = asked.blocks().flat_map(|(_, _, block)| {
        let inside = block.items();
        std::iter::once(block).chain(inside)
    });
    for image in images.filter(|block| block.kind == "image") {
        let Some(Ok(bytes)) = image.value.pointer("/source/bytes").and_then(Value::as_str).map(decode) else {
            continue;
        };
        let expected = format!("image/{}", image.str("format"));
        match mime_type(&bytes) {
            Some(found) if found != expected => {
                return Err(Refusal::by_model(format!(
                    "The detected file MIME type {found} does not match the expected type {expected}. \
                     Reformat your input and try again."
                ))
                .late(asked));
            }
            _ => {}
        }
    }
    Ok(())
}

fn decode(text: &str) -> Result<Vec<u8>, base64::DecodeError> {
    STANDARD.decode(text)
}

/// `None` where the bytes do not tell.
fn mime_type(bytes: &[u8]) -> Option<&'static str> {
    const BEGINNINGS: [(&[u8], &str); 5] = [
        (b"\x89PNG", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"RIFF", "image/webp"),
        (b"%PDF", "application/pdf"),
    ];
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning)).map(|(_, kind)| *kind);
    let is_text = || {
        let words = std::str::from_utf8(bytes).ok()?;
        let readable = words.chars().all(|letter| !letter.is_control() || letter.is_whitespace());
        (readable && !words.is_empty()).then_some("text/plain")
    };
    known.or_else(is_text)
}
