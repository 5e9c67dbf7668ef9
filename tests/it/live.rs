//! The inputs of tool calls while the model writes them, over the real protocol: what is lent at each event, and
//! that none of it is executed or costs anything where nobody asks.

use std::sync::{Arc, Mutex};

use expect_test::{Expect, expect};
use futures::TryStreamExt;
use outcrop::{EventKind, LiveInput, TurnEvent, TurnStream, core::StopReason, json::LiveJson};
use outcrop_local::{Answer, Script};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{LLAMA, Stage, tool};

fn call(id: &str, fragments: &[&str]) -> Answer {
    Answer::new().tool_use(id, "write", "").fragments(fragments.iter().copied())
}

/// A turn in which the model calls `write` as `answers` say and then says that it is done.
async fn turn(answers: impl IntoIterator<Item = Answer>) -> (Stage, TurnStream) {
    let script = answers.into_iter().fold(Script::new(), Script::answer).answer("Done.");
    let stage = Stage::new(script).await;
    let agent = stage.agent().tool(tool("write", |_, _| async { "ok" })).build().unwrap();
    let stream = agent.ask("Write.").stream();
    (stage, stream)
}

fn shown(input: &LiveInput<'_>) -> String {
    let value = input.root().map_or("nothing".to_owned(), |root| root.to_value().unwrap().to_string());
    let end = match (input.error(), input.root().is_some_and(|root| root.is_complete())) {
        (Some(error), _) => format!(" ! {error}"),
        (None, true) => String::new(),
        (None, false) => " …".to_owned(),
    };
    let changes: Vec<_> = input.changes().map(|change| serde_json::to_string(&change).unwrap()).collect();
    let changes = if changes.is_empty() { String::new() } else { format!("\n    {}", changes.join(" ")) };
    format!("{value}{end}{changes}")
}

/// What is lent at each event of a call's input.
async fn check(fragments: &[&str], expected: Expect) {
    let (stage, mut turn) = turn([call("t1", fragments)]).await;
    let mut told = String::new();
    while let Some(event) = turn.try_next().await.unwrap() {
        let name = event.kind.name();
        if let Some(input) = turn.live(&event) {
            told += &format!("{name} {}\n", shown(&input));
        }
    }
    stage.assert_requests();
    expected.assert_eq(&told);
}

#[tokio::test]
async fn a_value_grows() {
    check(&["", r#"{"path":"a.t"#, r#"xt","text":"S\u00"#, r#"e3o","n":1"#, "2}"], expect![[r#"
        toolInputStart nothing …
        toolInputDelta nothing …
        toolInputDelta {"path":"a.t"} …
            {"op":"set","path":"","value":{}} {"op":"set","path":"/path","value":"a.t"}
        toolInputDelta {"path":"a.txt","text":"S"} …
            {"op":"append","path":"/path","text":"xt"} {"op":"close","path":"/path"} {"op":"set","path":"/text","value":"S"}
        toolInputDelta {"path":"a.txt","text":"São"} …
            {"op":"append","path":"/text","text":"ão"} {"op":"close","path":"/text"}
        toolInputDelta {"path":"a.txt","text":"São","n":12}
            {"op":"set","path":"/n","value":12,"complete":true} {"op":"close","path":""}
        toolInputEnd {"path":"a.txt","text":"São","n":12}
    "#]]).await;
}

#[tokio::test]
async fn damage_is_shown_up_to_where_it_is() {
    check(
        &[r#"{"path":"say "#, r#""hi" now","#, r#""n":1}"#],
        expect![[r#"
        toolInputStart nothing …
        toolInputDelta {"path":"say "} …
            {"op":"set","path":"","value":{}} {"op":"set","path":"/path","value":"say "}
        toolInputDelta {"path":"say "} ! expected `,` or `}` at byte 14
            {"op":"close","path":"/path"} {"op":"invalid","offset":14,"message":"expected `,` or `}`"}
        toolInputDelta {"path":"say "} ! expected `,` or `}` at byte 14
        toolInputEnd {"path":"say "} ! expected `,` or `}` at byte 14
    "#]],
    )
    .await;
    check(&[r#"{"names": cron"#, r#"job, "n": 1}"#], expect![[r#"
        toolInputStart nothing …
        toolInputDelta {"names":"cron"} …
            {"op":"set","path":"","value":{}} {"op":"set","path":"/names","value":"cron"}
        toolInputDelta {"names":"cronjob","n":1}
            {"op":"append","path":"/names","text":"job"} {"op":"close","path":"/names"} {"op":"set","path":"/n","value":1,"complete":true} {"op":"close","path":""}
        toolInputEnd {"names":"cronjob","n":1}
    "#]]).await;
}

#[tokio::test]
async fn a_call_without_arguments() {
    check(
        &[],
        expect![[r#"
        toolInputStart nothing …
        toolInputEnd nothing …
    "#]],
    )
    .await;
}

/// An event is kept, and asked for when more has come; and again when the step is over.
#[tokio::test]
async fn an_event_shows_what_there_was_then() {
    let input = r#"{"a":"one\ntwo é 🌉","b":[true,null,{"c":-1.5e3}],"d":tr0e,"e":"x"}"#;
    let pieces: Vec<&str> = input.split_inclusive(|letter: char| !letter.is_alphanumeric()).collect();
    let (_stage, mut turn) = turn([call("t1", &pieces)]).await;
    let mut kept: Vec<(TurnEvent, String)> = Vec::new();
    let mut checked = 0;
    while let Some(event) = turn.try_next().await.unwrap() {
        let told = turn.live(&event).map(|input| shown(&input));
        for (earlier, told) in kept.iter().rev() {
            let again = turn.live(earlier).map(|input| shown(&input));
            match event.step {
                1 => assert_eq!(again.as_deref(), Some(told.as_str()), "{earlier:?}"),
                _ => assert_eq!(again, None, "the step is over"),
            }
            checked += 1;
        }
        kept.extend(told.map(|told| (event, told)));
    }
    assert!(checked > 100, "{checked}");
}

/// R36: the inputs of two calls come by turns, each with a value of its own; a reader that asks only now and then
/// misses nothing.
#[tokio::test]
async fn readers_at_their_own_rate() {
    let text: String = (0..200).map(|n| format!("line {n} \"é\"\n")).collect();
    let input = json!({ "path": "a", "lines": [text, { "n": 12.5 }, null], "more": text });
    let answer =
        Answer::new().tool_use("t1", "write", input.clone()).tool_use("t2", "write", json!({"b": [1, 2]}));
    for every in [1, 7, 1000] {
        let (_stage, mut turn) = turn([answer.clone()]).await;
        let mut values = [Value::Null, Value::Null];
        let mut raw = [String::new(), String::new()];
        let mut seen = 0;
        while let Some(event) = turn.try_next().await.unwrap() {
            seen += 1;
            let last = matches!(event.kind, EventKind::ToolInputEnd(_));
            if let EventKind::ToolInputDelta(delta) = &event.kind {
                raw[event.block.unwrap() as usize] += &delta.fragment;
            }
            if (last || seen % every == 0)
                && let Some(input) = turn.live(&event)
            {
                let block = event.block.unwrap() as usize;
                let value = input.root().map_or(Value::Null, |root| root.to_value().unwrap());
                assert_eq!(input.text(), raw[block]);
                let mut plain = LiveJson::new();
                plain.push(&raw[block]).unwrap();
                assert_eq!(value, plain.root().map_or(Value::Null, |root| root.to_value().unwrap()));
                values[block] = value;
            }
        }
        assert_eq!(values, [input.clone(), json!({"b": [1, 2]})]);
    }
}

#[tokio::test]
async fn typed_while_it_grows() {
    #[derive(Deserialize, Debug)]
    struct SoFar<'a> {
        path: Option<&'a str>,
        mode: Option<u32>,
        tags: Option<Vec<&'a str>>,
    }
    let fragments = [r#"{"path":"a\n"#, r#"b","mode":42"#, r#"0,"tags":["x","#, r#""y"]}"#];
    let (_stage, mut turn) = turn([call("t1", &fragments)]).await;
    let mut told = String::new();
    while let Some(event) = turn.try_next().await.unwrap() {
        if let Some(input) = turn.live(&event) {
            let so_far: SoFar<'_> = input.partial().unwrap();
            told += &format!("{:?} {:?} {:?}\n", so_far.path, so_far.mode, so_far.tags);
        }
    }
    expect![[r#"
        None None None
        Some("a\n") None None
        Some("a\nb") None None
        Some("a\nb") Some(420) Some(["x"])
        Some("a\nb") Some(420) Some(["x", "y"])
        Some("a\nb") Some(420) Some(["x", "y"])
    "#]]
    .assert_eq(&told);
}

/// What a model that cannot stream sends at once is lent all the same.
#[tokio::test]
async fn an_answer_that_comes_whole() {
    let script = Script::new().answer(call("t1", &[r#"{"a":1}"#])).answer("Done.");
    let stage = Stage::new(script).await;
    let bedrock = stage.bedrock.with_model(LLAMA);
    let agent = outcrop::Agent::builder(bedrock).tool(tool("write", |_, _| async { "ok" })).build().unwrap();
    let mut turn = agent.ask("Write.").stream();
    let mut told = Vec::new();
    while let Some(event) = turn.try_next().await.unwrap() {
        told.extend(turn.live(&event).map(|input| shown(&input)));
    }
    expect![[r#"
        nothing …
        {"a":1}
            {"op":"set","path":"","value":{}} {"op":"set","path":"/a","value":1,"complete":true} {"op":"close","path":""}
        {"a":1}"#]].assert_eq(&told.join("\n"));
}

/// R43, R44: what was shown is not what runs, and what is no object is sent back wrapped.
#[tokio::test]
async fn what_is_shown_is_not_executed() {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&ran);
    for (input, stop) in [
        (r#"{"a":1,}"#, StopReason::ToolUse),
        (r#"{"a": one}"#, StopReason::ToolUse),
        (r#"["a"]"#, StopReason::ToolUse),
        (r#"{"a":[1"#, StopReason::ToolUse),
    ] {
        let script = Script::new().answer(call("t1", &[input]).stop_reason(stop)).answer("Done.");
        let stage = Stage::new(script).await;
        let seen = Arc::clone(&seen);
        let write = tool("write", move |input: Value, _| {
            seen.lock().unwrap().push(input);
            async { "ok" }
        });
        let mut turn = stage.agent().tool(write).build().unwrap().ask("Write.").stream();
        let mut lent = 0;
        while let Some(event) = turn.try_next().await.unwrap() {
            lent += usize::from(turn.live(&event).is_some_and(|input| input.root().is_some()));
        }
        assert!(lent > 0, "{input} was shown");
        let echoed = serde_json::to_value(&stage.requests()[1].messages[1].content[0]).unwrap();
        assert_eq!(echoed["toolUse"]["input"], json!({ "INVALID_JSON": input }));
    }
    assert_eq!(*ran.lock().unwrap(), Vec::<Value>::new());
}
