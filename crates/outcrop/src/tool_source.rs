//! From what the macros made to a [`Tool`].
//!
//! # Invariants
//! - The tool of a function is made once in a process; those of a toolset once for each time that it is given, their
//!   schemas once where its `impl` block has no generics.

use std::{future::Future, sync::Arc};

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

/// A value whose methods are tools: [`#[toolset]`](macro@crate::toolset) makes one, or tools that are found at run
/// time.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no toolset",
    note = "put `#[toolset]` on its `impl` block, and `#[tool]` on methods in it"
)]
pub trait Toolset: Send + Sync + 'static {
    /// The tools; each keeps the value.
    fn tools(self: Arc<Self>) -> Vec<Tool>;
}

/// What the type of a toolset must be: calls share it between threads.
pub trait Shareable: Send + Sync + 'static {}

impl<T: Send + Sync + 'static> Shareable for T {}

/// What [`AgentBuilder::tools`](crate::AgentBuilder::tools) takes: a list of tools, or a [`Toolset`] as a value or an
/// `Arc` of one. `Kind` is found by the compiler.
#[diagnostic::on_unimplemented(
    message = "`{Self}` gives no tools",
    label = "neither a list of tools nor a toolset",
    note = "give `tools![..]`, a list of `Tool`s, or a value of a type under `#[toolset]` or an `Arc` of one"
)]
pub trait IntoTools<Kind> {
    /// The tools.
    fn into_tools(self) -> Vec<Tool>;
}

/// [`IntoTools`] of a list.
#[derive(Debug)]
pub enum List {}

/// [`IntoTools`] of a toolset.
#[derive(Debug)]
pub enum Set {}

/// [`IntoTools`] of a toolset that others have too.
#[derive(Debug)]
pub enum SharedSet {}

impl<I: IntoIterator<Item: Into<Tool>>> IntoTools<List> for I {
    fn into_tools(self) -> Vec<Tool> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<S: Toolset> IntoTools<Set> for S {
    fn into_tools(self) -> Vec<Tool> {
        Arc::new(self).tools()
    }
}

impl<S: Toolset + ?Sized> IntoTools<SharedSet> for Arc<S> {
    fn into_tools(self) -> Vec<Tool> {
        self.tools()
    }
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
