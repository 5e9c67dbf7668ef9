//! The request of a step: the rendered history and the tools that it needs.
//!
//! # Invariants
//! - Tools are declared where there are any, and where the history mentions some (R18); a list without a tool is never
//!   sent (R19).
//! - Cache points go to models that take them, and no more than 4; the oldest in the messages are dropped.
//! - A forced choice of tools holds for the first step of a turn: held for all, the turn could never end.

use std::sync::Arc;

use super::{
    fine_streaming,
    knowledge::Knowledge,
    output_strategy::{OutputAsk, OutputPlan, StrategyContext},
    thinking,
    tools::SentTools,
};
use crate::{
    tools::OutputSpec,
    turn::{
        Binding, Conversation, Diagnostic, DiagnosticCode, History, Rule, config::TurnConfig,
        render::sent_name,
    },
    wire::{ContentBlock, Request, Role, SystemContentBlock, ToolChoice, ToolConfig, ToolEntry, ToolSpec},
};

/// Which request of a turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The step, from 1.
    pub(crate) step: u32,
    /// It is the first request of its turn, and was not made before the turn was saved: what holds for all requests is
    /// reported with it.
    pub(crate) is_first: bool,
}

/// What a request held that its refusal may be about, and what its answer is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// It asks for fine-grained tool streaming by our own decision.
    pub(crate) fine_streaming: bool,
    /// It sends back what the model thought.
    pub(crate) reasoning: bool,
    /// Where its answer stands.
    pub(crate) binding: Binding,
    pub(super) tools: Arc<SentTools>,
    pub(super) output: Option<SentOutput>,
}

/// How a request asked for the output.
#[derive(Clone, Debug)]
pub(super) struct SentOutput {
    pub(super) spec: Arc<OutputSpec>,
    pub(super) plan: OutputPlan,
    pub(super) context: StrategyContext,
}

/// The request for the conversation as it is.
pub(crate) fn make(
    config: &TurnConfig,
    knowledge: &Knowledge,
    conversation: &Conversation,
    output: Option<&OutputAsk>,
    place: Place,
) -> (Request, Sent, Vec<Diagnostic>) {
    let history = &conversation.history;
    let mut diagnostics = Vec::new();
    let mut request = config.request.clone();
    let tools = knowledge.tools();
    put_tools(&mut request, config, &tools, history, output, place);
    if let Some(output) = output {
        output.ask(&mut request, !config.tools.is_empty());
    }
    let rendered = thinking::render(config, knowledge, history, &request);
    for (rule, entry) in &rendered.applied {
        if rule.is_lossy() && *entry >= conversation.reported && *rule != Rule::BoundReasoning {
            let message = format!("message {entry} was changed for this model: {rule}");
            diagnostics.push(Diagnostic::new(DiagnosticCode::from(rule), message));
        }
    }
    diagnostics.extend(thinking::omitted(knowledge, &rendered));
    request.messages = rendered.messages;
    let (fine_streaming, missed) =
        fine_streaming::resolve(config, knowledge, output, &mut request, place.is_first);
    diagnostics.extend(missed);
    let profile = knowledge.profile(config);
    if profile.caching.is_some() {
        keep_newest_cache_points(&mut request, MAX_CACHE_POINTS);
    } else if drop_cache_points(&mut request) && place.is_first {
        let text = "this model takes no cache points; they were left out";
        diagnostics.push(Diagnostic::new(DiagnosticCode::CachePoints, text));
    }
    if place.is_first && request.tool_config.is_some() && !profile.tools.streams {
        let text = "this model cannot stream while it has tools: each answer comes whole";
        diagnostics.push(Diagnostic::new(DiagnosticCode::NotStreamed, text));
    }
    let sent = Sent {
        fine_streaming,
        reasoning: thinking::is_sent(&request),
        binding: Binding { prefix: rendered.prefix, forgets: knowledge.kept.drop_thinking },
        output: output.and_then(|ask| {
            let (plan, context) = (ask.plan.clone()?, ask.context.clone()?);
            Some(SentOutput { spec: Arc::clone(&ask.spec), plan, context })
        }),
        tools,
    };
    (request, sent, diagnostics)
}

/// Puts the tools into a request, and the choice of one where that holds.
fn put_tools(
    request: &mut Request,
    config: &TurnConfig,
    tools: &SentTools,
    history: &History,
    output: Option<&OutputAsk>,
    place: Place,
) {
    let given = request.tool_config.take();
    let own = tools.specs(&config.tools).map(ToolEntry::ToolSpec);
    let mut entries: Vec<ToolEntry> =
        own.chain(given.iter().flat_map(|given| given.tools.iter().cloned())).collect();
    let mut tool_config = given.unwrap_or_else(|| ToolConfig::new(Vec::new()));
    let forced = matches!(tool_config.tool_choice, Some(ToolChoice::Any(_) | ToolChoice::Tool(_)));
    let none_left = entries.iter().all(|entry| matches!(entry, ToolEntry::CachePoint(_)));
    // The output's tool is one that is left.
    if none_left && !output.is_some_and(OutputAsk::by_tool) {
        entries = declared_again(history);
    }
    if forced && (none_left || place.step > 1) {
        tool_config.tool_choice = None;
    }
    if !entries.is_empty() {
        tool_config.tools = entries;
        request.tool_config = Some(tool_config);
    }
}

/// Takes out all cache points, for a model that refuses them (R90); tells whether there were any.
fn drop_cache_points(request: &mut Request) -> bool {
    let fixed = fixed_cache_points(request);
    request.system.retain(|block| !matches!(block, SystemContentBlock::CachePoint(_)));
    if let Some(config) = &mut request.tool_config {
        config.tools.retain(|entry| !matches!(entry, ToolEntry::CachePoint(_)));
    }
    keep_newest_cache_points(request, 0) || fixed > 0
}

/// Those among the tools and in the system prompt.
fn fixed_cache_points(request: &Request) -> usize {
    let tools = request.tool_config.iter().flat_map(|config| &config.tools);
    tools.filter(|entry| matches!(entry, ToolEntry::CachePoint(_))).count()
        + request.system.iter().filter(|block| matches!(block, SystemContentBlock::CachePoint(_))).count()
}

/// Most cache points that the service takes in a request.
const MAX_CACHE_POINTS: usize = 4;

/// Takes the oldest cache points out of the messages where there are too many in all (R86): a conversation that
/// marks each question would be refused at the fifth. What was cached by them is still found by the newer ones.
/// Tells whether any was taken out.
fn keep_newest_cache_points(request: &mut Request, most: usize) -> bool {
    let mut left = most.saturating_sub(fixed_cache_points(request));
    let mut taken = false;
    for message in request.messages.iter_mut().rev() {
        let mut at = message.content.len();
        while at > 0 {
            at -= 1;
            if matches!(message.content[at], ContentBlock::CachePoint(_)) {
                match left.checked_sub(1) {
                    Some(fewer) => left = fewer,
                    None => {
                        message.content.remove(at);
                        taken = true;
                    }
                }
            }
        }
    }
    taken
}

/// Specs for tools that a history without tools of its own speaks of (R18): the service wants them declared.
fn declared_again(history: &History) -> Vec<ToolEntry> {
    let mut names: Vec<String> = Vec::new();
    for message in history.messages().filter(|message| message.role == Role::Assistant) {
        for tool_use in message.tool_uses() {
            let name = sent_name(&tool_use.name);
            if !names.iter().any(|known| *known == name) {
                names.push(name.into_owned());
            }
        }
    }
    let spec = |name: String| {
        let schema = serde_json::json!({ "type": "object", "properties": {} });
        ToolSpec::with_schema(name, "No longer offered: do not call it.", schema)
    };
    names.into_iter().map(|name| ToolEntry::ToolSpec(spec(name))).collect()
}
