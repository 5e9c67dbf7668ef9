//! What the demo model calls and says: tables of prompts and tools, and whole turns.

use std::time::Duration;

use expect_test::{Expect, expect};
use outcrop_core::{
    ContentBlock, Message, RawJson, Request, Response, ToolSpec,
    wire::{ToolChoice, ToolConfig, ToolEntry},
};
use outcrop_local::Demo;
use serde_json::{Value, json};

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
pub(crate) const NOVA: &str = "amazon.nova-lite-v1:0";

pub(crate) fn tool(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolEntry {
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    ToolSpec::with_schema(name, description, schema).into()
}

pub(crate) fn weather() -> ToolEntry {
    let properties = json!({
        "city": {"type": "string", "description": "City name"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 10},
    });
    tool("get_weather", "Current weather and forecast for a city.", properties, &["city"])
}

pub(crate) fn tools() -> Vec<ToolEntry> {
    let text = || json!({"type": "string"});
    vec![
        weather(),
        tool(
            "add",
            "Adds two numbers.",
            json!({"a": {"type": "number"}, "b": {"type": "number"}}),
            &["a", "b"],
        ),
        tool(
            "search_items",
            "Searches the stock of the shop.",
            json!({"query": text(), "limit": {"type": "integer", "default": 10}}),
            &["query"],
        ),
        tool(
            "order_item",
            "Orders an item by its id.",
            json!({"item_id": text(), "quantity": {"type": "integer", "minimum": 1}}),
            &["item_id", "quantity"],
        ),
        tool(
            "send_email",
            "Sends an email.",
            json!({"to": {"type": "string", "format": "email"}, "subject": text(), "body": text()}),
            &["to", "body"],
        ),
        tool(
            "book_flight",
            "Books a flight.",
            json!({"origin": text(), "destination": text(), "date": {"type": "string", "format": "date"}, "nonstop": {"type": "boolean"}}),
            &["origin", "destination", "date"],
        ),
        tool("current_time", "The time of day.", json!({}), &[]),
    ]
}

pub(crate) fn ask(prompt: &str) -> Request {
    Request::new().messages([Message::user(prompt)])
}

pub(crate) fn with_tools(prompt: &str, tools: Vec<ToolEntry>) -> Request {
    ask(prompt).tool_config(ToolConfig::new(tools))
}

pub(crate) fn respond(model: &str, request: &Request) -> Response {
    Demo::new().respond(model, request, Duration::ZERO)
}

pub(crate) fn message(response: &Response) -> Message {
    response.message().unwrap().clone()
}

/// A block a line, without ids, and the stop reason.
pub(crate) fn lines(response: &Response) -> String {
    lines_of(&message(response)) + response.stop_reason.as_str() + "\n"
}

pub(crate) fn lines_of(message: &Message) -> String {
    let mut lines = String::new();
    for block in &message.content {
        lines.push_str(&match block {
            ContentBlock::Text(text) => format!("text {text}\n"),
            ContentBlock::ToolUse(call) => format!("{} {}\n", call.name, call.input.as_str()),
            ContentBlock::ReasoningContent(_) => "reasoning\n".to_owned(),
            other => format!("{}\n", serde_json::to_string(other).unwrap()),
        });
    }
    lines
}

/// One call a line, or the first words of the text.
fn check_calls(prompts: &[&str], expected: Expect) {
    let mut table = String::new();
    for prompt in prompts {
        let request = with_tools(prompt, tools());
        let response = respond(CLAUDE, &request);
        assert_eq!(response, respond(CLAUDE, &request));
        table.push_str(&format!("{prompt}\n"));
        let calls: Vec<String> = message(&response)
            .tool_uses()
            .map(|call| format!("  {} {}\n", call.name, call.input.as_str()))
            .collect();
        let calls =
            if calls.is_empty() { vec![format!("  “{}”\n", message(&response).text())] } else { calls };
        table.push_str(&calls.concat());
    }
    expected.assert_eq(&table);
}

#[test]
fn tools_are_picked_by_words_and_filled_from_the_prompt() {
    check_calls(
        &[
            "What is the weather in Lisbon?",
            "Weather in São Paulo for the next 3 days, in fahrenheit please",
            "What's the weather in Lisbon, Porto and New York?",
            "Please add 2 and 40.5.",
            "Search for red umbrellas",
            "Do you have red umbrellas in stock?",
            "Search for umbrellas, limit 5",
            "Order 3 of item_id A-17",
            "Search for umbrellas and order 2 of them",
            "Email ada@example.com: lunch is at noon",
            "Send an email to ada@example.com with subject \"Lunch\" and body \"At noon?\"",
            "Book a nonstop flight from Lisbon to Rio on 2025-05-03",
            "What time is it? And what is the weather in Paris?",
            "use current_time",
            "Hello!",
            "Who wrote Hamlet?",
            "",
        ],
        expect![[r#"
            What is the weather in Lisbon?
              get_weather {"city":"Lisbon"}
            Weather in São Paulo for the next 3 days, in fahrenheit please
              get_weather {"city":"São Paulo","unit":"fahrenheit","days":3}
            What's the weather in Lisbon, Porto and New York?
              get_weather {"city":"Lisbon"}
              get_weather {"city":"Porto"}
              get_weather {"city":"New York"}
            Please add 2 and 40.5.
              add {"a":2,"b":40.5}
            Search for red umbrellas
              search_items {"query":"Search for red umbrellas"}
            Do you have red umbrellas in stock?
              search_items {"query":"Do you have red umbrellas in stock?"}
            Search for umbrellas, limit 5
              search_items {"query":"Search for umbrellas, limit 5","limit":5}
            Order 3 of item_id A-17
              order_item {"item_id":"A-17","quantity":3}
            Search for umbrellas and order 2 of them
              search_items {"query":"Search for umbrellas and order 2 of them"}
            Email ada@example.com: lunch is at noon
              send_email {"to":"ada@example.com","body":"Email ada@example.com: lunch is at noon"}
            Send an email to ada@example.com with subject "Lunch" and body "At noon?"
              send_email {"to":"ada@example.com","subject":"Lunch","body":"At noon?"}
            Book a nonstop flight from Lisbon to Rio on 2025-05-03
              book_flight {"origin":"Lisbon","destination":"Rio","date":"2025-05-03","nonstop":true}
            What time is it? And what is the weather in Paris?
              get_weather {"city":"Paris"}
              current_time {}
            use current_time
              current_time {}
            Hello!
              “I am the demo model, a stand-in for a real one. You said: “Hello!”.”
            Who wrote Hamlet?
              “I am the demo model, a stand-in for a real one. You said: “Who wrote Hamlet?”.”

              “I am the demo model, a stand-in for a real one.”
        "#]],
    );
}

/// One tool, one prompt: its input.
#[test]
fn inputs_of_many_kinds_are_filled() {
    let text = || json!({"type": "string"});
    let of = |properties: Value, required: &[&str]| tool("task", "", properties, required);
    let mut all = String::new();
    for (prompt, tool) in [
        (
            "Task: 100 EUR from account-7",
            of(json!({"amount": {"type": "number"}, "account_id": text()}), &["amount", "account_id"]),
        ),
        (
            "Task \"Buy milk\" due 2025-06-01, high priority",
            of(
                json!({"title": text(), "due": {"type": "string", "format": "date"}, "priority": {"enum": ["low", "high"]}}),
                &["title"],
            ),
        ),
        (
            "Task: compare Lisbon, Porto and Faro",
            of(json!({"cities": {"type": "array", "items": text()}}), &["cities"]),
        ),
        (
            "Task: write to ada@example.com about https://example.com/x",
            of(
                json!({"link": {"type": "string", "format": "uri"}, "who": {"type": "string", "format": "email"}}),
                &["who"],
            ),
        ),
        (
            "Task for nobody",
            of(
                json!({
                    "city": text(),
                    "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{2}$"},
                    "when": {"type": "string", "format": "date-time"},
                    "count": {"type": "integer", "minimum": 3},
                    "kind": {"enum": ["a", "b"]},
                    "nested": {"type": "object", "properties": {"flag": {"type": "boolean"}}, "required": ["flag"]},
                    "optional": text(),
                }),
                &["city", "code", "when", "count", "kind", "nested"],
            ),
        ),
    ] {
        let said = message(&respond(CLAUDE, &with_tools(prompt, vec![tool])));
        said.tool_uses().for_each(|call| all.push_str(&format!("{}\n", call.input.as_str())));
    }
    expect![[r#"
        {"amount":100,"account_id":"account-7"}
        {"title":"Buy milk","due":"2025-06-01","priority":"high"}
        {"cities":["Lisbon","Porto","Faro"]}
        {"link":"https://example.com/x","who":"ada@example.com"}
        {"city":"demo city","code":"AAA-11","when":"2025-01-01T12:00:00Z","count":3,"kind":"a","nested":{"flag":false}}
    "#]].assert_eq(&all);
}

pub(crate) fn choose(prompt: &str, choice: ToolChoice, tools: Vec<ToolEntry>) -> Request {
    let mut request = with_tools(prompt, tools);
    request.tool_config.as_mut().unwrap().tool_choice = Some(choice);
    request
}

#[test]
fn a_choice_is_obeyed() {
    let mut all = String::new();
    let mut note = |request: Request| all.push_str(&lines(&respond(CLAUDE, &request)));
    note(choose("Hello!", ToolChoice::any(), tools()));
    note(choose("Hello from Ada, 7", ToolChoice::tool("add"), tools()));
    note(choose("Weather in Rome?", ToolChoice::auto(), tools()));
    let fields = |value: Value| {
        with_tools("Weather in Rome and Oslo?", tools()).additional_model_request_fields(RawJson::from(value))
    };
    note(fields(json!({"tool_choice": {"type": "none"}})));
    note(fields(json!({"tool_choice": {"type": "auto", "disable_parallel_tool_use": true}})));
    note(fields(json!({"tool_choice": {"type": "tool", "name": "search_items"}})));
    expect![[r#"
        get_weather {"city":"demo city"}
        tool_use
        add {"a":7,"b":1}
        tool_use
        text The demo model calls get_weather.
        get_weather {"city":"Rome"}
        tool_use
        text I am the demo model, a stand-in for a real one. You said: “Weather in Rome and Oslo?”.
        end_turn
        text The demo model calls get_weather.
        get_weather {"city":"Rome"}
        tool_use
        search_items {"query":"Weather in Rome and Oslo?"}
        tool_use
    "#]]
    .assert_eq(&all);
}
