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

/// The modules of `outcrop-core`, from the bottom up: each uses only itself and those before it.
const LAYERS: [&str; 5] = ["wire", "schema", "profile", "tools", "turn"];

#[test]
fn the_modules_of_core_have_a_direction() {
    let layer = |file: &str| {
        let top = file.split(['/', '.']).next()?;
        LAYERS.into_iter().find(|layer| *layer == top)
    };
    let sources = read_sources("outcrop-core");
    for file in sources.keys().filter(|file| *file != "lib.rs") {
        assert!(layer(file).is_some(), "{file} lies in no module");
    }
    let wrong = Graph::of(&sources).against_order(&LAYERS, layer);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is re-exported at the root of `outcrop-core`: few names, each by itself.
#[test]
fn the_root_of_core_is_small() {
    fn names(tree: &syn::UseTree) -> usize {
        match tree {
            syn::UseTree::Path(path) => names(&path.tree),
            syn::UseTree::Group(group) => group.items.iter().map(names).sum(),
            syn::UseTree::Glob(_) => panic!("a glob at the root"),
            _ => 1,
        }
    }
    let root = syn::parse_file(&read_sources("outcrop-core")["lib.rs"]).unwrap();
    let exported = root.items.iter().map(|item| match item {
        syn::Item::Use(item) => names(&item.tree),
        _ => 0,
    });
    let exported: usize = exported.sum();
    assert!((10..=30).contains(&exported), "{exported} names at the root");
}
