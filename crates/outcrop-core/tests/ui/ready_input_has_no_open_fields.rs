use outcrop_core::{InputText, ReadyInput};

fn main() {
    let _ = ReadyInput { value: serde_json::json!({}), text: InputText::from("{}") };
}
