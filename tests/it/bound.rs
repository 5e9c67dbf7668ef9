//! R70: models that bind what they think to all that stood before it, against the endpoint, which signs what they think
//! and checks what comes back.

use expect_test::expect;
use futures::TryStreamExt;
use outcrop::{
    Agent, AgentBuilder, EventKind, History, Output, Profile, Session, Strategy, TurnEvent,
    core::{ContentBlock, Fact, wire::ReasoningContent},
};
use outcrop_local::{Local, Running, judge};

use crate::support::{Dice, assert_history, client, tell_error, tool};

/// Models that think of themselves and bind it.
const MODELS: [&str; 5] = [
    "us.anthropic.claude-fable-5-1",
    "us.anthropic.claude-mythos-5-2",
    "us.anthropic.claude-opus-5-5",
    "us.anthropic.claude-sonnet-5-5",
    "us.anthropic.claude-haiku-5-5",
];

/// A short trip.
#[derive(Output)]
struct Trip {
    city: String,
    days: u8,
}

async fn agent(local: &Running, model: &str, system: &str) -> AgentBuilder {
    let bedrock = client(local.url()).build().await.unwrap().with_model(model);
    Agent::builder(bedrock).system(system).tool(tool("weather", |_, _| async { "sunny" }))
}

/// What is asked of a conversation.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Text,
    Output(Strategy),
}

/// A turn: thoughts that each of its requests had, what was refused of them, and what was told.
async fn turn(local: &Running, model: &str, session: &Session, asked: Asked) -> String {
    let mut told = 0;
    let mut watch = |event: TurnEvent| {
        let said = matches!(event.kind, EventKind::Diagnostic(said) if said.code == outcrop::DiagnosticCode::BoundReasoning);
        told += usize::from(said);
        std::future::ready(Ok(()))
    };
    let ended = match asked {
        Asked::Text => {
            let turn = session.ask("What is the weather in Lisbon?").stream();
            turn.try_for_each(&mut watch).await
        }
        Asked::Output(strategy) => {
            let turn = session.ask("Plan a trip to Lisbon for 2 days").output::<Trip>().strategy(strategy);
            turn.stream().try_for_each(&mut watch).await
        }
    };
    ended.unwrap_or_else(|error| panic!("{model}, {asked:?}: {}", tell_error(&error)));
    assert_history(&session.history());
    let requests = local.take_requests();
    let sent = requests.iter().map(|asked| {
        let request = asked.request().unwrap();
        let blocks = request.messages.iter().flat_map(|message| &message.content);
        let thoughts = blocks.filter(|block| matches!(block, ContentBlock::ReasoningContent(_))).count();
        match judge(model, asked.operation, &asked.body) {
            Ok(()) => thoughts.to_string(),
            Err(_) => format!("{thoughts} (refused)"),
        }
    });
    let mut line = format!("{asked:?}: {}", sent.collect::<Vec<_>>().join(", "));
    line += if told > 0 { "; told\n" } else { "\n" };
    line
}

fn thoughts(history: &History) -> usize {
    let blocks = history.messages().flat_map(|message| &message.content);
    blocks
        .filter(|block| matches!(block, ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(_))))
        .count()
}

/// The tool of an output comes and goes; no request is refused.
#[tokio::test]
async fn r70_outputs_by_a_tool() {
    let local = Local::demo().start().await.unwrap();
    let mut seen = String::new();
    for model in MODELS {
        let session = agent(&local, model, "You plan trips.").await.build().unwrap().session();
        let output = Asked::Output(Strategy::Tool);
        seen += &format!("{model}\n");
        for asked in [Asked::Text, output, Asked::Text, Asked::Text, output] {
            seen += &format!("  {}", turn(&local, model, &session, asked).await);
        }
        seen += &format!("  {} thoughts are kept\n", thoughts(&session.history()));
    }
    expect![[r#"
        us.anthropic.claude-fable-5-1
          Text: 0, 1
          Output(Tool): 0; told
          Text: 2; told
          Text: 3, 4
          Output(Tool): 1; told
          7 thoughts are kept
        us.anthropic.claude-mythos-5-2
          Text: 0, 1
          Output(Tool): 0; told
          Text: 2; told
          Text: 3, 4
          Output(Tool): 1; told
          7 thoughts are kept
        us.anthropic.claude-opus-5-5
          Text: 0, 1
          Output(Tool): 0; told
          Text: 2; told
          Text: 3, 4
          Output(Tool): 1; told
          7 thoughts are kept
        us.anthropic.claude-sonnet-5-5
          Text: 0, 1
          Output(Tool): 0; told
          Text: 2; told
          Text: 3, 4
          Output(Tool): 1; told
          7 thoughts are kept
        us.anthropic.claude-haiku-5-5
          Text: 0, 1
          Output(Tool): 0; told
          Text: 2; told
          Text: 3, 4
          Output(Tool): 1; told
          7 thoughts are kept
    "#]]
    .assert_eq(&seen);
}

/// A conversation is kept as JSON and goes on under another system prompt.
#[tokio::test]
async fn r70_another_system_prompt() {
    let local = Local::demo().start().await.unwrap();
    let model = MODELS[0];
    let session = agent(&local, model, "You plan trips.").await.build().unwrap().session();
    let mut seen = turn(&local, model, &session, Asked::Text).await;
    let saved = serde_json::to_string(&session.into_history()).unwrap();
    let other = agent(&local, model, "You plan long trips.").await.build().unwrap();
    let session = Session::from_history(&other, serde_json::from_str(&saved).unwrap());
    seen += &turn(&local, model, &session, Asked::Text).await;
    seen += &turn(&local, model, &session, Asked::Text).await;
    expect![[r#"
        Text: 0, 1
        Text: 0, 1; told
        Text: 2, 3
    "#]]
    .assert_eq(&seen);
}

/// Outputs, other system prompts and other tools in any order: nothing is refused of what turns wrote.
#[tokio::test]
async fn r70_whatever_changes() {
    let local = Local::demo().start().await.unwrap();
    let mut dice = Dice(70);
    let mut told = 0;
    for conversation in 0..12 {
        let model = MODELS[conversation % MODELS.len()];
        let mut history = History::new();
        for _ in 0..8 {
            let mut agent =
                agent(&local, model, ["You plan trips.", "Be short."][dice.roll(2) as usize]).await;
            if dice.roll(4) == 0 {
                agent = agent.tool(tool("clock", |_, _| async { "12:34" }));
            }
            let session = Session::from_history(&agent.build().unwrap(), history);
            for _ in 0..dice.roll(3) {
                let asked = [Asked::Text, Asked::Output(Strategy::Tool)][dice.roll(2) as usize];
                let line = turn(&local, model, &session, asked).await;
                assert!(!line.contains("refused"), "{model}: {line}");
                told += usize::from(line.contains("told"));
            }
            history = serde_json::from_str(&serde_json::to_string(&session.into_history()).unwrap()).unwrap();
        }
    }
    assert!(told > 20, "{told}");
}

/// Nobody knows where the answers of a history from elsewhere stood: what is refused of it is asked for once more
/// without, and stays left out when the history is kept and goes on.
#[tokio::test]
async fn r70_a_history_from_elsewhere() {
    let local = Local::demo().start().await.unwrap();
    let model = MODELS[0];
    let mut seen = String::new();
    for profile in [Profile::of(model), Profile::permissive()] {
        let first = agent(&local, model, "You plan trips.").await.build().unwrap().session();
        seen += &turn(&local, model, &first, Asked::Text).await;
        let messages = History::from_messages(first.history().messages().cloned());
        let bedrock = client(local.url()).build().await.unwrap().with_model(model);
        let other = Agent::builder(bedrock.clone()).profile(profile).build().unwrap();
        let session = Session::from_history(&other, messages);
        seen += &turn(&local, model, &session, Asked::Text).await;
        seen += &turn(&local, model, &session, Asked::Text).await;
        seen += &format!("{:?}\n", bedrock.learned_facts());
        let saved = serde_json::to_string(&session.into_history()).unwrap();
        let session = Session::from_history(&other, serde_json::from_str(&saved).unwrap());
        seen += &turn(&local, model, &session, Asked::Text).await;
    }
    expect![[r#"
        Text: 0, 1
        Text: 2 (refused), 0, 1, 2; told
        Text: 3, 4, 5
        []
        Text: 6, 7, 8
        Text: 0, 1
        Text: 2 (refused), 0, 1, 2; told
        Text: 3, 4, 5
        [BindsThinking]
        Text: 6, 7, 8
    "#]]
    .assert_eq(&seen);
    let fact = serde_json::to_string(&Fact::BindsThinking).unwrap();
    assert_eq!(serde_json::from_str::<Fact>(&fact).unwrap(), Fact::BindsThinking);
}
