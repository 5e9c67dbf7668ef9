//! One table a rule of rendering tool calls: names, ids, and whose they are.

use expect_test::expect;

use crate::render::*;

#[test]
fn r14_names_that_the_service_refuses() {
    let named = |name: &str| format!(r#"{{"toolUse":{{"toolUseId":"a","name":"{name}","input":{{}}}}}}"#);
    let names = [named("get weather"), named(""), named(&"x".repeat(65)), named("天気")];
    check(
        &[HI, &assistant(&names.join(","))],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"get_weather","input":{}}} {"toolUse":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","name":"unnamed_tool","input":{}}} {"toolUse":{"toolUseId":"tooluse_VFLWWEZPgDWBLVfftchQc1","name":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx","input":{}}} {"toolUse":{"toolUseId":"tooluse_6iiFuPzrv5oE3p0Atl6Uc1","name":"__","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_VFLWWEZPgDWBLVfftchQc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_6iiFuPzrv5oE3p0Atl6Uc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}}
        tool_name@1 tool_use_id@1 tool_name@1 tool_use_id@1 tool_name@1 tool_use_id@1
    "#]],
    );
}

#[test]
fn r15_ids_that_the_service_refuses() {
    let ids = [call("a|b"), call(""), call(&"x".repeat(65)), call("functions.f:0")];
    let results = [result("", r#"{"text":"2"}"#), result("a|b", r#"{"text":"1"}"#)];
    check(
        &[HI, &assistant(&ids.join(",")), &user(&results.join(","))],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"tooluse_wUWKxYTwtxsoqhnE1Sw7z6","name":"now","input":{}}} {"toolUse":{"toolUseId":"tooluse_5SUtHj3r01oMVzCXRWNk73","name":"now","input":{}}} {"toolUse":{"toolUseId":"tooluse_LBG9jEFcdbhIFR17ZsfGA2","name":"now","input":{}}} {"toolUse":{"toolUseId":"functions.f:0","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"tooluse_wUWKxYTwtxsoqhnE1Sw7z6","content":[{"text":"1"}],"status":"success"}} {"toolResult":{"toolUseId":"tooluse_5SUtHj3r01oMVzCXRWNk73","content":[{"text":"2"}],"status":"success"}} {"toolResult":{"toolUseId":"tooluse_LBG9jEFcdbhIFR17ZsfGA2","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"functions.f:0","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}}
        tool_use_id@1
    "#]],
    );
}

#[test]
fn r15_mistral_takes_nine_letters() {
    let ids = [call("abcdefghi"), call("tooluse_abc"), call("a")];
    check(
        &[HI, &assistant(&ids.join(","))],
        MISTRAL,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"abcdefghi","name":"now","input":{}}} {"toolUse":{"toolUseId":"tooluse_abc","name":"now","input":{}}} {"toolUse":{"toolUseId":"umxm839xQ","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"abcdefghi","content":[{"text":"Error: The call was interrupted before its result was known. It may or may not have taken effect."}]}} {"toolResult":{"toolUseId":"tooluse_abc","content":[{"text":"Error: The call was interrupted before its result was known. It may or may not have taken effect."}]}} {"toolResult":{"toolUseId":"umxm839xQ","content":[{"text":"Error: The call was interrupted before its result was known. It may or may not have taken effect."}]}}
        tool_use_id@1 status_as_text@2
    "#]],
    );
}

#[test]
fn r16_two_calls_of_one_id() {
    let results = [result("a", r#"{"text":"1"}"#), result("a", r#"{"text":"2"}"#)];
    check(
        &[HI, &assistant(&[call("a"), call("a")].join(",")), &user(&results.join(","))],
        CLAUDE,
        expect![[r#"
            user {"text":"hi"}
            assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}} {"toolUse":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","name":"now","input":{}}}
            user {"toolResult":{"toolUseId":"a","content":[{"text":"1"}],"status":"success"}} {"toolResult":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","content":[{"text":"2"}],"status":"success"}}
            tool_use_id@1
        "#]],
    );
}

/// R16, R35a: an id of the service's own call is taken, wherever in the message it stands.
#[test]
fn r16_an_id_of_the_services_own_call() {
    let served = r#"{"toolUse":{"toolUseId":"a","name":"code","input":{},"type":"server_tool_use"}}"#;
    check(
        &[HI, &assistant(&[&call("a"), served].join(","))],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","name":"now","input":{}}} {"toolUse":{"toolUseId":"a","name":"code","input":{},"type":"server_tool_use"}}
        user {"toolResult":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}}
        tool_use_id@1
    "#]],
    );
}

/// R26 from the other side: a call by a user and a result by an assistant answer nothing and are answered by nothing.
#[test]
fn r26_calls_and_results_of_the_wrong_side() {
    let wrong =
        [user(&format!(r#"{{"text":"hi"}},{}"#, call("a"))), assistant(&result("a", r#"{"text":"12"}"#))];
    check(
        &[&wrong[0], &wrong[1], HI],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"} {"text":"hi"}
        misplaced_block@0 misplaced_block@1 empty_message@1 merged_neighbours@2
    "#]],
    );
}
