//! What a refusal of the service shows about a model.

use serde::{Deserialize, Serialize};

use crate::wire::refusal_text::{Refusal, Statement};

/// What a refusal of the service shows about a model.
///
/// [`Fact::from_refusal`] reads some facts from the message alone. The others depend on what the request contained, so
/// only a [`Turn`](crate::turn::Turn) learns them. [`Profile::with_fact`](crate::profile::Profile::with_fact) applies a fact.
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
    /// What a refusal teaches about the model's conversations, whatever the refused request held.
    ///
    /// ```
    /// use outcrop_core::{Fact, wire::Refusal};
    /// let refusal = Refusal::parse("This model doesn't support tool use in streaming mode.");
    /// assert_eq!(Fact::from_refusal(&refusal), Some(Fact::NoToolStreaming));
    /// assert_eq!(Fact::from_refusal(&Refusal::parse("The provided model identifier is invalid.")), None);
    /// ```
    pub fn from_refusal(refusal: &Refusal) -> Option<Self> {
        const FACTS: [(Statement, Fact); 5] = [
            (Statement::ToolResultsAlone, Fact::ToolResultsAlone),
            (Statement::ToolUsesAlone, Fact::ToolUsesAlone),
            (Statement::NoToolStreaming, Fact::NoToolStreaming),
            (Statement::NoToolResultStatus, Fact::NoToolResultStatus),
            (Statement::NoReasoning, Fact::NoReasoning),
        ];
        FACTS.into_iter().find(|(statement, _)| refusal.says(*statement)).map(|(_, fact)| fact)
    }
}
