use outcrop::tool;

/// Marks.
#[tool(marker = "Weather")]
fn weather() {}

/// Lies elsewhere.
#[tool(crate = 3)]
fn elsewhere() {}

fn main() {}
