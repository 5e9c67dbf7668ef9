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
            "Forecast for São Paulo for the next 3 days, in fahrenheit please",
            "What's the weather in Lisbon, Porto and New York?",
            "Please add 2 and 40.5.",
            "What is 17 plus 4?",
            "Search for red umbrellas",
            "Do you have red umbrellas in stock? Limit 5.",
            "Order 3 of item_id A-17",
            "Search for umbrellas and order 2 of them",
            "Email ada@example.com: lunch is at noon",
            "Send an email to ada@example.com with subject \"Lunch\" and body \"At noon?\"",
            "Book a nonstop flight from Lisbon to Rio de Janeiro on 3 May 2025",
            "What time is it? And what is the weather in Paris?",
            "Add 1 and 2, and tell me the temperature in Oslo",
            "use current_time",
            "Hello!",
            "Who wrote Hamlet?",
            "",
        ],
        expect![[r#"
            What is the weather in Lisbon?
              get_weather {"city":"Lisbon"}
            Forecast for São Paulo for the next 3 days, in fahrenheit please
              get_weather {"city":"São Paulo","unit":"fahrenheit","days":3}
            What's the weather in Lisbon, Porto and New York?
              get_weather {"city":"Lisbon"}
              get_weather {"city":"Porto"}
              get_weather {"city":"New York"}
            Please add 2 and 40.5.
              add {"a":2,"b":40.5}
            What is 17 plus 4?
              add {"a":17,"b":4}
            Search for red umbrellas
              search_items {"query":"red umbrellas"}
            Do you have red umbrellas in stock? Limit 5.
              search_items {"query":"red umbrellas stock","limit":5}
            Order 3 of item_id A-17
              order_item {"item_id":"A-17","quantity":3}
            Search for umbrellas and order 2 of them
              search_items {"query":"umbrellas"}
            Email ada@example.com: lunch is at noon
              send_email {"to":"ada@example.com","body":"lunch is at noon"}
            Send an email to ada@example.com with subject "Lunch" and body "At noon?"
              send_email {"to":"ada@example.com","subject":"Lunch","body":"At noon?"}
            Book a nonstop flight from Lisbon to Rio de Janeiro on 3 May 2025
              book_flight {"origin":"Lisbon","destination":"Rio de Janeiro","date":"2025-05-03","nonstop":true}
            What time is it? And what is the weather in Paris?
              get_weather {"city":"Paris"}
              current_time {}
            Add 1 and 2, and tell me the temperature in Oslo
              get_weather {"city":"Oslo"}
              add {"a":1,"b":2}
            use current_time
              current_time {}
            Hello!
              “Hello! I am the demo model, a stand-in for a real one. What can I do?”
            Who wrote Hamlet?
              “I am the demo model, a stand-in for a real one. You said: “Who wrote Hamlet?”.”

              “I am the demo model, and I read no text from you.”
        "#]],
    );
}

/// One tool, one prompt: its input.
#[test]
fn inputs_of_many_kinds_are_filled() {
    let text = || json!({"type": "string"});
    let of = |name: &str, description: &str, properties: Value, required: &[&str]| {
        tool(name, description, properties, required)
    };
    let table = [
        (
            "What is 3111696 / 74088?",
            of("calculator", "Calculates.", json!({"expression": text()}), &["expression"]),
        ),
        (
            "What is 3 * 12?",
            of("multiply", "", json!({"a": {"type": "number"}, "b": {"type": "number"}}), &["a", "b"]),
        ),
        (
            "Put my money on square eighteen",
            of(
                "roulette_wheel",
                "Is the square a winner?",
                json!({"square": {"type": "integer"}}),
                &["square"],
            ),
        ),
        (
            "Count the letter R in the word strawberry",
            of(
                "letter_counter",
                "Counts a letter in a word.",
                json!({"word": text(), "letter": text()}),
                &["word", "letter"],
            ),
        ),
        (
            "Convert 100 USD to EUR.",
            of(
                "convert_currency",
                "",
                json!({"amount": {"type": "number"}, "from_currency": text(), "to_currency": text()}),
                &["amount", "from_currency", "to_currency"],
            ),
        ),
        (
            "The stock price of AAPL and MSFT",
            of("get_stock_price", "", json!({"symbol": text()}), &["symbol"]),
        ),
        (
            "Alice is 30 years old and lives in Paris",
            of(
                "final_result",
                "",
                json!({"name": text(), "age": {"type": "integer"}, "city": text()}),
                &["name", "age"],
            ),
        ),
        ("Run the command ls -la", of("bash", "Runs a command.", json!({"command": text()}), &["command"])),
        (
            "Create a task \"Buy milk\" due 2025-06-01, high priority",
            of(
                "create_task",
                "",
                json!({"title": text(), "due": {"type": "string", "format": "date"}, "priority": {"enum": ["low", "high"]}}),
                &["title"],
            ),
        ),
        (
            "Compare Lisbon, Porto and Faro",
            of("compare", "", json!({"cities": {"type": "array", "items": text()}}), &["cities"]),
        ),
    ];
    let mut all = String::new();
    for (prompt, tool) in table {
        let said = message(&respond(CLAUDE, &with_tools(prompt, vec![tool])));
        said.tool_uses().for_each(|call| all.push_str(&format!("{} {}\n", call.name, call.input.as_str())));
    }
    expect![[r#"
        calculator {"expression":"3111696 / 74088"}
        multiply {"a":3,"b":12}
        roulette_wheel {"square":18}
        letter_counter {"word":"strawberry","letter":"R"}
        convert_currency {"amount":100,"from_currency":"USD","to_currency":"EUR"}
        get_stock_price {"symbol":"AAPL"}
        get_stock_price {"symbol":"MSFT"}
        final_result {"name":"Alice","age":30,"city":"Paris"}
        bash {"command":"ls -la"}
        create_task {"title":"Buy milk","due":"2025-06-01","priority":"high"}
        compare {"cities":["Lisbon","Porto","Faro"]}
    "#]]
    .assert_eq(&all);
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
        text The demo model asks get_weather.
        get_weather {"city":"Rome"}
        tool_use
        text I am the demo model, a stand-in for a real one. You said: “Weather in Rome and Oslo?”.
        end_turn
        text The demo model asks get_weather.
        get_weather {"city":"Rome"}
        tool_use
        search_items {"query":"Weather Rome Oslo"}
        tool_use
    "#]]
    .assert_eq(&all);
}
