//! A type of a field that cannot be shown while it is still being written: one message, at the field. A tool with such
//! a parameter is one all the same.

use outcrop::{Output, ToolInput, schemars::JsonSchema, serde, tool, tools};

#[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Foreign(u8);

#[derive(Output)]
struct Answer {
    text: String,
    foreign: Vec<Option<Foreign>>,
    again: Foreign,
    #[output(done)]
    whole: Foreign,
}

#[derive(ToolInput)]
enum Choice {
    One(u8),
    Two { foreign: Foreign },
}

#[derive(Output)]
enum Colour {
    Red,
    Green(u8),
}

#[derive(Output)]
struct Flat {
    text: String,
    #[serde(flatten)]
    colour: Colour,
}

#[derive(Output)]
struct FlatWhole {
    text: String,
    #[serde(flatten)]
    #[output(done)]
    colour: Colour,
}

#[derive(Output)]
#[serde(tag = "type")]
enum Tagged {
    Unit,
    Colour(Colour),
}

/// Takes it.
#[tool]
fn take(foreign: Foreign) {
    let _ = foreign.0;
}

fn main() {
    let _ = tools![take];
}
