//! `#[derive(Output)]` and `#[derive(ToolInput)]`.

mod arbitrary;
mod forms;
mod matrix;
mod tools;
