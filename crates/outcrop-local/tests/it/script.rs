//! What a script looks like on the wire.

use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use outcrop_core::{
    Message, Response, StopReason, StreamEvent, Usage,
    wire::{Assembler, CachePoint, CacheTtl},
};
use outcrop_local::{Answer, Cut, Delivery, Local, Script};
use serde_json::json;

use crate::client::{Answer as Received, post};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;

async fn ask(script: Script, operation: &str) -> Received {
    let local = Local::script(script).start().await.unwrap();
    post(local.address(), &format!("/model/m/{operation}"), HELLO).await
}

async fn check(answer: impl Into<Answer>, expected: Expect) {
    let answer = ask(Script::new().answer(answer), "converse-stream").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/vnd.amazon.eventstream"));
    assert_eq!(answer.header("transfer-encoding"), Some("chunked"));
    assert!(answer.whole);
    expected.assert_eq(&answer.lines());
}

async fn check_json(json: &str, expected: Expect) {
    let answer = ask(Script::from_json(json).unwrap(), "converse-stream").await;
    expected.assert_eq(&answer.lines());
}

async fn check_whole(answer: Answer, expected: Expect) {
    let answer = ask(Script::new().answer(answer), "converse").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let error = answer.header("x-amzn-errortype").unwrap_or("-");
    expected.assert_eq(&format!("{} {error}\n{}", answer.status, answer.body()));
}

#[tokio::test]
async fn text_and_tool_use() {
    check(
        Answer::new().text("Let me look.").tool_use("tooluse_1", "weather", json!({"city": "Lisbon"})),
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Let"}}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":" me"}}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":" look."}}
            contentBlockStop {"contentBlockIndex":0}
            contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"name":"weather","toolUseId":"tooluse_1"}}}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":""}}}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"city\":\"Lis"}}}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"bon\"}"}}}
            contentBlockStop {"contentBlockIndex":1}
            messageStop {"stopReason":"tool_use"}
            metadata {"metrics":{"latencyMs":0},"usage":{"inputTokens":14,"outputTokens":27,"totalTokens":41}}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn reasoning_and_explicit_fragments_that_are_no_json() {
    let mut usage = Usage::default();
    (usage.input_tokens, usage.output_tokens, usage.total_tokens) = (1, 2, 3);
    check(
        Answer::new()
            .reasoning("Hm.", "c2ln")
            .tool_use("t1", "weather", "")
            .fragments(["{\"ci", "ty\":"])
            .stop_reason(StopReason::MaxTokens)
            .usage(usage.cache_read_input_tokens(4_u64)),
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Hm."}}}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"c2ln"}}}
            contentBlockStop {"contentBlockIndex":0}
            contentBlockStart {"contentBlockIndex":1,"start":{"toolUse":{"name":"weather","toolUseId":"t1"}}}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"ci"}}}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"toolUse":{"input":"ty\":"}}}
            contentBlockStop {"contentBlockIndex":1}
            messageStop {"stopReason":"max_tokens"}
            metadata {"metrics":{"latencyMs":0},"usage":{"cacheReadInputTokens":4,"inputTokens":1,"outputTokens":2,"totalTokens":3}}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn every_kind_of_block_from_a_file() {
    check_json(
        r#"{"answers": [{
            "content": [
                {"text": ["Hel", "lo"]},
                {"reasoningContent": {"redactedContent": "aGk="}},
                {"reasoningContent": {"reasoningText": {"text": "so be it"}}},
                {"toolUse": {"toolUseId": "s", "name": "nova_code_interpreter", "type": "server_tool_use", "input": {"b": 1e2, "a": 123456789012345678901234567890}}},
                {"toolResult": {"toolUseId": "s", "type": "nova_code_interpreter_result", "status": "success", "content": [{"json": {"z": 1, "a": 2}}]}},
                {"citationsContent": {"content": [{"text": ["cited ", "text"]}], "citations": [{"title": "A", "location": {"web": {"url": "u", "domain": "d"}}}]}},
                {"citationsContent": {"citations": [{"title": "B"}]}},
                {"image": {"format": "png", "source": {"bytes": "aGk="}}}
            ],
            "additionalModelResponseFields": {"z": 1, "a": [2]},
            "trace": {"promptRouter": {"invokedModelId": "x"}},
            "serviceTier": {"type": "flex"},
            "performanceConfig": {"latency": "optimized"},
            "metrics": {"latencyMs": 7},
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2, "serverToolUsage": {}}
        }]}"#,
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hel"}}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"lo"}}
            contentBlockStop {"contentBlockIndex":0}
            contentBlockDelta {"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"aGk="}}}
            contentBlockStop {"contentBlockIndex":1}
            contentBlockDelta {"contentBlockIndex":2,"delta":{"reasoningContent":{"text":"so"}}}
            contentBlockDelta {"contentBlockIndex":2,"delta":{"reasoningContent":{"text":" be"}}}
            contentBlockDelta {"contentBlockIndex":2,"delta":{"reasoningContent":{"text":" it"}}}
            contentBlockStop {"contentBlockIndex":2}
            contentBlockStart {"contentBlockIndex":3,"start":{"toolUse":{"name":"nova_code_interpreter","toolUseId":"s","type":"server_tool_use"}}}
            contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":""}}}
            contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":"{\"b\": 1e2, \""}}}
            contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":"a\": 12345678"}}}
            contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":"901234567890"}}}
            contentBlockDelta {"contentBlockIndex":3,"delta":{"toolUse":{"input":"1234567890}"}}}
            contentBlockStop {"contentBlockIndex":3}
            contentBlockStart {"contentBlockIndex":4,"start":{"toolResult":{"status":"success","toolUseId":"s","type":"nova_code_interpreter_result"}}}
            contentBlockDelta {"contentBlockIndex":4,"delta":{"toolResult":[{"json":{"a":2,"z":1}}]}}
            contentBlockStop {"contentBlockIndex":4}
            contentBlockDelta {"contentBlockIndex":5,"delta":{"citation":{"location":{"web":{"domain":"d","url":"u"}},"title":"A"}}}
            contentBlockDelta {"contentBlockIndex":5,"delta":{"text":"cited "}}
            contentBlockDelta {"contentBlockIndex":5,"delta":{"text":"text"}}
            contentBlockStop {"contentBlockIndex":5}
            contentBlockDelta {"contentBlockIndex":6,"delta":{"citation":{"title":"B"}}}
            contentBlockStop {"contentBlockIndex":6}
            contentBlockStart {"contentBlockIndex":7,"start":{"image":{"format":"png"}}}
            contentBlockDelta {"contentBlockIndex":7,"delta":{"image":{"source":{"bytes":"aGk="}}}}
            contentBlockStop {"contentBlockIndex":7}
            messageStop {"additionalModelResponseFields":{"a":[2],"z":1},"stopReason":"end_turn"}
            metadata {"metrics":{"latencyMs":7},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"},"trace":{"promptRouter":{"invokedModelId":"x"}},"usage":{"inputTokens":1,"outputTokens":1,"serverToolUsage":{},"totalTokens":2}}
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_stream_and_a_whole_answer_say_the_same() {
    let answer = Answer::new()
        .text("")
        .text("Two  words\n")
        .reasoning("Why\tnot", "c2ln")
        .tool_use("t", "n", r#"{"b": [1.50, "é😀 long enough for several fragments"], "a": null}"#)
        .tool_use("u", "n", json!({}))
        .text("end")
        .fragments(["e", "", "nd"]);
    let script = Script::new().answer(answer.clone()).answer(answer);
    let local = Local::script(script).start().await.unwrap();
    let streamed = post(local.address(), "/model/m/converse-stream", HELLO).await;
    let whole = post(local.address(), "/model/m/converse", HELLO).await;
    let mut assembler = Assembler::new();
    for frame in streamed.frames() {
        assembler.push(StreamEvent::from_frame(&frame).unwrap()).unwrap();
    }
    let assembled = assembler.finish().unwrap();
    let response: Response = serde_json::from_str(&whole.body()).unwrap();
    let json = |message| serde_json::to_value::<&Message>(message).unwrap();
    assert_eq!(json(&assembled.message), json(response.message().unwrap()));
    assert_eq!(assembled.stop.stop_reason, response.stop_reason);
    assert_eq!(assembled.metadata.unwrap().usage, response.usage);
}

#[tokio::test]
async fn frames_are_those_of_the_service() {
    let answer = ask(Script::new().answer("Hi"), "converse-stream").await;
    let frames = answer.frames();
    let names: Vec<_> = frames[1].headers.iter().map(|header| &*header.name).collect();
    assert_eq!(names, [":event-type", ":content-type", ":message-type"]);
    let payload = std::str::from_utf8(&frames[1].payload).unwrap();
    assert!(payload.starts_with(r#"{"contentBlockIndex":0,"delta":{"text":"Hi"},"p":"ab"#), "{payload}");
    let stop = std::str::from_utf8(&frames[3].payload).unwrap();
    assert!(stop.starts_with(r#"{"p":"ab"#) && stop.ends_with(r#"","stopReason":"end_turn"}"#), "{stop}");
    assert_eq!(answer.chunks.len(), frames.len());
    let again = ask(Script::new().answer("Hi"), "converse-stream").await;
    assert_eq!(answer.chunks, again.chunks);
}

#[tokio::test]
async fn exceptions_within_a_stream() {
    let answer = Answer::new().text("Hello").exception(2, "ThrottlingException", "Too many tokens");
    check(
        answer.clone(),
        expect![[r#"
            messageStart {"role":"assistant"}
            contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"Hello"}}
            throttlingException {"message":"Too many tokens"}
        "#]],
    )
    .await;
    check(
        Answer::new().exception(0, "validationException", "no"),
        expect![[r#"
            validationException {"message":"no"}
        "#]],
    )
    .await;
    check_whole(
        answer,
        expect![[r#"
            429 ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/
            {"message":"Too many tokens"}"#]],
    )
    .await;
}

#[tokio::test]
async fn whole_answers_and_errors() {
    check_whole(
        Answer::new().text("é").tool_use("t", "add", r#"{"b": 1e2, "a": 1}"#),
        expect![[r#"
            200 -
            {"metrics":{"latencyMs":0},"output":{"message":{"content":[{"text":"é"},{"toolUse":{"input":{"b":1e2,"a":1},"name":"add","toolUseId":"t"}}],"role":"assistant"}},"stopReason":"tool_use","usage":{"inputTokens":14,"outputTokens":21,"totalTokens":35}}"#]],
    )
    .await;
    check_whole(
        Answer::error(403, "UnrecognizedClientException", "The security token is invalid."),
        expect![[r#"
            403 UnrecognizedClientException:http://internal.amazon.com/coral/com.amazon.coral.service/
            {"message":"The security token is invalid."}"#]],
    )
    .await;
    check_whole(
        Answer::new().tool_use("t", "add", r#"{"b": "#),
        expect![[r#"
            424 ModelErrorException:http://internal.amazon.com/coral/com.amazon.bedrock/
            {"message":"Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide."}"#]],
    )
    .await;
}

#[test]
fn scripts_that_cannot_be_played_are_refused() {
    let check = |script: Result<(), outcrop_local::ScriptError>, expected: &str| {
        let error = script.unwrap_err();
        let source =
            std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        assert_eq!(format!("{error}{source}"), expected);
    };
    let json = |text| Script::from_json(text).map(drop);
    let built = |answer: Answer| Script::new().answer("fine").answer(answer).check();
    check(
        built(Answer::new().text("a").block(CachePoint::default().ttl(CacheTtl::OneHour))),
        "answers[1].content[1]: a block `cachePoint` cannot be streamed: no delta carries it",
    );
    check(
        built(Answer::new().fragments(["a"])),
        "answers[1]: fragments follow no block with a text or an input",
    );
    check(built(Answer::error(200, "X", "y")), "answers[1]: the status of an error is 400 to 599, not 200");
    check(
        json(
            r#"{"answers":[{"content":[{"citationsContent":{"content":[{"text":"a"},{"text":"b"}],"citations":[{}]}}]}]}"#,
        ),
        "answers[0].content[0]: a cited block with several texts cannot be streamed: they would arrive as one",
    );
    check(
        json(r#"{"answers":[{"content":[{"txet":"a"}]}]}"#),
        r#"answers[0].content[0]: this is no content block of Converse: {"txet":"a"}"#,
    );
    check(
        json(r#"{"answers":[{"stopreason":"end_turn"}]}"#),
        "this is no script: unknown field `stopreason`, expected one of `content`, `stopReason`, `usage`, `metrics`, \
         `additionalModelResponseFields`, `trace`, `performanceConfig`, `serviceTier`, `error`, `exception`, \
         `delayBeforeMs`, `delayBetweenMs`, `delivery`, `cut`, `faults` at line 1 column 25",
    );
    check(
        json(r#"{"answers":[{"error":{"status":400,"type":"a","message":"b"},"content":[{"text":"a"}]}]}"#),
        "answers[0]: an error has no content and no exception",
    );
}

#[tokio::test]
async fn answers_come_in_order_and_end() {
    let local = Local::script(Script::new().answer("one").answer("two")).start().await.unwrap();
    let mut bodies = Vec::new();
    for (path, body) in [
        ("/model/m/converse", HELLO),
        ("/model/m/converse", "no json"),
        ("/model/m/converse", "[1]"),
        ("/model/m/converse", r#"{"messages":[{"role":"user"}]}"#),
        ("/model/m/count-tokens", HELLO),
        ("/model/m/invoke", HELLO),
        ("/model/m/converse", HELLO),
        ("/model/m/converse-stream", HELLO),
    ] {
        let answer = post(local.address(), path, body).await;
        let error = answer.header("x-amzn-errortype").unwrap_or("-").split(':').next().unwrap().to_owned();
        let id = answer.header("x-amzn-requestid").unwrap().to_owned();
        let mut body = answer.body();
        body.truncate(100);
        bodies.push(format!("{} {} {error} {body}", &id[id.len() - 3..], answer.status));
    }
    expect![[r#"
        001 200 - {"metrics":{"latencyMs":0},"output":{"message":{"content":[{"text":"one"}],"role":"assistant"}},"sto
        002 400 ValidationException {"message":"The body cannot be read as a request: expected ident at line 1 column 2."}
        003 400 ValidationException {"message":"The body cannot be read as a request: invalid type: sequence, expected an object (Reques
        004 400 ValidationException {"message":"The body cannot be read as a request: `messages`: missing field `content` at line 1 colu
        005 400 ValidationException {"message":"The body cannot be read as a request: missing field `input` at line 1 column 56."}
        006 404 UnknownOperationException {"message":"This endpoint has POST /model/{modelId}/converse, converse-stream and count-tokens."}
        007 200 - {"metrics":{"latencyMs":0},"output":{"message":{"content":[{"text":"two"}],"role":"assistant"}},"sto
        008 400 ValidationException {"message":"The script is at its end: it has 2 answers, all given."}"#]]
    .assert_eq(&bodies.join("\n"));
}

#[tokio::test]
async fn tokens_are_estimated_or_scripted() {
    let check = async |script: Script, body: &str, expected: &str| {
        let local = Local::script(script).start().await.unwrap();
        let answer = post(local.address(), "/model/m/count-tokens", body).await;
        assert_eq!(answer.body(), expected);
    };
    let counted = format!(r#"{{"input":{{"converse":{HELLO}}}}}"#);
    check(Script::new(), &counted, r#"{"inputTokens":14}"#).await;
    check(Script::new().count_tokens(3), &counted, r#"{"inputTokens":3}"#).await;
    check(Script::new(), r#"{"input":{"invokeModel":{"body":"aGk="}}}"#, r#"{"inputTokens":4}"#).await;
}

#[tokio::test]
async fn delays_hold_back_events() {
    let delay = Duration::from_millis(40);
    let answer = Answer::new().text("a").delay_before(delay).delay_between(delay);
    let start = Instant::now();
    let received = ask(Script::new().answer(answer.clone()), "converse-stream").await;
    // messageStart, delta, stop, messageStop, metadata
    assert_eq!(received.chunks.len(), 5);
    assert!(start.elapsed() >= delay * 5);
    let start = Instant::now();
    ask(Script::new().answer(answer), "converse").await;
    assert!((delay..delay * 4).contains(&start.elapsed()));
}

#[tokio::test]
async fn bodies_are_cut_as_asked() {
    let check = async |delivery, cut: Option<Cut>, expected: &[usize], whole| {
        let mut answer = Answer::new().text("Hello").delivery(delivery);
        if let Some(at) = cut {
            answer = answer.cut(at);
        }
        let received = ask(Script::new().answer(answer), "converse-stream").await;
        let sizes: Vec<_> = received.chunks.iter().map(Vec::len).collect();
        assert!(sizes.starts_with(expected), "{sizes:?}");
        assert_eq!(received.whole, whole);
        if cut.is_some() {
            assert_eq!(sizes, expected);
        }
    };
    check(Delivery::Bytes(97), None, &[97, 97, 97, 97], true).await;
    check(Delivery::Sizes(vec![1, 2, 3]), None, &[1, 2, 3], true).await;
    check(Delivery::Bytes(10), Some(Cut::End(25)), &[10, 10, 5], true).await;
    check(Delivery::Bytes(10), Some(Cut::Break(25)), &[10, 10, 5], false).await;
    check(Delivery::Whole, Some(Cut::End(0)), &[], true).await;
    check(Delivery::Whole, Some(Cut::Break(0)), &[], false).await;
}
