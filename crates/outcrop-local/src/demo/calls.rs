//! Which tools are called, and with what.
//!
//! A tool fits when words of the prompt meet its name, its enum values, its description or its properties; several
//! are called at once when each brings a word that no better one has. A tool that needs a key which nobody gave
//! waits for the results of the others.
//!
//! # Invariants
//! - A forced choice is obeyed whatever the words say, and a forbidden one too.
//! - Within one turn a tool is called again only to mend a call that failed, [`MAX_MENDS`] times at most; a forced
//!   choice is the exception.

use serde_json::Value;

use super::{
    facts::{Facts, Kind},
    fill::{Input, Sources, fill, is_key},
    mend::mend,
    results::found_values,
    view::{Choice, Done, Tool, View, result_texts},
    words::{content_stems, is_stop_word, name_words, stem, words},
};

/// How often a failed tool is called again in a turn.
pub(super) const MAX_MENDS: usize = 2;
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

/// The calls of this answer; none where the answer is text.
pub(super) fn decide(view: &View<'_>, prompt: &str) -> Vec<Call> {
    let mut calls = match &view.choice {
        Choice::None => Vec::new(),
        Choice::Tool(name) => {
            view.tool(name).map(|tool| vec![again_or_new(view, prompt, tool)]).unwrap_or_default()
        }
        choice => chosen(view, prompt, *choice == Choice::Any),
    };
    calls.truncate(if view.parallel { MAX_CALLS } else { 1 });
    calls
}

fn chosen(view: &View<'_>, prompt: &str, must: bool) -> Vec<Call> {
    let done = view.done();
    let just = view.just_answered();
    let failed = done.iter().filter(|done| just.contains(&done.call.tool_use_id.as_str()) && failed(done));
    let mended: Vec<Call> = failed.filter_map(|failed| mended(view, &done, failed)).collect();
    if !mended.is_empty() {
        return mended;
    }
    let ranking = rank(view, prompt);
    let was_called = |tool: &Tool| done.iter().any(|done| done.call.name == tool.name);
    let results = found_values(&done);
    let facts = Facts::of(prompt);
    let mut calls = Vec::new();
    if view.steps() < MAX_STEPS {
        let open: Vec<&Ranked<'_>> =
            ranking.iter().filter(|ranked| ranked.fits && !was_called(ranked.tool)).collect();
        let sources = Sources { facts: &facts, results: &results, member: 0 };
        let inputs: Vec<Input> = open.iter().map(|ranked| fill(&ranked.tool.schema, sources)).collect();
        let waits = |input: &Input| {
            input.made_up.iter().any(|name| name_words(name).last().is_some_and(|word| is_key(word)))
        };
        let some_ready = !done.is_empty() || inputs.iter().any(|input| !waits(input));
        for (ranked, input) in open.iter().zip(&inputs) {
            if !(some_ready && waits(input)) {
                calls.extend(for_each_member(ranked.tool, &facts, &results, input));
            }
        }
    }
    if !calls.is_empty() {
        return calls;
    }
    // A tool that takes the final answer comes last.
    let answered = |tool: &Tool| {
        done.iter()
            .any(|done| done.call.name == tool.name && done.result.is_some_and(|result| !result.is_error()))
    };
    if let Some(tool) = view.tools.iter().find(|tool| takes_answer(tool) && (must || !answered(tool))) {
        return vec![again_or_new(view, prompt, tool)];
    }
    if must {
        let best = ranking.iter().find(|ranked| !was_called(ranked.tool)).or(ranking.first());
        return best.map(|ranked| again_or_new(view, prompt, ranked.tool)).into_iter().collect();
    }
    Vec::new()
}

fn failed(done: &Done<'_>) -> bool {
    done.result.is_some_and(|result| result.is_error())
}

/// The call that mends a failed one, where the error says how and it was not tried too often.
fn mended(view: &View<'_>, done: &[Done<'_>], this: &Done<'_>) -> Option<Call> {
    let name = &this.call.name;
    let tries = done.iter().filter(|done| done.call.name == *name && failed(done)).count();
    let tool = view.tool(name).filter(|_| tries <= MAX_MENDS)?;
    let error = result_texts(this.result?).join("\n");
    let before: Value = this.call.input.wire().to_value()?;
    let input = mend(&tool.schema, &before, &error)?;
    let tried = |done: &Done<'_>| {
        done.call.name == *name && done.call.input.wire().to_value().as_ref() == Some(&input)
    };
    // The same again only where the error asks for just that.
    (input == before || !done.iter().any(tried)).then(|| Call { name: name.clone(), input })
}

/// A call of this tool, mended where its last one failed.
fn again_or_new(view: &View<'_>, prompt: &str, tool: &Tool) -> Call {
    let done = view.done();
    let last = done.iter().rev().find(|done| done.call.name == tool.name);
    if let Some(call) = last.filter(|last| failed(last)).and_then(|last| mended(view, &done, last)) {
        return call;
    }
    let results = found_values(&done);
    // What the tools gave is part of what the answer is made from.
    let texts = done.iter().filter_map(|done| done.result).flat_map(result_texts);
    let facts = Facts::of(&std::iter::once(prompt.to_owned()).chain(texts).collect::<Vec<_>>().join("\n"));
    let input = fill(&tool.schema, Sources { facts: &facts, results: &results, member: 0 }).value;
    Call { name: tool.name.clone(), input }
}

/// "Weather in Lisbon and Porto" is two calls of a tool that takes one city.
fn for_each_member(tool: &Tool, facts: &Facts, results: &[(String, Value)], first: &Input) -> Vec<Call> {
    let groups = || first.used.iter().filter_map(|index| facts.facts.get(*index)).map(|fact| fact.group);
    let of_group = |group: usize| facts.facts.iter().filter(|fact| fact.group == group).count();
    // Only a list of which one member was taken.
    let listed =
        groups().find(|group| of_group(*group) > 1 && groups().filter(|other| other == group).count() == 1);
    let mut calls = vec![Call { name: tool.name.clone(), input: first.value.clone() }];
    for member in 1..listed.map_or(0, of_group).min(MAX_CALLS) {
        let input = fill(&tool.schema, Sources { facts, results, member });
        let call = Call { name: tool.name.clone(), input: input.value };
        if input.valid && !calls.contains(&call) {
            calls.push(call);
        }
    }
    calls
}

struct Ranked<'a> {
    tool: &'a Tool,
    score: u32,
    fits: bool,
}

/// The tools by how well the prompt's words meet theirs, best first; which of them fit.
fn rank<'a>(view: &'a View<'_>, prompt: &str) -> Vec<Ranked<'a>> {
    let stems = content_stems(prompt);
    let sums = stems_of_sums(prompt);
    let plain = prompt.to_lowercase();
    let spoken: Vec<&str> =
        plain.split(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '-')).collect();
    let mut weighed: Vec<(Ranked<'a>, Vec<u32>)> = view
        .tools
        .iter()
        .filter(|tool| !takes_answer(tool))
        .map(|tool| {
            let keys = Keys::of(tool);
            let mut weights: Vec<u32> = stems.iter().map(|stem| keys.weight(stem)).collect();
            // Its very name, where that is no common word.
            let named = tool.name.contains(['_', '-']) && spoken.contains(&tool.name.to_lowercase().as_str());
            weights.push(if named { 10 } else { 0 });
            weights.push(sums.iter().map(|stem| keys.weight(stem)).max().unwrap_or(0));
            (Ranked { tool, score: weights.iter().sum(), fits: false }, weights)
        })
        .collect();
    weighed.sort_by_key(|(ranked, _)| std::cmp::Reverse(ranked.score));
    let mut taken = vec![false; stems.len() + 2];
    let mut least = 2;
    for (ranked, weights) in &mut weighed {
        let new: u32 =
            weights.iter().zip(&taken).filter(|(_, taken)| !**taken).map(|(weight, _)| weight).sum();
        if new >= least {
            ranked.fits = true;
            // One more tool must have a word of its own name.
            least = 3;
            for (taken, weight) in taken.iter_mut().zip(weights.iter()) {
                *taken |= *weight > 0;
            }
        }
    }
    weighed.into_iter().map(|(ranked, _)| ranked).collect()
}

/// What a written sum asks for: "3 * 12" is a multiplication and a calculation.
fn stems_of_sums(prompt: &str) -> Vec<String> {
    let facts = Facts::of(prompt);
    let Some((_, sum)) = facts.of_kind(Kind::Math).next() else { return Vec::new() };
    const SIGNS: [(&[char], &str); 5] = [
        (&['+'], "add"),
        (&['-'], "subtract"),
        (&['*', '×'], "multiply"),
        (&['/', '÷'], "divide"),
        (&['^'], "power"),
    ];
    let named = SIGNS.iter().filter(|(signs, _)| sum.text.contains(*signs)).map(|(_, name)| *name);
    named.chain(["calculate", "math", "arithmetic", "expression"]).map(stem).collect()
}

/// The stems by which a tool is found.
struct Keys {
    strong: Vec<String>,
    weak: Vec<String>,
}

impl Keys {
    fn of(tool: &Tool) -> Self {
        let stems =
            |words: Vec<String>| words.into_iter().filter(|word| !is_stop_word(word)).map(|word| stem(&word));
        let mut strong: Vec<String> = stems(name_words(&tool.name)).collect();
        let mut weak = content_stems(&tool.description);
        let properties = tool.schema.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            weak.extend(stems(name_words(name)));
            weak.extend(content_stems(
                property.get("description").and_then(Value::as_str).unwrap_or_default(),
            ));
            let values = property.get("enum").and_then(Value::as_array).into_iter().flatten();
            strong.extend(
                values
                    .filter_map(Value::as_str)
                    .flat_map(|value| stems(words(value).map(str::to_owned).collect()).collect::<Vec<_>>()),
            );
        }
        Self { strong, weak }
    }

    fn weight(&self, stem: &str) -> u32 {
        let meets = |own: &String| {
            own == stem
                || (own.len().min(stem.len()) >= 5
                    && (own.starts_with(stem) || stem.starts_with(own.as_str())))
        };
        if self.strong.iter().any(meets) {
            3
        } else if self.weak.iter().any(|own| own == stem) {
            if stem.len() >= 4 && !stem.bytes().all(|byte| byte.is_ascii_digit()) { 2 } else { 1 }
        } else {
            0
        }
    }
}

/// Whether a tool is there to take the final answer, as structured output by tool has it.
fn takes_answer(tool: &Tool) -> bool {
    const NAMES: [&str; 9] = [
        "output",
        "finaloutput",
        "finalresult",
        "finalanswer",
        "structuredoutput",
        "respond",
        "finalresponse",
        "submitanswer",
        "finish",
    ];
    let name: String = name_words(&tool.name).concat();
    let description = tool.description.to_lowercase();
    let says = [
        "final result",
        "final answer",
        "final response",
        "structured output",
        "structuredoutputtool",
        "ends this conversation",
    ];
    NAMES.contains(&name.as_str()) || says.iter().any(|words| description.contains(words))
}
