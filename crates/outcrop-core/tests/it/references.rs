//! R79: schemas as models are shown them that follow references, and as those are that follow none.

use std::sync::Arc;

use expect_test::{Expect, expect};
use outcrop_core::{Strategy, profile::*, tools::*, turn::*, wire::*};
use serde_json::{Value, json};

use crate::support::{Sim, begin, end, stop, text, whole_call};

const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const CLAUDE: &str = "anthropic.claude-sonnet-4-6";

/// Places that refer to one another, and to themselves where that is asked for.
fn trip(recursive: bool) -> Value {
    let next = if recursive { json!({ "$ref": "#/$defs/Stop" }) } else { json!({ "type": "null" }) };
    json!({
        "type": "object",
        "properties": { "from": { "$ref": "#/$defs/Stop", "description": "Where from." }, "to": { "$ref": "#/$defs/Stop" } },
        "required": ["to"],
        "$defs": {
            "Stop": { "type": "object", "properties": { "city": { "$ref": "#/$defs/City" }, "next": next } },
            "City": { "type": "string", "minLength": 1 },
        },
    })
}

/// The schema that `model` is sent: of a tool of the agent where no strategy is told.
fn sent(model: &str, schema: &Value, strategy: Option<Strategy>) -> String {
    let spec = ToolSpec::with_schema("trip", "Plans.", schema.clone());
    let tools = if strategy.is_none() { vec![spec] } else { Vec::new() };
    let mut config = TurnConfig::new(model, Arc::new(ToolSet::new(tools).unwrap()));
    if let Some(strategy) = strategy {
        config = config.output(OutputSpec::new("trip", schema.clone()).unwrap().strategy(strategy));
    }
    let sim = Sim::new(config);
    let Some(ask) = &sim.ask else { return sim.log.lines().last().unwrap_or_default().to_owned() };
    let format = ask.request.output_config.as_ref().and_then(|config| config.text_format.as_ref());
    if let Some(TextStructure::JsonSchema(format)) = format.map(|format| &format.structure) {
        return format.schema.to_string();
    }
    let tools = ask.request.tool_config.iter().flat_map(|config| &config.tools);
    let mut schemas = tools.filter_map(|tool| match tool {
        ToolEntry::ToolSpec(ToolSpec { input_schema: InputSchema::Json(schema), .. }) => {
            Some(schema.to_string())
        }
        _ => None,
    });
    let said = || serde_json::to_value(&ask.request.system).unwrap()[0]["text"].as_str().unwrap().to_owned();
    schemas.next().unwrap_or_else(|| said().lines().last().unwrap().to_owned())
}

fn check(schema: Value, strategy: Option<Strategy>, followed: Expect, inlined: Expect) {
    followed.assert_eq(&sent(CLAUDE, &schema, strategy));
    inlined.assert_eq(&sent(GPT_OSS, &schema, strategy));
}

/// Each way in which a schema is sent.
#[test]
fn r79_every_way() {
    for (strategy, followed, inlined) in [
        (
            Some(Strategy::Native),
            expect![[
                r##"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}},"description":"Where from.","additionalProperties":false},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"additionalProperties":false,"$defs":{"City":{"type":"string","description":"At least 1 character."},"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}},"additionalProperties":false}}}"##
            ]],
            expect![[
                r#"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"type":"string","description":"At least 1 character."},"next":{"type":"null"}},"description":"Where from.","additionalProperties":false},"to":{"type":"object","properties":{"city":{"type":"string","description":"At least 1 character."},"next":{"type":"null"}},"additionalProperties":false}},"required":["to"],"additionalProperties":false}"#
            ]],
        ),
        (
            Some(Strategy::StrictTool),
            expect![[
                r##"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}},"description":"Where from.","additionalProperties":false},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"additionalProperties":false,"$defs":{"City":{"type":"string","description":"At least 1 character."},"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}},"additionalProperties":false}}}"##
            ]],
            expect![[
                r#"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"type":"string","description":"At least 1 character."},"next":{"type":"null"}},"description":"Where from.","additionalProperties":false},"to":{"type":"object","properties":{"city":{"type":"string","description":"At least 1 character."},"next":{"type":"null"}},"additionalProperties":false}},"required":["to"],"additionalProperties":false}"#
            ]],
        ),
        (
            Some(Strategy::Tool),
            expect![[
                r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}}},"City":{"type":"string","minLength":1}}}"##
            ]],
            expect![[
                r#"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}},"description":"Where from."},"to":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}}}},"required":["to"]}"#
            ]],
        ),
        (
            Some(Strategy::Prompt),
            expect![[
                r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}}},"City":{"type":"string","minLength":1}}}"##
            ]],
            expect![[
                r#"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}},"description":"Where from."},"to":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}}}},"required":["to"]}"#
            ]],
        ),
        (
            None,
            expect![[
                r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"type":"null"}}},"City":{"type":"string","minLength":1}}}"##
            ]],
            expect![[
                r#"{"type":"object","properties":{"from":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}},"description":"Where from."},"to":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"type":"null"}}}},"required":["to"]}"#
            ]],
        ),
    ] {
        check(trip(false), strategy, followed, inlined);
    }
}

/// What leads to itself cannot be inlined: where any schema is taken it stays, with what it needs.
#[test]
fn r79_what_leads_to_itself() {
    check(
        trip(true),
        Some(Strategy::Native),
        expect![
            "failed: the schema cannot be asked for by native output: the schema at `/properties/from` cannot be sent: it leads to itself"
        ],
        expect![
            "failed: the schema cannot be asked for by native output: the schema at `/properties/from` cannot be sent: it leads to itself"
        ],
    );
    check(
        trip(true),
        Some(Strategy::Tool),
        expect![[
            r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"$ref":"#/$defs/Stop"}}},"City":{"type":"string","minLength":1}}}"##
        ]],
        expect![[
            r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"$ref":"#/$defs/Stop"}}}}}"##
        ]],
    );
    check(
        trip(true),
        None,
        expect![[
            r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"$ref":"#/$defs/City"},"next":{"$ref":"#/$defs/Stop"}}},"City":{"type":"string","minLength":1}}}"##
        ]],
        expect![[
            r##"{"type":"object","properties":{"from":{"$ref":"#/$defs/Stop","description":"Where from."},"to":{"$ref":"#/$defs/Stop"}},"required":["to"],"$defs":{"Stop":{"type":"object","properties":{"city":{"type":"string","minLength":1},"next":{"$ref":"#/$defs/Stop"}}}}}"##
        ]],
    );
    // A root that refers, and one that leads to itself.
    let root = json!({ "$ref": "#/$defs/T", "$defs": { "T": { "type": "object", "minProperties": 1 } } });
    check(
        root,
        Some(Strategy::Tool),
        expect![[
            r##"{"type":"object","properties":{"value":{"$ref":"#/$defs/T"}},"required":["value"],"additionalProperties":false,"$defs":{"T":{"type":"object","minProperties":1}}}"##
        ]],
        expect![[r#"{"type":"object","minProperties":1}"#]],
    );
    let list = json!({ "type": "object", "properties": { "next": { "$ref": "#" }, "n": { "$ref": "#/$defs/N" } }, "$defs": { "N": { "type": "integer" }, "M": {} } });
    check(
        list,
        Some(Strategy::Tool),
        expect![[
            r##"{"type":"object","properties":{"next":{"$ref":"#"},"n":{"$ref":"#/$defs/N"}},"$defs":{"N":{"type":"integer"},"M":{}}}"##
        ]],
        expect![[r##"{"type":"object","properties":{"next":{"$ref":"#"},"n":{"type":"integer"}}}"##]],
    );
}

/// What stands beside a reference still counts, and names are there once.
#[test]
fn r79_beside_a_reference() {
    let closed = json!({
        "type": "object",
        "properties": { "a": { "$ref": "#base", "properties": { "b": { "type": "null" } }, "unevaluatedProperties": false } },
        "$defs": { "Base": { "$anchor": "base", "type": "object", "properties": { "c": { "type": "null" } } } },
    });
    check(
        closed,
        Some(Strategy::Tool),
        expect![[
            r##"{"type":"object","properties":{"a":{"$ref":"#base","properties":{"b":{"type":"null"}},"unevaluatedProperties":false}},"$defs":{"Base":{"$anchor":"base","type":"object","properties":{"c":{"type":"null"}}}}}"##
        ]],
        expect![[
            r#"{"type":"object","properties":{"a":{"properties":{"b":{"type":"null"}},"unevaluatedProperties":false,"allOf":[{"type":"object","properties":{"c":{"type":"null"}}}]}}}"#
        ]],
    );
    // Nothing that looks like a reference is one, and a schema that would grow too much stays as it is.
    let data = json!({ "type": "object", "properties": { "$ref": { "const": { "$ref": "#/$defs/A" } }, "a": { "$ref": "#/$defs/A" } }, "$defs": { "A": { "type": "null" } } });
    assert_eq!(sent(GPT_OSS, &data, None), data.to_string());
    let mut doubled = json!({ "type": "object", "$defs": { "D0": { "type": "null" } }, "properties": { "d": { "$ref": "#/$defs/D12" } } });
    for level in 0..12 {
        let half = json!({ "$ref": format!("#/$defs/D{level}") });
        doubled["$defs"][format!("D{}", level + 1)] =
            json!({ "type": "object", "properties": { "a": half, "b": half } });
    }
    assert_eq!(sent(GPT_OSS, &doubled, None), doubled.to_string());
}

/// Which families follow none, and that a user can say otherwise.
#[test]
fn r79_families() {
    let mut none = Vec::new();
    for (model, profile) in crate::shape::PROFILES.iter() {
        let follows = !sent(model, &trip(false), None).contains("$ref");
        assert_eq!(follows, !profile.schema.follows_references, "{model}");
        none.extend(follows.then(|| profile.family.clone()));
    }
    none.sort_unstable();
    none.dedup();
    assert_eq!(none, ["amazon-nova", "openai-gpt-oss", "qwen"]);
    let told = r#"{"followsReferences":false}"#;
    assert!(!serde_json::from_str::<Profile>(told).unwrap().schema.follows_references);
}

/// What the model gives is held to the schema as it was declared.
#[test]
fn r79_the_original_decides() {
    let spec = ToolSpec::with_schema("trip", "Plans.", trip(false));
    let config = TurnConfig::new(GPT_OSS, Arc::new(ToolSet::new([spec]).unwrap()));
    let mut sim = Sim::new(config);
    sim.events([begin()]).events(whole_call(0, "a", "trip", r#"{"to":{"city":""}}"#));
    sim.events(whole_call(1, "b", "trip", r#"{"to":{"city":"Faro"}}"#)).events([end("tool_use")]);
    assert_eq!(sim.running.len(), 1);
    let output = OutputSpec::new("trip", trip(false)).unwrap().strategy(Strategy::Prompt).retries(0);
    let mut sim = Sim::new(TurnConfig::new(GPT_OSS, Arc::default()).output(output));
    sim.events([text(0, r#"{"to":{"city":""}}"#), stop(0), end("end_turn")]).end_stream();
    let Some(Err(TurnFailure::Output(failure))) = sim.turn.outcome() else { panic!("{}", sim.log) };
    assert_eq!(failure.attempts.len(), 1);
}
