//! The handle on one model.

use std::{fmt, sync::Arc};

use aws_sdk_bedrockruntime::Client;
use bytes::Bytes;
use outcrop_core::{Fact, Profile, Request, Response, profile::bare_model_id, wire::Delivery};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    alarm::Alarm,
    body::{read_excerpt, read_whole},
    builder::{BedrockBuilder, Timeouts},
    config::ConfigError,
    error::{Error, TimeoutKind, TransportError, TransportKind, UnexpectedResponse},
    event_stream::EventStream,
    learned::{Learned, Lesson},
    transport::{Answer, Destination, Head, Limit, Operation, send},
};

/// A model of Amazon Bedrock: what is needed to call it. Cheap to clone, safe to share.
///
/// Clones share connections, credentials, the limit of [`max_concurrent_calls`] and what was learned from refusals.
/// Make one per account and region, not one per call; connections are opened as needed, without a limit.
///
/// ```
/// use outcrop_bedrock::Bedrock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), outcrop_bedrock::ConfigError> {
/// let sonnet = Bedrock::builder("us.anthropic.claude-sonnet-4-6")
///     .region("us-east-1")
///     .static_credentials("AKIDEXAMPLE", "secret", None)
///     .build()
///     .await?;
/// let nova = sonnet.with_model("us.amazon.nova-2-lite-v1:0");
/// assert_eq!(nova.model_id(), "us.amazon.nova-2-lite-v1:0");
/// # Ok(())
/// # }
/// ```
///
/// [`max_concurrent_calls`]: BedrockBuilder::max_concurrent_calls
#[derive(Clone)]
pub struct Bedrock {
    model_id: Arc<str>,
    profile: Arc<Profile>,
    shared: Arc<Shared>,
    single_attempt: bool,
}

pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) timeouts: Timeouts,
    pub(crate) learned: Learned,
    pub(crate) limiter: Option<Arc<Semaphore>>,
}

/// What is known of an answer besides its content.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseMeta {
    /// The service's id of the request, from `x-amzn-requestid`.
    pub request_id: Option<String>,
    /// How often the request was sent, the SDK's retries included.
    pub attempts: u32,
    /// Whether the answer came as a stream. `false` for Converse, also where [`Bedrock::stream`] had to fall back on it.
    pub streamed: bool,
}

impl ResponseMeta {
    pub(crate) fn of(head: &Head) -> Self {
        Self { request_id: head.request_id.clone(), attempts: head.attempts, streamed: true }
    }
}

impl Bedrock {
    /// The model with region, credentials and endpoint from the environment, as the AWS CLI finds them; also an API
    /// key in `AWS_BEARER_TOKEN_BEDROCK`, which is preferred.
    ///
    /// `model_id` is the id or ARN of a model, inference profile, prompt or custom model, as it stands in the console.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), outcrop_bedrock::ConfigError> {
    /// let bedrock = outcrop_bedrock::Bedrock::from_env("us.anthropic.claude-sonnet-4-6").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ConfigError::MissingRegion`] where nothing names a region; [`ConfigError::EmptyModelId`].
    pub async fn from_env(model_id: impl Into<String>) -> Result<Self, ConfigError> {
        Self::builder(model_id).build().await
    }

    /// Begins to set up a handle on `model_id`.
    pub fn builder(model_id: impl Into<String>) -> BedrockBuilder {
        BedrockBuilder::new(model_id.into())
    }

    pub(crate) fn new(model_id: &str, profile: Option<Profile>, shared: Arc<Shared>) -> Self {
        let profile = profile.unwrap_or_else(|| Profile::of(model_id));
        Self { model_id: model_id.into(), profile: Arc::new(profile), shared, single_attempt: false }
    }

    /// The id or ARN that calls name.
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The AWS region.
    pub fn region(&self) -> Option<&str> {
        self.shared.client.config().region().map(AsRef::as_ref)
    }

    /// Another model over the same connections, credentials and limits; its profile is the table's.
    pub fn with_model(&self, model_id: impl AsRef<str>) -> Self {
        Self::new(model_id.as_ref(), None, Arc::clone(&self.shared))
    }

    /// The same handle, whose calls are sent once: the SDK's own retries are switched off, for callers that retry
    /// themselves.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), outcrop_bedrock::ConfigError> {
    /// # let builder = outcrop_bedrock::Bedrock::builder("us.amazon.nova-2-lite-v1:0").region("us-east-1");
    /// let bedrock = builder.static_credentials("AKIDEXAMPLE", "secret", None).build().await?;
    /// let once = bedrock.single_attempt();
    /// assert_eq!(once.model_id(), bedrock.model_id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn single_attempt(&self) -> Self {
        Self { single_attempt: true, ..self.clone() }
    }

    /// What the model takes: the table of `outcrop-core`, or what [`BedrockBuilder::model_profile`] set, and over it
    /// what this handle and its clones learned from refusals in the last hour.
    pub fn model_profile(&self) -> Profile {
        let facts = self.learned_facts();
        facts.into_iter().fold(Profile::clone(&self.profile), Profile::with_fact)
    }

    /// What refusals of the last hour taught about this model id; to be kept, and given to another handle's
    /// [`teach`](Self::teach). They do not say how old they are nor of which model: keep that beside them.
    ///
    /// ```no_run
    /// use outcrop_bedrock::Bedrock;
    /// use outcrop_core::Fact;
    /// use serde_json::Value;
    ///
    /// fn save(bedrock: &Bedrock) -> serde_json::Result<String> {
    ///     serde_json::to_string(&bedrock.learned_facts())
    /// }
    ///
    /// fn load(bedrock: &Bedrock, saved: &str) -> serde_json::Result<()> {
    ///     // One by one: a newer version may know facts that this one does not.
    ///     let facts: Vec<Value> = serde_json::from_str(saved)?;
    ///     for fact in facts.into_iter().flat_map(serde_json::from_value::<Fact>) {
    ///         bedrock.teach(fact);
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn learned_facts(&self) -> Vec<Fact> {
        self.shared.learned.facts(&self.model_id)
    }

    /// Takes a fact about this model id as learned now; it is believed for 1 h. So one that is saved and taught again
    /// more often than that is believed for good.
    pub fn teach(&self, fact: Fact) {
        self.shared.learned.learn(&self.model_id, Lesson::Fact(fact), None);
    }

    /// Asks for an answer as a whole.
    ///
    /// The wait is as long as the model writes, and an answer that is lost on the way is billed: prefer
    /// [`stream`](Self::stream).
    ///
    /// # Errors
    /// [`Error`]; a body that is not Converse's JSON is [`Error::UnexpectedResponse`].
    pub async fn converse(&self, request: &Request) -> Result<(Response, ResponseMeta), Error> {
        let body = encoded(request.to_json_bytes_for(Delivery::Whole))?;
        self.whole(Operation::Converse, &self.model_id, body, "a Converse response").await
    }

    /// Asks for an answer as a stream, in one ConverseStream call.
    ///
    /// # Errors
    /// [`Error`] for what happens before the first event; later faults come as items of the stream.
    pub async fn converse_stream(&self, request: &Request) -> Result<EventStream, Error> {
        let body = encoded(request.to_json_bytes())?;
        let permit = self.permit().await;
        let Timeouts { first_event, idle, .. } = self.shared.timeouts;
        let first = first_event.and_then(|length| Limit::new(TimeoutKind::FirstEvent, length));
        let mut alarm = Alarm::default();
        let answer = self.send(Operation::ConverseStream, &self.model_id, body, first, &mut alarm).await?;
        if !answer.head.content_type.as_deref().is_none_or(is_event_stream) {
            let start = read_excerpt(answer.body).await;
            return Err(UnexpectedResponse::new("an event stream", &answer.head, &start, None).into());
        }
        let first = first.map(|limit| (limit.length, limit.left()));
        Ok(EventStream::of_wire(answer, first, idle, alarm, permit))
    }

    /// Asks for an answer, streamed where the model can stream.
    ///
    /// Some models do not stream at all, or not with tools: their profile says so, or a refusal does. Then the same
    /// request goes to Converse, and its answer is given out as the events that a stream would have brought
    /// ([`ResponseMeta::streamed`] tells). This handle and its clones remember a refusal for 1 h per model id.
    ///
    /// # Errors
    /// As [`converse_stream`](Self::converse_stream) and [`converse`](Self::converse).
    pub async fn stream(&self, request: &Request) -> Result<EventStream, Error> {
        let known = |lesson| self.shared.learned.recall(&self.model_id, lesson).is_some();
        let no_tools = Lesson::Fact(Fact::NoToolStreaming);
        let streams_this = request.tool_config.is_none() || (self.profile.tools.streams && !known(no_tools));
        if streams_this && !known(Lesson::NoStreaming) {
            match self.converse_stream(request).await {
                Err(error) if matches!(Lesson::of(&error), Some(Lesson::NoStreaming)) => {}
                Err(error) if Lesson::of(&error) == Some(no_tools) => {}
                streamed => return streamed,
            }
        }
        let (response, meta) = self.converse(request).await?;
        Ok(EventStream::of_whole(response.into_events(), meta))
    }

    /// Counts the tokens of the request's input; free of charge.
    ///
    /// Few models can be counted, and those only under their base id: the prefix of an inference profile (`us.`) is
    /// taken off. The refusal of a model that cannot be counted is remembered for 1 h and given again without a call,
    /// with 0 [`attempts`](Error::attempts).
    ///
    /// # Errors
    /// [`Error`]; [`Error::hint`] for models that cannot be counted.
    pub async fn count_tokens(&self, request: &Request) -> Result<u64, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Counted {
            input_tokens: u64,
        }
        if let Some(Some(mut refusal)) = self.shared.learned.recall(&self.model_id, Lesson::NoTokenCount) {
            refusal.attempts = 0;
            return Err(refusal.into());
        }
        let body = encoded(request.to_count_tokens_bytes())?;
        let counted =
            self.whole(Operation::CountTokens, counted_id(&self.model_id), body, "a CountTokens response");
        let (Counted { input_tokens }, _) = counted.await?;
        Ok(input_tokens)
    }

    async fn whole<T: DeserializeOwned>(
        &self,
        operation: Operation,
        model_id: &str,
        body: Bytes,
        expected: &'static str,
    ) -> Result<(T, ResponseMeta), Error> {
        let _permit = self.permit().await;
        let Timeouts { operation: whole, idle, .. } = self.shared.timeouts;
        let limit = whole.and_then(|length| Limit::new(TimeoutKind::Operation, length));
        let answer = self.send(operation, model_id, body, limit, &mut Alarm::default()).await?;
        let head = answer.head;
        let bytes = read_whole(answer.body, &head, idle, limit).await?;
        let read = serde_json::from_slice(&bytes)
            .map_err(|error| UnexpectedResponse::new(expected, &head, &bytes, Some(error.to_string())))?;
        Ok((read, ResponseMeta { streamed: false, ..ResponseMeta::of(&head) }))
    }

    /// Sends, and learns from a refusal.
    async fn send(
        &self,
        operation: Operation,
        model_id: &str,
        body: Bytes,
        limit: Option<Limit>,
        alarm: &mut Alarm,
    ) -> Result<Answer, Error> {
        let to = Destination { operation, model_id, single_attempt: self.single_attempt };
        let sent = send(&self.shared.client, to, body, limit, alarm).await;
        sent.inspect_err(|error| {
            if let Some(lesson) = Lesson::of(error) {
                tracing::debug!(model_id = &*self.model_id, ?lesson, "learned from a refusal");
                self.shared.learned.learn(&self.model_id, lesson, error.as_service().cloned());
            }
        })
    }

    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed.
        Arc::clone(self.shared.limiter.as_ref()?).acquire_owned().await.ok()
    }
}

impl fmt::Debug for Bedrock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bedrock")
            .field("model_id", &self.model_id)
            .field("region", &self.region())
            .finish_non_exhaustive()
    }
}

fn encoded(bytes: Result<Vec<u8>, serde_json::Error>) -> Result<Bytes, Error> {
    bytes
        .map(Bytes::from)
        .map_err(|error| TransportError::new(TransportKind::Request, 0, error.into()).into())
}

fn is_event_stream(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/vnd.amazon.eventstream")
}

/// The id to count under: without the prefix of a geography. An ARN that names no model stays as it is.
fn counted_id(model_id: &str) -> &str {
    let names_model = !model_id.starts_with("arn:") || model_id.contains(":inference-profile/");
    if names_model { bare_model_id(model_id) } else { model_id }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_under_the_base_id() {
        let check = |id, base| assert_eq!(counted_id(id), base);
        check("us.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6");
        check("us-gov.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6");
        check("global.amazon.nova-2-lite-v1:0", "amazon.nova-2-lite-v1:0");
        check("meta.llama3-1-8b-instruct-v1:0", "meta.llama3-1-8b-instruct-v1:0");
        let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6";
        check(profile, "anthropic.claude-sonnet-4-6");
        let application = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc123";
        check(application, application);
    }
}
