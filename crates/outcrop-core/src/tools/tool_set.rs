//! The tools of an agent, each with its compiled schema, and the one place where an input becomes executable.
//!
//! # Invariants
//! - Names are valid and unique (R14); schemas are JSON Schemas of objects.
//! - [`ReadyInput`]s are made by `ToolSet::check` alone. Two call it: the [`Turn`](crate::turn::Turn), once the call's block has
//!   ended and the model has moved on, and [`ToolSet::admit`], for calls that a turn handed out and a durable engine kept.
//! - The check is against the schema that the tool declared, not against what was adapted for a model.

use std::{collections::HashMap, fmt, time::Duration};

use crate::{
    tools::{CallData, InputHash, InvalidInput, ReadyInput, decode::Schema},
    wire::{
        InputSchema, InputText, ToolSpec,
        excerpt::excerpt,
        strict_json::{Read, refuse_doubles},
    },
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

/// A tool: what the model is told of it, and how its calls may run.
///
/// ```
/// use std::time::Duration;
/// use outcrop_core::{ToolDef, ToolSet, ToolSpec};
/// let spec = ToolSpec::with_schema("pay", "Pays.", serde_json::json!({"type": "object"}));
/// let mut pay = ToolDef::from(spec);
/// pay.policy.sequential = true;
/// pay.policy.timeout = Some(Duration::from_secs(20));
/// let tools = ToolSet::new([pay])?;
/// assert!(tools.policy("pay").unwrap().sequential);
/// # Ok::<(), outcrop_core::tools::ToolSetError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolDef {
    /// What the model is told.
    pub spec: ToolSpec,
    /// How its calls may run.
    pub policy: ToolPolicy,
}

impl From<ToolSpec> for ToolDef {
    fn from(spec: ToolSpec) -> Self {
        let policy = ToolPolicy { strict: spec.strict == Some(true), ..ToolPolicy::default() };
        Self { spec, policy }
    }
}

/// How the calls of a tool may run. The [`Turn`](crate::turn::Turn) obeys it under every driver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolPolicy {
    /// A call changes nothing. One that was running when its turn was saved is run again.
    pub read_only: bool,
    /// A call runs alone: the calls before it have ended, those after it wait for its end.
    pub sequential: bool,
    /// The input is shown while the model writes it, which [`ToolStreaming::Auto`](crate::turn::ToolStreaming::Auto) goes by.
    pub live: bool,
    /// The model is constrained to the schema while it writes, where it supports that.
    pub strict: bool,
    /// A call runs only after [`Action::Decide`](crate::turn::Action::Decide) was answered.
    pub approval: bool,
    /// How long a call may take, from its dispatch; without it there is no limit.
    pub timeout: Option<Duration>,
    /// A call is never dispatched a second time, whatever happened to the first, even if it is `read_only`.
    pub once: bool,
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
    tools: Vec<(ToolDef, Schema)>,
    by_name: HashMap<String, usize>,
}

impl ToolSet {
    /// The tools, in the order in which the model will see them.
    ///
    /// # Errors
    /// The first tool that cannot be offered.
    pub fn new(tools: impl IntoIterator<Item: Into<ToolDef>>) -> Result<Self, ToolSetError> {
        let mut set = Self::default();
        for tool in tools {
            let tool = tool.into();
            let name = tool.spec.name.clone();
            if !ToolSpec::is_valid_name(&name) {
                return Err(ToolSetError::BadName { name });
            }
            if set.by_name.insert(name.clone(), set.tools.len()).is_some() {
                return Err(ToolSetError::Duplicate { name });
            }
            let validator = compile(&tool.spec).map_err(|reason| ToolSetError::BadSchema { name, reason })?;
            set.tools.push((tool, validator));
        }
        Ok(set)
    }

    /// Whether the input of a tool is shown while the model writes it.
    pub fn any_live(&self) -> bool {
        self.tools.iter().any(|(tool, _)| tool.policy.live)
    }

    /// How the calls of the tool called `name` may run.
    pub fn policy(&self, name: &str) -> Option<&ToolPolicy> {
        Some(&self.tools[self.position(name)?].0.policy)
    }

    /// The specs, in order.
    pub fn specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tools.iter().map(|(tool, _)| &tool.spec)
    }

    /// The place of the tool called `name` in [`ToolSet::specs`].
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Whether there is no tool.
    pub fn is_empty(&self) -> bool {
        self.tools.is_empty()
    }

    /// Makes the input of a call executable again that a turn handed out and that was kept as data since, as by a durable
    /// engine that runs the tool in another process. It is parsed and validated again, by the tools that are there now.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use outcrop_core::{profile::*, schema::*, tools::*, turn::*, wire::*};
    ///
    /// let spec = ToolSpec::with_schema("ping", "Answers.", serde_json::json!({"type": "object"}));
    /// let tools = Arc::new(ToolSet::new([spec]).unwrap());
    /// let config = Arc::new(TurnConfig::new("a.model", Arc::clone(&tools)));
    /// let mut turn = Turn::new(config, History::new(), Message::user("Ping"), "t1", Time(0));
    /// let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
    /// let message = Message::assistant([ToolUse::new("c1", "ping", serde_json::json!({"times": 2})).into()].to_vec());
    /// turn.on_response(ask.id, Response::new(Output::Message(message), StopReason::ToolUse), Time(1));
    /// let Some(Action::Dispatch(dispatch)) = turn.next_action() else { panic!("the call is run") };
    ///
    /// let data = serde_json::to_string(&dispatch.to_data()).unwrap();
    /// let input = tools.admit(&serde_json::from_str(&data).unwrap()).unwrap();
    /// assert_eq!(input.value()["times"], 2);
    /// assert!(tools.admit(&serde_json::from_str(&data.replace('2', "3")).unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// The text is not the one that was handed out, there is no such tool any more, or the text does not fit its schema.
    pub fn admit(&self, call: &CallData) -> Result<ReadyInput, InvalidInput> {
        if call.input_hash != InputHash::of(&call.input) {
            return Err(InvalidInput::Altered);
        }
        self.check(&call.name, &InputText::from(call.input.as_str()), None)
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
                hint: None,
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
                r#"The input is not valid JSON (EOF while parsing a string at line 1 column 12), so the tool was not run. Send one JSON object. Perhaps you meant: {"city":"Lis"}. The input was: {"city":"Lis"#
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
