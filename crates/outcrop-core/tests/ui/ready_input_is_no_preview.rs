use outcrop_core::{RawJson, ReadyInput, ToolUse, wire::InputText};

fn run(_: ReadyInput) {}

fn main() {
    let call = ToolUse::new("a", "now", "{}");
    run(call.input.clone());
    run(InputText::from("{}").into());
    run(RawJson::empty_object().into());
}
