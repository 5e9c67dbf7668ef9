//! What a prompt offers to fill an input with: quoted texts, numbers, dates, addresses, names, each with the words
//! around it.
//!
//! # Invariants
//! - Facts stand in the order of the text and do not overlap, except [`Kind::Math`], which is made of numbers.
//! - Facts of one kind that are listed ("Lisbon, Porto and Rome") share a group.

use super::words::{is_stop_word, words};

mod tokens;

use tokens::{Token, of_token, tokens};

/// What a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Quoted,
    Number,
    Date,
    Time,
    Email,
    Url,
    Uuid,
    Path,
    /// Letters and digits, such as `A-17`.
    Code,
    /// Capitalised words that do not merely begin a sentence.
    Name,
    /// A capitalised word that begins a sentence: perhaps a name.
    MaybeName,
    Math,
}

/// One thing that may fit into an input.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) kind: Kind,
    pub(super) text: String,
    start: usize,
    end: usize,
    /// The word before it, in small letters.
    pub(super) before: String,
    /// The word after it, in small letters.
    pub(super) after: String,
    /// Facts of one list share a number.
    pub(super) group: usize,
}

/// What a text offers.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) text: String,
    pub(super) facts: Vec<Fact>,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
/// Small words inside names.
const LINKS: [&str; 10] = ["de", "da", "do", "del", "la", "le", "van", "von", "upon", "of"];
/// Words that begin a sentence right before a name.
const LEADS: [&str; 22] = [
    "add",
    "ask",
    "book",
    "call",
    "check",
    "compare",
    "convert",
    "describe",
    "email",
    "find",
    "forecast",
    "list",
    "open",
    "order",
    "plan",
    "read",
    "search",
    "send",
    "summarize",
    "translate",
    "visit",
    "weather",
];
/// What stands between the members of a list.
const LIST_SIGNS: [&str; 9] = [",", "and", "&", ", and", "or", ", or", ";", "/", "und"];
/// More is not looked at: answers must not take long.
const MAX_TEXT: usize = 20_000;
const MAX_FACTS: usize = 200;

impl Facts {
    pub(super) fn of(text: &str) -> Self {
        let end = text.char_indices().nth(MAX_TEXT).map_or(text.len(), |(end, _)| end);
        let text = &text[..end];
        let mut facts = read(text, &tokens(text));
        facts.truncate(MAX_FACTS);
        for index in 1..facts.len() {
            let (done, rest) = facts.split_at_mut(index);
            let previous = &done[index - 1];
            let between = text.get(previous.end..rest[0].start).unwrap_or("").trim();
            let between = between
                .trim_start_matches(['"', '”', '\'', '`'])
                .trim_end_matches(['"', '“', '\'', '`'])
                .trim();
            if LIST_SIGNS.contains(&between) && same_list(previous.kind, rest[0].kind) {
                rest[0].group = previous.group;
            }
        }
        let sums = math(text);
        facts.extend(if sums.is_empty() { math(&with_signs(text)) } else { sums });
        Self { text: text.to_owned(), facts }
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = (usize, &Fact)> {
        self.facts.iter().enumerate().filter(move |(_, fact)| fact.kind == kind)
    }
}

fn same_list(one: Kind, other: Kind) -> bool {
    one == other || matches!((one, other), (Kind::MaybeName, Kind::Name))
}

fn read(text: &str, tokens: &[Token<'_>]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let mut at = 0;
    let word = |index: usize| tokens.get(index).map(|token| token.text.to_lowercase()).unwrap_or_default();
    while let Some(token) = tokens.get(at) {
        let (kind, value, used) = if token.quoted {
            (Some(Kind::Quoted), token.text.to_owned(), 1)
        } else if let Some((date, used)) = written_date(tokens, at) {
            (Some(Kind::Date), date, used)
        } else {
            match of_token(token.text) {
                Some((kind, value)) => (Some(kind), value, 1),
                None if is_capital(token.text) => {
                    let used = name_length(tokens, at);
                    let end = tokens[at + used - 1].end;
                    let sure = !token.first || (used > 1 && !is_stop_word(token.text));
                    let kind = if sure { Kind::Name } else { Kind::MaybeName };
                    let silent =
                        matches!(token.text, "I" | "I'm" | "I’m") || (is_stop_word(token.text) && used == 1);
                    (Some(kind).filter(|_| !silent), text[token.start..end].to_owned(), used)
                }
                None => (None, String::new(), 1),
            }
        };
        if let Some(kind) = kind {
            let before = if at == 0 { String::new() } else { word(at - 1) };
            let (start, end) = (token.start, tokens[at + used - 1].end);
            facts.push(Fact {
                kind,
                text: value,
                start,
                end,
                before,
                after: word(at + used),
                group: facts.len(),
            });
        }
        at += used;
    }
    facts
}

fn is_capital(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

/// How many tokens a name has that begins at `at`.
fn name_length(tokens: &[Token<'_>], at: usize) -> usize {
    // "What Lisbon …", "Compare Lisbon …": such a word begins a sentence, not a name.
    let leads = |word: &str| is_stop_word(word) || LEADS.contains(&word.to_lowercase().as_str());
    if tokens[at].first && leads(tokens[at].text) {
        return 1;
    }
    let mut length = 1;
    while let Some(last) = tokens.get(at + length - 1)
        && last.open
    {
        let next = |offset: usize| tokens.get(at + length + offset).filter(|token| !token.quoted);
        if next(0).is_some_and(|token| is_capital(token.text) && of_token(token.text).is_none()) {
            length += 1;
        } else if next(0).is_some_and(|token| LINKS.contains(&token.text) && token.open)
            && next(1).is_some_and(|token| is_capital(token.text))
        {
            length += 2;
        } else {
            break;
        }
    }
    length
}

/// "3 May 2025" and "May 3, 2025".
fn written_date(tokens: &[Token<'_>], at: usize) -> Option<(String, usize)> {
    let three = tokens.get(at..at + 3)?;
    let month =
        |text: &str| MONTHS.iter().position(|month| text.eq_ignore_ascii_case(month)).map(|month| month + 1);
    let day = |text: &str| text.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']).parse::<u32>().ok();
    let (month, day) = match month(three[0].text) {
        Some(month) => (month, day(three[1].text)?),
        None => (month(three[1].text)?, day(three[0].text)?),
    };
    let year = three[2].text.parse::<u32>().ok().filter(|year| (1000..=9999).contains(year))?;
    (1..=31).contains(&day).then(|| (format!("{year:04}-{month:02}-{day:02}"), 3))
}

/// "17 plus 4" as "17 + 4".
fn with_signs(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.to_lowercase().as_str() {
        "plus" => "+",
        "minus" => "-",
        "times" | "multiplied" => "*",
        "divided" | "over" => "/",
        // "divided by"
        "by" => "",
        _ => word,
    });
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Longest runs of digits and operators that hold an operator between numbers.
fn math(text: &str) -> Vec<Fact> {
    let mut found = Vec::new();
    let is_part = |letter: char| letter.is_ascii_digit() || " +-*/^().×÷".contains(letter);
    for run in text.split(|letter: char| !is_part(letter)) {
        let run_text = run.trim().trim_end_matches(['.', ' ']).trim_start_matches(['.', ' ']);
        let mut parts = run_text.split(['+', '*', '/', '^', '×', '÷', '-']);
        let numbers = parts.clone().filter(|part| part.bytes().any(|byte| byte.is_ascii_digit())).count();
        let spaced = run_text.contains(['+', '*', '/', '^', '×', '÷']) || run_text.contains(" - ");
        if numbers >= 2 && spaced && parts.next().is_some() {
            let start = run.as_ptr() as usize - text.as_ptr() as usize;
            found.push(Fact {
                kind: Kind::Math,
                text: run_text.to_owned(),
                start,
                end: start + run.len(),
                before: words(&text[..start]).last().unwrap_or("").to_lowercase(),
                after: String::new(),
                group: usize::MAX - found.len(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let facts = Facts::of(text);
        let found: Vec<_> =
            facts.facts.iter().map(|fact| format!("{:?}:{}/{}", fact.kind, fact.text, fact.group)).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn facts_are_found_with_their_groups() {
        check(
            "Weather in Lisbon, Porto and New York?",
            "MaybeName:Weather/0 Name:Lisbon/1 Name:Porto/1 Name:New York/1",
        );
        check("What's 12*7 + 1?", "Number:1/0 Math:12*7 + 1/18446744073709551615");
        check("17 plus 4", "Number:17/0 Number:4/1 Math:17 + 4/18446744073709551615");
        check("Add 2 and 3.", "MaybeName:Add/0 Number:2/1 Number:3/1");
        check(
            "Mail a@b.org by 3 May 2025 at 10:30",
            "MaybeName:Mail/0 Email:a@b.org/1 Date:2025-05-03/2 Time:10:30/3",
        );
        check("say \"hi there\" to 'Ann', don't wait", "Quoted:hi there/0 Quoted:Ann/1");
        check("open src/main.rs and item A-17 #42", "Path:src/main.rs/0 Code:A-17/1 Code:42/2");
        check("costs $1,000.50 or 20%", "Number:1000.5/0 Number:20/0");
        check("from Rio de Janeiro to São Paulo", "Name:Rio de Janeiro/0 Name:São Paulo/1");
        check("«»“” ' \" `", "");
    }
}
