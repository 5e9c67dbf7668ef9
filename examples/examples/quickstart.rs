//! cargo run --example quickstart
//!
//! An agent that calls three Rust functions in a loop, over Bedrock's real protocol. Without `OUTCROP_MODEL` the
//! model's part is played from a script by an endpoint in this process, so no AWS account is needed. With
//! `OUTCROP_MODEL=us.anthropic.claude-sonnet-4-6` and AWS credentials the same agent talks to Bedrock.

use std::{
    error::Error,
    io::{IsTerminal, Write},
    sync::Mutex,
    time::Duration,
};

use futures::TryStreamExt;
use outcrop::{Agent, Bedrock, EventKind, Json, State, ToolCx, core::wire::ToolResultContent, tool, tools};
use outcrop_local::{Answer, Local, Running, Script};
use serde_json::{Value, json};

// ---- The tools: ordinary Rust. -------------------------------------------------------------------------------

struct Item {
    sku: &'static str,
    name: &'static str,
    in_stock: u32,
    pack: u32,
}

const STOCK: [Item; 3] = [
    Item { sku: "UMB-1", name: "umbrella, black", in_stock: 4, pack: 12 },
    Item { sku: "UMB-2", name: "umbrella, children's", in_stock: 31, pack: 6 },
    Item { sku: "SUN-1", name: "sun hat", in_stock: 80, pack: 10 },
];

#[derive(Default)]
struct Orders(Mutex<Vec<(String, u32)>>);

/// Rain forecast for a city.
#[tool(read_only)]
async fn weather(
    /// City name, e.g. "Lisbon".
    city: String,
    cx: ToolCx,
) -> Json<Value> {
    for done in 1..=4 {
        // A slow tool: it tells how far it is.
        tokio::time::sleep(Duration::from_millis(250)).await;
        cx.progress(format!("{done} of 4 stations read"));
    }
    Json(json!({ "city": city, "rain_mm_tomorrow": 18 }))
}

/// Items whose name contains a text.
#[tool(read_only)]
fn search_stock(
    /// A part of the item's name.
    query: &str,
) -> Json<Value> {
    let query = query.to_lowercase();
    let found = STOCK.iter().filter(|item| item.name.contains(&query));
    let row = |item: &Item| json!({ "sku": item.sku, "name": item.name, "in_stock": item.in_stock });
    Json(json!({ "items": found.map(row).collect::<Vec<_>>() }))
}

/// Orders pieces of an item.
#[tool]
async fn place_order(
    /// The item's number, as `search_stock` gives it.
    sku: String,
    /// How many pieces.
    quantity: u32,
    orders: State<Orders>,
) -> Result<String, String> {
    let item = STOCK.iter().find(|item| item.sku == sku).ok_or("there is no such sku")?;
    if quantity == 0 || !quantity.is_multiple_of(item.pack) {
        // The model reads this and can do better.
        return Err(format!("{} comes in packs of {}; order whole packs", item.sku, item.pack));
    }
    let mut orders = orders.0.lock().map_err(|_| "the order book is closed")?;
    orders.push((sku, quantity));
    Ok(format!("order number {}", orders.len()))
}

// ---- The model: Bedrock, or a script on a local endpoint. ----------------------------------------------------

async fn model() -> Result<(Bedrock, Option<Running>), Box<dyn Error>> {
    if let Ok(id) = std::env::var("OUTCROP_MODEL") {
        return Ok((Bedrock::from_env(id).await?, None));
    }
    let endpoint = Local::script(script()).start().await?;
    let bedrock = Bedrock::builder("us.anthropic.claude-sonnet-4-6")
        .region("us-east-1")
        .static_credentials("local", "local", None)
        .endpoint_url(endpoint.url())
        .build()
        .await?;
    Ok((bedrock, Some(endpoint)))
}

fn script() -> Script {
    let pace = Duration::from_millis(25);
    let usage = |input, output| {
        let mut usage = outcrop::Usage::new();
        (usage.input_tokens, usage.output_tokens, usage.total_tokens) = (input, output, input + output);
        usage
    };
    let answers = [
        Answer::new()
            .reasoning("I need the forecast and the stock. Neither waits for the other.", "c2lnbmVkLWJ5LXRoZS1zY3JpcHQ=")
            .text("Let me look at the forecast and at what is in stock.")
            .tool_use("tooluse_forecast", "weather", json!({ "city": "Lisbon" }))
            .tool_use("tooluse_stock", "search_stock", json!({ "query": "umbrella" }))
            .usage(usage(512, 96)),
        Answer::new()
            .text("Heavy rain, and only 4 black umbrellas left. I order 20.")
            .tool_use("tooluse_order_1", "place_order", json!({ "sku": "UMB-1", "quantity": 20 }))
            .usage(usage(701, 58)),
        Answer::new()
            .text("They come in packs of 12, so I take 24.")
            .tool_use("tooluse_order_2", "place_order", json!({ "sku": "UMB-1", "quantity": 24 }))
            .usage(usage(803, 55)),
        Answer::new()
            .text("Done: 18 mm of rain are coming to Lisbon tomorrow, so I ordered 24 black umbrellas (order number 1).")
            .usage(usage(884, 41)),
    ];
    answers.into_iter().fold(Script::new(), |script, answer| script.answer(answer.delay_between(pace)))
}

// ---- The turn, watched. --------------------------------------------------------------------------------------

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (bedrock, endpoint) = model().await?;
    match &endpoint {
        Some(endpoint) => println!(
            "The model is a script here, played by an endpoint in this process ({}).\n\
             The protocol, the loop and the tools are real.\n",
            endpoint.url()
        ),
        None => println!("Talking to {} on Bedrock.\n", bedrock.model_id()),
    }

    let agent = Agent::builder(bedrock)
        .system("You keep the stock of a shop. Be brief. Mend your own mistakes.")
        .tools(tools![weather, search_stock, place_order])
        .state(Orders::default())
        .build()?;
    let question =
        "Is rain coming to Lisbon tomorrow? If so, see that we have about 20 more black umbrellas.";
    println!("> {question}");

    let mut screen = Screen::new();
    let mut turn = agent.ask(question).stream();
    while let Some(event) = turn.try_next().await? {
        screen.show(&event.kind)?;
    }
    let answer = turn.answer().await?;

    let usage = answer.usage();
    println!("\nAnswer: {}", answer.text());
    println!(
        "Usage: {} steps, {} tokens in, {} tokens out{}",
        answer.outcome.steps,
        usage.input_tokens,
        usage.output_tokens,
        if endpoint.is_some() { " (figures of the script)" } else { "" },
    );
    if endpoint.is_some() {
        println!("\nThe same program on Bedrock, with AWS credentials:");
        println!("  OUTCROP_MODEL=us.anthropic.claude-sonnet-4-6 cargo run --example quickstart");
    }
    Ok(())
}

/// Shows events as they come; colours only on a terminal.
struct Screen {
    colour: bool,
    /// A line is begun and not ended.
    open: bool,
}

impl Screen {
    fn new() -> Self {
        Self { colour: std::io::stdout().is_terminal(), open: false }
    }

    fn show(&mut self, kind: &EventKind) -> std::io::Result<()> {
        match kind {
            EventKind::ReasoningDelta(delta) => self.grow("2;3", "thinking: ", &delta.text),
            EventKind::TextDelta(delta) => self.grow("0", "", &delta.text),
            EventKind::ToolInputStart(start) => self.grow("36", "", &format!("calls {} ", start.name)),
            EventKind::ToolInputDelta(delta) => self.grow("36", "", &delta.fragment),
            EventKind::TextEnd(_) | EventKind::ReasoningEnd(_) | EventKind::ToolInputEnd(_) => self.end(),
            EventKind::ToolStart(start) => self.line("33", &format!("  running {}", start.name)),
            EventKind::ToolProgress(progress) => self.line("2", &format!("  … {}", progress.progress)),
            EventKind::ToolEnd(end) => {
                let text: Vec<_> = end.result.content.iter().map(shown).collect();
                let (colour, word) = if end.result.is_error() { ("31", "failed:") } else { ("32", "gave") };
                self.line(colour, &format!("  {word} {}", text.join(" ")))
            }
            EventKind::StepStart(_) => self.line("0", ""),
            EventKind::Diagnostic(note) => self.line("35", &format!("note: {}", note.message)),
            _ => Ok(()),
        }
    }

    /// Adds to the open line, or opens one.
    fn grow(&mut self, colour: &str, label: &str, text: &str) -> std::io::Result<()> {
        let label = if self.open { "" } else { label };
        self.open = true;
        self.write(colour, &format!("{label}{text}"))
    }

    fn end(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.open) { self.write("0", "\n") } else { Ok(()) }
    }

    fn line(&mut self, colour: &str, text: &str) -> std::io::Result<()> {
        self.end()?;
        self.write(colour, &format!("{text}\n"))
    }

    fn write(&self, colour: &str, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match (self.colour, colour) {
            (true, colour) if colour != "0" => write!(out, "\x1b[{colour}m{text}\x1b[0m")?,
            _ => write!(out, "{text}")?,
        }
        out.flush()
    }
}

fn shown(part: &ToolResultContent) -> String {
    match part {
        ToolResultContent::Text(text) => text.clone(),
        ToolResultContent::Json(json) => json.to_string(),
        other => format!("[{}]", other.kind().unwrap_or_default()),
    }
}
