//! Structs: with names, tuples, newtypes, units.

use outcrop::serde_json::json;

use super::{Cell, Sample, cells, check};

const SEQUENCE: &str = "serde reads a struct from an array too, field by field; no schema says so";
const ALIAS: &str = "an alias is no property to schemars";
const EARLY: &str = "to serde a tuple may end early where there are defaults";
const CONVERSION: &str = "a conversion asks for more than the schema tells";
const OPTIONAL: &str = "to serde a flattened option that cannot be read is none";
const FUNCTION: &str = "a function reads less than what its schema says";
const TOLD: &str = "schemars was told more than serde";
const VALUES: &str = "serde does not look at ranges, lengths and patterns";

cells! {

[named_container_default_function]

// With names.

cell! { named: { pub struct T { a: u8, b: String } } =>
    Yes { "a": 1, "b": "x" }, Yes { "b": "x", "a": 1, "c": null },
    No { "a": 1 }, No { "a": 256, "b": "x" }, No { "a": (-1), "b": "x" }, No { "a": 1.5, "b": "x" },
    No { "a": 1, "b": null }, No [], No null, No "a",
    Narrow [1, "x"] SEQUENCE,
}

cell! { named_empty: { pub struct T {} } => Yes {}, Yes { "a": 1 }, No null, Narrow [] SEQUENCE, No 1 }

cell! { named_option: { pub struct T { a: Option<u8>, b: Option<Option<bool>> } } =>
    Yes {}, Yes { "a": null }, Yes { "a": 1, "b": true }, Yes { "b": null }, No { "a": "1" }, No { "b": 1 },
}

cell! { named_docs: {
    /// Of the type.
    ///
    /// More of it.
    #[doc = concat!("Of", " a macro.")]
    pub struct T {
        /// Of a.
        a: u8,
        #[deprecated]
        b: Option<u8>,
        /** Of `c`. */
        c: Inner,
    }
} => Yes { "a": 1, "c": { "x": 1 } }, No { "a": 1 } }

cell! { named_rename: {
    #[serde(rename = "Another")]
    pub struct T {
        #[serde(rename = "type")]
        a: u8,
        r#match: u8,
        #[serde(rename(deserialize = "in", serialize = "out"))]
        b: u8,
    }
} =>
    Yes { "type": 1, "match": 2, "in": 3 }, No { "a": 1, "match": 2, "in": 3 },
    No { "type": 1, "match": 2, "out": 3 }, No { "type": 1, "r#match": 2, "in": 3 },
}

cell! { named_rename_all: {
    #[serde(rename_all = "camelCase")]
    pub struct T {
        first_name: String,
        #[serde(rename = "last_name")]
        last: String,
    }
} => Yes { "firstName": "a", "last_name": "b" }, No { "first_name": "a", "last_name": "b" } }

cell! { named_rename_all_sides: {
    #[serde(rename_all(deserialize = "kebab-case", serialize = "UPPERCASE"))]
    pub struct T { first_name: String }
} => Yes { "first-name": "a" }, No { "FIRST_NAME": "a" } }

cell! { named_alias: {
    pub struct T {
        #[serde(alias = "city", alias = "place")]
        town: String,
        #[serde(alias = "n", default)]
        number: u8,
    }
} =>
    Yes { "town": "a" }, Narrow { "city": "a" } ALIAS, Wide { "town": "a", "city": "b" } ALIAS,
    Wide { "town": "a", "n": "x" } ALIAS, Yes { "town": "a", "n": 1 }, No { "n": 1 },
}

cell! { named_default: {
    pub struct T {
        #[serde(default)]
        a: u8,
        #[serde(default = "seven")]
        b: u8,
        c: u8,
    }
} => Yes { "c": 1 }, Yes { "a": 1, "b": 2, "c": 3 }, No { "a": 1, "b": 2 }, No { "a": null, "c": 3 } }

cell! { named_container_default: {
    #[serde(default)]
    pub struct T {
        a: u8,
        b: Vec<Inner>,
        c: Option<Inner>,
        #[serde(default = "seven")]
        d: u8,
        #[serde(skip_serializing_if = "is_zero")]
        e: u8,
    }
} { @plain
    impl Default for T {
        fn default() -> Self {
            Self { a: 3, b: vec![], c: Some(Inner { x: 1, y: None }), d: 1, e: 0 }
        }
    }
} => Yes {}, Yes { "a": 1, "b": [{ "x": 1 }], "d": 3 }, No { "a": null }, No { "b": [{}] } }

cell! { named_skip: {
    pub struct T {
        #[serde(skip)]
        a: Unknown,
        #[serde(skip, default = "seven")]
        b: u8,
        c: u8,
    }
} => Yes { "c": 1 }, Yes { "a": 1, "b": "x", "c": 2 }, No {} }

cell! { named_skip_deserializing: { pub struct T { #[serde(skip_deserializing)] a: u8, b: u8 } } =>
    Yes { "b": 1 }, Yes { "b": 1, "a": "any" }, No { "a": 1 },
}

cell! { named_skip_serializing: { pub struct T { #[serde(skip_serializing)] a: u8, b: u8 } } =>
    Yes { "a": 1, "b": 1 }, No { "b": 1 },
}

cell! { named_skip_serializing_if: {
    pub struct T {
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
        #[serde(skip_serializing_if = "is_zero", default)]
        b: u8,
        #[serde(skip_serializing_if = "is_zero")]
        c: u8,
    }
} => Yes { "c": 0 }, Yes { "a": 1, "b": 0, "c": 1 }, No { "a": 1 } }

cell! { named_flatten_struct: { pub struct T { a: u8, #[serde(flatten)] inner: Inner, b: u8 } } =>
    Yes { "a": 1, "x": 2, "b": 3 }, Yes { "a": 1, "x": 2, "y": true, "b": 3, "more": [] },
    No { "a": 1, "b": 3 }, No { "a": 1, "b": 3, "inner": { "x": 2 } }, No { "a": 1, "x": 2, "y": 2, "b": 3 },
}

cell! { named_flatten_map: { pub struct T { a: u8, #[serde(flatten)] more: BTreeMap<String, u8> } } =>
    Yes { "a": 1 }, Yes { "a": 1, "b": 2 }, No { "a": 1, "b": "2" }, No { "b": 1 },
}

cell! { named_flatten_option: { pub struct T { a: u8, #[serde(flatten)] inner: Option<Inner> } } =>
    Yes { "a": 1 }, Yes { "a": 1, "x": 2 }, No { "x": 2 }, Narrow { "a": 1, "x": "no number" } OPTIONAL,
}

cell! { named_flatten_enum: { pub struct T { a: u8, #[serde(flatten)] form: Form } } =>
    Yes { "a": 1, "form": "Round", "radius": 2 }, No { "a": 1 }, No { "a": 1, "form": "Round", "side": 2 },
    No { "a": 1, "form": "Oval" },
}

cell! { named_with: {
    pub struct T {
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        a: u8,
        b: u8,
    }
} => Yes { "a": "ff", "b": 1 }, Wide { "a": "x", "b": 1 } FUNCTION, No { "a": 1, "b": 1 } }

cell! { named_with_functions: {
    pub struct T {
        #[serde(deserialize_with = "hex::deserialize")]
        #[schemars(with = "String")]
        a: u8,
        #[serde(serialize_with = "hex::serialize")]
        b: u8,
        #[serde(serialize_with = "hex::serialize", default)]
        c: u8,
    }
} => Yes { "a": "a", "b": 1 }, No { "a": 1, "b": 1 }, No { "a": "a", "b": "1" } }

cell! { named_schema_with: {
    pub struct T {
        #[schemars(schema_with = "schema")]
        a: u8,
        #[schemars(range(min = 2, max = 3), title = "B")]
        b: u8,
    }
} { @plain
    fn schema(_: &mut outcrop::schemars::SchemaGenerator) -> outcrop::schemars::Schema {
        outcrop::schemars::json_schema!({ "type": "integer", "minimum": 0, "maximum": 255 })
    }
} => Yes { "a": 1, "b": 2 }, No { "a": 256, "b": 2 }, Narrow { "a": 1, "b": 4 } VALUES }

cell! { named_deny_unknown_fields: { #[serde(deny_unknown_fields)] pub struct T { a: u8, b: Option<u8> } } =>
    Yes { "a": 1 }, Yes { "a": 1, "b": 2 }, No { "a": 1, "c": 2 },
}

cell! { named_deny_unknown_fields_flatten: {
    #[serde(deny_unknown_fields)]
    pub struct T { a: u8, #[serde(flatten)] inner: Inner }
} => Yes { "a": 1, "x": 2 }, No { "a": 1, "x": 2, "c": 3 } }

cell! { named_flatten_deny_unknown_fields: { pub struct T { a: u8, #[serde(flatten)] inner: Wire } } =>
    Yes { "a": 1, "wire": 2 }, Yes { "a": 1, "wire": 2, "c": 3 },
}

cell! { named_transparent: {
    #[serde(transparent)]
    pub struct T { inner: Inner, #[serde(skip)] more: Unknown, marker: PhantomData<Unknown> }
} => Yes { "x": 1 }, No {}, No { "inner": { "x": 1 } } }

cell! { named_tag: { #[serde(tag = "kind", rename = "Kind")] pub struct T { a: u8 } } =>
    Yes { "a": 1 }, Yes { "a": 1, "kind": "Kind" }, Yes { "a": 1, "kind": "Other" }, No { "kind": "Kind" },
}

cell! { named_from_into: {
    #[derive(Clone)]
    #[serde(from = "Wire", into = "Wire")]
    pub struct T { a: u8 }
} { @plain
    impl From<Wire> for T {
        fn from(wire: Wire) -> Self {
            Self { a: wire.wire }
        }
    }
    impl From<T> for Wire {
        fn from(t: T) -> Self {
            Self { wire: t.a }
        }
    }
} => Yes { "wire": 1 }, No { "a": 1 }, No { "wire": 1, "a": 1 } }

cell! { named_try_from: {
    #[serde(try_from = "Wire")]
    pub struct T { a: u8 }
} { @plain
    impl TryFrom<Wire> for T {
        type Error = &'static str;
        fn try_from(wire: Wire) -> Result<Self, Self::Error> {
            (wire.wire > 3).then_some(Self { a: wire.wire }).ok_or("too small")
        }
    }
} => Yes { "wire": 4 }, Wide { "wire": 1 } CONVERSION, No { "a": 1 } }

cell! { named_into: {
    #[derive(Clone)]
    #[serde(into = "Wire")]
    pub struct T { a: u8 }
} { @plain
    impl From<T> for Wire {
        fn from(t: T) -> Self {
            Self { wire: t.a }
        }
    }
} => Yes { "a": 1 }, No { "wire": 1 } }

cell! { named_expecting: { #[serde(expecting = "a T, please")] pub struct T { a: u8 } } => Yes { "a": 1 }, No 1 }

cell! { named_recursion: {
    pub struct T { list: Vec<T>, option: Option<Box<Self>>, map: BTreeMap<String, T>, other: Option<Box<Other>> }
} { pub struct Other { back: Vec<T> } } =>
    Yes { "list": [], "map": {} },
    Yes { "list": [{ "list": [], "map": {} }], "map": {}, "other": { "back": [{ "list": [], "map": {} }] } },
    No { "list": [{}], "map": {} }, No { "list": [], "map": {}, "other": { "back": [{}] } },
}

cell! { named_packed: { #[repr(C, packed)] #[derive(Clone, Copy)] pub struct T { a: u8, b: u32 } } =>
    Yes { "a": 1, "b": 2 }, No { "a": 1 },
}

cell! { named_schemars: {
    #[schemars(title = "Title", description = "From an attribute.", extend("x-mark" = true), deny_unknown_fields)]
    pub struct T {
        #[schemars(length(min = 1), regex(pattern = "^[a-z]+$"), example = "a-b", extend("x-mark" = [1, 2]))]
        a: String,
    }
} => Yes { "a": "abc" }, Narrow { "a": "" } VALUES, Narrow { "a": "a", "b": 1 } TOLD, No { "a": 1 } }

// Tuples.

cell! { tuple: { pub struct T(u8, String); } => Yes [1, "a"], No [1], No [1, "a", 2], No { "0": 1 }, No ["a", 1] }

cell! { tuple_empty: { pub struct T(); } => Yes [], No [1], No null }

cell! { tuple_default: { pub struct T(u8, #[serde(default)] String); } =>
    Yes [1, "a"], Narrow [1] EARLY, No [],
}

cell! { tuple_container_default: { #[derive(Default)] #[serde(default)] pub struct T(u8, String); } =>
    Yes [1, "a"], Narrow [1] EARLY,
}

cell! { tuple_skip: { pub struct T(u8, #[serde(skip)] Unknown, String); } => Yes [1, "a"], No [1, null, "a"], No [1] }

cell! { tuple_skip_deserializing: { pub struct T(u8, #[serde(skip_deserializing)] u8, String); } =>
    Yes [1, "a"], No [1],
}

cell! { tuple_skip_serializing: { pub struct T(u8, #[serde(skip_serializing)] u8); } => Yes [1, 2], No [1] }

cell! { tuple_with: { pub struct T(#[serde(with = "hex")] #[schemars(with = "String")] u8, u8); } =>
    Yes ["ff", 1], No [1, 1],
}

cell! { tuple_transparent: { #[serde(transparent)] pub struct T(u8, #[serde(skip)] Unknown); } =>
    Yes 1, No [1], No "1",
}

cell! { tuple_from: {
    #[serde(from = "(u8, u8)")]
    pub struct T(u8, u8, u8);
} { @plain
    impl From<(u8, u8)> for T {
        fn from((a, b): (u8, u8)) -> Self {
            Self(a, b, 0)
        }
    }
} => Yes [1, 2], No [1, 2, 3] }

// Newtypes.

cell! { newtype: { pub struct T(Inner); } => Yes { "x": 1 }, No {}, No [{ "x": 1 }] }

cell! { newtype_of_option: { pub struct T(Option<u8>); } => Yes null, Yes 1, No "a" }

cell! { newtype_docs: {
    /// A number.
    pub struct T(
        /// Inside.
        u8,
    );
} => Yes 1, No null }

cell! { newtype_transparent: { #[serde(transparent)] pub struct T(Inner); } => Yes { "x": 1 }, No 1 }

cell! { newtype_transparent_docs: {
    /// With words.
    #[serde(transparent)]
    pub struct T(Vec<u8>);
} => Yes [1], No 1 }

cell! { newtype_transparent_inside: {
    pub struct T { a: Wrap, b: u8, c: Named }
} { #[serde(transparent)] pub struct Wrap(Option<u8>); } { #[serde(transparent)] pub struct Named(Inner); } =>
    Yes { "a": 1, "b": 2, "c": { "x": 1 } }, Yes { "a": null, "b": 2, "c": { "x": 1 } },
    Yes { "b": 2, "c": { "x": 1 } }, No { "a": 1, "c": { "x": 1 } }, No { "a": 1, "b": 2 },
}

cell! { newtype_option_inside: { pub struct T { a: Wrap, b: u8 } } { pub struct Wrap(Option<u8>); } =>
    Yes { "a": 1, "b": 2 }, Yes { "a": null, "b": 2 }, No { "b": 2 },
}

cell! { newtype_skip: { pub struct T { a: Wrap } } { pub struct Wrap(#[serde(skip)] u8); } => Yes { "a": 1 } }

cell! { newtype_with: { pub struct T(#[serde(with = "hex")] #[schemars(with = "String")] u8); } => Yes "ff", No 1 }

cell! { newtype_try_from: {
    #[derive(Clone)]
    #[serde(try_from = "u8", into = "u8")]
    pub struct T(bool);
} { @plain
    impl TryFrom<u8> for T {
        type Error = String;
        fn try_from(number: u8) -> Result<Self, Self::Error> {
            (number < 2).then_some(Self(number == 1)).ok_or_else(|| format!("{number} is no bit"))
        }
    }
    impl From<T> for u8 {
        fn from(t: T) -> Self {
            u8::from(t.0)
        }
    }
} => Yes 1, Wide 2 CONVERSION, No true }

// Units.

cell! { unit_inside: { pub struct T { a: Unit } } { #[serde(rename = "x")] pub struct Unit; } =>
    Yes { "a": null }, No { "a": "Unit" }, No { "a": {} },
}

cell! { unit_from: {
    #[serde(from = "u8")]
    pub struct T;
} { @plain
    impl From<u8> for T {
        fn from(_: u8) -> Self {
            Self
        }
    }
} => Yes 1, No null }

}

/// Not through the macro: serde looks for its own variable where the text of the function's path stands.
mod named_container_default_function {
    use super::*;

    mod ours {
        #[derive(outcrop::Output, Debug)]
        #[serde(default = "T::new")]
        pub(super) struct T {
            a: u8,
        }
        impl T {
            fn new() -> Self {
                Self { a: 5 }
            }
        }
    }
    mod plain {
        #[derive(
            outcrop::serde::Serialize, outcrop::serde::Deserialize, outcrop::schemars::JsonSchema, Debug,
        )]
        #[serde(crate = "outcrop::serde", default = "T::new")]
        #[schemars(crate = "outcrop::schemars")]
        pub(super) struct T {
            a: u8,
        }
        impl T {
            fn new() -> Self {
                Self { a: 5 }
            }
        }
    }

    pub(super) const CELL: Cell = Cell::of::<ours::T>("named_container_default_function", samples);

    fn samples() -> Vec<Sample> {
        vec![Sample::Yes(json!({})), Sample::Yes(json!({ "a": 1 })), Sample::No(json!({ "a": "1" }))]
    }

    #[test]
    fn reads_and_says_the_same() {
        check::<ours::T, plain::T>(samples());
    }
}
