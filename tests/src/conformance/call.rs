//! One call through `outcrop-bedrock`, and what came of it in the form of an `expected.json`.
//!
//! # Invariants
//! - A streamed answer and a whole one give the same form.
//! - A text block without any text is left out; an input that is no JSON stands as `rawInput`.

use std::{collections::BTreeMap, time::Duration};

use futures::StreamExt;
use outcrop_bedrock::{Bedrock, Error};
use outcrop_core::{
    ContentBlock, Message, Request, Response, StopReason, StreamEvent,
    wire::{Assembled, Assembler, MessageStop},
};

use super::json::Json;

/// No call takes so long unless something hangs.
const LIMIT: Duration = Duration::from_secs(30);

/// What a call gave.
#[derive(Debug)]
pub(super) enum Outcome {
    /// All that an answer has.
    Answer(Json),
    /// The client says that it failed.
    Failed {
        error: Box<Error>,
        /// The message as far as it came.
        before: Json,
    },
    /// What a client must never do, in words.
    Wrong(String),
}

impl Outcome {
    /// For a line of a report.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Answer(answer) => format!("the answer {answer}"),
            Self::Failed { error, .. } => format!("the error `{error}`"),
            Self::Wrong(what) => what.clone(),
        }
    }
}

pub(super) async fn call(bedrock: &Bedrock, streams: bool, request: &Request) -> Outcome {
    let call =
        async { if streams { streamed(bedrock, request).await } else { whole(bedrock, request).await } };
    let outcome = tokio::time::timeout(LIMIT, call).await;
    outcome.unwrap_or_else(|_| Outcome::Wrong(format!("nothing after {} s", LIMIT.as_secs())))
}

async fn whole(bedrock: &Bedrock, request: &Request) -> Outcome {
    match bedrock.converse(request).await {
        Ok((response, _)) => or_wrong(of_response(&response)),
        Err(error) => Outcome::Failed { error: Box::new(error), before: Json::Null },
    }
}

async fn streamed(bedrock: &Bedrock, request: &Request) -> Outcome {
    let mut assembler = Assembler::new();
    let mut events = match bedrock.converse_stream(request).await {
        Ok(events) => events,
        Err(error) => return Outcome::Failed { error: Box::new(error), before: Json::Null },
    };
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                return match before(assembler) {
                    Ok(before) => Outcome::Failed { error: Box::new(error), before },
                    Err(error) => Outcome::Wrong(error),
                };
            }
        };
        if let Err(error) = assembler.push(event) {
            return Outcome::Wrong(format!("the assembler refuses an event: {error}"));
        }
    }
    match assembler.finish() {
        Ok(assembled) => or_wrong(of_assembled(&assembled)),
        Err(error) => Outcome::Wrong(format!("the stream ended without an error, and yet {error}")),
    }
}

fn or_wrong(answer: Result<Json, serde_json::Error>) -> Outcome {
    answer.map_or_else(
        |error| Outcome::Wrong(format!("the answer cannot be written: {error}")),
        Outcome::Answer,
    )
}

/// The message as far as it came, open blocks included.
fn before(mut assembler: Assembler) -> Result<Json, String> {
    // Only a stop makes the assembler show everything; it is not part of what is compared.
    let stop = StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn));
    let assembled =
        assembler.push(stop).and_then(|_| assembler.finish()).map_err(|error| error.to_string())?;
    of_message(&assembled.message).map_err(|error| error.to_string())
}

/// The message that the answer holds, by way of the assembler: this is what a history stores.
pub(super) fn assemble(events: Vec<StreamEvent>) -> Result<Message, String> {
    let mut assembler = Assembler::new();
    for event in events {
        assembler.push(event).map_err(|error| error.to_string())?;
    }
    assembler.finish().map(|assembled| assembled.message).map_err(|error| error.to_string())
}

fn of_response(response: &Response) -> Result<Json, serde_json::Error> {
    let mut members = BTreeMap::new();
    if let Json::Object(all) = Json::of(response)? {
        members.extend(all.into_iter().filter(|(key, _)| key != "output"));
    }
    let message = response.message().map(of_message).transpose()?;
    members.insert("message".to_owned(), message.unwrap_or(Json::Null));
    Ok(Json::Object(members))
}

fn of_assembled(assembled: &Assembled) -> Result<Json, serde_json::Error> {
    let mut members = BTreeMap::new();
    for part in [Some(Json::of(&assembled.stop)?), assembled.metadata.as_ref().map(Json::of).transpose()?] {
        if let Some(Json::Object(part)) = part {
            members.extend(part);
        }
    }
    members.insert("message".to_owned(), of_message(&assembled.message)?);
    Ok(Json::Object(members))
}

/// The message as `expected.json` has it.
pub(super) fn of_message(message: &Message) -> Result<Json, serde_json::Error> {
    let mut content = Vec::new();
    for block in &message.content {
        let mut json = Json::of(block)?;
        match block {
            ContentBlock::Text(text) if text.is_empty() => continue,
            ContentBlock::ToolUse(tool_use) if !tool_use.input.is_object() => {
                if let Some(Json::Object(members)) =
                    json.as_object_mut().and_then(|block| block.get_mut("toolUse"))
                {
                    members.remove("input");
                    let text = tool_use.input.as_str();
                    let (key, input) = match Json::parse(text.as_bytes()) {
                        Ok(input) => ("input", input),
                        Err(_) => ("rawInput", Json::String(text.to_owned())),
                    };
                    members.insert(key.to_owned(), input);
                }
            }
            _ => {}
        }
        content.push(json);
    }
    let role = Json::String(message.role.as_str().to_owned());
    Ok(Json::Object(BTreeMap::from([
        ("role".to_owned(), role),
        ("content".to_owned(), Json::Array(content)),
    ])))
}
