//! Our bytes in; status, headers and body out. The SDK resolves, signs, sends, and retries before the first byte.
//!
//! One [`Exchange`] rides along with each operation as an interceptor. Before each attempt is signed it puts our
//! bytes in place of what the SDK would have written; on a 2xx answer it takes the raw body away before the SDK
//! reads it and leaves `{}`, which every operation's deserializer takes.
//!
//! # Invariants
//! - Each attempt sends the same bytes, and its signature is over them.
//! - The body of a 2xx answer is untouched: nothing of it is read, buffered or retried here.
//! - Any other answer stays with the SDK, which classes it for retries; its status, headers and bytes are copied
//!   into our [`Error`].

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_bedrockruntime::{
    Client,
    config::{
        Builder, ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut},
        retry::RetryConfig,
    },
    types::{ConverseTokensRequest, CountTokensInput},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{orchestrator::HttpResponse, result::SdkError},
    http::Headers,
};
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use tokio::time::Instant;

use crate::{
    alarm::Alarm,
    error::{Error, ServiceError, TimeoutError, TimeoutKind, TransportError, TransportKind},
};

/// The operations that we send. One of InvokeModel's would be one more variant and one more arm in [`send`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Converse,
    ConverseStream,
    CountTokens,
}

/// Where a request goes, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Destination<'a> {
    pub(crate) operation: Operation,
    pub(crate) model_id: &'a str,
    /// The SDK does not retry.
    pub(crate) single_attempt: bool,
}

/// What is known of a 2xx answer before its body is read.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) request_id: Option<String>,
    /// How often the request was sent, this answer's attempt included.
    pub(crate) attempts: u32,
}

/// A 2xx answer, its body still on the wire.
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: SdkBody,
}

/// A time limit that began at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) kind: TimeoutKind,
    pub(crate) length: Duration,
    pub(crate) until: Instant,
}

impl Limit {
    /// A limit that begins now.
    pub(crate) fn new(kind: TimeoutKind, length: Duration) -> Option<Self> {
        // A length beyond what the clock can tell is no limit.
        Some(Self { kind, length, until: Instant::now().checked_add(length)? })
    }

    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// Sends `body` and returns the answer, which is 2xx; `limit` bounds the wait for its
/// headers, the SDK's retries included.
///
/// Dropping the future ends the exchange.
pub(crate) async fn send(
    client: &Client,
    to: Destination<'_>,
    body: Bytes,
    limit: Option<Limit>,
    alarm: &mut Alarm,
) -> Result<Answer, Error> {
    let exchange = Exchange::new(body);
    let sent = pin!(send_through(client, to, &exchange));
    match limit {
        None => sent.await,
        Some(limit) => alarm.limit(limit.until, sent).await.unwrap_or_else(|| {
            let attempts = exchange.with_progress(|progress| progress.attempts);
            Err(TimeoutError::new(limit.kind, Some(limit.length), attempts).into())
        }),
    }
}

async fn send_through(client: &Client, to: Destination<'_>, exchange: &Exchange) -> Result<Answer, Error> {
    let Destination { operation, model_id, single_attempt } = to;
    // The three builders share no trait that could be named outside of the SDK.
    macro_rules! through {
        ($builder:expr) => {{
            let mut operation = $builder.model_id(model_id).customize().interceptor(exchange.clone());
            if single_attempt {
                operation =
                    operation.config_override(Builder::default().retry_config(RetryConfig::disabled()));
            }
            match operation.send().await {
                Ok(_) => exchange.take_answer(),
                Err(error) => Err(exchange.refused(error)),
            }
        }};
    }
    match operation {
        Operation::Converse => through!(client.converse()),
        Operation::ConverseStream => through!(client.converse_stream()),
        Operation::CountTokens => {
            // `input` is required by the SDK; our bytes replace it.
            let placeholder = CountTokensInput::Converse(ConverseTokensRequest::builder().build());
            through!(client.count_tokens().input(placeholder))
        }
    }
}

/// What one operation sends and what it got; shared with the SDK while the operation runs.
#[derive(Clone)]
struct Exchange {
    body: Bytes,
    progress: Arc<Mutex<Progress>>,
}

#[derive(Default)]
struct Progress {
    attempts: u32,
    answer: Option<Answer>,
}

impl Exchange {
    fn new(body: Bytes) -> Self {
        Self { body, progress: Arc::default() }
    }

    fn with_progress<T>(&self, act: impl FnOnce(&mut Progress) -> T) -> T {
        act(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_answer(&self) -> Result<Answer, Error> {
        let (answer, attempts) = self.with_progress(|progress| (progress.answer.take(), progress.attempts));
        answer.ok_or_else(|| {
            let source = "the SDK reported success but gave no response".into();
            TransportError::new(TransportKind::Other, attempts, source).into()
        })
    }

    /// Our error for an operation that the SDK gave up.
    fn refused<E>(&self, error: SdkError<E, HttpResponse>) -> Error
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let attempts = self.with_progress(|progress| progress.attempts);
        if let SdkError::ServiceError(refusal) = &error {
            let raw = refusal.raw();
            let headers = raw.headers();
            let body = Bytes::copy_from_slice(raw.body().bytes().unwrap_or_default());
            return ServiceError::from_http(raw.status().as_u16(), |name| headers.get(name), body, attempts)
                .into();
        }
        let request_id = error.raw_response().and_then(|raw| request_id(raw.headers()));
        let kind = match &error {
            SdkError::TimeoutError(_) => None,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => None,
            SdkError::DispatchFailure(failure) if failure.is_io() => Some(TransportKind::Io),
            // The body of a refusal broke off.
            SdkError::ResponseError(_) => Some(TransportKind::Io),
            SdkError::ConstructionFailure(_) => Some(TransportKind::Request),
            _ => Some(TransportKind::Other),
        };
        let source: BoxError = error.into_source().unwrap_or_else(Into::into);
        let Some(kind) = kind else {
            return TimeoutError::new(TimeoutKind::Sdk, None, attempts)
                .with_request_id(request_id)
                .with_source(source)
                .into();
        };
        let kind =
            if TransportError::is_about_credentials(&*source) { TransportKind::Credentials } else { kind };
        TransportError::new(kind, attempts, source).with_request_id(request_id).into()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("body_len", &self.body.len()).finish_non_exhaustive()
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Exchange {
    fn name(&self) -> &'static str {
        "OutcropExchange"
    }

    // Runs for each attempt, since an attempt starts from the request as the SDK serialized it. It is the hook that
    // `mutate_request` uses.
    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        *request.body_mut() = SdkBody::from(self.body.clone());
        request.headers_mut().try_insert("content-length", self.body.len().to_string())?;
        request.headers_mut().try_insert("content-type", "application/json")?;
        self.with_progress(|progress| progress.attempts += 1);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        if response.status().is_success() {
            let body = std::mem::replace(response.body_mut(), SdkBody::from("{}"));
            let headers = response.headers();
            let mut head = Head {
                status: response.status().as_u16(),
                content_type: headers.get("content-type").map(str::to_owned),
                request_id: request_id(headers),
                attempts: 0,
            };
            self.with_progress(|progress| {
                head.attempts = progress.attempts;
                progress.answer = Some(Answer { head, body });
            });
        }
        Ok(())
    }
}

fn request_id(headers: &Headers) -> Option<String> {
    headers.get("x-amzn-requestid").or_else(|| headers.get("x-amz-request-id")).map(str::to_owned)
}
