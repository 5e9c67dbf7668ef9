//! Alternatives in a dialect.
//!
//! # Invariants
//! - Each alternative is adapted already; here they are put together, and what is told of them all beside them.

use serde_json::{Map, Value, json};

use super::{
    merge::is_equal,
    report::{Action, Why},
    walk::{Adaptation, Walk, refuse},
    words::append,
};

impl Walk<'_> {
    /// The alternatives `branches`, of which `annotations` tells; `exact` where `oneOf` can stay, `apart` where no
    /// value fits two of them as they were.
    pub(super) fn union(
        &mut self,
        keyword: &str,
        exact: bool,
        apart: bool,
        branches: Vec<Value>,
        annotations: Map<String, Value>,
        at: &str,
    ) -> Adaptation {
        let mut distinct: Vec<Value> = Vec::new();
        for branch in branches.iter().filter(|branch| branch.is_object()) {
            if !distinct.contains(branch) {
                distinct.push(branch.clone());
            }
        }
        let repeated = distinct.len() < branches.len();
        let mut to = ("anyOf", branches.len() > 1);
        let mut out = match distinct.as_slice() {
            [] => return Ok(None),
            [Value::Object(only)] if !only.contains_key("$ref") || annotations.is_empty() => only.clone(),
            all => match self.listed(all) {
                Some((listed, overlap)) => {
                    to = ("enum", overlap || repeated);
                    listed
                }
                None => {
                    let word = match keyword {
                        "oneOf" if exact && !repeated => "oneOf",
                        _ if self.dialect.any_of => "anyOf",
                        _ => return refuse(at, Why::Union),
                    };
                    to.0 = word;
                    Map::from_iter([(word.to_owned(), distinct.into())])
                }
            },
        };
        if to.0 != keyword && branches.len() > 1 {
            let (to, more) = to;
            let loosely = keyword == "oneOf" && more && !apart;
            self.tell(at, keyword, Action::Rewritten { to, loosely });
        }
        let mut said = Vec::new();
        let inner = out.get("description").cloned();
        for (keyword, value) in &annotations {
            match (keyword.as_str(), &inner, value) {
                ("description", Some(Value::String(inner)), Value::String(outer)) => {
                    out.insert("description".to_owned(), append(outer, inner).into());
                }
                ("description", _, value) => {
                    out.insert("description".to_owned(), value.clone());
                }
                _ => {
                    if let Some(value) = self.keyword(keyword, value, &annotations, &[], &mut said, at) {
                        out.insert(keyword.clone(), value);
                    }
                }
            }
        }
        self.say(&mut out, &said, at);
        Ok(Some(out.into()))
    }

    /// Alternatives that are constants of one type, as one list of values; what each means is told beside.
    /// Told with it is whether some stand in several alternatives.
    fn listed(&self, branches: &[Value]) -> Option<(Map<String, Value>, bool)> {
        let kind = branches.first()?.get("type")?.as_str()?;
        let mut values: Vec<Value> = Vec::new();
        let mut text = String::new();
        let mut overlap = false;
        for branch in branches {
            let known =
                |word: &String| matches!(word.as_str(), "type" | "const" | "enum" | "title" | "description");
            if branch["type"] != kind || !branch.as_object()?.keys().all(known) {
                return None;
            }
            let own = match (branch.get("const"), branch.get("enum")) {
                (Some(one), _) => vec![one.clone()],
                (None, Some(Value::Array(all))) => all.clone(),
                _ => return None,
            };
            if let Some(meaning) = branch.get("description").and_then(Value::as_str) {
                let names: Vec<_> = own.iter().map(Value::to_string).collect();
                text = append(&text, &format!("- {}: {}", names.join(", "), meaning.trim()));
            }
            for value in own {
                match values.iter().any(|other| is_equal(other, &value)) {
                    true => overlap = true,
                    false => values.push(value),
                }
            }
        }
        let mut out = Map::from_iter([("type".to_owned(), json!(kind)), ("enum".to_owned(), values.into())]);
        if !text.is_empty() {
            out.insert("description".to_owned(), text.into());
        }
        Some((out, overlap))
    }
}
