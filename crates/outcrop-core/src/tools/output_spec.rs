//! What a turn is to end with: a value of a schema, and how it is asked for.
//!
//! # Invariants
//! - The value that a turn gives is what the model wrote, to the digit, and is valid for the schema as it was given:
//!   what was adapted for a model decides nothing.
//! - A text is read strictly; only where a model was asked in words alone may there be something around the value,
//!   see [`Strategy::Prompt`].

mod outcome;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    profile::Profile,
    schema::{SchemaDialect, adapt, adapt::WRAPPER},
    tools::{
        Problem, Problems,
        decode::{self, Schema},
    },
    wire::{RawJson, ToolSpec, raw_json::all_members, strict_json::parse_strict},
};

pub use outcome::{OutputAttempt, OutputFailure, OutputFailureReason, TurnOutput};

/// How a model is asked for a value.
///
/// ```
/// use outcrop_core::Strategy;
/// assert_eq!(serde_json::to_string(&Strategy::StrictTool)?, r#""strictTool""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Strategy {
    /// By what the model takes: [`Native`](Self::Native), then [`Tool`](Self::Tool), then
    /// [`Prompt`](Self::Prompt). Where a request is refused for its sake, the next one is asked for. The others are
    /// kept to, whatever the service says.
    #[default]
    Auto,
    /// `outputConfig.textFormat`: the model's text is held to the schema while it is written.
    Native,
    /// By a tool whose input is held to the schema while it is written.
    StrictTool,
    /// By a tool. The model is made to call it where it can be, and told to otherwise. What a model thought and binds to
    /// the tools that it was offered is left out of the requests of such a turn, and what it thinks in it of those of
    /// others.
    Tool,
    /// In words. Text around the value and commas at the end of lists are passed over, and told as a diagnostic.
    Prompt,
}

impl Strategy {
    /// The word for it in diagnostics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Native => "native output",
            Self::StrictTool => "a strict tool",
            Self::Tool => "a tool",
            Self::Prompt => "words alone",
        }
    }
}

/// What becomes of other tool calls in the step that gives the output (R84).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndPolicy {
    /// They are not run.
    #[default]
    Early,
    /// They are run before the turn ends.
    Exhaustive,
}

/// An output that cannot be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutputSpecError {
    /// It is the name of a tool too: 1 to 64 characters of `[a-zA-Z0-9_-]`.
    #[error("`{name}` is no name for an output: 1 to 64 letters, digits, `_` or `-`")]
    BadName {
        /// The name.
        name: String,
    },
    /// The schema is no JSON Schema.
    #[error("the schema of output `{name}` cannot be used: {reason}")]
    BadSchema {
        /// The output.
        name: String,
        /// What is wrong.
        reason: String,
    },
}

/// What is made of nothing, where the text is the empty object.
fn unit<T: DeserializeOwned>(text: &RawJson) -> Option<T> {
    let empty = text.to_value()?.as_object()?.is_empty();
    empty.then(|| serde_json::from_value(Value::Null).ok()).flatten()
}

/// What tells a schema from others, for what is learned about it.
pub(crate) fn schema_hash(schema: &RawJson) -> u32 {
    crc32fast::hash(schema.as_str().as_bytes())
}

/// A check beyond the schema: what is wrong with the value.
type Check = Arc<dyn Fn(&RawJson, &Value) -> Result<(), Problems> + Send + Sync>;

/// What a turn is to end with. Made once; turns share it.
///
/// ```
/// use outcrop_core::OutputSpec;
/// use serde_json::json;
///
/// let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
/// let spec = OutputSpec::new("trip", schema)?.retries(1);
/// assert_eq!(spec.name(), "trip");
/// # Ok::<(), outcrop_core::tools::OutputSpecError>(())
/// ```
#[derive(Clone)]
pub struct OutputSpec {
    name: String,
    description: Option<String>,
    schema: Arc<Schema>,
    shown: Arc<Shown>,
    strategy: Strategy,
    strict: bool,
    live: bool,
    retries: u32,
    end_policy: EndPolicy,
    checks: Vec<Check>,
}

impl OutputSpec {
    /// An output called `name`, which is also the name of the tool that takes it where it is asked for by one.
    /// `schema` is any JSON Schema; where its top level is no object, the model is asked for an object with the value
    /// in it, and what it gives is unwrapped (R83).
    ///
    /// # Errors
    /// The name is no name of a tool, or the schema is none.
    pub fn new(name: impl Into<String>, schema: impl Into<RawJson>) -> Result<Self, OutputSpecError> {
        let (name, schema) = (name.into(), schema.into());
        if !ToolSpec::is_valid_name(&name) {
            return Err(OutputSpecError::BadName { name });
        }
        let schema = match Schema::of(&schema) {
            Ok(schema) => Arc::new(schema),
            Err(reason) => return Err(OutputSpecError::BadSchema { name, reason }),
        };
        Ok(Self {
            name,
            description: None,
            schema,
            shown: Arc::default(),
            strategy: Strategy::Auto,
            strict: false,
            live: false,
            retries: 2,
            end_policy: EndPolicy::Early,
            checks: Vec::new(),
        })
    }

    /// Says what it is for.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into()).filter(|text| !text.trim().is_empty());
        self
    }

    /// How it is asked for; [`Strategy::Auto`] unless set.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Whether [`Strategy::Auto`] asks by a strict tool where it asks by a tool and the model takes strict ones.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether it is shown while the model writes it. Where it is asked for by a tool,
    /// [`ToolStreaming::Auto`](crate::turn::ToolStreaming::Auto) goes by that.
    #[must_use]
    pub fn live(mut self, live: bool) -> Self {
        self.live = live;
        self
    }

    /// How often the model is asked again where it gave none that is valid; 2 unless set.
    #[must_use]
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self
    }

    /// What becomes of other tool calls in the step that gives it.
    #[must_use]
    pub fn end_policy(mut self, end_policy: EndPolicy) -> Self {
        self.end_policy = end_policy;
        self
    }

    /// Adds a check of values that are valid for the schema. It gets the text and the value; what it reports goes to
    /// the model.
    ///
    /// ```
    /// use outcrop_core::{OutputSpec, tools::Problem};
    ///
    /// let spec = OutputSpec::new("trip", serde_json::json!({"type": "object"}))?.validate(|_, trip| {
    ///     if trip["days"] == 1 { Err(Problem::new("/days", "more than a day", "one").into()) } else { Ok(()) }
    /// });
    /// # Ok::<(), outcrop_core::tools::OutputSpecError>(())
    /// ```
    #[must_use]
    pub fn validate(
        mut self,
        check: impl Fn(&RawJson, &Value) -> Result<(), Problems> + Send + Sync + 'static,
    ) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// Adds the check that the value can be read as a `T`, by [`TurnOutput::decode`].
    #[must_use]
    pub fn read_as<T: DeserializeOwned>(self) -> Self {
        self.validate_as(|_: &T| Ok(()))
    }

    /// As [`Self::read_as`], and adds what `check` reports of the `T`.
    #[must_use]
    pub fn validate_as<T: DeserializeOwned>(
        self,
        check: impl Fn(&T) -> Result<(), Problems> + Send + Sync + 'static,
    ) -> Self {
        let schema = self.schema().clone();
        self.validate(move |text, _| {
            let read = decode::read::<T>(text.as_str(), None, &schema);
            check(&read.or_else(|problem| unit(text).ok_or(problem))?)
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its schema, as it was given.
    pub fn schema(&self) -> &RawJson {
        self.schema.raw()
    }

    pub(crate) fn wanted_strategy(&self) -> Strategy {
        self.strategy
    }

    pub(crate) fn prefers_strict(&self) -> bool {
        self.strict
    }

    pub(crate) fn is_live(&self) -> bool {
        self.live
    }

    pub(crate) fn most_retries(&self) -> u32 {
        self.retries
    }

    pub(crate) fn policy(&self) -> EndPolicy {
        self.end_policy
    }

    pub(crate) fn told(&self) -> Option<&str> {
        self.description.as_deref()
    }

    pub(crate) fn schema_hash(&self) -> u32 {
        schema_hash(self.schema())
    }

    /// The schema that a model that takes what `profile` says is shown.
    ///
    /// # Errors
    /// Why it cannot be asked for in that way.
    pub(crate) fn offered(&self, strategy: Strategy, profile: &Profile) -> Result<Arc<Offered>, String> {
        let Shown { native, inlined, tool, inlined_tool } = &*self.shown;
        let held = matches!(strategy, Strategy::Native | Strategy::StrictTool);
        let kept = match (held, profile.schema.follows_references) {
            (true, true) => native,
            (true, false) => inlined,
            (false, true) => tool,
            (false, false) => inlined_tool,
        };
        let dialect = || {
            let dialect = if held { SchemaDialect::native() } else { SchemaDialect::tool() };
            SchemaDialect { references: profile.schema.follows_references, ..dialect }
        };
        kept.get_or_init(|| self.adapted(&dialect())).clone()
    }

    fn adapted(&self, dialect: &SchemaDialect) -> Result<Arc<Offered>, String> {
        let schema: Value = self.schema().parse_into().map_err(|error| error.to_string())?;
        let adapted = adapt(&schema, dialect).map_err(|error| error.to_string())?;
        let losses = adapted.changes.iter().filter(|change| change.is_loss());
        let changes = losses.map(ToString::to_string).collect();
        let as_given = adapted.schema == schema;
        let raw = if as_given { self.schema().clone() } else { RawJson::from(&adapted.schema) };
        Ok(Arc::new(Offered { schema: raw, value: adapted.schema, wrapped: adapted.wrapped, changes }))
    }

    /// The value that a whole text is, or what is wrong with it in words for the model.
    pub(crate) fn read(&self, text: &str, wrapped: bool) -> Result<RawJson, String> {
        // Before anything else: a name that is there twice would be found in none of what follows.
        let whole = parse_strict(text).map_err(|error| format!("\n- it is not valid JSON: {error}"))?;
        let (raw, value): (RawJson, Value) = if wrapped {
            let inner = all_members(text).filter(|members| members.len() == 1);
            let inner = inner.and_then(|mut members| members.pop()).filter(|(name, _)| name == WRAPPER);
            let Some((_, raw)) = inner else {
                let expected = format!("an object with the one member `{WRAPPER}`");
                return Err(Problems::from(Problem::new("", expected, decode::found(&whole))).to_string());
            };
            let Value::Object(mut members) = whole else { return Err(String::new()) };
            (RawJson::from_boxed(raw.to_owned()), members.remove(WRAPPER).unwrap_or_default())
        } else {
            (text.parse().map_err(|error| format!("\n- it is not valid JSON: {error}"))?, whole)
        };
        let checks = self.checks.iter().map(|check| check(&raw, &value));
        let place = if wrapped { "/value" } else { "" };
        std::iter::once(self.schema.check(&value))
            .chain(checks)
            .try_for_each(|checked| checked.map_err(|problems| problems.under(place).to_string()))?;
        Ok(raw)
    }
}

impl fmt::Debug for OutputSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputSpec")
            .field("name", &self.name)
            .field("strategy", &self.strategy)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// A schema as models are shown it, made when it is needed.
#[derive(Debug, Default)]
struct Shown {
    native: Adaptation,
    inlined: Adaptation,
    tool: Adaptation,
    inlined_tool: Adaptation,
}

type Adaptation = OnceLock<Result<Arc<Offered>, String>>;

/// A schema as a model is shown it.
#[derive(Debug, PartialEq)]
pub(crate) struct Offered {
    pub(crate) schema: RawJson,
    pub(crate) value: Value,
    /// The value stands in the member [`WRAPPER`] of it.
    pub(crate) wrapped: bool,
    /// What it takes and the original does not, or the other way round.
    pub(crate) changes: Vec<String>,
}
