//! Events of a turn for observers: one flat, extensible stream.
//!
//! On the wire an event is one flat object: where it belongs (`turn`, `step`, `attempt`, `block`), its `type`, and
//! the members of that kind:
//!
//! ```json
//! {"turn":"t1","step":1,"attempt":1,"block":0,"type":"textDelta","text":"Hel"}
//! ```
//!
//! # Invariants
//! - The first event of a turn is `turnStart` and carries the version of this form.
//! - A kind newer than the reader is [`EventKind::Unknown`] and is written back as it came.
//! - Blocks of a step are told apart by `block`; attempts of a step by `attempt`, from 1.
//! - Large members of rare kinds are boxed, since each event is moved many times.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};

use crate::{
    turn::DiagnosticCode,
    wire::{Citation, RawJson, StopReason, StreamMetadata, ToolResult, Usage},
};

/// The version of the form of events that [`TurnStart`] carries.
pub const EVENT_VERSION: u32 = 1;

/// One event of a turn.
///
/// ```
/// use outcrop_core::{EventKind, TurnEvent};
/// let json = r#"{"turn":"t1","step":1,"attempt":1,"block":0,"type":"textDelta","text":"Hel"}"#;
/// let event: TurnEvent = serde_json::from_str(json)?;
/// assert!(matches!(&event.kind, EventKind::TextDelta(delta) if delta.text == "Hel"));
/// assert_eq!(serde_json::to_string(&event)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TurnEvent {
    /// The turn.
    pub turn: Arc<str>,
    /// The step in the turn, from 1; 0 before the first.
    pub step: u32,
    /// The attempt at the step's answer, from 1.
    pub attempt: u32,
    /// The content block that it belongs to.
    pub block: Option<u32>,
    /// What happened.
    pub kind: EventKind,
}

macro_rules! event_structs {
    ($(
        $(#[$meta:meta])*
        $name:ident {
            required { $($required:tt)* }
            optional { $($optional:tt)* }
        }
    )*) => {
        $(wire_struct! {
            $(#[$meta])*
            pub struct $name {
                required { $($required)* }
                optional { $($optional)* }
                lists {}
                ignored { "turn", "step", "attempt", "block", "type" }
            }
        })*
    };
}

event_structs! {
    /// The turn begins.
    TurnStart {
        required {
            /// The version of the form of events.
            version: u32 = "version",
            /// The model that is asked.
            model: String = "model",
        }
        optional {}
    }
    /// A step begins: one Converse call and the dispatch that it asks for.
    StepStart { required {} optional {} }
    /// Text was added to a block.
    TextDelta {
        required {
            /// The added text.
            text: String = "text",
        }
        optional {}
    }
    /// A text has ended.
    TextEnd { required {} optional {} }
    /// Reasoning was added to a block.
    ReasoningDelta {
        required {
            /// The added text.
            text: String = "text",
        }
        optional {}
    }
    /// Reasoning has ended.
    ReasoningEnd { required {} optional {} }
    /// A source of this block's text.
    CitationAdded {
        required {
            /// The source.
            citation: Box<Citation> = "citation",
        }
        optional {}
    }
    /// The model begins to write a tool call.
    ToolInputStart {
        required {
            /// The id of the call.
            tool_use_id: Arc<str> = "toolUseId",
            /// The name of the tool.
            name: String = "name",
        }
        optional {
            /// The service runs this call itself.
            server_side: bool = "serverSide",
        }
    }
    /// The next fragment of the input of a tool call. The input so far can be shown, never executed.
    ToolInputDelta {
        required {
            /// The id of the call.
            tool_use_id: Arc<str> = "toolUseId",
            /// The fragment, cut anywhere.
            fragment: String = "fragment",
            /// The length of the input in bytes, this fragment included: the position as of which
            /// [`Turn::live`](crate::turn::Turn::live) shows its value.
            mark: u64 = "mark",
        }
        optional {}
    }
    /// The model has written the input of a tool call. It is not validated yet.
    ToolInputEnd {
        required {
            /// The id of the call.
            tool_use_id: Arc<str> = "toolUseId",
        }
        optional {}
    }
    /// The model begins to write the output that the turn is to end with.
    OutputStart {
        required {}
        optional {
            /// The id of the call, where it is written as the input of a tool.
            tool_use_id: Arc<str> = "toolUseId",
        }
    }
    /// The next fragment of the output. The output so far can be shown; it is validated when the answer is complete.
    OutputDelta {
        required {
            /// The fragment, cut anywhere.
            fragment: String = "fragment",
            /// The length of the block in bytes, this fragment included: the position as of which
            /// [`Turn::live`](crate::turn::Turn::live) shows its value.
            mark: u64 = "mark",
        }
        optional {}
    }
    /// The model has written the output. Where it is valid, [`TurnEnd`] carries it.
    OutputEnd { required {} optional {} }
    /// The output is missing or not valid. The model may be asked for it again.
    OutputRejected {
        required {
            /// What is wrong, for people.
            problems: String = "problems",
        }
        optional {}
    }
    /// A tool is running.
    ToolStart {
        required {
            /// The id of the call.
            tool_use_id: Arc<str> = "toolUseId",
            /// The name of the tool.
            name: String = "name",
        }
        optional {}
    }
    /// A running tool reports its progress.
    ToolProgress {
        required {
            /// The id of the call.
            tool_use_id: Arc<str> = "toolUseId",
            /// The progress, in a form that the tool defines.
            progress: RawJson = "progress",
        }
        optional {}
    }
    /// A tool call has its result: the tool's own, or the reason why there is none.
    ToolEnd {
        required {
            /// The result as the model will read it.
            result: Box<ToolResult> = "result",
        }
        optional {}
    }
    /// Something was dropped, downgraded or repaired.
    Diagnostic {
        required {
            /// What kind of thing.
            code: DiagnosticCode = "code",
            /// What happened, in words.
            message: String = "message",
        }
        optional {
            /// What it concerns, as it came.
            raw: RawJson = "raw",
        }
    }
    /// A call to the model failed and is retried. What was shown of this attempt is void; the next one has the next number.
    AttemptDiscarded {
        required {
            /// How long the turn waits before the next attempt, in milliseconds.
            wait: u64 = "wait",
        }
        optional {
            /// The service's code of the failure.
            code: String = "code",
            /// Something of the attempt was shown.
            shown: bool = "shown",
        }
    }
    /// The tokens of the step's call, when the service reports them.
    StepUsage {
        required {
            /// Tokens.
            usage: Box<Usage> = "usage",
        }
        optional {}
    }
    /// A step has ended.
    StepEnd {
        required {
            /// Why the model stopped.
            stop_reason: StopReason = "stopReason",
        }
        optional {
            /// What was asked for by `additionalModelResponseFieldPaths`.
            additional_model_response_fields: RawJson = "additionalModelResponseFields",
            /// Usage, metrics, trace; not always there.
            metadata: Box<StreamMetadata> = "metadata",
        }
    }
    /// The turn has ended with the model's answer. A turn that fails ends without this event.
    TurnEnd {
        required {
            /// Why the model stopped.
            stop_reason: StopReason = "stopReason",
            /// Tokens of all steps.
            usage: Box<Usage> = "usage",
        }
        optional {
            /// The output, where the turn was to end with one.
            output: RawJson = "output",
        }
    }
}

macro_rules! event_kinds {
    ($( $(#[$meta:meta])* $name:ident = $text:literal ),* $(,)?) => {
        /// What happened.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EventKind {
            $( $(#[$meta])* $name($name), )*
            /// A kind that this version does not know: the whole event as it came.
            Unknown(RawJson),
        }

        impl EventKind {
            /// The `type` of every kind that this version knows, in the order of the declaration.
            pub const NAMES: &'static [&'static str] = &[$( $text ),*];

            /// The `type` on the wire; empty for an unknown kind.
            pub fn name(&self) -> &'static str {
                match self {
                    $( Self::$name(_) => $text, )*
                    Self::Unknown(_) => "",
                }
            }

            fn read(kind: &str, event: &RawJson) -> Result<Self, serde_json::Error> {
                match kind {
                    $( $text => event.parse_into().map(Self::$name), )*
                    _ => Ok(Self::Unknown(event.clone())),
                }
            }

            fn members(&self) -> Result<RawJson, serde_json::Error> {
                match self {
                    $( Self::$name(kind) => RawJson::of(kind), )*
                    Self::Unknown(raw) => Ok(raw.clone()),
                }
            }
        }

        $(impl From<$name> for EventKind {
            fn from(kind: $name) -> Self {
                Self::$name(kind)
            }
        })*
    };
}

event_kinds! {
    /// The turn begins.
    TurnStart = "turnStart",
    /// A step begins.
    StepStart = "stepStart",
    /// Text was added to a block.
    TextDelta = "textDelta",
    /// A text has ended.
    TextEnd = "textEnd",
    /// Reasoning was added to a block.
    ReasoningDelta = "reasoningDelta",
    /// Reasoning has ended.
    ReasoningEnd = "reasoningEnd",
    /// A source was named.
    CitationAdded = "citationAdded",
    /// The model begins to write a tool call.
    ToolInputStart = "toolInputStart",
    /// The next fragment of the input of a tool call.
    ToolInputDelta = "toolInputDelta",
    /// The model has written the input of a tool call.
    ToolInputEnd = "toolInputEnd",
    /// The model begins to write the output.
    OutputStart = "outputStart",
    /// The next fragment of the output.
    OutputDelta = "outputDelta",
    /// The model has written the output.
    OutputEnd = "outputEnd",
    /// The output is not valid.
    OutputRejected = "outputRejected",
    /// A tool is running.
    ToolStart = "toolStart",
    /// A running tool reports its progress.
    ToolProgress = "toolProgress",
    /// A tool call has its result.
    ToolEnd = "toolEnd",
    /// Something was dropped, downgraded or repaired.
    Diagnostic = "diagnostic",
    /// A call to the model failed and is retried.
    AttemptDiscarded = "attemptDiscarded",
    /// The tokens of the step's call.
    StepUsage = "stepUsage",
    /// A step has ended.
    StepEnd = "stepEnd",
    /// The turn has ended with the model's answer.
    TurnEnd = "turnEnd",
}

impl Serialize for TurnEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = self.kind.members().map_err(serde::ser::Error::custom)?;
        if let EventKind::Unknown(raw) = &self.kind {
            return raw.serialize(serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("turn", &*self.turn)?;
        map.serialize_entry("step", &self.step)?;
        map.serialize_entry("attempt", &self.attempt)?;
        if let Some(block) = self.block {
            map.serialize_entry("block", &block)?;
        }
        map.serialize_entry("type", self.kind.name())?;
        for (key, value) in crate::wire::raw_json::all_members(members.as_str()).unwrap_or_default() {
            map.serialize_entry(&key, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for TurnEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Place {
            turn: Arc<str>,
            step: u32,
            attempt: u32,
            block: Option<u32>,
            r#type: String,
        }
        let raw = RawJson::deserialize(deserializer)?;
        let place: Place = raw.parse_into().map_err(serde::de::Error::custom)?;
        let kind = EventKind::read(&place.r#type, &raw).map_err(serde::de::Error::custom)?;
        Ok(Self { turn: place.turn, step: place.step, attempt: place.attempt, block: place.block, kind })
    }
}
