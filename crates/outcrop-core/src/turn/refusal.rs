//! What a turn makes of a request that was refused: it learns from it and asks once more, or fails.
//!
//! # Invariants
//! - The same request is never asked for twice: each refusal that is asked again takes something away that the next request
//!   has no more, so that this comes to an end.
//! - Texts are matched narrowly, since a wrong fact is worse than none (D6).

use super::{ActionId, Phase, Recovery, Turn, TurnFailure};
use crate::Fact;

impl Turn {
    /// The Converse action `id` failed; `refusal` is the service's text where it refused the request.
    ///
    /// A refusal that teaches a fact about the model is asked once more, with the request rendered anew, as long
    /// as nothing of the answer had come (R7). So is one of what the model thought before, without that (R70). A
    /// failure after `messageStop` changes nothing (R105).
    pub fn on_converse_error(&mut self, id: ActionId, refusal: Option<&str>) -> Recovery {
        let refuses_fine = refusal.is_some_and(|refusal| self.refuses_fine(refusal));
        match &mut self.phase {
            Phase::Asking(asking) if asking.id == id => {
                let untouched = asking.assembler.is_empty();
                // First, since this refusal speaks of betas too.
                if untouched && let Some(recovery) = refusal.and_then(|text| self.forget(text)) {
                    return recovery;
                }
                // Whether to stream is the model's business, and asking the same again would not help.
                let fact = refusal.and_then(Fact::from_refusal).filter(|fact| *fact != Fact::NoToolStreaming);
                let fact = fact.or(refuses_fine.then_some(Fact::NoFineTools));
                let fact = fact.filter(|fact| self.profile().clone().with_fact(*fact) != *self.profile());
                if let (Some(fact), true) = (fact, untouched) {
                    self.learn(fact);
                    self.ask_again();
                    let text =
                        format!("the model refused the request, which taught {fact:?}; asking once more");
                    self.diagnose("learned", text, None);
                    return Recovery::Learned(fact);
                }
                let refusal = refusal.filter(|_| untouched);
                let again = refusal.and_then(|text| {
                    let again = self.loosen(text).or_else(|| self.climb_down(text));
                    again.or_else(|| self.loosen_costliest(text))
                });
                if let Some(recovery) = again {
                    return recovery;
                }
                self.fail(TurnFailure::Converse);
                Recovery::Failed
            }
            Phase::Dispatching { stream, .. } if *stream == Some(id) => {
                *stream = None;
                self.diagnose(
                    "stream_error_after_answer",
                    "the stream broke after the answer was final",
                    None,
                );
                self.advance();
                Recovery::Failed
            }
            _ => Recovery::Failed,
        }
    }

    /// Asks for the answer of the step at hand once more, with the request made anew.
    pub(super) fn ask_again(&mut self) {
        self.attempt += 1;
        self.reported = self.reported_before;
        self.phase = Phase::Due;
    }

    pub(super) fn learn(&mut self, fact: Fact) {
        self.taught = Some(Box::new(self.profile().clone().with_fact(fact)));
        if let Some(shown) = &mut self.shown {
            shown.stale = true;
        }
        self.learned.push(fact);
    }
}
