//! Turns and profiles as earlier releases saved them. They are read for ever: a file in `saved/` is never written again.
//!
//! Each file of `saved/turns/` names the configuration that it goes on with, holds the saved turn, and says what came of
//! it in the release that wrote it: the next request, what was run, and the history in the end. Files of
//! `saved/profiles/` hold a profile and the model id of the table's row that it must equal.

use std::{fmt::Write as _, fs, path::PathBuf, sync::Arc};

use outcrop_core::{profile::*, tools::*, turn::*, wire::*};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use crate::{
    output::{GOOD, NATIVE, TOOLS, WORDS, alone, beside, trip},
    support::{Sim, config, end, live_tools, stop, text, tools, whole_call},
};

#[derive(Deserialize)]
struct SavedCase {
    config: String,
    saved: Box<RawValue>,
    then: Vec<String>,
}

/// The configurations that the files name.
fn config_of(name: &str) -> TurnConfig {
    let mut config = match name {
        "plain" | "one at a time" | "two steps" => config(),
        "live" => {
            let mut live = config();
            live.tools = live_tools();
            live
        }
        "no tools" => TurnConfig::new(NATIVE, Arc::default()),
        "binding" => TurnConfig::new("anthropic.claude-fable-5-1", tools()),
        "new model" => TurnConfig::new("a.new-model", tools()),
        "native" => alone(NATIVE, trip()),
        "native, once" => alone(NATIVE, trip().retries(0)),
        "tool" => alone(TOOLS, trip()),
        "words" => alone(WORDS, trip()),
        "question" => alone("amazon.titan-text-express-v1", trip()),
        "beside" => beside(TOOLS, trip()),
        "exhaustive" => {
            let mut config = beside(TOOLS, trip().end_policy(EndPolicy::Exhaustive));
            config.max_parallel_tools = 1;
            config
        }
        other => panic!("no configuration is called {other:?}"),
    };
    match name {
        "one at a time" => config.max_parallel_tools = 1,
        "two steps" => config.max_steps = 2,
        _ => {}
    }
    config
}

/// Goes on with a saved turn: each call gives its id, each request is answered with a value that both the output and a
/// reader of text take.
fn goes_on(name: &str, saved: SavedTurn) -> Vec<String> {
    let config = config_of(name);
    let turn = Turn::resume(Arc::new(config.clone()), saved, Time(0)).unwrap();
    let mut sim = Sim::new(config);
    (sim.turn, sim.ask, sim.log) = (turn, None, String::new());
    sim.running.clear();
    // What resuming itself reports is not part of these files.
    while sim.turn.next_event().is_some() {}
    sim.act();
    let mut told = String::new();
    for _ in 0..8 {
        if let Some(running) = sim.running.first() {
            let id = running.call.tool_use_id.clone();
            sim.result(&id, &id);
        } else if let Some(ask) = &sim.ask {
            let _ =
                writeln!(told, "asks {}", String::from_utf8(ask.request.to_json_bytes().unwrap()).unwrap());
            let by_tool = ask.request.tool_config.iter().flat_map(|config| &config.tools);
            let by_tool =
                by_tool.filter(|tool| matches!(tool, ToolEntry::ToolSpec(spec) if spec.name == "trip"));
            match by_tool.count() {
                0 => sim.events([text(0, GOOD), stop(0), end("end_turn")]).end_stream(),
                _ => sim
                    .events([&whole_call(0, "o", "trip", GOOD)[..], &[end("tool_use")]].concat())
                    .end_stream(),
            };
            if sim.turn.outcome().is_some() {
                sim.ask = None;
            }
        } else {
            break;
        }
    }
    let _ = writeln!(told, "{}steps {}, tokens {}", sim.log, sim.turn.step(), sim.turn.usage().output_tokens);
    let outcome = sim.turn.outcome().unwrap();
    let _ = writeln!(
        told,
        "{}",
        match outcome {
            Ok(outcome) =>
                format!("output {:?}", outcome.output.as_ref().map(|output| output.value.as_str())),
            Err(failure) => format!("{failure}"),
        }
    );
    let _ =
        writeln!(told, "{}", serde_json::to_string(&sim.turn.into_conversation().into_history()).unwrap());
    told.lines().map(str::to_owned).collect()
}

fn files(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/saved").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn turns_of_earlier_releases_go_on_as_they_did() {
    let files = files("turns");
    assert!(files.len() >= 30, "{}", files.len());
    for (name, text) in files {
        let case: SavedCase = serde_json::from_str(&text).unwrap();
        let saved = serde_json::from_str(case.saved.get()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(goes_on(&case.config, saved), case.then, "{name}");
    }
}

#[test]
fn profiles_of_earlier_releases_are_read() {
    let files = files("profiles");
    assert!(files.len() >= 10, "{}", files.len());
    for (name, text) in files {
        let case: Value = serde_json::from_str(&text).unwrap();
        let profile: Profile =
            serde_json::from_value(case["profile"].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let facts: Vec<Fact> = serde_json::from_value(case["facts"].clone()).unwrap();
        let expected =
            facts.into_iter().fold(Profile::of(case["model"].as_str().unwrap()), Profile::with_fact);
        assert_eq!(profile, expected, "{name}");
    }
}

/// A later release may add members; an earlier one ignores them instead of refusing the profile.
#[test]
fn unknown_members_of_a_saved_profile_are_ignored() {
    let model = "us.anthropic.claude-sonnet-4-6";
    let mut saved = serde_json::to_value(Profile::of(model)).unwrap();
    saved["aLaterFact"] = true.into();
    saved["cache"]["aLaterFact"] = true.into();
    assert_eq!(serde_json::from_value::<Profile>(saved).unwrap(), Profile::of(model));
}

/// What this release saves has the same form, so that earlier releases read it too.
#[test]
fn profiles_are_saved_as_in_earlier_releases() {
    for (name, text) in files("profiles") {
        let case: Value = serde_json::from_str(&text).unwrap();
        let profile: Profile = serde_json::from_value(case["profile"].clone()).unwrap();
        let saved = serde_json::to_value(&profile).unwrap();
        for (member, value) in saved.as_object().unwrap() {
            assert_eq!(case["profile"].get(member), Some(value), "{name}: {member}");
        }
        assert_eq!(serde_json::from_value::<Profile>(saved).unwrap(), profile, "{name}");
    }
}
