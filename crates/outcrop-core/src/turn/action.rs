//! What a turn is made of, what it asks its driver to do, and how it ends: plain data.

use std::sync::Arc;

use super::{ToolCall, ToolStreaming};
use crate::{
    Fact, Message, OutputFailure, OutputSpec, Profile, ProtocolError, RawJson, Request, StopReason,
    StreamMetadata, SystemContentBlock, ToolEntry, ToolSet, TurnOutput, Usage,
};

/// What all turns of an agent or a session share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TurnConfig {
    /// The model, for the profile's sake and for the history.
    pub model_id: String,
    /// What the model takes.
    pub profile: Profile,
    /// The tools.
    pub tools: Arc<ToolSet>,
    /// What every request of the turn holds besides messages and tools: system, inference, guardrail …
    pub request: Request,
    /// Most steps of a turn; 32 unless set.
    pub max_steps: u32,
    /// Most tools that run at the same time; 8 unless set.
    pub max_parallel_tools: usize,
    /// Whether inputs are asked for as the model writes them.
    pub tool_streaming: ToolStreaming,
    /// What the turn is to end with, where that is not only text.
    pub output: Option<Arc<OutputSpec>>,
}

impl TurnConfig {
    /// For a model, with the profile that the table has for it, and tools.
    pub fn new(model_id: impl Into<String>, tools: Arc<ToolSet>) -> Self {
        let model_id = model_id.into();
        let profile = Profile::of(&model_id);
        Self::with_profile(model_id, profile, tools)
    }

    /// For a model that takes what `profile` says, and tools.
    pub fn with_profile(model_id: impl Into<String>, profile: Profile, tools: Arc<ToolSet>) -> Self {
        let (model_id, request) = (model_id.into(), Request::new());
        Self {
            model_id,
            profile,
            tools,
            request,
            max_steps: 32,
            max_parallel_tools: 8,
            tool_streaming: ToolStreaming::Auto,
            output: None,
        }
    }

    /// Whether a tool of its requests is called `name`.
    pub(super) fn names_tool(&self, name: &str) -> bool {
        let given = self.request.tool_config.iter().flat_map(|config| &config.tools);
        let mut given = given.map(|entry| match entry {
            ToolEntry::ToolSpec(spec) => &*spec.name,
            ToolEntry::SystemTool(tool) => &*tool.name,
            _ => "",
        });
        self.tools.position(name).is_some() || given.any(|given| given == name)
    }

    /// Sets what turns end with.
    #[must_use]
    pub fn output(mut self, output: impl Into<Arc<OutputSpec>>) -> Self {
        self.output = Some(output.into());
        self
    }

    /// Sets the system prompt.
    #[must_use]
    pub fn system(mut self, system: impl Into<SystemContentBlock>) -> Self {
        self.request.system = vec![system.into()];
        self
    }
}

/// Names an action of a turn, so that its outcome can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionId(pub(super) u64);

/// What the driver is to do next. A driver that meets an action that it does not know must stop.
#[derive(Debug)]
#[non_exhaustive]
pub enum Action {
    /// Send a request and hand in its events.
    Converse(ConverseAction),
    /// Run a tool and hand in its result.
    Dispatch(DispatchAction),
}

/// Send a request; tell [`Turn::on_stream_event`](super::Turn::on_stream_event), then [`Turn::on_stream_end`](super::Turn::on_stream_end) or [`Turn::on_converse_error`](super::Turn::on_converse_error).
#[derive(Debug)]
#[non_exhaustive]
pub struct ConverseAction {
    /// Names it.
    pub id: ActionId,
    /// The request.
    pub request: Box<Request>,
}

/// Run a tool; tell [`Turn::on_tool_result`](super::Turn::on_tool_result).
#[derive(Debug)]
#[non_exhaustive]
pub struct DispatchAction {
    /// Names it.
    pub id: ActionId,
    /// The call, with an input that may be executed.
    pub call: ToolCall,
}

/// How a turn ended with an answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TurnOutcome {
    /// The last message of the model; without content where it said nothing.
    pub message: Message,
    /// Why it stopped.
    pub stop_reason: StopReason,
    /// Tokens of all steps.
    pub usage: Usage,
    /// How many steps it took.
    pub steps: u32,
    /// What the last step was asked for by `additionalModelResponseFieldPaths`.
    pub additional_model_response_fields: Option<RawJson>,
    /// What the last step's stream brought at its end: usage, metrics, trace; not always there (R105).
    pub metadata: Option<Box<StreamMetadata>>,
    /// The output, where the turn was to end with one.
    pub output: Option<Box<TurnOutput>>,
}

/// Why a turn ended without an answer, where the model and not the service was at fault.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TurnFailure {
    /// The turn used up its steps.
    #[error("the turn reached its limit of {max_steps} steps")]
    StepLimit {
        /// The limit.
        max_steps: u32,
    },
    /// The model was stopped in the middle of a tool call; nothing of that step was run (R44).
    #[error("the model stopped with `{stop_reason}` in a call of `{name}`; it was not run")]
    TruncatedToolCall {
        /// Why it stopped.
        stop_reason: StopReason,
        /// The tool of the last call.
        name: String,
        /// What there is of its input.
        input: String,
    },
    /// The service says that the model's output was malformed (R46).
    #[error("the model's output was malformed (`{stop_reason}`)")]
    MalformedOutput {
        /// What the service says.
        stop_reason: StopReason,
    },
    /// The turn was to end with an output, and has none that is valid.
    #[error("the turn has no output")]
    Output(#[source] Box<OutputFailure>),
    /// The stream broke the order that Converse promises.
    #[error("the stream broke its protocol")]
    Protocol(#[from] ProtocolError),
    /// The turn was given up.
    #[error("the turn was given up")]
    Abandoned,
    /// The request was not answered; the driver knows why.
    #[error("the request was not answered")]
    Converse,
}

/// What became of a call that failed before it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// The refusal taught this, and the turn asks once more (R7). The driver should remember it for the model.
    Learned(Fact),
    /// The turn asks once more, in another way; there is nothing to remember.
    AsksAgain,
    /// The turn has failed.
    Failed,
}
