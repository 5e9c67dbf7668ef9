//! What the host gives to tools: state and the call itself.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use expect_test::{Expect, expect};
use outcrop::{
    Agent, AgentBuilder, State, Tool, ToolCx, serde_json::json, testing::ScriptedModel, tool, tools,
};

use crate::support::results;

struct Prices(Vec<u32>);
type Counter = State<AtomicU32>;

/// The tool's own view of a call.
struct Call(String);

impl From<ToolCx> for Call {
    fn from(cx: ToolCx) -> Self {
        Self(format!("{} in step {}", cx.tool_use_id(), cx.step()))
    }
}

/// Price of an item.
#[tool]
async fn price(item: usize, prices: State<Prices>, cx: &ToolCx) -> Result<u32, String> {
    cx.progress("looking");
    prices.0.get(item).copied().ok_or_else(|| format!("there are {} items", prices.0.len()))
}

/// Counts its calls.
#[tool]
fn count(#[tool(state)] counter: &Counter, #[tool(context)] call: Call, by: u32) -> String {
    format!("{} after {}", counter.fetch_add(by, Ordering::Relaxed) + by, call.0)
}

/// Counts what others counted.
fn total() -> Tool {
    let spec = outcrop::ToolSpec::with_schema("total", "The count.", json!({ "type": "object" }));
    let run = |_: outcrop::serde_json::Value, cx: ToolCx| async move {
        cx.state::<AtomicU32>().map(|counter| counter.load(Ordering::Relaxed)).ok_or("no counter")
    };
    Tool::with_spec(spec, run).needs_state::<AtomicU32>()
}

fn check_build(change: impl FnOnce(AgentBuilder) -> AgentBuilder, expected: Expect) {
    let tools = tools![price, count].into_iter().chain([total()]);
    let built = change(Agent::builder(ScriptedModel::new()).tools(tools)).build();
    expected.assert_eq(&built.map_or_else(|error| error.to_string(), |_| "built".to_owned()));
}

#[tokio::test]
async fn what_tools_take_from_the_host() {
    let given = |agent: AgentBuilder| agent.state(Prices(vec![3, 5])).state(AtomicU32::new(1));
    let calls =
        [("price", json!({ "item": 1 })), ("price", json!({ "item": 2 })), ("count", json!({ "by": 2 }))];
    expect![[r#"
        5
        error there are 2 items
        3 after call_2 in step 1
    "#]]
    .assert_eq(&results(tools![price, count], &calls, given).await);
    expect![[r#"
        1
    "#]]
    .assert_eq(&results(vec![total()], &[("total", json!({}))], given).await);
}

#[test]
fn what_is_missing_is_told_by_build() {
    check_build(
        |agent| agent,
        expect![
            "tool `price` takes a `it::tool_host::Prices`, which was not given: add `.state(..)` to the builder"
        ],
    );
    check_build(
        |agent| agent.state(Prices(Vec::new())),
        expect![
            "tool `count` takes a `core::sync::atomic::AtomicU32`, which was not given: add `.state(..)` to the builder"
        ],
    );
    check_build(|agent| agent.state(Prices(Vec::new())).state(AtomicU32::new(0)), expect!["built"]);
    check_build(
        |agent| agent.state(1u8).state(2u8),
        expect!["two states of type `u8` were given; wrap one in a type of its own"],
    );
}

#[tokio::test]
async fn functions_are_called_by_hand() {
    let counter: Counter = Arc::new(AtomicU32::new(40)).into();
    assert_eq!(count(&counter, Call("a test".into()), 2), "42 after a test");
    assert_eq!(counter.into_arc().load(Ordering::Relaxed), 42);
}
