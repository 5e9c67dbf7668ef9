//! Texts: what a property is called decides which facts of the prompt may be it.
//!
//! # Invariants
//! - A text of the prompt is taken as it is written there; only what is made up is bent to fit lengths.
//! - There is no clock: "tomorrow" is no date here.

use serde_json::{Map, Value};

use super::{Filled, Filler, Grade, is_key};
use crate::demo::{
    facts::{Fact, Kind},
    pattern::text_for,
    schema::Check,
    words::{is_stop_word, name_words, shorten, stem, words},
};

/// What a property may be, by its name: which facts fit, in order.
enum Sort {
    /// These kinds.
    Kinds(&'static [Kind]),
    /// A name behind one of these words, else one that is free.
    Behind(&'static [&'static str]),
    /// A key into something else: a bare number only behind a word that says so.
    Key,
    /// What is asked about.
    Topic,
    /// A quoted text, what stands behind a colon, else all of the prompt.
    Text,
    /// Three capital letters.
    Currency,
    /// Nothing is known.
    Other,
}

const PLACES: &[&str] = &["in", "at", "near", "around", "for", "of", "to", "from"];
const PEOPLE: &[&str] = &["for", "named", "called", "by", "with", "to", "about"];

fn sort_of(words: &[String]) -> Sort {
    use Kind::{Code, Date, Email, Math, Number, Path, Quoted, Time, Url};
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let last = words.last().map_or("", String::as_str);
    if has(&["email", "mail"]) {
        Sort::Kinds(&[Email])
    } else if has(&["url", "uri", "link", "website", "href"]) {
        Sort::Kinds(&[Url])
    } else if has(&["expression", "formula", "equation", "math", "calculation"]) {
        Sort::Kinds(&[Math, Quoted])
    } else if has(&["time", "hour"]) && !has(&["timezone", "zone"]) {
        Sort::Kinds(&[Time, Date])
    } else if has(&["date", "day", "deadline", "due", "since", "until", "when", "start", "end"]) {
        Sort::Kinds(&[Date, Time])
    } else if is_key(last) {
        Sort::Key
    } else if has(&["path", "file", "filename", "folder", "dir", "directory"]) {
        Sort::Kinds(&[Path, Quoted])
    } else if has(&["phone"]) {
        Sort::Kinds(&[Number, Code])
    } else if has(&["currency"]) {
        Sort::Currency
    } else if has(&["from", "origin", "source", "departure", "sender"]) {
        Sort::Behind(&["from"])
    } else if has(&["to", "destination", "target", "recipient", "arrival", "language", "lang"]) {
        Sort::Behind(&["to", "into", "in"])
    } else if has(&["city", "location", "place", "country", "town", "region", "address", "state", "area"]) {
        Sort::Behind(PLACES)
    } else if has(&[
        "name", "person", "customer", "author", "who", "guest", "employee", "company", "username",
    ]) {
        Sort::Behind(PEOPLE)
    } else if has(&[
        "query", "search", "question", "q", "keyword", "keywords", "topic", "term", "subject", "product",
        "item",
    ]) {
        Sort::Topic
    } else if has(&[
        "text",
        "message",
        "body",
        "content",
        "note",
        "prompt",
        "description",
        "sentence",
        "input",
        "title",
        "answer",
        "reason",
        "summary",
        "task",
        "command",
        "response",
        "explanation",
    ]) {
        Sort::Text
    } else {
        Sort::Other
    }
}

impl Filler<'_> {
    pub(super) fn text(&mut self, schema: &Map<String, Value>, name: &str, required: bool) -> Filled {
        let check = Check::leaf(schema);
        let fits = |text: &str| check.fits(&Value::from(text));
        if self.now.prompt
            && let Some(text) = self.spoken_text(schema, name, required, &fits)
        {
            return Filled { value: text.into(), grade: Grade::Found };
        }
        if let Some(value) = self.given(schema).filter(|value| value.is_string() && check.fits(value)) {
            return Filled { value, grade: Grade::Given };
        }
        let text = self.made_up_text(schema, name, &fits);
        Filled { value: text.into(), grade: Grade::MadeUp }
    }

    fn spoken_text(
        &mut self,
        schema: &Map<String, Value>,
        name: &str,
        required: bool,
        fits: &dyn Fn(&str) -> bool,
    ) -> Option<String> {
        let own = name_words(name);
        if let Some(text) = self.named(&own).filter(|text| fits(text)) {
            return Some(text);
        }
        let kinds: &[Kind] = match schema.get("format").and_then(Value::as_str) {
            Some("email" | "idn-email") => &[Kind::Email],
            Some("uri" | "url" | "iri" | "uri-reference") => &[Kind::Url],
            Some("date" | "date-time") => &[Kind::Date],
            Some("time") => &[Kind::Time],
            Some("uuid") => &[Kind::Uuid],
            Some("ipv4" | "ipv6" | "hostname" | "duration") => &[Kind::Quoted, Kind::Path],
            _ => &[],
        };
        if !kinds.is_empty() {
            return self.take(kinds, &|_| true, fits);
        }
        let found = match sort_of(&own) {
            Sort::Kinds(kinds) => self.take(kinds, &|_| true, fits),
            Sort::Key => {
                let says_so = |fact: &Fact| {
                    let plain = fact.kind != Kind::Number;
                    plain || is_key(&fact.before) || own.iter().any(|word| stem(word) == stem(&fact.before))
                };
                self.take(&[Kind::Code, Kind::Uuid, Kind::Quoted, Kind::Number], &says_so, fits)
            }
            Sort::Currency => self.take(&[Kind::Name, Kind::MaybeName], &|fact| fact.text.len() == 3, fits),
            Sort::Behind(before) => {
                let behind = |fact: &Fact| before.contains(&fact.before.as_str());
                // "Alice is 30": who begins a sentence and does something.
                let acts = |fact: &Fact| {
                    before == PEOPLE
                        && matches!(fact.after.as_str(), "is" | "was" | "has" | "lives" | "works" | "wants")
                };
                let found = self.take(&[Kind::Name, Kind::Email, Kind::Quoted], &behind, fits);
                found.or_else(|| self.take(&[Kind::MaybeName], &acts, fits)).or_else(|| {
                    // An optional property is no reason to take just any name.
                    let any = required || !matches!(before, ["from"] | ["to", ..]);
                    any.then(|| self.take(&[Kind::Name, Kind::Quoted, Kind::Code], &|_| true, fits))?
                })
            }
            Sort::Topic if required => {
                let quoted = self.take(&[Kind::Quoted], &|_| true, fits);
                quoted.or_else(|| self.topic().filter(|text| fits(text)))
            }
            Sort::Text if required => self.take(&[Kind::Quoted], &|_| true, fits).or_else(|| {
                let text = &self.sources.facts.text;
                let shell = own.last().is_some_and(|word| word == "command");
                if let Some((_, line)) = text.split_once("command ").filter(|_| shell) {
                    return Some(line.trim().to_owned()).filter(|line| !line.is_empty() && fits(line));
                }
                let behind =
                    text.split_once(": ").map(|(_, behind)| behind.trim()).filter(|text| !text.is_empty());
                let text = behind.unwrap_or(text.trim());
                Some(text.to_owned()).filter(|text| !text.is_empty() && fits(text))
            }),
            _ => None,
        };
        if found.is_some() || !required {
            return found;
        }
        if schema.contains_key("pattern") {
            let kinds =
                [Kind::Quoted, Kind::Code, Kind::Name, Kind::Path, Kind::Number, Kind::Date, Kind::MaybeName];
            return self.take(&kinds, &|_| true, fits);
        }
        let is_key = own.last().is_some_and(|word| is_key(word));
        if is_key || !matches!(sort_of(&own), Sort::Other) {
            return None;
        }
        let called = own.last().and_then(|last| self.word_behind(last)).filter(|text| fits(text));
        called.or_else(|| self.take(&[Kind::Quoted, Kind::Name], &|_| true, fits))
    }

    /// "the word strawberry" for a property `word`.
    fn word_behind(&self, name: &str) -> Option<String> {
        let mut all = words(&self.sources.facts.text).skip_while(|word| !word.eq_ignore_ascii_case(name));
        all.nth(1).filter(|word| !is_stop_word(word)).map(str::to_owned)
    }

    /// The first free fact of these kinds that fits; of a list, the member that is asked for.
    fn take(
        &mut self,
        kinds: &[Kind],
        when: &dyn Fn(&Fact) -> bool,
        fits: &dyn Fn(&str) -> bool,
    ) -> Option<String> {
        let facts = self.sources.facts;
        for kind in kinds {
            let free = |index: &usize| !self.used.contains(index);
            let mut fitting =
                facts.of_kind(*kind).filter(|(index, fact)| free(index) && when(fact) && fits(&fact.text));
            let Some((first, fact)) = fitting.next() else { continue };
            let listed = facts.facts.iter().enumerate().filter(|(_, other)| other.group == fact.group);
            let member =
                listed.map(|(index, _)| index).nth(self.sources.member).filter(|_| self.sources.member > 0);
            let index =
                member.filter(|index| free(index) && fits(&facts.facts[*index].text)).unwrap_or(first);
            self.used.insert(index);
            return Some(facts.facts[index].text.clone());
        }
        None
    }

    /// `city: Lisbon`, `city = "Lisbon"`, `id A-17` and the like: a value that is called by the property's name.
    fn named(&mut self, own: &[String]) -> Option<String> {
        let last = own.last()?;
        let facts = &self.sources.facts.facts;
        let kinds = [Kind::Quoted, Kind::Code, Kind::Uuid, Kind::Path, Kind::Name, Kind::Number];
        let called = |fact: &Fact| fact.before == *last && kinds.contains(&fact.kind);
        let plain = |fact: &Fact| fact.kind != Kind::Number || is_key(last);
        let mut found = facts.iter().enumerate().filter(|(index, _)| !self.used.contains(index));
        let (index, fact) = found.find(|(_, fact)| called(fact) && plain(fact))?;
        let text = fact.text.clone();
        self.used.insert(index);
        Some(text)
    }

    /// What the prompt asks about: the words behind "for" or "about", else those that matter.
    fn topic(&self) -> Option<String> {
        let text = self.sources.facts.text.trim();
        let sentence = text.split(['.', '?', '!', '\n']).find(|part| !part.trim().is_empty())?.trim();
        let all: Vec<&str> = words(sentence).collect();
        let at = all.iter().position(|word| matches!(word.to_lowercase().as_str(), "for" | "about" | "on"));
        let behind: Vec<&str> = at.map(|at| all[at + 1..].to_vec()).unwrap_or_default();
        let until = behind
            .iter()
            .position(|word| matches!(word.to_lowercase().as_str(), "and" | "then" | "in" | "with"));
        let behind = &behind[..until.unwrap_or(behind.len())];
        let verbs = ["search", "add", "order", "show", "list", "check"].map(stem);
        let matter = |word: &&&str| !is_stop_word(word) && !verbs.contains(&stem(word));
        let own: Vec<&str> = match behind.iter().filter(matter).count() {
            0 => all.iter().filter(matter).copied().collect(),
            _ => behind.iter().filter(matter).copied().collect(),
        };
        let text = if own.is_empty() { sentence.to_owned() } else { own.join(" ") };
        Some(shorten(&text, 200)).filter(|text| !text.is_empty())
    }

    fn made_up_text(&self, schema: &Map<String, Value>, name: &str, fits: &dyn Fn(&str) -> bool) -> String {
        let length = |word: &str| {
            schema.get(word).and_then(Value::as_u64).and_then(|length| usize::try_from(length).ok())
        };
        let least = length("minLength").unwrap_or(0).min(4000);
        let most = length("maxLength").unwrap_or(usize::MAX);
        let pattern = schema.get("pattern").and_then(Value::as_str);
        if let Some(text) =
            pattern.and_then(|pattern| text_for(pattern, least, self.variant)).filter(|text| fits(text))
        {
            return text;
        }
        let number = self.variant + 1;
        let sample = match schema.get("format").and_then(Value::as_str) {
            Some("date") => format!("2025-01-{:02}", self.variant % 28 + 1),
            Some("date-time") => format!("2025-01-{:02}T12:00:00Z", self.variant % 28 + 1),
            Some("time") => format!("12:{:02}:00Z", self.variant % 60),
            Some("duration") => format!("PT{number}H"),
            Some("email" | "idn-email") => format!("demo{number}@example.com"),
            Some("hostname" | "idn-hostname") => format!("demo{number}.example.com"),
            Some("ipv4") => format!("192.0.2.{}", self.variant % 250 + 1),
            Some("ipv6") => format!("2001:db8::{number:x}"),
            Some("uri" | "url" | "iri" | "uri-reference" | "iri-reference") => {
                format!("https://example.com/{number}")
            }
            Some("uuid") => format!("00000000-0000-4000-8000-{number:012x}"),
            Some("json-pointer") => format!("/{number}"),
            Some("regex") => "a".repeat(number),
            _ => {
                let own = name_words(name).join(" ");
                let own = if own.is_empty() { "demo".to_owned() } else { format!("demo {own}") };
                if self.variant > 0 { format!("{own} {number}") } else { own }
            }
        };
        if fits(&sample) {
            return sample;
        }
        // The number goes first, so that cutting keeps texts apart.
        let mut letters: Vec<char> =
            format!("{number} demo ").chars().cycle().take(least.max(12).min(most)).collect();
        letters.truncate(most);
        let bent: String = letters.into_iter().collect();
        if fits(&bent) { bent } else { sample }
    }
}
