#![allow(unused_variables)]

use outcrop::tool;

/// Takes apart what it gets.
#[tool]
fn apart((x, y): (u8, u8), _: u8) {}

fn main() {}
