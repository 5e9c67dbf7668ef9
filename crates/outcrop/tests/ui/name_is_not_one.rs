use outcrop::tool;

/// Is called by a text.
#[tool(name = "get weather")]
fn spaced() {}

/// Is called by its own name.
#[tool]
fn wetter_für_morgen() {}

/// Is called by nothing.
#[tool(name = "")]
fn nothing() {}

/// Takes no text.
#[tool(name = weather)]
fn weather() {}

fn main() {}
