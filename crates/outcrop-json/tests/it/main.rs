//! Tests of `outcrop-json` from outside.

#![allow(clippy::unwrap_used)] // A test may end where it is surprised.

mod corpora;

mod invariants;
mod member;
mod oracle;
mod typed;

mod partial;
