//! What adaptation did to a schema, and why it could not be done.
//!
//! # Invariants
//! - Where only one of the two schemas accepts a value, a change reports it: one that
//!   [widens](SchemaChange::widens) where the adapted schema takes it, one that [narrows](SchemaChange::narrows)
//!   where the original does.

use std::fmt;

/// One thing that was done to a schema.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct SchemaChange {
    /// JSON pointer into the original schema: the schema that had the keyword. A part that was merged from several
    /// is reported at the place of the merged schema.
    pub pointer: String,
    /// The name of the keyword, such as `maxLength`.
    pub keyword: String,
    /// What was done.
    pub action: Action,
}

/// What was done to a keyword.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Left out and said in the description instead.
    Described,
    /// Left out; it could not be said in a few words.
    Removed,
    /// Left out; it said nothing about values, or what the rest says already.
    Dropped,
    /// Said with another keyword.
    Rewritten {
        /// The name of that keyword, such as `anyOf`.
        to: &'static str,
        /// Whether more values are taken than before, as where `oneOf` becomes `anyOf`.
        loosely: bool,
    },
    /// Merged with what stood beside it.
    Merged,
    /// A definition was put in the place of the reference.
    Inlined,
    /// Members that the schema does not name were allowed and are no longer.
    Closed,
    /// The schema told no type; only values of this one are taken now.
    Assumed {
        /// The JSON type, such as `object`.
        kind: &'static str,
    },
    /// An optional member became one that may be `null`; [`Adapted::unwrap_value`](super::Adapted::unwrap_value)
    /// takes such a `null` out again.
    Nullable,
    /// An optional member that may be `null` as it is must be there now: it can only be `null`, and no more absent.
    Required {
        /// Whether the schema tells another value for where it is absent.
        has_default: bool,
    },
    /// The root was put into an object.
    Wrapped,
}

impl SchemaChange {
    /// Whether values may be taken now that the original refuses.
    pub fn widens(&self) -> bool {
        matches!(self.action, Action::Described | Action::Removed | Action::Rewritten { loosely: true, .. })
    }

    /// Whether values may be refused now that the original takes.
    pub fn narrows(&self) -> bool {
        matches!(self.action, Action::Closed | Action::Assumed { .. } | Action::Required { .. })
    }

    /// Whether it widens or narrows in a way that most likely matters. What does not is [`Action::Closed`], since a
    /// schema that names members and allows others most often means those that it names, and [`Action::Required`] of a
    /// member without a default, where `null` most often means the same as nothing.
    pub fn is_loss(&self) -> bool {
        match self.action {
            Action::Closed | Action::Required { has_default: false } => false,
            _ => self.widens() || self.narrows(),
        }
    }
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, keyword, action } = self;
        write!(f, "{}: `{keyword}` ", place(pointer))?;
        match action {
            Action::Described => f.write_str("moved into the description"),
            Action::Removed => f.write_str("removed"),
            Action::Dropped => f.write_str("left out, it adds nothing"),
            Action::Rewritten { to, loosely: true } => write!(f, "became `{to}`, which takes more"),
            Action::Rewritten { to, .. } => write!(f, "became `{to}`"),
            Action::Merged => f.write_str("merged with what stood beside it"),
            Action::Inlined => f.write_str("replaced by what it refers to"),
            Action::Closed => f.write_str("set to false: members without a name are refused"),
            Action::Assumed { kind } => write!(f, "taken to be `{kind}`"),
            Action::Nullable => f.write_str("now holds all members; null stands for one that is not there"),
            Action::Required { .. } => {
                f.write_str("now holds all members; this one can be null, and no more absent")
            }
            Action::Wrapped => f.write_str("put into an object"),
        }
    }
}

/// A pointer for readers.
fn place(pointer: &str) -> String {
    if pointer.is_empty() { "the root".to_owned() } else { format!("`{pointer}`") }
}

/// A schema that the dialect has no words for: the next way to a typed answer is to be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schema at {} cannot be sent: {why}", place(.pointer))]
#[non_exhaustive]
pub struct Inexpressible {
    /// JSON pointer into the original schema.
    pub pointer: String,
    /// Why not.
    pub why: Why,
}

/// Why a schema cannot be said in a dialect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// A definition that leads to itself.
    #[error("it leads to itself")]
    Recursion,
    /// Items with a schema each.
    #[error("the items of an array have a schema each")]
    Tuple,
    /// An object with members of any name.
    #[error("it is a map, whose members can have any name")]
    OpenMap,
    /// A place that takes any value.
    #[error("it takes values of any type")]
    Untyped,
    /// No value fits.
    #[error("no value fits it")]
    Never,
    /// An array or object as one of the values of `enum` or `const`.
    #[error("a constant of it is an array or an object")]
    CompoundConstant,
    /// Alternatives, where the dialect takes none.
    #[error("it has alternatives")]
    Union,
    /// A reference that leads out of the schema, or nowhere.
    #[error("`{reference}` leads out of the schema or nowhere")]
    Reference {
        /// The reference.
        reference: String,
    },
    /// `null` would stand both for itself and for a member that is not there.
    #[error("null would stand for two things")]
    AmbiguousNull,
    /// Members that are named by a condition only.
    #[error("`{keyword}` names members that `properties` does not")]
    ConditionalMembers {
        /// The keyword.
        keyword: String,
    },
    /// More levels than are followed.
    #[error("it has too many levels")]
    TooDeep,
    /// More parts than are followed, mostly after references were inlined or alternatives multiplied.
    #[error("it has too many parts")]
    TooLarge,
    /// It is no JSON Schema.
    #[error("`{keyword}` has a value that it cannot have")]
    Malformed {
        /// The keyword; empty where the schema is neither an object nor a boolean.
        keyword: String,
    },
}
