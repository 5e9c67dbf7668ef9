//! Tools made of functions, as a user writes them, run by an agent on a scripted model; outputs; batches.

#![allow(clippy::unwrap_used)] // A test may end where it is surprised.

mod support;

mod batch;

mod derive;
mod output_nested;
mod output_partial;
mod output_stream;
mod output_validate;
mod partial;

mod tool_attr;
mod tool_gives;
mod tool_host;
mod tool_params;
mod tool_sequential;
mod tool_specs;
mod toolset;

mod ui;
