//! The shop of the guide's page "Coming from other libraries", with rmcp.
#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, sync::Mutex};

use rmcp::{ServiceExt, handler::server::wrapper::Parameters, schemars, tool, tool_router, transport::stdio};
use serde::Deserialize;

struct Shop {
    items: Mutex<BTreeMap<String, u32>>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Search {
    /// Part of a name.
    query: String,
    #[serde(default = "ten")]
    limit: usize,
}

fn ten() -> usize {
    10
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Stock {
    item: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Order {
    item: String,
    quantity: u32,
    /// For the packer.
    note: Option<String>,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Cancel {
    item: String,
    quantity: u32,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Shipping {
    to: Address,
    express: bool,
}

#[derive(Deserialize, schemars::JsonSchema)]
struct Address {
    city: String,
    /// Two letters, e.g. "PT".
    country: String,
}

#[tool_router(server_handler)]
impl Shop {
    /// Items whose name contains a text.
    #[tool(annotations(read_only_hint = true))]
    fn search(&self, Parameters(Search { query, limit }): Parameters<Search>) -> String {
        let items = self.items.lock().unwrap();
        let found: Vec<_> = items.keys().filter(|item| item.contains(&query)).take(limit).cloned().collect();
        found.join(", ")
    }

    /// How many of an item there are.
    #[tool(annotations(read_only_hint = true))]
    fn stock(&self, Parameters(Stock { item }): Parameters<Stock>) -> String {
        self.items.lock().unwrap().get(&item).copied().unwrap_or(0).to_string()
    }

    /// Orders an item.
    #[tool]
    fn order(&self, Parameters(Order { item, quantity, note }): Parameters<Order>) -> Result<String, String> {
        match self.items.lock().unwrap().get_mut(&item) {
            Some(left) if *left >= quantity => {
                *left -= quantity;
                Ok(format!("{quantity} {item} ordered. {}", note.unwrap_or_default()))
            }
            _ => Err(format!("not that many of {item}")),
        }
    }

    /// Takes an order back.
    #[tool]
    fn cancel(&self, Parameters(Cancel { item, quantity }): Parameters<Cancel>) {
        *self.items.lock().unwrap().entry(item).or_default() += quantity;
    }

    /// What it costs to ship a parcel, in euros.
    #[tool(annotations(read_only_hint = true))]
    fn shipping(&self, Parameters(Shipping { to, express }): Parameters<Shipping>) -> String {
        let price = match (&*to.country, express) {
            ("PT", false) => 4.0,
            (_, false) => 9.0,
            (_, true) => 12.0,
        };
        format!("{price} euros to {}", to.city)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let items = [("hat".to_owned(), 3), ("umbrella".to_owned(), 9)].into();
    Shop { items: Mutex::new(items) }.serve(stdio()).await?.waiting().await?;
    Ok(())
}
