//! From what the caller set to a client of the SDK.
//!
//! # Invariants
//! - What was set in code wins over what an injected configuration, an injected client or the environment says.
//! - With a region and credentials (or a token) from code, neither the environment nor the instance metadata service
//!   is asked.
//! - A handle has its own budget of retries, unless a client was injected: the SDK's default is one for the process and
//!   region, so that one tenant's throttling would take away another's retries.
//! - Stalled-stream protection is always off: it would break, retry and bill anew an answer that pauses.

use std::{fmt, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_bedrockruntime::{
    Client, Config,
    config::{
        BehaviorVersion, Builder, Credentials, Region, SharedCredentialsProvider,
        StalledStreamProtectionConfig, Token,
        retry::{RetryConfig, RetryPartition},
        timeout::TimeoutConfig,
    },
};
use aws_smithy_runtime_api::client::auth::{AuthSchemeId, http::HTTP_BEARER_AUTH_SCHEME_ID};

/// Why a [`Bedrock`](crate::Bedrock) could not be made.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Nothing names a region, and there is no default: the wrong one would bill and store data in the wrong place.
    #[error(
        "no AWS region: set it with .region(\"us-east-1\"), in AWS_REGION, or as `region` of the profile in \
         ~/.aws/config"
    )]
    MissingRegion,
    /// The model id is empty.
    #[error("the model id is empty")]
    EmptyModelId,
    /// A profile was named beside an injected client or configuration, which was made without it.
    #[error("profile `{0}` cannot apply to an injected client or SdkConfig: load the SdkConfig with it")]
    UnusedProfile(String),
}

/// Where the configuration begins.
pub(crate) enum Base {
    /// Code alone if that is enough, else the default chain of aws-config.
    Default,
    Sdk(Box<SdkConfig>),
    Client(Client),
}

/// What the caller set.
pub(crate) struct Settings {
    pub(crate) base: Base,
    pub(crate) region: Option<String>,
    pub(crate) profile: Option<String>,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) bearer_token: Option<String>,
    pub(crate) endpoint_url: Option<String>,
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) max_attempts: Option<u32>,
}

/// Newer versions may change defaults; this crate's tests were run with this one.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

impl Settings {
    pub(crate) fn new() -> Self {
        Self {
            base: Base::Default,
            region: None,
            profile: None,
            credentials: None,
            bearer_token: None,
            endpoint_url: None,
            connect_timeout: None,
            max_attempts: None,
        }
    }

    pub(crate) async fn into_client(mut self) -> Result<Client, ConfigError> {
        let own_budget = !matches!(self.base, Base::Client(_));
        let builder = match std::mem::replace(&mut self.base, Base::Default) {
            Base::Default if self.is_enough() => Builder::new().behavior_version(behavior()),
            Base::Default => Builder::from(&self.load().await),
            Base::Sdk(_) | Base::Client(_) if self.profile.is_some() => {
                return Err(ConfigError::UnusedProfile(self.profile.unwrap_or_default()));
            }
            Base::Sdk(config) => {
                let version = config.behavior_version().unwrap_or_else(behavior);
                Builder::from(&*config).behavior_version(version)
            }
            Base::Client(client) => client.config().to_builder(),
        };
        let builder = if own_budget {
            builder.retry_partition(RetryPartition::custom("outcrop").build())
        } else {
            builder
        };
        let config = self.apply(builder.build());
        match config.region() {
            Some(region) if !region.as_ref().trim().is_empty() => Ok(Client::from_conf(config)),
            _ => Err(ConfigError::MissingRegion),
        }
    }

    /// Whether code said all that a client needs.
    fn is_enough(&self) -> bool {
        self.region.is_some()
            && self.profile.is_none()
            && (self.credentials.is_some() || self.bearer_token.is_some())
    }

    async fn load(&self) -> SdkConfig {
        let mut loader = aws_config::defaults(behavior());
        if let Some(region) = &self.region {
            loader = loader.region(Region::new(region.clone()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(credentials) = &self.credentials {
            loader = loader.credentials_provider(SharedCredentialsProvider::new(credentials.clone()));
        }
        loader.load().await
    }

    fn apply(self, config: Config) -> Config {
        let mut builder =
            config.to_builder().stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(region) = self.region {
            builder = builder.region(Region::new(region));
        }
        if let Some(credentials) = self.credentials {
            // The environment may hold a token, which the SDK would prefer.
            builder = builder
                .credentials_provider(credentials)
                .auth_scheme_preference([AuthSchemeId::new("sigv4")]);
        }
        if let Some(token) = self.bearer_token {
            builder = builder
                .bearer_token(Token::new(token, None))
                .auth_scheme_preference([HTTP_BEARER_AUTH_SCHEME_ID]);
        }
        if let Some(url) = self.endpoint_url {
            builder = builder.endpoint_url(url);
        }
        if let Some(limit) = self.connect_timeout {
            let timeouts =
                config.timeout_config().map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder);
            builder = builder.timeout_config(timeouts.connect_timeout(limit).build());
        }
        if let Some(attempts) = self.max_attempts {
            let retries = config.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
            builder = builder.retry_config(retries.with_max_attempts(attempts.max(1)));
        }
        builder.build()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("region", &self.region)
            .field("profile", &self.profile)
            .field("endpoint_url", &self.endpoint_url)
            .field("credentials", &self.credentials.is_some())
            .field("bearer_token", &self.bearer_token.is_some())
            .finish_non_exhaustive()
    }
}
