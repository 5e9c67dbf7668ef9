//! What the runtime sends is accepted: by the refusals that `outcrop-local` knows, over random histories and models,
//! and by its demo model in long conversations, with turns that are dropped anywhere.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use outcrop::{
    Agent, AgentBuilder, History, InferenceConfig, Message, Session, ToolSpec,
    core::{
        Action, ContentBlock, RawJson, Time, ToolResult, ToolSet, ToolUse, Turn, TurnConfig,
        wire::{CachePoint, ReasoningContent, ReasoningText, ToolResultContent},
    },
};
use outcrop_local::{Local, Operation, Running, judge};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;

use crate::support::{client, tool};

/// One of each family that takes tools.
const MODELS: [&str; 15] = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "us.anthropic.claude-opus-4-6-v1",
    "us.anthropic.claude-sonnet-5",
    "us.anthropic.claude-fable-5-1",
    "us.amazon.nova-lite-v1:0",
    "us.amazon.nova-2-lite-v1:0",
    "us.meta.llama3-1-70b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "us.writer.palmyra-x5-v1:0",
    "openai.gpt-oss-120b-1:0",
    "deepseek.v3-v1:0",
    "qwen.qwen3-32b-v1:0",
    "moonshotai.kimi-k2.5",
    "zai.glm-4.7",
    "somebody.new-model-v1:0",
];

fn texts() -> impl Strategy<Value = String> {
    select(vec!["", " ", "\n", "Hello", "What is it? ", " é\u{1f30d}"]).prop_map(str::to_owned)
}

fn calls() -> impl Strategy<Value = ContentBlock> {
    let ids = select(vec!["tooluse_a", "tooluse_a", "b", "", "x|y", "functions.f:0", "abcdefghi"]);
    let names = select(vec!["plan", "plan", "get weather", "", "天気"]);
    let inputs = select(vec![r#"{"city":"Lisbon"}"#, r#"{"city":"Lis"#, "", "null", r#"{"city":"\ud83d"}"#]);
    (ids, names, inputs).prop_map(|(id, name, input)| ToolUse::new(id, name, input).into())
}

fn said() -> impl Strategy<Value = ContentBlock> {
    let signature = proptest::option::of(Just("c2lnbmVkIGVsc2V3aGVyZQ=="));
    let reasoning = (texts(), signature).prop_map(|(text, signature)| {
        let mut text = ReasoningText::new(text);
        text.signature = signature.map(str::to_owned);
        ReasoningContent::ReasoningText(text).into()
    });
    let unreadable = Just(serde_json::from_str(r#"{"toolUse":{"toolUseId":"a"}}"#).unwrap());
    prop_oneof![
        4 => texts().prop_map(ContentBlock::Text),
        4 => calls(),
        2 => reasoning,
        1 => unreadable,
    ]
}

fn results() -> impl Strategy<Value = ToolResult> {
    let part = prop_oneof![
        texts().prop_map(ToolResultContent::Text),
        select(vec!["{}", "[1]", "5", "null"])
            .prop_map(|json| ToolResultContent::Json(json.parse::<RawJson>().unwrap())),
        Just(serde_json::from_str(r#"{"cachePoint":{"type":"default"}}"#).unwrap()),
        Just(serde_json::from_str(r#"{"video":{"format":"mp4","source":{"bytes":"aGk="}}}"#).unwrap()),
    ];
    (select(vec!["tooluse_a", "b", "", "gone"]), vec(part, 0..3), any::<bool>()).prop_map(
        |(id, parts, failed)| {
            let status = if failed { "error" } else { "success" };
            ToolResult::new(id, parts).status(outcrop::core::wire::ToolResultStatus::from(status))
        },
    )
}

fn histories() -> impl Strategy<Value = History> {
    let model = proptest::option::of(select(MODELS.to_vec()));
    let step = (vec(said(), 0..5), model, vec(results(), 0..3));
    let entry = prop_oneof![vec(texts(), 0..3).prop_map(Ok), step.prop_map(Err)];
    vec(entry, 0..8).prop_map(|entries| {
        let mut history = History::new();
        for entry in entries {
            match entry {
                Ok(texts) => history
                    .push_user(Message::user(texts.into_iter().map(ContentBlock::Text).collect::<Vec<_>>())),
                Err((blocks, model, results)) => {
                    history.push_step(Message::assistant(blocks), model, results)
                }
            }
        }
        history
    })
}

fn plan() -> ToolSpec {
    let schema =
        json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
    ToolSpec::with_schema("plan", "Plans a trip.", schema)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever stands in a history, the request for it is refused by no rule of any family.
    #[test]
    fn no_history_is_refused(history in histories(), model in select(MODELS.to_vec()), offers in any::<bool>()) {
        let tools = if offers { ToolSet::new([plan()]).unwrap() } else { ToolSet::default() };
        let config = Arc::new(TurnConfig::new(model, Arc::new(tools)));
        let mut turn = Turn::new(config, history, Message::user("Go on."), "t", Time(0));
        let Some(Action::Converse(ask)) = turn.next_action() else { panic!("a turn begins by asking") };
        let body = ask.request.to_json_bytes().unwrap();
        // Tools in a stream are the client's business: it asks such models by Converse.
        let verdict = judge(model, Operation::Converse, &body);
        prop_assert!(verdict.is_ok(), "{model}: {:?}\n{}", verdict, String::from_utf8_lossy(&body));
    }
}

/// An agent that thinks, with two tools, on the demo model.
async fn demo_agent(local: &Running, model: &str) -> AgentBuilder {
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    let city = |name: &str, description: &str| {
        let schema =
            json!({ "type": "object", "properties": { "city": { "type": "string" } }, "required": ["city"] });
        ToolSpec::with_schema(name, description, schema)
    };
    let weather = outcrop::Tool::with_spec(
        city("get_weather", "Current weather for a city."),
        |_: serde_json::Value, _| async { "sunny, 21 degrees" },
    );
    let time = outcrop::Tool::with_spec(
        city("get_time", "Current local time of a city."),
        |_: serde_json::Value, _| async { "12:34" },
    );
    let system = "You are a guide for travellers. ".repeat(200);
    let agent = Agent::builder(bedrock)
        .system(system)
        .system(CachePoint::default())
        .inference_config(InferenceConfig::new().max_tokens(4096u32))
        .tools([weather, time]);
    if model.contains("anthropic") {
        agent.additional_model_request_fields(
            json!({ "thinking": { "type": "enabled", "budget_tokens": 1024 } }),
        )
    } else {
        agent
    }
}

const QUESTIONS: [&str; 4] = [
    "What is the weather in Lisbon?",
    "And what time is it in Porto? Tell me the weather in Porto as well.",
    "My name is Ada. Please remember it.",
    "What is my name?",
];

fn marked(question: &str) -> Vec<ContentBlock> {
    vec![question.into(), CachePoint::default().into()]
}

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOVA: &str = "us.amazon.nova-lite-v1:0";

/// 100 conversations of 20 turns, each with thinking (Claude), tools and a cache point at every question. Every
/// request is accepted, and the cache is read more and more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_conversations_are_accepted() {
    let local = Local::demo().start().await.unwrap();
    let conversation = async |number: usize| {
        let model = if number % 4 == 3 { NOVA } else { CLAUDE };
        let agent =
            demo_agent(&local, model).await.system(format!("Conversation {number}.")).build().unwrap();
        let session = agent.session();
        let mut reads = Vec::new();
        for turn in 0..20 {
            let question = QUESTIONS[(turn * 7 + number) % QUESTIONS.len()];
            let answer = session.ask(marked(question)).await;
            let answer = answer.unwrap_or_else(|error| panic!("conversation {number}, turn {turn}: {error}"));
            reads.push(answer.usage().cache_read_input_tokens.unwrap_or(0));
        }
        let (first, last): (u64, u64) = (reads[..10].iter().sum(), reads[10..].iter().sum());
        assert!(first > 0 && last > first, "conversation {number}: {reads:?}");
    };
    stream::iter(0..100).for_each_concurrent(8, conversation).await;
}

/// A turn that is dropped at any event, and a question after it: accepted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_drop_anywhere_the_next_question_is_accepted() {
    let local = Local::demo().start().await.unwrap();
    for model in [CLAUDE, NOVA] {
        let agent = demo_agent(&local, model).await.tool(tool("hang", |_, _| std::future::pending::<()>()));
        let agent = agent.build().unwrap();
        let whole = events(&agent.session(), usize::MAX).await;
        assert!(whole > 10, "{whole} events");
        for stop_after in 0..=whole {
            let session = agent.session();
            events(&session, stop_after).await;
            let answer = session.ask(marked("What is the weather in Porto?")).await;
            let answer =
                answer.unwrap_or_else(|error| panic!("{model}, dropped after {stop_after}: {error}"));
            assert!(!answer.text().trim().is_empty(), "{model}, dropped after {stop_after}");
        }
    }
}

/// Watches a turn with tools for at most `most` events, then drops it; tells how many there were.
async fn events(session: &Session, most: usize) -> usize {
    let turn = session.ask(marked(QUESTIONS[1])).stream();
    turn.take(most).try_fold(0, async |count, _| Ok(count + 1)).await.unwrap()
}
