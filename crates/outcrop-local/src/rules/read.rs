//! A request as the rules read it: messages and blocks, whatever else the JSON holds.

use outcrop_core::Profile;
use serde_json::Value;

use super::Judge;
use crate::{EndpointProfile, Operation};

/// One request that is judged. Its JSON has the right types ([`super::shape::types`]).
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) model_id: &'a str,
    pub(super) profile: &'a Profile,
    pub(super) endpoint: &'a EndpointProfile,
    pub(super) operation: Operation,
    pub(super) own_signatures_only: bool,
    pub(super) body: &'a Value,
    pub(super) length: usize,
    pub(super) messages: Vec<Message<'a>>,
}

#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) role: &'a str,
    pub(super) blocks: Vec<Block<'a>>,
}

/// A block, or an item of a tool result: one member of a union.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block<'a> {
    /// As `text`; empty where it has no member.
    pub(super) kind: &'a str,
    pub(super) value: &'a Value,
    /// The object around it.
    pub(super) whole: &'a Value,
}

impl<'a> Block<'a> {
    pub(super) fn of(whole: &'a Value) -> Self {
        // A null member is none.
        let members = whole.as_object().into_iter().flatten();
        let member = members.filter(|(_, value)| !value.is_null()).min_by_key(|(key, _)| !is_block(key));
        let (kind, value) = member.map_or(("", &Value::Null), |(key, value)| (key.as_str(), value));
        Self { kind, value, whole }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        if self.kind == "text" { self.value.as_str() } else { None }
    }

    /// A member of the block, as text.
    pub(super) fn str(&self, key: &str) -> &'a str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// What a tool result holds.
    pub(super) fn items(&self) -> Vec<Block<'a>> {
        if self.kind == "toolResult" { blocks(self.value.get("content")) } else { Vec::new() }
    }

    /// Whether the service ran the tool: nobody else answers it.
    pub(super) fn is_server_tool(&self) -> bool {
        self.str("type") == "server_tool_use"
    }
}

/// Kinds of blocks that the service knows.
pub(super) const BLOCKS: &[&str] = &[
    "text",
    "image",
    "document",
    "video",
    "audio",
    "toolUse",
    "toolResult",
    "guardContent",
    "cachePoint",
    "reasoningContent",
    "citationsContent",
    "searchResult",
    "toolAddition",
    "toolRemoval",
];

fn is_block(key: &str) -> bool {
    key == "json" || BLOCKS.contains(&key)
}

/// The items of a list, none where it is no list.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn blocks(value: Option<&Value>) -> Vec<Block<'_>> {
    list(value).iter().map(Block::of).collect()
}

impl<'a> Asked<'a> {
    pub(super) fn read(judge: &'a Judge, operation: Operation, body: &'a Value, length: usize) -> Self {
        let message = |message: &'a Value| Message {
            role: message.get("role").and_then(Value::as_str).unwrap_or_default(),
            blocks: blocks(message.get("content")),
        };
        Self {
            model_id: &judge.model_id,
            profile: &judge.profile,
            endpoint: &judge.endpoint,
            operation,
            own_signatures_only: judge.own_signatures_only,
            body,
            length,
            messages: list(body.get("messages")).iter().map(message).collect(),
        }
    }

    /// Whether the model's own checks are those of Anthropic's API.
    pub(super) fn speaks_anthropic(&self) -> bool {
        self.profile.family == "anthropic"
    }

    /// Whether the table knows the model.
    pub(super) fn is_known(&self) -> bool {
        !self.profile.family.is_empty()
    }

    /// Whether messages come from a prompt that AWS keeps.
    pub(super) fn is_prompt(&self) -> bool {
        self.model_id.contains(":prompt/") || self.at("/promptVariables").is_some()
    }

    /// A value by its JSON pointer, if it is there and not null.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.body.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A member of `additionalModelRequestFields`.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        self.body.get("additionalModelRequestFields")?.get(name).filter(|value| !value.is_null())
    }

    /// Each block of each message with where it stands.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (usize, usize, Block<'a>)> {
        self.messages.iter().enumerate().flat_map(|(at, message)| {
            message.blocks.iter().enumerate().map(move |(index, block)| (at, index, *block))
        })
    }

    pub(super) fn system(&self) -> Vec<Block<'a>> {
        blocks(self.body.get("system"))
    }

    pub(super) fn tools(&self) -> Vec<Block<'a>> {
        blocks(self.body.pointer("/toolConfig/tools"))
    }

    /// `auto`, `any` or `tool`; from the additional fields where Anthropic's own form is there.
    pub(super) fn tool_choice(&self) -> Option<&'a str> {
        let converse = self.at("/toolConfig/toolChoice").and_then(Value::as_object);
        let converse = converse.and_then(|choice| choice.iter().find(|(_, value)| !value.is_null()));
        let own = || self.field("tool_choice")?.get("type")?.as_str();
        converse.map(|(key, _)| key.as_str()).or_else(own)
    }

    pub(super) fn max_tokens(&self) -> Option<u64> {
        self.at("/inferenceConfig/maxTokens").and_then(Value::as_u64)
    }

    /// Names of betas that are asked for.
    pub(super) fn has_beta(&self, name: &str) -> bool {
        list(self.field("anthropic_beta")).iter().filter_map(Value::as_str).any(|beta| beta.starts_with(name))
    }

    /// `thinking.type`, where the request says it.
    pub(super) fn thinking(&self) -> Option<&'a str> {
        self.field("thinking").or_else(|| self.field("reasoning_config"))?.get("type")?.as_str()
    }
}
