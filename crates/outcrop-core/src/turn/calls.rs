//! The tool calls of one step: which may run, which are running, and what they gave.
//!
//! # Invariants
//! - Each call ends with exactly one result, in the order of the calls.
//! - A call's state only goes forward: it is dispatched once at most.
//! - A sequential call runs alone: the calls before it have ended, those after it wait for its end.
//! - A call that needs approval is dispatched only after it was allowed, for the very input that was shown.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    action::{
        ActionId, BoundDecision, DecideAction, Decision, DispatchAction, Outstanding, Question, ToolCall,
    },
    answer::{CompleteAnswer, ParsedInputs, PresetResult, PresetResults},
    texts, verdict,
};
use crate::{
    tools::{
        InvalidInput, ReadyInput, ToolPolicy, ToolSet,
        call_data::{CallData, InputHash},
    },
    turn::{history::INTERRUPTED, time::Time},
    wire::{ContentBlock, InputText, Message, ToolResult, ToolResultContent, ToolResultStatus, ToolUse},
};

/// The tool calls of one step.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// In the order of their places.
    calls: Vec<Call>,
    /// How many have no result.
    open: usize,
    /// How many are running.
    running: usize,
    /// All before it have their results.
    first_open: usize,
    /// Decisions about all before it were asked for, where they need one.
    first_unasked: usize,
}

#[derive(Debug)]
struct Call {
    tool_use_id: Arc<str>,
    name: String,
    /// The content block on the stream, where that is known.
    block: Option<u32>,
    /// The place in the message.
    place: u32,
    /// The attempt whose answer it is in.
    attempt: u32,
    state: CallState,
    /// It is the output of the turn: no tool is called.
    is_output: bool,
    /// It was decided that it may run.
    is_allowed: bool,
}

#[derive(Debug)]
enum CallState {
    NeedsDecision { input: ReadyInput, asked: bool },
    Waiting(ReadyInput),
    Running { deadline: Option<Time> },
    Done(ToolResult),
}

/// The state of a call, as it is saved: never an executable input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum SavedCallState {
    NeedsDecision,
    Waiting,
    Running,
    Done(Box<ToolResult>),
}

/// A call as it is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedCall {
    pub(super) state: SavedCallState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) block: Option<u32>,
    pub(super) attempt: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_output: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_allowed: bool,
}

/// A call that ended, for the event that says so.
#[derive(Debug)]
pub(super) struct EndedCall {
    pub(super) id: ActionId,
    pub(super) block: Option<u32>,
    pub(super) result: ToolResult,
}

impl Calls {
    /// Decides over the calls of a complete message; `parsed` are what their inputs say, by block.
    pub(super) fn admit(
        tools: &ToolSet,
        answer: &CompleteAnswer,
        attempt: u32,
        parsed: ParsedInputs,
        mut presets: PresetResults,
    ) -> Self {
        let (mut calls, mut parsed) = (Self::default(), parsed.0.into_iter().peekable());
        for (at, tool_use) in tool_uses(&answer.message) {
            let block = answer.ending(at).map(|ending| ending.block);
            if let Some(PresetResult { result, is_output }) = presets.remove(&at) {
                calls.add(at, tool_use, block, attempt, is_output, CallState::Done(result));
                continue;
            }
            // Both are in the order of the blocks; those of calls that do not run are passed over.
            let value = block.and_then(|block| {
                while parsed.next_if(|(other, _)| *other < block).is_some() {}
                parsed.next_if(|(other, _)| *other == block).map(|(_, parsed)| parsed)
            });
            let verdict = verdict::admit(tools, answer, at, tool_use, value);
            let state = state_of(tools, tool_use, verdict, false);
            calls.add(at, tool_use, block, attempt, false, state);
        }
        calls
    }

    /// The calls of a saved turn. Inputs are parsed and validated again, by the tools that are there now. A running call
    /// is run again where its tool is `read_only`, unless it may run only `once`; of any other nobody knows whether it
    /// took effect. Gives the calls that ended by this too.
    pub(super) fn restore(
        tools: &ToolSet,
        message: &Message,
        step: u32,
        saved: Vec<SavedCall>,
    ) -> (Self, Vec<EndedCall>) {
        let (mut calls, mut ended) = (Self::default(), Vec::new());
        let mut saved = saved.into_iter();
        for (at, tool_use) in tool_uses(message) {
            let check = || tools.check(&tool_use.name, &InputText::from(tool_use.input.as_str()), None);
            let policy = tools.policy(&tool_use.name);
            let runs_again = policy.is_some_and(|policy| policy.read_only && !policy.once);
            let Some(SavedCall { state, block, attempt, is_output, is_allowed }) = saved.next() else {
                let result = ToolResult::error(&tool_use.tool_use_id, INTERRUPTED);
                calls.add(at, tool_use, None, 1, false, CallState::Done(result));
                continue;
            };
            let was_done = matches!(state, SavedCallState::Done(_));
            let state = match state {
                SavedCallState::NeedsDecision | SavedCallState::Waiting => {
                    state_of(tools, tool_use, check(), is_allowed)
                }
                SavedCallState::Running if runs_again => state_of(tools, tool_use, check(), is_allowed),
                SavedCallState::Done(result) if result.tool_use_id == tool_use.tool_use_id => {
                    CallState::Done(*result)
                }
                SavedCallState::Running | SavedCallState::Done(_) => {
                    CallState::Done(ToolResult::error(&tool_use.tool_use_id, INTERRUPTED))
                }
            };
            calls.add(at, tool_use, block, attempt, is_output, state);
            let Some(call) = calls.calls.last_mut() else { continue };
            call.is_allowed = is_allowed;
            if let (CallState::Done(result), false) = (&call.state, was_done) {
                let id = ActionId::dispatch(step, attempt, call.place);
                ended.push(EndedCall { id, block, result: result.clone() });
            }
        }
        (calls, ended)
    }

    fn add(
        &mut self,
        at: usize,
        tool_use: &ToolUse,
        block: Option<u32>,
        attempt: u32,
        is_output: bool,
        state: CallState,
    ) {
        let (tool_use_id, name) = (tool_use.tool_use_id.as_str().into(), tool_use.name.clone());
        let place = u32::try_from(at).unwrap_or(u32::MAX);
        self.open += usize::from(!matches!(state, CallState::Done(_)));
        let is_allowed = false;
        self.calls.push(Call { tool_use_id, name, block, place, attempt, state, is_output, is_allowed });
    }

    /// The next call to run, where one may run now: at most `limit` at a time. Time begins to count against its timeout.
    pub(super) fn next(
        &mut self,
        tools: &ToolSet,
        step: u32,
        limit: usize,
        now: Time,
    ) -> Option<DispatchAction> {
        let is_done = |call: &Call| matches!(call.state, CallState::Done(_));
        while self.calls.get(self.first_open).is_some_and(is_done) {
            self.first_open += 1;
        }
        if self.running >= limit.max(1) {
            return None;
        }
        let mut all_before_ended = true;
        let mut open = self.calls.iter_mut().skip(self.first_open).filter(|call| !is_done(call));
        let call = open.find_map(|call| {
            let sequential = tools.policy(&call.name).is_some_and(|policy| policy.sequential);
            let may_run = matches!(call.state, CallState::Waiting(_)) && (!sequential || all_before_ended);
            all_before_ended = false;
            match (may_run, sequential) {
                (true, _) => Some(Some(call)),
                // Those after it wait for it.
                (false, true) => Some(None),
                (false, false) => None,
            }
        })??;
        let timeout = tools.policy(&call.name).and_then(|policy| policy.timeout);
        let deadline = timeout.map(|timeout| now.after(timeout));
        let state = std::mem::replace(&mut call.state, CallState::Running { deadline });
        let CallState::Waiting(input) = state else { return None };
        self.running += 1;
        let (tool_use_id, name) = (call.tool_use_id.to_string(), call.name.clone());
        let id = ActionId::dispatch(step, call.attempt, call.place);
        Some(DispatchAction { id, call: ToolCall { tool_use_id, name, input, block: call.block } })
    }

    /// The next decision to ask for.
    pub(super) fn next_question(&mut self, step: u32) -> Option<DecideAction> {
        while let Some(call) = self.calls.get_mut(self.first_unasked) {
            self.first_unasked += 1;
            if let CallState::NeedsDecision { input, asked } = &mut call.state {
                *asked = true;
                let id = ActionId::decide(step, call.attempt, call.place);
                let call = CallData::new(&call.tool_use_id, &call.name, input.text().as_str());
                return Some(DecideAction { id, question: Question::Approval, call });
            }
        }
        None
    }

    /// Takes a decision, also one that was asked for before the turn was saved. One about another input than the call's
    /// is not taken: `Err`.
    pub(super) fn decided(
        &mut self,
        step: u32,
        id: ActionId,
        decision: BoundDecision,
    ) -> Result<Option<EndedCall>, ()> {
        let BoundDecision { input_hash, decision } = decision;
        let Some(at) = self.undecided_at(step, id) else { return Ok(None) };
        let call = &mut self.calls[at];
        let CallState::NeedsDecision { input, .. } = &call.state else { return Ok(None) };
        if InputHash::of(input.text().as_str()) != input_hash {
            return Err(());
        }
        let result = match decision {
            Decision::Allow => {
                let nothing = ToolResult::error(&*call.tool_use_id, INTERRUPTED);
                let state = std::mem::replace(&mut call.state, CallState::Done(nothing));
                if let CallState::NeedsDecision { input, .. } = state {
                    (call.state, call.is_allowed) = (CallState::Waiting(input), true);
                }
                return Ok(None);
            }
            Decision::Deny { message } => ToolResult::error(&*call.tool_use_id, texts::denied(&message)),
            Decision::Answer { content, status } => {
                ToolResult::new(&*call.tool_use_id, content).status(status)
            }
        };
        Ok(Some(self.end(at, id, result)))
    }

    /// A running call gave its result; `None` where it is not running.
    pub(super) fn finished(
        &mut self,
        step: u32,
        id: ActionId,
        content: Vec<ToolResultContent>,
        status: ToolResultStatus,
    ) -> Option<EndedCall> {
        let at = self.running_at(step, id)?;
        let result = ToolResult::new(&*self.calls[at].tool_use_id, content).status(status);
        Some(self.end(at, id, result))
    }

    /// A running call was stopped before its result came, or the decision about a call will not be made.
    pub(super) fn cancelled(&mut self, step: u32, id: ActionId) -> Option<EndedCall> {
        let (at, text) = match self.running_at(step, id) {
            Some(at) => (at, INTERRUPTED),
            None => (self.undecided_at(step, id)?, texts::NOT_BEGUN),
        };
        let result = ToolResult::error(&*self.calls[at].tool_use_id, text);
        Some(self.end(at, id, result))
    }

    /// Ends the calls whose time is up. Whether they took effect is not known.
    pub(super) fn time_out(&mut self, tools: &ToolSet, step: u32, now: Time) -> Vec<EndedCall> {
        let mut ended = Vec::new();
        for at in self.first_open..self.calls.len() {
            let call = &self.calls[at];
            let CallState::Running { deadline: Some(deadline) } = call.state else { continue };
            if deadline <= now {
                let timeout = tools.policy(&call.name).and_then(|policy| policy.timeout).unwrap_or_default();
                let result = ToolResult::error(&*call.tool_use_id, texts::timed_out(timeout));
                ended.push(self.end(at, ActionId::dispatch(step, call.attempt, call.place), result));
            }
        }
        ended
    }

    /// The earliest moment at which a call's time is up.
    pub(super) fn deadline(&self) -> Option<Time> {
        let deadline = |call: &Call| match call.state {
            CallState::Running { deadline } => Some(deadline),
            _ => None,
        };
        let running = self.calls.iter().skip(self.first_open).filter_map(deadline);
        running.take(self.running).flatten().min()
    }

    /// Where the call is that an id is about.
    fn position(&self, id: ActionId) -> Option<usize> {
        self.calls.binary_search_by_key(&id.place(), |call| call.place.into()).ok()
    }

    fn undecided_at(&self, step: u32, id: ActionId) -> Option<usize> {
        let at = self.position(id)?;
        let call = &self.calls[at];
        let is_asked = matches!(call.state, CallState::NeedsDecision { .. });
        (is_asked && ActionId::decide(step, call.attempt, call.place) == id).then_some(at)
    }

    fn running_at(&self, step: u32, id: ActionId) -> Option<usize> {
        let at = self.position(id)?;
        let call = &self.calls[at];
        let is_running = matches!(call.state, CallState::Running { .. });
        (is_running && ActionId::dispatch(step, call.attempt, call.place) == id).then_some(at)
    }

    fn end(&mut self, at: usize, id: ActionId, result: ToolResult) -> EndedCall {
        let call = &mut self.calls[at];
        self.open -= 1;
        self.running -= usize::from(matches!(call.state, CallState::Running { .. }));
        call.state = CallState::Done(result.clone());
        EndedCall { id, block: call.block, result }
    }

    /// The block and the tool use id of a running call.
    pub(super) fn running(&self, step: u32, id: ActionId) -> Option<(Option<u32>, Arc<str>)> {
        let call = &self.calls[self.running_at(step, id)?];
        Some((call.block, Arc::clone(&call.tool_use_id)))
    }

    /// What the driver was asked for and has not reported.
    pub(super) fn outstanding(&self, step: u32) -> impl Iterator<Item = Outstanding> {
        self.calls.iter().filter_map(move |call| {
            let id = match call.state {
                CallState::Running { .. } => ActionId::dispatch(step, call.attempt, call.place),
                CallState::NeedsDecision { asked: true, .. } => {
                    ActionId::decide(step, call.attempt, call.place)
                }
                _ => return None,
            };
            Some(Outstanding { id, cancelled: false })
        })
    }

    /// The results of tools so far, each with its block.
    pub(super) fn results(&self) -> impl Iterator<Item = (Option<u32>, &ToolResult)> {
        self.calls.iter().filter(|call| !call.is_output).filter_map(|call| match &call.state {
            CallState::Done(result) => Some((call.block, result)),
            _ => None,
        })
    }

    pub(super) fn are_done(&self) -> bool {
        self.open == 0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// One result a call; those that are running are interrupted, those that never began say so.
    pub(super) fn into_results(self) -> Vec<ToolResult> {
        let of = |call: Call| match call.state {
            CallState::Done(result) => result,
            CallState::Running { .. } => ToolResult::error(&*call.tool_use_id, INTERRUPTED),
            CallState::Waiting(_) | CallState::NeedsDecision { .. } => {
                ToolResult::error(&*call.tool_use_id, texts::NOT_BEGUN)
            }
        };
        self.calls.into_iter().map(of).collect()
    }

    /// The calls as they are saved.
    pub(super) fn save(&self) -> Vec<SavedCall> {
        let save = |call: &Call| {
            let state = match &call.state {
                CallState::NeedsDecision { .. } => SavedCallState::NeedsDecision,
                CallState::Waiting(_) => SavedCallState::Waiting,
                CallState::Running { .. } => SavedCallState::Running,
                CallState::Done(result) => SavedCallState::Done(Box::new(result.clone())),
            };
            let Call { block, attempt, is_output, is_allowed, .. } = *call;
            SavedCall { state, block, attempt, is_output, is_allowed }
        };
        self.calls.iter().map(save).collect()
    }
}

/// The calls of a message that the caller runs, with their places.
pub(super) fn tool_uses(message: &Message) -> impl Iterator<Item = (usize, &ToolUse)> {
    message.content.iter().enumerate().filter_map(|(at, block)| match block {
        ContentBlock::ToolUse(call) if !call.is_server_side() => Some((at, call)),
        _ => None,
    })
}

/// Where a call begins: it waits, it needs a decision first, or it has its error result.
fn state_of(
    tools: &ToolSet,
    tool_use: &ToolUse,
    verdict: Result<ReadyInput, InvalidInput>,
    allowed: bool,
) -> CallState {
    let needs = |policy: &ToolPolicy| policy.approval && !allowed;
    match verdict {
        Ok(input) if tools.policy(&tool_use.name).is_some_and(needs) => {
            CallState::NeedsDecision { input, asked: false }
        }
        Ok(input) => CallState::Waiting(input),
        Err(invalid) => CallState::Done(ToolResult::error(&tool_use.tool_use_id, invalid.to_string())),
    }
}
