//! What a model thought and binds to all that stood before it (R70).
//!
//! # Invariants
//! - As long as nothing changes before an answer, what was thought in it goes back. Where something did, it is left out of
//!   what is sent and stays in the history; that is told once for each change.
//! - A refusal by which the service says that it is bound elsewhere is asked again without all that was thought. There is
//!   nothing left then that could be refused so: this cannot go on for ever.

use super::{Phase, Recovery, Turn};
use crate::{
    ContentBlock, Fact, Request, Rule,
    render::{Prefix, Rendered, render_behind},
};

/// What the service says of a block that it would take behind another prefix.
const BOUND_ELSEWHERE: &str = "bound to a different conversation";

impl Turn {
    /// The history as it goes behind what `request` holds.
    pub(super) fn render_behind(&self, request: &Request) -> Rendered {
        let prefix = self.profile().thinking.bound_to_prefix.then(|| Prefix::before_messages(request));
        let forgotten = if self.forgets { self.history.len() } else { 0 };
        render_behind(&self.history, self.profile(), &self.config.model_id, prefix, forgotten)
    }

    /// Tells of reasoning that is left out from here on; what was refused was told of then.
    pub(super) fn tell_unbound(&mut self, rendered: &Rendered) {
        if !rendered.prefix_changed || self.forgets {
            return;
        }
        let left_out = |(rule, entry): &(Rule, usize)| (*rule == Rule::BoundReasoning).then_some(*entry);
        let mut entries: Vec<usize> = rendered.applied.iter().filter_map(left_out).collect();
        entries.dedup();
        if let Some(first) = entries.first() {
            let text = format!(
                "what the model thought in {} messages, the first of them message {first}, is left out: it holds only \
                 behind the tools, the system prompt and the messages that it was thought behind, and these have changed",
                entries.len()
            );
            self.diagnose(Rule::BoundReasoning.as_str(), text, None);
        }
    }

    /// What a refusal of the request at hand means for what was thought before: the turn asks once more without.
    pub(super) fn forget(&mut self, refusal: &str) -> Option<Recovery> {
        let Phase::Asking(asking) = &self.phase else { return None };
        if !asking.reasons || !refusal.contains(BOUND_ELSEWHERE) {
            return None;
        }
        self.forgets = true;
        let known = self.profile().thinking.bound_to_prefix;
        if !known {
            self.learn(Fact::BindsThinking);
        }
        self.ask_again();
        let text = "the service takes what the model thought only behind the exact prefix that it was thought behind; \
                    asking once more without all that was thought so far";
        self.diagnose(Rule::BoundReasoning.as_str(), text, None);
        Some(if known { Recovery::AsksAgain } else { Recovery::Learned(Fact::BindsThinking) })
    }
}

/// Whether a request sends back what a model thought.
pub(super) fn sends_reasoning(request: &Request) -> bool {
    let mut blocks = request.messages.iter().flat_map(|message| &message.content);
    blocks.any(|block| matches!(block, ContentBlock::ReasoningContent(_)))
}
