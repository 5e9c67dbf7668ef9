//! An output as it grows: what is handed out, and what that costs.

use std::{cell::Cell, sync::Arc};

use expect_test::expect;
use futures::{StreamExt, TryStreamExt};
use outcrop::{
    Agent, HasPartial, Output, OutputStream, OutputUpdate, Partial,
    core::{ContentBlock, Message, Role, StopReason, ToolUse},
    json::{NodeRef, PartialValue, Reading},
    schemars::JsonSchema,
    serde::{Deserialize, Serialize},
    testing::ScriptedModel,
    tool,
};

use crate::support::in_pieces;

thread_local! {
    static WORK: Cell<usize> = const { Cell::new(0) };
}

fn work() {
    WORK.set(WORK.get() + 1);
}

/// A text whose companion is itself, and counts what is done with it.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde", transparent)]
#[schemars(crate = "outcrop::schemars")]
struct Counted(String);

impl Clone for Counted {
    fn clone(&self) -> Self {
        work();
        Self(self.0.clone())
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        work();
        self.0 == other.0
    }
}

impl HasPartial for Counted {
    type Partial = Self;
}

impl PartialValue for Counted {
    fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
        work();
        String::read(node, reading).map(Self)
    }

    fn update(&mut self, node: NodeRef<'_>, reading: &mut Reading) -> bool {
        work();
        self.0.update(node, reading)
    }
}

#[derive(Output, Debug)]
struct Report {
    lines: Vec<Counted>,
}

/// A report of so many lines, each in two pieces.
fn report(lines: usize) -> OutputStream<Report> {
    let lines = (0..lines).flat_map(|at| [if at == 0 { "\"a" } else { ",\"a" }, " line\""]);
    let pieces = std::iter::once("{\"lines\":[").chain(lines).chain(["]}"]);
    Agent::builder(in_pieces([pieces])).build().unwrap().ask("?").output_stream()
}

/// What is done with elements for an output of so many, where each update is looked at and let go of; and the updates.
async fn spent(lines: usize) -> (usize, usize) {
    WORK.set(0);
    let (mut stream, mut updates) = (report(lines), 0);
    while let Some(update) = stream.try_next().await.unwrap() {
        match update {
            OutputUpdate::Partial(so_far) => {
                updates += 1;
                assert!(so_far.lines.as_deref().unwrap_or_default().len() <= lines);
            }
            OutputUpdate::Done(report) => assert_eq!(report.lines.len(), lines),
            other => panic!("{other:?}"),
        }
    }
    (WORK.get(), updates)
}

#[tokio::test]
async fn what_an_output_costs_grows_as_the_output_does() {
    for lines in [20, 200, 2000] {
        let (work, updates) = spent(lines).await;
        // The object, each line in two, and the end of the list.
        assert_eq!(updates, 2 * lines + 2, "{lines} lines");
        assert!(work <= 4 * lines, "{work} for {lines} lines");
    }
}

/// What is kept stays as it was, and costs one copy.
#[tokio::test]
async fn what_was_handed_out_never_changes() {
    let mut stream = report(4);
    let mut kept: Vec<Arc<Partial<Report>>> = Vec::new();
    while let Some(update) = stream.try_next().await.unwrap() {
        if let OutputUpdate::Partial(so_far) = update {
            kept.push(so_far);
        }
    }
    let texts = kept.iter().map(|so_far| {
        let lines = so_far.lines.as_deref().unwrap_or_default();
        lines.iter().map(|line| &*line.0).collect::<Vec<_>>().join("|")
    });
    let texts: Vec<String> = texts.collect();
    let line = "a line";
    let expected = ["", "a", line, "a line|a", "a line|a line", "a line|a line|a"];
    assert_eq!(texts[..6], expected);
    assert_eq!(texts[8], [line; 4].join("|"));
    let (all, last) = (kept.len(), kept.last().unwrap());
    assert!(last.lines.is_done() && kept[all - 2].lines.is_growing());

    // One that is kept is copied once, whatever is asked for after it.
    let mut stream = report(1000);
    let mut first = None;
    while let Some(update) = stream.try_next().await.unwrap() {
        if let OutputUpdate::Partial(so_far) = update
            && so_far.lines.as_deref().is_some_and(|lines| lines.len() == 500)
            && first.is_none()
        {
            WORK.set(0);
            first = Some(so_far);
        }
    }
    assert_eq!(first.unwrap().lines.as_deref().unwrap().len(), 500);
    assert!((1500..3000).contains(&WORK.get()), "{}", WORK.get());
}

/// It can be handed to another task.
#[test]
fn a_stream_goes_to_another_task() {
    fn goes<T: Send + 'static>(_: &T) {}
    goes(&report(1));
}

/// Elements are read when they are complete, and once more in the end, however many there are.
#[tokio::test]
async fn what_elements_cost_grows_as_they_do() {
    #[derive(Output)]
    struct Read {
        #[serde(deserialize_with = "counted")]
        _line: String,
    }

    fn counted<'de, D: outcrop::serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
        work();
        String::deserialize(deserializer)
    }

    for lines in [20, 200, 2000] {
        WORK.set(0);
        let first = std::iter::once("{\"value\":[{\"_line\":\"a");
        let more = (1..lines).flat_map(|_| [" line", "\"},{\"_line\":\"a"]);
        let model = in_pieces([first.chain(more).chain(["\"}]}"])]);
        let elements = Agent::builder(model).build().unwrap().ask("?").elements::<Read>();
        assert_eq!(elements.try_collect::<Vec<_>>().await.unwrap().len(), lines);
        assert!(WORK.get() <= 5 * lines, "{} for {lines} lines", WORK.get());
    }
}

/// There is an update for each change of what is shown, and for nothing else.
#[tokio::test]
async fn an_update_is_news() {
    #[derive(Output)]
    struct Trip {
        city: String,
        days: Option<u8>,
        note: String,
    }
    let pieces = [
        "  ",
        "{",
        " ",
        "\"ci",
        "ty\":",
        "\"",
        "Lis",
        "",
        "bon\"",
        ", \"da",
        "ys\": 1",
        "2",
        ", \"other\": [",
        "1, 2",
        "]",
        ", \"days\": 12",
        ", \"days\": 1",
        "3, ",
        "\"no",
        "te\": \"",
        "\\u00",
        "e3",
        "\"",
        " ",
        "}",
        " ",
    ];
    let stream = Agent::builder(in_pieces([pieces])).build().unwrap().ask("?").output_stream::<Trip>();
    let told = stream.map_ok(|update| match update {
        OutputUpdate::Partial(so_far) => outcrop::serde_json::to_string(&*so_far).unwrap(),
        OutputUpdate::Done(trip) => format!("{} {:?} {}", trip.city, trip.days, trip.note),
        _ => String::new(),
    });
    // A name that is there twice is no output; what is shown goes on all the same.
    let mut told = std::pin::pin!(told);
    let mut seen = Vec::new();
    while let Ok(Some(update)) = told.try_next().await {
        seen.push(update);
    }
    // In the end it is the same text, and done.
    expect![[r#"
        {}
        {"city":""}
        {"city":"Lis"}
        {"city":"Lisbon"}
        {"city":"Lisbon","days":12}
        {"city":"Lisbon","days":13}
        {"city":"Lisbon","days":13,"note":""}
        {"city":"Lisbon","days":13,"note":"ã"}
        {"city":"Lisbon","days":13,"note":"ã"}"#]]
    .assert_eq(&seen.join("\n"));
}

/// What a model writes towards a list before it calls a tool is shown too, and the list in the end may be another:
/// elements are never taken from both.
#[tokio::test]
async fn elements_of_a_list_that_is_written_anew() {
    let mut seen = String::new();
    for first in [
        r#"{"value": ["draft"]}"#,
        r#"{"value": ["#,
        r#"{"value": ["Lisbon"]}"#,
        r#"{"value": ["Lisbon", "Faro", "Braga"]}"#,
    ] {
        let call = ToolUse::new("c", "look", "{}");
        let content = vec![ContentBlock::Text(first.to_owned()), ContentBlock::ToolUse(call)];
        let model = ScriptedModel::new()
            .message(Message::new(Role::Assistant, content), StopReason::ToolUse)
            .text(r#"{"value": ["Lisbon", "Faro"]}"#);
        let agent = Agent::builder(model).tools(outcrop::tools![look]).build().unwrap();
        let mut cities = agent.ask("Cities?").elements::<String>();
        let mut told = Vec::new();
        while let Some(city) = cities.next().await {
            told.push(city.unwrap_or_else(|error| error.to_string()));
        }
        seen += &format!("{first}: {}\n", told.join(", "));
    }
    expect![[r#"
        {"value": ["draft"]}: draft, the model wrote the list anew, and it does not begin with the elements that were given
        {"value": [: Lisbon, Faro
        {"value": ["Lisbon"]}: Lisbon, Faro
        {"value": ["Lisbon", "Faro", "Braga"]}: Lisbon, Faro, Braga, the model wrote the list anew, and it does not begin with the elements that were given
    "#]]
    .assert_eq(&seen);
}

/// Looks something up.
#[tool]
fn look() -> &'static str {
    "there"
}
