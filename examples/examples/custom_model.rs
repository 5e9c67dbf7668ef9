//! cargo run --example custom_model
//!
//! A model of your own: anything that turns a request into a stream of events. This one finds the numbers of the
//! question, calls the agent's `add` tool with them, and streams its answer word by word. It runs offline.

use std::{error::Error, io::Write, time::Duration};

use futures::TryStreamExt;
use outcrop::{
    Agent, EventKind, Model, ModelCall, ModelError, ModelStream,
    core::{
        Message, Request, Response, Role, StopReason, StreamEvent, ToolUse,
        wire::{
            BlockDelta, ContentBlockDelta, ContentBlockStop, MessageStart, MessageStop, Output,
            ToolResultContent,
        },
    },
    tool, tools,
};
use serde_json::json;

struct Adder;

impl Model for Adder {
    /// The id decides what the model is sent. Override `Model::profile` for a model that Bedrock does not know.
    fn id(&self) -> &str {
        "example.adder"
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        Box::pin(async_stream::try_stream! {
            match tool_result(&call.request) {
                // A whole answer can be turned into events. The stream ends with the answer.
                None => {
                    let input = numbers(&call.request)?;
                    let message = Message::assistant(vec![ToolUse::new("call_1", "add", input).into()]);
                    let response = Response::new(Output::Message(message), StopReason::ToolUse);
                    for event in response.into_events() {
                        yield event;
                    }
                }
                // Or the events are made one at a time, as a model generates them.
                Some(sum) => {
                    yield StreamEvent::MessageStart(MessageStart::new(Role::Assistant));
                    for word in format!("The sum is {sum}.").split_inclusive(' ') {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                        let delta = BlockDelta::Text(word.to_owned());
                        yield StreamEvent::ContentBlockDelta(ContentBlockDelta::new(0u32, delta));
                    }
                    yield StreamEvent::ContentBlockStop(ContentBlockStop::new(0u32));
                    yield StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn));
                    yield StreamEvent::Metadata(Box::default());
                }
            }
        })
    }
}

/// The numbers of the last message, as the input of a tool call.
fn numbers(request: &Request) -> Result<serde_json::Value, ModelError> {
    let text = request.messages.last().map(Message::text).unwrap_or_default();
    let numbers: Vec<i64> = text
        .split(|letter: char| !letter.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    match numbers[..] {
        // An error ends the turn. `with_retryable` says whether another try may succeed.
        [] => Err(ModelError::new("the question has no numbers")),
        _ => Ok(json!({ "numbers": numbers })),
    }
}

/// The text of the tool result, if the last message has one.
fn tool_result(request: &Request) -> Option<&str> {
    let result = request.messages.last()?.tool_results().next()?;
    match result.content.first()? {
        ToolResultContent::Text(text) => Some(text),
        _ => None,
    }
}

/// Adds numbers.
#[tool]
fn add(numbers: Vec<i64>) -> String {
    numbers.iter().sum::<i64>().to_string()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let agent = Agent::builder(Adder).tools(tools![add]).build()?;
    let mut turn = agent.ask("How much is 17 and 25?").stream();
    while let Some(event) = turn.try_next().await? {
        match event.kind {
            EventKind::ToolStart(tool) => println!("running {}", tool.name),
            EventKind::TextDelta(delta) => {
                print!("{}", delta.text);
                std::io::stdout().flush()?;
            }
            EventKind::TextEnd(_) => println!(),
            _ => {}
        }
    }

    // An error of the model ends the turn; it is the source of the turn's error.
    if let Err(error) = agent.ask("How much is it?").await {
        println!("{error}: {}", error.source().map(ToString::to_string).unwrap_or_default());
    }
    Ok(())
}
