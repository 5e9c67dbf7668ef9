use outcrop::tool;

/// All at once.
#[tool(readonly, retries = 3, live = true, name)]
fn several() {}

/// Twice the same.
#[tool(live, live)]
fn twice() {}

/// No list.
#[tool(timeout: "3s")]
fn no_list() {}

fn main() {}
