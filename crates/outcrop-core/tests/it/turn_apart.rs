//! An answer that is read apart from its turn and comes back as JSON is the same as one that was streamed into it.

use outcrop_core::{profile::*, turn::*, wire::*};
use proptest::{
    collection::vec,
    prelude::{Strategy, *},
    sample::select,
};

use crate::{
    output::{NATIVE, TOOLS, WORDS, beside},
    output_property,
    support::{cases, config},
    turn_property,
};

/// How a stream ends.
#[derive(Clone, Copy, Debug)]
enum End {
    InOrder,
    Throttled,
    Refused,
}

/// The events of an answer, cut anywhere, and how its stream ends.
fn cut(answers: impl Strategy<Value = Vec<StreamEvent>>) -> impl Strategy<Value = (Vec<StreamEvent>, End)> {
    let end = prop_oneof![5 => Just(End::InOrder), 2 => Just(End::Throttled), 1 => Just(End::Refused)];
    (answers, end, any::<prop::sample::Index>(), 0u8..4).prop_map(|(mut events, end, at, cuts)| {
        if !matches!(end, End::InOrder) && cuts > 0 {
            events.truncate(at.index(events.len() + 1));
        }
        // The service says the same of a call in two ways.
        if cuts == 3 {
            events.push(crate::support::metadata(5));
        }
        (events, end)
    })
}

struct Side {
    turn: Turn,
    /// What the attempts gave, and what the turn gave.
    apart: Vec<String>,
    events: Vec<String>,
    is_apart: bool,
    actions: Vec<String>,
}

impl Side {
    fn new(config: &TurnConfig, is_apart: bool) -> Self {
        let turn = Turn::new(config.clone().into(), History::new(), Message::user("Go"), "t", Time(0));
        Self { turn, apart: Vec::new(), events: Vec::new(), is_apart, actions: Vec::new() }
    }

    fn answer(&mut self, ask: &ConverseAction, events: &[StreamEvent], end: End) {
        let failure = match end {
            End::InOrder => None,
            End::Throttled => Some(CallFailure::new(FailureClass::Throttled)),
            End::Refused => Some(CallFailure::refused(
                "Conversation blocks and tool result blocks cannot be provided in the same turn",
            )),
        };
        if self.is_apart {
            let mut attempt = ask.read_apart();
            events.iter().for_each(|event| attempt.on_event(event.clone()));
            if let Some(failure) = failure {
                attempt.on_failed(failure.clone());
                attempt.on_failed(failure);
                attempt.on_event(crate::support::metadata(9));
            }
            while let Some(event) = attempt.next_event() {
                self.apart.push(serde_json::to_string(&event).unwrap());
            }
            let answer = attempt.finish();
            let json = serde_json::to_string(&answer).unwrap();
            let again: FinishedAnswer = serde_json::from_str(&json).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), json);
            self.turn.on_answer(ask.id, again, Time(0));
        } else {
            events.iter().for_each(|event| self.turn.on_stream_event(ask.id, event.clone(), Time(0)));
            match failure {
                Some(failure) => {
                    self.turn.on_call_failed(ask.id, failure.clone(), Time(0));
                    self.turn.on_call_failed(ask.id, failure, Time(0));
                    self.turn.on_stream_event(ask.id, crate::support::metadata(9), Time(0));
                }
                None => self.turn.on_stream_end(ask.id, Time(0)),
            }
        }
        self.take_events();
    }

    fn take_events(&mut self) {
        while let Some(event) = self.turn.next_event() {
            self.events.push(serde_json::to_string(&event).unwrap());
        }
    }

    fn go(&mut self, answers: &[(Vec<StreamEvent>, End)]) {
        let mut answers = answers.iter();
        while let Some(action) = self.turn.next_action() {
            self.take_events();
            match action {
                Action::Converse(ask) => {
                    let body = String::from_utf8(ask.request.to_json_bytes().unwrap()).unwrap();
                    self.actions.push(format!("{} {body}", ask.id));
                    let Some((events, end)) = answers.next() else { break };
                    self.answer(&ask, events, *end);
                }
                Action::Dispatch(dispatch) => {
                    self.actions.push(format!("{:?}", dispatch.to_data()));
                    let content = vec!["ok".into()];
                    self.turn.on_tool_result(dispatch.id, content, ToolResultStatus::Success, Time(0));
                }
                Action::Wait(wait) => {
                    self.actions.push(format!("{wait:?}"));
                    self.turn.on_elapsed(wait.id, Time(0).max(wait.until));
                }
                other => self.actions.push(format!("{other:?}")),
            }
            self.take_events();
        }
        self.take_events();
    }
}

/// The answers of a turn, streamed and read apart.
fn check(config: &TurnConfig, answers: &[(Vec<StreamEvent>, End)]) -> Result<(), TestCaseError> {
    let [streamed, apart] = [false, true].map(|is_apart| {
        let mut side = Side::new(config, is_apart);
        side.go(answers);
        side
    });
    prop_assert_eq!(&apart.actions, &streamed.actions);
    let (mut of_attempts, mut of_turn) = (apart.apart.into_iter().peekable(), Vec::new());
    for event in streamed.events {
        if of_attempts.next_if_eq(&event).is_none() {
            of_turn.push(event);
        }
    }
    prop_assert_eq!(of_attempts.collect::<Vec<_>>(), Vec::<String>::new());
    prop_assert_eq!(&apart.events, &of_turn);
    // What is reported after the end of the message comes later on the stream.
    let sorted = |diagnostics: &[Diagnostic]| {
        let mut diagnostics: Vec<String> = diagnostics.iter().map(|one| format!("{one:?}")).collect();
        diagnostics.sort();
        diagnostics
    };
    prop_assert_eq!(sorted(apart.turn.diagnostics()), sorted(streamed.turn.diagnostics()));
    prop_assert_eq!(apart.turn.usage(), streamed.turn.usage());
    let outcome = |turn: &Turn| match turn.outcome()? {
        Ok(outcome) => {
            let mut outcome = outcome.clone();
            let diagnostics = sorted(&std::mem::take(&mut outcome.diagnostics));
            Some(format!("{} {diagnostics:?}", serde_json::to_string(&outcome).unwrap()))
        }
        Err(failure) => Some(format!("{failure:?}")),
    };
    prop_assert_eq!(outcome(&apart.turn), outcome(&streamed.turn));
    let said = |turn: Turn| serde_json::to_string(&turn.into_conversation()).unwrap();
    prop_assert_eq!(said(apart.turn), said(streamed.turn));
    Ok(())
}

proptest! {
    #![proptest_config(cases(384))]

    #[test]
    fn an_answer_read_apart_is_the_same(answers in vec(cut(turn_property::answers()), 1..4), attempts in 1u32..3) {
        let mut config = config().retry(RetryPolicy::new(attempts));
        config.target_mut().profile = Profile::permissive();
        check(&config, &answers)?;
    }

    #[test]
    fn an_output_read_apart_is_the_same(
        answers in vec(cut(output_property::answers()), 1..4),
        model in select(vec![NATIVE, TOOLS, WORDS]),
        list in any::<bool>(),
        attempts in 1u32..3,
    ) {
        let config = beside(model, output_property::spec(list)).retry(RetryPolicy::new(attempts));
        check(&config, &answers)?;
    }
}
