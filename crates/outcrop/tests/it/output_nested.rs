//! `#[output(validate = ..)]` on types that stand in others: wherever one stands it is asked, and what it says has the
//! place in the JSON.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use expect_test::{Expect, expect};
use outcrop::{
    Agent, Output, Problem, Strategy, ToolInput, core::tools::Problems, schemars, serde,
    testing::ScriptedModel,
};

/// A number that must be even.
#[derive(Output, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[output(validate = is_even)]
struct Even(u32);

fn is_even(Even(number): &Even) -> Result<(), Problem> {
    if number % 2 == 0 { Ok(()) } else { Err(Problem::new("", "an even number", number.to_string())) }
}

/// What the model is told of a value, line by line; nothing where it is taken.
async fn told<T: Output>(json: &str) -> String {
    let agent = Agent::builder(ScriptedModel::texts([json])).build().unwrap();
    match agent.ask("?").output::<T>().strategy(Strategy::Prompt).retries(0).await {
        Ok(_) => String::new(),
        Err(error) => error.as_output().unwrap().failure.attempts[0].problems.trim_start().to_owned(),
    }
}

async fn check<T: Output>(right: &str, wrong: &str, expected: Expect) {
    assert_eq!(told::<T>(right).await, "", "{right}");
    expected.assert_eq(&told::<T>(wrong).await);
}

#[derive(Output)]
#[serde(rename_all = "camelCase")]
struct Parts {
    #[serde(rename = "a/b~", alias = "ab")]
    renamed: Even,
    by_rule: Option<Even>,
    boxed: Box<Even>,
    #[serde(flatten)]
    flat: Flat,
    pair: (u8, Even),
    row: Row,
    inner: Newtype,
}

#[derive(Output)]
struct Flat {
    level: Even,
    #[serde(flatten)]
    rest: BTreeMap<String, Even>,
}

/// The second is not read, so that the third is the second element.
#[derive(Output)]
struct Row(Even, #[serde(skip)] (), Even);

#[derive(Output)]
#[serde(transparent)]
struct Newtype {
    deep: Deep,
}

#[derive(Output)]
struct Deep {
    deep: Even,
}

#[tokio::test]
async fn in_structs() {
    check::<Parts>(
        r#"{"a/b~": 0, "boxed": 2, "level": 4, "pair": [1, 6], "row": [0, 2], "inner": {"deep": 0}}"#,
        r#"{"a/b~": 1, "byRule": 3, "boxed": 5, "level": 7, "pair": [1, 9], "row": [11, 13], "inner": {"deep": 0}}"#,
        expect![[r#"
            - `/a~1b~0`: expected an even number, found 1
            - `/byRule`: expected an even number, found 3
            - `/boxed`: expected an even number, found 5
            - `/level`: expected an even number, found 7
            - `/pair/1`: expected an even number, found 9
            - `/row/0`: expected an even number, found 11
            - `/row/1`: expected an even number, found 13"#]],
    )
    .await;
    check::<Parts>(
        r#"{"a/b~": 0, "byRule": null, "boxed": 2, "level": 4, "more": 2, "pair": [1, 6], "row": [0, 2], "inner": {"deep": 0}}"#,
        r#"{"a/b~": 0, "boxed": 2, "level": 4, "more": 3, "pair": [1, 6], "row": [0, 2], "inner": {"deep": 5}}"#,
        expect![[r#"
            - `/more`: expected an even number, found 3
            - `/inner/deep`: expected an even number, found 5"#]],
    )
    .await;
}

#[derive(Output)]
struct Many {
    list: Vec<Even>,
    lists: Vec<Vec<Even>>,
    array: [Even; 2],
    set: BTreeSet<Even>,
    by_name: BTreeMap<String, Vec<Even>>,
    by_number: HashMap<u8, Even>,
}

#[tokio::test]
async fn in_lists_and_maps() {
    check::<Many>(
        r#"{"list": [], "lists": [[]], "array": [0, 2], "set": [2, 4], "by_name": {}, "by_number": {}}"#,
        r#"{"list": [2, 1], "lists": [[], [2, 3]], "array": [0, 5], "set": [2, 7], "by_name": {"a/b": [9]}, "by_number": {"11": 13}}"#,
        expect![[r#"
            - `/list/1`: expected an even number, found 1
            - `/lists/1/1`: expected an even number, found 3
            - `/array/1`: expected an even number, found 5
            - `/set/1`: expected an even number, found 7
            - `/by_name/a~1b/0`: expected an even number, found 9
            - `/by_number/11`: expected an even number, found 13"#]],
    )
    .await;
    // As the output itself.
    check::<(Even, Even)>(
        r#"{"value": [0, 2]}"#,
        r#"{"value": [0, 1]}"#,
        expect!["- `/value/1`: expected an even number, found 1"],
    )
    .await;
    check::<BTreeMap<u8, Even>>(
        r#"{"1": 0}"#,
        r#"{"1": 1}"#,
        expect!["- `/1`: expected an even number, found 1"],
    )
    .await;
}

macro_rules! of_variants {
    ($($name:ident #[$form:meta])*) => {
        $(#[derive(Output)]
        #[serde($form)]
        #[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
        enum $name {
            Nothing,
            AsObject(Deep),
            Members { first_one: Even, #[serde(flatten)] flat: Deep },
        })*
    };
}

of_variants! {
    External #[rename = "External"]
    Internal #[tag = "kind"]
    Untagged #[untagged]
}

#[derive(Output)]
#[serde(tag = "kind", content = "the/content")]
enum Adjacent {
    Nothing,
    One(Even),
    Two(u8, Even),
    Members { first: Even, deep: Option<Deep> },
}

#[derive(Output)]
enum Tuples {
    One(Even),
    Two(u8, Even),
    #[serde(untagged)]
    Plain {
        plain: Even,
    },
}

#[tokio::test]
async fn in_variants() {
    check::<External>(
        r#"{"value": "nothing"}"#,
        r#"{"value": {"asObject": {"deep": 1}}}"#,
        expect!["- `/value/asObject/deep`: expected an even number, found 1"],
    )
    .await;
    check::<External>(
        r#"{"value": {"members": {"firstOne": 2, "deep": 0}}}"#,
        r#"{"value": {"members": {"firstOne": 1, "deep": 3}}}"#,
        expect![[r#"
            - `/value/members/firstOne`: expected an even number, found 1
            - `/value/members/deep`: expected an even number, found 3"#]],
    )
    .await;
    check::<Internal>(
        r#"{"value": {"kind": "nothing"}}"#,
        r#"{"value": {"kind": "asObject", "deep": 1}}"#,
        expect!["- `/value/deep`: expected an even number, found 1"],
    )
    .await;
    check::<Internal>(
        r#"{"value": {"kind": "members", "firstOne": 2, "deep": 0}}"#,
        r#"{"value": {"kind": "members", "firstOne": 1, "deep": 3}}"#,
        expect![[r#"
            - `/value/firstOne`: expected an even number, found 1
            - `/value/deep`: expected an even number, found 3"#]],
    )
    .await;
    check::<Untagged>(
        r#"{"value": {"deep": 0}}"#,
        r#"{"value": {"deep": 1}}"#,
        expect!["- `/value/deep`: expected an even number, found 1"],
    )
    .await;
    check::<Adjacent>(
        r#"{"value": {"kind": "Nothing"}}"#,
        r#"{"value": {"kind": "One", "the/content": 1}}"#,
        expect!["- `/value/the~1content`: expected an even number, found 1"],
    )
    .await;
    check::<Adjacent>(
        r#"{"value": {"kind": "Two", "the/content": [1, 2]}}"#,
        r#"{"value": {"kind": "Two", "the/content": [1, 3]}}"#,
        expect!["- `/value/the~1content/1`: expected an even number, found 3"],
    )
    .await;
    check::<Adjacent>(
        r#"{"value": {"kind": "Members", "the/content": {"first": 2}}}"#,
        r#"{"value": {"kind": "Members", "the/content": {"first": 1, "deep": {"deep": 3}}}}"#,
        expect![[r#"
            - `/value/the~1content/first`: expected an even number, found 1
            - `/value/the~1content/deep/deep`: expected an even number, found 3"#]],
    )
    .await;
    check::<Tuples>(
        r#"{"value": {"One": 0}}"#,
        r#"{"value": {"One": 1}}"#,
        expect!["- `/value/One`: expected an even number, found 1"],
    )
    .await;
    check::<Tuples>(
        r#"{"value": {"Two": [1, 0]}}"#,
        r#"{"value": {"Two": [1, 1]}}"#,
        expect!["- `/value/Two/1`: expected an even number, found 1"],
    )
    .await;
    check::<Tuples>(
        r#"{"value": {"plain": 0}}"#,
        r#"{"value": {"plain": 1}}"#,
        expect!["- `/value/plain`: expected an even number, found 1"],
    )
    .await;
}

/// With parameters, in itself.
#[derive(Output)]
#[output(validate = has_one)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<Page<T>>>,
}

fn has_one<T>(page: &Page<T>) -> Result<(), Problems> {
    match page.items.is_empty() {
        true => Err(Problem::new("/items", "an item", "none").into()),
        false => Ok(()),
    }
}

#[derive(Output)]
enum Tree {
    Leaf(Even),
    Node { left: Box<Tree>, right: Box<Tree> },
}

/// Each of the two in the other.
#[derive(Output)]
struct Book {
    pages: Even,
    cites: Vec<Chapter>,
}

#[derive(Output)]
struct Chapter {
    of: Option<Box<Book>>,
    page: Even,
}

#[tokio::test]
async fn with_parameters_and_in_itself() {
    check::<Page<Even>>(
        r#"{"items": [0], "next": {"items": [2], "next": null}}"#,
        r#"{"items": [1], "next": {"items": [], "next": {"items": [2, 3], "next": null}}}"#,
        expect![[r#"
            - `/items/0`: expected an even number, found 1
            - `/next/next/items/1`: expected an even number, found 3
            - `/next/items`: expected an item, found none"#]],
    )
    .await;
    check::<Page<Option<(Even, Deep)>>>(
        r#"{"items": [null, [0, {"deep": 2}]], "next": null}"#,
        r#"{"items": [null, [1, {"deep": 3}]], "next": null}"#,
        expect![[r#"
            - `/items/1/0`: expected an even number, found 1
            - `/items/1/1/deep`: expected an even number, found 3"#]],
    )
    .await;
    check::<Tree>(
        r#"{"value": {"Node": {"left": {"Leaf": 0}, "right": {"Leaf": 2}}}}"#,
        r#"{"value": {"Node": {"left": {"Leaf": 0}, "right": {"Node": {"left": {"Leaf": 1}, "right": {"Leaf": 3}}}}}}"#,
        expect![[r#"
            - `/value/Node/right/Node/left/Leaf`: expected an even number, found 1
            - `/value/Node/right/Node/right/Leaf`: expected an even number, found 3"#]],
    )
    .await;
    check::<Book>(
        r#"{"pages": 2, "cites": [{"of": {"pages": 2, "cites": []}, "page": 0}]}"#,
        r#"{"pages": 1, "cites": [{"of": {"pages": 3, "cites": []}, "page": 5}]}"#,
        expect![[r#"
            - `/pages`: expected an even number, found 1
            - `/cites/0/of/pages`: expected an even number, found 3
            - `/cites/0/page`: expected an even number, found 5"#]],
    )
    .await;
}

/// What stands in a type of which only serde and schemars know is not looked into; nor what a function or another type
/// reads, or what is not read.
#[derive(Output)]
#[output(validate = never)]
struct Edges {
    foreign: Foreign,
    existing: Existing,
    input: Input,
    #[serde(with = "halves")]
    #[schemars(with = "u32")]
    halved: Even,
    #[serde(skip, default = "odd")]
    _kept: Option<Even>,
    wire: FromWire,
    packed: Packed,
}

fn never(_: &Edges) -> Result<(), Problem> {
    Err(Problem::new("", "something else", "this"))
}

fn odd() -> Option<Even> {
    Some(Even(1))
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(crate = "outcrop::serde")]
#[schemars(crate = "outcrop::schemars")]
struct Foreign {
    even: Even,
}

impl outcrop::HasPartial for Foreign {
    type Partial = outcrop::serde_json::Value;
}

#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema, Output)]
#[serde(crate = "outcrop::serde", rename_all = "UPPERCASE")]
#[schemars(crate = "outcrop::schemars")]
#[output(existing)]
struct Existing {
    even: Even,
}

#[derive(ToolInput)]
struct Input {
    even: Even,
}

mod halves {
    use outcrop::serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Even;

    pub(super) fn serialize<S: Serializer>(even: &Even, serializer: S) -> Result<S::Ok, S::Error> {
        (even.0 * 2).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Even, D::Error> {
        u32::deserialize(deserializer).map(|number| Even(number / 2))
    }
}

#[derive(Output, Clone)]
#[serde(from = "u32", into = "u32")]
#[output(validate = is_whole)]
struct FromWire {
    even: Even,
}

impl From<u32> for FromWire {
    fn from(number: u32) -> Self {
        Self { even: Even(number) }
    }
}

impl From<FromWire> for u32 {
    fn from(wire: FromWire) -> Self {
        wire.even.0
    }
}

fn is_whole(wire: &FromWire) -> Result<(), Problem> {
    is_even(&wire.even).map_err(|_| Problem::new("", "what came over the wire to be even", "it odd"))
}

#[derive(Output, Clone, Copy)]
#[repr(C, packed)]
struct Packed {
    small: u8,
    even: Even,
}

#[tokio::test]
async fn at_the_edges() {
    let all_odd = r#"{"foreign": {"even": 1}, "existing": {"EVEN": 1}, "input": {"even": 1}, "halved": 2, "wire": 1, "packed": {"small": 1, "even": 1}}"#;
    // Of the parts first, then of the whole.
    expect![[r#"
        - `/existing/EVEN`: expected an even number, found 1
        - `/input/even`: expected an even number, found 1
        - `/wire`: expected what came over the wire to be even, found it odd
        - `/packed/even`: expected an even number, found 1
        - top level: expected something else, found this"#]]
    .assert_eq(&told::<Edges>(all_odd).await);
}

/// A refusal without a word is one.
#[tokio::test]
async fn a_refusal_without_a_word() {
    #[derive(Output)]
    #[output(validate = refuses)]
    struct Silent {
        deep: Deep,
    }

    fn refuses(_: &Silent) -> Result<(), Problems> {
        Err(Problems::default())
    }

    let agent =
        Agent::builder(ScriptedModel::texts([r#"{"value": [{"deep": {"deep": 0}}]}"#])).build().unwrap();
    let refused = agent.ask("?").output::<Vec<Silent>>().strategy(Strategy::Prompt).retries(0).await;
    assert!(refused.is_err_and(|error| error.as_output().is_some()));
}
