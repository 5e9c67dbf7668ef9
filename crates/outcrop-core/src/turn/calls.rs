//! The tool calls of one answer: which may run, which are running, and what they gave.
//!
//! # Invariants
//! - Each call ends with exactly one result, in the order of the calls.
//! - A call goes from waiting to running to done, never back.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::{
    BlockEnding, ContentBlock, InputText, InvalidInput, Message, ReadyInput, StopReason, ToolResult,
    ToolResultContent, ToolResultStatus, ToolSet, ToolUse, history::INTERRUPTED, tool_input::Read,
};

use super::{ActionId, output::Settled};

/// A call that may be executed.
#[derive(Debug)]
#[non_exhaustive]
pub struct ToolCall {
    /// The id that its result bears.
    pub tool_use_id: String,
    /// The tool.
    pub name: String,
    /// The input: whole, strict JSON, valid for the tool's schema.
    pub input: ReadyInput,
    /// The content block that it came in.
    pub block: Option<u32>,
    /// Its place among the calls of the step.
    pub(super) place: usize,
}

#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    waiting: VecDeque<ToolCall>,
}

#[derive(Debug)]
struct Call {
    tool_use_id: Arc<str>,
    block: Option<u32>,
    state: State,
    /// It is the output of the turn, and no tool is called.
    is_output: bool,
}

#[derive(Debug)]
enum State {
    Waiting,
    Running(ActionId),
    Done(ToolResult),
}

/// Where a call of a saved turn stands.
pub(super) enum Standing {
    Waiting,
    Running,
    Done(ToolResult),
}

impl Calls {
    /// Decides over the calls of a finished message; `values` are those of their inputs, by block,
    /// `whole` is the stop reason where that forbids all of them, and `settled` are results that are known, by the
    /// place of the call in the message.
    pub(super) fn judge(
        tools: &ToolSet,
        message: &Message,
        endings: &[BlockEnding],
        values: Vec<(u32, Read)>,
        whole: Result<(), &StopReason>,
        mut settled: BTreeMap<usize, Settled>,
    ) -> Self {
        let (mut calls, mut values) = (Self::default(), values.into_iter().peekable());
        for (at, block) in message.content.iter().enumerate() {
            let ContentBlock::ToolUse(tool_use) = block else { continue };
            if tool_use.is_server_side() {
                continue;
            }
            let ending = endings.get(at);
            let place = ending.map(|ending| ending.block);
            if let Some(Settled { result, is_output }) = settled.remove(&at) {
                calls.add_done(result, place, is_output);
                continue;
            }
            let verdict = wholeness(whole, ending, tool_use).and_then(|()| {
                // Both are in the order of the blocks; those of calls that do not run are passed over.
                let value = ending.and_then(|ending| {
                    while values.next_if(|(block, _)| *block < ending.block).is_some() {}
                    values.next_if(|(block, _)| *block == ending.block).map(|(_, value)| value)
                });
                tools.check(&tool_use.name, &tool_use.input, value)
            });
            calls.add(tool_use, place, verdict);
        }
        calls
    }

    fn add(&mut self, tool_use: &ToolUse, block: Option<u32>, verdict: Result<ReadyInput, InvalidInput>) {
        let place = self.calls.len();
        let state = match verdict {
            Ok(input) => {
                let (tool_use_id, name) = (tool_use.tool_use_id.clone(), tool_use.name.clone());
                self.waiting.push_back(ToolCall { tool_use_id, name, input, block, place });
                State::Waiting
            }
            Err(invalid) => State::Done(ToolResult::error(&tool_use.tool_use_id, invalid.to_string())),
        };
        let tool_use_id = tool_use.tool_use_id.as_str().into();
        self.calls.push(Call { tool_use_id, block, state, is_output: false });
    }

    fn add_done(&mut self, result: ToolResult, block: Option<u32>, is_output: bool) {
        let tool_use_id = result.tool_use_id.as_str().into();
        self.calls.push(Call { tool_use_id, block, state: State::Done(result), is_output });
    }

    /// The next call to hand out, while fewer than `limit` are running.
    pub(super) fn next_call(&mut self, limit: usize) -> Option<ToolCall> {
        let running = self.calls.iter().filter(|call| matches!(call.state, State::Running(_))).count();
        (running < limit.max(1)).then(|| self.waiting.pop_front()).flatten()
    }

    pub(super) fn started(&mut self, call: &ToolCall, id: ActionId) {
        if let Some(call) = self.calls.get_mut(call.place) {
            call.state = State::Running(id);
        }
    }

    pub(super) fn finished(
        &mut self,
        id: ActionId,
        content: Vec<ToolResultContent>,
        status: ToolResultStatus,
    ) -> Option<(Option<u32>, ToolResult)> {
        let call = self
            .calls
            .iter_mut()
            .find(|call| matches!(call.state, State::Running(running) if running == id))?;
        let result = ToolResult::new(&*call.tool_use_id, content).status(status);
        call.state = State::Done(result.clone());
        Some((call.block, result))
    }

    pub(super) fn running(&self, id: ActionId) -> Option<(Option<u32>, Arc<str>)> {
        let call =
            self.calls.iter().find(|call| matches!(call.state, State::Running(running) if running == id))?;
        Some((call.block, Arc::clone(&call.tool_use_id)))
    }

    /// The results of tools so far, each with its block.
    pub(super) fn results(&self) -> impl Iterator<Item = (Option<u32>, &ToolResult)> {
        self.calls.iter().filter(|call| !call.is_output).filter_map(|call| match &call.state {
            State::Done(result) => Some((call.block, result)),
            _ => None,
        })
    }

    pub(super) fn are_done(&self) -> bool {
        self.calls.iter().all(|call| matches!(call.state, State::Done(_)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// One result a call; those that are still out are interrupted, those that never began say so.
    pub(super) fn into_results(self) -> Vec<ToolResult> {
        let of = |call: Call| match call.state {
            State::Done(result) => result,
            State::Running(_) => ToolResult::error(&*call.tool_use_id, INTERRUPTED),
            State::Waiting => ToolResult::error(&*call.tool_use_id, NOT_BEGUN),
        };
        self.calls.into_iter().map(of).collect()
    }

    /// Where each call stands, for the saved form.
    pub(super) fn standings(&self) -> impl Iterator<Item = Standing> {
        self.calls.iter().map(|call| match &call.state {
            State::Waiting => Standing::Waiting,
            State::Running(_) => Standing::Running,
            State::Done(result) => Standing::Done(result.clone()),
        })
    }

    /// The calls of a saved turn. Inputs are parsed and validated again, against the tools present; a call that
    /// was out when the turn was saved is not run again.
    pub(super) fn restore(tools: &ToolSet, message: &Message, standings: Vec<Standing>) -> Self {
        let mut calls = Self::default();
        let mut standings = standings.into_iter();
        for tool_use in message.tool_uses() {
            match standings.next() {
                Some(Standing::Waiting) => {
                    calls.add(
                        tool_use,
                        None,
                        tools.check(&tool_use.name, &InputText::from(tool_use.input.as_str()), None),
                    );
                }
                standing => {
                    let result = match standing {
                        Some(Standing::Done(result)) if result.tool_use_id == tool_use.tool_use_id => result,
                        _ => ToolResult::error(&tool_use.tool_use_id, INTERRUPTED),
                    };
                    calls.add_done(result, None, false);
                }
            }
        }
        calls
    }
}

/// Whether a call came whole, as far as the answer that it is in tells (D3).
pub(super) fn wholeness(
    whole: Result<(), &StopReason>,
    ending: Option<&BlockEnding>,
    tool_use: &ToolUse,
) -> Result<(), InvalidInput> {
    match (whole, ending) {
        (Err(reason), _) => Err(InvalidInput::NotWhole { stop_reason: Some(reason.as_str().to_owned()) }),
        (Ok(()), Some(ending)) if !ending.understood => Err(InvalidInput::NotWhole { stop_reason: None }),
        // A block that never stopped and brought nothing may have lost all of its input.
        (Ok(()), Some(ending)) if !ending.stopped && tool_use.input.as_str().trim().is_empty() => {
            Err(InvalidInput::NotWhole { stop_reason: None })
        }
        // A `type` that cannot be read may say that the service runs it.
        (Ok(()), _) if tool_use.other.get("type").is_some() => {
            Err(InvalidInput::NotWhole { stop_reason: None })
        }
        (Ok(()), _) => Ok(()),
    }
}

const NOT_BEGUN: &str = "The turn was interrupted before this call was begun. It had no effect.";
