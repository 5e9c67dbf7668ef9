//! Types that a model writes: outputs of a turn and inputs of tools.
//!
//! # Invariants
//! - There is one kind of such types: whatever is an [`Output`] is a [`ToolInput`] too, since what is read in one place
//!   is part of what is read in the other.

mod check;
mod partial;

use std::{borrow::Cow, marker::PhantomData};

use outcrop_core::tools::Problems;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserializer, Serialize, Serializer, de::DeserializeOwned};

pub use check::{Checking, Nested, NestedDeclared, NestedOther, check_by};
pub use partial::PartialCheck;

/// A type that a model can answer with: `#[derive(Output)]` makes one of a struct or an enum.
///
/// It has a schema, which the model is told, and is read from JSON; it can be written as well. Text, numbers, `bool`,
/// [`serde_json::Value`], dates and the like by feature are outputs, and so are options, lists, tuples and maps of
/// outputs. A type with parameters is one of outputs.
///
/// ```
/// use outcrop::{Output, core::schema_of, serde_json};
///
/// /// What a user wants.
/// #[derive(Output, Debug, PartialEq)]
/// enum Intent {
///     Order,
///     /// Anything but an order.
///     Other { reason: String },
/// }
///
/// let schema = schema_of::<Intent>();
/// assert!(schema.as_str().contains("Anything but an order."));
/// let read: Intent = serde_json::from_str(r#"{"Other":{"reason":"a question"}}"#)?;
/// assert_eq!(read, Intent::Other { reason: "a question".into() });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no output of a model",
    label = "this type, or one that stands in it, is not derived",
    note = "put `#[derive(Output)]` on it; with `#[output(existing)]` where it has the implementations of serde and schemars"
)]
pub trait Output: DeserializeOwned + Serialize + JsonSchema + Send + 'static {
    /// What `#[output(validate = ..)]` says of the value and of all outputs in it.
    #[doc(hidden)]
    fn __outcrop_check(&self) -> Result<(), Problems>;

    /// What `#[output(validate_partial = ..)]` asks.
    #[doc(hidden)]
    fn __outcrop_partial_check() -> Option<PartialCheck>;
}

/// A type that can be the input of a tool: `#[derive(ToolInput)]` makes one of a struct.
///
/// It is the parameter under `#[tool(args)]` of a function, or the argument of the closure of a
/// [`Tool`](crate::Tool). An [`Output`] is one too.
///
/// ```
/// use outcrop::{ToolInput, tool};
///
/// /// What to order.
/// #[derive(ToolInput)]
/// struct Order {
///     /// As `search` gives it.
///     item: String,
///     #[serde(default)]
///     gift: bool,
/// }
///
/// /// Orders an item.
/// #[tool]
/// async fn order(#[tool(args)] order: Order) -> String {
///     format!("{} ordered", order.item)
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no input of a tool",
    label = "this type, or one that stands in it, is not derived",
    note = "put `#[derive(ToolInput)]` on it; with `#[input(existing)]` where it has the implementations of serde and schemars"
)]
pub trait ToolInput: DeserializeOwned + Serialize + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Declared> Output for T {
    fn __outcrop_check(&self) -> Result<(), Problems> {
        self.check()
    }

    fn __outcrop_partial_check() -> Option<PartialCheck> {
        T::partial_check()
    }
}

#[diagnostic::do_not_recommend]
impl<T: Declared> ToolInput for T {}

/// What the derives implement.
pub trait Declared: DeserializeOwned + Serialize + JsonSchema + Send + 'static {
    /// What functions of the user's say of the value and of what stands in it.
    fn check(&self) -> Result<(), Problems> {
        Ok(())
    }

    /// The function of the user's that looks at what is shown of the value.
    fn partial_check() -> Option<PartialCheck> {
        None
    }
}

/// What a type with parameters must be to be [`Declared`].
pub trait Complete: DeserializeOwned + Serialize + JsonSchema + Send + 'static {}
impl<T: DeserializeOwned + Serialize + JsonSchema + Send + 'static> Complete for T {}

// What a derive asks of types stands here twice: a trait that the shadows of the type assume, and one that asks, with no
// trait above it, so that it is told of as one. The lifetime of the first keeps the compiler from asking too early.

/// The type of a field that is read, written and described.
pub trait Part<'a>: DeserializeOwned + Serialize + JsonSchema {}
impl<T: DeserializeOwned + Serialize + JsonSchema> Part<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "a model cannot write `{Self}`",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsPart {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Serialize + JsonSchema> IsPart for T {}

/// Of one that is only read.
pub trait Read<'a>: DeserializeOwned {}
impl<T: DeserializeOwned> Read<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsRead {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> IsRead for T {}

/// Of one that is only written.
pub trait Write<'a>: Serialize {}
impl<T: Serialize> Write<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsWritten {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IsWritten for T {}

/// Of one that is only described.
pub trait Described<'a>: JsonSchema {}
impl<T: JsonSchema> Described<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no schema",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsDescribed {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: JsonSchema> IsDescribed for T {}

/// Of one that is described elsewhere.
pub trait ReadWrite<'a>: DeserializeOwned + Serialize {}
impl<T: DeserializeOwned + Serialize> ReadWrite<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read and written",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsReadWritten {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Serialize> IsReadWritten for T {}

/// Of one that is written elsewhere, or not.
pub trait ReadDescribed<'a>: DeserializeOwned + JsonSchema {}
impl<T: DeserializeOwned + JsonSchema> ReadDescribed<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "a model cannot write `{Self}`",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsReadDescribed {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> IsReadDescribed for T {}

/// Of one that is read elsewhere, or not.
pub trait WriteDescribed<'a>: Serialize + JsonSchema {}
impl<T: Serialize + JsonSchema> WriteDescribed<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written and described",
    label = "a field of this type",
    note = "put `#[derive(Output)]` on `{Self}`; where it is of another crate, give the field `#[serde(with = \"functions\")]` and `#[schemars(with = \"Type\")]`, or keep it out with `#[serde(skip)]`"
)]
pub trait IsWriteDescribed {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + JsonSchema> IsWriteDescribed for T {}

/// The type of something that may be missing.
pub trait Defaults<'a>: Default {}
impl<T: Default> Defaults<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default",
    label = "this may be missing",
    note = "implement `Default` for `{Self}`, or name a function: `#[serde(default = \"function\")]`"
)]
pub trait HasDefault {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: Default> HasDefault for T {}

/// A type that says that it has its implementations.
pub trait Existing<'a>: DeserializeOwned + Serialize + JsonSchema + Send + 'static {}
impl<T: DeserializeOwned + Serialize + JsonSchema + Send + 'static> Existing<'_> for T {}

/// Asks for it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` lacks what `existing` says that it has",
    label = "not all of `Deserialize`, `Serialize`, `JsonSchema`, `Send` and `'static`",
    note = "derive serde's and schemars' traits, or leave `existing` out"
)]
pub trait Exists {
    /// Named to ask.
    const ASKED: () = ();
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + Serialize + JsonSchema + Send + 'static> Exists for T {}

/// Stands for the shadow `S` of a type. What it has not, since `S` has not, [`Unmade`] has: the mistake is told
/// elsewhere, once.
pub struct Via<S>(PhantomData<S>);

impl<S: JsonSchema> Via<S> {
    /// Of the shadow.
    pub fn inline_schema() -> bool {
        S::inline_schema()
    }

    /// Of the shadow.
    pub fn schema_name() -> Cow<'static, str> {
        S::schema_name()
    }

    /// Of the shadow.
    pub fn schema_id() -> Cow<'static, str> {
        S::schema_id()
    }

    /// Of the shadow.
    pub fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        S::json_schema(generator)
    }

    /// Of the shadow, where it is there.
    pub fn required_schema(generator: &mut SchemaGenerator) -> Schema {
        S::_schemars_private_non_optional_json_schema(generator)
    }

    /// Whether the shadow may be left out.
    pub fn is_option() -> bool {
        S::_schemars_private_is_option()
    }
}

/// What a shadow has not. It never runs: what lacks is a mistake, and told.
pub trait Unmade {
    /// Nothing.
    fn inline_schema() -> bool {
        unreachable!()
    }

    /// Nothing.
    fn schema_name() -> Cow<'static, str> {
        unreachable!()
    }

    /// Nothing.
    fn schema_id() -> Cow<'static, str> {
        unreachable!()
    }

    /// Nothing.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        unreachable!()
    }

    /// Nothing.
    fn required_schema(_: &mut SchemaGenerator) -> Schema {
        unreachable!()
    }

    /// Nothing.
    fn is_option() -> bool {
        unreachable!()
    }

    /// Nothing.
    fn deserialize<'de, T, D: Deserializer<'de>>(_: D) -> Result<T, D::Error> {
        unreachable!()
    }

    /// Nothing.
    fn serialize<T, S: Serializer>(_: &T, _: S) -> Result<S::Ok, S::Error> {
        unreachable!()
    }
}

impl<T> Unmade for T {}
