//! From what the macros made to a [`Tool`].
//!
//! # Invariants
//! - The tool of a function is made once in a process.

use std::future::Future;

use futures::future::BoxFuture;
use outcrop_core::{RawJson, ReadyInput, ToolSpec};

use crate::{
    state::Need,
    tool::{Tool, ToolCx, ToolOutput, run_blocking},
};

/// What [`tools!`](crate::tools) collects: the markers that [`#[tool]`](macro@crate::tool) makes beside functions.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tool",
    label = "nothing of this name is under `#[tool]`",
    note = "`tools![..]` takes the names of functions under `#[tool]`, or the name in `#[tool(marker = ..)]`"
)]
pub trait ToolSource {
    /// The tool.
    fn tool() -> Tool;
}

/// The tools of functions under [`#[tool]`](macro@crate::tool), by their names.
///
/// ```
/// use outcrop::{Agent, testing::ScriptedModel, tool, tools};
///
/// /// Tells the time.
/// #[tool]
/// async fn time() -> &'static str {
///     "noon"
/// }
///
/// mod shop {
///     /// Orders a piece of an item.
///     #[outcrop::tool]
///     pub async fn order(item: String) -> String {
///         format!("{item} is on its way")
///     }
/// }
///
/// let agent = Agent::builder(ScriptedModel::new()).tools(tools![time, shop::order]).build()?;
/// # Ok::<(), outcrop::BuildError>(())
/// ```
#[macro_export]
macro_rules! tools {
    ($($tool:ty),* $(,)?) => {
        ::std::vec::Vec::<$crate::Tool>::from([$(<$tool as $crate::ToolSource>::tool()),*])
    };
}

/// A call that goes on.
pub type Pending = BoxFuture<'static, ToolOutput>;

/// A tool of a function.
pub fn tool(
    name: &str,
    description: &str,
    schema: RawJson,
    needs: Vec<Need>,
    call: impl Fn(ReadyInput, ToolCx) -> Pending + Send + Sync + 'static,
) -> Tool {
    Tool::raw(ToolSpec::with_schema(name, description.trim(), schema), needs, call)
}

/// The call of an async function.
pub fn pending(call: impl Future<Output = ToolOutput> + Send + 'static) -> Pending {
    Box::pin(call)
}

/// The call of a function that blocks.
pub fn blocking(cx: ToolCx, call: impl FnOnce(ToolCx) -> ToolOutput + Send + 'static) -> Pending {
    Box::pin(run_blocking(cx, call))
}

/// A call that was not begun.
pub fn ready(output: ToolOutput) -> Pending {
    Box::pin(std::future::ready(output))
}
