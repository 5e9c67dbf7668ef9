//! A turn under models that say anything in any order, services that fail anywhere, tools that answer in any order,
//! and drivers that save, resume, mix up ids and let go at any moment.

use std::collections::BTreeMap;

use outcrop_core::{profile::*, turn::*, wire::*};
use proptest::{
    collection::vec,
    prelude::{Strategy, *},
    sample::select,
};
use serde_json::Value;

use crate::{
    generate::{INPUTS, blocks, ids, names},
    shape::{PROFILES, flaw},
    support::{
        Sim, arg, begin, call, cases, cite, config, delta, end, metadata, raw, redact, server_call, sign,
        start, stop, text, think,
    },
};

/// What one block may do, more often right than not.
fn block_events() -> impl Strategy<Value = Vec<StreamEvent>> {
    let at = 0u32..4;
    let input = prop_oneof![select(INPUTS.to_vec()), select(INPUTS[..2].to_vec())];
    let split = (input, any::<usize>()).prop_map(|(input, at)| {
        let cut = input.floor_char_boundary(at % (input.len() + 1));
        (input[..cut].to_owned(), input[cut..].to_owned())
    });
    let whole_call =
        (at.clone(), ids(), names(), split, 0u8..10).prop_map(|(at, id, name, (a, b), stops)| {
            let mut events = vec![call(at, &id, &name), arg(at, &a), arg(at, &b)];
            events.extend((stops == 1).then(|| delta(at, BlockDelta::Unknown(raw("{}")))));
            events.extend((stops > 0).then(|| stop(at)));
            events
        });
    let one = (at.clone(), ids()).prop_flat_map(|(at, id)| {
        select(vec![
            text(at, "so"),
            think(at, "hm"),
            sign(at, "s"),
            sign(at, ""),
            redact(at, b"x"),
            cite(at, "t"),
            arg(at, "}"),
            stop(at),
            server_call(at, &id, "code"),
            delta(at % 2, BlockDelta::Unknown(raw(r#"{"hologram":1}"#))),
            delta(at, BlockDelta::Unknown(raw(r#"{"hologram":1}"#))),
            delta(at, BlockDelta::ToolResult(vec!["x".into()])),
            start(at, BlockStart::Unknown(raw(r#"{"toolUse":{}}"#))),
            start(at, BlockStart::Image(ImageStart::new("png"))),
            begin(),
            metadata(1),
        ])
    });
    prop_oneof![
        6 => whole_call,
        3 => one.prop_map(|event| vec![event]),
        1 => (at, blocks()).prop_map(|(at, block)| vec![StreamEvent::WholeBlock(WholeBlock::new(at, block)), stop(at)]),
    ]
}

fn moved(mut event: StreamEvent, at: u32) -> StreamEvent {
    match &mut event {
        StreamEvent::ContentBlockStart(event) => event.content_block_index = at,
        StreamEvent::ContentBlockDelta(event) => event.content_block_index = at,
        StreamEvent::ContentBlockStop(event) => event.content_block_index = at,
        StreamEvent::WholeBlock(event) => event.content_block_index = at,
        _ => {}
    }
    event
}

pub fn answers() -> impl Strategy<Value = Vec<StreamEvent>> {
    let reasons =
        select(vec!["tool_use", "tool_use", "tool_use", "end_turn", "stop_sequence", "max_tokens", "new"]);
    let blocks = vec((block_events(), 0u8..10), 0..5).prop_map(|blocks| {
        let blocks = (0..).zip(blocks).map(|(at, (events, astray))| match astray {
            0 => events,
            _ => events.into_iter().map(|event| moved(event, at)).collect(),
        });
        blocks.collect::<Vec<_>>().concat()
    });
    (blocks, proptest::option::weighted(0.9, reasons), any::<bool>()).prop_map(
        |(mut events, reason, late)| {
            events.extend(reason.map(end));
            events.extend(late.then(|| metadata(2)));
            events
        },
    )
}

/// What the model really said in one answer, kept as simply as can be.
#[derive(Default)]
struct Said {
    calls: BTreeMap<u32, (String, String, String)>,
    open: BTreeMap<u32, bool>,
    reason: Option<String>,
}

impl Said {
    fn hear(&mut self, event: &StreamEvent) {
        if self.reason.is_some() {
            return;
        }
        match event {
            StreamEvent::ContentBlockStart(event) => {
                self.open.insert(event.content_block_index, true);
                if let BlockStart::ToolUse(start) = &event.start
                    && start.kind.as_deref() != Some("server_tool_use")
                {
                    let call = (start.tool_use_id.clone(), start.name.clone(), String::new());
                    self.calls.insert(event.content_block_index, call);
                }
            }
            StreamEvent::WholeBlock(event) => {
                self.open.insert(event.content_block_index, true);
                if let ContentBlock::ToolUse(call) = &*event.block
                    && !call.is_server_side()
                {
                    let call = (call.tool_use_id.clone(), call.name.clone(), call.input.as_str().to_owned());
                    self.calls.insert(event.content_block_index, call);
                }
            }
            StreamEvent::ContentBlockDelta(event) => {
                let at = event.content_block_index;
                self.open.entry(at).or_insert(true);
                match (&event.delta, self.calls.get_mut(&at)) {
                    (BlockDelta::ToolUse(delta), Some(call)) => call.2 += &delta.input,
                    (BlockDelta::Unknown(_), _) => drop(self.calls.remove(&at)),
                    _ => {}
                }
            }
            StreamEvent::ContentBlockStop(event) => {
                self.open.insert(event.content_block_index, false);
            }
            StreamEvent::MessageStop(event) => self.reason = Some(event.stop_reason.to_string()),
            _ => {}
        }
    }

    /// The calls that may run, were this the answer.
    fn runnable(&self) -> Vec<(String, String, String)> {
        let whole = match self.reason.as_deref() {
            Some("tool_use") => true,
            Some("end_turn" | "stop_sequence") => self.open.values().all(|open| !open),
            _ => false,
        };
        let calls = self.calls.values().filter(|(_, name, input)| whole && fits(name, input));
        calls.cloned().collect()
    }
}

/// Whether a text is a whole, strict and valid input, judged by hand: no text of [`INPUTS`] is deep.
fn fits(name: &str, input: &str) -> bool {
    if input.trim().is_empty() {
        return name == "now";
    }
    let Ok(Value::Object(members)) = serde_json::from_str(input) else { return false };
    let once = input.matches(r#""city""#).count() <= 1;
    let known = members.keys().all(|key| key == "city" || key == "days");
    let days = members.get("days").is_none_or(|days| days.as_f64().is_some_and(|days| days.fract() == 0.0));
    once && match name {
        "now" => true,
        "plan" => known && days && members.get("city").is_some_and(Value::is_string),
        _ => false,
    }
}

/// One driver; `choices` decide what it does next.
struct Driver {
    sim: Sim,
    said: Said,
    pending: Vec<StreamEvent>,
    /// What was dispatched of the answer at hand.
    dispatched: Vec<(String, String, String)>,
    results: Vec<String>,
    asked: usize,
}

impl Driver {
    /// Takes notice of what the turn has asked for.
    fn look(&mut self, answers: &mut Vec<Vec<StreamEvent>>, seen: &mut usize) -> Result<(), TestCaseError> {
        for running in &self.sim.running[*seen..] {
            let input = &running.call.input;
            let run = (
                running.call.tool_use_id.clone(),
                running.call.name.clone(),
                input.text().as_str().to_owned(),
            );
            self.dispatched.push(run.clone());
            let times =
                |calls: &[(String, String, String)]| calls.iter().filter(|call| **call == run).count();
            prop_assert!(
                times(&self.dispatched) <= times(&self.said.runnable()),
                "{:?}\n{}",
                run,
                self.sim.log
            );
        }
        *seen = self.sim.running.len();
        if self.sim.asks > self.asked {
            self.asked = self.sim.asks;
            self.said = Said::default();
            self.dispatched.clear();
            self.pending = answers.pop().unwrap_or_default();
            let profile = &self.sim.config.target().profile;
            prop_assert_eq!(flaw(&self.sim.ask.as_ref().unwrap().request.messages, profile), None);
        }
        Ok(())
    }

    fn go(mut self, mut answers: Vec<Vec<StreamEvent>>, choices: &[u8]) -> Result<(), TestCaseError> {
        let mut seen = 0;
        for choice in choices {
            self.look(&mut answers, &mut seen)?;
            match choice % 32 {
                0..20 if !self.pending.is_empty() => {
                    let event = self.pending.remove(0);
                    if self.sim.turn.outcome().is_none() {
                        self.said.hear(&event);
                    }
                    self.sim.events([event]);
                }
                0..20 => drop(self.sim.end_stream()),
                20..28 if !self.sim.running.is_empty() => {
                    let at = usize::from(*choice) % self.sim.running.len();
                    let done = self.sim.running.remove(at);
                    seen -= 1;
                    let text = format!("result {}", self.results.len());
                    let status =
                        if choice % 2 == 0 { ToolResultStatus::Success } else { ToolResultStatus::Error };
                    self.sim.turn.on_tool_result(done.id, vec![text.as_str().into()], status, Time(0));
                    self.results.push(text);
                    self.sim.act();
                }
                28 => drop(self.sim.refuse(
                    "Conversation blocks and tool result blocks cannot be provided in the same turn",
                )),
                29 => drop(self.sim.refuse("no")),
                30.. => {
                    // What was running is lost, and nothing is left of a stream.
                    self.sim.reload();
                    seen = 0;
                    self.pending.clear();
                }
                _ => {}
            }
        }
        self.look(&mut answers, &mut seen)?;
        let saved = serde_json::to_string(&self.sim.turn.save()).unwrap();
        let resumed =
            Turn::resume(self.sim.config.clone(), serde_json::from_str(&saved).unwrap(), Time(0)).unwrap();
        for history in
            [resumed.into_conversation().into_history(), self.sim.turn.into_conversation().into_history()]
        {
            let whole = serde_json::to_string(&history).unwrap();
            for result in &self.results {
                prop_assert!(whole.contains(&format!("{result:?}")), "{} is lost: {}", result, whole);
            }
            for (model, profile) in PROFILES.iter() {
                let messages = render(&history, profile, model).messages;
                prop_assert_eq!(flaw(&messages, profile), None, "{}", model);
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// D3, D5: at most one dispatch a call, only of what was whole, strict and valid; no result is lost, and the
    /// history can be sent again whatever happened.
    #[test]
    fn nothing_runs_that_was_not_said(
        answers in vec(answers(), 1..4),
        choices in vec(any::<u8>(), 0..100),
        parallel in 1usize..4,
        steps in 1u32..4,
    ) {
        let mut config = config();
        config.target_mut().profile = Profile::permissive();
        config.max_parallel_tools = parallel;
        config.max_steps = steps;
        let driver = Driver {
            sim: Sim::new(config),
            said: Said::default(),
            pending: Vec::new(),
            dispatched: Vec::new(),
            results: Vec::new(),
            asked: 0,
        };
        driver.go(answers, &choices)?;
    }
}
