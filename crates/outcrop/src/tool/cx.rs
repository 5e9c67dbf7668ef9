//! What a call of a tool knows about itself, and how it tells how far it is.

use std::{fmt, sync::Arc};

use outcrop_core::RawJson;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::state::{State, States};

/// What a call knows about itself. A clone is cheap.
#[derive(Clone)]
pub struct ToolCx {
    inner: Arc<CxInner>,
}

struct CxInner {
    tool_use_id: String,
    step: u32,
    cancellation: CancellationToken,
    states: Arc<States>,
    progress: Box<dyn Fn(RawJson) + Send + Sync>,
}

impl ToolCx {
    pub(crate) fn new(
        tool_use_id: String,
        step: u32,
        cancellation: CancellationToken,
        states: Arc<States>,
        progress: impl Fn(RawJson) + Send + Sync + 'static,
    ) -> Self {
        let progress = Box::new(progress);
        Self { inner: Arc::new(CxInner { tool_use_id, step, cancellation, states, progress }) }
    }

    /// The id of the call, as the model's message has it. Together with the conversation and the step it can serve as a
    /// key that makes a side effect happen once; alone it cannot, since models may repeat ids.
    pub fn tool_use_id(&self) -> &str {
        &self.inner.tool_use_id
    }

    /// The step of the turn, from 1.
    pub fn step(&self) -> u32 {
        self.inner.step
    }

    /// Cancelled when the turn is dropped, the call's time is up, or the call has ended. Blocking tools should look
    /// at it; what a call leaves running behind should not.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.inner.cancellation
    }

    /// The value that the agent was given with [`AgentBuilder::state`](crate::AgentBuilder::state). A tool that says
    /// [`Tool::needs_state`](crate::Tool::needs_state) finds it.
    pub fn state<T: Send + Sync + 'static>(&self) -> Option<State<T>> {
        self.inner.states.find()
    }

    /// Tells whoever watches the turn how far the call is, in any form. What cannot be written as JSON is left out.
    pub fn progress(&self, progress: impl Serialize) {
        if let Ok(progress) = RawJson::of(&progress) {
            (self.inner.progress)(progress);
        }
    }
}

impl fmt::Debug for ToolCx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner } = self;
        f.debug_struct("ToolCx").field("tool_use_id", &inner.tool_use_id).field("step", &inner.step).finish()
    }
}
