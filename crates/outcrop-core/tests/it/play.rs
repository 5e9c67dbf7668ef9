//! A turn that is driven by a script of words, with a transcript of all that came of it.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use outcrop_core::{tools::*, turn::*, wire::*};
use serde_json::json;

use crate::support::{arg, call, compact, end, metadata, sign, stop, text, think};

/// Tools that are named after their policies; each takes any object.
///
/// | letters | policy |
/// |---|---|
/// | `p` | none |
/// | `s` | sequential |
/// | `t`, `u` | a timeout of 1 and 3 seconds |
/// | `a` | approval |
/// | `r` | read only |
/// | `o` | once |
pub fn tools(names: &[&str]) -> Arc<ToolSet> {
    let tools = names.iter().map(|name| {
        let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
        let mut tool = ToolDef::from(ToolSpec::with_schema(*name, "A tool.", schema));
        let has = |letter| name.contains(letter);
        tool.policy.sequential = has('s');
        tool.policy.approval = has('a');
        tool.policy.read_only = has('r');
        tool.policy.once = has('o');
        let timeout = [('t', 1), ('u', 3)].into_iter().find(|(letter, _)| has(*letter));
        tool.policy.timeout = timeout.map(|(_, seconds)| Duration::from_secs(seconds));
        tool
    });
    Arc::new(ToolSet::new(tools).unwrap())
}

/// The tools that scripts call.
pub const TOOLS: [&str; 13] = ["p", "s", "t", "u", "a", "r", "o", "sa", "ta", "st", "ro", "rt", "ra"];

pub fn config() -> TurnConfig {
    TurnConfig::new("anthropic.claude-sonnet-4-6", tools(&TOOLS))
}

/// A turn and its driver.
pub struct Play {
    pub config: Arc<TurnConfig>,
    pub turn: Turn,
    pub log: String,
    /// All events, as JSON.
    pub events: Vec<String>,
    /// The bodies of all requests.
    pub requests: Vec<String>,
    pub asks: Vec<ConverseAction>,
    pub questions: Vec<DecideAction>,
    pub dispatched: Vec<DispatchAction>,
    pub waits: Vec<WaitAction>,
    pub cancelled: Vec<ActionId>,
    /// Answers are read apart from the turn.
    pub reads_apart: bool,
    /// The message of the last request is complete.
    pub is_complete: bool,
    attempt: Option<Attempt>,
    now: Time,
    block: u32,
    is_over: bool,
}

impl Play {
    pub fn new(config: TurnConfig) -> Self {
        Self::over(config, History::new())
    }

    pub fn over(config: TurnConfig, history: History) -> Self {
        let config = Arc::new(config);
        let turn = Turn::new(Arc::clone(&config), history, Message::user("Go"), "t", Time(0));
        Self {
            config,
            turn,
            log: String::new(),
            events: Vec::new(),
            requests: Vec::new(),
            asks: Vec::new(),
            questions: Vec::new(),
            dispatched: Vec::new(),
            waits: Vec::new(),
            cancelled: Vec::new(),
            reads_apart: false,
            is_complete: false,
            attempt: None,
            now: Time(0),
            block: 0,
            is_over: false,
        }
    }

    /// Drives the turn by all words of `script`, and takes every action after each.
    pub fn run(&mut self, script: &str) -> &mut Self {
        while self.act() {}
        for word in script.split_whitespace() {
            self.report(word);
            while self.act() {}
        }
        self
    }

    fn line(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.log, "{line}");
    }

    /// Takes one action; whether there was one.
    pub fn act(&mut self) -> bool {
        let action = self.turn.next_action();
        self.take_events();
        let Some(action) = action else {
            self.tell_outcome();
            return false;
        };
        match action {
            Action::Converse(ask) => {
                let single = if ask.single_attempt { ", single" } else { "" };
                self.line(format!("{} (attempt {}{single})", ask.id, ask.attempt));
                let body = String::from_utf8(ask.request.to_json_bytes().unwrap()).unwrap();
                self.requests.push(format!("{} {body}", ask.id));
                self.attempt = self.reads_apart.then(|| ask.read_apart());
                self.asks.push(ask);
                (self.block, self.is_complete) = (0, false);
            }
            Action::Dispatch(dispatch) => {
                let call = &dispatch.call;
                let input = call.input.text().as_str();
                self.line(format!("{} {} {} `{input}`", dispatch.id, call.tool_use_id, call.name));
                self.dispatched.push(dispatch);
            }
            Action::Wait(wait) => {
                assert_eq!(wait.id.to_string().rsplit('-').next(), Some(&*wait.until.0.to_string()));
                self.line(wait.id);
                self.waits.push(wait);
            }
            Action::Cancel(cancel) => {
                self.line(format!("cancel {}", cancel.id));
                self.cancelled.push(cancel.id);
            }
            Action::Decide(decide) => {
                assert_eq!(decide.call.input_hash, InputHash::of(&decide.call.input));
                self.line(format!("{} {} `{}`", decide.id, decide.call.tool_use_id, decide.call.input));
                self.questions.push(decide);
            }
            Action::Remember(remember) => self.line(format!("remember {:?}", remember.fact)),
            other => panic!("{other:?}"),
        }
        true
    }

    pub fn take_events(&mut self) {
        let apart = |attempt: &mut Attempt| std::iter::from_fn(|| attempt.next_event()).collect();
        let mut events: Vec<TurnEvent> = self.attempt.as_mut().map(apart).unwrap_or_default();
        events.extend(std::iter::from_fn(|| self.turn.next_event()));
        for event in events {
            self.events.push(serde_json::to_string(&event).unwrap());
            match event.kind {
                EventKind::Diagnostic(told) => self.line(format!("diagnostic {}", told.code)),
                EventKind::ToolEnd(end) => self.line(format!("result {}", compact(&end.result))),
                EventKind::AttemptDiscarded(discarded) => {
                    self.line(format!("discarded {}", serde_json::to_string(&discarded).unwrap()));
                }
                EventKind::OutputRejected(_) => self.line("rejected"),
                _ => {}
            }
        }
    }

    fn tell_outcome(&mut self) {
        let end = match self.turn.outcome() {
            Some(Ok(answer)) => format!("answered: `{}`", answer.message.text()),
            Some(Err(failure)) => format!("failed: {failure}"),
            None => return,
        };
        if !std::mem::replace(&mut self.is_over, true) {
            self.line(end);
        }
    }

    /// The id of an action, given as a whole or as the place of a call of the step at hand.
    pub fn id(&self, kind: &str, place: &str) -> ActionId {
        let attempt = self.asks.last().map_or(1, |ask| ask.attempt);
        match place.contains('-') {
            true => place.parse().unwrap(),
            false => format!("{kind}-{}-{attempt}-{place}", self.turn.step()).parse().unwrap(),
        }
    }

    /// Reports what `word` says: a verb, an argument after `:`, and the time after `@`.
    pub fn report(&mut self, word: &str) {
        let (said, at) = word.rsplit_once('@').map_or((word, None), |(said, at)| (said, Some(at)));
        let (verb, of) = said.split_once(':').unwrap_or((said, ""));
        if let Some(at) = at {
            self.now = Time(at.parse().unwrap());
        }
        self.line(format!("> {word}"));
        let now = self.now;
        let asked = self.asks.last().map_or_else(|| "converse-0-0-0".parse().unwrap(), |ask| ask.id);
        let block = self.block;
        let events = match verb {
            "say" => vec![text(block, of), stop(block)],
            "begin" => vec![text(block, of)],
            "think" => vec![think(block, of), sign(block, "s"), stop(block)],
            "call" => {
                let mut parts = of.splitn(3, ',');
                let (id, name) = (parts.next().unwrap(), parts.next().unwrap());
                vec![call(block, id, name), arg(block, parts.next().unwrap_or("{}")), stop(block)]
            }
            "end" => vec![end(if of.is_empty() { "tool_use" } else { of })],
            "meta" => vec![metadata(of.parse().unwrap())],
            _ => Vec::new(),
        };
        if !events.is_empty() {
            self.block += 1;
        }
        self.is_complete |= verb == "end";
        match &mut self.attempt {
            Some(attempt) => events.into_iter().for_each(|event| attempt.on_event(event)),
            None => events.into_iter().for_each(|event| self.turn.on_stream_event(asked, event, now)),
        }
        match verb {
            "close" if self.attempt.is_some() => self.finish(None),
            "close" => self.turn.on_stream_end(asked, now),
            "fail" if self.attempt.is_some() => self.finish(Some(failure(of))),
            "fail" => self.turn.on_call_failed(asked, failure(of), now),
            "done" => self.result(of, ToolResultStatus::Success),
            "error" => self.result(of, ToolResultStatus::Error),
            "gone" => self.turn.on_cancelled(self.id("dispatch", of), now),
            "progress" => {
                self.turn.on_tool_progress(self.id("dispatch", of), RawJson::of(&1).unwrap(), now);
            }
            "allow" => self.decide(of, Decision::Allow, false),
            "other" => self.decide(of, Decision::Allow, true),
            "deny" => self.decide(of, Decision::Deny { message: "not today".to_owned() }, false),
            "answer" => {
                let content = vec!["done by hand".into()];
                self.decide(of, Decision::Answer { content, status: ToolResultStatus::Success }, false);
            }
            "elapse" => {
                let last = self.waits.last().map(|wait| wait.id);
                let id = if of.is_empty() { last } else { of.parse().ok() };
                id.into_iter().for_each(|id| self.turn.on_elapsed(id, now));
            }
            "open" => {
                let open = self.turn.outstanding().into_iter().map(|action| {
                    format!("{}{}", action.id, if action.cancelled { " (cancelled)" } else { "" })
                });
                let open = open.collect::<Vec<_>>().join(", ");
                self.line(format!("outstanding: {open}"));
            }
            "reload" => self.reload(),
            "say" | "begin" | "think" | "call" | "end" | "meta" => {}
            other => panic!("`{other}` is not a verb"),
        }
        self.take_events();
    }

    /// Ends the attempt that is read apart, and gives its answer to the turn as it can be kept.
    fn finish(&mut self, failure: Option<CallFailure>) {
        failure.into_iter().for_each(|failure| self.attempt.as_mut().unwrap().on_failed(failure));
        self.take_events();
        let answer = serde_json::to_string(&self.attempt.take().unwrap().finish()).unwrap();
        let asked = self.asks.last().unwrap().id;
        self.turn.on_answer(asked, serde_json::from_str(&answer).unwrap(), self.now);
    }

    fn result(&mut self, place: &str, status: ToolResultStatus) {
        let content = vec![format!("result of {place}").as_str().into()];
        self.turn.on_tool_result(self.id("dispatch", place), content, status, self.now);
    }

    fn decide(&mut self, place: &str, decision: Decision, about_another: bool) {
        let id = self.id("decide", place);
        let asked = self.questions.iter().rfind(|question| question.id == id);
        let hash = match asked {
            Some(question) if !about_another => question.call.input_hash,
            _ => InputHash::of("another input"),
        };
        self.turn.on_decision(id, hash, decision, self.now);
    }

    /// The time that was reported last.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Saves the turn as a string and goes on with what can be read from that.
    pub fn reload(&mut self) {
        self.take_events();
        let saved = serde_json::to_string(&self.turn.save()).unwrap();
        let saved = serde_json::from_str(&saved).unwrap();
        self.turn = Turn::resume(Arc::clone(&self.config), saved, self.now).unwrap();
    }

    /// The conversation so far: who said what.
    pub fn said(&self) -> Vec<String> {
        let said = |message: &Message| {
            let blocks = message.content.iter().map(|block| match block {
                ContentBlock::Text(text) => text.clone(),
                ContentBlock::ToolResult(result) => compact(result),
                other => other.kind().unwrap().into_owned(),
            });
            format!("{}: {}", message.role, blocks.collect::<Vec<_>>().join(" + "))
        };
        self.turn.history().messages().map(said).collect()
    }
}

/// A failure by its name in a script.
fn failure(name: &str) -> CallFailure {
    let class = match name {
        "throttled" => return CallFailure::new(FailureClass::Throttled).code("ThrottlingException"),
        "later" => return CallFailure::new(FailureClass::Overloaded).retry_after(60_000),
        "alone" => {
            let text = "Conversation blocks and tool result blocks cannot be provided in the same turn";
            return CallFailure::refused(text);
        }
        "bound" => return CallFailure::refused("The block is bound to a different conversation."),
        "native" => return CallFailure::refused("This model doesn't support the outputConfig field."),
        "no" => return CallFailure::refused("no"),
        "broken" => FailureClass::Broken,
        "denied" => FailureClass::Denied,
        "quota" => FailureClass::Quota,
        "long" => FailureClass::TooLong,
        "budget" => FailureClass::Budget,
        "credentials" => FailureClass::Credentials,
        "notready" => FailureClass::NotReady,
        "idle" => FailureClass::Timeout(TimeoutPhase::Idle),
        other => panic!("`{other}` is not a failure"),
    };
    CallFailure::new(class)
}
