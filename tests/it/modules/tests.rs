//! Small crates in memory, for the resolver.

use super::graph::Graph;

fn graph(files: &[(&str, &str)]) -> Graph {
    let files = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let graph = Graph::of(&files);
    assert!(graph.unresolved().is_empty(), "{:?}", graph.unresolved());
    graph
}

#[track_caller]
fn check_cycle(files: &[(&str, &str)], expected: &[&str]) {
    let graph = graph(files);
    let cycle = graph.shortest_cycle().map(|cycle| cycle.to_string()).unwrap_or_default();
    assert_eq!(cycle.lines().collect::<Vec<_>>(), expected);
}

#[track_caller]
fn check_arrows(files: &[(&str, &str)], expected: &[(&str, &str)]) {
    assert_eq!(graph(files).arrows(), expected);
}

#[test]
fn a_cycle_is_found() {
    check_cycle(
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "use crate::b::B; pub struct A(B);"),
            ("b.rs", "pub struct B; fn f() { let _: Option<super::a::A> = None; }"),
        ],
        &["a.rs → b.rs (crate::b::B)", "b.rs → a.rs (super::a::A)"],
    );
}

#[test]
fn a_chain_of_three_is_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b; pub fn a() { b::b() }"),
        ("b.rs", "pub fn b() { crate::c::c() }"),
        ("c.rs", "use crate::{a::a, d::D}; pub fn c() { a() }"),
        ("d.rs", "pub struct D;"),
    ];
    check_cycle(&files, &["a.rs → b.rs (b::b)", "b.rs → c.rs (crate::c::c)", "c.rs → a.rs (crate::a::a)"]);
    assert_eq!(graph(&files).tangles(), [["a.rs", "b.rs", "c.rs"]]);
}

#[test]
fn the_shortest_cycle_is_shown() {
    check_cycle(
        &[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B;"),
            ("c.rs", "use crate::{a::A, d::D}; pub struct C;"),
            ("d.rs", "use crate::c::C as Other; pub struct D;"),
        ],
        &["c.rs → d.rs (crate::d::D)", "d.rs → c.rs (crate::c::C)"],
    );
}

#[test]
fn reexports_are_looked_through() {
    check_arrows(
        &[
            ("lib.rs", "mod a; mod b; pub use a::{A, inner::Deep as Renamed};"),
            ("a.rs", "pub mod inner; pub struct A;"),
            ("a/inner.rs", "pub enum Deep { One }"),
            ("b.rs", "use crate::A; fn b(a: A) { crate::Renamed::One; }"),
        ],
        &[("b.rs", "a.rs"), ("b.rs", "a/inner.rs")],
    );
}

#[test]
fn globs_are_looked_through() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; pub use a::*; pub use b::*;"),
        ("a.rs", "pub struct A; impl A { fn new() {} }"),
        ("b.rs", "pub struct B; use crate::A; fn f() { crate::A::new() }"),
        ("c.rs", "use super::*; fn f() { B; }"),
    ];
    check_arrows(&files, &[("b.rs", "a.rs"), ("c.rs", "b.rs")]);
}

#[test]
fn declarations_and_reexports_of_children_are_no_uses() {
    check_arrows(
        &[
            ("lib.rs", "mod a;"),
            ("a.rs", "mod child; pub use child::Child; pub(crate) use child::*; pub struct A;"),
            ("a/child.rs", "use super::A; pub struct Child(A);"),
        ],
        &[("a/child.rs", "a.rs")],
    );
}

#[test]
fn a_parent_that_uses_its_child_is_in_a_cycle() {
    let child = ("a/child.rs", "use super::A; pub struct Child(A);");
    for (parent, name) in [
        ("mod child; use child::Child; pub struct A;", "child::Child"),
        ("mod child; pub struct A; fn f() -> child::Child { todo() }", "child::Child"),
        ("mod child; pub use child::Child; pub struct A; fn f() -> Child { todo() }", "child::Child"),
        ("mod child; pub use child::*; pub struct A; fn f() -> Child { todo() }", "Child"),
    ] {
        check_cycle(
            &[("lib.rs", "mod a;"), ("a.rs", parent), child],
            &[&format!("a.rs → a/child.rs ({name})"), "a/child.rs → a.rs (super::A)"],
        );
    }
}

#[test]
fn an_import_of_the_parent_is_looked_through() {
    check_arrows(
        &[
            ("lib.rs", "mod a; mod b;"),
            ("a.rs", "mod child; use crate::b::B; fn f(_: B) {}"),
            ("a/child.rs", "use super::B; fn f(_: B) {}"),
            ("b.rs", "pub struct B;"),
        ],
        &[("a.rs", "b.rs"), ("a/child.rs", "b.rs")],
    );
}

#[test]
fn a_function_named_like_its_module() {
    check_arrows(
        &[
            ("lib.rs", "pub mod a; mod b; mod c; pub use a::{LIMIT, a};"),
            ("a.rs", "pub const LIMIT: u8 = 1; pub fn a() {}"),
            ("b.rs", "use crate::a; fn b() { a() }"),
            ("c.rs", "use crate::a::{self}; fn c() {}"),
        ],
        &[("b.rs", "a.rs")],
    );
}

#[test]
fn tests_comments_and_macro_definitions_are_left_out() {
    check_arrows(
        &[
            ("lib.rs", "mod a; #[macro_use] mod b;"),
            (
                "a.rs",
                "//! See [`crate::b::B`].
                #[cfg(test)] mod tests;
                #[cfg(test)] use crate::b::B;
                /// Like [`B`](crate::b::B).
                pub struct A;
                impl A { #[cfg(test)] fn b() -> crate::b::B { crate::b::B } fn c() {} }
                macro_rules! make { () => { $crate::b::B } }",
            ),
            ("a/tests.rs", "use crate::b::B;"),
            ("b.rs", "pub struct B; macro_rules! of_b { () => {} }"),
        ],
        &[],
    );
}

#[test]
fn code_in_macros_and_functions_counts() {
    check_arrows(
        &[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "wire! { pub struct Wire { required { x: crate::b::B } } }"),
            ("b.rs", "pub struct B; fn f() { use super::c; c::made(); }"),
            ("c.rs", "pub fn made() { let x = format!(\"{:?}\", crate::d::D); }"),
            ("d.rs", "pub struct D; pub type E = ::a::Wire; fn f() { x.crate_name; }"),
        ],
        &[("a.rs", "b.rs"), ("b.rs", "c.rs"), ("c.rs", "d.rs")],
    );
}

#[test]
fn items_made_by_macros_are_found() {
    check_arrows(
        &[
            ("lib.rs", "mod a; mod b; pub use a::*;"),
            (
                "a.rs",
                "macro_rules! kinds { ($($name:ident)*) => { pub enum Kind { $($name),* } } }
                kinds! { One { x: u8 } Two }
                wire_struct! { pub struct Wire { required { x: u8 } } }",
            ),
            ("b.rs", "use crate::{Kind, One, Wire};"),
        ],
        &[("b.rs", "a.rs")],
    );
}

#[test]
fn paths_that_lead_nowhere_are_reported() {
    let files = [("lib.rs", "mod a; use a::Missing;"), ("a.rs", "fn f() { crate::a::gone() }")];
    let files = files.map(|(file, text)| (file.to_owned(), text.to_owned())).into();
    assert_eq!(Graph::of(&files).unresolved(), ["lib.rs: a::Missing", "a.rs: crate::a::gone"]);
}

/// From the lowest to the highest: a layer may use those before it.
const LAYERS: [&str; 5] = ["wire", "schema", "profile", "tools", "turn"];

#[test]
fn arrows_against_the_order_of_layers_are_found() {
    let graph = graph(&[
        ("lib.rs", "mod message; mod profile; mod turn; mod usage;"),
        ("message.rs", "use crate::{profile::Profile, usage::Usage}; pub struct Message;"),
        ("profile.rs", "use crate::message::Message; pub struct Profile;"),
        ("turn.rs", "use crate::profile::Profile; pub struct Turn;"),
        ("usage.rs", "use crate::turn::Turn; pub struct Usage;"),
    ]);
    let layer = |file: &str| match file {
        "message.rs" => Some("wire"),
        "profile.rs" => Some("profile"),
        "turn.rs" => Some("turn"),
        _ => None,
    };
    assert_eq!(
        graph.against_order(&LAYERS, layer),
        ["wire must not use profile: message.rs → profile.rs (crate::profile::Profile)"],
    );
}
