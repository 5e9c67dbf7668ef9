//! The table of model families, and how a model id finds its rows.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Row {
    /// The beginnings of bare model ids that the row is for.
    models: Vec<String>,
    /// The facts that differ from those of shorter prefixes.
    facts: Map<String, Value>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    // A test checks that the table can be read.
    serde_json::from_str(include_str!("profiles.json")).unwrap_or_default()
});

/// What the table says of a model, by the names of the saved form of a profile.
pub(super) fn facts_of(model_id: &str) -> Map<String, Value> {
    let mut facts = Map::new();
    for row in rows_for_model(&TABLE, model_id, |row| &row.models) {
        facts.extend(row.facts.clone());
    }
    facts
}

/// Returns the rows of a table that apply to a model, the most general first.
///
/// `prefixes` returns the beginnings of bare model ids (see [`bare_model_id`]) that a row is for. Rows are ordered by the
/// length of their longest prefix that fits, then as in the table, so the facts of later rows override those of earlier
/// ones. The tables of [`Profile`](crate::profile::Profile) and of the local endpoint are read this way.
///
/// ```
/// use outcrop_core::profile::rows_for_model;
/// let table = [("anthropic.claude-opus-5", 2), ("anthropic.", 1), ("amazon.", 3)];
/// let rows = rows_for_model(&table, "us.anthropic.claude-opus-5-v1:0", |row| [row.0]);
/// assert_eq!(rows, [&table[1], &table[0]]);
/// ```
pub fn rows_for_model<'a, R, P>(table: &'a [R], model_id: &str, prefixes: impl Fn(&'a R) -> P) -> Vec<&'a R>
where
    P: IntoIterator,
    P::Item: AsRef<str>,
{
    let bare = bare_model_id(model_id);
    let mut rows: Vec<(usize, &R)> = table
        .iter()
        .filter_map(|row| {
            let prefixes = prefixes(row).into_iter();
            let fitting = prefixes.filter(|prefix| bare.starts_with(prefix.as_ref()));
            fitting.map(|prefix| prefix.as_ref().len()).max().map(|length| (length, row))
        })
        .collect();
    rows.sort_by_key(|(length, _)| *length);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// Returns the model id without its ARN and the prefix of an inference profile, such as `us.` or `global.`.
///
/// ```
/// use outcrop_core::profile::bare_model_id;
/// assert_eq!(bare_model_id("us.anthropic.claude-opus-4-6-v1"), "anthropic.claude-opus-4-6-v1");
/// assert_eq!(
///     bare_model_id("arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-lite-v1:0"),
///     "amazon.nova-lite-v1:0",
/// );
/// ```
pub fn bare_model_id(model_id: &str) -> &str {
    let id = if model_id.starts_with("arn:") {
        model_id.rsplit_once('/').map_or(model_id, |(_, id)| id)
    } else {
        model_id
    };
    match id.split_once('.') {
        Some((prefix, rest))
            if (2..=7).contains(&prefix.len())
                && prefix.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && PROVIDERS.iter().any(|provider| {
                    rest.strip_prefix(provider).is_some_and(|rest| rest.starts_with('.'))
                }) =>
        {
            rest
        }
        _ => id,
    }
}

const PROVIDERS: [&str; 20] = [
    "ai21",
    "amazon",
    "anthropic",
    "cohere",
    "deepseek",
    "google",
    "luma",
    "meta",
    "minimax",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "xai",
    "zai",
];
