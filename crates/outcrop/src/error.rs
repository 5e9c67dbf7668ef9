//! What can go wrong, apart from what the model or a tool did wrong: that is data in the conversation.
//!
//! # Invariants
//! - No error loses a history: the session has it, valid and ready to go on.
//! - A message does not repeat its `source`.

use std::{error::Error as StdError, fmt};

use outcrop_core::{
    Diagnostic, History, StopReason, Turn,
    schema::adapt::WRAPPER,
    tools::{NotStrict, OutputFailure, OutputSpecError, ToolSetError},
    turn::TurnFailure,
    wire::ProtocolError,
};
use outcrop_json::{HasPartial, LiveJson, LivePartial, Partial, View};

use crate::ModelError;

/// Why a turn ended before the model's answer. The history stays with the session.
///
/// ```
/// use outcrop::{Agent, ErrorKind, testing::ScriptedModel};
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let agent = Agent::builder(ScriptedModel::new()).build()?;
/// let error = agent.ask("Hello").await.unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::Model(_)));
/// assert!(error.diagnostics().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Error {
    inner: Box<Inner>,
}

struct Inner {
    kind: ErrorKind,
    diagnostics: Vec<Diagnostic>,
}

/// What kind of [`Error`] it is.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ErrorKind {
    /// The request did not get through, the service turned it down, or its stream broke.
    #[error("the model's answer did not come")]
    Model(#[from] ModelError),
    /// The stream broke the order that Converse promises, or ended before its end.
    #[error("the model's stream broke its protocol")]
    Protocol(#[from] ProtocolError),
    /// The turn used up its steps.
    #[error("the turn reached its limit of {max_steps} steps")]
    StepLimit {
        /// The limit.
        max_steps: u32,
    },
    /// The model was stopped in the middle of a tool call, for instance by its token limit. Nothing of that step
    /// was run; a larger `maxTokens` helps.
    #[error("the model stopped with `{stop_reason}` in a call of `{name}`, which was not run")]
    TruncatedToolCall {
        /// Why it stopped.
        stop_reason: StopReason,
        /// The tool of the last call.
        name: String,
        /// What there is of its input.
        input: String,
    },
    /// The service says that the model's output was malformed.
    #[error("the model's output was malformed (`{stop_reason}`)")]
    MalformedOutput {
        /// What the service says.
        stop_reason: StopReason,
    },
    /// The turn was to end with an output, and has none that is valid.
    #[error("the model gave no output")]
    Output(#[source] Box<OutputError>),
    /// Elements were given of a list that the model wrote anew: the valid list in the end begins with others. What the
    /// model wrote stays with the session.
    #[error("the model wrote the list anew, and it does not begin with the elements that were given")]
    WrittenAnew,
    /// The type that the turn was to end with cannot be asked for.
    #[error("the output cannot be asked for")]
    OutputSpec(#[from] OutputSpecError),
    /// The session is in another turn; one at a time.
    #[error("the session is in another turn")]
    TurnInProgress,
    /// The turn is over and has told before why it has no answer.
    #[error("the turn is over and has no answer")]
    TurnOver,
    /// The turn asked for something that this driver does not know.
    #[error("the turn asked for an action that this version does not know")]
    UnknownAction,
}

impl Error {
    /// What kind of error it is.
    pub fn kind(&self) -> &ErrorKind {
        &self.inner.kind
    }

    /// What kind of error it is.
    pub fn into_kind(self) -> ErrorKind {
        self.inner.kind
    }

    /// What there is of an output, where the turn was to end with one and has none that is valid.
    pub fn as_output(&self) -> Option<&OutputError> {
        match self.kind() {
            ErrorKind::Output(error) => Some(error),
            _ => None,
        }
    }

    /// What was dropped, downgraded or repaired in the turn before it ended, in order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.inner.diagnostics
    }

    /// Whether the same question may get an answer later.
    pub fn is_retryable(&self) -> bool {
        match self.kind() {
            ErrorKind::Model(error) => error.is_retryable(),
            ErrorKind::Protocol(_) | ErrorKind::TurnInProgress => true,
            _ => false,
        }
    }

    /// The service's id of the request that failed, for its support.
    pub fn request_id(&self) -> Option<&str> {
        match self.kind() {
            ErrorKind::Model(error) => error.request_id(),
            _ => None,
        }
    }

    /// The error for a failed turn; `model` is what the model reported, where it did.
    pub(crate) fn of_turn(turn: &Turn, failure: &TurnFailure, model: Option<ModelError>) -> Self {
        let kind = match failure.clone() {
            TurnFailure::StepLimit { max_steps } => ErrorKind::StepLimit { max_steps },
            TurnFailure::TruncatedToolCall { stop_reason, name, input } => {
                ErrorKind::TruncatedToolCall { stop_reason, name, input }
            }
            TurnFailure::MalformedOutput { stop_reason } => ErrorKind::MalformedOutput { stop_reason },
            TurnFailure::Protocol(error) => ErrorKind::Protocol(error),
            TurnFailure::Output(failure) => {
                let history = turn.history().clone();
                ErrorKind::Output(Box::new(OutputError { failure: *failure, history }))
            }
            _ => model.map_or(ErrorKind::UnknownAction, ErrorKind::Model),
        };
        Self { inner: Box::new(Inner { kind, diagnostics: turn.diagnostics().to_vec() }) }
    }
}

impl<K: Into<ErrorKind>> From<K> for Error {
    fn from(kind: K) -> Self {
        Self { inner: Box::new(Inner { kind: kind.into(), diagnostics: Vec::new() }) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind().fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.kind(), f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.kind().source()
    }
}

/// Why a turn that was to end with an output has none.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{failure}")]
#[non_exhaustive]
pub struct OutputError {
    /// Why, what the model wrote, and what it cost.
    pub failure: OutputFailure,
    /// The conversation, this turn included.
    pub history: History,
}

impl OutputError {
    /// What can be read of what the model wrote last, as a companion of `T`: what was cut off in the middle is growing.
    /// It was held to no schema.
    pub fn partial<T: HasPartial>(&self) -> Option<Partial<T>> {
        let partial = self.failure.partial.as_ref()?.as_str();
        let text = &self.failure.text;
        // The text tells what is complete. Words may stand before the value, and the value may be a member.
        for from in [Some(0), text.find('{')].into_iter().flatten() {
            let live = read(&text[from..])?;
            for view in [live.now(), live.now().member(WRAPPER)] {
                if view.root().is_some_and(|root| root.to_json() == partial) {
                    return shown::<T>(view);
                }
            }
        }
        shown::<T>(read(partial)?.now())
    }
}

/// A text, as far as it can be read.
fn read(text: &str) -> Option<LiveJson> {
    let mut live = LiveJson::new();
    live.push(text).ok()?;
    Some(live)
}

/// What there is of a value. What does not fit is left out.
fn shown<T: HasPartial>(view: View<'_>) -> Option<Partial<T>> {
    let mut so_far = LivePartial::<T>::new();
    let _ = so_far.update(view);
    so_far.get().cloned()
}

/// A mistake in the making of an agent.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A tool cannot be offered.
    #[error(transparent)]
    Tools(#[from] ToolSetError),
    /// The model is to call a tool that it is not offered.
    #[error("the tool choice asks for {wanted}, which is not offered")]
    ToolChoice {
        /// The tool's name in quotes, or `any tool`.
        wanted: String,
    },
    /// A tool takes a value that the agent was not given.
    #[error("tool `{tool}` takes a `{ty}`, which was not given: add `.state(..)` to the builder")]
    MissingState {
        /// The tool.
        tool: String,
        /// The type of the value.
        ty: &'static str,
    },
    /// A tool is to be strict by `#[tool(strict)]` or [`Tool::strict`](crate::Tool::strict), and no model can take its
    /// input as that.
    #[error("tool `{tool}` cannot be strict: {reason}")]
    NotStrict {
        /// The tool.
        tool: String,
        /// Why not, and where in its schema.
        reason: NotStrict,
    },
    /// Two values of one type, so that tools could not tell them apart.
    #[error("two states of type `{ty}` were given; wrap one in a type of its own")]
    DuplicateState {
        /// The type.
        ty: &'static str,
    },
    /// A setting is out of its range.
    #[error("{setting} must be {must_be}")]
    Setting {
        /// Which.
        setting: &'static str,
        /// What it must be.
        must_be: &'static str,
    },
}
