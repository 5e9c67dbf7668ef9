//! What a strict crate writes: every form of `#[tool]`, with nothing but outcrop and tokio to depend on.

#![deny(
    warnings,
    missing_docs,
    unsafe_code,
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::pedantic
)]

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

use outcrop::{
    Agent, BuildError, HasPartial, Model, Output, Partial, Problem, State, ToolCx, ToolError, ToolInput,
    serde_json, tool, tools, toolset,
};

/// What is in the shop.
#[derive(Debug)]
pub struct Stock(pub Vec<Item>);

/// A thing to sell.
#[derive(Clone, Debug, Output)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// How many there are.
    pub pieces: u32,
}

/// What to order.
#[derive(Debug, ToolInput)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// A name, as `search` gives it.
    pub name: String,
    /// How many.
    pub pieces: u32,
    #[serde(default = "no_wrapping", skip_serializing_if = "Option::is_none")]
    wrap: Option<Wrapping>,
    /// Is of no use any more.
    #[deprecated]
    #[serde(alias = "code")]
    pub r#old_code: Option<String>,
}

fn no_wrapping() -> Option<Wrapping> {
    None
}

/// How to wrap.
#[derive(Clone, Debug, Default, Output)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Wrapping {
    #[default]
    Plain,
    /// In a colour.
    Paper {
        colour: String,
    },
    Boxed(Size),
}

/// In centimetres.
#[derive(Clone, Debug, Default, ToolInput)]
#[serde(default)]
struct Size {
    width: u32,
    height: u32,
    #[serde(flatten)]
    more: BTreeMap<String, serde_json::Value>,
}

/// One page of a list.
#[derive(Debug, Output)]
pub struct Page<T, const N: usize = 10> {
    /// What is on it.
    pub items: Vec<T>,
    /// The page after it.
    pub next: Option<Box<Self>>,
}

/// What a deep type may hold.
#[derive(Debug, Output)]
#[serde(untagged)]
pub enum Deep {
    /// Nothing.
    Unit,
    /// A text.
    Text(String),
    /// A pair.
    Pair(Box<Self>, Vec<Deep>),
}

/// What is looked at before it is taken, and while it is written.
#[derive(Debug, Output)]
#[output(validate = Offer::has_a_price, validate_partial = begins_well)]
pub struct Offer<T> {
    /// Looked into too.
    pub of: Kind<T>,
    /// How much.
    pub price: u32,
    #[deprecated]
    was: Option<Box<Offer<T>>>,
}

impl<T> Offer<T> {
    fn has_a_price(&self) -> Result<(), Problem> {
        if self.price > 0 { Ok(()) } else { Err(Problem::new("/price", "a price", "none")) }
    }
}

fn begins_well<T: HasPartial>(so_far: &OfferPartial<T>) -> Result<(), Problem> {
    match so_far.price.done() {
        Some(0) => Err(Problem::new("/price", "a price", "none")),
        _ => Ok(()),
    }
}

/// What is offered.
#[derive(Debug, Output)]
#[serde(tag = "kind", content = "of")]
pub enum Kind<T> {
    /// Nothing.
    Nothing,
    /// One, with how many of it.
    One(u32, T),
    /// Several.
    Several {
        /// Each.
        all: Vec<T>,
        /// More, by name.
        #[serde(flatten)]
        more: BTreeMap<String, T>,
    },
}

/// Some items.
#[derive(Debug, Output)]
#[serde(transparent)]
#[must_use]
pub struct Items(Vec<Item>);

/// Items whose name contains a text.
#[tool(read_only, strict, timeout = "5s")]
pub async fn search(
    /// A part of the name.
    query: &str,
    /// The most items that are wanted.
    #[tool(default = 10)]
    limit: usize,
    exact: Option<bool>,
    stock: State<Stock>,
) -> Vec<Item> {
    tokio::task::yield_now().await;
    let fits =
        |item: &&Item| if exact == Some(true) { item.name == query } else { item.name.contains(query) };
    stock.0.iter().filter(fits).take(limit).cloned().collect()
}

/// Orders pieces of an item.
///
/// # Errors
/// Where there are not that many.
#[tool(marker = PlaceOrder, redact_errors)]
pub fn place_order(
    #[tool(args)] order: &Order,
    stock: &State<Stock>,
    cx: &ToolCx,
) -> Result<String, ToolError> {
    cx.progress("looking");
    let item = stock.0.iter().find(|item| item.name == order.name);
    match item {
        Some(item) if item.pieces >= order.pieces => Ok(format!("{} of {}", order.pieces, item.name)),
        _ => Err(ToolError::new("there are not that many")),
    }
}

mod inner {
    /// Does nothing.
    #[outcrop::tool]
    pub(super) fn nothing() {}

    /// Is of no use any more.
    #[outcrop::tool(live)]
    #[deprecated]
    #[cfg(not(windows))]
    pub(crate) fn old(number: u8) -> u8 {
        number
    }
}

/// What can be counted.
#[derive(Debug, Default)]
pub struct Counter(AtomicU32);

#[toolset(prefix = "counter_")]
impl Counter {
    /// Counts.
    #[tool(strict, timeout = "1s")]
    pub async fn add(&self, #[tool(default = 1)] by: u32) -> Option<u32> {
        tokio::task::yield_now().await;
        self.0.fetch_add(by, Ordering::Relaxed).checked_add(by)
    }

    /// What is on a page.
    #[tool(read_only)]
    pub async fn page(&self, #[tool(args)] page: Page<Item>) -> Items {
        tokio::task::yield_now().await;
        Items(page.items)
    }

    /// The count.
    #[tool(read_only)]
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An agent with these tools.
///
/// # Errors
/// None; it shows that all states are given.
pub fn agent(model: impl Model, stock: Stock) -> Result<Agent, BuildError> {
    Agent::builder(model)
        .tools(tools![search, PlaceOrder, inner::nothing])
        .tool(inner::old {})
        .tools(Counter::default())
        .state(stock)
        .build()
}

/// What is shown of an order, and of a search by its tool, while the model writes them.
#[must_use]
pub fn shown(order: &OrderPartial, search: &Partial<search>) -> String {
    let page: Partial<Page<Item>> = Partial::<Page<Item>>::default();
    let pieces = order.pieces.done().copied().unwrap_or_default();
    format!("{pieces} of {:?}, {:?}, {page:?}", order.name.as_deref(), search.query.as_deref())
}

#[cfg(test)]
mod tests {
    use outcrop::{serde_json::json, testing::ScriptedModel};

    use super::{Item, Stock, agent};

    #[tokio::test(flavor = "current_thread")]
    async fn a_turn_with_all_tools() {
        let model = ScriptedModel::new()
            .calls([
                ("1", "search", json!({ "query": "umb" })),
                (
                    "2",
                    "place_order",
                    json!({ "name": "umbrella", "pieces": 2, "wrap": { "kind": "boxed", "width": 2 } }),
                ),
                ("3", "nothing", json!({})),
                ("4", "old", json!({ "number": 3 })),
                ("5", "counter_add", json!({ "by": 41 })),
                ("6", "counter_page", json!({ "items": [{ "name": "hat", "pieces": 1 }] })),
            ])
            .text("Done.");
        let stock = Stock(vec![Item { name: "umbrella".into(), pieces: 4 }]);
        let session = agent(model.clone(), stock).expect("an agent").session();
        session.ask("Two umbrellas.").await.expect("an answer");
        let body = model.request_bodies()[1].to_string();
        for given in [
            r#"[{\"name\":\"umbrella\",\"pieces\":4}]"#,
            "2 of umbrella",
            "done",
            r#""3""#,
            r#""41""#,
            r#"[{\"name\":\"hat\",\"pieces\":1}]"#,
        ] {
            assert!(body.contains(given), "{given} is not in {body}");
        }
    }
}
