#![allow(unused_variables)]

use std::borrow::Cow;

use outcrop::tool;

/// Borrows inside.
#[tool]
fn inside(a: Option<&str>, b: Vec<&'static str>) {}

/// Borrows by a name.
#[tool]
fn named<'a>(a: Cow<'a, str>) {}

/// Borrows for ever.
#[tool]
fn for_ever(a: &'static str) {}

/// Borrows to change.
#[tool]
fn mutably(a: &mut String) {}

fn main() {}
