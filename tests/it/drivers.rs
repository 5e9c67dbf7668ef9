//! One contract, several drivers: the same scripts under the tokio driver and under the one of `second_driver.rs`, by
//! events and by whole answers, saved and resumed between any two actions.

use std::{collections::BTreeMap, sync::Arc};

use futures::TryStreamExt;
use outcrop::{
    Agent, Model, Output, Strategy, Tool,
    core::{
        Conversation, EventKind, OutputSpec, RawJson, ReadyInput, Role, StreamEvent, ToolDef, ToolSet,
        ToolSpec, TurnConfig, TurnEvent, Usage, schema_of,
        wire::{
            BlockDelta, BlockStart, CallFailure, ContentBlockDelta, ContentBlockStart, ContentBlockStop,
            MessageStart, MessageStop, ReasoningContentDelta, StreamMetadata, ToolResultContent,
            ToolResultStatus, ToolUseDelta, ToolUseStart,
        },
    },
    testing::ScriptedModel,
};
use serde_json::{Value, json};

use crate::second_driver::{Driver, Reply, Result, Transcript, Way};

/// A trip.
#[derive(Output)]
struct Trip {
    city: String,
    days: u32,
}

/// What both drivers are given.
struct Script {
    model: &'static str,
    /// How the output is asked for, where the turns are to end with one.
    output: Option<Strategy>,
    /// For each turn the question and what the model does.
    turns: Vec<(&'static str, Vec<Reply>)>,
}

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-6";
const BINDING: &str = "us.anthropic.claude-fable-5-1";
const NOVA: &str = "us.amazon.nova-pro-v1:0";

fn delta(block: u32, delta: BlockDelta) -> StreamEvent {
    StreamEvent::ContentBlockDelta(ContentBlockDelta::new(block, delta))
}

/// The events of an answer: blocks, each of one or two deltas, the stop reason, and what it cost.
struct Says {
    events: Vec<StreamEvent>,
    block: u32,
}

fn says() -> Says {
    Says { events: vec![StreamEvent::MessageStart(MessageStart::new(Role::Assistant))], block: 0 }
}

impl Says {
    fn block(mut self, deltas: impl IntoIterator<Item = BlockDelta>) -> Self {
        self.events.extend(deltas.into_iter().map(|part| delta(self.block, part)));
        self.events.push(StreamEvent::ContentBlockStop(ContentBlockStop::new(self.block)));
        self.block += 1;
        self
    }

    fn text(self, text: &str) -> Self {
        let (a, b) = text.split_at(text.len() / 2);
        self.block([BlockDelta::Text(a.into()), BlockDelta::Text(b.into())])
    }

    fn thought(self, text: &str) -> Self {
        let parts =
            [ReasoningContentDelta::Text(text.into()), ReasoningContentDelta::Signature("sig".into())];
        self.block(parts.map(BlockDelta::ReasoningContent))
    }

    fn call(mut self, id: &str, name: &str, input: &str) -> Self {
        let start = BlockStart::ToolUse(ToolUseStart::new(id, name));
        self.events.push(StreamEvent::ContentBlockStart(ContentBlockStart::new(self.block, start)));
        let (a, b) = input.split_at(input.len() / 3);
        self.block([a, b].map(|part| BlockDelta::ToolUse(ToolUseDelta::new(part))))
    }

    fn stop(mut self, reason: &str) -> Reply {
        self.events.push(StreamEvent::MessageStop(MessageStop::new(reason)));
        let mut usage = Usage::new();
        usage.output_tokens = 7;
        self.events.push(StreamEvent::Metadata(Box::new(StreamMetadata::new().usage(usage))));
        Reply::Events(self.events)
    }

    /// The stream ends here.
    fn cut(self) -> Reply {
        Reply::Events(self.events)
    }
}

fn refuses(text: &str) -> Reply {
    Reply::Fails(CallFailure::refused(text).code("ValidationException"))
}

const LISBON: &str = r#"{"city":"Lisbon"}"#;
const GOOD: &str = r#"{"city":"Lisbon","days":2}"#;
const BAD: &str = r#"{"city":"Lisbon","days":-2}"#;

fn plain(model: &'static str, turns: Vec<(&'static str, Vec<Reply>)>) -> Script {
    Script { model, output: None, turns }
}

fn scripts() -> BTreeMap<&'static str, Script> {
    let answer = || says().text("So it is.").stop("end_turn");
    let two = || says().call("a", "plan", LISBON).call("b", "now", "{}").stop("tool_use");
    let output = |model, strategy, replies| Script {
        model,
        output: Some(strategy),
        turns: vec![("A trip, please", replies)],
    };
    let native = |reply: &str| says().text(reply).stop("end_turn");
    let by_tool = |reply: &str| says().call("o", "Trip", reply).stop("tool_use");
    BTreeMap::from([
        ("a text", plain(CLAUDE, vec![("Hello", vec![answer()])])),
        ("parallel tools", plain(CLAUDE, vec![("Go", vec![two(), answer()])])),
        (
            "sequential tools among others",
            plain(
                CLAUDE,
                vec![(
                    "Go",
                    vec![
                        says()
                            .call("a", "now", "{}")
                            .call("b", "pay", r#"{"sum":1}"#)
                            .call("c", "pay", r#"{"sum":2}"#)
                            .call("d", "now", "")
                            .stop("tool_use"),
                        answer(),
                    ],
                )],
            ),
        ),
        (
            "calls that cannot run",
            plain(
                CLAUDE,
                vec![(
                    "Go",
                    vec![
                        says()
                            .text("Hm.")
                            .call("a", "plan", r#"{"town":"Lisbon"}"#)
                            .call("a", "plan", r#"{"city":"Lis"#)
                            .call("c", "fly", "{}")
                            .call("d", "fails", "{}")
                            .stop("tool_use"),
                        answer(),
                    ],
                )],
            ),
        ),
        (
            "several turns with thinking",
            plain(
                CLAUDE,
                vec![
                    ("Go", vec![says().thought("hm").call("a", "now", "{}").stop("tool_use"), answer()]),
                    ("And then?", vec![says().thought("so").text("That.").stop("end_turn")]),
                ],
            ),
        ),
        (
            "a fact is learned and kept",
            plain(
                "a.new-model",
                vec![
                    (
                        "Go",
                        vec![
                            two(),
                            refuses(
                                "Conversation blocks and tool result blocks cannot be provided in the same turn",
                            ),
                            refuses("This model doesn't support the status field."),
                            answer(),
                        ],
                    ),
                    ("Again", vec![two(), answer()]),
                ],
            ),
        ),
        (
            "thinking is refused and left out",
            plain(
                BINDING,
                vec![
                    ("Go", vec![says().thought("hm").text("Yes?").stop("end_turn")]),
                    (
                        "Again",
                        vec![
                            refuses("messages.1.content.0: The block is bound to a different conversation."),
                            answer(),
                        ],
                    ),
                ],
            ),
        ),
        (
            "a refusal that teaches nothing",
            plain(CLAUDE, vec![("Go", vec![refuses("no")]), ("Again", vec![answer()])]),
        ),
        ("a stream that is cut", plain(CLAUDE, vec![("Go", vec![says().text("Half a sen").cut()])])),
        (
            "a call that is cut",
            plain(CLAUDE, vec![("Go", vec![says().call("a", "plan", r#"{"city":"Lis"#).stop("max_tokens")])]),
        ),
        ("a native output", output(CLAUDE, Strategy::Auto, vec![native(BAD), native(GOOD)])),
        ("an output by a tool", output(NOVA, Strategy::Auto, vec![by_tool(BAD), by_tool(GOOD)])),
        (
            "an output in words",
            output(
                CLAUDE,
                Strategy::Prompt,
                vec![native("I would say: none."), native(&format!("Here: {GOOD}"))],
            ),
        ),
        (
            "an output beside tools",
            output(
                NOVA,
                Strategy::Auto,
                vec![
                    says().call("a", "plan", LISBON).call("b", "now", "{}").stop("tool_use"),
                    says().call("c", "now", "{}").call("o", "Trip", GOOD).stop("tool_use"),
                ],
            ),
        ),
        (
            "native output is refused",
            output(
                CLAUDE,
                Strategy::Auto,
                vec![
                    refuses(
                        "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
                    ),
                    by_tool(GOOD),
                ],
            ),
        ),
        ("no output", output(CLAUDE, Strategy::Auto, vec![native(BAD), native(BAD), native(BAD)])),
    ])
}

/// What the tools do, under every driver.
fn run(name: &str, input: &Value) -> std::result::Result<String, String> {
    match name {
        "fails" => Err("it cannot be done".to_owned()),
        _ => Ok(format!("{name} of {input}")),
    }
}

fn specs() -> Vec<ToolDef> {
    let city =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    let any = json!({ "type": "object" });
    let def = |name: &str, schema: &Value, sequential, read_only| {
        let mut def = ToolDef::from(ToolSpec::with_schema(name, "A tool.", schema.clone()));
        (def.policy.sequential, def.policy.read_only) = (sequential, read_only);
        def
    };
    vec![
        def("plan", &city, false, true),
        def("now", &any, false, true),
        def("pay", &any, true, false),
        def("fails", &any, false, false),
    ]
}

/// Under the tokio driver, through the agent.
async fn by_tokio(script: &Script) -> Vec<Transcript> {
    let mut model = ScriptedModel::new().with_id(script.model);
    for reply in script.turns.iter().flat_map(|(_, replies)| replies) {
        model = match reply.clone() {
            Reply::Events(events) => model.events(events.into_iter().map(Ok)),
            Reply::Fails(failure) => {
                let error = outcrop::ModelError::new("refused").with_failure(failure);
                model.events([Err(error)])
            }
        };
    }
    let tools = specs().into_iter().map(|def| {
        let name = def.spec.name.clone();
        let tool = Tool::with_spec(def.spec, move |input: Value, _| {
            let name = name.clone();
            async move { run(&name, &input) }
        });
        let tool = if def.policy.sequential { tool.sequential() } else { tool };
        if def.policy.read_only { tool.read_only() } else { tool }
    });
    // A model behind a box is one too.
    let boxed: Box<dyn Model> = Box::new(model.clone());
    let agent = Agent::builder(boxed).tools(tools.collect::<Vec<_>>()).build().unwrap();
    let session = agent.session();
    let mut transcripts = Vec::new();
    let mut asked = 0;
    for (question, _) in &script.turns {
        let ask = session.ask(*question);
        let mut stream = match script.output {
            Some(strategy) => ask.output::<Trip>().strategy(strategy).stream(),
            None => ask.stream(),
        };
        let mut seen = Transcript::default();
        while let Ok(Some(event)) = stream.try_next().await {
            seen.events.push(event);
        }
        seen.outcome = stream.answer().await.ok().map(|answer| answer.outcome);
        seen.requests = model.request_bodies()[asked..].iter().map(ToString::to_string).collect();
        asked += seen.requests.len();
        seen.conversation = session.history().into();
        transcripts.push(seen);
    }
    transcripts
}

/// Under the second driver.
fn by_hand(script: &Script, way: Way, saves: &dyn Fn(usize) -> bool) -> Vec<Transcript> {
    let tools = Arc::new(ToolSet::new(specs()).unwrap());
    let mut config = TurnConfig::new(script.model, tools);
    if let Some(strategy) = script.output {
        let spec = OutputSpec::new("Trip", schema_of::<Trip>()).unwrap();
        let description = schema_of::<Trip>().to_value().unwrap()["description"].as_str().unwrap().to_owned();
        config = config.output(spec.description(description).read_as::<Trip>().strategy(strategy));
    }
    let run = |name: &str, input: &ReadyInput| -> Result {
        match run(name, input.value()) {
            Ok(text) => (vec![ToolResultContent::Text(text)], ToolResultStatus::Success),
            Err(text) => (vec![ToolResultContent::Text(text)], ToolResultStatus::Error),
        }
    };
    let mut conversation = Conversation::new();
    let mut driver = Driver {
        config: Arc::new(config),
        way,
        replies: Default::default(),
        run: &run,
        saves,
        journal: Default::default(),
        now: outcrop::core::Time(0),
    };
    let turn = |(question, replies): &(&str, Vec<Reply>)| {
        driver.replies = replies.clone().into();
        let seen = driver.turn(conversation.clone(), question);
        conversation = seen.conversation.clone();
        seen
    };
    script.turns.iter().map(turn).collect()
}

/// A transcript as text. A turn's id is the driver's business. What a call cost is told when the service says it, which
/// for a whole answer is before the calls, so it is moved to the end of its step.
fn text(transcripts: &[Transcript]) -> String {
    let mut told = String::new();
    for seen in transcripts {
        let mut usage = None;
        for event in &seen.events {
            let mut event: TurnEvent = event.clone();
            event.turn = "t".into();
            match &event.kind {
                EventKind::StepUsage(_) => usage = Some(event),
                EventKind::StepEnd(_) => {
                    told += &usage.take().map(|usage| line(&usage)).unwrap_or_default();
                    told += &line(&event);
                }
                _ => told += &line(&event),
            }
        }
        told += &format!("{}\n", seen.requests.join("\n"));
        told += &format!("{}\n", serde_json::to_string(&seen.outcome).unwrap());
        told += &format!("{}\n", serde_json::to_string(&seen.conversation.history).unwrap());
    }
    told
}

fn line(event: &TurnEvent) -> String {
    format!("{}\n", RawJson::of(event).unwrap())
}

/// Fails with the first line that differs.
fn assert_same(one: &str, other: &str, case: &str) {
    let (mut one, mut other) = (one.lines(), other.lines());
    loop {
        match (one.next(), other.next()) {
            (None, None) => return,
            (a, b) => assert_eq!(a, b, "{case}"),
        }
    }
}

/// The same script has the same transcript, whoever drives it and however answers come.
#[tokio::test]
async fn drivers_agree() {
    for (name, script) in scripts() {
        let tokio = text(&by_tokio(&script).await);
        for way in [Way::Events, Way::Answers] {
            let by_hand = text(&by_hand(&script, way, &|_| false));
            assert_same(&by_hand, &tokio, &format!("{name}, {way:?}"));
        }
    }
}

/// Saved and resumed before any one action, the transcript is the same, as far as the table of [`Turn::resume`] goes: a call
/// that reads only and was running runs again, so that observers see it start again; any other has an unknown outcome.
///
/// [`Turn::resume`]: outcrop::core::Turn::resume
#[test]
fn a_turn_that_is_saved_before_any_action_goes_on_as_if_it_had_not_been() {
    // Observers are told of a start once.
    let started_once = |transcripts: &[Transcript]| {
        let mut starts = std::collections::HashSet::new();
        let told = text(transcripts);
        let kept =
            told.lines().filter(|line| !line.contains(r#""type":"toolStart""#) || starts.insert(*line));
        kept.collect::<Vec<_>>().join("\n")
    };
    let (mut compared, mut unknown) = (0, 0);
    for (name, script) in scripts() {
        for way in [Way::Events, Way::Answers] {
            let unsaved = by_hand(&script, way, &|_| false);
            let expected = started_once(&unsaved);
            for moment in 0..40 {
                let case = format!("{name}, {way:?}, saved before action {moment}");
                let saved = by_hand(&script, way, &|action| action == moment);
                let told = started_once(&saved);
                if told.contains("was interrupted before its result was known") {
                    // Only calls that change something: `pay` and `fails`.
                    assert!(
                        name.starts_with("sequential") || name.starts_with("calls that cannot"),
                        "{case}"
                    );
                    unknown += 1;
                    continue;
                }
                assert_same(&told, &expected, &case);
                let facts = |runs: &[Transcript]| -> Vec<String> {
                    runs.iter().flat_map(|seen| seen.remembered.clone()).collect()
                };
                assert_eq!(facts(&saved), facts(&unsaved), "{case}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1_000 && unknown > 0, "{compared} {unknown}");
}
