//! How the service handles calls of a model family, where only an endpoint needs to know it.
//!
//! What a client needs as well is in core's [`Profile`](outcrop_core::Profile). The table `endpoint_profiles.json` is
//! read by the same rule: the longest prefix of the bare model id decides.

use std::sync::LazyLock;

use outcrop_core::profile::rows_for_model;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How the service handles calls of one model: what it rejects, counts and merges.
///
/// ```
/// use outcrop_local::EndpointProfile;
///
/// let nova = EndpointProfile::of("us.amazon.nova-lite-v1:0");
/// assert!(nova.checks_image_bytes);
/// assert_eq!(EndpointProfile::of("somebody.new-model"), EndpointProfile::permissive());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct EndpointProfile {
    /// Whether calls are answered with status 404 because the model has reached its end of life.
    pub retired: bool,
    /// Whether the model can only be called through an inference profile, such as `us.` plus the model id.
    pub inference_profile_only: bool,
    /// Whether CountTokens supports the model.
    pub counts_tokens: bool,
    /// Whether consecutive messages with the same role are merged. Otherwise they are rejected.
    pub merges_roles: bool,
    /// Whether messages with the role `system` are rejected.
    pub refuses_system_role: bool,
    /// Whether tool results with a `status` are rejected. Some models ignore a status that they do not support.
    pub refuses_result_status: bool,
    /// Whether the bytes of images are checked before the model is called.
    pub checks_image_bytes: bool,
    /// The maximum number of images and documents in one request; `None` for no limit.
    pub max_media: Option<u32>,
    /// The names accepted in `additionalModelRequestFields`; `None` if any name is accepted.
    pub request_fields: Option<Vec<String>>,
    /// Whether a request is rejected if its input tokens and `maxTokens` together exceed the context window.
    pub output_in_window: bool,
    /// The error for an input that exceeds the context window.
    pub overflow: OverflowMessage,
}

/// The error message for an input that exceeds the context window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum OverflowMessage {
    /// `Input is too long for requested model.`
    InputTooLong,
    /// `prompt is too long: …`
    PromptTooLong,
    /// `Input Tokens Exceeded: …`
    InputTokensExceeded,
    /// `This model's maximum context length is …`
    MaximumContextLength,
}

#[derive(Deserialize)]
struct Row {
    models: Vec<String>,
    facts: Map<String, Value>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    // A test checks that the table can be read.
    serde_json::from_str(include_str!("endpoint_profiles.json")).unwrap_or_default()
});

impl EndpointProfile {
    /// Returns the profile for models that are not in the table: it rejects nothing.
    pub fn permissive() -> Self {
        Self {
            retired: false,
            inference_profile_only: false,
            counts_tokens: true,
            merges_roles: true,
            refuses_system_role: false,
            refuses_result_status: false,
            checks_image_bytes: false,
            max_media: None,
            request_fields: None,
            output_in_window: false,
            overflow: OverflowMessage::InputTooLong,
        }
    }

    /// Returns the profile of a model id, an inference profile id or an ARN that contains one of them.
    pub fn of(model_id: &str) -> Self {
        let mut facts = Map::new();
        for row in rows_for_model(&TABLE, model_id, |row| &row.models) {
            facts.extend(row.facts.clone());
        }
        serde_json::from_value(facts.into()).unwrap_or_default()
    }
}

impl Default for EndpointProfile {
    fn default() -> Self {
        Self::permissive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Reading a profile ignores unknown members, so a misspelt fact in the table would go unnoticed.
    #[test]
    fn the_table_has_known_facts_only() {
        let table: Vec<Row> = serde_json::from_str(include_str!("endpoint_profiles.json")).unwrap();
        let known = serde_json::to_value(EndpointProfile::permissive()).unwrap();
        for row in &table {
            for name in row.facts.keys() {
                assert!(known.get(name).is_some(), "unknown fact {name:?} in the row of {:?}", row.models);
            }
            serde_json::from_value::<EndpointProfile>(row.facts.clone().into())
                .unwrap_or_else(|error| panic!("row of {:?}: {error}", row.models));
        }
        assert!(table.len() > 10, "{}", table.len());
    }

    #[test]
    fn a_longer_prefix_wins() {
        let overflow = |model_id| EndpointProfile::of(model_id).overflow;
        assert_eq!(overflow("us.anthropic.claude-sonnet-4-5-20250929-v1:0"), OverflowMessage::InputTooLong);
        assert_eq!(overflow("us.anthropic.claude-sonnet-4-6"), OverflowMessage::PromptTooLong);
        assert!(EndpointProfile::of("anthropic.claude-3-haiku-20240307-v1:0").refuses_system_role);
        assert!(!EndpointProfile::of("anthropic.claude-opus-4-8").refuses_system_role);
        assert!(EndpointProfile::of("writer.palmyra-x5-v1:0").refuses_result_status);
    }
}
