//! Tools made of the methods of a type.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use expect_test::expect;
use outcrop::{Agent, State, Tool, ToolCx, Toolset, serde_json::json, testing::ScriptedModel, toolset};

use crate::support::{check_spec, results};

struct Warehouse {
    items: Vec<&'static str>,
    asked: AtomicU32,
}

impl Warehouse {
    fn new() -> Self {
        Self { items: vec!["umbrella", "sun hat"], asked: AtomicU32::new(0) }
    }
}

#[toolset(prefix = "stock_")]
impl Warehouse {
    const LIMIT: usize = 1;

    /// Items whose name contains a text.
    #[tool(read_only)]
    async fn search(&self, query: &str, #[tool(default = Self::LIMIT)] limit: usize) -> Vec<&'static str> {
        self.count();
        self.items.iter().copied().filter(|item| item.contains(query)).take(limit).collect()
    }

    /// How often somebody searched.
    #[tool(name = "asked-for")]
    fn asked(self: Arc<Self>, cx: ToolCx, add: State<u32>) -> String {
        format!("{} {}", cx.tool_use_id(), self.asked.load(Ordering::Relaxed) + *add)
    }

    /// What it is.
    #[outcrop::tool(live, strict)]
    pub(crate) fn about() -> &'static str {
        "a warehouse"
    }

    /// Is not here.
    #[tool]
    #[cfg(any())]
    fn absent(&self, nothing: Nothing) {}

    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }
}

trait Store: Send + Sync + 'static {
    type Item: Display;

    fn first(&self) -> Option<Self::Item>;
}

struct Shelf(Vec<u8>);

impl Store for Shelf {
    type Item = u8;

    fn first(&self) -> Option<u8> {
        self.0.first().copied()
    }
}

struct Shop<S, const N: usize>(S);

#[toolset]
impl<S, const N: usize> Shop<S, N>
where
    S: Store,
{
    /// The first item, some times.
    #[tool]
    async fn first(&self) -> Result<String, String> {
        let item = self.0.first().ok_or("nothing left")?;
        Ok(format!("{item} ").repeat(N))
    }
}

#[test]
fn what_the_model_is_told() {
    let tools = Arc::new(Warehouse::new()).tools();
    let names: Vec<_> = tools.iter().map(|tool| tool.spec().name.as_str()).collect();
    assert_eq!(names, ["stock_search", "stock_asked-for", "stock_about"]);
    assert!(tools[0].is_read_only() && !tools[1].is_read_only() && tools[2].is_live());
    let strict: Vec<_> = tools.iter().map(Tool::is_strict).collect();
    assert_eq!(strict, [false, false, true]);
    check_spec(
        &tools[0],
        expect![[r#"
        stock_search: Items whose name contains a text.
        {
          "type": "object",
          "properties": {
            "query": {
              "type": "string"
            },
            "limit": {
              "type": "integer",
              "format": "uint",
              "minimum": 0,
              "default": 1
            }
          },
          "required": [
            "query"
          ]
        }
    "#]],
    );
}

#[tokio::test]
async fn state_is_shared_by_calls_and_by_the_caller() {
    let warehouse = Arc::new(Warehouse::new());
    let calls = [
        ("stock_search", json!({ "query": "umb" })),
        ("stock_search", json!({ "query": "", "limit": 5 })),
        ("stock_about", json!({})),
    ];
    let tools = || Arc::clone(&warehouse).tools();
    expect![[r#"
        ["umbrella"]
        ["umbrella","sun hat"]
        a warehouse
    "#]]
    .assert_eq(&results(tools(), &calls, |agent| agent.state(40u32)).await);
    let asked = [("stock_asked-for", json!({}))];
    expect![[r#"
        call_0 42
    "#]]
    .assert_eq(&results(tools(), &asked, |agent| agent.state(40u32)).await);
    assert_eq!(warehouse.search("a", 9).await, ["umbrella", "sun hat"]);
}

#[tokio::test]
async fn generic_toolsets() {
    let shop = |items: Vec<u8>| Arc::new(Shop::<_, 3>(Shelf(items))).tools();
    let calls = [("first", json!({}))];
    expect![[r#"
        7 7 7 
    "#]]
    .assert_eq(&results(shop(vec![7, 8]), &calls, |agent| agent).await);
    expect![[r#"
        error nothing left
    "#]]
    .assert_eq(&results(shop(vec![]), &calls, |agent| agent).await);
}

#[test]
fn agents_take_lists_values_and_arcs() {
    let tool = || Tool::new::<(), _>("other", "Another.", |(), _| async {});
    let builder = || Agent::builder(ScriptedModel::new()).state(1u32);
    assert!(builder().tools(Warehouse::new()).tools([tool()]).build().is_ok());
    assert!(builder().tools(Arc::new(Warehouse::new())).tools(Some(tool())).build().is_ok());
    assert!(builder().tools(Shop::<_, 1>(Shelf(vec![]))).tools(vec![tool()]).build().is_ok());
    let twice = builder().tools(Warehouse::new()).tools(Warehouse::new()).build();
    assert_eq!(twice.unwrap_err().to_string(), "two tools are called `stock_search`");
    let missing = Agent::builder(ScriptedModel::new()).tools(Warehouse::new()).build();
    expect!["tool `stock_asked-for` takes a `u32`, which was not given: add `.state(..)` to the builder"]
        .assert_eq(&missing.unwrap_err().to_string());
}
