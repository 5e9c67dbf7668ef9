//! The policies of tools are obeyed by the turn, whatever its driver does.

use expect_test::{Expect, expect};

use crate::play::{Play, config};

/// A step that makes `calls` (each `id,tool` or `id,tool,input`), then what `script` says: what came of it from the end of
/// the message.
fn played(parallel: usize, calls: &str, script: &str) -> String {
    let mut config = config();
    config.max_parallel_tools = parallel;
    let mut play = Play::new(config);
    let calls = calls.split_whitespace().map(|call| format!("call:{call} ")).collect::<String>();
    play.run(&format!("{calls} end close"));
    play.run(script);
    let (_, log) = play.log.split_once("> end\n").unwrap();
    log.lines().map(|line| short(line) + "\n").collect()
}

pub fn check(parallel: usize, calls: &str, script: &str, expected: Expect) {
    expected.assert_eq(&played(parallel, calls, script));
}

/// Ids of the first attempt of the first step, without these.
fn short(text: &str) -> String {
    text.replace("-1-1-", "-")
}

#[test]
fn a_sequential_call_runs_alone() {
    let (calls, script) = ("a,s b,s c,s", "done:1 done:0 done:2 done:1 done:2");
    assert_eq!(played(1, calls, script), played(8, calls, script));
    check(
        8,
        calls,
        script,
        expect![[r#"
            dispatch-0 a s `{}`
            > close
            > done:1
            > done:0
            result a success: result of 0
            dispatch-1 b s `{}`
            > done:2
            > done:1
            result b success: result of 1
            dispatch-2 c s `{}`
            > done:2
            result c success: result of 2
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_sequential_call_waits_for_those_before_it() {
    check(
        8,
        "a,p b,p c,s d,p e,p",
        "done:1 done:0 done:3 done:2 done:4 done:3",
        expect![[r#"
            dispatch-0 a p `{}`
            dispatch-1 b p `{}`
            > close
            > done:1
            result b success: result of 1
            > done:0
            result a success: result of 0
            dispatch-2 c s `{}`
            > done:3
            > done:2
            result c success: result of 2
            dispatch-3 d p `{}`
            dispatch-4 e p `{}`
            > done:4
            result e success: result of 4
            > done:3
            result d success: result of 3
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn at_most_as_many_calls_run_as_the_limit_says() {
    check(
        2,
        "a,p b,p c,s d,p e,p f,p",
        "done:0 done:1 done:2 done:4 done:3 done:5",
        expect![[r#"
            dispatch-0 a p `{}`
            dispatch-1 b p `{}`
            > close
            > done:0
            result a success: result of 0
            > done:1
            result b success: result of 1
            dispatch-2 c s `{}`
            > done:2
            result c success: result of 2
            dispatch-3 d p `{}`
            dispatch-4 e p `{}`
            > done:4
            result e success: result of 4
            dispatch-5 f p `{}`
            > done:3
            result d success: result of 3
            > done:5
            result f success: result of 5
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

/// A limit of none would be a turn that cannot go on.
#[test]
fn at_least_one_call_runs() {
    check(
        0,
        "a,p b,p",
        "done:0 done:1",
        expect![[r#"
            dispatch-0 a p `{}`
            > close
            > done:0
            result a success: result of 0
            dispatch-1 b p `{}`
            > done:1
            result b success: result of 1
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_sequential_call_that_waits_for_a_decision_holds_back_those_after_it() {
    check(
        8,
        "a,p b,sa c,p",
        "done:0 allow:1 done:1 done:2",
        expect![[r#"
            decide-1 b `{}`
            dispatch-0 a p `{}`
            > close
            > done:0
            result a success: result of 0
            > allow:1
            dispatch-1 b sa `{}`
            > done:1
            result b success: result of 1
            dispatch-2 c p `{}`
            > done:2
            result c success: result of 2
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn the_wait_covers_the_earliest_deadline() {
    check(
        8,
        "a,u b,t c,p",
        "open elapse@500 open elapse@1000 open gone:1 open",
        expect![[r#"
            dispatch-0 a u `{}`
            dispatch-1 b t `{}`
            dispatch-2 c p `{}`
            wait-1000
            > close
            > open
            outstanding: dispatch-0, dispatch-1, dispatch-2, wait-1000
            > elapse@500
            wait-1000
            > open
            outstanding: dispatch-0, dispatch-1, dispatch-2, wait-1000
            > elapse@1000
            result b error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-1
            wait-3000
            > open
            outstanding: dispatch-0, dispatch-2, wait-3000, dispatch-1 (cancelled)
            > gone:1
            > open
            outstanding: dispatch-0, dispatch-2, wait-3000
        "#]],
    );
}

#[test]
fn a_wait_that_is_early_is_handed_out_again() {
    check(
        8,
        "a,t",
        "elapse@999 elapse:wait-1-1-7@1200 elapse:wait-1-2-1000 elapse:wait-2-1-1000 elapse@1200",
        expect![[r#"
            dispatch-0 a t `{}`
            wait-1000
            > close
            > elapse@999
            wait-1000
            > elapse:wait-7@1200
            > elapse:wait-1-2-1000
            > elapse:wait-2-1-1000
            > elapse@1200
            result a error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_replaced_wait_changes_nothing() {
    check(
        8,
        "a,u b,t",
        "done:1@10 open elapse:wait-1-1-1000@2000 elapse:wait-1-1-3000@3000",
        expect![[r#"
            dispatch-0 a u `{}`
            dispatch-1 b t `{}`
            wait-1000
            > close
            > done:1@10
            result b success: result of 1
            wait-3000
            > open
            outstanding: dispatch-0, wait-3000
            > elapse:wait-1000@2000
            > elapse:wait-3000@3000
            result a error: The call did not finish within 3 s and was stopped. It may or may not have taken effect.
            cancel dispatch-0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_call_that_waits_does_not_spend_its_time() {
    check(
        1,
        "a,t b,t",
        "done:0@900 elapse:wait-1-1-1000@1001 elapse@1900",
        expect![[r#"
            dispatch-0 a t `{}`
            wait-1000
            > close
            > done:0@900
            result a success: result of 0
            dispatch-1 b t `{}`
            wait-1900
            > elapse:wait-1000@1001
            > elapse@1900
            result b error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-1
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn time_does_not_run_backwards() {
    check(
        1,
        "a,p b,t",
        "done:0@900 elapse@5 open elapse@1900",
        expect![[r#"
            dispatch-0 a p `{}`
            > close
            > done:0@900
            result a success: result of 0
            dispatch-1 b t `{}`
            wait-1900
            > elapse@5
            wait-1900
            > open
            outstanding: dispatch-1, wait-1900
            > elapse@1900
            result b error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-1
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_late_result_of_a_cancelled_call_changes_nothing() {
    check(
        8,
        "a,t b,p",
        "elapse@1000 progress:0 done:0 open done:0 gone:0 error:0 done:1",
        expect![[r#"
            dispatch-0 a t `{}`
            dispatch-1 b p `{}`
            wait-1000
            > close
            > elapse@1000
            result a error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-0
            > progress:0
            > done:0
            > open
            outstanding: dispatch-1
            > done:0
            > gone:0
            > error:0
            > done:1
            result b success: result of 1
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

/// Also where the turn has gone on, or is over.
#[test]
fn a_cancelled_call_stays_outstanding_until_it_is_reported() {
    check(
        8,
        "a,t",
        "elapse@1000 open say:so end:end_turn close open gone:dispatch-1-1-0 open",
        expect![[r#"
            dispatch-0 a t `{}`
            wait-1000
            > close
            > elapse@1000
            result a error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-0
            converse-2-1-0 (attempt 1)
            > open
            outstanding: converse-2-1-0, dispatch-0 (cancelled)
            > say:so
            > end:end_turn
            > close
            answered: `so`
            > open
            outstanding: dispatch-0 (cancelled)
            > gone:dispatch-0
            > open
            outstanding: 
        "#]],
    );
}

#[test]
fn a_call_that_the_driver_stopped_is_interrupted() {
    check(
        8,
        "a,p b,p",
        "gone:1 done:1 gone:5 gone:decide-1-1-0 done:0",
        expect![[r#"
            dispatch-0 a p `{}`
            dispatch-1 b p `{}`
            > close
            > gone:1
            result b error: The call was interrupted before its result was known. It may or may not have taken effect.
            > done:1
            > gone:5
            > gone:decide-0
            > done:0
            result a success: result of 0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn what_runs_again_after_a_save() {
    check(
        8,
        "a,p b,r c,o d,ro e,s f,ra",
        "allow:5 open reload open done:1 done:5",
        expect![[r#"
            decide-5 f `{}`
            dispatch-0 a p `{}`
            dispatch-1 b r `{}`
            dispatch-2 c o `{}`
            dispatch-3 d ro `{}`
            > close
            > allow:5
            > open
            outstanding: dispatch-0, dispatch-1, dispatch-2, dispatch-3
            > reload
            result a error: The call was interrupted before its result was known. It may or may not have taken effect.
            result c error: The call was interrupted before its result was known. It may or may not have taken effect.
            result d error: The call was interrupted before its result was known. It may or may not have taken effect.
            dispatch-1 b r `{}`
            > open
            outstanding: dispatch-1
            > done:1
            result b success: result of 1
            dispatch-4 e s `{}`
            > done:5
        "#]],
    );
}

#[test]
fn a_call_that_runs_again_has_its_time_again() {
    check(
        8,
        "a,rt b,t",
        "reload@700 elapse:wait-1-1-1000@1200 elapse@1700",
        expect![[r#"
            dispatch-0 a rt `{}`
            dispatch-1 b t `{}`
            wait-1000
            > close
            > reload@700
            result b error: The call was interrupted before its result was known. It may or may not have taken effect.
            dispatch-0 a rt `{}`
            wait-1700
            > elapse:wait-1000@1200
            > elapse@1700
            result a error: The call did not finish within 1 s and was stopped. It may or may not have taken effect.
            cancel dispatch-0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}
