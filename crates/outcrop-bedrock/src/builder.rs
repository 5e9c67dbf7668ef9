//! How a [`Bedrock`] is set up.

use std::{fmt, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::{Client, config::Credentials};
use outcrop_core::Profile;
use tokio::sync::Semaphore;

use crate::{
    client::{Bedrock, Shared},
    config::{Base, ConfigError, Settings},
    learned::Learned,
};

/// Time limits that are ours, since the SDK's end where an answer's body begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) operation: Option<Duration>,
    pub(crate) first_event: Option<Duration>,
    pub(crate) idle: Option<Duration>,
}

/// Sets up a [`Bedrock`]; [`Bedrock::builder`] makes it.
///
/// What is set here wins over everything else. With [`region`](Self::region) and either
/// [`static_credentials`](Self::static_credentials) or [`bearer_token`](Self::bearer_token), nothing of the
/// environment is read and no metadata service is asked. Otherwise the default chain of aws-config fills in what is
/// missing: environment, profiles, SSO, web identity, container and instance roles, `AWS_BEARER_TOKEN_BEDROCK`,
/// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`.
///
/// ```
/// use std::time::Duration;
///
/// use outcrop_bedrock::Bedrock;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), outcrop_bedrock::ConfigError> {
/// let bedrock = Bedrock::builder("us.anthropic.claude-sonnet-4-6")
///     .region("us-east-1")
///     .bearer_token("bedrock-api-key-of-the-tenant")
///     .idle_timeout(Duration::from_secs(600))
///     .build()
///     .await?;
/// assert_eq!(bedrock.model_id(), "us.anthropic.claude-sonnet-4-6");
/// assert_eq!(bedrock.region(), Some("us-east-1"));
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build` is called"]
pub struct BedrockBuilder {
    model_id: String,
    model_profile: Option<Profile>,
    settings: Settings,
    timeouts: Timeouts,
    max_concurrent_calls: Option<usize>,
}

impl BedrockBuilder {
    pub(crate) fn new(model_id: String) -> Self {
        let five_minutes = Some(Duration::from_secs(300));
        let timeouts = Timeouts {
            operation: Some(Duration::from_secs(3600)),
            first_event: five_minutes,
            idle: five_minutes,
        };
        Self {
            model_id,
            model_profile: None,
            settings: Settings::new(),
            timeouts,
            max_concurrent_calls: None,
        }
    }

    /// The AWS region, such as `us-east-1`. There is no default.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.settings.region = Some(region.into());
        self
    }

    /// The profile of `~/.aws/config` and `~/.aws/credentials` to use; unless set `AWS_PROFILE`, or `default`.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.settings.profile = Some(profile.into());
        self
    }

    /// What the model takes, in place of what the table of `outcrop-core` says for its id. Needed where the id does not
    /// tell the model, as in the ARN of an application inference profile:
    /// `Profile::of("anthropic.claude-sonnet-4-6")`.
    pub fn model_profile(mut self, profile: Profile) -> Self {
        self.model_profile = Some(profile);
        self
    }

    /// Signs with these keys, whatever the environment holds; a [`bearer_token`](Self::bearer_token) given in code
    /// still wins.
    pub fn static_credentials(
        mut self,
        access_key_id: impl Into<String>,
        secret_access_key: impl Into<String>,
        session_token: Option<String>,
    ) -> Self {
        let (id, secret) = (access_key_id.into(), secret_access_key.into());
        self.settings.credentials = Some(Credentials::new(id, secret, session_token, None, "outcrop"));
        self
    }

    /// Sends this Bedrock API key in place of a signature, even where credentials are there too.
    pub fn bearer_token(mut self, token: impl Into<String>) -> Self {
        self.settings.bearer_token = Some(token.into());
        self
    }

    /// Where to send requests instead of the region's own endpoint, such as `http://127.0.0.1:8080`.
    pub fn endpoint_url(mut self, url: impl Into<String>) -> Self {
        self.settings.endpoint_url = Some(url.into());
        self
    }

    /// Begins with this configuration and not with the environment; replaces a [`client`](Self::client).
    pub fn sdk_config(mut self, config: SdkConfig) -> Self {
        self.settings.base = Base::Sdk(Box::new(config));
        self
    }

    /// Begins with this client's configuration, its HTTP client and interceptors included; replaces an
    /// [`sdk_config`](Self::sdk_config). Its retries and time limits stay unless they are set here, its stalled-stream
    /// protection is turned off.
    pub fn client(mut self, client: Client) -> Self {
        self.settings.base = Base::Client(client);
        self
    }

    /// How long opening a connection may take; 3.1 s unless set.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.settings.connect_timeout = Some(limit);
        self
    }

    /// How long a Converse or CountTokens call may take as a whole, retries and the body included; 1 h unless set,
    /// `None` for no limit. Streams are not bound by it.
    ///
    /// A whole answer is silent until the model has finished, so a short limit ends (and a retry bills) long answers.
    pub fn operation_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.operation = limit.into();
        self
    }

    /// How often a request may be sent in all before the SDK gives up, 3 unless set; 0 counts as 1, which is no
    /// retries. See [`Error::attempts`](crate::Error::attempts).
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.settings.max_attempts = Some(attempts);
        self
    }

    /// How long the first event of a stream may take from the moment of the call; 300 s unless set, `None` for no
    /// limit. The SDK's retries count.
    pub fn first_event_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.first_event = limit.into();
        self
    }

    /// How long a stream may be silent between events, and a body between its bytes; 300 s unless set, `None` for no
    /// limit.
    ///
    /// Without fine-grained tool streaming Claude holds back each parameter of a tool until it is complete; six
    /// minutes of silence were seen for one large file. Raise this where tools take long texts.
    pub fn idle_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.timeouts.idle = limit.into();
        self
    }

    /// How many calls of this handle and its clones may run at once; further ones wait, a stream counts until it ends
    /// or is dropped. No limit unless set: the SDK's connection pool has none either. 0 counts as 1.
    pub fn max_concurrent_calls(mut self, calls: usize) -> Self {
        self.max_concurrent_calls = Some(calls.max(1));
        self
    }

    /// Makes the handle. No request is sent; credentials are fetched with the first call.
    ///
    /// # Errors
    /// [`ConfigError`]: no region, no model id, or a profile beside an injected configuration.
    ///
    /// # Panics
    /// When an injected configuration lacks what the SDK itself insists on, such as an HTTP client in a build without
    /// the default one.
    pub async fn build(self) -> Result<Bedrock, ConfigError> {
        if self.model_id.trim().is_empty() {
            return Err(ConfigError::EmptyModelId);
        }
        let permits = self.max_concurrent_calls.map(|calls| calls.min(Semaphore::MAX_PERMITS));
        let shared = Shared {
            client: self.settings.into_client().await?,
            timeouts: self.timeouts,
            learned: Learned::default(),
            limiter: permits.map(|permits| Arc::new(Semaphore::new(permits))),
        };
        Ok(Bedrock::new(&self.model_id, self.model_profile, Arc::new(shared)))
    }
}

impl fmt::Debug for BedrockBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BedrockBuilder")
            .field("model_id", &self.model_id)
            .field("settings", &self.settings)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}
