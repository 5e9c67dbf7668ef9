//! The client against a server of raw bytes: what goes out, what comes back, what goes wrong.

// A test may panic.
#![allow(clippy::unwrap_used)]

mod server;
mod support;

mod auth;
mod connections;
mod environment;
mod fallback;
mod refusals;
mod requests;
mod streams;
mod timeouts;
mod whole;
