//! Temperature and its like, and the fields that only the model knows.

use outcrop_core::profile::Sampling;
use serde_json::Value;

use super::{Refusal, Verdict, read::Asked};

/// Guess: which of its addresses the service names.
const HELP: &str = "https://docs.claude.com/en/docs/build-with-claude/extended-thinking\
                    #important-considerations-when-using-extended-thinking";

pub(super) fn request_fields(asked: &Asked<'_>) -> Verdict {
    let Some(taken) = &asked.endpoint.request_fields else { return Ok(()) };
    let fields = asked.at("/additionalModelRequestFields").and_then(Value::as_object);
    match fields.into_iter().flatten().find(|(name, _)| !taken.contains(name)) {
        Some((name, _)) => Err(Refusal::by_model(format!("{name}: Extra inputs are not permitted"))),
        None => Ok(()),
    }
}

/// Tools that Anthropic runs on its own platform and Bedrock does not have.
const ELSEWHERE: [&str; 4] = ["web_search_", "web_fetch_", "code_execution_", "mcp_toolset"];

pub(super) fn own_tools(asked: &Asked<'_>) -> Verdict {
    if !asked.speaks_anthropic() {
        return Ok(());
    }
    let tools = asked.field("tools").and_then(Value::as_array);
    for (at, tool) in tools.into_iter().flatten().enumerate() {
        let Some(kind) = tool.get("type").and_then(Value::as_str) else { continue };
        if ELSEWHERE.iter().any(|prefix| kind.starts_with(prefix)) {
            // Guess: the tags, which change with the model.
            return Err(Refusal::by_model(format!(
                "tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags: \
                 'bash_20250124', 'computer_20250124', 'custom', 'memory_20250818', 'text_editor_20250728'"
            )));
        }
    }
    Ok(())
}

/// A setting of Converse, or Anthropic's own.
fn setting(asked: &Asked<'_>, converse: &str, own: &str) -> Option<f64> {
    let converse = asked.at(&format!("/inferenceConfig/{converse}"));
    converse.or_else(|| asked.field(own)).and_then(Value::as_f64)
}

pub(super) fn settings(asked: &Asked<'_>) -> Verdict {
    let temperature = setting(asked, "temperature", "temperature");
    let top_p = setting(asked, "topP", "top_p");
    match asked.profile.sampling {
        Sampling::One if temperature.is_some() && top_p.is_some() => Err(Refusal::by_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        )),
        Sampling::Refused => {
            let top_k = asked.field("top_k").and_then(Value::as_f64);
            let changed = |value: Option<f64>| value.is_some_and(|value| value != 1.0);
            let name = if changed(temperature) {
                "temperature"
            } else if changed(top_p) {
                "top_p"
            } else if top_k.is_some() {
                "top_k"
            } else {
                return Ok(());
            };
            if asked.speaks_anthropic() {
                Err(Refusal::by_model(format!("`{name}` is deprecated for this model.")))
            } else {
                // Guess.
                Err(Refusal::by_model(format!(
                    "Unsupported parameter: '{name}' is not supported with this model."
                )))
            }
        }
        _ => Ok(()),
    }
}

pub(super) fn while_thinking(asked: &Asked<'_>) -> Verdict {
    if !asked.speaks_anthropic() || asked.thinking() != Some("enabled") {
        return Ok(());
    }
    let refuse =
        |what: &str| Err(Refusal::by_model(format!("{what} Please consult our documentation at {HELP}")));
    if setting(asked, "temperature", "temperature").is_some_and(|temperature| temperature != 1.0) {
        return refuse("`temperature` may only be set to 1 when thinking is enabled.");
    }
    if setting(asked, "topP", "top_p").is_some_and(|top_p| top_p < 0.9499) {
        return refuse("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.");
    }
    if asked.field("top_k").is_some() {
        return refuse("`top_k` must be unset when thinking is enabled.");
    }
    Ok(())
}
