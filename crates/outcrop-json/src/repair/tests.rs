//! What [`repair`] makes of one damaged text after the other.

use serde_json::Value;

use super::repair;
use crate::RepairKind::{self, *};

/// Rows of a text, the value it most likely means, and how it departs from strict JSON. An empty value stands for
/// none.
#[track_caller]
fn check(rows: &[(&str, &str, &[RepairKind])]) {
    for (text, value, kinds) in rows {
        let proposal = repair(text);
        let found = proposal.as_ref().map(|proposal| proposal.value.clone());
        let expected = (!value.is_empty()).then(|| serde_json::from_str::<Value>(value).unwrap());
        assert_eq!(found, expected, "{text}");
        let repairs = proposal.map(|proposal| proposal.repairs).unwrap_or_default();
        let found: Vec<_> = repairs.iter().map(|repair| repair.kind).collect();
        assert_eq!(found, *kinds, "{text}");
        assert!(repairs.iter().all(|repair| repair.offset <= text.len() && repair.node.is_none()));
    }
}

#[test]
fn strict_json() {
    check(&[
        ("{}", "{}", &[]),
        (" [1, -0.5e3, \"a\\u00e9\\n\", null] ", "[1, -500.0, \"aé\\n\", null]", &[]),
        (r#"{"a": 1, "a": 2}"#, r#"{"a": 2}"#, &[]),
        ("12", "12", &[]),
        ("\"text\"", "\"text\"", &[]),
        ("true", "true", &[]),
    ]);
}

#[test]
fn no_value() {
    check(&[
        ("", "{}", &[Blank]),
        (" \n", "{}", &[Blank]),
        ("How do I write a test?", "", &[]),
        ("\"Well,\" he said, \"no.\"", "", &[]),
        ("See [the docs] and [1], then use {name}.", "", &[]),
        ("- [ ] to do\n- [x] done", "", &[]),
        ("tr", "", &[]),
        ("1.", "", &[]),
        ("```json\n```", "", &[]),
        ("```\nno value\n```", "", &[]),
        ("// nothing\n", "", &[]),
    ]);
}

#[test]
fn around_the_value() {
    check(&[
        ("\u{feff}{\"a\":1}", r#"{"a":1}"#, &[ByteOrderMark]),
        ("```json\n{\"a\":1}\n```", r#"{"a":1}"#, &[Fence]),
        ("``` {\"a\":1}```\n", r#"{"a":1}"#, &[Fence]),
        ("{\"a\":1}\n```", r#"{"a":1}"#, &[Fence]),
        ("{\"a\":\"b\"```", r#"{"a":"b"}"#, &[Truncation, Fence]),
        ("```json\n[1, 2\n```\nDone.", "[1, 2]", &[Fence, Truncation, TextAfter]),
        ("```json\n{\"a\": \"b\n```", "{\"a\": \"b\\n\"}", &[Fence, ControlCharacter, Truncation]),
        ("```\n42\n```", "42", &[Fence]),
        ("```\n\"a\nb\"\n```", "\"a\\nb\"", &[Fence, ControlCharacter]),
        ("Sure! Here it is: {\"a\":1}", r#"{"a":1}"#, &[TextBefore]),
        ("As [1] says:\n```json\n{\"a\":1}\n```\nOk?", r#"{"a":1}"#, &[TextBefore, Fence, TextAfter]),
        ("Run `ls`, not ```rm```: {\"a\": \"```\",}", "{\"a\": \"```\"}", &[TextBefore, TrailingComma]),
        ("The answer is [1, 2].", "[1, 2]", &[TextBefore, TextAfter]),
        ("Result: {}", "{}", &[TextBefore]),
        ("f({a: 1});", r#"{"a":1}"#, &[TextBefore, BareKey, TextAfter]),
        ("// c\n/* d */ {\"a\":1}", r#"{"a":1}"#, &[Comment]),
        ("{\"a\":1} ok?", r#"{"a":1}"#, &[TextAfter]),
        ("{\"a\":1}{\"b\":2}", r#"{"a":1}"#, &[TextAfter]),
        ("{\"a\":\"x\"}\nOr:\n{\"b\":\"y\"}", r#"{"a":"x"}"#, &[TextAfter]),
        ("{\"path\":\"a.rs\",\"offset\":1}{\"path\"", r#"{"path":"a.rs","offset":1}"#, &[TextAfter]),
        ("{\"a\":1}}]", r#"{"a":1}"#, &[SurplusClose]),
        (r#"{\"a\": \"say \\\"hi\\\"\"}"#, r#"{"a": "say \"hi\""}"#, &[Other]),
    ]);
}

#[test]
fn inside_strings() {
    check(&[
        ("{\"a\":\"x\ny\t\u{1}\"}", r#"{"a":"x\ny\t\u0001"}"#, &[ControlCharacter]),
        (r#"{"a":"\d+ \x41 \u12 C:\ "}"#, r#"{"a":"\\d+ \\x41 \\u12 C:\\ "}"#, &[InvalidEscape]),
        (
            r#"["\ud83d\ude00", "x\ud83dy", "\ude00\ud83d"]"#,
            "[\"😀\", \"x\u{fffd}y\", \"\u{fffd}\u{fffd}\"]",
            &[LoneSurrogate],
        ),
        (
            "{'a':'b', 'c': 'it's', 'd': 'say \"no\"', 'e': 'it\\'s'}",
            r#"{"a":"b", "c": "it's", "d": "say \"no\"", "e": "it's"}"#,
            &[SingleQuotes, InnerQuote],
        ),
        (r#""x\ud83d""#, "\"x\u{fffd}\"", &[LoneSurrogate]),
        ("{“a”: “b”, ‘c’: `d`}", r#"{"a": "b", "c": "d"}"#, &[BareKey, BareWord]),
    ]);
}

#[test]
fn quotes_inside_strings() {
    let quotes: &[RepairKind] = &[InnerQuote];
    check(&[
        (r#"{"a":"say "hi" now","b":1}"#, r#"{"a":"say \"hi\" now","b":1}"#, quotes),
        (r#"{"command":"echo "hi"","cwd":"/"}"#, r#"{"command":"echo \"hi\"","cwd":"/"}"#, quotes),
        (r#"{"a":""All of it"","b":1}"#, r#"{"a":"\"All of it\"","b":1}"#, quotes),
        (r#"{"a":"no "end}"#, r#"{"a":"no \"end"}"#, &[InnerQuote, Other]),
        (r#"{"a":"b "c"}"#, r#"{"a":"b \"c"}"#, quotes),
        (
            r#"{"a":"said "one", then "two", ok","b":1}"#,
            r#"{"a":"said \"one\", then \"two\", ok","b":1}"#,
            quotes,
        ),
        (r#"["say "hi", "there" now", "b"]"#, r#"["say \"hi\", \"there\" now", "b"]"#, quotes),
        (r#"{"a":"x["i"], y","b":{"c":"x "y""}}"#, r#"{"a":"x[\"i\"], y","b":{"c":"x \"y\""}}"#, quotes),
        (r#"{"say "hi"": 1, "b": 2}"#, r#"{"say \"hi\"": 1, "b": 2}"#, quotes),
        // Code and JSON in strings.
        (r#"{"code":"print("a", "b")","n":1}"#, r#"{"code":"print(\"a\", \"b\")","n":1}"#, quotes),
        (
            r#"{"html":"<a href="x" class="y">t</a>"}"#,
            r#"{"html":"<a href=\"x\" class=\"y\">t</a>"}"#,
            quotes,
        ),
        (
            r#"{"sql":"SELECT "id", "name" FROM "t"","db":"m"}"#,
            r#"{"sql":"SELECT \"id\", \"name\" FROM \"t\"","db":"m"}"#,
            quotes,
        ),
        (
            r#"{"input":"{"path": "a.rs", "n": 2}","id":1}"#,
            r#"{"input":"{\"path\": \"a.rs\", \"n\": 2}","id":1}"#,
            quotes,
        ),
        (
            r#"{"cmd":"curl -d {"a":"b"} http://x","n":1}"#,
            r#"{"cmd":"curl -d {\"a\":\"b\"} http://x","n":1}"#,
            quotes,
        ),
        (
            "{\"content\":\"{\n  \"a\": \"b\",\n  \"c\": \"d\"\n}\n\",\"path\":\"p\"}",
            r#"{"content":"{\n  \"a\": \"b\",\n  \"c\": \"d\"\n}\n","path":"p"}"#,
            &[ControlCharacter, InnerQuote],
        ),
        (
            r#"{"code":"deps = ["a"] more = []","n":1}"#,
            r#"{"code":"deps = [\"a\"] more = []","n":1}"#,
            quotes,
        ),
        // Brackets without a partner do not hold a string open.
        (r#"{"old":"say "a" {","new":"x"}"#, r#"{"old":"say \"a\" {","new":"x"}"#, quotes),
        (r#"{"old":"if (a == "b) {","new":["x"]}"#, r#"{"old":"if (a == \"b) {","new":["x"]}"#, quotes),
        // One of two has its backslash.
        (r#"{"a":"say \"hi" {","b":"c"}"#, r#"{"a":"say \"hi\" {","b":"c"}"#, quotes),
        // Structure in a string that shows no damage is structure.
        (r#"{"a":"{","b":"]}","c":", ","d":x}"#, r#"{"a":"{","b":"]}","c":", ","d":"x"}"#, &[BareWord]),
        (r#"{"a":"\"", b:"\"",}"#, r#"{"a":"\"", "b":"\""}"#, &[BareKey, TrailingComma]),
    ]);
}

#[test]
fn quotes_that_are_missing() {
    check(&[
        (
            r#"{"title": Release notes", "n": 1}"#,
            r#"{"title": "Release notes", "n": 1}"#,
            &[MissingOpenQuote],
        ),
        (r#"{"title": One, two\t3", "n": 1}"#, r#"{"title": "One, two\t3", "n": 1}"#, &[MissingOpenQuote]),
        (
            r#"{"title": say "hi" now", "n": 1}"#,
            r#"{"title": "say \"hi\" now", "n": 1}"#,
            &[MissingOpenQuote, InnerQuote],
        ),
        (r#"{"a": 12", b": 1}"#, r#"{"a": "12", "b": 1}"#, &[MissingOpenQuote]),
        (r#"[a", "b", c"]"#, r#"["a", "b", "c"]"#, &[MissingOpenQuote]),
        (r#"{"a":"foo, "b":"bar"}"#, r#"{"a":"foo","b":"bar"}"#, &[Other]),
        ("{\"a\":\"foo\n \"b\":\"bar\"}", r#"{"a":"foo","b":"bar"}"#, &[Other, MissingComma]),
        ("[\"abc,\n\"def\"]", r#"["abc","def"]"#, &[Other]),
        (r#"{"a": "b}"#, r#"{"a": "b"}"#, &[Other]),
        (r#"{"a: "b"}"#, r#"{"a": "b"}"#, &[Other]),
    ]);
}

#[test]
fn words() {
    let word: &[RepairKind] = &[BareWord];
    check(&[
        (r#"{"names": cronjob_manage}"#, r#"{"names": "cronjob_manage"}"#, word),
        (r#"{"keywords": Dave, "t": "1d"}"#, r#"{"keywords": "Dave", "t": "1d"}"#, word),
        (r#"{"ids": [a1, b 2], "t": 1}"#, r#"{"ids": ["a1", "b 2"], "t": 1}"#, word),
        (r#"{"a": Hello, world, "b": 1}"#, r#"{"a": "Hello, world", "b": 1}"#, word),
        ("{\"a\": one\n two,\n \"b\": 1}", r#"{"a": "one\n two", "b": 1}"#, word),
        (
            r#"{"a": f(x, y[1]), "b": https://x/{id}/*}"#,
            r#"{"a": "f(x, y[1])", "b": "https://x/{id}/*"}"#,
            word,
        ),
        (r#"{"a": say "hi", "b": C:\dir}"#, r#"{"a": "say \"hi\"", "b": "C:\\dir"}"#, word),
        (r#"{"a": truely, "b": nullable}"#, r#"{"a": "truely", "b": "nullable"}"#, word),
        (r#"{"a": //x/y"#, r#"{"a": "//x/y"}"#, &[BareWord, Truncation]),
        (
            "{'a': True, b: [False, None]}",
            r#"{"a": true, "b": [false, null]}"#,
            &[SingleQuotes, PythonLiteral, BareKey],
        ),
        ("[NaN, Infinity, -Infinity]", "[null, null, null]", &[NotANumber]),
        ("None", "null", &[PythonLiteral]),
    ]);
}

#[test]
fn numbers_lose_no_digit() {
    let number: &[RepairKind] = &[MalformedNumber];
    check(&[
        (
            "[007, +1, 1., .5, 0x1F, 1_000, 12ab, 1e, -.5]",
            r#"["007", "+1", "1.", ".5", "0x1F", "1_000", "12ab", "1e", "-.5"]"#,
            number,
        ),
        ("{\"a\": 2026-11-22, \"b\": 1.2.3}", r#"{"a": "2026-11-22", "b": "1.2.3"}"#, number),
        ("{\"a\": 1,234, \"b\": 1,2}", r#"{"a": "1,234", "b": "1,2"}"#, number),
        ("{\"a\": 1e999, \"b\": -2e+999}", r#"{"a": "1e999", "b": "-2e+999"}"#, number),
        ("{\"a\": 12345678901234567890123,}", "{\"a\": 12345678901234567890123}", &[TrailingComma]),
        ("{\"a\": 5 apples, \"b\": 1 of 2}", r#"{"a": "5 apples", "b": "1 of 2"}"#, &[BareWord]),
        ("{\"a\": -}", r#"{"a": "-"}"#, &[BareWord]),
    ]);
}

#[test]
fn commas_and_colons() {
    check(&[
        ("{\"a\":1,}", r#"{"a":1}"#, &[TrailingComma]),
        ("[1,2,\n]", "[1,2]", &[TrailingComma]),
        ("[1,,2]", "[1,2]", &[Other]),
        ("[,1]", "[1]", &[Other]),
        ("{,}", "{}", &[Other]),
        ("{\"a\":1 \"b\":\"x\" \"c\":[1 \"2\" {}]}", r#"{"a":1,"b":"x","c":[1,"2",{}]}"#, &[MissingComma]),
        ("[\"a\" \"b\" \"c\" 1]", r#"["a","b","c",1]"#, &[MissingComma]),
        ("{\"a\": 1 b: 2\n c: 3}", r#"{"a": 1, "b": 2, "c": 3}"#, &[MissingComma, BareKey]),
        (
            "{\"a\" 1, \"b\" \"c\", \"d\" {}, e [], f 'g', \"h\" => 2, i = 3}",
            r#"{"a":1,"b":"c","d":{},"e":[],"f":"g","h":2,"i":3}"#,
            &[Other, BareKey, SingleQuotes],
        ),
        ("{\"a\":: 1}", r#"{"a":1}"#, &[Other]),
        ("{a/**/:0, b /* c */ /* d */ : 1, c // e\n: 2}", r#"{"a":0,"b":1,"c":2}"#, &[BareKey, Comment]),
        ("{\"a\":1, // c\n \"b\":/* x */[2] # d\n#\n,\"c\":3}", r#"{"a":1,"b":[2],"c":3}"#, &[Comment]),
        ("{\"a\":[] // c, \"b\":2}", r#"{"a":[],"b":2}"#, &[MissingComma, Other]),
        ("[1 2 [3 4] 5 \"6\"]", r#"[1,2,[3,4],5,"6"]"#, &[MissingComma]),
        ("[1, 2, ...]", "[1, 2]", &[Other]),
        ("{\"a\": \"x\", ...}", r#"{"a": "x"}"#, &[Other]),
        ("{\"a\":\u{a0}1}", r#"{"a":1}"#, &[Other]),
    ]);
}

#[test]
fn names_without_values_are_left_out() {
    check(&[
        ("{\"a\":}", "{}", &[Other]),
        ("{\"a\":,\"b\":2}", r#"{"b":2}"#, &[Other]),
        ("{\"a\",\"b\":2}", r#"{"b":2}"#, &[Other]),
        ("{\"b\":2,\"a\"}", r#"{"b":2}"#, &[Other]),
        ("{a, b: 2}", r#"{"b": 2}"#, &[Other, BareKey]),
        ("{=1}", "{}", &[Other]),
        ("{\"a\": 1, [\"b\"], \"c\": 2}", r#"{"a": 1, "c": 2}"#, &[Other]),
    ]);
}

#[test]
fn brackets() {
    check(&[
        ("{\"a\":[1}", r#"{"a":[1]}"#, &[Mismatch]),
        ("{\"a\":[1},\"b\":2}", r#"{"a":[1],"b":2}"#, &[Mismatch]),
        ("{\"a\":[1}}", r#"{"a":[1]}"#, &[Mismatch]),
        ("[{\"a\":{\"b\":1]", r#"[{"a":{"b":1}}]"#, &[Mismatch]),
        ("{\"a\":1]", r#"{"a":1}"#, &[Mismatch]),
        ("{\"a\":\"x\"],\"b\":2}", r#"{"a":"x","b":2}"#, &[Mismatch]),
        ("[{\"a\":\"x\"}},{\"b\":2}]", r#"[{"a":"x"},{"b":2}]"#, &[Mismatch]),
        ("{\"a\":[1,2,\"b\":3}", r#"{"a":[1,2],"b":3}"#, &[Mismatch]),
        ("[{\"a\":1,{\"b\":2}]", r#"[{"a":1},{"b":2}]"#, &[Mismatch]),
        ("[{\"a\":1 {\"b\":2}]", r#"[{"a":1},{"b":2}]"#, &[Mismatch, MissingComma]),
        ("[\"a\":1,\"b\":2]", r#"[{"a":1,"b":2}]"#, &[Mismatch]),
        ("{\"a\":\"x\"}, \"b\":\"y\"}", r#"{"a":"x","b":"y"}"#, &[Mismatch]),
        ("{{\"a\":1}}", r#"{"a":1}"#, &[Other]),
        ("{\"a\":1,{\"b\":2},\"c\":3}", r#"{"a":1,"b":2,"c":3}"#, &[Other]),
    ]);
}

#[test]
fn cut_off() {
    let cut: &[RepairKind] = &[Truncation];
    check(&[
        ("{", "{}", cut),
        ("{\"a\":[{", r#"{"a":[{}]}"#, cut),
        ("{\"a\":\"hel", r#"{"a":"hel"}"#, cut),
        ("{\"a\":\"x,", r#"{"a":"x,"}"#, cut),
        ("{\"a\":\"x\\", r#"{"a":"x"}"#, cut),
        ("{\"a\":\"x\\u12", r#"{"a":"x"}"#, cut),
        ("{\"a\":\"x\\ud83d\\ude00", r#"{"a":"x😀"}"#, cut),
        ("{\"a\":\"x\\ud83d", "{\"a\":\"x\u{fffd}\"}", &[LoneSurrogate, Truncation]),
        ("{\"a\":\"x\\ud83d\\", "{\"a\":\"x\u{fffd}\"}", &[LoneSurrogate, Truncation]),
        ("{\"a\":\"x\\ud83d\\ude", "{\"a\":\"x\u{fffd}\"}", &[LoneSurrogate, Truncation]),
        ("{\"a\":1,\"b", r#"{"a":1}"#, cut),
        ("{\"a\":1,\"b\"", r#"{"a":1}"#, cut),
        ("{\"a\":1,\"b\":", r#"{"a":1}"#, cut),
        ("{\"a\":1,\"b\": ", r#"{"a":1}"#, cut),
        ("{\"a\":1,", r#"{"a":1}"#, cut),
        ("[1,", "[1]", cut),
        ("[1, 2", "[1]", cut),
        ("[1, 2 ", "[1, 2]", cut),
        ("{\"a\":-", "{}", cut),
        ("{\"a\":12", "{}", cut),
        ("{\"a\":1.", "{}", cut),
        ("{\"a\":1e+", "{}", cut),
        ("{\"a\":00", "{}", cut),
        ("{\"a\":tr", "{}", cut),
        ("{\"a\":true", r#"{"a":true}"#, cut),
        ("[Fals", "[]", cut),
        ("{\"a\": Dav", r#"{"a": "Dav"}"#, &[BareWord, Truncation]),
        ("{\"a\":1, [\"b\", {\"c\":", r#"{"a":1}"#, &[Other, Truncation]),
        ("\"half a str", "\"half a str\"", cut),
    ]);
}

#[test]
fn depth() {
    let deep = |depth: usize| format!("{},{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(repair(&deep(127)).unwrap().repairs.len(), 1);
    assert_eq!(repair(&deep(128)), None);
    assert_eq!(repair(&"[".repeat(1_000_000)), None);
    assert_eq!(repair(&"{\"a\":".repeat(1_000_000)), None);
}

#[test]
fn places_and_counts() {
    let text = "Here: {\"a\": \"x \"y\" z\", b: [c, d],}";
    let repairs = repair(text).unwrap().repairs;
    let found: Vec<_> = repairs.iter().map(|repair| (repair.kind, repair.offset, repair.count)).collect();
    let at = |part| text.find(part).unwrap();
    assert_eq!(
        found,
        [
            (TextBefore, 0, 1),
            (InnerQuote, at("\"y"), 2),
            (BareKey, at("b:"), 1),
            (BareWord, at("c,"), 2),
            (TrailingComma, at("}"), 1),
        ]
    );
}

/// What `partial-json-fixer` alone makes of a text, and what it is here.
#[test]
fn where_the_fixer_alone_is_wrong() {
    let rows: &[(&str, Option<&str>, &str)] = &[
        // A name without a value is no null, and the name may be half of one.
        (r#"{"a":1,"b"#, Some(r#"{"a":1,"b":null}"#), r#"{"a":1}"#),
        (r#"{"a":1,"b""#, Some(r#"{"a":1,"b":null}"#), r#"{"a":1}"#),
        (r#"{"a":1,"b":"#, Some(r#"{"a":1,"b":null}"#), r#"{"a":1}"#),
        // A literal or a number of which a part is there is no null, and no other number.
        (r#"{"a":tr"#, Some(r#"{"a":null}"#), "{}"),
        (r#"{"a":-"#, Some(r#"{"a":null}"#), "{}"),
        (r#"{"a":12.5e"#, Some(r#"{"a":12.5}"#), "{}"),
        (r#"{"a":12"#, Some(r#"{"a":12}"#), "{}"),
        ("", Some("null"), "{}"),
        // Half of a surrogate pair makes JSON that cannot be read.
        (r#"{"a":"x\ud83d"#, None, "{\"a\":\"x\u{fffd}\"}"),
        (r#"{"a":"x\ud83d\ude"#, None, "{\"a\":\"x\u{fffd}\"}"),
        // Damage stays as it is.
        (r#"{"a":[1}"#, None, r#"{"a":[1]}"#),
        (r#"{"a":1,}"#, None, r#"{"a":1}"#),
        (r#"{"a": "say "hi""}"#, None, r#"{"a": "say \"hi\""}"#),
    ];
    for (text, alone, here) in rows {
        let fixed = serde_json::from_str::<Value>(&partial_json_fixer::fix_json(text)).ok();
        assert_eq!(fixed, alone.map(|json| serde_json::from_str(json).unwrap()), "{text}");
        assert_eq!(repair(text).unwrap().value, serde_json::from_str::<Value>(here).unwrap(), "{text}");
    }
}
