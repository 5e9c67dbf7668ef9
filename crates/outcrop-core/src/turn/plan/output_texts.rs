//! The texts that a model reads about the output.
//!
//! # Invariants
//! - Each text is a function of its arguments, so that requests of a turn begin alike.

use crate::{
    tools::OutputSpec,
    wire::{JsonSchemaFormat, RawJson, TextFormat, TextStructure},
};

/// The result of the call that gave the output.
pub(crate) const TAKEN: &str = "The answer was taken.";
/// The result of a call that came after it.
pub(crate) const NOT_TAKEN: &str = "Not executed: the answer was given before this call.";
/// The result of another tool's call in the step that ended the turn.
pub(crate) const NOT_RUN: &str = "Not executed: the turn ended with this step.";
/// For an answer without a word, where the text is the output.
pub(crate) const EMPTY: &str = "Your answer was empty. Give it again, as JSON.";

pub(crate) fn native_format(spec: &OutputSpec, schema: &RawJson) -> TextFormat {
    let mut format = JsonSchemaFormat::new(schema.as_str()).name(spec.name());
    format.description = spec.told().map(str::to_owned);
    TextFormat::new("json_schema", TextStructure::JsonSchema(format))
}

pub(crate) fn tool_description(spec: &OutputSpec) -> String {
    let what = spec.told().unwrap_or("Takes the final answer.");
    format!("{what}\n\nCall this once, with the final answer, when all else is done.")
}

/// Asks for the output in words alone.
pub(crate) fn prompt(schema: &RawJson, has_tools: bool) -> String {
    let when = if has_tools { "When you need no more tools, answer" } else { "Answer" };
    format!(
        "{when} with one JSON object that fits this JSON Schema, and with nothing else: no words before or after it, \
         no code fence.\n{schema}"
    )
}

/// Asks for the output by a tool that the model is not forced to call.
pub(crate) fn call_the_tool(tool: &str) -> String {
    format!(
        "Give your final answer by calling the tool `{tool}`, once, when all else is done. An answer in text is not \
         read."
    )
}

pub(crate) fn rejected_input(problems: &str) -> String {
    format!("The answer was not taken:{problems}\nCall the tool again with the whole answer, corrected.")
}

pub(crate) fn rejected_text(problems: &str) -> String {
    format!(
        "Your answer was not taken:{problems}\nGive the whole answer again, corrected, as one JSON object and nothing else."
    )
}

pub(crate) fn reminder(tool: &str) -> String {
    format!(
        "Your answer is only read where it is given by the tool `{tool}`: call it now, with the whole answer."
    )
}
