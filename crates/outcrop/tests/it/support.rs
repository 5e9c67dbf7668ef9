//! One call of a tool, from the model's text to the model's result; answers that come in pieces.

use expect_test::Expect;
use outcrop::{
    Agent, AgentBuilder, Tool,
    core::{
        ContentBlock, Message, Role, StopReason, StreamEvent,
        wire::{
            BlockDelta, ContentBlockDelta, ContentBlockStop, MessageStart, MessageStop, ToolResultContent,
            ToolResultStatus,
        },
    },
    serde_json::Value,
    testing::ScriptedModel,
};

/// What the model reads of calls of `tools`, one line a call; `calls` are names and inputs of one step.
pub(crate) async fn results(
    tools: Vec<Tool>,
    calls: &[(&str, Value)],
    change: impl FnOnce(AgentBuilder) -> AgentBuilder,
) -> String {
    let ids: Vec<String> = (0..calls.len()).map(|at| format!("call_{at}")).collect();
    let script = ids.iter().zip(calls).map(|(id, (name, input))| (&**id, *name, input.clone()));
    let model = ScriptedModel::new().calls(script).text("Done.");
    let agent = change(Agent::builder(model).tools(tools)).build().unwrap();
    let session = agent.session();
    session.ask("Go.").await.unwrap();
    let history = session.into_history();
    let messages: Vec<&Message> = history.messages().collect();
    let lines = messages.iter().flat_map(|message| &message.content).filter_map(|block| match block {
        ContentBlock::ToolResult(result) => {
            let parts: Vec<String> = result
                .content
                .iter()
                .map(|part| match part {
                    ToolResultContent::Text(text) => text.clone(),
                    ToolResultContent::Json(json) => format!("json {json}"),
                    other => format!("{other:?}"),
                })
                .collect();
            let failed = result.status == Some(ToolResultStatus::Error);
            Some(format!("{}{}\n", if failed { "error " } else { "" }, parts.join(" | ")))
        }
        _ => None,
    });
    lines.collect()
}

/// Checks what the model reads of one call of each input.
pub(crate) async fn check(tool: Tool, inputs: &[Value], expected: Expect) {
    let name = tool.spec().name.clone();
    let calls: Vec<_> = inputs.iter().map(|input| (&*name, input.clone())).collect();
    expected.assert_eq(&results(vec![tool], &calls, |agent| agent).await);
}

/// Checks what the model is told of a tool: its name, its description, its schema.
pub(crate) fn check_spec(tool: &Tool, expected: Expect) {
    let spec = tool.spec();
    let outcrop::core::wire::InputSchema::Json(schema) = &spec.input_schema else { panic!("no schema") };
    let schema: Value = schema.to_value().unwrap();
    let shown = outcrop::serde_json::to_string_pretty(&schema).unwrap();
    expected.assert_eq(&format!("{}: {}\n{shown}\n", spec.name, spec.description.as_deref().unwrap_or("-")));
}

/// A model each of whose answers is a text that comes in pieces.
pub(crate) fn in_pieces<'a>(
    answers: impl IntoIterator<Item = impl IntoIterator<Item = &'a str>>,
) -> ScriptedModel {
    answers.into_iter().fold(ScriptedModel::new(), |model, pieces| {
        let mut events = vec![StreamEvent::MessageStart(MessageStart::new(Role::Assistant))];
        events.extend(pieces.into_iter().map(|piece| {
            StreamEvent::ContentBlockDelta(ContentBlockDelta::new(0u32, BlockDelta::Text(piece.to_owned())))
        }));
        events.push(StreamEvent::ContentBlockStop(ContentBlockStop::new(0u32)));
        events.push(StreamEvent::MessageStop(MessageStop::new(StopReason::EndTurn)));
        events.push(StreamEvent::Metadata(Box::default()));
        model.events(events.into_iter().map(Ok))
    })
}
