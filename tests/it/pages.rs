//! The pages that readers are sent to: numbers of rules and decisions have their anchors, and links lead somewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder whose names end with `ending`, with their paths below the root.
fn files(dir: &str, ending: &str) -> Vec<(String, String)> {
    fn walk(dir: &Path, ending: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                walk(&path, ending, found);
            } else if path.is_file() && name.ends_with(ending) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(dir), ending, &mut found);
    found.sort();
    let relative = |path: &Path| path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
    found.iter().map(|path| (relative(path), read(path))).collect()
}

/// The numbers such as `R70`, `R35a` or `D3` in a text; both ends of a range count.
fn numbers(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || "_-/.\\$#".contains(c);
    let mut numbers = Vec::new();
    for (at, letter) in text.char_indices().filter(|(_, letter)| "RD".contains(*letter)) {
        let rest = &text[at + 1..];
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let variant = rest[digits..].starts_with(|c: char| c.is_ascii_lowercase());
        let end = digits + usize::from(variant);
        let stands_alone = !text[..at].ends_with(is_part)
            && !rest[end..].starts_with(|c: char| c.is_alphanumeric() || c == '_');
        if digits > 0 && stands_alone {
            numbers.push(format!("{letter}{}", &rest[..end]));
        }
    }
    numbers
}

/// The comments of a Rust source, and messages in its strings that begin with a number, as in `"R48: {}"`.
fn citing_parts(source: &str) -> String {
    let comment = |line: &str| line.split_once("//").map(|(_, comment)| comment.to_owned());
    let messages = source.split('"').skip(1).step_by(2).filter(|text| {
        let number = numbers(text).into_iter().next();
        number.is_some_and(|number| text.starts_with(&format!("{number}: ")))
    });
    source.lines().filter_map(comment).chain(messages.map(str::to_owned)).collect::<Vec<_>>().join("\n")
}

/// The anchors of a page: those that are written out, and those that GitHub makes of headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for part in page.split("<a id=\"").skip(1) {
        let id = part.split('"').next().unwrap_or_default();
        assert!(anchors.insert(id.to_owned()), "the anchor `{id}` is there twice");
    }
    for line in prose(page).lines().filter(|line| line.starts_with('#')) {
        let heading = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        let slug: String =
            heading.chars().filter(|c| c.is_alphanumeric() || *c == '-' || *c == '_').collect();
        let again = (1..).map(|n| format!("{slug}-{n}"));
        let mut names = std::iter::once(slug.clone()).chain(again);
        anchors.extend(names.find(|name| !anchors.contains(name)));
    }
    anchors
}

/// A page without its blocks of code.
fn prose(page: &str) -> String {
    let mut in_code = false;
    let is_prose = |line: &&str| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !fence && !in_code
    };
    page.lines().filter(is_prose).collect::<Vec<_>>().join("\n")
}

/// The targets of `[text](target)` in a page.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.to_owned()).collect()
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

/// What is wrong with a link in the page at `path`, if anything is.
fn broken(path: &str, page: &str, link: &str) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => root().join(path),
        file => normal(&root().join(path).parent().unwrap().join(file)),
    };
    if !target.starts_with(root()) || !target.exists() {
        return Some(format!("{path}: `{link}` leads to no file"));
    }
    if anchor.is_empty() {
        return None;
    }
    let text = if file.is_empty() { page.to_owned() } else { read(&target) };
    (!anchors(&text).contains(anchor)).then(|| format!("{path}: `{link}` leads to no anchor"))
}

/// The pages whose links are checked.
fn pages() -> Vec<(String, String)> {
    let mut pages = files("docs", ".md");
    for name in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"] {
        pages.push((name.to_owned(), read(&root().join(name))));
    }
    pages
}

#[test]
fn cited_numbers_have_anchors() {
    let rules = anchors(&read(&root().join("docs/requirements.md")));
    let decisions = anchors(&read(&root().join("docs/design.md")));
    let mut cited = Vec::new();
    for dir in ["bench", "crates", "examples", "fuzz", "macros", "tests"] {
        let sources = files(dir, ".rs").into_iter();
        cited.extend(sources.map(|(path, text)| (path, citing_parts(&text))));
        cited.extend(files(dir, ".md"));
    }
    cited.extend(pages());
    let mut found = 0;
    let mut missing = Vec::new();
    for (path, text) in &cited {
        for number in numbers(text) {
            found += 1;
            let anchors = if number.starts_with('R') { &rules } else { &decisions };
            if !anchors.contains(&number.to_lowercase()) {
                missing.push(format!("{path}: {number} has no anchor"));
            }
        }
    }
    assert!(found > 300, "only {found} numbers were found");
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let all =
        pages.iter().flat_map(|(path, page)| links(page).into_iter().map(move |link| (path, page, link)));
    let all: Vec<_> = all.collect();
    assert!(all.len() > 50, "only {} links were found", all.len());
    let wrong: Vec<_> = all.iter().filter_map(|(path, page, link)| broken(path, page, link)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn rules_and_decisions_are_complete() {
    let rules = anchors(&read(&root().join("docs/requirements.md")));
    let decisions = anchors(&read(&root().join("docs/design.md")));
    let missing = (1..=125).map(|n| format!("r{n}")).filter(|id| !rules.contains(id));
    let missing: Vec<_> =
        missing.chain((1..=9).map(|n| format!("d{n}")).filter(|id| !decisions.contains(id))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn numbers_are_read_right() {
    let text = "R70, R35a (D3); R58–R62. Not R2D2, DR1, R1x9, #/$defs/D12, R, sha-R5, deepseek.r1";
    assert_eq!(numbers(text), ["R70", "R35a", "D3", "R58", "R62"]);
    assert_eq!(numbers(&citing_parts("let a = \"D12\"; // D4\nassert!(ok, \"R48: {a}\");")), ["D4", "R48"]);
}

#[test]
fn broken_links_are_found() {
    let page = "# A b, `c`!\n<a id=\"r1\"></a>\n## Same\n## Same\n```\n# No heading\n[x](nowhere.md)\n```\n[y](z.md)";
    let found = anchors(page);
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["a-b-c", "r1", "same", "same-1"]);
    assert_eq!(links(page), ["z.md"]);
    let check = |link: &str| broken("docs/design.md", page, link).is_none();
    assert!(check("#a-b-c") && check("../README.md") && check("https://example.com/x#y"));
    assert!(!check("#nothing") && !check("z.md") && !check("requirements.md#r999") && !check("../../x.md"));
    assert!(check("requirements.md#r70") && check("design.md#d1"));
}
