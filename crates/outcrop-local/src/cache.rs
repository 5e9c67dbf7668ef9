//! The prompt cache: which part of a request was read from it, which was written to it, which was neither.
//!
//! Everything before a cache point is a prefix: tools, then the system prompt, then the messages. A prefix that an
//! earlier request wrote and that has not run out is read; the rest up to the last cache point is written. As at the
//! service, a point finds what was written up to [`LOOK_BACK`] blocks before it, a prefix below the model's minimum
//! is silently left alone, a read refreshes, and the choice of tool or the thinking mode count from the messages on.
//!
//! Families that cache by themselves (some Nova, GPT) are not imitated: without a cache point nothing is cached.
//!
//! # Tokens
//! An estimate: [`CHARS_PER_TOKEN`] characters of the canonical JSON of each block (compact, members as Converse
//! orders them, documents as they came) are a token; a picture, a video or a sound is [`MEDIA_TOKENS`].
//!
//! # Invariants
//! - Prefixes are equal by their exact canonical bytes and the model id; cache points are no part of them.
//! - `inputTokens` + read + written is the estimate of the whole input, with and without cache points.
//! - What is kept is bounded: digests, never texts, and the longest unused goes first.

use std::{collections::HashMap, time::Duration};

use outcrop_core::{
    ContentBlock, Profile, Request, Usage,
    profile::bare_model_id,
    wire::{CacheDetail, CachePoint, CacheTtl, SystemContentBlock, ToolEntry},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Characters of JSON to a token.
pub(crate) const CHARS_PER_TOKEN: u64 = 4;
/// What a picture, a video or a sound counts.
const MEDIA_TOKENS: u64 = 1500;
/// How many blocks before a point an older prefix is found.
const LOOK_BACK: usize = 20;
/// More points are refused by the service; here they are not looked at.
const MAX_POINTS: usize = 4;
const MAX_ENTRIES: usize = 1024;

/// The prefix up to a block, as a key.
type Key = [u8; 32];

/// What was written, by digest.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    entries: HashMap<Key, Entry>,
}

#[derive(Debug)]
struct Entry {
    expires: Duration,
    ttl: Duration,
}

/// A border behind a block: the digest and the characters of all before.
struct Border {
    key: Key,
    chars: u64,
}

struct Point {
    /// Which border it stands at.
    border: usize,
    ttl: CacheTtl,
}

impl Cache {
    /// The input side of `usage` for this request, which is also remembered. `now` may start anywhere but must not
    /// go back.
    pub(crate) fn account(&mut self, model_id: &str, request: &Request, now: Duration) -> Usage {
        self.entries.retain(|_, entry| entry.expires > now);
        let profile = Profile::of(model_id);
        let Prefix { borders, mut points } = Prefix::of(model_id, request);
        let tokens = |border: &Border| border.chars.div_ceil(CHARS_PER_TOKEN);
        let total = borders.last().map_or(0, tokens);
        // Without caching a point is refused; where nobody refuses it does nothing.
        let minimum = profile.caching.as_ref().map_or(u64::MAX, |caching| u64::from(caching.min_tokens));
        points.retain(|_| profile.caching.is_some());

        // The longest prefix that any point finds.
        let read = points
            .iter()
            .filter_map(|point| {
                let from = point.border.saturating_sub(LOOK_BACK);
                (from..=point.border).rev().find(|border| self.entries.contains_key(&borders[*border].key))
            })
            .max();
        let read_tokens = read.map_or(0, |border| tokens(&borders[border]));
        if let Some(entry) = read.and_then(|border| self.entries.get_mut(&borders[border].key)) {
            entry.expires = now.saturating_add(entry.ttl);
        }

        let mut written = [(CacheTtl::OneHour, 0u64), (CacheTtl::FiveMinutes, 0u64)];
        let mut done = read_tokens;
        for point in &points {
            let border = &borders[point.border];
            if tokens(border) < minimum {
                continue;
            }
            let more = tokens(border).saturating_sub(done);
            if let Some((_, sum)) = written.iter_mut().find(|(ttl, _)| *ttl == point.ttl) {
                *sum += more;
                done += more;
            }
            let ttl = lifetime(&point.ttl);
            self.insert(border.key, Entry { expires: now.saturating_add(ttl), ttl });
        }

        let written_tokens = done - read_tokens;
        let mut usage = Usage::default();
        usage.input_tokens = total - done;
        usage.total_tokens = total;
        if !points.is_empty() || tells_cache_figures(&profile) {
            usage.cache_read_input_tokens = Some(read_tokens);
            usage.cache_write_input_tokens = Some(written_tokens);
        }
        let details = written.into_iter().filter(|(_, sum)| *sum > 0);
        usage.cache_details = details.map(|(ttl, sum)| CacheDetail::new(ttl, sum)).collect();
        usage
    }

    fn insert(&mut self, key: Key, entry: Entry) {
        if self.entries.len() >= MAX_ENTRIES && !self.entries.contains_key(&key) {
            // What runs out first was used least lately, but for the longer of two times to live.
            let oldest =
                self.entries.iter().min_by_key(|(key, entry)| (entry.expires, **key)).map(|(key, _)| *key);
            oldest.map(|key| self.entries.remove(&key));
        }
        self.entries.insert(key, entry);
    }
}

/// The estimate of a request's whole input.
pub(crate) fn input_tokens(request: &Request) -> u64 {
    Prefix::of("", request).borders.last().map_or(0, |border| border.chars.div_ceil(CHARS_PER_TOKEN))
}

fn lifetime(ttl: &CacheTtl) -> Duration {
    Duration::from_secs(if *ttl == CacheTtl::OneHour { 3600 } else { 300 })
}

/// These families tell 0 where others leave the figures out.
fn tells_cache_figures(profile: &Profile) -> bool {
    matches!(profile.family.as_str(), "anthropic" | "amazon-nova")
}

/// A request as the row of blocks that caching sees.
struct Prefix {
    borders: Vec<Border>,
    points: Vec<Point>,
}

struct Walk {
    digest: Sha256,
    chars: u64,
    prefix: Prefix,
}

impl Prefix {
    fn of(model_id: &str, request: &Request) -> Self {
        let mut walk = Walk {
            digest: Sha256::new(),
            chars: 0,
            prefix: Self { borders: Vec::new(), points: Vec::new() },
        };
        walk.feed("model", bare_model_id(model_id).as_bytes());
        let fields = request.additional_model_request_fields.as_ref().and_then(|raw| raw.to_value());
        let field = |name: &str| fields.as_ref().and_then(|fields| fields.get(name));
        if let Some(tools) = field("tools") {
            walk.block("more tools", tools, None);
        }
        let config = request.tool_config.as_ref();
        for tool in config.into_iter().flat_map(|config| &config.tools) {
            match tool {
                ToolEntry::CachePoint(point) => walk.point(point),
                tool => walk.block("tool", tool, None),
            }
        }
        for block in &request.system {
            match block {
                SystemContentBlock::CachePoint(point) => walk.point(point),
                block => walk.block("system", block, None),
            }
        }
        let choice = config.and_then(|config| config.tool_choice.as_ref());
        walk.setting("toolChoice", &choice);
        for name in ["tool_choice", "thinking", "reasoningConfig"] {
            walk.setting(name, &field(name));
        }
        for message in &request.messages {
            for block in &message.content {
                match block {
                    ContentBlock::CachePoint(point) => walk.point(point),
                    ContentBlock::Image(_) | ContentBlock::Video(_) | ContentBlock::Audio(_) => {
                        walk.block(message.role.as_str(), block, Some(MEDIA_TOKENS * CHARS_PER_TOKEN));
                    }
                    block => walk.block(message.role.as_str(), block, None),
                }
            }
        }
        walk.prefix
    }
}

impl Walk {
    /// With lengths, so that no two rows feed the same bytes.
    fn feed(&mut self, name: &str, bytes: &[u8]) {
        for part in [name.as_bytes(), bytes] {
            self.digest.update((part.len() as u64).to_be_bytes());
            self.digest.update(part);
        }
    }

    fn setting<T: Serialize>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            let json = serde_json::to_vec(value).unwrap_or_default();
            self.feed(name, &json);
        }
    }

    fn block<T: Serialize>(&mut self, name: &str, block: &T, chars: Option<u64>) {
        let json = serde_json::to_string(block).unwrap_or_default();
        self.feed(name, json.as_bytes());
        self.chars = self.chars.saturating_add(chars.unwrap_or_else(|| json.chars().count() as u64));
        self.prefix.borders.push(Border { key: self.digest.clone().finalize().into(), chars: self.chars });
    }

    fn point(&mut self, point: &CachePoint) {
        // A point before everything has nothing to cache.
        if let Some(border) = self.prefix.borders.len().checked_sub(1)
            && self.prefix.points.len() < MAX_POINTS
        {
            let ttl =
                point.ttl.clone().filter(|ttl| *ttl == CacheTtl::OneHour).unwrap_or(CacheTtl::FiveMinutes);
            self.prefix.points.push(Point { border, ttl });
        }
    }
}
