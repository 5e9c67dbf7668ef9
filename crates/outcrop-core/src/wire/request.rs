//! One call: everything that Converse, ConverseStream and CountTokens take in their body.
//!
//! The model id is not here: it travels in the path.
//!
//! # Invariants
//! - The bytes of a request are a pure function of its value: no map without order, no rounding (0.7 is `0.7`).

use std::collections::BTreeMap;

use crate::wire::{CachePoint, Features, GuardContent, Message, RawJson, ToolConfig};

wire_struct! {
    /// The body of one call.
    ///
    /// ```
    /// use outcrop_core::{Message, Request, wire::InferenceConfig};
    ///
    /// let request = Request::new()
    ///     .messages([Message::user("Hello")])
    ///     .inference_config(InferenceConfig::new().temperature(0.7));
    /// assert_eq!(
    ///     String::from_utf8(request.to_json_bytes()?)?,
    ///     r#"{"inferenceConfig":{"temperature":0.7},"messages":[{"role":"user","content":[{"text":"Hello"}]}]}"#,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Default)]
    pub struct Request {
        required {}
        optional {
            /// Limits and sampling.
            inference_config: InferenceConfig = "inferenceConfig",
            /// Tools. Must be there where the messages hold tool calls or results (R18).
            tool_config: ToolConfig = "toolConfig",
            /// The guardrail to apply.
            guardrail_config: GuardrailConfig = "guardrailConfig",
            /// What this model takes beyond Converse, as the model's own API names it.
            additional_model_request_fields: RawJson = "additionalModelRequestFields",
            /// Values for a stored prompt.
            prompt_variables: BTreeMap<String, PromptVariable> = "promptVariables",
            /// For the invocation log: 1 to 16 entries.
            request_metadata: BTreeMap<String, String> = "requestMetadata",
            /// Latency.
            performance_config: PerformanceConfig = "performanceConfig",
            /// Service tier.
            service_tier: ServiceTier = "serviceTier",
            /// Structured output and effort.
            output_config: OutputConfig = "outputConfig",
        }
        lists {
            /// The conversation.
            messages: Message = "messages",
            /// What the model is told beside it.
            system: SystemContentBlock = "system",
            /// JSON Pointers of what the model's own answer holds and Converse leaves out; at most 10.
            additional_model_response_field_paths: String = "additionalModelResponseFieldPaths",
        }
        ignored { "modelId" }
        beside {
            /// Features that are resolved for the model. They are no members of the JSON of a request: the encoder of
            /// the wire that it goes to spells them.
            features: Features,
        }
    }
}

wire_union! {
    /// One block of the system prompt.
    pub enum SystemContentBlock {
        /// Text; blank text is refused.
        Text(String) = "text",
        /// Text that a guardrail looks at.
        GuardContent(GuardContent) = "guardContent",
        /// The prefix up to here may be cached.
        CachePoint(CachePoint) = "cachePoint",
    }
}

impl From<&str> for SystemContentBlock {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for SystemContentBlock {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<CachePoint> for SystemContentBlock {
    fn from(point: CachePoint) -> Self {
        Self::CachePoint(point)
    }
}

wire_struct! {
    /// Limits and sampling. The newest models refuse all sampling members.
    #[derive(Default)]
    pub struct InferenceConfig {
        required {}
        optional {
            /// Most tokens of the answer, at least 1. Where absent the model's own default holds.
            max_tokens: u32 = "maxTokens",
            /// 0 to 1.
            temperature: f64 = "temperature",
            /// 0 to 1.
            top_p: f64 = "topP",
        }
        lists {
            /// Texts that end the answer.
            stop_sequences: String = "stopSequences",
        }
    }
}

wire_struct! {
    /// The guardrail to apply.
    #[derive(Default)]
    pub struct GuardrailConfig {
        required {}
        optional {
            /// Id or ARN.
            guardrail_identifier: String = "guardrailIdentifier",
            /// A number or `DRAFT`.
            guardrail_version: String = "guardrailVersion",
            /// Whether the answer says what was found.
            trace: GuardrailTraceMode = "trace",
            /// Only for streams: whether text is held until it was looked at.
            stream_processing_mode: GuardrailStreamMode = "streamProcessingMode",
        }
        lists {}
    }
}

wire_enum! {
    /// Whether the answer says what a guardrail found.
    pub enum GuardrailTraceMode { Enabled = "enabled", Disabled = "disabled", EnabledFull = "enabled_full" }
}

wire_enum! {
    /// Whether text is held until a guardrail has looked at it.
    pub enum GuardrailStreamMode {
        Sync = "sync",
        /// Text flows at once and may be blocked later; personal data are not masked.
        Async = "async",
    }
}

wire_union! {
    /// A value for a stored prompt.
    pub enum PromptVariable {
        /// Text.
        Text(String) = "text",
    }
}

wire_struct! {
    /// Latency of the model.
    #[derive(Default)]
    pub struct PerformanceConfig {
        required {}
        optional {
            /// Few models take `optimized`.
            latency: Latency = "latency",
        }
        lists {}
    }
}

wire_enum! {
    /// Latency of the model.
    pub enum Latency { Standard = "standard", Optimized = "optimized" }
}

wire_struct! {
    /// The tier that serves the call; the answer says which one did.
    pub struct ServiceTier {
        required {
            /// The tier.
            kind: ServiceTierType = "type",
        }
        optional {}
        lists {}
    }
}

wire_enum! {
    /// A service tier.
    pub enum ServiceTierType { Priority = "priority", Default = "default", Flex = "flex", Reserved = "reserved" }
}

wire_struct! {
    /// Structured output and effort.
    #[derive(Default)]
    pub struct OutputConfig {
        required {}
        optional {
            /// The form of the text.
            text_format: TextFormat = "textFormat",
            /// `low`, `medium`, `high`, `xhigh`, `max`; which of them depends on the model.
            effort: String = "effort",
        }
        lists {}
    }
}

wire_struct! {
    /// The form of the text of an answer.
    pub struct TextFormat {
        required {
            /// `json_schema`.
            kind: String = "type",
            /// What it must look like.
            structure: TextStructure = "structure",
        }
        optional {}
        lists {}
    }
}

wire_union! {
    /// What the text of an answer must look like.
    pub enum TextStructure {
        /// JSON of this schema.
        JsonSchema(JsonSchemaFormat) = "jsonSchema",
    }
}

wire_struct! {
    /// A JSON Schema for the text of an answer.
    pub struct JsonSchemaFormat {
        required {
            /// The schema, as a string of JSON.
            schema: String = "schema",
        }
        optional {
            /// A name for it.
            name: String = "name",
            /// What it is for.
            description: String = "description",
        }
        lists {}
    }
}
