use outcrop_core::{ReadyInput, turn::ToolCall};

fn twice(input: &ReadyInput) -> [ReadyInput; 2] {
    [input.clone(), input.clone()]
}

fn again(call: &ToolCall) -> ToolCall {
    ToolCall { tool_use_id: "b".into(), ..call.clone() }
}

fn main() {
    let _ = (twice, again);
}
