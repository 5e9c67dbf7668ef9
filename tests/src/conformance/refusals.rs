//! Compares the rules of `outcrop-local` with the service's verdict on each recorded request.
//!
//! A request that the service accepted must be accepted. A request that the service refused must be refused with the
//! same status, error type and message; [`KNOWN_EXCEPTIONS`] lists the refusals that the rules cannot give.
//! Anything else is a failure of the interaction.

use std::fmt;

use outcrop_core::wire::Frame;
use outcrop_local::{Operation, Refusal, judge};
use serde_json::Value;

use super::{
    case::{Interaction, decode},
    json::upper_first,
};

/// Counts of compared refusals, and the known exceptions that were found.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Refused as recorded: same status, type and message.
    equal: usize,
    /// Refused by the service, accepted by the rules, and listed in [`KNOWN_EXCEPTIONS`].
    known: Vec<String>,
    /// Differences, which are failures.
    wrong: usize,
}

/// A refusal that depends on something only the service knows. The rules accept such a request.
#[derive(Debug)]
struct KnownException {
    /// Not compared within a stream, where the status is always 200.
    status: u16,
    code: &'static str,
    /// A part of the message; empty for any message.
    message: &'static str,
    reason: &'static str,
}

const fn known(
    status: u16,
    code: &'static str,
    message: &'static str,
    reason: &'static str,
) -> KnownException {
    KnownException { status, code, message, reason }
}

const CREDENTIALS: &str = "the rules do not check credentials";
const UNAVAILABLE: &str = "the rules do not model failures of the service";

/// Every refusal that the rules may miss.
///
/// `InternalServerException` is not among them: the service also answers with it to some requests, such as those with
/// a recursive output schema, and the rules must do the same.
const KNOWN_EXCEPTIONS: &[KnownException] = &[
    // Some models can be called by their own id in one region and only through an inference profile in another.
    known(
        400,
        "ValidationException",
        "with on-demand throughput isn’t supported",
        "depends on the region of the call",
    ),
    known(403, "AccessDeniedException", "access to the model", "access to models belongs to the account"),
    known(403, "AccessDeniedException", "not authorized", "permissions belong to the account"),
    known(403, "ExpiredTokenException", "", CREDENTIALS),
    known(403, "InvalidSignatureException", "", CREDENTIALS),
    known(403, "UnrecognizedClientException", "", CREDENTIALS),
    // Models, guardrails and prompts that do not exist, and models that were retired.
    known(404, "ResourceNotFoundException", "", "what exists depends on account, region and date"),
    known(408, "ModelTimeoutException", "", UNAVAILABLE),
    known(424, "ModelErrorException", "", UNAVAILABLE),
    known(429, "ThrottlingException", "", "quotas belong to the account"),
    known(503, "ServiceUnavailableException", "", UNAVAILABLE),
];

/// CountTokens also takes a body for InvokeModel, whose format belongs to the model's vendor.
const INVOKE_MODEL: &str = "the rules do not read bodies for InvokeModel";

/// The error that the service answered with.
struct Recorded {
    status: u16,
    in_stream: bool,
    /// Without the part after the colon. Where the recorder dropped it, the type that the status implies.
    code: Option<String>,
    message: String,
}

impl Recorded {
    fn of(interaction: &Interaction) -> Option<Self> {
        let message = |body: &[u8]| {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            ["message", "Message"]
                .iter()
                .find_map(|key| body.get(key)?.as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let status = interaction.status();
        if !interaction.is_success() {
            return Some(Self {
                status,
                in_stream: false,
                code: interaction.error_type().or_else(|| implied_code(status).map(str::to_owned)),
                message: message(interaction.body()),
            });
        }
        // A stream that begins with an exception is a refusal. An exception after other frames is not: the service
        // had accepted the request.
        let frames: Vec<(Frame, usize)> = interaction.frames()?;
        let (first, _) = frames.first()?;
        let kind = first.header_str(":exception-type")?;
        Some(Self {
            status,
            in_stream: true,
            code: Some(upper_first(kind)),
            message: message(&first.payload),
        })
    }

    fn equals(&self, refusal: &Refusal) -> bool {
        self.status == refusal.status
            && self.in_stream == refusal.in_stream
            && self.code.as_deref() == Some(refusal.code)
            && self.message == refusal.message
    }

    fn known_exception(&self, body: &[u8]) -> Option<&'static str> {
        let is_invoke = serde_json::from_slice::<Value>(body)
            .is_ok_and(|body| body.pointer("/input/invokeModel").is_some());
        if is_invoke {
            return Some(INVOKE_MODEL);
        }
        let found = KNOWN_EXCEPTIONS.iter().find(|known| {
            (self.in_stream || self.status == known.status)
                && self.code.as_deref() == Some(known.code)
                && self.message.contains(known.message)
        });
        found.map(|known| known.reason)
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_error(f, self.status, self.in_stream, self.code.as_deref(), &self.message)
    }
}

/// The verdict of the rules.
struct Verdict<'a>(Option<&'a Refusal>);

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("accepted"),
            Some(refusal) => {
                write_error(f, refusal.status, refusal.in_stream, Some(refusal.code), &refusal.message)
            }
        }
    }
}

fn write_error(
    f: &mut fmt::Formatter<'_>,
    status: u16,
    in_stream: bool,
    code: Option<&str>,
    message: &str,
) -> fmt::Result {
    let place = if in_stream { " in the stream" } else { "" };
    write!(f, "{status}{place} {} {message:?}", code.unwrap_or("without a type"))
}

/// The error type of a refusal whose recorder dropped `x-amzn-errortype`, where the status allows only one.
///
/// `SerializationException` has status 400 too, but the service sends it only for bodies that do not fit the model of
/// the operation, which no recording client sends.
fn implied_code(status: u16) -> Option<&'static str> {
    match status {
        400 => Some("ValidationException"),
        500 => Some("InternalServerException"),
        _ => None,
    }
}

impl Refusals {
    /// Compares the verdicts on one recorded request.
    ///
    /// # Errors
    /// How they differ, in one line.
    pub(super) fn check(&mut self, name: &str, interaction: &Interaction) -> Result<(), String> {
        let Some(body) = &interaction.request else { return Ok(()) };
        let Some((model_id, operation)) = read_path(interaction.path()) else { return Ok(()) };
        let verdict = judge(&model_id, operation, body).err();
        let Some(recorded) = Recorded::of(interaction) else {
            let Some(refusal) = &verdict else { return Ok(()) };
            self.wrong += 1;
            return Err(format!(
                "the service accepted the request, the rules say {}",
                Verdict(Some(refusal))
            ));
        };
        if verdict.as_ref().is_some_and(|refusal| recorded.equals(refusal)) {
            self.equal += 1;
            return Ok(());
        }
        let reason = if verdict.is_none() { recorded.known_exception(body) } else { None };
        if let Some(reason) = reason {
            self.known.push(format!("{name}: {reason}: {recorded}"));
            return Ok(());
        }
        self.wrong += 1;
        Err(format!("the service refused with {recorded}, the rules say {}", Verdict(verdict.as_ref())))
    }

    pub(super) fn add(&mut self, other: Self) {
        self.equal += other.equal;
        self.known.extend(other.known);
        self.wrong += other.wrong;
    }

    pub(super) fn known(&self) -> &[String] {
        &self.known
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.known.len();
        write!(f, "refusals: {} equal, {known} known exceptions, {} wrong", self.equal, self.wrong)
    }
}

fn read_path(path: &str) -> Option<(String, Operation)> {
    let path = decode(path);
    let (model_id, operation) = path.strip_prefix("/model/")?.rsplit_once('/')?;
    let operation = match operation {
        "converse" => Operation::Converse,
        "converse-stream" => Operation::ConverseStream,
        "count-tokens" => Operation::CountTokens,
        _ => return None,
    };
    Some((model_id.to_owned(), operation))
}
