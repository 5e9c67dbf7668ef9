//! Reads the files of a crate into modules: the names each one defines and imports, and the paths it uses.
//!
//! Code under `#[cfg(test)]`, definitions of `macro_rules!` and comments are left out.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Item, ItemUse, UseTree, Visibility};

/// A module and what its source says.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The file it is in, below `src`.
    pub(super) file: String,
    pub(super) parent: Option<usize>,
    pub(super) names: BTreeMap<String, Name>,
    pub(super) imports: Vec<Import>,
    /// Names that a macro of the file may define, in a way that only the macro knows.
    pub(super) generated: BTreeSet<String>,
    /// Every path with at least two segments.
    pub(super) paths: BTreeSet<Vec<String>>,
    /// Every identifier that stands alone.
    pub(super) words: BTreeSet<String>,
    /// Every identifier that begins a path.
    pub(super) heads: BTreeSet<String>,
}

/// What a module declares under one name, imports aside.
#[derive(Debug, Default)]
pub(super) struct Name {
    pub(super) module: Option<usize>,
    pub(super) is_item: bool,
    pub(super) is_macro: bool,
}

/// One name of a `use` declaration, or one glob.
#[derive(Clone, Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name it has in the module; `None` for a glob.
    pub(super) name: Option<String>,
    pub(super) is_reexport: bool,
}

/// Reads a crate, given its files by path below `src`. The first module is the root.
pub(super) fn read(files: &BTreeMap<String, String>) -> Vec<Module> {
    let mut modules = Vec::new();
    read_file(files, &mut modules, "lib.rs", "", None);
    modules
}

fn read_file(
    files: &BTreeMap<String, String>,
    modules: &mut Vec<Module>,
    file: &str,
    dir: &str,
    parent: Option<usize>,
) -> usize {
    let text = &files[file];
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    read_items(files, modules, parsed.items, file, dir, parent)
}

fn read_items(
    files: &BTreeMap<String, String>,
    modules: &mut Vec<Module>,
    items: Vec<Item>,
    file: &str,
    dir: &str,
    parent: Option<usize>,
) -> usize {
    let at = modules.len();
    modules.push(Module { file: file.to_owned(), parent, ..Module::default() });
    for item in items {
        if is_test(attributes(&item)) {
            continue;
        }
        match item {
            Item::Use(item) => modules[at].add_use(&item),
            Item::Mod(item) => {
                let name = item.ident.to_string();
                let child_dir = format!("{dir}{name}/");
                let child = match item.content {
                    Some((_, items)) => read_items(files, modules, items, file, &child_dir, Some(at)),
                    None => {
                        let paths = [format!("{dir}{name}.rs"), format!("{child_dir}mod.rs")];
                        let found = paths.iter().find(|path| files.contains_key(*path));
                        let path = found.unwrap_or_else(|| panic!("{file}: no file for the module {name}"));
                        read_file(files, modules, path, &child_dir, Some(at))
                    }
                };
                modules[at].names.entry(name).or_default().module = Some(child);
            }
            Item::Macro(item) => match item.ident {
                Some(name) => {
                    modules[at].names.entry(name.to_string()).or_default().is_macro = true;
                    add_names_after_keywords(item.mac.tokens, &mut modules[at].generated);
                }
                None => {
                    let words = item.mac.tokens.clone().into_iter().filter_map(|tree| match tree {
                        TokenTree::Ident(word) => Some(word.to_string()),
                        _ => None,
                    });
                    modules[at].generated.extend(words);
                    modules[at].add_code(item.into_token_stream());
                }
            },
            item => {
                if let Some(name) = name_of(&item) {
                    modules[at].define(name);
                }
                modules[at].add_code(item.into_token_stream());
            }
        }
    }
    at
}

impl Module {
    fn define(&mut self, name: String) {
        self.names.entry(name).or_default().is_item = true;
    }

    fn add_use(&mut self, item: &ItemUse) {
        if item.leading_colon.is_none() {
            let is_reexport = !matches!(item.vis, Visibility::Inherited);
            add_tree(&item.tree, &mut Vec::new(), is_reexport, &mut self.imports);
        }
    }

    fn add_code(&mut self, code: TokenStream) {
        let mut tokens = Vec::new();
        flatten(code, &mut tokens, &mut |item| self.add_use(&item));
        let mut at = 0;
        while at < tokens.len() {
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            let Token::Word(first) = &tokens[at] else {
                at += 1;
                continue;
            };
            let mut path = vec![first.clone()];
            at += 1;
            while let (Some(Token::PathSeparator), Some(Token::Word(next))) =
                (tokens.get(at), tokens.get(at + 1))
            {
                path.push(next.clone());
                at += 2;
            }
            // A member, or the rest of a path that begins with `::` or with a type in angle brackets.
            if matches!(before, Some(Token::Dot | Token::PathSeparator)) {
                continue;
            }
            self.heads.insert(path[0].clone());
            if path.len() > 1 {
                self.paths.insert(path);
            } else {
                self.words.insert(path.remove(0));
            }
        }
    }
}

fn add_tree(tree: &UseTree, prefix: &mut Vec<String>, is_reexport: bool, imports: &mut Vec<Import>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            add_tree(&path.tree, prefix, is_reexport, imports);
            prefix.pop();
        }
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| add_tree(tree, prefix, is_reexport, imports));
        }
        UseTree::Glob(_) => imports.push(Import { path: prefix.clone(), name: None, is_reexport }),
        UseTree::Name(_) | UseTree::Rename(_) => {
            let (last, name) = match tree {
                UseTree::Rename(renamed) => (renamed.ident.to_string(), renamed.rename.to_string()),
                UseTree::Name(named) => (named.ident.to_string(), named.ident.to_string()),
                _ => return,
            };
            let mut path = prefix.clone();
            let name = if last == "self" && name == "self" {
                path.last().cloned().unwrap_or_default()
            } else {
                name
            };
            if last != "self" {
                path.push(last);
            }
            imports.push(Import { path, name: Some(name), is_reexport });
        }
        #[allow(unreachable_patterns)] // `UseTree` may grow.
        _ => {}
    }
}

/// A token of code, as far as paths are concerned.
enum Token {
    Word(String),
    PathSeparator,
    Dot,
    Other,
}

/// Lists the tokens of some code in order. Test code is left out; `use` declarations within functions go to `on_use`.
fn flatten(code: TokenStream, tokens: &mut Vec<Token>, on_use: &mut impl FnMut(ItemUse)) {
    let trees: Vec<TokenTree> = code.into_iter().collect();
    let is_punct = |at: usize, expected: char| matches!(trees.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == expected);
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Group(group) => {
                tokens.push(Token::Other);
                flatten(group.stream(), tokens, on_use);
                tokens.push(Token::Other);
            }
            TokenTree::Ident(word) if word == "use" => {
                let end = (at..trees.len()).find(|end| is_punct(*end, ';'));
                let item = end.map(|end| trees[at..=end].iter().cloned().collect::<TokenStream>());
                if let Some(item) = item.and_then(|item| syn::parse2::<ItemUse>(item).ok()) {
                    on_use(item);
                    at = end.unwrap_or(at);
                }
            }
            TokenTree::Ident(word) => {
                let word = word.to_string();
                tokens.push(Token::Word(word.trim_start_matches("r#").to_owned()));
            }
            TokenTree::Punct(_) if is_punct(at, ':') && is_punct(at + 1, ':') => {
                tokens.push(Token::PathSeparator);
                at += 1;
            }
            TokenTree::Punct(_) if is_punct(at, '.') && is_punct(at + 1, '.') => {
                tokens.push(Token::Other);
                at += 1;
            }
            TokenTree::Punct(_) if is_punct(at, '.') => tokens.push(Token::Dot),
            TokenTree::Punct(_) if is_punct(at, '#') && is_test_attribute(trees.get(at + 1)) => {
                let ends = |tree: &TokenTree| match tree {
                    TokenTree::Group(group) => group.delimiter() == proc_macro2::Delimiter::Brace,
                    TokenTree::Punct(punct) => punct.as_char() == ';',
                    _ => false,
                };
                at = (at + 2..trees.len()).find(|at| ends(&trees[*at])).unwrap_or(trees.len());
            }
            _ => tokens.push(Token::Other),
        }
        at += 1;
    }
}

fn is_test_attribute(tree: Option<&TokenTree>) -> bool {
    matches!(tree, Some(TokenTree::Group(group)) if is_test_condition(&group.stream()))
}

fn is_test_condition(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "") == "cfg(test)"
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| is_test_condition(&attribute.meta.to_token_stream()))
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// Adds the names that the arms of a macro define: those after a keyword such as `struct`.
fn add_names_after_keywords(tokens: TokenStream, names: &mut BTreeSet<String>) {
    const KEYWORDS: [&str; 7] = ["struct", "enum", "union", "trait", "type", "fn", "const"];
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match (tree, trees.get(at + 1)) {
            (TokenTree::Ident(keyword), Some(TokenTree::Ident(name)))
                if KEYWORDS.iter().any(|word| keyword == word) =>
            {
                names.insert(name.to_string());
            }
            (TokenTree::Group(group), _) => add_names_after_keywords(group.stream(), names),
            _ => {}
        }
    }
}
