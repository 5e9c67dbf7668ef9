//! Where a type has no derive, or not all that the derive needs.

use std::rc::Rc;

use outcrop::{Output, ToolInput};

struct Plain;

#[derive(Output)]
#[output(existing)]
struct NotExisting;

#[derive(Output)]
struct NotSend {
    #[serde(skip)]
    text: Option<Rc<str>>,
}

#[derive(ToolInput)]
#[serde(default)]
struct NoDefault {
    text: String,
}

#[derive(ToolInput)]
struct NoDefaultInside {
    #[serde(default)]
    inside: Inside,
}

#[derive(Output)]
struct Inside {
    text: String,
}

fn output<T: Output>() {}
fn input<T: ToolInput>() {}

fn main() {
    output::<Plain>();
    input::<Vec<Plain>>();
}
