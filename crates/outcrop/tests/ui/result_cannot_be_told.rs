use outcrop::tool;

struct Weather;

#[derive(outcrop::serde::Serialize)]
#[serde(crate = "outcrop::serde")]
struct Refusal;

/// Gives what nobody can write.
#[tool]
async fn weather() -> Weather {
    Weather
}

/// Gives the same, or fails.
#[tool]
fn perhaps() -> Result<Weather, String> {
    Ok(Weather)
}

/// Fails with what has no text.
#[tool]
fn fails() -> Result<String, Refusal> {
    Err(Refusal)
}

fn main() {}
