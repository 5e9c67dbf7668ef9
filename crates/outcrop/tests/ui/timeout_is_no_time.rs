use outcrop::tool;

/// Has no unit.
#[tool(timeout = 30)]
fn number() {}

/// Has an unknown unit.
#[tool(timeout = "30 sec")]
fn unit() {}

/// Is over at once.
#[tool(timeout = "0s")]
fn zero() {}

/// Is nothing.
#[tool(timeout)]
fn nothing() {}

/// Is no time.
#[tool(timeout = 2 + 2)]
fn expression() {}

fn main() {}
