//! Schemas that nobody wrote: adaptation keeps its promises for every mixture of keywords, and panics on nothing.

use std::cell::Cell;

use outcrop_core::schema::{SchemaCounts, SchemaDialect, adapt, adapt::Action, lint};
use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value, json};

use crate::{
    adapt_support::{check, dialects, instances},
    support::cases,
};

const KINDS: [&str; 7] = ["null", "boolean", "object", "array", "number", "string", "integer"];

fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(2),
        json!(2.0),
        json!(2.5),
        json!("a"),
        json!("ab"),
    ])
}

fn names() -> impl Strategy<Value = Value> {
    select(vec![json!([]), json!(["a"]), json!(["b"]), json!(["a", "b"])])
}

/// One keyword that holds no schema.
fn assertion() -> impl Strategy<Value = (String, Value)> {
    let bound = || select(vec![json!(0), json!(1), json!(2), json!(2.5)]);
    let count = || select(vec![json!(0), json!(1), json!(2)]);
    let of = |words: Vec<&'static str>| select(words).prop_map(str::to_owned);
    let kinds = vec(select(KINDS.to_vec()), 1..3).prop_map(|mut kinds| {
        kinds.sort_unstable();
        kinds.dedup();
        if kinds.len() == 1 { json!(kinds[0]) } else { json!(kinds) }
    });
    prop_oneof![
        6 => kinds.prop_map(|kinds| ("type".to_owned(), kinds)),
        1 => scalar().prop_map(|value| ("const".to_owned(), value)),
        1 => vec(scalar(), 1..4).prop_map(|values| {
            let mut distinct: Vec<Value> = Vec::new();
            for value in values {
                // 2 and 2.0 are the same to a meta-schema.
                if !distinct.iter().any(|other| *other == value || (other.as_f64() == value.as_f64() && value.is_number())) {
                    distinct.push(value);
                }
            }
            ("enum".to_owned(), distinct.into())
        }),
        2 => (of(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), bound()),
        1 => (of(vec!["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"]), count()),
        1 => Just(("multipleOf".to_owned(), json!(2))),
        1 => select(vec!["^a", "b$", "(?!a)", "\\ba"]).prop_map(|text| ("pattern".to_owned(), json!(text))),
        1 => select(vec!["date", "uint8", "regex"]).prop_map(|text| ("format".to_owned(), json!(text))),
        1 => any::<bool>().prop_map(|unique| ("uniqueItems".to_owned(), json!(unique))),
        2 => names().prop_map(|names| ("required".to_owned(), names)),
        1 => names().prop_map(|names| ("dependentRequired".to_owned(), json!({"a": names}))),
        2 => (of(vec!["title", "description", "$comment", "contentEncoding", "contentMediaType"]), Just(json!("text"))),
        1 => (of(vec!["default"]), scalar()),
        1 => Just(("examples".to_owned(), json!(["a", 2]))),
        1 => (of(vec!["deprecated", "readOnly", "writeOnly"]), Just(json!(true))),
        1 => Just(("x-unknown".to_owned(), json!({"a": 1}))),
    ]
}

fn closed(keywords: Vec<(String, Value)>) -> Value {
    let schema: Map<String, Value> = keywords.into_iter().collect();
    schema.into()
}

/// An object with members, which is what most schemas are.
fn object(inner: BoxedStrategy<Value>) -> impl Strategy<Value = Value> {
    let members = vec((select(vec!["a", "b", "c"]), inner), 0..3);
    (members, names(), 0..4usize).prop_map(|(members, required, rest)| {
        let members: Map<String, Value> =
            members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
        let mut schema = json!({"type": "object", "properties": members, "required": required});
        match rest {
            0 => schema["additionalProperties"] = json!(false),
            1 => schema["unevaluatedProperties"] = json!(false),
            _ => {}
        }
        schema
    })
}

/// One keyword that holds schemas.
fn applicator(inner: BoxedStrategy<Value>) -> impl Strategy<Value = (String, Value)> {
    let named = |words: Vec<&'static str>| select(words).prop_map(str::to_owned);
    let some = || vec(inner.clone(), 1..3).prop_map(Value::from);
    let members = || {
        vec((select(vec!["a", "b", "c"]), inner.clone()), 0..3).prop_map(|members| {
            let members: Map<_, _> =
                members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
            Value::from(members)
        })
    };
    prop_oneof![
        4 => (named(vec!["allOf", "anyOf", "oneOf"]), some()),
        3 => (named(vec!["properties"]), members()),
        2 => (named(vec!["items"]), inner.clone()),
        1 => (named(vec!["additionalProperties", "unevaluatedProperties", "unevaluatedItems", "contains", "propertyNames", "not", "if", "then", "else", "contentSchema"]), inner.clone()),
        1 => (named(vec!["additionalProperties", "unevaluatedProperties", "unevaluatedItems"]), Just(json!(false))),
        1 => (named(vec!["dependentSchemas", "patternProperties"]), members()),
        1 => (named(vec!["prefixItems"]), some()),
    ]
}

fn reference() -> impl Strategy<Value = Value> {
    let plain = select(vec!["#/$defs/X", "#/$defs/Y", "#there"]).prop_map(|to| json!({"$ref": to}));
    let beside = (select(vec!["#/$defs/X", "#/$defs/Y"]), vec(assertion(), 0..2)).prop_map(|(to, more)| {
        let mut schema = closed(more);
        schema["$ref"] = json!(to);
        schema
    });
    prop_oneof![plain, beside]
}

fn part() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        8 => vec(assertion(), 1..4).prop_map(closed),
        4 => select(KINDS.to_vec()).prop_map(|kind| json!({"type": kind})),
        2 => reference(),
        1 => any::<bool>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let mixed =
            (vec(assertion(), 0..3), vec(applicator(inner.clone()), 1..3)).prop_map(|(more, parts)| {
                let mut all = more;
                all.extend(parts);
                closed(all)
            });
        let beside =
            (object(inner.clone()), vec(applicator(inner.clone()), 0..2)).prop_map(|(mut schema, parts)| {
                for (keyword, value) in parts {
                    schema[keyword] = value;
                }
                schema
            });
        let union = (select(vec!["anyOf", "oneOf", "allOf"]), vec(object(inner.clone()), 1..3))
            .prop_map(|(keyword, parts)| json!({keyword: parts}));
        prop_oneof![
            3 => object(inner.clone()),
            2 => inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            2 => mixed,
            2 => beside,
            1 => union,
        ]
        .boxed()
    })
    .boxed()
}

/// A schema with definitions that it and they refer to, in cycles too.
pub fn schema() -> impl Strategy<Value = Value> {
    (part(), part(), part()).prop_map(|(root, x, y)| {
        let Value::Object(mut root) = root else { return root };
        root.insert(
            "$defs".to_owned(),
            json!({"X": x, "Y": y, "Z": {"$anchor": "there", "type": "string", "maxLength": 1}}),
        );
        root.into()
    })
}

/// R77–R79: what fits the one schema fits the other, or the report says why not; and the lint has no finding.
#[test]
fn promises_hold_for_any_mixture() {
    let dialects = dialects();
    let said = Cell::new(0);
    let total = Cell::new(0);
    proptest!(cases(120), |(schema in schema(), more in vec(schema(), 0..2))| {
        prop_assume!(jsonschema::draft202012::meta::is_valid(&schema) && jsonschema::draft202012::new(&schema).is_ok());
        let mut tried = instances(&schema);
        tried.extend(more.iter().flat_map(instances).take(60));
        for (name, dialect) in &dialects {
            total.set(total.get() + 1);
            if check(&schema, name, dialect, &tried).is_ok() {
                said.set(said.get() + 1);
            }
        }
    });
    println!("{} of {} could be said", said.get(), total.get());
    assert!(
        said.get() * 10 > total.get(),
        "hardly a schema could be said: {} of {}",
        said.get(),
        total.get()
    );
}

/// Schemas of keywords that lose nothing: objects are closed, and what is combined can be merged.
fn lossless() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        3 => select(KINDS.to_vec()).prop_filter("typed within", |kind| !["object", "array"].contains(kind)).prop_map(|kind| json!({"type": kind})),
        1 => Just(json!({"type": ["string", "null"], "title": "T"})),
        2 => vec(scalar(), 1..2).prop_map(|values| json!({"enum": values})),
        1 => scalar().prop_map(|value| json!({"const": value, "description": "D"})),
        1 => Just(json!({"type": "string", "pattern": "^a"})),
        2 => select(vec!["#/$defs/X", "#/$defs/Y"]).prop_map(|to| json!({"$ref": to})),
        1 => Just(json!({"$ref": "#/$defs/X", "description": "D"})),
        1 => Just(json!(false)),
    ];
    let part = leaf.boxed().prop_recursive(4, 30, 4, |inner| {
        let object = object(inner.clone().boxed()).prop_map(|mut schema| {
            if schema.get("unevaluatedProperties").is_none() {
                schema["additionalProperties"] = json!(false);
            }
            schema
        });
        let object = object.boxed();
        let unions = vec(inner.clone(), 1..4).prop_map(|parts| json!({"anyOf": parts}));
        let merged = (object.clone(), vec(object.clone(), 1..3), select(vec!["allOf", "anyOf"])).prop_map(
            |(mut schema, parts, keyword)| {
                schema[keyword] = parts.into();
                schema
            },
        );
        let both = vec(inner.clone(), 1..3).prop_map(|parts| json!({"allOf": parts}));
        let open = (object.clone(), object.clone()).prop_map(|(mut a, mut b)| {
            for schema in [&mut a, &mut b] {
                schema.as_object_mut().unwrap().shift_remove("additionalProperties");
                schema.as_object_mut().unwrap().shift_remove("unevaluatedProperties");
            }
            json!({"allOf": [a], "anyOf": [b, {"type": "object"}], "unevaluatedProperties": false})
        });
        prop_oneof![
            4 => object,
            2 => inner.clone().prop_map(|items| json!({"type": "array", "items": items})),
            2 => unions,
            2 => merged,
            1 => both,
            2 => open,
        ]
    });
    (part.clone(), part.clone(), part).prop_map(|(root, x, y)| {
        let Value::Object(mut root) = root else { return root };
        root.insert("$defs".to_owned(), json!({"X": x, "Y": y}));
        root.into()
    })
}

/// R77, R79: where nothing is left out, both schemas take the same values.
#[test]
fn nothing_is_lost_without_need() {
    let dialects = dialects();
    let (said, total) = (Cell::new(0), Cell::new(0));
    proptest!(cases(200), |(schema in lossless())| {
        prop_assume!(jsonschema::draft202012::meta::is_valid(&schema) && jsonschema::draft202012::new(&schema).is_ok());
        let tried = instances(&schema);
        for (name, dialect) in dialects.iter().filter(|(name, _)| *name != "bare") {
            total.set(total.get() + 1);
            let Ok(adapted) = check(&schema, name, dialect, &tried) else { continue };
            said.set(said.get() + 1);
            // There is no word for an absent member where `null` is one of its values.
            let lossy = adapted.changes.iter().find(|change| {
                (change.widens() || change.narrows()) && !matches!(change.action, Action::Required { .. })
            });
            prop_assert!(lossy.is_none(), "{lossy:?} in {schema}");
        }
    });
    println!("{} of {} could be said", said.get(), total.get());
    assert!(said.get() * 3 > total.get(), "{} of {} could be said", said.get(), total.get());
}

/// JSON that looks like a schema here and there.
fn debris() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 30] = [
        "type",
        "properties",
        "required",
        "items",
        "prefixItems",
        "additionalProperties",
        "patternProperties",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "if",
        "then",
        "$ref",
        "$dynamicRef",
        "$defs",
        "definitions",
        "$id",
        "$anchor",
        "minimum",
        "minItems",
        "pattern",
        "format",
        "description",
        "dependentRequired",
        "contains",
        "a",
        "",
    ];
    let leaf = prop_oneof![
        scalar(),
        select(KINDS.to_vec()).prop_map(Value::from),
        select(vec![
            "#",
            "#/",
            "#/$defs/a",
            "#/properties/a",
            "#a",
            "#%",
            "#%zz",
            "#/%F0",
            "~",
            "x:y",
            "(",
            "\\"
        ])
        .prop_map(Value::from),
        select(vec![json!(-1), json!(1e300), json!(u64::MAX), json!({}), json!([])]),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            1 => vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => vec((select(WORDS.to_vec()), inner), 0..5).prop_map(|members| {
                let members: Map<_, _> =
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                members.into()
            }),
        ]
    })
}

/// Nothing panics on any JSON, and what comes out has no finding.
#[test]
fn any_json_is_adapted_or_refused() {
    let dialects = dialects();
    proptest!(cases(1000), |(schema in debris())| {
        for (_, dialect) in &dialects {
            lint(&schema, dialect);
            if let Ok(adapted) = adapt(&schema, dialect) {
                prop_assert_eq!(lint(&adapted.schema, dialect), []);
                prop_assert!(jsonschema::draft202012::meta::is_valid(&adapted.schema));
            }
        }
        let counts = SchemaCounts::of([&schema], Some(&schema));
        prop_assert!(counts.strict_tools == 1);
    });
}

/// The lint finds what is put into a schema that has no finding.
#[test]
fn the_lint_finds_what_is_put_in() {
    let dialect = SchemaDialect::native();
    let sound = json!({
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"$ref": "#/$defs/D"}}},
        "required": ["a"],
        "additionalProperties": false,
        "$defs": {"D": {"type": "object", "properties": {"b": {"type": "string", "pattern": "^a"}}, "additionalProperties": false}},
    });
    assert_eq!(lint(&sound, &dialect), []);
    let wrong = [
        ("", "type", json!("array")),
        ("", "type", json!(["object", "null"])),
        ("", "anyOf", json!([{"type": "null"}])),
        ("", "required", json!(["b"])),
        ("", "required", json!(["a", "a"])),
        ("", "required", json!("a")),
        ("", "properties", json!([])),
        ("", "$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("/properties/a", "items", json!(true)),
        ("/properties/a", "items", json!({})),
        ("/properties/a", "items", json!({"$ref": "#/$defs/none"})),
        ("/properties/a", "items", json!({"$ref": "#/properties/a"})),
        ("/properties/a", "items", json!({"$ref": "#/$defs/D", "description": "D"})),
        ("/properties/a", "minItems", json!(2)),
        ("/properties/a", "maxItems", json!(2)),
        ("/properties/a", "prefixItems", json!([{"type": "null"}])),
        ("/properties/a", "type", json!("list")),
        ("/$defs/D", "additionalProperties", json!(true)),
        ("/$defs/D", "oneOf", json!([{"type": "object"}])),
        ("/$defs/D/properties/b", "pattern", json!("(?=a)")),
        ("/$defs/D/properties/b", "pattern", json!("(a)\\1")),
        ("/$defs/D/properties/b", "minLength", json!(1)),
        ("/$defs/D/properties/b", "format", json!("regex")),
        ("/$defs/D/properties/b", "enum", json!([])),
        ("/$defs/D/properties/b", "enum", json!([{}])),
        ("/$defs/D/properties/b", "const", json!([])),
        ("/$defs/D/properties/b", "$defs", json!({})),
        ("/$defs/D/properties/b", "description", json!(1)),
        ("/$defs/D/properties/b", "x-note", json!(1)),
        ("/$defs/D/properties", "b", json!({"type": "array", "items": {"$ref": "#/$defs/D"}})),
    ];
    for (at, keyword, value) in wrong {
        let mut schema = sound.clone();
        schema.pointer_mut(at).unwrap()[keyword] = value.clone();
        assert_ne!(lint(&schema, &dialect), [], "{at} {keyword} {value}");
    }
}
