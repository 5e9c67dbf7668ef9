//! cargo run --example typed_live
//!
//! A booking that fills in while the model is still writing it: `Partial<book_trip>` has a place for each parameter,
//! absent, growing or done, and is updated in place. The model's part is played from a script by an endpoint in this
//! process.

use std::{error::Error, fmt::Write as _, time::Duration};

use futures::TryStreamExt;
use outcrop::{Agent, Bedrock, EventKind, LivePartial, Output, Part, Partial, tool, tools};
use outcrop_local::{Answer, Local, Script};
use serde_json::json;

/// Where to stay.
#[derive(Output)]
struct Stay {
    city: String,
    nights: u32,
    board: Board,
    wishes: Vec<String>,
}

#[derive(Output)]
enum Board {
    None,
    Breakfast,
}

/// Books hotels for a trip.
#[tool(live)]
async fn book_trip(traveller: String, stays: Vec<Stay>) -> String {
    let of = |stay: &Stay| {
        let board = if matches!(stay.board, Board::Breakfast) { ", with breakfast" } else { "" };
        format!("{} nights in {}{board} ({} wishes)", stay.nights, stay.city, stay.wishes.len())
    };
    format!("booked for {traveller}: {}", stays.iter().map(of).collect::<Vec<_>>().join(", "))
}

fn script() -> Script {
    let trip = json!({
        "traveller": "Ana Müller",
        "stays": [
            { "city": "Lisboa", "nights": 2, "board": "None", "wishes": ["quiet room", "late check-out"] },
            { "city": "Porto", "nights": 12, "board": "Breakfast", "wishes": ["view of the Douro 🌉"] },
        ],
    });
    let books =
        Answer::new().tool_use("tooluse_book", "book_trip", trip).delay_between(Duration::from_millis(12));
    Script::new().answer(books).answer("Both hotels are booked.")
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = Local::script(script()).start().await?;
    let bedrock = Bedrock::builder("us.anthropic.claude-sonnet-4-6")
        .region("us-east-1")
        .static_credentials("local", "local", None)
        .endpoint_url(endpoint.url())
        .build()
        .await?;
    let agent = Agent::builder(bedrock).tools(tools![book_trip]).build()?;

    let mut trip = LivePartial::<book_trip>::new();
    let mut shown = String::new();
    let mut turn = agent.ask("Book Lisbon and Porto for Ana.").stream();
    while let Some(event) = turn.try_next().await? {
        match &event.kind {
            EventKind::ToolInputStart(_) => trip = LivePartial::new(),
            EventKind::ToolInputDelta(_) => {
                if let Some(input) = turn.live(&event)
                    && let Some(trip) = trip.update(*input)?.get()
                {
                    let line = line(trip);
                    if line != shown {
                        println!("{line}");
                        shown = line;
                    }
                }
            }
            EventKind::TextDelta(delta) => println!("{}", delta.text),
            _ => {}
        }
    }
    Ok(())
}

/// The trip so far, on one line.
fn line(trip: &Partial<book_trip>) -> String {
    let mut line = text(&trip.traveller);
    for stay in trip.stays.as_deref().unwrap_or_default() {
        let _ = write!(line, " | {}", text(&stay.city));
        if let Some(nights) = stay.nights.get() {
            let _ = write!(line, ", {nights} nights");
        }
        if stay.board.as_deref().is_some_and(|board| matches!(board, Board::Breakfast)) {
            line += ", breakfast";
        }
        for wish in stay.wishes.as_deref().unwrap_or_default() {
            let _ = write!(line, ", {wish}");
        }
    }
    line
}

/// Text, with a mark while it grows.
fn text(part: &Part<String>) -> String {
    match part {
        Part::Absent => "…".to_owned(),
        Part::Growing(text) => format!("{text}▌"),
        Part::Done(text) => text.clone(),
    }
}
