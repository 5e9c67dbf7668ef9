//! Texts that nearly are what a type of the family wants: samples, with a place or two replaced.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

use crate::oracle::{self, Shown, What};

/// At least one text of each type.
pub(crate) fn samples() -> &'static [&'static str] {
    &[
        r#"{"name":"Ann","count":2,"price":1.5,"gift":true,"switch":"OnceMore","tags":["a","b"],"lines":[{"type":"x","at":[1,-1],"note":"n\"1"},{"type":"é","at":[0,0]}],"to":{"name":"","count":0,"tags":[]}}"#,
        r#"[{"name":"Bob","count":4294967295,"price":null,"tags":[],"lines":[]},{"count":1,"name":"C","tags":["x"],"extra":{"deep":[1,{"er":null}]}}]"#,
        r#"{"a":-170141183460469231731687303715884105728,"b":340282366920938463463374607431768211455,"c":-9223372036854775808,"d":18446744073709551615,"e":-128,"f":0.1,"g":0.1}"#,
        r#"{"a":0,"b":0,"c":0,"d":0,"e":0,"f":16777217,"g":9007199254740993}"#,
        r#"{"by_name":{"a":1,"":-2},"by_number":{"-1":"a","20":"b"},"by_wide":{"340282366920938463463374607431768211455":true},"by_switch":{"On":1,"Once":2},"by_newtype":{"1":null,"65535":5}}"#,
        r#""On""#,
        r#""OnceMore""#,
        r#"["On",{"Number":5},{"Tuple":[1,"x"]},{"Struct":{"a":1,"b":"y"}},{"Nested":{"Nested":"Once"}},{"Maybe":null},{"Nothing":null},{"Maybe":true}]"#,
        r#"{"Struct":{"b":null,"a":255}}"#,
        r#"{"On":null}"#,
        r#"{"Nested":{"Tuple":[0,""]}}"#,
        r#"{"t":"On"}"#,
        r#"{"t":"Once","c":null}"#,
        r#"[{"t":"On"},{"t":"Once"},{"t":"Line","type":"x","at":[1,2]},{"a":1,"t":"Struct","b":"z"},{"t":"Struct","a":2}]"#,
        r#"[{"t":"on"},{"t":"two_numbers","c":[1,2]},{"c":"first","t":"text"},{"t":"struct","c":{"a":1}},{"t":"once"}]"#,
        r#"{"t":"text","c":"hello"}"#,
        r#"{"deep":[1,2.5,"x",[true,{"y":-1}]]}"#,
        r#"[{"radius":1},{"width":1,"height":2.5},"Once",[[1,2],[3,4]]]"#,
        r#"{"id":1,"type":"x","at":[0,0],"other":[1,2,{"z":null}]}"#,
        r#"{"id":1,"t":"Struct","a":3}"#,
        r#"{"id":2,"nom":"x","ends":null}"#,
        r#"{"name":"x","count":3,"on":false,"list":[1,2],"switch":"On"}"#,
        "null",
        "7",
        "65535",
        "-5",
        "1.5",
        "true",
        r#""c""#,
        r#""😀""#,
        "[1,null,65535]",
        r#"[1,"x"]"#,
        r#"[1,"x",null]"#,
        r#"[1,"x",true]"#,
        "[-128,127]",
        r#"{"1":true,"255":false}"#,
        r#"{"-5":null,"7":null}"#,
        r#"{"-170141183460469231731687303715884105728":1}"#,
        r#"{"true":1,"false":0}"#,
        r#"{"a":1,"é":2}"#,
        r#"{"On":1,"Twice":2}"#,
        r#"[{"1.5":1,"-1e3":2},{}]"#,
        "{}",
        "[]",
    ]
}

/// What may stand in the place of something else.
const OTHERS: [&str; 40] = [
    "null",
    "true",
    "0",
    "-0",
    "1",
    "-1",
    "1.0",
    "1e2",
    "255",
    "256",
    "128",
    "65536",
    "4294967296",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "1e39",
    "1e400",
    "0.30000000000000004",
    "\"\"",
    "\"x\"",
    "\"xy\"",
    "\"\\u0000\"",
    "\"On\"",
    "\"O\"",
    "\"Twice\"",
    "\"1\"",
    "[]",
    "[1]",
    "[1,2]",
    "[1,2,3]",
    "[null]",
    "{}",
    "{\"On\":null}",
    "{\"On\":1}",
    "{\"a\":1}",
    "{\"t\":\"On\"}",
    "{\"t\":\"Once\",\"a\":1}",
    "[\"On\",\"Once\"]",
    "[\"t\",1]",
];

/// Names that are nearly those of something.
const NAMES: [&str; 18] = [
    "t", "c", "a", "id", "name", "count", "On", "Struct", "Tuple", "+1", "01", "1.", "1.0", " 1", "-0",
    "inf", "NaN", "TRUE",
];

#[derive(Clone, Debug)]
enum Change {
    Replace(&'static str),
    Remove,
    Add(&'static str),
    Rename(&'static str),
    Wrap,
}

/// A sample, changed in up to two places.
pub(crate) fn near() -> impl Strategy<Value = String> + Clone {
    let change = prop_oneof![
        4 => select(OTHERS.to_vec()).prop_map(Change::Replace),
        1 => Just(Change::Remove),
        1 => select(OTHERS.to_vec()).prop_map(Change::Add),
        1 => select(NAMES.to_vec()).prop_map(Change::Rename),
        1 => Just(Change::Wrap),
    ];
    (select(samples().to_vec()), vec((any::<Index>(), change), 0..3)).prop_map(|(text, changes)| {
        let mut shown = parse(text);
        for (place, change) in changes {
            let mut left = place.index(count(&shown));
            apply(&mut shown, &mut left, &change);
        }
        write(&shown)
    })
}

pub(crate) fn parse(text: &str) -> Shown {
    let number = || Shown { at: 0, complete: true, what: What::Number(text.to_owned()) };
    let word = |what| Shown { at: 0, complete: true, what };
    match text {
        "null" => word(What::Null),
        "true" => word(What::Bool(true)),
        _ => oracle::read(text).shown.unwrap_or_else(number),
    }
}

fn children(shown: &Shown) -> Vec<&Shown> {
    match &shown.what {
        What::Array(items) => items.iter().collect(),
        What::Object(members) => members.iter().map(|(_, member)| member).collect(),
        _ => Vec::new(),
    }
}

fn count(shown: &Shown) -> usize {
    1 + children(shown).into_iter().map(count).sum::<usize>()
}

/// Changes the value that is `left` further in document order; tells whether it was reached.
fn apply(shown: &mut Shown, left: &mut usize, change: &Change) -> bool {
    if *left == 0 {
        match (change, &mut shown.what) {
            (Change::Replace(other), _) => *shown = parse(other),
            (Change::Wrap, _) => {
                let inner = shown.clone();
                shown.what = What::Array(vec![inner]);
            }
            (Change::Remove, What::Array(items)) => drop(items.pop()),
            (Change::Remove, What::Object(members)) => drop(members.pop()),
            (Change::Add(other), What::Array(items)) => items.push(parse(other)),
            (Change::Add(other), What::Object(members)) => put(members, "more", parse(other)),
            (Change::Rename(name), What::Object(members)) => {
                if let Some((_, member)) = members.pop() {
                    put(members, name, member);
                }
            }
            _ => {}
        }
        return true;
    }
    *left -= 1;
    match &mut shown.what {
        What::Array(items) => items.iter_mut().any(|item| apply(item, left, change)),
        What::Object(members) => members.iter_mut().any(|(_, member)| apply(member, left, change)),
        _ => false,
    }
}

/// A member, in the place of one of its name.
fn put(members: &mut Vec<(String, Shown)>, name: &str, member: Shown) {
    members.retain(|(other, _)| other != name);
    members.push((name.to_owned(), member));
}

/// The text of a value.
pub(crate) fn write(shown: &Shown) -> String {
    let string = |text: &str| serde_json::to_string(text).unwrap();
    match &shown.what {
        What::Null => "null".to_owned(),
        What::Bool(truth) => truth.to_string(),
        What::Number(digits) => digits.clone(),
        What::String(text) => string(text),
        What::Array(items) => format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(",")),
        What::Object(members) => {
            let member = |(name, member): &(String, Shown)| format!("{}:{}", string(name), write(member));
            format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
        }
    }
}
