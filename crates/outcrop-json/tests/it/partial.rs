//! Invariant 10 for companions: by update and by serde they are the same after every push, errors too; updated at any
//! times they are the same; none contradicts the value in the end, and in the end they are that value.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use outcrop_json::{
    HasPartial, Kind, LiveJson, LivePartial, NodeRef, Part, Partial, PartialValue, Reading, View,
};
use proptest::{collection::vec, prelude::*};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    invariants::{cases, seen::whole, texts},
    oracle,
    typed::{agrees, as_value, has_twice, near::near, types::*},
};

mod types;

macro_rules! with_each_type {
    ($check:ident($a:expr, $b:expr)) => {
        with_each_type!(
            $check($a, $b):
            Order, Vec<Order>, Numbers, Box<Numbers>, Places, Option<Places>, External, Vec<External>, Internal,
            Vec<Internal>, Adjacent, Vec<Adjacent>, Untagged, Vec<Shape>, FlatMap, Strict, Unit, Newtype, NewtypeList,
            Pair, Defaults, (u8, String, Option<bool>), [i8; 2], (), bool, char, String, u8, i64, u64, i128, u128, f32,
            f64, Option<f64>, Option<Option<u8>>, BTreeMap<String, Value>, HashMap<u8, bool>, BTreeMap<i64, Unit>,
            BTreeMap<bool, u8>, BTreeMap<char, u8>, BTreeMap<Switch, u8>, BTreeMap<String, External>,
            BTreeMap<String, Internal>, BTreeMap<String, Adjacent>, BTreeMap<String, Order>, BTreeSet<String>,
            IpAddr, Value
        )
    };
    ($check:ident($a:expr, $b:expr): $($type:ty),*) => { $($check::<$type>($a, $b)?;)* };
}

fn name<T>() -> &'static str {
    std::any::type_name::<T>()
}

/// Two followers, one updated after every letter and one at times; and serde.
fn follows<T>(text: &str, times: &[bool]) -> Result<(), TestCaseError>
where
    T: HasPartial + DeserializeOwned + Serialize,
{
    let last = serde_json::from_slice::<T>(text.as_bytes()).map(|last| as_value(&last));
    let (mut live, mut always, mut at_times) =
        (LiveJson::new(), LivePartial::<T>::new(), LivePartial::<T>::new());
    let (mut times, mut shown) = (times.iter().cycle(), Vec::new());
    for letter in text.chars() {
        live.push(letter.encode_utf8(&mut [0; 4])).unwrap();
        let by_serde = live.partial::<Part<Partial<T>>>();
        let before = always.get().cloned();
        let _ = always.update(&live);
        let changed = before.as_ref() != always.get();
        prop_assert_eq!(always.has_changed(), changed, "{} at {:?}", name::<T>(), live.raw());
        let by_update = always.update(&live);
        match (&by_serde, &by_update) {
            (Ok(by_serde), Ok(by_update)) => {
                prop_assert_eq!(by_serde, *by_update, "{} at {:?}", name::<T>(), live.raw());
            }
            (Err(_), Err(error)) => prop_assert!(!error.is_incomplete()),
            _ => prop_assert!(
                false,
                "{}: {:?} by serde, {:?} by update at {:?}",
                name::<T>(),
                by_serde,
                by_update,
                live.raw()
            ),
        }
        if let Ok(now) = by_update {
            shown.extend(now.get().map(as_value));
        }
        if times.next() == Some(&true) {
            let before = at_times.get().cloned();
            let found = at_times.update(&live).cloned();
            // What is written twice in one update may end as it was before.
            let changed = at_times.has_changed() || before.as_ref() == at_times.get();
            prop_assert!(changed, "{} at {:?}", name::<T>(), live.raw());
            match (by_update, found.as_ref()) {
                (Ok(always), Ok(at_times)) => prop_assert_eq!(always, at_times, "{:?}", live.raw()),
                (always, at_times) => prop_assert!(always.is_err() && at_times.is_err(), "{:?}", live.raw()),
            }
            prop_assert_eq!(always.part(), at_times.part(), "{} at {:?}", name::<T>(), live.raw());
        }
    }
    // A root number or word ends with the text.
    live.finish(outcrop_json::End::Whole);
    if let Ok(last) = last {
        let part = match always.update(&live) {
            Ok(part) => part,
            // A struct in the form of an array, which no schema asks for, is refused.
            Err(error) => {
                let live = live.now().pointer(error.pointer()).unwrap();
                prop_assert_eq!(live.kind(), Kind::Array, "{}: {:?} of {:?}", name::<T>(), error, text);
                return Ok(());
            }
        };
        prop_assert!(part.is_done(), "{}: {:?} of {:?}", name::<T>(), part, text);
        let written = serde_json::to_string(part).unwrap();
        let read = serde_json::from_slice::<T>(written.as_bytes()).map(|read| as_value(&read)).ok();
        let written: Value = serde_json::from_str(&written).unwrap();
        // Infinity is written as null, and some names are not written as they are read.
        let same = read.as_ref() == Some(&last) || written == last;
        prop_assert!(same, "{} {} of {:?}", name::<T>(), written, text);
        // What is written twice is shown as it was at first.
        for before in shown.iter().filter(|_| !has_twice(oracle::read(text).shown.as_ref())) {
            prop_assert!(
                agrees(before, &written),
                "{}: {} of {} in {:?}",
                name::<T>(),
                before,
                written,
                text
            );
        }
        prop_assert_eq!(at_times.update(&live).unwrap(), always.part());
    }
    Ok(())
}

/// The members of several objects as those of one: names come twice.
fn joined(texts: &[String]) -> String {
    let inner: Vec<_> = texts
        .iter()
        .filter_map(|text| text.strip_prefix('{')?.strip_suffix('}'))
        .filter(|inner| !inner.is_empty())
        .collect();
    format!("{{{}}}", inner.join(","))
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn invariant_10_companions_follow(text in near(), times in vec(any::<bool>(), 1..20)) {
        with_each_type!(follows(&text, &times));
    }

    #[test]
    fn invariant_10_companions_follow_what_is_written_twice(
        parts in vec(near(), 2..4),
        times in vec(any::<bool>(), 1..20),
    ) {
        with_each_type!(follows(&joined(&parts), &times));
        let named: Vec<_> = parts.iter().zip(["a", "b", "a"]).map(|(part, name)| format!("{{\"{name}\":{part}}}")).collect();
        with_each_type!(follows(&joined(&named), &times));
    }

    #[test]
    fn invariant_10_companions_follow_any_value(text in texts::valid(), times in vec(any::<bool>(), 1..20)) {
        with_each_type!(follows(&text, &times));
    }
}

fn update<'f>(names: &'f mut LivePartial<Vec<String>>, view: View<'_>) -> &'f [String] {
    names.update(view).unwrap().as_deref().unwrap_or_default()
}

/// A view of an earlier moment changes nothing, nor does a second one of the same.
#[test]
fn invariant_10_a_companion_never_goes_back() {
    let (mut live, mut names) = (LiveJson::new(), LivePartial::new());
    assert!(update(&mut names, live.now()).is_empty());
    live.push(r#"["Ann", "Bo"#).unwrap();
    let early = live.mark();
    assert_eq!(update(&mut names, live.at(early)), ["Ann", "Bo"]);
    assert_eq!(update(&mut names, live.at(early)), ["Ann", "Bo"]);
    live.push(r#"b", "Cl"#).unwrap();
    assert_eq!(update(&mut names, live.now()), ["Ann", "Bob", "Cl"]);
    assert_eq!(update(&mut names, live.at(early)), ["Ann", "Bob", "Cl"]);
    live.push(r#"eo"]"#).unwrap();
    assert_eq!(update(&mut names, live.now()), ["Ann", "Bob", "Cleo"]);
    assert!(names.part().is_done());
}

/// What does not fit is told at its place, and all else goes on; the mistake is over once another value takes the place.
#[test]
fn another_text_is_begun_anew() {
    let mut names = LivePartial::<Vec<String>>::new();
    let (mut first, mut second) = (LiveJson::new(), LiveJson::new());
    first.push(r#"["Ann", "Bob", "Cy"]"#).unwrap();
    second.push(r#"["Dan", "E"#).unwrap();
    assert_eq!(update(&mut names, View::from(&first)), ["Ann", "Bob", "Cy"]);
    assert_eq!(update(&mut names, View::from(&second)), ["Dan", "E"]);
    second.push(r#"ve"]"#).unwrap();
    assert_eq!(update(&mut names, View::from(&second)), ["Dan", "Eve"]);
    // A text that was cleared is another one too.
    second.clear();
    second.push(r#"["Fay", "Gus", "Hal"#).unwrap();
    assert_eq!(update(&mut names, View::from(&second)), ["Fay", "Gus", "Hal"]);
}

#[test]
fn invariant_10_what_does_not_fit_is_told() {
    let (mut live, mut order) = (LiveJson::new(), LivePartial::<Order>::new());
    live.push(r#"{"tags": ["a", 1"#).unwrap();
    assert!(order.update(&live).is_ok());
    live.push(r#", "b"], "name": "An"#).unwrap();
    let error = order.update(&live).unwrap_err();
    assert_eq!((error.pointer(), error.is_incomplete()), ("/tags/1", false));
    let shown = as_value(order.get().unwrap());
    assert_eq!(shown, serde_json::json!({"tags": ["a", "b"], "name": "An"}));
    live.push(r#"n", "ta"#).unwrap();
    assert_eq!(order.update(&live), Err(error));
    live.push(r#"gs": []"#).unwrap();
    assert_eq!(as_value(order.update(&live).unwrap()), serde_json::json!({"tags": [], "name": "Ann"}));
}

/// What did not fit is no mistake any more once it is written again: a tag, the content of a variant, a member.
#[test]
fn invariant_10_what_is_written_again_is_read_again() {
    for text in [
        r#"{"t":"no","a":1,"t":"Struct","b":"c"}"#,
        r#"{"a":"no","t":"Struct","t":"On","t":"Struct"}"#,
        r#"{"t":"Struct","a":"no","a":1,"t":7,"t":"Line","at":[1,"no"],"at":[1,2]}"#,
        r#"{"t":"struct","c":{"a":"no"},"c":{"a":1},"t":"text","c":"x"}"#,
        r#"{"t":"two_numbers","c":["no"],"c":[1,2],"c":[3]}"#,
        r#"{"Struct":{"a":"no"},"Struct":{"a":1,"b":"c"}}"#,
        r#"{"Tuple":["no"],"Tuple":[1,"b"],"Tuple":[2]}"#,
        r#"{"Nested":{"Number":"no"},"Nested":{"Number":1},"Nested":"On"}"#,
        r#"{"Number":1,"Tuple":[1]}"#,
    ] {
        for times in [&[true][..], &[false, true], &[false]] {
            follows::<External>(text, times).unwrap();
            follows::<Internal>(text, times).unwrap();
            follows::<Adjacent>(text, times).unwrap();
        }
    }
    let last = |text: &str| LivePartial::<Internal>::new().update(&whole(text)).is_ok();
    assert!(!last(r#"{"t":"no","a":1"#) && last(r#"{"t":"no","a":1,"t":"Struct""#));
}

fn nodes(live: &LiveJson) -> Vec<NodeRef<'_>> {
    let mut nodes: Vec<_> = live.root().into_iter().collect();
    let mut next = 0;
    while let Some(node) = nodes.get(next).copied() {
        nodes.extend(node.children());
        next += 1;
    }
    nodes
}

/// Of the children of all values, those that changed since a mark are those that are not as they were.
#[test]
fn children_since_are_those_that_changed() {
    let text = r#"{"a": [1, [2, "three"], {}], "b": {"c": {"d": "e"}}, "f": [[[]]]}"#;
    let lives: Vec<LiveJson> = (0..=text.len()).map(|end| whole(&text[..end])).collect();
    for (end, live) in lives.iter().enumerate() {
        for before in &lives[..=end] {
            for node in nodes(live) {
                let was = |child: &NodeRef<'_>| before.now().node(child.id()).map(|was| was.is_complete());
                let changed = node.children().filter(|child| was(child) != Some(true)).map(NodeRef::id);
                let since = node.children_since(before.mark()).map(NodeRef::id);
                assert!(changed.eq(since), "{:?} of {:?} since {:?}", node, live.raw(), before.raw());
            }
        }
    }
}

/// A struct by hand that counts how often it is visited.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Row {
    id: Part<u32>,
    text: Part<String>,
}

thread_local! {
    static VISITS: Cell<usize> = const { Cell::new(0) };
}

impl HasPartial for Row {
    type Partial = Self;
}

impl PartialValue for Row {
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        let mut row = Self::default();
        row.update(node, reading);
        Some(row)
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        VISITS.set(VISITS.get() + 1);
        let mut changed = false;
        for member in reading.children(node) {
            VISITS.set(VISITS.get() + 1);
            changed |= match member.key() {
                Some("id") => self.id.update(member, reading),
                _ => self.text.update(member, reading),
            };
        }
        changed
    }
}

/// Earlier elements are not visited again: an update for each piece costs what the pieces are, not what there is.
#[test]
fn invariant_10_an_update_visits_what_changed() {
    const ROWS: usize = 10_000;
    let rows: Vec<String> = (0..ROWS).map(|id| format!("{{\"id\":{id},\"text\":\"row {id}\"}}")).collect();
    let text = format!("{{\"rows\":[{}]}}", rows.join(","));
    let (mut live, mut partial) = (LiveJson::new(), LivePartial::<BTreeMap<String, Vec<Row>>>::new());
    let mut pushes = 0;
    for piece in text.as_bytes().chunks(7) {
        live.push_bytes(piece).unwrap();
        partial.update(&live).unwrap();
        pushes += 1;
    }
    let rows = partial.get().and_then(|map| map["rows"].as_deref()).unwrap();
    assert_eq!((rows.len(), rows[9_999].text.done().unwrap().as_str()), (ROWS, "row 9999"));
    // A row and its two members are visited as they begin, and a push visits the row that is open and a member of it.
    let most = ROWS * 3 + pushes * 2;
    assert!((ROWS * 3..=most).contains(&VISITS.get()), "{} visits, {most} at most", VISITS.get());
}
