//! cargo run --example live_args
//!
//! The arguments of two tool calls, shown while the model is still writing them: a long `write_file`, read as a
//! struct that borrows its strings, and a nested `book_trip`, read as the tree that it is. On a terminal they fill in
//! place; elsewhere (`| cat`) each change is a line. The model's part is played from a script by an endpoint in this
//! process.

use std::{
    error::Error,
    fmt::Write as _,
    io::{IsTerminal, Write},
    time::Duration,
};

use futures::TryStreamExt;
use outcrop::{
    Agent, Bedrock, EventKind, LiveInput, Tool,
    core::wire::ToolResultContent,
    json::{Kind, NodeRef},
};
use outcrop_local::{Answer, Local, Script};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

// ---- The tools. ----------------------------------------------------------------------------------------------

#[derive(Deserialize, JsonSchema)]
struct WriteFile {
    path: String,
    content: String,
}

/// The same input while it grows: what has not begun is `None`, and strings are borrowed from the live value.
#[derive(Deserialize)]
struct WriteFileSoFar<'a> {
    path: Option<&'a str>,
    content: Option<&'a str>,
}

#[derive(Deserialize, JsonSchema)]
struct BookTrip {
    traveller: String,
    stays: Vec<Stay>,
}

#[derive(Deserialize, JsonSchema)]
struct Stay {
    city: String,
    nights: u32,
    wishes: Vec<String>,
}

fn tools() -> [Tool; 2] {
    let write = Tool::new::<WriteFile, _>("write_file", "Writes a text file.", |file, _| async move {
        // Here it would be written: the input is whole, strict JSON and fits the schema.
        format!("{} bytes in {}", file.content.len(), file.path)
    });
    let book = Tool::new::<BookTrip, _>("book_trip", "Books hotels for a trip.", |trip, _| async move {
        let nights =
            |stay: &Stay| format!("{} nights in {} ({} wishes)", stay.nights, stay.city, stay.wishes.len());
        let stays: Vec<_> = trip.stays.iter().map(nights).collect();
        format!("booked for {}: {}", trip.traveller, stays.join(", "))
    });
    [write, book]
}

// ---- The model: a script that writes in small pieces. ----------------------------------------------------------

fn script() -> Script {
    let days = [
        "Thursday: Alfama on foot, then \"Museu do Azulejo\".",
        "Friday: train to Porto, riverside at dusk.",
    ];
    let mut content = String::from("# Four days in Portugal\n\n");
    for (number, day) in days.iter().cycle().take(8).enumerate() {
        let _ = writeln!(
            content,
            "{}. {day}\n   Take the 28E tram early; later it is full.\tBuy the pass first.",
            number + 1
        );
    }
    let file = json!({ "path": "plans/portugal.md", "content": content });
    let trip = json!({
        "traveller": "Ana Müller",
        "stays": [
            { "city": "Lisboa", "nights": 2, "wishes": ["quiet room", "late check-out"] },
            { "city": "Porto", "nights": 2, "wishes": ["view of the Douro 🌉"] },
        ],
    });
    let writes = Answer::new()
        .text("I write the plan down and book the hotels.")
        .tool_use("tooluse_write", "write_file", file)
        .tool_use("tooluse_book", "book_trip", trip)
        .delay_between(Duration::from_millis(12));
    Script::new().answer(writes).answer("The plan is written and both hotels are booked.")
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
    let agent = Agent::builder(bedrock).tools(tools()).build()?;

    let mut screen = Screen::default();
    let mut turn = agent.ask("Plan four days in Portugal, save the plan and book.").stream();
    while let Some(event) = turn.try_next().await? {
        match &event.kind {
            EventKind::ToolInputStart(start) => screen.begin(&start.name)?,
            // What there is of the input, as of this event. Nothing was parsed before it is asked for here.
            EventKind::ToolInputDelta(_) => {
                if let Some(input) = turn.live(&event) {
                    screen.grow(&input)?;
                }
            }
            EventKind::ToolInputEnd(_) => screen.end()?,
            EventKind::ToolEnd(end) => {
                if let Some(ToolResultContent::Text(text)) = end.result.content.first() {
                    println!("  {text}");
                }
            }
            EventKind::TextDelta(delta) => print!("{}", delta.text),
            EventKind::TextEnd(_) => println!(),
            _ => {}
        }
    }
    Ok(())
}

// ---- Showing it. -----------------------------------------------------------------------------------------------

/// Redraws a panel on a terminal; elsewhere prints what changed.
#[derive(Default)]
struct Screen {
    tool: String,
    /// Lines of the panel that is on the terminal.
    drawn: usize,
}

impl Screen {
    fn begin(&mut self, tool: &str) -> std::io::Result<()> {
        self.tool = tool.to_owned();
        self.drawn = 0;
        println!("{tool}");
        Ok(())
    }

    fn grow(&mut self, input: &LiveInput<'_>) -> std::io::Result<()> {
        if !std::io::stdout().is_terminal() {
            return print_changes(input);
        }
        let panel = match self.tool.as_str() {
            "write_file" => file_panel(input),
            _ => tree_panel(input),
        };
        let mut out = std::io::stdout().lock();
        if self.drawn > 0 {
            // Back to the first line of the panel, and all below it away.
            write!(out, "\x1b[{}A\x1b[J", self.drawn)?;
        }
        self.drawn = panel.lines().count();
        write!(out, "{panel}")?;
        out.flush()
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.drawn = 0;
        std::io::stdout().flush()
    }
}

/// The last lines of the file, by the struct that borrows from the live value.
fn file_panel(input: &LiveInput<'_>) -> String {
    const SHOWN: usize = 6;
    let Ok(file) = input.partial::<WriteFileSoFar<'_>>() else { return String::new() };
    let content = file.content.unwrap_or_default();
    let lines: Vec<&str> = content.lines().collect();
    let mut panel = format!("  {} · {} bytes\n", file.path.unwrap_or("…"), content.len());
    for line in lines.iter().skip(lines.len().saturating_sub(SHOWN)) {
        let line: String =
            line.chars().take(70).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
        let _ = writeln!(panel, "  │ {line}");
    }
    panel
}

/// Any input, as the tree that it is.
fn tree_panel(input: &LiveInput<'_>) -> String {
    fn draw(panel: &mut String, name: &str, node: NodeRef<'_>, indent: usize) {
        let growing = if node.is_complete() { "" } else { " ▌" };
        let value = match node.kind() {
            Kind::String => format!("{:?}", node.as_str().unwrap_or_default()),
            Kind::Number => node.as_number().unwrap_or_default().to_owned(),
            Kind::Bool => node.as_bool().unwrap_or_default().to_string(),
            _ => String::new(),
        };
        let _ = writeln!(panel, "  {:indent$}{name}: {value}{growing}", "");
        for (name, member) in node.members() {
            draw(panel, name, member, indent + 2);
        }
        for (index, item) in node.items().enumerate() {
            draw(panel, &(index + 1).to_string(), item, indent + 2);
        }
    }
    let mut panel = String::new();
    for (name, member) in input.root().into_iter().flat_map(NodeRef::members) {
        draw(&mut panel, name, member, 0);
    }
    panel
}

/// What this event changed, a line each, as it could be sent to a page.
fn print_changes(input: &LiveInput<'_>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for change in input.changes() {
        writeln!(out, "  {}", serde_json::to_string(&change)?)?;
    }
    Ok(())
}
