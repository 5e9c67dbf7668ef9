//! The shop of the guide's page "Coming from other libraries", with rig.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use rig_agent::{completion::PromptError, prelude::AgentBuilder, rig_tool, tool::ToolExecutionError};
use rig_bedrock::client::BedrockRuntime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

static SHOP: LazyLock<Mutex<BTreeMap<String, u32>>> =
    LazyLock::new(|| Mutex::new([("hat".to_owned(), 3), ("umbrella".to_owned(), 9)].into()));

#[derive(Deserialize, Serialize, JsonSchema)]
struct Address {
    city: String,
    /// Two letters, e.g. "PT".
    country: String,
}

/// Items whose name contains a text.
#[rig_tool(params(query = "Part of a name"), required(query))]
fn search(query: String, limit: usize) -> Result<Vec<String>, ToolExecutionError> {
    let shop = SHOP.lock().unwrap();
    let limit = if limit == 0 { 10 } else { limit }; // Left out, it is `usize::default()`.
    Ok(shop.keys().filter(|item| item.contains(&query)).take(limit).cloned().collect())
}

/// How many of an item there are.
#[rig_tool]
fn stock(item: String) -> Result<u32, ToolExecutionError> {
    Ok(SHOP.lock().unwrap().get(&item).copied().unwrap_or(0))
}

/// Orders an item.
#[rig_tool(params(note = "For the packer"))]
fn order(item: String, quantity: u32, note: Option<String>) -> Result<String, ToolExecutionError> {
    let mut shop = SHOP.lock().unwrap();
    match shop.get_mut(&item) {
        Some(left) if *left >= quantity => {
            *left -= quantity;
            Ok(format!("{quantity} {item} ordered. {}", note.unwrap_or_default()))
        }
        _ => Err(ToolExecutionError::other(format!("not that many of {item}"))),
    }
}

/// Takes an order back.
#[rig_tool]
fn cancel(item: String, quantity: u32) -> Result<String, ToolExecutionError> {
    *SHOP.lock().unwrap().entry(item).or_default() += quantity;
    Ok("done".to_owned())
}

/// What it costs to ship a parcel, in euros.
#[rig_tool]
fn shipping(to: Address, express: bool) -> Result<f64, ToolExecutionError> {
    Ok(match (&*to.country, express) {
        ("PT", false) => 4.0,
        (_, false) => 9.0,
        (_, true) => 12.0,
    })
}

#[tokio::main]
async fn main() -> Result<(), PromptError> {
    let agent = AgentBuilder::new(BedrockRuntime::from_env().completion("us.anthropic.claude-sonnet-4-6"))
        .preamble("You sell hats and umbrellas.")
        .tool(Search)
        .tool(Stock)
        .tool(Order)
        .tool(Cancel)
        .tool(Shipping)
        .build();
    println!("{}", agent.prompt("Two umbrellas to Lisbon, please.").max_turns(32).await?.output());
    Ok(())
}
