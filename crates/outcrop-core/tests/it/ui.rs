//! What must not compile: any way to a `ReadyInput` but a turn's own (D3).

/// The wording of the compiler differs between versions, so this runs where `OUTCROP_UI=1` says so.
#[test]
fn nothing_else_makes_a_ready_input() {
    if std::env::var_os("OUTCROP_UI").is_none_or(|value| value != "1") {
        return println!("left out: set OUTCROP_UI=1 to compile the cases in tests/ui");
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
