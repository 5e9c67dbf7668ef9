//! What benchmarks share: counting instructions, and the tables and bars that are printed.
//!
//! # Invariants
//! - Nothing is linked here but the standard library, so that no feature of a dependency reaches a benchmark by it.

pub mod callgrind;
pub mod report;
