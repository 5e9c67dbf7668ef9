//! What the model is told, over many schemas.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::*;
use crate::{
    tools::ToolSet,
    wire::{InputText, RawJson, ToolSpec},
};

/// What is wrong with `input`, a line each.
fn told(schema: &Value, input: &str) -> String {
    let set = ToolSet::new([ToolSpec::with_schema("any", "Any.", schema.clone())]).unwrap();
    match set.check("any", &InputText::from(input), None) {
        Ok(_) => "fits".to_owned(),
        Err(InvalidInput::Schema { problems }) => problems.to_string().trim_start().to_owned(),
        Err(other) => other.to_string(),
    }
}

fn check(schema: &Value, input: &str, expected: Expect) {
    expected.assert_eq(&told(schema, input));
}

/// One member `x` of the given schema, and values of it.
fn member(schema: Value, inputs: &[Value], expected: Expect) {
    let schema = json!({ "type": "object", "properties": { "x": schema } });
    let told: Vec<String> =
        inputs.iter().map(|input| told(&schema, &json!({ "x": input }).to_string())).collect();
    expected.assert_eq(&told.join("\n"));
}

#[test]
fn types() {
    member(
        json!({ "type": "string" }),
        &[json!(5), json!(null), json!(["a"]), json!({ "a": 1 })],
        expect![[r#"
        - `/x`: expected a string, found the number 5. The schema there: {"type":"string"}
        - `/x`: expected a string, found null. The schema there: {"type":"string"}
        - `/x`: expected a string, found an array: ["a"]. The schema there: {"type":"string"}
        - `/x`: expected a string, found an object: {"a":1}. The schema there: {"type":"string"}"#]],
    );
    member(
        json!({ "type": "integer" }),
        &[json!(0.5), json!("two"), json!(true), json!("")],
        expect![[r#"
        - `/x`: expected an integer, found the number 0.5. The schema there: {"type":"integer"}
        - `/x`: expected an integer, found the string "two". The schema there: {"type":"integer"}
        - `/x`: expected an integer, found the boolean true. The schema there: {"type":"integer"}
        - `/x`: expected an integer, found an empty string. The schema there: {"type":"integer"}"#]],
    );
    member(
        json!({ "type": ["object", "null"] }),
        &[json!([]), json!(1e300)],
        expect![[r#"
        - `/x`: expected null or an object, found an empty array. The schema there: {"type":["object","null"]}
        - `/x`: expected null or an object, found the number 1e+300. The schema there: {"type":["object","null"]}"#]],
    );
    member(
        json!({ "type": "array" }),
        &[json!({}), json!(-1)],
        expect![[r#"
        - `/x`: expected an array, found an empty object. The schema there: {"type":"array"}
        - `/x`: expected an array, found the number -1. The schema there: {"type":"array"}"#]],
    );
}

#[test]
fn bounds() {
    member(
        json!({ "type": "integer", "minimum": 1, "maximum": 10 }),
        &[json!(0), json!(11)],
        expect![[r#"
        - `/x`: expected a number of at least 1, found the number 0. The schema there: {"type":"integer","minimum":1,"maximum":10}
        - `/x`: expected a number of at most 10, found the number 11. The schema there: {"type":"integer","minimum":1,"maximum":10}"#]],
    );
    member(
        json!({ "exclusiveMinimum": 0, "exclusiveMaximum": 1.5 }),
        &[json!(0), json!(1.5)],
        expect![[r#"
        - `/x`: expected a number greater than 0, found the number 0. The schema there: {"exclusiveMinimum":0,"exclusiveMaximum":1.5}
        - `/x`: expected a number less than 1.5, found the number 1.5. The schema there: {"exclusiveMinimum":0,"exclusiveMaximum":1.5}"#]],
    );
    member(
        json!({ "multipleOf": 0.25 }),
        &[json!(0.3)],
        expect![[
            r#"- `/x`: expected a multiple of 0.25, found the number 0.3. The schema there: {"multipleOf":0.25}"#
        ]],
    );
    member(
        json!({ "minLength": 3, "maxLength": 4 }),
        &[json!("ab"), json!("Lisbon")],
        expect![[r#"
        - `/x`: expected a string of at least 3 characters, found 2 characters: "ab". The schema there: {"minLength":3,"maxLength":4}
        - `/x`: expected a string of at most 4 characters, found 6 characters: "Lisbon". The schema there: {"minLength":3,"maxLength":4}"#]],
    );
    member(
        json!({ "minLength": 1 }),
        &[json!("")],
        expect![[
            r#"- `/x`: expected a string of at least 1 character, found 0 characters: "". The schema there: {"minLength":1}"#
        ]],
    );
    member(
        json!({ "minItems": 1, "maxItems": 2 }),
        &[json!([]), json!([1, 2, 3])],
        expect![[r#"
        - `/x`: expected an array of at least 1 item, found 0 items: []. The schema there: {"minItems":1,"maxItems":2}
        - `/x`: expected an array of at most 2 items, found 3 items: [1,2,3]. The schema there: {"minItems":1,"maxItems":2}"#]],
    );
    member(
        json!({ "minProperties": 1, "maxProperties": 1 }),
        &[json!({}), json!({ "a": 1, "b": 2 })],
        expect![[r#"
            - `/x`: expected an object of at least 1 member, found 0 members: {}. The schema there: {"minProperties":1,"maxProperties":1}
            - `/x`: expected an object of at most 1 member, found 2 members: {"a":1,"b":2}. The schema there: {"minProperties":1,"maxProperties":1}"#]],
    );
    member(
        json!({ "uniqueItems": true }),
        &[json!([1, 1])],
        expect![[
            r#"- `/x`: expected an array whose items all differ, found an array: [1,1]. The schema there: {"uniqueItems":true}"#
        ]],
    );
    member(
        json!({ "contains": { "type": "integer" } }),
        &[json!(["a"])],
        expect![[
            r#"- `/x`: expected an array with at least one item that fits `contains`, found an array: ["a"]. The schema there: {"contains":{"type":"integer"}}"#
        ]],
    );
    member(
        json!({ "prefixItems": [{ "type": "integer" }], "items": false }),
        &[json!([1, 2])],
        expect![[
            r#"- `/x/1`: expected nothing here, found the number 2. The schema there: {"prefixItems":[{"type":"integer"}],"items":false}"#
        ]],
    );
    member(
        json!({ "not": { "const": "no" } }),
        &[json!("no")],
        expect![[
            r#"- `/x`: expected a value that does not fit {"const":"no"}, found the string "no". The schema there: {"not":{"const":"no"}}"#
        ]],
    );
    member(
        json!(false),
        &[json!("no")],
        expect![[r#"- `/x`: expected nothing here, found the string "no". The schema there: {"x":false}"#]],
    );
    member(
        json!({ "propertyNames": { "pattern": "^[a-z]+$" } }),
        &[json!({ "A": 1 })],
        expect![[
            r#"- `/x`: expected members whose names are each a string that matches the pattern `^[a-z]+$`, found the string "A". The schema there: {"pattern":"^[a-z]+$"}"#
        ]],
    );
}

#[test]
fn patterns_and_formats() {
    member(
        json!({ "type": "string", "pattern": "^\\d{4}-\\d{2}$" }),
        &[json!("May 2025")],
        expect![[
            r#"- `/x`: expected a string that matches the pattern `^\d{4}-\d{2}$`, found the string "May 2025". The schema there: {"type":"string","pattern":"^\\d{4}-\\d{2}$"}"#
        ]],
    );
    // Formats are words to the model and are not checked.
    member(json!({ "type": "string", "format": "date" }), &[json!("soon")], expect!["fits"]);
}

#[test]
fn enums_and_constants() {
    let units = json!({ "type": "string", "enum": ["celsius", "fahrenheit"], "description": "The unit." });
    member(
        units,
        &[json!("Celsius"), json!("kelvin"), json!(3)],
        expect![[r#"
            - `/x`: expected "celsius" or "fahrenheit", found the string "Celsius" (is "celsius" meant?). The schema there: {"type":"string","enum":["celsius","fahrenheit"],"description":"The unit."}
            - `/x`: expected "celsius" or "fahrenheit", found the string "kelvin". The schema there: {"type":"string","enum":["celsius","fahrenheit"],"description":"The unit."}
            - `/x`: expected "celsius" or "fahrenheit", found the number 3. The schema there: {"type":"string","enum":["celsius","fahrenheit"],"description":"The unit."}"#]],
    );
    member(
        json!({ "const": "v1" }),
        &[json!("v2")],
        expect![[r#"- `/x`: expected "v1", found the string "v2". The schema there: {"const":"v1"}"#]],
    );
    member(
        json!({ "enum": [1, null, { "a": 1 }, "x"] }),
        &[json!(2)],
        expect![[
            r#"- `/x`: expected one of 1, null, {"a":1} or "x", found the number 2. The schema there: {"enum":[1,null,{"a":1},"x"]}"#
        ]],
    );
    let many: Vec<String> = (0..300).map(|at| format!("option_{at}")).collect();
    member(
        json!({ "enum": many }),
        &[json!("option_7_"), json!("?")],
        expect![[r#"
        - `/x`: expected one of "option_0", "option_1", "option_2", "option_3", "option_4", "option_5", "option_6", "option_7", "option_8", "option_9", "option_10", "option_11", "option_12", "option_13", "option_14", "option_15", "option_16", "option_17" or one of 282 more, found the string "option_7_" (is "option_7" meant?). The schema there: {"enum":["option_0","option_1","option_2","option_3","option_4","option_5","option_6","option_7","option_8","option_9","option_10","option_11","option_12","option_13","option_14","option_15","option_16","option_17","option_18","option_19",…]}
        - `/x`: expected one of "option_0", "option_1", "option_2", "option_3", "option_4", "option_5", "option_6", "option_7", "option_8", "option_9", "option_10", "option_11", "option_12", "option_13", "option_14", "option_15", "option_16", "option_17" or one of 282 more, found the string "?". The schema there: {"enum":["option_0","option_1","option_2","option_3","option_4","option_5","option_6","option_7","option_8","option_9","option_10","option_11","option_12","option_13","option_14","option_15","option_16","option_17","option_18","option_19",…]}"#]],
    );
}

#[test]
fn members() {
    let schema = json!({
        "type": "object",
        "properties": {
            "first_name": { "type": "string", "description": "As in the passport." },
            "last_name": { "type": "string" },
            "age": { "$ref": "#/$defs/Age" },
        },
        "required": ["first_name", "last_name", "age"],
        "additionalProperties": false,
        "$defs": { "Age": { "type": "integer", "minimum": 0 } },
    });
    check(
        &schema,
        "{}",
        expect![[
            r#"- top level: expected the members `first_name`, `last_name` and `age`, found an empty object. The schema there: {"first_name":{"type":"string","description":"As in the passport."},"last_name":{"type":"string"},"age":{"type":"integer","minimum":0}}"#
        ]],
    );
    check(
        &schema,
        r#"{"firstName":"Ada","last_name":"L","age":36}"#,
        expect![[r#"
        - top level: expected no members but `first_name`, `last_name` and `age`, found `firstName` (is `firstName` meant to be `first_name`?)
        - top level: expected the member `first_name`, found only `firstName`, `last_name` and `age` (is `firstName` meant to be `first_name`?). The schema there: {"first_name":{"type":"string","description":"As in the passport."}}"#]],
    );
    check(
        &schema,
        r#"{"first_name":"Ada","last_name":"L","age":-1,"zip":1,"colour":2}"#,
        expect![[r#"
        - top level: expected no members but `first_name`, `last_name` and `age`, found `zip` and `colour`
        - `/age`: expected a number of at least 0, found the number -1. The schema there: {"type":"integer","minimum":0}"#]],
    );
    member(
        json!({ "type": "object", "additionalProperties": false }),
        &[json!({ "a": 1 })],
        expect![[
            r#"- `/x`: expected nothing here, found the number 1. The schema there: {"type":"object","additionalProperties":false}"#
        ]],
    );
    let nested = json!({ "type": "array", "items": { "type": "object", "properties": { "a/b~": {} }, "required": ["a/b~"] } });
    member(
        nested,
        &[json!([{}, { "a/b~": 1 }, { "ab": 1 }])],
        expect![[r#"
        - `/x/0`: expected the member `a/b~`, found an empty object. The schema there: {"a/b~":{}}
        - `/x/2`: expected the member `a/b~`, found only `ab` (is `ab` meant to be `a/b~`?). The schema there: {"a/b~":{}}"#]],
    );
}

/// What `Option`, enums of every tag form and untagged types give by schemars.
#[test]
fn alternatives() {
    let maybe = json!({ "anyOf": [{ "type": "object", "properties": { "a": { "type": "integer" } }, "required": ["a"] }, { "type": "null" }] });
    member(
        maybe,
        &[json!({}), json!({ "a": "1" }), json!(7)],
        expect![[r#"
        - `/x`: expected the member `a`, found an empty object. The schema there: {"a":{"type":"integer"}}
        - `/x/a`: expected an integer, found the string "1" (it is a string that holds a number: give a number itself). The schema there: {"type":"integer"}
        - `/x`: expected an object or null, found the number 7. The schema there: {"anyOf":[{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]},{"type":"null"}]}"#]],
    );
    let external = json!({ "oneOf": [
        { "type": "string", "enum": ["none", "all"] },
        { "type": "object", "properties": { "circle": { "type": "object", "properties": { "r": { "type": "number" } }, "required": ["r"] } }, "required": ["circle"], "additionalProperties": false },
        { "type": "object", "properties": { "square": { "type": "number" } }, "required": ["square"], "additionalProperties": false },
    ] });
    member(
        external,
        &[
            json!("some"),
            json!({ "circle": {} }),
            json!({ "Circle": { "r": 1 } }),
            json!(4),
            json!({ "circle": { "r": 1 }, "square": 2 }),
        ],
        expect![[r#"
            - `/x`: expected "none" or "all", found the string "some". The schema there: {"type":"string","enum":["none","all"]}
            - `/x/circle`: expected the member `r`, found an empty object. The schema there: {"r":{"type":"number"}}
            - `/x`: expected the member `circle` or `square`, found only `Circle` (is `Circle` meant to be `circle`?). The schema there: {"oneOf":[{"type":"string","enum":["none","all"]},{"type":"object","properties":{"circle":{"type":"object","properties":{…},"required":[…]}},"required":["circle"],"additionalProperties":false},{"type":"object","properties":{"square":{"type":"number"}},"required":["square"],"additionalProperties":false}]}
            - `/x`: expected a string or an object, found the number 4. The schema there: {"oneOf":[{"type":"string","enum":["none","all"]},{"type":"object","properties":{"circle":{"type":"object","properties":{…},"required":[…]}},"required":["circle"],"additionalProperties":false},{"type":"object","properties":{"square":{"type":"number"}},"required":["square"],"additionalProperties":false}]}
            - `/x`: expected an object without other members, found an object: {"circle":{"r":1},"square":2}. The schema there: {"oneOf":[{"type":"string","enum":["none","all"]},{"type":"object","properties":{"circle":{"type":"object","properties":{…},"required":[…]}},"required":["circle"],"additionalProperties":false},{"type":"object","properties":{"square":{"type":"number"}},"required":["square"],"additionalProperties":false}]}"#]],
    );
    let internal = json!({ "oneOf": [
        { "type": "object", "properties": { "kind": { "type": "string", "const": "circle" }, "r": { "type": "number" } }, "required": ["kind", "r"] },
        { "type": "object", "properties": { "kind": { "type": "string", "const": "square" }, "side": { "type": "number" } }, "required": ["kind", "side"] },
    ] });
    member(
        internal,
        &[
            json!({ "kind": "circle" }),
            json!({ "kind": "cirle", "r": 1 }),
            json!({ "r": 1 }),
            json!({}),
            json!("circle"),
        ],
        expect![[r#"
            - `/x`: expected the member `r`, found only `kind`. The schema there: {"r":{"type":"number"}}
            - `/x/kind`: expected "circle" or "square", found the string "cirle" (is "circle" meant?). The schema there: {"oneOf":[{"type":"object","properties":{"kind":{"type":"string","const":"circle"},"r":{"type":"number"}},"required":["kind","r"]},{"type":"object","properties":{"kind":{"type":"string","const":"square"},"side":{"type":"number"}},"required":["kind","side"]}]}
            - `/x`: expected the member `kind`, which is "circle" or "square", found only `r`. The schema there: {"oneOf":[{"type":"object","properties":{"kind":{"type":"string","const":"circle"},"r":{"type":"number"}},"required":["kind","r"]},{"type":"object","properties":{"kind":{"type":"string","const":"square"},"side":{"type":"number"}},"required":["kind","side"]}]}
            - `/x`: expected the member `kind`, which is "circle" or "square", found an empty object. The schema there: {"oneOf":[{"type":"object","properties":{"kind":{"type":"string","const":"circle"},"r":{"type":"number"}},"required":["kind","r"]},{"type":"object","properties":{"kind":{"type":"string","const":"square"},"side":{"type":"number"}},"required":["kind","side"]}]}
            - `/x`: expected an object, found the string "circle". The schema there: {"oneOf":[{"type":"object","properties":{"kind":{"type":"string","const":"circle"},"r":{"type":"number"}},"required":["kind","r"]},{"type":"object","properties":{"kind":{"type":"string","const":"square"},"side":{"type":"number"}},"required":["kind","side"]}]}"#]],
    );
    let untagged =
        json!({ "anyOf": [{ "type": "integer" }, { "type": "array", "items": { "type": "integer" } }] });
    member(
        untagged,
        &[json!("x"), json!([1, "x"]), json!({})],
        expect![[r#"
        - `/x`: expected an integer or an array, found the string "x". The schema there: {"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"integer"}}]}
        - `/x/1`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - `/x`: expected an integer or an array, found an empty object. The schema there: {"anyOf":[{"type":"integer"},{"type":"array","items":{"type":"integer"}}]}"#]],
    );
    let documented = json!({ "oneOf": [{ "const": "a", "description": "First." }, { "const": "b", "description": "Second." }] });
    member(
        documented,
        &[json!("c")],
        expect![[
            r#"- `/x`: expected "a" or "b", found the string "c". The schema there: {"oneOf":[{"const":"a","description":"First."},{"const":"b","description":"Second."}]}"#
        ]],
    );
    member(
        json!({ "oneOf": [{ "minimum": 1 }, { "maximum": 5 }] }),
        &[json!(3)],
        expect![[
            r#"- `/x`: expected a value that fits exactly one of the alternatives, found the number 3. The schema there: {"oneOf":[{"minimum":1},{"maximum":5}]}"#
        ]],
    );
    let nested =
        json!({ "anyOf": [{ "anyOf": [{ "type": "integer" }, { "type": "boolean" }] }, { "type": "null" }] });
    member(
        nested,
        &[json!("x")],
        expect![[
            r#"- `/x`: expected an integer or a boolean or null, found the string "x". The schema there: {"anyOf":[{"anyOf":[{"type":"integer"},{"type":"boolean"}]},{"type":"null"}]}"#
        ]],
    );
}

/// R49: what models often do wrong is named, and not mended here.
#[test]
fn hints() {
    let schema = json!({
        "type": "object",
        "properties": {
            "to": { "type": "array", "items": { "type": "string" } },
            "filter": { "type": ["object", "null"] },
            "copies": { "type": "integer" },
            "content": { "type": "string" },
            "metadata": { "type": "object" },
        },
        "required": ["content", "metadata"],
    });
    check(
        &schema,
        r#"{"to":"[\"a@example.com\"]","filter":"{\"k\":1}","copies":"2","content":"","metadata":{}}"#,
        expect![[r#"
            - `/copies`: expected an integer, found the string "2" (it is a string that holds a number: give a number itself). The schema there: {"type":"integer"}
            - `/filter`: expected null or an object, found the string "{\"k\":1}" (it is a string that holds an object: give an object itself). The schema there: {"type":["object","null"]}
            - `/to`: expected an array, found the string "[\"a@example.com\"]" (it is a string that holds an array: give an array itself). The schema there: {"type":"array","items":{"type":"string"}}"#]],
    );
    // A string that is none of what is wanted gets no hint.
    check(
        &schema,
        r#"{"to":"[a","copies":"two","content":"","metadata":{}}"#,
        expect![[r#"
        - `/copies`: expected an integer, found the string "two". The schema there: {"type":"integer"}
        - `/to`: expected an array, found the string "[a". The schema there: {"type":"array","items":{"type":"string"}}"#]],
    );
    check(
        &schema,
        r#"{"content":"long text</content>\n<parameter name=\"metadata\">{\"tags\": \"a,b\"}"}"#,
        expect![[
            r#"- top level: expected the member `metadata`, found only `content` (`content` holds the markup of a call: it may have swallowed what was to follow). The schema there: {"metadata":{"type":"object"}}"#
        ]],
    );
    check(
        &schema,
        r#"{"content":"all done.</content>\n</invoke>"}"#,
        expect![[
            r#"- top level: expected the member `metadata`, found only `content` (`content` holds the markup of a call: it may have swallowed what was to follow). The schema there: {"metadata":{"type":"object"}}"#
        ]],
    );
    check(
        &schema,
        r#"{"content":"a <b>word</b>"}"#,
        expect![[
            r#"- top level: expected the member `metadata`, found only `content`. The schema there: {"metadata":{"type":"object"}}"#
        ]],
    );
}

/// Several at once: in the order of the places, bounded in number.
#[test]
fn many_at_once() {
    let item = json!({ "type": "object", "properties": { "n": { "type": "integer" }, "s": { "type": "string" } }, "required": ["n"] });
    let schema = json!({ "type": "object", "properties": { "a": { "type": "array", "items": item }, "b": { "type": "boolean" } }, "required": ["c"] });
    let item = |at: u32| if at.is_multiple_of(2) { json!({ "n": "x", "s": 1 }) } else { json!({}) };
    let items: Vec<Value> = (0..12).map(item).collect();
    check(
        &schema,
        &json!({ "b": 1, "a": items }).to_string(),
        expect![[r#"
        - top level: expected the member `c`, found only `b` and `a`
        - `/a/0/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - `/a/0/s`: expected a string, found the number 1. The schema there: {"type":"string"}
        - `/a/1`: expected the member `n`, found an empty object. The schema there: {"n":{"type":"integer"}}
        - `/a/2/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - `/a/2/s`: expected a string, found the number 1. The schema there: {"type":"string"}
        - `/a/3`: expected the member `n`, found an empty object. The schema there: {"n":{"type":"integer"}}
        - `/a/4/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - and 12 more"#]],
    );
    let items: Vec<Value> = (0..100_000).map(|_| json!({ "n": "x" })).collect();
    check(
        &schema,
        &json!({ "a": items, "c": 1 }).to_string(),
        expect![[r#"
        - `/a/0/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - `/a/1/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - `/a/2/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
        - and 99997 more"#]],
    );
}

/// Nothing of a huge input is told wholesale.
#[test]
fn words_are_bounded() {
    let long = "é".repeat(700);
    let names: Vec<String> = (0..12).map(|at| format!("{long}{at}")).collect();
    let wide: serde_json::Map<String, Value> = names.iter().map(|name| (name.clone(), json!(1))).collect();
    let deep = (0..100).fold(json!(1), |value, _| json!({ "name": [value] }));
    let values = [json!(long), json!(wide), json!(vec![1; 3_000]), deep, json!(vec![long.clone(); 20])];
    let schemas = [
        json!({ "type": "integer" }),
        json!({ "enum": values[..1] }),
        json!({ "enum": vec![&long[..400]; 300] }),
        json!({ "const": long }),
        json!({ "pattern": format!("^a{}$", &long[..1000]) }),
        json!({ "required": names[..9], "type": "object" }),
        json!({ "additionalProperties": false, "properties": { long.clone(): {} }, "type": "object" }),
        json!({ "anyOf": vec![json!({ "type": "boolean" }), json!({ "const": long }), json!({ "maxLength": 1, "maxItems": 1, "maxProperties": 0, "type": ["string", "array", "object"] })] }),
        json!({ "not": { "type": ["string", "array", "object"], "description": long } }),
        json!({ "propertyNames": { "maxLength": 3 }, "type": "object" }),
    ];
    for schema in &schemas {
        let named: serde_json::Map<String, Value> =
            names.iter().map(|name| (name.clone(), schema.clone())).collect();
        let object = json!({ "type": "object", "properties": named });
        for value in &values {
            let input: serde_json::Map<String, Value> =
                (0..12).map(|at| (format!("{long}{at}"), value.clone())).collect();
            let told = told(&object, &Value::from(input).to_string());
            assert!(told.chars().count() < 11_000, "{} characters", told.chars().count());
        }
    }
}

fn typed<T: serde::de::DeserializeOwned>(schema: &Value, input: &str, expected: Expect) {
    let found = match read::<T>(input, None, &RawJson::from(schema)) {
        Ok(_) => "read".to_owned(),
        Err(problem) => problem.to_string(),
    };
    expected.assert_eq(&found);
}

/// What fits the schema and is refused by the type.
#[test]
fn types_that_refuse() {
    use std::{collections::BTreeMap, num::NonZeroU8};

    use serde::Deserialize;

    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Plan {
        days: Vec<Day>,
        shape: Option<Shape>,
        by_name: Option<BTreeMap<String, (u8, NonZeroU8)>>,
        #[serde(flatten)]
        rest: Option<Rest>,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Day {
        start: std::net::IpAddr,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code)]
    enum Shape {
        Circle { r: u8 },
        Square(u8),
        Dot,
    }
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Rest {
        note: u8,
    }
    let schema = json!({
        "type": "object",
        "properties": {
            "days": { "type": "array", "items": { "$ref": "#/$defs/Day" } },
            "shape": { "oneOf": [{ "type": "object", "properties": { "circle": { "type": "object", "properties": { "r": { "type": "integer", "minimum": 0 } } } } }, { "const": "dot" }] },
            "by_name": { "type": "object", "additionalProperties": { "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "integer", "title": "Second" }] } },
        },
        "$defs": { "Day": { "type": "object", "properties": { "start": { "type": "string", "format": "ip" } } } },
    });
    typed::<Plan>(
        &schema,
        r#"{"days":[{"start":"::1"},{"start":"home"}]}"#,
        expect![[
            r#"`/days/1/start`: expected a valid value, found the string "home" (invalid IP address syntax). The schema there: {"type":"string","format":"ip"}"#
        ]],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[{}]}"#,
        expect![[
            r#"`/days/0`: expected the member `start`, found an empty object. The schema there: {"type":"object","properties":{"start":{"type":"string","format":"ip"}}}"#
        ]],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[],"shape":{"circle":{"r":300}}}"#,
        expect![[
            r#"`/shape/circle/r`: expected an integer from 0 to 255, found the number 300. The schema there: {"type":"integer","minimum":0}"#
        ]],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[],"shape":"dott"}"#,
        expect![[
            r#"`/shape`: expected one of `circle`, `square`, `dot`, found the string "dott" (unknown variant `dott`). The schema there: {"oneOf":[{"type":"object","properties":{"circle":{"type":"object","properties":{…}}}},{"const":"dot"}]}"#
        ]],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[],"shape":{"square":-1}}"#,
        expect!["`/shape/square`: expected an integer from 0 to 255, found the number -1"],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[],"by_name":{"a/b":[1,0]}}"#,
        expect![[
            r#"`/by_name/a~1b/1`: expected an integer from 1 to 255, found the number 0. The schema there: {"type":"integer","title":"Second"}"#
        ]],
    );
    typed::<Plan>(
        &schema,
        r#"{"days":[],"by_name":{"a":[1]}}"#,
        expect![[
            r#"`/by_name/a`: expected an array of 2 items, found an array: [1]. The schema there: {"type":"array","prefixItems":[{"type":"integer"},{"type":"integer","title":"Second"}]}"#
        ]],
    );
    typed::<i16>(
        &json!({ "type": "integer" }),
        "-70000",
        expect![[
            r#"top level: expected an integer from -32768 to 32767, found the number -70000. The schema there: {"type":"integer"}"#
        ]],
    );
    typed::<f64>(
        &json!({}),
        "[]",
        expect!["top level: expected a number, found an empty array. The schema there: {}"],
    );
    typed::<[bool; 2]>(
        &json!({}),
        "[true]",
        expect!["top level: expected an array of length 2, found an array: [true]. The schema there: {}"],
    );
    typed::<Vec<Day>>(
        &json!({}),
        "{}",
        expect!["top level: expected an array, found an empty object. The schema there: {}"],
    );
    typed::<Day>(
        &json!({}),
        "[]",
        expect!["top level: expected struct Day with 1 element, found an empty array. The schema there: {}"],
    );
    typed::<u8>(
        &json!({ "type": "integer" }),
        "256",
        expect![[
            r#"top level: expected an integer from 0 to 255, found the number 256. The schema there: {"type":"integer"}"#
        ]],
    );
    typed::<Rest>(
        &json!(true),
        r#"{"note":1,"note":2}"#,
        expect![[
            r#"top level: expected a valid value, found an object: {"note":2} (duplicate field `note`)"#
        ]],
    );
    typed::<BTreeMap<String, u8>>(
        &schema,
        r#"{"a":"1 at line 2, expected x"}"#,
        expect![[r#"`/a`: expected an integer from 0 to 255, found the string "1 at line 2, expected x""#]],
    );
}

/// Of a long text that is no JSON the part is told in which the mistake is.
#[test]
fn texts_that_are_no_json() {
    fn check(input: &str, expected: Expect) {
        let set = ToolSet::new([ToolSpec::with_schema("any", "Any.", json!({ "type": "object" }))]).unwrap();
        let told = set.check("any", &InputText::from(input), None).unwrap_err().to_string();
        expected.assert_eq(&told.replace(&"a".repeat(100), "a*100 ").replace(&"b".repeat(100), "b*100 "));
    }
    check(
        r#"{"names": cronjob_manage}"#,
        expect![[
            r#"The input is not valid JSON (expected value at line 1 column 11), so the tool was not run. Send one JSON object. Perhaps you meant: {"names":"cronjob_manage"}. The input was: {"names": cronjob_manage}"#
        ]],
    );
    let (a, b) = ("a".repeat(5_000), "b".repeat(5_000));
    check(
        &format!(r#"{{"text":"{a}","names":cronjob,"more":"{b}"}}"#),
        expect![[
            r#"The input is not valid JSON (expected value at line 1 column 5020), so the tool was not run. Send one JSON object. Perhaps you meant (shortened): {"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…","names":"cronjob","more":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…"}. The input was: …a*100 a*100 a*100 a*100 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","names":cronjob,"more":"b*100 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb… (10037 bytes in all, from byte 4569)"#
        ]],
    );
    check(
        &format!("{{\"names\":cronjob,\n\"more\":\"{b}\"}}"),
        expect![[r#"
            The input is not valid JSON (expected value at line 1 column 10), so the tool was not run. Send one JSON object. Perhaps you meant (shortened): {"names":"cronjob","more":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb…"}. The input was: {"names":cronjob,
            "more":"b*100 b*100 b*100 b*100 b*100 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb… (5028 bytes in all)"#]],
    );
    check(
        &format!("{{\"text\":\n\"{a}\n"),
        expect![[r#"
            The input is not valid JSON (control character (\u0000-\u001F) found while parsing a string at line 3 column 0), so the tool was not run. Send one JSON object. Perhaps you meant (shortened): {"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…"}. The input was: …a*100 a*100 a*100 a*100 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
             (5011 bytes in all, from byte 4561)"#]],
    );
}

/// R51: however an input is read, no digit is lost; what is moved out of the value is what the text says.
#[test]
fn every_way_of_reading_gives_the_same() {
    use std::collections::BTreeMap;

    let set = ToolSet::new([ToolSpec::with_schema("any", "Any.", json!({ "type": "object" }))]).unwrap();
    let ready = |text: &str| set.check("any", &InputText::from(text), None).unwrap();
    fn check<T>(ready: impl Fn() -> crate::tools::ReadyInput, name: &str, expected: &str)
    where
        T: serde::de::DeserializeOwned + std::fmt::Debug,
    {
        let by_text: Result<BTreeMap<String, T>, _> = ready().decode();
        let by_value: Result<BTreeMap<String, T>, _> = ready().into_decoded();
        let told = |read: Result<BTreeMap<String, T>, InvalidInput>| match read {
            Ok(mut members) => format!("{:?}", members.remove(name)),
            Err(error) => error.to_string(),
        };
        assert_eq!(told(by_text), expected);
        assert_eq!(told(by_value), expected);
        let mut members = ready().into_members();
        match members.take::<T>(name) {
            Some(Ok(read)) => assert_eq!(format!("{:?}", Some(read)), expected),
            Some(Err(problem)) => assert!(expected.contains(&problem.to_string()), "{problem}"),
            None => assert_eq!(expected, "None"),
        }
    }
    let long = || ready(r#"{"a":123456789012345678901234567890,"b":"x"}"#);
    check::<RawJson>(long, "a", "Some(123456789012345678901234567890)");
    check::<RawJson>(|| ready(r#"{"a":0.12345678901234567890}"#), "a", "Some(0.12345678901234567890)");
    check::<i128>(
        || ready(r#"{"a":123456789012345678901234567890}"#),
        "a",
        "Some(123456789012345678901234567890)",
    );
    check::<f64>(|| ready(r#"{"a":0.1}"#), "a", "Some(0.1)");
    check::<String>(|| ready(r#"{"\u0061":"\u00e9"}"#), "a", "Some(\"é\")");
    check::<u8>(|| ready("{}"), "a", "None");
    check::<u8>(
        || ready(r#"{"a":256}"#),
        "a",
        "The input fits the schema but not the tool, so the tool was not run:\n- `/a`: expected an integer from 0 to 255, found the number 256",
    );
    assert_eq!(ready("").into_decoded::<()>(), Ok(()));
}
