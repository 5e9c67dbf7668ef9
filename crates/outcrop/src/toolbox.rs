//! The tools of an agent by name: what the model is told of them, and who runs them.
//!
//! # Invariants
//! - Names are valid and unique; the model sees the tools in the order in which they were given.
//! - Every value that a tool needs of the host is there.
//! - A tool that must be strict can be, with some model.

use std::{sync::Arc, time::Duration};

use outcrop_core::{Profile, StrictReport, ToolSet};

use crate::{
    error::BuildError,
    state::States,
    tool::{Tool, ToolHandler},
};

#[derive(Debug, Default)]
pub(crate) struct Toolbox {
    set: Arc<ToolSet>,
    tools: Vec<Tool>,
    states: Arc<States>,
    any_sequential: bool,
    default_timeout: Duration,
}

/// Who runs a call, and how.
pub(crate) struct Found {
    pub(crate) handler: Arc<dyn ToolHandler>,
    pub(crate) timeout: Duration,
    /// It must be alone.
    pub(crate) alone: bool,
}

impl Toolbox {
    pub(crate) fn new(
        tools: Vec<Tool>,
        states: States,
        default_timeout: Duration,
    ) -> Result<Self, BuildError> {
        for tool in &tools {
            if let Some(need) = tool.needs().iter().find(|need| !states.has(**need)) {
                return Err(BuildError::MissingState { tool: tool.spec().name.clone(), ty: need.name });
            }
        }
        let set = ToolSet::new(tools.iter().map(|tool| tool.spec().clone()))?;
        let set = set.with_any_live(tools.iter().any(Tool::is_live));
        if tools.iter().any(Tool::must_be_strict) {
            check_strict(&set, &tools)?;
        }
        let any_sequential = tools.iter().any(Tool::is_sequential);
        Ok(Self { set: Arc::new(set), tools, states: Arc::new(states), any_sequential, default_timeout })
    }

    /// The values of the host.
    pub(crate) fn states(&self) -> Arc<States> {
        Arc::clone(&self.states)
    }

    /// What the turn decides by.
    pub(crate) fn set(&self) -> &Arc<ToolSet> {
        &self.set
    }

    /// Whether calls have to look out for each other.
    pub(crate) fn any_sequential(&self) -> bool {
        self.any_sequential
    }

    /// Who runs the tool called `name`.
    pub(crate) fn find(&self, name: &str) -> Option<Found> {
        let tool = self.tools.get(self.set.position(name)?)?;
        Some(Found {
            handler: Arc::clone(tool.handler()),
            timeout: tool.own_timeout().unwrap_or(self.default_timeout),
            alone: tool.is_sequential(),
        })
    }
}

/// Whether the tools that must be strict can be, as far as that is certain of any model.
fn check_strict(set: &ToolSet, tools: &[Tool]) -> Result<(), BuildError> {
    for strict in StrictReport::of(set, &Profile::permissive()).tools {
        let is_must = |tool: &&Tool| tool.must_be_strict() && tool.spec().name == strict.name;
        if let (Err(reason), Some(_)) = (strict.outcome, tools.iter().find(is_must)) {
            return Err(BuildError::NotStrict { tool: strict.name, reason });
        }
    }
    Ok(())
}
