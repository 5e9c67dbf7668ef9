//! Turns that end with a value of a type.
//!
//! # Invariants
//! - A value that is given was valid for the schema of its type and was read by it; everything else is an
//!   [`Error`](crate::Error).
//! - What is shown before is told apart by its type.

mod shared;
mod stream;

use std::{
    any::TypeId,
    collections::HashMap,
    fmt,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

use outcrop_core::{
    OutputSpec, Strategy, schema_of,
    tools::{EndPolicy, OutputSpecError, Problems},
    wire::IntoContent,
};
use outcrop_json::{HasPartial, Partial};

use crate::{
    Agent, Answer, Error, ErrorKind,
    drive::Drive,
    model::Model,
    output::{Output, PartialCheck},
    turn_stream::TurnStream,
};

pub use stream::{ElementStream, OutputStream, OutputUpdate};

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
        let mut spec = OutputSpec::new(name(&T::schema_name()), schema)?.validate_as(T::__outcrop_check);
        if let Some(check) = T::__outcrop_partial_check() {
            spec = spec.validate(move |text, _| check.whole(text));
        }
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
    /// What looks at the value while it grows, if somebody watches; the spec has it for the value in the end.
    partial_checks: Vec<PartialCheck>,
    of: PhantomData<fn() -> T>,
}

impl<T: Output> AskOutput<T> {
    pub(crate) fn new(drive: Drive, outputs: &Outputs) -> Self {
        let partial_checks = T::__outcrop_partial_check().into_iter().collect();
        Self { drive, spec: outputs.of::<T>(), partial_checks, of: PhantomData }
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

    /// Adds a check of values that could be read. What it reports, a [`Problem`](crate::Problem) or [`Problems`], goes to
    /// the model, which is asked again. A closure names the type that it takes: `|trip: &Trip|`.
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
        self.with(|spec| spec.validate_as(move |value: &T| check(value).map_err(Into::into)))
    }

    /// Adds a check of what there is of the value so far, as [`AskOutput::updates`] shows it: of its companion, with
    /// places in the value.
    ///
    /// It is asked each time something new is shown, and of the whole value in the end, so that what comes of the turn
    /// does not depend on whether somebody watches. So it must refuse only what cannot become good again: what is
    /// [`Part::Done`](crate::Part::Done), or text that has grown too far. Where it refuses, the stream yields
    /// [`OutputUpdate::Rejected`] and shows no more of that attempt; once the model has written it to its end it is told
    /// what was wrong and is asked again, as often as [`AskOutput::retries`] says. The model is not cut off before.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, Output, OutputUpdate, Partial, Problem, testing::ScriptedModel};
    ///
    /// #[derive(Output)]
    /// struct Trip {
    ///     city: String,
    ///     plan: String,
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let model = ScriptedModel::texts([
    ///     r#"{"city": "Atlantis", "plan": "Dive."}"#,
    ///     r#"{"city": "Lisbon", "plan": "Walk."}"#,
    /// ]);
    /// let mut trip = Agent::builder(model)
    ///     .build()?
    ///     .ask("A trip")
    ///     .output::<Trip>()
    ///     .validate_partial(|so_far: &Partial<Trip>| match so_far.city.done() {
    ///         Some(city) if city == "Atlantis" => Err(Problem::new("/city", "a city that is there", city)),
    ///         _ => Ok(()),
    ///     })
    ///     .updates();
    /// let mut rejected = 0;
    /// while let Some(update) = trip.try_next().await? {
    ///     match update {
    ///         OutputUpdate::Rejected(problems) => {
    ///             assert_eq!(problems.iter().next().unwrap().pointer, "/city");
    ///             rejected += 1;
    ///         }
    ///         OutputUpdate::Done(trip) => assert_eq!(trip.city, "Lisbon"),
    ///         _ => {}
    ///     }
    /// }
    /// assert_eq!(rejected, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    ///
    /// # Complexity
    /// What the check costs, for each update and once in the end; nothing while the value grows where nobody watches.
    pub fn validate_partial<E: Into<Problems>>(
        mut self,
        check: impl Fn(&Partial<T>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Self
    where
        T: HasPartial,
    {
        let check = PartialCheck::of::<T, E>(check);
        self.partial_checks.push(check.clone());
        self.with(|spec| spec.validate(move |text, _| check.whole(text)))
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
    /// Why there is none. [`ErrorKind::Output`] holds what the model wrote; the history stays with the session.
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
        let checks = self.partial_checks.clone();
        OutputStream::new(self.live().stream(), checks)
    }
}

impl<T: Output> AskOutput<Vec<T>>
where
    Vec<T>: Output,
{
    /// Each element of the list as soon as it is complete, see [`Ask::elements`](crate::Ask::elements). The list is
    /// asked for once, whatever [`AskOutput::retries`] says: what was given cannot be taken back.
    ///
    /// ```
    /// use futures::TryStreamExt;
    /// use outcrop::{Agent, Strategy, testing::ScriptedModel};
    /// use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let list = json!({"value": ["Lisbon", "Faro"]});
    /// let model = ScriptedModel::new().calls([("t1", "Array_of_string", list)]);
    /// let question = Agent::builder(model).build()?.ask("Cities?").output::<Vec<String>>();
    /// let cities = question.strategy(Strategy::Tool).elements();
    /// assert_eq!(cities.try_collect::<Vec<_>>().await?, ["Lisbon", "Faro"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
    /// ```
    pub fn elements(self) -> ElementStream<T> {
        ElementStream::new(self.retries(0).live().stream())
    }
}

/// The value of an answer; it is there and can be read, or the turn would have failed.
fn read<T: Output>(answer: &Answer) -> Result<T, Error> {
    let output = answer.outcome.output.as_ref();
    output.and_then(|output| output.decode().ok()).ok_or_else(|| ErrorKind::TurnOver.into())
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
/// The service takes no document without a text beside it:
/// `extract(&model, [ContentBlock::Document(bill), "What does it cost?".into()])`.
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
