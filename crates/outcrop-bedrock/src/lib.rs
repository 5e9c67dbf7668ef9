//! Amazon Bedrock's Converse over the AWS SDK, with Outcrop's own bytes both ways.
//!
//! [`Bedrock`] is the handle on one model: [`stream`](Bedrock::stream) and [`converse`](Bedrock::converse) take a
//! [`Request`](outcrop_core::Request) and give events or a response of `outcrop-core`;
//! [`count_tokens`](Bedrock::count_tokens) counts. The SDK resolves the endpoint, finds credentials, signs, and
//! retries before the first byte; it neither writes the request nor reads the answer. So the bytes that are sent are a
//! pure function of the request, and nothing that the service sends is lost.
//!
//! ```no_run
//! use outcrop_bedrock::Bedrock;
//! use outcrop_core::{Message, Request};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let bedrock = Bedrock::from_env("us.anthropic.claude-sonnet-4-6").await?;
//! let (response, meta) = bedrock.converse(&Request::new().messages([Message::user("Hello")])).await?;
//! println!("{:?} (request {:?})", response.message(), meta.request_id);
//! # Ok(())
//! # }
//! ```
//!
//! This is the only crate of the workspace that names the AWS SDK. [`aws_config`] and [`aws_sdk_bedrockruntime`] are
//! re-exported for those who bring a configuration or a client of their own.

mod alarm;
mod transport;

mod body;
mod builder;
mod client;
mod config;
mod event_stream;
mod learned;

pub mod error;

pub use aws_config;
pub use aws_sdk_bedrockruntime;

pub use builder::BedrockBuilder;
pub use client::{Bedrock, ResponseMeta};
pub use config::ConfigError;
pub use error::{
    Error, ServiceError, StreamError, StreamErrorKind, TimeoutError, TimeoutKind, TransportError,
    TransportKind, UnexpectedResponse,
};
pub use event_stream::EventStream;
