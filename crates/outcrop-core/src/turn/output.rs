//! The output of a turn: what of an answer it is, and what was tried so far.
//!
//! # Invariants
//! - An output is what the model wrote in an answer that ended, read strictly and valid for the schema. Nothing that
//!   was cut is one (R82).
//! - A call of the output's tool is never handed out for dispatch, and has its result like any other.

mod extract;

use super::{
    answer::{CompleteAnswer, OutputCandidate, PresetResult, PresetResults},
    attempt::OutputForm,
    calls::tool_uses,
    verdict::check_complete,
};
use crate::{
    tools::{EndPolicy, OutputAttempt, Strategy},
    turn::plan::{OutputAsk, output_texts as texts},
    wire::{RawJson, ToolResult, ToolUse},
};

/// The output of a turn.
#[derive(Debug)]
pub(super) struct OutputState {
    /// How it is asked for.
    pub(super) ask: OutputAsk,
    /// What came and was not valid.
    pub(super) attempts: Vec<OutputAttempt>,
}

impl OutputState {
    pub(super) fn new(ask: OutputAsk) -> Self {
        Self { ask, attempts: Vec::new() }
    }

    /// How the output of the step at hand comes.
    pub(super) fn form(&self) -> OutputForm {
        OutputForm {
            by_text: self.ask.by_text(),
            fenced: self.ask.strategy() == Strategy::Prompt,
            tool: self.ask.by_tool().then(|| self.ask.tool.clone()),
            wrapped: self.ask.is_wrapped(),
        }
    }

    /// Whether one more invalid output is the last.
    pub(super) fn is_last_attempt(&self) -> bool {
        self.attempts.len() >= self.ask.spec.most_retries() as usize
    }

    /// What a complete answer is to the output, and the results of the calls that this settles.
    pub(super) fn extract(&self, answer: &CompleteAnswer) -> (OutputCandidate, PresetResults) {
        if self.ask.by_text() {
            return (self.extract_from_text(answer), PresetResults::new());
        }
        let mut candidate = OutputCandidate::Nothing;
        let mut presets = PresetResults::new();
        for (at, call) in tool_uses(&answer.message).filter(|(_, call)| self.ask.is_tool(&call.name)) {
            let result = self.take_call(answer, at, call, &mut candidate);
            presets.insert(at, PresetResult { result, is_output: true });
        }
        let ends = match &candidate {
            OutputCandidate::Valid { .. } => self.ask.spec.policy() == EndPolicy::Early,
            OutputCandidate::Invalid { .. } => self.is_last_attempt(),
            OutputCandidate::Nothing => false,
        };
        if ends {
            for (at, call) in tool_uses(&answer.message) {
                presets.entry(at).or_insert_with(|| {
                    let result = ToolResult::error(&call.tool_use_id, texts::NOT_RUN);
                    PresetResult { result, is_output: false }
                });
            }
        }
        (candidate, presets)
    }

    /// Takes a call of the output's tool: the first valid one is the output.
    fn take_call(
        &self,
        answer: &CompleteAnswer,
        at: usize,
        call: &ToolUse,
        candidate: &mut OutputCandidate,
    ) -> ToolResult {
        if let OutputCandidate::Valid { .. } = candidate {
            return ToolResult::error(&call.tool_use_id, texts::NOT_TAKEN);
        }
        let text = call.input.as_str();
        let problems = match check_complete(answer, at, call) {
            Err(not_whole) if !answer.ended_by_model() => {
                return ToolResult::error(&call.tool_use_id, not_whole.to_string());
            }
            Err(_) => "\n- the call was not finished".to_owned(),
            Ok(()) => match self.read_input(text) {
                Ok(value) => {
                    *candidate = OutputCandidate::Valid { at, value, repaired: false };
                    return ToolResult::new(&*call.tool_use_id, [texts::TAKEN.into()]);
                }
                Err(problems) => problems,
            },
        };
        let result = ToolResult::error(&call.tool_use_id, texts::rejected_input(&problems));
        *candidate = OutputCandidate::Invalid { text: text.to_owned(), problems };
        result
    }

    fn read(&self, text: &str) -> Result<RawJson, String> {
        self.ask.spec.read(text, self.ask.is_wrapped())
    }

    /// Reads the input of a call of its tool. A blank one is the empty object (R37).
    pub(super) fn read_input(&self, text: &str) -> Result<RawJson, String> {
        self.read(if text.trim().is_empty() { "{}" } else { text })
    }
}
