//! Codes and texts of Bedrock, as data: what they mean for a caller.
//!
//! Texts are matched in lower case and without the apostrophes, which are typographic in some of them.

/// The account sent too much.
pub(super) const THROTTLING_CODES: &[&str] =
    &["ThrottlingException", "ServiceQuotaExceededException", "TooManyRequestsException", "Throttling"];

/// Sending again may help; throttling is told apart by [`THROTTLING_CODES`].
pub(super) const RETRYABLE_CODES: &[&str] = &[
    "ModelTimeoutException",
    "ModelErrorException",
    "ModelStreamErrorException",
    "ModelNotReadyException",
    "InternalServerException",
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailableException",
    "ServiceUnavailable",
    // The subscription is being made; ready after some 15 minutes.
    "MPAgreementBeingCreated",
];

/// How each model family says that the request is longer than its context.
const CONTEXT_OVERFLOW: &[&str] = &[
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "input tokens exceeded",
    "maximum context length",
    "context_length_exceeded",
    "exceeds the context window",
    "exceed model maximum",
    "is longer than the model's context length",
    "is longer than the model’s context length",
    "input length and `max_tokens` exceed context limit",
    "too many total text bytes",
];

/// A text (all parts must occur), and what to do about it.
const HINTS: &[(&[&str], &str)] = &[
    (
        &["on-demand throughput", "supported"],
        "this model is served through inference profiles only: use the id of one, such as the model id with the \
         prefix `us.`, `eu.`, `apac.` or `global.`",
    ),
    (
        &["data retention mode"],
        "the account's data retention setting does not allow this model in this region; an administrator can change \
         it in the Bedrock settings",
    ),
    (
        &["marked by provider as legacy"],
        "the provider has retired this model for accounts that did not use it lately: move to an active model",
    ),
    (&["reached the end of its life"], "this model is no longer served: move to an active model"),
    (
        &["aws-marketplace:"],
        "the model comes through AWS Marketplace: call it once with a role that may aws-marketplace:Subscribe and \
         aws-marketplace:ViewSubscriptions, then wait some minutes",
    ),
    (
        &["invalid_payment_instrument"],
        "AWS Marketplace could not charge the account: add a valid payment method, then wait some minutes",
    ),
    (
        &["use case details have not been submitted"],
        "fill in the provider's use case form in the Bedrock console, then wait some minutes",
    ),
    (
        &["required use-case form"],
        "fill in the provider's use case form in the Bedrock console, then wait some minutes",
    ),
    (
        &["have access to the model with the specified model id"],
        "the account or role may not use this model in this region: check model access and IAM permissions \
         (bedrock:InvokeModel, and bedrock:InvokeModelWithResponseStream for streams)",
    ),
    (
        &["is not authorized to perform: bedrock:"],
        "the role lacks an IAM permission: Converse needs bedrock:InvokeModel, streams need \
         bedrock:InvokeModelWithResponseStream, counting needs bedrock:CountTokens",
    ),
    (
        &["the provided model identifier is invalid"],
        "no such model in this region: check the id (its version suffix too) and the region",
    ),
    (
        &["could not resolve the foundation model"],
        "no such model in this region: check the id (its version suffix too) and the region",
    ),
    (
        &["support counting tokens"],
        "tokens can be counted for some base models only, and not under the id of an inference profile",
    ),
];

/// A code that says what to do whatever its text.
const CODE_HINTS: &[(&str, &str)] = &[
    (
        "UnrecognizedClientException",
        "the credentials are unknown to AWS: check the access key, and the session token if they are temporary",
    ),
    ("ExpiredTokenException", "the temporary credentials have expired: sign in again"),
    (
        "InvalidSignatureException",
        "the secret key does not fit the access key, the clock is off, or a proxy changes requests",
    ),
    (
        "FTUFormNotFilled",
        "fill in the provider's use case form in the Bedrock console, then wait some minutes",
    ),
    ("MPAgreementBeingCreated", "the Marketplace subscription is being made: try again in some 15 minutes"),
];

/// Whether `text`, in lower case, says that the request is too long for the model.
pub(super) fn is_context_overflow(text: &str) -> bool {
    CONTEXT_OVERFLOW.iter().any(|phrase| text.contains(phrase))
}

/// What to do about a refusal with this code and this text, in lower case.
pub(super) fn hint(code: Option<&str>, text: &str) -> Option<&'static str> {
    let by_text = HINTS.iter().find(|(parts, _)| parts.iter().all(|part| text.contains(part)));
    let by_code = || CODE_HINTS.iter().find(|(name, _)| Some(*name) == code);
    by_text.map(|&(_, hint)| hint).or_else(|| by_code().map(|&(_, hint)| hint))
}

/// Whether `message` contains `phrase`, which is in lower case, in any case.
pub(crate) fn mentions(message: Option<&str>, phrase: &str) -> bool {
    message.is_some_and(|message| message.to_ascii_lowercase().contains(phrase))
}

/// The longest excerpt of a body that errors show, in characters.
const EXCERPT_CHARS: usize = 300;

/// The start of a body, fit for one line of a log.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let head = &body[..body.len().min(EXCERPT_CHARS * 4)];
    let text = String::from_utf8_lossy(head);
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    let shown = line.chars().take(EXCERPT_CHARS).collect::<String>();
    if shown.len() < line.len() || head.len() < body.len() { shown + "…" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_short_and_in_one_line() {
        assert_eq!(excerpt(b"<html>\r\n\t<body>\x1b[2J no"), "<html> <body> [2J no");
        assert_eq!(excerpt("é".repeat(1000).as_bytes()).chars().count(), 301);
        assert_eq!(excerpt(b""), "");
    }
}
