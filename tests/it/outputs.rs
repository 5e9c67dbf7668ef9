//! Turns that end with a value of a type, over real HTTP: what each family is asked, and each refusal of the service.

mod damaged;
mod live;

use std::collections::HashMap;

use expect_test::expect;
use futures::TryStreamExt;
use outcrop::{
    Agent, EventKind, Output, OutputUpdate, Part, Partial, Problem, Profile, StopReason, Strategy, Typed,
    core::{
        Fact, Request, schema_of,
        wire::{InputSchema, TextStructure, ToolChoice, ToolEntry},
    },
    extract,
};
use outcrop_local::{Answer, Local, Running, Script, judge};
use serde_json::{Map, Value, json};

use crate::support::{CLAUDE, Stage, assert_history, client, tell_error, tool};

const NOVA: &str = "us.amazon.nova-pro-v1:0";

/// A short trip.
#[derive(Output, Clone, Debug, PartialEq)]
struct Trip {
    /// Where to.
    city: String,
    days: u8,
}

const GOOD: &str = r#"{"city": "Lisbon", "days": 2}"#;

/// How a request asks for the output.
fn asking(request: &Request) -> String {
    let mut ways = Vec::new();
    let format = request.output_config.as_ref().and_then(|config| config.text_format.as_ref());
    if let Some(TextStructure::JsonSchema(format)) = format.map(|format| &format.structure) {
        ways.push(format!("native {}", format.name.as_deref().unwrap_or_default()));
    }
    if let Some(config) = &request.tool_config {
        let names = config.tools.iter().filter_map(|entry| match entry {
            ToolEntry::ToolSpec(spec) if spec.strict == Some(true) => Some(format!("{} (strict)", spec.name)),
            ToolEntry::ToolSpec(spec) => Some(spec.name.clone()),
            _ => None,
        });
        ways.push(format!("tools {}", names.collect::<Vec<_>>().join(", ")));
        ways.extend(config.tool_choice.as_ref().map(|choice| match choice {
            ToolChoice::Tool(tool) => format!("tool {}", tool.name),
            ToolChoice::Any(_) => "any".to_owned(),
            other => format!("{other:?}"),
        }));
    }
    if !request.system.is_empty() {
        ways.push("told".to_owned());
    }
    ways.join("; ")
}

fn told(local: &Running, value: Result<Typed<Trip>, outcrop::Error>) -> String {
    let asked = local.take_requests();
    let mut told: Vec<String> =
        asked.iter().map(|received| format!("  {}\n", asking(&received.request().unwrap()))).collect();
    told.push(match value {
        Ok(Typed { answer, .. }) => {
            let output = answer.outcome.output.unwrap();
            format!("  {} after {}\n", output.strategy.as_str(), output.attempts.len())
        }
        Err(error) => format!("  {}\n", tell_error(&error)),
    });
    told.concat()
}

/// Every family, from a client that knows nothing of it: the endpoint refuses what the family refuses, in the service's
/// words, and the turn finds the way that is left.
#[tokio::test]
async fn r76_families_that_the_client_does_not_know() {
    let local = Local::demo().start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap();
    let mut seen = String::new();
    for model in [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "us.anthropic.claude-fable-5",
        "us.anthropic.claude-fable-5-1",
        "us.amazon.nova-lite-v1:0",
        "us.meta.llama3-1-70b-instruct-v1:0",
        "mistral.mistral-large-2407-v1:0",
        "us.writer.palmyra-x5-v1:0",
        "openai.gpt-oss-120b-1:0",
        "deepseek.v3-v1:0",
        "us.deepseek.r1-v1:0",
        "qwen.qwen3-32b-v1:0",
        "somebody.new-model-v1:0",
    ] {
        // As behind an inference profile that does not tell its model (R116).
        let mut unknown = Profile::permissive();
        unknown.tools.streams = Profile::of(model).tools.streams;
        let agent = Agent::builder(bedrock.with_model(model)).profile(unknown);
        let agent = agent.build().unwrap();
        let answer = agent.ask("Plan a trip to Lisbon for 2 days").output::<Trip>().answer().await;
        seen += &format!("{model}\n{}", told(&local, answer));
    }
    expect![[r#"
        us.anthropic.claude-sonnet-4-5-20250929-v1:0
          native Trip
          native output after 0
        us.anthropic.claude-sonnet-4-20250514-v1:0
          native Trip
          tools Trip; tool Trip
          a tool after 0
        us.anthropic.claude-fable-5
          native Trip
          tools Trip; tool Trip
          a tool after 0
        us.anthropic.claude-fable-5-1
          native Trip
          tools Trip; tool Trip
          tools Trip; told
          a tool after 0
        us.amazon.nova-lite-v1:0
          native Trip
          tools Trip; tool Trip
          a tool after 0
        us.meta.llama3-1-70b-instruct-v1:0
          native Trip
          tools Trip; tool Trip
          tools Trip; any; told
          tools Trip; told
          a tool after 0
        mistral.mistral-large-2407-v1:0
          native Trip
          tools Trip; tool Trip
          tools Trip; any; told
          a tool after 0
        us.writer.palmyra-x5-v1:0
          native Trip
          tools Trip; tool Trip
          tools Trip; any; told
          tools Trip; told
          a tool after 0
        openai.gpt-oss-120b-1:0
          native Trip
          native output after 0
        deepseek.v3-v1:0
          native Trip
          native output after 0
        us.deepseek.r1-v1:0
          native Trip
          tools Trip; tool Trip
          told
          told
          told
          told
          error: the model gave no output: the model gave no valid output in 3 attempts
        qwen.qwen3-32b-v1:0
          native Trip
          native output after 0
        somebody.new-model-v1:0
          native Trip
          native output after 0
    "#]]
    .assert_eq(&seen);
}

/// A conversation goes on after an output, with text, tools and another output, on models that the client knows: what is
/// sent is taken at once.
#[tokio::test]
async fn a_conversation_with_outputs() {
    #[derive(Output)]
    struct Sum {
        sum: i64,
    }
    let local = Local::demo().start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap();
    for model in [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "us.anthropic.claude-opus-5-5",
        "us.amazon.nova-lite-v1:0",
        "us.meta.llama3-1-70b-instruct-v1:0",
        "mistral.mistral-large-2407-v1:0",
        "us.writer.palmyra-x5-v1:0",
        "openai.gpt-oss-120b-1:0",
        "qwen.qwen3-32b-v1:0",
    ] {
        let agent = Agent::builder(bedrock.with_model(model));
        let agent = agent.tool(tool("weather", |_, _| async { "sunny" })).build().unwrap();
        let session = agent.session();
        let trip: Trip = session.ask("Plan a trip to Lisbon for 2 days").output().await.unwrap();
        assert!(!trip.city.is_empty(), "{model}");
        session.ask("Say thanks").await.unwrap_or_else(|error| panic!("{model}: {}", tell_error(&error)));
        let _: Sum = session.ask("What is 2 + 3?").output().await.unwrap();
        session.ask("And the weather?").await.unwrap();
        assert_history(&session.history());
        let requests = local.take_requests();
        let judged = requests.iter().map(|asked| judge(model, asked.operation, &asked.body));
        let refused: Vec<_> = judged.filter_map(Result::err).collect();
        assert!(refused.is_empty(), "{model}: {refused:?}");
    }
}

/// R70: where thinking is bound to what was sent before, an output changes neither the tools nor the system prompt, so
/// that the conversation can go on.
#[tokio::test]
async fn r70_bound_thinking() {
    let script = Script::new()
        .answer(Answer::new().reasoning("Lisbon.", "c2ln").text(GOOD))
        .answer(Answer::new().text("You are welcome."));
    let local = Local::script(script).start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap().with_model("us.anthropic.claude-fable-5-1");
    let agent = Agent::builder(bedrock).system("Be short.").tool(tool("weather", |_, _| async { "sunny" }));
    let session = agent.build().unwrap().session();
    let _: Trip = session.ask("A trip").output().await.unwrap();
    session.ask("Thanks").await.unwrap();
    let requests: Vec<Request> =
        local.requests().iter().map(|received| received.request().unwrap()).collect();
    assert_eq!(requests[0].tool_config, requests[1].tool_config);
    assert_eq!(requests[0].system, requests[1].system);
    crate::support::assert_prefix(&local.requests()[0].body, &local.requests()[1].body);
}

/// A refusal of the first request, and what becomes of the turn. The answer fits every way of asking.
async fn refused(model: &str, refusals: &[&str], answer: Answer, strategy: Strategy) -> String {
    let refuse =
        |script: Script, text: &&str| script.answer(Answer::error(400, "ValidationException", *text));
    let script = refusals.iter().fold(Script::new(), refuse).answer(answer);
    let local = Local::script(script).start().await.unwrap();
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    let agent = Agent::builder(bedrock.clone()).build().unwrap();
    let answer = agent.ask("Plan a trip").output::<Trip>().strategy(strategy).answer().await;
    let mut seen: String = refusals.iter().map(|text| format!("{text}\n")).collect();
    seen += &told(&local, answer);
    // D6: the client knows it from now on, and what it knows goes through JSON.
    let learned: Vec<Fact> = bedrock.learned_facts();
    let again: Vec<Fact> = serde_json::from_str(&serde_json::to_string(&learned).unwrap()).unwrap();
    assert_eq!(again, learned);
    seen + &format!("  learned {learned:?}\n")
}

fn by_tool() -> Answer {
    Answer::new().tool_use("t1", "Trip", GOOD)
}

const NO_NATIVE: &str =
    "This model doesn't support the outputConfig field. Remove outputConfig and try again.";

/// Every text of `bedrock-api` 6.4 and of 6.3 that is about the way in which an output is asked for.
#[tokio::test]
async fn r76_refusals() {
    let mut seen = String::new();
    for text in [
        NO_NATIVE,
        "The model returned the following errors: output_config.format: Extra inputs are not permitted",
        "The model returned the following errors: output_config.format.schema: For 'array' type, property 'maxItems' is not supported",
        "The model returned the following errors: Schema is too complex.",
        "The model returned the following errors: Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).",
        "The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
        "The model returned the following errors: Citations cannot be enabled when output format is set",
    ] {
        seen += &refused(CLAUDE, &[text], by_tool(), Strategy::Auto).await;
    }
    for text in [
        r#"The model returned the following errors: tool_choice: type "tool" and "any" are not supported for this model."#,
        "This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.",
        "The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.",
    ] {
        seen += &refused(NOVA, &[text], by_tool(), Strategy::Auto).await;
    }
    let tools = "This model doesn't support tool use.";
    seen += &refused(NOVA, &[tools], GOOD.into(), Strategy::Auto).await;
    seen += &refused(CLAUDE, &[NO_NATIVE, tools], GOOD.into(), Strategy::Auto).await;
    // What was demanded is kept to.
    seen += &refused(CLAUDE, &[NO_NATIVE], GOOD.into(), Strategy::Native).await;
    let strict =
        "The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted";
    seen += &refused(CLAUDE, &[strict], by_tool(), Strategy::StrictTool).await;
    expect![[r#"
        This model doesn't support the outputConfig field. Remove outputConfig and try again.
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NoNativeOutput]
        The model returned the following errors: output_config.format: Extra inputs are not permitted
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NoNativeOutput]
        The model returned the following errors: output_config.format.schema: For 'array' type, property 'maxItems' is not supported
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NativeSchemaRefused(600404521)]
        The model returned the following errors: Schema is too complex.
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NativeSchemaRefused(600404521)]
        The model returned the following errors: Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. Reduce the number of optional parameters in your tool schemas (limit: 24).
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NativeSchemaRefused(600404521)]
        The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.
          native Trip
          tools Trip; tool Trip
          a tool after 0
          learned [NativeSchemaRefused(600404521)]
        The model returned the following errors: Citations cannot be enabled when output format is set
          native Trip
          tools Trip; told
          a tool after 0
          learned []
        The model returned the following errors: tool_choice: type "tool" and "any" are not supported for this model.
          tools Trip; tool Trip
          tools Trip; told
          a tool after 0
          learned [NoForcedTools]
        This model doesn't support the toolConfig.toolChoice.tool field. Remove toolConfig.toolChoice.tool and try again.
          tools Trip; tool Trip
          tools Trip; any; told
          a tool after 0
          learned [NoNamedTool]
        The model returned the following errors: Thinking may not be enabled when tool_choice forces tool use.
          tools Trip; tool Trip
          tools Trip; told
          a tool after 0
          learned [NoForcedTools]
        This model doesn't support tool use.
          tools Trip; tool Trip
          told
          words alone after 0
          learned [NoTools]
        This model doesn't support the outputConfig field. Remove outputConfig and try again.
        This model doesn't support tool use.
          native Trip
          tools Trip; tool Trip
          told
          words alone after 0
          learned [NoNativeOutput, NoTools]
        This model doesn't support the outputConfig field. Remove outputConfig and try again.
          native Trip
          error: the model's answer did not come: ValidationException: This model doesn't support the outputConfig field. Remove outputConfig and try again. (status 400, request id 00000000-0000-4000-8000-000000000001) [request id]
          learned []
        The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted
          tools Trip (strict); tool Trip
          error: the model's answer did not come: ValidationException: The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted (status 400, request id 00000000-0000-4000-8000-000000000001) [request id]
          learned []
    "#]].assert_eq(&seen);
}

/// R84: tools and an output in one turn, and the answer that came with it.
#[tokio::test]
async fn r84_beside_tools() {
    let script = Script::new()
        .answer(Answer::new().text("Let me look.").tool_use("t1", "weather", "{}"))
        .answer(Answer::new().text(r#"{"city": "Lisbon", "days": 0.5}"#))
        .answer(GOOD);
    let stage = Stage::new(script).await;
    let agent = stage.agent().tool(tool("weather", |_, _| async { "sunny" })).build().unwrap();
    let session = agent.session();
    let Typed { value, answer, .. } = session.ask("A trip").output::<Trip>().answer().await.unwrap();
    assert_eq!(value, Trip { city: "Lisbon".into(), days: 2 });
    assert_eq!((answer.outcome.steps, answer.outcome.output.unwrap().attempts.len()), (3, 1));
    stage.assert_requests();
    assert_history(&session.history());
}

/// R82: what was cut is an error that tells all.
#[tokio::test]
async fn r82_a_cut_answer() {
    let script =
        Script::new().answer(Answer::new().text(r#"{"city": "Lisb"#).stop_reason(StopReason::MaxTokens));
    let stage = Stage::new(script).await;
    let error = stage.agent().build().unwrap().ask("A trip").output::<Trip>().await.unwrap_err();
    assert_eq!(
        tell_error(&error),
        "error: the model gave no output: the model stopped with `max_tokens` before its output was whole"
    );
    let outcrop::ErrorKind::Output(error) = error.into_kind() else { panic!() };
    assert_eq!(error.failure.text, r#"{"city": "Lisb"#);
    let partial: Partial<Trip> = error.partial::<Trip>().unwrap();
    assert_eq!(partial.city, Part::Growing("Lisb".to_owned()));
    assert_eq!(error.history.len(), 2);
    assert!(error.failure.usage.output_tokens > 0);
}

/// How a turn ends whose answer was cut: the error, and what there is of a list that stands in a member.
async fn cut(strategy: Strategy, reason: StopReason) -> String {
    let text = r#"{"value": [{"city": "Lisbon", "days": 2}, {"city": "Fa"#;
    let answer = match strategy {
        Strategy::Tool | Strategy::StrictTool => {
            Answer::new().tool_use("t1", "Array_of_Trip", "").fragments([text])
        }
        Strategy::Prompt => Answer::new().text(format!("```json\n{text}")),
        _ => Answer::new().text(text),
    };
    let stage = Stage::new(Script::new().answer(answer.stop_reason(reason))).await;
    let agent = stage.agent().build().unwrap();
    let error = agent.ask("Trips").output::<Vec<Trip>>().strategy(strategy).await.unwrap_err();
    let told = tell_error(&error);
    let outcrop::ErrorKind::Output(error) = error.into_kind() else { panic!("{told}") };
    let trips = error.partial::<Vec<Trip>>().unwrap();
    let cities: Vec<_> = trips.iter().map(|trip| trip.city.clone()).collect();
    assert_eq!(cities, [Part::Done("Lisbon".to_owned()), Part::Growing("Fa".to_owned())]);
    format!("{}\n  {told}\n  {}\n", strategy.as_str(), error.failure.partial.unwrap())
}

/// R82: each way of asking and each reason for which a model is stopped.
#[tokio::test]
async fn r82_each_way_and_each_reason() {
    let mut seen = String::new();
    for (strategy, reason) in [
        (Strategy::Native, StopReason::MaxTokens),
        (Strategy::StrictTool, StopReason::GuardrailIntervened),
        (Strategy::Tool, StopReason::ModelContextWindowExceeded),
        (Strategy::Prompt, StopReason::ContentFiltered),
        (Strategy::Native, StopReason::from("refusal")),
    ] {
        seen += &cut(strategy, reason).await;
    }
    expect![[r#"
        native output
          error: the model gave no output: the model stopped with `max_tokens` before its output was whole
          [{"city":"Lisbon","days":2},{"city":"Fa"}]
        a strict tool
          error: the model gave no output: the model stopped with `guardrail_intervened` before its output was whole
          [{"city":"Lisbon","days":2},{"city":"Fa"}]
        a tool
          error: the model gave no output: the model stopped with `model_context_window_exceeded` before its output was whole
          [{"city":"Lisbon","days":2},{"city":"Fa"}]
        words alone
          error: the model gave no output: the model stopped with `content_filtered` before its output was whole
          [{"city":"Lisbon","days":2},{"city":"Fa"}]
        native output
          error: the model gave no output: the model stopped with `refusal` before its output was whole
          [{"city":"Lisbon","days":2},{"city":"Fa"}]
    "#]].assert_eq(&seen);
}

/// R80: what is said of a strict tool of the agent, or of all schemas together, takes no other tool away.
#[tokio::test]
async fn r80_strict_tools_of_the_agent() {
    let strict = |name: &str, members: usize| {
        let members: Map<String, Value> =
            (0..members).map(|n| (format!("m{n}"), json!({ "type": "string" }))).collect();
        let mut spec = crate::support::spec(name);
        let schema = json!({ "type": "object", "properties": members });
        spec.input_schema = InputSchema::Json(schema.into());
        spec.strict = Some(true);
        outcrop::Tool::with_spec(spec, |_: Value, _| async { "done" })
    };
    let mut seen = String::new();
    for text in [
        "The model returned the following errors: tools.1.custom: For 'array' type, property 'maxItems' is not supported",
        "The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted",
        "The model returned the following errors: Schema is too complex.",
        "The model returned the following errors: Schemas contains too many optional parameters (25).",
        "The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.",
    ] {
        let script = Script::new().answer(Answer::error(400, "ValidationException", text)).answer("Fine.");
        let stage = Stage::new(script).await;
        let agent = stage.agent().tool(strict("small", 1)).tool(strict("large", 5)).build().unwrap();
        assert_eq!(agent.ask("Go").await.unwrap().text(), "Fine.");
        let asked: Vec<String> =
            stage.requests().iter().map(|request| format!("  {}\n", asking(request))).collect();
        seen += &format!("{text}\n{}  learned {:?}\n", asked.concat(), stage.bedrock.learned_facts());
    }
    expect![[r#"
        The model returned the following errors: tools.1.custom: For 'array' type, property 'maxItems' is not supported
          tools small (strict), large (strict)
          tools small (strict), large
          learned [StrictSchemaRefused(958624421)]
        The model returned the following errors: tools.0.custom.strict: Extra inputs are not permitted
          tools small (strict), large (strict)
          tools small, large
          learned [NoStrictTools]
        The model returned the following errors: Schema is too complex.
          tools small (strict), large (strict)
          tools small (strict), large
          learned [StrictSchemaRefused(958624421)]
        The model returned the following errors: Schemas contains too many optional parameters (25).
          tools small (strict), large (strict)
          tools small (strict), large
          learned [StrictSchemaRefused(958624421)]
        The model returned the following errors: The compiled grammar is too large, which would cause performance issues. Simplify your tool schemas or reduce the number of strict tools.
          tools small (strict), large (strict)
          tools small (strict), large
          learned [StrictSchemaRefused(958624421)]
    "#]].assert_eq(&seen);
}

/// One question, with a picture beside the text.
#[tokio::test]
async fn extraction() {
    let stage = Stage::new(Script::new().answer(GOOD)).await;
    let image = outcrop::core::wire::ImageBlock::new("png")
        .source(outcrop::core::wire::MediaSource::Bytes(vec![1].into()));
    let content = vec![outcrop::ContentBlock::from(image), "A trip from this ticket.".into()];
    let trip: Trip = extract(&stage.bedrock, content).await.unwrap();
    assert_eq!(trip.days, 2);
    let request = &stage.requests()[0];
    assert_eq!(request.messages[0].content.len(), 2);
    assert!(asking(request).starts_with("native"));
}
