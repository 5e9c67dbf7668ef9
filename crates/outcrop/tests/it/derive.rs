//! `#[derive(Output)]` and `#[derive(ToolInput)]`.

mod forms;
mod matrix;
