//! Who may ask, over HTTP. The rules of signatures themselves are tested beside them.

use std::time::SystemTime;

use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use outcrop_local::{Auth, Credentials, Local, Operation, Running, Script};

use crate::client::{Answer, post_with};

const HELLO: &str = r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#;
const PATH: &str =
    "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse";

async fn start(auth: &str) -> Running {
    let script = Script::new().answer("a").answer("b");
    Local::script(script).auth(auth.parse().unwrap()).faults_by_header().start().await.unwrap()
}

/// Signs as the SDK does, and says the same with `headers` added.
async fn ask_signed(local: &Running, secret: &str) -> Answer {
    let identity = aws_credential_types::Credentials::new("AKID", secret, None, None, "test").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("bedrock")
        .time(SystemTime::now())
        .settings(SigningSettings::default());
    let params = params.build().unwrap().into();
    let uri = format!("http://x{PATH}");
    let body = SignableBody::Bytes(HELLO.as_bytes());
    let request = SignableRequest::new("POST", uri, [("host", "x")].into_iter(), body).unwrap();
    let (signed, _) = sign(request, &params).unwrap().into_parts();
    let headers: Vec<_> = signed.headers().collect();
    post_with(local.address(), PATH, &headers, HELLO).await
}

fn refused(answer: &Answer, error_type: &str, message: &str) {
    let origin = "http://internal.amazon.com/coral/com.amazon.coral.service/";
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("x-amzn-errortype"), Some(format!("{error_type}:{origin}").as_str()));
    assert_eq!(answer.body(), serde_json::json!({ "message": message }).to_string());
    assert!(answer.header("x-amzn-requestid").is_some());
}

#[tokio::test]
async fn signed_requests_pass() {
    let local = start("sigv4:AKID:secret:us-east-1").await;
    assert_eq!(ask_signed(&local, "secret").await.status, 200);
    let wrong = ask_signed(&local, "other").await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.header("x-amzn-errortype").unwrap().starts_with("InvalidSignatureException:"));
    let none = post_with(local.address(), PATH, &[], HELLO).await;
    refused(&none, "MissingAuthenticationTokenException", "Missing Authentication Token");
    // Refused ones are noted too, and use up no answer.
    assert_eq!(local.requests().len(), 3);
    assert_eq!(local.requests()[2].operation, Operation::Converse);
    assert!(ask_signed(&local, "secret").await.body().contains(r#"[{"text":"b"}]"#));
}

#[tokio::test]
async fn tokens_pass() {
    let local = start("bearer:my:token").await;
    let ask = async |value: &str| post_with(local.address(), PATH, &[("authorization", value)], HELLO).await;
    assert_eq!(ask("Bearer my:token").await.status, 200);
    let message = "Authentication failed: Please make sure your API Key is valid.";
    refused(&ask("Bearer your:token").await, "AccessDeniedException", message);
    let message = "The security token included in the request is invalid.";
    refused(&ask_signed(&local, "secret").await, "UnrecognizedClientException", message);
}

#[tokio::test]
async fn who_may_not_ask_gets_no_fault() {
    let local = start("bearer:t").await;
    let headers = [("x-outcrop-fault", "throttling")];
    let answer = post_with(local.address(), PATH, &headers, HELLO).await;
    refused(&answer, "MissingAuthenticationTokenException", "Missing Authentication Token");
}

#[tokio::test]
async fn off_takes_anything() {
    let local = Local::script(Script::new().answer("a").answer("b")).start().await.unwrap();
    assert_eq!(ask_signed(&local, "secret").await.status, 200);
    assert_eq!(post_with(local.address(), PATH, &[("authorization", "x")], HELLO).await.status, 200);
    assert_eq!(Auth::default(), Auth::Off);
    assert!(!format!("{:?}", Credentials::new("a", "hush")).contains("hush"));
}
