//! The tools of an agent, each with its compiled schema, and the one place where an input becomes executable.
//!
//! # Invariants
//! - Names are valid and unique (R14); schemas are JSON Schemas of objects.
//! - [`ReadyInput`]s are made by `ToolSet::check` alone, which only the [`Turn`](crate::Turn) calls, once the
//!   call's block has ended and the model has moved on.
//! - The check is against the schema that the tool declared, not against what was adapted for a model.

use std::{collections::HashMap, fmt};

use crate::{
    InputSchema, InputText, InvalidInput, ReadyInput, ToolSpec,
    decode::{Schema, excerpt},
    tool_input::{Read, refuse_doubles},
};

/// A tool that cannot be offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToolSetError {
    /// The service takes names of 1 to 64 characters of `[a-zA-Z0-9_-]`.
    #[error("`{name}` is no name for a tool: 1 to 64 letters, digits, `_` or `-`")]
    BadName {
        /// The name.
        name: String,
    },
    /// Two tools of one name.
    #[error("two tools are called `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// The schema is no JSON Schema of an object.
    #[error("the input schema of tool `{name}` cannot be used: {reason}")]
    BadSchema {
        /// The tool.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// The tools of an agent.
///
/// ```
/// use outcrop_core::{ToolSet, ToolSpec};
/// let spec = ToolSpec::with_schema("ping", "Answers.", serde_json::json!({"type": "object"}));
/// assert!(ToolSet::new([spec.clone()]).is_ok());
/// assert!(ToolSet::new([spec.clone(), spec]).is_err());
/// ```
#[derive(Default)]
pub struct ToolSet {
    tools: Vec<(ToolSpec, Schema)>,
    by_name: HashMap<String, usize>,
    any_live: bool,
}

impl ToolSet {
    /// The tools, in the order in which the model will see them.
    ///
    /// # Errors
    /// The first tool that cannot be offered.
    pub fn new(specs: impl IntoIterator<Item = ToolSpec>) -> Result<Self, ToolSetError> {
        let mut set = Self::default();
        for spec in specs {
            let name = spec.name.clone();
            if !ToolSpec::is_valid_name(&name) {
                return Err(ToolSetError::BadName { name });
            }
            if set.by_name.insert(name.clone(), set.tools.len()).is_some() {
                return Err(ToolSetError::Duplicate { name });
            }
            let validator = compile(&spec).map_err(|reason| ToolSetError::BadSchema { name, reason })?;
            set.tools.push((spec, validator));
        }
        Ok(set)
    }

    /// Says whether the input of a tool is shown while the model writes it, which [`ToolStreaming::Auto`] goes by.
    ///
    /// [`ToolStreaming::Auto`]: crate::ToolStreaming::Auto
    #[must_use]
    pub fn with_any_live(mut self, any_live: bool) -> Self {
        self.any_live = any_live;
        self
    }

    /// Whether the input of a tool is shown while the model writes it.
    pub fn any_live(&self) -> bool {
        self.any_live
    }

    /// The specs, in order.
    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.iter().map(|(spec, _)| spec)
    }

    /// The place of the tool called `name` in [`ToolSet::specs`].
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether there is no tool.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// What a whole, finished text is for the tool called `name`: an input that may run, or why not.
    /// `read` is what [`InputText::read`] made of the text, where that is still at hand.
    pub(crate) fn check(
        &self,
        name: &str,
        text: &InputText,
        read: Option<Read>,
    ) -> Result<ReadyInput, InvalidInput> {
        let Some(index) = self.position(name) else {
            let names: Vec<_> = self.specs().take(MAX_NAMES).map(|spec| format!("`{}`", spec.name)).collect();
            return Err(InvalidInput::UnknownTool { name: excerpt(name), known: names.join(", ") });
        };
        let read = match read {
            _ if text.as_str().trim().is_empty() => Ok(Read::blank()),
            Some(read) => Ok(read),
            None => Read::of(text.as_str()),
        };
        let read = read.and_then(|read| {
            if read.doubled {
                refuse_doubles(text.as_str())?;
            }
            Ok(read)
        });
        let Read { value, exact, .. } =
            read.map_err(|error| InvalidInput::not_json(&error, text.as_str()))?;
        if !value.is_object() {
            return Err(InvalidInput::NotJson {
                reason: "not an object".into(),
                raw: excerpt(text.as_str()),
            });
        }
        let schema = &self.tools[index].1;
        schema.check(&value).map_err(|problems| InvalidInput::Schema { problems })?;
        Ok(ReadyInput::new(value, text.clone(), schema.raw().clone(), exact))
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.specs().map(|spec| &spec.name)).finish()
    }
}

fn compile(spec: &ToolSpec) -> Result<Schema, String> {
    let InputSchema::Json(raw) = &spec.input_schema else { return Err("it is of an unknown kind".into()) };
    Schema::of_object(raw)
}

/// Names of tools that are told to a model that called another one.
const MAX_NAMES: usize = 64;

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let schema = json!({
            "type": "object",
            "properties": { "city": { "type": "string" }, "days": { "type": "integer", "minimum": 1 } },
            "required": ["city"],
            "additionalProperties": false,
        });
        let set = ToolSet::new([ToolSpec::with_schema("plan", "Plans.", schema)]).unwrap();
        let found = match set.check("plan", &InputText::from(text), None) {
            Ok(input) => format!("ready {}", input.value()),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn whole_and_valid() {
        check(r#"{"city":"Lisbon","days":2}"#, expect![[r#"ready {"city":"Lisbon","days":2}"#]]);
    }

    /// R41, R42: what is cut, guessed or repaired elsewhere is never an input here.
    #[test]
    fn not_json() {
        check(
            r#"{"city":"Lis"#,
            expect![[
                r#"The input is not valid JSON (EOF while parsing a string at line 1 column 12), so the tool was not run. Send one JSON object. The input was: {"city":"Lis"#
            ]],
        );
        check(
            "Lisbon",
            expect![
                "The input is not valid JSON (expected value at line 1 column 1), so the tool was not run. Send one JSON object. The input was: Lisbon"
            ],
        );
        check(
            "null",
            expect![
                "The input is not valid JSON (not an object), so the tool was not run. Send one JSON object. The input was: null"
            ],
        );
        check(
            r#"{"city":"\ud83d"}"#,
            expect![[
                r#"The input is not valid JSON (unexpected end of hex escape at line 1 column 16), so the tool was not run. Send one JSON object. The input was: {"city":"\ud83d"}"#
            ]],
        );
    }

    #[test]
    fn against_the_schema() {
        check(
            r#"{"days":0,"when":"now"}"#,
            expect![[r#"
                The input does not fit the tool's schema, so the tool was not run:
                - top level: expected no members but `city` and `days`, found `when`
                - top level: expected the member `city`, found only `days` and `when`. The schema there: {"city":{"type":"string"}}
                - `/days`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1}"#]],
        );
    }

    /// R37: a blank input is the empty object; the schema still decides.
    #[test]
    fn blank_input() {
        check(
            " ",
            expect![[r#"
                The input does not fit the tool's schema, so the tool was not run:
                - top level: expected the member `city`, found an empty object. The schema there: {"city":{"type":"string"}}"#]],
        );
        let set = ToolSet::new([ToolSpec::of::<()>("now", "The time.")]).unwrap();
        assert_eq!(set.check("now", &"".into(), None).unwrap().value(), &json!({}));
    }

    #[test]
    fn tools_that_cannot_be_offered() {
        let object = json!({ "type": "object" });
        let set = |name: &str, schema: &Value| {
            ToolSet::new([ToolSpec::with_schema(name, "", schema.clone())]).err()
        };
        assert_eq!(set("a b", &object), Some(ToolSetError::BadName { name: "a b".into() }));
        assert!(matches!(set("a", &json!({ "type": "string" })), Some(ToolSetError::BadSchema { .. })));
        assert!(matches!(
            set("a", &json!({ "type": "object", "required": 1 })),
            Some(ToolSetError::BadSchema { .. })
        ));
    }
}
