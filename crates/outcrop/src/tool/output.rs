//! What tools give back, and how it is told to the model.
//!
//! # Invariants
//! - Whatever a tool gives can be told to the model: an error is a result whose status is `error`.
//! - The text of an internal [`ToolError`] is not in its `Display`, so that no wrapper can tell it.

use std::fmt;

use outcrop_core::{
    RawJson,
    wire::{ToolResultContent, ToolResultStatus},
};
use serde::Serialize;
use serde_json::Value;

use super::BROKEN;

/// What a call gives to the model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ToolOutput {
    /// The parts, in order.
    pub content: Vec<ToolResultContent>,
    /// Whether it went well.
    pub status: ToolResultStatus,
}

impl ToolOutput {
    /// Parts that went well.
    pub fn new(content: Vec<ToolResultContent>) -> Self {
        Self { content, status: ToolResultStatus::Success }
    }

    /// A failure, in words that the model can act on.
    pub fn error(message: impl Into<String>) -> Self {
        Self { content: vec![ToolResultContent::Text(message.into())], status: ToolResultStatus::Error }
    }
}

/// An error of a tool that says what of it is for the model.
///
/// Any error that is `Display` will do for a tool, and its text goes to the model. An [`internal`](Self::internal)
/// one does not, whatever it is wrapped in.
///
/// ```
/// use outcrop::{IntoToolOutput, ToolError, core::wire::ToolResultContent};
/// let failed: Result<(), _> = Err(ToolError::internal("password refused for db-7"));
/// let told = failed.into_tool_output();
/// let ToolResultContent::Text(text) = &told.content[0] else { panic!() };
/// assert_eq!(text, "The tool failed for a reason of its own. It may have taken effect in part.");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError {
    text: String,
    internal: bool,
}

impl ToolError {
    /// A failure in words that the model can act on.
    pub fn new(message: impl fmt::Display) -> Self {
        Self { text: format!("{message:#}"), internal: false }
    }

    /// A failure that is none of the model's business. It is recorded by `tracing` at once, as an error in the
    /// call's span; the model reads that the tool failed, not why.
    pub fn internal(error: impl fmt::Display) -> Self {
        let text = format!("{error:#}");
        tracing::error!(error = text, "the tool failed");
        Self { text, internal: true }
    }

    /// Whether the reason is kept from the model.
    pub fn is_internal(&self) -> bool {
        self.internal
    }

    /// The reason, also where it is kept from the model.
    pub fn reason(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.internal { BROKEN } else { &self.text })
    }
}

impl std::error::Error for ToolError {}

/// What a tool may give: text, nothing (the model reads `done`), a number, JSON, content blocks, or a `Result` of
/// these.
#[diagnostic::on_unimplemented(
    message = "a tool cannot give `{Self}`",
    note = "give a `String`, `&str`, `()`, a number, `Json(value)`, `ToolOutput`, or a `Result` of one of these"
)]
pub trait IntoToolOutput {
    /// The output.
    fn into_tool_output(self) -> ToolOutput;
}

impl IntoToolOutput for ToolOutput {
    fn into_tool_output(self) -> ToolOutput {
        self
    }
}

impl IntoToolOutput for ToolResultContent {
    fn into_tool_output(self) -> ToolOutput {
        ToolOutput::new(vec![self])
    }
}

impl IntoToolOutput for Vec<ToolResultContent> {
    fn into_tool_output(self) -> ToolOutput {
        ToolOutput::new(self)
    }
}

impl IntoToolOutput for String {
    fn into_tool_output(self) -> ToolOutput {
        ToolOutput::new(vec![self.into()])
    }
}

impl IntoToolOutput for &str {
    fn into_tool_output(self) -> ToolOutput {
        self.to_owned().into_tool_output()
    }
}

impl IntoToolOutput for Value {
    /// As [`Json`].
    fn into_tool_output(self) -> ToolOutput {
        Json(self).into_tool_output()
    }
}

impl IntoToolOutput for () {
    fn into_tool_output(self) -> ToolOutput {
        "done".into_tool_output()
    }
}

macro_rules! by_display {
    ($($ty:ty),*) => {
        $(impl IntoToolOutput for $ty {
            fn into_tool_output(self) -> ToolOutput {
                self.to_string().into_tool_output()
            }
        })*
    };
}
by_display!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool, char);

impl<T: IntoToolOutput, E: fmt::Display> IntoToolOutput for Result<T, E> {
    /// The error's text goes to the model, with its causes where its `{:#}` form tells them.
    fn into_tool_output(self) -> ToolOutput {
        match self {
            Ok(output) => output.into_tool_output(),
            Err(error) => ToolOutput::error(format!("{error:#}")),
        }
    }
}

/// A value that the model gets as JSON: objects as they are, everything else as its text (R27).
///
/// ```
/// use outcrop::{IntoToolOutput, Json, core::wire::ToolResultContent};
/// let output = Json(serde_json::json!({ "celsius": 21 })).into_tool_output();
/// assert!(matches!(output.content[0], ToolResultContent::Json(_)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoToolOutput for Json<T> {
    fn into_tool_output(self) -> ToolOutput {
        match RawJson::of(&self.0) {
            Ok(json) if json.is_object() => ToolOutput::new(vec![ToolResultContent::Json(json)]),
            Ok(json) => json.as_str().into_tool_output(),
            Err(error) => ToolOutput::error(format!("the tool's result is no JSON: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    fn check(output: impl IntoToolOutput, expected: Expect) {
        let ToolOutput { content, status } = output.into_tool_output();
        expected.assert_eq(&serde_json::to_string(&(status, content)).unwrap());
    }

    #[test]
    fn what_tools_give_is_told() {
        check("sun", expect![[r#"["success",[{"text":"sun"}]]"#]]);
        check((), expect![[r#"["success",[{"text":"done"}]]"#]]);
        check(0.1 + 0.2, expect![[r#"["success",[{"text":"0.30000000000000004"}]]"#]]);
        check(f64::NAN, expect![[r#"["success",[{"text":"NaN"}]]"#]]);
        check(json!({ "b": 1, "a": 2 }), expect![[r#"["success",[{"json":{"b":1,"a":2}}]]"#]]);
        check(Json([1, 2]), expect![[r#"["success",[{"text":"[1,2]"}]]"#]]);
        check(Vec::<ToolResultContent>::new(), expect![[r#"["success",[]]"#]]);
        check(Ok::<_, String>("sun"), expect![[r#"["success",[{"text":"sun"}]]"#]]);
        check(Err::<(), _>("no such city"), expect![[r#"["error",[{"text":"no such city"}]]"#]]);
        let no_keys = std::collections::BTreeMap::from([((1, 2), 3)]);
        check(
            Json(no_keys),
            expect![[r#"["error",[{"text":"the tool's result is no JSON: key must be a string"}]]"#]],
        );
    }
}
