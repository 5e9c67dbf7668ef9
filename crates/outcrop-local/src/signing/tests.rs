//! Signatures, taken back altered, moved and whole.

use serde_json::{Value, json};

use super::{Place, Verdict, redact, sign, verify, verify_redacted};

const OLD: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const BINDING: &str = "us.anthropic.claude-opus-5-5";

fn request() -> Value {
    json!({
        "toolConfig": {"tools": [{"toolSpec": {"name": "a", "inputSchema": {"json": {"type": "object"}}}}]},
        "system": [{"text": "Be kind."}],
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
    })
}

#[test]
fn holds_for_the_block_it_was_issued_for() {
    let place = Place::after(&request());
    let signature = sign(OLD, &place, "I think.");
    assert_eq!(signature, sign(OLD, &place, "I think."));
    let check = |model, text, signature: &str| verify(model, &place, text, signature);
    assert_eq!(check(OLD, "I think.", &signature), Verdict::Valid);
    assert_eq!(check(&OLD[3..], "I think.", &signature), Verdict::Valid);
    assert_eq!(check(OLD, "I thought.", &signature), Verdict::Altered);
    assert_eq!(check("us.anthropic.claude-opus-4-5-20251101-v1:0", "I think.", &signature), Verdict::Altered);
    assert_eq!(check(OLD, "I think.", &signature[..40]), Verdict::Altered);
    assert_eq!(check(OLD, "I think.", "EqQBCkgIDBABGAIqQ"), Verdict::Foreign);
    assert_eq!(check(OLD, "I think.", ""), Verdict::Foreign);
}

#[test]
fn every_changed_letter_is_seen() {
    let place = Place::after(&request());
    let signature = sign(OLD, &place, "I think.");
    for at in 16..signature.len() {
        let mut changed = signature.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII stays ASCII");
        if changed != signature {
            assert_eq!(verify(OLD, &place, "I think.", &changed), Verdict::Altered, "letter {at}");
        }
    }
}

#[test]
fn only_new_families_bind_to_the_prefix() {
    let mut edited = request();
    edited["system"][0]["text"] = json!("Be unkind.");
    let (place, elsewhere) = (Place::after(&request()), Place::after(&edited));
    let check = |model| verify(model, &elsewhere, "I think.", &sign(model, &place, "I think."));
    assert_eq!(check(OLD), Verdict::Valid);
    assert_eq!(check(BINDING), Verdict::BoundElsewhere);
}

#[test]
fn cache_points_order_of_members_and_borders_of_messages_do_not_count() {
    let same = json!({
        "messages": [
            {"content": [{"cachePoint": {"type": "default"}}], "role": "user"},
            {"content": [{"text": "Hi"}, {"cachePoint": {"type": "default"}}], "role": "user"},
        ],
        "system": [{"text": "Be kind."}, {"cachePoint": {"type": "default"}}],
        "toolConfig": {
            "toolChoice": {"auto": {}},
            "tools": [{"toolSpec": {"inputSchema": {"json": {"type": "object"}}, "name": "a"}}],
        },
        "inferenceConfig": {"maxTokens": 5},
    });
    let signature = sign(BINDING, &Place::after(&request()), "I think.");
    assert_eq!(verify(BINDING, &Place::after(&same), "I think.", &signature), Verdict::Valid);
}

#[test]
fn a_block_that_was_moved_is_told_apart() {
    let place = Place::after(&request());
    let signature = sign(OLD, &place, "I think.");
    let blob = redact(OLD, &place, "hidden");
    assert_eq!(verify_redacted(OLD, &place, &blob), Verdict::Valid);
    let mut later = place;
    later.push("assistant", &json!({"text": "So."}));
    assert_eq!(verify(OLD, &later, "I think.", &signature), Verdict::Moved);
    assert_eq!(verify_redacted(OLD, &later, &blob), Verdict::Moved);
    assert_eq!(verify_redacted(OLD, &later, "YWJj"), Verdict::Foreign);
}
