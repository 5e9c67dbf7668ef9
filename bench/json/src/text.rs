//! The texts: tool inputs as models write them (a to e), and hostile ones; each in any size, cut into deltas.
//!
//! # Invariants
//! - A text depends on its kind and the size asked for, on nothing else.
//! - A text ends with the piece that reaches the size asked for, so it is that long, or a piece longer.
//! - Deltas are cut between characters and hold at most the bytes asked for, or one character.

use std::fmt::Write as _;

/// One text and how it arrives.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// The most bytes that a delta has.
    pub(crate) delta: usize,
}

/// A kind of text.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    /// The letter or name that tables show.
    pub(crate) name: &'static str,
    /// What it is, in a few words.
    pub(crate) what: &'static str,
    /// The size to measure at, in bytes.
    pub(crate) bytes: usize,
    delta: usize,
    write: fn(usize) -> String,
}

/// What models send, in sizes that were seen.
pub(crate) const PLAIN: [Kind; 5] = [
    kind("a", "arguments of an edit tool", 1_900, 4, edits),
    kind("b", "a file as one string", 186_700, 12, file),
    kind("c", "2,000 objects", 238_000, 12, objects),
    kind("d", "nests of depth 90", 20_000, 12, nests),
    kind("e", "escapes and wide characters", 196_500, 12, wide),
];

/// What grows where nobody looks. Most are no strict JSON; all are read to their end, `finish` included.
pub(crate) const HOSTILE: [Kind; 16] = [
    kind("one name", "a name as long as the text", 200_000, 12, one_name),
    kind("digits", "one number", 200_000, 12, digits),
    kind("empties", "empty members: {} [] \"\"", 200_000, 12, empties),
    kind("members", "names in one object, all different", 200_000, 12, members),
    kind("same name", "one name again and again", 200_000, 12, same_name),
    kind("97 names", "97 names again and again", 200_000, 12, few_names),
    kind("\\u cut", "escapes and pairs, cut at each place", 200_000, 5, escapes),
    kind("b by 1 B", "b in deltas of one byte", 186_700, 1, file),
    kind("c by 1 B", "c in deltas of one byte", 238_000, 1, objects),
    kind("newlines", "raw newlines in one string", 200_000, 12, newlines),
    kind("bare word", "one word without quotes", 200_000, 12, bare_word),
    kind("bare words", "words without quotes, one a member", 200_000, 12, bare_words),
    kind("prose", "prose before the value", 200_000, 12, prose_before),
    kind("text after", "prose after the value", 200_000, 12, prose_after),
    kind("inner quote", "a quote in a string, unescaped", 200_000, 12, inner_quote),
    kind("truncated", "b, cut off before its end", 200_000, 12, cut_off),
];

const fn kind(
    name: &'static str,
    what: &'static str,
    bytes: usize,
    delta: usize,
    write: fn(usize) -> String,
) -> Kind {
    Kind { name, what, bytes, delta, write }
}

impl Kind {
    /// A text of this kind, of `bytes` bytes.
    pub(crate) fn text(&self, bytes: usize) -> Workload {
        let text = (self.write)(bytes);
        Workload { name: self.name, text, delta: self.delta }
    }

    /// The kind of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        PLAIN.into_iter().chain(HOSTILE).find(|kind| kind.name == name)
    }
}

impl Workload {
    /// The text in pieces, as it arrives.
    pub(crate) fn deltas(&self) -> Vec<&str> {
        let mut deltas = Vec::with_capacity(self.text.len() / self.delta + 1);
        let mut rest = self.text.as_str();
        while let Some(first) = rest.chars().next() {
            let mut end = self.delta.min(rest.len());
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let (delta, after) = rest.split_at(end.max(first.len_utf8()));
            deltas.push(delta);
            rest = after;
        }
        deltas
    }
}

/// A sequence of numbers that look random and are the same on every run (splitmix64).
struct Dice(u64);

impl Dice {
    /// A number below `bound`.
    fn roll(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len())]
    }
}

const NAMES: [&str; 16] = [
    "buffer", "count", "state", "frame", "offset", "parent", "limit", "token", "reader", "index", "payload",
    "config", "result", "entry", "span", "header",
];

/// Adds a line of Rust, in JSON's escapes: about one escape in 26 bytes.
fn line(dice: &mut Dice, out: &mut String) {
    out.push_str(["", "    ", "        ", "            "][dice.roll(4)]);
    let (a, b, n) = (dice.pick(&NAMES), dice.pick(&NAMES), dice.roll(4096));
    match dice.roll(10) {
        0 | 1 => _ = write!(out, "let {a} = self.{b}.len() + {n};"),
        2 => _ = write!(out, "if {a} < {n} && !{b}.is_empty() {{"),
        3 => _ = write!(out, "return Err(Error::new(\\\"{a} of {b}\\\"));"),
        4 => _ = write!(out, "self.{a}.push({b}.clone());"),
        5 => _ = write!(out, "/// The {a} that the {b} is read from."),
        6 => _ = write!(out, "println!(\\\"{a}: {{{b}}}\\\");"),
        7 => _ = write!(out, "pub fn {a}(&mut self, {b}: usize) -> Option<u8> {{"),
        _ => out.push('}'),
    }
    out.push_str("\\n");
}

fn file(bytes: usize) -> String {
    let mut text = cut_off(bytes.saturating_sub(2));
    text.push_str("\"}");
    text
}

fn cut_off(bytes: usize) -> String {
    let mut text = String::from("{\"path\":\"src/scanner/state.rs\",\"content\":\"");
    let mut dice = Dice(2);
    while text.len() < bytes {
        line(&mut dice, &mut text);
    }
    text
}

fn edits(bytes: usize) -> String {
    let mut text = String::from("{\"path\":\"src/main.rs\",\"edits\":[");
    let mut dice = Dice(1);
    while text.len() + 2 < bytes {
        text.push_str(if text.ends_with('[') { "{" } else { ",{" });
        for name in ["oldText", "newText"] {
            _ = write!(text, "\"{name}\":\"");
            let start = text.len();
            while text.len() < start + 280 {
                line(&mut dice, &mut text);
            }
            text.push_str(if name == "oldText" { "\"," } else { "\"}" });
        }
    }
    text.push_str("]}");
    text
}

fn objects(bytes: usize) -> String {
    let mut text = String::from("{\"items\":[");
    let mut dice = Dice(3);
    let mut id = 0;
    while text.len() + 2 < bytes {
        let comma = if id == 0 { "" } else { "," };
        let (a, b, c, d) = (dice.pick(&NAMES), dice.pick(&NAMES), dice.pick(&NAMES), dice.pick(&NAMES));
        let (n, m) = (dice.roll(100_000), dice.roll(1_000));
        let open = dice.roll(2) == 0;
        _ = write!(
            text,
            "{comma}{{\"id\":{id},\"name\":\"{a} {b} {n}\",\"active\":{open},\"score\":{m}.25,\
             \"tags\":[\"{c}\",\"{d}\"],\"parent\":null,\"note\":\"{b} {a}\"}}"
        );
        id += 1;
    }
    text.push_str("]}");
    text
}

fn nests(bytes: usize) -> String {
    let mut text = String::from("[");
    while text.len() + 1 < bytes {
        if text.len() > 1 {
            text.push(',');
        }
        // With the array around them, 90 deep.
        text.push_str(&"{\"a\":[".repeat(44));
        text.push_str("{}");
        text.push_str(&"]}".repeat(44));
    }
    text.push(']');
    text
}

fn wide(bytes: usize) -> String {
    let mut text = String::from("{\"text\":\"");
    let mut dice = Dice(5);
    while text.len() + 2 < bytes {
        let kind = dice.roll(5);
        for _ in 0..=dice.roll(6) {
            let n = dice.roll(0x400) as u32;
            match kind {
                0 => _ = write!(text, "\\u{:04x}", 0xa1 + n),
                1 => _ = write!(text, "\\ud83d\\u{:04x}", 0xde00 + n % 0x40),
                2 => text.extend(char::from_u32(0x4e00 + n)),
                3 => text.extend(char::from_u32(0x1f600 + n % 0x40)),
                _ => text.push((b'a' + (n % 26) as u8) as char),
            }
        }
        text.push(' ');
    }
    text.push_str("\"}");
    text
}

/// `open`, then pieces until the size is reached, then `close`; the pieces are told their number.
fn filled(bytes: usize, open: &str, piece: impl Fn(&mut String, usize), close: &str) -> String {
    let mut text = String::from(open);
    let mut at = 0;
    while text.len() + close.len() < bytes {
        piece(&mut text, at);
        at += 1;
    }
    text.push_str(close);
    text
}

fn comma(text: &mut String, at: usize) {
    if at > 0 {
        text.push(',');
    }
}

fn one_name(bytes: usize) -> String {
    filled(bytes, "{\"", |text, _| text.push('k'), "\":1}")
}

fn digits(bytes: usize) -> String {
    filled(bytes, "{\"n\":", |text, at| text.push(['1', '4', '7', '2', '8'][at % 5]), "}")
}

fn empties(bytes: usize) -> String {
    let piece = |text: &mut String, at| {
        comma(text, at);
        text.push_str(["{}", "[]", "\"\""][at % 3]);
    };
    filled(bytes, "[", piece, "]")
}

fn members(bytes: usize) -> String {
    let piece = |text: &mut String, at| {
        comma(text, at);
        _ = write!(text, "\"k{at}\":\"\"");
    };
    filled(bytes, "{", piece, "}")
}

fn same_name(bytes: usize) -> String {
    let piece = |text: &mut String, at| {
        comma(text, at);
        text.push_str("\"k\":\"\"");
    };
    filled(bytes, "{", piece, "}")
}

fn few_names(bytes: usize) -> String {
    let piece = |text: &mut String, at| {
        comma(text, at);
        _ = write!(text, "\"k{}\":\"\"", at % 97);
    };
    filled(bytes, "{", piece, "}")
}

fn escapes(bytes: usize) -> String {
    let piece = |text: &mut String, at| text.push_str(["\\u00e9", "\\ud83d\\ude00"][at % 2]);
    filled(bytes, "{\"text\":\"", piece, "\"}")
}

fn newlines(bytes: usize) -> String {
    filled(bytes, "{\"text\":\"", |text, _| text.push_str("a line\n"), "\"}")
}

fn bare_word(bytes: usize) -> String {
    filled(bytes, "{\"city\": ", |text, at| text.push(['I', 'N', 'V', 'A', 'L', 'D'][at % 6]), "}")
}

fn bare_words(bytes: usize) -> String {
    let piece = |text: &mut String, at| {
        comma(text, at);
        _ = write!(text, "\"k{at}\": word");
    };
    filled(bytes, "{", piece, "}")
}

fn prose_before(bytes: usize) -> String {
    filled(bytes, "", |text, _| text.push_str("Let me think about it. "), "{\"a\":1}")
}

fn prose_after(bytes: usize) -> String {
    filled(bytes, "{\"a\":1} ", |text, _| text.push_str("Is that all right? "), "")
}

fn inner_quote(bytes: usize) -> String {
    filled(bytes, "{\"a\":\"say \"hi\" to ", |text, _| text.push_str("all of them, "), "\"}")
}

#[cfg(test)]
mod tests {
    use super::{HOSTILE, PLAIN};

    #[test]
    fn texts_have_the_size_asked_for() {
        for kind in PLAIN.into_iter().chain(HOSTILE) {
            for bytes in [20_000, 200_000] {
                let len = kind.text(bytes).text.len();
                assert!((bytes..bytes + 700).contains(&len), "{}: {len} for {bytes}", kind.name);
            }
        }
    }

    #[test]
    fn deltas_add_up_and_keep_to_their_size() {
        for kind in PLAIN.into_iter().chain(HOSTILE) {
            let workload = kind.text(20_000);
            let deltas = workload.deltas();
            assert_eq!(deltas.concat(), workload.text, "{}", kind.name);
            let fits = |delta: &&str| delta.len() <= workload.delta || delta.chars().count() == 1;
            assert!(deltas.iter().all(fits), "{}", kind.name);
        }
    }

    #[test]
    fn what_models_send_is_json() {
        for kind in PLAIN {
            assert!(outcrop_bench_floor::value(&kind.text(20_000).text).is_some(), "{}", kind.name);
        }
    }

    #[test]
    fn nests_are_90_deep() {
        let (mut depth, mut deepest) = (0, 0);
        for byte in PLAIN[3].text(20_000).text.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            deepest = deepest.max(depth);
        }
        assert_eq!((depth, deepest), (0, 90));
    }
}
