//! The endpoint as a client sees it: bytes over a socket.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests too; clippy knows it of `#[test]` alone.

mod auth;
mod bounds;
mod cache;
mod client;
mod demo;
mod demo_conversations;
mod demo_forms;
mod demo_property;
mod demo_talk;
mod demo_turns;
mod faults;
mod http2;
#[cfg(feature = "cli")]
mod program;
mod replay;
mod rules;
mod script;
mod server;
