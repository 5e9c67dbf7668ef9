//! How to phrase a request for a model: pure functions of the settings, of what is known of the model, and of the
//! history.
//!
//! | file | decides |
//! |---|---|
//! | `request.rs` | the request as a whole, and what was sent that a refusal may be about |
//! | `tools.rs` | which tools are strict, and the schemas that the model is shown |
//! | `thinking.rs` | what is replayed of the model's thinking |
//! | `fine_streaming.rs` | whether tool inputs are streamed while the model writes them |
//! | `output_strategy.rs` | how the output is asked for |
//! | `knowledge.rs` | what is known of the model |
//! | `lesson.rs` | what a refusal teaches: the one place where it does |
//!
//! # Invariants
//! - Nothing here knows of a turn; nothing is changed but what is returned.
//! - The same input gives the same request, so that requests of a turn begin alike (D5).

mod fine_streaming;
mod knowledge;
mod lesson;
mod output_strategy;
pub(crate) mod output_texts;
mod request;
mod thinking;
mod tools;

pub(crate) use knowledge::{KeptKnowledge, Knowledge};
pub(crate) use lesson::{Effect, Lesson, learn};
pub(crate) use output_strategy::{ForcedChoice, OutputAsk, decide as decide_output};
pub(crate) use request::{Place, Sent, make};
