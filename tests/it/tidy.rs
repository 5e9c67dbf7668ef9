//! Our own habits, checked over the files of the workspace.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// The longest file of source that one likes to read.
const MAX_LINES: usize = 700;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every text file of the workspace, with its path below the root; what is built or hidden is left out.
fn files() -> Vec<(String, String)> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let hidden = name.starts_with('.') && !["ci", "gitignore", "github"].contains(&&name[1..]);
            if hidden
                || ["target", "corpus", "artifacts", "coverage", "proptest-regressions"].contains(&&*name)
            {
                continue;
            }
            match path.is_dir() {
                true => walk(&path, found),
                false => found.push(path),
            }
        }
    }
    let root = root();
    let mut found = Vec::new();
    walk(&root, &mut found);
    found.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).ok()?;
        Some((path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/"), text))
    };
    found.into_iter().filter_map(read).collect()
}

/// Fails with every file of which `mistake` says what is wrong.
fn check(which: impl Fn(&str) -> bool, mistake: impl Fn(&str, &str) -> Option<String>) {
    let files = files();
    let chosen: Vec<_> = files.iter().filter(|(path, _)| which(path)).collect();
    assert!(!chosen.is_empty(), "the walk found nothing");
    let wrong: Vec<_> = chosen
        .into_iter()
        .filter_map(|(path, text)| mistake(path, text).map(|mistake| format!("{path}: {mistake}")))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn is_ours(path: &str) -> bool {
    let dirs = ["bench/", "crates/", "examples/", "fuzz/", "macros/", "tests/"];
    path.ends_with(".rs") && dirs.iter().any(|dir| path.starts_with(dir))
}

/// Cases for the compiler: what is wrong in them is their content.
fn is_case(path: &str) -> bool {
    path.contains("/ui/")
}

fn line_with<'a>(text: &'a str, parts: &[String]) -> Option<&'a str> {
    text.lines().find(|line| parts.iter().any(|part| line.contains(part.as_str()))).map(str::trim)
}

#[test]
fn files_say_what_they_are_for() {
    check(
        |path| is_ours(path) && !is_case(path),
        |_, text| (!text.starts_with("//!")).then(|| "does not open with `//!`".to_owned()),
    );
}

#[test]
fn files_are_short() {
    check(is_ours, |_, text| {
        let lines = text.lines().count();
        (lines > MAX_LINES).then(|| format!("has {lines} lines"))
    });
}

#[test]
fn nothing_is_left_to_do_or_left_out() {
    // Put together here, so that this file is not found.
    let parts =
        [("todo", "!("), ("unimplemented", "!("), ("#[ig", "nore"), ("```ig", "nore"), (",ig", "nore")];
    let parts = parts.map(|(a, b)| format!("{a}{b}"));
    check(
        |path| is_ours(path) || path.ends_with(".md"),
        |_, text| line_with(text, &parts).map(|line| format!("has `{line}`")),
    );
}

#[test]
fn no_path_of_a_machine() {
    let parts = ["home", "root", "work", "Users"].map(|dir| format!("/{dir}/"));
    check(
        |_| true,
        |_, text| {
            let at_start = |line: &str, part: &str| {
                line.match_indices(part).any(|(at, _)| {
                    // A folder of such a name further down is no path of a machine.
                    let before = line[..at].chars().next_back();
                    before.is_none_or(|letter| !letter.is_alphanumeric() && !"._-~/}".contains(letter))
                })
            };
            let found = text.lines().find(|line| parts.iter().any(|part| at_start(line, part)));
            found.map(|line| format!("has `{}`", line.trim()))
        },
    );
}

/// The names that a manifest depends on, those for tests left out.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut counts = false;
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let (table, name) = match section.split_once("dependencies.") {
                Some((table, name)) => (format!("{table}dependencies"), Some(name)),
                None => (section.to_owned(), None),
            };
            counts = table.ends_with("dependencies") && !table.ends_with("dev-dependencies");
            names.extend(name.filter(|_| counts).map(str::to_owned));
            counts &= name.is_none();
        } else if let Some((key, _)) = line.split_once('=').filter(|_| counts) {
            let name = key.trim().split('.').next().unwrap_or_default();
            names.push(name.trim_matches('"').to_owned());
        }
    }
    names
}

#[test]
fn uses_go_one_way() {
    let allowed = BTreeMap::from([
        ("macros", &[][..]),
        ("crates/outcrop-json", &[]),
        ("crates/outcrop-core", &["outcrop-json"]),
        ("crates/outcrop-bedrock", &["outcrop-json", "outcrop-core"]),
        ("crates/outcrop-local", &["outcrop-json", "outcrop-core"]),
        ("crates/outcrop", &["outcrop-json", "outcrop-core", "outcrop-bedrock", "outcrop-macros"]),
    ]);
    let is_manifest = |path: &str| {
        path.ends_with("/Cargo.toml") && (path.starts_with("crates/") || path.starts_with("macros/"))
    };
    check(is_manifest, |path, text| {
        let dir = path.strip_suffix("/Cargo.toml").unwrap_or_default();
        let Some(allowed) = allowed.get(dir) else { return Some("has no place in this test".into()) };
        let names = dependencies(text);
        let upwards =
            names.iter().find(|name| name.starts_with("outcrop") && !allowed.contains(&name.as_str()));
        if let Some(name) = upwards {
            return Some(format!("must not depend on {name}"));
        }
        let aws = names.iter().find(|name| name.starts_with("aws-") && dir != "crates/outcrop-bedrock");
        aws.map(|name| format!("only outcrop-bedrock names {name}"))
    });
}

#[test]
fn manifests_are_read_right() {
    let manifest = "
        [package]
        name = 'x'
        [dependencies]
        a.workspace = true
        b-c = { version = '1' }
        # d = '1'
        [dependencies.e]
        version = '1'
        [target.'cfg(unix)'.dependencies]
        f = '1'
        [dev-dependencies]
        g = '1'
        [features]
        h = []
    ";
    assert_eq!(dependencies(manifest), ["a", "b-c", "e", "f"]);
    let core = fs::read_to_string(root().join("crates/outcrop-core/Cargo.toml")).unwrap();
    assert!(dependencies(&core).contains(&"serde_json".to_owned()));
}
