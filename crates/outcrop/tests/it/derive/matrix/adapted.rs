//! Each schema of the matrix in each dialect: what is sent passes the lint, takes what the type's own schema takes, and
//! gives it back; where that is not so, it is told here (R77 to R79).

#[allow(unreachable_pub)]
#[path = "../../../../../outcrop-core/tests/it/adapt_support.rs"]
mod support;

use std::collections::BTreeMap;

use expect_test::expect;
use outcrop::{
    core::{
        schema::{
            SchemaDialect,
            adapt::{Action, Why},
            lint,
        },
        wire::InputSchema,
    },
    serde_json::{Value, json},
};

use self::support::{check, dialects, instances, validator, written};
use super::{Cell, Sample, all};

/// Where the values of a type stand.
struct Form {
    schema: fn(&Cell) -> Value,
    /// Values of the schema that hold a value of the type.
    hold: fn(&Value) -> Vec<Value>,
    /// The values of the type in such a value.
    held: fn(&Value) -> Vec<&Value>,
}

const WHOLE: Form = Form {
    schema: |cell| (cell.schema)().to_value().unwrap(),
    hold: |value| vec![value.clone()],
    held: |value| vec![value],
};

const PARAMETERS: Form = Form {
    schema: |cell| (cell.parameters)().to_value().unwrap(),
    hold: |value| {
        let all = json!({ "value": value, "maybe": value, "list": [] });
        vec![json!({ "value": value, "list": [value, value] }), all]
    },
    held: |input| {
        let list = input["list"].as_array().into_iter().flatten();
        input.get("value").into_iter().chain(list).collect()
    },
};

/// What became of the schemas of a type.
#[derive(Default)]
struct Tried {
    said: usize,
    values: usize,
    /// Why not, and by which dialects.
    refused: BTreeMap<String, Vec<&'static str>>,
    /// Values that fit the schema and not what is sent.
    closed: Vec<String>,
}

impl Tried {
    /// A schema in every dialect. `takes` fit it, `others` need not; `reads` is what a type makes of a value.
    fn new(schema: &Value, takes: &[Value], others: &[Value], reads: &dyn Fn(&Value) -> String) -> Self {
        let mut this = Self::default();
        let tried = [takes, others, &instances(schema)].concat();
        for (name, dialect) in dialects() {
            let adapted = match check(schema, name, &dialect, &tried) {
                Ok(adapted) => adapted,
                // That is what it is for.
                Err(Why::Union) if name == "without anyOf" => continue,
                Err(why) => {
                    this.refused.entry(why.to_string()).or_default().push(name);
                    continue;
                }
            };
            this.said += 1;
            let validator = validator(&adapted.schema);
            let told = |wanted: Action| adapted.changes.iter().any(|change| change.action == wanted);
            for value in takes {
                this.values += 1;
                let sent = written(&adapted, &dialect, value);
                if !validator.is_valid(&sent) {
                    assert!(told(Action::Closed), "{name}: {sent} fits no more: {:#?}", adapted.changes);
                    if !this.closed.contains(&value.to_string()) {
                        this.closed.push(value.to_string());
                    }
                    continue;
                }
                let back = adapted.unwrap_value(sent).unwrap();
                // A member that was not there may come back as `null`. It is read as if it was not there, but where
                // there is a default.
                let same = back == *value
                    || told(Action::Required { has_default: true })
                    || told(Action::Required { has_default: false }) && reads(&back) == reads(value);
                assert!(same, "{name}: {value} came back as {back}");
            }
        }
        this
    }

    fn of(cell: &Cell, form: &Form) -> Self {
        let (mut takes, mut others) = (Vec::new(), Vec::new());
        for sample in (cell.samples)() {
            match sample {
                Sample::Yes(value) | Sample::Wide(value, _) => takes.extend((form.hold)(&value)),
                Sample::No(value) | Sample::Narrow(value, _) => others.extend((form.hold)(&value)),
            }
        }
        let schema = (form.schema)(cell);
        let before = validator(&schema);
        assert!(takes.iter().all(|value| before.is_valid(value)), "{}: {schema}", cell.name);
        Self::new(&schema, &takes, &others, &|value| {
            let held = (form.held)(value);
            format!("{:?}", held.into_iter().map(|value| (cell.read)(&value.to_string())).collect::<Vec<_>>())
        })
    }

    /// Why schemas are not said: one line each.
    fn why(&self) -> String {
        let lines = self.refused.iter().map(|(why, names)| {
            let missing: Vec<_> =
                dialects().into_iter().map(|(name, _)| name).filter(|name| !names.contains(name)).collect();
            match missing.len() < names.len() {
                true => format!("\n  {why}: all but {}", missing.join(", ")),
                false => format!("\n  {why}: {}", names.join(", ")),
            }
        });
        lines.collect()
    }
}

/// Every type in a form, with what is told of it.
fn every_type(form: &Form, told: impl Fn(&Cell, &Tried) -> String) -> String {
    let (mut types, mut said, mut values, mut seen) = (0, 0, 0, String::new());
    for cell in all() {
        let tried = Tried::of(cell, form);
        let told = told(cell, &tried);
        if !told.is_empty() {
            seen += &format!("{}{told}\n", cell.name);
        }
        (types, said, values) = (types + 1, said + tried.said, values + tried.values);
    }
    let schemas = types * dialects().len();
    seen + &format!("{types} types, {said} of {schemas} schemas said, {values} values\n")
}

#[test]
fn types_in_every_dialect() {
    let seen = every_type(&WHOLE, |_, tried| {
        let closed: Vec<_> = tried.closed.iter().map(|value| format!("\n  closed: {value}")).collect();
        tried.why() + &closed.concat()
    });
    expect![[r#"
        named
          closed: {"b":"x","a":1,"c":null}
        named_empty
          closed: {"a":1}
        named_alias
          closed: {"town":"a","city":"b"}
          closed: {"town":"a","n":"x"}
          closed: {"town":"a","n":1}
        named_skip
          closed: {"a":1,"b":"x","c":2}
        named_skip_deserializing
          closed: {"b":1,"a":"any"}
        named_flatten_struct
          closed: {"a":1,"x":2,"y":true,"b":3,"more":[]}
        named_flatten_map
          it is a map, whose members can have any name: all but tool, inlined tool
        named_flatten_deny_unknown_fields
          closed: {"a":1,"wire":2,"c":3}
        named_tag
          closed: {"a":1,"kind":"Kind"}
          closed: {"a":1,"kind":"Other"}
        named_recursion
          it is a map, whose members can have any name: with recursion
          it leads to itself: all but tool, inlined tool, with recursion
        tuple
          the items of an array have a schema each: all but tool, inlined tool
        tuple_empty
          it takes values of any type: all but tool, inlined tool
        tuple_default
          the items of an array have a schema each: all but tool, inlined tool
        tuple_container_default
          the items of an array have a schema each: all but tool, inlined tool
        tuple_skip
          the items of an array have a schema each: all but tool, inlined tool
        tuple_skip_deserializing
          the items of an array have a schema each: all but tool, inlined tool
        tuple_skip_serializing
          the items of an array have a schema each: all but tool, inlined tool
        tuple_with
          the items of an array have a schema each: all but tool, inlined tool
        tuple_from
          the items of an array have a schema each: all but tool, inlined tool
        external
          the items of an array have a schema each: all but tool, inlined tool
        external_skip
          it is a map, whose members can have any name: all but tool, inlined tool
        external_deny_unknown_fields
          closed: {"B":{"x":1,"z":2}}
        external_recursion
          the items of an array have a schema each: all but tool, inlined tool
        internal
          it is a map, whose members can have any name: all but tool, inlined tool
        internal_newtype_flatten
          it is a map, whose members can have any name: all but tool, inlined tool
        internal_recursion
          it leads to itself: all but tool, inlined tool, with recursion
        adjacent
          the items of an array have a schema each: all but tool, inlined tool
        adjacent_skip
          the items of an array have a schema each: all but tool, inlined tool
        untagged
          the items of an array have a schema each: all but tool, inlined tool
        untagged_recursion
          it is a map, whose members can have any name: with recursion
          it leads to itself: all but tool, inlined tool, with recursion
        110 types, 1268 of 1540 schemas said, 2067 values
    "#]]
    .assert_eq(&seen);
}

/// The same as parameters of a function under `#[tool]`; told is what is otherwise than with the type alone.
#[test]
fn parameters_in_every_dialect() {
    let seen = every_type(&PARAMETERS, |cell, tried| {
        let alone = Tried::new(&(WHOLE.schema)(cell), &[], &[], &|_| String::new());
        if alone.why() == tried.why() {
            String::new()
        } else {
            format!("{} instead of{}", tried.why(), alone.why())
        }
    });
    expect![[r#"
        named_empty
          it is a map, whose members can have any name: all but tool, inlined tool instead of
        external_recursion
          it leads to itself: all but tool, inlined tool, with recursion
          the items of an array have a schema each: with recursion instead of
          the items of an array have a schema each: all but tool, inlined tool
        110 types, 1190 of 1540 schemas said, 3896 values
    "#]]
    .assert_eq(&seen);
}

/// Functions under `#[tool]`, with their defaults, descriptions and borrowed parameters.
#[test]
fn tools_in_every_dialect() {
    let mut seen = String::new();
    for tool in [crate::tool_params::tools(), crate::derive::tools::tools()].concat() {
        let InputSchema::Json(schema) = &tool.spec().input_schema else { panic!("no schema") };
        let schema = schema.to_value().unwrap();
        let tried = Tried::new(&schema, &[], &[], &|_| String::new());
        let strict = check(&schema, "strict tool", &SchemaDialect::strict_tool(), &[]);
        let lost = strict.iter().flat_map(|adapted| &adapted.changes).filter(|change| change.is_loss());
        let found = lint(&schema, &SchemaDialect::strict_tool()).len();
        let (name, lost) = (&tool.spec().name, lost.count());
        seen += &format!("{name}: said {} times, {found} found, {lost} lost{}\n", tried.said, tried.why());
    }
    expect![[r#"
        weather: said 14 times, 5 found, 2 lost
        lent: said 3 times, 4 found, 0 lost
          it leads to itself: all but tool, inlined tool, with recursion
        place-2: said 14 times, 1 found, 0 lost
        now: said 14 times, 1 found, 0 lost
        compare: said 14 times, 3 found, 1 lost
        weather: said 3 times, 2 found, 0 lost
          it leads to itself: all but tool, inlined tool, with recursion
        compare: said 3 times, 4 found, 0 lost
          it leads to itself: all but tool, inlined tool, with recursion
        station_read: said 3 times, 2 found, 0 lost
          it leads to itself: all but tool, inlined tool, with recursion
    "#]]
    .assert_eq(&seen);
}
