//! The table of profiles.

use std::collections::BTreeSet;

use outcrop_core::profile::*;
use serde_json::Value;

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Reading a profile ignores what it does not know, so a misspelt fact in the table would go unnoticed.
#[test]
fn the_table_has_known_facts_only() {
    let table: Vec<Value> = serde_json::from_str(include_str!("../../src/profile/profiles.json")).unwrap();
    let known = serde_json::to_value(Profile::permissive()).unwrap();
    for row in &table {
        assert_eq!(names(row), BTreeSet::from(["facts", "models"]), "{row}");
        let unknown: Vec<_> = names(&row["facts"]).difference(&names(&known)).copied().collect();
        assert!(unknown.is_empty(), "unknown facts {unknown:?} in the row of {}", row["models"]);
        if let Some(caching) = row["facts"].get("cache").filter(|caching| !caching.is_null()) {
            assert_eq!(names(caching), names(&known["cache"]), "cache of {}", row["models"]);
        }
        serde_json::from_value::<Profile>(row["facts"].clone())
            .unwrap_or_else(|error| panic!("row of {}: {error}", row["models"]));
    }
    assert!(table.len() > 50, "{}", table.len());
}
