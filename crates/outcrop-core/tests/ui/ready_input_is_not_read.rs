use outcrop_core::ReadyInput;

fn main() {
    let _: ReadyInput = serde_json::from_str("{}").unwrap();
}
