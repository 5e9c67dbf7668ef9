use outcrop_core::{ReadyInput, wire::InputText};

fn main() {
    let _ = ReadyInput { value: serde_json::json!({}), text: InputText::from("{}") };
}
