//! What a strict JSON text means, and what of a beginning of one is to be shown: slow, simple, by recursive descent.
//!
//! The properties hold the live reading against this. It knows RFC 8259 and the rules for what is held back, and none
//! of the lenient rules.

use outcrop_json::{Kind, NodeRef};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::invariants::{cases, texts};

/// What a text is to strict JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A JSON text, though more may follow: `12` may become `123`.
    Valid,
    /// A beginning of one.
    Prefix,
    /// No continuation makes it one; the first byte that cannot be there.
    Impossible(usize),
}

/// A value as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    /// Where it begins.
    pub(crate) at: usize,
    pub(crate) complete: bool,
    pub(crate) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Shown>),
    Object(Vec<(String, Shown)>),
}

/// A text as it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) verdict: Verdict,
    pub(crate) shown: Option<Shown>,
    /// The text before here, with what closes the values that are open, is a JSON text of the value that is shown.
    pub(crate) safe: usize,
    /// The name whose value is not shown yet.
    pub(crate) key: Option<String>,
    /// The number or literal that is held back.
    pub(crate) pending: Option<String>,
    /// There is half a surrogate pair.
    pub(crate) lone: bool,
    /// The text ends where the other half of a pair may still come.
    pub(crate) half: bool,
}

enum Stop {
    End,
    Bad(usize),
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    out: Reading,
    /// The number or literal at the end of the text is whole.
    whole: bool,
}

/// Reads a text.
pub(crate) fn read(text: &str) -> Reading {
    let out = Reading {
        verdict: Verdict::Valid,
        shown: None,
        safe: 0,
        key: None,
        pending: None,
        lone: false,
        half: false,
    };
    let mut reader = Reader { text, at: 0, out, whole: false };
    let mut root = None;
    let stop = reader.document(&mut root);
    reader.out.verdict = match stop {
        Ok(()) => Verdict::Valid,
        Err(Stop::End) if root.is_none() && reader.whole => Verdict::Valid,
        Err(Stop::End) => Verdict::Prefix,
        Err(Stop::Bad(at)) => Verdict::Impossible(at),
    };
    reader.out.shown = root;
    reader.out
}

/// The value as `node` shows it, for values of little depth.
pub(crate) fn shown(node: NodeRef<'_>) -> Shown {
    let what = match node.kind() {
        Kind::Null => What::Null,
        Kind::Bool => What::Bool(node.as_bool().unwrap()),
        Kind::Number => What::Number(node.as_number().unwrap().to_owned()),
        Kind::String => What::String(node.as_str().unwrap().to_owned()),
        Kind::Array => What::Array(node.items().map(shown).collect()),
        Kind::Object => {
            What::Object(node.members().map(|(name, member)| (name.to_owned(), shown(member))).collect())
        }
        kind => panic!("{kind:?}"),
    };
    Shown { at: node.offset(), complete: node.is_complete(), what }
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn bad<T>(&self) -> Result<T, Stop> {
        Err(if self.peek().is_none() { Stop::End } else { Stop::Bad(self.at) })
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek() != Some(byte) {
            return self.bad();
        }
        self.at += 1;
        Ok(())
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn document(&mut self, root: &mut Option<Shown>) -> Result<(), Stop> {
        self.space();
        self.value(root)?;
        self.space();
        if self.peek().is_some() { self.bad() } else { Ok(()) }
    }

    fn value(&mut self, place: &mut Option<Shown>) -> Result<(), Stop> {
        let at = self.at;
        let begin = |what| Shown { at, complete: false, what };
        match self.peek() {
            Some(b'{') => {
                let node = place.insert(begin(What::Object(Vec::new())));
                let What::Object(members) = &mut node.what else { unreachable!() };
                self.object(members)?;
                node.complete = true;
            }
            Some(b'[') => {
                let node = place.insert(begin(What::Array(Vec::new())));
                let What::Array(items) = &mut node.what else { unreachable!() };
                self.array(items)?;
                node.complete = true;
            }
            Some(b'"') => {
                let node = place.insert(begin(What::String(String::new())));
                let What::String(text) = &mut node.what else { unreachable!() };
                self.out.key = None;
                self.string(text, true)?;
                node.complete = true;
            }
            _ => {
                let what = match self.peek() {
                    Some(b'n') => self.literal("null", What::Null)?,
                    Some(b't') => self.literal("true", What::Bool(true))?,
                    Some(b'f') => self.literal("false", What::Bool(false))?,
                    _ => self.number()?,
                };
                self.out.key = None;
                *place = Some(Shown { at, complete: true, what });
            }
        }
        self.out.safe = self.at;
        Ok(())
    }

    fn object(&mut self, members: &mut Vec<(String, Shown)>) -> Result<(), Stop> {
        self.at += 1;
        self.out.safe = self.at;
        self.out.key = None;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return self.bad();
            }
            let mut name = String::new();
            let end = self.string(&mut name, false);
            self.out.key = Some(name.clone());
            end?;
            self.space();
            self.expect(b':')?;
            self.space();
            let mut member = None;
            let end = self.value(&mut member);
            members.extend(member.map(|member| (name, member)));
            end?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b'}'),
            }
        }
    }

    fn array(&mut self, items: &mut Vec<Shown>) -> Result<(), Stop> {
        self.at += 1;
        self.out.safe = self.at;
        self.out.key = None;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let mut item = None;
            let end = self.value(&mut item);
            items.extend(item);
            end?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.expect(b']'),
            }
        }
    }

    /// A number or literal that began at `from` ends here, if something says so.
    fn ends(&mut self, from: usize, what: What) -> Result<What, Stop> {
        match self.peek() {
            None => {
                self.whole = true;
                self.hold(from)
            }
            Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b'}' | b']') => Ok(what),
            Some(_) => self.bad(),
        }
    }

    /// The text ends in a number or literal that began at `from`, or that cannot go on like this.
    fn hold<T>(&mut self, from: usize) -> Result<T, Stop> {
        if self.peek().is_none() {
            self.out.pending = Some(self.text[from..].to_owned()).filter(|pending| !pending.is_empty());
        }
        self.bad()
    }

    fn literal(&mut self, word: &str, what: What) -> Result<What, Stop> {
        let from = self.at;
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return self.hold(from);
            }
            self.at += 1;
        }
        self.ends(from, what)
    }

    fn digits(&mut self, from: usize) -> Result<(), Stop> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return self.hold(from);
        }
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<What, Stop> {
        let from = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits(from)?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits(from)?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits(from)?;
        }
        let text = self.text[from..self.at].to_owned();
        self.ends(from, What::Number(text))
    }

    /// A string, or a name, which is nothing that could be closed and kept.
    fn string(&mut self, text: &mut String, is_value: bool) -> Result<(), Stop> {
        self.at += 1;
        loop {
            if is_value {
                self.out.safe = self.at;
            }
            match self.text[self.at..].chars().next() {
                None => return Err(Stop::End),
                Some('"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some('\\') => text.push(self.escape()?),
                Some(control) if control < ' ' => return self.bad(),
                Some(letter) => {
                    text.push(letter);
                    self.at += letter.len_utf8();
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, Stop> {
        self.at += 1;
        let letter = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unit();
            }
            _ => return self.bad(),
        };
        self.at += 1;
        Ok(letter)
    }

    fn hex(&mut self) -> Result<u32, Stop> {
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.bad();
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    /// After `\u`: what four digits stand for, or eight.
    fn unit(&mut self) -> Result<char, Stop> {
        let first = self.hex()?;
        if (0xD800..0xDC00).contains(&first) {
            let after = self.at;
            self.out.half = true;
            match self.peek() {
                None => return Err(Stop::End),
                Some(b'\\') => self.at += 1,
                Some(_) => return Ok(self.half()),
            }
            match self.peek() {
                None => return Err(Stop::End),
                Some(b'u') => self.at += 1,
                Some(_) => {
                    self.at = after;
                    return Ok(self.half());
                }
            }
            let second = self.hex()?;
            if (0xDC00..0xE000).contains(&second) {
                self.out.half = false;
                return Ok(char::from_u32(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)).unwrap());
            }
            self.at = after;
            return Ok(self.half());
        }
        Ok(char::from_u32(first).unwrap_or_else(|| self.half()))
    }

    fn half(&mut self) -> char {
        (self.out.lone, self.out.half) = (true, false);
        char::REPLACEMENT_CHARACTER
    }
}

proptest! {
    #![proptest_config(cases(1024))]

    /// The oracle itself: what it takes is what serde_json takes, and what it calls possible can be gone on with.
    #[test]
    fn the_oracle_agrees_with_serde_json(text in texts::text()) {
        let reading = read(&text);
        let strict = serde_json::from_str::<IgnoredAny>(&text);
        prop_assert_eq!(reading.verdict == Verdict::Valid, strict.is_ok(), "{:?}", strict);
        match reading.verdict {
            Verdict::Valid => {}
            // Values tell the end from a mistake, but refuse some of the syntax.
            Verdict::Prefix => {
                let error = serde_json::from_str::<Value>(&text).unwrap_err();
                let refused = reading.lone || error.to_string().contains("out of range");
                prop_assert!(refused || error.is_eof(), "{}", error);
            }
            Verdict::Impossible(at) => {
                prop_assert!(text.is_char_boundary(at));
                prop_assert_eq!(read(&text[..at]).verdict == Verdict::Prefix, !is_valid(&text[..at]));
                let more = at + text[at..].chars().next().unwrap().len_utf8();
                prop_assert_eq!(read(&text[..more]).verdict, Verdict::Impossible(at));
            }
        }
        for (at, _) in text.char_indices().filter(|_| reading.verdict == Verdict::Valid) {
            prop_assert!(!matches!(read(&text[..at]).verdict, Verdict::Impossible(_)), "at {}", at);
        }
    }
}

fn is_valid(text: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(text).is_ok()
}
