//! Structured answers that the real service gave, read by a turn that asks for the same: each comes out as a Rust type.
//!
//! They are recordings of other projects, found where `OUTCROP_CONFORMANCE` says; where there are none the test says
//! so and passes.

#![allow(dead_code)] // What matters of the types is that they can be read.

use std::{fmt::Debug, net::IpAddr, path::Path, sync::Arc};

use outcrop_core::{tools::*, turn::*, wire::*};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::support::Sim;

#[derive(Debug, Deserialize)]
struct City {
    city: String,
    country: String,
    population: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Person {
    name: String,
    age: Option<f64>,
    address: Option<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    street: String,
    city: String,
}

#[derive(Debug, Deserialize)]
struct One<T> {
    value: T,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
    Blue,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Call {
    Confirm { action: String, data: String },
    Email { email: String },
    Color { color: Color },
    Greet { username: String },
    Weather { city: String },
    None {},
}

/// How many answers came out typed, and how many recorded refusals were met.
#[derive(Debug, Default, PartialEq)]
struct Met {
    native: usize,
    by_tool: usize,
    refused: usize,
}

#[test]
fn recorded_answers_come_out_typed() {
    let Some(root) = std::env::var_os("OUTCROP_CONFORMANCE") else {
        return println!("skipped: set OUTCROP_CONFORMANCE to the folder of recorded traffic");
    };
    let root = Path::new(&root).join("bedrock");
    let index = std::fs::read_to_string(root.join("index.jsonl")).unwrap();
    let mut met = Met::default();
    for line in index.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let features = case["features"].as_array().unwrap();
        if !features.iter().any(|feature| feature == "structured_output" || feature == "strict_tool") {
            continue;
        }
        let folder = root.join(case["case"].as_str().unwrap());
        for n in 1.. {
            let file = |name: &str| folder.join(format!("{n:02}-{name}"));
            let Ok(request) = std::fs::read(file("request.json")) else { break };
            let request: Value = serde_json::from_slice(&request).unwrap();
            let meta: Value = serde_json::from_slice(&std::fs::read(file("meta.json")).unwrap()).unwrap();
            let answer =
                std::fs::read(file("response.json")).or_else(|_| std::fs::read(file("response.eventstream")));
            read(&request, &meta, &answer.unwrap(), &mut met);
        }
    }
    assert_eq!(met, Met { native: 15, by_tool: 7, refused: 2 });
}

fn read(request: &Value, meta: &Value, answer: &[u8], met: &mut Met) {
    let model = meta["model"].as_str().unwrap();
    let native = request.pointer("/outputConfig/textFormat/structure/jsonSchema");
    if let Some(format) = native {
        let schema: Value = serde_json::from_str(format["schema"].as_str().unwrap()).unwrap();
        let spec = OutputSpec::new(format["name"].as_str().unwrap(), schema.clone()).unwrap();
        if meta["status"] != 200 {
            return refused(spec, model, answer, met);
        }
        let events = events(answer);
        if events.iter().any(|event| matches!(event, StreamEvent::MessageStop(stop) if stop.stop_reason == StopReason::ToolUse)) {
            return;
        }
        let properties = &schema["properties"];
        if properties.get("country").is_some() {
            typed::<City>(spec, model, Strategy::Native, events);
        } else if properties.get("name").is_some() {
            typed::<Person>(spec, model, Strategy::Native, events);
        } else if properties["value"]["format"] == "time" {
            typed::<One<String>>(spec, model, Strategy::Native, events);
        } else {
            typed::<One<IpAddr>>(spec, model, Strategy::Native, events);
        }
        met.native += 1;
        return;
    }
    let events = if meta["status"] == 200 { events(answer) } else { return };
    let called = events.iter().find_map(|event| match event {
        StreamEvent::WholeBlock(whole) => match &*whole.block {
            ContentBlock::ToolUse(call) => Some(call.name.clone()),
            _ => None,
        },
        StreamEvent::ContentBlockStart(start) => match &start.start {
            BlockStart::ToolUse(start) => Some(start.name.clone()),
            _ => None,
        },
        _ => None,
    });
    let Some(called) = called else { return };
    let tools = request["toolConfig"]["tools"].as_array().unwrap();
    let tool = tools.iter().find(|tool| tool["toolSpec"]["name"] == called.as_str()).unwrap();
    let schema = tool["toolSpec"]["inputSchema"]["json"].clone();
    let spec = OutputSpec::new(called, schema).unwrap();
    typed::<Call>(spec, model, Strategy::StrictTool, events);
    met.by_tool += 1;
}

/// The answer as events, however it came.
fn events(answer: &[u8]) -> Vec<StreamEvent> {
    if answer.first() == Some(&b'{') {
        return serde_json::from_slice::<Response>(answer).unwrap().into_events();
    }
    let mut decoder = FrameDecoder::default();
    decoder.push(answer);
    let frames = std::iter::from_fn(|| decoder.next_frame().unwrap());
    frames.map(|frame| StreamEvent::from_frame(&frame).unwrap()).collect()
}

fn typed<T: DeserializeOwned + Debug>(
    spec: OutputSpec,
    model: &str,
    strategy: Strategy,
    events: Vec<StreamEvent>,
) {
    let spec = spec.read_as::<T>().strategy(strategy);
    let mut sim = Sim::new(TurnConfig::new(model, Arc::new(ToolSet::default())).output(spec));
    sim.events(events).end_stream();
    let outcome = sim.turn.outcome().unwrap().unwrap_or_else(|error| panic!("{error:?} of {model}"));
    let output = outcome.output.as_ref().unwrap();
    assert!(output.attempts.is_empty() && output.strategy == strategy);
    let value: T = output.decode().unwrap();
    assert!(format!("{value:?}").len() > 2, "{value:?}");
}

/// What the service refused to take as it was is adapted, or asked for in another way.
fn refused(spec: OutputSpec, model: &str, answer: &[u8], met: &mut Met) {
    let sim = Sim::new(TurnConfig::new(model, Arc::new(ToolSet::default())).output(spec));
    let request = sim.ask.unwrap().request;
    let text = request.output_config.and_then(|config| config.text_format);
    let error: Value = serde_json::from_slice(answer).unwrap();
    let message = error["message"].as_str().unwrap();
    match text.map(|text| text.structure) {
        Some(TextStructure::JsonSchema(format)) => {
            let word = message.split('\'').nth(3).unwrap();
            assert!(!format.schema.contains(&format!("\"{word}\":")), "{message}: {}", format.schema);
            met.refused += 1;
        }
        // It leads to itself, and had been answered with an error of the server.
        _ => assert_eq!(
            (error.as_object().unwrap().len(), request.tool_config.is_some()),
            (1, true),
            "{message}"
        ),
    }
}
