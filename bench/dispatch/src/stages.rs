//! What runs under callgrind: the end of a message with one call, and that call.
//!
//! # Invariants
//! - Every stage goes the way of an agent: a [`Turn`] decides over the call, and only it makes the input. What an
//!   agent adds is a task for the call, its time limit and its span.

use std::{hint::black_box, sync::Arc};

use futures::{FutureExt, future::BoxFuture};
use outcrop::{Tool, ToolCx, ToolHandler, ToolOutput, ToolSource, ToolSpec, testing::tool_cx, tool};
use outcrop_core::{Action, History, Message, ReadyInput, StopReason, StreamEvent, Time, ToolSet, Turn, TurnConfig, turn::ActionId, wire::{BlockDelta, BlockStart, ContentBlockDelta, ContentBlockStart, ContentBlockStop, MessageStop, ToolResultStatus, ToolUseDelta, ToolUseStart}};

use crate::cases::{Hotel, RUNS, Trip, collect_this_stage, long_trip, trip};

/// What is counted.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    /// Whether it reads the long text.
    pub(crate) long: bool,
    tool: fn() -> Tool,
    text: fn() -> String,
}

/// What is counted, in this order; the first reads nothing.
pub(crate) const STAGES: [Stage; 5] = [
    Stage { name: "nothing is read", long: false, tool: || Nothing.into(), text: || "{}".to_owned() },
    Stage { name: "#[tool] with 5 parameters", long: false, tool: five::tool, text: trip },
    Stage { name: "#[tool] with `args`", long: false, tool: args::tool, text: trip },
    Stage { name: "#[tool] with 5 parameters, 8 kB", long: true, tool: five::tool, text: long_trip },
    Stage { name: "#[tool] with `args`, 8 kB", long: true, tool: args::tool, text: long_trip },
];

/// Plans a trip.
#[tool]
async fn five(
    /// Where to.
    city: String,
    /// How many days.
    days: u32,
    /// What the travellers like.
    likes: Vec<String>,
    /// Euros in all.
    budget: Option<f64>,
    /// Where they sleep.
    hotel: Hotel,
) {
    black_box(Trip { city, days, likes, budget, hotel }.sum());
}

/// Plans a trip.
#[tool]
async fn args(#[tool(args)] trip: Trip) {
    black_box(trip.sum());
}

/// A tool that reads nothing.
struct Nothing;

impl ToolHandler for Nothing {
    fn spec(&self) -> ToolSpec {
        ToolSpec::with_schema("nothing", "Does nothing.", serde_json::json!({ "type": "object" }))
    }

    fn call(&self, _: ReadyInput, _: ToolCx) -> BoxFuture<'static, ToolOutput> {
        Box::pin(async { ToolOutput::new(vec!["done".into()]) })
    }
}

/// A message with one call, all but its end; and the call.
struct Prepared {
    turn: Turn,
    ask: ActionId,
    cx: ToolCx,
}

pub(crate) fn run() -> Result<(), String> {
    for stage in STAGES {
        let (tool, text) = ((stage.tool)(), (stage.text)());
        let set = ToolSet::new([tool.spec().clone()]).map_err(|error| error.to_string())?;
        let config = Arc::new(TurnConfig::new("anthropic.claude-sonnet-4-6", Arc::new(set)));
        let mut prepared: Vec<Prepared> = Vec::new();
        for _ in 0..=RUNS {
            prepared.push(prepare(&config, &tool, &text)?);
        }
        let first = prepared.pop().map(|prepared| dispatch(prepared, &tool));
        if !first.flatten().is_some_and(|output| output.status == ToolResultStatus::Success) {
            return Err(format!("{}: the call is not run", stage.name));
        }
        let mut prepared = prepared.into_iter();
        let mut outputs = Vec::with_capacity(RUNS);
        collect_this_stage(&mut || {
            for prepared in &mut prepared {
                outputs.push(dispatch(prepared, &tool));
            }
        });
        black_box(outputs);
    }
    Ok(())
}

fn prepare(config: &Arc<TurnConfig>, tool: &Tool, text: &str) -> Result<Prepared, String> {
    let mut turn = Turn::new(Arc::clone(config), History::new(), Message::user("Go on."), "t", Time(0));
    let Some(Action::Converse(ask)) = turn.next_action() else { return Err("nothing is asked".to_owned()) };
    let start = ToolUseStart::new("tooluse_1", tool.spec().name.clone());
    let delta = BlockDelta::ToolUse(ToolUseDelta::new(text));
    let events = [
        StreamEvent::ContentBlockStart(ContentBlockStart::new(0u32, BlockStart::ToolUse(start))),
        StreamEvent::ContentBlockDelta(ContentBlockDelta::new(0u32, delta)),
        StreamEvent::ContentBlockStop(ContentBlockStop::new(0u32)),
    ];
    for event in events {
        turn.on_stream_event(ask.id, event, Time(0));
    }
    Ok(Prepared { turn, ask: ask.id, cx: tool_cx() })
}

/// From the end of the message to the output.
fn dispatch(prepared: Prepared, tool: &Tool) -> Option<ToolOutput> {
    let Prepared { mut turn, ask, cx } = prepared;
    turn.on_stream_event(ask, StreamEvent::MessageStop(MessageStop::new(StopReason::ToolUse)), Time(0));
    let Some(Action::Dispatch(dispatch)) = turn.next_action() else { return None };
    tool.call(dispatch.call.input, cx).now_or_never()
}
