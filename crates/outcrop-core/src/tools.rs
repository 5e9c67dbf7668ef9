//! Tools and outputs: what a model may call and what it is to give, the validation of what it wrote, and the one place
//! where an input becomes executable.

pub(crate) mod call_data;
pub(crate) mod decode;
pub(crate) mod output_spec;
mod ready_input;
mod strict_tools;
mod tool_set;

pub use call_data::{CallData, InputHash};
pub use decode::{InvalidInput, Problem, Problems};
pub use output_spec::{
    EndPolicy, OutputAttempt, OutputFailure, OutputFailureReason, OutputSpec, OutputSpecError, Strategy,
    TurnOutput,
};
pub use ready_input::{InputMembers, ReadyInput};
pub use strict_tools::{NotStrict, StrictReport, StrictTool};
pub use tool_set::{ToolDef, ToolPolicy, ToolSet, ToolSetError};
