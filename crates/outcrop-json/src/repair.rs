//! One-shot repair of a finished text: [`repair()`].
//!
//! # Invariants
//! - Strict JSON is returned unchanged.
//! - No value and no name is invented, and no digit is dropped: where `partial-json-fixer` would have to, there is no
//!   proposal.
//! - Every departure from strict JSON is listed.
//! - Time and memory are linear in the text, which is bounded by the default [`Limits`](crate::Limits); nothing recurses.

use crate::{End, LiveJson, Outcome, Repair, RepairKind, Severity};

/// What a malformed text probably means. Never execute it: that is for a text that is strict JSON by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proposal {
    /// The value, as JSON text.
    pub json: String,
    /// How the text departs from strict JSON, in order. `node` is always `None`, since no tree is returned.
    pub repairs: Vec<Repair>,
}

impl Proposal {
    /// Whether the text is not strict JSON, so that something had to be changed.
    pub fn is_changed(&self) -> bool {
        self.repairs.iter().any(|repair| repair.kind.severity() > Severity::Note)
    }
}

/// Proposes a reading of a finished text that may be malformed.
///
/// It accepts what [`LiveJson`] accepts, such as trailing commas and words without quotes. If the text ends too early,
/// `partial-json-fixer` closes what is open. Use it for diagnostics, previews, and answers in plain text.
///
/// Returns `None` if the text cannot be read, if it exceeds the default [`Limits`](crate::Limits), or if a value would
/// have to be made up.
///
/// # Complexity
/// Linear in the text.
///
/// ```
/// use outcrop_json::{RepairKind, repair};
///
/// let proposal = repair(r#"{"zone": UTC, "days": [1, 2"#).unwrap();
/// assert_eq!(proposal.json, r#"{"zone":"UTC","days":[1,2]}"#);
/// assert!(proposal.is_changed());
/// let kinds: Vec<_> = proposal.repairs.iter().map(|repair| repair.kind).collect();
/// assert_eq!(kinds, [RepairKind::BareWord, RepairKind::Truncation]);
///
/// assert!(!repair(r#"{"zone": "UTC"}"#).unwrap().is_changed());
/// assert_eq!(repair(r#"{"zone": "#), None);
/// assert_eq!(repair("I could not find the file."), None);
/// ```
pub fn repair(text: &str) -> Option<Proposal> {
    match read(text) {
        Reading::Whole(proposal) => Some(proposal),
        Reading::Unreadable => None,
        Reading::Open => {
            let Reading::Whole(mut proposal) = read(&close(text)?) else { return None };
            proposal.repairs.push(Repair::new(RepairKind::Truncation, text.len(), None));
            Some(proposal)
        }
    }
}

enum Reading {
    Whole(Proposal),
    Open,
    Unreadable,
}

fn read(text: &str) -> Reading {
    let mut live = LiveJson::new();
    if live.push(text).is_err() {
        return Reading::Unreadable;
    }
    let outcome = live.finish(End::Whole);
    let repairs = outcome.repairs().iter().map(|repair| Repair { node: None, ..*repair }).collect();
    match (outcome, live.root()) {
        (Outcome::Complete(_), _) => Reading::Whole(Proposal { json: text.to_owned(), repairs }),
        (Outcome::Repaired(_) | Outcome::Guessed(_), Some(root)) => {
            Reading::Whole(Proposal { json: root.to_json(), repairs })
        }
        (Outcome::Truncated(_), _) => Reading::Open,
        _ => Reading::Unreadable,
    }
}

/// Closes what is open at the end of a text. A last comma or half an escape is dropped.
fn close(text: &str) -> Option<String> {
    let closed = partial_json_fixer::fix_json(text);
    let kept: usize =
        text.chars().zip(closed.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (dropped, added) = (text.get(kept..)?.trim(), closed.get(kept..)?);
    // The fixer also writes null for a value that is missing, and cuts off digits and words.
    let is_sure = matches!(dropped, "" | ",") || dropped.starts_with('\\');
    let only_closes = added.bytes().all(|byte| matches!(byte, b'"' | b'}' | b']'));
    (is_sure && only_closes).then_some(closed)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::{Proposal, repair};
    use crate::RepairKind::{self, *};

    #[track_caller]
    fn check(text: &str, json: &str, kinds: &[RepairKind]) {
        let proposal = repair(text).unwrap();
        assert_eq!(proposal.json, json);
        let found: Vec<_> = proposal.repairs.iter().map(|repair| repair.kind).collect();
        assert_eq!(found, kinds);
        assert!(proposal.repairs.iter().all(|repair| repair.offset <= text.len() && repair.node.is_none()));
    }

    #[test]
    fn strict_json_is_unchanged() {
        for text in ["{}", " [1, -0.5e3, \"a\\u00e9\\n\", null] ", "12", "\"text\"", "true", "1e999"] {
            check(text, text, &[]);
            assert!(!repair(text).unwrap().is_changed());
        }
        check(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":2}"#, &[DuplicateKey]);
        assert!(!repair(r#"{"a":1,"a":2}"#).unwrap().is_changed());
    }

    #[test]
    fn open_texts_are_closed() {
        check("{", "{}", &[Truncation]);
        check(r#"{"a":[{"#, r#"{"a":[{}]}"#, &[Truncation]);
        check(r#"{"a":"hel"#, r#"{"a":"hel"}"#, &[Truncation]);
        check(r#"{"a":"x, "#, r#"{"a":"x, "}"#, &[Truncation]);
        check(r#"{"a":"x\"#, r#"{"a":"x"}"#, &[Truncation]);
        check(r#"{"a":"x\u12"#, r#"{"a":"x"}"#, &[Truncation]);
        check(r#"{"a":"x\ud83d\ude00"#, r#"{"a":"x\ud83d\ude00"}"#, &[Truncation]);
        check(r#"{"a":1,"#, r#"{"a":1}"#, &[Truncation]);
        check("[1,2", "[1,2]", &[Truncation]);
        check("[1, 2 ,\n", "[1, 2 ]", &[Truncation]);
        check("```json\n[", "[]", &[Fence, Truncation]);
        check(r#"{"a":true"#, r#"{"a":true}"#, &[Truncation]);
        check("\"half a text", "\"half a text\"", &[Truncation]);
        check(
            "Here: {\"a\": [one,], \"b\": \"\n",
            r#"{"a":["one"],"b":"\n"}"#,
            &[TextBefore, BareWord, TrailingComma, ControlCharacter, Truncation],
        );
    }

    /// What partial-json-fixer would make up is not proposed.
    #[test]
    fn nothing_is_invented() {
        for text in [
            r#"{"a":1,"b"#,
            r#"{"a":1,"b""#,
            r#"{"a":1,"b":"#,
            r#"{"a":tr"#,
            "[1, fals",
            r#"{"a":-"#,
            "[1.",
            "[12.5e",
            "[1] /* open",
        ] {
            assert_eq!(repair(text), None, "{text}");
        }
    }

    #[test]
    fn texts_that_cannot_be_read() {
        for text in ["I could not find the file.", "{\"a\": \"say \"hi\"\"}", "{\"a\":[1}", "tr", "[,]", "{]"]
        {
            assert_eq!(repair(text), None, "{text}");
        }
        assert_eq!(repair(&"[".repeat(1_000_000)), None);
        assert_eq!(repair(&"{\"a\":".repeat(1_000_000)), None);
        assert_eq!(repair(&format!("[\"{}", "a".repeat(16 << 20))), None);
        assert_eq!(repair(&"[".repeat(129)), None);
        assert!(repair(&"[".repeat(128)).is_some());
    }

    const PARTS: [&str; 40] = [
        "{",
        "}",
        "[",
        "]",
        "{",
        "[",
        ",",
        ",",
        ":",
        ":",
        "\"",
        "\"",
        "\"",
        "'",
        "\\",
        "\\\"",
        "\\u",
        "\\ud83d",
        "\\ude00",
        "\\u00e",
        "\"a\":",
        "\"x\"",
        "k:",
        "word",
        "true",
        "fal",
        "None",
        "NaN",
        "12",
        "-",
        "1.5e",
        " ",
        "\n",
        "\u{a0}",
        "// c\n",
        "/*",
        "*/",
        "```json\n",
        "\u{feff}",
        "“é”",
    ];

    /// What is proposed is strict JSON, and strict JSON only is unchanged.
    fn holds(text: &str) -> Result<(), TestCaseError> {
        let Some(proposal) = repair(text) else { return Ok(()) };
        prop_assert_eq!(!proposal.is_changed(), proposal.json == text, "{:?}", proposal);
        let Proposal { json, repairs } = repair(&proposal.json).unwrap();
        prop_assert_eq!(json, proposal.json);
        prop_assert!(repairs.iter().all(|repair| repair.kind == DuplicateKey), "{:?}", repairs);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text(text in "\\PC{0,40}") {
            holds(&text)?;
            holds(&format!("{{\"a\": \"{text}"))?;
        }

        #[test]
        fn broken_text(parts in vec(select(PARTS.as_slice()), 0..40)) {
            let text = parts.concat();
            holds(&text)?;
            holds(&format!("{{\"a\": {text}"))?;
            holds(&format!("[\"{text}"))?;
        }
    }
}
