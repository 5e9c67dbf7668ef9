//! Invariant 10: a value read as a type is what `serde_json` reads from the text; no partial one contradicts it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use outcrop_json::{End, LiveJson};
use proptest::{collection::vec, prelude::*, sample::select};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    invariants::{cases, seen::whole, texts},
    oracle::{self, Shown},
};

pub(crate) mod near;
pub(crate) mod types;

use near::{near, write};
use types::*;

/// Calls a check with each type of the family.
macro_rules! with_each_type {
    ($check:ident($argument:expr)) => {
        with_each_type!(
            $check($argument):
            Order, Vec<Order>, Numbers, Box<Numbers>, Places, Option<Places>, External, Vec<External>, Internal,
            Vec<Internal>, Adjacent, Vec<Adjacent>, Untagged, Vec<Shape>, FlatMap, FlatEnum, Strict, Unit, Newtype,
            NewtypeList, Pair, (u8, String, Option<bool>), [i8; 2], (), bool, char, String, u8, i64, u64, i128,
            u128, f32, f64, Option<f64>, Option<Option<u8>>, BTreeMap<String, Value>, BTreeMap<u8, bool>,
            BTreeMap<i64, Unit>, BTreeMap<i128, u8>, BTreeMap<bool, u8>, BTreeMap<char, u8>, BTreeMap<Switch, u8>,
            BTreeMap<Newtype, u8>, BTreeMap<Option<u8>, u8>, Vec<FloatKey>, Value
        )
    };
    ($check:ident($argument:expr): $($type:ty),*) => { $($check::<$type>($argument)?;)* };
}

fn type_name<T>() -> &'static str {
    std::any::type_name::<T>()
}

fn read(text: &str) -> LiveJson {
    let mut live = whole(text);
    live.finish(End::Whole);
    live
}

/// Both read the same, or neither reads anything.
fn same_as_serde_json<T: DeserializeOwned + PartialEq + std::fmt::Debug>(
    text: &str,
) -> Result<(), TestCaseError> {
    // Not `from_str`: it panics at a name that begins with more than a byte where it looks for `true` or `false`.
    let expected = serde_json::from_slice::<T>(text.as_bytes());
    let live = read(text);
    let root = live.root().unwrap();
    let ways =
        [("decode", root.decode::<T>()), ("partial", live.partial()), ("partial of a node", root.partial())];
    for (way, found) in ways {
        match (&expected, found) {
            (Ok(expected), Ok(found)) => {
                prop_assert_eq!(&found, expected, "{} as {}", way, type_name::<T>());
            }
            (Err(_), Err(error)) => prop_assert!(!error.is_incomplete()),
            (expected, found) => {
                prop_assert!(false, "{} as {}: {:?} instead of {:?}", way, type_name::<T>(), found, expected);
            }
        }
    }
    Ok(())
}

/// What every beginning of the text is as a `T` agrees with what it is in the end.
fn partial_agrees<T: DeserializeOwned + Serialize>(text: &str) -> Result<(), TestCaseError> {
    let Ok(last) = serde_json::from_str::<T>(text).map(|last| as_value(&last)) else { return Ok(()) };
    let mut live = LiveJson::new();
    for letter in text.chars() {
        live.push(letter.encode_utf8(&mut [0; 4])).unwrap();
        match live.partial::<T>() {
            Ok(partial) => {
                let partial = as_value(&partial);
                let agrees = agrees(&partial, &last);
                prop_assert!(agrees, "{}: {} of {} at {:?}", type_name::<T>(), partial, last, live.raw());
            }
            Err(error) => {
                let waits = error.is_incomplete();
                prop_assert!(waits, "{}: {:?} at {:?}", type_name::<T>(), error, live.raw());
            }
        }
    }
    Ok(())
}

/// By way of the text, which can hold any whole number.
pub(crate) fn as_value<T: Serialize>(of: &T) -> Value {
    serde_json::from_str(&serde_json::to_string(of).unwrap()).unwrap()
}

/// Null is what is not there yet; of an array, only the last element may be partial.
pub(crate) fn agrees(partial: &Value, last: &Value) -> bool {
    match (partial, last) {
        (Value::Null, _) => true,
        (Value::String(partial), Value::String(last)) => last.starts_with(partial.as_str()),
        (Value::Array(partial), Value::Array(last)) => {
            let all = partial.iter().zip(last).all(|(partial, last)| agrees(partial, last));
            let done = partial.len().saturating_sub(1);
            all && partial.len() <= last.len() && partial[..done] == last[..done]
        }
        (Value::Object(partial), Value::Object(last)) => partial.iter().all(|(name, member)| {
            member.is_null() || last.get(name).is_some_and(|last| agrees(member, last))
        }),
        _ => partial == last,
    }
}

/// A struct as one would write it for a call that is still coming: all may be absent.
#[derive(Debug, Deserialize, Serialize)]
struct Sketch {
    name: Option<String>,
    count: Option<u32>,
    price: Option<f64>,
    gift: Option<bool>,
    switch: Option<Switch>,
    tags: Option<Vec<String>>,
    lines: Option<Vec<Line>>,
    to: Option<Box<Sketch>>,
    shape: Option<Shape>,
    internal: Option<Internal>,
    adjacent: Option<Adjacent>,
    external: Option<External>,
    more: Option<BTreeMap<String, Value>>,
}

/// The members of a sketch, each with a text that fits.
const SKETCH: [(&str, &str); 13] = [
    ("name", r#""A\u00e9\n""#),
    ("count", "12"),
    ("price", "-1.5e3"),
    ("gift", "true"),
    ("switch", r#""OnceMore""#),
    ("tags", r#"["one","","three"]"#),
    ("lines", r#"[{"type":"x","at":[1,-1],"note":"n"},{"note":null,"at":[0,10],"type":"y"}]"#),
    ("to", r#"{"name":"B","to":{"tags":["z"]}}"#),
    ("shape", r#"{"width":10,"height":2.5}"#),
    ("internal", r#"{"t":"Once"}"#),
    ("adjacent", r#"{"t":"two_numbers","c":[12,3]}"#),
    ("external", r#"{"Nested":{"Struct":{"a":12,"b":"c"}}}"#),
    ("more", r#"{"a":{"b":[null,{"c":"d"}]}}"#),
];

fn object(members: &[(&str, String)]) -> String {
    let members: Vec<_> = members.iter().map(|(name, text)| format!("\"{name}\":{text}")).collect();
    format!("{{{}}}", members.join(","))
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn invariant_10_decode_is_from_str(text in near()) {
        with_each_type!(same_as_serde_json(&text));
        same_as_serde_json::<Flat>(&text)?;
    }

    #[test]
    fn invariant_10_decode_is_from_str_for_any_value(text in texts::valid()) {
        if !has_twice(oracle::read(&text).shown.as_ref()) {
            with_each_type!(same_as_serde_json(&text));
        }
    }

    /// Of two members of one name the last counts, for structs too: as if the text went through a `Value`.
    #[test]
    fn invariant_10_the_last_of_two_counts(text in texts::valid(), more in near()) {
        let value: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(read(&text).root().unwrap().decode::<Value>().unwrap(), value);
        let twice = format!("{{\"order\":{text},\"order\":{more}}}");
        #[derive(Debug, Deserialize, PartialEq)]
        struct Outer {
            order: Option<Order>,
        }
        let expected = serde_json::from_str::<Option<Order>>(&more);
        match (read(&twice).root().unwrap().decode::<Outer>(), expected) {
            (Ok(found), Ok(order)) => prop_assert_eq!(found, Outer { order }),
            (found, expected) => {
                prop_assert!(found.is_err() && expected.is_err(), "{:?} {:?}", found, expected);
            }
        }
    }

    /// Strings are lent whatever escapes they were written with, and lie in the live value itself.
    #[test]
    fn invariant_10_strings_are_lent(names in vec(texts::string(false), 4)) {
        let [name, note, key, item] = &names[..] else { unreachable!() };
        let text = format!(
            "{{\"name\":{name},\"note\":{note},\"map\":{{{key}:{item}}},\"list\":[{item},{name}],\"bytes\":{note}}}"
        );
        #[derive(Deserialize)]
        struct Lent<'a> {
            name: &'a str,
            #[serde(borrow)]
            note: Cow<'a, str>,
            map: BTreeMap<&'a str, &'a str>,
            list: Vec<&'a str>,
            bytes: &'a [u8],
        }
        #[derive(Deserialize)]
        struct Owned {
            name: String,
            note: String,
            map: BTreeMap<String, String>,
            list: Vec<String>,
        }
        let live = read(&text);
        let lent: Lent<'_> = live.partial().unwrap();
        let owned: Owned = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(lent.name, &owned.name);
        prop_assert_eq!(&*lent.note, &owned.note);
        prop_assert_eq!(&lent.list, &owned.list);
        prop_assert_eq!(lent.bytes, owned.note.as_bytes());
        prop_assert!(lent.map.iter().map(|(a, b)| (a.to_string(), b.to_string())).eq(owned.map));
        prop_assert!(matches!(lent.note, Cow::Borrowed(_)));
        let shown = live.root().unwrap().get("name").unwrap().as_str().unwrap();
        prop_assert_eq!(lent.name.as_ptr(), shown.as_ptr());
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn invariant_10_no_partial_contradicts_the_final(text in near()) {
        with_each_type!(partial_agrees(&text));
    }

    /// Where all may be absent, there is a partial value after every byte.
    #[test]
    fn invariant_10_there_is_always_a_partial(near in vec((select(&SKETCH[..]), near()), 0..12)) {
        let mut members: Vec<_> = near.into_iter().map(|((name, _), text)| (name, text)).collect();
        members.extend(SKETCH.iter().map(|(name, text)| (*name, (*text).to_owned())));
        let fits = |name, text: &str| serde_json::from_str::<Sketch>(&object(&[(name, text.to_owned())])).is_ok();
        members.retain(|(name, text)| fits(*name, text));
        let mut names = BTreeSet::new();
        members.retain(|(name, _)| names.insert(*name));
        let text = object(&members);
        partial_agrees::<Sketch>(&text)?;
        for (at, _) in text.char_indices() {
            let live = whole(&text[..at]);
            let partial = live.partial::<Option<Sketch>>();
            prop_assert!(partial.is_ok(), "{:?} at {:?}", partial, &text[..at]);
        }
    }
}

pub(crate) fn has_twice(shown: Option<&Shown>) -> bool {
    match shown.map(|shown| &shown.what) {
        Some(oracle::What::Array(items)) => items.iter().any(|item| has_twice(Some(item))),
        Some(oracle::What::Object(members)) => {
            let mut names: Vec<_> = members.iter().map(|(name, _)| name).collect();
            names.sort();
            names.windows(2).any(|pair| pair[0] == pair[1])
                || members.iter().any(|(_, member)| has_twice(Some(member)))
        }
        _ => false,
    }
}

#[test]
fn samples_are_what_they_are_samples_of() {
    fn count<T: DeserializeOwned>(counts: &mut Vec<(&'static str, usize)>) -> Result<(), TestCaseError> {
        let fit = near::samples().iter().filter(|text| serde_json::from_str::<T>(text).is_ok()).count();
        counts.push((type_name::<T>(), fit));
        Ok(())
    }
    fn all(counts: &mut Vec<(&'static str, usize)>) -> Result<(), TestCaseError> {
        with_each_type!(count(&mut *counts));
        Ok(())
    }
    let mut counts = Vec::new();
    all(&mut counts).unwrap();
    assert!(counts.iter().all(|(_, count)| *count > 0), "{counts:?}");
    for text in near::samples() {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&write(&near::parse(text))).unwrap(),
            value,
            "written otherwise"
        );
    }
}

/// Also where `serde_json` rounds once, from the digits to the `f32` (with its feature `float_roundtrip`): a little
/// less than 3 halves of the last place, half of the least, and a little more than the greatest.
#[test]
fn a_float_is_rounded_as_serde_json_does() {
    for text in
        ["[1.00000017881393432617187499]", "[8.5899345920000003e9]", "[0.7e-45]", "[1e-46]", "[3.5e38]"]
    {
        let expected = serde_json::from_str::<[f32; 1]>(text).ok();
        assert_eq!(read(text).root().unwrap().decode::<[f32; 1]>().ok(), expected, "{text}");
    }
}

/// What is left out is the default; what is there is read.
#[test]
fn defaults_are_for_what_is_left_out() {
    for text in near::samples() {
        let found = read(text).root().unwrap().decode::<Defaults>().ok();
        assert_eq!(found, serde_json::from_str(text).ok(), "{text}");
    }
    let live = whole(r#"{"count":12,"name":"par"#);
    let partial: Defaults = live.partial().unwrap();
    assert_eq!(partial, Defaults { count: 12, name: "par".into(), ..Defaults::default() });
}
