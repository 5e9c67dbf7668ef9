//! Calls that need a decision: nothing runs that was not allowed, and nothing runs twice.

use expect_test::expect;
use outcrop_core::{tools::*, turn::*};

use crate::{
    play::{Play, config, tools},
    turn_policy::check,
};

#[test]
fn an_approved_call_runs_once() {
    check(
        8,
        r#"a,a,{"n":1}"#,
        "open allow:0 allow:0 deny:0 open done:0 allow:decide-1-1-0",
        expect![[r#"
            decide-0 a `{"n":1}`
            > close
            > open
            outstanding: decide-0
            > allow:0
            dispatch-0 a a `{"n":1}`
            > allow:0
            > deny:0
            > open
            outstanding: dispatch-0
            > done:0
            result a success: result of 0
            converse-2-1-0 (attempt 1)
            > allow:decide-0
        "#]],
    );
}

#[test]
fn a_denied_call_does_not_run() {
    check(
        8,
        "a,a b,a",
        "deny:0 answer:1",
        expect![[r#"
            decide-0 a `{}`
            decide-1 b `{}`
            > close
            > deny:0
            result a error: The call was not approved, so the tool was not run: not today
            > answer:1
            result b success: done by hand
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_decision_about_another_input_is_not_taken() {
    check(
        8,
        "a,a",
        "other:0 open allow:0 other:0 done:0",
        expect![[r#"
            decide-0 a `{}`
            > close
            > other:0
            diagnostic decision_of_another_input
            > open
            outstanding: decide-0
            > allow:0
            dispatch-0 a a `{}`
            > other:0
            > done:0
            result a success: result of 0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn a_decision_about_no_call_changes_nothing() {
    check(
        8,
        "a,a b,p",
        "allow:7 allow:1 allow:decide-2-1-0 allow:decide-1-2-0 allow:dispatch-1-1-0 allow:wait-1-1-0 open",
        expect![[r#"
            decide-0 a `{}`
            dispatch-1 b p `{}`
            > close
            > allow:7
            > allow:1
            > allow:decide-2-1-0
            > allow:decide-1-2-0
            > allow:dispatch-0
            > allow:wait-0
            > open
            outstanding: decide-0, dispatch-1
        "#]],
    );
}

#[test]
fn approved_calls_run_while_others_wait_for_decisions() {
    check(
        8,
        "a,a b,a c,p",
        "allow:1 done:1 done:2 open allow:0 done:0",
        expect![[r#"
            decide-0 a `{}`
            decide-1 b `{}`
            dispatch-2 c p `{}`
            > close
            > allow:1
            dispatch-1 b a `{}`
            > done:1
            result b success: result of 1
            > done:2
            result c success: result of 2
            > open
            outstanding: decide-0
            > allow:0
            dispatch-0 a a `{}`
            > done:0
            result a success: result of 0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

/// R16: models repeat the ids of calls.
#[test]
fn r16_calls_with_one_id_have_their_own_decisions() {
    check(
        8,
        r#"x,a,{"n":1} x,a,{"n":1} x,a,{"n":2}"#,
        "deny:1 allow:0 other:2 answer:2 done:0",
        expect![[r#"
            decide-0 x `{"n":1}`
            decide-1 x `{"n":1}`
            decide-2 x `{"n":2}`
            > close
            > deny:1
            result x error: The call was not approved, so the tool was not run: not today
            > allow:0
            dispatch-0 x a `{"n":1}`
            > other:2
            diagnostic decision_of_another_input
            > answer:2
            result x success: done by hand
            > done:0
            result x success: result of 0
            converse-2-1-0 (attempt 1)
        "#]],
    );
}

#[test]
fn an_input_that_does_not_fit_needs_no_decision() {
    check(
        8,
        r#"a,a,{"n":"x"} b,a,{ c,nobody"#,
        "open",
        expect![[r#"
            result a error: The input does not fit the tool's schema, so the tool was not run: / - `/n`: expected an integer, found the string "x". The schema there: {"type":"integer"}
            result b error: The input is not valid JSON (EOF while parsing an object at line 1 column 1), so the tool was not run. Send one JSON object. Perhaps you meant: {}. The input was: {
            result c error: There is no tool called `nobody`. The tools are: `p`, `s`, `t`, `u`, `a`, `r`, `o`, `sa`, `ta`, `st`, `ro`, `rt`, `ra`.
            > close
            converse-2-1-0 (attempt 1)
            > open
            outstanding: converse-2-1-0
        "#]],
    );
}

/// Only decisions are left: the turn can be let go, and a decision can be the first thing that it hears of again.
#[test]
fn a_decision_may_come_right_after_the_turn_was_resumed() {
    check(
        8,
        "a,a b,a",
        "open reload allow:0 done:0 reload open deny:1",
        expect![[r#"
            decide-0 a `{}`
            decide-1 b `{}`
            > close
            > open
            outstanding: decide-0, decide-1
            > reload
            decide-0 a `{}`
            decide-1 b `{}`
            > allow:0
            dispatch-0 a a `{}`
            > done:0
            result a success: result of 0
            > reload
            decide-1 b `{}`
            > open
            outstanding: decide-1
            > deny:1
            result b error: The call was not approved, so the tool was not run: not today
            converse-2-1-0 (attempt 1)
        "#]],
    );
    let mut play = Play::new(config());
    play.run("call:a,a end close");
    let (id, hash) = (play.questions[0].id, play.questions[0].call.input_hash);
    play.reload();
    play.turn.on_decision(id, hash, Decision::Allow, Time(0));
    assert!(matches!(play.turn.next_action(), Some(Action::Dispatch(_))));
}

#[test]
fn an_approved_call_that_was_not_begun_needs_no_second_decision() {
    check(
        1,
        "a,p b,a",
        "allow:1 reload done:0",
        expect![[r#"
            decide-1 b `{}`
            dispatch-0 a p `{}`
            > close
            > allow:1
            > reload
            result a error: The call was interrupted before its result was known. It may or may not have taken effect.
            dispatch-1 b a `{}`
            > done:0
        "#]],
    );
}

/// A decision is needed by the policy of the day: what waited for its turn was not allowed by anybody.
#[test]
fn a_policy_that_came_to_need_approval_holds_for_calls_that_wait() {
    let mut before = config();
    before.max_parallel_tools = 1;
    let mut play = Play::new(before);
    play.run("call:a,p call:b,r call:c,a end close allow:2");
    let mut after = (*play.config).clone();
    let strict = tools(&["p", "r", "a"]);
    let all = strict.specs().map(|spec| {
        let mut tool = ToolDef::from(spec.clone());
        tool.policy.approval = true;
        tool
    });
    after.tools = ToolSet::new(all).unwrap().into();
    play.config = after.into();
    play.log.clear();
    play.run("reload allow:1 done:1 done:2");
    expect![[r#"
        > reload
        result a error: The call was interrupted before its result was known. It may or may not have taken effect.
        decide-1-1-1 b `{}`
        dispatch-1-1-2 c a `{}`
        > allow:1
        > done:1
        > done:2
        result c success: result of 2
        dispatch-1-1-1 b r `{}`
    "#]].assert_eq(&play.log);
}
