//! Whatever a model streams, whatever tools do, wherever a turn is dropped: nothing panics, no tool runs on
//! anything but a whole and valid input, and the conversation can go on.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use outcrop::{
    Agent, AgentBuilder, Model, ModelCall, ModelError, ModelStream, Session, StopReason, ToolCx, ToolHandler,
    ToolOutput, ToolSpec,
    core::{
        ReadyInput, Request, Role, StreamEvent, ToolUse,
        wire::{
            BlockDelta, BlockStart, ContentBlockDelta, ContentBlockStart, ContentBlockStop, MessageStart,
            MessageStop, ReasoningContent, ReasoningContentDelta, ReasoningText, ToolUseDelta, ToolUseStart,
        },
    },
};
use outcrop_local::{Answer, Cut, Script};
use proptest::{collection::vec, option, prelude::*, sample::select, test_runner::Config};
use serde_json::{Value, json};

use crate::support::{CLAUDE, Stage, assert_askable, assert_history, assert_prefix, assert_sendable};

#[derive(Clone, Debug)]
enum Block {
    Text(Vec<String>),
    Reasoning(String, Option<String>),
    Tool { id: String, name: &'static str, input: Vec<String>, server_side: bool, tainted: bool },
}

#[derive(Clone, Debug)]
struct Scripted {
    blocks: Vec<(Block, bool)>,
    stop_reason: &'static str,
    interleaved: bool,
    /// The stream ends after so many events, with an error or without.
    ends: Option<(usize, bool)>,
    cut: Option<(usize, bool)>,
}

const TOOLS: [&str; 5] = ["ok", "fails", "panics", "slow", "stuck"];

fn pieces(text: &'static str) -> impl Strategy<Value = Vec<String>> {
    pieces_of(Just(text.to_owned()))
}

/// A text, cut anywhere.
fn pieces_of(text: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<String>> {
    (text, vec(any::<prop::sample::Index>(), 0..4)).prop_map(|(text, cuts)| {
        let letters: Vec<char> = text.chars().collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(letters.len() + 1)).collect();
        cuts.sort_unstable();
        cuts.push(letters.len());
        let mut start = 0;
        let mut pieces = Vec::new();
        for end in cuts {
            pieces.push(letters[start..end].iter().collect());
            start = end;
        }
        pieces
    })
}

fn input() -> impl Strategy<Value = Vec<String>> {
    let valid = any::<i32>().prop_map(|n| format!(r#"{{ "n":{n}, "more": ["é\u00e9\ud83d\ude00", 1e3] }}"#));
    let broken = (any::<i32>(), any::<prop::sample::Index>()).prop_map(|(n, cut)| {
        let whole = format!(r#"{{"n":{n},"x":true}}"#);
        whole[..cut.index(whole.len())].to_owned()
    });
    let odd = select(vec![
        "",
        " ",
        "{}",
        "null",
        "[1]",
        r#"{"n":"1"}"#,
        r#"{"n":1.0}"#,
        r#"{"n":1,}"#,
        r#"{"n":1}{"n":2}"#,
        r#"{"n":1,"n":"x"}"#,
        r#"{"n":"x","n":1}"#,
        r#"{"n":1,"s":"\ud83d"}"#,
        r#"{"n":123456789012345678901234567890}"#,
        r#"{'n':1}"#,
        "```json\n{\"n\":1}\n```",
    ]);
    prop_oneof![4 => pieces_of(valid), 2 => pieces_of(broken), 2 => pieces_of(odd.prop_map(str::to_owned))]
}

fn block() -> impl Strategy<Value = Block> {
    let name = select([&TOOLS[..], &["nobody", "no name at all"]].concat());
    let id = prop_oneof![9 => "[a-z]{8}", 1 => Just("twice".to_owned()), 1 => Just("a|b".to_owned())];
    prop_oneof![
        2 => prop_oneof![pieces("Let me look."), pieces(" \n"), pieces("")].prop_map(Block::Text),
        1 => ("[a-z ]{0,9}", option::of("[a-z]{4}")).prop_map(|(text, signature)| Block::Reasoning(text, signature)),
        4 => (id, name, input(), prop::bool::weighted(0.1), prop::bool::weighted(0.1)).prop_map(
            |(id, name, input, server_side, tainted)| Block::Tool { id, name, input, server_side, tainted }
        ),
    ]
}

fn scripted() -> impl Strategy<Value = Scripted> {
    let stop_reason = select(vec![
        "tool_use",
        "tool_use",
        "tool_use",
        "end_turn",
        "stop_sequence",
        "max_tokens",
        "malformed_tool_use",
        "guardrail_intervened",
        "something_new",
    ]);
    (
        vec((block(), prop::bool::weighted(0.9)), 0..5),
        stop_reason,
        any::<bool>(),
        option::weighted(0.2, (0usize..30, any::<bool>())),
        option::weighted(0.3, (0usize..3000, any::<bool>())),
    )
        .prop_map(|(blocks, stop_reason, interleaved, ends, cut)| {
            // The service gives each call an id of its own more often than not.
            Scripted { blocks, stop_reason, interleaved, ends, cut }
        })
}

impl Scripted {
    fn events(&self) -> Vec<Result<StreamEvent, ModelError>> {
        let mut lanes: Vec<VecDeque<StreamEvent>> = Vec::new();
        for (index, (block, stopped)) in (0u32..).zip(&self.blocks) {
            let delta = |delta| StreamEvent::ContentBlockDelta(ContentBlockDelta::new(index, delta));
            let mut lane = VecDeque::new();
            match block {
                Block::Text(texts) => lane.extend(texts.iter().cloned().map(BlockDelta::Text).map(delta)),
                Block::Reasoning(text, signature) => {
                    let reasoning = |part| delta(BlockDelta::ReasoningContent(part));
                    lane.push_back(reasoning(ReasoningContentDelta::Text(text.clone())));
                    lane.extend(
                        signature.clone().map(|text| reasoning(ReasoningContentDelta::Signature(text))),
                    );
                }
                Block::Tool { id, name, input, server_side, tainted } => {
                    let mut start = ToolUseStart::new(id.as_str(), *name);
                    start.kind = server_side.then(|| "server_tool_use".to_owned());
                    let start = ContentBlockStart::new(index, BlockStart::ToolUse(start));
                    lane.push_back(StreamEvent::ContentBlockStart(start));
                    let parts =
                        input.iter().map(|part| BlockDelta::ToolUse(ToolUseDelta::new(part.as_str())));
                    lane.extend(parts.map(delta));
                    let unknown = || BlockDelta::Unknown(json!({ "patch": "n" }).into());
                    lane.extend(tainted.then(unknown).map(delta));
                }
            }
            if *stopped {
                lane.push_back(StreamEvent::ContentBlockStop(ContentBlockStop::new(index)));
            }
            lanes.push(lane);
        }
        let mut events = vec![Ok(StreamEvent::MessageStart(MessageStart::new(Role::Assistant)))];
        if self.interleaved {
            while lanes.iter().any(|lane| !lane.is_empty()) {
                events.extend(lanes.iter_mut().filter_map(VecDeque::pop_front).map(Ok));
            }
        } else {
            events.extend(lanes.into_iter().flatten().map(Ok));
        }
        events.push(Ok(StreamEvent::MessageStop(MessageStop::new(StopReason::from(self.stop_reason)))));
        if let Some((after, error)) = self.ends {
            events.truncate(after);
            events.extend(error.then(|| Err(ModelError::new("the line is dead"))));
        }
        events
    }

    fn answer(&self) -> Answer {
        let mut answer = Answer::new().stop_reason(self.stop_reason.into());
        for (block, _) in &self.blocks {
            answer = match block {
                Block::Text(texts) => answer.text("").fragments(texts),
                Block::Reasoning(text, signature) => {
                    let mut reasoning = ReasoningText::new(text.as_str());
                    reasoning.signature = signature.clone();
                    answer.block(ReasoningContent::ReasoningText(reasoning))
                }
                Block::Tool { id, name, input, server_side, .. } => {
                    let mut call = ToolUse::new(id.as_str(), *name, "");
                    call.kind = server_side.then(|| "server_tool_use".to_owned());
                    answer.block(call).fragments(input)
                }
            };
        }
        if let Some((after, true)) = self.ends {
            answer = answer.exception(after, "modelStreamErrorException", "Try again.");
        }
        match self.cut {
            Some((at, true)) => answer.cut(Cut::End(at)),
            Some((at, false)) => answer.cut(Cut::Break(at)),
            None => answer,
        }
    }

    /// The calls that may run, by what this test itself thinks of their texts.
    fn runnable(&self, over_http: bool) -> Vec<(String, String)> {
        let all_stopped = over_http || self.blocks.iter().all(|(_, stopped)| *stopped);
        let whole = match self.stop_reason {
            "tool_use" => true,
            "end_turn" | "stop_sequence" => all_stopped,
            _ => false,
        };
        let may_run = |block: &Block| match block {
            Block::Tool { id, name, input, server_side: false, tainted } if over_http || !tainted => {
                let text = input.concat();
                let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
                // A key that is there twice says two things (R50).
                let fits = value.is_object()
                    && text.matches("\"n\":").count() == 1
                    && value["n"].as_f64().is_some_and(|n| n.fract() == 0.0);
                (TOOLS.contains(name) && fits).then(|| (id.clone(), text))
            }
            _ => None,
        };
        let calls = self.blocks.iter().filter_map(|(block, _)| may_run(block));
        if whole { calls.collect() } else { Vec::new() }
    }

    fn is_whole(&self) -> bool {
        // What breaks after the message's end takes nothing back.
        self.ends.is_none_or(|(after, _)| after >= self.events_in_all())
    }

    fn events_in_all(&self) -> usize {
        Self { ends: None, ..self.clone() }.events().len()
    }
}

/// Plays the script until it is told to be calm.
#[derive(Clone, Default)]
struct Chaos {
    answers: Arc<Mutex<VecDeque<Scripted>>>,
    requests: Arc<Mutex<Vec<Request>>>,
    calm: Arc<AtomicBool>,
}

impl Model for Chaos {
    fn id(&self) -> &str {
        CLAUDE
    }

    fn call(&self, call: ModelCall) -> ModelStream {
        self.requests.lock().unwrap().push(call.request);
        let still = Scripted {
            blocks: vec![(Block::Text(vec!["Still here.".into()]), true)],
            stop_reason: "end_turn",
            interleaved: false,
            ends: None,
            cut: None,
        };
        let next =
            if self.calm.load(Ordering::SeqCst) { None } else { self.answers.lock().unwrap().pop_front() };
        let events = futures::stream::iter(next.unwrap_or(still).events());
        // Now and then there is nothing yet.
        Box::pin(events.then(|event| async {
            tokio::task::yield_now().await;
            event
        }))
    }
}

/// A tool that keeps what it was run on.
struct Behaving {
    name: &'static str,
    runs: Arc<Mutex<Vec<(String, String)>>>,
}

impl ToolHandler for Behaving {
    fn spec(&self) -> ToolSpec {
        let n = json!({ "n": { "type": "integer" } });
        let schema = json!({ "type": "object", "properties": n, "required": ["n"] });
        ToolSpec::with_schema(self.name, "Behaves as it is called.", schema)
    }

    fn call(&self, input: ReadyInput, cx: ToolCx) -> BoxFuture<'static, ToolOutput> {
        self.runs.lock().unwrap().push((cx.tool_use_id().to_owned(), input.text().as_str().to_owned()));
        cx.progress(self.name);
        match self.name {
            "ok" => async { ToolOutput::new(vec!["fine".into()]) }.boxed(),
            "fails" => async { ToolOutput::error("") }.boxed(),
            "panics" => async { panic!("as it is called") }.boxed(),
            "slow" => {
                tokio::time::sleep(Duration::from_millis(5)).map(|()| ToolOutput::new(Vec::new())).boxed()
            }
            _ => std::future::pending().boxed(),
        }
    }
}

type Runs = Arc<Mutex<Vec<(String, String)>>>;

fn set_up(agent: AgentBuilder) -> (Agent, Runs) {
    let runs = Runs::default();
    let tools = TOOLS.map(|name| Behaving { name, runs: runs.clone() });
    let agent = agent.tools(tools).max_steps(3).max_parallel_tools(2).tool_timeout(Duration::from_millis(20));
    (agent.build().unwrap(), runs)
}

/// Runs a turn to its end or to where it is dropped; tells whether it ended.
async fn run(session: &Session, drop_after: Option<usize>) -> bool {
    let mut turn = session.ask("Go on.").stream();
    let mut seen = 0;
    while drop_after.is_none_or(|after| seen < after) {
        match turn.next().await {
            Some(Ok(event)) => {
                let json = serde_json::to_string(&event).unwrap();
                assert_eq!(serde_json::from_str::<outcrop::TurnEvent>(&json).unwrap(), event);
            }
            Some(Err(_)) => assert!(turn.next().await.is_none()),
            None => return true,
        }
        seen += 1;
    }
    false
}

/// Each run was one of the runnable calls, and none ran more often than it was called.
fn assert_runs(mut runs: Vec<(String, String)>, mut runnable: Vec<(String, String)>, all: bool) {
    runs.sort();
    runnable.sort();
    let mut left = runnable.clone();
    for run in &runs {
        let at = left.iter().position(|call| call == run);
        left.remove(at.unwrap_or_else(|| panic!("{run:?} is not in {runnable:?}")));
    }
    assert!(!all || left.is_empty(), "not run: {left:?}");
}

fn config(cases: u32) -> Config {
    Config { cases, failure_persistence: None, max_shrink_iters: 2000, ..Config::default() }
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn without_a_network(answers in vec(scripted(), 1..4), drop_after in option::of(0usize..60)) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true);
        runtime.build().unwrap().block_on(async {
            let model = Chaos::default();
            model.answers.lock().unwrap().extend(answers.iter().cloned());
            let (agent, runs) = set_up(Agent::builder(model.clone()));
            let session = agent.session();
            let ended = run(&session, drop_after).await;
            assert_history(&session.history());
            let asked = model.requests.lock().unwrap().len();
            let reached = answers.iter().take(asked).filter(|answer| answer.is_whole());
            let runnable = reached.flat_map(|answer| answer.runnable(false)).collect();
            assert_runs(runs.lock().unwrap().clone(), runnable, ended);
            model.calm.store(true, Ordering::SeqCst);
            assert_askable(&session).await;
            let requests = model.requests.lock().unwrap().clone();
            requests.iter().for_each(assert_sendable);
            for pair in requests.windows(2) {
                assert_prefix(&pair[0].to_json_bytes().unwrap(), &pair[1].to_json_bytes().unwrap());
            }
        });
    }
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn over_http(answers in vec(scripted(), 1..4), drop_after in option::of(0usize..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let script = answers.iter().map(Scripted::answer).fold(Script::new(), Script::answer);
            let stage = Stage::new(script).await;
            let (agent, runs) = set_up(stage.agent());
            let session = agent.session();
            run(&session, drop_after).await;
            assert_history(&session.history());
            let asked = stage.requests().len();
            let runnable = answers.iter().take(asked).flat_map(|answer| answer.runnable(true)).collect();
            assert_runs(runs.lock().unwrap().clone(), runnable, false);
            stage.assert_requests();
            let calm = Stage::new(Script::new().answer("Still here.")).await;
            let resumed = Session::from_history(&set_up(calm.agent()).0, session.history());
            assert_askable(&resumed).await;
            calm.assert_requests();
        });
    }
}
