//! The demo model on generated schemas and requests: inputs are valid, nothing panics.

use std::time::Duration;

use outcrop_core::{
    Request, StopReason, ToolSpec,
    wire::{ToolChoice, ToolConfig},
};
use outcrop_local::Demo;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::demo::{CLAUDE, ask, message, tools};

/// Schemas that something fits, with most words that tools use.
fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({"type": "string"})),
        (0usize..20, 0usize..20).prop_map(|(least, more)| json!({"type": "string", "minLength": least, "maxLength": least + more})),
        prop::sample::select(vec!["date", "date-time", "time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "duration"])
            .prop_map(|format| json!({"type": "string", "format": format})),
        prop::sample::select(vec!["^[A-Z]{3}$", r"^\d{3}-\d{4}$", "^(cat|dog)s?$", "^[a-z0-9_]{2,8}$", r"^\w+@\w+$"])
            .prop_map(|pattern| json!({"type": "string", "pattern": pattern})),
        prop::collection::vec("[a-z]{1,6}( [a-z]{1,4})?", 1..4).prop_map(|values| json!({"enum": values})),
        prop::collection::vec(-5i64..50, 1..4).prop_map(|values| json!({"type": "integer", "enum": values})),
        (-100i64..100, 0i64..50).prop_map(|(least, more)| json!({"type": "integer", "minimum": least, "maximum": least + more})),
        (-100i64..100, 2i64..50).prop_map(|(least, more)| json!({"type": "number", "exclusiveMinimum": least, "exclusiveMaximum": least + more})),
        (1i64..20).prop_map(|step| json!({"type": "integer", "multipleOf": step, "minimum": 3})),
        (-50.0f64..50.0).prop_map(|most| json!({"type": "number", "maximum": most})),
        Just(json!({"type": "boolean"})),
        Just(json!({"type": "null"})),
        Just(json!({"type": ["string", "null"]})),
        Just(json!({"type": ["integer", "null"], "default": null})),
        any::<i32>().prop_map(|value| json!({"const": value})),
        Just(json!({"type": "string", "default": "x", "description": "Such as \"y\""})),
        Just(json!({"type": "integer", "examples": [7]})),
        Just(json!({"$ref": "#/$defs/place"})),
        Just(json!({"$ref": "#/$defs/tree"})),
        Just(json!(true)),
        Just(json!({})),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            (inner.clone(), 0usize..4, 0usize..4, any::<bool>()).prop_map(|(items, least, more, loose)| {
                // Only types with enough values can be asked to differ.
                let many = items.get("type").is_some_and(|kind| kind == "string") && items.get("maxLength").is_none()
                    && items.get("pattern").is_none();
                json!({"type": "array", "items": items, "minItems": least, "maxItems": least + more, "uniqueItems": many && loose})
            }),
            (prop::collection::vec(inner.clone(), 1..3)).prop_map(|items| json!({"type": "array", "prefixItems": items, "minItems": 1})),
            object(inner.clone()),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|branches| json!({"anyOf": branches})),
            (object(inner.clone()), object(inner.clone())).prop_map(|(one, other)| json!({"allOf": [
                {"type": "object", "properties": {"one": one}, "required": ["one"]},
                {"type": "object", "properties": {"other": other}},
            ]})),
            inner.prop_map(|values| json!({"type": "object", "additionalProperties": values, "minProperties": 2})),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = Value> + Clone {
    let names = prop::sample::subsequence(
        vec!["city", "date", "limit", "query", "userId", "to", "from", "tags", "is_open", "unit", "x"],
        0..5,
    );
    (names, prop::collection::vec((inner, any::<bool>()), 5), any::<bool>()).prop_map(|(names, properties, closed)| {
        let mut all = Map::new();
        let mut required = Vec::new();
        for (name, (schema, needed)) in names.into_iter().zip(properties) {
            all.insert(name.to_owned(), schema);
            if needed {
                required.push(name);
            }
        }
        json!({"type": "object", "properties": all, "required": required, "additionalProperties": !closed})
    })
}

fn root() -> impl Strategy<Value = Value> {
    object(schema().boxed()).prop_map(|mut root| {
        root["$defs"] = json!({
            "place": {"type": "object", "properties": {"city": {"type": "string"}, "zip": {"type": "string", "pattern": "^[0-9]{5}$"}}, "required": ["city", "zip"]},
            "tree": {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}, "name": {"type": "string"}}, "required": ["name"]},
        });
        root
    })
}

fn prompt() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        prop::sample::select(vec![
            "weather",
            "in",
            "Lisbon",
            "and",
            "Porto,",
            "to",
            "from",
            "limit",
            "7",
            "-3.5",
            "1e9",
            "2025-05-03",
            "10:30",
            "ada@example.com",
            "https://a.org/x",
            "\"quoted text\"",
            "don't",
            "A-17",
            "ABC",
            "cats",
            "not",
            "open",
            "5 days",
            "2+2",
            "…",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec(word, 0..14).prop_map(|words| words.join(" "))
}

fn valid(schema: &Value, input: &Value) -> bool {
    jsonschema::options().should_validate_formats(true).build(schema).unwrap().is_valid(input)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn inputs_fit_their_schemas(schema in root(), prompt in prompt()) {
        let spec = ToolSpec::with_schema("do_it", "Does it.", schema.clone());
        let mut config = ToolConfig::new(vec![spec.into()]);
        config.tool_choice = Some(ToolChoice::any());
        let request = ask(&prompt).tool_config(config);
        let response = Demo::new().respond(CLAUDE, &request, Duration::ZERO);
        prop_assert_eq!(&response.stop_reason, &StopReason::ToolUse);
        let said = message(&response);
        let mut calls = 0;
        for call in said.tool_uses() {
            calls += 1;
            let input = call.input.wire().to_value().unwrap();
            prop_assert!(valid(&schema, &input), "{} does not fit {}", input, schema);
        }
        prop_assert!(calls > 0);
    }

    #[test]
    fn any_text_is_answered(prompt in prompt(), noise in ".{0,60}", limit in 1u32..60, model in prop::sample::select(vec![
        CLAUDE, "amazon.nova-lite-v1:0", "amazon.nova-2-lite-v1:0", "openai.gpt-oss-20b-1:0", "us.anthropic.claude-opus-5-5", "", "x",
    ])) {
        let demo = Demo::new();
        for text in [prompt.clone(), noise.clone(), format!("{prompt} {noise}")] {
            let config = outcrop_core::wire::InferenceConfig::new().max_tokens(limit).stop_sequences([noise.as_str()]);
            let request = ask(&text).tool_config(ToolConfig::new(tools())).inference_config(config);
            let events = demo.respond_stream(model, &request, Duration::ZERO);
            prop_assert!(events.len() >= 3);
            demo.respond(model, &request, Duration::ZERO);
        }
    }

    #[test]
    fn any_request_is_answered(bytes in request_json()) {
        let Ok(request) = serde_json::from_value::<Request>(bytes) else { return Ok(()) };
        let demo = Demo::new();
        for model in [CLAUDE, "amazon.nova-pro-v1:0", "deepseek.r1-v1:0"] {
            prop_assert!(demo.respond_stream(model, &request, Duration::ZERO).len() >= 3);
            demo.respond(model, &request, Duration::ZERO);
        }
    }
}

/// Requests that are odd in every member.
fn request_json() -> impl Strategy<Value = Value> {
    let odd = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!([])),
        Just(json!({})),
        Just(json!([1, {"a": [null]}])),
    ];
    let block = prop_oneof![
        prompt().prop_map(|text| json!({"text": text})),
        Just(json!({"cachePoint": {"type": "default", "ttl": "1h"}})),
        odd.clone().prop_map(|input| json!({"toolUse": {"toolUseId": "t1", "name": "get_weather", "input": input}})),
        (odd.clone(), prop::sample::select(vec!["error", "success"])).prop_map(|(value, status)| {
            json!({"toolResult": {"toolUseId": "t1", "content": [{"json": value}, {"text": "use \"x\" at most 3"}], "status": status}})
        }),
        Just(json!({"document": {"name": "a", "source": {"text": "é. b? Lisbon!"}, "citations": {"enabled": true}}})),
        Just(json!({"document": {"name": "a", "source": {"content": [{"text": " "}, {"text": "b"}]}, "citations": {"enabled": true}}})),
        Just(json!({"searchResult": {"source": "s", "title": "t", "content": [{"text": "u"}], "citations": {"enabled": true}}})),
        Just(json!({"image": {"format": "png", "source": {"bytes": "AAAA"}}})),
        Just(json!({"reasoningContent": {"reasoningText": {"text": "x"}}})),
        odd.clone().prop_map(|value| json!({"newThing": value})),
    ];
    let role = prop::sample::select(vec!["user", "assistant", "system", "robot"]);
    let message = (role, prop::collection::vec(block, 0..4))
        .prop_map(|(role, content)| json!({"role": role, "content": content}));
    let spec = odd
        .clone()
        .prop_map(|schema| json!({"toolSpec": {"name": "get_weather", "inputSchema": {"json": schema}}}));
    let choice = prop::sample::select(vec![
        json!({"any": {}}),
        json!({"auto": {}}),
        json!({"tool": {"name": "get_weather"}}),
        json!({"tool": {"name": "?"}}),
        json!({"x": 1}),
    ]);
    (prop::collection::vec(message, 0..6), prop::collection::vec(spec, 0..3), choice, odd.clone(), odd).prop_map(
        |(messages, tools, choice, fields, schema)| {
            json!({
                "messages": messages,
                "toolConfig": {"tools": tools, "toolChoice": choice},
                "additionalModelRequestFields": {"thinking": {"type": "enabled", "x": fields}, "tool_choice": fields, "anthropic_beta": fields, "tools": fields},
                "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema.to_string()}}}},
                "inferenceConfig": {"maxTokens": 0, "stopSequences": ["", "a"]},
            })
        },
    )
}
