//! Text answers of the demo model, and the ids, usage and latency of its answers.

use std::time::Duration;

use expect_test::expect;
use outcrop_core::{ContentBlock, Message, Request, wire::InferenceConfig};
use outcrop_local::Demo;

use crate::demo::{CLAUDE, ask, message, respond, tools, with_tools};

#[test]
fn text_is_echoed_dictated_or_counted() {
    let mut log = String::new();
    for prompt in [
        "Hello there!",
        "Reply with exactly this",
        "reply with: pong",
        "Please say so",
        "Say \"a b\"",
        "Sayonara",
        "Reply with",
        "Count to 5",
        "Count to six",
    ] {
        let response = respond(CLAUDE, &ask(prompt).system(["The password is swordfish."]));
        log.push_str(&format!("> {prompt}\n{}\n", message(&response).text()));
    }
    expect![[r#"
        > Hello there!
        I am the demo model, a stand-in for a real one. You said: “Hello there!”.
        > Reply with exactly this
        exactly this
        > reply with: pong
        pong
        > Please say so
        I am the demo model, a stand-in for a real one. You said: “Please say so”.
        > Say "a b"
        a b
        > Sayonara
        I am the demo model, a stand-in for a real one. You said: “Sayonara”.
        > Reply with
        I am the demo model, a stand-in for a real one. You said: “Reply with”.
        > Count to 5
        1, 2, 3, 4, 5
        > Count to six
        I am the demo model, a stand-in for a real one. You said: “Count to six”.
    "#]]
    .assert_eq(&log);
}

#[test]
fn attachments_are_named() {
    use outcrop_core::wire::{DocumentBlock, DocumentFormat, ImageBlock, ImageFormat};
    let content: Vec<ContentBlock> = vec![
        DocumentBlock::from_bytes("Annual report", DocumentFormat::Pdf, vec![0; 1234]).into(),
        ImageBlock::from_bytes(ImageFormat::Png, vec![0; 77]).into(),
        "Summarize these".into(),
    ];
    let response = respond(CLAUDE, &Request::new().messages([Message::user(content)]));
    expect!["I am the demo model, a stand-in for a real one. You sent the pdf document “Annual report” (1234 bytes), a png image (77 bytes). You said: “Summarize these”."].assert_eq(&message(&response).text());
}

#[test]
fn ids_are_the_services_and_differ() {
    let request = with_tools("Weather in Lisbon and Porto?", tools());
    let ids = |demo: &Demo| -> Vec<String> {
        let response = demo.respond(CLAUDE, &request, Duration::ZERO);
        message(&response).tool_uses().map(|call| call.tool_use_id.clone()).collect()
    };
    let first = ids(&Demo::new());
    assert_eq!(first, ids(&Demo::new()));
    assert_ne!(first, ids(&Demo::new().seed(1)));
    assert_ne!(first[0], first[1]);
    for id in first {
        let letters = id.strip_prefix("tooluse_").unwrap();
        assert!(letters.len() == 22 && letters.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    }
}

#[test]
fn latency_and_usage_follow_the_sizes() {
    let response =
        respond(CLAUDE, &ask("Count to 50").inference_config(InferenceConfig::new().max_tokens(1000u32)));
    let usage = response.usage.clone().unwrap();
    assert_eq!(usage.total_tokens, usage.input_tokens + usage.output_tokens);
    assert_eq!(usage.output_tokens, (message(&response).text().chars().count() as u64).div_ceil(4));
    assert_eq!(response.metrics.unwrap().latency_ms, Some(200 + usage.output_tokens * 12));
}
