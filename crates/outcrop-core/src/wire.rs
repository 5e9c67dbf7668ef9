//! Bedrock's wire as plain data: messages, requests, events, frames, and how they are written and read.
//!
//! # Invariants
//! - Everything on the wire is in exactly Converse's JSON, and what this version does not know is kept as it came.
//! - Nothing here knows a schema language, a model's profile or a turn.

#[macro_use]
pub(crate) mod forms;

pub(crate) mod excerpt;
pub(crate) mod raw_json;
pub(crate) mod strict_json;

mod citation;
mod input_text;
mod media;
pub(crate) mod message;
mod request;
mod response;
mod stop_reason;
mod tool_spec;
mod trace;
mod usage;

mod encode;
mod event;
pub(crate) mod features;
pub mod frame;

pub(crate) mod failure;
pub(crate) mod refusal_text;

mod assembler;

pub use assembler::*;
pub use citation::*;
pub use event::*;
pub use failure::{CallFailure, FailureClass, TimeoutPhase};
pub use features::{Delivery, Features};
pub use frame::{Frame, FrameDecoder, FrameError, FrameRef};
pub use input_text::InputText;
pub use media::*;
pub use message::*;
pub use raw_json::{Blob, Members, RawJson};
pub use refusal_text::{Refusal, Statement};
pub use request::*;
pub use response::*;
pub use stop_reason::*;
pub use tool_spec::*;
pub use trace::*;
pub use usage::*;
