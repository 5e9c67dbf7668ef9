//! Replays recorded Bedrock traffic through `outcrop-local` and `outcrop-bedrock` over HTTP and checks what comes out.
//!
//! ```text
//! cargo run --release -p outcrop-tests --bin conformance -- DIR…
//! ```
//!
//! `DIR` holds recorded cases at any depth: folders with `01-meta.json`, `01-request.json`, `01-response.*`,
//! `01-expected.json`, `02-…`. Prints one line for each failure, `expected: N of M` (how many successful answers of
//! Converse and ConverseStream were compared with their expectation), and last `N passed, M failed, K skipped`.

use std::{path::PathBuf, process::ExitCode};

#[tokio::main]
async fn main() -> ExitCode {
    let dirs: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if dirs.is_empty() {
        eprintln!("no folder is given, so there is nothing to replay: conformance DIR…");
    }
    let report = outcrop_tests::conformance::run(&dirs).await;
    print!("{report}");
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
