//! The file form of a script.
//!
//! # Invariants
//! - A member that no script has is an error, not a wish overlooked.
//! - Content is read from its own text, so that numbers and the order of members in a tool's input stay as written.

use std::time::Duration;

use outcrop_core::{
    ContentBlock, RawJson, StopReason, Usage,
    wire::{Metrics, PerformanceConfig, ServiceTier, Trace},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, Fault, Script, Scripted};
use crate::{Cut, Delivery, ScriptError};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    answers: Vec<FileAnswer>,
    count_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileAnswer {
    #[serde(default)]
    content: Vec<RawJson>,
    stop_reason: Option<StopReason>,
    usage: Option<Usage>,
    metrics: Option<Metrics>,
    additional_model_response_fields: Option<RawJson>,
    trace: Option<Trace>,
    performance_config: Option<PerformanceConfig>,
    service_tier: Option<ServiceTier>,
    error: Option<FileError>,
    exception: Option<FileException>,
    #[serde(default)]
    delay_before_ms: u64,
    #[serde(default)]
    delay_between_ms: u64,
    #[serde(default)]
    delivery: Delivery,
    cut: Option<Cut>,
    #[serde(default)]
    faults: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileError {
    status: u16,
    r#type: String,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileException {
    after_events: usize,
    r#type: String,
    message: String,
}

pub(super) fn read(text: &str) -> Result<Script, ScriptError> {
    let file: File = serde_json::from_str(text).map_err(ScriptError::Json)?;
    let answers = file.answers.into_iter().enumerate().map(|(index, answer)| answer.into_answer(index));
    Ok(Script { answers: answers.collect::<Result<_, _>>()?, count_tokens: file.count_tokens })
}

impl FileAnswer {
    fn into_answer(self, answer: usize) -> Result<Answer, ScriptError> {
        if self.error.is_some() && (!self.content.is_empty() || self.exception.is_some()) {
            let reason = "an error has no content and no exception".to_owned();
            return Err(ScriptError::Answer { answer, reason });
        }
        let content = self.content.iter().enumerate().map(|(block, raw)| {
            read_block(raw).map_err(|reason| ScriptError::Block { answer, block, reason })
        });
        Ok(Answer {
            content: content.collect::<Result<_, _>>()?,
            stop_reason: self.stop_reason,
            usage: self.usage,
            metrics: self.metrics,
            additional_model_response_fields: self.additional_model_response_fields,
            trace: self.trace,
            performance_config: self.performance_config,
            service_tier: self.service_tier,
            error: self
                .error
                .map(|error| (error.status, Fault { error_type: error.r#type, message: error.message })),
            exception: self.exception.map(|exception| {
                let fault = Fault { error_type: exception.r#type, message: exception.message };
                (exception.after_events, fault)
            }),
            delay_before: Duration::from_millis(self.delay_before_ms),
            delay_between: Duration::from_millis(self.delay_between_ms),
            delivery: self.delivery,
            cut: self.cut,
            faults: self.faults,
            mistake: None,
        })
    }
}

/// Where a list of strings may stand for the fragments of a text, and what replaces it so that the block can be read.
const FRAGMENTS: [&str; 4] =
    ["/text", "/toolUse/input", "/reasoningContent/reasoningText/text", "/citationsContent/content/0/text"];

fn read_block(raw: &RawJson) -> Result<Scripted, String> {
    let mut value = raw.to_value().ok_or("its JSON cannot be held")?;
    let mut fragments = None;
    for pointer in FRAGMENTS {
        let Some(text) = value.pointer_mut(pointer) else { continue };
        let Some(list) = text.as_array().and_then(|list| strings(list)) else { continue };
        *text = if pointer == "/toolUse/input" { serde_json::json!({}) } else { Value::from("") };
        fragments = Some(list);
    }
    let block = match &fragments {
        Some(_) => known_block(&RawJson::from(&value)),
        None => known_block(raw),
    }?;
    let mut scripted = Scripted { block, fragments: None };
    if let Some(fragments) = fragments {
        if !scripted.set_text(fragments.concat()) {
            return Err("fragments stand where no text can be streamed".to_owned());
        }
        scripted.fragments = Some(fragments);
    }
    Ok(scripted)
}

fn strings(list: &[Value]) -> Option<Vec<String>> {
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Reads a block of Converse's own JSON.
fn known_block(raw: &RawJson) -> Result<ContentBlock, String> {
    match raw.parse_into() {
        Ok(ContentBlock::Unknown(_)) => Err(format!("this is no content block of Converse: {raw}")),
        Ok(block) => Ok(block),
        Err(error) => Err(error.to_string()),
    }
}
