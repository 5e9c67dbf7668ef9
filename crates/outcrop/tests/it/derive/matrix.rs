//! Each attribute of serde on each kind of type: the derived type does as the same type under serde's and schemars'
//! own derives, and its schema takes what serde reads and no more.

use std::fmt::Debug;

use outcrop::{
    Output,
    core::schema_of,
    schemars::JsonSchema,
    serde::{Serialize, de::DeserializeOwned},
    serde_json::{self, Value, json},
};

/// A sample, and what is known of it.
enum Sample {
    /// serde reads it, the schema takes it.
    Yes(Value),
    /// serde does not read it, the schema does not take it.
    No(Value),
    /// The two do not agree, and why.
    Wide(Value, &'static str),
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
    let validator = jsonschema::validator_for(&schema).unwrap();
    for sample in samples {
        let (value, reads, takes) = match sample {
            Sample::Yes(value) => (value, true, true),
            Sample::No(value) => (value, false, false),
            Sample::Wide(value, _) => (value, false, true),
            Sample::Narrow(value, _) => (value, true, false),
        };
        let text = value.to_string();
        let (ours, plain) = (serde_json::from_str::<Ours>(&text), serde_json::from_str::<Plain>(&text));
        match (&ours, &plain) {
            (Ok(ours), Ok(plain)) => {
                assert_eq!(format!("{ours:?}"), format!("{plain:?}"), "{text} is read as another");
                let written = [serde_json::to_string(ours), serde_json::to_string(plain)].map(Result::unwrap);
                assert_eq!(written[0], written[1], "{text} is written as another");
            }
            (Err(ours), Err(plain)) => assert_eq!(ours.to_string(), plain.to_string()),
            _ => panic!("{text} is read as {ours:?} and {plain:?}"),
        }
        assert_eq!(ours.is_ok(), reads, "serde and {text}: {ours:?}");
        assert_eq!(validator.is_valid(&value), takes, "the schema and {text}: {shown}");
    }
}

macro_rules! cell {
    ($(#[doc = $doc:literal])* $name:ident: $({ $($item:tt)* })+ => $($kind:ident $value:tt $(because $why:literal)?),* $(,)?) => {
        #[test]
        $(#[doc = $doc])*
        fn $name() {
            mod ours {
                #[allow(unused_imports)]
                use super::*;
                $(
                    #[derive(outcrop::Output, Debug)]
                    #[allow(dead_code)]
                    $($item)*
                )+
            }
            mod plain {
                #[allow(unused_imports)]
                use super::*;
                $(
                    #[derive(outcrop::serde::Serialize, outcrop::serde::Deserialize, outcrop::schemars::JsonSchema, Debug)]
                    #[serde(crate = "outcrop::serde")]
                    #[schemars(crate = "outcrop::schemars")]
                    #[allow(dead_code)]
                    $($item)*
                )+
            }
            check::<ours::T, plain::T>(vec![$(Sample::$kind(json!($value) $(, $why)?)),*]);
        }
    };
}

cell! { named: { pub struct T { a: u8, b: String } } =>
    Yes { "a": 1, "b": "x" },
    Yes { "a": 1, "b": "x", "c": null },
    No { "a": 1 },
    No { "a": 256, "b": "x" },
    No { "a": 1, "b": null },
    No [],
}

cell! { named_all:
   { #[doc = "Doc."] #[serde(rename_all = "camelCase", default)] pub struct T { a_b: u8, #[doc = "Of b."] b: Option<String>, c: Vec<T>, d: Option<Box<E>> } impl Default for T { fn default() -> Self { Self { a_b: 3, b: None, c: vec![], d: None } } } }
   { #[serde(tag = "t")] pub enum E { A, B { t2: T }, C(T) } }
 =>
    Yes {},
    Yes { "aB": 1, "b": "x", "d": { "t": "B", "t2": {} } },
}
