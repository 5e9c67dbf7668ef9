//! Whole turns with the demo model: calls, results, errors, the end.

use std::time::Duration;

use expect_test::expect;
use outcrop_core::{ContentBlock, Message, Request, Role, StopReason, ToolResult, wire::ToolChoice};
use outcrop_local::Demo;
use serde_json::{Value, json};

use crate::demo::{CLAUDE, NOVA, choose, lines, message, respond, tool, tools, weather, with_tools};

/// Answers calls until there are none; the whole conversation, one line a block.
fn turn(model: &str, request: &mut Request, run: impl Fn(&str, &Value) -> ToolResult) -> String {
    let demo = Demo::new();
    let mut log = String::new();
    for _ in 0..12 {
        let response = demo.respond(model, request, Duration::ZERO);
        log.push_str(&lines(&response));
        let said = message(&response);
        request.messages.push(said.clone());
        if response.stop_reason != StopReason::ToolUse {
            return log;
        }
        let results: Vec<ContentBlock> = said
            .tool_uses()
            .map(|call| {
                let mut result = run(&call.name, &call.input.wire().to_value().unwrap());
                result.tool_use_id = call.tool_use_id.clone();
                log.push_str(&format!("  -> {}\n", serde_json::to_string(&result.content).unwrap()));
                result.into()
            })
            .collect();
        request.messages.push(Message::new(Role::User, results));
    }
    panic!("the turn does not end:\n{log}");
}

#[test]
fn a_turn_runs_to_its_end() {
    let mut request = with_tools("Search for umbrellas and order 2 of them", tools());
    let log = turn(CLAUDE, &mut request, |name, input| match name {
        "search_items" => ToolResult::text(
            "",
            json!({"items": [{"id": "U-9", "name": "Umbrella"}], "query": input["query"]}).to_string(),
        ),
        "order_item" => {
            ToolResult::text("", format!("ordered {} of {}", input["quantity"], input["item_id"]))
        }
        other => ToolResult::error("", format!("no tool {other}")),
    });
    expect![[r#"
        text The demo model calls search_items.
        search_items {"query":"Search for umbrellas and order 2 of them"}
        tool_use
          -> [{"text":"{\"items\":[{\"id\":\"U-9\",\"name\":\"Umbrella\"}],\"query\":\"Search for umbrellas and order 2 of them\"}"}]
        text The demo model calls order_item.
        order_item {"item_id":"U-9","quantity":2}
        tool_use
          -> [{"text":"ordered 2 of \"U-9\""}]
        text The demo model called its tools.
        search_items returned: {"items":[{"id":"U-9","name":"Umbrella"}],"query":"Search for umbrellas and order 2 of them"}
        order_item returned: ordered 2 of "U-9"
        end_turn
    "#]].assert_eq(&log);
}

#[test]
fn several_results_are_answered_together() {
    let mut request = with_tools("Weather in Lisbon and Porto?", tools());
    let log =
        turn(NOVA, &mut request, |_, input| ToolResult::text("", format!("{} is sunny", input["city"])));
    expect![[r#"
        text <thinking> The demo model calls get_weather. </thinking>

        get_weather {"city":"Lisbon"}
        get_weather {"city":"Porto"}
        tool_use
          -> [{"text":"\"Lisbon\" is sunny"}]
          -> [{"text":"\"Porto\" is sunny"}]
        text The demo model called its tools.
        get_weather returned: "Lisbon" is sunny
        get_weather returned: "Porto" is sunny
        end_turn
    "#]]
    .assert_eq(&log);
}

#[test]
fn a_failed_call_is_repeated_once() {
    let mut request = with_tools("Weather in Lissabon?", tools());
    let run = |_: &str, input: &Value| match input {
        input if input["city"] != "Lisbon" => ToolResult::error("", "unknown city, did you mean \"Lisbon\"?"),
        _ => ToolResult::text("", "sunny"),
    };
    let corrected = turn(CLAUDE, &mut request, run);
    let mut request = with_tools("Weather in Lisbon and Porto?", tools());
    let hopeless = turn(CLAUDE, &mut request, |_, _| ToolResult::error("", "the sensor is broken"));
    expect![[r#"
        text The demo model calls get_weather.
        get_weather {"city":"Lissabon"}
        tool_use
          -> [{"text":"unknown city, did you mean \"Lisbon\"?"}]
        text The demo model calls get_weather.
        get_weather {"city":"Lisbon"}
        tool_use
          -> [{"text":"sunny"}]
        text The demo model called its tools.
        get_weather failed: unknown city, did you mean "Lisbon"?
        get_weather returned: sunny
        end_turn
        ---
        text The demo model calls get_weather.
        get_weather {"city":"Lisbon"}
        get_weather {"city":"Porto"}
        tool_use
          -> [{"text":"the sensor is broken"}]
          -> [{"text":"the sensor is broken"}]
        text The demo model calls get_weather.
        get_weather {"city":"Lisbon"}
        get_weather {"city":"Porto"}
        tool_use
          -> [{"text":"the sensor is broken"}]
          -> [{"text":"the sensor is broken"}]
        text The demo model called its tools.
        get_weather failed: the sensor is broken
        get_weather failed: the sensor is broken
        get_weather failed: the sensor is broken
        get_weather failed: the sensor is broken
        end_turn
    "#]]
    .assert_eq(&format!("{corrected}---\n{hopeless}"));
}

#[test]
fn an_output_tool_comes_last() {
    let output = tool(
        "final_result",
        "The final response which ends this conversation",
        json!({"city": {"type": "string"}, "temperature": {"type": "number"}}),
        &["city", "temperature"],
    );
    let mut request =
        choose("How warm is it in Lisbon? Weather please.", ToolChoice::any(), vec![weather(), output]);
    let mut log = String::new();
    for _ in 0..2 {
        let response = respond(CLAUDE, &request);
        log.push_str(&lines(&response));
        let said = message(&response);
        let id = said.tool_uses().next().unwrap().tool_use_id.clone();
        request.messages.push(said);
        request
            .messages
            .push(Message::user(ContentBlock::from(ToolResult::text(id, r#"{"temperature":21.5}"#))));
    }
    expect![[r#"
        get_weather {"city":"Lisbon"}
        tool_use
        final_result {"city":"Lisbon","temperature":21.5}
        tool_use
    "#]]
    .assert_eq(&log);
}
