//! Enums in the four forms.

use super::cells;

const SEQUENCE: &str = "serde reads a struct from an array too, field by field; no schema says so";
const ALIAS: &str = "an alias is no name to schemars";
const OTHER: &str = "schemars takes the variant for all other names by its own name alone";
const TAG: &str = "the variant's struct does not know the tag that stands beside its fields";
const CONTENT: &str = "what serde does with the content of a unit";
const UNIT: &str = "a unit is not only its name";

cells! {

// External.

cell! { external: { pub enum T { Unit, New(u8), Two(u8, String), Named { a: u8, b: Option<u8> }, Empty {}, None() } } =>
    Yes "Unit", Yes { "New": 1 }, Yes { "Two": [1, "a"] }, Yes { "Named": { "a": 1 } }, Yes { "Empty": {} },
    Yes { "None": [] },
    No "New", No "unit", No {}, No { "New": "a" }, No { "Two": [1] }, No { "Named": {} }, No { "Other": 1 },
    No { "New": 1, "Two": [1, "a"] }, Narrow { "Unit": null } UNIT, Narrow { "Named": [1, 2] } SEQUENCE,
}

cell! { external_units: {
    /// Of the type.
    pub enum T { A, B, C }
} => Yes "A", No "a", No null, Narrow { "A": null } UNIT }

cell! { external_docs: {
    /// Of the type.
    pub enum T {
        /// Of A.
        A,
        B,
        /// Of C.
        C(
            /// Of the field.
            u8,
        ),
        /// Of D.
        #[deprecated]
        D {
            /// Of a.
            a: u8,
        },
    }
} => Yes "A", Yes "B", Yes { "C": 1 }, Yes { "D": { "a": 1 } }, No "C" }

cell! { external_rename: {
    pub enum T {
        #[serde(rename = "one")]
        A,
        #[serde(rename(deserialize = "two", serialize = "zwei"))]
        B { #[serde(rename = "c")] b: u8 },
        r#C(u8),
    }
} => Yes "one", Yes { "two": { "c": 1 } }, Yes { "C": 1 }, No "A", No { "zwei": { "c": 1 } }, No { "two": { "b": 1 } } }

cell! { external_rename_all: {
    #[serde(rename_all = "snake_case", rename_all_fields = "SCREAMING-KEBAB-CASE")]
    pub enum T {
        OneTwo,
        Fields { first_name: u8 },
        #[serde(rename_all = "camelCase")]
        Others { first_name: u8 },
    }
} =>
    Yes "one_two", Yes { "fields": { "FIRST-NAME": 1 } }, Yes { "others": { "firstName": 1 } },
    No "OneTwo", No { "fields": { "first_name": 1 } },
}

cell! { external_alias: { pub enum T { #[serde(alias = "a", alias = "b")] A, B { #[serde(alias = "d")] c: u8 } } } =>
    Yes "A", Narrow "a" ALIAS, Narrow { "B": { "d": 1 } } ALIAS, Yes { "B": { "c": 1 } },
}

cell! { external_default: { pub enum T { A { #[serde(default)] a: u8, #[serde(default = "seven")] b: u8 } } } =>
    Yes { "A": {} }, Yes { "A": { "a": 1, "b": 2 } }, No { "A": { "a": null } },
}

cell! { external_skip: {
    pub enum T { A, #[serde(skip)] B(Unknown), #[serde(skip_deserializing)] C, #[serde(skip_serializing)] D, E { #[serde(skip)] e: u8 } }
} => Yes "A", No "B", No "C", Yes "D", Yes { "E": {} } }

cell! { external_skip_serializing_if: { pub enum T { A { #[serde(skip_serializing_if = "Option::is_none")] a: Option<u8> } } } =>
    Yes { "A": {} }, Yes { "A": { "a": 1 } }, No { "A": 1 },
}

cell! { external_flatten: { pub enum T { A { a: u8, #[serde(flatten)] inner: Inner } } } =>
    Yes { "A": { "a": 1, "x": 1 } }, No { "A": { "a": 1 } },
}

cell! { external_with: {
    pub enum T {
        A(#[serde(with = "hex")] #[schemars(with = "String")] u8),
        #[serde(with = "hex")]
        #[schemars(with = "String")]
        B(u8),
        C { #[serde(with = "hex")] #[schemars(with = "String")] c: u8 },
    }
} => Yes { "A": "ff" }, Yes { "B": "ff" }, Yes { "C": { "c": "a" } }, No { "A": 1 }, No { "B": 1 }, No { "C": { "c": 1 } } }

cell! { external_deny_unknown_fields: { #[serde(deny_unknown_fields)] pub enum T { A { a: u8 }, B(Inner) } } =>
    Yes { "A": { "a": 1 } }, No { "A": { "a": 1, "b": 2 } }, Yes { "B": { "x": 1, "z": 2 } },
}

cell! { external_other: { pub enum T { A, B, #[serde(other)] Rest } } =>
    Yes "A", Yes "Rest", Narrow "anything" OTHER,
}

cell! { external_untagged_variant: { pub enum T { A(u8), #[serde(untagged)] B(String), #[serde(untagged)] C { c: u8 } } } =>
    Yes { "A": 1 }, Yes "text", Yes { "c": 1 }, No 1, No { "A": "x" },
}

cell! { external_discriminants: { #[repr(u8)] #[derive(Clone, Copy)] pub enum T { A = 1, B = 3 } } => Yes "A", No 1, No "C" }

cell! { external_from: {
    #[serde(from = "Wire")]
    pub enum T { A, B(u8) }
} { @plain
    impl From<Wire> for T {
        fn from(wire: Wire) -> Self {
            if wire.wire == 0 { Self::A } else { Self::B(wire.wire) }
        }
    }
} => Yes { "wire": 0 }, Yes { "wire": 1 }, No "A" }

cell! { external_recursion: { pub enum T { Leaf(u8), Node(Box<T>, Vec<Self>), Deep { inner: Option<Box<T>> } } } =>
    Yes { "Leaf": 1 }, Yes { "Node": [{ "Leaf": 1 }, [{ "Deep": {} }]] }, No { "Node": [{ "Leaf": "a" }, []] },
}

// Internal.

cell! { internal: { #[serde(tag = "kind")] pub enum T { Unit, New(Inner), Named { a: u8 }, Map(BTreeMap<String, u8>), Empty {} } } =>
    Yes { "kind": "Unit" }, Yes { "kind": "New", "x": 1 }, Yes { "kind": "Named", "a": 1 }, Yes { "a": 1, "kind": "Named" },
    Yes { "kind": "Map", "a": 1 }, Yes { "kind": "Empty" }, Yes { "kind": "Unit", "more": 1 },
    No "Unit", No { "kind": "New" }, No { "kind": "Other" }, No { "a": 1 }, No { "kind": "Named", "a": "1" },
}

cell! { internal_docs: {
    /// Of the type.
    #[serde(tag = "kind")]
    pub enum T {
        /// Of A.
        A,
        /// Of B.
        B(Inner),
        /// Of C.
        C {
            /// Of c.
            c: u8,
        },
    }
} => Yes { "kind": "A" }, Yes { "kind": "B", "x": 1 }, No { "kind": "C" } }

cell! { internal_rename: {
    #[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase", rename = "Another")]
    pub enum T { FirstOne { first_name: u8 }, #[serde(rename = "2nd")] Second }
} => Yes { "kind": "first-one", "firstName": 1 }, Yes { "kind": "2nd" }, No { "kind": "Second" }, No { "kind": "FirstOne", "first_name": 1 } }

cell! { internal_alias: { #[serde(tag = "kind")] pub enum T { #[serde(alias = "a")] A { #[serde(alias = "y")] x: u8 } } } =>
    Yes { "kind": "A", "x": 1 }, Narrow { "kind": "a", "x": 1 } ALIAS, Narrow { "kind": "A", "y": 1 } ALIAS,
}

cell! { internal_default: { #[serde(tag = "kind")] pub enum T { A { #[serde(default)] a: u8, b: u8 } } } =>
    Yes { "kind": "A", "b": 1 }, No { "kind": "A", "a": 1 },
}

cell! { internal_skip: { #[serde(tag = "kind")] pub enum T { A { #[serde(skip)] a: u8 }, #[serde(skip)] B, #[serde(skip_deserializing)] C } } =>
    Yes { "kind": "A" }, No { "kind": "B" }, No { "kind": "C" },
}

cell! { internal_flatten: { #[serde(tag = "kind")] pub enum T { A { a: u8, #[serde(flatten)] inner: Inner } } } =>
    Yes { "kind": "A", "a": 1, "x": 1 }, No { "kind": "A", "a": 1 },
}

cell! { internal_with: { #[serde(tag = "kind")] pub enum T { A { #[serde(with = "hex")] #[schemars(with = "String")] a: u8 } } } =>
    Yes { "kind": "A", "a": "f" }, No { "kind": "A", "a": 1 },
}

cell! { internal_deny_unknown_fields: { #[serde(tag = "kind", deny_unknown_fields)] pub enum T { A { a: u8 }, B } } =>
    Yes { "kind": "A", "a": 1 }, No { "kind": "A", "a": 1, "b": 2 }, Yes { "kind": "B" }, Narrow { "kind": "B", "b": 1 } CONTENT,
}

cell! { internal_newtype_deny_unknown_fields: { #[serde(tag = "kind")] pub enum T { A(Wire) } } =>
    Yes { "kind": "A", "wire": 1 }, No { "kind": "A" },
}

cell! { internal_newtype_flatten: {
    #[serde(tag = "kind")]
    pub enum T { A(Open) }
} { pub struct Open { x: u8, #[serde(flatten)] more: BTreeMap<String, u8> } } =>
    Narrow { "kind": "A", "x": 1, "y": 2 } TAG, No { "kind": "A" },
}

cell! { internal_other: { #[serde(tag = "kind")] pub enum T { A { a: u8 }, #[serde(other)] Rest } } =>
    Yes { "kind": "A", "a": 1 }, Yes { "kind": "Rest" }, Narrow { "kind": "anything" } OTHER, No { "kind": "A" },
}

cell! { internal_untagged_variant: { #[serde(tag = "kind")] pub enum T { A { a: u8 }, #[serde(untagged)] B { b: u8 } } } =>
    Yes { "kind": "A", "a": 1 }, Yes { "b": 1 }, No { "kind": "A" }, No {},
}

cell! { internal_try_from: {
    #[serde(tag = "kind", try_from = "Wire")]
    pub enum T { A { a: u8 } }
} { @plain
    impl TryFrom<Wire> for T {
        type Error = &'static str;
        fn try_from(wire: Wire) -> Result<Self, Self::Error> {
            Ok(Self::A { a: wire.wire })
        }
    }
} => Yes { "wire": 1 }, No { "kind": "A", "a": 1 } }

cell! { internal_recursion: { #[serde(tag = "op")] pub enum T { Not { of: Box<T> }, All { of: Vec<T> }, Is { what: String } } } =>
    Yes { "op": "Not", "of": { "op": "All", "of": [{ "op": "Is", "what": "a" }] } }, No { "op": "Not", "of": { "op": "All" } },
}

// Adjacent.

cell! { adjacent: { #[serde(tag = "t", content = "c")] pub enum T { Unit, New(u8), Two(u8, String), Named { a: u8 } } } =>
    Yes { "t": "Unit" }, Yes { "t": "New", "c": 1 }, Yes { "t": "Two", "c": [1, "a"] }, Yes { "c": { "a": 1 }, "t": "Named" },
    Yes { "t": "Unit", "c": null }, Yes { "t": "New", "c": 1, "more": 2 },
    No "Unit", No { "t": "New" }, No { "c": 1 }, No { "t": "Other", "c": 1 }, No { "t": "Two", "c": [1] }, No { "t": "Named", "c": {} },
}

cell! { adjacent_docs: {
    /// Of the type.
    #[serde(tag = "t", content = "c")]
    pub enum T {
        /// Of A.
        A,
        /// Of B.
        B(u8),
    }
} => Yes { "t": "A" }, No { "t": "B" } }

cell! { adjacent_rename: {
    #[serde(tag = "t", content = "c", rename_all = "lowercase", rename_all_fields = "UPPERCASE")]
    pub enum T { First { name: u8 }, #[serde(rename = "2")] Second(u8) }
} => Yes { "t": "first", "c": { "NAME": 1 } }, Yes { "t": "2", "c": 1 }, No { "t": "First", "c": { "name": 1 } } }

cell! { adjacent_alias: { #[serde(tag = "t", content = "c")] pub enum T { #[serde(alias = "a")] A(u8) } } =>
    Yes { "t": "A", "c": 1 }, Narrow { "t": "a", "c": 1 } ALIAS,
}

cell! { adjacent_default: { #[serde(tag = "t", content = "c")] pub enum T { A { #[serde(default)] a: u8 } } } =>
    Yes { "t": "A", "c": {} }, No { "t": "A" },
}

cell! { adjacent_skip: { #[serde(tag = "t", content = "c")] pub enum T { A(u8, #[serde(skip)] u8), #[serde(skip)] B } } =>
    Yes { "t": "A", "c": [1] }, No { "t": "B" },
}

cell! { adjacent_flatten: { #[serde(tag = "t", content = "c")] pub enum T { A { a: u8, #[serde(flatten)] inner: Inner } } } =>
    Yes { "t": "A", "c": { "a": 1, "x": 2 } }, No { "t": "A", "c": { "a": 1 } },
}

cell! { adjacent_with: { #[serde(tag = "t", content = "c")] pub enum T { A(#[serde(with = "hex")] #[schemars(with = "String")] u8) } } =>
    Yes { "t": "A", "c": "f" }, No { "t": "A", "c": 1 },
}

cell! { adjacent_deny_unknown_fields: { #[serde(tag = "t", content = "c", deny_unknown_fields)] pub enum T { A { a: u8 }, B } } =>
    Yes { "t": "A", "c": { "a": 1 } }, No { "t": "A", "c": { "a": 1, "b": 2 } }, No { "t": "A", "c": { "a": 1 }, "b": 2 },
    Yes { "t": "B" }, No { "t": "B", "b": 1 },
}

cell! { adjacent_other: { #[serde(tag = "t", content = "c")] pub enum T { A(u8), #[serde(other)] Rest } } =>
    Yes { "t": "A", "c": 1 }, Yes { "t": "Rest" }, Narrow { "t": "anything" } OTHER,
}

cell! { adjacent_untagged_variant: { #[serde(tag = "t", content = "c")] pub enum T { A(u8), #[serde(untagged)] B(String) } } =>
    Yes { "t": "A", "c": 1 }, Yes "text", No { "t": "A" },
}

// Untagged.

cell! { untagged: { #[serde(untagged)] pub enum T { Unit, New(u8), Two(u8, String), Named { a: u8 }, Inner(Inner) } } =>
    Yes null, Yes 1, Yes [1, "a"], Yes { "a": 1 }, Yes { "x": 1 }, Yes { "a": 1, "x": 1 },
    No "Unit", No [1], No {}, No { "New": 1 }, No 256, No true,
}

cell! { untagged_docs: {
    /// Of the type.
    #[serde(untagged)]
    pub enum T {
        /// Of A.
        A(u8),
        /// Of B.
        #[schemars(title = "A text")]
        B(String),
    }
} => Yes 1, Yes "a", No [] }

cell! { untagged_rename_fields: { #[serde(untagged, rename_all_fields = "camelCase")] pub enum T { A { first_name: u8 } } } =>
    Yes { "firstName": 1 }, No { "first_name": 1 },
}

cell! { untagged_alias: { #[serde(untagged)] pub enum T { A { #[serde(alias = "b")] a: u8 } } } =>
    Yes { "a": 1 }, Narrow { "b": 1 } ALIAS,
}

cell! { untagged_default: { #[serde(untagged)] pub enum T { A { #[serde(default)] a: u8, b: u8 } } } =>
    Yes { "b": 1 }, No { "a": 1 },
}

cell! { untagged_skip: { #[serde(untagged)] pub enum T { A(u8), #[serde(skip)] B(Unknown), #[serde(skip_deserializing)] C(String) } } =>
    Yes 1, No "a",
}

cell! { untagged_flatten: { #[serde(untagged)] pub enum T { A { a: u8, #[serde(flatten)] inner: Inner } } } =>
    Yes { "a": 1, "x": 2 }, No { "a": 1 },
}

cell! { untagged_with: { #[serde(untagged)] pub enum T { A(#[serde(with = "hex")] #[schemars(with = "String")] u8) } } =>
    Yes "f", No 1,
}

cell! { untagged_deny_unknown_fields: { #[serde(untagged, deny_unknown_fields)] pub enum T { A { a: u8 }, B { a: u8, b: u8 } } } =>
    Yes { "a": 1 }, Yes { "a": 1, "b": 2 }, No { "a": 1, "c": 2 },
}

cell! { untagged_expecting: { #[serde(untagged, expecting = "one of them")] pub enum T { A(u8) } } => Yes 1, No "a" }

cell! { untagged_recursion: { #[serde(untagged)] pub enum T { Leaf(String), List(Vec<T>), Map(BTreeMap<String, T>) } } =>
    Yes "a", Yes [], Yes [["a"], { "b": ["c"] }], No [1], No { "b": [null] },
}

}
