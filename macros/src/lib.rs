//! The macros of Outcrop: none yet. `#[tool]`, `#[toolset]` and `#[derive(Output)]` will live here.
