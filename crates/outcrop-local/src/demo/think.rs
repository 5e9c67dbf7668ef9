//! Whether the demo model thinks, and whether its thoughts are shown and signed.
//!
//! # Invariants
//! - Thinking quotes the prompt and the names of tools, never the system prompt.

use outcrop_core::profile::ReasoningReplay;
use serde_json::Value;

use super::{
    calls::Call,
    view::{Choice, View},
    words::shorten,
};

/// How the model thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thinking {
    Off,
    /// Readable, without a signature.
    Unsigned,
    /// With a signature, as Claude does.
    Signed {
        /// Whether the text is sent; if not, the signature alone is.
        shown: bool,
    },
}

/// Claude families that omit the text unless asked for it, besides those that think by default.
const OMITTING: [&str; 2] = ["anthropic.claude-opus-4-7", "anthropic.claude-opus-4-8"];
/// Other families that always think.
const ALWAYS: [&str; 4] = ["openai.gpt-oss", "deepseek.r1", "minimax.", "moonshot.kimi-k2-thinking"];

impl Thinking {
    pub(super) fn of(view: &View<'_>) -> Self {
        let field = |pointer: &str| view.fields.pointer(pointer).and_then(Value::as_str);
        match view.profile.family.as_str() {
            "anthropic" => Self::of_claude(view, field("/thinking/type"), field("/thinking/display")),
            "amazon-nova" if view.bare_id.starts_with("amazon.nova-2") => {
                Self::if_on(field("/reasoningConfig/type") == Some("enabled"))
            }
            _ => {
                let effort = ["/reasoning_effort", "/reasoning_config", "/reasoning/effort"]
                    .iter()
                    .find_map(|path| field(path));
                let asked = effort.is_some_and(|effort| effort != "none")
                    && view.profile.thinking.replay != ReasoningReplay::Refused;
                Self::if_on(asked || ALWAYS.iter().any(|stem| view.bare_id.starts_with(stem)))
            }
        }
    }

    fn of_claude(view: &View<'_>, kind: Option<&str>, display: Option<&str>) -> Self {
        let by_default = view.profile.thinking.on_by_default;
        let omits = by_default || OMITTING.iter().any(|stem| view.bare_id.starts_with(stem));
        let on = match kind {
            Some("enabled") => true,
            // A forced choice is obeyed without thinking.
            Some("adaptive") => !matches!(view.choice, Choice::Any | Choice::Tool(_)),
            Some(_) => false,
            None => by_default && !matches!(view.choice, Choice::Any | Choice::Tool(_)),
        };
        let shown = match display {
            Some(display) => display != "omitted",
            None => !omits,
        };
        if on { Self::Signed { shown } } else { Self::Off }
    }

    fn if_on(on: bool) -> Self {
        if on { Self::Unsigned } else { Self::Off }
    }
}

/// The thinking before these calls, or before a text.
pub(super) fn thought(view: &View<'_>, prompt: &str, calls: &[Call]) -> String {
    let about = shorten(prompt.trim(), 120);
    let lead = match view.just_answered().len() {
        0 => format!("As a demo model I look at the words. The user says: “{about}”."),
        count => format!("I have {count} new result{} for “{about}”.", if count == 1 { "" } else { "s" }),
    };
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    match (names.is_empty(), view.tools.is_empty()) {
        (false, _) => format!("{lead} I will call {} with what the text gives.", names.join(" and ")),
        (true, false) => format!("{lead} No further tool is needed, so I answer."),
        (true, true) => format!("{lead} I can answer that at once."),
    }
}
