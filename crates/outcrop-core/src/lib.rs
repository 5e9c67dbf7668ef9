//! Amazon Bedrock's Converse as plain data and state machines: no I/O, no async, no clock, no SDK.
//!
//! The runtime (`outcrop`), the client (`outcrop-bedrock`) and the local endpoint (`outcrop-local`) share this crate. It has
//! five modules; each uses only those above it:
//!
//! | module | contents |
//! |---|---|
//! | [`wire`] | messages, requests, events, frames, and how they are read and written |
//! | [`schema`] | JSON Schemas of Rust types, and their adaptation to what the service takes |
//! | [`profile`] | what each model accepts |
//! | [`tools`] | tools and outputs; the one place where an input becomes executable |
//! | [`turn`] | the history, and the state machine that drives a turn |
//!
//! The way of the data:
//!
//! | step | types |
//! |---|---|
//! | what is said | [`Message`], [`ContentBlock`], [`ToolUse`], [`ToolResult`] |
//! | what is asked | [`Request`], [`ToolSpec`] |
//! | what comes back | [`Frame`](wire::Frame) → [`StreamEvent`] → [`Assembler`](wire::Assembler) → [`Message`], or one [`Response`] |
//! | what may run | [`InputText`](wire::InputText) → [`ToolSet`] → [`ReadyInput`] |
//! | what is kept | [`History`], and [`render`](turn::render) for the copy that is sent |
//! | what happens next | [`Turn`]: [`Action`]s out, events and results in, [`TurnEvent`]s for observers |
//!
//! Everything on the wire is in exactly Converse's JSON, and what this version does not know is kept as it came.

#[macro_use]
pub mod wire;
pub mod profile;
pub mod schema;
pub mod tools;
pub mod turn;

pub use schemars;

pub use profile::{Fact, Profile};
pub use schema::schema_of;
pub use tools::{OutputSpec, ReadyInput, Strategy, ToolDef, ToolSet};
pub use turn::{Action, Conversation, Diagnostic, EventKind, History, Time, Turn, TurnConfig, TurnEvent};
pub use wire::{
    ContentBlock, Message, RawJson, Request, Response, Role, StopReason, StreamEvent, ToolResult, ToolSpec,
    ToolUse, Usage,
};
