//! Words of prompts and of tools, compared without their endings.
//!
//! # Invariants
//! - Both sides of a comparison go through [`stem`].

/// Words that do not say what a prompt asks for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "an", "and", "are", "as", "at", "be", "by", "call", "can", "current", "do", "does", "for",
    "from", "get", "give", "has", "have", "how", "i", "in", "is", "it", "its", "me", "my", "not", "now",
    "of", "on", "or", "our", "please", "run", "set", "show", "tell", "text", "that", "the", "then", "there",
    "this", "to", "tool", "use", "user", "value", "was", "what", "when", "where", "which", "who", "will",
    "with", "you", "your",
];

/// Words of one text that are compared; the others are skipped.
const MAX_WORDS: usize = 1000;

/// The words of a text: runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '’')
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

/// The words of a name such as `get_weather`, `get-weather` or `getWeather`, in lower case.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_small = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && after_small) {
            words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
        after_small = letter.is_lowercase() || letter.is_numeric();
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// A word in lower case, without the ending of a plural or a genitive.
pub(super) fn stem(word: &str) -> String {
    let lower = word.to_lowercase();
    let lower = lower.strip_suffix("'s").or(lower.strip_suffix("’s")).unwrap_or(&lower);
    match (lower.strip_suffix("ies"), lower.strip_suffix('s')) {
        (Some(start), _) if start.len() >= 2 => format!("{start}y"),
        (_, Some(start)) if start.len() >= 3 && !start.ends_with('s') => start.to_owned(),
        _ => lower.to_owned(),
    }
}

/// The stems of the words that say what a text is about, each once, in order.
pub(super) fn content_stems(text: &str) -> Vec<String> {
    let mut stems = Vec::new();
    for word in words(text).take(MAX_WORDS) {
        let stem = stem(word);
        if !STOP_WORDS.contains(&word.to_lowercase().as_str()) && !stems.contains(&stem) {
            stems.push(stem);
        }
    }
    stems
}

/// At most `limit` characters, with an ellipsis if something was left out.
pub(super) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_and_plural_have_one_stem() {
        for (one, other) in [("prices", "price"), ("cities", "City"), ("user's", "users")] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        assert_eq!((stem("address").as_str(), stem("gas").as_str()), ("address", "gas"));
    }

    #[test]
    fn names_are_split_at_signs_and_capitals() {
        assert_eq!(name_words("getWeather_forCity-2"), ["get", "weather", "for", "city", "2"]);
        assert_eq!(name_words("HTTPGet"), ["httpget"]);
        assert_eq!(name_words("__"), Vec::<String>::new());
    }
}
