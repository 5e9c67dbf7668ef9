//! All short texts there are, over small alphabets: what chance would seldom put together.

use outcrop_json::{End, LiveJson, Outcome};

use super::seen::{nodes, whole};
use crate::oracle::{self, Verdict};

/// Calls `check` with every text of up to `most` letters.
fn every(letters: &[&str], most: usize, check: &mut impl FnMut(&str)) {
    fn grow(text: &mut String, letters: &[&str], left: usize, check: &mut impl FnMut(&str)) {
        check(text);
        if left > 0 {
            for letter in letters {
                text.push_str(letter);
                grow(text, letters, left - 1, check);
                text.truncate(text.len() - letter.len());
            }
        }
    }
    grow(&mut String::new(), letters, most, check);
}

/// Invariants 2, 6 and 7 for one text: what it is, and that its bytes give the same one by one.
fn check(text: &str) {
    let reading = oracle::read(text);
    let mut live = whole(text);
    let mut bytes = LiveJson::new();
    for byte in text.as_bytes().chunks(1) {
        bytes.push_bytes(byte).unwrap();
    }
    assert_eq!((live.error(), live.progress()), (bytes.error(), bytes.progress()), "{text:?}");
    assert_eq!(nodes(live.now()), nodes(bytes.now()), "{text:?}");
    if !matches!(reading.verdict, Verdict::Impossible(_)) {
        assert_eq!(live.root().map(oracle::shown), reading.shown, "{text:?}");
    }
    let cut = bytes.finish(End::Cut);
    let outcome = live.finish(End::Whole);
    let is_valid = reading.verdict == Verdict::Valid;
    assert_eq!(outcome.is_complete(), is_valid && !reading.lone, "{text:?} is {outcome:?}");
    if reading.verdict == Verdict::Prefix {
        assert!(matches!(cut, Outcome::Truncated(_)), "{text:?} is {cut:?}");
    }
}

#[test]
fn every_short_number() {
    let mut count = 0;
    every(&["-", "+", ".", "e", "0", "1"], 5, &mut |text| {
        count += 1;
        check(text);
        check(&format!("[{text}]"));
        check(&format!("[{text}"));
    });
    // The long end of a number, where all kinds of parts are there.
    every(&["-", "+", ".", "E", "0", "7"], 4, &mut |text| {
        count += 1;
        check(&format!("[1.5e{text}]"));
        check(&format!("[-0{text},"));
    });
    assert_eq!(count, (6_usize.pow(6) - 1) / 5 + (6_usize.pow(5) - 1) / 5);
}

#[test]
fn every_short_structure() {
    let mut count = 0;
    every(&["{", "}", "[", "]", ",", ":", "\"", "1", " "], 5, &mut |text| {
        count += 1;
        check(text);
    });
    every(&["{", "}", "[", "]", ",", ":", "\"\"", "null"], 4, &mut |text| {
        count += 1;
        check(&format!("{{\"a\":{text}"));
        check(&format!("[[1],{text}"));
    });
    assert_eq!(count, (9_usize.pow(6) - 1) / 8 + (8_usize.pow(5) - 1) / 7);
}

#[test]
fn every_short_string() {
    let letters = ["\\", "\"", "u", "d83d", "de00", "0041", "n", "é"];
    let mut count = 0;
    every(&letters, 5, &mut |text| {
        count += 1;
        check(&format!("[\"{text}"));
    });
    every(&letters, 3, &mut |text| {
        count += 1;
        check(&format!("[\"\\ud83d{text}"));
        check(&format!("{{\"\\ud83d\\u{text}\":1}}"));
    });
    assert_eq!(count, (8_usize.pow(6) - 1) / 7 + (8_usize.pow(4) - 1) / 7);
}

/// A character that is cut at the end is no end: neither of a root that nothing delimits nor of one that is complete.
#[test]
fn a_cut_character_is_no_end() {
    for text in ["12", "-1.5e3", "null", "true", "[1]", "{}", "\"a\"", "", " ", "[1] ", "[\"a", "[1,", "{\"a"]
    {
        for cut in [&b"\xC3"[..], b"\xE2\x82", b"\xF0\x9F\x98"] {
            for end in [End::Whole, End::Cut] {
                let mut live = whole(text);
                live.push_bytes(cut).unwrap();
                let outcome = live.finish(end);
                let is_read = matches!(outcome, Outcome::Complete(_) | Outcome::Repaired(_));
                assert!(!is_read, "{text:?} and {cut:?}: {outcome:?}");
                assert_eq!(live.raw(), text);
            }
        }
    }
}
