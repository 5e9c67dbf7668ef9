//! The raw SDK: `recv()` until the stream ends, and nothing else.

use aws_sdk_bedrockruntime::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::{
        ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message, SystemContentBlock,
        Tool, ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolSpecification,
        ToolUseBlock,
    },
};
use aws_smithy_types::{Document, Number};
use serde_json::Value;

use super::{Contender, KEY, MODEL, QUESTION, REGION, RESULT, SYSTEM, TOOL_TEXT, WriteFile};
use crate::{
    Failure,
    script::{Said, Script, TOOL},
};

/// A client as the SDK makes it, but for the endpoint.
pub(crate) fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new(KEY, KEY, None, None, "bench"))
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

/// One request, its answer drained.
pub(crate) fn recv(url: &str) -> Result<Contender, Failure> {
    requests("raw SDK, recv()", url, vec![vec![question()?]])
}

/// The requests of a turn, one after the other, with the history that each step has.
pub(crate) fn turn(url: &str) -> Result<Contender, Failure> {
    let (mut history, mut asked) = (vec![question()?], Vec::new());
    let answers = Script::Turn.answers(0)?;
    for answer in &answers {
        asked.push(history.clone());
        let (mut said, mut results) =
            (Message::builder().role(ConversationRole::Assistant), Message::builder());
        if !answer.text.is_empty() {
            said = said.content(ContentBlock::Text(answer.text.clone()));
        }
        for (id, input) in &answer.calls {
            let call = ToolUseBlock::builder().tool_use_id(*id).name(TOOL).input(document(input)?).build()?;
            said = said.content(ContentBlock::ToolUse(call));
            let result = ToolResultBlock::builder()
                .tool_use_id(*id)
                .content(ToolResultContentBlock::Text(RESULT.to_owned()))
                .build()?;
            results = results.role(ConversationRole::User).content(ContentBlock::ToolResult(result));
        }
        if !answer.calls.is_empty() {
            history.extend([said.build()?, results.build()?]);
        }
    }
    requests("3 raw SDK requests, drained", url, asked)
}

fn requests(name: &'static str, url: &str, asked: Vec<Vec<Message>>) -> Result<Contender, Failure> {
    let (client, tools) = (client(url), tools()?);
    Ok(Contender::new(name, move || {
        let (client, tools, asked) = (client.clone(), tools.clone(), asked.clone());
        async move {
            let mut seen = Said::default();
            for messages in asked {
                seen += drain(&client, messages, tools.clone(), |_| {}).await?;
            }
            Ok(seen)
        }
    }))
}

/// Asks once as [`recv`] does, and tells after every event what was seen so far.
pub(crate) async fn watch(client: &Client, progress: impl FnMut(&Said)) -> Result<Said, Failure> {
    drain(client, vec![question()?], tools()?, progress).await
}

async fn drain(
    client: &Client,
    messages: Vec<Message>,
    tools: ToolConfiguration,
    mut progress: impl FnMut(&Said),
) -> Result<Said, Failure> {
    let mut seen = Said::default();
    let call = client.converse_stream().model_id(MODEL).system(SystemContentBlock::Text(SYSTEM.to_owned()));
    let mut answer = call.set_messages(Some(messages)).tool_config(tools).send().await?;
    while let Some(event) = answer.stream.recv().await? {
        if let ConverseStreamOutput::ContentBlockDelta(event) = event {
            match event.delta {
                Some(ContentBlockDelta::Text(text)) => seen.text += text.len(),
                Some(ContentBlockDelta::ToolUse(call)) => seen.input += call.input.len(),
                _ => {}
            }
        }
        progress(&seen);
    }
    Ok(seen)
}

fn question() -> Result<Message, Failure> {
    let text = ContentBlock::Text(QUESTION.to_owned());
    Ok(Message::builder().role(ConversationRole::User).content(text).build()?)
}

fn tools() -> Result<ToolConfiguration, Failure> {
    let schema = ToolInputSchema::Json(document(&WriteFile::schema())?);
    let spec = ToolSpecification::builder().name(TOOL).description(TOOL_TEXT).input_schema(schema).build()?;
    Ok(ToolConfiguration::builder().tools(Tool::ToolSpec(spec)).build()?)
}

/// JSON as the SDK has it.
fn document(json: &Value) -> Result<Document, Failure> {
    Ok(match json {
        Value::Null => Document::Null,
        Value::Bool(value) => Document::Bool(*value),
        Value::Number(value) => Document::Number(Number::Float(value.as_f64().ok_or("a number beyond f64")?)),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(document).collect::<Result<_, _>>()?),
        Value::Object(members) => Document::Object(
            members
                .iter()
                .map(|(name, value)| Ok((name.clone(), document(value)?)))
                .collect::<Result<_, Failure>>()?,
        ),
    })
}
