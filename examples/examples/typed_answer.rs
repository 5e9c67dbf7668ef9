//! cargo run --example typed_answer
//!
//! An answer of a type of your own, shown while the model writes it. A check refuses the first one before it is whole,
//! and the model mends it; the answer to the second question is cut off, and what there is of it is read from the error.
//! The model's part is played from a script by an endpoint in this process.

use std::{error::Error, time::Duration};

use futures::TryStreamExt;
use outcrop::{
    Agent, Bedrock, Output, OutputFailureReason, OutputUpdate, Part, Partial, Problem, StopReason, Strategy,
};
use outcrop_local::{Answer, Local, Script};
use serde_json::json;

/// A trip.
#[derive(Output)]
#[output(validate_partial = stays_the_night)]
struct Trip {
    /// Why this plan.
    reason: String,
    stays: Vec<Stay>,
    way: Way,
}

#[derive(Output)]
struct Stay {
    city: String,
    nights: u8,
}

#[derive(Output)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Way {
    Train { class: u8 },
    Car,
}

/// Looks only at what cannot change any more.
fn stays_the_night(trip: &Partial<Trip>) -> Result<(), Problem> {
    let stays = trip.stays.as_deref().unwrap_or_default();
    match stays.iter().position(|stay| stay.nights.done() == Some(&0)) {
        Some(at) => Err(Problem::new(&format!("/stays/{at}/nights"), "at least one night", "none")),
        None => Ok(()),
    }
}

fn script() -> Script {
    let trip = |nights: u8| {
        json!({
            "reason": "Both lie on the coast.",
            "stays": [{ "city": "Lisboa", "nights": 2 }, { "city": "Porto", "nights": nights }],
            "way": { "by": "train", "class": 2 },
        })
    };
    let says = |text: String| Answer::new().text(text).delay_between(Duration::from_millis(12));
    let cut = r#"{"reason": "It is near.", "stays": [{"city": "Faro", "nights": 3}, {"city": "Tav"#;
    Script::new()
        .answer(says(format!("{:#}", trip(0))))
        .answer(says(format!("{:#}", trip(3))))
        .answer(says(cut.to_owned()).stop_reason(StopReason::MaxTokens))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let endpoint = Local::script(script()).start().await?;
    let bedrock = Bedrock::builder("us.anthropic.claude-sonnet-4-6")
        .region("us-east-1")
        .static_credentials("local", "local", None)
        .endpoint_url(endpoint.url())
        .build()
        .await?;
    let session = Agent::builder(bedrock).build()?.session();

    // The script answers in text, so it is asked for natively; `Auto` would do so too, for this type and this model.
    let question = session.ask("Lisbon and Porto, please").output::<Trip>().strategy(Strategy::Native);
    let mut updates = question.updates();
    while let Some(update) = updates.try_next().await? {
        match update {
            OutputUpdate::Partial(so_far) => println!("{}", line(&so_far)),
            OutputUpdate::Rejected(problems) => println!("once more:{problems}"),
            OutputUpdate::Done(trip) => {
                let nights: u8 = trip.stays.iter().map(|stay| stay.nights).sum();
                println!("done: {} stays, {nights} nights, because: {}", trip.stays.len(), trip.reason);
            }
            _ => {}
        }
    }

    if let Err(error) = session.ask("And the south?").output::<Trip>().await
        && let Some(error) = error.as_output()
    {
        if let OutputFailureReason::Stopped { stop_reason } = &error.failure.reason {
            println!("stopped: {}, after {} tokens", stop_reason.as_str(), error.failure.usage.output_tokens);
        }
        if let Some(so_far) = error.partial::<Trip>() {
            println!("{}", line(&so_far));
        }
    }
    Ok(())
}

/// The trip so far, on one line; `▌` where it grows.
fn line(trip: &Partial<Trip>) -> String {
    let mut line = text(&trip.reason);
    for stay in trip.stays.as_deref().unwrap_or_default() {
        line += &format!(" | {}", text(&stay.city));
        if let Some(nights) = stay.nights.get() {
            line += &format!(", {nights} nights");
        }
    }
    match trip.way.get() {
        Some(Partial::<Way>::Train { class }) => match class.get() {
            Some(class) => line += &format!(" | by train, class {class}"),
            None => line += " | by train",
        },
        Some(Partial::<Way>::Car) => line += " | by car",
        None => {}
    }
    line
}

fn text(part: &Part<String>) -> String {
    match part {
        Part::Absent => "…".to_owned(),
        Part::Growing(text) => format!("{text}▌"),
        Part::Done(text) => text.clone(),
    }
}
