//! Signatures, tokens, secrets.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use aws_smithy_types::date_time::{DateTime, Format};
use outcrop_bedrock::{
    Bedrock, ConfigError, Error, TransportKind,
    aws_config::{BehaviorVersion, Region, SdkConfig},
};

use crate::{
    server::{Reply, Seen, Server},
    support::{HI, MODEL, builder, request},
};

/// The `authorization` that the bytes received should carry.
fn expected_authorization(seen: &Seen, server: &Server, token: Option<&str>) -> String {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", token.map(str::to_owned), None, "test");
    let identity = credentials.into();
    let date = seen.header("x-amz-date").unwrap();
    let date = format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..8],
        &date[9..11],
        &date[11..13],
        &date[13..15]
    );
    let time = SystemTime::try_from(DateTime::from_str(&date, Format::DateTime).unwrap()).unwrap();
    let params = SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock")
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    // The signer adds the date, the token and the host itself.
    let own = ["authorization", "x-amz-date", "x-amz-security-token", "host"];
    let signed = seen.header("authorization").unwrap();
    let signed = signed.split("SignedHeaders=").nth(1).unwrap().split(',').next().unwrap();
    let headers = seen
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| signed.split(';').any(|signed| signed == *name) && !own.contains(name));
    let url = format!("http://{}{}", server.host(), seen.path);
    let request = SignableRequest::new(&seen.method, url, headers, SignableBody::Bytes(&seen.body)).unwrap();
    let (instructions, _) = sign(request, &params.into()).unwrap().into_parts();
    let (headers, _) = instructions.into_parts();
    headers.iter().find(|header| header.name() == "authorization").unwrap().value().to_owned()
}

#[tokio::test]
async fn each_attempt_is_signed_over_our_bytes() {
    let busy = || Reply::refusal(503, "ServiceUnavailableException", "M");
    let server = Server::start([busy(), busy(), Reply::json(HI)]).await;
    let bedrock = builder(&server).build().await.unwrap();
    bedrock.with_model("anthropic.claude-3-haiku-20240307-v1:0").converse(&request()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 3);
    for (index, one) in seen.iter().enumerate() {
        assert_eq!(one.body, request().to_json_bytes().unwrap());
        assert_eq!(one.header("authorization").unwrap(), expected_authorization(one, &server, None));
        assert_eq!(one.header("amz-sdk-request").unwrap(), format!("attempt={}; max=3", index + 1));
    }
}

#[tokio::test]
async fn a_signature_over_other_bytes_would_differ() {
    let server = Server::start([Reply::json(HI)]).await;
    builder(&server).build().await.unwrap().converse(&request()).await.unwrap();
    let mut seen = server.only();
    seen.body.push(b' ');
    assert_ne!(seen.header("authorization").unwrap(), expected_authorization(&seen, &server, None));
}

#[tokio::test]
async fn the_session_token_is_sent_and_signed() {
    let server = Server::start([Reply::json(HI)]).await;
    let bedrock = builder(&server).static_credentials("AKIDEXAMPLE", "secret", Some("the-session".into()));
    bedrock.build().await.unwrap().converse(&request()).await.unwrap();
    let seen = server.only();
    assert_eq!(seen.header("x-amz-security-token"), Some("the-session"));
    assert_eq!(
        seen.header("authorization").unwrap(),
        expected_authorization(&seen, &server, Some("the-session"))
    );
}

#[tokio::test]
async fn a_token_in_code_wins_over_credentials() {
    let server = Server::start([Reply::json(HI), Reply::json(HI)]).await;
    // Beside an injected configuration, and without one.
    let injected = builder(&server).bearer_token("the-key").build().await.unwrap();
    let alone = Bedrock::builder(MODEL)
        .region("us-east-1")
        .bearer_token("the-key")
        .static_credentials("AKIDEXAMPLE", "secret", None)
        .endpoint_url(server.url())
        .build()
        .await
        .unwrap();
    for bedrock in [injected, alone] {
        bedrock.converse(&request()).await.unwrap();
    }
    for seen in server.seen() {
        assert_eq!(seen.header("authorization"), Some("Bearer the-key"));
        assert_eq!(seen.header("x-amz-date"), None);
    }
}

#[tokio::test]
async fn no_credentials_at_all() {
    let server = Server::start([]).await;
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .build();
    let bedrock =
        Bedrock::builder(MODEL).sdk_config(config).endpoint_url(server.url()).build().await.unwrap();
    let error = bedrock.converse(&request()).await.unwrap_err();
    let Error::Transport(transport) = &error else { panic!("{error}") };
    assert_eq!((transport.kind, error.attempts()), (TransportKind::Credentials, 0), "{error:?}");
    assert!(!error.is_retryable() && error.hint().is_some());
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn secrets_are_not_in_debug() {
    let server = Server::start([]).await;
    let builder = builder(&server)
        .static_credentials("AKIDEXAMPLE", "very-secret", Some("session-secret".into()))
        .bearer_token("token-secret")
        .idle_timeout(Duration::from_secs(1));
    let mut shown = format!("{builder:?}");
    shown += &format!("{:?}", builder.build().await.unwrap());
    assert!(!shown.contains("secret\"") && !shown.contains("-secret"), "{shown}");
    assert!(shown.contains(MODEL) && shown.contains("us-east-1"), "{shown}");
}

#[tokio::test]
async fn what_cannot_be_built() {
    let config = SdkConfig::builder().behavior_version(BehaviorVersion::v2026_01_12()).build();
    let built = Bedrock::builder(MODEL).sdk_config(config.clone()).bearer_token("key").build().await;
    assert_eq!(built.unwrap_err(), ConfigError::MissingRegion);
    let built = Bedrock::builder(MODEL).region(" ").bearer_token("key").build().await;
    assert_eq!(built.unwrap_err(), ConfigError::MissingRegion);
    let built = Bedrock::builder("").region("us-east-1").bearer_token("key").build().await;
    assert_eq!(built.unwrap_err(), ConfigError::EmptyModelId);
    let built = Bedrock::builder(MODEL).sdk_config(config).profile("work").build().await;
    assert_eq!(built.unwrap_err(), ConfigError::UnusedProfile("work".into()));
}

#[tokio::test]
async fn a_configuration_without_a_behavior_version_gets_ours() {
    let server = Server::start([Reply::json(HI)]).await;
    let config = SdkConfig::builder().region(Region::new("us-east-1")).build();
    let bedrock = Bedrock::builder(MODEL).sdk_config(config).bearer_token("key").endpoint_url(server.url());
    assert!(bedrock.build().await.unwrap().converse(&request()).await.is_ok());
    assert_eq!(server.only().header("amz-sdk-request"), Some("attempt=1; max=3"));
}
