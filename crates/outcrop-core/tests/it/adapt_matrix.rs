//! Each keyword of JSON Schema (draft 2020-12) in each position and dialect (R77–R79).

use outcrop_core::schema::adapt::{Action, Why};
use serde_json::{Value, json};

use crate::adapt_support::{check, dialects, instances, validator, written};

/// What the native dialect makes of a keyword.
enum Fate {
    /// It stays, or says nothing.
    Kept,
    /// It is said with other keywords, and no value is taken or refused that was not.
    Exact,
    /// It is left out, and values that it refuses are taken.
    Loose,
    /// It cannot be said.
    Not(Why),
}
use Fate::{Exact, Kept, Loose, Not};

struct Case {
    keyword: &'static str,
    schema: Value,
    /// Values that fit, and go on to fit.
    takes: Vec<Value>,
    /// Values that do not fit.
    refuses: Vec<Value>,
    fate: Fate,
}

fn case(keyword: &'static str, schema: Value, takes: Value, refuses: Value, fate: Fate) -> Case {
    let list = |values: Value| values.as_array().unwrap().clone();
    Case { keyword, schema, takes: list(takes), refuses: list(refuses), fate }
}

fn cases() -> Vec<Case> {
    let ab = |more: Value| {
        let mut schema = json!({
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
            "additionalProperties": false,
        });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let text = |more: Value| with("string", more);
    let number = |more: Value| with("number", more);
    let list = |more: Value| {
        let mut schema = with("array", json!({"items": {"type": "integer"}}));
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let says_nothing = |keyword: &'static str, value: Value| {
        let schema = json!({"type": "string", keyword: value});
        case(keyword, schema, json!(["", "x"]), json!([1, null]), Kept)
    };
    let map = || Not(Why::OpenMap);
    vec![
        // Core.
        says_nothing("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        says_nothing("$vocabulary", json!({"https://json-schema.org/draft/2020-12/vocab/core": true})),
        says_nothing("$anchor", json!("here")),
        says_nothing("$dynamicAnchor", json!("there")),
        says_nothing("$comment", json!("for me")),
        says_nothing("$defs", json!({"unused": {"type": "array"}})),
        case("$ref", json!({"$ref": "#/$defs/T"}), json!(["a"]), json!([1]), Kept),
        case("$dynamicRef", json!({"$dynamicRef": "#/$defs/T"}), json!(["a"]), json!([1]), Exact),
        // Applicators.
        case(
            "prefixItems",
            with("array", json!({"prefixItems": [{"type": "null"}]})),
            json!([]),
            json!([]),
            Not(Why::Tuple),
        ),
        case(
            "items",
            with("array", json!({"items": {"type": "string"}})),
            json!([[], ["a"]]),
            json!([[1], {}]),
            Kept,
        ),
        case(
            "contains",
            list(json!({"contains": {"minimum": 3}})),
            json!([[3], [1, 4]]),
            json!([[], [1]]),
            Loose,
        ),
        case(
            "additionalProperties",
            with("object", json!({"additionalProperties": {"type": "string"}})),
            json!([]),
            json!([]),
            map(),
        ),
        case(
            "properties",
            ab(json!({})),
            json!([{}, {"a": 1}, {"b": "", "a": 2}]),
            json!([{"a": ""}, {"c": 1}, []]),
            Kept,
        ),
        case(
            "patternProperties",
            with("object", json!({"patternProperties": {"^x": {"type": "null"}}})),
            json!([]),
            json!([]),
            map(),
        ),
        case(
            "dependentSchemas",
            ab(json!({"dependentSchemas": {"a": {"required": ["b"]}}})),
            json!([{"b": ""}, {"a": 1, "b": ""}]),
            json!([{"a": 1}]),
            Loose,
        ),
        case(
            "propertyNames",
            ab(json!({"propertyNames": {"pattern": "^a$"}})),
            json!([{}, {"a": 1}]),
            json!([{"b": ""}]),
            Loose,
        ),
        case(
            "if",
            number(json!({"if": {"minimum": 3}, "then": {"maximum": 5}, "else": {"maximum": 1}})),
            json!([0, 4]),
            json!([2, 6]),
            Loose,
        ),
        case(
            "then",
            number(json!({"if": {"minimum": 3}, "then": {"maximum": 5}})),
            json!([0, 4]),
            json!([6]),
            Loose,
        ),
        case(
            "else",
            number(json!({"if": {"minimum": 3}, "else": {"maximum": 1}})),
            json!([0, 4, 9]),
            json!([2]),
            Loose,
        ),
        case(
            "allOf",
            json!({"allOf": [{"type": ["string", "null"]}, {"enum": ["a", null, 1]}]}),
            json!(["a", null]),
            json!([1, "b"]),
            Exact,
        ),
        case(
            "anyOf",
            json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            json!(["a", 1]),
            json!([null, 1.5]),
            Kept,
        ),
        case(
            "oneOf",
            json!({"oneOf": [{"type": "number"}, {"type": "integer"}]}),
            json!([1.5]),
            json!([1]),
            Loose,
        ),
        case("not", text(json!({"not": {"const": "a"}})), json!(["b"]), json!(["a"]), Loose),
        case(
            "unevaluatedItems",
            with("array", json!({"unevaluatedItems": {"type": "null"}})),
            json!([[], [null]]),
            json!([[1]]),
            Exact,
        ),
        case(
            "unevaluatedProperties",
            json!({"type": "object", "allOf": [{"properties": {"a": {"type": "null"}}}], "properties": {"b": {"type": "null"}}, "unevaluatedProperties": false}),
            json!([{}, {"a": null, "b": null}]),
            json!([{"c": null}, {"a": 1}]),
            Exact,
        ),
        // Assertions.
        case("type", json!({"type": ["integer", "null"]}), json!([1, null, 2.0]), json!([1.5, ""]), Kept),
        case("const", json!({"const": "a"}), json!(["a"]), json!(["b", 1]), Kept),
        case("enum", json!({"enum": ["a", 1, null]}), json!(["a", 1, null]), json!(["b", 2]), Kept),
        case("multipleOf", number(json!({"multipleOf": 3})), json!([0, 6]), json!([4]), Loose),
        case("maximum", number(json!({"maximum": 3})), json!([3]), json!([4]), Loose),
        case("exclusiveMaximum", number(json!({"exclusiveMaximum": 3})), json!([2]), json!([3]), Loose),
        case("minimum", number(json!({"minimum": 3})), json!([3]), json!([2]), Loose),
        case("exclusiveMinimum", number(json!({"exclusiveMinimum": 3})), json!([4]), json!([3]), Loose),
        case("maxLength", text(json!({"maxLength": 2})), json!(["ab"]), json!(["abc"]), Loose),
        case("minLength", text(json!({"minLength": 2})), json!(["ab"]), json!(["a"]), Loose),
        case("pattern", text(json!({"pattern": "^a+$"})), json!(["aa"]), json!(["b"]), Kept),
        case("maxItems", list(json!({"maxItems": 1})), json!([[1]]), json!([[1, 2]]), Loose),
        case("minItems", list(json!({"minItems": 2})), json!([[1, 2]]), json!([[1], []]), Loose),
        case("uniqueItems", list(json!({"uniqueItems": true})), json!([[1, 2]]), json!([[1, 1]]), Loose),
        case(
            "maxContains",
            list(json!({"contains": {"minimum": 3}, "maxContains": 1})),
            json!([[3]]),
            json!([[3, 4]]),
            Loose,
        ),
        case(
            "minContains",
            list(json!({"contains": {"minimum": 3}, "minContains": 2})),
            json!([[3, 4]]),
            json!([[3]]),
            Loose,
        ),
        case(
            "maxProperties",
            ab(json!({"maxProperties": 1})),
            json!([{"a": 1}]),
            json!([{"a": 1, "b": ""}]),
            Loose,
        ),
        case("minProperties", ab(json!({"minProperties": 1})), json!([{"a": 1}]), json!([{}]), Loose),
        case("required", ab(json!({"required": ["b"]})), json!([{"b": ""}]), json!([{"a": 1}]), Kept),
        case(
            "dependentRequired",
            ab(json!({"dependentRequired": {"a": ["b"]}})),
            json!([{"b": ""}]),
            json!([{"a": 1}]),
            Loose,
        ),
        case("format", text(json!({"format": "date"})), json!(["2026-02-03"]), json!(["x"]), Kept),
        // Contents and annotations.
        says_nothing_to_values("contentEncoding", json!("base64")),
        says_nothing_to_values("contentMediaType", json!("application/json")),
        says_nothing_to_values("contentSchema", json!({"type": "null"})),
        says_nothing("title", json!("T")),
        says_nothing("description", json!("D")),
        says_nothing("default", json!("d")),
        says_nothing("deprecated", json!(true)),
        says_nothing("readOnly", json!(true)),
        says_nothing("writeOnly", json!(true)),
        says_nothing_to_values("examples", json!(["e"])),
        case(
            "$id",
            json!({"type": "string", "$id": "https://example.com/a"}),
            json!(["a"]),
            json!([1]),
            Kept,
        ),
    ]
}

fn with(kind: &str, more: Value) -> Value {
    let mut schema = json!({"type": kind});
    schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    schema
}

fn says_nothing_to_values(keyword: &'static str, value: Value) -> Case {
    case(keyword, json!({"type": "string", keyword: value}), json!(["", "e30="]), json!([1]), Exact)
}

/// A schema put somewhere, and a value that holds one of its values there.
type Position = (&'static str, fn(&Value) -> Value, fn(&Value) -> Value, &'static str);

const POSITIONS: [Position; 6] = [
    ("root", Value::clone, Value::clone, ""),
    (
        "property",
        |schema| json!({"type": "object", "properties": {"p": schema}, "required": ["p"], "additionalProperties": false}),
        |value| json!({"p": value}),
        "/properties/p",
    ),
    (
        "optional property",
        |schema| json!({"type": "object", "properties": {"p": schema, "q": {"type": "null"}}, "additionalProperties": false}),
        |value| json!({"p": value}),
        "/properties/p",
    ),
    ("item", |schema| json!({"type": "array", "items": schema}), |value| json!([value, value]), "/items"),
    (
        "$defs",
        |schema| {
            json!({
                "type": "object",
                "properties": {"p": {"$ref": "#/$defs/D"}, "q": {"type": "array", "items": {"$ref": "#/$defs/D"}}},
                "required": ["p"],
                "additionalProperties": false,
                "$defs": {"D": schema},
            })
        },
        |value| json!({"p": value, "q": [value]}),
        "/$defs/D",
    ),
    (
        "alternative",
        |schema| json!({"anyOf": [schema, {"type": "object", "properties": {"zzz": {"type": "null"}}, "required": ["zzz"], "additionalProperties": false}]}),
        Value::clone,
        "/anyOf/0",
    ),
];

#[test]
fn every_keyword_in_every_position() {
    let mut combinations = 0;
    for case in cases() {
        for (position, put, hold, at) in POSITIONS {
            let mut schema = put(&case.schema);
            if case.keyword.ends_with("Ref") || case.keyword == "$ref" {
                schema["$defs"]["T"] = json!({"type": "string"});
            }
            let takes: Vec<_> = case.takes.iter().map(hold).collect();
            let refuses: Vec<_> = case.refuses.iter().map(hold).collect();
            let before = validator(&schema);
            assert!(takes.iter().all(|value| before.is_valid(value)), "{} {position}", case.keyword);
            assert!(refuses.iter().all(|value| !before.is_valid(value)), "{} {position}", case.keyword);
            let tried = [takes.clone(), refuses.clone(), instances(&schema)].concat();
            for (name, dialect) in dialects() {
                combinations += 1;
                let place = format!("{} {position} {name}", case.keyword);
                let adapted = match (check(&schema, &place, &dialect, &tried), &case.fate) {
                    (Ok(adapted), Not(_)) if matches!(name, "tool" | "inlined tool") => adapted,
                    (Ok(adapted), Kept | Exact | Loose) => adapted,
                    (Err(Why::Union), _) if name == "without anyOf" => continue,
                    (Err(why), Not(expected)) => {
                        assert_eq!(&why, expected, "{place}");
                        continue;
                    }
                    // An embedded `$id` changes what references mean, and there is one in this position.
                    (Err(Why::Reference { .. }), _) if case.keyword == "$id" && position == "$defs" => {
                        continue;
                    }
                    (outcome, _) => panic!("{place}: {outcome:?}"),
                };
                let after = validator(&adapted.schema);
                for value in &takes {
                    assert!(after.is_valid(&written(&adapted, &dialect, value)), "{place}: {value}");
                }
                if name != "native" {
                    continue;
                }
                let told = adapted
                    .changes
                    .iter()
                    .any(|change| change.keyword == case.keyword && change.pointer == at && change.widens());
                let taken = refuses
                    .iter()
                    .filter(|value| after.is_valid(&written(&adapted, &dialect, value)))
                    .count();
                match case.fate {
                    Loose => assert!(taken > 0 && told, "{place}: {taken} {adapted:#?}"),
                    Exact | Kept => assert_eq!(taken, 0, "{place}"),
                    Not(_) => panic!("{place}: it can be said"),
                }
                if matches!(case.fate, Kept)
                    && matches!(case.keyword, "pattern" | "format" | "default" | "title")
                {
                    assert!(adapted.changes.iter().all(|change| change.action == Action::Wrapped), "{place}");
                }
            }
        }
    }
    println!("{combinations} combinations");
}

/// The table names each keyword of the draft once.
#[test]
fn the_table_is_whole() {
    let mut named: Vec<_> = cases().iter().map(|case| case.keyword).collect();
    named.sort_unstable();
    let total = named.len();
    named.dedup();
    assert_eq!(named.len(), total);
    let mut known: Vec<_> = KEYWORDS.split_whitespace().collect();
    known.sort_unstable();
    assert_eq!(named, known);
}

/// The keywords of draft 2020-12 by vocabulary: core, applicator, unevaluated, validation, format, content, metadata.
const KEYWORDS: &str = "
    $schema $vocabulary $id $anchor $dynamicAnchor $ref $dynamicRef $defs $comment
    prefixItems items contains additionalProperties properties patternProperties dependentSchemas propertyNames
    if then else allOf anyOf oneOf not
    unevaluatedItems unevaluatedProperties
    type const enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern
    maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired
    format
    contentEncoding contentMediaType contentSchema
    title description default deprecated readOnly writeOnly examples
";
