//! The tools of an agent by name: what the model is told of them, and who runs them.
//!
//! # Invariants
//! - Names are valid and unique; the model sees the tools in the order in which they were given.
//! - Every value that a tool needs of the host is there.
//! - A tool that must be strict can be, with some model.

use std::{sync::Arc, time::Duration};

use outcrop_core::{Profile, ToolSet, tools::StrictReport};

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
        let set = ToolSet::new(tools.iter().map(|tool| tool.def(default_timeout)))?;
        if tools.iter().any(Tool::must_be_strict) {
            check_strict(&set, &tools)?;
        }
        Ok(Self { set: Arc::new(set), tools, states: Arc::new(states) })
    }

    /// The values of the host.
    pub(crate) fn states(&self) -> Arc<States> {
        Arc::clone(&self.states)
    }

    /// What the turn decides by.
    pub(crate) fn set(&self) -> &Arc<ToolSet> {
        &self.set
    }

    /// Runs the tool called `name`.
    pub(crate) fn handler(&self, name: &str) -> Option<&Arc<dyn ToolHandler>> {
        Some(self.tools.get(self.set.position(name)?)?.handler())
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
