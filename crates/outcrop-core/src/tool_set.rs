//! The tools of an agent, each with its compiled schema, and the one place where an input becomes executable.
//!
//! # Invariants
//! - Names are valid and unique (R14); schemas are JSON Schemas of objects.
//! - [`ReadyInput`]s are made by `ToolSet::check` alone, which only the [`Turn`](crate::Turn) calls, once the
//!   call's block has ended and the model has moved on.
//! - The check is against the schema that the tool declared, not against what was adapted for a model.

mod hint;

use std::{collections::HashMap, fmt, fmt::Write as _};

use serde_json::Value;

use crate::{
    InputSchema, InputText, ReadyInput, ToolSpec,
    tool_input::{check_doubles, parse_strict},
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
    tools: Vec<(ToolSpec, jsonschema::Validator)>,
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
    /// `value` is what [`InputText::read`] made of the text, where that is still at hand.
    pub(crate) fn check(
        &self,
        name: &str,
        text: &InputText,
        value: Option<Value>,
    ) -> Result<ReadyInput, InvalidInput> {
        let Some(index) = self.position(name) else {
            let names: Vec<_> =
                self.specs().take(MAX_ERRORS * 8).map(|spec| format!("`{}`", spec.name)).collect();
            return Err(InvalidInput::UnknownTool { name: excerpt(name), known: names.join(", ") });
        };
        let read = match value {
            _ if text.as_str().trim().is_empty() => Ok(Value::Object(serde_json::Map::new())),
            Some(value) => check_doubles(text.as_str(), &value).map(|()| value),
            None => parse_strict(text.as_str()),
        };
        let value = read.map_err(|error| InvalidInput::NotJson {
            reason: error.to_string(),
            raw: excerpt(text.as_str()),
        })?;
        if !value.is_object() {
            return Err(InvalidInput::NotJson {
                reason: "not an object".into(),
                raw: excerpt(text.as_str()),
            });
        }
        let mut problems = String::new();
        let mut more = 0usize;
        for (count, error) in self.tools[index].1.iter_errors(&value).enumerate() {
            if count >= MAX_ERRORS {
                more += 1;
                continue;
            }
            let pointer = error.instance_path().to_string();
            let place = if pointer.is_empty() { "the input".to_owned() } else { format!("`{pointer}`") };
            let _ = write!(problems, "\n- {place}: {}", excerpt(&error.to_string()));
            if let Some(hint) = hint::of(&error, &value) {
                let _ = write!(problems, " ({hint})");
            }
        }
        if problems.is_empty() {
            return Ok(ReadyInput::new(value, text.clone()));
        }
        if more > 0 {
            let _ = write!(problems, "\n- and {more} more");
        }
        Err(InvalidInput::Schema { problems })
    }
}

impl fmt::Debug for ToolSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.specs().map(|spec| &spec.name)).finish()
    }
}

fn compile(spec: &ToolSpec) -> Result<jsonschema::Validator, String> {
    let InputSchema::Json(raw) = &spec.input_schema else { return Err("it is of an unknown kind".into()) };
    let schema: Value = raw.parse_into().map_err(|error| error.to_string())?;
    let object = schema.get("type").is_some_and(|kind| kind == "object");
    if !object {
        return Err("the top level must be of type `object`; put the value into a field".into());
    }
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
}

/// Problems that are spelled out for the model; beyond them a count is enough.
const MAX_ERRORS: usize = 8;
/// Characters of the model's own text that are shown back to it.
const MAX_EXCERPT: usize = 600;

pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// Why a tool's input cannot be executed, worded for the model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// No such tool.
    #[error("There is no tool called `{name}`. {}", if known.is_empty() { "There are no tools.".to_owned() } else { format!("The tools are: {known}.") })]
    UnknownTool {
        /// The name that the model wrote, bounded.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The text is not one strict JSON object.
    #[error(
        "The input is not valid JSON ({reason}), so the tool was not run. Send one JSON object. The input was: {raw}"
    )]
    NotJson {
        /// What is wrong.
        reason: String,
        /// The text, bounded.
        raw: String,
    },
    /// The value does not fit the schema.
    #[error("The input does not fit the tool's schema, so the tool was not run:{problems}")]
    Schema {
        /// One line a problem, each with its JSON Pointer.
        problems: String,
    },
    /// Nothing says that the input is whole.
    #[error("The call was not finished{}, so the tool was not run.", stop_reason.as_deref().map(|r| format!(" (stop reason `{r}`)")).unwrap_or_default())]
    NotWhole {
        /// Why the model stopped, where that is the reason.
        stop_reason: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

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
            - `/days`: 0 is less than the minimum of 1
            - the input: Additional properties are not allowed ('when' was unexpected)
            - the input: "city" is a required property"#]],
        );
    }

    /// R49: what models often do wrong is named, and not mended here.
    #[test]
    fn hints() {
        let schema = json!({
            "type": "object",
            "properties": {
                "to": { "type": "array", "items": { "type": "string" } },
                "filter": { "type": ["object", "null"] },
                "copies": { "type": "integer" },
                "content": { "type": "string" },
                "metadata": { "type": "object" },
            },
            "required": ["content", "metadata"],
        });
        let set = ToolSet::new([ToolSpec::with_schema("send", "Sends.", schema)]).unwrap();
        let check = |text: &str, expected: Expect| {
            expected.assert_eq(&set.check("send", &InputText::from(text), None).unwrap_err().to_string());
        };
        check(
            r#"{"to":"[\"a@example.com\"]","filter":"{\"k\":1}","copies":"2","content":"","metadata":{}}"#,
            expect![[r#"
                The input does not fit the tool's schema, so the tool was not run:
                - `/to`: "[\"a@example.com\"]" is not of type "array" (it is a string that holds an array: give an array itself)
                - `/filter`: "{\"k\":1}" is not of types "null", "object" (it is a string that holds an object: give an object itself)
                - `/copies`: "2" is not of type "integer" (it is a string that holds a number: give a number itself)"#]],
        );
        // A string that is none of what is wanted gets no hint.
        check(
            r#"{"to":"[a","copies":"two","content":"","metadata":{}}"#,
            expect![[r#"
            The input does not fit the tool's schema, so the tool was not run:
            - `/to`: "[a" is not of type "array"
            - `/copies`: "two" is not of type "integer""#]],
        );
        check(
            r#"{"content":"long text</content>\n<parameter name=\"metadata\">{\"tags\": \"a,b\"}"}"#,
            expect![[r#"
                The input does not fit the tool's schema, so the tool was not run:
                - the input: "metadata" is a required property (`/content` holds the markup of a call: it may have swallowed what was to follow)"#]],
        );
        check(
            r#"{"content":"all done.</content>\n</invoke>"}"#,
            expect![[r#"
            The input does not fit the tool's schema, so the tool was not run:
            - the input: "metadata" is a required property (`/content` holds the markup of a call: it may have swallowed what was to follow)"#]],
        );
        check(
            r#"{"content":"a <b>word</b>"}"#,
            expect![[r#"
            The input does not fit the tool's schema, so the tool was not run:
            - the input: "metadata" is a required property"#]],
        );
    }

    /// R37: a blank input is the empty object; the schema still decides.
    #[test]
    fn blank_input() {
        check(
            " ",
            expect![[r#"
            The input does not fit the tool's schema, so the tool was not run:
            - the input: "city" is a required property"#]],
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
