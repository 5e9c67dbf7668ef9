//! Derived types as inputs and results of tools.

use expect_test::expect;
use outcrop::{
    Agent, Output, Tool, ToolInput, ToolSource, core::schema_of, serde_json::json, testing::ScriptedModel,
    tool, tools, toolset,
};

use crate::support::{check, check_spec};

/// A place on earth.
#[derive(ToolInput, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Place {
    /// City name, e.g. "Lisbon".
    city_name: String,
    #[serde(default)]
    unit: Unit,
    near: Option<Box<Place>>,
}

#[derive(Output, Clone, Default, Debug)]
#[serde(rename_all = "lowercase")]
enum Unit {
    #[default]
    Celsius,
    Kelvin,
}

/// What was measured.
#[derive(Output)]
struct Report {
    degrees: f64,
    unit: Unit,
    #[serde(skip_serializing_if = "Option::is_none")]
    wind: Option<Wind>,
}

#[derive(Output)]
#[serde(tag = "kind")]
enum Wind {
    Calm,
    Strong { knots: u8 },
}

/// Current weather.
#[tool]
async fn weather(#[tool(args)] place: Place) -> Result<Report, String> {
    let wind = match &*place.city_name {
        "Lisbon" => Some(Wind::Strong { knots: 20 }),
        "Berlin" => Some(Wind::Calm),
        "Nowhere" => return Err("no such city".into()),
        _ => None,
    };
    Ok(Report { degrees: 21.5, unit: place.unit, wind })
}

/// Compares two places.
#[tool]
fn compare(one: Place, #[tool(default = Unit::Kelvin)] unit: Unit, others: Vec<Place>) -> Vec<Unit> {
    let mut units = vec![unit, one.unit];
    units.extend(others.into_iter().map(|place| place.unit));
    units
}

struct Station;

#[toolset(prefix = "station_")]
impl Station {
    /// The same of a station.
    #[tool]
    async fn read(&self, #[tool(args)] place: &Place) -> Report {
        Report { degrees: 1.0, unit: place.unit.clone(), wind: None }
    }
}

pub(super) fn tools() -> Vec<Tool> {
    [tools![weather, compare], outcrop::IntoTools::into_tools(Station)].concat()
}

#[test]
fn schemas() {
    check_spec(
        &weather::tool(),
        expect![[r##"
            weather: Current weather.
            {
              "type": "object",
              "additionalProperties": false,
              "properties": {
                "cityName": {
                  "type": "string",
                  "description": "City name, e.g. \"Lisbon\"."
                },
                "unit": {
                  "$ref": "#/$defs/Unit",
                  "default": "celsius"
                },
                "near": {
                  "anyOf": [
                    {
                      "$ref": "#"
                    },
                    {
                      "type": "null"
                    }
                  ]
                }
              },
              "required": [
                "cityName"
              ],
              "description": "A place on earth.",
              "$defs": {
                "Unit": {
                  "type": "string",
                  "enum": [
                    "celsius",
                    "kelvin"
                  ]
                }
              }
            }
        "##]],
    );
}

/// What is an object is given as JSON, all else as its text (R27).
#[tokio::test]
async fn calls() {
    check(
        weather::tool(),
        &[
            json!({ "cityName": "Lisbon", "unit": "kelvin", "near": { "cityName": "Sintra" } }),
            json!({ "cityName": "Berlin" }),
            json!({ "cityName": "Faro" }),
            json!({ "cityName": "Nowhere" }),
            json!({ "city": "Lisbon" }),
        ],
        expect![[r#"
            json {"degrees":21.5,"unit":"kelvin","wind":{"kind":"Strong","knots":20}}
            json {"degrees":21.5,"unit":"celsius","wind":{"kind":"Calm"}}
            json {"degrees":21.5,"unit":"celsius"}
            error no such city
            error The input does not fit the tool's schema, so the tool was not run:
            - top level: expected no members but `cityName`, `unit` and `near`, found `city` (is `city` meant to be `cityName`?)
            - top level: expected the member `cityName`, found only `city` (is `city` meant to be `cityName`?). The schema there: {"cityName":{"type":"string","description":"City name, e.g. \"Lisbon\"."}}
        "#]],
    )
    .await;
    check(
        compare::tool(),
        &[json!({ "one": { "cityName": "a" }, "others": [{ "cityName": "b", "unit": "kelvin" }] })],
        expect![[r#"
            ["kelvin","celsius","kelvin"]
        "#]],
    )
    .await;
    let station = outcrop::IntoTools::into_tools(Station).remove(0);
    check(
        station,
        &[json!({ "cityName": "a" })],
        expect![[r#"
            json {"degrees":1.0,"unit":"celsius"}
        "#]],
    )
    .await;
}

#[test]
fn an_agent_takes_them() {
    let model = ScriptedModel::new();
    Agent::builder(model).tools(tools![weather, compare]).tools(Station).build().unwrap();
    let tool = Tool::new("place", "A place.", |place: Place, _| async move { place.city_name });
    assert_eq!(tool.spec().name, "place");
}

/// To Converse the top level of an input is an object: what is another type is told of by `build`.
#[test]
fn inputs_that_are_no_objects() {
    fn check_build<T: ToolInput>(expected: &str) {
        let tool = Tool::new("t", "A tool.", |_: T, _| async {});
        let built = Agent::builder(ScriptedModel::new()).tool(tool).build();
        assert_eq!(built.map_or_else(|error| error.to_string(), |_| "built".into()), expected);
    }
    #[derive(ToolInput)]
    struct Newtype(Place);
    #[derive(ToolInput)]
    #[serde(transparent)]
    struct Transparent {
        place: Newtype,
    }
    /// Of itself.
    #[derive(ToolInput)]
    struct Chain(Link);
    #[derive(ToolInput)]
    struct Link {
        next: Option<Box<Link>>,
    }
    #[derive(ToolInput)]
    struct Unit;
    #[derive(ToolInput)]
    struct List(Vec<u8>);
    #[derive(ToolInput)]
    struct Tuple(u8, u8);

    let _ = |newtype: Transparent| newtype.place.0;
    let _ = |chain: Chain, List(list): List, Tuple(..): Tuple| (chain.0.next, list);
    check_build::<Newtype>("built");
    check_build::<Transparent>("built");
    check_build::<Chain>("built");
    check_build::<Unit>("built");
    let told = "the input schema of tool `t` cannot be used: the top level must be of type `object`; put the value into a field";
    check_build::<List>(told);
    check_build::<Tuple>(told);
    check_build::<Wind>(told);
    check_build::<Option<Place>>(told);

    assert_eq!(
        schema_of::<Chain>().as_str(),
        r##"{"description":"Of itself.","type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/Link"},{"type":"null"}]}},"$defs":{"Link":{"type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/Link"},{"type":"null"}]}}}}}"##
    );
    assert_eq!(schema_of::<Newtype>(), schema_of::<Transparent>());
}
