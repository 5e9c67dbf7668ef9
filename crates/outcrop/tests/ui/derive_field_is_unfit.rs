//! A field of a type that is not derived: one message, at the field.

use std::collections::BTreeMap;

use outcrop::{Output, ToolInput, tool};

struct Foreign(u8);

#[derive(Output)]
struct Answer {
    text: String,
    foreign: Foreign,
    again: Option<Foreign>,
    #[serde(skip)]
    skipped: Option<Foreign>,
    of_itself: Vec<Answer>,
    parts: Option<Box<Parts>>,
}

#[derive(ToolInput)]
enum Parts {
    Tuple(u8, Vec<Foreign>),
    Named { back: Box<Answer> },
}

#[derive(Output)]
#[serde(tag = "kind")]
enum Tagged {
    Newtype(Foreign),
}

#[derive(Output)]
#[serde(transparent)]
struct Transparent(BTreeMap<String, Foreign>);

#[derive(Output)]
struct Functions {
    #[serde(deserialize_with = "read")]
    field: Foreign,
}

fn read<'de, D: outcrop::serde::Deserializer<'de>>(_: D) -> Result<Foreign, D::Error> {
    Ok(Foreign(0))
}

#[derive(Output)]
struct Page<T> {
    items: Vec<T>,
    total: Foreign,
}

#[derive(Output)]
struct Skipped {
    #[serde(skip_deserializing)]
    field: Foreign,
}

/// Takes an answer.
#[tool]
fn take(#[tool(args)] answer: Answer) -> Parts {
    Parts::Named { back: Box::new(answer) }
}

fn needs<T: Output + ToolInput>() {}

fn main() {
    needs::<Answer>();
    needs::<Parts>();
    needs::<Tagged>();
    needs::<Transparent>();
    needs::<Functions>();
    needs::<Page<String>>();
    needs::<Skipped>();
}
