//! Which of the tools that were declared strict can be, side by side, with a model, and what becomes of their schemas.
//!
//! A turn asks by it, and whoever wants to know before anything is sent asks for it.
//!
//! # Invariants
//! - One schema that the service would refuse never breaks the other tools: its tool is not strict, and it is said why
//!   (R80). Where there are too many, those that were declared first are strict.
//! - It is a function of the tools and the profile.

use std::fmt;

use serde_json::Value;

use crate::{
    profile::Profile,
    schema::{
        Adapted, Inexpressible, LintFinding, OverLimit, SchemaChange, SchemaCounts, SchemaDialect,
        SchemaLimits, adapt, adapt::Why, lint,
    },
    tools::{ToolSet, output_spec::schema_hash},
    wire::{InputSchema, RawJson},
};

/// What becomes of the tools that were declared strict. As text it tells each tool, with what a strict schema does not
/// hold the model to.
///
/// ```
/// use outcrop_core::{Profile, ToolSet, ToolSpec, tools::StrictReport};
/// use serde_json::json;
///
/// let days = json!({ "type": "integer", "minimum": 1 });
/// let mut plan = ToolSpec::with_schema("plan", "Plans a trip.", json!({ "type": "object", "properties": { "days": days } }));
/// plan.strict = Some(true);
/// let tools = ToolSet::new([plan])?;
///
/// let report = StrictReport::of(&tools, &Profile::of("anthropic.claude-sonnet-4-6"));
/// assert!(report.is_strict());
/// assert_eq!(report.to_string(), "\
/// `plan` is strict
///   `/properties/days`: `minimum` moved into the description
/// together: 1 strict tools, 1 optional members, 0 members with union types
/// ");
/// assert!(!StrictReport::of(&tools, &Profile::of("amazon.nova-lite-v1:0")).is_strict());
/// # Ok::<(), outcrop_core::tools::ToolSetError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StrictReport {
    /// The tools that were declared strict, in the order in which the model sees them.
    pub tools: Vec<StrictTool>,
    /// What those that are strict hold together. The output of a turn is counted with them where it is asked for
    /// natively or by a strict tool; it gives way to them.
    pub counts: SchemaCounts,
}

/// A tool that was declared strict.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StrictTool {
    /// Its name.
    pub name: String,
    /// The schema that it was declared with; every input is held to it, strict or not.
    pub declared: RawJson,
    /// The schema that is sent and what was changed in it, or why the tool goes without `strict` and with the schema
    /// that it was declared with.
    pub outcome: Result<Adapted, NotStrict>,
    /// Its place in the set of tools.
    pub(crate) at: usize,
}

/// Why a tool is not strict that was declared so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotStrict {
    /// The model is not known to take such tools, or refused them.
    #[error("the model takes no strict tools")]
    Model,
    /// The service refused the schema of this tool, or all strict ones together, of which it cost most.
    #[error("the service refused its schema")]
    Refused,
    /// What the schema says cannot be said to any model in the form that strict tools take.
    #[error(transparent)]
    Inexpressible(#[from] Inexpressible),
    /// The input comes in several forms, which can stand in a member, but not at the top level.
    #[error("its top level takes several forms; put them into a member")]
    Root,
    /// With the strict tools before it, it is more than the service takes in one request.
    #[error(transparent)]
    OverLimit(#[from] OverLimit),
}

impl StrictReport {
    /// The report on those of `tools` that were declared strict, for a model that takes what `profile` says.
    ///
    /// By [`Profile::permissive`] it tells what is so whatever the model.
    pub fn of(tools: &ToolSet, profile: &Profile) -> Self {
        let mut report = Self::default();
        let mut schemas: Vec<Value> = Vec::new();
        for (at, spec) in tools.specs().enumerate().filter(|(_, spec)| spec.strict == Some(true)) {
            // No set holds schemas of another kind.
            let InputSchema::Json(declared) = &spec.input_schema else { continue };
            let outcome = adapted(declared, profile, &schemas);
            schemas.extend(outcome.iter().map(|adapted| adapted.schema.clone()));
            let (name, declared) = (spec.name.clone(), declared.clone());
            report.tools.push(StrictTool { name, declared, outcome, at });
        }
        report.counts = SchemaCounts::of(&schemas, None);
        report
    }

    /// Whether every tool that was declared strict is.
    pub fn is_strict(&self) -> bool {
        self.tools.iter().all(|tool| tool.outcome.is_ok())
    }

    /// The tool called `name`, where it was declared strict.
    pub fn tool(&self, name: &str) -> Option<&StrictTool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The schemas that are sent as strict ones.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &Value> {
        self.tools.iter().filter_map(|tool| Some(&tool.outcome.as_ref().ok()?.schema))
    }
}

impl StrictTool {
    /// What of the declared schema the model is not held to while it writes, or is held to beyond it. What was
    /// [closed](crate::schema::adapt::Action::Closed) is none of it: only members without a name are refused by that.
    pub fn losses(&self) -> impl Iterator<Item = &SchemaChange> {
        self.outcome.iter().flat_map(|adapted| &adapted.changes).filter(|change| change.is_loss())
    }

    /// All that the service would refuse in the declared schema if it were sent as it is: what adaptation mends, and
    /// what it cannot.
    ///
    /// ```
    /// use outcrop_core::{Profile, ToolSet, ToolSpec, tools::StrictReport};
    /// use serde_json::json;
    ///
    /// let mut note = ToolSpec::with_schema("note", "Notes it.", json!({
    ///     "type": "object",
    ///     "properties": { "tags": { "type": "object", "additionalProperties": { "type": "string" } } },
    ///     "additionalProperties": false,
    /// }));
    /// note.strict = Some(true);
    /// let report = StrictReport::of(&ToolSet::new([note])?, &Profile::permissive());
    /// let note = report.tool("note").unwrap();
    /// assert_eq!(note.lint()[0].to_string(), "/properties/tags: `additionalProperties` must be false");
    /// assert_eq!(
    ///     note.outcome.as_ref().unwrap_err().to_string(),
    ///     "the schema at `/properties/tags/additionalProperties` cannot be sent: it is a map, whose members can have any name",
    /// );
    /// # Ok::<(), outcrop_core::tools::ToolSetError>(())
    /// ```
    pub fn lint(&self) -> Vec<LintFinding> {
        let schema = self.declared.to_value().unwrap_or_default();
        lint(&schema, &SchemaDialect::strict_tool())
    }
}

impl fmt::Display for StrictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tool in &self.tools {
            match &tool.outcome {
                Ok(_) => writeln!(f, "`{}` is strict", tool.name)?,
                Err(reason) => writeln!(f, "`{}` is not strict: {reason}", tool.name)?,
            }
            tool.losses().try_for_each(|change| writeln!(f, "  {change}"))?;
        }
        let SchemaCounts { strict_tools, optional, unions } = self.counts;
        writeln!(
            f,
            "together: {strict_tools} strict tools, {optional} optional members, {unions} members with union types"
        )
    }
}

/// The schema of a strict tool beside those of `others`, or why it cannot be one.
fn adapted(declared: &RawJson, profile: &Profile, others: &[Value]) -> Result<Adapted, NotStrict> {
    if !profile.schema.strict_tools {
        return Err(NotStrict::Model);
    }
    if profile.schema.refused_for_strict_tools.contains(&schema_hash(declared)) {
        return Err(NotStrict::Refused);
    }
    let schema = declared.to_value().ok_or_else(|| Inexpressible {
        pointer: String::new(),
        why: Why::Malformed { keyword: String::new() },
    })?;
    let dialect =
        SchemaDialect { references: profile.schema.follows_references, ..SchemaDialect::strict_tool() };
    let adapted = adapt(&schema, &dialect)?;
    if adapted.wrapped {
        return Err(NotStrict::Root);
    }
    if profile.schema.subset_only {
        let counts = SchemaCounts::of(others.iter().chain([&adapted.schema]), None);
        SchemaLimits::claude().check(&counts)?;
    }
    Ok(adapted)
}
