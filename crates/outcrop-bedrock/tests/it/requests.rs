//! What goes out: our bytes, to the right place.

use std::time::Duration;

use outcrop_bedrock::{
    Bedrock,
    aws_config::{Region, retry::RetryConfig},
    aws_sdk_bedrockruntime::{
        Client, Config,
        config::{BehaviorVersion, Token},
    },
};
use outcrop_core::{Message, RawJson, Request, wire::InferenceConfig};

use crate::{
    server::{Reply, Server},
    support::{HI, MODEL, bedrock, builder, drain, hi, request},
};

/// A request that the SDK's own writer would change: numbers, order of members, members it does not know.
fn odd_request() -> Request {
    let fields = r#"{"zeta":1,"alpha":{"t":0.7,"big":123456789012345678901234567890},"mid":[1e2]}"#;
    Request::new()
        .messages([Message::user("Größe?")])
        .inference_config(InferenceConfig::new().temperature(0.7).top_p(0.1))
        .additional_model_request_fields(fields.parse::<RawJson>().unwrap())
}

#[tokio::test]
async fn bodies_are_the_requests_own_bytes_each_time() {
    let request = odd_request();
    let bytes = request.to_json_bytes().unwrap();
    let server = Server::start((0..8).map(|_| Reply::json(HI)).collect::<Vec<_>>()).await;
    let bedrock = bedrock(&server).await;
    for _ in 0..4 {
        bedrock.converse(&request).await.unwrap();
        let _ = bedrock.converse_stream(&request).await;
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 8);
    for one in &seen {
        assert_eq!(one.body, bytes);
        assert_eq!(one.header("content-length"), Some(&*bytes.len().to_string()));
        assert_eq!(one.header("content-type"), Some("application/json"));
        assert_eq!(one.method, "POST");
    }
}

#[tokio::test]
async fn numbers_stay_as_they_are() {
    let server = Server::start([Reply::json(HI)]).await;
    bedrock(&server).await.converse(&odd_request()).await.unwrap();
    let seen = server.only();
    assert!(seen.text().contains(r#""temperature":0.7,"topP":0.1"#), "{}", seen.text());
    assert!(seen.text().contains(r#""big":123456789012345678901234567890},"mid":[1e2]"#), "{}", seen.text());
}

#[tokio::test]
async fn a_large_body_goes_whole() {
    let request = Request::new().messages([Message::user("x".repeat(3_000_000))]);
    let server = Server::start([Reply::json(HI)]).await;
    bedrock(&server).await.converse(&request).await.unwrap();
    assert_eq!(server.only().body, request.to_json_bytes().unwrap());
}

#[tokio::test]
async fn model_ids_are_percent_encoded_in_the_path() {
    let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
    for (id, encoded) in [
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1%3A0"),
        (arn, "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123"),
    ] {
        let server = Server::start([Reply::json(HI), Reply::events().chunk(hi()).end()]).await;
        let bedrock = bedrock(&server).await.with_model(id);
        bedrock.converse(&request()).await.unwrap();
        drain(bedrock.converse_stream(&request()).await.unwrap()).await;
        let paths = server.seen().into_iter().map(|seen| seen.path).collect::<Vec<_>>();
        assert_eq!(
            paths,
            [format!("/model/{encoded}/converse"), format!("/model/{encoded}/converse-stream")]
        );
    }
}

#[tokio::test]
async fn with_model_shares_the_connection() {
    let server = Server::start([Reply::json(HI), Reply::json(HI)]).await;
    let one = bedrock(&server).await;
    let other = one.with_model("us.amazon.nova-2-lite-v1:0");
    one.converse(&request()).await.unwrap();
    other.converse(&request()).await.unwrap();
    assert_eq!((one.model_id(), other.model_id()), (MODEL, "us.amazon.nova-2-lite-v1:0"));
    assert_eq!(server.seen()[1].path, "/model/us.amazon.nova-2-lite-v1%3A0/converse");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_injected_client_keeps_its_settings() {
    let server = Server::start(vec![Reply::refusal(503, "ServiceUnavailableException", "M"); 9]).await;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("eu-central-1"))
        .bearer_token(Token::new("from-the-client", None))
        .endpoint_url(server.url())
        .retry_config(
            RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1)),
        )
        .build();
    let client = Client::from_conf(config);
    let bedrock = Bedrock::builder(MODEL).client(client.clone()).build().await.unwrap();
    assert_eq!(bedrock.region(), Some("eu-central-1"));
    assert_eq!(bedrock.converse(&request()).await.unwrap_err().attempts(), 2);
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer from-the-client"));
    // What is set explicitly wins.
    let bedrock = Bedrock::builder(MODEL).client(client).max_attempts(1).build().await.unwrap();
    assert_eq!(bedrock.converse(&request()).await.unwrap_err().attempts(), 1);
}

#[tokio::test]
async fn many_clones_at_once() {
    let server = Server::start((0..20).map(|_| Reply::events().chunk(hi()).end()).collect::<Vec<_>>()).await;
    let bedrock = builder(&server).build().await.unwrap();
    let calls = (0..20).map(|_| {
        let bedrock = bedrock.clone();
        tokio::spawn(async move { drain(bedrock.stream(&request()).await.unwrap()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap().ends_with("end\n"));
    }
}
