//! The guide quotes programs of other libraries: what stands there is what is compiled and run.

use std::{fs, path::PathBuf};

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The program without what is above its first empty line.
fn program(path: &str) -> String {
    read(path).split_once("\n\n").expect("a header").1.trim_end().to_owned()
}

#[test]
fn quoted_programs_are_those_that_are_tested() {
    let page = read("crates/outcrop/guide/coming_from.md");
    for (fence, path) in [
        ("rs", "bench/stream/examples/coming_from_rig.rs"),
        ("rs", "bench/stream/examples/coming_from_rmcp.rs"),
        ("python", "tests/peers/coming_from_strands.py"),
        ("python", "tests/peers/coming_from_langchain.py"),
    ] {
        let quoted = format!("```{fence}\n{}\n```", program(path));
        assert!(page.contains(&quoted), "the page does not quote {path} as it is");
    }
}
