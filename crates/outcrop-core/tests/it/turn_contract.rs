//! The contract under drivers that report anything in any order: late outcomes, outcomes for other ids, decisions about
//! other inputs, times that run backwards, and saves anywhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use outcrop_core::{profile::*, turn::*};
use proptest::{
    collection::vec,
    prelude::{Strategy, *},
    sample::select,
};

use crate::{
    play::{Play, TOOLS, config},
    shape::flaw,
    support::cases,
};

/// What a driver may report, more often what fits than not.
fn words() -> impl Strategy<Value = String> {
    let calls =
        (select(vec!["a", "b", "x"]), select(TOOLS.to_vec()), 0u8..12).prop_map(|(id, name, input)| {
            match input {
                0 => format!("call:{id},{name},{{"),
                1 => format!(r#"call:{id},{name},{{"n":1}}"#),
                2 => format!("call:{id},nobody"),
                _ => format!("call:{id},{name}"),
            }
        });
    let model = select(vec![
        "end",
        "end",
        "end",
        "close",
        "close",
        "close",
        "say:so",
        "begin:so",
        "think:hm",
        "end:end_turn",
        "end:max_tokens",
        "meta:1",
    ]);
    let failures =
        select(vec!["throttled", "later", "broken", "alone", "no"]).prop_map(|why| format!("fail:{why}"));
    let verbs = select(vec![
        "done", "done", "done", "error", "gone", "progress", "allow", "allow", "deny", "answer", "other",
    ]);
    let tools = (verbs, 0u8..6).prop_map(|(verb, place)| format!("{verb}:{place}"));
    let strange = select(vec![
        "done:dispatch-1-1-0",
        "done:decide-1-1-0",
        "done:converse-1-1-0",
        "gone:dispatch-1-1-1",
        "gone:converse-1-1-0",
        "gone:wait-1-1-1000",
        "allow:decide-1-1-0",
        "allow:dispatch-1-1-0",
        "elapse:wait-1-1-1000",
        "elapse:wait-2-1-1000",
        "elapse:converse-1-1-0",
    ]);
    let elapse = (0u64..9000).prop_map(|at| format!("elapse@{at}"));
    prop_oneof![
        8 => calls,
        10 => model.prop_map(str::to_owned),
        1 => failures,
        14 => tools,
        1 => strange.prop_map(str::to_owned),
        3 => elapse,
        2 => Just("reload".to_owned()),
    ]
}

/// What the driver knows of the calls that were handed out.
#[derive(Default)]
struct Model {
    /// The calls that run, with their tools.
    running: BTreeMap<ActionId, String>,
    /// What was dispatched since the turn was resumed last, and before.
    dispatched: BTreeSet<ActionId>,
    earlier: BTreeSet<ActionId>,
    /// The decisions that allow a call.
    allowed: BTreeSet<String>,
    seen: usize,
    cancelled: usize,
}

impl Model {
    /// Takes notice of the actions that were handed out.
    fn look(&mut self, play: &Play, parallel: usize) -> Result<(), TestCaseError> {
        for id in &play.cancelled[self.cancelled..] {
            prop_assert!(self.running.remove(id).is_some(), "{id} did not run\n{}", play.log);
        }
        self.cancelled = play.cancelled.len();
        for dispatch in &play.dispatched[self.seen..] {
            let (id, name) = (dispatch.id, &dispatch.call.name);
            let policy = play.config.tools.policy(name).unwrap();
            let again = policy.read_only && !policy.once;
            prop_assert!(self.dispatched.insert(id), "{id} twice\n{}", play.log);
            prop_assert!(!self.earlier.contains(&id) || again, "{id} again\n{}", play.log);
            let decision = id.to_string().replace("dispatch", "decide");
            prop_assert!(!policy.approval || self.allowed.contains(&decision), "{id} unasked\n{}", play.log);
            self.running.insert(id, name.clone());
        }
        self.seen = play.dispatched.len();
        let alone = self.running.values().any(|name| play.config.tools.policy(name).unwrap().sequential);
        let most = if alone { 1 } else { parallel.max(1) };
        prop_assert!(self.running.len() <= most, "{:?}\n{}", self.running, play.log);
        Ok(())
    }

    /// What the turn says of itself is what the driver knows, once no action is due.
    fn agrees(&self, play: &Play) -> Result<(), TestCaseError> {
        let outstanding = play.turn.outstanding();
        let waits = outstanding.iter().filter(|action| action.id.kind() == ActionKind::Wait);
        let waits: Vec<ActionId> = waits.map(|action| action.id).collect();
        prop_assert!(waits.len() <= 1, "{waits:?}\n{}", play.log);
        prop_assert!(
            waits.iter().all(|id| play.waits.last().is_some_and(|wait| wait.id == *id)),
            "{}",
            play.log
        );
        let runs =
            outstanding.iter().filter(|action| action.id.kind() == ActionKind::Dispatch && !action.cancelled);
        let runs: BTreeSet<ActionId> = runs.map(|action| action.id).collect();
        let known: BTreeSet<ActionId> = self.running.keys().copied().collect();
        if play.turn.outcome().is_none() {
            prop_assert_eq!(runs, known, "{}", play.log);
            prop_assert!(!outstanding.is_empty(), "nothing is due, and nothing is awaited\n{}", play.log);
        }
        let profile = &play.config.target().profile;
        let rendered = render(play.turn.history(), profile, &play.config.target().model_id);
        prop_assert_eq!(flaw(&rendered.messages, profile), None, "{}", play.log);
        Ok(())
    }

    fn report(&mut self, play: &mut Play, word: &str) {
        let (verb, of) = word.split_once(':').unwrap_or((word, ""));
        match verb {
            "done" | "error" | "gone" => drop(self.running.remove(&play.id("dispatch", of))),
            "allow" => {
                let id = play.id("decide", of);
                let is_asked = play.questions.iter().any(|question| question.id == id);
                self.allowed.extend(is_asked.then(|| id.to_string()));
            }
            "reload" => {
                self.running.clear();
                self.earlier.append(&mut self.dispatched);
            }
            _ => {}
        }
        play.report(word);
    }
}

fn go(config: TurnConfig, words: &[String]) -> Result<(), TestCaseError> {
    let parallel = config.max_parallel_tools;
    let (mut play, mut model) = (Play::new(config), Model::default());
    for word in words {
        while play.act() {
            model.look(&play, parallel)?;
        }
        model.agrees(&play)?;
        model.report(&mut play, word);
        model.look(&play, parallel)?;
    }
    while play.act() {
        model.look(&play, parallel)?;
    }
    model.agrees(&play)?;
    let mut resumed = Play::new(config_of(&play));
    std::mem::swap(&mut resumed.turn, &mut play.turn);
    resumed.reload();
    let profile = &play.config.target().profile;
    for turn in [resumed.turn, play.turn] {
        let history = turn.into_conversation().into_history();
        let messages = render(&history, profile, &play.config.target().model_id).messages;
        prop_assert_eq!(flaw(&messages, profile), None, "{}", play.log);
    }
    Ok(())
}

fn config_of(play: &Play) -> TurnConfig {
    (*play.config).clone()
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn the_contract_holds_under_any_driver(
        words in vec(words(), 0..60),
        first in vec((select(TOOLS.to_vec()), 0u8..3), 0..6),
        parallel in 0usize..4,
        attempts in 1u32..4,
        steps in 1u32..5,
    ) {
        let policy = RetryPolicy::new(attempts).first_wait(Duration::from_secs(1));
        let mut config = config().retry(policy);
        (config.max_parallel_tools, config.max_steps) = (parallel, steps);
        config.target_mut().profile = Profile::permissive();
        // Most scripts begin with a step that makes calls.
        let mut script: Vec<String> = first.iter().map(|(name, id)| format!("call:{id},{name}")).collect();
        if !script.is_empty() {
            script.extend(["end".to_owned(), "close".to_owned()]);
        }
        script.extend(words);
        go(config, &script)?;
    }
}
