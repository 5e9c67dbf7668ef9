//! Signatures of thinking blocks: issued with an answer, checked when the block comes back.
//!
//! As with the service, a signature is opaque text to everybody else, tells whether the block is as it was sent, and
//! holds for the model that thought. For models with the profile fact `thinking.bound_to_prefix` it also holds only
//! behind the exact prefix that the block was sent behind. It keeps nobody from forging: the key stands below. It
//! finds mistakes.
//!
//! # To issue one
//! ```text
//! let mut place = Place::after(&request);               // the request's body, as JSON
//! let signature = sign(model_id, &place, "I think …");  // → reasoningContent.reasoningText.signature
//! place.push("assistant", &block);                      // each block of the answer, as it stands in a message,
//! let blob = redact(model_id, &place, "hidden");        // before the next one is signed
//! ```
//!
//! # What the prefix is made of
//! The tools (`toolConfig.tools`), the system blocks, and every block of every message before, in order, with the role where it
//! changes. Order and digits count; the order of members, cache points and where a message of the same role
//! begins do not. Tool choice, sampling and other settings are no part of it.
//!
//! # Invariants
//! - The same call gives the same signature, in each run.
//! - A signature of ours that was changed anywhere is [`Verdict::Altered`], never [`Verdict::Foreign`], as
//!   long as its first bytes are there.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use outcrop_core::{Profile, profile::bare_model_id};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// No secret: the signatures protect nothing.
const KEY: &[u8] = b"outcrop-local: thinking signatures of a stand-in";
/// What the bytes of each signature begin with. The first byte is that of the service's own.
const MAGIC: &[u8] = b"\x12outcrop-local\x01";
/// Position and digest of the prefix.
const PLACE_BYTES: usize = 4 + 32;
const MAC_BYTES: usize = 32;

/// What a signature says of the block it came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Issued here for this block, at this place.
    Valid,
    /// Not of our form: it may be the service's own.
    Foreign,
    /// Ours, and the text, the model or the signature itself was changed.
    Altered,
    /// Ours and whole, yet not where it stood in its message.
    Moved,
    /// Ours and whole, yet sent behind another prefix by a model that binds its thinking.
    BoundElsewhere,
}

/// What stands before a block.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    prefix: Sha256,
    role: String,
    /// How many blocks of its message stand before it.
    position: u32,
}

impl Place {
    /// The place before the first message.
    pub(crate) fn before_messages(request: &Value) -> Self {
        let mut prefix = Sha256::new();
        let tools = [request.pointer("/toolConfig/tools")];
        let more = [request.pointer("/additionalModelRequestFields/tools")];
        for (name, list) in [("tools", tools), ("more tools", more), ("system", [request.get("system")])] {
            let items = list.into_iter().flatten().filter_map(Value::as_array).flatten();
            for item in items.filter(|item| !is_cache_point(item)) {
                feed(&mut prefix, name, item);
            }
        }
        Self { prefix, role: String::new(), position: 0 }
    }

    /// The place behind all messages of a request: where the answer begins.
    pub(crate) fn after(request: &Value) -> Self {
        let mut place = Self::before_messages(request);
        for message in request.get("messages").and_then(Value::as_array).into_iter().flatten() {
            let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
            place.next_message();
            for block in message.get("content").and_then(Value::as_array).into_iter().flatten() {
                place.push(role, block);
            }
        }
        place.next_message();
        place
    }

    /// Positions are counted from here on.
    pub(crate) fn next_message(&mut self) {
        self.position = 0;
    }

    /// Goes behind a block.
    pub(crate) fn push(&mut self, role: &str, block: &Value) {
        if is_cache_point(block) {
            return;
        }
        if self.role != role {
            role.clone_into(&mut self.role);
            feed(&mut self.prefix, "role", &Value::from(role));
        }
        feed(&mut self.prefix, "block", block);
        self.position += 1;
    }

    fn to_bytes(&self, model_id: &str) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        bytes[..4].copy_from_slice(&self.position.to_be_bytes());
        if Profile::of(model_id).thinking.bound_to_prefix {
            bytes[4..].copy_from_slice(&self.prefix.clone().finalize());
        }
        bytes
    }
}

fn is_cache_point(block: &Value) -> bool {
    block.get("cachePoint").is_some()
}

/// Each item with its length, so that no two lists feed the same bytes.
fn feed(prefix: &mut Sha256, name: &str, item: &Value) {
    let mut bytes = Vec::new();
    canonical(item, &mut bytes);
    prefix.update((name.len() as u64).to_be_bytes());
    prefix.update(name);
    prefix.update((bytes.len() as u64).to_be_bytes());
    prefix.update(bytes);
}

/// JSON without spaces, members sorted by name.
fn canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(items) => {
            out.push(b'[');
            for item in items {
                canonical(item, out);
                out.push(b',');
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            out.push(b'{');
            for (name, value) in members {
                out.extend_from_slice(Value::from(name.as_str()).to_string().as_bytes());
                out.push(b':');
                canonical(value, out);
                out.push(b',');
            }
            out.push(b'}');
        }
        other => out.extend_from_slice(other.to_string().as_bytes()),
    }
}

/// What of a thinking block is signed.
#[derive(Clone, Copy)]
enum Kind<'a> {
    Text(&'a str),
    Redacted,
}

fn mac(model_id: &str, kind: Kind<'_>, place: &[u8], hidden: &[u8]) -> Hmac<Sha256> {
    // An HMAC takes a key of any length.
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(KEY).unwrap_or_else(|_| Hmac::new(&Default::default()));
    let (name, text) = match kind {
        Kind::Text(text) => ("text", text),
        Kind::Redacted => ("redacted", ""),
    };
    for part in [bare_model_id(model_id).as_bytes(), name.as_bytes(), text.as_bytes(), place, hidden] {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac
}

fn seal(model_id: &str, kind: Kind<'_>, place: &Place, hidden: &[u8]) -> String {
    let place = place.to_bytes(model_id);
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&place);
    bytes.extend_from_slice(hidden);
    bytes.extend_from_slice(&mac(model_id, kind, &place, hidden).finalize().into_bytes());
    STANDARD.encode(bytes)
}

fn open(model_id: &str, kind: Kind<'_>, place: &Place, sealed: &str) -> Verdict {
    let claims = sealed.starts_with(STANDARD.encode(&MAGIC[..12]).as_str());
    let bytes = STANDARD.decode(sealed).unwrap_or_default();
    let Some(bytes) = bytes.strip_prefix(MAGIC) else {
        return if claims { Verdict::Altered } else { Verdict::Foreign };
    };
    if bytes.len() < PLACE_BYTES + MAC_BYTES {
        return Verdict::Altered;
    }
    let (issued_at, rest) = bytes.split_at(PLACE_BYTES);
    let (hidden, tag) = rest.split_at(rest.len() - MAC_BYTES);
    if mac(model_id, kind, issued_at, hidden).verify_slice(tag).is_err() {
        return Verdict::Altered;
    }
    let place = place.to_bytes(model_id);
    if place[..4] != issued_at[..4] {
        Verdict::Moved
    } else if place[4..] != issued_at[4..] {
        Verdict::BoundElsewhere
    } else {
        Verdict::Valid
    }
}

/// The signature of thinking at a place: base64 text.
pub(crate) fn sign(model_id: &str, place: &Place, text: &str) -> String {
    seal(model_id, Kind::Text(text), place, b"")
}

/// What the signature of thinking that came back says.
pub(crate) fn verify(model_id: &str, place: &Place, text: &str, signature: &str) -> Verdict {
    open(model_id, Kind::Text(text), place, signature)
}

/// Thinking that nobody may read, as the text of `redactedContent`: base64 of base64, as the service has it.
pub(crate) fn redact(model_id: &str, place: &Place, text: &str) -> String {
    STANDARD.encode(seal(model_id, Kind::Redacted, place, &Sha256::digest(text)))
}

/// What redacted thinking that came back says.
pub(crate) fn verify_redacted(model_id: &str, place: &Place, blob: &str) -> Verdict {
    let sealed = STANDARD.decode(blob).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    open(model_id, Kind::Redacted, place, sealed.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests;
