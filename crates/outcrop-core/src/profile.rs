//! What a model family takes, as data.
//!
//! The table is `profiles.json` beside this file: it goes stale within weeks, so every fact can be overridden,
//! an unknown model is permissive, and what the service's refusals teach is a [`Fact`] that the runtime remembers.
//!
//! # Invariants
//! - The longest pattern that the bare model id begins with decides; families are laid under it first.
//! - A model that no pattern fits gets [`Profile::permissive`].

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// What one model takes. Facts about the conversation; more are added as features need them.
///
/// ```
/// use outcrop_core::{Profile, ReasoningReplay};
/// let claude = Profile::of("us.anthropic.claude-sonnet-4-6");
/// assert_eq!(claude.family, "anthropic");
/// assert_eq!(claude.reasoning, ReasoningReplay::Signed);
/// assert_eq!(Profile::of("somebody.new-model"), Profile::permissive());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Profile {
    /// The family, such as `anthropic`; empty where unknown.
    pub family: String,
    /// Whether tools can be used in a stream (R124).
    pub streams_tools: bool,
    /// Whether fine-grained tool streaming can be asked for (R40).
    pub fine_tools: Support,
    /// Whether a conversation may begin with the assistant (R2).
    pub assistant_first: bool,
    /// Whether a user message may hold tool results and other content (R6).
    pub mixes_tool_results: bool,
    /// Whether an assistant message may hold tool calls and text.
    pub mixes_tool_uses: bool,
    /// Whether a tool result may have a status (R29).
    pub tool_result_status: bool,
    /// Whether a tool result may be JSON; otherwise it goes as text (R30).
    pub tool_result_json: bool,
    /// Kinds of media that a tool result may hold (R31).
    pub tool_result_media: Vec<Media>,
    /// Kinds of media that a user message may hold.
    pub media: Vec<Media>,
    /// Whether a `system` message may stand inside the conversation (R8).
    pub system_messages: bool,
    /// What becomes of reasoning that is sent back (R58–R62).
    pub reasoning: ReasoningReplay,
    /// The form of tool use ids (R15).
    pub tool_use_ids: ToolUseIds,
    /// Whether tools can be used at all.
    pub tools: bool,
    /// Members of `toolChoice` that are taken (R21).
    pub tool_choice: Vec<ToolChoiceKind>,
    /// Whether `any` and `tool` are taken together with a thinking budget (R64).
    pub forces_tools_while_thinking: bool,
    /// Whether there may be a system prompt.
    pub system_prompt: bool,
    /// Whether a conversation may end with the assistant.
    pub prefill: Prefill,
    /// Values of `thinking.type` that are taken; none where the model does not think in Anthropic's way.
    pub thinking: Vec<ThinkingType>,
    /// Whether it thinks where the request does not say so.
    pub thinks_by_default: bool,
    /// Whether a thinking block holds only behind the exact prefix it was sent behind (R70).
    pub binds_thinking: bool,
    /// Which sampling settings are taken (R68).
    pub sampling: Sampling,
    /// How it caches prompts; `None` where a cache point is refused (R90).
    pub cache: Option<Caching>,
    /// Whether `outputConfig.textFormat` is taken (R76).
    pub native_output: bool,
    /// Whether `toolSpec.strict` is taken (R23).
    pub strict_tools: bool,
    /// Whether schemas for native output and strict tools are held to Anthropic's subset and limits (R78).
    pub schema_subset: bool,
    /// Whether `$ref` in a schema is followed; otherwise definitions are put in the place of references (R79).
    pub follows_references: bool,
    /// Schemas that were refused for native output, as [`Fact::NativeSchemaRefused`] names them.
    pub native_schemas_refused: Vec<u32>,
    /// Schemas that were refused for strict tools, as [`Fact::StrictSchemaRefused`] names them.
    pub strict_schemas_refused: Vec<u32>,
    /// Whether citations can be asked for (R95).
    pub citations: bool,
    /// Kinds of media that may lie in S3, in messages.
    pub s3_media: Vec<Media>,
    /// Kinds of media that may lie in S3, in tool results.
    pub tool_result_s3_media: Vec<Media>,
    /// Tokens that fit, input and output together, where known.
    pub context_window: Option<u64>,
    /// Tokens that it writes at most, where known.
    pub max_output_tokens: Option<u64>,
}

/// Whether a model supports a feature.
///
/// In JSON the words are `taken`, `unknown` and `refused`.
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
    /// The model chooses.
    Auto,
    /// It must use a tool.
    Any,
    /// It must use the named tool.
    Tool,
}

/// Whether a conversation may end with the assistant, whose words the model then continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Prefill {
    /// It may.
    Free,
    /// It may, with a text that does not end in white space.
    Trimmed,
    /// It is refused.
    Refused,
}

/// A value of `thinking.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ThinkingType {
    /// With a budget of tokens.
    Enabled,
    /// As much as the model likes.
    Adaptive,
    /// Between tool calls only.
    BetweenTools,
    /// Not at all.
    Disabled,
}

impl ThinkingType {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Adaptive => "adaptive",
            Self::BetweenTools => "between_tools",
            Self::Disabled => "disabled",
        }
    }
}

/// Which sampling settings a model takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Sampling {
    /// All.
    Free,
    /// `temperature` or `topP`, not both.
    One,
    /// None.
    Refused,
}

/// How a model caches prompts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Caching {
    /// A shorter prefix is not cached, and nothing is said.
    pub min_tokens: u32,
    /// Values of `ttl` that are taken; the first is meant where none is given.
    pub ttls: Vec<String>,
    /// Whether a cache point may stand behind the tools.
    pub tools: bool,
}

impl Default for Caching {
    fn default() -> Self {
        Self { min_tokens: 1024, ttls: vec!["5m".to_owned(), "1h".to_owned()], tools: true }
    }
}

/// A kind of media.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Media {
    /// A picture.
    Image,
    /// A document.
    Document,
    /// A video.
    Video,
    /// A sound.
    Audio,
    /// A search result.
    SearchResult,
}

/// What becomes of reasoning that is sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReasoningReplay {
    /// It goes back as it came; for models that we do not know.
    AsSent,
    /// It goes back as it came where it is signed or redacted; the rest is refused and left out (Claude).
    Signed,
    /// It goes back without its signature.
    Unsigned,
    /// It is refused and left out.
    Refused,
}

/// The form of tool use ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ToolUseIds {
    /// 1 to 64 of `[a-zA-Z0-9_.:-]`.
    Converse,
    /// Nine letters or digits, or one that Bedrock made.
    NineCharacters,
}

impl Default for Profile {
    fn default() -> Self {
        Self::permissive()
    }
}

#[derive(Deserialize)]
struct Row {
    /// What bare model ids of this row begin with.
    models: Vec<String>,
    /// The facts that differ from what shorter patterns say.
    facts: serde_json::Map<String, serde_json::Value>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    // A test reads every row, so this holds for what is released.
    serde_json::from_str(include_str!("profiles.json")).unwrap_or_default()
});

impl Profile {
    /// Takes everything: for models that no row of the table names.
    pub fn permissive() -> Self {
        use Media::{Audio, Document, Image, SearchResult, Video};
        Self {
            family: String::new(),
            streams_tools: true,
            fine_tools: Support::Unknown,
            assistant_first: false,
            mixes_tool_results: true,
            mixes_tool_uses: true,
            tool_result_status: true,
            tool_result_json: true,
            tool_result_media: vec![Image, Document, Video, SearchResult],
            media: vec![Image, Document, Video, Audio, SearchResult],
            system_messages: false,
            reasoning: ReasoningReplay::AsSent,
            tool_use_ids: ToolUseIds::Converse,
            tools: true,
            tool_choice: vec![ToolChoiceKind::Auto, ToolChoiceKind::Any, ToolChoiceKind::Tool],
            forces_tools_while_thinking: true,
            system_prompt: true,
            prefill: Prefill::Free,
            thinking: vec![
                ThinkingType::Enabled,
                ThinkingType::Adaptive,
                ThinkingType::BetweenTools,
                ThinkingType::Disabled,
            ],
            thinks_by_default: false,
            binds_thinking: false,
            sampling: Sampling::Free,
            cache: Some(Caching::default()),
            native_output: true,
            strict_tools: true,
            schema_subset: false,
            follows_references: true,
            native_schemas_refused: Vec::new(),
            strict_schemas_refused: Vec::new(),
            citations: true,
            s3_media: vec![Image, Document, Video, Audio],
            tool_result_s3_media: vec![Image, Document, Video],
            context_window: None,
            max_output_tokens: None,
        }
    }

    /// The profile of a model id, an inference profile id or an ARN that names a model.
    ///
    /// The ARN of an application inference profile does not tell its model: set the profile yourself there
    /// (R116), for instance `Profile::of("anthropic.claude-sonnet-4-6")`.
    pub fn of(model_id: &str) -> Self {
        let mut facts = serde_json::Map::new();
        for row in rows_for_model(&TABLE, model_id, |row| &row.models) {
            facts.extend(row.facts.clone());
        }
        serde_json::from_value(facts.into()).unwrap_or_default()
    }

    /// This profile with what the service has taught.
    #[must_use]
    pub fn with_fact(mut self, fact: Fact) -> Self {
        match fact {
            Fact::ToolResultsAlone => self.mixes_tool_results = false,
            Fact::ToolUsesAlone => self.mixes_tool_uses = false,
            Fact::NoToolStreaming => self.streams_tools = false,
            Fact::NoToolResultStatus => self.tool_result_status = false,
            Fact::NoReasoning => self.reasoning = ReasoningReplay::Refused,
            Fact::BindsThinking => self.binds_thinking = true,
            Fact::NoFineTools => self.fine_tools = Support::No,
            Fact::NoNativeOutput => self.native_output = false,
            Fact::NoStrictTools => self.strict_tools = false,
            Fact::NoTools => self.tools = false,
            Fact::NoForcedTools => self.tool_choice.retain(|choice| *choice == ToolChoiceKind::Auto),
            Fact::NoAnyTool => self.tool_choice.retain(|choice| *choice != ToolChoiceKind::Any),
            Fact::NoNamedTool => self.tool_choice.retain(|choice| *choice != ToolChoiceKind::Tool),
            Fact::NoForcedToolsWhileThinking => self.forces_tools_while_thinking = false,
            Fact::SchemaLimits => self.schema_subset = true,
            Fact::NativeSchemaRefused(schema) => add(&mut self.native_schemas_refused, schema),
            Fact::StrictSchemaRefused(schema) => add(&mut self.strict_schemas_refused, schema),
        }
        self
    }
}

fn add(schemas: &mut Vec<u32>, schema: u32) {
    if !schemas.contains(&schema) {
        schemas.push(schema);
    }
}

/// A fact about a model that one of its refusals teaches (R7, D6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Fact {
    /// Tool results must be alone in their message.
    ToolResultsAlone,
    /// Tool calls must be alone in their message.
    ToolUsesAlone,
    /// Tools cannot be used in a stream.
    NoToolStreaming,
    /// Tool results have no status.
    NoToolResultStatus,
    /// Reasoning cannot be sent back.
    NoReasoning,
    /// What the model thinks holds only behind the prefix that it was thought behind (R70). Learned by a
    /// [`Turn`](crate::Turn) alone, which then asks without what was refused.
    BindsThinking,
    /// Fine-grained tool streaming is refused. Told by no text alone: the refusal does not say which beta it means.
    NoFineTools,
    /// Native output is refused (R76). This and what follows is learned by a [`Turn`](crate::Turn) alone, which knows
    /// what its request asked for.
    NoNativeOutput,
    /// Strict tools are refused.
    NoStrictTools,
    /// Strict tools and native output are held to Anthropic's limits (R23).
    SchemaLimits,
    /// Tools are refused.
    NoTools,
    /// `any` and `tool` are refused as the choice of a tool (R65).
    NoForcedTools,
    /// `any` is refused as the choice of a tool.
    NoAnyTool,
    /// `tool` is refused as the choice of a tool.
    NoNamedTool,
    /// `any` and `tool` are refused while the model thinks (R64).
    NoForcedToolsWhileThinking,
    /// A schema is refused for native output; it is named by the CRC-32 of its text.
    NativeSchemaRefused(u32),
    /// A schema is refused for strict tools; it is named by the CRC-32 of its text.
    StrictSchemaRefused(u32),
}

impl Fact {
    /// What the text of a refusal teaches; matched narrowly, since a wrong fact is worse than none.
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

/// Returns the rows of a table that apply to a model, the most general first.
///
/// `prefixes` returns the beginnings of bare model ids (see [`bare_model_id`]) that a row is for. Rows are ordered by the
/// length of their longest prefix that fits, then as in the table, so the facts of later rows override those of earlier
/// ones. The tables of [`Profile`] and of the local endpoint are read this way.
///
/// ```
/// use outcrop_core::rows_for_model;
/// let table = [("anthropic.claude-opus-5", 2), ("anthropic.", 1), ("amazon.", 3)];
/// let rows = rows_for_model(&table, "us.anthropic.claude-opus-5-v1:0", |row| [row.0]);
/// assert_eq!(rows, [&table[1], &table[0]]);
/// ```
pub fn rows_for_model<'a, R, P>(table: &'a [R], model_id: &str, prefixes: impl Fn(&'a R) -> P) -> Vec<&'a R>
where
    P: IntoIterator,
    P::Item: AsRef<str>,
{
    let bare = bare_model_id(model_id);
    let mut rows: Vec<(usize, &R)> = table
        .iter()
        .filter_map(|row| {
            let prefixes = prefixes(row).into_iter();
            let fitting = prefixes.filter(|prefix| bare.starts_with(prefix.as_ref()));
            fitting.map(|prefix| prefix.as_ref().len()).max().map(|length| (length, row))
        })
        .collect();
    rows.sort_by_key(|(length, _)| *length);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// The model id without ARN and region prefix (R114).
///
/// ```
/// use outcrop_core::bare_model_id;
/// assert_eq!(bare_model_id("us.anthropic.claude-opus-4-6-v1"), "anthropic.claude-opus-4-6-v1");
/// assert_eq!(
///     bare_model_id("arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0"),
///     "amazon.nova-lite-v1:0",
/// );
/// ```
pub fn bare_model_id(model_id: &str) -> &str {
    let id = if model_id.starts_with("arn:") {
        model_id.rsplit_once('/').map_or(model_id, |(_, id)| id)
    } else {
        model_id
    };
    match id.split_once('.') {
        Some((prefix, rest))
            if (2..=7).contains(&prefix.len())
                && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && PROVIDERS.iter().any(|provider| {
                    rest.strip_prefix(provider).is_some_and(|rest| rest.starts_with('.'))
                }) =>
        {
            rest
        }
        _ => id,
    }
}

const PROVIDERS: [&str; 20] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "xai",
    "zai",
];
