//! Tools: what an agent can call, and what they give back.
//!
//! # Invariants
//! - A tool gets its arguments only as a [`ReadyInput`](outcrop_core::ReadyInput): whole, strict, valid.
//! - Whatever a tool gives can be told to the model: an error is a result whose status is `error`.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use outcrop_core::{RawJson, ReadyInput, ToolResultContent, ToolResultStatus, ToolSpec};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// A tool of an agent. A clone is cheap.
///
/// ```
/// use outcrop::{Tool, schemars::{self, JsonSchema}, serde::Deserialize};
///
/// #[derive(Deserialize, JsonSchema)]
/// # #[serde(crate = "outcrop::serde")]
/// struct Place {
///     /// City name, e.g. "Lisbon".
///     city: String,
/// }
///
/// let weather = Tool::new::<Place, _>("weather", "Current weather for a city.", |place, _cx| async move {
///     if place.city == "Atlantis" { Err("no such city") } else { Ok(format!("Sunny in {}", place.city)) }
/// });
/// assert_eq!(weather.spec().name, "weather");
/// ```
#[derive(Clone)]
pub struct Tool {
    spec: ToolSpec,
    handler: Arc<dyn ToolHandler>,
    timeout: Option<Duration>,
}

/// Runs the calls of a tool. Implement it where a closure is not enough.
pub trait ToolHandler: Send + Sync + 'static {
    /// Name, description and input schema. Asked once, when the tool is made.
    fn spec(&self) -> ToolSpec;

    /// Runs one call. It runs in a task of its own; when the turn is dropped or the call's time is up, the future
    /// is dropped and `cx.cancellation()` is cancelled.
    fn call(&self, input: ReadyInput, cx: ToolCx) -> BoxFuture<'static, ToolOutput>;
}

impl Tool {
    /// A tool from an async closure over its arguments, whose type gives the schema.
    ///
    /// The closure may give anything that is [`IntoToolOutput`]; the text of an error goes to the model.
    pub fn new<A, F>(
        name: impl Into<String>,
        description: impl Into<String>,
        run: impl Fn(A, ToolCx) -> F + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        F: Future<Output: IntoToolOutput> + Send + 'static,
    {
        Self::with_spec(ToolSpec::of::<A>(name, description), run)
    }

    /// A tool from a closure that blocks; it runs on tokio's blocking pool. A call whose time is up or whose turn was dropped goes on to
    /// its end there, unseen, since threads cannot be stopped.
    pub fn blocking<A, O>(
        name: impl Into<String>,
        description: impl Into<String>,
        run: impl Fn(A, ToolCx) -> O + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned + JsonSchema + Send + 'static,
        O: IntoToolOutput + Send + 'static,
    {
        let run = Arc::new(run);
        Self::with_spec(ToolSpec::of::<A>(name, description), move |args: A, cx| {
            let run = Arc::clone(&run);
            let span = tracing::Span::current();
            async move {
                let run = move || {
                    // It may have waited for a thread for longer than anybody waited for it.
                    if cx.cancellation().is_cancelled() {
                        return ToolOutput::error(NOT_BEGUN);
                    }
                    span.in_scope(|| run(args, cx).into_tool_output())
                };
                match tokio::task::spawn_blocking(run).await {
                    Ok(output) => output,
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => ToolOutput::error(NOT_BEGUN),
                }
            }
        })
    }

    /// A tool whose spec is given; `A` may be [`serde_json::Value`].
    pub fn with_spec<A, F>(spec: ToolSpec, run: impl Fn(A, ToolCx) -> F + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Future<Output: IntoToolOutput> + Send + 'static,
    {
        let call = move |input: ReadyInput, cx: ToolCx| -> BoxFuture<'static, ToolOutput> {
            match decode::<A>(&input) {
                Ok(args) => {
                    let running = run(args, cx);
                    Box::pin(async move { running.await.into_tool_output() })
                }
                Err(error) => Box::pin(std::future::ready(ToolOutput::error(format!(
                    "The input fits the schema but not the tool, so the tool was not run: {error}"
                )))),
            }
        };
        Self { spec: spec.clone(), handler: Arc::new(Closure { spec, call }), timeout: None }
    }

    /// Sets how long a call may take; otherwise the agent's setting holds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Name, description and input schema.
    pub fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    pub(crate) fn handler(&self) -> &Arc<dyn ToolHandler> {
        &self.handler
    }

    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

const NOT_BEGUN: &str = "The tool was stopped before it began.";

/// Reads the arguments. `()` and unit structs, whose schema is that of the empty object, are read from it too.
fn decode<A: DeserializeOwned>(input: &ReadyInput) -> Result<A, serde_json::Error> {
    input.decode().or_else(|error| match input.value() {
        Value::Object(members) if members.is_empty() => {
            serde_json::from_value(Value::Null).map_err(|_| error)
        }
        _ => Err(error),
    })
}

impl<H: ToolHandler> From<H> for Tool {
    fn from(handler: H) -> Self {
        Self { spec: handler.spec(), handler: Arc::new(handler), timeout: None }
    }
}

impl fmt::Debug for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("name", &self.spec.name).finish_non_exhaustive()
    }
}

struct Closure<C> {
    spec: ToolSpec,
    call: C,
}

impl<C> ToolHandler for Closure<C>
where
    C: Fn(ReadyInput, ToolCx) -> BoxFuture<'static, ToolOutput> + Send + Sync + 'static,
{
    fn spec(&self) -> ToolSpec {
        self.spec.clone()
    }

    fn call(&self, input: ReadyInput, cx: ToolCx) -> BoxFuture<'static, ToolOutput> {
        (self.call)(input, cx)
    }
}

/// What a call knows about itself. A clone is cheap.
#[derive(Clone)]
pub struct ToolCx {
    inner: Arc<CxInner>,
}

struct CxInner {
    tool_use_id: String,
    step: u32,
    cancellation: CancellationToken,
    progress: Box<dyn Fn(RawJson) + Send + Sync>,
}

impl ToolCx {
    pub(crate) fn new(
        tool_use_id: String,
        step: u32,
        cancellation: CancellationToken,
        progress: impl Fn(RawJson) + Send + Sync + 'static,
    ) -> Self {
        Self { inner: Arc::new(CxInner { tool_use_id, step, cancellation, progress: Box::new(progress) }) }
    }

    /// The id of the call, as the model's message has it. Together with the conversation and the step it can serve as a
    /// key that makes a side effect happen once; alone it cannot, since models may repeat ids.
    pub fn tool_use_id(&self) -> &str {
        &self.inner.tool_use_id
    }

    /// The step of the turn, from 1.
    pub fn step(&self) -> u32 {
        self.inner.step
    }

    /// Cancelled when the turn is dropped, the call's time is up, or the call has ended. Blocking tools should look
    /// at it; what a call leaves running behind should not.
    pub fn cancellation(&self) -> &CancellationToken {
        &self.inner.cancellation
    }

    /// Tells whoever watches the turn how far the call is, in any form. What cannot be written as JSON is left out.
    pub fn progress(&self, progress: impl Serialize) {
        if let Ok(progress) = RawJson::of(&progress) {
            (self.inner.progress)(progress);
        }
    }
}

impl fmt::Debug for ToolCx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner } = self;
        f.debug_struct("ToolCx").field("tool_use_id", &inner.tool_use_id).field("step", &inner.step).finish()
    }
}

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
/// use outcrop::{IntoToolOutput, Json, core::ToolResultContent};
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
