//! Numbers: spoken ones near a word of the property's name, else the next that is free, else what the bounds allow.
//!
//! # Invariants
//! - An integer is written without a point, however the prompt writes it.

use serde_json::{Map, Number, Value};

use super::{Filled, Filler, Grade};
use crate::demo::{
    facts::Kind,
    schema::Check,
    words::{is_stop_word, name_words, stem},
};

/// What stands between the numbers of a sum.
const SIGNS: [&str; 15] = [
    "plus",
    "minus",
    "times",
    "over",
    "divided",
    "multiplied",
    "by",
    "percent",
    "+",
    "-",
    "*",
    "/",
    "^",
    "×",
    "÷",
];

impl Filler<'_> {
    pub(super) fn number(
        &mut self,
        schema: &Map<String, Value>,
        name: &str,
        required: bool,
        whole: bool,
    ) -> Filled {
        let check = Check::leaf(schema);
        if let Some(value) = self.spoken_number(name, required, &check) {
            return Filled { value, grade: Grade::Found };
        }
        if let Some(value) = self.given(schema).filter(|value| check.fits(value)) {
            return Filled { value, grade: Grade::Given };
        }
        let value = bounded(schema, whole, self.variant);
        let tries = [value, 0.0, 1.0, -1.0, 0.5].into_iter().map(|value| to_number(value, whole));
        let value = tries.clone().flatten().find(|value| check.fits(value)).or(tries.flatten().next());
        Filled { value: value.unwrap_or(Value::from(0)), grade: Grade::MadeUp }
    }

    /// A number of the prompt: beside a word of the name, or, if it must be, the first that is free.
    pub(super) fn spoken_number(&mut self, name: &str, required: bool, check: &Check) -> Option<Value> {
        if !self.now.prompt {
            return None;
        }
        let stems: Vec<String> = name_words(name).iter().map(|word| stem(word)).collect();
        let member = self.sources.member;
        let facts = self.sources.facts;
        // "3 days" is not the number of something else.
        let is_free = |after: &str| after.is_empty() || is_stop_word(after) || SIGNS.contains(&after);
        let fitting = |near: bool, free: bool| {
            let numbers = facts.of_kind(Kind::Number).filter(|(index, _)| !self.used.contains(index));
            let mut fitting = numbers.filter(|(_, fact)| {
                let is_near = || stems.contains(&stem(&fact.before)) || stems.contains(&stem(&fact.after));
                (!near || is_near()) && (!free || is_free(&fact.after))
            });
            fitting.find_map(|(index, fact)| {
                let others = facts.of_kind(Kind::Number).filter(|(_, other)| other.group == fact.group);
                let chosen =
                    others.map(|(index, _)| index).nth(member).filter(|_| member > 0).unwrap_or(index);
                let chosen = if self.used.contains(&chosen) { index } else { chosen };
                let number: Number = serde_json::from_str(&facts.facts[chosen].text).ok()?;
                Some((chosen, Value::Number(number))).filter(|(_, value)| check.fits(value))
            })
        };
        let (index, value) = fitting(true, false)
            .or_else(|| fitting(false, true).filter(|_| required))
            .or_else(|| fitting(false, false).filter(|_| required))?;
        self.used.insert(index);
        Some(value)
    }
}

/// A number between the bounds, near the lower one; `variant` steps on.
fn bounded(schema: &Map<String, Value>, whole: bool, variant: usize) -> f64 {
    let bound = |word: &str| schema.get(word).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0).unwrap_or(if whole { 1.0 } else { 0.5 });
    let above = bound("exclusiveMinimum").map(|bound| bound + if whole { 1.0 } else { step.min(1.0) / 2.0 });
    let low = match (bound("minimum"), above) {
        (Some(one), Some(other)) => Some(one.max(other)),
        (one, other) => one.or(other),
    };
    let high = match (
        bound("maximum"),
        bound("exclusiveMaximum").map(|bound| bound - if whole { 1.0 } else { step.min(1.0) / 2.0 }),
    ) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let start = match (low, high) {
        (Some(low), Some(high)) if !whole && schema.get("multipleOf").is_none() && high - low < step => {
            (low + high) / 2.0
        }
        (Some(low), _) => low,
        (None, Some(high)) => high.min(1.0),
        (None, None) => 1.0,
    };
    let steps = start / step;
    let aligned = match (schema.contains_key("multipleOf") || whole, low.is_some()) {
        (true, true) => steps.ceil() * step,
        (true, false) => steps.floor() * step,
        (false, _) => start,
    };
    let variant = variant as f64;
    match (low, high) {
        (Some(_), Some(high)) => {
            aligned + variant % (((high - aligned) / step).floor() + 1.0).max(1.0) * step
        }
        (None, Some(_)) => aligned - variant * step,
        _ => aligned + variant * step,
    }
}

fn to_number(value: f64, whole: bool) -> Option<Value> {
    if whole || value.fract() == 0.0 {
        // Beyond it integers are not exact.
        return (value.abs() < 9.0e15).then(|| Value::from(value as i64));
    }
    Number::from_f64(value).map(Value::Number)
}
