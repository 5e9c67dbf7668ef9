//! What the demo model reads in a request: the current turn, the tools it may call, the form its answer must have.
//!
//! # Invariants
//! - Reading never fails: parts of a request that cannot be read are ignored.

use outcrop_core::{
    ContentBlock, Message, Profile, Request, Role, ToolResult, ToolUse,
    profile::bare_model_id,
    wire::{InputSchema, TextStructure, ToolChoice, ToolEntry, ToolResultContent},
};
use serde_json::Value;

use crate::Operation;

/// Characters of a prompt that are read; the others are ignored.
const MAX_PROMPT: usize = 20_000;

/// A request as the demo model reads it.
pub(super) struct View<'a> {
    pub(super) request: &'a Request,
    pub(super) bare_id: &'a str,
    pub(super) profile: Profile,
    pub(super) fields: Value,
    pub(super) tools: Vec<Tool>,
    pub(super) choice: Choice,
    pub(super) parallel: bool,
    /// Index of the message that begins the turn: the last user message without tool results.
    turn_start: usize,
    /// The schema that the answer's text must fit.
    pub(super) text_schema: Option<Value>,
    pub(super) streams: bool,
    /// Whether inputs are streamed in fragments of any length.
    pub(super) fine_grained: bool,
}

/// A tool that the caller runs.
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) schema: Value,
    pub(super) strict: bool,
}

/// Which tools the caller wants called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    None,
    Auto,
    Any,
    Tool(String),
}

/// A call of this turn and its result.
pub(super) struct Done<'a> {
    pub(super) call: &'a ToolUse,
    pub(super) result: Option<&'a ToolResult>,
}

impl<'a> View<'a> {
    pub(super) fn of(model_id: &'a str, operation: Operation, request: &'a Request) -> Self {
        let fields = request.additional_model_request_fields.as_ref().and_then(|raw| raw.to_value());
        let fields = fields.unwrap_or(Value::Null);
        let profile = Profile::of(model_id);
        let choice = fields.get("tool_choice");
        let entries = request.tool_config.iter().flat_map(|config| &config.tools);
        let tools: Vec<Tool> = entries.filter_map(read_tool).collect();
        let streams = operation == Operation::ConverseStream;
        let beta = fields.get("anthropic_beta").and_then(Value::as_array).is_some_and(|names| {
            names
                .iter()
                .any(|name| name.as_str().is_some_and(|name| name.starts_with("fine-grained-tool-streaming")))
        });
        Self {
            request,
            bare_id: bare_model_id(model_id),
            choice: read_choice(request, choice, &tools),
            parallel: choice.and_then(|choice| choice.get("disable_parallel_tool_use"))
                != Some(&Value::Bool(true)),
            fine_grained: beta && profile.family == "anthropic",
            turn_start: request.messages.iter().rposition(is_prompt).unwrap_or(0),
            text_schema: read_text_schema(request),
            profile,
            fields,
            tools,
            streams,
        }
    }

    pub(super) fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// The user text that began the turn, at most [`MAX_PROMPT`] characters.
    pub(super) fn prompt(&self) -> String {
        let mut text = self.turn().first().map(text_of).unwrap_or_default();
        if let Some((end, _)) = text.char_indices().nth(MAX_PROMPT) {
            text.truncate(end);
        }
        text
    }

    /// The messages from the prompt on.
    pub(super) fn turn(&self) -> &'a [Message] {
        self.request.messages.get(self.turn_start..).unwrap_or_default()
    }

    /// The calls of this turn, each with its result.
    pub(super) fn done(&self) -> Vec<Done<'a>> {
        let results: Vec<&ToolResult> = self.turn().iter().flat_map(Message::tool_results).collect();
        let calls =
            self.turn().iter().filter(|message| message.role == Role::Assistant).flat_map(Message::tool_uses);
        calls
            .map(|call| {
                let result = results.iter().find(|result| result.tool_use_id == call.tool_use_id);
                Done { call, result: result.copied() }
            })
            .collect()
    }

    /// How many answers of this turn called tools.
    pub(super) fn steps(&self) -> usize {
        let assistant = self.turn().iter().filter(|message| message.role == Role::Assistant);
        assistant.filter(|message| message.tool_uses().next().is_some()).count()
    }

    /// The ids of the calls that the last message answers.
    pub(super) fn just_answered(&self) -> Vec<&'a str> {
        let last = self.request.messages.last().filter(|message| message.role == Role::User);
        last.into_iter().flat_map(Message::tool_results).map(|result| result.tool_use_id.as_str()).collect()
    }

    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.request
            .inference_config
            .as_ref()
            .and_then(|config| config.max_tokens)
            .map(|limit| u64::from(limit.max(1)))
    }

    pub(super) fn stop_sequences(&self) -> &'a [String] {
        self.request.inference_config.as_ref().map_or(&[], |config| &config.stop_sequences)
    }
}

/// The texts of a message, joined by line breaks.
pub(super) fn text_of(message: &Message) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for block in &message.content {
        match block {
            ContentBlock::Text(text) => texts.push(text),
            ContentBlock::GuardContent(outcrop_core::wire::GuardContent::Text(text)) => {
                texts.push(&text.text)
            }
            ContentBlock::CitationsContent(cited) => {
                texts.extend(cited.content.iter().filter_map(|part| part.text.as_deref()));
            }
            _ => {}
        }
    }
    texts.join("\n")
}

/// The contents of a result as text: JSON as it was written, media as a short description.
pub(super) fn result_texts(result: &ToolResult) -> Vec<String> {
    let texts = result.content.iter().filter_map(|part| match part {
        ToolResultContent::Text(text) => Some(text.clone()),
        ToolResultContent::Json(raw) => Some(raw.as_str().to_owned()),
        ToolResultContent::SearchResult(found) => Some(found.title.clone()),
        ToolResultContent::Document(document) => Some(format!("document “{}”", document.name)),
        ToolResultContent::Image(image) => Some(format!("a {} picture", image.format)),
        ToolResultContent::Video(video) => Some(format!("a {} video", video.format)),
        _ => None,
    });
    texts.collect()
}

fn is_prompt(message: &Message) -> bool {
    message.role == Role::User && message.tool_results().next().is_none()
}

fn read_tool(entry: &ToolEntry) -> Option<Tool> {
    let ToolEntry::ToolSpec(spec) = entry else { return None };
    let InputSchema::Json(schema) = &spec.input_schema else { return None };
    Some(Tool {
        name: spec.name.clone(),
        description: spec.description.clone().unwrap_or_default(),
        schema: schema.to_value().unwrap_or(Value::Null),
        strict: spec.strict == Some(true),
    })
}

/// Converse's tool choice, or the one in Claude's request fields, which may also be `none`.
fn read_choice(request: &Request, own: Option<&Value>, tools: &[Tool]) -> Choice {
    let converse = request.tool_config.as_ref().and_then(|config| config.tool_choice.as_ref());
    let choice = match (converse, own.and_then(|own| own.get("type")).and_then(Value::as_str)) {
        (Some(ToolChoice::Any(_)), _) | (None, Some("any")) => Choice::Any,
        (Some(ToolChoice::Tool(tool)), _) => Choice::Tool(tool.name.clone()),
        (None, Some("tool")) => {
            let name = own.and_then(|own| own.get("name")).and_then(Value::as_str);
            Choice::Tool(name.unwrap_or_default().to_owned())
        }
        (_, Some("none")) => Choice::None,
        _ => Choice::Auto,
    };
    match choice {
        _ if tools.is_empty() => Choice::None,
        Choice::Tool(name) if !tools.iter().any(|tool| tool.name == name) => Choice::Auto,
        choice => choice,
    }
}

fn read_text_schema(request: &Request) -> Option<Value> {
    let format = request.output_config.as_ref()?.text_format.as_ref()?;
    let TextStructure::JsonSchema(schema) = &format.structure else { return None };
    serde_json::from_str(&schema.schema).ok()
}
