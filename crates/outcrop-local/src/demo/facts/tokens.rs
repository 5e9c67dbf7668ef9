//! A text cut into tokens, and what a single token is.
//!
//! # Invariants
//! - Offsets are those of the text and lie on characters.

use super::Kind;

/// From two on: "one" is mostly no number.
const NUMBERS: [&str; 19] = [
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
];

/// A quoted text, or a run without spaces and without the signs around it.
pub(super) struct Token<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) quoted: bool,
    /// It begins a sentence.
    pub(super) first: bool,
    /// Nothing but a space stands before the next token.
    pub(super) open: bool,
}

/// Cuts a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut first = true;
    let mut rest = 0;
    while let Some(letter) = text[rest..].chars().next() {
        if letter.is_whitespace() {
            rest += letter.len_utf8();
            continue;
        }
        let closing = match letter {
            '"' => Some('"'),
            '“' => Some('”'),
            '„' => Some('“'),
            '«' => Some('»'),
            '`' => Some('`'),
            '\'' => Some('\''),
            '‘' => Some('’'),
            _ => None,
        };
        let inner = rest + letter.len_utf8();
        let quoted = closing.and_then(|closing| {
            let length = text[inner..].find(closing)?;
            let after = text[inner + length + closing.len_utf8()..].chars().next();
            // An apostrophe inside a word closes nothing.
            (length > 0 && !(closing == '\'' && after.is_some_and(char::is_alphanumeric)))
                .then_some((inner + length, inner + length + closing.len_utf8()))
        });
        if let Some((end, next)) = quoted {
            tokens.push(Token {
                text: &text[inner..end],
                start: inner,
                end,
                quoted: true,
                first,
                open: false,
            });
            first = false;
            rest = next;
            continue;
        }
        let length = text[rest..].find(char::is_whitespace).unwrap_or(text.len() - rest);
        let raw = &text[rest..rest + length];
        let word = raw.trim_start_matches(['(', '[', '{', '<', '"', '“', '\'', '`']);
        let start = rest + raw.len() - word.len();
        let word = word.trim_end_matches([
            '.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '”', '\'', '’', '`', '…',
        ]);
        let tail = &raw[start - rest + word.len()..];
        let word = word.strip_suffix("'s").or(word.strip_suffix("’s")).unwrap_or(word);
        if !word.is_empty() {
            tokens.push(Token {
                text: word,
                start,
                end: start + word.len(),
                quoted: false,
                first,
                open: tail.is_empty(),
            });
        }
        first = tail.contains(['.', '!', '?', ':']);
        rest += length;
    }
    tokens
}

/// What a token is and as which text it counts; `None` for a plain word.
pub(super) fn of_token(token: &str) -> Option<(Kind, String)> {
    let own = |kind| Some((kind, token.to_owned()));
    if token.contains("://") {
        return own(Kind::Url);
    }
    if let Some((user, host)) = token.split_once('@')
        && !user.is_empty()
        && host.contains('.')
    {
        return own(Kind::Email);
    }
    let shape: String =
        token.chars().map(|letter| if letter.is_ascii_digit() { '9' } else { letter }).collect();
    if shape == "9999-99-99" || shape.starts_with("9999-99-99T") {
        return own(Kind::Date);
    }
    if matches!(shape.as_str(), "9:99" | "99:99" | "99:99:99") {
        return own(Kind::Time);
    }
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    if token.len() == 36 && token.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && token.split('-').all(hex) {
        return own(Kind::Uuid);
    }
    if let Some(number) = number(token) {
        return Some((Kind::Number, number));
    }
    if let Some(at) = NUMBERS.iter().position(|word| token.eq_ignore_ascii_case(word)) {
        return Some((Kind::Number, (at + 2).to_string()));
    }
    let letters = token.chars().any(char::is_alphabetic);
    let digits = token.chars().any(|letter| letter.is_ascii_digit());
    let dotted = token.rsplit_once('.').is_some_and(|(stem, end)| {
        !stem.is_empty()
            && (1..=5).contains(&end.len())
            && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if letters && (dotted || token.starts_with(['/', '~']) || (token.contains('/') && token.len() > 3)) {
        return own(Kind::Path);
    }
    let code = token.trim_start_matches('#');
    if digits && (letters || token != code || token.contains(['-', '_'])) {
        return Some((Kind::Code, code.to_owned()));
    }
    None
}

/// `12`, `-3.5`, `1,000`, `$5`, `20%`, `30°C`, `5km`: the number alone.
fn number(token: &str) -> Option<String> {
    let plain = token.trim_start_matches(['$', '€', '£', '+']);
    let end = plain
        .char_indices()
        .find(|(at, letter)| {
            !(letter.is_ascii_digit() || matches!(letter, '.' | ',') || (*at == 0 && *letter == '-'))
        })
        .map_or(plain.len(), |(at, _)| at);
    let (digits, unit) = plain.split_at(end);
    if !(unit.is_empty()
        || matches!(
            unit,
            "%" | "€" | "$" | "°" | "°C" | "°F" | "km" | "kg" | "g" | "m" | "cm" | "h" | "s" | "ms"
        ))
    {
        return None;
    }
    let digits = digits.replace(',', "");
    let value = digits.parse::<f64>().ok().filter(|value| value.is_finite())?;
    // As JSON writes it: no leading zero, no bare point.
    if digits.parse::<i64>().is_ok() {
        Some(digits.parse::<i64>().ok()?.to_string())
    } else {
        Some(value.to_string())
    }
}
