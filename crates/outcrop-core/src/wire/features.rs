//! What a request asks for beyond Converse's members, resolved for its model, and how the Converse wire spells it.
//!
//! Converse has no member for these features: they go among the model's own fields
//! (`additionalModelRequestFields`), beside what the user wrote there.
//!
//! # Invariants
//! - Reading a request never fills features: recorded fields stay as they came.
//! - The user's own fields stay in their order and to the digit; betas are a union; elsewhere the user's value wins, and
//!   [`Features::conflicts`] says so.

use serde_json::{Value, value::RawValue};

use crate::wire::{Members, RawJson, raw_json::all_members};

/// Features of a request that are resolved for its model. The encoder of each wire spells them; none needs to know the
/// model.
///
/// ```
/// use outcrop_core::{Request, wire::Delivery};
/// let mut request = Request::new();
/// request.features.fine_tool_streaming = true;
/// let fields = r#"{"additionalModelRequestFields":{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}}"#;
/// assert_eq!(request.to_json_bytes_for(Delivery::Stream)?, fields.as_bytes());
/// assert_eq!(request.to_json_bytes_for(Delivery::Whole)?, b"{}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Features {
    /// Tool inputs are streamed while the model writes them, not a parameter at a time (R40).
    pub fine_tool_streaming: bool,
}

/// How an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// By ConverseStream.
    Stream,
    /// By Converse, as a whole. What only concerns streams is left out.
    Whole,
}

const BETA: &str = "anthropic_beta";
const FINE_TOOL_STREAMING: &str = "fine-grained-tool-streaming-2025-05-14";

impl Features {
    /// The beta flags of Anthropic that the features need.
    fn betas(&self, delivery: Delivery) -> Vec<&'static str> {
        let fine = self.fine_tool_streaming && delivery == Delivery::Stream;
        fine.then_some(FINE_TOOL_STREAMING).into_iter().collect()
    }

    /// The names of the user's `fields` that keep a feature from being asked for, since they cannot be merged with it.
    pub fn conflicts(&self, fields: Option<&RawJson>) -> Vec<&'static str> {
        let betas = self.betas(Delivery::Stream);
        let refused = !betas.is_empty() && with_betas(fields, &betas).is_none();
        refused.then_some(BETA).into_iter().collect()
    }

    /// The model's own fields of a request whose user wrote `fields`; `None` where these are sent as they are.
    ///
    /// For whole answers the user's own beta for fine-grained tool streaming is left out too: it would do nothing there but
    /// let damaged inputs through.
    pub(crate) fn spelled(&self, fields: Option<&RawJson>, delivery: Delivery) -> Option<RawJson> {
        let betas = self.betas(delivery);
        match delivery {
            Delivery::Whole => {
                let own = fields.filter(|fields| asks_for_fine_tool_streaming(fields))?;
                Some(without_fine_tool_streaming(own))
            }
            Delivery::Stream if betas.is_empty() => None,
            Delivery::Stream => with_betas(fields, &betas)?,
        }
    }
}

/// The fields without the beta.
fn without_fine_tool_streaming(fields: &RawJson) -> RawJson {
    let mut kept = Members::default();
    for (name, raw) in all_members(fields.as_str()).unwrap_or_default() {
        let mut betas = if name == BETA { listed(raw) } else { None };
        if let Some(betas) = &mut betas {
            betas.retain(|beta| !is_fine_tool_streaming(beta));
        }
        match betas {
            None => kept.push(name, RawJson::from_boxed(raw.to_owned())),
            Some(betas) if betas.is_empty() => {}
            Some(betas) => kept.push(name, RawJson::from(Value::from(betas))),
        }
    }
    RawJson::of(&kept).unwrap_or_else(|_| RawJson::empty_object())
}

/// Whether the user's own fields ask for fine-grained tool streaming.
pub(crate) fn asks_for_fine_tool_streaming(fields: &RawJson) -> bool {
    let members = all_members(fields.as_str()).unwrap_or_default();
    let mut lists = members.iter().filter(|(name, _)| name == BETA).filter_map(|(_, raw)| listed(raw));
    lists.any(|list| list.iter().any(is_fine_tool_streaming))
}

fn is_fine_tool_streaming(beta: &Value) -> bool {
    beta.as_str().is_some_and(|name| name.starts_with("fine-grained-tool-streaming"))
}

/// The fields with the betas added; `Some(None)` where they have all of them, `None` where there is no place for one.
fn with_betas(fields: Option<&RawJson>, wanted: &[&str]) -> Option<Option<RawJson>> {
    let mut merged = Members::default();
    let mut betas = Vec::new();
    for (name, raw) in all_members(fields.map_or("{}", RawJson::as_str))? {
        if name == BETA {
            betas = listed(raw)?;
        } else {
            merged.push(name, RawJson::from_boxed(raw.to_owned()));
        }
    }
    let has = |wanted: &str| match wanted {
        FINE_TOOL_STREAMING => betas.iter().any(is_fine_tool_streaming),
        wanted => betas.iter().any(|beta| beta == wanted),
    };
    let missing: Vec<Value> =
        wanted.iter().filter(|wanted| !has(wanted)).map(|beta| (*beta).into()).collect();
    if missing.is_empty() {
        return Some(None);
    }
    betas.extend(missing);
    merged.insert(BETA, Value::from(betas));
    Some(RawJson::of(&merged).ok())
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
            let features = Features { fine_tool_streaming: true };
            let spelled = features.spelled(Some(&given), Delivery::Stream);
            let mut told = spelled.as_ref().unwrap_or(&given).to_string();
            told += if features.conflicts(Some(&given)).is_empty() { "" } else { " (conflict)" };
            expected.assert_eq(&told);
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
        let there = r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#;
        check(there, expect![[r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#]]);
        check(r#"{"anthropic_beta":7}"#, expect![[r#"{"anthropic_beta":7} (conflict)"#]]);
        check("[]", expect!["[] (conflict)"]);
    }

    #[test]
    fn whole_answers_do_not_stream() {
        fn check(given: &str, expected: Expect) {
            let given: RawJson = given.parse().unwrap();
            let features = Features { fine_tool_streaming: true };
            let spelled = features.spelled(Some(&given), Delivery::Whole);
            expected.assert_eq(spelled.as_ref().unwrap_or(&given).as_str());
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
        check(r#"{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]}"#, expect!["{}"]);
    }
}
