//! Turns that end with a value of a type.
//!
//! # Invariants
//! - A value that is given was valid for the schema of its type and was read by it; everything else is an
//!   [`Error`](crate::Error).
//! - What is shown before is told apart by its type.

use std::{
    any::TypeId,
    collections::{HashMap, VecDeque},
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt};
use outcrop_core::{
    EndPolicy, EventKind, IntoContent, OutputSpec, OutputSpecError, Problems, Strategy, schema_of,
};
use outcrop_json::{HasPartial, LivePartial, Mark, Partial};

use crate::{Agent, Answer, Error, drive::Drive, model::Model, output::Output, turn_stream::TurnStream};

/// What the turns of an agent were asked to end with, by type: schemas are made and compiled once.
#[derive(Debug, Default)]
pub(crate) struct Outputs(Mutex<HashMap<TypeId, OutputSpec>>);

impl Outputs {
    fn of<T: Output>(&self) -> Result<OutputSpec, OutputSpecError> {
        // Nothing is done under the lock that could leave the map half changed.
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<T>()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let schema = schema_of::<T>();
        let description =
            schema.to_value().and_then(|schema| Some(schema.get("description")?.as_str()?.to_owned()));
        let mut spec = OutputSpec::new(name(&T::schema_name()), schema)?.read_as::<T>();
        if let Some(description) = description {
            spec = spec.description(description);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(TypeId::of::<T>(), spec.clone());
        Ok(spec)
    }
}

/// A name for an output that the service takes, made of that of a type.
fn name(type_name: &str) -> String {
    let taken = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = type_name.chars().take(64).map(|c| if taken(c) { c } else { '_' }).collect();
    if name.is_empty() { "output".to_owned() } else { name }
}

/// A question that ends with a `T`: to be awaited, or watched.
#[must_use = "nothing is asked before it is awaited or its stream is polled"]
pub struct AskOutput<T> {
    drive: Drive,
    spec: Result<OutputSpec, OutputSpecError>,
    of: PhantomData<fn() -> T>,
}

impl<T: Output> AskOutput<T> {
    pub(crate) fn new(drive: Drive, outputs: &Outputs) -> Self {
        Self { drive, spec: outputs.of::<T>(), of: PhantomData }
    }

    fn with(mut self, change: impl FnOnce(OutputSpec) -> OutputSpec) -> Self {
        self.spec = self.spec.map(change);
        self
    }

    /// How it is asked for; [`Strategy::Auto`] otherwise.
    pub fn strategy(self, strategy: Strategy) -> Self {
        self.with(|spec| spec.strategy(strategy))
    }

    /// How often the model is asked again where it gave none that is valid; 2 otherwise.
    pub fn retries(self, retries: u32) -> Self {
        self.with(|spec| spec.retries(retries))
    }

    /// What becomes of other tool calls in the step that gives it; they are not run otherwise.
    pub fn end_policy(self, policy: EndPolicy) -> Self {
        self.with(|spec| spec.end_policy(policy))
    }

    /// Where it is asked for by a tool, the tool is a strict one where the model takes such.
    pub fn strict(self) -> Self {
        self.with(|spec| spec.strict(true))
    }

    /// It is shown while the model writes it: fine-grained tool streaming is asked for where it takes a tool and the
    /// model takes that. [`AskOutput::updates`] says so itself.
    pub fn live(self) -> Self {
        self.with(|spec| spec.live(true))
    }

    /// Adds a check of values that could be read. What it reports goes to the model, which is asked again.
    ///
    /// ```
    /// use outcrop::{Agent, Problem, testing::ScriptedModel};
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let model = ScriptedModel::texts([r#"{"value": 0}"#, r#"{"value": 2}"#]);
    /// let days: u8 = Agent::builder(model)
    ///     .build()?
    ///     .ask("How many days?")
    ///     .output()
    ///     .validate(|days: &u8| match days {
    ///         0 => Err(Problem::new("", "at least one day", "none")),
    ///         _ => Ok(()),
    ///     })
    ///     .await?;
    /// assert_eq!(days, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn validate<E: Into<Problems>>(
        self,
        check: impl Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self {
        self.with(|spec| {
            spec.validate(move |text, _| match text.parse_into::<T>() {
                Ok(value) => check(&value).map_err(Into::into),
                // The check before this one has told why.
                Err(_) => Ok(()),
            })
        })
    }

    /// The turn as a stream of events.
    pub fn stream(self) -> TurnStream {
        match self.spec {
            Ok(spec) => TurnStream::new(Drive { output: Some(Arc::new(spec)), ..self.drive }),
            Err(error) => TurnStream::failed(error.into()),
        }
    }

    /// Runs the turn to its end, and gives the value and the answer that it came with.
    ///
    /// # Errors
    /// Why there is none. [`Error::Output`] holds what the model wrote; the history stays with the session.
    pub async fn answer(self) -> Result<Typed<T>, Error> {
        let answer = self.stream().answer().await?;
        let value = read(&answer)?;
        Ok(Typed { value, answer })
    }

    /// What there is of the value as it grows, and the value at the end.
    pub fn updates(self) -> OutputStream<T>
    where
        T: HasPartial,
    {
        let turn = self.live().stream();
        OutputStream { turn, so_far: LivePartial::new(), shown: None, over: false }
    }
}

/// The value of an answer; it is there and can be read, or the turn would have failed.
fn read<T: Output>(answer: &Answer) -> Result<T, Error> {
    let output = answer.outcome.output.as_ref();
    output.and_then(|output| output.decode().ok()).ok_or(Error::TurnOver)
}

impl<T: Output> IntoFuture for AskOutput<T> {
    type Output = Result<T, Error>;
    type IntoFuture = futures::future::BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async { Ok(self.answer().await?.value) })
    }
}

impl<T> fmt::Debug for AskOutput<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskOutput").field("spec", &self.spec).finish_non_exhaustive()
    }
}

/// A value, and the answer that it came with.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Typed<T> {
    /// The value.
    pub value: T,
    /// What it cost, how it was asked for, the conversation.
    pub answer: Answer,
}

/// Reads a `T` out of a text, pictures or documents, without an agent: one question to a model.
///
/// ```
/// use outcrop::{Output, extract, testing::ScriptedModel};
///
/// #[derive(Output)]
/// struct Person {
///     name: String,
///     age: Option<u8>,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let model = ScriptedModel::texts([r#"{"name": "Ada"}"#]);
/// let person: Person = extract(&model, "Ada wrote the first program.").await?;
/// assert_eq!((person.name.as_str(), person.age), ("Ada", None));
/// # Ok::<(), outcrop::Error>(()) }).unwrap();
/// ```
pub fn extract<T: Output>(model: &(impl Model + Clone), content: impl IntoContent) -> AskOutput<T> {
    Agent::plain(model.clone()).ask(content).output()
}

/// What becomes of an output.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputUpdate<T: HasPartial> {
    /// What there is of it so far. It was held to no schema yet; where it turns out not to be valid the model writes it
    /// anew, and what is shown begins anew.
    Partial(Partial<T>),
    /// The value, valid.
    Done(T),
}

/// An output as it grows. After [`OutputUpdate::Done`] or an error there is no more.
#[must_use = "a turn does nothing unless it is polled"]
pub struct OutputStream<T: HasPartial> {
    turn: TurnStream,
    so_far: LivePartial<T>,
    shown: Option<Partial<T>>,
    over: bool,
}

impl<T: Output + HasPartial> OutputStream<T> {
    /// Brings the value up to an event; tells what there is where that is news.
    fn follow(&mut self, event: &outcrop_core::TurnEvent) -> Option<Partial<T>> {
        match event.kind {
            EventKind::OutputStart(_) => {
                (self.so_far, self.shown) = (LivePartial::new(), None);
                return None;
            }
            EventKind::OutputDelta(_) => {}
            _ => return None,
        }
        let live = self.turn.live(event)?;
        // What does not fit is told when the value is whole.
        let _ = self.so_far.update(*live);
        let news = self.so_far.get().filter(|so_far| Some(*so_far) != self.shown.as_ref())?;
        self.shown = Some(news.clone());
        self.shown.clone()
    }
}

// Nothing is pinned in it.
impl<T: HasPartial> Unpin for OutputStream<T> {}

impl<T: Output + HasPartial> Stream for OutputStream<T> {
    type Item = Result<OutputUpdate<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.over {
            match ready!(self.turn.poll_next_unpin(cx)) {
                Some(Ok(event)) => {
                    if let Some(so_far) = self.follow(&event) {
                        return Poll::Ready(Some(Ok(OutputUpdate::Partial(so_far))));
                    }
                }
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    let answer = self.turn.take_answer().ok_or(Error::TurnOver);
                    let value = answer.and_then(|answer| read(&answer));
                    return Poll::Ready(Some(value.map(OutputUpdate::Done)));
                }
            }
        }
        Poll::Ready(None)
    }
}

impl<T: HasPartial> fmt::Debug for OutputStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputStream").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// The elements of a list, each as soon as it is complete. After an error there are no more.
#[must_use = "a turn does nothing unless it is polled"]
pub struct ElementStream<T> {
    turn: TurnStream,
    /// Up to where the text was looked at.
    mark: Mark,
    ready: VecDeque<T>,
    /// How many were found complete.
    found: usize,
    over: bool,
}

impl<T: Output> ElementStream<T>
where
    Vec<T>: Output,
{
    pub(crate) fn new(turn: TurnStream) -> Self {
        Self { turn, mark: Mark::default(), ready: VecDeque::new(), found: 0, over: false }
    }

    /// Takes the elements that an event completed.
    fn follow(&mut self, event: &outcrop_core::TurnEvent) {
        if !matches!(event.kind, EventKind::OutputDelta(_)) {
            return;
        }
        let Some(live) = self.turn.live(event) else { return };
        let since = std::mem::replace(&mut self.mark, live.mark());
        let Some(list) = live.root() else { return };
        for element in list.children_since(since).filter(|element| element.is_complete()) {
            // One that cannot be read is told of when the list is whole.
            let Ok(element) = element.decode::<T>() else { break };
            self.ready.push_back(element);
            self.found += 1;
        }
    }

    /// Takes those that were not shown while they grew.
    fn finish(&mut self) -> Result<(), Error> {
        let answer = self.turn.take_answer().ok_or(Error::TurnOver)?;
        let list: Vec<T> = read(&answer)?;
        self.ready.extend(list.into_iter().skip(self.found));
        Ok(())
    }
}

impl<T> Unpin for ElementStream<T> {}

impl<T: Output> Stream for ElementStream<T>
where
    Vec<T>: Output,
{
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(element) = self.ready.pop_front() {
                return Poll::Ready(Some(Ok(element)));
            }
            if self.over {
                return Poll::Ready(None);
            }
            match ready!(self.turn.poll_next_unpin(cx)) {
                Some(Ok(event)) => self.follow(&event),
                Some(Err(error)) => {
                    self.over = true;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    self.over = true;
                    if let Err(error) = self.finish() {
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        }
    }
}

impl<T> fmt::Debug for ElementStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElementStream").field("found", &self.found).finish_non_exhaustive()
    }
}
