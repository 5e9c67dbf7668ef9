//! The endpoint as a client sees it: bytes over a socket.

#![allow(clippy::unwrap_used)] // Helpers of tests are tests too; clippy knows it of `#[test]` alone.

mod client;
mod replay;
mod script;
mod server;
