//! The saved form of a turn: raw text and the state of each call, never an executable input.
//!
//! # Invariants
//! - It carries its version; a later one is refused, and earlier ones are read for ever.
//! - Resuming parses and validates every input again, by the tools that are there then.
//! - With nothing outstanding, a turn that is saved and resumed goes on as if it had not been. What was outstanding is
//!   handled by the table of [`Turn::resume`].
//! - A turn that was over stays over: nothing is asked again.

mod earlier;
mod state;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{
    action::Action,
    answer::{CompleteAnswer, OutputCandidate},
    calls::{Calls, SavedCallState, tool_uses},
    course::{Course, Phase, Why},
    dialogue::Dialogue,
    output::OutputState,
    step::{ModelState, Step},
};
use crate::{
    turn::{config::TurnConfig, plan::output_texts as texts, time::Time},
    wire::{ContentBlock, RawJson, ToolResult},
};

use state::{SavedCandidate, SavedOutput, SavedPhase, SavedStep, State, VERSION};

/// A turn as it is kept between processes.
///
/// It is not authenticated: who can change it can put words into the model's mouth. Keep it where only the program can
/// write.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedTurn {
    form: Form,
}

#[derive(Clone, Debug, PartialEq)]
enum Form {
    Known(Box<State>),
    /// Of a later version.
    Later {
        version: u32,
        raw: RawJson,
    },
}

/// A saved turn that cannot be resumed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the saved turn is of version {version}, this reads up to {VERSION}")]
pub struct UnknownVersion {
    /// Its version.
    pub version: u32,
}

impl Serialize for SavedTurn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.form {
            Form::Known(state) => state.serialize(serializer),
            Form::Later { raw, .. } => raw.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for SavedTurn {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let raw = RawJson::deserialize(deserializer)?;
        let Version { version } = raw.parse_into().map_err(serde::de::Error::custom)?;
        let state = match version {
            ..VERSION => earlier::read(&raw),
            VERSION => raw.parse_into(),
            _ => return Ok(Self { form: Form::Later { version, raw } }),
        };
        Ok(Self { form: Form::Known(Box::new(state.map_err(serde::de::Error::custom)?)) })
    }
}

impl SavedTurn {
    /// The saved form of a turn.
    pub(super) fn of(course: &Course) -> Self {
        let phase = match &course.phase {
            Phase::Prepare(why) => SavedPhase::Prepare(*why),
            Phase::Step(step) => save_step(step),
            Phase::Over(outcome) => match &**outcome {
                Ok(outcome) => SavedPhase::Answered(Box::new(outcome.clone())),
                Err(failure) => SavedPhase::Failed(failure.clone()),
            },
        };
        let state = State {
            version: VERSION,
            turn: course.outbox.turn().to_string(),
            conversation: course.dialogue.conversation.clone(),
            step: course.outbox.step,
            attempt: course.outbox.attempt,
            retries: course.retries,
            usage: course.usage.clone(),
            now: course.agenda.now(),
            phase,
            knowledge: course.dialogue.knowledge.kept.clone(),
            output: course.dialogue.output.as_ref().map(SavedOutput::of),
            diagnostics: course.outbox.diagnostics.clone(),
            remember: course.agenda.facts_to_remember(),
            facts: Vec::new(),
        };
        Self { form: Form::Known(Box::new(state)) }
    }

    /// The state of the turn, to go on with.
    pub(super) fn restore(self, config: Arc<TurnConfig>, now: Time) -> Result<Course, UnknownVersion> {
        let state = match self.form {
            Form::Known(state) => *state,
            Form::Later { version, .. } => return Err(UnknownVersion { version }),
        };
        let State { mut conversation, facts, .. } = state;
        facts.into_iter().for_each(|fact| conversation.learn(config.target(), fact));
        let mut turn = Course::new(config, conversation, state.turn.into(), now.max(state.now));
        (turn.outbox.step, turn.outbox.attempt, turn.retries) = (state.step, state.attempt, state.retries);
        turn.usage = state.usage;
        turn.outbox.diagnostics = state.diagnostics;
        state.remember.into_iter().for_each(|fact| turn.agenda.push(Action::Remember(fact)));
        let Dialogue { config, knowledge, output, .. } = &mut turn.dialogue;
        knowledge.kept = state.knowledge;
        if let (Some(output), Some(saved)) = (output, state.output) {
            saved.restore(output, knowledge.profile(config));
        }
        match state.phase {
            SavedPhase::Prepare(why) => turn.phase = Phase::Prepare(why),
            SavedPhase::Asked => turn.phase = Phase::Prepare(Why::Resumed),
            SavedPhase::Backoff { until, failure } => {
                let model_id = turn.dialogue.config.target().model_id.clone();
                let step = Step::in_state(ModelState::Backoff { until, failure }, model_id);
                turn.phase = Phase::Step(Box::new(step));
            }
            SavedPhase::Step(saved) => restore_step(&mut turn, *saved),
            SavedPhase::Answered(outcome) => turn.phase = Phase::Over(Box::new(Ok(*outcome))),
            SavedPhase::Failed(failure) => turn.phase = Phase::Over(Box::new(Err(failure))),
        }
        Ok(turn)
    }
}

fn restore_step(course: &mut Course, saved: SavedStep) {
    let SavedStep { answer, mut calls, model_id, binding, candidate } = saved;
    let (candidate, lost) = match (candidate, &course.dialogue.output) {
        (Some(candidate), Some(output)) => restore_candidate(candidate, &answer, output),
        _ => (OutputCandidate::Nothing, None),
    };
    // The call that was the output is not valid any more: the model reads why.
    if let (Some(lost), OutputCandidate::Invalid { problems, .. }) = (lost, &candidate)
        && let (Some(saved), Some((_, call))) = (calls.get_mut(lost), tool_uses(&answer.message).nth(lost))
    {
        let result = ToolResult::error(&call.tool_use_id, texts::rejected_input(problems));
        saved.state = SavedCallState::Done(Box::new(result));
    }
    let tools = &course.dialogue.config.tools;
    let (calls, ended) = Calls::restore(tools, &answer.message, course.outbox.step, calls);
    let step = Step {
        calls,
        answer: Some(answer),
        candidate,
        binding,
        ..Step::in_state(ModelState::Idle, model_id)
    };
    course.phase = Phase::Step(Box::new(step));
    course.end_calls(ended);
}

fn save_step(step: &Step) -> SavedPhase {
    let metadata = match &step.model {
        ModelState::Backoff { until, failure } => {
            return SavedPhase::Backoff { until: *until, failure: failure.clone() };
        }
        ModelState::Trailing(trailing) => trailing.metadata.clone(),
        ModelState::Open(_) | ModelState::Idle => None,
    };
    let Some(answer) = &step.answer else { return SavedPhase::Asked };
    let mut answer = answer.clone();
    answer.metadata = metadata.or(answer.metadata);
    SavedPhase::Step(Box::new(SavedStep {
        answer,
        calls: step.calls.save(),
        model_id: step.model_id.clone(),
        binding: step.binding,
        candidate: match &step.candidate {
            OutputCandidate::Nothing => None,
            OutputCandidate::Valid { at, .. } => Some(SavedCandidate::Valid { at: *at }),
            OutputCandidate::Invalid { text, problems } => {
                Some(SavedCandidate::Invalid { text: text.clone(), problems: problems.clone() })
            }
        },
    }))
}

/// What a saved answer is to the output that is wanted now; where it was a call that is not valid any more, also the
/// place of that call among the calls.
fn restore_candidate(
    saved: SavedCandidate,
    answer: &CompleteAnswer,
    output: &OutputState,
) -> (OutputCandidate, Option<usize>) {
    let at = match saved {
        SavedCandidate::Invalid { text, problems } => {
            return (OutputCandidate::Invalid { text, problems }, None);
        }
        SavedCandidate::Valid { at } => at,
    };
    let Some(ContentBlock::ToolUse(call)) = answer.message.content.get(at) else {
        return (output.extract_from_text(answer), None);
    };
    match output.read_input(call.input.as_str()) {
        Ok(value) => (OutputCandidate::Valid { at, value, repaired: false }, None),
        Err(problems) => {
            let place = tool_uses(&answer.message).position(|(other, _)| other == at);
            (OutputCandidate::Invalid { text: call.input.as_str().to_owned(), problems }, place)
        }
    }
}
