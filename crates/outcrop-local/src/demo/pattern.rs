//! Makes up texts that match a pattern.
//!
//! # Invariants
//! - Patterns with look-around or back-references give no text.
//! - The length of a text is bounded, whatever the pattern repeats.

use regex_syntax::{
    Parser,
    hir::{Class, Hir, HirKind},
};

/// The longest text, in characters.
const MAX_CHARS: usize = 4000;
const MAX_DEPTH: usize = 40;

/// A text that matches `pattern` and has at least `least` characters; each `variant` gives another text if it can.
pub(super) fn text_for(pattern: &str, least: usize, variant: usize) -> Option<String> {
    // A nest that deep is no pattern of a schema.
    if pattern.chars().count() > MAX_CHARS {
        return None;
    }
    // In JSON Schema `\d` means ASCII digits.
    let hir = Parser::new().parse(&pattern.replace("\\d", "[0-9]")).ok()?;
    let mut longest = None;
    for more in 0..=least.min(MAX_CHARS) {
        let mut maker = Maker { text: String::new(), chars: 0, more, variant };
        maker.write(&hir, 0)?;
        if maker.chars >= least {
            return Some(maker.text);
        }
        // Nothing in it repeats.
        if longest.replace(maker.chars) == Some(maker.chars) {
            break;
        }
    }
    None
}

struct Maker {
    text: String,
    chars: usize,
    /// Repetitions beyond the minimum.
    more: usize,
    variant: usize,
}

impl Maker {
    fn write(&mut self, hir: &Hir, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH || self.chars > MAX_CHARS {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => {
                for letter in std::str::from_utf8(&literal.0).ok()?.chars() {
                    self.push(letter);
                }
            }
            HirKind::Class(class) => {
                let letter = self.letter(class)?;
                self.push(letter);
            }
            HirKind::Repetition(repetition) => {
                let most = repetition.max.map_or(usize::MAX, |most| most as usize);
                let times = (repetition.min as usize).saturating_add(self.more).min(most);
                for _ in 0..times {
                    self.write(&repetition.sub, depth + 1)?;
                }
            }
            HirKind::Capture(capture) => self.write(&capture.sub, depth + 1)?,
            HirKind::Concat(parts) => {
                for part in parts {
                    self.write(part, depth + 1)?;
                }
            }
            HirKind::Alternation(parts) => {
                self.write(parts.get(self.variant % parts.len().max(1))?, depth + 1)?
            }
        }
        Some(())
    }

    fn push(&mut self, letter: char) {
        self.text.push(letter);
        self.chars += 1;
    }

    /// An ASCII letter or digit if the class has one.
    fn letter(&self, class: &Class) -> Option<char> {
        let ranges: Vec<(u32, u32)> = match class {
            Class::Unicode(class) => {
                class.ranges().iter().map(|r| (r.start() as u32, r.end() as u32)).collect()
            }
            Class::Bytes(class) => {
                class.ranges().iter().map(|r| (r.start().into(), r.end().into())).collect()
            }
        };
        let holds =
            |letter: &char| ranges.iter().any(|(start, end)| (*start..=*end).contains(&(*letter as u32)));
        let plain: Vec<char> =
            ('a'..='z').chain('A'..='Z').chain('1'..='9').chain(['0']).filter(holds).collect();
        match plain.len() {
            0 => char::from_u32(ranges.first()?.0),
            count => plain.get((self.variant + self.chars * usize::from(self.variant > 0)) % count).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_their_patterns() {
        for (pattern, least) in [
            ("^[A-Z]{3}$", 0),
            (r"^\d{4}-\d{2}$", 0),
            (r"^(?:usd|eur)-[\d]+$", 9),
            ("^a+b?$", 5),
            (r"^[^\s@]+@[^\s@]+\.[a-z]{2,}$", 0),
            ("x", 3),
            ("", 0),
        ] {
            let schema = serde_json::json!({ "pattern": pattern });
            for variant in 0..3 {
                let text = text_for(pattern, least, variant);
                if pattern == "x" {
                    assert_eq!(text, None);
                    continue;
                }
                let text = text.expect("it can be made");
                assert!(jsonschema::is_valid(&schema, &text.clone().into()), "{pattern} {text}");
                assert!(text.chars().count() >= least);
            }
        }
        assert_eq!(text_for("(?=a)b", 0, 0), None);
        assert_eq!(text_for("(a{1000}){1000}", 0, 0), None);
    }
}
