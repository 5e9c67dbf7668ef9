//! What is said in a turn: the conversation, how its requests are phrased, and what of its answers is the output.
//!
//! # Invariants
//! - The conversation is only added to, and can be sent again at every moment (D5).
//! - Requests are phrased by `plan/`, which decides; here is kept what it decides by.

use std::sync::Arc;

use super::{
    action::{RememberAction, TurnFailure},
    answer::{CompleteAnswer, OutputCandidate, PresetResults},
    attempt::{OpenAnswer, OutputForm},
    outbox::Outbox,
    output::OutputState,
    step::OpenCall,
};
use crate::{
    tools::{OutputAttempt, OutputFailure, OutputFailureReason, TurnOutput},
    turn::{
        Binding, Conversation, DiagnosticCode, OutputRejected,
        config::{ToolStreaming, TurnConfig},
        plan::{self, Effect, Knowledge, Lesson, OutputAsk, Place},
    },
    wire::{ContentBlock, Message, RawJson, Request, StopReason, ToolResult, Usage, failure::CallFailure},
};

#[derive(Debug)]
pub(super) struct Dialogue {
    pub(super) config: Arc<TurnConfig>,
    pub(super) conversation: Conversation,
    pub(super) knowledge: Knowledge,
    /// What the turn is to end with, where that is not only text.
    pub(super) output: Option<OutputState>,
}

/// A request that is to be sent, and what its answer is read by.
pub(super) struct Prepared {
    pub(super) request: Request,
    pub(super) call: OpenCall,
    pub(super) form: OutputForm,
}

impl Dialogue {
    pub(super) fn new(config: Arc<TurnConfig>, conversation: Conversation) -> Self {
        let output = config.output.as_ref();
        let output =
            output.map(|spec| OutputState::new(OutputAsk::new(spec, |name| config.names_tool(name))));
        Self { knowledge: Knowledge::new(&config, &conversation), config, conversation, output }
    }

    /// Phrases the request of a step; `is_first` says that nothing was asked in this turn before.
    ///
    /// # Errors
    /// The output cannot be asked for in the one way that was demanded.
    pub(super) fn prepare(
        &mut self,
        is_first: bool,
        out: &mut Outbox,
    ) -> Result<Prepared, OutputFailureReason> {
        let Self { config, conversation, knowledge, output } = self;
        out.report_all(knowledge.refresh_tools(config));
        if let Some(output) = output {
            let decision = plan::decide_output(&output.ask, config, knowledge, &conversation.history)?;
            let (instruction, reports) = output.ask.take(decision);
            instruction.into_iter().for_each(|text| conversation.history.add_to_question(text));
            out.report_all(reports);
        }
        let place = Place { step: out.step, is_first };
        let ask = output.as_ref().map(|output| &output.ask);
        let (request, sent, reports) = plan::make(config, knowledge, conversation, ask, place);
        out.report_all(reports);
        let said = conversation.history.len();
        let reported_before = std::mem::replace(&mut conversation.reported, said);
        let form = output.as_ref().map(OutputState::form).unwrap_or_default();
        let call = OpenCall { answer: OpenAnswer::new(form.clone()), sent, reported_before };
        Ok(Prepared { request, call, form })
    }

    /// Learns from a refusal of `call`: the request is to be phrased anew. `None` where it teaches nothing.
    pub(super) fn learn(
        &mut self,
        failure: &CallFailure,
        call: &OpenCall,
    ) -> Option<(Option<RememberAction>, Vec<crate::turn::Diagnostic>)> {
        let profile = self.knowledge.profile(&self.config);
        let lesson = plan::learn(failure.as_refusal()?, &call.sent, profile)?;
        // What was reported of the history is void: it is rendered anew.
        self.conversation.reported = call.reported_before;
        let Lesson { fact, effect, diagnostic } = lesson;
        match effect {
            Effect::Nothing => {}
            Effect::DropThinking => self.knowledge.kept.drop_thinking = true,
            Effect::CitationsExcludeNativeOutput => {
                self.output.iter_mut().for_each(|output| output.ask.refused_with_citations = true);
            }
            Effect::SchemaRefused { schema, words } => {
                self.knowledge.kept.schema_refusals.insert(schema, words);
            }
        }
        let remember = fact.map(|fact| {
            let target = self.config.target();
            self.knowledge.learn(&self.config, fact);
            self.conversation.learn(target, fact);
            RememberAction { target: target.key(), fact }
        });
        Some((remember, diagnostic.into_iter().collect()))
    }

    /// What a complete answer is to the output, and the results of the calls that this settles. Reports what is odd about
    /// it; `fine` says that it was asked for with fine-grained tool streaming by our own decision.
    pub(super) fn read(
        &mut self,
        answer: &CompleteAnswer,
        fine: bool,
        out: &mut Outbox,
    ) -> (OutputCandidate, PresetResults) {
        report_oddities(answer, out);
        let damaged = answer.is_malformed() || answer.message.tool_uses().any(|call| !call.input.is_object());
        if damaged && fine && self.knowledge.tool_streaming == ToolStreaming::Auto {
            self.knowledge.tool_streaming = ToolStreaming::Buffered;
            self.conversation.buffers_tools = true;
            let text =
                "the input of a tool came damaged: the session goes on without fine-grained tool streaming";
            out.diagnose(DiagnosticCode::ToolsBuffered, text);
        }
        let Some(output) = &self.output else { return Default::default() };
        let (candidate, presets) = output.extract(answer);
        match &candidate {
            OutputCandidate::Invalid { problems, .. } => {
                out.emit(None, OutputRejected::new(problems.trim_start()));
            }
            OutputCandidate::Valid { repaired: true, .. } => {
                let text =
                    "the output stood among other text, or had superfluous commas: that was passed over";
                out.diagnose(DiagnosticCode::OutputRepaired, text);
            }
            _ => {}
        }
        (candidate, presets)
    }

    /// Adds an answer to the history.
    pub(super) fn push_answer(
        &mut self,
        message: Message,
        model_id: &str,
        results: Vec<ToolResult>,
        binding: Binding,
    ) {
        self.knowledge.kept.drop_thinking &= message.content.is_empty();
        self.conversation.history.push_answer(message, Some(model_id), results, binding);
    }

    /// The output that the turn ends with.
    pub(super) fn take_output(&mut self, value: RawJson, repaired: bool) -> Option<Box<TurnOutput>> {
        let output = self.output.as_mut()?;
        let strategy = output.ask.strategy();
        let attempts = std::mem::take(&mut output.attempts);
        Some(Box::new(TurnOutput { value, strategy, repaired, attempts }))
    }

    /// Keeps an output that was not valid, and reminds the model where no result does; an error where it was the last.
    pub(super) fn reject_output(
        &mut self,
        text: String,
        problems: String,
        reminder: Option<String>,
        spent: (u32, Option<Usage>),
        at_limit: bool,
    ) -> Result<(), (OutputFailureReason, String)> {
        let Some(output) = &mut self.output else { return Ok(()) };
        let is_last = output.is_last_attempt() || at_limit;
        let (step, usage) = spent;
        let strategy = output.ask.strategy();
        output.attempts.push(OutputAttempt { step, strategy, text: text.clone(), problems, usage });
        if is_last {
            return Err((OutputFailureReason::Invalid { attempts: output.attempts.len() }, text));
        }
        if let Some(reminder) = reminder {
            self.conversation.history.push_reminder(Message::user(reminder));
        }
        Ok(())
    }

    /// Why the turn has no output; `text` is what the model wrote last towards it.
    pub(super) fn output_failure(
        &mut self,
        reason: OutputFailureReason,
        text: String,
        usage: Usage,
    ) -> TurnFailure {
        let (partial, attempts) = match &mut self.output {
            Some(output) => (output.partial(&text), std::mem::take(&mut output.attempts)),
            None => (None, Vec::new()),
        };
        TurnFailure::Output(Box::new(OutputFailure { reason, text, partial, attempts, usage }))
    }

    /// Gives the conversation away.
    pub(super) fn take_conversation(&mut self) -> Conversation {
        self.conversation.reported = self.conversation.history.len();
        std::mem::take(&mut self.conversation)
    }
}

/// Reports what is odd about a complete message.
fn report_oddities(answer: &CompleteAnswer, out: &mut Outbox) {
    let CompleteAnswer { message, stop_reason, .. } = answer;
    let has_calls = message.tool_uses().next().is_some();
    let is_call = |block: &ContentBlock| matches!(block, ContentBlock::ToolUse(_));
    if *stop_reason == StopReason::ToolUse && !message.content.iter().any(is_call) {
        let text = "the model stopped for a tool and called none; taken as the end of its answer";
        out.diagnose(DiagnosticCode::ToolUseWithoutCall, text);
    }
    if matches!(stop_reason, StopReason::EndTurn | StopReason::StopSequence) && has_calls {
        let text = format!("the model stopped with `{stop_reason}` and called a tool; taken as `tool_use`");
        out.diagnose(DiagnosticCode::CallWithoutToolUse, text);
    }
}
