//! Each attribute of serde on each kind of type: the derived type does as the same type under serde's and schemars'
//! own derives, and its schema takes what serde reads and no more. Where serde and schemars do not agree, a sample
//! says so and why.

mod adapted;
mod enums;
mod functions;
mod structs;

use std::fmt::Debug;

use outcrop::{
    __private::Param,
    Output,
    core::{RawJson, schema::ObjectSchema, schema_of},
    schemars::JsonSchema,
    serde::{Serialize, de::DeserializeOwned},
    serde_json::{self, Value},
};

/// A type of the matrix, for whoever goes through all of them.
struct Cell {
    name: &'static str,
    schema: fn() -> RawJson,
    /// The schema of a tool with parameters of the type: `value: T`, `maybe: Option<T>` and `list: Vec<T>`.
    parameters: fn() -> RawJson,
    samples: fn() -> Vec<Sample>,
    /// What the type reads, as `Debug` shows it.
    read: fn(&str) -> Option<String>,
}

impl Cell {
    const fn of<T: Output + Debug>(name: &'static str, samples: fn() -> Vec<Sample>) -> Self {
        fn parameters<T: Output>() -> RawJson {
            let mut schema = ObjectSchema::new();
            Param::<T>::new("value", "A value.").describe(&mut schema, None);
            Param::<Option<T>>::new("maybe", "").describe(&mut schema, None);
            Param::<Vec<T>>::new("list", "Some values.").describe(&mut schema, None);
            schema.finish()
        }
        let read = |text: &str| serde_json::from_str::<T>(text).map(|value| format!("{value:?}")).ok();
        Self { name, schema: schema_of::<T>, parameters: parameters::<T>, samples, read }
    }
}

fn all() -> impl Iterator<Item = &'static Cell> {
    structs::CELLS.iter().chain(enums::CELLS)
}

/// A JSON value, and what is known of it.
enum Sample {
    /// serde reads it, the schema takes it.
    Yes(Value),
    /// serde does not read it, the schema does not take it.
    No(Value),
    /// serde does not read it, but the schema takes it; and why.
    Wide(Value, &'static str),
    /// serde reads it, but the schema does not take it; and why.
    Narrow(Value, &'static str),
}

fn check<Ours, Plain>(samples: Vec<Sample>)
where
    Ours: Output + Debug,
    Plain: Serialize + DeserializeOwned + JsonSchema + Debug,
{
    let schema: Value = schema_of::<Ours>().to_value().unwrap();
    let plain: Value = schema_of::<Plain>().to_value().unwrap();
    let [shown, plain] = [&schema, &plain].map(|schema| serde_json::to_string_pretty(schema).unwrap());
    assert_eq!(shown, plain, "the schema is another");
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for sample in samples {
        let (value, reads, takes) = match sample {
            Sample::Yes(value) => (value, true, true),
            Sample::No(value) => (value, false, false),
            Sample::Wide(value, why) => (value, false, !why.is_empty()),
            Sample::Narrow(value, why) => (value, true, why.is_empty()),
        };
        let text = value.to_string();
        let (ours, plain) = (serde_json::from_str::<Ours>(&text), serde_json::from_str::<Plain>(&text));
        match (&ours, &plain) {
            (Ok(ours), Ok(plain)) => {
                assert_eq!(format!("{ours:?}"), format!("{plain:?}"), "{text} is read as another");
                let ours = serde_json::to_string(ours).map_err(|error| error.to_string());
                let plain = serde_json::to_string(plain).map_err(|error| error.to_string());
                assert_eq!(ours, plain, "{text} is written as another");
            }
            (Err(ours), Err(plain)) => assert_eq!(ours.to_string(), plain.to_string()),
            _ => panic!("{text} is read as {ours:?} and {plain:?}"),
        }
        assert_eq!(ours.is_ok(), reads, "serde and {text}: {ours:?}");
        assert_eq!(validator.is_valid(&value), takes, "the schema and {text}: {shown}");
    }
}

/// Types of which one is called `T`, under the derive and under serde's and schemars'; after `@plain` no types.
macro_rules! types {
    (ours @plain $($item:tt)*) => { $($item)* };
    (plain @plain $($item:tt)*) => { $($item)* };
    (ours $($item:tt)*) => {
        #[derive(outcrop::Output, Debug)]
        $($item)*
    };
    (plain $($item:tt)*) => {
        #[derive(
            outcrop::serde::Serialize, outcrop::serde::Deserialize, outcrop::schemars::JsonSchema, Debug
        )]
        #[serde(crate = "outcrop::serde")]
        #[schemars(crate = "outcrop::schemars")]
        $($item)*
    };
}
use types;

/// `name: { types } => Yes {..}, No {..}, Wide {..} WHY, Narrow {..} WHY`
macro_rules! cell {
    ($name:ident: $({ $($item:tt)* })+ => $($kind:ident $value:tt $($why:ident)?),* $(,)?) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            #[allow(dead_code, unreachable_pub, unused_imports)]
            mod ours {
                use crate::derive::matrix::functions::*;
                $(crate::derive::matrix::types!(ours $($item)*);)+
            }
            #[allow(dead_code, unreachable_pub, unused_imports)]
            mod plain {
                use crate::derive::matrix::functions::*;
                use outcrop::serde; // Named by schemars' derive.
                $(crate::derive::matrix::types!(plain $($item)*);)+
            }

            pub(super) const CELL: crate::derive::matrix::Cell =
                crate::derive::matrix::Cell::of::<ours::T>(stringify!($name), samples);

            fn samples() -> Vec<crate::derive::matrix::Sample> {
                vec![$(crate::derive::matrix::Sample::$kind(outcrop::serde_json::json!($value) $(, $why)?)),*]
            }

            #[test]
            fn reads_and_says_the_same() {
                crate::derive::matrix::check::<ours::T, plain::T>(samples());
            }
        }
    };
}
use cell;

/// Cells, with a list of them; in front of it the names of those that are made by hand.
macro_rules! cells {
    ($([$by_hand:ident])* $(cell! { $name:ident: $($cell:tt)* })*) => {
        $(crate::derive::matrix::cell! { $name: $($cell)* })*

        pub(super) const CELLS: &[crate::derive::matrix::Cell] = &[$($by_hand::CELL,)* $($name::CELL),*];
    };
}
use cells;
