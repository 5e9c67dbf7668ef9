//! What all turns of an agent or a session share: the models that may be asked, the tools, and the settings of every
//! request.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    profile::Profile,
    tools::{OutputSpec, ToolSet},
    turn::retry::RetryPolicy,
    wire::{Request, SystemContentBlock, ToolEntry},
};

/// The form in which a model is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Wire {
    /// Bedrock's Converse and ConverseStream.
    #[default]
    Converse,
}

/// A model that a turn may ask: where it is, how it is asked, and what it takes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Target {
    /// The id or ARN of the model or inference profile.
    pub model_id: String,
    /// The form in which it is asked.
    pub wire: Wire,
    /// The AWS region; `None` for that of the driver's client.
    pub region: Option<String>,
    /// What the model takes.
    pub profile: Profile,
}

impl Target {
    /// A model with the profile that the table has for it, asked by Converse.
    pub fn new(model_id: impl Into<String>) -> Self {
        let model_id = model_id.into();
        let profile = Profile::of(&model_id);
        Self { model_id, wire: Wire::Converse, region: None, profile }
    }

    /// The name under which facts about it are kept.
    pub fn key(&self) -> TargetKey {
        TargetKey { model_id: self.model_id.clone(), wire: self.wire }
    }
}

/// Names a target: what is learned of a model holds for one wire.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TargetKey {
    /// The id or ARN of the model or inference profile.
    pub model_id: String,
    /// The form in which it is asked.
    #[serde(default)]
    pub wire: Wire,
}

/// Whether the inputs of tools are asked for as the model writes them, or a parameter at a time.
///
/// ```
/// use outcrop_core::turn::ToolStreaming;
/// assert_eq!(ToolStreaming::default(), ToolStreaming::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolStreaming {
    /// As they are written where a tool is declared live and the model is known to take it. Once an input came
    /// damaged, the rest of the session goes without.
    #[default]
    Auto,
    /// As they are written, from any model that is not known to refuse it, and after damage too.
    Fine,
    /// A parameter at a time.
    Buffered,
}

/// What all turns of an agent or a session share.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TurnConfig {
    targets: Vec<Target>,
    /// The tools.
    pub tools: Arc<ToolSet>,
    /// What every request of the turn holds besides messages and tools: system, inference, guardrail …
    pub request: Request,
    /// The most steps of a turn; 32 unless set.
    pub max_steps: u32,
    /// The most tools that run at the same time; 8 unless set.
    pub max_parallel_tools: usize,
    /// Whether inputs are asked for as the model writes them.
    pub tool_streaming: ToolStreaming,
    /// What the turn is to end with, where that is not only text.
    pub output: Option<Arc<OutputSpec>>,
    /// Which failed calls are made again; none unless set.
    pub retry: RetryPolicy,
}

impl TurnConfig {
    /// For a model, with the profile that the table has for it, and tools.
    pub fn new(model_id: impl Into<String>, tools: Arc<ToolSet>) -> Self {
        Self::for_target(Target::new(model_id), tools)
    }

    /// For a model that takes what `profile` says, and tools.
    pub fn with_profile(model_id: impl Into<String>, profile: Profile, tools: Arc<ToolSet>) -> Self {
        let (model_id, wire) = (model_id.into(), Wire::Converse);
        Self::for_target(Target { model_id, wire, region: None, profile }, tools)
    }

    /// For a target, and tools.
    pub fn for_target(target: Target, tools: Arc<ToolSet>) -> Self {
        Self {
            targets: vec![target],
            tools,
            request: Request::new(),
            max_steps: 32,
            max_parallel_tools: 8,
            tool_streaming: ToolStreaming::Auto,
            output: None,
            retry: RetryPolicy::none(),
        }
    }

    /// The models that may be asked, the preferred one first; never empty. Today there is one.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The preferred model.
    pub fn target(&self) -> &Target {
        &self.targets[0]
    }

    /// The preferred model, to be changed before a turn begins.
    pub fn target_mut(&mut self) -> &mut Target {
        &mut self.targets[0]
    }

    /// Whether a tool of its requests is called `name`.
    pub(crate) fn names_tool(&self, name: &str) -> bool {
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

    /// Sets which failed calls are made again.
    #[must_use]
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }
}
