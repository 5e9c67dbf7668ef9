//! What a model family takes of JSON Schema where it holds an answer to one, as data.
//!
//! # Invariants
//! - The presets are the facts of 2026-11: they go stale, so every field can be set, and read from JSON.

use serde::{Deserialize, Serialize};

use super::SchemaLimits;

/// What is taken of JSON Schema (draft 2020-12) in one place of a request.
///
/// ```
/// use outcrop_core::schema::SchemaDialect;
/// let native = SchemaDialect::native();
/// assert!(native.takes("pattern") && !native.takes("maximum"));
/// // A family that takes lengths as well, and wants no references.
/// let other = SchemaDialect { references: false, ..native.taking(["minLength", "maxLength"]) };
/// assert!(other.takes("maxLength"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SchemaDialect {
    /// Every schema is taken as it is, as long as its root is an object. Of what else is here only `references` counts
    /// then: where they are not followed, definitions are inlined as far as they can be.
    pub everything: bool,
    /// Keywords that are taken beside those that give a value its form: `type`, `properties`, `required`,
    /// `additionalProperties`, `items` and `enum`.
    pub keywords: Vec<String>,
    /// Values of `format` that are taken, where `format` is.
    pub formats: Vec<String>,
    /// The largest `minItems` that is taken, where `minItems` is; `None` where any is.
    pub max_min_items: Option<u64>,
    /// Whether a `pattern` with lookaround, backreferences or word boundaries is taken, where `pattern` is.
    pub all_patterns: bool,
    /// Whether `const` is taken; otherwise it is an `enum` of one.
    pub constants: bool,
    /// Whether `anyOf` is taken.
    pub any_of: bool,
    /// Whether `oneOf` is taken; otherwise, and where its alternatives cannot be said exactly, it becomes `anyOf`.
    pub one_of: bool,
    /// Whether `type` may be a list; otherwise it becomes `anyOf`.
    pub type_lists: bool,
    /// Whether a bare `$ref` to one of the root's `$defs` is taken; otherwise definitions are inlined.
    pub references: bool,
    /// Whether a definition may lead to itself, where references are taken.
    pub recursion: bool,
    /// What becomes of members that need not be there.
    pub optional: OptionalMembers,
    /// How much of it one request may hold.
    pub limits: SchemaLimits,
}

/// What becomes of members that need not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OptionalMembers {
    /// They are not in `required`; preferred, since a union costs more (R79).
    Omitted,
    /// All are in `required`, and `null` stands for one that is not there. Implies that definitions are inlined.
    Nullable,
}

impl Default for SchemaDialect {
    fn default() -> Self {
        Self::native()
    }
}

impl SchemaDialect {
    /// For native output (`outputConfig.textFormat`), as Claude takes it (R78).
    ///
    /// `minLength` and `maxLength` are not in it: they were taken when tried in 2026-05 and are documented as
    /// refused. What is left out is said in the description and checked in the answer, so leaving out is the
    /// safer side; [`SchemaDialect::taking`] puts them back.
    pub fn native() -> Self {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Self {
            everything: false,
            keywords: words(&["title", "description", "default", "pattern", "format", "minItems"]),
            formats: words(&[
                "date-time",
                "time",
                "date",
                "duration",
                "email",
                "hostname",
                "uri",
                "ipv4",
                "ipv6",
                "uuid",
            ]),
            max_min_items: Some(1),
            all_patterns: false,
            constants: true,
            any_of: true,
            one_of: false,
            type_lists: true,
            references: true,
            recursion: false,
            optional: OptionalMembers::Omitted,
            limits: SchemaLimits::claude(),
        }
    }

    /// For tools with `strict`, as Claude takes them; nothing is known that differs from native output.
    pub fn strict_tool() -> Self {
        Self::native()
    }

    /// For native output of families that follow no references, such as gpt-oss (R79). For tools of theirs it is
    /// `SchemaDialect { references: false, ..SchemaDialect::tool() }`.
    pub fn inlined() -> Self {
        Self { references: false, ..Self::native() }
    }

    /// For tools without `strict`: any schema whose root is an object (R83).
    pub fn tool() -> Self {
        Self { everything: true, limits: SchemaLimits::default(), ..Self::native() }
    }

    /// This dialect with more keywords.
    #[must_use]
    pub fn taking<'a>(mut self, keywords: impl IntoIterator<Item = &'a str>) -> Self {
        for keyword in keywords {
            if !self.takes(keyword) {
                self.keywords.push(keyword.to_owned());
            }
        }
        self
    }

    /// Whether `keyword` is one of [`SchemaDialect::keywords`].
    pub fn takes(&self, keyword: &str) -> bool {
        self.keywords.iter().any(|taken| taken == keyword)
    }
}
