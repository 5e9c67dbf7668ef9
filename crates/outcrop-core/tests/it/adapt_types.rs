//! Rust types through schemars and adaptation: their values, as serde writes them, fit what is sent (R77–R79, R83).

use std::collections::{BTreeMap, BTreeSet};

use outcrop_core::{
    schema::{SchemaDialect, adapt::Why, lint},
    schema_of,
    schemars::{self, JsonSchema},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::adapt_support::{check, dialects, instances};

/// A struct with what structs have.
#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Trip {
    /// Why this plan.
    reason: String,
    travellers: u8,
    budget: Option<f64>,
    #[serde(default)]
    notes: Vec<String>,
    days: Vec<Day>,
    /// Where it begins.
    start: Place,
    end_at: Option<Place>,
    initial: char,
    position: [f32; 2],
    tags: BTreeSet<String>,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    pace: Pace,
    stops: Vec<Stop>,
    #[serde(flatten)]
    weather: Weather,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
struct Place {
    city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<String>,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
struct Weather {
    #[serde(rename = "°C")]
    celsius: i32,
}

/// How fast.
#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pace {
    /// Takes its time.
    Slow,
    Fast,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind")]
enum Stop {
    Sight { name: String, minutes: u32 },
    Meal(Meal),
    Rest,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
struct Meal {
    course: Course,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Course {
    Named(String),
    Numbered { number: i64 },
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", content = "with")]
enum Adjacent {
    Empty,
    One(Place),
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
enum External {
    Unit,
    Newtype(Meal),
    Fields { a: bool, b: Option<Box<Place>> },
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
struct Flattened {
    id: u64,
    #[serde(flatten)]
    rest: External2,
}

#[derive(Debug, PartialEq, JsonSchema, serde::Serialize, serde::Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum External2 {
    Add { left: f64, right: f64 },
    Negate { value: f64 },
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Tree {
    value: String,
    children: Vec<Tree>,
}

#[derive(JsonSchema)]
#[allow(dead_code)]
struct Bounded {
    #[schemars(range(min = 1, max = 14))]
    days: u32,
    #[schemars(length(min = 3), regex(pattern = "^[A-Z]+$"))]
    code: String,
    #[schemars(email)]
    mail: String,
}

fn schema<T: JsonSchema>() -> Value {
    schema_of::<T>().to_value().unwrap()
}

/// The values fit the type's schema and what is sent of it, and come back; so it is in every dialect.
fn fits<T: JsonSchema + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(values: &[T]) {
    let schema = schema::<T>();
    let written: Vec<Value> = values.iter().map(|value| serde_json::to_value(value).unwrap()).collect();
    let tried = [written.clone(), instances(&schema)].concat();
    for (name, dialect) in dialects().into_iter().filter(|(name, _)| *name != "without anyOf") {
        let adapted =
            check(&schema, name, &dialect, &tried).unwrap_or_else(|why| panic!("{name}: {why} {schema}"));
        let after = crate::adapt_support::validator(&adapted.schema);
        for (value, json) in values.iter().zip(&written) {
            let sent = crate::adapt_support::written(&adapted, &dialect, json);
            assert!(after.is_valid(&sent), "{name}: {sent} {}", adapted.schema);
            let back = adapted.unwrap_value(sent).unwrap();
            assert_eq!(&serde_json::from_value::<T>(back).unwrap(), value, "{name}");
        }
    }
}

fn place() -> Place {
    Place { city: "Lisbon".into(), country: None }
}

fn meals() -> [Meal; 2] {
    [Meal { course: Course::Named("Soup".into()) }, Meal { course: Course::Numbered { number: -3 } }]
}

#[test]
fn structs() {
    let [soup, third] = meals();
    fits(&[Trip {
        reason: "Sun".into(),
        travellers: 2,
        budget: None,
        notes: vec!["Umbrella".into()],
        days: vec![Day {
            pace: Pace::Slow,
            stops: vec![
                Stop::Sight { name: "Tower".into(), minutes: 30 },
                Stop::Meal(soup),
                Stop::Rest,
                Stop::Meal(third),
            ],
            weather: Weather { celsius: -4 },
        }],
        start: place(),
        end_at: Some(Place { city: "Porto".into(), country: Some("PT".into()) }),
        initial: 'é',
        position: [1.5, -2.0],
        tags: BTreeSet::from(["a".to_owned(), "b".to_owned()]),
    }]);
    fits(&[place()]);
    fits(&[
        Flattened { id: 3, rest: External2::Negate { value: 1.0 } },
        Flattened { id: 4, rest: External2::Add { left: 1.0, right: 2.5 } },
    ]);
}

#[test]
fn enums() {
    fits(&[Pace::Slow, Pace::Fast]);
    fits(&[Adjacent::Empty, Adjacent::One(place())]);
    let [soup, third] = meals();
    fits(&[
        External::Unit,
        External::Newtype(soup),
        External::Fields { a: true, b: None },
        External::Fields { a: false, b: Some(Box::new(place())) },
    ]);
    fits(&[third.course]);
}

/// R83: roots that are no objects.
#[test]
fn roots() {
    fits(&["a".to_owned(), String::new()]);
    fits(&[1u32, u32::MAX]);
    fits(&[-1.5f64]);
    fits(&[true]);
    fits(&[vec![place()], vec![]]);
    fits(&[Some(place()), None]);
    fits(&[Some(3i8), None]);
    fits(&[vec![Some(Pace::Fast), None]]);
}

/// R77–R79: what no native schema can say; a tool without `strict` takes it all.
#[test]
fn what_cannot_be_said() {
    fn check_why<T: JsonSchema>(expected: Why) {
        let schema = schema::<T>();
        let why = outcrop_core::schema::adapt(&schema, &SchemaDialect::native()).unwrap_err().why;
        assert_eq!(why, expected, "{schema}");
        assert!(check(&schema, "tool", &SchemaDialect::tool(), &instances(&schema)).is_ok());
    }
    check_why::<Tree>(Why::Recursion);
    check_why::<Vec<Tree>>(Why::Recursion);
    check_why::<BTreeMap<String, u8>>(Why::OpenMap);
    check_why::<Vec<BTreeMap<String, Place>>>(Why::OpenMap);
    check_why::<(u8, String)>(Why::Tuple);
    check_why::<Vec<(u8, u8)>>(Why::Tuple);
    check_why::<Value>(Why::Untyped);
    check_why::<Vec<Value>>(Why::Untyped);
    check_why::<serde_json::Map<String, Value>>(Why::OpenMap);
}

/// R78: what a bound said is in the description.
#[test]
fn bounds_are_described() {
    let adapted = outcrop_core::schema::adapt(&schema::<Bounded>(), &SchemaDialect::strict_tool()).unwrap();
    assert_eq!(
        adapted.schema["properties"],
        json!({
            "days": {"type": "integer", "description": "At least 1. At most 14."},
            "code": {"type": "string", "pattern": "^[A-Z]+$", "description": "At least 3 characters."},
            "mail": {"type": "string", "format": "email"},
        })
    );
    assert_eq!(lint(&adapted.schema, &SchemaDialect::strict_tool()), []);
    assert_ne!(lint(&schema::<Bounded>(), &SchemaDialect::strict_tool()), []);
}

/// `oneOf` says no more than `anyOf` where no value fits two alternatives: nothing is lost then. Schemars writes it for
/// enums, and is right.
#[test]
fn alternatives_that_are_apart() {
    let tagged = |tag: &str, more: Value| json!({"type": "object", "properties": {"tag": {"const": tag}}, "required": more});
    let closed = |names: &[&str]| {
        let members: serde_json::Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), json!({"type": "null"}))).collect();
        json!({"type": "object", "properties": members, "required": names, "additionalProperties": false})
    };
    let open =
        |name: &str| json!({"type": "object", "properties": {name: {"type": "null"}}, "required": [name]});
    for (a, b, apart) in [
        (json!({"type": "string"}), json!({"type": "integer"}), true),
        (json!({"type": "number"}), json!({"type": "integer"}), false),
        (json!({"type": ["string", "null"]}), json!({"type": ["integer", "null"]}), false),
        (json!({"enum": ["a", "b"]}), json!({"const": "c"}), true),
        (json!({"enum": ["a", 1]}), json!({"const": 1.0}), false),
        (json!({"enum": ["a", "b"]}), json!({"type": "number"}), true),
        (json!({"type": "string"}), json!({"const": "a"}), false),
        (json!({"$ref": "#/$defs/Text"}), json!({"type": "null"}), true),
        (json!({"$ref": "#/$defs/Text"}), json!({"$ref": "#/$defs/Number"}), true),
        (json!({"$ref": "#/$defs/Text"}), json!({"$ref": "#/$defs/Text", "maxLength": 1}), false),
        (tagged("a", json!(["tag"])), tagged("b", json!(["tag"])), true),
        (tagged("a", json!(["tag"])), tagged("a", json!(["tag"])), false),
        (tagged("a", json!(["tag"])), tagged("b", json!([])), false),
        (closed(&["a"]), closed(&["b"]), true),
        (closed(&["a"]), closed(&["a", "b"]), true),
        (open("a"), open("b"), false),
        (open("a"), closed(&["b"]), true),
    ] {
        let schema = json!({
            "type": "object",
            "properties": {"it": {"oneOf": [a, b]}},
            "$defs": {"Text": {"type": "string"}, "Number": {"type": "integer"}},
        });
        let adapted = check(&schema, "native", &SchemaDialect::native(), &instances(&schema)).unwrap();
        let loses = adapted.changes.iter().any(|change| change.keyword == "oneOf" && change.is_loss());
        assert_eq!(!loses, apart, "{schema}\n{:#?}", adapted.changes);
    }
    #[derive(JsonSchema)]
    #[allow(dead_code)]
    struct All {
        pace: Pace,
        /// With words.
        again: Pace,
        stop: Stop,
        adjacent: Adjacent,
        external: External,
    }
    let adapted = outcrop_core::schema::adapt(&schema::<All>(), &SchemaDialect::native()).unwrap();
    let lost: Vec<_> =
        adapted.changes.iter().filter(|change| change.is_loss()).map(ToString::to_string).collect();
    assert_eq!(lost, ["`/$defs/Stop/oneOf/0/properties/minutes`: `minimum` moved into the description"]);
    assert_eq!(
        adapted.schema["properties"]["again"],
        json!({"type": "string", "enum": ["fast", "slow"], "description": "With words.\nHow fast.\n- \"slow\": Takes its time."}),
    );
}
