//! Each attribute of serde on each kind of type: the derived type does as the same type under serde's and schemars'
//! own derives, and its schema takes what serde reads and no more. Where serde and schemars do not agree, a sample
//! says so and why.

mod enums;
mod functions;
mod structs;

use std::fmt::Debug;

use outcrop::{
    Output,
    core::schema_of,
    schemars::JsonSchema,
    serde::{Serialize, de::DeserializeOwned},
    serde_json::{self, Value},
};

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
        #[test]
        fn $name() {
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
            crate::derive::matrix::check::<ours::T, plain::T>(
                vec![$(crate::derive::matrix::Sample::$kind(outcrop::serde_json::json!($value) $(, $why)?)),*]
            );
        }
    };
}
use cell;
