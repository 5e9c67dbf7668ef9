//! A type with parameters is an output where these are, so that what is said of them is looked at.

use outcrop::{Output, schemars, serde};

#[derive(Output)]
struct Page<T> {
    items: Vec<T>,
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Foreign {
    name: String,
}

fn needs<T: Output>() {}

fn main() {
    needs::<Page<String>>();
    needs::<Page<Foreign>>();
}
