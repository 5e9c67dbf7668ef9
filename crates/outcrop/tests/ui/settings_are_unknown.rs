use outcrop::tool;

/// All at once.
#[tool(readonly, retries = 3, live = true, name)]
fn several() {}

/// Twice the same.
#[tool(live, live)]
fn twice() {}

/// As twice in a row, and as a value of either kind.
#[tool(strict, strict, strict = "x")]
fn strictly() {}

/// Of the schema, not of Rust.
#[tool(strict = false, stricter)]
fn strict_or_not() {}

/// No list.
#[tool(timeout: "3s")]
fn no_list() {}

fn main() {}
