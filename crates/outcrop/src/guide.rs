//! The guide. Its pages are compiled and run as tests.

/// Tools: every form there is.
#[doc = include_str!("../guide/tools.md")]
pub mod tools {}

/// Coming from other libraries: the same program, side by side.
#[doc = include_str!("../guide/coming_from.md")]
pub mod coming_from {}
