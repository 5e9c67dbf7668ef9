//! A field whose type cannot be shown while it is still being written: one message, at the field.

use outcrop::{
    HasPartial, LivePartial, Output, Partial, json, schemars::{self, JsonSchema}, serde, tool,
};

#[derive(serde::Serialize, serde::Deserialize, JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Foreign(u8);

#[derive(Output)]
struct Answer {
    text: String,
    foreign: Vec<Option<Foreign>>,
    #[output(done)]
    whole: Foreign,
}

#[derive(Output)]
enum Choice {
    One(Foreign),
    Two { foreign: Foreign },
}

#[derive(Output)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(Output)]
struct Flat {
    #[serde(flatten)]
    choice: Colour,
}

#[derive(Output)]
enum Colour {
    Red,
    Green(u8),
}

#[derive(Output)]
#[serde(tag = "type")]
enum Tagged {
    Colour(Colour),
}

/// Takes it.
#[tool]
fn take(foreign: Foreign) {
    let _ = foreign.0;
}

fn main() {
    let _ = LivePartial::<take>::new();
    let _ = LivePartial::<Page<Foreign>>::new();
}
