//! Constraints of the service's front end: all that are broken in one message.
//!
//! Paths are counted from 1, with `.member.` for lists. Values that people or models wrote, those of messages and
//! of `system`, are not quoted.
//!
//! Guesses: the path of entries of maps, and which of several constraints of one member stands first.

use serde_json::Value;

use super::{Refusal, Verdict, read::list};

/// What a member must be like.
enum Limit {
    Present,
    Pattern(&'static str, fn(char) -> bool),
    Length(usize, usize),
    Least(f64),
    Most(f64),
    OneOf(&'static [&'static str]),
}

use Limit::{Least, Length, Most, OneOf, Pattern, Present};

/// The broken constraints so far.
#[derive(Default)]
struct Broken(Vec<String>);

impl Broken {
    fn check(&mut self, path: &str, value: Option<&Value>, limits: &[Limit]) {
        let value = value.filter(|value| !value.is_null());
        for limit in limits {
            if let Some(constraint) = broken(value, limit) {
                let quoted = match value {
                    _ if is_sensitive(path) => "Value".to_owned(),
                    None => "Value null".to_owned(),
                    Some(Value::String(text)) => format!("Value '{text}'"),
                    Some(other) => format!("Value '{other}'"),
                };
                self.0.push(format!("{quoted} at '{path}' failed to satisfy constraint: {constraint}"));
            }
        }
    }
}

/// What people say is kept out of errors.
fn is_sensitive(path: &str) -> bool {
    path.contains(".content.") || path.starts_with("system.")
}

fn broken(value: Option<&Value>, limit: &Limit) -> Option<String> {
    let text = || value.and_then(Value::as_str);
    match limit {
        Present => value.is_none().then(|| "Member must not be null".to_owned()),
        Pattern(pattern, fits) => text()
            .is_some_and(|text| !text.chars().all(fits))
            .then(|| format!("Member must satisfy regular expression pattern: {pattern}")),
        Length(least, most) => {
            let length = match value? {
                Value::String(text) => text.chars().count(),
                Value::Array(items) => items.len(),
                Value::Object(members) => members.len(),
                _ => return None,
            };
            if length < *least {
                Some(format!("Member must have length greater than or equal to {least}"))
            } else if length > *most {
                Some(format!("Member must have length less than or equal to {most}"))
            } else {
                None
            }
        }
        Least(least) => (value?.as_f64()? < *least)
            .then(|| format!("Member must have value greater than or equal to {least}")),
        Most(most) => {
            (value?.as_f64()? > *most).then(|| format!("Member must have value less than or equal to {most}"))
        }
        OneOf(words) => text()
            .is_some_and(|text| !words.contains(&text))
            .then(|| format!("Member must satisfy enum value set: [{}]", words.join(", "))),
    }
}

const NAME: Limit =
    Pattern("[a-zA-Z0-9_-]+", |letter| letter.is_ascii_alphanumeric() || "_-".contains(letter));
const ID: Limit =
    Pattern("[a-zA-Z0-9_.:-]+", |letter| letter.is_ascii_alphanumeric() || "_.:-".contains(letter));
const METADATA: Limit = Pattern("[a-zA-Z0-9\\s:_@$#=/+,-.]*", |letter| {
    letter.is_ascii_alphanumeric() || letter.is_whitespace() || ":_@$#=/+,-.".contains(letter)
});
const ANY: usize = usize::MAX;

/// `Err` with all broken constraints.
pub(super) fn hold(body: &Value) -> Verdict {
    let mut all = Broken::default();
    for (at, message) in list(body.get("messages")).iter().enumerate() {
        let path = format!("messages.{}.member", at + 1);
        all.check(
            &format!("{path}.role"),
            message.get("role"),
            &[Present, OneOf(&["user", "assistant", "system"])],
        );
        all.check(&format!("{path}.content"), message.get("content"), &[Present]);
        for (index, block) in list(message.get("content")).iter().enumerate() {
            content_block(&mut all, &format!("{path}.content.{}.member", index + 1), block);
        }
    }
    for (at, block) in list(body.get("system")).iter().enumerate() {
        let path = format!("system.{}.member", at + 1);
        all.check(&format!("{path}.text"), block.get("text"), &[Length(1, ANY)]);
        cache_point(&mut all, &path, block);
    }
    inference_config(&mut all, body);
    tool_config(&mut all, body);
    settings(&mut all, body);
    let Broken(all) = all;
    match all.len() {
        0 => Ok(()),
        1 => Err(Refusal::validation(format!("1 validation error detected: {}", all.concat()))),
        count => Err(Refusal::validation(format!("{count} validation errors detected: {}", all.join("; ")))),
    }
}

fn content_block(all: &mut Broken, path: &str, block: &Value) {
    let has = |key: &str| block.get(key).filter(|value| !value.is_null());
    cache_point(all, path, block);
    if let Some(tool_use) = has("toolUse") {
        let path = format!("{path}.toolUse");
        all.check(&format!("{path}.toolUseId"), tool_use.get("toolUseId"), &[Present, ID, Length(1, 64)]);
        all.check(&format!("{path}.name"), tool_use.get("name"), &[Present, NAME, Length(1, 64)]);
        all.check(&format!("{path}.input"), tool_use.get("input"), &[Present]);
    }
    if let Some(result) = has("toolResult") {
        let path = format!("{path}.toolResult");
        all.check(&format!("{path}.toolUseId"), result.get("toolUseId"), &[Present, ID, Length(1, 64)]);
        all.check(&format!("{path}.content"), result.get("content"), &[Present]);
        all.check(&format!("{path}.status"), result.get("status"), &[OneOf(&["success", "error"])]);
        for (index, item) in list(result.get("content")).iter().enumerate() {
            media(all, &format!("{path}.content.{}.member", index + 1), item);
        }
    }
    if let Some(reasoning) = has("reasoningContent").and_then(|reasoning| reasoning.get("reasoningText")) {
        all.check(&format!("{path}.reasoningContent.reasoningText.text"), reasoning.get("text"), &[Present]);
    }
    media(all, path, block);
}

fn media(all: &mut Broken, path: &str, block: &Value) {
    let image = block.get("image").filter(|value| !value.is_null());
    if let Some(image) = image {
        let formats = OneOf(&["png", "jpeg", "gif", "webp"]);
        all.check(&format!("{path}.image.format"), image.get("format"), &[Present, formats]);
        all.check(&format!("{path}.image.source"), image.get("source"), &[Present]);
    }
    if let Some(document) = block.get("document").filter(|value| !value.is_null()) {
        all.check(&format!("{path}.document.name"), document.get("name"), &[Present, Length(1, 200)]);
        all.check(&format!("{path}.document.source"), document.get("source"), &[Present]);
    }
}

fn cache_point(all: &mut Broken, path: &str, block: &Value) {
    if let Some(point) = block.get("cachePoint").filter(|value| !value.is_null()) {
        let path = format!("{path}.cachePoint");
        all.check(&format!("{path}.type"), point.get("type"), &[Present, OneOf(&["default"])]);
        all.check(&format!("{path}.ttl"), point.get("ttl"), &[OneOf(&["5m", "1h"])]);
    }
}

fn inference_config(all: &mut Broken, body: &Value) {
    let config = |key: &str| body.get("inferenceConfig")?.get(key);
    all.check("inferenceConfig.maxTokens", config("maxTokens"), &[Least(1.0)]);
    all.check("inferenceConfig.temperature", config("temperature"), &[Least(0.0), Most(1.0)]);
    all.check("inferenceConfig.topP", config("topP"), &[Least(0.0), Most(1.0)]);
    all.check("inferenceConfig.stopSequences", config("stopSequences"), &[Length(0, 2500)]);
    for (at, stop) in list(config("stopSequences")).iter().enumerate() {
        let path = format!("inferenceConfig.stopSequences.{}.member", at + 1);
        all.check(&path, Some(stop), &[Length(1, ANY)]);
    }
}

fn tool_config(all: &mut Broken, body: &Value) {
    let Some(config) = body.get("toolConfig").filter(|config| !config.is_null()) else { return };
    all.check("toolConfig.tools", config.get("tools"), &[Present, Length(1, ANY)]);
    for (at, tool) in list(config.get("tools")).iter().enumerate() {
        let path = format!("toolConfig.tools.{}.member", at + 1);
        cache_point(all, &path, tool);
        let Some(spec) = tool.get("toolSpec").filter(|spec| !spec.is_null()) else { continue };
        let path = format!("{path}.toolSpec");
        all.check(&format!("{path}.name"), spec.get("name"), &[Present, NAME, Length(1, 64)]);
        all.check(&format!("{path}.description"), spec.get("description"), &[Length(1, ANY)]);
        all.check(&format!("{path}.inputSchema"), spec.get("inputSchema"), &[Present]);
    }
    if let Some(named) = config.pointer("/toolChoice/tool").filter(|named| !named.is_null()) {
        all.check("toolConfig.toolChoice.tool.name", named.get("name"), &[Present, NAME, Length(1, 64)]);
    }
}

fn settings(all: &mut Broken, body: &Value) {
    let paths = "additionalModelResponseFieldPaths";
    all.check(paths, body.get(paths), &[Length(0, 10)]);
    for (at, path) in list(body.get(paths)).iter().enumerate() {
        all.check(&format!("{paths}.{}.member", at + 1), Some(path), &[Length(1, 256)]);
    }
    all.check("requestMetadata", body.get("requestMetadata"), &[Length(1, 16)]);
    for (key, value) in body.get("requestMetadata").and_then(Value::as_object).into_iter().flatten() {
        let name = Value::from(key.as_str());
        all.check("requestMetadata", Some(&name), &[METADATA, Length(1, 256)]);
        all.check(&format!("requestMetadata.{key}.member"), Some(value), &[METADATA, Length(0, 256)]);
    }
    let tiers = OneOf(&["priority", "default", "flex", "reserved"]);
    let latencies = OneOf(&["standard", "optimized"]);
    if let Some(tier) = body.get("serviceTier").filter(|tier| !tier.is_null()) {
        all.check("serviceTier.type", tier.get("type"), &[Present, tiers]);
    }
    all.check("performanceConfig.latency", body.pointer("/performanceConfig/latency"), &[latencies]);
    if let Some(format) = body.pointer("/outputConfig/textFormat").filter(|format| !format.is_null()) {
        let path = "outputConfig.textFormat";
        all.check(&format!("{path}.type"), format.get("type"), &[Present, OneOf(&["json_schema"])]);
        all.check(&format!("{path}.structure"), format.get("structure"), &[Present]);
        if let Some(json) = format.pointer("/structure/jsonSchema") {
            all.check(&format!("{path}.structure.jsonSchema.schema"), json.get("schema"), &[Present]);
        }
    }
    let trace = body.pointer("/guardrailConfig/trace");
    all.check("guardrailConfig.trace", trace, &[OneOf(&["enabled", "disabled", "enabled_full"])]);
}
