//! The tools of an agent by name: what the model is told of them, and who runs them.
//!
//! # Invariants
//! - Names are valid and unique; the model sees the tools in the order in which they were given.

use std::{sync::Arc, time::Duration};

use outcrop_core::{ToolSet, ToolSetError};

use crate::tool::{Tool, ToolHandler};

#[derive(Debug)]
pub(crate) struct Toolbox {
    set: Arc<ToolSet>,
    tools: Vec<Tool>,
    default_timeout: Duration,
}

impl Toolbox {
    pub(crate) fn new(tools: Vec<Tool>, default_timeout: Duration) -> Result<Self, ToolSetError> {
        let set = ToolSet::new(tools.iter().map(|tool| tool.spec().clone()))?;
        Ok(Self { set: Arc::new(set), tools, default_timeout })
    }

    /// What the turn decides by.
    pub(crate) fn set(&self) -> &Arc<ToolSet> {
        &self.set
    }

    /// Who runs the tool called `name`, and how long it may take.
    pub(crate) fn find(&self, name: &str) -> Option<(Arc<dyn ToolHandler>, Duration)> {
        let tool = self.tools.get(self.set.position(name)?)?;
        Some((Arc::clone(tool.handler()), tool.own_timeout().unwrap_or(self.default_timeout)))
    }
}
