//! Texts: from the prompt by the property's name, its format or its pattern; else made up within its limits.
//!
//! # Invariants
//! - A text of the prompt is used as it was written; only texts that are made up are cut or filled to fit a length.

use serde_json::{Map, Value};

use super::{Filled, Filler, Grade, is_key};
use crate::demo::{
    facts::{Fact, Kind},
    pattern::text_for,
    schema::Check,
    words::name_words,
};

/// Names of properties that take the whole prompt if it quotes nothing.
const PROSE: [&str; 12] = [
    "query",
    "question",
    "prompt",
    "text",
    "message",
    "body",
    "content",
    "description",
    "reason",
    "summary",
    "expression",
    "command",
];
const ALL: [Kind; 4] = [Kind::Quoted, Kind::Code, Kind::Name, Kind::Number];

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
        let last = own.last().map_or("", String::as_str);
        // "city: Lisbon", "item_id A-17", "to Ann".
        let called = |fact: &Fact| name_words(&fact.before).last().is_some_and(|word| word == last);
        if let Some(text) = self.take(&ALL, &called, fits) {
            return Some(text);
        }
        if schema.contains_key("format") || (required && schema.contains_key("pattern")) {
            return self.take(&ALL, &|_| true, fits);
        }
        if !required {
            return None;
        }
        if is_key(last) {
            return self.take(&[Kind::Code, Kind::Quoted], &|_| true, fits);
        }
        if PROSE.contains(&last) {
            let quoted = self.take(&[Kind::Quoted], &|_| true, fits);
            let prompt = self.sources.facts.text.trim();
            return quoted.or_else(|| Some(prompt.to_owned()).filter(|text| !text.is_empty() && fits(text)));
        }
        self.take(&[Kind::Quoted, Kind::Name, Kind::Code], &|_| true, fits)
    }

    /// The first unused fact of these kinds that fits; of a list, the member that was asked for.
    fn take(
        &mut self,
        kinds: &[Kind],
        when: &dyn Fn(&Fact) -> bool,
        fits: &dyn Fn(&str) -> bool,
    ) -> Option<String> {
        let facts = self.sources.facts;
        let usable = |used: &std::collections::BTreeSet<usize>, index: usize| {
            !used.contains(&index) && facts.facts.get(index).is_some_and(|fact| fits(&fact.text))
        };
        let (first, fact) = kinds.iter().find_map(|kind| {
            facts.of_kind(*kind).find(|(index, fact)| when(fact) && usable(&self.used, *index))
        })?;
        let member = facts.list_of(fact).get(self.sources.member).copied();
        let member = member.filter(|index| self.sources.member > 0 && usable(&self.used, *index));
        let index = member.unwrap_or(first);
        self.used.insert(index);
        facts.facts.get(index).map(|fact| fact.text.clone())
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
