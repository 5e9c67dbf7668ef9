//! Calls to the model that fail and are made again.

use std::time::Duration;

use expect_test::{Expect, expect};
use outcrop_core::{profile::*, turn::*, wire::*};

use crate::play::{Play, config};

fn retrying(attempts: u32) -> TurnConfig {
    let policy = RetryPolicy::new(attempts).first_wait(Duration::from_millis(200));
    let mut config = config().retry(policy);
    config.target_mut().profile = Profile::permissive();
    config
}

/// A turn that makes at most three calls a step: what comes of `script`, and what was said in the end.
fn check(script: &str, expected: Expect) {
    let mut play = Play::new(retrying(3));
    play.run(script);
    expected.assert_eq(&format!("{}{}\n", play.log, play.said().join("\n")));
}

#[test]
fn a_failed_call_is_made_again_after_a_wait() {
    check(
        "fail:throttled@50 open elapse@250 say:so end:end_turn close",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > fail:throttled@50
        discarded {"wait":133,"code":"ThrottlingException"}
        wait-1-1-183
        > open
        outstanding: wait-1-1-183
        > elapse@250
        converse-1-2-0 (attempt 2, single)
        > say:so
        > end:end_turn
        > close
        answered: `so`
        user: Go
        assistant: so
    "#]],
    );
}

#[test]
fn an_early_moment_makes_no_call() {
    check(
        "fail:throttled@50 elapse@51 elapse:wait-1-1-51@900 elapse:wait-1-2-1@900 open",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > fail:throttled@50
        discarded {"wait":133,"code":"ThrottlingException"}
        wait-1-1-183
        > elapse@51
        wait-1-1-183
        > elapse:wait-1-1-51@900
        > elapse:wait-1-2-1@900
        > open
        outstanding: wait-1-1-183
        user: Go
    "#]],
    );
}

#[test]
fn the_service_may_ask_to_wait_longer() {
    check(
        "fail:later@5 elapse@60004 elapse@60005 fail:notready elapse@99999",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > fail:later@5
        discarded {"wait":60000}
        wait-1-1-60005
        > elapse@60004
        wait-1-1-60005
        > elapse@60005
        converse-1-2-0 (attempt 2, single)
        > fail:notready
        discarded {"wait":361}
        wait-1-2-60366
        > elapse@99999
        converse-1-3-0 (attempt 3, single)
        user: Go
    "#]],
    );
}

#[test]
fn some_failures_are_given_up_at_once() {
    for class in ["denied", "quota", "long", "budget", "credentials", "no"] {
        let mut play = Play::new(retrying(3));
        play.run(&format!("fail:{class}"));
        assert!(matches!(play.turn.outcome(), Some(Err(TurnFailure::Converse(_)))), "{class}");
        assert_eq!((play.asks.len(), play.waits.len()), (1, 0), "{class}");
    }
}

#[test]
fn the_last_failure_is_the_outcome() {
    check(
        "fail:throttled elapse@500 fail:broken elapse@1500 fail:idle",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > fail:throttled
        discarded {"wait":133,"code":"ThrottlingException"}
        wait-1-1-133
        > elapse@500
        converse-1-2-0 (attempt 2, single)
        > fail:broken
        discarded {"wait":361}
        wait-1-2-861
        > elapse@1500
        converse-1-3-0 (attempt 3, single)
        > fail:idle
        failed: the request was not answered
        user: Go
    "#]],
    );
    let mut play = Play::new(retrying(2));
    play.run("fail:throttled elapse@500 fail:idle");
    let Some(Err(TurnFailure::Converse(failure))) = play.turn.outcome() else { panic!() };
    assert_eq!(failure.class, FailureClass::Timeout(TimeoutPhase::Idle));
}

#[test]
fn without_a_policy_nothing_is_made_again() {
    let mut play = Play::new(config());
    play.run("fail:throttled");
    assert!(play.turn.outcome().is_some());
    assert!(!play.asks[0].single_attempt);
}

/// R105: the answer is final at `messageStop`.
#[test]
fn r105_a_failure_after_the_end_only_ends_the_stream() {
    check(
        "say:so end:end_turn fail:throttled",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > say:so
        > end:end_turn
        > fail:throttled
        diagnostic stream_error_after_answer
        answered: `so`
        user: Go
        assistant: so
    "#]],
    );
    check(
        "call:a,p end fail:broken done:0 say:so end:end_turn close",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > call:a,p
        > end
        dispatch-1-1-0 a p `{}`
        > fail:broken
        diagnostic stream_error_after_answer
        > done:0
        result a success: result of 0
        converse-2-1-0 (attempt 1, single)
        > say:so
        > end:end_turn
        > close
        answered: `so`
        user: Go
        assistant: toolUse
        user: a success: result of 0
        assistant: so
    "#]],
    );
}

#[test]
fn what_was_shown_is_void_once_the_call_is_made_again() {
    check(
        "begin:half fail:broken elapse@500 say:so end:end_turn close",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > begin:half
        > fail:broken
        discarded {"wait":133,"shown":true}
        wait-1-1-133
        > elapse@500
        converse-1-2-0 (attempt 2, single)
        > say:so
        > end:end_turn
        > close
        answered: `so`
        user: Go
        assistant: so
    "#]],
    );
}

#[test]
fn what_was_shown_last_stays_once_the_turn_gives_up() {
    check(
        "begin:one fail:broken elapse@500 begin:two fail:broken elapse@1500 begin:three fail:broken",
        expect![[r#"
            converse-1-1-0 (attempt 1, single)
            > begin:one
            > fail:broken
            discarded {"wait":133,"shown":true}
            wait-1-1-133
            > elapse@500
            converse-1-2-0 (attempt 2, single)
            > begin:two
            > fail:broken
            discarded {"wait":361,"shown":true}
            wait-1-2-861
            > elapse@1500
            converse-1-3-0 (attempt 3, single)
            > begin:three
            > fail:broken
            failed: the request was not answered
            user: Go
            assistant: three
        "#]],
    );
}

#[test]
fn each_step_has_its_own_attempts() {
    check(
        "fail:throttled elapse@500 fail:throttled elapse@1000 call:a,p end close done:0 fail:throttled elapse@1500 \
         fail:throttled elapse@2000 fail:throttled",
        expect![[r#"
            converse-1-1-0 (attempt 1, single)
            > fail:throttled
            discarded {"wait":133,"code":"ThrottlingException"}
            wait-1-1-133
            > elapse@500
            converse-1-2-0 (attempt 2, single)
            > fail:throttled
            discarded {"wait":361,"code":"ThrottlingException"}
            wait-1-2-861
            > elapse@1000
            converse-1-3-0 (attempt 3, single)
            > call:a,p
            > end
            dispatch-1-3-0 a p `{}`
            > close
            > done:0
            result a success: result of 0
            converse-2-1-0 (attempt 1, single)
            > fail:throttled
            discarded {"wait":134,"code":"ThrottlingException"}
            wait-2-1-1134
            > elapse@1500
            converse-2-2-0 (attempt 2, single)
            > fail:throttled
            discarded {"wait":362,"code":"ThrottlingException"}
            wait-2-2-1862
            > elapse@2000
            converse-2-3-0 (attempt 3, single)
            > fail:throttled
            failed: the request was not answered
            user: Go
            assistant: toolUse
            user: a success: result of 0
        "#]],
    );
}

#[test]
fn a_rephrased_request_is_not_a_retry() {
    check(
        "fail:throttled elapse@500 fail:alone fail:throttled elapse@1000 fail:throttled",
        expect![[r#"
            converse-1-1-0 (attempt 1, single)
            > fail:throttled
            discarded {"wait":133,"code":"ThrottlingException"}
            wait-1-1-133
            > elapse@500
            converse-1-2-0 (attempt 2, single)
            > fail:alone
            diagnostic learned
            remember ToolResultsAlone
            converse-1-3-0 (attempt 3, single)
            > fail:throttled
            discarded {"wait":346,"code":"ThrottlingException"}
            wait-1-3-846
            > elapse@1000
            converse-1-4-0 (attempt 4, single)
            > fail:throttled
            failed: the request was not answered
            user: Go
        "#]],
    );
}

/// R7: once something of the answer was shown, a refusal teaches nothing; a failure still leads to another call.
#[test]
fn r7_a_refusal_after_a_part_of_the_answer_ends_the_turn() {
    check(
        "begin:half fail:alone",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > begin:half
        > fail:alone
        failed: the request was not answered
        user: Go
        assistant: half
    "#]],
    );
}

/// Without an answer the turn cannot go on; a complete one needs no more of its stream.
#[test]
fn a_call_to_the_model_that_the_driver_stopped_gives_the_turn_up() {
    check(
        "begin:half gone:converse-1-1-0 open say:late close",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > begin:half
        > gone:converse-1-1-0
        failed: the turn was given up
        > open
        outstanding: 
        > say:late
        > close
        user: Go
        assistant: half
    "#]],
    );
    check(
        "say:so end:end_turn gone:converse-1-1-0 open",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > say:so
        > end:end_turn
        > gone:converse-1-1-0
        answered: `so`
        > open
        outstanding: 
        user: Go
        assistant: so
    "#]],
    );
}

#[test]
fn outcomes_of_a_discarded_attempt_change_nothing() {
    let mut play = Play::new(retrying(3));
    play.run("begin:half fail:broken elapse@500");
    let (old, log) = (play.asks[0].id, play.log.clone());
    for _ in 0..2 {
        play.turn.on_stream_event(old, crate::support::text(0, "late"), Time(600));
        play.turn.on_stream_end(old, Time(600));
        play.turn.on_call_failed(old, CallFailure::new(FailureClass::Throttled), Time(600));
        play.turn.on_elapsed(play.waits[0].id, Time(600));
        play.turn.on_cancelled(old, Time(600));
        play.run("");
    }
    assert_eq!(play.log, log);
    play.run("say:so end:end_turn close");
    assert_eq!(play.turn.outcome().unwrap().unwrap().message.text(), "so");
}

#[test]
fn a_turn_saved_during_the_wait_goes_on_waiting() {
    check(
        "fail:throttled@50 reload@60 open elapse@250 say:so end:end_turn close",
        expect![[r#"
        converse-1-1-0 (attempt 1, single)
        > fail:throttled@50
        discarded {"wait":133,"code":"ThrottlingException"}
        wait-1-1-183
        > reload@60
        wait-1-1-183
        > open
        outstanding: wait-1-1-183
        > elapse@250
        converse-1-2-0 (attempt 2, single)
        > say:so
        > end:end_turn
        > close
        answered: `so`
        user: Go
        assistant: so
    "#]],
    );
    let mut play = Play::new(retrying(3));
    play.run("fail:throttled@50 reload@60 reload@70");
    assert_eq!(play.waits.len(), 3);
    assert!(play.waits.iter().all(|wait| *wait == play.waits[0]), "{:?}", play.waits);
}

/// What was reported of the history is not reported again, since the same request is made.
#[test]
fn a_retry_repeats_no_diagnostic() {
    let mut history = History::new();
    history.push_user(Message::user(vec!["Hi".into(), CachePoint::default().into()]));
    let thought = r#"{"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}}"#;
    let answer = Message::assistant(vec![crate::support::block(thought), "so".into()]);
    history.push_step(answer, Some("amazon.nova-2-lite-v1:0"), []);
    let mut config = retrying(3);
    *config.target_mut() = Target::new("meta.llama4-scout-17b-instruct-v1:0");
    let mut play = Play::over(config, history);
    play.run("");
    let first = play.turn.diagnostics().to_vec();
    assert!(!first.is_empty());
    play.run("fail:throttled elapse@500 fail:throttled elapse@1500");
    assert_eq!(play.turn.diagnostics(), first);
}

/// A driver that takes one action at a time: a deadline of the step before does not hide that of this one.
#[test]
fn a_wait_of_an_earlier_step_hides_none() {
    let mut play = Play::new(config());
    play.run("call:a,t end close");
    let wait = play.waits[0];
    play.report("done:0");
    assert!(matches!(play.turn.next_action(), Some(Action::Converse(_))));
    assert!(play.turn.outstanding().iter().all(|action| action.id.kind() == ActionKind::Converse));
    let ask: ActionId = "converse-2-1-0".parse().unwrap();
    let events = [&crate::support::whole_call(0, "b", "t", "{}")[..], &[crate::support::end("tool_use")]];
    events.concat().into_iter().for_each(|event| play.turn.on_stream_event(ask, event, Time(0)));
    assert!(matches!(play.turn.next_action(), Some(Action::Dispatch(_))));
    let Some(Action::Wait(next)) = play.turn.next_action() else { panic!() };
    assert_eq!(next.until, wait.until);
    assert_ne!(next.id, wait.id);
}
