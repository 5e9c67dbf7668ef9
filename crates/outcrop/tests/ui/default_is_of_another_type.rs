use outcrop::tool;

/// Has a default.
#[tool]
fn days(#[tool(default = "three")] days: u32) -> u32 {
    days
}

/// Has a default.
#[tool]
fn weeks(#[tool(default = 3.0)] weeks: u32) -> u32 {
    weeks
}

fn main() {}
