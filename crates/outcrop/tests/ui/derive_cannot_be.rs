//! Types that no model can write; each is told of at its place, and still has what it would have.

use std::borrow::Cow;

use outcrop::{Output, ToolInput};

#[derive(Output)]
union Either {
    a: u8,
    b: i8,
}

#[derive(Output)]
struct Borrowed<'a> {
    text: &'a str,
    other: Cow<'a, str>,
}

#[derive(ToolInput)]
struct Static {
    text: &'static str,
    list: Vec<&'static str>,
    #[serde(borrow)]
    cow: Cow<'static, str>,
}

#[derive(Output)]
enum Never {}

fn needs<T: Output + ToolInput>() {}

fn main() {
    needs::<Either>();
    needs::<Borrowed<'static>>();
    needs::<Static>();
    needs::<Never>();
}
