//! Every text by which the service refuses a request, once: what a refusal says, as data.
//!
//! # Invariants
//! - Texts are matched narrowly, without regard to case: a wrong statement is worse than none (D6).
//! - What follows from a statement is decided elsewhere, by what the refused request held.

use serde::{Deserialize, Serialize};

/// What a refusal of the service says.
///
/// ```
/// use outcrop_core::wire::{Refusal, Statement};
/// let refusal = Refusal::parse("This model doesn't support tool use in streaming mode.");
/// assert!(refusal.says(Statement::NoToolStreaming));
/// assert!(!refusal.says(Statement::NoTools));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Refusal {
    /// What it says, in the order of [`Statement`]'s table. Empty where the text is not known.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<Statement>,
    /// The place in `toolConfig.tools` of the tool that it names, as in `tools.1.custom: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<u32>,
    /// The text without the prefix "The model returned the following errors:", at most 4 KiB of it.
    pub text: String,
}

/// Comes before what the model's own server says.
const PREFIX: &str = "The model returned the following errors:";

/// The most bytes that are kept of a text of the service: 4 KiB.
pub(crate) const MAX_TEXT: usize = 4096;

impl Refusal {
    /// Reads the text of a refusal.
    pub fn parse(text: &str) -> Self {
        // Some texts come with a typographic apostrophe.
        let lower = text.replace('\u{2019}', "'").to_lowercase();
        let says = |parts: &[&str]| parts.iter().all(|part| lower.contains(part));
        let mut statements: Vec<Statement> = Vec::new();
        for (parts, statement) in TEXTS {
            if !statements.contains(statement) && says(parts) {
                statements.push(*statement);
            }
        }
        let words = text.split_once(PREFIX).map_or(text, |(_, words)| words).trim();
        Self { statements, tool: named_tool(&lower), text: shortened(words, MAX_TEXT).to_owned() }
    }

    /// Whether it says `statement`.
    pub fn says(&self, statement: Statement) -> bool {
        self.statements.contains(&statement)
    }

    /// What it says of the tool that it names, or all of it where it names none.
    pub(crate) fn words(&self) -> &str {
        let after = self.text.split_once("tools.").and_then(|(_, rest)| rest.split_once(".custom"));
        match after {
            Some((_, rest)) if self.tool.is_some() => rest.trim_start_matches(':').trim(),
            _ => &self.text,
        }
    }
}

/// The place of the tool that a text such as `tools.1.custom: For 'array' type, …` is about.
fn named_tool(lower: &str) -> Option<u32> {
    let (_, rest) = lower.split_once("tools.")?;
    let (at, _) = rest.split_once(".custom")?;
    at.parse().ok()
}

/// The start of a text, at most `most` bytes of it.
pub(crate) fn shortened(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// One thing that a refusal can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Statement {
    /// Thinking was sent after another prefix than the one that it is bound to.
    ThinkingBoundElsewhere,
    /// Tool results must be alone in their message.
    ToolResultsAlone,
    /// Tool calls must be alone in their message.
    ToolUsesAlone,
    /// The model does not stream while it has tools.
    NoToolStreaming,
    /// The model does not stream.
    NoStreaming,
    /// The model does not take `status` in tool results.
    NoToolResultStatus,
    /// Reasoning cannot be sent back.
    NoReasoning,
    /// A beta flag is not known; the service does not say which.
    UnknownBeta,
    /// The model does not take tools.
    NoTools,
    /// The model does not take native output.
    NoNativeOutput,
    /// Citations and native output exclude each other.
    CitationsExcludeNativeOutput,
    /// The schema of the native output is refused.
    NativeSchema,
    /// A keyword of a schema is refused.
    SchemaKeyword,
    /// The schemas of the request together have too many optional members.
    TooManyOptionalMembers,
    /// The schemas of the request together have too many members with union types.
    TooManyUnionMembers,
    /// The schemas of the request together are too complex.
    SchemaTooComplex,
    /// The request has too many strict tools.
    TooManyStrictTools,
    /// The model does not take `strict` in tools.
    NoStrictTools,
    /// A tool cannot be forced while the model thinks.
    NoForcedToolWhileThinking,
    /// Neither `any` nor `tool` is taken as the choice of a tool.
    NoForcedTool,
    /// `any` is not taken as the choice of a tool.
    NoAnyTool,
    /// `tool` is not taken as the choice of a tool.
    NoNamedTool,
    /// The model does not take `toolChoice`.
    NoToolChoice,
    /// Tokens of this model cannot be counted.
    NoTokenCount,
    /// The input is too long for the model.
    TooLong,
    /// The model is called through an inference profile only.
    ProfileOnly,
    /// The account's data retention setting forbids the model.
    DataRetention,
    /// The provider has marked the model as legacy.
    Legacy,
    /// The model is no longer served.
    EndOfLife,
    /// A permission of AWS Marketplace is missing.
    MarketplacePermission,
    /// AWS Marketplace could not charge the account.
    Payment,
    /// The provider's use case form is missing.
    UseCaseForm,
    /// The account has no access to the model.
    NoModelAccess,
    /// An IAM permission is missing.
    NotAuthorized,
    /// There is no such model in the region.
    UnknownModel,
}

use Statement::*;

/// All parts of a text must occur; each is in lower case.
const TEXTS: &[(&[&str], Statement)] = &[
    (&["bound to a different conversation"], ThinkingBoundElsewhere),
    (&["tool result blocks cannot be provided in the same turn"], ToolResultsAlone),
    (&["tool use blocks cannot be provided in the same turn"], ToolUsesAlone),
    (&["doesn't support tool use in streaming mode"], NoToolStreaming),
    (&["unsupported for streaming"], NoStreaming),
    (&["doesn't support the status field"], NoToolResultStatus),
    (&["user messages cannot contain reasoning content"], NoReasoning),
    (&["invalid beta flag"], UnknownBeta),
    (&["fine-grained-tool-streaming-2025-05-14"], UnknownBeta),
    (&["anthropic_beta"], UnknownBeta),
    (&["this model doesn't support tool use."], NoTools),
    (&["doesn't support the outputconfig field"], NoNativeOutput),
    (&["doesn't support the outputconfig.textformat field"], NoNativeOutput),
    (&["output_config.format: extra inputs are not permitted"], NoNativeOutput),
    (&["citations cannot be enabled when output format is set"], CitationsExcludeNativeOutput),
    (&["output_config.format.schema"], NativeSchema),
    (&["schema type '"], SchemaKeyword),
    (&["for 'array' type,"], SchemaKeyword),
    (&["for 'boolean' type,"], SchemaKeyword),
    (&["for 'integer' type,"], SchemaKeyword),
    (&["for 'null' type,"], SchemaKeyword),
    (&["for 'number' type,"], SchemaKeyword),
    (&["for 'object' type,"], SchemaKeyword),
    (&["for 'string' type,"], SchemaKeyword),
    (&["schemas contains too many optional"], TooManyOptionalMembers),
    (&["schemas contains too many"], TooManyUnionMembers),
    (&["schema is too complex"], SchemaTooComplex),
    (&["compiled grammar is too large"], SchemaTooComplex),
    (&["too many strict tools"], TooManyStrictTools),
    (&["custom.strict: extra inputs are not permitted"], NoStrictTools),
    (&["thinking may not be enabled when tool_choice forces tool use"], NoForcedToolWhileThinking),
    (&[r#"tool_choice: type "tool" and "any" are not supported"#], NoForcedTool),
    (&["doesn't support the toolconfig.toolchoice.any field"], NoAnyTool),
    (&["doesn't support the toolconfig.toolchoice.tool field"], NoNamedTool),
    (&["doesn't support the toolconfig.toolchoice field"], NoToolChoice),
    (&["support counting tokens"], NoTokenCount),
    (&["input is too long"], TooLong),
    (&["prompt is too long"], TooLong),
    (&["too many input tokens"], TooLong),
    (&["input tokens exceeded"], TooLong),
    (&["maximum context length"], TooLong),
    (&["context_length_exceeded"], TooLong),
    (&["exceeds the context window"], TooLong),
    (&["exceed model maximum"], TooLong),
    (&["is longer than the model's context length"], TooLong),
    (&["input length and `max_tokens` exceed context limit"], TooLong),
    (&["too many total text bytes"], TooLong),
    (&["on-demand throughput", "supported"], ProfileOnly),
    (&["data retention mode"], DataRetention),
    (&["marked by provider as legacy"], Legacy),
    (&["reached the end of its life"], EndOfLife),
    (&["aws-marketplace:"], MarketplacePermission),
    (&["invalid_payment_instrument"], Payment),
    (&["use case details have not been submitted"], UseCaseForm),
    (&["required use-case form"], UseCaseForm),
    (&["have access to the model with the specified model id"], NoModelAccess),
    (&["is not authorized to perform: bedrock:"], NotAuthorized),
    (&["the provided model identifier is invalid"], UnknownModel),
    (&["could not resolve the foundation model"], UnknownModel),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, statements: &[Statement], tool: Option<u32>, words: &str) {
        let refusal = Refusal::parse(text);
        assert_eq!((&refusal.statements[..], refusal.tool, refusal.words()), (statements, tool, words));
    }

    #[test]
    fn texts_are_read() {
        check(
            "This model doesn\u{2019}t support tool use.",
            &[NoTools],
            None,
            "This model doesn\u{2019}t support tool use.",
        );
        check("no", &[], None, "no");
        check(
            "The model returned the following errors: tools.12.custom: For 'array' type, 'minItems' values other than 0 or 1 are not supported",
            &[SchemaKeyword],
            Some(12),
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported",
        );
        check(
            "tools.0.custom.strict: Extra inputs are not permitted",
            &[NoStrictTools],
            Some(0),
            ".strict: Extra inputs are not permitted",
        );
        let optional = "Schemas contains too many optional parameters";
        check(optional, &[TooManyOptionalMembers, TooManyUnionMembers], None, optional);
    }

    /// A refusal quotes what was sent, and that can be long.
    #[test]
    fn long_texts_are_cut_between_characters() {
        let refusal = Refusal::parse(&"é".repeat(10_000));
        assert_eq!(refusal.text.len(), MAX_TEXT);
        let json = serde_json::to_string(&refusal).unwrap();
        assert_eq!(serde_json::from_str::<Refusal>(&json).unwrap(), refusal);
    }
}
