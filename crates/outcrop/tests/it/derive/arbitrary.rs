//! Any value of a derived type is written as JSON that its schema takes, and is read back as the same value.

use std::{collections::BTreeMap, fmt::Debug, sync::LazyLock};

use outcrop::{
    Output,
    core::schema_of,
    serde_json::{self, Value, json},
};
use proptest::{collection, option, prelude::*};

/// Values go through their text.
fn check<T: Output + PartialEq + Debug>(value: &T, validator: &jsonschema::Validator) {
    let text = serde_json::to_string(value).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    if let Some(error) = validator.iter_errors(&json).next() {
        panic!("{text}: {error}");
    }
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "from the text {text}");
    assert_eq!(&serde_json::from_value::<T>(json).unwrap(), value, "from the value {text}");
}

fn validator<T: Output>() -> jsonschema::Validator {
    jsonschema::draft202012::new(&schema_of::<T>().to_value().unwrap()).unwrap()
}

/// A type with most of what there is.
#[derive(Output, Clone, PartialEq, Debug)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    title: String,
    r#type: Kind,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tag_list: Vec<String>,
    #[serde(rename = "published-at")]
    published: Option<i64>,
    #[serde(default = "one")]
    version: u32,
    #[serde(skip)]
    cache: (),
    score: f64,
    letter: char,
    body: Vec<Block>,
    by_name: BTreeMap<String, Leaf>,
    pair: (bool, Option<u8>),
    fixed: [i16; 2],
    filter: Option<Filter>,
    any: Anything,
    bytes: Hex,
    page: Page<Leaf>,
}

fn one() -> u32 {
    1
}

#[derive(Output, Clone, Copy, PartialEq, Debug)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    ShortText,
    #[serde(rename = "long", alias = "LONG")]
    Long,
}

/// External.
#[derive(Output, Clone, PartialEq, Debug)]
enum Block {
    Rule,
    Text(String),
    Heading {
        level: u8,
        #[serde(flatten)]
        rest: Rest,
    },
    Columns(Vec<Block>, u8),
}

#[derive(Output, Clone, PartialEq, Debug, Default)]
struct Rest {
    #[serde(default)]
    anchor: Option<String>,
    wide: bool,
}

/// Internal.
#[derive(Output, Clone, PartialEq, Debug)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Filter {
    All { of: Vec<Filter> },
    Not { of: Box<Filter> },
    Is(Leaf),
    Never,
}

/// Untagged.
#[derive(Output, Clone, PartialEq, Debug)]
#[serde(untagged)]
enum Anything {
    Flag(bool),
    Number(i64),
    Text(String),
    List(Vec<Anything>),
    Leaf(Leaf),
}

/// Adjacent, and in part transparent.
#[derive(Output, Clone, PartialEq, Debug)]
#[serde(tag = "t", content = "c", deny_unknown_fields)]
enum Leaf {
    Empty,
    Name(Name),
    Both { left: Name, right: Option<Name> },
}

#[derive(Output, Clone, PartialEq, Debug)]
#[serde(transparent)]
struct Name {
    text: String,
}

/// Through another type.
#[derive(Output, Clone, PartialEq, Debug)]
#[serde(try_from = "String", into = "String")]
struct Hex(Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2).unwrap_or("?"), 16);
        (0..text.len()).step_by(2).map(byte).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        hex.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[derive(Output, Clone, PartialEq, Debug)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::ShortText), Just(Kind::Long)]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z\"\\\\\\n\u{0}😀]{0,6}"]
}

fn name() -> impl Strategy<Value = Name> {
    text().prop_map(|text| Name { text })
}

fn leaf() -> impl Strategy<Value = Leaf> {
    prop_oneof![
        Just(Leaf::Empty),
        name().prop_map(Leaf::Name),
        (name(), option::of(name())).prop_map(|(left, right)| Leaf::Both { left, right }),
    ]
}

fn block() -> impl Strategy<Value = Block> {
    let rest = (option::of(text()), any::<bool>()).prop_map(|(anchor, wide)| Rest { anchor, wide });
    let flat = prop_oneof![
        Just(Block::Rule),
        text().prop_map(Block::Text),
        (any::<u8>(), rest).prop_map(|(level, rest)| Block::Heading { level, rest }),
    ];
    flat.prop_recursive(3, 12, 4, |inner| {
        (collection::vec(inner, 0..4), any::<u8>()).prop_map(|(blocks, width)| Block::Columns(blocks, width))
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    let flat = prop_oneof![leaf().prop_map(Filter::Is), Just(Filter::Never)];
    flat.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 0..3).prop_map(|of| Filter::All { of }),
            inner.prop_map(|of| Filter::Not { of: Box::new(of) }),
        ]
    })
}

fn anything() -> impl Strategy<Value = Anything> {
    let flat = prop_oneof![
        any::<bool>().prop_map(Anything::Flag),
        any::<i64>().prop_map(Anything::Number),
        text().prop_map(Anything::Text),
        leaf().prop_map(Anything::Leaf),
    ];
    flat.prop_recursive(3, 12, 3, |inner| collection::vec(inner, 0..3).prop_map(Anything::List))
}

fn page() -> impl Strategy<Value = Page<Leaf>> {
    let last = collection::vec(leaf(), 0..3).prop_map(|items| Page { items, next: None });
    last.prop_recursive(3, 6, 1, |next| {
        (collection::vec(leaf(), 0..2), next)
            .prop_map(|(items, next)| Page { items, next: Some(Box::new(next)) })
    })
}

fn document() -> impl Strategy<Value = Document> {
    let head = (
        text(),
        kind(),
        collection::vec(text(), 0..3),
        option::of(any::<i64>()),
        any::<u32>(),
        // What JSON has a form for, exactly.
        any::<i32>().prop_map(|number| f64::from(number) / 4.0),
        any::<char>(),
    );
    let tail = (
        collection::vec(block(), 0..3),
        collection::btree_map(text(), leaf(), 0..3),
        (any::<bool>(), option::of(any::<u8>())),
        any::<[i16; 2]>(),
        option::of(filter()),
        anything(),
        collection::vec(any::<u8>(), 0..4).prop_map(Hex),
        page(),
    );
    (head, tail).prop_map(|(head, tail)| {
        let (title, r#type, tag_list, published, version, score, letter) = head;
        let (body, by_name, pair, fixed, filter, any, bytes, page) = tail;
        let cache = ();
        Document {
            title,
            r#type,
            tag_list,
            published,
            version,
            cache,
            score,
            letter,
            body,
            by_name,
            pair,
            fixed,
            filter,
            any,
            bytes,
            page,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents(value in document()) {
        static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(validator::<Document>);
        check(&value, &VALIDATOR);
    }

    /// Whatever JSON of about the right shape comes: what serde reads the schema takes, but for what is known.
    #[test]
    fn what_is_read_is_taken(value in mutated()) {
        // To serde a unit may have a content of null; the schema, being closed, has none.
        prop_assume!(value != json!({ "t": "Empty", "c": null }));
        static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(validator::<Leaf>);
        let reads = serde_json::from_value::<Leaf>(value.clone()).is_ok();
        prop_assert_eq!(reads, VALIDATOR.is_valid(&value), "{}", value);
    }
}

/// The JSON of a leaf, with members taken away, added and changed.
fn mutated() -> impl Strategy<Value = Value> {
    let small = || {
        prop_oneof![
            Just(json!("Name")),
            Just(json!("Both")),
            Just(json!("Empty")),
            Just(json!({ "left": "a" })),
            Just(json!("x")),
            Just(json!(null)),
            Just(json!(1)),
            Just(json!({ "left": "a", "right": null })),
            Just(json!([])),
        ]
    };
    let changes = collection::vec((prop_oneof![Just("t"), Just("c"), Just("d")], option::of(small())), 0..3);
    (leaf(), changes).prop_map(|(leaf, changes)| {
        let mut value = serde_json::to_value(leaf).unwrap();
        for (key, change) in changes {
            match change {
                Some(change) => value[key] = change,
                None => drop(value.as_object_mut().unwrap().remove(key)),
            }
        }
        value
    })
}
