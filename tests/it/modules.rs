//! Checks that the files of a crate do not use each other in a circle.

use std::{collections::BTreeMap, fs, path::Path};

mod graph;
mod source;
mod tests;

use graph::Graph;

/// Reads all sources of a crate of the workspace, by path below `src`.
fn read_sources(name: &str) -> BTreeMap<String, String> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let file = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(file, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let src = workspace.join("crates").join(name).join("src");
    let mut found = BTreeMap::new();
    walk(&src, &src, &mut found);
    found
}

#[test]
fn core_has_no_cycles_between_files() {
    let graph = Graph::of(&read_sources("outcrop-core"));
    assert!(graph.unresolved().is_empty(), "names not found:\n{}", graph.unresolved().join("\n"));
    if let Some(cycle) = graph.shortest_cycle() {
        panic!("files use each other in a circle:\n{}\nall such files: {:?}", cycle, graph.tangles());
    }
}
