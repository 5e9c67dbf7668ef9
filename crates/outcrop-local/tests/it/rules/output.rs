//! Native output and strict tools.

use super::*;

fn output(schema: Value) -> Value {
    let schema = json!({"schema": schema.to_string(), "name": "answer"});
    with(
        json!({"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}}),
    )
}

fn strict(schemas: Vec<Value>) -> Value {
    let tool = |(at, schema): (usize, Value)| json!({"toolSpec": {"name": format!("t{at}"), "inputSchema": {"json": schema}, "strict": true}});
    let tools: Vec<Value> = schemas.into_iter().enumerate().map(tool).collect();
    with(json!({"toolConfig": {"tools": tools}}))
}

/// An object with these properties, all required.
fn object(properties: Value) -> Value {
    let names: Vec<&String> = properties.as_object().into_iter().flatten().map(|(name, _)| name).collect();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}

fn fine() -> Value {
    object(json!({"n": {"type": "integer"}}))
}

#[test]
fn support() {
    refuses(
        NOVA,
        output(fine()),
        "This model doesn't support the outputConfig field. Remove outputConfig and try again.",
        with(json!({})),
    );
    model_refuses(
        CLAUDE_4,
        output(fine()),
        "output_config.format: Extra inputs are not permitted",
        with(json!({})),
    );
    model_refuses(
        CLAUDE_4,
        strict(vec![fine()]),
        "tools.0.custom.strict: Extra inputs are not permitted",
        with(json!({"toolConfig": tools()})),
    );
    takes("zai.glm-4.7-flash", Operation::Converse, &output(json!({"type": "array", "maxItems": 2})));
}

#[test]
fn words_of_schemas() {
    let array = |words: Value| {
        let mut items = json!({"type": "array", "items": {"type": "string"}});
        merge(&mut items, words);
        object(json!({"items": items}))
    };
    model_refuses(
        CLAUDE,
        output(array(json!({"maxItems": 5}))),
        "output_config.format.schema: For 'array' type, property 'maxItems' is not supported",
        output(array(json!({"minItems": 1}))),
    );
    model_refuses(
        CLAUDE,
        output(array(json!({"minItems": 2}))),
        "output_config.format.schema: For 'array' type, 'minItems' values other than 0 or 1 are not supported",
        output(array(json!({"minItems": 0}))),
    );
    model_refuses(
        CLAUDE,
        strict(vec![fine(), object(json!({"n": {"type": "integer", "multipleOf": 2}}))]),
        "tools.1.custom: For 'integer' type, property 'multipleOf' is not supported",
        strict(vec![fine(), object(json!({"multipleOf": {"type": "integer"}}))]),
    );
    model_refuses(
        CLAUDE,
        output(json!({"type": "object", "properties": {}})),
        "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
        output(fine()),
    );
    model_refuses(
        CLAUDE,
        strict(vec![object(json!({"a": {"oneOf": [{"type": "string"}]}}))]),
        "tools.0.custom: Schema type 'oneOf' is not supported",
        strict(vec![object(json!({"a": {"anyOf": [{"type": "string"}]}}))]),
    );
}

#[test]
fn recursion_breaks_the_service() {
    let tree = |child: Value| {
        let mut schema = json!({"$ref": "#/$defs/Node"});
        let node = object(json!({"children": {"type": "array", "items": child}}));
        merge(&mut schema, json!({"$defs": {"Node": node, "Leaf": fine()}}));
        output(schema)
    };
    check(
        CLAUDE,
        Operation::Converse,
        tree(json!({"$ref": "#/$defs/Node"})),
        (
            500,
            "InternalServerException",
            "The system encountered an unexpected error during processing. Try your request again.",
        ),
        tree(json!({"$ref": "#/$defs/Leaf"})),
    );
}

#[test]
fn limits() {
    model_refuses(
        CLAUDE,
        strict(vec![fine(); 21]),
        "Too many strict tools (21). The maximum number of strict tools supported is 20. \
         Try reducing the number of tools marked as strict.",
        strict(vec![fine(); 20]),
    );
    let many = |count: usize, property: Value, required: bool| {
        let properties: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("p{at}"), property.clone())).collect();
        let mut schema = object(Value::Object(properties));
        if !required {
            merge(&mut schema, json!({"required": []}));
        }
        output(schema)
    };
    model_refuses(
        CLAUDE,
        many(25, json!({"type": "string"}), false),
        "Schemas contains too many optional parameters (25), which would make grammar compilation inefficient. \
         Reduce the number of optional parameters in your tool schemas (limit: 24).",
        many(24, json!({"type": "string"}), false),
    );
    model_refuses(
        CLAUDE,
        many(17, json!({"type": ["string", "null"]}), true),
        "Schemas contains too many parameters with union types (17 parameters with type arrays or anyOf). \
         This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters \
         (limit: 16 parameters with unions).",
        many(16, json!({"type": ["string", "null"]}), true),
    );
}

#[test]
fn grammars_have_a_size() {
    let wide = |count: usize| {
        let properties: serde_json::Map<String, Value> =
            (0..count).map(|at| (format!("p{at}"), json!({"type": "string"}))).collect();
        let names: Vec<String> = properties.keys().cloned().collect();
        json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
    };
    model_refuses(CLAUDE, output(wide(1000)), "Schema is too complex.", output(wide(900)));
    let strict = |count: usize| {
        let tool = |at: usize| json!({"toolSpec": {"name": format!("t{at}"), "inputSchema": {"json": wide(900)}, "strict": true}});
        let tools: Vec<Value> = (0..count).map(tool).collect();
        let mut request = messages(json!([hi()]));
        merge(&mut request, json!({"toolConfig": {"tools": tools}}));
        request
    };
    model_refuses(
        CLAUDE,
        strict(4),
        "The compiled grammar is too large, which would cause performance issues. \
         Simplify your tool schemas or reduce the number of strict tools.",
        strict(3),
    );
}

#[test]
fn citations() {
    let cited = json!({"document": {
        "name": "a", "format": "txt", "source": {"text": "words"}, "citations": {"enabled": true},
    }});
    let mut request = output(fine());
    merge(&mut request, messages(json!([user(json!([{"text": "Hi"}, cited]))])));
    model_refuses(CLAUDE, request, "Citations cannot be enabled when output format is set", output(fine()));
}

#[test]
fn long_and_branching_references_are_no_trouble() {
    let definitions: serde_json::Map<String, Value> = (0..5000)
        .map(|at| {
            let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            (format!("d{at}"), object(json!({"a": next, "b": next})))
        })
        .collect();
    takes(CLAUDE, Operation::Converse, &output(json!({"$ref": "#/$defs/d0", "$defs": definitions})));
}
