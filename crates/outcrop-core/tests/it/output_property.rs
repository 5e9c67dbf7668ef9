//! Outputs of a model that writes anything, cut anywhere, with any stop reason.

use outcrop_core::{tools::*, turn::*, wire::*};
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest},
    sample::select,
    test_runner::TestCaseError,
};
use serde_json::{Value, json};

use crate::{
    output::{NATIVE, TOOLS, WORDS, beside, trip},
    shape::{PROFILES, flaw},
    support::{Sim, arg, call, cases, end, metadata, sign, stop, text, think},
};

/// A trip or a list, the latter wrapped.
pub fn spec(list: bool) -> OutputSpec {
    let items = json!({ "type": "array", "items": { "enum": ["a", "b"] }, "minItems": 1 });
    if list { OutputSpec::new("trip", items).unwrap() } else { trip() }
}

/// Values that a model may write: right, of wrong types, of wrong enums, with members missing or too many.
fn values() -> impl Strategy<Value = Value> {
    let city = prop_oneof![Just(json!("Lisbon")), Just(json!("\"}{")), Just(json!(null)), Just(json!(3))];
    let days =
        prop_oneof![Just(json!(2)), Just(json!(0)), Just(json!("2")), Just(json!(1.5)), Just(json!(2.0))];
    let trip = (city, days, 0u8..12).prop_map(|(city, days, other)| match other {
        0 => json!({ "city": city }),
        1 => json!({ "city": city, "days": days, "more": 1 }),
        2 => json!([city, days]),
        _ => json!({ "city": city, "days": days }),
    });
    let list = vec(select(vec!["a", "b", "c"]), 0..3).prop_map(|items| json!({ "value": items }));
    prop_oneof![4 => trip, 3 => list.clone(), 1 => list.prop_map(|list| list["value"].clone()), 1 => Just(Value::Null)]
}

/// What becomes of a value on the way: nothing, prose or a fence around it, a cut, a comma, a name twice.
fn written() -> impl Strategy<Value = String> {
    (values(), 0u8..16, any::<usize>()).prop_map(|(value, damage, at)| {
        let whole = value.to_string();
        match damage {
            0 => whole[..whole.floor_char_boundary(at % (whole.len() + 1))].to_owned(),
            1 => format!("Here it is: {whole}"),
            2 => format!("```json\n{whole}\n```"),
            3 => whole.replacen('}', ",}", 1),
            4 => whole.replacen('{', r#"{"city":"x","#, 1),
            5 => whole.replace('"', "'"),
            6 => format!("{whole}{whole}"),
            7 => format!(" {whole}\n"),
            8 => String::new(),
            _ => whole,
        }
    })
}

/// One answer: text or calls, and an end.
pub fn answers() -> impl Strategy<Value = Vec<StreamEvent>> {
    let reasons = select(vec![
        "end_turn",
        "end_turn",
        "end_turn",
        "tool_use",
        "tool_use",
        "tool_use",
        "stop_sequence",
        "max_tokens",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "new",
    ]);
    let block = (written(), select(vec!["text", "trip", "trip", "plan", "think"]), any::<usize>(), 0u8..12);
    (vec(block, 0..4), proptest::option::weighted(0.95, reasons)).prop_map(|(blocks, reason)| {
        let mut events = Vec::new();
        for (at, (written, kind, cut, stops)) in (0..).zip(blocks) {
            let (a, b) = written.split_at(written.floor_char_boundary(cut % (written.len() + 1)));
            match kind {
                "text" => events.extend([text(at, a), text(at, b)]),
                "think" => events.extend([think(at, "hm"), sign(at, "s")]),
                name => events.extend([call(at, &format!("c{at}"), name), arg(at, a), arg(at, b)]),
            }
            events.extend((stops > 0).then(|| stop(at)));
        }
        events.extend(reason.map(end));
        events.push(metadata(1));
        events
    })
}

/// All texts that the model sent whole in an answer that was not cut.
fn sent(events: &[StreamEvent]) -> Vec<String> {
    let reason = events.iter().find_map(|event| match event {
        StreamEvent::MessageStop(stop) => Some(stop.stop_reason.as_str().to_owned()),
        _ => None,
    });
    if !matches!(reason.as_deref(), Some("end_turn" | "tool_use" | "stop_sequence")) {
        return Vec::new();
    }
    let mut texts = std::collections::BTreeMap::<u32, String>::new();
    for event in events {
        let StreamEvent::ContentBlockDelta(event) = event else { continue };
        match &event.delta {
            BlockDelta::Text(text) => *texts.entry(event.content_block_index).or_default() += text,
            BlockDelta::ToolUse(delta) => {
                *texts.entry(event.content_block_index).or_default() += &delta.input
            }
            _ => {}
        }
    }
    texts.into_values().collect()
}

/// What of a text a success may be: the value itself, or for a model that was asked in words the one that is in it.
fn may_be(text: &str, output: &TurnOutput, list: bool) -> bool {
    let inner = match (text.find('{'), text.rfind('}')) {
        (Some(from), Some(to)) if output.repaired && from < to => text[from..=to].replacen(",}", "}", 1),
        _ => text.to_owned(),
    };
    let Ok(value) = serde_json::from_str::<Value>(&inner) else { return false };
    let value = if list { value.get("value").cloned() } else { Some(value) };
    value == output.value.to_value()
}

fn go(model: &str, list: bool, retries: u32, answers: Vec<Vec<StreamEvent>>) -> Result<(), TestCaseError> {
    let mut config = beside(model, spec(list).retries(retries));
    config.max_steps = 6;
    let mut sim = Sim::new(config);
    let mut last = Vec::new();
    for answer in answers {
        if sim.turn.outcome().is_some() {
            break;
        }
        last = sent(&answer);
        for event in answer {
            if sim.turn.outcome().is_none() {
                sim.events([event]);
            }
        }
        while let Some(running) = sim.running.first() {
            let (id, name) = (running.call.tool_use_id.clone(), running.call.name.clone());
            prop_assert_eq!(name, "plan", "the output's tool is never run");
            sim.result(&id, "ok");
        }
        sim.end_stream();
    }
    match sim.turn.outcome() {
        Some(Ok(outcome)) => {
            let output = outcome.output.as_ref().unwrap();
            prop_assert!(!output.repaired || output.strategy == outcrop_core::Strategy::Prompt);
            prop_assert!(last.iter().any(|text| may_be(text, output, list)), "{:?} of {:?}", output, last);
            let schema = spec(list).schema().to_value().unwrap();
            let value: Value = serde_json::from_str(output.value.as_str()).unwrap();
            prop_assert!(jsonschema::is_valid(&schema, &value), "{value}");
            prop_assert!(output.attempts.len() <= retries as usize);
        }
        Some(Err(TurnFailure::Output(failure))) => {
            prop_assert!(failure.attempts.len() <= retries as usize + 1);
            let text = failure.to_string();
            prop_assert!(!text.is_empty());
        }
        Some(Err(TurnFailure::Abandoned | TurnFailure::Converse(_))) => {
            return Err(TestCaseError::fail(sim.log));
        }
        Some(Err(_)) | None => {}
    }
    let saved = serde_json::to_string(&sim.turn.save()).unwrap();
    let resumed = Turn::resume(sim.config.clone(), serde_json::from_str(&saved).unwrap(), Time(0)).unwrap();
    prop_assert_eq!(resumed.outcome(), sim.turn.outcome());
    for history in [resumed.into_conversation().into_history(), sim.turn.into_conversation().into_history()] {
        for (model, profile) in PROFILES.iter() {
            prop_assert_eq!(flaw(&render(&history, profile, model).messages, profile), None, "{}", model);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(512))]

    /// R82, D3: no success unless the text was whole, is valid for the schema and is what was sent; the history can be
    /// sent again whatever happened.
    #[test]
    fn r82_no_output_that_was_not_said(
        model in select(vec![NATIVE, TOOLS, WORDS]),
        list in any::<bool>(),
        retries in 0u32..3,
        answers in vec(answers(), 1..5),
    ) {
        go(model, list, retries, answers)?;
    }
}
