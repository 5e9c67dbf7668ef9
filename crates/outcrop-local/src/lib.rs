//! A Bedrock Runtime endpoint for one machine: real HTTP, real event-stream frames, no AWS account.
//!
//! Point any Bedrock client at [`Running::url`] and it talks to a script, to a recording or to a small demo model (a
//! stand-in, [`Demo`]) as it would to the service. In a test that takes three lines:
//!
//! ```
//! use outcrop_local::{Local, Script};
//! # use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let local = Local::script(Script::new().answer("Hello!")).start().await?;
//! let answer = converse(local.address(), r#"{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#).await?;
//! assert!(answer.contains(r#""content":[{"text":"Hello!"}]"#));
//!
//! // Any HTTP client will do; this one is a socket.
//! async fn converse(address: std::net::SocketAddr, body: &str) -> std::io::Result<String> {
//!     let mut socket = tokio::net::TcpStream::connect(address).await?;
//!     let length = body.len();
//!     let head = format!(
//!         "POST /model/amazon.nova-lite-v1%3A0/converse HTTP/1.1\r\nhost: {address}\r\n\
//!          connection: close\r\ncontent-length: {length}\r\n\r\n"
//!     );
//!     socket.write_all(head.as_bytes()).await?;
//!     socket.write_all(body.as_bytes()).await?;
//!     let mut answer = String::new();
//!     socket.read_to_string(&mut answer).await?;
//!     Ok(answer)
//! }
//! # assert_eq!(local.requests()[0].model_id, "amazon.nova-lite-v1:0");
//! # Ok(())
//! # }
//! ```
//!
//! | to | use |
//! |---|---|
//! | say what the model says | [`Script`] and [`Answer`], built or from a JSON file |
//! | answer as the service once did | [`Replay`] |
//! | answer anything, by simple rules | [`Local::demo`] |
//! | refuse what the service refuses, in its words | [`Local::with_rules`], [`judge`] |
//! | cut a body into chunks, end it early, break the connection | [`Delivery`], [`Cut`], [`Running::deliver`] |
//! | let a call fail | [`Answer::error`], [`Answer::exception`] |
//! | let anything else go wrong | [`Local::fault`], [`Answer::fault`], [`Running::set_faults`], [`FAULT_KINDS`] |
//! | check signatures or tokens | [`Local::auth`] |
//! | see exchanges on stderr | [`Local::log`] |
//! | use it without Rust, or beside a program | the program `outcrop-local`, see the crate's README |
//! | see what the client sent, and whether it stayed | [`Running::requests`], [`ReceivedRequest::progress`] |
//!
//! # What it serves
//! `POST /model/{modelId}/converse`, `…/converse-stream` and `…/count-tokens`; the model id may be any, percent-encoded,
//! whole ARNs included. A [`Replay`] answers whatever was recorded. It speaks HTTP/1.1 and HTTP/2, without TLS, on
//! this machine only unless [`Local::allow_remote`] says otherwise, and within [`Bounds`].
//!
//! # What it looks like on the wire
//! As the service: members sorted by name, each event with its padding `p`, no `contentBlockStart` for text,
//! reasoning and citations, errors as `{"message":…}` with `x-amzn-errortype`, each answer with `x-amzn-requestid`.
//! The same calls get the same bytes at each run.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod auth;
mod cache;
mod delivery;
mod demo;
mod endpoint_profile;
mod error;
mod faults;
mod log;
mod received;
mod replay;
mod reply;
mod rules;
mod script;
mod server;
mod signing;
mod wire;

pub use auth::{Auth, AuthError, Credentials};
pub use delivery::{Cut, Delivery};
pub use demo::Demo;
pub use endpoint_profile::{EndpointProfile, OverflowMessage};
pub use error::{ReplayError, ScriptError, StartError};
pub use faults::{FAULT_KINDS, FaultError, FaultKind};
pub use log::Log;
pub use received::{Operation, Progress, ReceivedRequest};
pub use replay::Replay;
pub use rules::{Judge, Refusal, judge};
pub use script::{Answer, Script};
pub use server::{Bounds, Local, Running};
