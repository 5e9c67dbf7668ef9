//! Whatever a request holds, there is a verdict.

use proptest::prelude::*;

use super::*;

const MODELS: [&str; 8] = [CLAUDE, CLAUDE_46, CLAUDE_55, NOVA, LLAMA, MISTRAL, UNKNOWN, ""];

/// A request with nearly all there is.
fn everything() -> Value {
    json!({
        "messages": [
            user(json!([{"text": "Hi"}, {"cachePoint": {"type": "default", "ttl": "1h"}}])),
            assistant(json!([
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "Em91dGNyb3AtbG9jYWwB"}}},
                {"reasoningContent": {"redactedContent": "RW05MWRHTnliM0E="}},
                {"text": "So."},
                tool_use("A"),
            ])),
            user(json!([
                {"toolResult": {"toolUseId": "A", "status": "error", "content": [
                    {"json": {"a": 1}},
                    {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}},
                    {"document": {"name": "a", "format": "pdf", "source": {"s3Location": {"uri": "s3://b/k"}}}},
                ]}},
                {"document": {"name": "a", "source": {"text": "b"}, "citations": {"enabled": true}}},
                {"text": "Go on."},
            ])),
        ],
        "system": [{"text": "Be kind."}],
        "inferenceConfig": {"maxTokens": 5000, "temperature": 1, "topP": 0.5, "stopSequences": ["a"]},
        "toolConfig": {
            "tools": [
                {"toolSpec": {"name": "a", "strict": true, "inputSchema": {"json": {
                    "type": "object",
                    "properties": {"a": {"$ref": "#/$defs/B"}, "c": {"type": ["array", "null"], "items": {}}},
                    "$defs": {"B": {"anyOf": [{"$ref": "#/$defs/B"}]}},
                    "required": ["a"],
                    "additionalProperties": false,
                }}}},
                {"cachePoint": {"type": "default"}},
            ],
            "toolChoice": {"tool": {"name": "a"}},
        },
        "additionalModelRequestFields": {
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "anthropic_beta": ["interleaved-thinking-2025-05-14"],
            "tool_choice": {"type": "auto"},
        },
        "requestMetadata": {"a": "b"},
        "outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {
            "schema": "{\"$ref\": \"#/$defs/A\", \"$defs\": {\"A\": {\"items\": {\"$ref\": \"#/$defs/A\"}}}}",
        }}}},
    })
}

/// Paths to all values within a value.
fn pointers(value: &Value, path: &str, all: &mut Vec<String>) {
    all.push(path.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| pointers(item, &format!("{path}/{at}"), all));
        }
        Value::Object(members) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            members.iter().for_each(|(key, item)| pointers(item, &format!("{path}/{}", escaped(key)), all));
        }
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let words = "(text|toolUse|toolResult|content|user|assistant|enabled|auto|𝄞é \\n|[a-z#/$]{0,6})";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(words, inner, 0..4).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn changed_requests(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 0..4),
        moved in any::<Option<(prop::sample::Index, prop::sample::Index)>>(),
    ) {
        let mut request = everything();
        if let Some((from, to)) = moved {
            let mut all = Vec::new();
            pointers(&request, "", &mut all);
            let part = request.pointer(&all[from.index(all.len())]).cloned().unwrap_or_default();
            if let Some(place) = request.pointer_mut(&all[to.index(all.len())]) {
                *place = part;
            }
        }
        for (at, value) in changes {
            let mut all = Vec::new();
            pointers(&request, "", &mut all);
            if let Some(place) = request.pointer_mut(&all[at.index(all.len())]) {
                *place = value;
            }
        }
        let body = request.to_string();
        let counted = json!({"input": {"converse": request}}).to_string();
        for model_id in MODELS {
            let _ = judge(model_id, Operation::Converse, body.as_bytes());
            let _ = Judge::of(model_id).own_signatures_only().judge(Operation::ConverseStream, body.as_bytes());
            let _ = judge(model_id, Operation::CountTokens, counted.as_bytes());
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = judge(NOVA, Operation::Converse, &bytes);
    }
}
