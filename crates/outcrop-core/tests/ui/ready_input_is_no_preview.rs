use outcrop_core::{InputText, RawJson, ReadyInput, ToolUse};

fn run(_: ReadyInput) {}

fn main() {
    let call = ToolUse::new("a", "now", "{}");
    run(call.input.clone());
    run(InputText::from("{}").into());
    run(RawJson::empty_object().into());
}
