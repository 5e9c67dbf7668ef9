//! The bodies of Converse, ConverseStream and CountTokens: a request's members, with its features spelled.
//!
//! # Invariants
//! - The bytes are a pure function of the request and of how its answer is asked for.

use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::wire::{Delivery, Message, RawJson, Request, SystemContentBlock, ToolConfig};

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
        let own = self.additional_model_request_fields.as_ref();
        let spelled = self.features.spelled(own, Delivery::Stream);
        serde_json::to_vec(&Body {
            input: Input {
                converse: Counted {
                    messages: &self.messages,
                    system: &self.system,
                    tool_config: self.tool_config.as_ref(),
                    additional_model_request_fields: spelled.as_ref().or(own),
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
        let own = request.additional_model_request_fields.as_ref();
        let Some(spelled) = request.features.spelled(own, delivery) else {
            return request.serialize(serializer);
        };
        // Where all that was there was left out, the member is too.
        let fields = (spelled.as_str() != "{}").then_some(&spelled);
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
            fields => "additionalModelRequestFields",
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
    use super::*;
    use crate::wire::Features;

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
