//! Choosing: among enum values, branches, results and lists; true or false.
//!
//! # Invariants
//! - What the prompt speaks for comes before what the schema proposes, and that before the first of all.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::{Filled, Filler, Grade, is_key};
use crate::demo::{
    facts::Kind,
    schema::{Check, merge, resolve, types},
    words::{content_stems, name_words, stem, words},
};

impl Filler<'_> {
    /// One branch of `anyOf`, `oneOf` or a list of types: the first that the prompt speaks for, else the first.
    pub(super) fn branch(
        &mut self,
        schema: &Map<String, Value>,
        word: &str,
        branches: &[Value],
        name: &str,
        required: bool,
        depth: usize,
    ) -> Filled {
        let mut base = schema.clone();
        base.shift_remove(word);
        let mut choices: Vec<Value> = Vec::new();
        for branch in branches {
            let Value::Object(mut branch) = resolve(self.root, branch) else { continue };
            merge(&mut branch, base.clone());
            choices.push(Value::Object(branch));
        }
        if choices.is_empty() {
            choices.push(Value::Object(base));
        }
        let is_null = |choice: &Value| choice.get("type").is_some_and(|kind| kind == "null");
        let values: Vec<Value> = choices.iter().filter(|choice| !is_null(choice)).cloned().collect();
        let mut best: Option<(Filled, BTreeSet<usize>, Vec<String>)> = None;
        let (used, made_up) = (self.used.clone(), self.made_up.clone());
        let turn = self.now.turn % values.len().max(1);
        for choice in values.iter().cycle().skip(turn).take(values.len()) {
            self.used = used.clone();
            self.made_up = made_up.clone();
            let filled = self.value(choice, name, required, depth + 1);
            if best.as_ref().is_none_or(|(known, ..)| filled.grade > known.grade) {
                best = Some((filled, self.used.clone(), self.made_up.clone()));
            }
            // Looking on costs a factor for each level.
            if depth > 3 || self.now.turn > 0 {
                break;
            }
        }
        match best {
            Some((filled, ..)) if filled.grade == Grade::MadeUp && values.len() < choices.len() => {
                self.used = used;
                self.made_up = made_up;
                Filled { value: Value::Null, grade: Grade::MadeUp }
            }
            Some((filled, used, made_up)) => {
                self.used = used;
                self.made_up = made_up;
                filled
            }
            None => Filled { value: Value::Null, grade: Grade::MadeUp },
        }
    }
    pub(super) fn one_of(&mut self, schema: &Map<String, Value>, values: &[Value], name: &str) -> Filled {
        let spoken = if self.now.prompt { content_stems(&self.sources.facts.text) } else { Vec::new() };
        let all: Vec<String> = words(&self.sources.facts.text).map(str::to_lowercase).collect();
        let found = values.iter().find(|value| {
            let own = value.as_str().map(name_words).unwrap_or_default();
            let stems = own.iter().map(|word| stem(word));
            !own.is_empty()
                && self.now.prompt
                && (stems.clone().all(|stem| spoken.contains(&stem))
                    || own.iter().all(|word| word.len() > 1 && all.contains(word)))
        });
        if let Some(value) = found {
            return Filled { value: value.clone(), grade: Grade::Found };
        }
        // A number among numbers: "for 3 days" where 3 is one of them.
        let check = Check::leaf(schema);
        if values.iter().any(Value::is_number)
            && let Some(value) = self.spoken_number(name, true, &check)
        {
            return Filled { value, grade: Grade::Found };
        }
        if let Some(value) = self.given(schema).filter(|value| values.contains(value)) {
            return Filled { value, grade: Grade::Given };
        }
        let value =
            values.get((self.now.turn + self.variant) % values.len().max(1)).cloned().unwrap_or(Value::Null);
        Filled { value, grade: Grade::Given }
    }

    /// A value that an earlier result gives under this name; `item_id` also takes what is called `id`.
    pub(super) fn found_in_results(&self, schema: &Map<String, Value>, name: &str) -> Option<Filled> {
        if !self.now.prompt || name.is_empty() || self.sources.results.is_empty() {
            return None;
        }
        let wanted = name_words(name);
        let last = wanted.last()?;
        let check = Check::leaf(schema);
        let fits = |given: &str, loose: bool| {
            let given = name_words(given);
            given == wanted || (loose && given.len() == 1 && given.last() == Some(last) && is_key(last))
        };
        let find = |loose| {
            let mut values =
                self.sources.results.iter().filter(|(given, _)| fits(given, loose)).map(|(_, value)| value);
            values.find_map(|value| {
                let text = Value::from(value.to_string());
                [value.clone(), text]
                    .into_iter()
                    .find(|value| !value.is_object() && !value.is_array() && check.fits(value))
            })
        };
        find(false).or_else(|| find(true)).map(|value| Filled { value, grade: Grade::Found })
    }

    /// What the schema itself proposes; for further items of an array it has no second proposal.
    pub(super) fn given(&self, schema: &Map<String, Value>) -> Option<Value> {
        if self.variant > 0 {
            return None;
        }
        let example = schema.get("examples").and_then(Value::as_array).and_then(|examples| examples.first());
        let value = schema.get("default").filter(|value| !value.is_null());
        value.or(example).or(schema.get("example")).cloned()
    }

    pub(super) fn truth(&self, schema: &Map<String, Value>, name: &str) -> Filled {
        let spoken: Vec<String> = words(&self.sources.facts.text).map(str::to_lowercase).collect();
        let stems: Vec<String> = spoken.iter().map(|word| stem(word)).collect();
        let own: Vec<String> = name_words(name)
            .into_iter()
            .filter(|word| !matches!(word.as_str(), "is" | "has" | "include"))
            .collect();
        let at = own.first().and_then(|first| stems.iter().position(|word| *word == stem(first)));
        let all = own.iter().all(|word| stems.contains(&stem(word)));
        match at {
            Some(at) if all && self.now.prompt => {
                let before = spoken[at.saturating_sub(2)..at].iter();
                let no = before
                    .into_iter()
                    .any(|word| matches!(word.as_str(), "no" | "not" | "without" | "don't" | "don’t"));
                Filled { value: Value::Bool(!no), grade: Grade::Found }
            }
            _ => match self.given(schema) {
                Some(value @ Value::Bool(_)) => Filled { value, grade: Grade::Given },
                _ => Filled { value: Value::Bool(self.now.turn % 2 == 1), grade: Grade::MadeUp },
            },
        }
    }

    /// The members of the list in the prompt that fits best: two or more.
    pub(super) fn listed(&mut self, item: &Map<String, Value>, name: &str) -> Vec<Value> {
        if !self.now.prompt {
            return Vec::new();
        }
        let facts = &self.sources.facts.facts;
        if let Some(values) = item.get("enum").and_then(Value::as_array) {
            let stems = content_stems(&self.sources.facts.text);
            let said = |value: &&Value| {
                let words = value.as_str().map(name_words).unwrap_or_default();
                !words.is_empty() && words.iter().all(|word| stems.contains(&stem(word)))
            };
            return values.iter().filter(said).cloned().collect();
        }
        let check = Check::leaf(item);
        let numbers = types(item).iter().any(|kind| kind == "integer" || kind == "number");
        let texts = types(item).iter().any(|kind| kind == "string");
        let to_value = |text: &str| match numbers {
            true => serde_json::from_str::<Number>(text).ok().map(Value::Number),
            false => Some(Value::from(text)),
        };
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for (index, fact) in facts.iter().enumerate() {
            let kind = fact.kind != Kind::Math && (fact.kind == Kind::Number) == numbers;
            if !(numbers || texts) || !kind || self.used.contains(&index) {
                continue;
            }
            if !to_value(&fact.text).is_some_and(|value| check.fits(&value)) {
                continue;
            }
            match groups.iter_mut().find(|group| facts[group[0]].group == fact.group) {
                Some(group) => group.push(index),
                None => groups.push(vec![index]),
            }
        }
        groups.retain(|group| group.len() > 1);
        let stems: Vec<String> = name_words(name).iter().map(|word| stem(word)).collect();
        let near = |group: &Vec<usize>| stems.contains(&stem(&facts[group[0]].before));
        let Some(group) = groups.iter().find(|group| near(group)).or(groups.first()) else {
            return Vec::new();
        };
        self.used.extend(group);
        group.iter().filter_map(|index| to_value(&facts[*index].text)).collect()
    }
}
