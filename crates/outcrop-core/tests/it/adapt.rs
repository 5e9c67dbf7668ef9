//! Schema adaptation, case by case (R23, R77–R80, R83): what becomes of a schema, and what is told of it.

use expect_test::{Expect, expect};
use outcrop_core::schema::{SchemaDialect, adapt, lint};
use serde_json::{Value, json};

/// The adapted schema and what was done, or why it cannot be said.
fn told(schema: &Value, dialect: &SchemaDialect) -> String {
    match adapt(schema, dialect) {
        Ok(adapted) => {
            let mut text = adapted.schema.to_string();
            for change in &adapted.changes {
                text.push_str(&format!("\n{change}"));
            }
            let findings = lint(&adapted.schema, dialect);
            assert!(findings.is_empty(), "{findings:?} in {text}");
            text
        }
        Err(error) => format!("{error}"),
    }
}

pub fn check_in(dialect: &SchemaDialect, schema: Value, expected: Expect) {
    expected.assert_eq(&told(&schema, dialect));
}

pub fn check(schema: Value, expected: Expect) {
    check_in(&SchemaDialect::native(), schema, expected);
}

/// The one member of an object, so that cases are short.
pub fn member(schema: Value) -> Value {
    json!({"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": false})
}

/// R78: bounds go into the description, behind what stands there.
#[test]
fn bounds() {
    check(
        member(
            json!({"type": "number", "description": "How far.", "exclusiveMinimum": 0, "multipleOf": 0.5}),
        ),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"number","description":"How far.\nMore than 0. A multiple of 0.5."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `exclusiveMinimum` moved into the description
        `/properties/a`: `multipleOf` moved into the description"#]],
    );
    check(
        member(
            json!({"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 3, "uniqueItems": true}),
        ),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"array","items":{"type":"string"},"minItems":1,"description":"At least 2 items. At most 3 items. No two items are equal."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `minItems` moved into the description
        `/properties/a`: `maxItems` moved into the description
        `/properties/a`: `uniqueItems` moved into the description"#]],
    );
    check(
        member(json!({"type": "string", "minLength": 1, "maxLength": 20, "format": "regex"})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","description":"At least 1 character. At most 20 characters. Format: `regex`."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `minLength` moved into the description
        `/properties/a`: `maxLength` moved into the description
        `/properties/a`: `format` moved into the description"#]],
    );
    check_in(
        &SchemaDialect::native().taking(["minLength"]),
        member(json!({"type": "string", "minLength": 1, "maxLength": 20})),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"string","minLength":1,"description":"At most 20 characters."}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `maxLength` moved into the description"#]],
    );
}

/// R78: patterns that a grammar cannot hold.
#[test]
fn patterns() {
    check(
        member(json!({"type": "string", "pattern": "^[a-z]+(?:-\\d+)?$"})),
        expect![[
            r#"{"type":"object","properties":{"a":{"type":"string","pattern":"^[a-z]+(?:-\\d+)?$"}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    for pattern in ["^(?!a)", "(a)\\1", "\\bword\\b", "(?<name>a)"] {
        let adapted =
            adapt(&member(json!({"type": "string", "pattern": pattern})), &SchemaDialect::native()).unwrap();
        assert_eq!(adapted.schema["properties"]["a"].get("pattern"), None, "{pattern}");
        assert!(adapted.schema["properties"]["a"]["description"].as_str().unwrap().contains(pattern));
        assert!(adapted.changes.iter().any(|change| change.keyword == "pattern" && change.widens()));
    }
}

/// What schemars writes for numbers, and what says nothing.
#[test]
fn what_adds_nothing() {
    check(
        member(
            json!({"type": "integer", "format": "uint8", "minimum": 0, "minLength": 3, "$comment": "x", "deprecated": true, "x-note": 1, "nullable": false}),
        ),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"integer","description":"At least 0."}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `$comment` left out, it adds nothing
            `/properties/a`: `deprecated` left out, it adds nothing
            `/properties/a`: `format` left out, it adds nothing
            `/properties/a`: `minimum` moved into the description
            `/properties/a`: `minLength` left out, it adds nothing
            `/properties/a`: `x-note` left out, it adds nothing
            `/properties/a`: `nullable` left out, it adds nothing"#]],
    );
    check(
        json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "type": "object", "properties": {}, "required": [], "minProperties": 0}),
        expect![[r#"
            {"title":"T","type":"object","properties":{},"additionalProperties":false}
            the root: `$schema` left out, it adds nothing
            the root: `additionalProperties` set to false: members without a name are refused
            the root: `minProperties` left out, it adds nothing"#]],
    );
}

/// R77: objects are closed; maps cannot be said.
#[test]
fn objects() {
    check(
        json!({"type": "object", "properties": {"z": {"type": "null"}, "a": {"type": "boolean"}}, "required": ["a", "a"]}),
        expect!["the schema at the root cannot be sent: `required` has a value that it cannot have"],
    );
    check(
        json!({"type": "object"}),
        expect!["the schema at the root cannot be sent: it is a map, whose members can have any name"],
    );
    check(
        member(json!({"type": "object", "additionalProperties": {"type": "string"}})),
        expect![
            "the schema at `/properties/a/additionalProperties` cannot be sent: it is a map, whose members can have any name"
        ],
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "null"}}, "patternProperties": {"^x": {"type": "null"}}}),
        expect![
            "the schema at `/patternProperties` cannot be sent: it is a map, whose members can have any name"
        ],
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "null"}, "no": false}}),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}
            the root: `additionalProperties` set to false: members without a name are refused
            `/properties`: `no` left out, it adds nothing"#]],
    );
    check(
        json!({"type": "object", "properties": {"no": {"not": {}}}, "required": ["no"]}),
        expect!["the schema at the root cannot be sent: no value fits it"],
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "null"}}, "required": ["b"]}),
        expect!["the schema at `/required` cannot be sent: it takes values of any type"],
    );
    check(
        json!({"properties": {"a": {"enum": ["x", "y"]}}}),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"string","enum":["x","y"]}},"additionalProperties":false}
            the root: `type` taken to be `object`
            the root: `additionalProperties` set to false: members without a name are refused"#]],
    );
    check(
        json!({"type": "object", "properties": {"a": {"type": "null"}}, "dependentSchemas": {"a": {"properties": {"b": {"type": "null"}}}}}),
        expect![
            "the schema at the root cannot be sent: `dependentSchemas` names members that `properties` does not"
        ],
    );
}

/// R79: tuples and untyped places cannot be said.
#[test]
fn arrays() {
    check(
        member(json!({"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}]})),
        expect!["the schema at `/properties/a` cannot be sent: the items of an array have a schema each"],
    );
    check(
        member(json!({"type": "array"})),
        expect!["the schema at `/properties/a/items` cannot be sent: it takes values of any type"],
    );
    check(
        member(json!({"type": "array", "items": {}})),
        expect!["the schema at `/properties/a/items` cannot be sent: it takes values of any type"],
    );
    check(
        member(json!({"type": "array", "items": false})),
        expect!["the schema at `/properties/a/items` cannot be sent: no value fits it"],
    );
    check(
        member(json!({"type": ["array", "null"], "items": {"type": "integer", "maximum": 3}})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":["array","null"],"items":{"type":"integer","description":"At most 3."}}},"required":["a"],"additionalProperties":false}
        `/properties/a/items`: `maximum` moved into the description"#]],
    );
}

/// Constants and lists of values.
#[test]
fn constants() {
    check(
        member(json!({"const": "a"})),
        expect![[
            r#"{"type":"object","properties":{"a":{"type":"string","const":"a"}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    check(
        member(json!({"type": ["string", "null"], "enum": ["a", null, 3, "a"]})),
        expect![[
            r#"{"type":"object","properties":{"a":{"type":["string","null"],"enum":["a",null]}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    check(
        member(json!({"enum": [1, 2.5, "x"]})),
        expect![[
            r#"{"type":"object","properties":{"a":{"type":["number","string"],"enum":[1,2.5,"x"]}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    check(
        member(json!({"enum": [[1]]})),
        expect!["the schema at `/properties/a` cannot be sent: a constant of it is an array or an object"],
    );
    check(
        member(json!({"const": 1, "enum": [2]})),
        expect!["the schema at the root cannot be sent: no value fits it"],
    );
    check_in(
        &SchemaDialect { constants: false, ..SchemaDialect::native() },
        member(json!({"type": "string", "const": "a"})),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"string","enum":["a"]}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `const` became `enum`"#]],
    );
}

/// `oneOf` becomes `anyOf`, alternatives of constants one list of values.
#[test]
fn alternatives() {
    check(
        member(
            json!({"description": "Both.", "oneOf": [{"type": "string"}, {"type": "integer", "minimum": 2}]}),
        ),
        expect![[r#"
            {"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"integer","description":"At least 2."}],"description":"Both."}},"required":["a"],"additionalProperties":false}
            `/properties/a/oneOf/1`: `minimum` moved into the description
            `/properties/a`: `oneOf` became `anyOf`"#]],
    );
    check(
        member(json!({"oneOf": [
            {"type": "string", "const": "slow", "description": "Takes its time."},
            {"type": "string", "enum": ["fast", "faster"]},
        ]})),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"string","enum":["slow","fast","faster"],"description":"- \"slow\": Takes its time."}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `oneOf` became `enum`"#]],
    );
    check(
        member(json!({"anyOf": [{"type": "string"}, false]})),
        expect![[
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    check(
        member(json!({"oneOf": [{"const": "a"}, {"enum": ["a"]}, false]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","enum":["a"]}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `oneOf` became `enum`, which takes more"#]],
    );
    check(
        member(json!({"oneOf": [{"enum": ["a"]}, {"enum": ["a"]}]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","enum":["a"]}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `oneOf` became `anyOf`, which takes more"#]],
    );
    check(
        member(json!({"anyOf": [{"type": "string"}, {}]})),
        expect!["the schema at `/properties/a/anyOf/1` cannot be sent: it takes values of any type"],
    );
}

/// Where `oneOf` is taken it stays only as long as what fits one alternative fits no other through adaptation.
#[test]
fn one_of_where_it_is_taken() {
    let dialect = SchemaDialect { one_of: true, ..SchemaDialect::native() };
    check_in(
        &dialect,
        member(json!({"oneOf": [{"type": "number"}, {"type": "integer"}]})),
        expect![[
            r#"{"type":"object","properties":{"a":{"oneOf":[{"type":"number"},{"type":"integer"}]}},"required":["a"],"additionalProperties":false}"#
        ]],
    );
    check_in(
        &dialect,
        member(json!({"oneOf": [{"type": "number", "maximum": 2}, {"type": "integer"}]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"anyOf":[{"type":"number","description":"At most 2."},{"type":"integer"}]}},"required":["a"],"additionalProperties":false}
        `/properties/a/oneOf/0`: `maximum` moved into the description
        `/properties/a`: `oneOf` became `anyOf`, which takes more"#]],
    );
    let mut schema = member(json!({"oneOf": [{"$ref": "#/$defs/Open"}, {"$ref": "#/$defs/Closed"}]}));
    schema["properties"]["b"] = json!({"$ref": "#/$defs/Open"});
    schema["$defs"] = json!({
        "Open": {"type": "object", "properties": {}},
        "Closed": {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": false},
    });
    check_in(
        &dialect,
        schema,
        expect![[r##"
        {"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/Open"},{"$ref":"#/$defs/Closed"}]},"b":{"$ref":"#/$defs/Open"}},"required":["a"],"additionalProperties":false,"$defs":{"Open":{"type":"object","properties":{},"additionalProperties":false},"Closed":{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}}}
        `/$defs/Open`: `additionalProperties` set to false: members without a name are refused
        `/properties/a`: `oneOf` became `anyOf`, which takes more"##]],
    );
}

/// Alternatives beside members: each alternative gets the members, or closing it would refuse them.
#[test]
fn alternatives_beside_members() {
    check(
        json!({
            "type": "object",
            "description": "A shape.",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
            "oneOf": [
                {"type": "object", "properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}, "required": ["kind", "r"]},
                {"type": "object", "properties": {"kind": {"const": "dot"}}, "required": ["kind"]},
            ],
            "unevaluatedProperties": false,
        }),
        expect![[r#"
            {"type":"object","properties":{"value":{"anyOf":[{"type":"object","properties":{"name":{"type":"string"},"kind":{"type":"string","const":"circle"},"r":{"type":"number"}},"required":["name","kind","r"],"additionalProperties":false},{"type":"object","properties":{"name":{"type":"string"},"kind":{"type":"string","const":"dot"}},"required":["name","kind"],"additionalProperties":false}],"description":"A shape."}},"required":["value"],"additionalProperties":false}
            the root: `oneOf` became `anyOf`
            the root: `oneOf` merged with what stood beside it
            the root: `type` put into an object"#]],
    );
}

/// `allOf` is merged, whatever it says of the same member.
#[test]
fn merged() {
    check(
        json!({"allOf": [
            {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}}, "required": ["a"]},
            {"properties": {"a": {"maximum": 5}, "b": {"$ref": "#/$defs/B"}}},
        ], "$defs": {"B": {"type": "string"}}}),
        expect![[r##"
            {"type":"object","properties":{"a":{"type":"integer","description":"At least 1. At most 5."},"b":{"$ref":"#/$defs/B"}},"required":["a"],"additionalProperties":false,"$defs":{"B":{"type":"string"}}}
            the root: `allOf` merged with what stood beside it
            the root: `additionalProperties` set to false: members without a name are refused
            `/properties/a`: `allOf` merged with what stood beside it
            `/properties/a`: `minimum` moved into the description
            `/properties/a`: `maximum` moved into the description"##]],
    );
    check(
        member(
            json!({"allOf": [{"type": "string", "pattern": "a"}, {"pattern": "b"}, {"maxLength": 9}, {"maxLength": 4}]}),
        ),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","pattern":"a","description":"At most 4 characters. Fits the regular expression `b`."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it
        `/properties/a`: `maxLength` moved into the description
        `/properties/a`: `pattern` moved into the description"#]],
    );
    check(
        member(json!({"allOf": [{"type": "string"}, {"type": "integer"}]})),
        expect!["the schema at the root cannot be sent: no value fits it"],
    );
}

/// Where two say different things of one value, both hold.
#[test]
fn merged_to_what_both_take() {
    let both = |a: Value, b: Value| member(json!({"allOf": [a, b]}));
    check(
        both(json!({"type": ["number", "string"]}), json!({"type": ["integer", "null"]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it"#]],
    );
    check(
        both(json!({"type": "integer"}), json!({"type": "number"})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it"#]],
    );
    check(
        both(json!({"const": 1}), json!({"const": 1.0})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"integer","const":1}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it"#]],
    );
    check(
        both(json!({"const": 1}), json!({"const": 2})),
        expect!["the schema at the root cannot be sent: no value fits it"],
    );
    check(
        both(json!({"enum": [1, 2, 3]}), json!({"enum": [3, 2.0]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"integer","enum":[2,3]}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it"#]],
    );
    check(
        both(json!({"type": "number", "maximum": 3}), json!({"maximum": 2, "minimum": 1})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"number","description":"At most 2. At least 1."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it
        `/properties/a`: `maximum` moved into the description
        `/properties/a`: `minimum` moved into the description"#]],
    );
    check(
        both(
            json!({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "null"}}, "required": ["a"], "additionalProperties": false}),
            json!({"properties": {"b": {"type": "null"}, "c": {"type": "null"}}, "additionalProperties": {"type": "null"}}),
        ),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"object","properties":{"a":{"type":"null"},"b":{"type":"null"}},"required":["a"],"additionalProperties":false}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `allOf` merged with what stood beside it
            `/properties/a/properties`: `c` left out, it adds nothing"#]],
    );
    check(
        both(json!({"type": "string", "not": {"const": "a"}}), json!({"not": {"const": "b"}})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","description":"Does not fit this JSON Schema: {\"const\":\"a\"}. Does not fit this JSON Schema: {\"const\":\"b\"}."}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `allOf` merged with what stood beside it
        `/properties/a`: `not` moved into the description"#]],
    );
    check(
        both(
            json!({"type": "number", "if": {"minimum": 1}, "then": {"maximum": 5}}),
            json!({"if": {"minimum": 2}, "else": {"minimum": 0}}),
        ),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"number","description":"A condition, where it fits this JSON Schema: {\"minimum\":1}. Where the condition holds, it fits: {\"maximum\":5}. A condition, where it fits this JSON Schema: {\"minimum\":2}. Where the condition does not hold, it fits: {\"minimum\":0}."}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `allOf` merged with what stood beside it
            `/properties/a`: `if` moved into the description
            `/properties/a`: `then` moved into the description
            `/properties/a`: `else` moved into the description"#]],
    );
}

/// Items of which two say something, values that two alternatives list, and rules that need definitions.
#[test]
fn merged_within() {
    check(
        member(json!({"allOf": [
            {"type": "array", "items": {"type": "number", "minimum": 1}},
            {"items": {"type": ["integer", "null"]}},
        ]})),
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"array","items":{"type":"integer","description":"At least 1."}}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `allOf` merged with what stood beside it
            `/properties/a/items`: `allOf` merged with what stood beside it
            `/properties/a/items`: `minimum` moved into the description"#]],
    );
    check(
        member(json!({"oneOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]})),
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string","enum":["a","b","c"]}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `oneOf` became `enum`, which takes more"#]],
    );
    let mut schema = member(json!({"type": "string", "not": {"$ref": "#/$defs/D"}}));
    schema["$defs"] = json!({"D": {"const": "x"}});
    check(
        schema,
        expect![[r#"
        {"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}
        `/properties/a`: `not` removed"#]],
    );
}

/// R79: references stay where they are taken and stand alone.
#[test]
fn references() {
    let schema = json!({
        "type": "object",
        "properties": {
            "a": {"$ref": "#/$defs/A%20b"},
            "b": {"$ref": "#/$defs/A b", "description": "Again."},
            "c": {"type": "array", "items": {"$ref": "#here"}},
        },
        "required": ["a"],
        "additionalProperties": false,
        "$defs": {"A b": {"$anchor": "here", "type": "integer", "minimum": 3}, "unused": {}},
    });
    check(
        schema.clone(),
        expect![[r##"
            {"type":"object","properties":{"a":{"$ref":"#/$defs/A_b"},"b":{"type":"integer","description":"Again.\nAt least 3."},"c":{"type":"array","items":{"$ref":"#/$defs/A_b"}}},"required":["a"],"additionalProperties":false,"$defs":{"A_b":{"type":"integer","description":"At least 3."}}}
            `/$defs/A b`: `$anchor` left out, it adds nothing
            `/$defs/A b`: `minimum` moved into the description
            `/properties/b`: `$ref` replaced by what it refers to
            `/properties/b`: `$anchor` left out, it adds nothing
            `/properties/b`: `minimum` moved into the description"##]],
    );
    check_in(
        &SchemaDialect::inlined(),
        schema,
        expect![[r#"
            {"type":"object","properties":{"a":{"type":"integer","description":"At least 3."},"b":{"type":"integer","description":"Again.\nAt least 3."},"c":{"type":"array","items":{"type":"integer","description":"At least 3."}}},"required":["a"],"additionalProperties":false}
            `/properties/a`: `$ref` replaced by what it refers to
            `/properties/a`: `$anchor` left out, it adds nothing
            `/properties/a`: `minimum` moved into the description
            `/properties/b`: `$ref` replaced by what it refers to
            `/properties/b`: `$anchor` left out, it adds nothing
            `/properties/b`: `minimum` moved into the description
            `/properties/c/items`: `$ref` replaced by what it refers to
            `/properties/c/items`: `$anchor` left out, it adds nothing
            `/properties/c/items`: `minimum` moved into the description"#]],
    );
    check(
        member(json!({"$ref": "https://example.com/schema"})),
        expect![
            "the schema at `/properties/a` cannot be sent: `https://example.com/schema` leads out of the schema or nowhere"
        ],
    );
    check(
        member(json!({"$ref": "#/$defs/none"})),
        expect![
            "the schema at `/properties/a` cannot be sent: `#/$defs/none` leads out of the schema or nowhere"
        ],
    );
}

/// R78: recursion cannot be said, directly, through others or through the root.
#[test]
fn recursion() {
    let tree = json!({"$ref": "#/$defs/Tree", "$defs": {"Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
    }}});
    check(tree.clone(), expect!["the schema at the root cannot be sent: it leads to itself"]);
    check_in(
        &SchemaDialect::inlined(),
        tree.clone(),
        expect!["the schema at the root cannot be sent: it leads to itself"],
    );
    check_in(
        &SchemaDialect { recursion: true, ..SchemaDialect::native() },
        tree,
        expect![[r##"
            {"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/Tree"}}},"additionalProperties":false,"$defs":{"Tree":{"type":"object","properties":{"children":{"type":"array","items":{"$ref":"#/$defs/Tree"}}},"additionalProperties":false}}}
            the root: `$ref` replaced by what it refers to
            the root: `additionalProperties` set to false: members without a name are refused
            `/$defs/Tree`: `additionalProperties` set to false: members without a name are refused"##]],
    );
    check(
        json!({"type": "object", "properties": {"next": {"$ref": "#"}}}),
        expect!["the schema at `/properties/next` cannot be sent: it leads to itself"],
    );
    check(json!({"$ref": "#"}), expect!["the schema at the root cannot be sent: it leads to itself"]);
    check_in(
        &SchemaDialect { recursion: true, ..SchemaDialect::native() },
        json!({"allOf": [{"$ref": "#"}]}),
        expect!["the schema at `/allOf/0` cannot be sent: it has too many levels"],
    );
}
