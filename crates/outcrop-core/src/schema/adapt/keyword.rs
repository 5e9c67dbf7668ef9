//! One keyword in a dialect: kept, said in words, or left out.
//!
//! # Invariants
//! - A removed keyword is always reported, and so is whether values that it refused are now accepted.

use serde_json::{Map, Value};

use super::{
    kinds::kind_of,
    report::Action,
    walk::{Walk, is_inert},
    words::sentence,
};

impl Walk<'_> {
    /// The value of a keyword that is kept; others are said or told of.
    pub(super) fn keyword(
        &mut self,
        keyword: &str,
        value: &Value,
        all: &Map<String, Value>,
        kinds: &[&'static str],
        said: &mut Vec<String>,
        at: &str,
    ) -> Option<Value> {
        if !self.has_effect(keyword, value, all, kinds) {
            // Keywords of older drafts mean nothing in this one, but may have been meant.
            let is_old = matches!(keyword, "dependencies" | "additionalItems" | "$recursiveRef");
            self.tell(at, keyword, if is_old { Action::Removed } else { Action::Dropped });
            return None;
        }
        let taken = self.dialect.takes(keyword)
            && match keyword {
                "format" => self.dialect.formats.iter().any(|format| value == format),
                "pattern" => self.dialect.all_patterns || value.as_str().is_some_and(is_simple),
                "minItems" => match self.dialect.max_min_items {
                    Some(most) if value.as_f64().is_some_and(|least| least > most as f64) => {
                        self.describe(keyword, value, said, at);
                        return (most > 0).then(|| most.into());
                    }
                    _ => true,
                },
                _ => true,
            };
        if taken {
            return Some(value.clone());
        }
        self.describe(keyword, value, said, at);
        None
    }

    pub(super) fn describe(&mut self, keyword: &str, value: &Value, said: &mut Vec<String>, at: &str) {
        match sentence(keyword, value).filter(|_| self.dialect.takes("description")) {
            Some(sentence) => {
                said.push(sentence);
                self.tell(at, keyword, Action::Described);
            }
            None => self.tell(at, keyword, Action::Removed),
        }
    }

    /// Whether a keyword says anything about values of `kinds`, or to the model, that the others do not say.
    pub(super) fn has_effect(
        &self,
        keyword: &str,
        value: &Value,
        all: &Map<String, Value>,
        kinds: &[&'static str],
    ) -> bool {
        let about = kind_of(keyword);
        let applies =
            |kind: &'static str| kinds.contains(&kind) || kind == "number" && kinds.contains(&"integer");
        if !about.is_none_or(applies) {
            return false;
        }
        let is_zero = value.as_f64() == Some(0.0);
        match keyword {
            "minLength" | "minItems" | "minProperties" => !is_zero,
            "uniqueItems" => value == &Value::Bool(true),
            "minContains" | "maxContains" => all.contains_key("contains"),
            "if" => all.contains_key("then") || all.contains_key("else"),
            "then" | "else" => all.contains_key("if"),
            "patternProperties" | "properties" | "additionalProperties" | "required" | "prefixItems" => false,
            "title" => self.dialect.takes("title"),
            "default" | "examples" | "not" | "description" => true,
            keyword => about.is_some() && !is_inert(keyword),
        }
    }
}

/// Whether a pattern has neither lookaround nor backreferences nor word boundaries.
fn is_simple(pattern: &str) -> bool {
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = letters.next();
                if escaped.is_none_or(|letter| letter.is_ascii_digit() || "kbB".contains(letter)) {
                    return false;
                }
            }
            '(' if letters.peek() == Some(&'?') => {
                letters.next();
                if letters.next() != Some(':') {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}
