//! The saved form of a turn: raw text and the state of each call, never an executable input.
//!
//! # Invariants
//! - It carries its version; a later one is refused, and earlier ones are read for ever.
//! - Resuming parses and validates every input again, by the tools that are there then.
//! - With nothing outstanding, a turn that is saved and resumed goes on as if it had not been. What was outstanding is
//!   handled by the table of [`Turn::resume`].
//! - A turn that was over stays over: nothing is asked again.

mod earlier;

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Phase, Why};
use super::{
    Turn,
    action::{TurnFailure, TurnOutcome},
    answer::{CompleteAnswer, OutputCandidate},
    calls::{Calls, SavedCall, SavedCallState, tool_uses},
    output::OutputState,
    step::{ModelState, Step},
};
use crate::{
    Binding, ContentBlock, Conversation, Diagnostic, Fact, OutputAttempt, Profile, RawJson, Strategy,
    ToolResult, Usage,
    config::TurnConfig,
    failure::CallFailure,
    plan::{ForcedChoice, KeptKnowledge, output_texts as texts},
    time::Time,
};

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

/// The version that is written.
const VERSION: u32 = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct State {
    version: u32,
    turn: String,
    conversation: Conversation,
    step: u32,
    attempt: u32,
    #[serde(default, skip_serializing_if = "is_zero")]
    retries: u32,
    usage: Usage,
    now: Time,
    phase: SavedPhase,
    #[serde(default)]
    knowledge: KeptKnowledge,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<SavedOutput>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    diagnostics: Vec<Diagnostic>,
    /// Facts of earlier versions, which do not say what they are about: the model that is asked.
    #[serde(skip)]
    facts: Vec<Fact>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum SavedPhase {
    Prepare(Why),
    /// A call was out whose message was not complete.
    Asked,
    Backoff {
        until: Time,
        failure: Box<CallFailure>,
    },
    Step(Box<SavedStep>),
    Answered(Box<TurnOutcome>),
    Failed(TurnFailure),
}

/// A step whose answer is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedStep {
    answer: CompleteAnswer,
    calls: Vec<SavedCall>,
    model_id: String,
    #[serde(default, skip_serializing_if = "Binding::is_unknown")]
    binding: Binding,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    candidate: Option<SavedCandidate>,
}

/// What an answer was to the output. A value is never taken from the saved form: the message is read again, and held to
/// the schema that is there then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum SavedCandidate {
    /// It is in this block.
    Valid {
        at: usize,
    },
    Invalid {
        text: String,
        problems: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SavedOutput {
    /// How the step at hand asked for it, or the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    strategy: Option<Strategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    forced: Option<ForcedChoice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<OutputAttempt>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    refused_with_citations: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_question: bool,
    /// Earlier versions do not keep all of the strategy.
    #[serde(skip)]
    is_earlier: bool,
}

impl SavedOutput {
    fn of(output: &OutputState) -> Self {
        let ask = &output.ask;
        Self {
            strategy: ask.plan.as_ref().map(|plan| plan.strategy),
            forced: ask.plan.as_ref().and_then(|plan| plan.forced),
            reason: ask.plan.as_ref().and_then(|plan| plan.reason.clone()),
            attempts: output.attempts.clone(),
            refused_with_citations: ask.refused_with_citations,
            in_question: ask.in_question,
            is_earlier: false,
        }
    }

    fn restore(self, output: &mut OutputState, profile: &Profile) {
        output.attempts = self.attempts;
        let ask = &mut output.ask;
        ask.refused_with_citations = self.refused_with_citations;
        ask.in_question = self.in_question;
        let Self { forced, reason, .. } = self;
        ask.plan = self.strategy.and_then(|strategy| ask.plan_again(strategy, forced, reason, profile));
        ask.resumed = self.is_earlier;
    }
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

impl Turn {
    /// The turn as it can be kept. It can be taken at any moment; the turn goes on. Events that were not taken yet are not
    /// in it: take them first.
    pub fn save(&self) -> SavedTurn {
        let phase = match &self.phase {
            Phase::Prepare(why) => SavedPhase::Prepare(*why),
            Phase::Step(step) => save_step(step),
            Phase::Over(outcome) => match &**outcome {
                Ok(outcome) => SavedPhase::Answered(Box::new(outcome.clone())),
                Err(failure) => SavedPhase::Failed(failure.clone()),
            },
        };
        let state = State {
            version: VERSION,
            turn: self.outbox.turn().to_string(),
            conversation: self.conversation.clone(),
            step: self.outbox.step,
            attempt: self.outbox.attempt,
            retries: self.retries,
            usage: self.usage.clone(),
            now: self.now,
            phase,
            knowledge: self.knowledge.kept.clone(),
            output: self.output.as_ref().map(SavedOutput::of),
            diagnostics: self.outbox.diagnostics.clone(),
            facts: Vec::new(),
        };
        SavedTurn { form: Form::Known(Box::new(state)) }
    }

    /// Goes on with a saved turn; `now` is the moment as the driver knows it.
    ///
    /// With nothing outstanding the turn goes on as if it had not been saved. Otherwise:
    ///
    /// | outstanding when it was saved | after it was resumed |
    /// |---|---|
    /// | `Converse`, its message not complete | the same request is made again, under the same id |
    /// | `Converse`, its message complete | the answer is kept; what its stream still brought is not known |
    /// | `Dispatch` of a `read_only` tool that is not `once` | runs again, under the same id |
    /// | any other `Dispatch` | the model reads that the outcome is unknown |
    /// | `Decide` | is asked again, under the same id |
    /// | `Wait` | is handed out again |
    /// | `Cancel` | is forgotten |
    ///
    /// # Errors
    /// It was saved by a later version.
    pub fn resume(config: Arc<TurnConfig>, saved: SavedTurn, now: Time) -> Result<Self, UnknownVersion> {
        let state = match saved.form {
            Form::Known(state) => *state,
            Form::Later { version, .. } => return Err(UnknownVersion { version }),
        };
        let State { mut conversation, facts, .. } = state;
        facts.into_iter().for_each(|fact| conversation.learn(config.target(), fact));
        let mut turn = Self::over(config, conversation, state.turn.into(), now.max(state.now));
        (turn.outbox.step, turn.outbox.attempt, turn.retries) = (state.step, state.attempt, state.retries);
        turn.usage = state.usage;
        turn.outbox.diagnostics = state.diagnostics;
        turn.knowledge.kept = state.knowledge;
        if let (Some(output), Some(saved)) = (&mut turn.output, state.output) {
            saved.restore(output, turn.knowledge.profile(&turn.config));
        }
        match state.phase {
            SavedPhase::Prepare(why) => turn.phase = Phase::Prepare(why),
            SavedPhase::Asked => turn.phase = Phase::Prepare(Why::Resumed),
            SavedPhase::Backoff { until, failure } => {
                let model_id = turn.config.target().model_id.clone();
                let step = Step::in_state(ModelState::Backoff { until, failure }, model_id);
                turn.phase = Phase::Step(Box::new(step));
            }
            SavedPhase::Step(saved) => turn.restore_step(*saved),
            SavedPhase::Answered(outcome) => turn.phase = Phase::Over(Box::new(Ok(*outcome))),
            SavedPhase::Failed(failure) => turn.phase = Phase::Over(Box::new(Err(failure))),
        }
        Ok(turn)
    }

    fn restore_step(&mut self, saved: SavedStep) {
        let SavedStep { answer, mut calls, model_id, binding, candidate } = saved;
        let (candidate, lost) = match (candidate, &self.output) {
            (Some(candidate), Some(output)) => restore_candidate(candidate, &answer, output),
            _ => (OutputCandidate::Nothing, None),
        };
        // The call that was the output is not valid any more: the model reads why.
        if let (Some(lost), OutputCandidate::Invalid { problems, .. }) = (lost, &candidate)
            && let (Some(saved), Some((_, call))) =
                (calls.get_mut(lost), tool_uses(&answer.message).nth(lost))
        {
            let result = ToolResult::error(&call.tool_use_id, texts::rejected_input(problems));
            saved.state = SavedCallState::Done(Box::new(result));
        }
        let calls = Calls::restore(&self.config.tools, &answer.message, calls);
        let step = Step {
            calls,
            answer: Some(answer),
            candidate,
            binding,
            ..Step::in_state(ModelState::Idle, model_id)
        };
        self.phase = Phase::Step(Box::new(step));
        self.advance();
    }
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
