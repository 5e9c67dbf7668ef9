//! rig: its agent over its Bedrock client.

use std::convert::Infallible;

use futures::StreamExt;
use rig_agent::{
    prelude::{AgentBuilder, MultiTurnStreamItem, PromptError},
    streaming::{Item, StreamEvent},
    tool::{Tool, ToolContext},
};
use rig_bedrock::client::BedrockRuntime;

use super::{Contender, MODEL, QUESTION, SYSTEM, TOOL_TEXT, WriteFile, sdk};
use crate::script::{Said, TOOL};

struct Writer;

impl Tool for Writer {
    const NAME: &'static str = TOOL;
    type Error = Infallible;
    type Args = WriteFile;
    type Output = String;

    fn description(&self) -> String {
        TOOL_TEXT.to_owned()
    }

    fn parameters(&self) -> serde_json::Value {
        WriteFile::schema()
    }

    async fn call(&self, _: &mut ToolContext, file: WriteFile) -> Result<String, Infallible> {
        Ok(file.run().to_owned())
    }
}

/// An agent of at most so many steps, every item read.
pub(crate) fn agent(url: &str, steps: usize) -> Contender {
    let model = BedrockRuntime::from(sdk::client(url)).completion(MODEL);
    let agent = AgentBuilder::new(model).preamble(SYSTEM).tool(Writer).build();
    Contender::new("rig 0.44, agent", move || {
        let mut turn = agent.prompt(QUESTION).max_turns(steps).stream();
        async move {
            let mut seen = Said::default();
            while let Some(item) = turn.next().await {
                match item {
                    Ok(MultiTurnStreamItem::StreamAssistantItem(Item::Event(event))) => match event {
                        StreamEvent::Text { text, .. } => seen.text += text.len(),
                        StreamEvent::Arguments { json, .. } => seen.input += json.len(),
                        _ => {}
                    },
                    Ok(item) => drop(std::hint::black_box(item)),
                    // What ends a turn of one step that has called a tool.
                    Err(PromptError::MaxTurns { .. }) => return Ok(seen),
                    Err(error) => return Err(error.into()),
                }
            }
            Ok(seen)
        }
    })
}
