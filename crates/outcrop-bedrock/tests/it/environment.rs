//! What the environment says, and that it is not asked where code said all.
//!
//! Each test runs itself once more as a child with an environment of its own: a process has only one.

use std::process::Command;

use outcrop_bedrock::{Bedrock, ConfigError};

use crate::{
    server::{Reply, Server},
    support::{HI, MODEL, request},
};

const CHILD: &str = "OUTCROP_TEST_CHILD";

/// In the parent runs the test `name` in a child with `env` alone and tells whether this is the child.
async fn in_child(name: &str, env: &[(&str, String)]) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", &format!("environment::{name}"), "--nocapture"]);
    child.env_clear().env(CHILD, "1").env("HOME", "/nonexistent").env("AWS_EC2_METADATA_DISABLED", "true");
    child.envs(env.iter().map(|(key, value)| (key, value)));
    let output = tokio::task::spawn_blocking(move || child.output()).await.unwrap().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("1 passed"), "the child ran the test: {told}");
    false
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap()
}

#[tokio::test]
async fn token_region_and_endpoint_from_the_environment() {
    let server = Server::start([Reply::json(HI)]).await;
    let given = [
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment".to_owned()),
        // The token is preferred.
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url()),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
    ];
    if in_child("token_region_and_endpoint_from_the_environment", &given).await {
        let bedrock = Bedrock::from_env(MODEL).await.unwrap();
        assert_eq!(bedrock.region(), Some("eu-west-1"));
        bedrock.converse(&request()).await.unwrap();
        return;
    }
    assert_eq!(server.only().header("authorization"), Some("Bearer from-the-environment"));
}

#[tokio::test]
async fn keys_from_the_environment() {
    let server = Server::start([Reply::json(HI)]).await;
    let given = [
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "AKIDFROMENV".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("AWS_SESSION_TOKEN", "the-session".to_owned()),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url()),
    ];
    if in_child("keys_from_the_environment", &given).await {
        Bedrock::from_env(MODEL).await.unwrap().converse(&request()).await.unwrap();
        return;
    }
    let seen = server.only();
    let authorization = seen.header("authorization").unwrap();
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=AKIDFROMENV/"), "{authorization}");
    assert_eq!(seen.header("x-amz-security-token"), Some("the-session"));
}

#[tokio::test]
async fn code_wins_over_the_environment() {
    let server = Server::start([Reply::json(HI), Reply::json(HI)]).await;
    let given = [
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment".to_owned()),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:1".to_owned()),
        ("SERVER", server.url()),
    ];
    if in_child("code_wins_over_the_environment", &given).await {
        // The region comes from the environment, so all of it is loaded.
        let builder = || Bedrock::builder(MODEL).endpoint_url(env("SERVER"));
        let bedrock = builder().static_credentials("AKIDFROMCODE", "secret", None).build().await.unwrap();
        assert_eq!(bedrock.region(), Some("eu-west-1"));
        bedrock.converse(&request()).await.unwrap();
        builder().bearer_token("from-code").build().await.unwrap().converse(&request()).await.unwrap();
        return;
    }
    let sent =
        server.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect::<Vec<_>>();
    assert!(sent[0].starts_with("AWS4-HMAC-SHA256 Credential=AKIDFROMCODE/"), "{sent:?}");
    assert_eq!(sent[1], "Bearer from-code");
}

#[tokio::test]
async fn no_region_is_an_error_that_says_so() {
    let given = [("AWS_BEARER_TOKEN_BEDROCK", "key".to_owned())];
    if in_child("no_region_is_an_error_that_says_so", &given).await {
        let error = Bedrock::from_env(MODEL).await.unwrap_err();
        assert_eq!(error, ConfigError::MissingRegion);
        assert!(error.to_string().contains("AWS_REGION"));
    }
}

#[tokio::test]
async fn no_credentials_are_an_error_that_says_so() {
    if in_child("no_credentials_are_an_error_that_says_so", &[("AWS_REGION", "us-east-1".to_owned())]).await {
        let error = Bedrock::from_env(MODEL).await.unwrap().converse(&request()).await.unwrap_err();
        assert_eq!(
            (error.to_string().as_str(), error.attempts()),
            ("no credentials for Bedrock", 0),
            "{error:?}"
        );
        assert!(!error.is_retryable() && error.hint().is_some());
    }
}

#[tokio::test]
async fn nothing_is_asked_where_code_says_all() {
    let server = Server::start([Reply::json(HI)]).await;
    let metadata = Server::start([]).await;
    let given = [
        ("AWS_PROFILE", "no-such-profile".to_owned()),
        ("AWS_REGION", "eu-west-1".to_owned()),
        ("AWS_BEARER_TOKEN_BEDROCK", "from-the-environment".to_owned()),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "false".to_owned()),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url()),
        ("SERVER", server.url()),
    ];
    if in_child("nothing_is_asked_where_code_says_all", &given).await {
        let bedrock = Bedrock::builder(MODEL)
            .region("us-east-1")
            .static_credentials("AKIDFROMCODE", "secret", None)
            .endpoint_url(env("SERVER"))
            .build()
            .await
            .unwrap();
        bedrock.converse(&request()).await.unwrap();
        return;
    }
    let seen = server.only();
    let authorization = seen.header("authorization").unwrap();
    assert!(
        authorization.contains("Credential=AKIDFROMCODE/") && authorization.contains("/us-east-1/bedrock/")
    );
    assert_eq!(metadata.seen().len(), 0, "the metadata service was asked");
}

/// The profile gives what code and the environment do not.
#[tokio::test]
async fn a_profile_by_name() {
    let server = Server::start([Reply::json(HI)]).await;
    let dir = std::env::temp_dir().join(format!("outcrop-bedrock-profile-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let config = dir.join("config");
    let text = format!(
        "[profile work]\nregion = ap-south-1\naws_access_key_id = AKIDOFWORK\naws_secret_access_key = secret\n\
         endpoint_url = {}\n",
        server.url()
    );
    std::fs::write(&config, text).unwrap();
    let given = [("AWS_CONFIG_FILE", config.display().to_string())];
    if in_child("a_profile_by_name", &given).await {
        let bedrock = Bedrock::builder(MODEL).profile("work").build().await.unwrap();
        assert_eq!(bedrock.region(), Some("ap-south-1"));
        bedrock.converse(&request()).await.unwrap();
        return;
    }
    let seen = server.only();
    assert!(seen.header("authorization").unwrap().contains("Credential=AKIDOFWORK/"));
    std::fs::remove_dir_all(dir).unwrap();
}
