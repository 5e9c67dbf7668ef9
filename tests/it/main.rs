//! What crosses the crates of Outcrop: the runtime over real HTTP, against an endpoint in this process.

#![allow(clippy::unwrap_used)] // A test may end where it is surprised.

mod support;

mod turns;

mod bound;
mod drivers;
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
mod pages;
mod requests;
mod second_driver;
mod tidy;
mod tracing;
