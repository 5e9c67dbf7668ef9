//! Amazon Bedrock's Converse as plain data and state machines: no I/O, no async, no clock, no SDK.
//!
//! This crate is what the runtime (`outcrop`), the client (`outcrop-bedrock`) and the local endpoint
//! (`outcrop-local`) share. The way of the data, and the modules in that order:
//!
//! | step | types |
//! |---|---|
//! | what is said | [`Message`], [`ContentBlock`], [`ToolUse`], [`ToolResult`], [`ReasoningContent`] |
//! | what is asked | [`Request`], [`ToolConfig`], [`ToolSpec`] |
//! | what comes back | [`Frame`] → [`StreamEvent`] → [`Assembler`] → [`Message`], or one [`Response`] |
//! | what may run | [`InputText`] → [`ToolSet`] → [`ReadyInput`] |
//! | what is kept | [`History`], and [`render`] for the copy that is sent |
//! | what happens next | [`Turn`]: [`Action`]s out, events and results in, [`TurnEvent`]s for whoever watches |
//!
//! Everything on the wire is in exactly Converse's JSON, and what this version does not know is kept as it came.

#[macro_use]
mod wire;

mod raw_json;

mod citation;
mod media;
mod message;
mod request;
mod response;
mod schema;
mod stop_reason;
mod tool_input;
mod tool_spec;
mod trace;
mod usage;

mod encode;
mod event;
mod features;
pub mod frame;
mod refusal_text;

mod failure;
mod time;

mod assembler;
mod call_data;
mod decode;
mod tool_set;

pub mod adapt;
mod profile;

mod config;
mod conversation;
mod diagnostic;
mod history;
mod output;
mod plan;
mod render;
mod retry;
mod strict_tools;
mod turn;
mod turn_event;

pub use schemars;

pub use adapt::{
    Adapted, Inexpressible, LintFinding, NotWrapped, OptionalMembers, OverLimit, SchemaChange, SchemaCounts,
    SchemaDialect, SchemaLimits, adapt, lint,
};
pub use assembler::*;
pub use call_data::{CallData, InputHash};
pub use citation::*;
pub use config::{Target, TargetKey, ToolStreaming, TurnConfig, Wire};
pub use conversation::{Conversation, KnownFact};
pub use decode::{InvalidInput, Problem, Problems};
pub use diagnostic::DiagnosticCode;
pub use event::*;
pub use failure::{CallFailure, FailureClass, TimeoutPhase};
pub use features::{Delivery, Features};
pub use frame::{Frame, FrameDecoder, FrameError, FrameRef};
pub use history::{Binding, Entry, History};
pub use media::*;
pub use message::*;
pub use output::{
    EndPolicy, OutputAttempt, OutputFailure, OutputFailureReason, OutputSpec, OutputSpecError, Strategy,
    TurnOutput,
};
pub use profile::{
    Caching, Fact, LimitsProfile, Media, MediaProfile, MessagesProfile, Prefill, Profile, ReasoningReplay,
    Sampling, SchemaProfile, Support, ThinkingProfile, ThinkingType, ToolChoiceKind, ToolUseIds,
    ToolsProfile, bare_model_id, rows_for_model,
};
pub use raw_json::{Blob, Members, RawJson};
pub use refusal_text::{Refusal, Statement};
pub use render::{Rendered, Rule, render};
pub use request::*;
pub use response::*;
pub use retry::RetryPolicy;
pub use schema::{ObjectSchema, schema_of};
pub use stop_reason::*;
pub use strict_tools::{NotStrict, StrictReport, StrictTool};
pub use time::Time;
pub use tool_input::{InputMembers, InputText, ReadyInput};
pub use tool_set::{ToolDef, ToolPolicy, ToolSet, ToolSetError};
pub use tool_spec::*;
pub use trace::*;
pub use turn::*;
pub use turn_event::{
    AttemptDiscarded, CitationAdded, Diagnostic, EVENT_VERSION, EventKind, OutputDelta, OutputEnd,
    OutputRejected, OutputStart, ReasoningDelta, ReasoningEnd, StepEnd, StepStart, StepUsage, TextDelta,
    TextEnd, ToolEnd, ToolInputDelta, ToolInputEnd, ToolInputStart, ToolProgress, ToolStart, TurnEnd,
    TurnEvent, TurnStart,
};
pub use usage::*;
