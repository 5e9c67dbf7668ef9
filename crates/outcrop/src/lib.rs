//! An agent runtime for Amazon Bedrock: local tools, the Converse loop, live events.
//!
//! An [`Agent`] is a model and tools: functions under [`#[tool]`](macro@tool), or [`Tool`]s made of closures.
//! [`Agent::ask`] runs a turn: it asks the model, runs the tools that the
//! model calls, sends their results back, and goes on until the model has answered. Await it for the answer, or
//! watch it as a stream of [`TurnEvent`]s.
//!
//! ```
//! use outcrop::{Agent, testing::ScriptedModel, tool, tools};
//!
//! /// Current weather for a city.
//! #[tool]
//! async fn weather(
//!     /// City name, e.g. "Lisbon".
//!     city: String,
//! ) -> String {
//!     format!("Sunny in {city}")
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! // Instead of a scripted model: `Bedrock::from_env("us.anthropic.claude-sonnet-4-6").await?`.
//! let model = ScriptedModel::new()
//!     .calls([("call_1", "weather", outcrop::serde_json::json!({ "city": "Lisbon" }))])
//!     .text("Take sunglasses.");
//! let agent = Agent::builder(model).tools(tools![weather]).build()?;
//! let answer = agent.ask("What shall I pack for Lisbon?").await?;
//! assert_eq!(answer.text(), "Take sunglasses.");
//! # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
//! ```
//!
//! The guide: [tools](guide::tools), [typed answers](guide::outputs), [coming from other
//! libraries](guide::coming_from).
//!
//! # What holds
//! - Tools run in parallel (8), each in a task of its own, with a time limit (60 s) and a guard against panics. A
//!   tool runs only when the model has finished its call and the input is strict JSON that fits the schema.
//! - What a model or a tool gets wrong goes back to the model as an error result. What the service or the network
//!   gets wrong is an [`Error`]. A mistake in the program is a [`BuildError`] or does not compile.
//! - A [`Session`]'s history is valid at every moment: after an error, a drop, a cancelled task, it can be asked
//!   again.
//! - Nothing is dropped or changed in silence: a `diagnostic` event says so.
//!
//! # Tracing
//! Three spans, without content: `outcrop.turn` (`turn`, `model`, `steps`, `stop_reason`, `input_tokens`,
//! `output_tokens`, `error`), in it `outcrop.step` (`step`, and where its call failed `error`, the service's code,
//! and `request_id`), in that `outcrop.tool` (`tool`, `tool_use_id`, `status`). What a tool records stands in its
//! span, on the blocking pool too.
//!
//! # Features
//! - `bedrock` (default): [`Bedrock`], the model over the AWS SDK.
//! - `chrono`, `uuid`, `url`: the types of these crates in outputs and inputs, also in what is shown of them while
//!   they are still being written ([`Partial`]).
//!
//! `serde_json/preserve_order` is on, because models write fields in the order of the schema. It changes the order
//! of maps in your whole build.

mod error;
mod model;
mod state;
mod tool;
mod tool_source;
mod toolbox;

mod given;
mod output;
mod param;

mod answer;
mod slot;

mod dispatch;
mod drive;
mod turn_stream;
mod typed;

mod agent;
mod batch;
mod session;

#[cfg(feature = "bedrock")]
mod bedrock;

pub mod testing;

#[cfg(any(doc, doctest))]
pub mod guide;

pub use outcrop_core as core;
pub use outcrop_json as json;
pub use {schemars, serde, serde_json};

pub use agent::{Agent, AgentBuilder};
pub use answer::Answer;
pub use batch::Batch;
#[cfg(feature = "bedrock")]
pub use bedrock::{Bedrock, BedrockBuilder, BedrockError, ConfigError};
pub use error::{BuildError, Error, ErrorKind, OutputError};
pub use model::{CallContext, Model, ModelCall, ModelError, ModelStream};
pub use outcrop_core::{
    ContentBlock, Diagnostic, EventKind, History, Message, Profile, StopReason, Strategy, ToolSpec,
    TurnEvent, Usage,
    tools::{EndPolicy, OutputFailure, OutputFailureReason, Problem, Problems, StrictReport},
    turn::{DiagnosticCode, LiveInput, ToolStreaming},
    wire::InferenceConfig,
};
pub use outcrop_json::{Done, HasPartial, List, LivePartial, Part, Partial};
pub use outcrop_macros::{Output, ToolInput, tool, toolset};
pub use output::{Output, ToolInput};
pub use session::{Ask, Session};
pub use state::State;
pub use tool::{IntoToolOutput, Json, Tool, ToolCx, ToolError, ToolHandler, ToolOutput};
pub use tool_source::{IntoTools, ToolSource, Toolset};
pub use turn_stream::TurnStream;
pub use typed::{AskOutput, ElementStream, OutputStream, OutputUpdate, Typed, extract};

/// What the macros' code names. No part of the interface: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use std::{sync::OnceLock, time::Duration};

    pub use outcrop_core::{RawJson, ReadyInput, ToolSpec, schema::ObjectSchema, tools::Problems};
    pub use {schemars, serde};

    /// For companions.
    pub mod partial {
        pub use outcrop_json::{
            __private::{
                By, Decodes, Fields, Flat, Flatten, LeftOut, Shape, Sink, Variants, Visit,
                deserialize_elements, deserialize_external, deserialize_object, deserialize_tagged,
                read_elements, read_external, read_object, read_tagged, serialize_elements,
                serialize_external, serialize_object, serialize_tagged, takes_any, update_elements,
                update_external, update_object, update_tagged,
            },
            Done, HasPartial, NodeRef, Part, Partial, PartialValue, Reading,
        };

        /// Something with a companion. The lifetime keeps the compiler from asking too early.
        pub trait Shown<'a>: HasPartial {}
        impl<T: HasPartial> Shown<'_> for T {}
    }

    pub use crate::{
        given::{
            Failure, FormJson, FormNone, FormOwn, Look, PartPlain, PartTold, PartUntold, ToolFailure,
            ToolReturn, Unfit, Untold,
        },
        output::{
            Checking, Complete, Declared, Defaults, Described, Existing, Exists, HasDefault, IsDescribed,
            IsPart, IsRead, IsReadDescribed, IsReadWritten, IsWriteDescribed, IsWritten, Nested,
            NestedDeclared, NestedOther, Part, PartialCheck, Read, ReadDescribed, ReadWrite, Unmade, Via,
            Write, WriteDescribed, check_by,
        },
        param::{
            ContextParam, DefaultOf, FromText, Members, Param, ToolParam, UntoldDefault, Whole,
            WrittenDefault, context,
        },
        state::{Host, StateParam},
        tool::{Tool, ToolCx, ToolOutput},
        tool_source::{
            List, Pending, Set, Shareable, SharedSet, ToolSource, Toolset, blocking, pending, ready, tool,
        },
    };
}

/// The programs of the README are compiled and run as tests.
#[cfg(all(doctest, feature = "bedrock"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
