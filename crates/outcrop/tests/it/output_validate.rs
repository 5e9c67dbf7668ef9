//! `#[output(validate = ..)]`: a function of the user's looks at each output before a turn ends with it.

use std::collections::BTreeMap;

use outcrop::{Agent, Error, Output, Problem, Strategy, core::tools::Problems, testing::ScriptedModel};

#[derive(Output, Debug, PartialEq)]
#[output(validate = Bill::adds_up)]
struct Bill {
    items: Vec<u32>,
    sum: u32,
}

impl Bill {
    fn adds_up(&self) -> Result<(), Problem> {
        let sum: u32 = self.items.iter().sum();
        if sum == self.sum {
            return Ok(());
        }
        Err(Problem::new("/sum", format!("{sum}, the sum of the items"), self.sum.to_string()))
    }
}

/// With parameters, and several problems at once.
#[derive(Output, Debug, PartialEq)]
#[output(validate = no_negatives)]
struct Pair<T> {
    left: i8,
    right: i8,
    note: T,
}

fn no_negatives<T>(pair: &Pair<T>) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for (place, value) in [("/left", pair.left), ("/right", pair.right)] {
        if value < 0 {
            problems.push(Problem::new(place, "0 or more", value.to_string()));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What a turn ends with, and what the model was told before.
async fn ask<T: Output>(answers: &[&str]) -> (Result<T, Error>, Vec<String>) {
    let model = ScriptedModel::texts(answers.iter().copied());
    let agent = Agent::builder(model.clone()).build().unwrap();
    let value = agent.ask("?").output::<T>().strategy(Strategy::Prompt).await;
    let told = model.requests().into_iter().skip(1).map(|request| {
        let last = request.messages.last().unwrap();
        outcrop::serde_json::to_string(last).unwrap()
    });
    (value, told.collect())
}

#[tokio::test]
async fn r84_a_value_that_is_not_right_is_asked_for_again() {
    let (bill, told) =
        ask::<Bill>(&[r#"{"items": [1, 2], "sum": 4}"#, r#"{"items": [1, 2], "sum": 3}"#]).await;
    assert_eq!(bill.unwrap(), Bill { items: vec![1, 2], sum: 3 });
    assert!(told[0].contains("`/sum`: expected 3, the sum of the items, found 4"), "{told:?}");

    let wrong = r#"{"items": [], "sum": 1}"#;
    let (bill, told) = ask::<Bill>(&[wrong; 3]).await;
    assert!(bill.unwrap_err().as_output().is_some());
    assert_eq!(told.len(), 2, "asked again as often as is said");
}

/// A value that is read from the empty object is looked at like any other.
#[tokio::test]
async fn r84_a_value_without_members_is_looked_at() {
    let agent = Agent::builder(ScriptedModel::texts(["{}"])).build().unwrap();
    let nothing = agent.ask("?").output::<()>().strategy(Strategy::Prompt).retries(0);
    let refused = nothing.validate(|_| Err(Problem::new("", "something", "nothing"))).await;
    assert!(refused.unwrap_err().as_output().is_some());
}

#[tokio::test]
async fn all_elements_are_looked_at() {
    let right = r#"{"value": [{"left": 0, "right": 1, "note": "a"}]}"#;
    let wrong =
        r#"{"value": [{"left": -1, "right": -2, "note": "a"}, {"left": 0, "right": -3, "note": "b"}]}"#;
    let (pairs, told) = ask::<Vec<Pair<String>>>(&[wrong, right]).await;
    assert_eq!(pairs.unwrap().len(), 1);
    for place in ["/value/0/left", "/value/0/right", "/value/1/right"] {
        assert!(told[0].contains(&format!("`{place}`: expected 0 or more")), "{place}: {told:?}");
    }

    let (by_name, told) = ask::<BTreeMap<String, Option<Pair<u8>>>>(&[
        r#"{"a/b": {"left": -1, "right": 0, "note": 1}, "none": null}"#,
        r#"{"none": null}"#,
    ])
    .await;
    assert_eq!(by_name.unwrap().len(), 1);
    assert!(told[0].contains("`/a~1b/left`"), "{told:?}");
}
