//! Functions under `validate_partial` that take or give something else.

use outcrop::{Output, Problem};

#[derive(Output)]
#[output(validate_partial = looks_at_the_value)]
struct Trip {
    city: String,
}

fn looks_at_the_value(_: &Trip) -> Result<(), Problem> {
    Ok(())
}

#[derive(Output)]
#[output(validate_partial = gives_a_text)]
struct Stay {
    nights: u32,
}

fn gives_a_text(_: &StayPartial) -> Result<(), String> {
    Ok(())
}

fn main() {}
