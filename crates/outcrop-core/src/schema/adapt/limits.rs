//! What one request may hold of strict schemas, counted over all of them together before it is sent.
//!
//! # Invariants
//! - It counts as the service does: the targets of `$ref` are not followed, so definitions do not count.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How deep a schema is looked into; none that is deeper is ever made by us.
const MAX_DEPTH: usize = 512;

/// What one request may hold of strict schemas; `None` where no limit is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SchemaLimits {
    /// Tools with `strict`.
    pub strict_tools: Option<usize>,
    /// Members that need not be there.
    pub optional: Option<usize>,
    /// Members with `anyOf` or a list of types.
    pub unions: Option<usize>,
}

/// What the strict schemas of one request hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaCounts {
    /// Tools with `strict`.
    pub strict_tools: usize,
    /// Members that need not be there.
    pub optional: usize,
    /// Members with `anyOf` or a list of types.
    pub unions: usize,
}

/// The strict schemas of a request are more than the service takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{count} {what}, and the service takes {limit} in one request")]
#[non_exhaustive]
pub struct OverLimit {
    /// Of what.
    pub what: Counted,
    /// How many there are.
    pub count: usize,
    /// How many there may be.
    pub limit: usize,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Counted {
    /// Tools with `strict`.
    StrictTools,
    /// Members that need not be there.
    Optional,
    /// Members with `anyOf` or a list of types.
    Unions,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::StrictTools => "strict tools",
            Self::Optional => "optional members in strict schemas",
            Self::Unions => "members with union types in strict schemas",
        })
    }
}

impl SchemaLimits {
    /// The limits of Claude, over all strict tools and the output schema together (R23).
    pub fn claude() -> Self {
        Self { strict_tools: Some(20), optional: Some(24), unions: Some(16) }
    }

    /// Whether the service takes this much.
    ///
    /// # Errors
    /// The first limit that is passed.
    ///
    /// ```
    /// use outcrop_core::schema::{SchemaCounts, SchemaLimits};
    /// let schema = serde_json::json!({"type": "object", "properties": {"a": {"type": ["string", "null"]}}});
    /// let counts = SchemaCounts::of([&schema], None);
    /// assert_eq!((counts.strict_tools, counts.optional, counts.unions), (1, 1, 1));
    /// assert!(SchemaLimits::claude().check(&counts).is_ok());
    /// ```
    pub fn check(&self, counts: &SchemaCounts) -> Result<(), OverLimit> {
        let all = [
            (Counted::StrictTools, counts.strict_tools, self.strict_tools),
            (Counted::Optional, counts.optional, self.optional),
            (Counted::Unions, counts.unions, self.unions),
        ];
        for (what, count, limit) in all {
            if let Some(limit) = limit.filter(|limit| count > *limit) {
                return Err(OverLimit { what, count, limit });
            }
        }
        Ok(())
    }
}

impl SchemaCounts {
    /// Counts over the schemas of all strict tools and the schema of the output, as they are sent.
    ///
    /// # Complexity
    /// Each part of the schemas is looked at once.
    pub fn of<'a>(strict_tools: impl IntoIterator<Item = &'a Value>, output: Option<&'a Value>) -> Self {
        let mut counts = Self::default();
        for tool in strict_tools {
            counts.strict_tools += 1;
            counts.add(tool, 0);
        }
        if let Some(output) = output {
            counts.add(output, 0);
        }
        counts
    }

    fn add(&mut self, schema: &Value, depth: usize) {
        let Some(schema) = schema.as_object().filter(|_| depth < MAX_DEPTH) else { return };
        for (keyword, value) in schema {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(members)) => {
                    let required = schema.get("required").and_then(Value::as_array);
                    for (name, member) in members {
                        let is_required = required.is_some_and(|names| names.iter().any(|one| one == name));
                        let is_union = member.get("anyOf").is_some() || member["type"].is_array();
                        self.optional += usize::from(!is_required);
                        self.unions += usize::from(is_union);
                        self.add(member, depth + 1);
                    }
                }
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(parts)) => {
                    parts.iter().for_each(|part| self.add(part, depth + 1));
                }
                ("items" | "additionalProperties" | "not", part) => self.add(part, depth + 1),
                _ => {}
            }
        }
    }
}
