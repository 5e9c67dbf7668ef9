//! Outcrop: frames and the assembler alone, and a whole agent.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use outcrop::{Agent, Bedrock, ErrorKind, EventKind, Tool, TurnEvent, TurnStream};
use outcrop_core::{ContentBlock, Message, Request, ToolResult, ToolSpec, ToolUse, wire::{Assembler, Growth, ToolConfig}};
use serde_json::Value;

use super::{Contender, KEY, MODEL, QUESTION, REGION, RESULT, SYSTEM, TOOL_TEXT, WriteFile};
use crate::{
    Failure,
    script::{Said, Script, TOOL},
};

async fn bedrock(url: &str) -> Result<Bedrock, Failure> {
    let builder = Bedrock::builder(MODEL).region(REGION).static_credentials(KEY, KEY, None);
    Ok(builder.endpoint_url(url).build().await?)
}

/// One call without an agent: bytes, frames, events, the message as it grows.
pub(crate) async fn frames(url: &str) -> Result<Contender, Failure> {
    requests("our frames, assembler", url, vec![vec![Message::user(QUESTION)]]).await
}

/// The calls of a turn, one after the other, with the history that each step has.
pub(crate) async fn turn(url: &str) -> Result<Contender, Failure> {
    let (mut history, mut asked) = (vec![Message::user(QUESTION)], Vec::new());
    for answer in Script::Turn.answers(0)? {
        asked.push(history.clone());
        let text = Some(answer.text).filter(|text| !text.is_empty()).map(ContentBlock::Text);
        let call = |(id, input): &(&str, Value)| ToolUse::new(*id, TOOL, input.to_string().as_str()).into();
        let said: Vec<ContentBlock> = text.into_iter().chain(answer.calls.iter().map(call)).collect();
        let results: Vec<ContentBlock> =
            answer.calls.iter().map(|(id, _)| ToolResult::text(*id, RESULT).into()).collect();
        history.extend([Message::assistant(said), Message::user(results)]);
    }
    requests("3 of our calls, assembled", url, asked).await
}

async fn requests(name: &'static str, url: &str, asked: Vec<Vec<Message>>) -> Result<Contender, Failure> {
    let bedrock = bedrock(url).await?;
    let tool = ToolSpec::of::<WriteFile>(TOOL, TOOL_TEXT);
    let request = |messages| {
        let tools = ToolConfig::new(vec![tool.clone().into()]);
        Request::new().system([SYSTEM]).messages::<Vec<Message>>(messages).tool_config(tools)
    };
    let asked: Arc<[Request]> = asked.into_iter().map(request).collect();
    Ok(Contender::new(name, move || {
        let (bedrock, asked) = (bedrock.clone(), Arc::clone(&asked));
        async move {
            let mut seen = Said::default();
            for request in &*asked {
                seen += assemble(&bedrock, request).await?;
            }
            Ok(seen)
        }
    }))
}

async fn assemble(bedrock: &Bedrock, request: &Request) -> Result<Said, Failure> {
    let (mut seen, mut assembler) = (Said::default(), Assembler::new());
    let mut events = bedrock.stream(request).await?;
    while let Some(event) = events.next().await {
        match assembler.push(event?)? {
            Growth::Text { text, .. } => seen.text += text.len(),
            Growth::ToolInput { fragment, .. } => seen.input += fragment.len(),
            _ => {}
        }
    }
    std::hint::black_box(assembler.finish()?);
    Ok(seen)
}

/// An agent of at most so many steps, every event read.
pub(crate) async fn agent(url: &str, steps: u32) -> Result<Contender, Failure> {
    watcher("our agent", url, steps, |seen, _, event| seen.add(event)).await
}

/// The same, and at every event of an input the value of its `content` so far.
pub(crate) async fn live(url: &str, steps: u32) -> Result<Contender, Failure> {
    let contender = watcher("our agent, live values", url, steps, Said::add_live).await?;
    Ok(Contender { reads_live: true, ..contender })
}

async fn watcher(
    name: &'static str,
    url: &str,
    steps: u32,
    watch: impl Fn(&mut Said, &mut TurnStream, &TurnEvent) + Copy + 'static,
) -> Result<Contender, Failure> {
    let agent = build(url, steps).await?;
    Ok(Contender::new(name, move || {
        let session = agent.session();
        async move {
            let mut seen = Said::default();
            let mut turn = session.ask(QUESTION).stream();
            loop {
                match turn.try_next().await {
                    Ok(Some(event)) => watch(&mut seen, &mut turn, &event),
                    Ok(None) => break,
                    // What ends a turn of one step that has called a tool.
                    Err(error) if matches!(error.kind(), ErrorKind::StepLimit { .. }) => return Ok(seen),
                    Err(error) => return Err(error.into()),
                }
            }
            std::hint::black_box((turn.answer().await?, session.into_history()));
            Ok(seen)
        }
    }))
}

/// The agent under test.
pub(crate) async fn build(url: &str, steps: u32) -> Result<Agent, Failure> {
    let tool = Tool::new::<WriteFile, _>(TOOL, TOOL_TEXT, |file, _| async move { file.run() });
    Ok(Agent::builder(bedrock(url).await?).system(SYSTEM).tool(tool).max_steps(steps).build()?)
}

impl Said {
    fn add(&mut self, event: &TurnEvent) {
        match &event.kind {
            EventKind::TextDelta(delta) => self.text += delta.text.len(),
            EventKind::ToolInputDelta(delta) => self.input += delta.fragment.len(),
            _ => {}
        }
    }

    /// Reads the live value at the event, as a UI would that shows a file while it is written.
    pub(crate) fn add_live(&mut self, turn: &mut TurnStream, event: &TurnEvent) {
        self.add(event);
        let input = turn.live(event);
        let shown = input.and_then(|input| input.get("content")).and_then(|content| content.as_str());
        let shown = std::hint::black_box(shown).map_or(0, str::len);
        if let EventKind::ToolInputEnd(_) = event.kind {
            self.content += shown;
        }
    }
}
