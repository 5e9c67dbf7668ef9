//! The guide. Its pages are compiled and run as tests.

/// Tools: every form there is.
#[doc = include_str!("../guide/tools.md")]
pub mod tools {}

/// Typed answers: how they are asked for, checked and watched.
#[doc = include_str!("../guide/outputs.md")]
pub mod outputs {}

/// Coming from other libraries: the same program, side by side.
#[cfg(feature = "bedrock")]
#[doc = include_str!("../guide/coming_from.md")]
pub mod coming_from {}
