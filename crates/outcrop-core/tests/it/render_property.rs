//! What holds of every rendering: the service takes its shape, and what was sent stays a prefix of what is sent
//! next.

use outcrop_core::{turn::*, wire::*};
use proptest::{collection::vec, prelude::*};

use crate::{
    generate::{apply, messages, ops},
    shape::{PROFILES, flat, flaw},
    support::cases,
};

fn well_formed(history: &History) -> Result<(), TestCaseError> {
    let loaded: History = serde_json::from_str(&serde_json::to_string(history).unwrap()).unwrap();
    for (model, profile) in PROFILES.iter() {
        let rendered = render(history, profile, model);
        if let Some(flaw) = flaw(&rendered.messages, profile) {
            let messages = serde_json::to_string(&rendered.messages).unwrap();
            return Err(TestCaseError::fail(format!("{model}: {flaw}: {messages}")));
        }
        let again = render(&loaded, profile, model);
        prop_assert_eq!(flat(&again.messages), flat(&rendered.messages), "saved and loaded, {}", model);
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(192))]

    /// D5: for every profile, `render(h)` is a prefix of `render(h + step)` whenever `h` ends with the user.
    #[test]
    fn what_was_sent_stays_a_prefix(ops in ops()) {
        let profiles = &*PROFILES;
        let mut sent = vec![Vec::new(); profiles.len()];
        let mut history = History::new();
        for op in ops {
            apply(&mut history, op);
            for ((model, profile), sent) in profiles.iter().zip(&mut sent) {
                let now = flat(&render(&history, profile, model).messages);
                prop_assert!(now.starts_with(sent), "{}:\n{:?}\n{:?}", model, sent, now);
                if history.messages().last().is_some_and(|message| message.role == Role::User) {
                    *sent = now;
                }
            }
        }
    }

    /// R1–R6, R12–R16, R26–R33, R61–R63 in any history, at any moment.
    #[test]
    fn histories_are_rendered_well_formed(ops in ops()) {
        let mut history = History::new();
        for op in ops {
            apply(&mut history, op);
        }
        well_formed(&history)?;
    }

    /// R26: the same for conversations from elsewhere, with calls and results in any disorder.
    #[test]
    fn foreign_conversations_are_mended(messages in vec(messages(&["user", "assistant", "system", "tool"], 4), 1..8)) {
        well_formed(&History::from_messages(messages))?;
    }

    /// R71: whole turns can be taken off either end.
    #[test]
    fn cut_histories_stay_well_formed(ops in ops(), turns in 0usize..4, pop: bool) {
        let mut history = History::new();
        for op in ops {
            apply(&mut history, op);
        }
        if pop {
            history.pop_turn();
        }
        history.keep_turns(turns);
        well_formed(&history)?;
    }
}
