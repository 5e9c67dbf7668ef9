//! Whether a request asks for fine-grained tool streaming.
//!
//! Without it Claude holds back each parameter of a tool until it is complete and valid (R39). With it the input
//! flows as it is written, and may come damaged (R41). It is a matter of a whole request (R40).
//!
//! # Invariants
//! - Only a request that can be streamed asks for it.

use super::{knowledge::Knowledge, output_strategy::OutputAsk};
use crate::{
    profile::Support,
    turn::{
        Diagnostic, DiagnosticCode,
        config::{ToolStreaming, TurnConfig},
    },
    wire::{Request, features::asks_for_fine_tool_streaming},
};

/// Whether the next request asks for it.
fn wanted(config: &TurnConfig, knowledge: &Knowledge, output: Option<&OutputAsk>) -> bool {
    let (tools, profile) = (&config.tools, knowledge.profile(config));
    let output = output.filter(|output| output.by_tool());
    profile.tools.streams
        && (!tools.is_empty() || output.is_some())
        && match knowledge.tool_streaming {
            ToolStreaming::Auto => {
                let live = tools.any_live() || output.is_some_and(|output| output.spec.is_live());
                live && profile.tools.fine_streaming == Support::Yes
            }
            ToolStreaming::Fine => profile.tools.fine_streaming != Support::No,
            ToolStreaming::Buffered => false,
        }
}

/// Sets the feature of `request`; whether it is ours to give up where it is refused.
pub(super) fn resolve(
    config: &TurnConfig,
    knowledge: &Knowledge,
    output: Option<&OutputAsk>,
    request: &mut Request,
    first: bool,
) -> (bool, Option<Diagnostic>) {
    let own = request.additional_model_request_fields.as_ref();
    let asks_already = own.is_some_and(asks_for_fine_tool_streaming);
    let mut diagnostic = None;
    if wanted(config, knowledge, output) && !asks_already {
        request.features.fine_tool_streaming = true;
        let conflicts = request.features.conflicts(own);
        if let Some(name) = conflicts.first() {
            request.features.fine_tool_streaming = false;
            let text = format!(
                "`{name}` in the additional request fields cannot be merged with fine-grained tool streaming, which was left out"
            );
            diagnostic = first.then(|| Diagnostic::new(DiagnosticCode::FeaturesConflict, text));
        }
    }
    let requested = request.features.fine_tool_streaming;
    let missed = knowledge.tool_streaming == ToolStreaming::Fine && !config.tools.is_empty() && !requested;
    if missed && first && !asks_already && diagnostic.is_none() {
        let text = "this model does not take fine-grained tool streaming: inputs may come in bursts";
        diagnostic = Some(Diagnostic::new(DiagnosticCode::ToolsNotFine, text));
    }
    (requested, diagnostic)
}
