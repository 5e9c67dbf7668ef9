//! Whether the model is there and can be called thus.

use super::{Refusal, Verdict, read::Asked};
use crate::Operation;

/// Prefixes of inference profiles.
const REGIONS: &[&str] = &["us", "eu", "apac", "jp", "au", "ca", "in", "us-gov", "global"];

/// Something that looks like a model id is one: which models there are changes by the week.
pub(super) fn exists(model_id: &str) -> Verdict {
    let id = match model_id.split_once('.') {
        Some((region, rest)) if REGIONS.contains(&region) => rest,
        _ => model_id,
    };
    let is_named = |id: &str| {
        id.split_once('.').is_some_and(|(provider, name)| !provider.is_empty() && !name.is_empty())
    };
    let is_written_well = id.chars().all(|letter| letter.is_ascii_graphic());
    if model_id.starts_with("arn:") || (is_named(id) && is_written_well) {
        Ok(())
    } else {
        Err(Refusal::validation("The provided model identifier is invalid."))
    }
}

pub(super) fn can_be_called(asked: &Asked<'_>) -> Verdict {
    let id = asked.model_id;
    if asked.endpoint.retired {
        let message = "This model version has reached the end of its life. \
                       Please refer to the AWS documentation for more details.";
        return Err(Refusal::new(404, "ResourceNotFoundException", message));
    }
    let is_regional = id.split_once('.').is_some_and(|(region, _)| REGIONS.contains(&region));
    let is_bare = if id.starts_with("arn:") { id.contains(":foundation-model/") } else { !is_regional };
    if asked.operation == Operation::CountTokens {
        // It takes models, not profiles; and none that has profiles only.
        if !asked.endpoint.counts_tokens || !is_bare {
            return Err(Refusal::validation("The provided model doesn't support counting tokens."));
        }
    } else if asked.endpoint.inference_profile_only && is_bare {
        return Err(Refusal::validation(format!(
            "Invocation of model ID {id} with on-demand throughput isn’t supported. Retry your request with \
             the ID or ARN of an inference profile that contains this model."
        )));
    }
    Ok(())
}
