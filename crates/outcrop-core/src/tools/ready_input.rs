//! A tool's input that may be executed.
//!
//! [`InputText`] is what the model wrote; a [`ReadyInput`] is made in one place only, by a [`ToolSet`](crate::tools::ToolSet), from
//! a finished text that is strict JSON and fits the tool's schema. The two are different types so that a preview can never
//! be executed.
//!
//! # Invariants
//! - `ReadyInput` has no `Deserialize`, no `Default` and no public constructor.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    tools::{InvalidInput, Problem, decode},
    wire::{InputText, RawJson, raw_json::all_members},
};

/// The input of a tool that may run now: whole, strict JSON, valid for the tool's schema.
///
/// Only a [`Turn`](crate::turn::Turn) makes one, by its [`ToolSet`](crate::tools::ToolSet). It cannot be read from a file or a network, and it
/// has no default: a guess never becomes one.
pub struct ReadyInput {
    value: Value,
    text: InputText,
    schema: RawJson,
    exact: bool,
}

impl ReadyInput {
    /// `text` must have been found whole, strict and valid for `schema`; hence not public.
    pub(crate) fn new(value: Value, text: InputText, schema: RawJson, exact: bool) -> Self {
        Self { value, text, schema, exact }
    }

    /// The arguments.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The text they were read from, for numbers that do not fit a [`Value`].
    pub fn text(&self) -> &InputText {
        &self.text
    }

    /// Reads the arguments as a `T`, from the text, so that long numbers stay exact. `()` and unit structs, whose
    /// schema is that of the empty object, are read from it too.
    ///
    /// # Errors
    /// What `T`'s own `Deserialize` refuses although the schema took it, in words for the model.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, InvalidInput> {
        let read = decode::read(self.text.json(), None, &self.schema);
        let read = read.or_else(|problem| match self.is_empty() {
            true => serde_json::from_value(Value::Null).map_err(|_| problem),
            false => Err(problem),
        });
        read.map_err(|problem| InvalidInput::Type { problems: problem.into() })
    }

    /// As [`ReadyInput::decode`], in less time: what was parsed already is moved into the `T`. Where that could lose
    /// a digit of a number, or does not do, the text is read. A raw value inside of `T` gets the same JSON, perhaps
    /// in another spelling.
    ///
    /// # Errors
    /// As [`ReadyInput::decode`].
    pub fn into_decoded<T: DeserializeOwned>(mut self) -> Result<T, InvalidInput> {
        // What is empty may stand for what has no members at all.
        if self.exact
            && !self.is_empty()
            && let Ok(read) = T::deserialize(std::mem::take(&mut self.value))
        {
            return Ok(read);
        }
        self.decode()
    }

    /// The members of the arguments, to be read one by one.
    pub fn into_members(self) -> InputMembers {
        InputMembers { input: self }
    }

    fn is_empty(&self) -> bool {
        self.value.as_object().is_some_and(serde_json::Map::is_empty)
    }
}

/// The members of an input, each read once.
#[derive(Debug)]
pub struct InputMembers {
    input: ReadyInput,
}

impl InputMembers {
    /// Reads the member `name` as [`ReadyInput::into_decoded`] reads all; `None` where there is none.
    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Option<Result<T, Problem>> {
        let member = self.input.value.as_object_mut()?.get_mut(name)?;
        if self.input.exact
            && let Ok(read) = T::deserialize(std::mem::take(member))
        {
            return Some(Ok(read));
        }
        Some(self.read(name))
    }

    /// Reads a member from the text.
    #[cold]
    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<T, Problem> {
        let members = all_members(self.input.text.json()).unwrap_or_default();
        let text = members.iter().find(|(other, _)| other == name).map_or("null", |(_, raw)| raw.get());
        decode::read(text, Some(name), &self.input.schema)
    }

    /// Reads all of them together; after that there are none left.
    ///
    /// # Errors
    /// As [`ReadyInput::decode`].
    pub fn take_all<T: DeserializeOwned>(&mut self) -> Result<T, InvalidInput> {
        let ReadyInput { value, text, schema, exact } = &mut self.input;
        let (text, schema) = (text.clone(), schema.clone());
        ReadyInput::new(std::mem::take(value), text, schema, *exact).into_decoded()
    }
}

impl fmt::Debug for ReadyInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadyInput").field(&self.text).finish()
    }
}
