//! What a refusal of the service shows about a model.

use serde::{Deserialize, Serialize};

/// What a refusal of the service shows about a model.
///
/// [`Fact::from_refusal`] reads some facts from the message alone. The others depend on what the request contained, so
/// only a [`Turn`](crate::Turn) learns them. [`Profile::with_fact`](crate::Profile::with_fact) applies a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Fact {
    /// A user message cannot contain tool results together with other content.
    ToolResultsAlone,
    /// An assistant message cannot contain tool uses together with other content.
    ToolUsesAlone,
    /// A request with tools cannot be streamed.
    NoToolStreaming,
    /// A tool result cannot have a status.
    NoToolResultStatus,
    /// Reasoning content cannot be sent back.
    NoReasoning,
    /// Thinking is accepted only after the identical prefix that the model thought after. The turn that learns this
    /// retries without the rejected thinking.
    BindsThinking,
    /// Fine-grained tool streaming is rejected. The message does not name the rejected beta, so only a turn that
    /// requested it can tell.
    NoFineTools,
    /// Native output is rejected.
    NoNativeOutput,
    /// Strict tools are rejected.
    NoStrictTools,
    /// Schemas of strict tools and native output are subject to Anthropic's limits.
    SchemaLimits,
    /// Tools are rejected.
    NoTools,
    /// The tool choices `any` and `tool` are rejected.
    NoForcedTools,
    /// The tool choice `any` is rejected.
    NoAnyTool,
    /// The tool choice `tool` is rejected.
    NoNamedTool,
    /// The tool choices `any` and `tool` are rejected while thinking is enabled.
    NoForcedToolsWhileThinking,
    /// A schema is rejected for native output. It is identified by the CRC-32 of its JSON text.
    NativeSchemaRefused(u32),
    /// A schema is rejected for strict tools. It is identified by the CRC-32 of its JSON text.
    StrictSchemaRefused(u32),
}

impl Fact {
    /// Reads a fact from the message of a refusal.
    ///
    /// Only exact phrases of the service match, since a wrong fact is worse than none.
    ///
    /// ```
    /// use outcrop_core::Fact;
    /// let text = "This model doesn't support tool use in streaming mode.";
    /// assert_eq!(Fact::from_refusal(text), Some(Fact::NoToolStreaming));
    /// assert_eq!(Fact::from_refusal("The provided model identifier is invalid."), None);
    /// ```
    pub fn from_refusal(message: &str) -> Option<Self> {
        const TEXTS: [(&str, Fact); 5] = [
            ("tool result blocks cannot be provided in the same turn", Fact::ToolResultsAlone),
            ("tool use blocks cannot be provided in the same turn", Fact::ToolUsesAlone),
            ("doesn't support tool use in streaming mode", Fact::NoToolStreaming),
            ("doesn't support the status field", Fact::NoToolResultStatus),
            ("User messages cannot contain reasoning content", Fact::NoReasoning),
        ];
        // Some texts come with a typographic apostrophe.
        let message = message.replace('\u{2019}', "'");
        TEXTS.into_iter().find(|(text, _)| message.contains(text)).map(|(_, fact)| fact)
    }
}
