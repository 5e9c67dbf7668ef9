//! What the service refuses, and in which words.
//!
//! [`judge`] reads the JSON of a request, as any client wrote it, and says what the service would say in place of
//! an answer. What depends on the model is in its [`Profile`] and [`EndpointProfile`]; no rule
//! knows a model by its name.
//!
//! # Order
//! As in the service: JSON types, constraints of the members (all in one message, paths counted from 1), the
//! model id, Converse's own checks (paths counted from 0), then the checks of the model itself, whose words begin with
//! `The model returned the following errors: `. The first refusal is the answer.
//!
//! # Words
//! Each text stands once, in the file of its rule: [`shape`], [`constraints`], [`model`], [`conversation`],
//! [`tools`], [`pairing`], [`media`], [`caching`], [`thinking`], [`sampling`], [`schema`], [`size`]. They are the service's own
//! words, as recorded or told by people who got them, but for those marked *guess* in a comment.
//!
//! # Thinking
//! A signature that this endpoint issued is checked. One that does not look like ours may be the service's own:
//! it is let through, unless [`Judge::own_signatures_only`] is set.
//!
//! # What is let through
//! - An unknown model: only what all of Bedrock refuses is refused.
//! - What only AWS can know: access to models, guardrails, prompts, objects in S3, quotas.
//! - Members that the service does not know beside those it knows: it ignores them, except inside
//!   `additionalModelRequestFields`.
//! - Tokens are estimated, and low: near the limit of a context window nothing is refused.

use outcrop_core::Profile;
use serde_json::Value;

use crate::{EndpointProfile, Operation};

mod caching;
mod constraints;
mod conversation;
mod media;
mod model;
mod pairing;
mod read;
mod sampling;
mod schema;
mod shape;
mod size;
mod thinking;
mod tools;

#[cfg(test)]
mod tests;

use read::Asked;

/// A request turned down, as the service turns it down.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status, 200 where [`Refusal::in_stream`].
    pub status: u16,
    /// The type of the error, such as `ValidationException`.
    pub code: &'static str,
    /// The service's words.
    pub message: String,
    /// Whether it comes as the first frame of a stream, behind status 200. Only for streams.
    pub in_stream: bool,
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), in_stream: false }
    }

    /// A check of the service itself.
    fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    /// A check of the model behind the service.
    fn by_model(message: impl AsRef<str>) -> Self {
        Self::validation(format!("The model returned the following errors: {}", message.as_ref()))
    }

    fn serialization(message: impl Into<String>) -> Self {
        Self::new(400, "SerializationException", message)
    }

    /// Found only after the stream has begun.
    fn late(mut self, asked: &Asked<'_>) -> Self {
        if asked.operation == Operation::ConverseStream {
            self.in_stream = true;
            self.status = 200;
        }
        self
    }

    /// The name of the exception in a frame, such as `validationException`.
    pub fn exception_type(&self) -> String {
        let mut letters = self.code.chars();
        letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
    }
}

/// What a rule says.
type Verdict = Result<(), Refusal>;
type Rule = fn(&Asked<'_>) -> Verdict;

/// In the order of the service: the first that is broken answers.
const RULES: &[(&str, Rule)] = &[
    ("unions", shape::unions),
    ("document sources", shape::document_sources),
    ("conversation start", conversation::starts_with_user),
    ("alternation", conversation::alternates),
    ("empty content", conversation::content_is_there),
    ("blank text", conversation::text_is_there),
    ("system prompt", conversation::system_prompt),
    ("system role", conversation::system_role),
    ("reasoning of users", conversation::reasoning_of_users),
    ("JSON objects", tools::json_objects),
    ("tool support", tools::support),
    ("tool choice", tools::choice),
    ("tool config", pairing::config_is_there),
    ("duplicate ids", pairing::unique_ids),
    ("tool pairing", pairing::answered),
    ("error content", pairing::error_content),
    ("co-location", pairing::co_location),
    ("status", tools::status),
    ("media kinds", media::kinds),
    ("media in S3", media::s3),
    ("documents beside text", media::documents_need_text),
    ("document names", media::document_names),
    ("citations", media::citations),
    ("cache support", caching::support),
    ("cache places", caching::places),
    ("output config", schema::output_config),
    ("output tokens", size::output_tokens),
    ("image bytes", media::image_bytes),
    ("S3 documents in results", media::s3_results),
    // From here on the model speaks.
    ("request fields", sampling::request_fields),
    ("own tools", sampling::own_tools),
    ("thinking type", thinking::kind),
    ("thinking budget", thinking::budget),
    ("sampling", sampling::settings),
    ("sampling while thinking", sampling::while_thinking),
    ("tool choices", tools::two_choices),
    ("strict tools", schema::strict_support),
    ("schemas", schema::schemas),
    ("schema limits", schema::limits),
    ("citations with output", schema::citations),
    ("result text", conversation::result_text),
    ("prefill", conversation::prefill),
    ("forced choice", tools::forced_choice),
    ("thinking first", thinking::comes_first),
    ("thinking signatures", thinking::signatures),
    ("S3 documents", media::s3_documents),
    ("cache count", caching::count),
    ("cache order", caching::order),
    ("media count", size::media_count),
    ("window", size::window),
];

/// Judges requests as the service would.
///
/// ```
/// use outcrop_local::{Judge, Operation};
/// let body = br#"{"messages":[{"role":"user","content":[{"text":" "}]}]}"#;
/// let refusal = Judge::of("us.amazon.nova-lite-v1:0").judge(Operation::Converse, body).unwrap_err();
/// assert_eq!((refusal.status, refusal.code), (400, "ValidationException"));
/// assert_eq!(
///     refusal.message,
///     "The text field in the ContentBlock object at messages.0.content.0 is blank. \
///      Add text to the text field, and try again.",
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Judge {
    model_id: String,
    profile: Profile,
    endpoint: EndpointProfile,
    own_signatures_only: bool,
}

impl Judge {
    /// For calls of a model.
    pub fn of(model_id: &str) -> Self {
        Self {
            model_id: model_id.to_owned(),
            profile: Profile::of(model_id),
            endpoint: EndpointProfile::of(model_id),
            own_signatures_only: false,
        }
    }

    /// Sets what the model accepts. Needed if the model id does not name the model, as the ARN of an application
    /// inference profile; set [`Judge::endpoint_profile`] too.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets how the service handles calls of the model.
    #[must_use]
    pub fn endpoint_profile(mut self, profile: EndpointProfile) -> Self {
        self.endpoint = profile;
        self
    }

    /// Refuses signatures of thinking that this endpoint did not issue. Without this they are let
    /// through, since they may be the service's own.
    #[must_use]
    pub fn own_signatures_only(mut self) -> Self {
        self.own_signatures_only = true;
        self
    }

    /// Judges the body of one request.
    ///
    /// # Errors
    /// What the service would answer in place of the model.
    pub fn judge(&self, operation: Operation, body: &[u8]) -> Result<(), Refusal> {
        if operation == Operation::Other {
            return Ok(());
        }
        // Guess: the words. The type and the status are those of AWS services that speak JSON.
        let whole: Value = serde_json::from_slice(body)
            .map_err(|_| Refusal::serialization("The body of the request is not valid JSON."))?;
        shape::is_object(&whole)?;
        let asked_for = match operation {
            Operation::CountTokens => match whole.pointer("/input/converse") {
                Some(converse) => converse,
                // What InvokeModel takes is each vendor's own.
                None => return model::exists(&self.model_id),
            },
            _ => &whole,
        };
        shape::types(asked_for)?;
        constraints::hold(asked_for)?;
        model::exists(&self.model_id)?;
        let asked = Asked::read(self, operation, asked_for, body.len());
        model::can_be_called(&asked)?;
        RULES.iter().try_for_each(|(_, rule)| rule(&asked))
    }
}

/// Judges the body of a request as the service would; see [`Judge`] for more to say.
///
/// # Errors
/// What the service would answer in place of the model.
pub fn judge(model_id: &str, operation: Operation, body: &[u8]) -> Result<(), Refusal> {
    Judge::of(model_id).judge(operation, body)
}
