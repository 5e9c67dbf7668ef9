//! What serde_json was built with, as cargo sees it.
//!
//! # Invariants
//! - A run with any feature beyond the default ones measures nothing: such a floor would be another one.

use std::{env, path::Path, process::Command};

/// Features of serde_json as it comes.
const DEFAULT: [&str; 2] = ["default", "std"];

/// Version and features of serde_json in this program.
///
/// # Errors
///
/// A sentence, if cargo does not tell or if a feature beyond the default ones is on.
pub(crate) fn serde_json() -> Result<String, String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--edges", "normal", "--prefix", "none", "--format", "{p} [{f}]", "--manifest-path"])
        .arg(manifest)
        .output()
        .map_err(|error| format!("cargo tree does not start: {error}"))?;
    if !output.status.success() {
        return Err(format!("cargo tree fails: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let tree = String::from_utf8_lossy(&output.stdout);
    let line =
        tree.lines().find(|line| line.starts_with("serde_json v")).ok_or("cargo tree names no serde_json")?;
    check(line)
}

/// `serde_json v1.0.0 [default,std]`, perhaps with more at the end.
fn check(line: &str) -> Result<String, String> {
    let (package, rest) = line.split_once(" [").ok_or_else(|| format!("cargo tree says `{line}`"))?;
    let features = rest.split(']').next().unwrap_or_default();
    match features.split(',').find(|feature| !DEFAULT.contains(feature)) {
        Some(feature) => Err(format!("{package} is built with `{feature}`: that is no floor")),
        None => Ok(format!("{package}, features {features}")),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn only_the_default_features_pass() {
        assert_eq!(
            check("serde_json v1.0.154 [default,std]"),
            Ok("serde_json v1.0.154, features default,std".to_owned())
        );
        assert!(check("serde_json v1.0.154 [default,preserve_order,std] (*)").is_err());
        assert!(check("serde_json v1.0.154 []").is_err());
    }
}
