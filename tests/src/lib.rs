//! What crosses the crates of Outcrop: programs that check them together.

pub mod conformance;
