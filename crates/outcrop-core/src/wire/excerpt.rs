//! Excerpts of texts, so that what is reported is bounded whatever its size.

/// Characters of the model's own text that are shown back to it.
pub(crate) const MAX_EXCERPT: usize = 600;

/// The first characters of a text.
pub(crate) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The first 600 characters of a text, and how long it is.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}
