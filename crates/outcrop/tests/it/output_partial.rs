//! `validate_partial`: a check of what there is of an output so far, and of the whole in the end.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use expect_test::{Expect, expect};
use futures::TryStreamExt;
use outcrop::{
    Agent, AskOutput, Error, HasPartial, Output, OutputUpdate, Partial, Problem, Strategy,
    core::tools::Problems, schemars, serde, serde_json, testing::ScriptedModel,
};

use crate::support::in_pieces;

/// A text that may not go on for ever, and days that may not go back.
#[derive(Output, Debug)]
#[output(validate_partial = is_short)]
struct Plan {
    text: String,
    days: Vec<u8>,
}

fn is_short(so_far: &Partial<Plan>) -> Result<(), Problems> {
    let mut problems = Problems::default();
    if let Some(text) = so_far.text.as_deref().filter(|text| text.len() > 5) {
        problems.push(Problem::new("/text", "at most 5 letters", text));
    }
    let days = so_far.days.as_deref().unwrap_or_default();
    for (at, pair) in days.windows(2).enumerate().filter(|(_, pair)| pair[0] > pair[1]) {
        problems.push(Problem::new(&format!("/days/{}", at + 1), "a later day", pair[1].to_string()));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What is seen of an output whose answers come in pieces that `|` separates, and what the model was told; watched, or
/// at its end alone. The end is the same.
async fn check<T: Output + HasPartial + std::fmt::Debug>(
    answers: &[&str],
    change: fn(AskOutput<T>) -> AskOutput<T>,
    expected: Expect,
) {
    let ask = || {
        let model = in_pieces(answers.iter().map(|answer| answer.split('|')));
        let agent = Agent::builder(model.clone()).build().unwrap();
        (change(agent.ask("?").output::<T>().strategy(Strategy::Prompt).retries(1)), model)
    };
    let told = |model: &ScriptedModel| -> Vec<String> {
        let requests = model.requests();
        let last = requests.iter().skip(1).map(|request| request.messages.last().unwrap());
        last.map(|message| serde_json::to_string(message).unwrap()).collect()
    };
    let end = |error: &Error| -> String {
        let attempts = &error.as_output().unwrap().failure.attempts;
        attempts.iter().map(|attempt| format!("failed:\n{}\n", attempt.problems)).collect()
    };
    let (asked, model) = ask();
    let (mut updates, mut seen, mut last) = (asked.updates(), String::new(), String::new());
    loop {
        let update = match updates.try_next().await {
            Ok(Some(update)) => update,
            Ok(None) => break,
            Err(error) => {
                last = end(&error);
                break;
            }
        };
        seen += &match update {
            OutputUpdate::Partial(so_far) => format!("{}\n", serde_json::to_string(&*so_far).unwrap()),
            OutputUpdate::Rejected(problems) => format!("rejected:{problems}\n"),
            OutputUpdate::Done(value) => {
                last = format!("{value:?}\n");
                String::new()
            }
            other => panic!("{other:?}"),
        };
    }
    let (asked, unwatched) = ask();
    let in_the_end = asked.await.map_or_else(|error| end(&error), |value| format!("{value:?}\n"));
    assert_eq!((in_the_end, told(&unwatched)), (last.clone(), told(&model)));
    expected.assert_eq(&(seen + &last));
}

#[tokio::test]
async fn r84_what_grows_is_refused_once() {
    let good = r#"{"text": "sh|ort", "days": [1, 2]}"#;
    check::<Plan>(
        &[r#"{"text": "too| long|, and| longer", "days": [2, 1]}"#, good],
        |asked| asked,
        expect![[r#"
            {"text":"too"}
            rejected:
            - `/text`: expected at most 5 letters, found too long
            {"text":"sh"}
            {"text":"short","days":[1,2]}
            Plan { text: "short", days: [1, 2] }
        "#]],
    )
    .await;
    check::<Plan>(
        &[r#"{"text": "ok", "days": [3|, 2|, 1, 0]}"#, good],
        |asked| asked,
        expect![[r#"
        {"text":"ok","days":[]}
        {"text":"ok","days":[3]}
        rejected:
        - `/days/1`: expected a later day, found 2
        - `/days/2`: expected a later day, found 1
        - `/days/3`: expected a later day, found 0
        {"text":"sh"}
        {"text":"short","days":[1,2]}
        Plan { text: "short", days: [1, 2] }
    "#]],
    )
    .await;
    // To the end of the retries.
    check::<Plan>(
        &[r#"{"text": "much too long", "days": []}"#, r#"{"text": "", "days": [2, 1, 0]}"#],
        |asked| asked,
        expect![[r#"
            rejected:
            - `/text`: expected at most 5 letters, found much too long
            rejected:
            - `/days/1`: expected a later day, found 1
            - `/days/2`: expected a later day, found 0
            failed:
            - `/text`: expected at most 5 letters, found much too long
            failed:
            - `/days/1`: expected a later day, found 1
            - `/days/2`: expected a later day, found 0
        "#]],
    )
    .await;
}

/// R83: what stands in an object for the model's sake is shown and checked as it is; the model is told where it is.
#[tokio::test]
async fn r83_values_that_are_wrapped() {
    check::<Vec<String>>(
        &[r#"{"value": ["Faro"|, "Atlan|tis"|, "Lisbon"]}"#, r#"{"value": ["Atlantis"]}"#],
        |asked| {
            asked.validate_partial(|so_far| match so_far.done().iter().position(|city| city == "Atlantis") {
                Some(at) => Err(Problem::new(&format!("/{at}"), "a city that is there", "Atlantis")),
                None => Ok(()),
            })
        },
        expect![[r#"
            ["Faro"]
            ["Faro","Atlan"]
            rejected:
            - `/1`: expected a city that is there, found Atlantis
            rejected:
            - `/0`: expected a city that is there, found Atlantis
            failed:
            - `/value/1`: expected a city that is there, found Atlantis
            failed:
            - `/value/0`: expected a city that is there, found Atlantis
        "#]],
    )
    .await;
    check::<u8>(
        &[r#"{"value": 1|2}"#, r#"{"value": 2}"#],
        |asked| {
            asked.validate_partial(|so_far: &u8| match so_far {
                12 => Err(Problem::new("", "less", "twelve")),
                _ => Ok(()),
            })
        },
        expect![[r#"
            rejected:
            - top level: expected less, found twelve
            2
            2
        "#]],
    )
    .await;
}

/// With parameters; where serde's and schemars' derives are the user's; as another type is; with and without members.
#[derive(Output, Debug)]
#[output(validate_partial = has_few)]
struct Page<T> {
    items: Vec<T>,
}

fn has_few<T: HasPartial>(so_far: &PagePartial<T>) -> Result<(), Problem> {
    match so_far.items.get().map_or(0, |items| items.done().len()) {
        0 | 1 => Ok(()),
        many => Err(Problem::new("/items", "at most one item", many.to_string())),
    }
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Output, Debug)]
#[serde(crate = "outcrop::serde", rename_all = "UPPERCASE")]
#[schemars(crate = "outcrop::schemars")]
#[output(existing, validate_partial = no_a)]
struct Existing {
    name: String,
}

fn no_a(so_far: &ExistingPartial) -> Result<(), Problem> {
    match so_far.name.as_deref() {
        Some(name) if name.contains('a') => Err(Problem::new("/NAME", "no a", name)),
        _ => Ok(()),
    }
}

#[derive(Output, Debug)]
#[output(validate_partial = is_quiet)]
enum Say {
    Loud { text: String },
    Nothing,
}

fn is_quiet(so_far: &SayPartial) -> Result<(), Problem> {
    match so_far {
        SayPartial::Loud { text } if text.is_growing() => Ok(()),
        SayPartial::Loud { .. } => Err(Problem::new("/Loud", "nothing", "something loud")),
        SayPartial::Nothing => Ok(()),
    }
}

#[derive(Output, Debug)]
#[output(validate_partial = never, done)]
struct Empty {}

fn never(_: &Partial<Empty>) -> Result<(), Problem> {
    Err(Problem::new("", "something", "nothing"))
}

#[tokio::test]
async fn of_types_of_each_form() {
    check::<Page<String>>(
        &[r#"{"items": ["a"|, "b|"]}"#, r#"{"items": []}"#],
        |asked| asked,
        expect![[r#"
            {"items":["a"]}
            {"items":["a","b"]}
            rejected:
            - `/items`: expected at most one item, found 2
            {"items":[]}
            Page { items: [] }
        "#]],
    )
    .await;
    check::<Existing>(
        &[r#"{"NAME": "o|ha|o"}"#, r#"{"NAME": "o"}"#],
        |asked| asked,
        expect![[r#"
        {"NAME":"o"}
        rejected:
        - `/NAME`: expected no a, found oha
        {"NAME":"o"}
        Existing { name: "o" }
    "#]],
    )
    .await;
    check::<Say>(
        &[r#"{"value": {"Loud": {"text": "a|b"}}|}"#, r#"{"value": "Nothing"}"#],
        |asked| asked,
        expect![[r#"
            {"Loud":{"text":"a"}}
            rejected:
            - `/Loud`: expected nothing, found something loud
            "Nothing"
            Nothing
        "#]],
    )
    .await;
    check::<Empty>(
        &["{|}", "{}"],
        |asked| asked,
        expect![[r#"
        rejected:
        - top level: expected something, found nothing
        rejected:
        - top level: expected something, found nothing
        failed:
        - top level: expected something, found nothing
        failed:
        - top level: expected something, found nothing
    "#]],
    )
    .await;
    check::<()>(
        &["{|}", "{}"],
        |asked| asked.validate_partial(|()| Err(Problem::new("", "something", "nothing"))),
        expect![[r#"
            failed:
            - top level: expected something, found nothing
            failed:
            - top level: expected something, found nothing
        "#]],
    )
    .await;
}

/// All checks in their order: of the schema, of the type, then of those that are added. A type that stands in another is
/// not asked.
#[tokio::test]
async fn several_checks() {
    check::<Plan>(
        &[r#"{"text": "no"|, "days": [2, 1]}"#, r#"{"text": "", "days": [0]}"#],
        |asked| {
            let no = |text: &str| Problem::new("/text", "anything else", text);
            let asked = asked.validate_partial(move |so_far: &PlanPartial| match so_far.text.done() {
                Some(text) if text == "no" => Err(no(text)),
                _ => Ok(()),
            });
            asked.validate(
                |plan| if plan.days == [0] { Err(Problem::new("/days", "days", "0")) } else { Ok(()) },
            )
        },
        expect![[r#"
            rejected:
            - `/text`: expected anything else, found no
            {"text":"","days":[0]}
            failed:
            - `/days/1`: expected a later day, found 1
            failed:
            - `/days`: expected days, found 0
        "#]],
    )
    .await;

    #[derive(Output, Debug)]
    struct Outer {
        plan: Plan,
    }
    check::<Outer>(
        &[r#"{"plan": {"text": "much too long", "days": []}}"#],
        |asked| asked,
        expect![[r#"
        {"plan":{"text":"much too long","days":[]}}
        Outer { plan: Plan { text: "much too long", days: [] } }
    "#]],
    )
    .await;
}

/// Only who watches pays for checks while it grows.
#[tokio::test]
async fn how_often_a_check_is_asked() {
    let asked = Arc::new(AtomicUsize::new(0));
    let ask = || {
        let count = Arc::clone(&asked);
        asked.store(0, Ordering::Relaxed);
        let model = in_pieces([["{\"value\": [1", ", 2", ", 3", "]}"]]);
        let asking = Agent::builder(model).build().unwrap().ask("?").output::<Vec<u8>>();
        asking.validate_partial(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Problem>(())
        })
    };
    assert_eq!(ask().await.unwrap(), [1, 2, 3]);
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let updates: Vec<_> = ask().updates().try_collect().await.unwrap();
    // The empty list, the three elements, the value.
    assert_eq!(updates.len(), 5);
    assert_eq!(asked.load(Ordering::Relaxed), updates.len() - 1 + 1);
}
