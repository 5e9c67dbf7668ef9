//! What tools give: by whatever type and name.

use std::{collections::BTreeMap, fmt};

use expect_test::expect;
use outcrop::{
    IntoToolOutput, Json, Tool, ToolError, ToolOutput,
    core::wire::ToolResultContent,
    serde::Serialize,
    serde_json::{Value, json},
    tool, tools,
};

use crate::support::results;

#[derive(Serialize)]
#[serde(crate = "outcrop::serde")]
struct Weather {
    celsius: i8,
}

/// Both `Serialize` and `IntoToolOutput`: its own form wins.
#[derive(Serialize)]
#[serde(crate = "outcrop::serde")]
struct Shown(u8);

impl IntoToolOutput for Shown {
    fn into_tool_output(self) -> ToolOutput {
        ToolOutput::new(vec![ToolResultContent::Text(format!("shown {}", self.0))])
    }
}

/// Both `Serialize` and `Display`: an error is told, never written as a success.
#[derive(Serialize, Debug)]
#[serde(crate = "outcrop::serde")]
enum Refusal {
    SoldOut,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SoldOut => f.write_str("sold out"),
        }
    }
}

type Fallible<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

macro_rules! tools_that_give {
    ($($name:ident: $ty:ty = $value:expr;)*) => {
        $(
            /// Gives.
            #[tool]
            async fn $name() -> $ty {
                $value
            }
        )*

        fn all() -> Vec<Tool> {
            tools![$($name),*]
        }
    };
}

tools_that_give! {
    text: String = "text".to_owned();
    text_slice: &'static str = "slice";
    nothing: () = ();
    number: f64 = 0.5;
    value: Value = json!({ "a": 1 });
    json_list: Json<[u8; 2]> = Json([1, 2]);
    blocks: Vec<ToolResultContent> = vec!["one".into(), "two".into()];
    output: ToolOutput = ToolOutput::error("given as an error");
    record: Weather = Weather { celsius: 21 };
    records: Vec<Weather> = vec![Weather { celsius: 21 }];
    perhaps: Option<Weather> = None;
    map: BTreeMap<String, u8> = BTreeMap::from([("a".to_owned(), 1)]);
    own_form: Shown = Shown(3);
    fine: Result<Weather, String> = Ok(Weather { celsius: 3 });
    fine_text: Fallible<&'static str> = Ok("fine");
    refused: Result<Weather, Refusal> = Err(Refusal::SoldOut);
    failed: Fallible<Weather> = Err("no station".into());
    failed_inside: Fallible<()> = Err(Box::new(ToolError::new("try another")));
    internal: Result<(), ToolError> = Err(ToolError::internal("password of db-7"));
    internal_inside: Fallible<()> = Err(Box::new(ToolError::internal("password of db-7")));
}

#[tokio::test]
async fn what_the_model_reads() {
    let tools = all();
    let names: Vec<String> = tools.iter().map(|tool| tool.spec().name.clone()).collect();
    let calls: Vec<_> = names.iter().map(|name| (&**name, json!({}))).collect();
    let read = results(tools, &calls, |agent| agent).await;
    let lines: String =
        names.iter().zip(read.lines()).map(|(name, line)| format!("{name}: {line}\n")).collect();
    expect![[r#"
        text: text
        text_slice: slice
        nothing: done
        number: 0.5
        value: json {"a":1}
        json_list: [1,2]
        blocks: one | two
        output: error given as an error
        record: json {"celsius":21}
        records: [{"celsius":21}]
        perhaps: null
        map: json {"a":1}
        own_form: shown 3
        fine: json {"celsius":3}
        fine_text: fine
        refused: error sold out
        failed: error no station
        failed_inside: error try another
        internal: error The tool failed for a reason of its own. It may have taken effect in part.
        internal_inside: error The tool failed for a reason of its own. It may have taken effect in part.
    "#]]
    .assert_eq(&lines);
}

/// Keeps its errors.
#[tool(redact_errors)]
fn redacted(fail: bool) -> Result<Weather, String> {
    if fail { Err("password of db-7".into()) } else { Ok(Weather { celsius: 1 }) }
}

#[tokio::test]
async fn redacted_errors() {
    let calls = [
        ("redacted", json!({ "fail": true })),
        ("redacted", json!({ "fail": false })),
        ("redacted", json!({ "fail": 3 })),
    ];
    expect![[r#"
        error The tool failed for a reason of its own. It may have taken effect in part.
        json {"celsius":1}
        error The input does not fit the tool's schema, so the tool was not run:
        - `/fail`: expected a boolean, found the number 3. The schema there: {"type":"boolean"}
    "#]]
    .assert_eq(&results(tools![redacted], &calls, |agent| agent).await);
}
