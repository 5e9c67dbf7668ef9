//! Values found in a text that may fill an input: quoted texts, numbers, names and codes, with the words next to them.
//!
//! # Invariants
//! - Facts keep the order of the text and do not overlap.
//! - Facts of one kind that are listed ("Lisbon, Porto and Rome") follow each other and share a list number.

/// The kind of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Quoted,
    Number,
    /// Adjacent words with capitals, except the first word of a sentence.
    Name,
    /// A token with a digit or with one of `/`, `@`, `_`: an id, a date, a path, an address.
    Code,
}

/// One value.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    pub(super) text: String,
    end: usize,
    /// The word before it, in lower case.
    pub(super) before: String,
    /// The word after it, in lower case.
    pub(super) after: String,
    /// Where in the list of facts its list begins: at itself, or at an earlier member.
    pub(super) list: usize,
}

/// A text and the values found in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) text: String,
    pub(super) facts: Vec<Fact>,
}

/// What separates the members of a list.
const SEPARATORS: [&str; 6] = [",", "and", "&", ", and", "or", ", or"];
/// Characters that are read: an answer must not take long.
const MAX_TEXT: usize = 20_000;
const MAX_FACTS: usize = 200;

impl Facts {
    pub(super) fn of(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        let tokens = tokens(text);
        let word = |index: Option<usize>| {
            index
                .and_then(|index| tokens.get(index))
                .map(|token| token.text.to_lowercase())
                .unwrap_or_default()
        };
        let mut facts: Vec<Fact> = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at).filter(|_| facts.len() < MAX_FACTS) {
            let mut used = 1;
            if let Some((kind, mut value)) = read(token) {
                while kind == Kind::Name
                    && let Some(next) = tokens.get(at + used)
                    && text.get(tokens[at + used - 1].end..next.start) == Some(" ")
                    && read(next).is_some_and(|(kind, _)| kind == Kind::Name)
                {
                    used += 1;
                    value = text[token.start..next.end].to_owned();
                }
                let end = tokens[at + used - 1].end;
                let listed = facts.last().filter(|last| {
                    last.kind == kind && SEPARATORS.contains(&text[last.end..token.start].trim())
                });
                let list = listed.map_or(facts.len(), |last| last.list);
                let (before, after) = (word(at.checked_sub(1)), word(Some(at + used)));
                facts.push(Fact { kind, text: value, end, before, after, list });
            }
            at += used;
        }
        Self { text: text.to_owned(), facts }
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (usize, &Fact)> {
        self.facts.iter().enumerate().filter(move |(_, fact)| fact.kind == kind)
    }

    /// The facts of the list that `fact` belongs to.
    pub(super) fn list_of(&self, fact: &Fact) -> Vec<usize> {
        let is_member = |index: &usize| self.facts.get(*index).is_some_and(|other| other.list == fact.list);
        (fact.list..).take_while(is_member).collect()
    }
}

/// A quoted text, or a run without spaces and without the punctuation around it.
struct Token<'a> {
    text: &'a str,
    start: usize,
    /// After the closing quotation mark.
    end: usize,
    quoted: bool,
    /// It begins a sentence.
    first: bool,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    const OPENING: [char; 7] = ['(', '[', '{', '<', '"', '“', '\''];
    const CLOSING: [char; 14] = ['.', ',', ';', ':', '!', '?', ')', ']', '}', '>', '"', '”', '\'', '…'];
    let mut tokens = Vec::new();
    let mut first = true;
    let mut at = 0;
    while let Some(letter) = text[at..].chars().next() {
        let inner = at + letter.len_utf8();
        let closing = match letter {
            '"' | '`' => Some(letter),
            '“' => Some('”'),
            _ => None,
        };
        if letter.is_whitespace() {
            first |= letter == '\n';
            at = inner;
        } else if let Some(closing) = closing
            && let Some(length) = text[inner..].find(closing).filter(|length| *length > 0)
        {
            let end = inner + length + closing.len_utf8();
            tokens.push(Token { text: &text[inner..inner + length], start: at, end, quoted: true, first });
            (first, at) = (false, end);
        } else {
            let length = text[at..].find(char::is_whitespace).unwrap_or(text.len() - at);
            let word = text[at..at + length].trim_start_matches(OPENING);
            let start = at + length - word.len();
            let plain = word.trim_end_matches(CLOSING);
            let ends = word[plain.len()..].contains(['.', '!', '?', ':']);
            let plain = plain.strip_suffix("'s").or(plain.strip_suffix("’s")).unwrap_or(plain);
            if !plain.is_empty() {
                tokens.push(Token { text: plain, start, end: start + plain.len(), quoted: false, first });
            }
            (first, at) = (ends, at + length);
        }
    }
    tokens
}

/// The fact that a token is; `None` for a plain word.
fn read(token: &Token<'_>) -> Option<(Kind, String)> {
    let text = token.text;
    if token.quoted {
        Some((Kind::Quoted, text.to_owned()))
    } else if let Some(number) = number(text) {
        Some((Kind::Number, number))
    } else if text.contains(['/', '@', '_']) || text.contains(|letter: char| letter.is_ascii_digit()) {
        Some((Kind::Code, text.trim_start_matches('#').to_owned())).filter(|(_, code)| !code.is_empty())
    } else {
        let name =
            !token.first && text.starts_with(char::is_uppercase) && !matches!(text, "I" | "I'm" | "I’m");
        name.then(|| (Kind::Name, text.to_owned()))
    }
}

/// `12`, `-3.5`, `1,000`, `$5`, `20%`: the number as JSON writes it.
fn number(token: &str) -> Option<String> {
    let plain =
        token.trim_start_matches(['$', '€', '£']).trim_end_matches(['%', '€', '$', '°']).replace(',', "");
    let digit = plain.strip_prefix('-').unwrap_or(&plain).starts_with(|letter: char| letter.is_ascii_digit());
    let value = plain.parse::<f64>().ok().filter(|value| digit && value.is_finite())?;
    Some(plain.parse::<i64>().map_or_else(|_| value.to_string(), |whole| whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let facts = Facts::of(text);
        let found: Vec<_> =
            facts.facts.iter().map(|fact| format!("{:?}:{}/{}", fact.kind, fact.text, fact.list)).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn facts_are_found_with_their_lists() {
        check("Weather in Lisbon, Porto and New York?", "Name:Lisbon/0 Name:Porto/0 Name:New York/0");
        check("Add 2 and 3.", "Number:2/0 Number:3/0");
        check("Mail a@b.org on 2025-05-03 at 10:30", "Code:a@b.org/0 Code:2025-05-03/1 Code:10:30/2");
        check("say \"hi there\" to Ann, don't wait", "Quoted:hi there/0 Name:Ann/1");
        check("open src/main.rs and item A-17 #42", "Code:src/main.rs/0 Code:A-17/1 Code:42/2");
        check("the end\nWeather in Faro", "Name:Faro/0");
        check("costs $1,000.50 or 20%, 1e2 or inf", "Number:1000.5/0 Number:20/0 Number:100/0");
        check("«»“” ' \" ` # 5\u{a0}\u{2003}", "Number:5/0");
    }
}
