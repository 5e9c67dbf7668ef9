//! The parameters of a function under `#[tool]`: their schema, and how they are read from the model's input.
//!
//! # Invariants
//! - A parameter is not required exactly where it can be read from nothing: it has a default, or its type is an
//!   `Option`, by whatever name.
//! - All parameters that cannot be read are told, not the first alone.

use outcrop_core::{
    RawJson, ReadyInput,
    schema::ObjectSchema,
    schema_of,
    tools::{InputMembers, InvalidInput, Problem, Problems},
};
use schemars::JsonSchema;
use serde::{
    Serialize,
    de::{DeserializeOwned, Deserializer, Error as _, Visitor, value},
    forward_to_deserialize_any,
};
use serde_json::Value;

use crate::{
    state::Host,
    tool::{ToolCx, ToolOutput},
};

/// What a parameter of a function under [`#[tool]`](macro@crate::tool) can be: whatever serde reads and schemars
/// describes. It is never implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a parameter of a tool",
    label = "the model cannot write it and the host does not give it",
    note = "what the model writes owns what it holds: put `#[derive(ToolInput)]` on it, or serde's `Deserialize` and schemars' `JsonSchema`",
    note = "what the host gives is a `State<T>` or the `ToolCx`; under another name it needs `#[tool(state)]` or `#[tool(context)]`"
)]
pub trait ToolParam: DeserializeOwned + JsonSchema + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema + Send + 'static> ToolParam for T {}

/// One parameter. All that needs the bound on `T` is looked up in [`Param::new`], so that a type that cannot be a
/// parameter is told of once.
pub struct Param<T> {
    name: &'static str,
    description: &'static str,
    describe: fn(&mut ObjectSchema, &str, &str, Option<Value>, bool),
    read: fn(&mut InputMembers, &str) -> Option<Result<T, Problem>>,
    absent: fn() -> Option<T>,
    default: Option<fn() -> T>,
}

impl<T> Param<T> {
    /// The parameter as a member of the input.
    pub fn new(name: &'static str, description: &'static str) -> Self
    where
        T: ToolParam,
    {
        Self {
            name,
            description,
            describe: ObjectSchema::property::<T>,
            read: InputMembers::take::<T>,
            absent: || T::deserialize(Nothing).ok(),
            default: None,
        }
    }

    /// With a value for where the model writes none.
    #[must_use]
    pub fn or(mut self, default: fn() -> T) -> Self {
        self.default = Some(default);
        self
    }

    /// Adds it to a schema; `default` is its default as JSON, where it has one.
    pub fn describe(&self, schema: &mut ObjectSchema, default: Option<Value>) {
        let required = self.default.is_none() && (self.absent)().is_none();
        (self.describe)(schema, self.name, self.description, default, required);
    }
}

/// A parameter that is the whole input.
pub struct Whole<T> {
    schema: fn() -> RawJson,
    read: fn(&mut InputMembers) -> Result<T, InvalidInput>,
}

impl<T> Whole<T> {
    /// The parameter.
    #[allow(clippy::new_without_default)] // It is nothing to have around.
    pub fn new() -> Self
    where
        T: ToolParam,
    {
        Self { schema: schema_of::<T>, read: InputMembers::take_all::<T> }
    }

    /// The schema of the tool.
    pub fn schema(&self) -> RawJson {
        (self.schema)()
    }
}

/// The members of an input, taken one by one; problems are gathered.
pub struct Members {
    input: InputMembers,
    problems: Problems,
}

impl Members {
    /// The members of `input`, none of them read yet.
    pub fn of(input: ReadyInput) -> Self {
        Self { input: input.into_members(), problems: Problems::default() }
    }

    /// Reads a parameter.
    pub fn take<T>(&mut self, param: &Param<T>) -> Option<T> {
        let read = (param.read)(&mut self.input, param.name).unwrap_or_else(|| {
            let absent = param.default.map(|default| default()).or_else(|| (param.absent)());
            absent.ok_or_else(|| Problem::new("", format!("the member `{}`", param.name), "none"))
        });
        read.map_err(|problem| self.problems.push(problem)).ok()
    }

    /// Reads the whole input as one parameter.
    pub fn take_whole<T>(&mut self, param: &Whole<T>) -> Option<T> {
        match (param.read)(&mut self.input) {
            Ok(whole) => Some(whole),
            Err(InvalidInput::Type { problems }) => {
                problems.iter().for_each(|problem| self.problems.push(problem.clone()));
                None
            }
            Err(_) => None,
        }
    }

    /// Finds a value of the host.
    pub fn take_state<S>(&mut self, param: &Host<S>, cx: &ToolCx) -> Option<S> {
        let found = param.find(cx);
        if found.is_none() {
            // Not reached: the agent was built with all that its tools need.
            self.problems.push(Problem::new("", "a value of the host", "none: the tool cannot be called"));
        }
        found
    }

    /// What the model is told where something could not be read.
    pub fn refuse(self) -> ToolOutput {
        ToolOutput::error(InvalidInput::of_type(self.problems).to_string())
    }
}

/// What stands for a member that is not there: an `Option` can be read from it, all else cannot.
struct Nothing;

impl<'de> Deserializer<'de> for Nothing {
    type Error = value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("it is missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, value::Error> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The JSON of a default, where its type can be written: `(&&DefaultOf(&value)).__outcrop_json()`.
pub struct DefaultOf<'a, T>(pub &'a T);

/// Of what can be written.
pub trait WrittenDefault {
    /// Its JSON.
    fn __outcrop_json(&self) -> Option<Value>;
}

impl<T: Serialize> WrittenDefault for &DefaultOf<'_, T> {
    fn __outcrop_json(&self) -> Option<Value> {
        serde_json::to_value(self.0).ok()
    }
}

/// Of all else: the schema does not tell the default.
pub trait UntoldDefault {
    /// Nothing.
    fn __outcrop_json(&self) -> Option<Value> {
        None
    }
}

impl<T> UntoldDefault for DefaultOf<'_, T> {}

/// A default that is written as a text.
#[diagnostic::on_unimplemented(
    message = "the default of a `{Self}` cannot be written as a text",
    label = "not a `{Self}`"
)]
pub trait FromText: Sized {
    /// The default.
    fn from_text(text: &'static str) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: From<&'static str>> FromText for T {
    fn from_text(text: &'static str) -> Self {
        text.into()
    }
}

/// What a parameter under `#[tool(context)]` can be: the [`ToolCx`], or what is made from it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no context of a call",
    label = "neither `ToolCx` nor made from one",
    note = "take `ToolCx`, or implement `From<ToolCx>` for `{Self}`"
)]
pub trait ContextParam: Send + 'static {
    /// It.
    fn of(cx: ToolCx) -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: From<ToolCx> + Send + 'static> ContextParam for T {
    fn of(cx: ToolCx) -> Self {
        cx.into()
    }
}

/// The context as a parameter.
pub fn context<T: ContextParam>(cx: &ToolCx) -> T {
    T::of(cx.clone())
}
