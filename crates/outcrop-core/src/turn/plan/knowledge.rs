//! What is known of the model beyond the settings.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::tools::SentTools;
use crate::{
    profile::{Fact, Profile},
    turn::{
        Conversation, Diagnostic,
        config::{ToolStreaming, TurnConfig},
    },
};

/// What is known of the model beyond the settings: what refusals taught, and what was given up.
#[derive(Debug)]
pub(crate) struct Knowledge {
    /// The target's profile with what was learned; `None` while that is nothing.
    profile_override: Option<Box<Profile>>,
    /// How tool inputs are asked for from here on.
    pub(crate) tool_streaming: ToolStreaming,
    /// How the tools are sent; `None` where that has to be decided anew.
    tools: Option<Arc<SentTools>>,
    pub(crate) kept: KeptKnowledge,
}

/// The part of [`Knowledge`] that is saved with a turn.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct KeptKnowledge {
    /// The service refused the model's thinking so far, and there is no answer without it yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) drop_thinking: bool,
    /// What the service said of the schemas that it refused in this turn, by the hash of the schema.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) schema_refusals: BTreeMap<u32, String>,
    /// What was reported of tools in this turn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) reported_tools: Vec<String>,
}

impl Knowledge {
    pub(crate) fn new(config: &TurnConfig, conversation: &Conversation) -> Self {
        let buffers = conversation.buffers_tools && config.tool_streaming == ToolStreaming::Auto;
        Self {
            profile_override: conversation.profile_of(config.target()),
            tool_streaming: if buffers { ToolStreaming::Buffered } else { config.tool_streaming },
            tools: None,
            kept: KeptKnowledge::default(),
        }
    }

    /// What the model takes, as far as is known now.
    pub(crate) fn profile<'a>(&'a self, config: &'a TurnConfig) -> &'a Profile {
        self.profile_override.as_deref().unwrap_or(&config.target().profile)
    }

    pub(crate) fn learn(&mut self, config: &TurnConfig, fact: Fact) {
        self.profile_override = Some(Box::new(self.profile(config).clone().with_fact(fact)));
        self.tools = None;
    }

    /// Decides how the tools are sent, where something has changed, and reports what is new.
    pub(crate) fn refresh_tools(&mut self, config: &TurnConfig) -> Vec<Diagnostic> {
        if self.tools.is_some() {
            return Vec::new();
        }
        let sent = SentTools::of(&config.tools, self.profile(config));
        let told = sent.diagnostics(&self.kept.schema_refusals, &mut self.kept.reported_tools);
        self.tools = Some(Arc::new(sent));
        told
    }

    /// How the tools are sent.
    pub(crate) fn tools(&self) -> Arc<SentTools> {
        self.tools.clone().unwrap_or_default()
    }
}
