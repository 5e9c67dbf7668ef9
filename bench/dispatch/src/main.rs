//! What it takes from a finished tool input to the tool's output, next to what a user would write by hand.
//!
//! `dispatch` runs this program and the floor under callgrind and prints the table; `stages` is what runs there.
//!
//! # Invariants
//! - A stage that callgrind did not see, or saw nothing in, ends the run: a zero is no result.

mod cases;
mod stages;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Command, ExitCode, Stdio},
};

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
    let valgrind = Command::new("valgrind").arg("--version").output();
    let version = valgrind.map_err(|_| "valgrind is not installed: nothing was measured")?;
    println!("instructions by callgrind ({})", String::from_utf8_lossy(&version.stdout).trim());
    let own = env::current_exe().map_err(|error| error.to_string())?;
    let floor = counts(&build_floor(&own)?, &[], 3)?;
    let ours = counts(&own, &["stages"], STAGES.len())?;

    println!("\nOne dispatch: from the end of the model's message to the tool's output, in instructions");
    println!("  {:<44}{:>10}{:>10}{:>10}", "", "floor", "ours", "× floor");
    let mut bars = Vec::new();
    // The first stage is the step around a call that reads nothing.
    let around = ours[0];
    for (stage, count) in STAGES.iter().zip(&ours).skip(1) {
        let (bare, ours) = (floor[usize::from(stage.long)], count - around);
        println!("  {:<44}{bare:>10.0}{ours:>10.0}{:>9.2}×", stage.name, ours / bare);
        bars.push((stage.name, ours / if stage.long { floor[2] } else { bare }));
    }
    println!("  {:<44}{:>10.0}", "8 kB, the floor with a text of its own", floor[2]);
    println!("  {:<44}{:>10}{around:>10.0}", "the step around it, not counted above", "");

    println!("\nBars");
    for (name, ratio) in &bars {
        let word = if *ratio <= BAR { "held " } else { "SHORT" };
        println!("  {word}  {name}, × floor: {ratio:.3} ≤ {BAR}");
    }
    let held = bars.iter().filter(|(_, ratio)| *ratio <= BAR).count();
    println!("\nbars: {held} held, {} fell short", bars.len() - held);
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
    fs::create_dir_all(&folder).map_err(|error| format!("no folder for what callgrind writes: {error}"))?;
    let base = folder.join("part");
    let collected = format!("*{COLLECTED}");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", base.display()))
        .arg(format!("--toggle-collect={collected}"))
        .arg(format!("--dump-after={collected}"))
        .arg(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let counts = (1..=stages).map(|part| count(&PathBuf::from(format!("{}.{part}", base.display()))));
    let counts = counts.collect::<Result<Vec<f64>, String>>();
    _ = fs::remove_dir_all(&folder);
    counts
}

/// The instructions in one part that callgrind wrote.
fn count(path: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("a part is missing: {error}"))?;
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let wanted = |trigger: &str| trigger.contains(COLLECTED);
    if !of("desc: Trigger:").is_some_and(wanted) || of("events:") != Some("Ir") {
        return Err("a part is of something else".to_owned());
    }
    match of("summary:").or_else(|| of("totals:")).and_then(|count| count.parse::<u64>().ok()) {
        Some(count) if count > 0 => Ok(count as f64 / RUNS as f64),
        _ => Err("callgrind counted nothing".to_owned()),
    }
}
