//! Which file of a crate uses which other one, and by what names.
//!
//! A use leads to the file that defines the item: re-exports are looked through. A `mod` declaration and a re-export
//! are not uses. A name that a module re-exports and also needs itself is a use.
//!
//! Only names are followed: a method call does not lead to the file with the `impl`, nor does a path in a string, such
//! as that of `#[serde(with = "…")]`.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
};

use super::source::{Module, read};

/// The uses between the files of a crate.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    /// From the file that uses to the file that defines, with the names used.
    arrows: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    unresolved: Vec<String>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Module(usize),
    /// An item, by the module that defines it.
    Item(usize),
    Macro,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Any,
    /// The first segments of a path: a module is preferred to an item of the same name.
    Prefix,
}

/// The result of following a path.
enum Found {
    Targets(BTreeSet<Target>),
    /// The path begins with a name that is not of this crate.
    External,
    Nothing,
}

struct Resolver<'a> {
    modules: &'a [Module],
}

impl Resolver<'_> {
    fn lookup(
        &self,
        module: usize,
        name: &str,
        wanted: Wanted,
        visited: &mut BTreeSet<(usize, String)>,
    ) -> BTreeSet<Target> {
        let mut found = BTreeSet::new();
        let declared = self.modules[module].names.get(name);
        if let Some(child) = declared.and_then(|name| name.module) {
            found.insert(Target::Module(child));
            if wanted == Wanted::Prefix {
                return found;
            }
        }
        if !visited.insert((module, name.to_owned())) {
            return found;
        }
        if declared.is_some_and(|name| name.is_item) {
            found.insert(Target::Item(module));
        }
        if declared.is_some_and(|name| name.is_macro) {
            found.insert(Target::Macro);
        }
        let imports = &self.modules[module].imports;
        for import in imports.iter().filter(|import| import.name.as_deref() == Some(name)) {
            if let Found::Targets(targets) = self.resolve(module, &import.path, visited) {
                found.extend(targets);
            }
        }
        if found.is_empty() {
            for import in imports.iter().filter(|import| import.name.is_none()) {
                if let Found::Targets(targets) = self.resolve(module, &import.path, visited) {
                    for target in targets {
                        if let Target::Module(other) = target {
                            found.extend(self.lookup(other, name, wanted, visited));
                        }
                    }
                }
            }
        }
        if found.is_empty() && self.modules[module].generated.contains(name) {
            found.insert(Target::Item(module));
        }
        visited.remove(&(module, name.to_owned()));
        found
    }

    fn resolve(&self, module: usize, path: &[String], visited: &mut BTreeSet<(usize, String)>) -> Found {
        let mut current = module;
        let mut is_own = false;
        for (at, name) in path.iter().enumerate() {
            let is_last = at + 1 == path.len();
            match name.as_str() {
                "crate" => current = 0,
                "self" => {}
                "super" => match self.modules[current].parent {
                    Some(parent) => current = parent,
                    None => return Found::Nothing,
                },
                name => {
                    let wanted = if is_last { Wanted::Any } else { Wanted::Prefix };
                    let found = self.lookup(current, name, wanted, visited);
                    if is_last && !found.is_empty() {
                        return Found::Targets(found);
                    }
                    let module = found.iter().find_map(|target| match target {
                        Target::Module(module) => Some(*module),
                        _ => None,
                    });
                    match module {
                        Some(module) => current = module,
                        // The rest is a variant or an associated item.
                        None if !found.is_empty() => return Found::Targets(found),
                        None if is_own => return Found::Nothing,
                        None => return Found::External,
                    }
                }
            }
            is_own = true;
        }
        Found::Targets(BTreeSet::from([Target::Module(current)]))
    }
}

impl Graph {
    /// Reads a crate, given its files by path below `src`.
    pub(super) fn of(files: &BTreeMap<String, String>) -> Self {
        let modules = read(files);
        let mut graph = Self::default();
        for at in 0..modules.len() {
            graph.add_module(&Resolver { modules: &modules }, at);
        }
        graph
    }

    fn add_module(&mut self, resolver: &Resolver<'_>, at: usize) {
        let module = &resolver.modules[at];
        for import in &module.imports {
            let shown = import.path.join("::");
            let targets = match resolver.resolve(at, &import.path, &mut BTreeSet::new()) {
                Found::Targets(targets) => targets,
                Found::External => continue,
                Found::Nothing => {
                    self.unresolved.push(format!("{}: {shown}", module.file));
                    continue;
                }
            };
            let is_module = targets.iter().any(|target| matches!(target, Target::Module(_)));
            for target in &targets {
                match (target, &import.name) {
                    (Target::Item(owner), Some(name)) => {
                        let is_used = if import.is_reexport || is_module {
                            module.words.contains(name) || (!is_module && module.heads.contains(name))
                        } else {
                            true
                        };
                        if is_used {
                            self.add(module, &resolver.modules[*owner], &shown);
                        }
                    }
                    (Target::Item(owner), None) => {
                        self.add(module, &resolver.modules[*owner], &format!("{shown}::*"));
                    }
                    (Target::Module(other), None) => self.add_glob(resolver, at, *other),
                    _ => {}
                }
            }
        }
        for path in &module.paths {
            let is_relative = ["crate", "self", "super"].contains(&path[0].as_str());
            match resolver.resolve(at, path, &mut BTreeSet::new()) {
                Found::Targets(targets) => {
                    // An item that is in scope by its first segment came by an import, which is counted above.
                    let starts_at_module = is_relative
                        || resolver
                            .lookup(at, &path[0], Wanted::Prefix, &mut BTreeSet::new())
                            .iter()
                            .any(|target| matches!(target, Target::Module(_)));
                    for target in targets {
                        if let (Target::Item(owner), true) = (target, starts_at_module) {
                            self.add(module, &resolver.modules[owner], &path.join("::"));
                        }
                    }
                }
                Found::Nothing => self.unresolved.push(format!("{}: {}", module.file, path.join("::"))),
                Found::External => {}
            }
        }
    }

    /// Adds the names of `other` that the module `at`, which imports all of them, mentions.
    fn add_glob(&mut self, resolver: &Resolver<'_>, at: usize, other: usize) {
        let module = &resolver.modules[at];
        let is_own = |name: &str| {
            module.names.contains_key(name)
                || module.imports.iter().any(|import| import.name.as_deref() == Some(name))
        };
        for name in module.heads.iter().filter(|name| !is_own(name)) {
            for target in resolver.lookup(other, name, Wanted::Any, &mut BTreeSet::new()) {
                if let Target::Item(owner) = target {
                    self.add(module, &resolver.modules[owner], name);
                }
            }
        }
    }

    fn add(&mut self, from: &Module, to: &Module, name: &str) {
        if from.file != to.file {
            let arrows = self.arrows.entry(from.file.clone()).or_default();
            arrows.entry(to.file.clone()).or_default().insert(name.to_owned());
        }
    }

    /// Paths of the crate that lead nowhere: the resolver does not understand them.
    pub(super) fn unresolved(&self) -> &[String] {
        &self.unresolved
    }

    /// The arrows as pairs, for tests.
    pub(super) fn arrows(&self) -> Vec<(&str, &str)> {
        let arrows = self.arrows.iter();
        arrows.flat_map(|(from, to)| to.keys().map(move |to| (from.as_str(), to.as_str()))).collect()
    }

    /// The shortest way from `start` along at least one arrow to `end`.
    fn path(&self, start: &str, end: &str) -> Option<Vec<String>> {
        let mut before: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in self.arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
                if next == end {
                    let mut path = vec![end.to_owned(), file.to_owned()];
                    let mut file = file;
                    while file != start {
                        file = before[file];
                        path.push(file.to_owned());
                    }
                    path.reverse();
                    return Some(path);
                }
                if next != start && !before.contains_key(next.as_str()) {
                    before.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// The shortest cycle between files.
    pub(super) fn shortest_cycle(&self) -> Option<Cycle<'_>> {
        let cycles = self.arrows.keys().filter_map(|file| self.path(file, file));
        cycles.min_by_key(Vec::len).map(|files| Cycle { graph: self, files })
    }

    /// Groups of files in which each uses, by some way, each other one.
    pub(super) fn tangles(&self) -> Vec<Vec<String>> {
        let mut left: BTreeSet<&String> = self.arrows.keys().collect();
        let mut tangles = Vec::new();
        while let Some(file) = left.pop_first() {
            let is_together =
                |other: &str| self.path(file, other).is_some() && self.path(other, file).is_some();
            let others: Vec<&String> = left.iter().copied().filter(|other| is_together(other)).collect();
            left.retain(|file| !others.contains(file));
            if !others.is_empty() {
                tangles.push([file].into_iter().chain(others).cloned().collect());
            }
        }
        tangles
    }

    /// The arrows that point from a layer to a later one, given the layers from the lowest to the highest and the
    /// layer of each file. A file without a layer is not checked.
    pub(super) fn against_order(
        &self,
        layers: &[&str],
        layer: impl Fn(&str) -> Option<&'static str>,
    ) -> Vec<String> {
        let rank = |file: &str| {
            let layer = layer(file)?;
            let rank = layers.iter().position(|other| *other == layer);
            Some((rank.unwrap_or_else(|| panic!("{file}: unknown layer {layer}")), layer))
        };
        let mut wrong = Vec::new();
        for (from, to) in self.arrows() {
            if let (Some((low, lower)), Some((high, higher))) = (rank(from), rank(to))
                && low < high
            {
                wrong.push(format!("{lower} must not use {higher}: {}", self.arrow(from, to)));
            }
        }
        wrong
    }

    fn arrow(&self, from: &str, to: &str) -> String {
        let names: Vec<&str> = self.arrows[from][to].iter().map(String::as_str).collect();
        format!("{from} → {to} ({})", names.join(", "))
    }
}

/// A circle of files, the first one repeated at the end.
#[derive(Debug)]
pub(super) struct Cycle<'a> {
    graph: &'a Graph,
    files: Vec<String>,
}

impl fmt::Display for Cycle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrows = self.files.windows(2).map(|pair| self.graph.arrow(&pair[0], &pair[1]));
        f.write_str(&arrows.collect::<Vec<_>>().join("\n"))
    }
}
