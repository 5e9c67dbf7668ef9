//! Which tools are called, and with what.
//!
//! A tool is called when a word of the prompt is in its name, several at once if each shares another word; otherwise the
//! one tool whose description or properties share most words with the prompt. A tool that needs an id which nobody gave
//! waits for the results of the others. A tool that takes the final answer comes last.
//!
//! # Invariants
//! - A tool choice is obeyed whatever the words say.
//! - Within one turn a tool is called once, and once more after an error; a forced choice is the exception.

use std::cmp::Reverse;

use serde_json::Value;

use super::{
    facts::Facts,
    fill::{Input, Sources, fill, is_key},
    results::Results,
    view::{Choice, Done, Tool, View, result_texts},
    words::{content_stems, name_words, stem},
};

/// Calls in one answer.
const MAX_CALLS: usize = 8;
/// Steps of a turn after which no further tool is called by choice.
const MAX_STEPS: usize = 8;

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) input: Value,
}

/// The calls of this answer; none if the answer is text.
pub(super) fn decide(view: &View<'_>, prompt: &str) -> Vec<Call> {
    let mut calls = match &view.choice {
        Choice::None => Vec::new(),
        Choice::Tool(name) => view.tool(name).map(|tool| call(view, prompt, tool)).into_iter().collect(),
        choice => chosen(view, prompt, *choice == Choice::Any),
    };
    calls.truncate(if view.parallel { MAX_CALLS } else { 1 });
    calls
}

fn chosen(view: &View<'_>, prompt: &str, must: bool) -> Vec<Call> {
    let done = view.done();
    let again = retries(view, prompt, &done);
    if !again.is_empty() {
        return again;
    }
    let fitting = fitting(view, prompt);
    let was_called = |tool: &Tool| done.iter().any(|done| done.call.name == tool.name);
    if view.steps() < MAX_STEPS {
        let results = Results::of(&done);
        let facts = facts(prompt, &results, "");
        let sources = Sources { facts: &facts, results: &results.values, member: 0 };
        let open: Vec<(&Tool, Input)> = fitting
            .iter()
            .filter(|tool| !was_called(tool))
            .map(|tool| (*tool, fill(&tool.schema, sources)))
            .collect();
        let some_ready = !done.is_empty() || open.iter().any(|(_, input)| !waits(input));
        let ready = open.iter().filter(|(_, input)| !(some_ready && waits(input)));
        let calls: Vec<Call> =
            ready.flat_map(|(tool, input)| for_each_member(tool, sources, input, done.is_empty())).collect();
        if !calls.is_empty() {
            return calls;
        }
    }
    if let Some(tool) = view.tools.iter().find(|tool| takes_answer(tool) && (must || !was_called(tool))) {
        return vec![call(view, prompt, tool)];
    }
    let forced = || view.tools.iter().find(|tool| !was_called(tool)).or(view.tools.first());
    must.then(forced).flatten().map(|tool| call(view, prompt, tool)).into_iter().collect()
}

fn failed(done: &Done<'_>) -> bool {
    done.result.is_some_and(|result| result.is_error())
}

/// The calls that failed just now, each made once more with the words of its error as a source.
fn retries(view: &View<'_>, prompt: &str, done: &[Done<'_>]) -> Vec<Call> {
    let just = view.just_answered();
    let is_new = |done: &Done<'_>| just.contains(&done.call.tool_use_id.as_str());
    let results = Results::of(done);
    let mut calls = Vec::new();
    for (index, this) in done.iter().enumerate().filter(|(_, done)| failed(done) && is_new(done)) {
        let same = |done: &&Done<'_>| done.call.name == this.call.name;
        let Some(tool) = view.tool(&this.call.name) else { continue };
        if done.iter().filter(same).any(|done| failed(done) && !is_new(done)) {
            continue;
        }
        let facts = facts(prompt, &results, &error_of(this));
        let member = done[..index].iter().filter(same).filter(|done| is_new(done)).count();
        let input = fill(&tool.schema, Sources { facts: &facts, results: &results.values, member }).value;
        calls.push(Call { name: tool.name.clone(), input });
    }
    calls
}

fn error_of(done: &Done<'_>) -> String {
    done.result.filter(|result| result.is_error()).map(result_texts).unwrap_or_default().join(" ")
}

/// A call of this tool, whatever the prompt says.
fn call(view: &View<'_>, prompt: &str, tool: &Tool) -> Call {
    let done = view.done();
    let error = done.iter().rev().find(|done| done.call.name == tool.name).map(error_of).unwrap_or_default();
    let results = Results::of(&done);
    let facts = facts(prompt, &results, &error);
    let input = fill(&tool.schema, Sources { facts: &facts, results: &results.values, member: 0 }).value;
    Call { name: tool.name.clone(), input }
}

/// The facts of an error, of the prompt and of results, in this order.
pub(super) fn facts(prompt: &str, results: &Results, error: &str) -> Facts {
    let lead = if error.is_empty() { "" } else { "\n" };
    Facts::of(&format!("{error}{lead}{prompt}{}", results.texts))
}

/// Whether the input needs an id that was made up.
fn waits(input: &Input) -> bool {
    input.made_up.iter().any(|name| name_words(name).last().is_some_and(|word| is_key(word)))
}

/// "Weather in Lisbon and Porto" is two calls of a tool that takes one city.
fn for_each_member(tool: &Tool, sources: Sources<'_>, first: &Input, split: bool) -> Vec<Call> {
    let mut calls = vec![Call { name: tool.name.clone(), input: first.value.clone() }];
    let facts = &sources.facts.facts;
    // A list of which one member was used.
    let lists =
        first.used.iter().filter_map(|index| facts.get(*index)).map(|fact| sources.facts.list_of(fact));
    let used = |list: &Vec<usize>| list.iter().filter(|index| first.used.contains(index)).count();
    let list = lists.filter(|_| split).find(|list| list.len() > 1 && used(list) == 1);
    for member in 1..list.map_or(0, |list| list.len()).min(MAX_CALLS) {
        let input = fill(&tool.schema, Sources { member, ..sources });
        let call = Call { name: tool.name.clone(), input: input.value };
        if input.valid && !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls
}

/// The tools that the words of the prompt ask for, best first.
fn fitting<'a>(view: &'a View<'_>, prompt: &str) -> Vec<&'a Tool> {
    let asked = content_stems(prompt);
    let shared =
        |own: &[String]| -> Vec<&String> { asked.iter().filter(|word| own.contains(word)).collect() };
    let tools = || view.tools.iter().filter(|tool| !takes_answer(tool));
    let mut named: Vec<(&Tool, Vec<&String>)> = tools()
        .map(|tool| {
            let own: Vec<String> = name_words(&tool.name).iter().map(|word| stem(word)).collect();
            (tool, shared(&own))
        })
        .collect();
    named.sort_by_key(|(_, words)| Reverse(words.len()));
    let mut taken: Vec<&String> = Vec::new();
    named.retain(|(_, words)| {
        let brings_another = words.iter().any(|word| !taken.contains(word));
        taken.extend(words);
        brings_another
    });
    if !named.is_empty() {
        return named.into_iter().map(|(tool, _)| tool).collect();
    }
    let described =
        tools().map(|tool| (shared(&described_by(tool)).len(), tool)).filter(|(count, _)| *count > 0);
    described.min_by_key(|(count, _)| Reverse(*count)).map(|(_, tool)| tool).into_iter().collect()
}

/// The stems of a tool's description and of its properties.
fn described_by(tool: &Tool) -> Vec<String> {
    let mut own = content_stems(&tool.description);
    let properties = tool.schema.get("properties").and_then(Value::as_object);
    for (name, property) in properties.into_iter().flatten() {
        own.extend(name_words(name).iter().map(|word| stem(word)));
        own.extend(content_stems(property.get("description").and_then(Value::as_str).unwrap_or_default()));
    }
    own
}

/// Whether a tool takes the final answer, as clients have it for structured output.
fn takes_answer(tool: &Tool) -> bool {
    const NAMES: [&str; 4] = ["output", "finalresult", "finalanswer", "structuredoutput"];
    const PHRASES: [&str; 5] =
        ["final result", "final answer", "final response", "structured output", "structuredoutputtool"];
    let description = tool.description.to_lowercase();
    NAMES.contains(&name_words(&tool.name).concat().as_str())
        || PHRASES.iter().any(|phrase| description.contains(phrase))
}
