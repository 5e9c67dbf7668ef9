//! JSON types, and unions with one member each.

use serde_json::Value;

use super::{
    Refusal, Verdict,
    read::{Asked, BLOCKS, list},
};

/// What a member must be, as the service's reader has it.
enum Type {
    Object,
    List(&'static Type),
    String,
    Number,
    Members(&'static [(&'static str, Type)]),
    /// Anything.
    Any,
}

use Type::{Any, List, Members, Number, Object, String as Text};

const BLOCK: Type = Members(&[
    ("text", Text),
    ("image", Members(&[("format", Text), ("source", Object)])),
    ("document", Members(&[("format", Text), ("name", Text), ("source", Object), ("citations", Object)])),
    ("video", Members(&[("format", Text), ("source", Object)])),
    ("audio", Members(&[("format", Text), ("source", Object)])),
    ("toolUse", Members(&[("toolUseId", Text), ("name", Text), ("type", Text)])),
    (
        "toolResult",
        Members(&[("toolUseId", Text), ("status", Text), ("type", Text), ("content", List(&ITEM))]),
    ),
    ("guardContent", Object),
    ("cachePoint", Members(&[("type", Text), ("ttl", Text)])),
    ("reasoningContent", Members(&[("reasoningText", Members(&[("text", Text), ("signature", Text)]))])),
    ("citationsContent", Object),
    ("searchResult", Object),
]);

const ITEM: Type = Members(&[
    ("text", Text),
    ("image", Object),
    ("document", Object),
    ("video", Object),
    ("searchResult", Object),
]);

const REQUEST: Type = Members(&[
    ("messages", List(&Members(&[("role", Text), ("content", List(&BLOCK))]))),
    ("system", List(&Members(&[("text", Text), ("guardContent", Object), ("cachePoint", Object)]))),
    (
        "inferenceConfig",
        Members(&[
            ("maxTokens", Number),
            ("temperature", Number),
            ("topP", Number),
            ("stopSequences", List(&Text)),
        ]),
    ),
    (
        "toolConfig",
        Members(&[
            (
                "tools",
                List(&Members(&[
                    ("toolSpec", Members(&[("name", Text), ("description", Text), ("inputSchema", Object)])),
                    ("systemTool", Members(&[("name", Text)])),
                    ("cachePoint", Object),
                ])),
            ),
            (
                "toolChoice",
                Members(&[("auto", Object), ("any", Object), ("tool", Members(&[("name", Text)]))]),
            ),
        ]),
    ),
    ("guardrailConfig", Object),
    ("additionalModelRequestFields", Any),
    ("additionalModelResponseFieldPaths", List(&Text)),
    ("promptVariables", Object),
    ("requestMetadata", Object),
    ("performanceConfig", Members(&[("latency", Text)])),
    ("serviceTier", Members(&[("type", Text)])),
    (
        "outputConfig",
        Members(&[(
            "textFormat",
            Members(&[
                ("type", Text),
                (
                    "structure",
                    Members(&[(
                        "jsonSchema",
                        Members(&[("schema", Text), ("name", Text), ("description", Text)]),
                    )]),
                ),
            ]),
        )]),
    ),
]);

pub(super) fn is_object(body: &Value) -> Verdict {
    check(body, &Object)
}

/// Members that the service does not know may be anything.
pub(super) fn types(body: &Value) -> Verdict {
    check(body, &REQUEST)
}

fn check(value: &Value, expected: &Type) -> Verdict {
    match (expected, value) {
        (_, Value::Null)
        | (Any, _)
        | (Object, Value::Object(_))
        | (Text, Value::String(_))
        | (Number, Value::Number(_)) => Ok(()),
        (List(item), Value::Array(items)) => items.iter().try_for_each(|value| check(value, item)),
        (Members(known), Value::Object(members)) => known.iter().try_for_each(|(name, expected)| {
            members.get(*name).map_or(Ok(()), |value| check(value, expected))
        }),
        // Guess: these are the words of other AWS services.
        _ => Err(Refusal::serialization(format!(
            "{} can not be converted to {}",
            token(value),
            name(expected)
        ))),
    }
}

fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "VALUE_NULL",
        Value::Bool(_) => "BOOLEAN_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    }
}

fn name(expected: &Type) -> &'static str {
    match expected {
        Object | Members(_) | Any => "an Object",
        List(_) => "a List",
        Text => "a String",
        Number => "a Number",
    }
}

/// A block has one member that the service knows.
pub(super) fn unions(asked: &Asked<'_>) -> Verdict {
    let keys = "text, image, toolUse, toolResult, document, video, cachePoint, reasoningContent, \
                citationsContent, searchResult";
    for (at, index, block) in asked.blocks() {
        one_of(block.whole, BLOCKS, keys, || {
            format!("ContentBlock object at messages.{at}.content.{index}")
        })?;
        for (item_at, item) in block.items().into_iter().enumerate() {
            // There is no cache point inside a tool result: it is like a member that is not known.
            let known = ["json", "text", "image", "document", "video", "searchResult"];
            one_of(item.whole, &known, "json, text, image, document, video, searchResult", || {
                format!(
                    "ToolResultContentBlock object at messages.{at}.content.{index}.toolResult.content.{item_at}"
                )
            })?;
        }
    }
    for (at, block) in asked.system().into_iter().enumerate() {
        one_of(
            block.whole,
            &["text", "guardContent", "cachePoint"],
            "text, guardContent, cachePoint",
            || format!("SystemContentBlock object at system.{at}"),
        )?;
    }
    for (at, tool) in asked.tools().into_iter().enumerate() {
        one_of(
            tool.whole,
            &["toolSpec", "systemTool", "cachePoint"],
            "toolSpec, systemTool, cachePoint",
            || format!("Tool object at toolConfig.tools.{at}"),
        )?;
    }
    Ok(())
}

fn one_of(union: &Value, known: &[&str], keys: &str, what: impl Fn() -> String) -> Verdict {
    let members = union.as_object().into_iter().flatten();
    let set = members.filter(|(key, value)| !value.is_null() && known.contains(&key.as_str()));
    match set.count() {
        1 => Ok(()),
        0 => Err(Refusal::validation(format!("{} must set one of the following keys: {keys}.", what()))),
        // Guess.
        _ => Err(Refusal::validation(format!("{} must set only one of the following keys: {keys}.", what()))),
    }
}

/// Text and chunks are sources only where citations are asked for.
pub(super) fn document_sources(asked: &Asked<'_>) -> Verdict {
    for (at, index, block) in asked.blocks().filter(|(_, _, block)| block.kind == "document") {
        let source = block.value.get("source");
        let has = |key: &str| source.and_then(|source| source.get(key)).is_some_and(|value| !value.is_null());
        let cited = block.value.pointer("/citations/enabled") == Some(&Value::Bool(true));
        let is_chunks = has("text") || !list(source.and_then(|source| source.get("content"))).is_empty();
        if !has("bytes") && !has("s3Location") && !(is_chunks && (cited || !asked.is_known())) {
            return Err(Refusal::validation(format!(
                "DocumentSource object at messages.{at}.content.{index}.document.source must set one of the \
                 following keys: bytes, s3Location."
            )));
        }
    }
    Ok(())
}
