//! A turn that is saved as a string after any action and any outcome, and resumed from it.
//!
//! Each script is played once without a save, and once more for each moment: where nothing is outstanding then, the
//! turn goes on as if it had not been saved; otherwise by the table of [`Turn::resume`].

use std::time::Duration;

use outcrop_core::{profile::*, tools::*, turn::*, wire::*};

use crate::{
    output::{NATIVE, TOOLS, WORDS, alone, beside, trip},
    play::{Play, config},
    support::live_tools,
};

/// All that came of a turn, in lines.
fn transcript(play: Play) -> Vec<String> {
    let mut lines: Vec<String> = play.log.lines().map(str::to_owned).collect();
    lines.extend(play.events);
    lines.extend(play.requests);
    lines.extend(play.turn.diagnostics().iter().map(|diagnostic| format!("{diagnostic:?}")));
    lines.push(format!("{:?} {:?}", play.turn.usage(), play.turn.outcome()));
    lines.push(serde_json::to_string(&play.turn.into_conversation()).unwrap());
    lines
}

/// Plays a script, and does `then` after each action and each outcome.
fn play(mut play: Play, script: &str, mut then: impl FnMut(&mut Play, usize, &[&str])) -> Play {
    let words: Vec<&str> = script.split_whitespace().collect();
    let mut moment = 0;
    then(&mut play, moment, &words);
    for at in 0..=words.len() {
        while play.act() {
            moment += 1;
            then(&mut play, moment, &words[at..]);
        }
        if let Some(word) = words.get(at) {
            play.report(word);
            moment += 1;
            then(&mut play, moment, &words[at + 1..]);
        }
    }
    play
}

/// The script at every moment, streamed and read apart.
fn check(config: TurnConfig, script: &str) {
    check_over(config, &History::new(), script);
}

fn check_over(config: TurnConfig, history: &History, script: &str) {
    for reads_apart in [false, true] {
        let new = || {
            let mut play = Play::over(config.clone(), history.clone());
            play.reads_apart = reads_apart;
            play
        };
        let mut quiet = Vec::new();
        let unsaved =
            transcript(play(new(), script, |play, moment, rest| match play.turn.outstanding().is_empty() {
                true => quiet.push(moment),
                false => by_the_table(play, moment, rest),
            }));
        assert!(
            unsaved.iter().any(|line| line.starts_with("answered") || line.starts_with("failed")),
            "{unsaved:#?}"
        );
        for save in quiet {
            let saved = play(new(), script, |play, moment, _| {
                if moment == save {
                    play.reload();
                }
            });
            let saved = transcript(saved);
            let differs = (0..saved.len().max(unsaved.len())).find(|at| saved.get(*at) != unsaved.get(*at));
            if let Some(at) = differs {
                let place = format!("saved at {save}, apart {reads_apart}, of {script}");
                assert_eq!(saved.get(at), unsaved.get(at), "{place}");
            }
        }
    }
}

fn runs_again(play: &Play, name: &str) -> bool {
    play.config.tools.policy(name).is_some_and(|policy| policy.read_only && !policy.once)
}

/// What a turn with outstanding actions does once it was saved and resumed.
fn by_the_table(play: &Play, moment: usize, rest: &[&str]) {
    let outstanding = play.turn.outstanding();
    let mut resumed = Play::over((*play.config).clone(), History::new());
    (resumed.config, resumed.reads_apart) = (play.config.clone(), play.reads_apart);
    resumed.turn = {
        let saved = serde_json::to_string(&play.turn.save()).unwrap();
        let now = play.now();
        Turn::resume(play.config.clone(), serde_json::from_str(&saved).unwrap(), now).unwrap()
    };
    resumed.run("");
    let place = format!("saved at {moment} of:\n{}\nthen:\n{}", play.log, resumed.log);
    for action in &outstanding {
        let id = action.id;
        let asked = resumed.asks.iter().position(|ask| ask.id == id);
        let dispatched = play.dispatched.iter().rfind(|dispatch| dispatch.id == id);
        match (id.kind(), action.cancelled) {
            (ActionKind::Converse, _) if play.is_complete && !play.reads_apart => {
                assert_eq!(asked, None, "{place}");
            }
            (ActionKind::Converse, _) => {
                assert_eq!(asked, Some(0), "{place}");
                assert_eq!(resumed.requests.first(), play.requests.last(), "{place}");
            }
            (ActionKind::Dispatch, true) => {
                assert!(resumed.turn.outstanding().iter().all(|action| action.id != id), "{place}");
            }
            (ActionKind::Dispatch, false) => {
                let call = &dispatched.unwrap().call;
                let again = resumed.dispatched.iter().any(|dispatch| dispatch.id == id);
                let block = format!(r#""block":{},"type":"toolEnd""#, call.block.unwrap());
                let told = |event: &String| event.contains(&block) && event.contains("interrupted");
                assert_eq!(again, runs_again(play, &call.name), "{place}");
                assert_eq!(resumed.events.iter().any(told), !again, "{place}");
            }
            (ActionKind::Decide, _) => {
                let asked = |play: &Play| play.questions.iter().rfind(|question| question.id == id).cloned();
                assert!(asked(&resumed).is_some() && asked(&resumed) == asked(play), "{place}");
            }
            (ActionKind::Wait, _) if outstanding.len() == 1 => {
                assert_eq!(resumed.waits, play.waits[play.waits.len() - 1..], "{place}");
            }
            _ => {}
        }
    }
    resumed.run(&rest.join(" "));
    for again in &resumed.dispatched {
        let before = play.dispatched.iter().filter(|dispatch| dispatch.id == again.id).count();
        let after = resumed.dispatched.iter().filter(|dispatch| dispatch.id == again.id).count();
        assert!(before + after == 1 || runs_again(play, &again.call.name), "{place}");
    }
}

#[test]
fn a_plain_answer() {
    check(config(), "think:hm say:so end:end_turn meta:3 close");
    check(config(), "say:half end:max_tokens close");
    check(config(), "say:so end:malformed_model_output close");
    check(config(), "begin:half close");
    check(config(), "begin:half fail:no");
}

#[test]
fn calls_that_run_side_by_side() {
    let calls = "call:a,p call:b,r call:c,o call:d,ro call:e,nobody call:f,p,{ end meta:2 close";
    for parallel in [1, 2, 8] {
        let mut config = config();
        config.max_parallel_tools = parallel;
        let results = "done:0 done:1 done:2 error:3";
        check(config, &format!("{calls} progress:0 {results} say:so end:end_turn meta:1 close"));
    }
    check(config(), "call:x,p call:x,r call:x,p end close done:2 gone:0 done:1 say:so end:end_turn close");
    check(config(), "call:a,p end done:0 close call:a,p end close done:0 say:so end:end_turn close");
    check(config(), "call:a,p call:b,p,{ end:max_tokens close");
}

#[test]
fn calls_that_run_alone() {
    check(
        config(),
        "call:a,s call:b,p call:c,s call:d,r end close done:0 done:1 done:2 done:3 say:so end:end_turn close",
    );
}

#[test]
fn calls_that_need_a_decision() {
    check(
        config(),
        r#"call:a,a,{"n":1} call:b,ra,{"n":2} call:c,sa call:d,p end close
           allow:1 deny:0 other:2 allow:2 done:1 done:2 done:3 say:so end:end_turn close"#,
    );
    check(config(), "call:x,a call:x,a end close answer:1 allow:0 done:0 say:so end:end_turn close");
}

#[test]
fn calls_that_have_a_timeout() {
    check(
        config(),
        "call:a,t call:b,rt call:c,u end close elapse@1000 gone:0 done:1 elapse@3000 say:so end:end_turn close done:2",
    );
}

const GOOD: &str = r#"{"city":"Lisbon","days":2}"#;
const BAD: &str = r#"{"city":"Lisbon","days":0}"#;

/// By native output, a tool, words in the system prompt, and words in the question.
#[test]
fn outputs() {
    for model in [NATIVE, TOOLS, WORDS, "anthropic.claude-fable-5-1", "amazon.titan-text-express-v1"] {
        let give = |value: &str| match model {
            TOOLS => format!("call:o,trip,{value} end close"),
            _ => format!("say:{value} end:end_turn close"),
        };
        check(alone(model, trip()), &give(GOOD));
        check(alone(model, trip()), &format!("{} {}", give(BAD), give(GOOD)));
        check(alone(model, trip()), &format!("say:no end:end_turn close {} {}", give(BAD), give(GOOD)));
        check(alone(model, trip().retries(1)), &format!("{} {}", give(BAD), give(BAD)));
        check(alone(model, trip()), "say:{ end:max_tokens close");
        let beside = || beside(model, trip());
        check(beside(), &format!("call:a,now end close done:0 {} {}", give(BAD), give(GOOD)));
    }
    let calls = format!("call:a,now call:o,trip,{BAD} call:p,trip,{GOOD} call:b,now end close");
    let exhaustive = trip().end_policy(EndPolicy::Exhaustive);
    check(beside(TOOLS, exhaustive), &format!("{calls} done:3 done:0"));
    check(beside(TOOLS, trip()), &calls);
}

#[test]
fn an_output_that_is_asked_for_in_another_way() {
    let other = || alone(NATIVE, trip());
    check(other(), &format!("fail:native call:o,trip,{BAD} end close call:o,trip,{GOOD} end close"));
    let step = "call:a,now end close done:0";
    check(beside(NATIVE, trip()), &format!("{step} fail:native call:o,trip,{GOOD} end close"));
}

#[test]
fn facts_that_refusals_teach() {
    let config = || TurnConfig::new("a.new-model", config().tools);
    check(config(), "fail:alone say:so end:end_turn close");
    check(config(), "call:a,p end close done:0 fail:alone fail:no");
}

#[test]
fn a_history_that_is_not_all_rendered() {
    let mut history = History::new();
    history.push_user(Message::user(vec!["Hi".into(), CachePoint::default().into()]));
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#;
    let answer = Message::assistant(vec![crate::support::block(thought), "so".into()]);
    history.push_step(answer, Some("amazon.nova-2-lite-v1:0"), []);
    let config = || TurnConfig::new("meta.llama4-scout-17b-instruct-v1:0", config().tools);
    check_over(config(), &history, "call:a,p end close done:0 say:so end:end_turn close");
    let retrying = config().retry(RetryPolicy::new(2));
    check_over(retrying, &history, "fail:throttled elapse@9000 say:so end:end_turn close");
}

#[test]
fn thinking_that_is_dropped() {
    let config = || TurnConfig::new("anthropic.claude-fable-5-1", config().tools);
    let first = "think:hm call:a,p end close done:1";
    check(config(), &format!("{first} fail:bound say:so end:end_turn close"));
    check(config(), &format!("{first} fail:bound fail:no"));
    check(
        config(),
        &format!("{first} fail:bound think:hm call:b,p end close done:1 say:so end:end_turn close"),
    );
}

#[test]
fn retries() {
    let policy = RetryPolicy::new(3).first_wait(Duration::from_millis(200));
    let config = || {
        let mut config = config().retry(policy.clone());
        config.target_mut().profile = Profile::permissive();
        config
    };
    check(
        config(),
        "fail:throttled@5 elapse@900 begin:half fail:broken elapse@2000 say:so end:end_turn close",
    );
    check(config(), "fail:later elapse@70000 fail:alone fail:broken elapse@90000 begin:half fail:idle");
    check(config(), "call:a,p end close done:0 fail:throttled elapse@9000 say:so end:end_turn close");
}

#[test]
fn the_limit_of_steps() {
    let mut config = config();
    config.max_steps = 2;
    check(config, "call:a,p end close done:0 call:a,p end close done:0");
}

/// R41.
#[test]
fn r41_inputs_that_come_damaged() {
    let mut config = config();
    config.tools = live_tools();
    check(config, "call:a,now,{ call:b,now end close done:1 say:so end:end_turn close");
}
