//! What a call cost: tokens and time.
//!
//! # Invariants
//! - `input_tokens` leaves out what was read from or written to the cache; the true input is
//!   [`Usage::all_input_tokens`] (R92).

use crate::wire::CacheTtl;

wire_struct! {
    /// The tokens of a call. Cache figures are absent, not 0, on many models.
    #[derive(Default)]
    pub struct Usage {
        required {}
        optional {
            /// Input read from the cache.
            cache_read_input_tokens: u64 = "cacheReadInputTokens",
            /// Input written to the cache.
            cache_write_input_tokens: u64 = "cacheWriteInputTokens",
        }
        lists {
            /// Writes by how long they are kept.
            cache_details: CacheDetail = "cacheDetails",
        }
        defaults {
            /// Input that was neither read from nor written to the cache.
            input_tokens: u64 = "inputTokens",
            /// Output, reasoning included.
            output_tokens: u64 = "outputTokens",
            /// All of them together.
            total_tokens: u64 = "totalTokens",
        }
    }
}

impl Usage {
    /// Input whether cached or not.
    pub fn all_input_tokens(&self) -> u64 {
        let cached = self.cache_read_input_tokens.unwrap_or(0);
        self.input_tokens.saturating_add(cached).saturating_add(self.cache_write_input_tokens.unwrap_or(0))
    }

    /// Adds another call's tokens. Members that this version does not name are not added up.
    pub fn add(&mut self, more: &Usage) {
        let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
        };
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.total_tokens = self.total_tokens.saturating_add(more.total_tokens);
        self.cache_read_input_tokens = sum(self.cache_read_input_tokens, more.cache_read_input_tokens);
        self.cache_write_input_tokens = sum(self.cache_write_input_tokens, more.cache_write_input_tokens);
        for detail in &more.cache_details {
            match self.cache_details.iter_mut().find(|known| known.ttl == detail.ttl) {
                Some(known) => known.input_tokens = known.input_tokens.saturating_add(detail.input_tokens),
                None => self.cache_details.push(detail.clone()),
            }
        }
    }
}

wire_struct! {
    /// Cache writes of one time to live.
    pub struct CacheDetail {
        required {
            /// How long they are kept.
            ttl: CacheTtl = "ttl",
            /// How many tokens.
            input_tokens: u64 = "inputTokens",
        }
        optional {}
        lists {}
    }
}

wire_struct! {
    /// How long a call took.
    #[derive(Default)]
    pub struct Metrics {
        required {}
        optional {
            /// Milliseconds at the service.
            latency_ms: u64 = "latencyMs",
        }
        lists {}
    }
}
