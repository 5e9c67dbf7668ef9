use outcrop_core::{InputText, ReadyInput, ToolSet};

fn main() {
    let text = InputText::from("{}");
    let _ = ReadyInput::new(serde_json::json!({}), text.clone());
    let _ = ToolSet::default().check("now", &text);
}
