//! What a request says about tools: their specs and the choice among them.
//!
//! # Invariants
//! - Tools keep the order they were declared in; the bytes of a tool configuration are a function of its value.
//! - A description is never sent empty, and a list of no tools is never sent (R13, R19): [`ToolConfig`] is only
//!   put into a request where there is a tool.

use crate::wire::{CachePoint, RawJson};

wire_struct! {
    /// The tools of a request and the choice among them.
    pub struct ToolConfig {
        required {
            /// At least one.
            tools: Vec<ToolEntry> = "tools",
        }
        optional {
            /// Absent is `auto`.
            tool_choice: ToolChoice = "toolChoice",
        }
        lists {}
    }
}

wire_union! {
    /// One entry of `toolConfig.tools`.
    pub enum ToolEntry {
        /// A tool that the caller runs.
        ToolSpec(ToolSpec) = "toolSpec",
        /// A tool that the service runs itself, such as Nova's code interpreter.
        SystemTool(SystemTool) = "systemTool",
        /// The tools up to here may be cached.
        CachePoint(CachePoint) = "cachePoint",
    }
}

impl From<ToolSpec> for ToolEntry {
    fn from(spec: ToolSpec) -> Self {
        Self::ToolSpec(spec)
    }
}

wire_struct! {
    /// Name, description and input schema of a tool that the caller runs.
    ///
    /// ```
    /// use outcrop_core::{ToolSpec, schemars::{JsonSchema, self}};
    ///
    /// /// Where to look.
    /// #[derive(JsonSchema)]
    /// struct Place {
    ///     /// City name, e.g. "Lisbon".
    ///     city: String,
    /// }
    ///
    /// let spec = ToolSpec::of::<Place>("weather", "Current weather for a city.");
    /// assert!(serde_json::to_string(&spec)?.contains(r#""required":["city"]"#));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub struct ToolSpec {
        required {
            /// 1 to 64 characters of `[a-zA-Z0-9_-]`.
            name: String = "name",
            /// The JSON Schema of its input; the top level must be an object.
            input_schema: InputSchema = "inputSchema",
        }
        optional {
            /// What it is for; at least one character where present.
            description: String = "description",
            /// Whether the model's input is held to the schema while it is written. Few models take it.
            strict: bool = "strict",
        }
        lists {}
    }
}

impl ToolSpec {
    /// The spec of a tool whose schema is given. A blank description is left out (R13).
    pub fn with_schema(
        name: impl Into<String>,
        description: impl Into<String>,
        schema: impl Into<RawJson>,
    ) -> Self {
        let mut spec = Self::new(name, InputSchema::Json(schema.into()));
        spec.description = Some(description.into()).filter(|text| !text.trim().is_empty());
        spec
    }

    /// Whether the service takes `name` as the name of a tool (R14).
    ///
    /// ```
    /// use outcrop_core::ToolSpec;
    /// assert!(ToolSpec::is_valid_name("get_weather-2"));
    /// assert!(!ToolSpec::is_valid_name("get weather"));
    /// ```
    pub fn is_valid_name(name: &str) -> bool {
        (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    }
}

impl From<CachePoint> for ToolEntry {
    fn from(point: CachePoint) -> Self {
        Self::CachePoint(point)
    }
}

wire_union! {
    /// The schema of a tool's input.
    pub enum InputSchema {
        /// A JSON Schema.
        Json(RawJson) = "json",
    }
}

wire_struct! {
    /// A tool that the service runs itself.
    pub struct SystemTool {
        required {
            /// Its name, such as `nova_grounding`.
            name: String = "name",
        }
        optional {}
        lists {}
    }
}

wire_union! {
    /// Which tool the model is to call. Not every model takes every form; there is no `none`.
    pub enum ToolChoice {
        /// As it sees fit.
        Auto(Empty) = "auto",
        /// Any one, but one.
        Any(Empty) = "any",
        /// This one.
        Tool(NamedTool) = "tool",
    }
}

impl ToolChoice {
    /// As the model sees fit.
    pub fn auto() -> Self {
        Self::Auto(Empty::new())
    }

    /// Any one, but one.
    pub fn any() -> Self {
        Self::Any(Empty::new())
    }

    /// The tool of this name.
    pub fn tool(name: impl Into<String>) -> Self {
        Self::Tool(NamedTool::new(name))
    }
}

wire_struct! {
    /// An object without members.
    #[derive(Default)]
    pub struct Empty {
        required {}
        optional {}
        lists {}
    }
}

wire_struct! {
    /// A tool by its name.
    pub struct NamedTool {
        required {
            /// The name.
            name: String = "name",
        }
        optional {}
        lists {}
    }
}
