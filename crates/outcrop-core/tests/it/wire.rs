//! The JSON of the Converse surface: what is read is written again, also what nobody knows yet.

use std::process::Command;

use outcrop_core::wire::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::support::raw;

/// Each text is read as a `T`, of a known kind, and written as the same value.
fn check<T: DeserializeOwned + Serialize + std::fmt::Debug>(texts: &[&str]) {
    for text in texts {
        let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert!(!format!("{value:?}").contains("Unknown("), "{text}: {value:?}");
        let written = serde_json::to_string(&value).unwrap();
        let (written, text): (Value, Value) =
            (serde_json::from_str(&written).unwrap(), serde_json::from_str(text).unwrap());
        assert_eq!(written, text);
        // Through a tree of values too, where text cannot be borrowed.
        let value: T = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(serde_json::to_value(&value).unwrap(), text);
    }
}

/// Each text is read as a `T` and written as the same bytes.
fn check_kept<T: DeserializeOwned + Serialize>(texts: &[&str]) {
    for text in texts {
        let value: T =
            serde_json::from_str(&format!(" {text}\n")).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(serde_json::to_string(&value).unwrap(), *text);
    }
}

#[test]
fn content_blocks() {
    check::<ContentBlock>(&[
        r#"{"text":"a"}"#,
        r#"{"image":{"format":"webp","source":{"bytes":"aGk="}}}"#,
        r#"{"image":{"format":"png","error":{"message":"no"}}}"#,
        r#"{"image":{"format":"gif","source":{"s3Location":{"uri":"s3://b/k","bucketOwner":"111122223333"}}}}"#,
        r#"{"document":{"name":"n","format":"md","source":{"bytes":"aGk="},"context":"c","citations":{"enabled":true}}}"#,
        r#"{"document":{"name":"n","source":{"text":"t"}}}"#,
        r#"{"document":{"name":"n","source":{"content":[{"text":"a"},{"text":"b"}]}}}"#,
        r#"{"document":{"name":"n","source":{"s3Location":{"uri":"s3://b/k"}}}}"#,
        r#"{"video":{"format":"three_gp","source":{"s3Location":{"uri":"s3://b/k"}}}}"#,
        r#"{"audio":{"format":"x-aac","source":{"bytes":"aGk="},"error":{"message":"no"}}}"#,
        r#"{"toolUse":{"toolUseId":"a","name":"n","input":{"a":[1]},"type":"server_tool_use"}}"#,
        r#"{"toolResult":{"toolUseId":"a","content":[{"json":{"a":1}},{"json":null},{"text":"t"}],"status":"error","type":"t"}}"#,
        r#"{"toolResult":{"toolUseId":"a","content":[{"image":{"format":"png","source":{"bytes":"aGk="}}},{"document":{"name":"n","source":{"text":"t"}}},{"video":{"format":"mp4","source":{"bytes":"aGk="}}},{"searchResult":{"source":"s","title":"t","content":[{"text":"x"}],"citations":{"enabled":false}}}],"status":"success"}}"#,
        r#"{"toolResult":{"toolUseId":"a","content":[]}}"#,
        r#"{"guardContent":{"text":{"text":"t","qualifiers":["grounding_source","query","guard_content"]}}}"#,
        r#"{"guardContent":{"image":{"format":"jpeg","source":{"bytes":"aGk="}}}}"#,
        r#"{"cachePoint":{"type":"default","ttl":"1h"}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"t","signature":"s"}}}"#,
        r#"{"reasoningContent":{"redactedContent":"aGk="}}"#,
        r#"{"citationsContent":{"content":[{"text":"t"}],"citations":[{"title":"t","source":"s","sourceContent":[{"text":"x"}],"location":{"web":{"url":"u","domain":"d"}}},{"location":{"documentChar":{"documentIndex":0,"start":1,"end":2}}},{"location":{"documentPage":{"documentIndex":0,"start":1,"end":2}}},{"location":{"documentChunk":{"documentIndex":0,"start":1,"end":2}}},{"location":{"searchResultLocation":{"searchResultIndex":0,"start":1,"end":2}}}]}}"#,
        r#"{"searchResult":{"source":"s","title":"t","content":[{"text":"x"}],"citations":{"enabled":true}}}"#,
        r#"{"toolAddition":{"tool":{"type":"t","name":"n","serverName":"s"}}}"#,
        r#"{"toolRemoval":{"tool":{"type":"t","name":"n"}}}"#,
    ]);
}

#[test]
fn requests() {
    check::<Request>(&[
        "{}",
        r#"{"messages":[{"role":"user","content":[{"text":"a"}]},{"role":"system","content":[{"text":"b"}]}],"system":[{"text":"s"},{"guardContent":{"text":{"text":"t"}}},{"cachePoint":{"type":"default","ttl":"5m"}}]}"#,
        r#"{"inferenceConfig":{"maxTokens":1,"temperature":0.7,"topP":0.9,"stopSequences":["a"]}}"#,
        r#"{"toolConfig":{"tools":[{"toolSpec":{"name":"n","description":"d","inputSchema":{"json":{"type":"object"}},"strict":true}},{"systemTool":{"name":"nova_grounding"}},{"cachePoint":{"type":"default"}}],"toolChoice":{"auto":{}}}}"#,
        r#"{"toolConfig":{"tools":[],"toolChoice":{"any":{}}}}"#,
        r#"{"toolConfig":{"tools":[],"toolChoice":{"tool":{"name":"n"}}}}"#,
        r#"{"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"DRAFT","trace":"enabled_full","streamProcessingMode":"async"}}"#,
        r#"{"additionalModelRequestFields":{"a":1},"additionalModelResponseFieldPaths":["/stop_sequence"]}"#,
        r#"{"promptVariables":{"a":{"text":"x"},"b":{"text":"y"}},"requestMetadata":{"k":"v"}}"#,
        r#"{"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"}}"#,
        r#"{"outputConfig":{"textFormat":{"type":"json_schema","structure":{"jsonSchema":{"schema":"{}","name":"n","description":"d"}}},"effort":"max"}}"#,
    ]);
}

#[test]
fn responses() {
    check::<Response>(&[
        r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"end_turn","usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"cacheReadInputTokens":4,"cacheWriteInputTokens":5,"cacheDetails":[{"ttl":"1h","inputTokens":5}],"serverToolUsage":{},"cacheReadInputTokenCount":4},"metrics":{"latencyMs":9},"additionalModelResponseFields":{"a":1},"performanceConfig":{"latency":"standard"},"serviceTier":{"type":"default"}}"#,
        r#"{"output":{"message":{"role":"assistant","content":[]}},"stopReason":"guardrail_intervened","trace":{"guardrail":{"modelOutput":["x"],"inputAssessment":{"g":{"topicPolicy":{"topics":[{"name":"t","type":"DENY","action":"BLOCKED","detected":true}]},"contentPolicy":{"filters":[{"type":"INSULTS","confidence":"HIGH","filterStrength":"LOW","action":"NONE","detected":false}]},"wordPolicy":{"customWords":[{"match":"m","action":"BLOCKED"}],"managedWordLists":[{"match":"m","type":"PROFANITY","action":"BLOCKED"}]},"sensitiveInformationPolicy":{"piiEntities":[{"match":"m","type":"EMAIL","action":"ANONYMIZED"}],"regexes":[{"name":"n","match":"m","regex":"r","action":"BLOCKED"}]},"contextualGroundingPolicy":{"filters":[{"type":"GROUNDING","threshold":0.7,"score":0.5,"action":"BLOCKED"}]},"automatedReasoningPolicy":{"findings":[{"x":1}]},"invocationMetrics":{"guardrailProcessingLatency":1},"appliedGuardrailDetails":{"guardrailId":"g","guardrailVersion":"1","guardrailArn":"arn","guardrailOrigin":["REQUEST"],"guardrailOwnership":"SELF"}}},"outputAssessments":{"g":[{}]},"actionReason":"No action."},"promptRouter":{"invokedModelId":"m"}}}"#,
    ]);
    for reason in [
        "end_turn",
        "tool_use",
        "max_tokens",
        "stop_sequence",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
    ] {
        check::<StopReason>(&[&format!("{reason:?}")]);
    }
}

/// Every text of every enum, and a new one.
#[test]
fn enums() {
    fn all<T: DeserializeOwned + Serialize + std::fmt::Debug>(texts: &str) {
        for text in texts.split(' ') {
            check::<T>(&[&format!("{text:?}")]);
        }
        check_kept::<T>(&[r#""a_new_one""#, r#""""#, r#""É\n""#]);
    }
    all::<Role>("user assistant system");
    all::<ImageFormat>("png jpeg gif webp");
    all::<DocumentFormat>("pdf csv doc docx xls xlsx html txt md");
    all::<VideoFormat>("mkv mov mp4 webm flv mpeg mpg wmv three_gp");
    all::<AudioFormat>("mp3 opus wav aac flac mp4 ogg mkv mka x-aac m4a mpeg mpga pcm webm");
    all::<ToolResultStatus>("success error");
    all::<GuardQualifier>("grounding_source query guard_content");
    all::<CacheTtl>("5m 1h");
    all::<GuardrailTraceMode>("enabled disabled enabled_full");
    all::<GuardrailStreamMode>("sync async");
    all::<Latency>("standard optimized");
    all::<ServiceTierType>("priority default flex reserved");
    all::<GuardrailAction>("BLOCKED ANONYMIZED NONE");
}

/// R111: what nobody knows, what has two kinds or none, and what is malformed: kept to the byte.
#[test]
fn r111_unknown_blocks() {
    let odd = [
        r#"{"hologram" : {"n":123456789012345678901234567890,  "x":1e2, "x":2, "s":"\u00e9\ud83d" } }"#,
        r#"{"text":"a", "image":{"format":"png"}}"#,
        r#"{"text":"a", "text":"b"}"#,
        "{ }",
        r#"{"text":5}"#,
        r#"{"text":null}"#,
        r#"{"text":"\ud83d"}"#,
        r#"{"toolUse":{"toolUseId":"a","name":"n"}}"#,
        r#"{"image":{"format":7}}"#,
        r#"{"image":null}"#,
        r#"{"cachePoint":{}}"#,
        "[ 1 ]",
        "null",
        "1e400",
    ];
    check_kept::<ContentBlock>(&odd);
    for text in odd {
        assert!(matches!(serde_json::from_str(text).unwrap(), ContentBlock::Unknown(_)), "{text}");
        check_kept::<Message>(&[&format!(r#"{{"role":"user","content":[{text}]}}"#)]);
        check_kept::<Request>(&[&format!(r#"{{"messages":[{{"role":"user","content":[{text}]}}]}}"#)]);
        check_kept::<ToolResultContent>(&[text]);
        check_kept::<ReasoningContent>(&[text]);
        check_kept::<MediaSource>(&[text]);
        check_kept::<SystemContentBlock>(&[text]);
        check_kept::<ToolEntry>(&[text]);
        check_kept::<ToolChoice>(&[text]);
        check_kept::<CitationLocation>(&[text]);
        check_kept::<Output>(&[text]);
    }
}

/// A null member is no member: the union beside it is read.
#[test]
fn null_members() {
    let block: ContentBlock = serde_json::from_str(r#"{"image":null,"text":"a","toolUse":null}"#).unwrap();
    assert_eq!(block, ContentBlock::Text("a".into()));
    let call = r#"{"toolUse":{"toolUseId":"a","name":"n","type":null,"input":{}}}"#;
    let ContentBlock::ToolUse(call) = serde_json::from_str(call).unwrap() else { panic!() };
    assert_eq!(call.kind, None);
    // Required where any JSON may stand: the call is there and its input is none that can run.
    let call = r#"{"toolUse":{"toolUseId":"a","name":"n","input":null}}"#;
    let ContentBlock::ToolUse(call) = serde_json::from_str(call).unwrap() else { panic!() };
    assert_eq!((call.input.as_str(), call.input.is_object()), ("null", false));
    let result: ToolResultContent = serde_json::from_str(r#"{"json":null}"#).unwrap();
    assert_eq!(result, ToolResultContent::Json(raw("null")));
}

/// Members that nobody knows stay where they are and keep their text.
#[test]
fn unknown_members() {
    let usage =
        r#"{"inputTokens":1,"outputTokens":2,"totalTokens":3,"serverToolUsage":{ },"x":1e2,"y":null,"x":3}"#;
    check_kept::<Usage>(&[usage]);
    let read: Usage = serde_json::from_str(usage).unwrap();
    assert_eq!(read.other.get("serverToolUsage"), Some(&raw("{ }")));
    assert_eq!(read.other.get("x"), Some(&raw("3")), "the last one counts");
    check_kept::<Message>(&[r#"{"role":"user","content":[],"metadata":{"usage": 1e2}}"#]);
    check_kept::<ContentBlock>(&[
        r#"{"toolUse":{"toolUseId":"a","name":"n","input":{ },"new":1e2}}"#,
        r#"{"cachePoint":{"type":"default","new":[ ]}}"#,
        r#"{"reasoningContent":{"reasoningText":{"text":"","signature":"","new":1e2}}}"#,
    ]);
}

/// R51, R52: a tool's input is the model's own text.
#[test]
fn r51_inputs_keep_their_text() {
    let input = r#"{"b":123456789012345678901234567890, "a":1e2,"a":7006652.0,"c":"\u00e9"}"#;
    let text = format!(r#"{{"toolUse":{{"toolUseId":"a","name":"n","input":{input}}}}}"#);
    check_kept::<ContentBlock>(&[&text]);
}

#[test]
fn blobs() {
    let blob = |text: &str| serde_json::from_str::<Blob>(text).map(|blob| blob.0);
    assert_eq!(blob(r#""""#).unwrap(), "");
    assert_eq!(blob(r#""aGk=""#).unwrap(), "hi");
    assert_eq!(blob(r#""\u0061Gk=""#).unwrap(), "hi");
    assert_eq!(blob(r#""+/+/""#).unwrap(), [0xfb, 0xff, 0xbf][..]);
    for wrong in [r#""aGk""#, r#""a Gk=""#, r#""-_-_""#, "5", "null", "[104]"] {
        assert!(blob(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn numbers_are_written_as_they_were_given() {
    for (number, text) in [(0.7, "0.7"), (0.1 + 0.2, "0.30000000000000004"), (1.0, "1.0"), (1e-7, "1e-7")] {
        let config = InferenceConfig::new().temperature(number);
        assert_eq!(serde_json::to_string(&config).unwrap(), format!(r#"{{"temperature":{text}}}"#));
    }
    // What JSON cannot say is no panic; the service then answers for itself.
    for number in [f64::NAN, f64::INFINITY] {
        let request = Request::new().inference_config(InferenceConfig::new().temperature(number));
        assert_eq!(request.to_json_bytes().unwrap(), br#"{"inferenceConfig":{"temperature":null}}"#);
    }
}

/// R85: a request with something of everything that could be in another order.
fn request() -> Request {
    let schema = serde_json::json!({"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}});
    let metadata = ["z", "a", "m", "b"].map(|key| (key.to_owned(), "v".to_owned()));
    let tools = ["z", "a", "m"].map(|name| ToolSpec::with_schema(name, "d", schema.clone()).into());
    let mut request =
        Request::new().messages([Message::user("hi")]).system(["s"]).tool_config(ToolConfig::new(tools));
    request.request_metadata = Some(metadata.into());
    request.other.insert("new", raw(r#"{"z":1,"a":2}"#));
    request.other.insert("a", raw("1e2"));
    request.inference_config(InferenceConfig::new().temperature(0.7))
}

const CHILD: &str = "OUTCROP_WIRE_CHILD";

/// R85: the same request is the same bytes, a thousand times and in another process.
#[test]
fn r85_bytes_are_a_function_of_the_request() {
    let first = request().to_json_bytes().unwrap();
    if std::env::var_os(CHILD).is_some() {
        return println!("\nbytes {}", String::from_utf8(first).unwrap());
    }
    let shared = request();
    for _ in 0..1000 {
        assert_eq!(shared.to_json_bytes().unwrap(), first);
    }
    assert_eq!(request().to_json_bytes().unwrap(), first);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wire::r85_bytes_are_a_function_of_the_request", "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(child.stdout).unwrap();
    let bytes = printed.lines().find_map(|line| line.strip_prefix("bytes ")).unwrap();
    assert_eq!(bytes.as_bytes(), first);
    assert_eq!(request().to_count_tokens_bytes().unwrap(), request().to_count_tokens_bytes().unwrap());
}

/// One member in an odd form costs neither itself nor a paid answer; set anew, it is written once.
#[test]
fn an_odd_member_is_kept() {
    let texts = [
        r#"{"inferenceConfig":{"maxTokens":4096.0,"stopSequences":"end"},"system":"Be brief.","messages":[{"content":[]}]}"#,
        r#"{"toolConfig":{"tools":[]},"requestMetadata":{"a":1}}"#,
    ];
    for text in texts {
        let request: Request = serde_json::from_str(text).unwrap();
        let written: serde_json::Value = serde_json::from_slice(&request.to_json_bytes().unwrap()).unwrap();
        assert_eq!(written, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }
    let answer = r#"{"output":{"message":{"role":"assistant","content":[{"text":"so"}]}},"stopReason":"end_turn","usage":"many","metrics":{"latencyMs":1.5}}"#;
    let response: Response = serde_json::from_str(answer).unwrap();
    assert_eq!(response.message().unwrap().text(), "so");
    assert_eq!((response.usage.is_none(), response.other.get("usage").unwrap().as_str()), (true, "\"many\""));

    let odd: InferenceConfig = serde_json::from_str(r#"{"maxTokens":"many"}"#).unwrap();
    assert_eq!(serde_json::to_string(&odd.max_tokens(5u32)).unwrap(), r#"{"maxTokens":5}"#);
    let usage: Usage = serde_json::from_str(r#"{"inputTokens":1.5,"outputTokens":2}"#).unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (0, 2));
    assert_eq!(serde_json::to_value(&usage).unwrap()["inputTokens"], 1.5);
}
