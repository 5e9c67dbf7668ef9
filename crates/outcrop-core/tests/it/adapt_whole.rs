//! Adaptation of schemas as wholes: roots (R83), `null` for absence (R79), bounds, limits (R23), stable bytes and
//! what the service was seen to take.

use expect_test::expect;
use outcrop_core::schema::{
    OptionalMembers, SchemaCounts, SchemaDialect, SchemaLimits, adapt,
    adapt::{Counted, WRAPPER, Why},
    lint,
};
use serde_json::{Value, json};

use crate::adapt::{check, check_in, member};

/// R83: roots that are no object are wrapped, and values and places are found again.
#[test]
fn roots() {
    check(
        json!({"type": "string", "enum": ["a", "b"]}),
        expect![[r#"
            {"type":"object","properties":{"value":{"type":"string","enum":["a","b"]}},"required":["value"],"additionalProperties":false}
            the root: `type` put into an object"#]],
    );
    let refs = json!({"type": "array", "items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"type": "null"}}});
    check(
        refs.clone(),
        expect![[r##"
            {"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/A"}}},"required":["value"],"additionalProperties":false,"$defs":{"A":{"type":"null"}}}
            the root: `type` put into an object"##]],
    );
    check_in(
        &SchemaDialect::tool(),
        refs.clone(),
        expect![[r##"
            {"type":"object","properties":{"value":{"type":"array","items":{"$ref":"#/$defs/A"}}},"required":["value"],"additionalProperties":false,"$defs":{"A":{"type":"null"}}}
            the root: `type` put into an object"##]],
    );
    check_in(
        &SchemaDialect::tool(),
        json!({"$id": "https://example.com/tree", "type": ["array", "null"], "items": {"$ref": "https://example.com/tree#"}}),
        expect![[r##"
            {"type":"object","properties":{"value":{"type":["array","null"],"items":{"$ref":"#/properties/value"}}},"required":["value"],"additionalProperties":false}
            the root: `type` put into an object"##]],
    );
    check_in(
        &SchemaDialect::tool(),
        json!({"type": "object", "minProperties": 1, "oneOf": []}),
        expect!["the schema at the root cannot be sent: `oneOf` has a value that it cannot have"],
    );
    check(json!(true), expect!["the schema at the root cannot be sent: it takes values of any type"]);
    check(
        json!({"type": 3}),
        expect!["the schema at the root cannot be sent: `type` has a value that it cannot have"],
    );
    check(json!([]), expect!["the schema at the root cannot be sent: `` has a value that it cannot have"]);

    let adapted = adapt(&refs, &SchemaDialect::native()).unwrap();
    assert_eq!(adapted.unwrap_partial(&json!({})), None);
    assert_eq!(adapted.unwrap_partial(&json!({WRAPPER: [null]})), Some(&json!([null])));
    assert_eq!(
        adapted.unwrap_value(json!({WRAPPER: [], "more": 1})).unwrap_err().value,
        json!({"value": [], "more": 1})
    );
    assert!(adapted.unwrap_value(json!([])).is_err());
    assert_eq!(adapted.unwrap_pointer(""), None);
    assert_eq!(adapted.unwrap_pointer("/value"), Some(""));
    assert_eq!(adapted.unwrap_pointer("/values"), None);
    let plain = adapt(&member(json!({"type": "null"})), &SchemaDialect::native()).unwrap();
    assert_eq!(plain.unwrap_value(json!({WRAPPER: 1})), Ok(json!({WRAPPER: 1})));
    assert_eq!((plain.unwrap_pointer("/a"), plain.wrap_pointer("/a").as_str()), (Some("/a"), "/a"));
}

/// Where all members must be there, `null` stands for one that is not, and is taken out again.
#[test]
fn nullable_members() {
    let dialect = SchemaDialect { optional: OptionalMembers::Nullable, ..SchemaDialect::native() };
    let schema = json!({
        "type": "object",
        "properties": {
            "a": {"type": "string", "enum": ["x"]},
            "b": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
        },
        "required": ["list"],
        "$defs": {"Item": {"type": "object", "properties": {"n": {"anyOf": [{"type": "string"}, {"type": "integer"}]}}}},
    });
    check_in(
        &dialect,
        schema.clone(),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":["string","null"],"enum":["x",null]},"b":{"type":["string","null"]},"list":{"type":"array","items":{"type":"object","properties":{"n":{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}},"required":["n"],"additionalProperties":false}}},"required":["a","b","list"],"additionalProperties":false}
            the root: `additionalProperties` set to false: members without a name are refused
            `/properties/a`: `required` now holds all members; null stands for one that is not there
            `/properties/b`: `required` now holds all members; this one can be null, and no more absent
            `/properties/list/items`: `$ref` replaced by what it refers to
            `/properties/list/items`: `additionalProperties` set to false: members without a name are refused
            `/properties/list/items/properties/n`: `required` now holds all members; null stands for one that is not there"#]],
    );
    let adapted = adapt(&schema, &dialect).unwrap();
    let value = json!({"a": null, "b": null, "list": [{"n": null}, {"n": 1}]});
    assert_eq!(adapted.unwrap_value(value), Ok(json!({"b": null, "list": [{}, {"n": 1}]})));
    // Where `null` is one of its values, a member can no more be absent: that matters where it has a default.
    for (default, loses) in [(json!(null), false), (json!("x"), true)] {
        let optional = json!({"type": ["string", "null"], "default": default});
        let schema = json!({"type": "object", "properties": {"b": optional}, "additionalProperties": false});
        let changes = adapt(&schema, &dialect).unwrap().changes;
        let narrows = changes.iter().find(|change| change.narrows()).unwrap();
        assert_eq!((narrows.pointer.as_str(), narrows.is_loss()), ("/properties/b", loses));
    }
    let twofold = json!({"anyOf": [
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}},
    ]});
    assert_eq!(adapt(&twofold, &dialect).unwrap_err().why, Why::AmbiguousNull);
}

/// A definition of which it turns out that no value fits it, once another leads to it: nothing is sent that leads nowhere.
#[test]
fn a_definition_that_nothing_fits() {
    let never = json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/X"}, "no": false}, "required": ["no"]});
    let schema = json!({
        "type": "object",
        "properties": {"y": {"$ref": "#/$defs/Y"}, "x": {"$ref": "#/$defs/X"}},
        "$defs": {"X": {"type": "object", "properties": {"y": {"$ref": "#/$defs/Y"}}}, "Y": never},
    });
    check_in(
        &SchemaDialect { recursion: true, ..SchemaDialect::native() },
        schema,
        expect!["the schema at `/$defs/Y` cannot be sent: no value fits it"],
    );
}

/// R78, R80: neither levels nor alternatives run away.
#[test]
fn bounded() {
    let mut deep = json!({"type": "null"});
    for _ in 0..200 {
        deep = json!({"type": "array", "items": deep});
    }
    assert_eq!(adapt(&deep, &SchemaDialect::native()).unwrap_err().why, Why::TooDeep);
    let mut deep = json!({"type": "null"});
    for _ in 0..30 {
        deep = json!({"type": "object", "properties": {"a": {"type": "array", "items": deep}}});
    }
    assert!(adapt(&deep, &SchemaDialect::native()).is_ok());
    // Each definition holds the one before twice: 2^24 parts where they are inlined.
    let mut definitions = serde_json::Map::new();
    definitions.insert("d0".to_owned(), json!({"type": "null"}));
    for level in 1..25 {
        let below = json!({"$ref": format!("#/$defs/d{}", level - 1)});
        definitions
            .insert(format!("d{level}"), json!({"type": "object", "properties": {"a": below, "b": below}}));
    }
    let wide = json!({"type": "object", "properties": {"a": {"$ref": "#/$defs/d24"}}, "$defs": definitions});
    assert!(adapt(&wide, &SchemaDialect::native()).is_ok());
    assert_eq!(adapt(&wide, &SchemaDialect::inlined()).unwrap_err().why, Why::TooLarge);
    let two = json!({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]});
    let product = json!({"type": "object", "allOf": vec![two; 30]});
    assert_eq!(adapt(&product, &SchemaDialect::native()).unwrap_err().why, Why::TooLarge);
}

/// R23: the limits are counted over all strict schemas together.
#[test]
fn limits() {
    let optional = json!({"type": "object", "properties": {
        "a": {"type": "string"}, "b": {"type": ["string", "null"]}, "c": {"anyOf": [{"$ref": "#/$defs/X"}]},
    }, "$defs": {"X": {"type": "object", "properties": {"not": {"type": "null"}}}}});
    let counts = SchemaCounts::of([&optional; 8], None);
    assert_eq!((counts.strict_tools, counts.optional, counts.unions), (8, 24, 16));
    let limits = SchemaLimits::claude();
    assert_eq!(limits.check(&counts), Ok(()));
    let over = limits.check(&SchemaCounts::of([&optional; 8], Some(&optional))).unwrap_err();
    assert_eq!((over.what, over.count, over.limit), (Counted::Optional, 27, 24));
    assert_eq!(
        over.to_string(),
        "27 optional members in strict schemas, and the service takes 24 in one request"
    );
    let nothing = json!({"type": "object", "properties": {}});
    let over = limits.check(&SchemaCounts::of([&nothing; 21], None)).unwrap_err();
    assert_eq!(over.what, Counted::StrictTools);
    let unions =
        json!({"type": "object", "properties": {"a": {"type": ["null", "string"]}}, "required": ["a"]});
    let nested = json!({"type": "array", "items": unions});
    let over = limits.check(&SchemaCounts::of([&nested; 17], None)).unwrap_err();
    assert_eq!((over.what, over.count), (Counted::Unions, 17));
    assert_eq!(SchemaLimits::default().check(&SchemaCounts::of([&nested; 50], None)), Ok(()));
}

/// R24, R85: the same input gives the same bytes.
#[test]
fn stable_bytes() {
    let schema = json!({"oneOf": [{"$ref": "#/$defs/B"}, {"$ref": "#/$defs/A"}], "$defs": {
        "A": {"type": "object", "properties": {"z": {"type": "null"}, "a": {"type": "null"}}},
        "B": {"type": "string", "maxLength": 4},
    }});
    let first = adapt(&schema, &SchemaDialect::native()).unwrap();
    for _ in 0..20 {
        let again = adapt(&schema, &SchemaDialect::native()).unwrap();
        assert_eq!((again.schema.to_string(), &again.changes), (first.schema.to_string(), &first.changes));
    }
    // What was adapted is left alone.
    let twice = adapt(&first.schema, &SchemaDialect::native()).unwrap();
    assert_eq!(twice.schema.to_string(), first.schema.to_string());
    assert_eq!(twice.changes, []);
}

/// What Claude took and refused in recorded traffic (Sonnet 4.5 and 4.6, native output and strict tools).
#[test]
fn recorded_verdicts() {
    let taken = [
        r#"{"additionalProperties":false,"properties":{},"type":"object"}"#,
        r#"{"additionalProperties":false,"properties":{"action":{"const":"submit","type":"string"},"data":{"type":"string"}},"required":["action","data"],"type":"object"}"#,
        r##"{"additionalProperties":false,"properties":{"color":{"$ref":"#/$defs/Color"}},"required":["color"],"type":"object","$defs":{"Color":{"enum":["red","green","blue"],"type":"string"}}}"##,
        r#"{"properties":{"value":{"format":"time","type":"string"}},"required":["value"],"type":"object","additionalProperties":false}"#,
        r#"{"properties":{"value":{"format":"ipv6","type":"string"}},"required":["value"],"type":"object","additionalProperties":false}"#,
        r#"{"additionalProperties":false,"properties":{"email":{"pattern":"^[\\w.-]+@[\\w.-]+\\.\\w+$","type":"string"}},"required":["email"],"type":"object"}"#,
        r#"{"additionalProperties":false,"properties":{"username":{"maxLength":50,"minLength":2,"type":"string"}},"required":["username"],"type":"object"}"#,
    ];
    for text in taken {
        let schema: Value = serde_json::from_str(text).unwrap();
        let dialect = SchemaDialect::strict_tool().taking(["minLength", "maxLength"]);
        assert_eq!(lint(&schema, &dialect), []);
        let adapted = adapt(&schema, &dialect).unwrap();
        assert_eq!((adapted.schema.to_string().as_str(), adapted.changes.len()), (text, 0));
    }
    let refused = [
        r#"{"properties":{"items":{"items":{"type":"string"},"maxItems":5,"type":"array"}},"required":["items"],"type":"object","additionalProperties":false}"#,
        r#"{"properties":{"value":{"multipleOf":5,"type":"integer"}},"required":["value"],"type":"object","additionalProperties":false}"#,
        r##"{"$ref":"#/$defs/Tree","$defs":{"Tree":{"properties":{"children":{"default":[],"items":{"$ref":"#/$defs/Tree"},"type":"array"}},"type":"object","additionalProperties":false}}}"##,
    ];
    for text in refused {
        let schema: Value = serde_json::from_str(text).unwrap();
        assert_ne!(lint(&schema, &SchemaDialect::native()), [], "{text}");
    }
}

/// A dialect is read from JSON, what is not said being Claude's.
#[test]
fn dialects_as_json() {
    let dialect: SchemaDialect =
        serde_json::from_value(json!({"references": false, "limits": {"unions": 3}})).unwrap();
    let expected = SchemaLimits { unions: Some(3), ..SchemaLimits::default() };
    assert_eq!(dialect, SchemaDialect { references: false, limits: expected, ..SchemaDialect::native() });
    let text = serde_json::to_string(&SchemaDialect::tool()).unwrap();
    assert_eq!(serde_json::from_str::<SchemaDialect>(&text).unwrap(), SchemaDialect::tool());
    assert!(serde_json::from_str::<SchemaDialect>(r#"{"refs": true}"#).is_err());
}
