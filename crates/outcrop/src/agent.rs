//! The agent: a model, tools, and what all its requests share.
//!
//! # Invariants
//! - An agent never changes once it is built; a clone is cheap and means the same agent.

use std::{sync::Arc, time::Duration};

use outcrop_core::{
    History, Profile, RawJson, Request, TurnConfig,
    tools::StrictReport,
    turn::ToolStreaming,
    wire::{
        GuardrailConfig, InferenceConfig, IntoContent, SystemContentBlock, ToolChoice, ToolConfig, ToolEntry,
    },
};

use crate::{
    BuildError,
    batch::Batch,
    model::Model,
    session::{Ask, Session},
    state::States,
    tool::Tool,
    tool_source::IntoTools,
    toolbox::Toolbox,
    typed::Outputs,
};

/// A model with tools.
///
/// ```
/// use outcrop::{Agent, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let agent = Agent::builder(ScriptedModel::texts(["Lisbon."]))
///     .system("You know capitals.")
///     .build()?;
/// assert_eq!(agent.ask("Capital of Portugal?").await?.text(), "Lisbon.");
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Agent {
    inner: Arc<Inner>,
}

struct Inner {
    model: Arc<dyn Model>,
    toolbox: Arc<Toolbox>,
    request: Request,
    profile: Option<Profile>,
    max_steps: u32,
    max_parallel_tools: usize,
    tool_streaming: ToolStreaming,
    outputs: Arc<Outputs>,
}

impl Agent {
    /// Begins an agent on `model`.
    pub fn builder(model: impl Model) -> AgentBuilder {
        AgentBuilder {
            model: Arc::new(model),
            tools: Vec::new(),
            states: States::default(),
            doubled_state: None,
            request: Request::new(),
            tool_choice: None,
            profile: None,
            max_steps: 32,
            max_parallel_tools: 8,
            tool_streaming: ToolStreaming::Auto,
            tool_timeout: Duration::from_secs(60),
        }
    }

    /// Asks in a conversation of its own.
    pub fn ask(&self, content: impl IntoContent) -> Ask {
        self.session().ask(content)
    }

    /// Asks each input in a conversation of its own, several at the same time. The [`Batch`] gives their results in the
    /// order of the inputs, each an answer or an error.
    ///
    /// ```
    /// use outcrop::{Agent, testing::ScriptedModel};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let agent = Agent::builder(ScriptedModel::texts(["Lisbon.", "Madrid."])).build()?;
    /// for result in agent.batch(["Capital of Portugal?", "Capital of Spain?"]).concurrency(4).await {
    ///     println!("{}", result?.text());
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn batch(&self, inputs: impl IntoIterator<Item: IntoContent>) -> Batch {
        Batch::new(self.clone(), inputs)
    }

    /// Opens a conversation; [`Session::from_history`] opens one that goes on.
    pub fn session(&self) -> Session {
        Session::from_history(self, History::new())
    }

    /// What becomes of the tools that were declared [strict](Tool::strict), by what is known of the model now: which
    /// are asked for so, what of their schemas the model is not held to, why others are not, and how much all of them
    /// hold together. For tests: nothing is sent.
    ///
    /// ```
    /// use outcrop::{Agent, testing::ScriptedModel, tool, tools};
    ///
    /// /// Books a table.
    /// #[tool(strict)]
    /// async fn book(name: String, #[tool(default = 2)] guests: u8) -> String {
    ///     format!("{guests} for {name}")
    /// }
    ///
    /// // The id decides what the model takes; `AgentBuilder::profile` does too.
    /// let model = ScriptedModel::new().with_id("us.anthropic.claude-sonnet-4-6");
    /// let report = Agent::builder(model).tools(tools![book]).build()?.strict_report();
    /// assert!(report.is_strict(), "{report}");
    ///
    /// // `u8` is not held to its bounds while it is written, but before the tool runs.
    /// let lost: Vec<_> = report.tools[0].losses().map(|lost| lost.to_string()).collect();
    /// assert_eq!(lost, [
    ///     "`/properties/guests`: `minimum` moved into the description",
    ///     "`/properties/guests`: `maximum` moved into the description",
    /// ]);
    /// assert_eq!((report.counts.strict_tools, report.counts.optional), (1, 1));
    /// # Ok::<(), outcrop::BuildError>(())
    /// ```
    pub fn strict_report(&self) -> StrictReport {
        StrictReport::of(self.inner.toolbox.set(), &self.profile())
    }

    /// What the model takes, as far as is known now.
    fn profile(&self) -> Profile {
        self.inner.profile.clone().unwrap_or_else(|| self.inner.model.profile())
    }

    pub(crate) fn model(&self) -> &Arc<dyn Model> {
        &self.inner.model
    }

    pub(crate) fn toolbox(&self) -> &Arc<Toolbox> {
        &self.inner.toolbox
    }

    /// What its turns were asked to end with.
    pub(crate) fn outputs(&self) -> &Arc<Outputs> {
        &self.inner.outputs
    }

    /// One without tools or settings.
    pub(crate) fn plain(model: impl Model) -> Self {
        let inner = Inner {
            model: Arc::new(model),
            toolbox: Arc::default(),
            request: Request::new(),
            profile: None,
            max_steps: 32,
            max_parallel_tools: 8,
            tool_streaming: ToolStreaming::Auto,
            outputs: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// What a session that opens now pins.
    pub(crate) fn turn_config(&self) -> TurnConfig {
        let Inner { model, toolbox, request, max_steps, max_parallel_tools, tool_streaming, .. } =
            &*self.inner;
        let mut config = TurnConfig::with_profile(model.id(), self.profile(), Arc::clone(toolbox.set()));
        config.request = request.clone();
        config.max_steps = *max_steps;
        config.max_parallel_tools = *max_parallel_tools;
        config.tool_streaming = *tool_streaming;
        config
    }
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Agent")
            .field("model", &self.inner.model.id())
            .field("toolbox", &self.inner.toolbox)
            .finish_non_exhaustive()
    }
}

/// An agent in the making.
#[must_use = "an agent is made by `build`"]
pub struct AgentBuilder {
    model: Arc<dyn Model>,
    tools: Vec<Tool>,
    states: States,
    doubled_state: Option<&'static str>,
    request: Request,
    tool_choice: Option<ToolChoice>,
    profile: Option<Profile>,
    max_steps: u32,
    max_parallel_tools: usize,
    tool_streaming: ToolStreaming,
    tool_timeout: Duration,
}

impl AgentBuilder {
    /// Adds a block to the system prompt; most often a text.
    pub fn system(mut self, block: impl Into<SystemContentBlock>) -> Self {
        self.request.system.push(block.into());
        self
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: impl Into<Tool>) -> Self {
        self.tools.push(tool.into());
        self
    }

    /// Adds tools: [`tools![..]`](crate::tools), a list, or a [`#[toolset]`](macro@crate::toolset) as a value or an
    /// `Arc` of one.
    pub fn tools<Kind>(mut self, tools: impl IntoTools<Kind>) -> Self {
        self.tools.extend(tools.into_tools());
        self
    }

    /// Gives a value to the tools: a function under [`#[tool]`](macro@crate::tool) takes it as a
    /// [`State<T>`](crate::State), other tools by [`ToolCx::state`](crate::ToolCx::state). One value of a type.
    pub fn state<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        if !self.states.insert(value) {
            self.doubled_state = Some(std::any::type_name::<T>());
        }
        self
    }

    /// Sets which tool the model is to call; few models take every form, and none a forced one while it thinks. A
    /// forced choice holds for the first step of each turn, since a turn in which every step calls a tool never ends.
    pub fn tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = Some(choice);
        self
    }

    /// Sets limits and sampling.
    pub fn inference_config(mut self, config: InferenceConfig) -> Self {
        self.request.inference_config = Some(config);
        self
    }

    /// Sets the guardrail.
    pub fn guardrail_config(mut self, config: GuardrailConfig) -> Self {
        self.request.guardrail_config = Some(config);
        self
    }

    /// Sets what this model takes beyond Converse, such as `{"thinking": …}`.
    pub fn additional_model_request_fields(mut self, fields: impl Into<RawJson>) -> Self {
        self.request.additional_model_request_fields = Some(fields.into());
        self
    }

    /// Changes the request that every call begins with, for what has no setting of its own. Messages in it are
    /// replaced; tools in its `toolConfig` (cache points, tools of the service) come after the agent's own.
    pub fn request(mut self, change: impl FnOnce(Request) -> Request) -> Self {
        self.request = change(self.request);
        self
    }

    /// Sets what the model takes, where its id does not tell (R116) or the table is wrong.
    ///
    /// Conversations are written by it. For a [`Bedrock`](crate::Bedrock) set it there instead
    /// (`BedrockBuilder::model_profile`): that decides over streaming too, and refusals add to it.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = Some(profile);
        self
    }

    /// Sets the most steps of a turn; 32 otherwise.
    pub fn max_steps(mut self, steps: u32) -> Self {
        self.max_steps = steps;
        self
    }

    /// Sets how many tools may run at the same time; 8 otherwise.
    pub fn max_parallel_tools(mut self, tools: usize) -> Self {
        self.max_parallel_tools = tools;
        self
    }

    /// Sets how the inputs of tools are streamed; [`ToolStreaming::Auto`] otherwise: as the model writes them where a
    /// tool is [`live`](Tool::live) and the model takes it. What you put into `anthropic_beta` yourself is kept.
    ///
    /// ```
    /// use outcrop::{Agent, Tool, ToolStreaming, testing::ScriptedModel};
    /// let note = Tool::new::<(), _>("note", "Notes it.", |_, _| async {}).live();
    /// let model = ScriptedModel::texts(["Fine."]).with_id("us.anthropic.claude-sonnet-4-6");
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let agent = Agent::builder(model.clone()).tool(note).tool_streaming(ToolStreaming::Buffered).build()?;
    /// agent.ask("Note it.").await?;
    /// assert!(!model.requests()[0].features.fine_tool_streaming);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn tool_streaming(mut self, streaming: ToolStreaming) -> Self {
        self.tool_streaming = streaming;
        self
    }

    /// Sets how long a tool call may take; 60 seconds otherwise.
    pub fn tool_timeout(mut self, timeout: Duration) -> Self {
        self.tool_timeout = timeout;
        self
    }

    /// The agent.
    ///
    /// # Errors
    /// Two tools of one name, a name or a schema that the service refuses, a forced choice of a tool that is not
    /// offered, a [strict](Tool::strict) tool that no model can take as that, a state that a tool takes and that was not
    /// given, two states of one type, a setting of 0.
    pub fn build(mut self) -> Result<Agent, BuildError> {
        for (setting, value) in
            [("max_steps", self.max_steps as usize), ("max_parallel_tools", self.max_parallel_tools)]
        {
            if value == 0 {
                return Err(BuildError::Setting { setting, must_be: "at least 1" });
            }
        }
        for (setting, timeout) in std::iter::once(("tool_timeout", self.tool_timeout))
            .chain(self.tools.iter().filter_map(|tool| Some(("a tool's timeout", tool.own_timeout()?))))
        {
            if timeout.is_zero() {
                return Err(BuildError::Setting { setting, must_be: "more than 0" });
            }
        }
        if let Some(choice) = self.tool_choice {
            let config = self.request.tool_config.get_or_insert_with(|| ToolConfig::new(Vec::new()));
            config.tool_choice = Some(choice);
        }
        if let Some(ty) = self.doubled_state {
            return Err(BuildError::DuplicateState { ty });
        }
        check_tool_choice(&self.request, &self.tools)?;
        let toolbox = Arc::new(Toolbox::new(self.tools, self.states, self.tool_timeout)?);
        Ok(Agent {
            inner: Arc::new(Inner {
                model: self.model,
                toolbox,
                request: self.request,
                profile: self.profile,
                max_steps: self.max_steps,
                max_parallel_tools: self.max_parallel_tools,
                tool_streaming: self.tool_streaming,
                outputs: Arc::default(),
            }),
        })
    }
}

/// Whether what the model must call is there to be called.
fn check_tool_choice(request: &Request, tools: &[Tool]) -> Result<(), BuildError> {
    let config = request.tool_config.as_ref();
    let given: Vec<&ToolEntry> = config.iter().flat_map(|config| &config.tools).collect();
    let offers = |name: &str| {
        tools.iter().any(|tool| tool.spec().name == name)
            || given.iter().any(|entry| matches!(entry, ToolEntry::ToolSpec(spec) if spec.name == name))
    };
    let offers_any =
        !tools.is_empty() || given.iter().any(|entry| !matches!(entry, ToolEntry::CachePoint(_)));
    match config.and_then(|config| config.tool_choice.as_ref()) {
        Some(ToolChoice::Tool(tool)) if !offers(&tool.name) => {
            Err(BuildError::ToolChoice { wanted: format!("`{}`", tool.name) })
        }
        Some(ToolChoice::Any(_)) if !offers_any => {
            Err(BuildError::ToolChoice { wanted: "any tool".to_owned() })
        }
        _ => Ok(()),
    }
}

impl std::fmt::Debug for AgentBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.tools.iter().map(|tool| &tool.spec().name).collect();
        f.debug_struct("AgentBuilder")
            .field("model", &self.model.id())
            .field("tools", &names)
            .finish_non_exhaustive()
    }
}
