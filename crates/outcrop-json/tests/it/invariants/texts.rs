//! Texts to read: strict JSON in all its forms, the same damaged, and what only looks like it.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
};

fn space() -> impl Strategy<Value = String> + Clone {
    let pad = select(vec!["", " ", "\n", "\t\r\n  "]).prop_map(str::to_owned);
    prop_oneof![4 => Just(String::new()), 1 => pad]
}

fn number() -> impl Strategy<Value = String> + Clone {
    let odd = vec![
        "-0",
        "-0.0",
        "0e0",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "340282366920938463463374607431768211456",
        "1.7976931348623157e308",
        "5e-324",
        "1e-400",
        "0.1",
        "123456789.123456789",
    ];
    prop_oneof![
        3 => "-?(0|[1-9][0-9]{0,3})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
        1 => select(odd).prop_map(str::to_owned),
    ]
}

/// What a string is written with; runs longer than a machine word, and escapes at every place of one.
const LETTERS: [&str; 26] = [
    "a",
    "b c",
    "/",
    "'",
    "{",
    "]",
    ",",
    ":",
    "~1~0",
    "é",
    "😀",
    "\u{7f}",
    "\u{2028}",
    "seven c",
    "exactly 8",
    "a run of more than sixteen bytes",
    "\\n",
    "\\\"",
    "\\\\",
    "\\/",
    "\\b\\f\\r\\t",
    "\\u0000",
    "\\u00e9",
    "\\u001F",
    "\\uFFFF",
    "\\ud83d\\uDE00",
];

/// Escapes of half a surrogate pair, which no string can hold.
const HALVES: [&str; 4] = ["\\ud800", "\\uDBFF", "\\udc00", "\\ud83d\\u0041"];

pub(crate) fn string(halves: bool) -> impl Strategy<Value = String> + Clone {
    let mut letters = LETTERS.to_vec();
    letters.extend(HALVES.iter().filter(|_| halves));
    vec(select(letters), 0..6).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn name(halves: bool) -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        // Few, so that some come twice.
        3 => select(vec!["a", "b", "ab", "", "\\u0061", "0", "~", "/"])
            .prop_map(|name| format!("\"{name}\"")),
        1 => string(halves),
    ]
}

fn syntax(halves: bool, huge: bool) -> impl Strategy<Value = String> + Clone {
    let huge = if huge { vec!["1e999", "-1e400"] } else { vec!["1e5"] };
    let leaf = prop_oneof![
        3 => select(vec!["null", "true", "false"]).prop_map(str::to_owned),
        4 => number(),
        1 => select(huge).prop_map(str::to_owned),
        5 => string(halves),
        1 => select(vec!["[]", "{}", "[ ]", "{\n}"]).prop_map(str::to_owned),
    ];
    let value = leaf.prop_recursive(5, 24, 5, move |inner| {
        let items = vec((space(), inner.clone(), space()), 1..5).prop_map(|items| {
            let items: Vec<_> = items.into_iter().map(|(a, item, b)| a + &item + &b).collect();
            format!("[{}]", items.join(","))
        });
        let members =
            vec((space(), name(halves), space(), space(), inner, space()), 1..5).prop_map(|members| {
                let members: Vec<_> = members
                    .into_iter()
                    .map(|(a, name, b, c, member, d)| format!("{a}{name}{b}:{c}{member}{d}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            });
        prop_oneof![items, members]
    });
    (space(), value, space()).prop_map(|(before, value, after)| before + &value + &after)
}

/// Strict JSON that `serde_json::Value` can hold.
pub(crate) fn valid() -> impl Strategy<Value = String> + Clone {
    syntax(false, false)
}

/// All that RFC 8259 allows: also numbers beyond `f64` and half surrogate pairs.
pub(crate) fn strict() -> impl Strategy<Value = String> + Clone {
    syntax(true, true)
}

/// What means something to JSON, or to what is read in its place.
const TOKENS: [&str; 58] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "\\",
    "/",
    "*",
    "-",
    "+",
    ".",
    "e",
    "u",
    "d",
    "8",
    "0",
    "1",
    "n",
    "t",
    "N",
    "I",
    "x",
    "_",
    "#",
    "<",
    "`",
    " ",
    "\n",
    "\t",
    "\r",
    "\u{1}",
    "\u{feff}",
    "é",
    "😀",
    "null",
    "true",
    "false",
    "None",
    "True",
    "NaN",
    "Infinity",
    "-Infinity",
    "\\u",
    "\\ud83d",
    "\\ude00",
    "\\n",
    "//",
    "/*",
    "*/",
    "```",
    "```json\n",
    "\"a\"",
    "\"b\":",
    "12",
    "word",
];

/// Any of it in any order, begun in the places where much can go wrong.
pub(crate) fn garbage() -> impl Strategy<Value = String> + Clone {
    let begin = select(vec![
        "",
        "",
        "[",
        "{",
        "{\"a\":",
        "[\"",
        "{'",
        "[1,",
        "{\"a\":1,",
        "[{\"a\":[",
        "```\n",
        "\"",
    ]);
    (begin, vec(select(TOKENS.to_vec()), 0..20))
        .prop_map(|(begin, tokens)| begin.to_owned() + &tokens.concat())
}

/// What is nearly a number, a word or an escape, in each place where it could be one.
pub(crate) fn nearly() -> impl Strategy<Value = String> + Clone {
    let begin = select(vec!["", "[", "[1,", "{\"a\":", "[\"", "['", "{\"", "[[],"]);
    let word =
        vec(select(vec!["n", "u", "l", "t", "r", "e", "N", "o", "a", "I", "null", "true", "None"]), 1..4);
    let escape =
        vec(select(vec!["\\", "u", "d", "8", "3", "\\ud8", "0c", "e", "\"", "'", "n", "\\u00"]), 1..10);
    let middle =
        prop_oneof!["[-+.eE01]{1,6}", word.prop_map(|word| word.concat()), escape.prop_map(|it| it.concat())];
    let end = select(vec!["", " ", "]", ",", "}", "\"", "/", "x", " ,", " x", "\"]", "\"}"]);
    (begin, middle, end).prop_map(|(begin, middle, end)| begin.to_owned() + &middle + end)
}

#[derive(Clone, Debug)]
enum Wound {
    Drop(Index, usize),
    Add(Index, &'static str),
    Repeat(Index, Index),
    Cut(Index),
}

/// Strict JSON, hurt in up to three places.
pub(crate) fn wounded() -> impl Strategy<Value = String> + Clone {
    let wound = prop_oneof![
        2 => (any::<Index>(), 1usize..4).prop_map(|(at, len)| Wound::Drop(at, len)),
        2 => (any::<Index>(), select(TOKENS.to_vec())).prop_map(|(at, token)| Wound::Add(at, token)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Wound::Repeat(from, to)),
        1 => any::<Index>().prop_map(Wound::Cut),
    ];
    (strict(), vec(wound, 1..4)).prop_map(|(text, wounds)| {
        let mut letters: Vec<char> = text.chars().collect();
        for wound in wounds {
            let len = letters.len();
            let place = |at: Index| at.index(len + 1);
            match wound {
                Wound::Drop(at, count) => drop(letters.drain(place(at)..(place(at) + count).min(len))),
                Wound::Add(at, token) => drop(letters.splice(place(at)..place(at), token.chars())),
                Wound::Repeat(from, to) => {
                    let (from, to) = (place(from).min(place(to)), place(from).max(place(to)));
                    let again = letters[from..to.min(from + 20)].to_vec();
                    letters.splice(to..to, again);
                }
                Wound::Cut(at) => letters.truncate(place(at)),
            }
        }
        letters.into_iter().collect()
    })
}

/// A text of any sort.
pub(crate) fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        2 => strict(),
        3 => wounded(),
        3 => garbage(),
        2 => nearly(),
        2 => super::damage::damaged().prop_map(|damaged| damaged.text),
    ]
}

/// Bytes of any sort: a text with some of its bytes replaced, or cut within a character; most of it is UTF-8.
pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> + Clone {
    let odd = select(vec![0xFF, 0xC3, 0x80, 0xE2, 0xF0, 0x9F, 0xED, 0xA0, 0xC0, 0x00, 0x22]);
    let cut = select(vec![&b""[..], b"", b"\xC3", b"\xF0\x9F"]);
    (text(), vec((any::<Index>(), odd), 0..4), cut).prop_map(|(text, odd, cut)| {
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(cut);
        for (at, byte) in odd {
            let at = at.index(bytes.len() + 1);
            match bytes.get_mut(at) {
                Some(place) => *place = byte,
                None => bytes.push(byte),
            }
        }
        bytes
    })
}

/// The lengths of pieces, over and over; not all are 0.
pub(crate) fn lengths() -> impl Strategy<Value = Vec<usize>> + Clone {
    vec(prop_oneof![1 => Just(0usize), 4 => 1usize..6, 1 => 6usize..40], 1..8)
        .prop_filter("some piece must have a length", |lengths| lengths.iter().any(|length| *length > 0))
}

/// The text in pieces of these lengths, each grown to the end of a character.
pub(crate) fn pieces<'t>(text: &'t str, lengths: &[usize]) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for length in lengths.iter().cycle() {
        if from == text.len() {
            break;
        }
        let to = (from + length..).find(|to| *to >= text.len() || text.is_char_boundary(*to)).unwrap();
        let to = to.min(text.len());
        pieces.push(&text[from..to]);
        from = to;
    }
    pieces
}

/// The bytes in pieces of these lengths.
pub(crate) fn byte_pieces<'t>(mut bytes: &'t [u8], lengths: &[usize]) -> Vec<&'t [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*length).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
