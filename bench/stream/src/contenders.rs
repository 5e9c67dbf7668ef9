//! The contenders: each asks the same question with the same tool, and reads the answer to its end.
//!
//! # Invariants
//! - A contender counts what it saw of the answer, so that none can win by not reading.

use std::{future::Future, pin::Pin};

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{Failure, script::Said};

pub(crate) mod ours;
pub(crate) mod rig;
pub(crate) mod sdk;

/// Known to all of them, so that each takes the way that it has for a real model.
const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
const REGION: &str = "us-east-1";
const KEY: &str = "local";
const SYSTEM: &str = "You write files. Be brief.";
pub(crate) const QUESTION: &str = "Write the table of rows into src/rows.rs.";
const TOOL_TEXT: &str = "Writes a file.";
const RESULT: &str = "written";

/// The arguments of the tool.
#[derive(Debug, Deserialize, JsonSchema)]
struct WriteFile {
    /// Where to.
    path: String,
    /// The whole file.
    content: String,
}

impl WriteFile {
    /// The schema that all of them send.
    fn schema() -> Value {
        schemars::schema_for!(Self).to_value()
    }

    /// What the tool does: the same for every agent.
    fn run(&self) -> &'static str {
        std::hint::black_box((&self.path, &self.content));
        RESULT
    }
}

/// One exchange: the question asked, the answer read to its end.
type Exchange = Pin<Box<dyn Future<Output = Result<Said, Failure>>>>;

/// Someone who reads a stream.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    reads_live: bool,
    exchange: Box<dyn Fn() -> Exchange>,
}

impl Contender {
    fn new<F>(name: &'static str, exchange: impl Fn() -> F + 'static) -> Self
    where
        F: Future<Output = Result<Said, Failure>> + 'static,
    {
        Self { name, reads_live: false, exchange: Box::new(move || Box::pin(exchange())) }
    }

    /// Asks once.
    ///
    /// # Errors
    /// It failed, or did not see all of `expected`.
    pub(crate) async fn run(&self, expected: Said) -> Result<(), Failure> {
        let seen = (self.exchange)().await.map_err(|error| format!("{}: {error}", self.name))?;
        let content = if self.reads_live { expected.content } else { 0 };
        let expected = Said { content, ..expected };
        match seen == expected {
            true => Ok(()),
            false => Err(format!("{} saw {seen:?} of {expected:?}", self.name).into()),
        }
    }
}
