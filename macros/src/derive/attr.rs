//! The grammar of `#[output(..)]` and `#[input(..)]`, on a type and on a field.
//!
//! # Invariants
//! - Both are one grammar; a type has the one that its derive declares, which the compiler sees to.

use proc_macro2::Span;
use syn::{Attribute, Expr, ExprPath, Ident, Meta, Path, spanned::Spanned};

use crate::{
    attr::{Setting, flag, krate, settings},
    check::Mistakes,
};

/// What stands on a type.
#[derive(Clone, Default)]
pub(crate) struct ContainerAttr {
    /// The type has implementations of serde's and schemars' traits.
    pub(crate) existing: Option<Span>,
    /// The type is shown only whole.
    pub(crate) done: Option<Span>,
    /// The function that looks at a value before it is an output.
    pub(crate) validate: Option<ExprPath>,
    /// The one that looks at what is shown of it.
    pub(crate) validate_partial: Option<ExprPath>,
    pub(crate) krate: Option<Path>,
}

impl ContainerAttr {
    pub(crate) fn read(helper: &str, attrs: &[Attribute], mistakes: &mut Mistakes) -> Self {
        const KNOWN: &str = "`existing`, `done`, `validate = ..`, `validate_partial = ..` or `crate = ..`";
        let mut read = Self::default();
        for Setting { key, value } in written(helper, KNOWN, attrs, mistakes) {
            match &*key.to_string() {
                "existing" => read.existing = flag(&key, value, mistakes).then(|| key.span()),
                "crate" => read.krate = krate(&key, value, mistakes),
                "done" => read.done = flag(&key, value, mistakes).then(|| key.span()),
                "validate" | "validate_partial" if helper != "output" => mistakes.add(
                    key.span(),
                    "only an output is validated: a tool looks at its input itself, and gives an error",
                ),
                "validate" => read.validate = function(&key, value, "the value", mistakes),
                "validate_partial" => {
                    let what = "what there is so far, the type's companion,";
                    read.validate_partial = function(&key, value, what, mistakes);
                }
                other => {
                    mistakes.add(key.span(), format!("`{other}` is no setting of a type; it is {KNOWN}"))
                }
            }
        }
        read
    }
}

/// What stands on a field.
#[derive(Default)]
pub(crate) struct FieldAttr {
    /// The field is held back until it is whole.
    pub(crate) done: Option<Span>,
}

impl FieldAttr {
    pub(crate) fn read(helper: &str, attrs: &[Attribute], mistakes: &mut Mistakes) -> Self {
        const KNOWN: &str = "`done`";
        let mut read = Self::default();
        for Setting { key, value } in written(helper, KNOWN, attrs, mistakes) {
            match &*key.to_string() {
                "done" => read.done = flag(&key, value, mistakes).then(|| key.span()),
                "existing" | "crate" | "validate" | "validate_partial" => {
                    mistakes.add(key.span(), format!("`{key}` goes on the type"))
                }
                other => {
                    mistakes.add(key.span(), format!("`{other}` is no setting of a field; it is {KNOWN}"))
                }
            }
        }
        read
    }

    /// A variant has no settings.
    pub(crate) fn none_on_a_variant(helper: &str, attrs: &[Attribute], mistakes: &mut Mistakes) {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident(helper)) {
            mistakes.add(attr.path().span(), format!("`{helper}` goes on the type or on a field"));
        }
    }
}

/// The path of a function that takes something by reference.
fn function(key: &Ident, value: Option<Expr>, takes: &str, mistakes: &mut Mistakes) -> Option<ExprPath> {
    match value {
        Some(Expr::Path(path)) => Some(path),
        other => mistakes.none(
            other.map_or(key.span(), |value| value.span()),
            format!("write `{key} = path::to::function`: it takes {takes} by reference and gives a `Result`"),
        ),
    }
}

/// All settings of a place.
fn written(helper: &str, known: &str, attrs: &[Attribute], mistakes: &mut Mistakes) -> Vec<Setting> {
    let mut lists = Vec::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(helper)) {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => lists.push(list.tokens.clone()),
            other => mistakes.add(other.span(), format!("say what it is: {known}")),
        }
    }
    settings(lists, mistakes)
}
