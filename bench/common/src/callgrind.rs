//! Counts the instructions of parts of a program, by callgrind.
//!
//! # Invariants
//! - A part that callgrind did not see, or saw nothing in, is an error: a zero is no result.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The version of valgrind.
///
/// # Errors
/// It is not installed.
pub fn version() -> Result<String, String> {
    let valgrind = Command::new("valgrind").arg("--version").output();
    let version = valgrind.map_err(|_| "valgrind is not installed: nothing was measured")?;
    Ok(String::from_utf8_lossy(&version.stdout).trim().to_owned())
}

/// Runs `program` and gives the instructions of each of its `parts`, in order: of the functions whose name contains
/// `collected`, one part for each call. What callgrind writes is left in `folder`, which is made.
///
/// # Errors
/// The program failed, or a part is missing, empty or of something else.
pub fn counts(
    program: &Path,
    args: impl IntoIterator<Item = impl AsRef<OsStr>>,
    collected: &str,
    parts: usize,
    folder: &Path,
) -> Result<Vec<f64>, String> {
    fs::create_dir_all(folder).map_err(|error| format!("no folder for what callgrind writes: {error}"))?;
    let base = folder.join("part");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", base.display()))
        .arg(format!("--toggle-collect=*{collected}"))
        .arg(format!("--dump-after=*{collected}"))
        .arg(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    (1..=parts).map(|part| count(&PathBuf::from(format!("{}.{part}", base.display())), collected)).collect()
}

/// The instructions in one part that callgrind wrote.
fn count(path: &Path, collected: &str) -> Result<f64, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("a part is missing: {error}"))?;
    let of = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let wanted = |trigger: &str| trigger.contains(collected);
    if !of("desc: Trigger:").is_some_and(wanted) || of("events:") != Some("Ir") {
        return Err("a part is of something else".to_owned());
    }
    match of("summary:").or_else(|| of("totals:")).and_then(|count| count.parse::<u64>().ok()) {
        Some(count) if count > 0 => Ok(count as f64),
        _ => Err("callgrind counted nothing".to_owned()),
    }
}
