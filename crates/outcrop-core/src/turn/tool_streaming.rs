//! Fine-grained tool streaming: whether a step asks for it, and how the request says so.
//!
//! Without it Claude holds back each parameter of a tool until it is complete and valid (R39). With it the input
//! flows as it is written, and may come damaged (R41). It is a matter of a whole request: Converse's tools have no
//! member for it, so it is asked for by a beta among the model's own fields (R40).
//!
//! # Invariants
//! - What the user wrote among these fields stays, in its order and to the digit.
//! - Only a request that can be streamed asks for it.

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};

use super::Turn;
use crate::{Members, RawJson, Request, Support, raw_json::all_members};

/// Whether the inputs of tools are asked for as the model writes them, or a parameter at a time.
///
/// ```
/// use outcrop_core::ToolStreaming;
/// assert_eq!(ToolStreaming::default(), ToolStreaming::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolStreaming {
    /// As they are written where a tool is declared live and the model is known to take it. Once an input came
    /// damaged, the rest of the session goes without.
    #[default]
    Auto,
    /// As they are written, from any model that is not known to refuse it, and after damage too.
    Fine,
    /// A parameter at a time.
    Buffered,
}

/// The name of the beta.
const BETA: &str = "fine-grained-tool-streaming-2025-05-14";
const FIELD: &str = "anthropic_beta";

impl Turn {
    /// Whether the next request asks for it.
    fn asks_fine(&self) -> bool {
        let (tools, profile) = (&self.config.tools, self.profile());
        let output = self.output.as_ref().filter(|output| output.by_tool());
        profile.tools.streams
            && (!tools.is_empty() || output.is_some())
            && match self.tool_streaming {
                ToolStreaming::Auto => {
                    let live = tools.any_live() || output.is_some_and(|output| output.spec.is_live());
                    live && profile.tools.fine_streaming == Support::Yes
                }
                ToolStreaming::Fine => profile.tools.fine_streaming != Support::No,
                ToolStreaming::Buffered => false,
            }
    }

    /// The model's own fields of the next request.
    pub(super) fn model_fields(&mut self, given: Option<RawJson>) -> Option<RawJson> {
        let asks = self.asks_fine();
        let with_beta = asks.then(|| with_beta(given.as_ref())).flatten();
        self.asked_fine = with_beta.is_some();
        let has_tools = !self.config.tools.is_empty();
        let missed = self.tool_streaming == ToolStreaming::Fine && has_tools && !self.asked_fine;
        // What the user wrote may ask for it.
        if missed && (self.step, self.attempt) == (1, 1) && !given.as_ref().is_some_and(names_beta) {
            let text = "this model does not take fine-grained tool streaming: inputs may come in bursts";
            self.diagnose("tools_not_fine", text, None);
        }
        with_beta.or(given)
    }

    /// An input of the answer at hand came damaged.
    pub(super) fn on_damaged_input(&mut self) {
        if self.asked_fine && self.tool_streaming == ToolStreaming::Auto {
            self.tool_streaming = ToolStreaming::Buffered;
            let text =
                "the input of a tool came damaged: the session goes on without fine-grained tool streaming";
            self.diagnose("tools_buffered", text, None);
        }
    }

    /// Whether `refusal` is about the beta that the request at hand had of us. The service does not say which beta
    /// it does not know.
    pub(super) fn refuses_fine(&self, refusal: &str) -> bool {
        let names = ["invalid beta flag", BETA, FIELD];
        self.asked_fine && names.iter().any(|name| refusal.contains(name))
    }

    /// How inputs are asked for from here on: as configured, or [`ToolStreaming::Buffered`] once that was switched
    /// over after damage. A driver should carry it to later turns of the conversation.
    pub fn tool_streaming(&self) -> ToolStreaming {
        self.tool_streaming
    }
}

/// The fields with the beta added; `None` where it is there already, or where there is no place for it.
fn with_beta(given: Option<&RawJson>) -> Option<RawJson> {
    let mut fields = Members::default();
    let mut betas = Vec::new();
    for (name, raw) in all_members(given.map_or("{}", RawJson::as_str))? {
        if name == FIELD {
            betas = listed(raw)?;
        } else {
            fields.push(name, RawJson::from_boxed(raw.to_owned()));
        }
    }
    if betas.iter().any(is_beta) {
        return None;
    }
    betas.push(BETA.into());
    fields.insert(FIELD, Value::from(betas));
    RawJson::of(&fields).ok()
}

impl Request {
    /// The request as it goes to Converse, whose answers are not streamed: without the beta for fine-grained tool
    /// streaming, which would do nothing there but let damaged inputs through.
    pub fn for_converse(&self) -> Cow<'_, Self> {
        match self.additional_model_request_fields.as_ref().filter(|given| names_beta(given)) {
            None => Cow::Borrowed(self),
            Some(given) => {
                let mut request = self.clone();
                request.additional_model_request_fields = without_beta(given);
                Cow::Owned(request)
            }
        }
    }
}

/// The fields without the beta; `None` where nothing is left.
fn without_beta(given: &RawJson) -> Option<RawJson> {
    let mut fields = Members::default();
    for (name, raw) in all_members(given.as_str())? {
        let mut betas = if name == FIELD { listed(raw) } else { None };
        if let Some(betas) = &mut betas {
            betas.retain(|name| !is_beta(name));
        }
        match betas {
            None => fields.push(name, RawJson::from_boxed(raw.to_owned())),
            Some(betas) if betas.is_empty() => {}
            Some(betas) => fields.push(name, RawJson::from(Value::from(betas))),
        }
    }
    (!fields.is_empty()).then(|| RawJson::of(&fields).ok()).flatten()
}

/// Whether it is asked for, by us or by hand.
fn names_beta(given: &RawJson) -> bool {
    let members = all_members(given.as_str()).unwrap_or_default();
    members
        .iter()
        .any(|(name, raw)| name == FIELD && listed(raw).is_some_and(|list| list.iter().any(is_beta)))
}

fn is_beta(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.starts_with("fine-grained-tool-streaming"))
}

/// The betas that the user names.
fn listed(raw: &RawValue) -> Option<Vec<Value>> {
    match serde_json::from_str(raw.get()).ok()? {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => Some(list),
        // One alone, as some write it.
        name @ Value::String(_) => Some(vec![name]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// R40: merged with the betas of the user, never over them.
    #[test]
    fn the_users_fields_stay() {
        fn check(given: &str, expected: Expect) {
            let given: RawJson = given.parse().unwrap();
            expected.assert_eq(with_beta(Some(&given)).as_ref().map_or("as it was", RawJson::as_str));
        }
        check("{}", expect![[r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#]]);
        check(
            r#"{"top_k": 5.0, "anthropic_beta": ["a-1"], "x": {"b": 1, "a": 12345678901234567890123}}"#,
            expect![[
                r#"{"top_k":5.0,"x":{"b": 1, "a": 12345678901234567890123},"anthropic_beta":["a-1","fine-grained-tool-streaming-2025-05-14"]}"#
            ]],
        );
        check(
            r#"{"anthropic_beta":"a-1"}"#,
            expect![[r#"{"anthropic_beta":["a-1","fine-grained-tool-streaming-2025-05-14"]}"#]],
        );
        check(
            r#"{"anthropic_beta":null}"#,
            expect![[r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#]],
        );
        check(r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#, expect!["as it was"]);
        check(r#"{"anthropic_beta":7}"#, expect!["as it was"]);
        check("[]", expect!["as it was"]);
    }

    #[test]
    fn converse_does_not_stream() {
        fn check(given: &str, expected: Expect) {
            let given: RawJson = given.parse().unwrap();
            let request = Request::new().additional_model_request_fields(given);
            let fields = request.for_converse().into_owned().additional_model_request_fields;
            expected.assert_eq(fields.as_ref().map_or("none", RawJson::as_str));
        }
        check(
            r#"{ "x": 1, "anthropic_beta": ["a-1"] }"#,
            expect![[r#"{ "x": 1, "anthropic_beta": ["a-1"] }"#]],
        );
        check(
            r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14","a-1"],"x":1.50}"#,
            expect![[r#"{"anthropic_beta":["a-1"],"x":1.50}"#]],
        );
        check(
            r#"{"x":1,"anthropic_beta":"fine-grained-tool-streaming-2025-05-14"}"#,
            expect![[r#"{"x":1}"#]],
        );
        check(r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#, expect!["none"]);
    }
}
