//! Parameters of tools: their schema, and how they are read.

use expect_test::expect;
use outcrop::{
    Tool,
    schemars::{self, JsonSchema},
    serde::{Deserialize, Serialize},
    serde_json::json,
    tool, tools,
};

use crate::support::{check, check_spec};

/// Where to look.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
struct Place {
    /// City name, e.g. "Lisbon".
    city: String,
    country: Option<String>,
}

/// How to tell a temperature.
#[derive(Deserialize, Serialize, JsonSchema, Clone, Copy, Debug)]
#[serde(crate = "outcrop::serde", rename_all = "lowercase")]
enum Unit {
    Celsius,
    Kelvin,
}

/// Of any depth.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
struct Tree {
    children: Vec<Tree>,
}

impl Tree {
    fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }
}

/// Current weather for a city.
///
/// Give the city's English name:
///   - not a region,
///   - not a country.
#[tool]
async fn weather(
    /// City name, e.g. "Lisbon".
    city: String,
    /** How to tell
     * the temperature. */
    #[tool(default = Unit::Celsius)]
    unit: Unit,
    #[tool(default = "en")] language: &str,
    days: Option<u8>,
) -> String {
    format!("{city} {unit:?} {language} {days:?}")
}

pub(crate) fn tools() -> Vec<Tool> {
    tools![weather, lent, whole, now, compare]
}

#[test]
fn schema_of_parameters() {
    check_spec(
        &(weather {}).into(),
        expect![[r##"
        weather: Current weather for a city.

        Give the city's English name:
          - not a region,
          - not a country.
        {
          "type": "object",
          "properties": {
            "city": {
              "type": "string",
              "description": "City name, e.g. \"Lisbon\"."
            },
            "unit": {
              "$ref": "#/$defs/Unit",
              "description": "How to tell\nthe temperature.",
              "default": "celsius"
            },
            "language": {
              "type": "string",
              "default": "en"
            },
            "days": {
              "type": [
                "integer",
                "null"
              ],
              "format": "uint8",
              "minimum": 0,
              "maximum": 255
            }
          },
          "required": [
            "city"
          ],
          "$defs": {
            "Unit": {
              "type": "string",
              "enum": [
                "celsius",
                "kelvin"
              ],
              "description": "How to tell a temperature."
            }
          }
        }
    "##]],
    );
}

#[tokio::test]
async fn what_is_left_out() {
    check(
        weather {}.into(),
        &[
            json!({ "city": "Lisbon" }),
            json!({ "city": "Lisbon", "unit": "kelvin", "language": "pt", "days": 2, "more": 1 }),
            json!({ "city": "Lisbon", "days": null }),
            json!({ "unit": "rankine" }),
        ],
        expect![[r#"
            Lisbon Celsius en None
            Lisbon Kelvin pt Some(2)
            Lisbon Celsius en None
            error The input does not fit the tool's schema, so the tool was not run:
            - top level: expected the member `city`, found only `unit`. The schema there: {"city":{"type":"string","description":"City name, e.g. \"Lisbon\"."}}
            - `/unit`: expected "celsius" or "kelvin", found the string "rankine". The schema there: {"type":"string","enum":["celsius","kelvin"],"description":"How to tell a temperature."}
        "#]],
    )
    .await;
    assert_eq!(weather("Porto".into(), Unit::Kelvin, "pt", None).await, "Porto Kelvin pt None");
}

type Perhaps<T> = Option<T>;

/// Lends what it gets.
#[tool]
#[allow(clippy::ptr_arg)]
fn lent(names: &[String], place: &Place, r#type: Perhaps<String>, mut tree: Option<Box<Tree>>) -> String {
    if let Some(tree) = &mut tree {
        tree.children.pop();
    }
    format!("{names:?} {} {:?} {type:?} {:?}", place.city, place.country, tree.map(|tree| tree.size()))
}

/// A place as it is.
#[tool(name = "place-2")]
fn whole(#[tool(args)] Place { city, country }: Place) -> String {
    format!("{city} {country:?}")
}

/// Without parameters.
#[tool]
fn now() -> &'static str {
    "noon"
}

#[test]
fn schemas() {
    check_spec(
        &(whole {}).into(),
        expect![[r#"
        place-2: A place as it is.
        {
          "type": "object",
          "properties": {
            "city": {
              "type": "string",
              "description": "City name, e.g. \"Lisbon\"."
            },
            "country": {
              "type": [
                "string",
                "null"
              ]
            }
          },
          "required": [
            "city"
          ],
          "description": "Where to look."
        }
    "#]],
    );
    check_spec(
        &(now {}).into(),
        expect![[r#"
        now: Without parameters.
        {
          "type": "object",
          "properties": {}
        }
    "#]],
    );
    check_spec(
        &(lent {}).into(),
        expect![[r##"
            lent: Lends what it gets.
            {
              "type": "object",
              "properties": {
                "names": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "place": {
                  "$ref": "#/$defs/Place"
                },
                "type": {
                  "type": [
                    "string",
                    "null"
                  ]
                },
                "tree": {
                  "anyOf": [
                    {
                      "$ref": "#/$defs/Tree"
                    },
                    {
                      "type": "null"
                    }
                  ]
                }
              },
              "required": [
                "names",
                "place"
              ],
              "$defs": {
                "Place": {
                  "type": "object",
                  "properties": {
                    "city": {
                      "type": "string",
                      "description": "City name, e.g. \"Lisbon\"."
                    },
                    "country": {
                      "type": [
                        "string",
                        "null"
                      ]
                    }
                  },
                  "required": [
                    "city"
                  ],
                  "description": "Where to look."
                },
                "Tree": {
                  "type": "object",
                  "properties": {
                    "children": {
                      "type": "array",
                      "items": {
                        "$ref": "#/$defs/Tree"
                      }
                    }
                  },
                  "required": [
                    "children"
                  ],
                  "description": "Of any depth."
                }
              }
            }
        "##]],
    );
}

#[tokio::test]
async fn what_is_read() {
    check(
        now {}.into(),
        &[json!({})],
        expect![[r#"
        noon
    "#]],
    )
    .await;
    check(
        lent {}.into(),
        &[
            json!({ "names": ["a"], "place": { "city": "Lisbon" } }),
            json!({
                "names": [], "place": { "city": "Lisbon", "country": "PT" }, "type": "x",
                "tree": { "children": [{ "children": [] }, { "children": [] }] },
            }),
            json!({ "names": [1], "place": {}, "tree": { "children": [{}] } }),
        ],
        expect![[r##"
            ["a"] Lisbon None None None
            [] Lisbon Some("PT") Some("x") Some(2)
            error The input does not fit the tool's schema, so the tool was not run:
            - `/names/0`: expected a string, found the number 1. The schema there: {"type":"string"}
            - `/place`: expected the member `city`, found an empty object. The schema there: {"city":{"type":"string","description":"City name, e.g. \"Lisbon\"."}}
            - `/tree/children/0`: expected the member `children`, found an empty object. The schema there: {"children":{"type":"array","items":{"$ref":"#/$defs/Tree"}}}
        "##]],
    )
    .await;
    check(
        whole {}.into(),
        &[json!({ "city": "Lisbon" }), json!({})],
        expect![[r#"
            Lisbon None
            error The input does not fit the tool's schema, so the tool was not run:
            - top level: expected the member `city`, found an empty object. The schema there: {"city":{"type":"string","description":"City name, e.g. \"Lisbon\"."}}
        "#]],
    )
    .await;
}

/// An id of 4 digits; its schema does not tell so.
struct Id(u16);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: outcrop::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = u16::deserialize(deserializer)?;
        if id < 10_000 { Ok(Self(id)) } else { Err(outcrop::serde::de::Error::custom("an id has 4 digits")) }
    }
}

impl JsonSchema for Id {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer" })
    }
}

/// Compares two.
#[tool]
fn compare(first: Id, second: Id, exact: u128, label: String) -> String {
    format!("{} {} {exact} {label}", first.0, second.0)
}

#[tokio::test]
async fn what_the_schema_lets_pass() {
    let tool: Tool = compare {}.into();
    check(
        tool,
        &[
            json!({ "first": 70_000, "second": 20_000, "exact": 1, "label": "" }),
            json!({ "first": 1, "second": 2, "exact": u64::MAX, "label": "a\"ã" }),
        ],
        expect![[r#"
            error The input fits the schema but not the tool, so the tool was not run:
            - `/first`: expected an integer from 0 to 65535, found the number 70000. The schema there: {"type":"integer"}
            - `/second`: expected a valid value, found the number 20000 (an id has 4 digits). The schema there: {"type":"integer"}
            1 2 18446744073709551615 a"ã
        "#]],
    )
    .await;
}
