//! Types as a model writes them, and any value of each.

use std::collections::BTreeMap;

use outcrop::{Output, ToolInput, serde, serde_json::Value};

use super::make::{Make, Seed};

/// Any value of a struct, field by field.
macro_rules! make {
    ($($type:ident $(<$param:ident>)? { $($field:ident),* })*) => {
        $(impl $(<$param: Make>)? Make for $type $(<$param>)? {
            fn make(seed: &mut Seed) -> Self {
                Self { $($field: seed.deeper(Make::make)),* }
            }
        })*
    };
}

/// Any variant of an enum; the first is one that ends.
macro_rules! make_enum {
    ($($type:ident: $first:expr $(, $variant:expr)*;)*) => {
        $(impl Make for $type {
            fn make(seed: &mut Seed) -> Self {
                let all: &[fn(&mut Seed) -> Self] = &[$first $(, $variant)*];
                match seed.is_deep() {
                    true => all[0](seed),
                    false => {
                        let at = seed.below(all.len());
                        seed.deeper(all[at])
                    }
                }
            }
        })*
    };
}

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Booking {
    city: String,
    nights: u32,
    price: Option<f64>,
    #[serde(rename = "type", alias = "kind")]
    class: Class,
    guests: Vec<Guest>,
    #[serde(default)]
    notes: Option<String>,
    pay: Payment,
    room: Option<Room>,
    extra: Vec<Extra>,
    by_day: BTreeMap<String, Vec<u8>>,
    pair: (String, i8),
    #[serde(flatten)]
    address: Address,
    #[output(done)]
    code: Code,
    #[serde(with = "hex")]
    #[schemars(with = "String")]
    raw: u16,
    far: Metres,
    any: Value,
    page: Page<Guest>,
    deep: Deep,
    letter: char,
    r#as: bool,
}

make!(Booking {
    city,
    nights,
    price,
    class,
    guests,
    notes,
    pay,
    room,
    extra,
    by_day,
    pair,
    address,
    code,
    raw,
    far,
    any,
    page,
    deep,
    letter,
    r#as
});

#[derive(Output, Debug, PartialEq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    Economy,
    #[serde(alias = "high")]
    EconomyPlus,
    First,
}

make_enum! { Class: |_| Self::Economy, |_| Self::EconomyPlus, |_| Self::First; }

#[derive(ToolInput, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Guest {
    full_name: String,
    age_in_years: Option<u8>,
    friends: Vec<Guest>,
    best: Option<Box<Guest>>,
}

make!(Guest { full_name, age_in_years, friends, best });

#[derive(Output, Debug, PartialEq)]
#[serde(tag = "by", rename_all = "snake_case")]
pub(crate) enum Payment {
    Cash,
    Card(Card),
    Transfer { iban: String, when: Option<Class>, parts: Vec<Payment> },
    Other(BTreeMap<String, Value>),
}

make_enum! {
    Payment:
    |_| Self::Cash, |seed| Self::Card(Make::make(seed)),
    |seed| Self::Transfer { iban: Make::make(seed), when: Make::make(seed), parts: Make::make(seed) },
    |seed| Self::Other(Make::make(seed));
}

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Card {
    number: String,
    #[serde(flatten)]
    more: Option<Holder>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

make!(Card { number, more, rest });

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Holder {
    holder: String,
    codes: Vec<u8>,
}

make!(Holder { holder, codes });

#[derive(Output, Debug, PartialEq)]
pub(crate) enum Room {
    Any,
    #[serde(rename = "no", alias = "number")]
    Number(u16),
    Named(String),
    Near(Box<Room>),
    Class(Class),
    At(u8, String, Option<Box<Room>>),
    Like {
        view: String,
        beds: Vec<u8>,
        next_to: Option<Box<Room>>,
    },
}

make_enum! {
    Room:
    |_| Self::Any, |seed| Self::Number(Make::make(seed)), |seed| Self::Named(Make::make(seed)),
    |seed| Self::Near(Make::make(seed)), |seed| Self::Class(Make::make(seed)),
    |seed| Self::At(Make::make(seed), Make::make(seed), Make::make(seed)),
    |seed| Self::Like { view: Make::make(seed), beds: Make::make(seed), next_to: Make::make(seed) };
}

#[derive(Output, Debug, PartialEq)]
#[serde(tag = "t", content = "c")]
pub(crate) enum Extra {
    Nothing,
    Text(String),
    Class(Class),
    Two(u8, String),
    #[serde(rename_all = "UPPERCASE")]
    Many {
        what: String,
        more: Vec<Extra>,
    },
}

make_enum! {
    Extra:
    |_| Self::Nothing, |seed| Self::Text(Make::make(seed)), |seed| Self::Class(Make::make(seed)),
    |seed| Self::Two(Make::make(seed), Make::make(seed)),
    |seed| Self::Many { what: Make::make(seed), more: Make::make(seed) };
}

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Address {
    street: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lines: Vec<String>,
}

make!(Address { street, lines });

/// Not shown before it is complete.
#[derive(Output, Debug, PartialEq)]
pub(crate) struct Code {
    a: u8,
    b: String,
}

make!(Code { a, b });

#[derive(Output, Debug, PartialEq)]
#[serde(transparent)]
pub(crate) struct Metres(f64);

impl Make for Metres {
    fn make(seed: &mut Seed) -> Self {
        Self(Make::make(seed))
    }
}

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
    by_name: BTreeMap<String, T>,
}

make!(Page<T> { items, next, by_name });

#[derive(Output, Debug, PartialEq)]
#[serde(untagged)]
pub(crate) enum Deep {
    Number(i64),
    Text(String),
    List(Vec<Deep>),
}

make_enum! {
    Deep: |seed| Self::Number(Make::make(seed)), |seed| Self::Text(Make::make(seed)), |seed| Self::List(Make::make(seed));
}

/// Some serde and schemars impls by hand, in a way; the companion is made all the same.
#[derive(serde::Serialize, serde::Deserialize, outcrop::schemars::JsonSchema, Output, Debug, PartialEq)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
#[output(existing)]
pub(crate) struct Trip {
    to: String,
    stays: Vec<Room>,
    back: Option<Box<Trip>>,
}

make!(Trip { to, stays, back });

#[derive(Output, Debug, PartialEq)]
pub(crate) struct Pair(String, #[serde(skip)] u8, Option<Room>);

impl Make for Pair {
    fn make(seed: &mut Seed) -> Self {
        Self(Make::make(seed), 0, Make::make(seed))
    }
}

/// A map that is flattened before a struct is: the struct has its own, the map all others and these too.
#[derive(Output, Debug, PartialEq)]
pub(crate) struct Flat {
    id: u8,
    #[serde(flatten)]
    address: Address,
    #[serde(flatten)]
    holder: Option<Holder>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

make!(Flat { id, address, holder, rest });

mod hex {
    use outcrop::serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(of: &u16, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{of:x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
        u16::from_str_radix(&String::deserialize(deserializer)?, 16).map_err(D::Error::custom)
    }
}
