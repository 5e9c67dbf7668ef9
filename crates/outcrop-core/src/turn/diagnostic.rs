//! The codes of diagnostics: what was dropped, downgraded or repaired, as data that a program can match on.

use crate::turn::render::Rule;

wire_enum! {
    /// What kind of thing a [`Diagnostic`](crate::turn::Diagnostic) is about. `docs/turn.md` has the table.
    pub enum DiagnosticCode {
        /// Thinking that the model ties to its prefix is omitted: the prefix has changed, or the service refused it.
        BoundReasoning = "bound_reasoning",
        /// Cache points were left out, since the model does not take them.
        CachePoints = "cache_points",
        /// The model called a tool and stopped with another reason than `tool_use`; the call is run.
        CallWithoutToolUse = "call_without_tool_use",
        /// A decision was about another input than the one to be decided; it was not taken.
        DecisionOfAnotherInput = "decision_of_another_input",
        /// The user's additional request fields cannot be merged with a feature, which was left out.
        FeaturesConflict = "features_conflict",
        /// Reasoning of another model was left out.
        ForeignReasoning = "foreign_reasoning",
        /// A refusal taught a fact about the model; the request is made again, phrased by it.
        Learned = "learned",
        /// A block that may not stand in a message of its role was left out.
        Misplaced = "misplaced_block",
        /// The model cannot stream while it has tools: its answers come whole.
        NotStreamed = "not_streamed",
        /// A tool that is declared strict is sent without `strict`.
        NotStrict = "not_strict",
        /// Something around or in the text of an output was passed over.
        OutputRepaired = "output_repaired",
        /// The model is shown an adapted schema of the output.
        OutputSchema = "output_schema",
        /// The output is asked for by another strategy than the preferred one.
        OutputStrategy = "output_strategy",
        /// Reasoning was left out, since the model does not take it.
        RefusedReasoning = "refused_reasoning",
        /// Media in a tool result were moved or left out.
        ResultMedia = "result_media",
        /// The stream broke after the answer was final; the answer is kept.
        StreamErrorAfterAnswer = "stream_error_after_answer",
        /// The model is shown an adapted schema of a strict tool.
        StrictSchema = "strict_schema",
        /// The name of a tool that the model made up was replaced.
        ToolName = "tool_name",
        /// The model stopped with `tool_use` and called no tool; taken as the end of its answer.
        ToolUseWithoutCall = "tool_use_without_call",
        /// The input of a tool came damaged: the session goes on without fine-grained tool streaming.
        ToolsBuffered = "tools_buffered",
        /// The model does not take fine-grained tool streaming, which was demanded.
        ToolsNotFine = "tools_not_fine",
        /// The service sent something that has no place in the message.
        UnknownContent = "unknown_content",
        /// A block of a known kind in a form that cannot be read was left out.
        Unreadable = "unreadable_block",
        /// Reasoning without a signature was left out.
        UnsignedReasoning = "unsigned_reasoning",
        /// Reasoning in a user message was left out.
        UserReasoning = "user_reasoning",
    }
}

impl From<&Rule> for DiagnosticCode {
    fn from(rule: &Rule) -> Self {
        Self::from(rule.as_str())
    }
}
