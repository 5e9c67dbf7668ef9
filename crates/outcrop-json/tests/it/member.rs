//! A member seen as if it were all there is: it shows what the same text alone would.

use outcrop_json::{Change, LiveJson, Mark};
use serde_json::Value;

const TEXTS: [&str; 8] = [
    r#"["one", {"a/b": [1, 2.5, null], "c": "d\u00e9"}, []]"#,
    r#"{"value": {"value": "inner"}, "n": [true, [false]]}"#,
    r#""text that grows""#,
    "[]",
    "[[[[1]]]]",
    "12 ",
    "true ",
    r#"[1, tru, 2]"#,
];
const AROUND: [(&str, &str); 3] = [
    (r#"{"value":"#, "}"),
    (r#" { "before" : [ {"value": 0} ], "value" : "#, r#", "after": ["x"] }"#),
    ("{\"value\":", ", \"z\": {"),
];

fn json<'a>(changes: impl Iterator<Item = Change<'a>>) -> Vec<Value> {
    let told = changes.map(|change| serde_json::to_value(change).unwrap());
    // The offset of an error is that in the whole text.
    told.filter(|change| change["op"] != "invalid").collect()
}

/// At every moment, for every step from every moment before: the same value, the same changes.
#[test]
fn as_if_it_were_alone() {
    for text in TEXTS {
        for (before, after) in AROUND {
            let (mut alone, mut live) = (LiveJson::new(), LiveJson::new());
            live.push(before).unwrap();
            let mut marks: Vec<(Mark, Mark)> = vec![(alone.mark(), live.mark())];
            for at in 0..text.len() {
                alone.push(&text[at..=at]).unwrap();
                live.push(&text[at..=at]).unwrap();
                let member = live.now().member("value");
                let seen = member.root().map(|root| root.to_value().unwrap());
                assert_eq!(seen, alone.root().map(|root| root.to_value().unwrap()), "{text} {at}");
                let open = member.innermost_open().map(|node| node.pointer().to_string());
                assert_eq!(
                    open,
                    alone.innermost_open().map(|node| node.pointer().to_string()),
                    "{text} {at}"
                );
                for (mark_alone, mark) in &marks {
                    assert_eq!(
                        json(live.changes(*mark).within(member)),
                        json(alone.changes(*mark_alone)),
                        "{before}{text} {at}"
                    );
                }
                marks.push((alone.mark(), live.mark()));
            }
            let mark = live.mark();
            live.push(after).unwrap();
            let member = live.now().member("value");
            assert_eq!(json(live.changes(mark).within(member)), Vec::<Value>::new(), "{text}");
            assert_eq!(
                member.root().map(|root| root.to_value().unwrap()),
                alone.root().map(|root| root.to_value().unwrap())
            );
            if let Some(last) = member.node(live.root().unwrap().id()) {
                panic!("{last:?} is around it");
            }
        }
    }
}

/// What is not there shows nothing.
#[test]
fn before_it_has_begun() {
    let mut live = LiveJson::new();
    let start = live.mark();
    for (part, there) in
        [("{", false), (r#""other": {"value": 1}, "val"#, false), (r#"ue": "#, false), ("[", true)]
    {
        live.push(part).unwrap();
        let member = live.now().member("value");
        assert_eq!(member.root().is_some(), there);
        assert_eq!(live.changes(start).within(member).count(), usize::from(there));
        assert_eq!(member.partial::<Option<Vec<u8>>>().unwrap().is_some(), there);
    }
}
