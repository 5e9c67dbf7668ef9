//! Turns with an output that are saved and resumed at any moment.

use outcrop_core::{tools::*, turn::*, wire::*};

use crate::{
    output::{BAD, GOOD, NATIVE, TOOLS, alone, beside, trip},
    support::{Sim, end, stop, text, whole_call},
};

/// Two steps: an output that is not valid, and one that is.
fn story(by_tool: bool) -> Vec<StreamEvent> {
    let step = |value: &str| match by_tool {
        true => [&whole_call(0, "o", "trip", value)[..], &[end("tool_use")]].concat(),
        false => vec![text(0, value), stop(0), end("end_turn")],
    };
    [step(BAD), step(GOOD)].concat()
}

fn tell(sim: &mut Sim, event: StreamEvent) {
    let ends = matches!(event, StreamEvent::MessageStop(_));
    sim.events([event]);
    if ends {
        sim.end_stream();
    }
}

/// The attempts that were made are not made again, and an answer that was there is not asked for again.
#[test]
fn saved_at_every_moment() {
    for (model, by_tool) in [(NATIVE, false), (TOOLS, true)] {
        for moment in 0..=story(by_tool).len() {
            let mut sim = Sim::new(alone(model, trip().retries(1)));
            let events = story(by_tool);
            // The step that was cut is asked for again.
            let step = if moment < events.len() / 2 { 0 } else { events.len() / 2 };
            events[..moment].iter().cloned().for_each(|event| tell(&mut sim, event));
            sim.reload();
            if sim.turn.outcome().is_none() {
                events[step..].iter().cloned().for_each(|event| tell(&mut sim, event));
            }
            let outcome = sim.turn.outcome().unwrap().unwrap();
            let output = outcome.output.as_ref().unwrap();
            assert_eq!((output.value.as_str(), output.attempts.len()), (GOOD, 1), "{moment}");
            let outcome = outcome.clone();
            sim.reload();
            assert_eq!(sim.turn.outcome().unwrap().unwrap(), &outcome);
            assert_eq!(
                sim.turn.into_conversation().into_history().len(),
                if by_tool { 5 } else { 4 },
                "{moment}"
            );
        }
    }
}

/// The stream of an answer that is there was not heard to its end.
#[test]
fn saved_behind_the_answer() {
    for (model, by_tool) in [(NATIVE, false), (TOOLS, true)] {
        let mut sim = Sim::new(alone(model, trip()));
        let events = story(by_tool);
        sim.events(events[events.len() / 2..].to_vec());
        assert!(sim.turn.outcome().is_none());
        sim.reload();
        let output = sim.turn.outcome().unwrap().unwrap().output.as_ref().unwrap();
        assert_eq!(output.value.as_str(), GOOD);
    }
}

/// D2: what is kept is read again, by the schema that is there then.
#[test]
fn d2_held_to_the_schema_of_the_day() {
    for (model, by_tool) in [(NATIVE, false), (TOOLS, true)] {
        let mut sim = Sim::new(alone(model, trip()));
        let events = story(by_tool);
        sim.events(events[events.len() / 2..].to_vec());
        let other = OutputSpec::new("trip", serde_json::json!({ "type": "object", "required": ["hotel"] }));
        sim.config = alone(model, other.unwrap()).into();
        sim.reload();
        assert!(sim.turn.outcome().is_none(), "{}", sim.log);
        assert!(sim.asked().contains("hotel"), "{}", sim.asked());
    }
}

/// Exhaustive: the other tools run before the turn ends, also where it was saved between.
#[test]
fn saved_while_the_other_tools_run() {
    let mut config = beside(TOOLS, trip().end_policy(EndPolicy::Exhaustive));
    config.max_parallel_tools = 1;
    let mut sim = Sim::new(config);
    let plan = |at, id| whole_call(at, id, "plan", r#"{"city":"Porto"}"#);
    sim.events([plan(0, "a"), whole_call(1, "o", "trip", GOOD), plan(2, "b")].concat());
    sim.events([end("tool_use")]).end_stream();
    sim.reload();
    assert!(sim.turn.outcome().is_none());
    sim.result("b", "ok");
    let output = sim.turn.outcome().unwrap().unwrap().output.as_ref().unwrap();
    assert_eq!(output.value.as_str(), GOOD);
}

/// Failures are told again.
#[test]
fn failures_survive() {
    let mut sim = Sim::new(alone(NATIVE, trip().retries(0)));
    sim.events([text(0, BAD), stop(0), end("end_turn")]).end_stream();
    let failure = sim.turn.outcome().unwrap().unwrap_err().clone();
    assert!(matches!(failure, TurnFailure::Output(_)));
    sim.reload();
    assert_eq!(sim.turn.outcome().unwrap().unwrap_err(), &failure);
}

/// A turn that was saved without an output goes on with one.
#[test]
fn an_output_that_is_wanted_since() {
    let plain = serde_json::to_string(&Sim::new(crate::support::config()).turn.save()).unwrap();
    assert!(!plain.contains(r#""output""#), "{plain}");
    let old = serde_json::from_str(&plain).unwrap();
    let mut turn = Turn::resume(alone(NATIVE, trip()).into(), old, Time(0)).unwrap();
    let Some(Action::Converse(ask)) = turn.next_action() else { panic!() };
    assert_eq!(crate::output::asking(&ask.request), "native trip");
}

/// What a refusal took away stays away.
#[test]
fn the_way_of_asking_survives() {
    let citations =
        "The model returned the following errors: Citations cannot be enabled when output format is set";
    let native = "This model doesn't support the outputConfig field. Remove outputConfig and try again.";
    for refusal in [citations, native] {
        let mut sim = Sim::new(alone(NATIVE, trip()));
        sim.refuse(refusal);
        sim.reload();
        assert!(crate::output::asking(&sim.ask.as_ref().unwrap().request).starts_with("tools trip"));
    }
}

/// What is asked in the question itself is there once, however often the turn is saved and asks again.
#[test]
fn the_instruction_is_there_once() {
    let mut sim = Sim::new(alone("amazon.titan-text-express-v1", trip()));
    sim.reload().reload();
    sim.events([text(0, BAD), stop(0), end("end_turn")]).end_stream();
    sim.reload();
    assert_eq!(sim.asked().matches("JSON Schema").count(), 1, "{}", sim.asked());
    assert!(!sim.log.contains("output_strategy"), "{}", sim.log);
    sim.events([text(0, GOOD), stop(0), end("end_turn")]).end_stream();
    assert!(sim.turn.outcome().unwrap().is_ok());
}
