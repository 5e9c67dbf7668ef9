//! What a model accepts, as data.
//!
//! The table of model families is `profiles.json`. Models change within weeks, so users can change every fact, unknown
//! models get a permissive profile, and a refusal of the service can add a [`Fact`].
//!
//! # Invariants
//! - The longest prefix in the table that fits the bare model id decides; shorter ones give the facts it does not name.
//! - A model that no prefix fits gets [`Profile::permissive`].
//! - The saved form (`saved.rs`) does not change when fields are renamed or moved.

use serde::{Deserialize, Serialize};

mod fact;
mod saved;
mod table;

pub use fact::Fact;
pub use table::{bare_model_id, rows_for_model};

/// What a model accepts.
///
/// Facts come from a table of model families, which [`Profile::of`] reads, and from refusals of the service
/// ([`Profile::with_fact`]). To correct one, change the field:
///
/// ```
/// use outcrop_core::{Profile, profile::ReasoningReplay};
///
/// let mut profile = Profile::of("us.anthropic.claude-sonnet-4-6");
/// assert_eq!(profile.family, "anthropic");
/// assert_eq!(profile.thinking.replay, ReasoningReplay::Signed);
/// profile.tools.streams = false;
///
/// assert_eq!(Profile::of("somebody.new-model"), Profile::permissive());
/// ```
///
/// # Saved form
/// One flat JSON object. Profiles saved by earlier releases can be read: absent members have the value of the permissive
/// profile, and unknown members are ignored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "saved::SavedProfile", into = "saved::SavedProfile")]
#[non_exhaustive]
pub struct Profile {
    /// The model family, such as `anthropic`; empty if unknown.
    pub family: String,
    /// How messages can be combined into a conversation.
    pub messages: MessagesProfile,
    /// Tools, their calls and their results.
    pub tools: ToolsProfile,
    /// Images, documents and other media, and citations from them.
    pub media: MediaProfile,
    /// Thinking, and the replay of reasoning content.
    pub thinking: ThinkingProfile,
    /// Schemas for native output and tools.
    pub schema: SchemaProfile,
    /// Prompt caching; `None` if cache points are rejected.
    pub caching: Option<Caching>,
    /// Which sampling settings are accepted.
    pub sampling: Sampling,
    /// Token limits.
    pub limits: LimitsProfile,
}

/// How messages can be combined into a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessagesProfile {
    /// Whether the first message may be from the assistant.
    pub assistant_first: bool,
    /// Whether the last message may be from the assistant, so that the model continues it.
    pub prefill: Prefill,
    /// Whether a request may have a system prompt.
    pub system_prompt: bool,
    /// Whether messages may have the role `system`, besides the system prompt.
    pub system_role: bool,
    /// Whether a user message may contain tool results together with other content. Learned:
    /// [`Fact::ToolResultsAlone`].
    pub mixes_tool_results: bool,
    /// Whether an assistant message may contain tool uses together with other content. Learned:
    /// [`Fact::ToolUsesAlone`].
    pub mixes_tool_uses: bool,
}

/// What a model accepts of tools, their calls and their results.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolsProfile {
    /// Whether a request may have tools at all. Learned: [`Fact::NoTools`].
    pub supported: bool,
    /// Whether a request with tools can be sent to ConverseStream. Learned: [`Fact::NoToolStreaming`].
    pub streams: bool,
    /// Fine-grained tool streaming, where the model sends a parameter of a tool input before it is complete. Learned:
    /// [`Fact::NoFineTools`].
    pub fine_streaming: Support,
    /// The accepted members of `toolChoice`. Learned: [`Fact::NoForcedTools`], [`Fact::NoAnyTool`],
    /// [`Fact::NoNamedTool`].
    pub choices: Vec<ToolChoiceKind>,
    /// Whether the tool choices `any` and `tool` are accepted while thinking is enabled. Learned:
    /// [`Fact::NoForcedToolsWhileThinking`].
    pub forced_while_thinking: bool,
    /// The accepted form of tool use ids.
    pub use_ids: ToolUseIds,
    /// Whether a tool result may have a `status`. Learned: [`Fact::NoToolResultStatus`].
    pub result_status: bool,
    /// Whether a tool result may contain JSON. Otherwise JSON is sent as text.
    pub result_json: bool,
}

/// Which media a model accepts, where, and from which source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaProfile {
    /// The kinds of media that a message may contain, besides those in tool results.
    pub in_messages: Vec<Media>,
    /// The kinds of media that a tool result may contain.
    pub in_tool_results: Vec<Media>,
    /// The kinds of media that a message may refer to in S3 instead of containing the bytes.
    pub s3_in_messages: Vec<Media>,
    /// The kinds of media that a tool result may refer to in S3 instead of containing the bytes.
    pub s3_in_tool_results: Vec<Media>,
    /// Whether citations from documents can be requested.
    pub citations: bool,
}

/// How a model thinks, and which reasoning content it accepts back.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThinkingProfile {
    /// The accepted values of `thinking.type`; empty if the model does not have Anthropic's `thinking` setting.
    pub types: Vec<ThinkingType>,
    /// Whether the model thinks if the request does not set `thinking`.
    pub on_by_default: bool,
    /// Whether a thinking block is accepted only after the identical prefix (system prompt, tools and messages) that the
    /// model thought after. Learned: [`Fact::BindsThinking`].
    pub bound_to_prefix: bool,
    /// How reasoning content of earlier answers is sent back. Learned: [`Fact::NoReasoning`].
    pub replay: ReasoningReplay,
}

/// Which schemas a model accepts for native output and for tools.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaProfile {
    /// Whether `outputConfig.textFormat` is accepted. Learned: [`Fact::NoNativeOutput`].
    pub native_output: bool,
    /// Whether `toolSpec.strict` is accepted. Learned: [`Fact::NoStrictTools`].
    pub strict_tools: bool,
    /// Whether schemas for native output and strict tools must stay within Anthropic's subset of JSON Schema and its
    /// limits ([`SchemaLimits`](crate::schema::SchemaLimits)). Learned: [`Fact::SchemaLimits`].
    pub subset_only: bool,
    /// Whether the model follows `$ref`. Otherwise definitions are inlined.
    pub follows_references: bool,
    /// Schemas that were rejected for native output. Learned: [`Fact::NativeSchemaRefused`], which also says how a schema
    /// is named.
    pub refused_for_native_output: Vec<u32>,
    /// Schemas that were rejected for strict tools. Learned: [`Fact::StrictSchemaRefused`], which also says how a schema
    /// is named.
    pub refused_for_strict_tools: Vec<u32>,
}

/// How a model caches prompts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Caching {
    /// The minimum length of a cached prefix, in tokens. The service ignores a cache point after a shorter prefix.
    pub min_tokens: u32,
    /// The accepted values of `ttl`. The first is the default of the service.
    pub ttls: Vec<String>,
    /// Whether the list of tools may contain a cache point.
    pub tools: bool,
}

/// The token limits of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitsProfile {
    /// The size of the context window, in tokens of input and output together; `None` if unknown.
    pub context_window: Option<u64>,
    /// The maximum length of one answer, in tokens, and so the maximum of `maxTokens`; `None` if unknown.
    pub max_output_tokens: Option<u64>,
}

/// Whether a model supports a feature.
///
/// In JSON: `taken`, `unknown` and `refused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Support {
    /// The model supports it.
    #[serde(rename = "taken")]
    Yes,
    /// Not known: the feature is requested only if the user asks for it.
    Unknown,
    /// The model rejects it or does not have it.
    #[serde(rename = "refused")]
    No,
}

/// A member of `toolChoice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolChoiceKind {
    /// The model decides whether to use a tool.
    Auto,
    /// The model must use a tool.
    Any,
    /// The model must use the named tool.
    Tool,
}

/// Whether the last message of a conversation may be from the assistant, so that the model continues it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Prefill {
    /// Accepted.
    Free,
    /// Accepted if its text does not end with white space.
    Trimmed,
    /// Rejected.
    Refused,
}

/// A value of `thinking.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThinkingType {
    /// Thinks within a budget of tokens.
    Enabled,
    /// Thinks as much as the model decides.
    Adaptive,
    /// Thinks between tool calls only.
    BetweenTools,
    /// Does not think.
    Disabled,
}

impl ThinkingType {
    /// Returns the value as sent in the request.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Adaptive => "adaptive",
            Self::BetweenTools => "between_tools",
            Self::Disabled => "disabled",
        }
    }
}

/// Which sampling settings a model accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Sampling {
    /// All of them.
    Free,
    /// `temperature` or `topP`, but not both.
    One,
    /// None of them.
    Refused,
}

/// A kind of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Media {
    /// An image.
    Image,
    /// A document.
    Document,
    /// A video.
    Video,
    /// An audio recording.
    Audio,
    /// A search result.
    SearchResult,
}

/// How reasoning content of earlier answers is sent back to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReasoningReplay {
    /// Unchanged. For unknown models.
    AsSent,
    /// Unchanged if it is signed or redacted; the rest is omitted, since the model rejects it (Claude).
    Signed,
    /// Without its signature.
    Unsigned,
    /// Omitted, since the model rejects it.
    Refused,
}

/// The accepted form of tool use ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolUseIds {
    /// 1–64 characters of `[a-zA-Z0-9_.:-]`.
    Converse,
    /// Nine letters or digits, or an id that Bedrock created.
    NineCharacters,
}

impl Profile {
    /// Returns the profile for models that are not in the table, which accepts almost everything.
    pub fn permissive() -> Self {
        Self {
            family: String::new(),
            messages: MessagesProfile::default(),
            tools: ToolsProfile::default(),
            media: MediaProfile::default(),
            thinking: ThinkingProfile::default(),
            schema: SchemaProfile::default(),
            caching: Some(Caching::default()),
            sampling: Sampling::Free,
            limits: LimitsProfile::default(),
        }
    }

    /// Returns the profile of a model id, an inference profile id or an ARN that contains one of them.
    ///
    /// The ARN of an application inference profile does not name its model, so it gets the permissive profile: use the
    /// profile of the model id there, for instance `Profile::of("anthropic.claude-sonnet-4-6")`.
    pub fn of(model_id: &str) -> Self {
        serde_json::from_value(table::facts_of(model_id).into()).unwrap_or_default()
    }

    /// Returns this profile changed by a fact that a refusal of the service showed.
    #[must_use]
    pub fn with_fact(mut self, fact: Fact) -> Self {
        let choices = &mut self.tools.choices;
        match fact {
            Fact::ToolResultsAlone => self.messages.mixes_tool_results = false,
            Fact::ToolUsesAlone => self.messages.mixes_tool_uses = false,
            Fact::NoToolStreaming => self.tools.streams = false,
            Fact::NoToolResultStatus => self.tools.result_status = false,
            Fact::NoReasoning => self.thinking.replay = ReasoningReplay::Refused,
            Fact::BindsThinking => self.thinking.bound_to_prefix = true,
            Fact::NoFineTools => self.tools.fine_streaming = Support::No,
            Fact::NoNativeOutput => self.schema.native_output = false,
            Fact::NoStrictTools => self.schema.strict_tools = false,
            Fact::NoTools => self.tools.supported = false,
            Fact::NoForcedTools => choices.retain(|choice| *choice == ToolChoiceKind::Auto),
            Fact::NoAnyTool => choices.retain(|choice| *choice != ToolChoiceKind::Any),
            Fact::NoNamedTool => choices.retain(|choice| *choice != ToolChoiceKind::Tool),
            Fact::NoForcedToolsWhileThinking => self.tools.forced_while_thinking = false,
            Fact::SchemaLimits => self.schema.subset_only = true,
            Fact::NativeSchemaRefused(schema) => add(&mut self.schema.refused_for_native_output, schema),
            Fact::StrictSchemaRefused(schema) => add(&mut self.schema.refused_for_strict_tools, schema),
        }
        self
    }
}

fn add(schemas: &mut Vec<u32>, schema: u32) {
    if !schemas.contains(&schema) {
        schemas.push(schema);
    }
}

/// The permissive profile.
impl Default for Profile {
    fn default() -> Self {
        Self::permissive()
    }
}

/// The messages of the permissive profile.
impl Default for MessagesProfile {
    fn default() -> Self {
        Self {
            assistant_first: false,
            prefill: Prefill::Free,
            system_prompt: true,
            system_role: false,
            mixes_tool_results: true,
            mixes_tool_uses: true,
        }
    }
}

/// The tools of the permissive profile.
impl Default for ToolsProfile {
    fn default() -> Self {
        Self {
            supported: true,
            streams: true,
            fine_streaming: Support::Unknown,
            choices: vec![ToolChoiceKind::Auto, ToolChoiceKind::Any, ToolChoiceKind::Tool],
            forced_while_thinking: true,
            use_ids: ToolUseIds::Converse,
            result_status: true,
            result_json: true,
        }
    }
}

/// The media of the permissive profile.
impl Default for MediaProfile {
    fn default() -> Self {
        use Media::{Audio, Document, Image, SearchResult, Video};
        Self {
            in_messages: vec![Image, Document, Video, Audio, SearchResult],
            in_tool_results: vec![Image, Document, Video, SearchResult],
            s3_in_messages: vec![Image, Document, Video, Audio],
            s3_in_tool_results: vec![Image, Document, Video],
            citations: true,
        }
    }
}

/// The thinking of the permissive profile.
impl Default for ThinkingProfile {
    fn default() -> Self {
        use ThinkingType::{Adaptive, BetweenTools, Disabled, Enabled};
        Self {
            types: vec![Enabled, Adaptive, BetweenTools, Disabled],
            on_by_default: false,
            bound_to_prefix: false,
            replay: ReasoningReplay::AsSent,
        }
    }
}

/// The schemas of the permissive profile.
impl Default for SchemaProfile {
    fn default() -> Self {
        Self {
            native_output: true,
            strict_tools: true,
            subset_only: false,
            follows_references: true,
            refused_for_native_output: Vec::new(),
            refused_for_strict_tools: Vec::new(),
        }
    }
}

/// The prompt caching of the permissive profile.
impl Default for Caching {
    fn default() -> Self {
        Self { min_tokens: 1024, ttls: vec!["5m".to_owned(), "1h".to_owned()], tools: true }
    }
}

/// The limits of the permissive profile: unknown.
impl Default for LimitsProfile {
    fn default() -> Self {
        Self { context_window: None, max_output_tokens: None }
    }
}
