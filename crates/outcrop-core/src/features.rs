//! What a request asks for beyond Converse's members, resolved for its model, and how the Converse wire spells it.
//!
//! Converse has no member for these features: they go among the model's own fields
//! (`additionalModelRequestFields`), beside what the user wrote there.
//!
//! # Invariants
//! - Reading a request never fills features: recorded fields stay as they came.
//! - The user's own fields stay in their order and to the digit; betas are a union; elsewhere the user's value wins, and
//!   [`Features::conflicts`] says so.

use std::borrow::Cow;

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, value::RawValue};

use crate::{Members, Message, RawJson, Request, SystemContentBlock, ToolConfig, raw_json::all_members};

/// Features of a request that are resolved for its model. The encoder of each wire spells them; none needs to know the
/// model.
///
/// ```
/// use outcrop_core::{Delivery, Request};
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

    /// The model's own fields of a request whose user wrote `fields`.
    fn spelled<'a>(&self, fields: Option<&'a RawJson>, delivery: Delivery) -> Option<Cow<'a, RawJson>> {
        let betas = self.betas(delivery);
        let merged = (!betas.is_empty()).then(|| with_betas(fields, &betas)).flatten().flatten();
        merged.map(Cow::Owned).or(fields.map(Cow::Borrowed))
    }
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

impl Request {
    /// The body of ConverseStream.
    ///
    /// # Errors
    /// Only where a blob is too long for base64.
    pub fn to_json_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        self.to_json_bytes_for(Delivery::Stream)
    }

    /// The body of ConverseStream or Converse, with the request's features among the model's own fields.
    ///
    /// # Errors
    /// As [`Request::to_json_bytes`].
    pub fn to_json_bytes_for(&self, delivery: Delivery) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = Vec::with_capacity(FIRST_BYTES);
        serde_json::to_writer(&mut bytes, &Body { request: self, delivery })?;
        Ok(bytes)
    }

    /// The body of CountTokens for this request: what counts towards its input.
    ///
    /// # Errors
    /// As [`Request::to_json_bytes`].
    pub fn to_count_tokens_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        #[derive(Serialize)]
        struct Body<'a> {
            input: Input<'a>,
        }
        #[derive(Serialize)]
        struct Input<'a> {
            converse: Counted<'a>,
        }
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Counted<'a> {
            messages: &'a [Message],
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            system: &'a [SystemContentBlock],
            #[serde(skip_serializing_if = "Option::is_none")]
            tool_config: Option<&'a ToolConfig>,
            #[serde(skip_serializing_if = "Option::is_none")]
            additional_model_request_fields: Option<&'a RawJson>,
        }
        let fields = self.features.spelled(self.additional_model_request_fields.as_ref(), Delivery::Stream);
        serde_json::to_vec(&Body {
            input: Input {
                converse: Counted {
                    messages: &self.messages,
                    system: &self.system,
                    tool_config: self.tool_config.as_ref(),
                    additional_model_request_fields: fields.as_deref(),
                },
            },
        })
    }
}

/// Room that a body of a short conversation fits in.
const FIRST_BYTES: usize = 2048;

/// A request as it is sent: its members in the order of [`Request`]'s own JSON, with the features spelled.
struct Body<'a> {
    request: &'a Request,
    delivery: Delivery,
}

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { request, delivery } = *self;
        let fields = request.additional_model_request_fields.as_ref();
        if request.features.betas(delivery).is_empty() {
            return request.serialize(serializer);
        }
        let fields = request.features.spelled(fields, delivery);
        let mut map = serializer.serialize_map(None)?;
        macro_rules! entries {
            ($($member:expr => $name:literal),* $(,)?) => {
                $( if let Some(value) = $member { map.serialize_entry($name, value)?; } )*
            };
        }
        fn list<T>(list: &Vec<T>) -> Option<&Vec<T>> {
            (!list.is_empty()).then_some(list)
        }
        entries! {
            &request.inference_config => "inferenceConfig",
            &request.tool_config => "toolConfig",
            &request.guardrail_config => "guardrailConfig",
            fields.as_deref() => "additionalModelRequestFields",
            &request.prompt_variables => "promptVariables",
            &request.request_metadata => "requestMetadata",
            &request.performance_config => "performanceConfig",
            &request.service_tier => "serviceTier",
            &request.output_config => "outputConfig",
            list(&request.messages) => "messages",
            list(&request.system) => "system",
            list(&request.additional_model_response_field_paths) => "additionalModelResponseFieldPaths",
        }
        request.other.write(&mut map, |name| name != "additionalModelRequestFields")?;
        map.end()
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
            let mut told = features.spelled(Some(&given), Delivery::Stream).unwrap().to_string();
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

    /// The body with features differs from the request's own JSON in the model's fields alone.
    #[test]
    fn all_members_are_sent_in_order() {
        let json = r#"{"inferenceConfig":{"maxTokens":5},"toolConfig":{"tools":[{"cachePoint":{"type":"default"}}]},"guardrailConfig":{},"additionalModelRequestFields":{"anthropic_beta":["fine-grained-tool-streaming-2025-05-14"]},"promptVariables":{"a":{"text":"b"}},"requestMetadata":{"a":"b"},"performanceConfig":{"latency":"optimized"},"serviceTier":{"type":"flex"},"outputConfig":{"effort":"low"},"messages":[{"role":"user","content":[{"text":"Hi"}]}],"system":[{"text":"Be short."}],"additionalModelResponseFieldPaths":["/a"],"later":1}"#;
        let mut request: Request = serde_json::from_str(json).unwrap();
        assert_eq!(request.features, Features::default());
        assert_eq!(String::from_utf8(request.to_json_bytes().unwrap()).unwrap(), json);
        request.additional_model_request_fields = None;
        request.features.fine_tool_streaming = true;
        assert_eq!(String::from_utf8(request.to_json_bytes().unwrap()).unwrap(), json);
        let whole = request.to_json_bytes_for(Delivery::Whole).unwrap();
        assert_eq!(whole, serde_json::to_vec(&request).unwrap());
    }
}
