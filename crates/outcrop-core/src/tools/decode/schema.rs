//! A compiled schema, and what of it a value does not fit.
//!
//! # Invariants
//! - A value that fits is looked at once, and nothing is allocated for it.
//! - Of alternatives the one that was most likely meant is told of; where none is, all of them are named.

use std::{cmp::Ordering, collections::HashMap};

use jsonschema::{
    JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
    paths::Location,
};
use serde_json::{Map, Value};

use super::{
    Problem, Problems, hint,
    shown::{count, either, found, names, one_of, short},
};
use crate::wire::RawJson;

/// A JSON Schema that values are held against.
#[derive(Debug)]
pub(crate) struct Schema {
    raw: RawJson,
    validator: jsonschema::Validator,
}

/// Errors that are looked at; of what is beyond them nothing is known but their number.
const MAX_LOOKED_AT: usize = 256;
/// Problems that one rule of the schema may have.
const MAX_OF_A_KIND: usize = 3;
/// Unions within each other that are looked into.
const MAX_DEPTH: usize = 8;

impl Schema {
    /// Compiles the schema of an object.
    pub(crate) fn of_object(raw: &RawJson) -> Result<Self, String> {
        let schema: Value = raw.parse_into().map_err(|error| error.to_string())?;
        if schema.get("type").is_none_or(|kind| kind != "object") {
            return Err("the top level must be of type `object`; put the value into a field".into());
        }
        Self::compile(raw, &schema)
    }

    /// Compiles any schema.
    pub(crate) fn of(raw: &RawJson) -> Result<Self, String> {
        let schema: Value = raw.parse_into().map_err(|error| error.to_string())?;
        Self::compile(raw, &schema)
    }

    fn compile(raw: &RawJson, schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::validator_for(schema).map_err(|error| error.to_string())?;
        Ok(Self { raw: raw.clone(), validator })
    }

    /// The schema as it was given.
    pub(crate) fn raw(&self) -> &RawJson {
        &self.raw
    }

    /// Whether `value` fits, or why not.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Problems> {
        if self.validator.is_valid(value) { Ok(()) } else { Err(self.problems(value)) }
    }

    #[cold]
    fn problems(&self, value: &Value) -> Problems {
        let root = self.raw.to_value().unwrap_or_default();
        let mut errors = self.validator.iter_errors(value);
        let mut rows = Rows { root: &root, value, rows: Vec::new() };
        errors.by_ref().take(MAX_LOOKED_AT).for_each(|error| rows.add(&error, 0));
        rows.told(errors.count())
    }
}

/// A problem, and what it is put in order by.
struct Row {
    place: String,
    rule: String,
    what: What,
}

enum What {
    Problem(Problem),
    /// Members that are missing at one place are told together.
    Missing(Vec<String>),
}

struct Rows<'a> {
    root: &'a Value,
    value: &'a Value,
    rows: Vec<Row>,
}

impl<'a> Rows<'a> {
    fn add(&mut self, error: &ValidationError<'_>, depth: usize) {
        match error.kind() {
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } if depth < MAX_DEPTH => {
                self.add_union(error, context, depth);
            }
            Kind::Required { property } => self.add_missing(error, property),
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let problem = self.unexpected(error, unexpected);
                self.push(error, problem);
            }
            Kind::PropertyNames { error: name } => {
                let expected = format!("members whose names are each {}", expected(name));
                let problem = self.problem(error, expected, found(name.instance()));
                self.push(error, problem);
            }
            kind => {
                let value = error.instance();
                let hint = match kind {
                    Kind::Type { kind } => hint::holds_json(value, kind),
                    Kind::Enum { options } => meant(value, options.as_array().map_or(&[], Vec::as_slice)),
                    _ => None,
                };
                let problem = self.problem(error, expected(error), measured(kind, value)).hint(hint);
                self.push(error, problem);
            }
        }
    }

    fn problem(&self, error: &ValidationError<'_>, expected: String, found: String) -> Problem {
        Problem::new(error.instance_path().as_str(), expected, found).schema(self.around(error))
    }

    fn push(&mut self, error: &ValidationError<'_>, problem: Problem) {
        let (place, rule) = (error.instance_path().to_string(), error.schema_path().to_string());
        self.rows.push(Row { place, rule, what: What::Problem(problem) });
    }

    /// The schema that the failed rule stands in.
    fn around(&self, error: &ValidationError<'_>) -> Option<&'a Value> {
        let schema = self.root.pointer(parent(error.schema_path().as_str()));
        schema.map(|schema| resolved(self.root, schema))
    }

    fn add_missing(&mut self, error: &ValidationError<'_>, property: &Value) {
        let (place, rule) = (error.instance_path().to_string(), error.schema_path().to_string());
        let name = property.as_str().unwrap_or_default().to_owned();
        let same = self.rows.iter_mut().find(|row| row.place == place && row.rule == rule);
        match same {
            Some(Row { what: What::Missing(members), .. }) => members.push(name),
            _ => self.rows.push(Row { place, rule, what: What::Missing(vec![name]) }),
        }
    }

    fn unexpected(&self, error: &ValidationError<'_>, unexpected: &[String]) -> Problem {
        let known: Vec<&str> = members(self.around(error)).map(|(name, _)| &**name).collect();
        let wanted = match known.is_empty() {
            true => "no members".to_owned(),
            false => format!("no members but {}", names(known.iter().copied(), "and")),
        };
        let meant = unexpected.iter().take(Problems::MAX).find_map(|name| meant_to_be(name, &known));
        let strange = names(unexpected.iter().map(String::as_str), "and");
        Problem::new(error.instance_path().as_str(), wanted, strange).hint(meant)
    }

    /// A value that fits none of the alternatives.
    fn add_union(&mut self, error: &ValidationError<'_>, context: &[Alternative], depth: usize) {
        let place = error.instance_path();
        // Those of another type were not meant, if there is one of the right type.
        let of_type: Vec<&Alternative> =
            context.iter().filter(|errors| !is_of_other_type(errors, place)).collect();
        if of_type.is_empty() {
            let problem = self.problem(error, any_of(context.iter(), place), found(error.instance()));
            return self.push(error, problem);
        }
        let candidates = of_type;
        let told = self.wrong_tag(error, &candidates).or_else(|| self.no_tag(error, &candidates));
        if let Some(problem) = told {
            return self.push(error, problem);
        }
        let mut scored: Vec<_> = candidates.iter().map(|errors| (distance(errors, place), *errors)).collect();
        scored.sort_by_key(|(distance, _)| *distance);
        match &scored[..] {
            [(_, errors)] => errors.iter().for_each(|error| self.add(error, depth + 1)),
            [(best, errors), (next, _), ..] if best < next => {
                errors.iter().for_each(|error| self.add(error, depth + 1));
            }
            _ => {
                let nearest = scored.iter().take_while(|(distance, _)| *distance == scored[0].0);
                let problem = self.none_of(error, &nearest.map(|(_, errors)| *errors).collect::<Vec<_>>());
                self.push(error, problem);
            }
        }
    }

    /// The alternatives differ by the value at one place, and none has the one that is there.
    fn wrong_tag(&self, error: &ValidationError<'_>, candidates: &[&Alternative]) -> Option<Problem> {
        let tags = candidates.iter().map(|errors| errors.iter().find_map(tag));
        let tags: Vec<(&Location, Vec<Value>, &Value)> = tags.collect::<Option<_>>()?;
        let (first, _, value) = tags.first().filter(|_| tags.len() > 1)?;
        if tags.iter().any(|(place, _, _)| place != first) {
            return None;
        }
        let options: Vec<Value> = tags.iter().flat_map(|(_, options, _)| options.clone()).collect();
        let expected = one_of(&options);
        let hint = meant(value, &options);
        Some(Problem::new(first.as_str(), expected, found(value)).hint(hint).schema(self.around(error)))
    }

    /// The alternatives have a member in common, by which they may be told apart, and it is missing.
    fn no_tag(&self, error: &ValidationError<'_>, candidates: &[&Alternative]) -> Option<Problem> {
        let (first, others) = candidates.split_first().filter(|(_, others)| !others.is_empty())?;
        let place = error.instance_path();
        let (name, _) = missing_at(first, place).find(|(name, _)| {
            others.iter().all(|errors| missing_at(errors, place).any(|(other, _)| other == *name))
        })?;
        let options = candidates.iter().filter_map(|errors| {
            let (_, rule) = missing_at(errors, place).find(|(other, _)| *other == name)?;
            let around = self.root.pointer(parent(rule.as_str()))?;
            around.get("properties")?.get(name)?.get("const").cloned()
        });
        let options: Vec<Value> = options.collect();
        let expected = match options.len() == candidates.len() {
            true => format!("the member `{name}`, which is {}", one_of(&options)),
            false => format!("the member `{name}`"),
        };
        Some(self.problem(error, expected, only_or_found(error.instance())))
    }

    /// No alternative is nearer than the others.
    fn none_of(&self, error: &ValidationError<'_>, nearest: &[&Alternative]) -> Problem {
        let place = error.instance_path();
        // They differ by a member that each of them must have.
        let keys = nearest.iter().map(|errors| missing_at(errors, place).map(|(name, _)| name).next());
        if let Some(mut keys) = keys.collect::<Option<Vec<&str>>>()
            && let Some(object) = error.instance().as_object()
        {
            keys.dedup();
            let expected = format!("the member {}", names(keys.iter().copied(), "or"));
            let hint = object.keys().take(Problems::MAX).find_map(|name| meant_to_be(name, &keys));
            return self.problem(error, expected, only_or_found(error.instance())).hint(hint);
        }
        self.problem(error, any_of(nearest.iter().copied(), place), found(error.instance()))
    }

    /// In order, and no more than bounded.
    fn told(mut self, beyond: usize) -> Problems {
        self.rows.sort_by(|a, b| compare(&a.place, &b.place).then_with(|| a.rule.cmp(&b.rule)));
        // What must be one of few values need not be told its type.
        let said_by_enum: Vec<String> =
            self.rows.iter().filter(|row| row.rule.ends_with("/enum")).map(|row| row.place.clone()).collect();
        self.rows.retain(|row| !row.rule.ends_with("/type") || !said_by_enum.contains(&row.place));
        let mut problems = Problems { told: Vec::new(), more: beyond };
        let mut of_a_kind: HashMap<String, usize> = HashMap::new();
        for Row { place, rule, what } in self.rows {
            let problem = match what {
                What::Problem(problem) => problem,
                What::Missing(members) => missing(self.root, self.value, &place, &rule, &members),
            };
            let seen = of_a_kind.entry(rule).or_default();
            *seen += 1;
            if *seen > MAX_OF_A_KIND { problems.more += 1 } else { problems.push(problem) }
        }
        problems
    }
}

/// What is wrong with one alternative of a union.
type Alternative = Vec<ValidationError<'static>>;

fn is_of_other_type(errors: &Alternative, place: &Location) -> bool {
    errors.iter().any(|error| match error.kind() {
        Kind::Type { .. } => error.instance_path() == place,
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            error.instance_path() == place && context.iter().all(|errors| is_of_other_type(errors, place))
        }
        _ => false,
    })
}

/// Members that are missing at `place`, and the rules that want them.
fn missing_at<'a>(
    errors: &'a Alternative,
    place: &'a Location,
) -> impl Iterator<Item = (&'a str, &'a Location)> {
    errors.iter().filter(move |error| error.instance_path() == place).filter_map(|error| match error.kind() {
        Kind::Required { property } => Some((property.as_str()?, error.schema_path())),
        _ => None,
    })
}

/// What each alternative wants, as far as it says so at `place`.
fn any_of<'a>(alternatives: impl Iterator<Item = &'a Alternative>, place: &Location) -> String {
    let mut options: Vec<String> = Vec::new();
    for errors in alternatives {
        let at_place = errors.iter().find(|error| error.instance_path() == place);
        let Some(error) = at_place.or(errors.first()) else { continue };
        let option = expected(error);
        if !options.contains(&option) {
            options.push(option);
        }
    }
    let count = options.len();
    either(options.into_iter(), count)
}

fn meant_to_be(name: &str, known: &[&str]) -> Option<String> {
    let near = hint::near(name, known.iter().copied())?;
    Some(format!("is `{name}` meant to be `{near}`?"))
}

/// Members that are not there, with what they should be.
fn missing(root: &Value, value: &Value, place: &str, rule: &str, wanted: &[String]) -> Problem {
    let around = root.pointer(parent(rule));
    let mut parts = Map::new();
    for name in wanted.iter().take(Problems::MAX) {
        if let Some((name, part)) = members(around).find(|(known, _)| *known == name) {
            parts.insert(name.clone(), resolved(root, part).clone());
        }
    }
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    let s = if wanted.len() == 1 { "" } else { "s" };
    let expected = format!("the member{s} {}", names(wanted.iter().copied(), "and"));
    let value = value.pointer(place).unwrap_or(&Value::Null);
    let known = |name: &str| members(around).any(|(known, _)| known == name);
    let near = value.as_object().and_then(|object| {
        let mut strange = object.keys().filter(|name| !known(name)).take(Problems::MAX);
        strange.find_map(|name| meant_to_be(name, &wanted))
    });
    let hint = hint::swallowed(value).or(near);
    let fragment = (!parts.is_empty()).then(|| Value::from(parts));
    Problem::new(place, expected, only_or_found(value)).hint(hint).schema(fragment.as_ref())
}

/// The names that an object has.
fn only_or_found(value: &Value) -> String {
    match value.as_object().filter(|object| !object.is_empty()) {
        Some(object) => format!("only {}", names(object.keys().map(String::as_str), "and")),
        None => found(value),
    }
}

/// The members that a schema names.
fn members(schema: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    schema.and_then(|schema| schema.get("properties")?.as_object()).into_iter().flatten()
}

/// How far a value is from an alternative, by what is wrong with it: the type, the tag, its members, things within.
fn distance(errors: &Alternative, place: &Location) -> usize {
    let weight = |error: &ValidationError<'static>| {
        let here = error.instance_path() == place;
        match error.kind() {
            Kind::Type { .. } if here => 10_000,
            Kind::Constant { .. } | Kind::Enum { .. } if here => 1_000,
            _ if tag(error).is_some_and(|(at, _, _)| parent(at.as_str()) == place.as_str()) => 1_000,
            Kind::Required { .. } | Kind::AdditionalProperties { .. } if here => 30,
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } if here => {
                context.iter().map(|errors| distance(errors, place)).min().unwrap_or(1)
            }
            _ => 1,
        }
    };
    errors.iter().take(MAX_LOOKED_AT).map(weight).sum()
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// A value that must be one of few, and is none of them.
fn tag<'a>(error: &'a ValidationError<'static>) -> Option<(&'a Location, Vec<Value>, &'a Value)> {
    let options = match error.kind() {
        Kind::Constant { expected_value } => vec![(**expected_value).clone()],
        Kind::Enum { options } => options.as_array()?.clone(),
        _ => return None,
    };
    Some((error.instance_path(), options, error.instance()))
}

/// The option that a text may stand for.
fn meant(value: &Value, options: &[Value]) -> Option<String> {
    let near = hint::near(value.as_str()?, options.iter().filter_map(Value::as_str))?;
    Some(format!("is {} meant?", Value::from(near)))
}

/// What a value is, with its length where that is the matter.
fn measured(kind: &Kind, value: &Value) -> String {
    let size = match (kind, value) {
        (Kind::MinLength { .. } | Kind::MaxLength { .. }, Value::String(text)) => {
            count(text.chars().count() as u64, "character")
        }
        (
            Kind::MinItems { .. } | Kind::MaxItems { .. } | Kind::AdditionalItems { .. },
            Value::Array(items),
        ) => count(items.len() as u64, "item"),
        (Kind::MinProperties { .. } | Kind::MaxProperties { .. }, Value::Object(members)) => {
            count(members.len() as u64, "member")
        }
        _ => return found(value),
    };
    format!("{size}: {}", short(value, 80))
}

/// What should be there.
fn expected(error: &ValidationError<'_>) -> String {
    match error.kind() {
        Kind::Type { kind } => types(kind),
        Kind::Enum { options } => one_of(options.as_array().map_or(&[], Vec::as_slice)),
        Kind::Constant { expected_value } => short(expected_value, 200),
        Kind::Minimum { limit } => format!("a number of at least {limit}"),
        Kind::Maximum { limit } => format!("a number of at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("a number greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("a number less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("a string of at least {}", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("a string of at most {}", count(*limit, "character")),
        Kind::Pattern { pattern } => format!("a string that matches the pattern `{pattern}`"),
        Kind::Format { format } => format!("a string of the format `{format}`"),
        Kind::MinItems { limit } => format!("an array of at least {}", count(*limit, "item")),
        Kind::MaxItems { limit } => format!("an array of at most {}", count(*limit, "item")),
        Kind::AdditionalItems { limit } => format!("an array of at most {}", count(*limit as u64, "item")),
        Kind::UniqueItems => "an array whose items all differ".to_owned(),
        Kind::Contains => "an array with at least one item that fits `contains`".to_owned(),
        Kind::MinProperties { limit } => format!("an object of at least {}", count(*limit, "member")),
        Kind::MaxProperties { limit } => format!("an object of at most {}", count(*limit, "member")),
        Kind::Required { property } => {
            format!("an object with the member `{}`", property.as_str().unwrap_or_default())
        }
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            "an object without other members".to_owned()
        }
        Kind::Not { schema } => format!("a value that does not fit {}", short(schema, 200)),
        Kind::FalseSchema => "nothing here".to_owned(),
        Kind::OneOfMultipleValid { .. } => "a value that fits exactly one of the alternatives".to_owned(),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            any_of(context.iter(), error.instance_path())
        }
        // Its words quote the value, so they are not used.
        kind => format!("a value that fits `{}`", kind.keyword()),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => with_article(*one).to_owned(),
        TypeKind::Multiple(set) => {
            let words: Vec<String> = set.iter().map(|one| with_article(one).to_owned()).collect();
            let count = words.len();
            either(words.into_iter(), count)
        }
    }
}

fn with_article(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Array => "an array",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "an integer",
        JsonType::Null => "null",
        JsonType::Number => "a number",
        JsonType::Object => "an object",
        JsonType::String => "a string",
    }
}

/// Places in the order of their parts: indices by number, names by letter, the whole before its parts.
fn compare(a: &str, b: &str) -> Ordering {
    let mut pairs = a.split('/').zip(b.split('/'));
    let unequal = pairs.find_map(|(a, b)| {
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => a.cmp(b),
        };
        (order != Ordering::Equal).then_some(order)
    });
    unequal.unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// What a schema that only refers to another one stands for.
fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..MAX_DEPTH {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(target) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else { break };
        schema = target;
    }
    schema
}

/// The part of a schema that is about the value at `names`, where it can be told.
pub(super) fn at_place<'a>(root: &'a Value, names: &[String]) -> Option<&'a Value> {
    names.iter().try_fold(root, |schema, name| part(root, schema, name, 0)).map(|part| resolved(root, part))
}

fn part<'a>(root: &'a Value, schema: &'a Value, name: &str, depth: usize) -> Option<&'a Value> {
    let schema = resolved(root, schema);
    if let Some(property) = schema.get("properties").and_then(|properties| properties.get(name)) {
        return Some(property);
    }
    if let Ok(index) = name.parse::<usize>() {
        let nth = schema.get("prefixItems").and_then(|items| items.get(index));
        if let Some(item) = nth.or_else(|| schema.get("items")).filter(|item| item.is_object()) {
            return Some(item);
        }
    }
    if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
        return Some(others);
    }
    let unions = ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|union| schema.get(union)?.as_array());
    let mut alternatives = unions.flatten().filter(|_| depth < MAX_DEPTH);
    alternatives.find_map(|alternative| part(root, alternative, name, depth + 1))
}
