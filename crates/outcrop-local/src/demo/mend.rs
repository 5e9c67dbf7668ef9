//! Mending an input after a tool said what is wrong with it.
//!
//! # Invariants
//! - A mended input fits the schema.
//! - Without a clue in the error there is no mending: the same input would fail again.

use serde_json::{Map, Number, Value};

use super::{
    facts::{Facts, Kind},
    fill::{Sources, fill},
    schema::{Check, resolve, types},
    words::{name_words, words},
};

/// Errors after which the same call may go well.
const PASSING: [&str; 7] = [
    "try again",
    "temporarily",
    "retry",
    "rate limit",
    "too many requests",
    "unavailable right now",
    "is busy",
];

/// The input for the next try; `None` where the error gives no clue.
pub(super) fn mend(schema: &Value, before: &Value, error: &str) -> Option<Value> {
    let check = Check::whole(schema);
    let spoken: Vec<String> = words(error).map(str::to_lowercase).collect();
    let root = resolve(schema, schema);
    let properties = root.get("properties").and_then(Value::as_object)?;
    let facts = Facts::of(error);
    let input = before.as_object().cloned().unwrap_or_default();

    // What the error names first, then what it may mean.
    let mut order: Vec<(&String, &Value)> = properties.iter().collect();
    let is_named = |name: &str| {
        let own = name_words(name);
        error.contains(name) || (!own.is_empty() && own.iter().all(|word| spoken.contains(word)))
    };
    order.sort_by_key(|(name, _)| !is_named(name));
    let changed = order.iter().find_map(|(name, property)| {
        let leaf = resolve(schema, property).as_object().cloned().unwrap_or_default();
        let clues = clues(&leaf, name, input.get(*name), &facts, &spoken);
        clues.into_iter().find_map(|value| {
            let mut mended = input.clone();
            mended.insert((*name).clone(), value);
            let mended = Value::Object(in_order(properties, mended));
            (mended != *before && check.fits(&mended)).then_some(mended)
        })
    });
    let missing = || {
        // Something is missing or does not fit: all anew, what was there staying where it may.
        let wants =
            spoken.iter().any(|word| matches!(word.as_str(), "missing" | "required" | "invalid" | "schema"));
        let sources = Sources { facts: &facts, results: &[], member: 0 };
        let mut whole = fill(schema, sources).value.as_object().cloned().unwrap_or_default();
        for (name, property) in
            properties.iter().filter(|(name, _)| is_named(name) && !input.contains_key(*name))
        {
            whole.entry(name.clone()).or_insert_with(|| fill(property, sources).value);
        }
        whole.extend(input.clone().into_iter().filter(|(name, _)| properties.contains_key(name)));
        let whole = Value::Object(in_order(properties, whole));
        (wants && whole != *before && check.fits(&whole)).then_some(whole)
    };
    let again = || {
        let error = error.to_lowercase();
        PASSING
            .iter()
            .any(|words| error.contains(words))
            .then(|| before.clone())
            .filter(|input| check.fits(input))
    };
    changed.or_else(missing).or_else(again)
}

/// Values that the error offers for one property, best first.
fn clues(
    leaf: &Map<String, Value>,
    name: &str,
    before: Option<&Value>,
    facts: &Facts,
    spoken: &[String],
) -> Vec<Value> {
    let differs = |value: &Value| Some(value) != before;
    if let Some(values) = leaf.get("enum").and_then(Value::as_array) {
        let named = values.iter().filter(|value| {
            let own = value.as_str().map(name_words).unwrap_or_default();
            !own.is_empty() && own.iter().all(|word| spoken.contains(word))
        });
        return named.filter(|value| differs(value)).cloned().collect();
    }
    let kinds = types(leaf);
    let is = |wanted: &str| kinds.iter().any(|kind| kind == wanted);
    if is("integer") || is("number") {
        let numbers = facts.of_kind(Kind::Number);
        let numbers = numbers
            .filter_map(|(_, fact)| serde_json::from_str::<Number>(&fact.text).ok())
            .map(Value::Number);
        let same = |value: &Value| {
            before.and_then(Value::as_f64).is_some_and(|before| value.as_f64() == Some(before))
        };
        return numbers.filter(|value| !same(value)).collect();
    }
    if !is("string") {
        return Vec::new();
    }
    let text = before.and_then(Value::as_str).unwrap_or_default();
    let offered = facts.facts.iter().filter(|fact| match fact.kind {
        Kind::Quoted | Kind::Date | Kind::Code | Kind::Email | Kind::Url | Kind::Uuid => true,
        // A name is an offer only behind a word that offers.
        Kind::Name | Kind::MaybeName => {
            matches!(
                fact.before.as_str(),
                "of" | "mean" | "meant" | "use" | "try" | "be" | "are" | "is" | "or" | "expected"
            )
        }
        _ => false,
    });
    let offered = offered.map(|fact| fact.text.as_str()).filter(|offer| *offer != text && *offer != name);
    // What was sent is often quoted with its quotation marks gone.
    offered
        .filter(|offer| !offer.is_empty() && (!text.contains(offer) || offer.len() >= text.len()))
        .map(Value::from)
        .collect()
}

/// Members in the order of the schema.
fn in_order(properties: &Map<String, Value>, mut members: Map<String, Value>) -> Map<String, Value> {
    let mut ordered = Map::new();
    for name in properties.keys() {
        if let Some(value) = members.shift_remove(name) {
            ordered.insert(name.clone(), value);
        }
    }
    ordered.extend(members);
    ordered
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_that_say_how_are_heeded() {
        let schema = json!({
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "days": {"type": "integer", "minimum": 1},
            },
            "required": ["city"],
        });
        let before = json!({"city": "Lissabon", "unit": "celsius", "days": 50});
        let check = |error: &str, expected: Option<Value>| {
            assert_eq!(mend(&schema, &before, error), expected, "{error}");
        };
        let with = |name: &str, value: Value| {
            let mut input = before.clone();
            input[name] = value;
            Some(input)
        };
        check("days must be at most 10, got 50", with("days", json!(10)));
        check("unit celsius is not known here; use fahrenheit", with("unit", json!("fahrenheit")));
        check("unknown city \"Lissabon\". Did you mean \"Lisbon\"?", with("city", json!("Lisbon")));
        check("no such city, valid values are 'Lisbon', 'Porto'", with("city", json!("Lisbon")));
        check("The service is busy, try again.", Some(before.clone()));
        check("It does not work.", None);
        let error = "missing field `city`";
        assert_eq!(mend(&schema, &json!({"days": 2}), error).expect("it can be mended")["days"], 2);
    }
}
