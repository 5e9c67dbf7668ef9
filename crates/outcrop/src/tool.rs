//! Tools: what an agent can call.
//!
//! # Invariants
//! - A tool gets its arguments only as a [`ReadyInput`](outcrop_core::ReadyInput): whole, strict, valid.

mod cx;
mod output;

use std::{any::TypeId, fmt, future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use outcrop_core::{
    ReadyInput, ToolDef, ToolSpec,
    tools::{InvalidInput, ToolPolicy},
};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use cx::ToolCx;
pub use output::{IntoToolOutput, Json, ToolError, ToolOutput};

use crate::state::Need;

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
    policy: ToolPolicy,
    /// It must be possible that it is strict.
    must_be_strict: bool,
    needs: Vec<Need>,
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
        Self::reading(ToolSpec::of::<A>(name, description), ReadyInput::into_decoded, run)
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
        Self::reading(ToolSpec::of::<A>(name, description), ReadyInput::into_decoded, move |args: A, cx| {
            let run = Arc::clone(&run);
            run_blocking(cx, move |cx| run(args, cx).into_tool_output())
        })
    }

    /// A tool whose spec is given; `A` may be [`serde_json::Value`], or a `RawJson` that gets the text as it is.
    pub fn with_spec<A, F>(spec: ToolSpec, run: impl Fn(A, ToolCx) -> F + Send + Sync + 'static) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        F: Future<Output: IntoToolOutput> + Send + 'static,
    {
        // Nobody knows how a type that has no schema reads its text; but a value is a value.
        let is_value = TypeId::of::<A>() == TypeId::of::<Value>();
        let read = if is_value { ReadyInput::into_decoded } else { |input: ReadyInput| input.decode() };
        Self::reading(spec, read, run)
    }

    fn reading<A, F>(
        spec: ToolSpec,
        read: fn(ReadyInput) -> Result<A, InvalidInput>,
        run: impl Fn(A, ToolCx) -> F + Send + Sync + 'static,
    ) -> Self
    where
        A: Send + 'static,
        F: Future<Output: IntoToolOutput> + Send + 'static,
    {
        let call = move |input: ReadyInput, cx: ToolCx| -> BoxFuture<'static, ToolOutput> {
            match read(input) {
                Ok(args) => {
                    let running = run(args, cx);
                    Box::pin(async move { running.await.into_tool_output() })
                }
                Err(invalid) => Box::pin(std::future::ready(ToolOutput::error(invalid.to_string()))),
            }
        };
        Self::from(Closure { spec, call })
    }

    /// A tool whose calls read their input themselves.
    pub(crate) fn raw(
        spec: ToolSpec,
        needs: Vec<Need>,
        call: impl Fn(ReadyInput, ToolCx) -> BoxFuture<'static, ToolOutput> + Send + Sync + 'static,
    ) -> Self {
        Self { needs, ..Self::from(Closure { spec, call }) }
    }

    /// Sets how long a call may take; otherwise the agent's setting holds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// Says that a call changes nothing. One that was running when its turn was saved is run again when that is resumed.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.policy.read_only = true;
        self
    }

    /// Says that a call must be alone: it waits for the calls that the model made before it, and those after it wait
    /// for its end. What a call that blocks does after its time was up nobody waits for.
    #[must_use]
    pub fn sequential(mut self) -> Self {
        self.policy.sequential = true;
        self
    }

    /// Says that a call is never run a second time, whatever happened to the first, even if it is
    /// [`read_only`](Self::read_only).
    #[must_use]
    pub fn once(mut self) -> Self {
        self.policy.once = true;
        self
    }

    /// Says that the input is shown while the model writes it: fine-grained tool streaming is asked for then, where
    /// the model takes it ([`ToolStreaming::Auto`](crate::ToolStreaming::Auto)). Without it Claude holds back each
    /// parameter until it is complete, which can take minutes. With it an input is more often damaged; such a call is
    /// not run, the model is told, and the session goes on without.
    #[must_use]
    pub fn live(mut self) -> Self {
        self.policy.live = true;
        self
    }

    /// Says that the input is held to the schema while the model writes it, where the model takes that: it can then
    /// write nothing that does not fit. It costs: the service compiles such schemas when it sees them first, which
    /// takes seconds and more, and takes few of them in one request. So say it of the tools whose inputs go wrong.
    ///
    /// The model is shown the schema in the subset that can be compiled: what is left out, such as bounds of numbers,
    /// is said in descriptions. Every input is held to the schema as it was declared, strict or not.
    ///
    /// - An agent whose tool can be strict with no model is not built: [`BuildError::NotStrict`](crate::BuildError). So
    ///   it is with maps, tuples, recursion and values of any type, and with an enum that is flattened into the input.
    /// - Where the model takes no strict tools, where it takes no more of them, or where it refused the schema, the
    ///   tool goes without. A diagnostic `not_strict` tells it, and which keyword or limit it was.
    /// - [`Agent::strict_report`](crate::Agent::strict_report) tells all that before anything is sent.
    ///
    /// A tool whose spec has `strict` without this, such as one that was read from a file, goes without wherever it
    /// cannot be strict, and keeps no agent from being built.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use outcrop::{Agent, Tool, ToolInput, testing::ScriptedModel};
    ///
    /// #[derive(ToolInput)]
    /// struct Order {
    ///     item: String,
    ///     pieces: u32,
    /// }
    ///
    /// let order = Tool::new("order", "Orders.", |order: Order, _| async move { order.pieces }).strict();
    /// Agent::builder(ScriptedModel::new()).tool(order).build()?;
    ///
    /// #[derive(ToolInput)]
    /// struct Prices {
    ///     by_item: BTreeMap<String, f64>,
    /// }
    ///
    /// let prices = Tool::new("prices", "Sets prices.", |prices: Prices, _| async move { prices.by_item.len() });
    /// let error = Agent::builder(ScriptedModel::new()).tool(prices.strict()).build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "tool `prices` cannot be strict: the schema at `/properties/by_item/additionalProperties` cannot be sent: \
    ///      it is a map, whose members can have any name",
    /// );
    /// # Ok::<(), outcrop::BuildError>(())
    /// ```
    #[must_use]
    pub fn strict(mut self) -> Self {
        self.spec.strict = Some(true);
        (self.policy.strict, self.must_be_strict) = (true, true);
        self
    }

    /// Says that a call takes a `T` out of [`ToolCx::state`], so that an agent without one is not built.
    #[must_use]
    pub fn needs_state<T: Send + Sync + 'static>(mut self) -> Self {
        self.needs.push(Need::of::<T>());
        self
    }

    /// Whether a call changes nothing.
    pub fn is_read_only(&self) -> bool {
        self.policy.read_only
    }

    /// Whether a call must be alone.
    pub fn is_sequential(&self) -> bool {
        self.policy.sequential
    }

    /// Whether the input is shown while the model writes it.
    pub fn is_live(&self) -> bool {
        self.policy.live
    }

    /// Whether the input is to be held to the schema while the model writes it.
    pub fn is_strict(&self) -> bool {
        self.spec.strict == Some(true)
    }

    /// Name, description and input schema.
    pub fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    /// Runs one call where it is polled: no task, no time limit, no guard against panics. For drivers of a
    /// [`Turn`](crate::core::Turn) of one's own; the agent does more.
    pub fn call(&self, input: ReadyInput, cx: ToolCx) -> BoxFuture<'static, ToolOutput> {
        self.handler.call(input, cx)
    }

    pub(crate) fn handler(&self) -> &Arc<dyn ToolHandler> {
        &self.handler
    }

    pub(crate) fn own_timeout(&self) -> Option<Duration> {
        self.policy.timeout
    }

    /// What a turn decides by; `timeout` holds where the tool has none of its own.
    pub(crate) fn def(&self, timeout: Duration) -> ToolDef {
        let mut def = ToolDef::from(self.spec.clone());
        def.policy = self.policy.clone();
        def.policy.timeout.get_or_insert(timeout);
        def
    }

    /// Whether it was said by [`Tool::strict`], and not by the spec alone.
    pub(crate) fn must_be_strict(&self) -> bool {
        self.must_be_strict
    }

    pub(crate) fn needs(&self) -> &[Need] {
        &self.needs
    }
}

/// What the model is told of a tool that failed in a way that is not for the model.
pub(crate) const BROKEN: &str = "The tool failed for a reason of its own. It may have taken effect in part.";

const NOT_BEGUN: &str = "The tool was stopped before it began.";

/// Runs a call that blocks, on tokio's blocking pool.
pub(crate) async fn run_blocking(
    cx: ToolCx,
    run: impl FnOnce(ToolCx) -> ToolOutput + Send + 'static,
) -> ToolOutput {
    let span = tracing::Span::current();
    let run = move || {
        // It may have waited for a thread for longer than anybody waited for it.
        if cx.cancellation().is_cancelled() {
            return ToolOutput::error(NOT_BEGUN);
        }
        span.in_scope(|| run(cx))
    };
    match tokio::task::spawn_blocking(run).await {
        Ok(output) => output,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => ToolOutput::error(NOT_BEGUN),
    }
}

impl<H: ToolHandler> From<H> for Tool {
    fn from(handler: H) -> Self {
        Self {
            spec: handler.spec(),
            handler: Arc::new(handler),
            policy: ToolPolicy::default(),
            must_be_strict: false,
            needs: Vec::new(),
        }
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
