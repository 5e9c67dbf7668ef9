//! What it takes from a finished tool input to the tool's output, next to what a user would write by hand.
//!
//! `dispatch` runs this program and the floor under callgrind and prints the table; `stages` is what runs there.

mod cases;
mod stages;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, ExitCode},
};

use outcrop_bench_common::{callgrind, report::Bars};

use cases::{COLLECTED, RUNS};
use stages::STAGES;

/// The most that a dispatch may cost, in runs of the floor.
const BAR: f64 = 1.2;

fn main() -> ExitCode {
    let done = match env::args().nth(1).as_deref() {
        Some("dispatch") => run(),
        Some("stages") => stages::run(),
        _ => Err("usage: outcrop-bench-dispatch dispatch".to_owned()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), String> {
    println!("instructions by callgrind ({})", callgrind::version()?);
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let floor = counts(&build_floor(&own)?, &[], 3)?;
    let ours = counts(&own, &["stages"], STAGES.len())?;

    println!("\nOne dispatch: from the end of the model's message to the tool's output, in instructions");
    println!("  {:<44}{:>10}{:>10}{:>10}", "", "floor", "ours", "× floor");
    let mut bars = Bars::default();
    // The first stage is the step around a call that reads nothing.
    let around = ours[0];
    for (stage, count) in STAGES.iter().zip(&ours).skip(1) {
        let (bare, ours) = (floor[usize::from(stage.long)], count - around);
        println!("  {:<44}{bare:>10.0}{ours:>10.0}{:>9.2}×", stage.name, ours / bare);
        let held_against = if stage.long { floor[2] } else { bare };
        bars.at_most(&format!("{}, × floor", stage.name), ours / held_against, BAR);
    }
    println!("  {:<44}{:>10.0}", "8 kB, the floor with a text of its own", floor[2]);
    println!("  {:<44}{:>10}{around:>10.0}", "the step around it, not counted above", "");

    bars.print();
    Ok(())
}

/// The floor is built by itself, so that no feature which ours switches on reaches it.
fn build_floor(own: &Path) -> Result<PathBuf, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("floor/Cargo.toml");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--quiet", "--manifest-path"])
        .arg(manifest)
        .status();
    match status {
        Ok(status) if status.success() => Ok(own.with_file_name("outcrop-bench-dispatch-floor")),
        Ok(_) => Err("the floor is not built".to_owned()),
        Err(error) => Err(format!("cargo does not start: {error}")),
    }
}

/// The instructions of each of so many stages, for one of its runs.
fn counts(program: &Path, args: &[&str], stages: usize) -> Result<Vec<f64>, String> {
    let folder = env::temp_dir().join(format!("outcrop-bench-dispatch-{}", process::id()));
    let counts = callgrind::counts(program, args, COLLECTED, stages, &folder);
    _ = fs::remove_dir_all(&folder);
    Ok(counts?.into_iter().map(|count| count / RUNS as f64).collect())
}
