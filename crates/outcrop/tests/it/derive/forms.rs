//! What the derives make of types with parameters, of types that have implementations, and of odd places.

use std::{collections::BTreeMap, marker::PhantomData};

use expect_test::{Expect, expect};
use outcrop::{
    Output, ToolInput,
    core::schema_of,
    schemars::{self, JsonSchema},
    serde::{Deserialize, Serialize, de::DeserializeOwned},
    serde_json::{self, Value, json},
};

fn check_schema<T: Output>(expected: Expect) {
    let schema: Value = schema_of::<T>().to_value().unwrap();
    expected.assert_eq(&(serde_json::to_string_pretty(&schema).unwrap() + "\n"));
}

/// Reads it and writes it again.
fn check_through<T: Output>(value: Value, expected: Value) {
    let read: T = serde_json::from_str(&value.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), expected);
    assert!(jsonschema::draft202012::is_valid(&schema_of::<T>().to_value().unwrap(), &value));
}

/// One page.
#[derive(Output)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}

#[derive(ToolInput)]
struct A {
    a: u8,
}

#[derive(ToolInput)]
struct B {
    b: u8,
}

/// Two types of one declaration have two schemas, and say which is which.
#[test]
fn schemas_of_parameters() {
    #[derive(Output)]
    struct Pages {
        a: Page<A>,
        b: Page<B>,
        again: Page<A>,
        deep: Page<Page<bool>>,
        text: Page<String>,
        fixed: Fixed<A, 2>,
    }
    #[derive(Output)]
    struct Fixed<T, const N: usize>(T, [u8; 2]);

    let schema: Value = schema_of::<Pages>().to_value().unwrap();
    let names: Vec<&String> = schema["$defs"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "Page_of_A",
            "A",
            "Page_of_B",
            "B",
            "Page_of_Page_of_boolean",
            "Page_of_boolean",
            "Page_of_string",
            "Fixed_of_A_and_2"
        ]
    );
    assert_eq!(schema["properties"]["again"]["$ref"], "#/$defs/Page_of_A");
}

/// Types of one name in different places are two.
#[test]
fn schemas_of_one_name() {
    mod one {
        #[derive(outcrop::Output)]
        pub(super) struct Item {
            pub(super) one: u8,
        }
    }
    mod two {
        #[derive(outcrop::Output)]
        pub(super) struct Item {
            pub(super) two: u8,
        }
    }
    fn inside() -> Value {
        #[derive(Output)]
        struct Item {
            three: u8,
        }
        #[derive(Output)]
        struct All {
            one: one::Item,
            two: two::Item,
            three: Item,
        }
        schema_of::<All>().to_value().unwrap()
    }
    let schema = inside();
    let fields: Vec<_> =
        schema["$defs"].as_object().unwrap().values().map(|item| &item["required"]).collect();
    assert_eq!(fields, [&json!(["one"]), &json!(["two"]), &json!(["three"])]);
}

trait Unit {
    type Number;
}

#[derive(Debug)]
struct Metres;

impl Unit for Metres {
    type Number = u16;
}

/// Bounds are asked of the parameters that stand in fields, as serde does, and not of others.
#[test]
fn bounds() {
    #[derive(Output)]
    struct Length<U: Unit, M, S>
    where
        U::Number: Clone + std::fmt::Debug,
    {
        number: U::Number,
        unit: PhantomData<M>,
        #[serde(skip)]
        skipped: Option<S>,
    }
    #[derive(Default)]
    struct NotForSerde;
    let _ = |length: Length<Metres, NotForSerde, NotForSerde>| length.skipped.is_none();
    check_through::<Length<Metres, NotForSerde, NotForSerde>>(
        json!({ "number": 3, "unit": null }),
        json!({ "number": 3, "unit": null }),
    );

    #[derive(Output)]
    struct Defaults<T, const N: usize> {
        #[serde(default)]
        one: T,
        #[serde(skip)]
        two: T,
    }
    let _ = |defaults: Defaults<u8, 1>| defaults.two;
    check_through::<Defaults<u8, 1>>(json!({}), json!({ "one": 0 }));

    #[derive(Output)]
    #[serde(default)]
    struct Whole<T> {
        one: Option<T>,
        two: u8,
    }
    impl<T> Default for Whole<T> {
        fn default() -> Self {
            Self { one: None, two: 2 }
        }
    }
    check_through::<Whole<String>>(json!({}), json!({ "one": null, "two": 2 }));

    #[derive(Output)]
    #[serde(bound(serialize = "T: Held", deserialize = "T: Held"))]
    #[schemars(bound = "T: Held")]
    struct Bound<T: Held> {
        inner: T::Inner,
    }
    trait Held: Send + 'static {
        type Inner: DeserializeOwned + Serialize + JsonSchema + Send;
    }
    impl Held for NotForSerde {
        type Inner = A;
    }
    check_through::<Bound<NotForSerde>>(json!({ "inner": { "a": 1 } }), json!({ "inner": { "a": 1 } }));

    #[derive(Output)]
    enum Either<L, R = String> {
        Left(L),
        Right {
            #[serde(bound(deserialize = "R: Output"))]
            right: R,
        },
    }
    check_through::<Either<u8>>(json!({ "Right": { "right": "a" } }), json!({ "Right": { "right": "a" } }));
    check_through::<Either<Vec<u8>, A>>(json!({ "Left": [1] }), json!({ "Left": [1] }));
}

/// The order of a schema is that of the declaration, since models write in that order (R52).
#[test]
fn fields_keep_their_order() {
    #[derive(Output)]
    struct Flat {
        zoo: u8,
        reason: u8,
    }
    #[derive(Output)]
    struct T {
        zebra: u8,
        apple: u8,
        #[serde(rename = "aaa")]
        middle: u8,
        #[serde(flatten)]
        flat: Flat,
        last: Option<u8>,
        #[serde(default)]
        after: u8,
    }
    let text = schema_of::<T>().as_str().to_owned();
    let places: Vec<usize> = ["zebra", "apple", "aaa", "zoo", "reason", "last", "after"]
        .iter()
        .map(|name| text.find(&format!("\"{name}\":{{")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{text}");
    let written = serde_json::to_string(&T {
        zebra: 1,
        apple: 2,
        middle: 3,
        flat: Flat { zoo: 4, reason: 5 },
        last: None,
        after: 6,
    });
    assert_eq!(written.unwrap(), r#"{"zebra":1,"apple":2,"aaa":3,"zoo":4,"reason":5,"last":null,"after":6}"#);
}

/// A type that is no more than what it holds may hold itself.
#[test]
fn transparent_recursion() {
    #[derive(Output)]
    #[serde(transparent)]
    struct Nested(Vec<Nested>);
    #[derive(Output)]
    struct Two {
        one: Nested,
        two: Option<Nested>,
    }
    check_through::<Nested>(json!([[], [[]]]), json!([[], [[]]]));
    check_through::<Two>(json!({ "one": [[]] }), json!({ "one": [[]], "two": null }));
    let schema: Value = schema_of::<Two>().to_value().unwrap();
    assert_eq!(
        schema["$defs"],
        json!({ "Nested": { "type": "array", "items": { "$ref": "#/$defs/Nested" } } })
    );
}

/// What has implementations keeps them.
#[test]
fn existing() {
    #[derive(Deserialize, Serialize, JsonSchema, Output)]
    #[serde(crate = "outcrop::serde", rename_all = "UPPERCASE")]
    #[output(existing)]
    struct Plain {
        name: String,
    }
    #[derive(Deserialize, Serialize, JsonSchema, ToolInput)]
    #[serde(crate = "outcrop::serde")]
    #[input(existing)]
    struct Generic<T> {
        inner: T,
    }
    #[derive(Output)]
    struct Both {
        plain: Plain,
        generic: Generic<Plain>,
    }
    check_through::<Both>(
        json!({ "plain": { "NAME": "a" }, "generic": { "inner": { "NAME": "b" } } }),
        json!({ "plain": { "NAME": "a" }, "generic": { "inner": { "NAME": "b" } } }),
    );
    fn input<T: ToolInput>() {}
    input::<Generic<Both>>();
}

/// Names of the user's are not mistaken for others.
#[test]
fn names_do_not_collide() {
    #![allow(non_camel_case_types, clippy::upper_case_acronyms)]
    #[derive(Output, Default)]
    #[serde(default)]
    struct String {
        r#type: std::string::String,
        deserializer: u8,
        generator: u8,
        schema: u8,
        __field0: u8,
    }
    #[derive(Output)]
    enum Option<D, S, Vec> {
        Some(D),
        None,
        Ok { result: S, vec: std::vec::Vec<Vec> },
    }
    #[derive(Output)]
    struct Result {
        value: Option<String, u8, u8>,
        default: std::option::Option<Box>,
        serde: serde_json::Value,
    }
    #[derive(Output)]
    struct Box(u8);
    check_through::<Result>(
        json!({ "value": { "Some": { "type": "a" } }, "default": 3, "serde": [] }),
        json!({
            "value": { "Some": { "type": "a", "deserializer": 0, "generator": 0, "schema": 0, "__field0": 0 } },
            "default": 3,
            "serde": []
        }),
    );
}

#[test]
fn what_is_left_out_of_the_build_is_left_out() {
    #[derive(Output)]
    struct T {
        a: u8,
        #[cfg(any())]
        b: NotThere,
        #[cfg(not(any()))]
        c: u8,
        #[cfg_attr(not(any()), serde(rename = "e"))]
        d: u8,
    }
    #[derive(Output)]
    enum E {
        #[cfg(any())]
        A(NotThere),
        B,
    }
    check_through::<T>(json!({ "a": 1, "c": 2, "e": 3 }), json!({ "a": 1, "c": 2, "e": 3 }));
    check_through::<E>(json!("B"), json!("B"));
}

/// By a macro, with types and names from both sides of it.
#[test]
fn made_by_a_macro() {
    macro_rules! wrap {
        ($name:ident($ty:ty), $($(#[$attr:meta])* $field:ident: $field_ty:ty),*) => {
            #[derive(Output)]
            struct $name {
                #[serde(flatten)]
                inner: $ty,
                $($(#[$attr])* #[serde(default)] $field: $field_ty,)*
                more: Vec<$name>,
            }
        };
    }
    wrap!(Wrapped(A), #[doc = "A number."] #[serde(alias = "n")] number: u32);
    check_through::<Wrapped>(json!({ "a": 1, "more": [] }), json!({ "a": 1, "number": 0, "more": [] }));
    check_schema::<Wrapped>(expect![[r##"
        {
          "type": "object",
          "properties": {
            "a": {
              "type": "integer",
              "format": "uint8",
              "minimum": 0,
              "maximum": 255
            },
            "number": {
              "type": "integer",
              "format": "uint32",
              "minimum": 0,
              "description": "A number.",
              "default": 0
            },
            "more": {
              "type": "array",
              "items": {
                "$ref": "#"
              }
            }
          },
          "required": [
            "a",
            "more"
          ]
        }
    "##]]);
}

/// Where serde and schemars do not agree on a type of Rust's own.
#[test]
fn known_differences() {
    fn takes<T: Output>(value: &Value) -> [bool; 2] {
        let reads = serde_json::from_str::<T>(&value.to_string()).is_ok();
        [reads, jsonschema::draft202012::is_valid(&schema_of::<T>().to_value().unwrap(), value)]
    }
    #[derive(Output)]
    struct Of<T> {
        it: T,
    }
    let both = [true, true];
    let (narrow, wide) = ([true, false], [false, true]);
    let of = |it: Value| json!({ "it": it });
    // A char is a text of one character to both.
    assert_eq!(takes::<Of<char>>(&of(json!("a"))), both);
    assert_eq!(takes::<Of<char>>(&of(json!("👍"))), both);
    assert_eq!(takes::<Of<char>>(&of(json!("ab"))), [false, false]);
    // Beyond 64 bits a value of serde_json's holds a float, which is an integer to JSON Schema alone.
    let digits: Value = serde_json::from_str(r#"{"it":340282366920938463463374607431768211455}"#).unwrap();
    assert_eq!(takes::<Of<u128>>(&digits), wide);
    assert_eq!(takes::<Of<i128>>(&of(json!(i64::MIN))), both);
    // The bounds of 32 and 64 bits are not in the schema.
    assert_eq!(takes::<Of<u32>>(&of(json!(4_294_967_296_u64))), wide);
    assert_eq!(takes::<Of<i64>>(&of(json!(u64::MAX))), wide);
    // A whole number with a fraction of nothing is an integer to JSON Schema alone.
    assert_eq!(takes::<Of<u8>>(&of(json!(1.0))), wide);
    // A list of a fixed length.
    assert_eq!(takes::<Of<[u8; 2]>>(&of(json!([1, 2, 3]))), [false, false]);
    // What is no number to JSON has none.
    assert_eq!(serde_json::to_string(&Of { it: f64::NAN }).unwrap(), r#"{"it":null}"#);
    assert_eq!(takes::<Of<f64>>(&of(json!(null))), [false, false]);
    // A set takes what is there twice.
    assert_eq!(takes::<Of<std::collections::BTreeSet<u8>>>(&of(json!([1, 1]))), narrow);
    // Keys that are numbers are texts.
    assert_eq!(takes::<Of<BTreeMap<u8, bool>>>(&of(json!({ "1": true }))), both);
    assert_eq!(takes::<Of<BTreeMap<u8, bool>>>(&of(json!({ "x": true }))), [false, false]);
    assert_eq!(takes::<Of<BTreeMap<u8, bool>>>(&of(json!({ "256": true }))), wide);
}
