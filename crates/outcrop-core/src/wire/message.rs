//! Messages and their content blocks, in exactly Converse's JSON.
//!
//! # Invariants
//! - A block is kept as it was sent: reasoning with its signature, a tool's input as the model's own text.
//! - A block of a kind that we do not know is [`ContentBlock::Unknown`] and is written back to the byte.

use crate::wire::{
    Blob, InputText, RawJson,
    citation::CitationsContent,
    media::{AudioBlock, DocumentBlock, ImageBlock, SearchResultBlock, VideoBlock},
};

wire_enum! {
    /// Who speaks.
    pub enum Role {
        User = "user",
        Assistant = "assistant",
        /// Only a few models take it inside `messages`; elsewhere use [`Request::system`](crate::wire::Request).
        System = "system",
    }
}

wire_struct! {
    /// One message of a conversation.
    ///
    /// ```
    /// use outcrop_core::Message;
    /// let message = Message::user("Where is Lisbon?");
    /// assert_eq!(
    ///     serde_json::to_string(&message)?,
    ///     r#"{"role":"user","content":[{"text":"Where is Lisbon?"}]}"#,
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct Message {
        required {
            /// Who speaks.
            role: Role = "role",
            /// What is said, in order.
            content: Vec<ContentBlock> = "content",
        }
        optional {}
        lists {}
    }
}

impl Message {
    /// A user message; `content` is a text, a block, or several blocks.
    pub fn user(content: impl IntoContent) -> Self {
        Self::new(Role::User, content.into_content())
    }

    /// An assistant message, for examples and histories written by hand.
    pub fn assistant(content: impl IntoContent) -> Self {
        Self::new(Role::Assistant, content.into_content())
    }

    /// All text blocks and cited texts, joined.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for block in &self.content {
            match block {
                ContentBlock::Text(part) => text.push_str(part),
                ContentBlock::CitationsContent(cited) => {
                    cited.content.iter().for_each(|part| text.push_str(part.text.as_deref().unwrap_or("")));
                }
                _ => {}
            }
        }
        text
    }

    /// The tool calls that the caller is asked to run; those that the service runs itself are left out.
    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            ContentBlock::ToolUse(tool_use) if !tool_use.is_server_side() => Some(tool_use),
            _ => None,
        })
    }

    /// The tool results in it.
    pub fn tool_results(&self) -> impl Iterator<Item = &ToolResult> {
        self.content.iter().filter_map(|block| match block {
            ContentBlock::ToolResult(result) => Some(result),
            _ => None,
        })
    }
}

/// What can stand as the content of a message: a text, one block, or several.
pub trait IntoContent {
    /// The blocks, in order.
    fn into_content(self) -> Vec<ContentBlock>;
}

impl IntoContent for &str {
    fn into_content(self) -> Vec<ContentBlock> {
        vec![self.into()]
    }
}

impl IntoContent for String {
    fn into_content(self) -> Vec<ContentBlock> {
        vec![self.into()]
    }
}

impl IntoContent for ContentBlock {
    fn into_content(self) -> Vec<ContentBlock> {
        vec![self]
    }
}

impl IntoContent for Vec<ContentBlock> {
    fn into_content(self) -> Vec<ContentBlock> {
        self
    }
}

impl<const N: usize> IntoContent for [ContentBlock; N] {
    fn into_content(self) -> Vec<ContentBlock> {
        self.into()
    }
}

wire_union! {
    /// One block of a message.
    pub enum ContentBlock {
        /// Text. The service refuses blank ones; [`render`](crate::turn::render) drops them.
        Text(String) = "text",
        /// A picture.
        Image(ImageBlock) = "image",
        /// A document.
        Document(DocumentBlock) = "document",
        /// A video.
        Video(VideoBlock) = "video",
        /// A sound.
        Audio(AudioBlock) = "audio",
        /// The model asks for a tool.
        ToolUse(ToolUse) = "toolUse",
        /// What the tool gave.
        ToolResult(ToolResult) = "toolResult",
        /// Content that a guardrail is to look at.
        GuardContent(GuardContent) = "guardContent",
        /// The prefix up to here may be cached.
        CachePoint(CachePoint) = "cachePoint",
        /// The model's reasoning.
        ReasoningContent(ReasoningContent) = "reasoningContent",
        /// Text with its sources.
        CitationsContent(CitationsContent) = "citationsContent",
        /// A search result that can be cited.
        SearchResult(SearchResultBlock) = "searchResult",
        /// From here on the tool is offered; only in a `system` message, and models refused it when last seen.
        ToolAddition(ToolChange) = "toolAddition",
        /// From here on the tool is not offered; as [`ContentBlock::ToolAddition`].
        ToolRemoval(ToolChange) = "toolRemoval",
    }
}

impl From<&str> for ContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

macro_rules! block_from {
    ($($ty:ident),*) => {
        $(impl From<$ty> for ContentBlock {
            fn from(block: $ty) -> Self {
                Self::$ty(block)
            }
        })*
    };
}
block_from!(ToolUse, ToolResult, GuardContent, CachePoint, ReasoningContent, CitationsContent);

impl From<ImageBlock> for ContentBlock {
    fn from(block: ImageBlock) -> Self {
        Self::Image(block)
    }
}

impl From<DocumentBlock> for ContentBlock {
    fn from(block: DocumentBlock) -> Self {
        Self::Document(block)
    }
}

wire_struct! {
    /// A tool call by the model.
    ///
    /// Its input is the model's own text and may be no JSON at all: it can be shown and sent back, never executed.
    /// What can be executed is [`ReadyInput`](crate::tools::ReadyInput).
    pub struct ToolUse {
        required {
            /// 1 to 64 characters, `tooluse_…` from most models; kept as it came.
            tool_use_id: String = "toolUseId",
            /// The name of the tool, as the model wrote it.
            name: String = "name",
            /// The arguments, as the model wrote them.
            input: InputText = "input",
        }
        optional {
            /// `server_tool_use`: the service runs it. Newer stacks send `tool_use` on ordinary calls.
            kind: String = "type",
        }
        lists {}
    }
}

impl ToolUse {
    /// Whether the service runs this call itself, so that nobody may run or answer it (R35a).
    pub fn is_server_side(&self) -> bool {
        self.kind.as_deref() == Some("server_tool_use")
    }
}

wire_enum! {
    /// How a tool call went. Only Claude and Nova are documented to take it.
    pub enum ToolResultStatus {
        Success = "success",
        Error = "error",
    }
}

wire_struct! {
    /// What a tool gave, in the user message after the call.
    ///
    /// ```
    /// use outcrop_core::ToolResult;
    /// let result = ToolResult::error("tooluse_1", "no such city");
    /// assert!(result.is_error());
    /// ```
    pub struct ToolResult {
        required {
            /// The id of the call that it answers.
            tool_use_id: String = "toolUseId",
            /// What the model is told.
            content: Vec<ToolResultContent> = "content",
        }
        optional {
            /// Success or error; absent is success.
            status: ToolResultStatus = "status",
            /// Set on results of tools that the service ran.
            kind: String = "type",
        }
        lists {}
    }
}

impl ToolResult {
    /// A result in words.
    pub fn text(tool_use_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(tool_use_id, vec![ToolResultContent::Text(text.into())]).status(ToolResultStatus::Success)
    }

    /// A failure in words that the model can act on.
    pub fn error(tool_use_id: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(tool_use_id, vec![ToolResultContent::Text(text.into())]).status(ToolResultStatus::Error)
    }

    /// Whether its status is `error`.
    pub fn is_error(&self) -> bool {
        self.status == Some(ToolResultStatus::Error)
    }
}

wire_union! {
    /// One part of a tool result.
    pub enum ToolResultContent {
        /// JSON; the service takes objects only (R27).
        Json(RawJson) = "json",
        /// Text.
        Text(String) = "text",
        /// A picture.
        Image(ImageBlock) = "image",
        /// A document.
        Document(DocumentBlock) = "document",
        /// A video.
        Video(VideoBlock) = "video",
        /// A search result that can be cited.
        SearchResult(SearchResultBlock) = "searchResult",
    }
}

impl From<&str> for ToolResultContent {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ToolResultContent {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

wire_union! {
    /// Reasoning: readable with its signature, or redacted.
    pub enum ReasoningContent {
        /// Readable text; it may be empty while there is a signature.
        ReasoningText(ReasoningText) = "reasoningText",
        /// Opaque bytes, sent back as they came.
        RedactedContent(Blob) = "redactedContent",
    }
}

wire_struct! {
    /// Readable reasoning.
    pub struct ReasoningText {
        required {
            /// What the model thought; may be empty.
            text: String = "text",
        }
        optional {
            /// Claude's proof that the text is its own; bound to the model, sent back to the byte.
            signature: String = "signature",
        }
        lists {}
    }
}

impl ReasoningText {
    /// Whether it bears a signature. An empty one is none: the service refuses it (R61).
    pub fn is_signed(&self) -> bool {
        self.signature.as_deref().is_some_and(|signature| !signature.is_empty())
    }
}

wire_union! {
    /// Content that a guardrail looks at.
    pub enum GuardContent {
        /// Text, with what it is to the guardrail.
        Text(GuardText) = "text",
        /// A png or jpeg picture.
        Image(ImageBlock) = "image",
    }
}

wire_struct! {
    /// Text for a guardrail.
    pub struct GuardText {
        required {
            /// The text.
            text: String = "text",
        }
        optional {}
        lists {
            /// What the text is to the guardrail.
            qualifiers: GuardQualifier = "qualifiers",
        }
    }
}

wire_enum! {
    /// What a guarded text is.
    pub enum GuardQualifier {
        GroundingSource = "grounding_source",
        Query = "query",
        GuardContent = "guard_content",
    }
}

wire_struct! {
    /// A cache point: what stands before it may be cached. At most 4 in a request.
    pub struct CachePoint {
        required {
            /// Always `default` so far.
            kind: String = "type",
        }
        optional {
            /// How long it is kept; 5 minutes where absent.
            ttl: CacheTtl = "ttl",
        }
        lists {}
    }
}

impl Default for CachePoint {
    fn default() -> Self {
        Self::new("default")
    }
}

wire_enum! {
    /// How long a cached prefix is kept.
    pub enum CacheTtl {
        FiveMinutes = "5m",
        OneHour = "1h",
    }
}

wire_struct! {
    /// Which tool a `toolAddition` or `toolRemoval` names.
    pub struct ToolChange {
        required {
            /// The tool.
            tool: ToolReference = "tool",
        }
        optional {}
        lists {}
    }
}

wire_struct! {
    /// A tool that `toolConfig` declares.
    pub struct ToolReference {
        required {
            /// 1 to 64 characters.
            kind: String = "type",
            /// 1 to 128 characters.
            name: String = "name",
        }
        optional {
            /// The server that it comes from.
            server_name: String = "serverName",
        }
        lists {}
    }
}
