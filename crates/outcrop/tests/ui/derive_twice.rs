//! One derive makes a type both, so a second one is told of.

use outcrop::{Output, ToolInput};

#[derive(Output, ToolInput)]
struct Both {
    text: String,
}

#[derive(Output)]
#[output(existing)]
#[derive(ToolInput)]
struct NotYet {
    text: String,
}

fn main() {}
