use outcrop_core::{ReadyInput, ToolSet, wire::InputText};

fn main() {
    let text = InputText::from("{}");
    let _ = ReadyInput::new(serde_json::json!({}), text.clone());
    let _ = ToolSet::default().check("now", &text);
}
