//! Words: cut, stemmed and compared, so that "prices" in a prompt meets `get_price` in a tool.
//!
//! # Invariants
//! - Both sides of a comparison go through [`stem`]; a stem is no word of any language, only a key.

/// Words that say nothing about what is asked for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "been", "by", "call",
    "can", "could", "current", "did", "do", "does", "for", "from", "get", "give", "given", "go", "has",
    "have", "he", "her", "him", "his", "how", "i", "if", "in", "into", "is", "it", "its", "just", "know",
    "let", "like", "make", "many", "may", "me", "more", "most", "much", "must", "my", "need", "new", "no",
    "not", "now", "of", "on", "one", "only", "or", "our", "out", "please", "run", "same", "say", "set",
    "she", "should", "show", "so", "some", "tell", "than", "thank", "thanks", "that", "the", "their", "them",
    "then", "there", "these", "they", "this", "to", "today", "tool", "tools", "too", "up", "us", "use",
    "user", "using", "value", "very", "want", "was", "we", "were", "what", "when", "where", "which", "who",
    "will", "with", "would", "you", "your",
];

/// Words that matter in one text; more are not looked at.
const MAX_WORDS: usize = 1000;

/// Words that mean the same to a tool.
const SAME: &[(&str, &str)] = &[
    ("plus", "add"),
    ("sum", "add"),
    ("minus", "subtract"),
    ("times", "multiply"),
    ("temperature", "weather"),
    ("forecast", "weather"),
    ("rain", "weather"),
    ("sunny", "weather"),
    ("buy", "order"),
    ("purchase", "order"),
    ("mail", "email"),
    ("find", "search"),
    ("lookup", "search"),
    ("picture", "image"),
    ("photo", "image"),
    ("calculator", "calculate"),
    ("compute", "calculate"),
];

/// What a word ends in and how many letters must be left without it. Longest first.
const ENDINGS: &[(&str, usize)] = &[
    ("ations", 4),
    ("ation", 4),
    ("ating", 4),
    ("ators", 4),
    ("ator", 4),
    ("ated", 4),
    ("ates", 4),
    ("ate", 4),
    ("ings", 4),
    ("ing", 3),
    ("ers", 4),
    ("ors", 4),
    ("er", 4),
    ("or", 4),
    ("ed", 3),
    ("es", 3),
    ("ly", 4),
    ("s", 2),
    ("e", 3),
];

/// The words of a text: runs of letters and digits.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '\'' && letter != '’')
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

/// The words of a name such as `get_weather`, `get-weather` or `getWeather`, in small letters.
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

/// The key under which forms of one word meet.
pub(super) fn stem(word: &str) -> String {
    let lower = word.to_lowercase();
    let lower = lower.strip_suffix("'s").or(lower.strip_suffix("’s")).unwrap_or(&lower);
    let lower = SAME.iter().find(|(from, _)| *from == lower).map_or(lower, |(_, to)| to);
    if let Some(start) = lower.strip_suffix("ies")
        && start.len() >= 2
    {
        return format!("{start}y");
    }
    let cut = ENDINGS.iter().find_map(|(ending, least)| {
        lower.strip_suffix(ending).filter(|start| start.chars().count() >= *least && !start.ends_with('s'))
    });
    cut.unwrap_or(lower).to_owned()
}

/// Whether the word says nothing about what is asked for.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(&word.to_lowercase().as_str())
}

/// The stems of the words that matter, each once, in order.
pub(super) fn content_stems(text: &str) -> Vec<String> {
    let mut stems = Vec::new();
    for word in words(text).filter(|word| !is_stop_word(word)).take(MAX_WORDS) {
        let stem = stem(word);
        if !stems.contains(&stem) {
            stems.push(stem);
        }
    }
    stems
}

/// At most `limit` characters, with an ellipsis where something was left out.
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
    fn forms_of_a_word_meet() {
        for (one, other) in [
            ("prices", "price"),
            ("cities", "city"),
            ("orders", "order"),
            ("calculate", "calculations"),
            ("creating", "create"),
            ("Temperature", "weather"),
            ("files", "file"),
            ("user's", "users"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
        assert_ne!(stem("weather"), stem("whether"));
    }

    #[test]
    fn names_are_cut_at_signs_and_capitals() {
        assert_eq!(name_words("getWeather_forCity-2"), ["get", "weather", "for", "city", "2"]);
        assert_eq!(name_words("HTTPGet"), ["httpget"]);
        assert_eq!(name_words("__"), Vec::<String>::new());
    }
}
