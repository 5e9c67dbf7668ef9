//! Recorded traffic, replayed: what real Bedrock sent must come out of our client as an independent reader read it.
//!
//! Each Converse and ConverseStream interaction is answered by `outcrop-local` and asked for by `outcrop-bedrock`,
//! whole, in pieces of many sizes, and cut short in many places (`answers`); its request must read and write back
//! unchanged (`requests`); the rules of `outcrop-local` must refuse what the service refused, with the same status,
//! error type and message, and nothing else (`refusals`); and what we store and send again of an assistant's turn must
//! be what the service sent (`turns`).
//!
//! # Invariants
//! - An interaction passes when every check of it passes. A panic within a check is a failure of it.
//! - A successful answer of Converse or ConverseStream without an expectation fails, so that a missing file cannot hide
//!   a wrong answer.
//! - Nothing here knows a recording: what is checked follows from the protocol and the files beside it.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::{StreamExt, stream};

mod answers;
mod call;
mod case;
mod json;
mod refusals;
mod requests;
mod turns;

#[cfg(test)]
mod tests;

use case::{Case, Interaction};
use refusals::Refusals;

/// How many cases are checked at once.
const AT_ONCE: usize = 6;
/// How many failures of one interaction are told; more are only counted.
const TOLD: usize = 8;

/// What came of a run.
#[derive(Debug, Default)]
pub struct Report {
    passed: usize,
    failed: usize,
    skipped: usize,
    /// Folders that were asked for and hold nothing.
    empty: Vec<PathBuf>,
    failures: Vec<String>,
    /// How often each rule of rendering was used on an assistant's turn.
    rules: BTreeMap<String, usize>,
    turns: usize,
    calls: usize,
    /// Successful answers of Converse and ConverseStream.
    answers: usize,
    /// How many of `answers` were compared with their expectation.
    compared: usize,
    refusals: Refusals,
}

impl Report {
    /// Returns whether every folder holds recorded cases and every check passed.
    pub fn is_good(&self) -> bool {
        self.failed == 0 && self.empty.is_empty()
    }

    fn add(&mut self, checked: Checked) {
        self.calls += checked.calls;
        self.turns += checked.turns;
        self.answers += usize::from(checked.is_answer);
        self.compared += usize::from(checked.is_compared);
        for (rule, count) in checked.rules {
            *self.rules.entry(rule).or_default() += count;
        }
        match checked.failures.len() {
            0 if checked.skipped => self.skipped += 1,
            0 => self.passed += 1,
            count => {
                self.failed += 1;
                let told = checked.failures.into_iter().take(TOLD);
                self.failures.extend(told.map(|failure| format!("FAIL {}: {failure}", checked.name)));
                if count > TOLD {
                    self.failures.push(format!("FAIL {}: and {} more", checked.name, count - TOLD));
                }
            }
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in &self.empty {
            writeln!(f, "FAIL {}: no recorded case is there", path.display())?;
        }
        for failure in &self.failures {
            writeln!(f, "{failure}")?;
        }
        for (rule, count) in &self.rules {
            writeln!(f, "rule {rule}: {count}")?;
        }
        for known in self.refusals.known() {
            writeln!(f, "known exception {known}")?;
        }
        writeln!(f, "{} calls over HTTP, {} assistant turns sent again", self.calls, self.turns)?;
        writeln!(f, "{}", self.refusals)?;
        writeln!(f, "expected: {} of {}", self.compared, self.answers)?;
        writeln!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// What came of one interaction.
#[derive(Debug, Default)]
struct Checked {
    name: String,
    skipped: bool,
    failures: Vec<String>,
    rules: BTreeMap<String, usize>,
    turns: usize,
    calls: usize,
    /// Whether this is a successful answer of Converse or ConverseStream.
    is_answer: bool,
    /// Whether the answer was compared with its expectation.
    is_compared: bool,
}

impl Checked {
    fn fail(&mut self, check: &str, what: impl fmt::Display) {
        self.failures.push(format!("{check}: {what}"));
    }
}

/// Replays all cases in `dirs`.
pub async fn run(dirs: &[PathBuf]) -> Report {
    let mut report = Report::default();
    let mut folders = Vec::new();
    for dir in dirs {
        let found = case::find(dir);
        if found.is_empty() {
            report.empty.push(dir.clone());
        }
        folders.extend(found.into_iter().map(|folder| (dir.clone(), folder)));
    }
    let mut results = stream::iter(folders)
        .map(|(dir, folder)| async move { check_case(&dir, &folder).await })
        .buffered(AT_ONCE);
    while let Some(checked) = results.next().await {
        let (checked, refusals) = checked;
        report.refusals.add(refusals);
        checked.into_iter().for_each(|checked| report.add(checked));
    }
    report
}

async fn check_case(dir: &Path, folder: &Path) -> (Vec<Checked>, Refusals) {
    let mut refusals = Refusals::default();
    let name = folder.strip_prefix(dir).unwrap_or(folder).display().to_string();
    let case = match Case::read(folder) {
        Ok(case) => Arc::new(case),
        Err(error) => {
            let failures = vec![format!("the case cannot be read: {error}")];
            return (vec![Checked { name, failures, ..Checked::default() }], refusals);
        }
    };
    let mut results = Vec::new();
    for at in 0..case.interactions.len() {
        let interaction = &case.interactions[at];
        let name = format!("{name}/{}", interaction.number);
        let mut checked = Checked { name: name.clone(), ..Checked::default() };
        if let Err(difference) = refusals.check(&name, interaction) {
            checked.fail("refusal", difference);
        }
        if interaction.operation.is_none() {
            // Other operations are counted only where their verdicts differ.
            results.extend((!checked.failures.is_empty()).then_some(checked));
            continue;
        }
        checked.is_answer = interaction.is_success();
        if interaction.response.is_none() {
            checked.skipped = true;
            if interaction.expected.is_some() {
                checked.fail("expectation", "there is no response to compare it with");
            }
            results.push(checked);
            continue;
        }
        let task = tokio::spawn(check_interaction(case.clone(), at, checked));
        results.push(task.await.unwrap_or_else(|error| {
            let failures = vec![format!("panic: {}", panic_text(error))];
            Checked { name, failures, is_answer: interaction.is_success(), ..Checked::default() }
        }));
    }
    (results, refusals)
}

async fn check_interaction(case: Arc<Case>, at: usize, mut checked: Checked) -> Checked {
    let interaction: &Interaction = &case.interactions[at];
    let request = requests::check(interaction, &mut checked);
    answers::check(&case, interaction, request, &mut checked).await;
    turns::check(&case, at, &mut checked);
    checked
}

fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            text.unwrap_or("without words").to_owned()
        }
        Err(error) => error.to_string(),
    }
}
