//! What crosses the crates of Outcrop: the runtime over real HTTP, against an endpoint in this process.

#![allow(clippy::unwrap_used)] // A test may end where it is surprised.

mod support;

mod turns;

mod bound;
mod drops;
mod guide;
mod live;
mod outputs;
mod streams;
mod strict;
mod tool_streaming;

mod accepted;
mod chaos;
mod modules;
mod requests;
mod tidy;
mod tracing;
