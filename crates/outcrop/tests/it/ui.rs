//! What must not compile: one message for one mistake, at its place.

/// The wording of the compiler differs between versions, so this runs where `OUTCROP_UI=1` says so.
#[test]
fn mistakes_are_told() {
    if std::env::var_os("OUTCROP_UI").is_none_or(|value| value != "1") {
        return println!("left out: set OUTCROP_UI=1 to compile the cases in tests/ui");
    }
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
