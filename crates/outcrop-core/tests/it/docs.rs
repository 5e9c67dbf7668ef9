//! `docs/turn.md` against the code: its tables name every diagnostic and every kind of event, and nothing else.

use std::{collections::BTreeSet, path::Path};

use outcrop_core::{EventKind, turn::DiagnosticCode};

/// The section of `docs/turn.md` under a heading, up to the next heading of its level.
fn section(heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/turn.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "docs/turn.md has no section `{heading}`");
    lines.take_while(|line| !line.starts_with("## ")).map(|line| format!("{line}\n")).collect()
}

/// The cells of a section's tables, without their headings.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let tables = section.lines().filter(|line| line.starts_with('|'));
    let rows: Vec<Vec<&str>> =
        tables.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let is_rule = |row: &[&str]| row.iter().all(|cell| cell.starts_with("---"));
    let body = rows.iter().zip(rows.iter().skip(1).map(Some).chain([None]));
    let is_heading = |next: Option<&Vec<&str>>| next.is_some_and(|next| is_rule(next));
    body.filter(|(row, next)| !is_rule(row) && !is_heading(*next)).map(|(row, _)| row.clone()).collect()
}

/// What is in backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn check(what: &str, documented: &[&str], known: &[&str]) {
    let (documented, known): (BTreeSet<_>, BTreeSet<_>) =
        (documented.iter().collect(), known.iter().collect());
    let missing: Vec<_> = known.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&known).collect();
    assert!(missing.is_empty(), "docs/turn.md: the table of {what} lacks {missing:?}");
    assert!(
        unknown.is_empty(),
        "docs/turn.md: the table of {what} names {unknown:?}, which the code does not have"
    );
}

#[test]
fn the_table_of_diagnostics() {
    let section = section("## Diagnostics");
    let codes: Vec<&str> = rows(&section).iter().flat_map(|row| quoted(row[0])).collect();
    let known: Vec<&str> = DiagnosticCode::ALL.iter().map(DiagnosticCode::as_str).collect();
    assert_eq!(codes.len(), known.len(), "docs/turn.md: each diagnostic has one row");
    check("diagnostics", &codes, &known);
}

#[test]
fn the_tables_of_events() {
    let section = section("## Events");
    let (kinds, cases): (Vec<_>, Vec<_>) =
        rows(&section).into_iter().partition(|row| row[0].starts_with('`'));
    let kinds: Vec<&str> = kinds.iter().flat_map(|row| quoted(row[0])).collect();
    assert_eq!(kinds.len(), EventKind::NAMES.len(), "docs/turn.md: each kind of event has one row");
    check("the kinds of events", &kinds, EventKind::NAMES);
    assert!(!cases.is_empty(), "docs/turn.md has no table of events by case");
    let named: Vec<&str> = cases.iter().flat_map(|row| quoted(row[1])).collect();
    check("events by case", &named, EventKind::NAMES);
}
