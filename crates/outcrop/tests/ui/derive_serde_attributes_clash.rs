//! What serde refuses is told once, and so is what we answer for.

use outcrop::{Output, ToolInput};

#[derive(Output)]
#[serde(untagged, tag = "kind")]
enum Tags {
    A,
}

#[derive(Output)]
struct Unknown {
    #[serde(renam = "b")]
    a: String,
    #[serde(rename = "d", rename = "e")]
    c: String,
}

#[derive(ToolInput)]
#[serde(transparent)]
struct Transparent {
    a: String,
    b: String,
}

#[derive(ToolInput)]
struct Flat(#[serde(flatten)] Unknown);

#[derive(ToolInput)]
#[serde(crate = "serde", remote = "Unknown")]
#[schemars(crate = "schemars")]
struct Ours {
    a: String,
}

#[derive(Output)]
#[serde(field_identifier)]
enum Names {
    A,
    B,
}

#[derive(Output)]
struct Schema {
    #[schemars(renam = "b")]
    a: String,
}

fn needs<T: Output + ToolInput>() {}

fn main() {
    needs::<Tags>();
    needs::<Unknown>();
    needs::<Transparent>();
    needs::<Flat>();
    needs::<Ours>();
    needs::<Names>();
    needs::<Schema>();
}
