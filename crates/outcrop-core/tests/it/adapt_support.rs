//! What adaptation is held to: the lint, and validity of instances in both directions, by jsonschema.

use outcrop_core::schema::{
    Adapted, OptionalMembers, SchemaChange, SchemaDialect, adapt,
    adapt::{Action, Why},
    lint,
};
use serde_json::{Map, Value, json};

/// Dialects that adaptation is tried with: the presets, and each switch set otherwise.
pub fn dialects() -> Vec<(&'static str, SchemaDialect)> {
    let native = SchemaDialect::native;
    vec![
        ("native", native()),
        ("strict tool", SchemaDialect::strict_tool()),
        ("tool", SchemaDialect::tool()),
        ("inlined", SchemaDialect::inlined()),
        ("inlined tool", SchemaDialect { references: false, ..SchemaDialect::tool() }),
        ("nullable", SchemaDialect { optional: OptionalMembers::Nullable, ..native() }),
        ("with lengths", native().taking(["minLength", "maxLength", "examples"])),
        ("with recursion", SchemaDialect { recursion: true, ..native() }),
        ("with oneOf", SchemaDialect { one_of: true, ..native() }),
        ("without const", SchemaDialect { constants: false, ..native() }),
        ("without lists of types", SchemaDialect { type_lists: false, ..native() }),
        ("without anyOf", SchemaDialect { any_of: false, ..native() }),
        ("with every pattern", SchemaDialect { all_patterns: true, max_min_items: None, ..native() }),
        ("bare", SchemaDialect { keywords: Vec::new(), ..native() }),
    ]
}

pub fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("{error}: {schema}"))
}

/// `value` as it is written to the adapted schema: wrapped, and with `null` for members that are not there.
pub fn written(adapted: &Adapted, dialect: &SchemaDialect, value: &Value) -> Value {
    let mut value = if adapted.wrapped { json!({"value": value}) } else { value.clone() };
    if dialect.optional == OptionalMembers::Nullable && !dialect.everything {
        fill(&mut value, &adapted.schema);
    }
    value
}

fn fill(value: &mut Value, schema: &Value) {
    if let Some(Value::Array(branches)) = schema.get("anyOf") {
        let filled = branches.iter().map(|branch| {
            let mut value = value.clone();
            fill(&mut value, branch);
            (validator(branch).is_valid(&value), value)
        });
        if let Some((_, fitting)) = filled.into_iter().find(|(fits, _)| *fits) {
            *value = fitting;
        }
        return;
    }
    match value {
        Value::Object(members) => {
            let Some(Value::Object(named)) = schema.get("properties") else { return };
            for (name, schema) in named {
                match members.get_mut(name) {
                    Some(member) => fill(member, schema),
                    None if validator(schema).is_valid(&Value::Null) => {
                        drop(members.insert(name.clone(), Value::Null))
                    }
                    None => {}
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, &schema["items"])),
        _ => {}
    }
}

/// Adapts, and holds what comes out to all that is promised for `instances`.
pub fn check(
    schema: &Value,
    name: &str,
    dialect: &SchemaDialect,
    instances: &[Value],
) -> Result<Adapted, Why> {
    let adapted = adapt(schema, dialect).map_err(|error| error.why)?;
    let told = || format!("{name}\n{schema}\n{}\n{:#?}", adapted.schema, adapted.changes);
    let findings = lint(&adapted.schema, dialect);
    assert!(findings.is_empty(), "{findings:?}\n{}", told());
    let (before, after) = (validator(schema), validator(&adapted.schema));
    let widens = adapted.changes.iter().any(|change| change.widens());
    let narrows = adapted.changes.iter().any(|change| change.narrows());
    // An absent member may come back as `null` where that was told, and where it was written as an alternative that
    // it was not meant to be. A `null` comes back as an absent member where it was told that its place is taken to be
    // of another type.
    let told_of =
        |change: &SchemaChange| matches!(change.action, Action::Required { .. } | Action::Assumed { .. });
    let nullable = dialect.optional == OptionalMembers::Nullable
        && (adapted.changes.iter().any(told_of) || adapted.schema.to_string().contains("\"anyOf\""));
    for instance in instances {
        let sent = written(&adapted, dialect, instance);
        let fits = before.is_valid(instance);
        match after.is_valid(&sent) {
            true => {
                let back = adapted.unwrap_value(sent.clone()).unwrap();
                assert!(
                    before.is_valid(&back) || widens,
                    "{sent} fits only the adapted schema of {}",
                    told()
                );
                assert!(!fits || back == *instance || nullable, "{sent} came back as {back}: {}", told());
            }
            false => assert!(!fits || narrows, "{instance} fits only the original schema of {}", told()),
        }
    }
    Ok(adapted)
}

/// Values that try the edges of a schema: what it names, and next to it.
pub fn instances(schema: &Value) -> Vec<Value> {
    let mut found = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1.5),
        json!("a"),
        json!([]),
        json!({}),
        json!({"zz": 1}),
    ];
    found.extend(around(schema, schema, 4));
    found
}

fn around(schema: &Value, root: &Value, depth: usize) -> Vec<Value> {
    let Some(keywords) = schema.as_object().filter(|_| depth > 0) else { return vec![json!(7), json!("x")] };
    let mut found = Vec::new();
    let within = |part: &Value| around(part, root, depth - 1);
    for (keyword, value) in keywords {
        match (keyword.as_str(), value) {
            ("const", value) => found.push(value.clone()),
            ("enum" | "examples", Value::Array(values)) => found.extend(values.iter().cloned()),
            ("default", value) => found.push(value.clone()),
            ("type", kinds) => {
                let kinds = kinds.as_array().cloned().unwrap_or_else(|| vec![kinds.clone()]);
                found.extend(kinds.iter().map(|kind| match kind.as_str().unwrap() {
                    "null" => json!(null),
                    "boolean" => json!(false),
                    "object" => json!({}),
                    "array" => json!([]),
                    "number" => json!(2.5),
                    "integer" => json!(3),
                    _ => json!("abc"),
                }));
            }
            (
                "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf",
                Value::Number(bound),
            ) => {
                let bound = bound.as_f64().unwrap();
                found.extend([bound - 1.0, bound, bound + 1.0, bound * 2.0].map(|number| json!(number)));
                found.extend([bound - 1.0, bound, bound + 1.0].map(|number| json!(number as i64)));
            }
            ("minLength" | "maxLength", Value::Number(bound)) => {
                let bound = bound.as_u64().unwrap() as usize;
                found.extend(
                    [bound.saturating_sub(1), bound, bound + 1].map(|length| json!("é".repeat(length))),
                );
            }
            ("pattern", _) => found.extend(["a", "ab", "b1", ""].map(|text| json!(text))),
            ("format", _) => found.extend(
                ["2026-01-02", "2026-01-02T03:04:05Z", "a@example.com", "127.0.0.1", "::1", "no", "P1D"]
                    .map(|text| json!(text)),
            ),
            ("items" | "contains", part) => {
                let parts = within(part);
                found.extend(parts.iter().map(|item| json!([item])));
                found.extend(parts.windows(2).map(|items| json!(items)));
                found.extend(parts.first().map(|item| json!([item, item, item])));
            }
            ("properties", Value::Object(named)) => found.extend(objects(named, &within)),
            ("$ref" | "$dynamicRef", Value::String(to)) => {
                let target = to.strip_prefix('#').and_then(|to| root.pointer(to));
                found.extend(target.map(within).unwrap_or_default());
            }
            ("allOf" | "anyOf" | "oneOf", Value::Array(parts)) => found.extend(parts.iter().flat_map(within)),
            ("not" | "if" | "then" | "else", part) => found.extend(within(part)),
            ("dependentSchemas", Value::Object(parts)) => found.extend(parts.values().flat_map(within)),
            _ => {}
        }
    }
    // Objects of two alternatives at once.
    let all: Vec<_> = found.iter().filter_map(Value::as_object).cloned().collect();
    for pair in all.windows(2).take(40) {
        let mut both = pair[0].clone();
        both.extend(pair[1].clone());
        found.push(both.into());
    }
    found.truncate(200);
    found
}

/// Objects with all members, each alone, each left out, and each in other ways.
fn objects(named: &Map<String, Value>, within: &dyn Fn(&Value) -> Vec<Value>) -> Vec<Value> {
    let mut found = Vec::new();
    let each: Vec<_> = named.iter().map(|(name, part)| (name, within(part))).collect();
    let longest = each.iter().map(|(_, values)| values.len()).max().unwrap_or(0).min(12);
    for turn in 0..longest.max(1) {
        let all: Map<String, Value> = each
            .iter()
            .filter(|(_, values)| !values.is_empty())
            .map(|(name, values)| ((*name).clone(), values[turn % values.len()].clone()))
            .collect();
        for (name, _) in &each {
            let mut without = all.clone();
            without.shift_remove(*name);
            found.push(without.into());
        }
        let mut with_other = all.clone();
        with_other.insert("zz".to_owned(), json!(1));
        found.extend([all.into(), with_other.into()]);
    }
    found
}
