//! What a function under `#[tool]` gives, told to the model: anything that is [`IntoToolOutput`], anything serde
//! can write, or a `Result` of these by whatever name.
//!
//! Which of them a type is, method resolution decides: the generated code asks `(&&&Look::of(&value)).__outcrop_part()`, and
//! an implementation for more references is found first. The methods give a tag, and the tag does the work.
//!
//! # Invariants
//! - A `Result` whose error cannot be told does not compile, though serde could write it: an error is never told
//!   as a success.

use std::{fmt::Display, marker::PhantomData};

use serde::Serialize;

use crate::tool::{BROKEN, IntoToolOutput, Json, ToolOutput};

/// Stands for a `T` while the kind of `T` is looked up.
pub struct Look<T>(PhantomData<fn() -> T>);

impl<T> Look<T> {
    /// For the type of this value.
    pub fn of(_: &T) -> Self {
        Self(PhantomData)
    }
}

/// The text of an error, for the model.
pub struct Failure(String);

impl Failure {
    /// The output; with `redact` the text goes to the log instead.
    pub fn tell(self, redact: bool) -> ToolOutput {
        if redact {
            tracing::error!(error = self.0, "the tool failed");
            return ToolOutput::error(BROKEN);
        }
        ToolOutput::error(self.0)
    }
}

/// A `Result` whose error can be told.
pub trait PartTold {
    /// The tag.
    fn __outcrop_part(&self) -> Told {
        Told
    }
}
impl<T, E: Display> PartTold for &&Look<Result<T, E>> {}

/// Tag of a `Result` whose error can be told.
pub struct Told;

impl Told {
    /// Takes the result apart.
    pub fn apart<T, E: Display>(self, result: Result<T, E>) -> Result<T, Failure> {
        result.map_err(|error| Failure(format!("{error:#}")))
    }
}

/// Any other `Result`.
pub trait PartUntold {
    /// The tag.
    fn __outcrop_part(&self) -> Untold {
        Untold
    }
}
impl<T, E> PartUntold for &Look<Result<T, E>> {}

/// Tag of a `Result` whose error cannot be told.
pub struct Untold;

impl Untold {
    /// Does not compile.
    pub fn apart<T, E: ToolFailure>(self, result: Result<T, E>) -> Result<T, Failure> {
        result.map_err(|_| Failure(String::new()))
    }
}

/// What the error of a tool must be.
#[diagnostic::on_unimplemented(
    message = "the error `{Self}` of a tool cannot be told to the model",
    label = "the error is not `Display`",
    note = "implement `Display` for it, or give a `ToolError`"
)]
pub trait ToolFailure {}

#[diagnostic::do_not_recommend]
impl<E: Display> ToolFailure for E {}

/// What is no `Result`.
pub trait PartPlain {
    /// The tag.
    fn __outcrop_part(&self) -> Plain {
        Plain
    }
}
impl<T> PartPlain for Look<T> {}

/// Tag of what is no `Result`.
pub struct Plain;

impl Plain {
    /// It went well.
    pub fn apart<T>(self, value: T) -> Result<T, Failure> {
        Ok(value)
    }
}

/// A value with a form of its own.
pub trait FormOwn {
    /// The tag.
    fn __outcrop_form(&self) -> Own {
        Own
    }
}
impl<T: IntoToolOutput> FormOwn for &&Look<T> {}

/// Tag of a value with a form of its own.
pub struct Own;

impl Own {
    /// The output.
    pub fn output<T: IntoToolOutput>(self, value: T) -> ToolOutput {
        value.into_tool_output()
    }
}

/// A value that serde writes.
pub trait FormJson {
    /// The tag.
    fn __outcrop_form(&self) -> Written {
        Written
    }
}
impl<T: Serialize> FormJson for &Look<T> {}

/// Tag of a value that serde writes.
pub struct Written;

impl Written {
    /// The output.
    pub fn output<T: Serialize>(self, value: T) -> ToolOutput {
        Json(value).into_tool_output()
    }
}

/// Any other value.
pub trait FormNone {
    /// The tag.
    fn __outcrop_form(&self) -> Unfit {
        Unfit
    }
}
impl<T> FormNone for Look<T> {}

/// Tag of a value that cannot be told.
pub struct Unfit;

impl Unfit {
    /// Does not compile.
    pub fn output<T: ToolReturn>(self, _: T) -> ToolOutput {
        ToolOutput::error(BROKEN)
    }
}

/// What a function under `#[tool]` can give.
#[diagnostic::on_unimplemented(
    message = "a tool cannot give `{Self}`",
    label = "the model cannot be told this",
    note = "put `#[derive(Output)]` on it, or serde's `Serialize`; or give a `String`, `&'static str`, `()`, a number, content blocks, a type that is `IntoToolOutput`, or a `Result` of one of these"
)]
pub trait ToolReturn {}

#[diagnostic::do_not_recommend]
impl<T: IntoToolOutput> ToolReturn for T {}
