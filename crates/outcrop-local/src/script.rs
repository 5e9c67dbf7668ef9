//! A script: the answers of the model in order, one for each call.
//!
//! # Invariants
//! - One Converse or ConverseStream call takes one answer, in the order in which the calls arrived; a call that is
//!   refused because its body cannot be read takes none, and so does CountTokens.
//! - A call beyond the last answer gets a `ValidationException` that says so.
//! - What cannot go over the wire is found before the endpoint starts ([`Script::check`]).

use std::{path::Path, time::Duration};

use outcrop_core::{
    ContentBlock, Message, RawJson, Response, Role, StopReason, StreamEvent, ToolUse, Usage,
    wire::{
        InputText, Metrics, Output, PerformanceConfig, ReasoningContent, ReasoningText, ServiceTier, Trace,
    },
};

use crate::{Cut, Delivery, ScriptError};

mod events;
mod json;
mod play;

pub(crate) use play::Player;

/// The answers of a model, in order.
///
/// ```
/// use outcrop_local::{Answer, Script};
/// use serde_json::json;
///
/// let script = Script::new()
///     .answer(Answer::new().text("Let me look.").tool_use("tooluse_1", "weather", json!({"city": "Lisbon"})))
///     .answer("It is sunny in Lisbon.")
///     .answer(Answer::error(429, "ThrottlingException", "Too many requests, please wait before trying again."));
/// script.check()?;
/// # Ok::<(), outcrop_local::ScriptError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Script {
    answers: Vec<Answer>,
    count_tokens: Option<u64>,
}

impl Script {
    /// A script without answers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a script from JSON.
    ///
    /// The members are named as the methods of [`Answer`], in Converse's spelling, and `content` is Converse's own.
    /// Where Converse has a text, or a tool's input, a list of strings gives the fragments in which it is streamed;
    /// those of an input need not make valid JSON. Members that no script has are refused.
    ///
    /// ```
    /// let script = outcrop_local::Script::from_json(r#"{
    ///     "countTokens": 42,
    ///     "answers": [
    ///         {
    ///             "content": [
    ///                 {"text": ["Let me", " look."]},
    ///                 {"toolUse": {"toolUseId": "t1", "name": "weather", "input": ["", "{\"city\":\"Lis", "bon\"}"]}}
    ///             ],
    ///             "stopReason": "tool_use",
    ///             "usage": {"inputTokens": 12, "outputTokens": 7, "totalTokens": 19},
    ///             "delayBeforeMs": 200,
    ///             "delayBetweenMs": 20,
    ///             "delivery": {"bytes": 97}
    ///         },
    ///         {
    ///             "content": [{"text": "It is sun"}],
    ///             "exception": {"afterEvents": 2, "type": "modelStreamErrorException", "message": "Try again."}
    ///         },
    ///         {"content": [{"text": "It is sunny."}], "cut": {"break": 150}},
    ///         {"content": [{"text": "It is sunny."}], "faults": ["duplicate=2", "no-metadata"]},
    ///         {"error": {"status": 429, "type": "ThrottlingException", "message": "Too many requests."}}
    ///     ]
    /// }"#)?;
    ///
    /// let refused = outcrop_local::Script::from_json(r#"{"answers": [{"stopreason": "end_turn"}]}"#);
    /// assert!(refused.is_err());
    /// # Ok::<(), outcrop_local::ScriptError>(())
    /// ```
    ///
    /// # Errors
    /// The text is no script, or [`Script::check`] refuses it.
    pub fn from_json(text: &str) -> Result<Self, ScriptError> {
        let script = json::read(text)?;
        script.check()?;
        Ok(script)
    }

    /// As [`Script::from_json`], from a file.
    ///
    /// # Errors
    /// As [`Script::from_json`], or the file cannot be read.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, ScriptError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path)
            .map_err(|source| ScriptError::File { path: path.to_path_buf(), source })?;
        Self::from_json(&text)
    }

    /// Adds an answer; a text alone will do.
    #[must_use]
    pub fn answer(mut self, answer: impl Into<Answer>) -> Self {
        self.answers.push(answer.into());
        self
    }

    /// What every CountTokens call is told. Otherwise it is told an estimate: a quarter of the characters of the
    /// JSON to be counted, rounded up.
    #[must_use]
    pub fn count_tokens(mut self, input_tokens: u64) -> Self {
        self.count_tokens = Some(input_tokens);
        self
    }

    /// Whether every answer can go over the wire; the endpoint asks this before it starts.
    ///
    /// # Errors
    /// Names the answer and the block that cannot, and why.
    pub fn check(&self) -> Result<(), ScriptError> {
        self.answers.iter().enumerate().try_for_each(|(index, answer)| answer.check(index))
    }
}

/// One answer: what the model says, or an error.
///
/// ```
/// use outcrop_local::Answer;
/// use std::time::Duration;
///
/// Answer::new()
///     .reasoning("The user greets me.", "c2lnbmF0dXJl")
///     .text("Hello!")
///     .fragments(["Hel", "lo!"])
///     .delay_between(Duration::from_millis(5));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Answer {
    content: Vec<Scripted>,
    stop_reason: Option<StopReason>,
    usage: Option<Usage>,
    metrics: Option<Metrics>,
    additional_model_response_fields: Option<RawJson>,
    trace: Option<Trace>,
    performance_config: Option<PerformanceConfig>,
    service_tier: Option<ServiceTier>,
    error: Option<(u16, Fault)>,
    exception: Option<(usize, Fault)>,
    delay_before: Duration,
    delay_between: Duration,
    delivery: Delivery,
    cut: Option<Cut>,
    faults: Vec<String>,
    /// A mistake of the builder's caller, told by `check`.
    mistake: Option<&'static str>,
}

/// A block and, where the script says so, the fragments of its text or input.
#[derive(Clone, Debug)]
struct Scripted {
    block: ContentBlock,
    fragments: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
struct Fault {
    error_type: String,
    message: String,
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::new().text(text)
    }
}

macro_rules! setters {
    ($($(#[$meta:meta])* $name:ident: $ty:ty => $value:expr;)*) => {$(
        $(#[$meta])*
        #[must_use]
        pub fn $name(mut self, $name: $ty) -> Self {
            self.$name = $value;
            self
        }
    )*};
}

impl Answer {
    /// An answer without content yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An HTTP error, such as 429, `ThrottlingException`.
    pub fn error(status: u16, error_type: impl Into<String>, message: impl Into<String>) -> Self {
        let fault = Fault { error_type: error_type.into(), message: message.into() };
        Self { error: Some((status, fault)), ..Self::default() }
    }

    /// Adds a block. On a stream a tool's input comes in fragments of 12 characters after an empty one, text in words.
    #[must_use]
    pub fn block(mut self, block: impl Into<ContentBlock>) -> Self {
        self.content.push(Scripted { block: block.into(), fragments: None });
        self
    }

    /// Adds text.
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.block(text.into())
    }

    /// Adds reasoning with its signature, which comes as the last delta of the block.
    #[must_use]
    pub fn reasoning(self, text: impl Into<String>, signature: impl Into<String>) -> Self {
        let reasoning = ReasoningText::new(text).signature(signature);
        self.block(ReasoningContent::ReasoningText(reasoning))
    }

    /// Adds a call of a tool; `input` is JSON, or a text that need not be any.
    #[must_use]
    pub fn tool_use(
        self,
        tool_use_id: impl Into<String>,
        name: impl Into<String>,
        input: impl Into<InputText>,
    ) -> Self {
        self.block(ToolUse::new(tool_use_id, name, input))
    }

    /// Streams the block added last in these fragments; together they become its text or its tool's input, whether
    /// or not that is JSON.
    #[must_use]
    pub fn fragments<I>(mut self, fragments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let fragments: Vec<String> = fragments.into_iter().map(Into::into).collect();
        let whole = fragments.concat();
        match self.content.last_mut().map(|scripted| (scripted.set_text(whole), scripted)) {
            Some((true, scripted)) => scripted.fragments = Some(fragments),
            _ => self.mistake = Some("fragments follow no block with a text or an input"),
        }
        self
    }

    setters! {
        /// Why the model stopped. Otherwise `tool_use` if a tool of the caller is called, else `end_turn`.
        stop_reason: StopReason => Some(stop_reason);
        /// What the call cost. Otherwise an estimate: a quarter of the characters of the request's and the content's JSON.
        usage: Usage => Some(usage);
        /// How long it took. Otherwise what the script's delays make.
        metrics: Metrics => Some(metrics);
        /// What the model's own answer holds beyond Converse.
        additional_model_response_fields: RawJson => Some(additional_model_response_fields);
        /// What guardrails and routers say.
        trace: Trace => Some(trace);
        /// The latency that served the call.
        performance_config: PerformanceConfig => Some(performance_config);
        /// The tier that served the call.
        service_tier: ServiceTier => Some(service_tier);
        /// How long the first event takes, the headers being sent at once; without a stream, how long the answer takes.
        delay_before: Duration => delay_before;
        /// How long each further event takes.
        delay_between: Duration => delay_between;
        /// How the body is cut into chunks.
        delivery: Delivery => delivery;
        /// Where the body ends too early.
        cut: Cut => Some(cut);
    }

    /// Ends the stream with an exception after so many events, all of which arrive; 0 makes it the only frame.
    /// A call without a stream gets the same error with the status that belongs to it.
    #[must_use]
    pub fn exception(
        mut self,
        after_events: usize,
        exception_type: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        self.exception =
            Some((after_events, Fault { error_type: exception_type.into(), message: message.into() }));
        self
    }

    /// Adds a fault, such as `duplicate=2`: those of [`Local::fault`](crate::Local::fault), without `@`.
    #[must_use]
    pub fn fault(mut self, spec: impl Into<String>) -> Self {
        self.faults.push(spec.into());
        self
    }

    fn check(&self, index: usize) -> Result<(), ScriptError> {
        for spec in &self.faults {
            let reason = match spec.parse::<crate::faults::Fault>() {
                Ok(fault) if fault.counts_requests() => {
                    format!("fault {spec:?}: the fault of an answer has no @, it is for this answer")
                }
                Ok(_) => continue,
                Err(error) => error.to_string(),
            };
            return Err(ScriptError::Answer { answer: index, reason });
        }
        if let Some(mistake) = self.mistake {
            return Err(ScriptError::Answer { answer: index, reason: mistake.to_owned() });
        }
        if let Some((status, _)) = self.error
            && !(400..=599).contains(&status)
        {
            let reason = format!("the status of an error is 400 to 599, not {status}");
            return Err(ScriptError::Answer { answer: index, reason });
        }
        self.events(Response::new(Output::Message(self.message()), StopReason::EndTurn))
            .map(drop)
            .map_err(|(block, reason)| ScriptError::Block { answer: index, block, reason })
    }

    fn message(&self) -> Message {
        Message::new(Role::Assistant, self.content.iter().map(|part| part.block.clone()).collect::<Vec<_>>())
    }

    /// The whole answer; `usage` and `metrics` are what stands where the script says nothing.
    pub(crate) fn response(&self, usage: Usage, metrics: Metrics) -> Response {
        let message = self.message();
        let calls = message.tool_uses().next().is_some();
        let stop_reason =
            self.stop_reason.clone().unwrap_or(if calls { StopReason::ToolUse } else { StopReason::EndTurn });
        let mut response = Response::new(Output::Message(message), stop_reason);
        response.usage = Some(self.usage.clone().unwrap_or(usage));
        response.metrics = Some(self.metrics.clone().unwrap_or(metrics));
        response.additional_model_response_fields = self.additional_model_response_fields.clone();
        response.trace = self.trace.clone();
        response.performance_config = self.performance_config.clone();
        response.service_tier = self.service_tier.clone();
        response
    }

    /// The events of a stream; what stands around the blocks comes from `response`.
    pub(crate) fn events(&self, mut response: Response) -> Result<Vec<StreamEvent>, (usize, String)> {
        response.output = Output::Message(Message::new(Role::Assistant, Vec::new()));
        let mut events = response.into_events();
        let tail = events.split_off(1);
        for (index, block) in (0u32..).zip(&self.content) {
            events::block_events(index, block, &mut events).map_err(|reason| (index as usize, reason))?;
        }
        events.extend(tail);
        Ok(events)
    }
}

impl Scripted {
    /// Makes `whole` the text or the input of the block; false where it has none.
    fn set_text(&mut self, whole: String) -> bool {
        match &mut self.block {
            ContentBlock::Text(text) => *text = whole,
            ContentBlock::ToolUse(tool_use) => tool_use.input = whole.into(),
            ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(reasoning)) => {
                reasoning.text = whole
            }
            ContentBlock::CitationsContent(cited) => match &mut cited.content[..] {
                [part] => part.text = Some(whole),
                _ => return false,
            },
            _ => return false,
        }
        true
    }
}
