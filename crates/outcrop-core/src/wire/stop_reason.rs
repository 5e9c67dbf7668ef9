//! Why a model stopped, as whole answers and streams report it.

wire_enum! {
    /// Why the model stopped.
    pub enum StopReason {
        EndTurn = "end_turn",
        ToolUse = "tool_use",
        MaxTokens = "max_tokens",
        StopSequence = "stop_sequence",
        /// Blocked or masked: the trace tells which.
        GuardrailIntervened = "guardrail_intervened",
        ContentFiltered = "content_filtered",
        MalformedModelOutput = "malformed_model_output",
        MalformedToolUse = "malformed_tool_use",
        ModelContextWindowExceeded = "model_context_window_exceeded",
    }
}
