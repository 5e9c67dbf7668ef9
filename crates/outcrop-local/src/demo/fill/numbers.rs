//! Numbers: from the prompt, first those next to a word of the property's name, else what the bounds allow.
//!
//! # Invariants
//! - An integer is written without a decimal point, however the prompt writes it.

use serde_json::{Map, Number, Value};

use super::{Filled, Filler, Grade};
use crate::demo::{
    facts::{Fact, Kind},
    schema::Check,
    words::{name_words, stem},
};

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

    /// A number of the prompt: one next to a word of the name ("3 days", "limit 5"), or any for a required property.
    pub(super) fn spoken_number(&mut self, name: &str, required: bool, check: &Check) -> Option<Value> {
        if !self.now.prompt {
            return None;
        }
        let stems: Vec<String> = name_words(name).iter().map(|word| stem(word)).collect();
        let is_near = |fact: &Fact| stems.contains(&stem(&fact.before)) || stems.contains(&stem(&fact.after));
        let facts = self.sources.facts;
        let fitting = || {
            facts.of_kind(Kind::Number).filter(|(index, _)| !self.used.contains(index)).filter_map(
                |(index, fact)| {
                    let value = Value::Number(serde_json::from_str::<Number>(&fact.text).ok()?);
                    check.fits(&value).then_some((index, fact, value))
                },
            )
        };
        let near = fitting().find(|(_, fact, _)| is_near(fact));
        let (index, fact, value) = near.or_else(|| fitting().next().filter(|_| required))?;
        let member =
            facts.list_of(fact).get(self.sources.member).copied().filter(|_| self.sources.member > 0);
        let listed = member.and_then(|member| fitting().find(|(index, ..)| *index == member));
        let (index, value) = listed.map_or((index, value), |(index, _, value)| (index, value));
        self.used.insert(index);
        Some(value)
    }
}

/// A number between the bounds, near the lower one; each `variant` is one step further.
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
