#![allow(unused_variables)]

use outcrop::{State, ToolCx, tool};

/// Says too much.
#[tool]
fn too_much(
    #[tool(default = 3)] cx: ToolCx,
    #[tool(default)] b: u8,
    #[tool] c: u8,
    #[tool(rename = "e")] d: u8,
    #[cfg(unix)] f: u8,
) {
}

/// Is two things.
#[tool]
fn two_things(#[tool(args, state)] a: String) {}

/// Takes all, and more.
#[tool]
fn all(#[tool(args)] a: String, #[tool(args)] b: String, c: u8, d: State<u8>) {}

fn main() {}
