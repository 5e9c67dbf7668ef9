//! Choices among enum values, branches, results and lists; booleans.
//!
//! # Invariants
//! - What the prompt names comes before the schema's default or example, and that before the first value.

use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

use super::{Filled, Filler, Grade, is_key};
use crate::demo::{
    facts::Kind,
    schema::{Check, merge, resolve, types},
    words::{name_words, stem},
};

impl Filler<'_> {
    /// One branch of `anyOf`, `oneOf` or a list of types: the first with a value from the prompt, else the first.
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
        if let Some(value) = values.iter().find(|value| value.as_str().is_some_and(|value| self.says(value)))
        {
            return Filled { value: value.clone(), grade: Grade::Found };
        }
        // A number among numbers: "for 3 days" where 3 is one of them.
        if values.iter().any(Value::is_number)
            && let Some(value) = self.spoken_number(name, true, &Check::leaf(schema))
        {
            return Filled { value, grade: Grade::Found };
        }
        if let Some(value) = self.given(schema).filter(|value| values.contains(value)) {
            return Filled { value, grade: Grade::Given };
        }
        let value = values.get((self.now.turn + self.variant) % values.len().max(1));
        Filled { value: value.cloned().unwrap_or(Value::Null), grade: Grade::Given }
    }

    /// Whether all words of a name are in the prompt.
    fn says(&self, name: &str) -> bool {
        let mut own = name_words(name).into_iter().peekable();
        self.now.prompt && own.peek().is_some() && own.all(|word| self.spoken.contains(&stem(&word)))
    }

    /// A value of this name in an earlier result; `item_id` also takes a value called `id`.
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

    /// The schema's default or example; `None` for further items of an array.
    pub(super) fn given(&self, schema: &Map<String, Value>) -> Option<Value> {
        if self.variant > 0 {
            return None;
        }
        let example = schema.get("examples").and_then(Value::as_array).and_then(|examples| examples.first());
        let value = schema.get("default").filter(|value| !value.is_null());
        value.or(example).or(schema.get("example")).cloned()
    }

    pub(super) fn truth(&self, schema: &Map<String, Value>, name: &str) -> Filled {
        if self.says(name) {
            return Filled { value: Value::Bool(true), grade: Grade::Found };
        }
        match self.given(schema) {
            Some(value @ Value::Bool(_)) => Filled { value, grade: Grade::Given },
            _ => Filled { value: Value::Bool(self.now.turn % 2 == 1), grade: Grade::MadeUp },
        }
    }

    /// The members of the first list in the prompt that fit, or the enum values that it names.
    pub(super) fn listed(&mut self, item: &Map<String, Value>) -> Vec<Value> {
        if !self.now.prompt {
            return Vec::new();
        }
        if let Some(values) = item.get("enum").and_then(Value::as_array) {
            let said = |value: &&Value| value.as_str().is_some_and(|value| self.says(value));
            return values.iter().filter(said).cloned().collect();
        }
        let kinds = types(item);
        let numbers = kinds.iter().any(|kind| kind == "integer" || kind == "number");
        if !numbers && !kinds.iter().any(|kind| kind == "string") {
            return Vec::new();
        }
        let check = Check::leaf(item);
        let facts = self.sources.facts;
        let to_value = |index: &usize| {
            let fact = facts.facts.get(*index).filter(|fact| (fact.kind == Kind::Number) == numbers)?;
            let value = match numbers {
                true => Value::Number(serde_json::from_str::<Number>(&fact.text).ok()?),
                false => Value::from(fact.text.as_str()),
            };
            check.fits(&value).then_some(value)
        };
        for fact in
            facts.facts.iter().enumerate().filter(|(index, fact)| fact.list == *index).map(|(_, fact)| fact)
        {
            let mut list = facts.list_of(fact);
            list.retain(|index| !self.used.contains(index));
            let values: Vec<Value> = list.iter().filter_map(to_value).collect();
            if values.len() > 1 {
                self.used.extend(list);
                return values;
            }
        }
        Vec::new()
    }
}
