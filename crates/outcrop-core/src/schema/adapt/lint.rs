//! What a service would refuse in a schema, found before it is sent.
//!
//! It checks what adaptation makes and what users write by hand for strict tools, so it shares no code with the
//! former.
//!
//! # Invariants
//! - A schema without findings is made only of what the dialect is known to take.
//! - Nothing panics, and each part is looked at once.

use std::{collections::BTreeSet, fmt};

use serde_json::{Map, Value};

use super::{OptionalMembers, SchemaDialect};

/// Levels that are looked into; a request of more is not taken by any service.
const MAX_LEVELS: usize = 200;
/// Findings that are told.
const MAX_FINDINGS: usize = 100;

/// One thing in a schema that would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LintFinding {
    /// JSON pointer to the schema that it is in.
    pub pointer: String,
    /// The keyword that it is about.
    pub keyword: String,
    /// What is wrong.
    pub problem: &'static str,
}

impl fmt::Display for LintFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the root" } else { &self.pointer };
        write!(f, "{place}: `{}` {}", self.keyword, self.problem)
    }
}

/// All that would be refused in `schema` where `dialect` is spoken; at most 100 findings.
///
/// ```
/// use outcrop_core::schema::{SchemaDialect, lint};
/// use serde_json::json;
/// let schema = json!({"type": "object", "properties": {"days": {"type": "integer", "maximum": 14}}});
/// let findings: Vec<_> = lint(&schema, &SchemaDialect::strict_tool()).iter().map(|one| one.to_string()).collect();
/// assert_eq!(findings, [
///     "the root: `additionalProperties` must be false",
///     "/properties/days: `maximum` is not supported",
/// ]);
/// ```
pub fn lint(schema: &Value, dialect: &SchemaDialect) -> Vec<LintFinding> {
    let mut lint = Lint { root: schema, dialect, findings: Vec::new() };
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        lint.find("", "type", "must be `object`");
    }
    if !dialect.everything {
        for word in ["anyOf", "oneOf", "allOf", "$ref"] {
            if schema.get(word).is_some() {
                lint.find("", word, "cannot stand at the root");
            }
        }
        lint.look(schema, "", 0);
        lint.cycles();
    }
    lint.findings
}

struct Lint<'a> {
    root: &'a Value,
    dialect: &'a SchemaDialect,
    findings: Vec<LintFinding>,
}

const SCALARS: [&str; 5] = ["string", "number", "integer", "boolean", "null"];

impl Lint<'_> {
    fn find(&mut self, pointer: &str, keyword: &str, problem: &'static str) {
        if self.findings.len() < MAX_FINDINGS {
            let (pointer, keyword) = (pointer.to_owned(), keyword.to_owned());
            self.findings.push(LintFinding { pointer, keyword, problem });
        }
    }

    fn look(&mut self, schema: &Value, at: &str, level: usize) {
        let Value::Object(words) = schema else {
            return self.find(at, "", "is no object");
        };
        if level > MAX_LEVELS {
            return self.find(at, "", "has too many levels");
        }
        if !["type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref"]
            .iter()
            .any(|word| words.contains_key(*word))
        {
            self.find(at, "type", "is missing");
        }
        if words.contains_key("$ref") && words.keys().any(|word| word != "$ref") && !at.is_empty() {
            self.find(at, "$ref", "cannot have neighbours");
        }
        let kinds = self.kinds(words, at);
        let listed = words.contains_key("enum") || words.contains_key("const");
        if kinds.contains(&"object") && !listed {
            self.object(words, at);
        }
        if kinds.contains(&"array") && !listed && !words.contains_key("items") {
            self.find(at, "items", "is missing");
        }
        for (word, value) in words {
            self.word(word, value, at, level);
        }
    }

    fn kinds<'v>(&mut self, words: &'v Map<String, Value>, at: &str) -> Vec<&'v str> {
        let (kinds, several): (Vec<_>, _) = match words.get("type") {
            None => return Vec::new(),
            Some(Value::Array(list)) => (list.iter().filter_map(Value::as_str).collect(), true),
            Some(one) => (one.as_str().into_iter().collect(), false),
        };
        let known = |kind: &&str| SCALARS.contains(kind) || ["object", "array"].contains(kind);
        if kinds.is_empty() || !kinds.iter().all(known) {
            self.find(at, "type", "names no type");
        }
        if several && !self.dialect.type_lists {
            self.find(at, "type", "cannot be a list");
        }
        kinds
    }

    fn object(&mut self, words: &Map<String, Value>, at: &str) {
        if words.get("additionalProperties") != Some(&Value::Bool(false)) {
            self.find(at, "additionalProperties", "must be false");
        }
        let empty = Map::new();
        let named = words.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let needed: Vec<_> = match words.get("required") {
            None => Vec::new(),
            Some(Value::Array(names)) => names.iter().map(|name| name.as_str().unwrap_or_default()).collect(),
            Some(_) => return self.find(at, "required", "is no list"),
        };
        if needed.iter().any(|name| !named.contains_key(*name)) {
            self.find(at, "required", "names a member that `properties` does not");
        }
        if needed.iter().collect::<BTreeSet<_>>().len() < needed.len() {
            self.find(at, "required", "names a member twice");
        }
        if self.dialect.optional == OptionalMembers::Nullable && needed.len() < named.len() {
            self.find(at, "required", "must name all members");
        }
    }

    fn word(&mut self, word: &str, value: &Value, at: &str, level: usize) {
        const REFUSED: &str = "is not supported";
        let dialect = self.dialect;
        match word {
            "type" | "required" | "additionalProperties" => {}
            "properties" => self.members(word, value, at, level),
            "$defs" if at.is_empty() && dialect.references => self.members(word, value, at, level),
            "items" => self.look(value, &format!("{at}/items"), level + 1),
            "anyOf" | "oneOf" => {
                let taken = if word == "anyOf" { dialect.any_of } else { dialect.one_of };
                match value.as_array().filter(|all| !all.is_empty()) {
                    _ if !taken => self.find(at, word, REFUSED),
                    None => self.find(at, word, "is no list of schemas"),
                    Some(all) => {
                        for (index, one) in all.iter().enumerate() {
                            self.look(one, &format!("{at}/{word}/{index}"), level + 1);
                        }
                    }
                }
            }
            "enum" => match value.as_array() {
                Some(all) if !all.is_empty() => {
                    if all.iter().any(|one| one.is_object() || one.is_array()) {
                        self.find(at, word, "holds an array or object");
                    }
                }
                _ => self.find(at, word, "is no list of values"),
            },
            "const" if dialect.constants && !value.is_object() && !value.is_array() => {}
            "const" if dialect.constants => self.find(at, word, "is an array or object"),
            "$ref" if dialect.references => {
                let target =
                    value.as_str().and_then(|to| to.strip_prefix("#/$defs/")).filter(|to| !to.contains('/'));
                if target.and_then(|name| self.root.get("$defs")?.get(name)).is_none() {
                    self.find(at, word, "leads to none of the definitions");
                }
            }
            word if !dialect.keywords.iter().any(|taken| taken == word) => self.find(at, word, REFUSED),
            "format" if !dialect.formats.iter().any(|taken| value.as_str() == Some(taken)) => {
                self.find(at, word, "names a format that is not supported");
            }
            "minItems" => {
                let least = value.as_f64().unwrap_or(f64::INFINITY);
                if dialect.max_min_items.is_some_and(|most| least > most as f64) {
                    self.find(at, word, "is too large");
                }
            }
            "pattern" if !dialect.all_patterns && value.as_str().is_none_or(is_involved) => {
                self.find(at, word, "has lookaround, a backreference or a word boundary");
            }
            "title" | "description" | "pattern" if !value.is_string() => self.find(at, word, "is no text"),
            _ => {}
        }
    }

    fn members(&mut self, word: &str, value: &Value, at: &str, level: usize) {
        let Some(members) = value.as_object() else {
            return self.find(at, word, "is no object");
        };
        for (name, member) in members {
            let name = name.replace('~', "~0").replace('/', "~1");
            self.look(member, &format!("{at}/{word}/{name}"), level + 1);
        }
    }

    /// Definitions that lead to themselves.
    fn cycles(&mut self) {
        let Some(definitions) = self.root.get("$defs").and_then(Value::as_object) else { return };
        if self.dialect.recursion {
            return;
        }
        // What is left when definitions that lead nowhere, or only to such, are crossed out again and again.
        let mut left: Vec<(&String, BTreeSet<String>)> =
            definitions.iter().map(|(name, schema)| (name, mentioned(schema))).collect();
        loop {
            let open: BTreeSet<String> = left.iter().map(|(name, _)| (*name).clone()).collect();
            let before = left.len();
            left.retain(|(_, to)| to.iter().any(|name| open.contains(name)));
            if left.len() == before {
                break;
            }
        }
        if let Some((name, _)) = left.first() {
            self.find(&format!("/$defs/{name}"), "$ref", "leads back to itself");
        }
    }
}

/// Names of the definitions that a schema mentions.
fn mentioned(schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut todo = vec![schema];
    while let Some(value) = todo.pop() {
        match value {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                names.extend(reference.and_then(|to| to.strip_prefix("#/$defs/")).map(str::to_owned));
                todo.extend(members.values());
            }
            Value::Array(items) => todo.extend(items),
            _ => {}
        }
    }
    names
}

fn is_involved(pattern: &str) -> bool {
    // Escaped backslashes are no escapes of what follows them.
    let plain = pattern.replace("\\\\", "");
    let groups = plain.replace("\\(", "");
    let special = groups.match_indices("(?").any(|(at, _)| !groups[at..].starts_with("(?:"));
    let escapes = plain.match_indices('\\').filter_map(|(at, _)| plain[at + 1..].chars().next());
    special || plain.ends_with('\\') || escapes.into_iter().any(|letter| "0123456789bBk".contains(letter))
}
