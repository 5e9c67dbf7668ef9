//! One table a rule of rendering tool results: what they hold, and what is sent of that.

use expect_test::expect;
use outcrop_core::{profile::*, turn::*, wire::*};

use crate::render::*;

#[test]
fn r26_missing_results() {
    check(
        &[HI, &assistant(&[call("a"), call("b")].join(",")), &user(&result("b", r#"{"text":"2"}"#))],
        CLAUDE,
        expect![[r#"
            user {"text":"hi"}
            assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}} {"toolUse":{"toolUseId":"b","name":"now","input":{}}}
            user {"toolResult":{"toolUseId":"a","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"b","content":[{"text":"2"}],"status":"success"}}

        "#]],
    );
}

#[test]
fn r27_json_that_is_no_object() {
    check_result(
        r#"{"json":[1,2]},{"json":null},{"json":1e2},{"json":{"a": 1}}"#,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"[1,2]"},{"text":"null"},{"text":"1e2"},{"json":{"a": 1}}],"status":"success"}}
        json_as_text@2
    "#]],
    );
}

#[test]
fn r28_empty_results() {
    check_result(
        "",
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"(empty)"}],"status":"success"}}
        empty_result@2
    "#]],
    );
    check_result(
        r#"{"text":" "}"#,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"(empty)"}],"status":"success"}}
        empty_result@2
    "#]],
    );
}

#[test]
fn r29_status() {
    let failed = |content: &str| {
        user(&format!(r#"{{"toolResult":{{"toolUseId":"a","content":[{content}],"status":"error"}}}}"#))
    };
    let asks = assistant(&call("a"));
    check(
        &[HI, &asks, &failed(r#"{"text":"no"}"#)],
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"no"}],"status":"error"}}

    "#]],
    );
    check(
        &[HI, &asks, &failed(r#"{"text":"no"}"#)],
        WRITER,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"Error: no"}]}}
        status_as_text@2
    "#]],
    );
    check(
        &[HI, &asks, &failed(r#"{"json":{"a":1}}"#)],
        WRITER,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"Error"},{"json":{"a":1}}]}}
        status_as_text@2
    "#]],
    );
    check(
        &[HI, &asks, &failed("")],
        WRITER,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"Error"}]}}
        status_as_text@2
    "#]],
    );
}

#[test]
fn r30_json_as_text_where_it_misleads() {
    check_result(
        r#"{"json":{"a": 1e2}}"#,
        NOVA,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"{\"a\": 1e2}"}],"status":"success"}}
        json_as_text@2
    "#]],
    );
    check_result(
        r#"{"json":{"a": 1e2}}"#,
        MISTRAL,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"umxm839xQ","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"umxm839xQ","content":[{"json":{"a": 1e2}}]}}
        tool_use_id@1
    "#]],
    );
}

#[test]
fn r31_media_in_results() {
    let media = r#"{"image":{"format":"png","source":{"bytes":"aGk="}}},{"document":{"name":"n","source":{"text":"x"}}},{"video":{"format":"mp4","source":{"bytes":"aGk="}}}"#;
    check_result(
        media,
        NOVA,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"image":{"format":"png","source":{"bytes":"aGk="}}},{"document":{"name":"n","source":{"text":"x"}}},{"video":{"format":"mp4","source":{"bytes":"aGk="}}}],"status":"success"}}

    "#]],
    );
    check_result(
        media,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"image":{"format":"png","source":{"bytes":"aGk="}}},{"document":{"name":"n","source":{"text":"x"}}},{"text":"[video left out: this model takes none]"}],"status":"success"}}
        result_media@2
    "#]],
    );
    check_result(
        media,
        WRITER,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"[image left out: this model takes none]"},{"text":"[document 1] follows the tool results"},{"text":"[video left out: this model takes none]"}]}}
        assistant {"text":"."}
        user {"text":"[document 1]"} {"document":{"name":"n","source":{"text":"x"}}}
        result_media@2 split_message@2
    "#]],
    );
    check_result(
        media,
        MISTRAL,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"umxm839xQ","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"umxm839xQ","content":[{"text":"[image 1] follows the tool results"},{"document":{"name":"n","source":{"text":"x"}}},{"text":"[video left out: this model takes none]"}]}}
        assistant {"text":"."}
        user {"text":"[image 1]"} {"image":{"format":"png","source":{"bytes":"aGk="}}}
        tool_use_id@1 result_media@2 split_message@2
    "#]],
    );
}

#[test]
fn r32_a_cache_point_in_a_result() {
    check_result(
        r#"{"cachePoint":{"type":"default","ttl":"1h"}},{"text":"12"}"#,
        CLAUDE,
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"12"}],"status":"success"}} {"cachePoint":{"type":"default","ttl":"1h"}}
        result_cache_point@2 merged_neighbours@2
    "#]],
    );
}

#[test]
fn r48_what_the_model_wrote_is_sent_back() {
    let mut history = History::new();
    history.push_user(Message::user("hi"));
    let inputs = [r#"{ "b": 1e2, "a": 123456789012345678901234567890 }"#, r#"{"a":"#, "null", " "];
    let calls = inputs.iter().map(|input| ToolUse::new("a", "now", *input).into());
    history.push_step(Message::assistant(calls.collect::<Vec<_>>()), None, []);
    check_as(
        &history,
        CLAUDE,
        &Profile::of(CLAUDE),
        expect![[r#"
        user {"text":"hi"}
        assistant {"toolUse":{"toolUseId":"a","name":"now","input":{ "b": 1e2, "a": 123456789012345678901234567890 }}} {"toolUse":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","name":"now","input":{"INVALID_JSON":"{\"a\":"}}} {"toolUse":{"toolUseId":"tooluse_VFLWWEZPgDWBLVfftchQc1","name":"now","input":{"INVALID_JSON":"null"}}} {"toolUse":{"toolUseId":"tooluse_6iiFuPzrv5oE3p0Atl6Uc1","name":"now","input":{}}}
        user {"toolResult":{"toolUseId":"a","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_umxm839xQLE8dBKBuTINc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_VFLWWEZPgDWBLVfftchQc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}} {"toolResult":{"toolUseId":"tooluse_6iiFuPzrv5oE3p0Atl6Uc1","content":[{"text":"The call was interrupted before its result was known. It may or may not have taken effect."}],"status":"error"}}
        tool_use_id@1
    "#]],
    );
}
