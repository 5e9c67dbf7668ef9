use outcrop_core::ReadyInput;

fn main() {
    let _ = ReadyInput::default();
}
