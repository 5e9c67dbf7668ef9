//! Starts one benchmark: `json`, `instructions`, `dispatch`, `stream`, `turn` or `concurrent`.
//!
//! # Invariants
//! - A benchmark is built by a `cargo run` of its own, so that no feature which one package switches on
//!   reaches the dependencies of another.

use std::{
    env,
    path::Path,
    process::{Command, ExitCode},
};

const USAGE: &str = "usage: cargo run --release --manifest-path bench/Cargo.toml -- <benchmark>

  json          a live value after every delta: time, allocations, and what others need
  instructions  the same by callgrind: ratios and growth (needs valgrind)
  dispatch      from a finished tool input to the tool's output, by callgrind (needs valgrind)
  stream        a wire event, from HTTP to the agent's events
  turn          a turn of three steps with tools
  concurrent    a thousand streams at once";

/// The folder of the package that measures this.
fn package(benchmark: &str) -> Option<&'static str> {
    match benchmark {
        "json" | "instructions" => Some("json"),
        "dispatch" => Some("dispatch"),
        "stream" | "turn" | "concurrent" => Some("stream"),
        _ => None,
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let Some(package) = args.first().and_then(|name| package(name)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(package).join("Cargo.toml");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--release", "--quiet", "--manifest-path"])
        .arg(manifest)
        .arg("--")
        .args(&args)
        .status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(error) => {
            eprintln!("cargo does not start: {error}");
            ExitCode::FAILURE
        }
    }
}
