//! Codes of Bedrock and what its refusals say, as data: what they mean for a caller.

use outcrop_core::wire::{Refusal, Statement};

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

/// What to do about what a refusal says.
const HINTS: &[(Statement, &str)] = &[
    (
        Statement::ProfileOnly,
        "this model is served through inference profiles only: use the id of one, such as the model id with the \
         prefix `us.`, `eu.`, `apac.` or `global.`",
    ),
    (
        Statement::DataRetention,
        "the account's data retention setting does not allow this model in this region; an administrator can change \
         it in the Bedrock settings",
    ),
    (
        Statement::Legacy,
        "the provider has retired this model for accounts that did not use it lately: move to an active model",
    ),
    (Statement::EndOfLife, "this model is no longer served: move to an active model"),
    (
        Statement::MarketplacePermission,
        "the model comes through AWS Marketplace: call it once with a role that may aws-marketplace:Subscribe and \
         aws-marketplace:ViewSubscriptions, then wait some minutes",
    ),
    (
        Statement::Payment,
        "AWS Marketplace could not charge the account: add a valid payment method, then wait some minutes",
    ),
    (
        Statement::UseCaseForm,
        "fill in the provider's use case form in the Bedrock console, then wait some minutes",
    ),
    (
        Statement::NoModelAccess,
        "the account or role may not use this model in this region: check model access and IAM permissions \
         (bedrock:InvokeModel, and bedrock:InvokeModelWithResponseStream for streams)",
    ),
    (
        Statement::NotAuthorized,
        "the role lacks an IAM permission: Converse needs bedrock:InvokeModel, streams need \
         bedrock:InvokeModelWithResponseStream, counting needs bedrock:CountTokens",
    ),
    (
        Statement::UnknownModel,
        "no such model in this region: check the id (its version suffix too) and the region",
    ),
    (
        Statement::NoTokenCount,
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

/// What to do about a refusal with this code that says this.
pub(super) fn hint(code: Option<&str>, refusal: &Refusal) -> Option<&'static str> {
    let by_text = HINTS.iter().find(|(statement, _)| refusal.says(*statement));
    let by_code = || CODE_HINTS.iter().find(|(name, _)| Some(*name) == code);
    by_text.map(|&(_, hint)| hint).or_else(|| by_code().map(|&(_, hint)| hint))
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
