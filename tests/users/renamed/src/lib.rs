//! A crate that knows outcrop by another name, directly and through a module and a macro of its own.

#![deny(warnings, missing_docs, unsafe_code, clippy::all, clippy::pedantic)]

use agents::{Agent, BuildError, Model, Output, Problem, ToolInput, tool, tools, toolset};

/// A place where the crate is known as well.
pub mod prelude {
    pub use agents as outcrop;
}

/// Adds.
#[tool(crate = agents)]
#[must_use]
pub fn add(a: i64, b: i64) -> i64 {
    a + b
}

/// Multiplies.
#[tool(crate = "crate::prelude::outcrop")]
pub async fn multiply(a: i64, #[tool(default = 2)] b: i64) -> Option<i64> {
    tokio::task::yield_now().await;
    a.checked_mul(b)
}

/// Makes a tool that gives a constant, wherever it is used.
#[macro_export]
macro_rules! constant {
    ($name:ident, $value:expr) => {
        #[doc = concat!("The constant ", stringify!($name), ".")]
        #[$crate::prelude::outcrop::tool(crate = $crate::prelude::outcrop)]
        pub async fn $name() -> i64 {
            $value
        }
    };
}

mod constants {
    constant!(answer, 42 - 1);
}

/// Makes a type of a tool's input, wherever it is used.
#[macro_export]
macro_rules! pair {
    ($name:ident, $part:ty) => {
        /// Two numbers.
        #[derive(Debug, $crate::prelude::outcrop::ToolInput)]
        #[input(crate = $crate::prelude::outcrop)]
        pub struct $name {
            /// The first.
            pub left: $part,
            /// The second.
            pub right: Option<$part>,
            more: Option<Vec<$crate::Number>>,
        }
    };
}

/// A number.
#[derive(Clone, Debug, Default, Output)]
#[output(crate = agents, validate = Number::is_small, validate_partial = is_small_so_far)]
#[serde(default)]
pub struct Number {
    /// Its value.
    pub value: i64,
    /// What it counts.
    #[serde(serialize_with = "Number::write")]
    pub of: String,
}

fn is_small_so_far(so_far: &NumberPartial) -> Result<(), Problem> {
    so_far.value.done().map_or(Ok(()), |value| small(*value))
}

fn small(value: i64) -> Result<(), Problem> {
    if value < 1000 { Ok(()) } else { Err(Problem::new("/value", "less than 1000", value.to_string())) }
}

impl Number {
    fn is_small(&self) -> Result<(), Problem> {
        small(self.value)
    }

    fn write<S: agents::serde::Serializer>(of: &str, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(of)
    }
}

pair!(Numbers, Number);

/// Adds two numbers.
#[tool(crate = agents)]
#[must_use]
pub fn add_numbers(#[tool(args)] numbers: &Numbers) -> Number {
    let more: i64 = numbers.more.iter().flatten().map(|number| number.value).sum();
    let right = numbers.right.as_ref().map_or(0, |number| number.value);
    Number { value: numbers.left.value + right + more, of: String::new() }
}

/// A number, or none.
#[derive(Debug, ToolInput)]
#[input(crate = "crate::prelude::outcrop")]
pub struct Maybe {
    /// It.
    pub number: Option<Number>,
}

/// Whether there is one.
#[tool(crate = agents)]
#[must_use]
pub fn is_there(#[tool(args)] maybe: &Maybe) -> bool {
    maybe.number.is_some()
}

/// Calculates with one number.
#[derive(Debug)]
pub struct With(pub i64);

#[toolset(crate = agents)]
impl With {
    /// Subtracts it.
    #[tool]
    #[must_use]
    pub fn subtract(&self, from: i64) -> i64 {
        from - self.0
    }
}

/// An agent that calculates.
///
/// # Errors
/// None.
pub fn agent(model: impl Model) -> Result<Agent, BuildError> {
    Agent::builder(model)
        .tools(tools![add, multiply, constants::answer, add_numbers, is_there])
        .tools(With(1))
        .build()
}

#[cfg(test)]
mod tests {
    use agents::{serde_json::json, testing::ScriptedModel};

    #[tokio::test(flavor = "current_thread")]
    async fn a_turn() {
        let calls = [
            ("1", "add", json!({ "a": 20, "b": 1 })),
            ("2", "multiply", json!({ "a": 21 })),
            ("3", "subtract", json!({ "from": 1 })),
            ("4", "answer", json!({})),
            ("5", "add_numbers", json!({ "left": { "value": 15 }, "right": { "value": 1 }, "more": [{}] })),
            ("6", "is_there", json!({ "number": null })),
        ];
        let model = ScriptedModel::new().calls(calls).text("42.");
        let agent = super::agent(model.clone()).expect("an agent");
        let session = agent.session();
        session.ask("Calculate.").await.expect("an answer");
        let offered = model.request_bodies()[0].to_string();
        assert!(offered.contains("The constant answer."), "{offered}");
        let body = model.request_bodies()[1].to_string();
        assert!(
            body.contains(r#""21""#)
                && body.contains(r#""42""#)
                && body.contains(r#""0""#)
                && body.contains(r#""41""#)
                && body.contains(r#"{"value":16,"of":""}"#)
                && body.contains(r#""false""#),
            "{body}"
        );
    }
}
