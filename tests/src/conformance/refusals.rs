//! What the rules of `outcrop-local` say about recorded requests: never no where the service said yes, and
//! the same no.
//!
//! Where the service said no and the rules say something else, the interaction is listed with the kind of reason.

use std::fmt;

use outcrop_core::Frame;
use outcrop_local::{Operation, Refusal, judge};
use serde_json::Value;

use super::case::{Interaction, decode};

/// How the verdicts compare.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Refused as recorded, word for word.
    equal: usize,
    /// Refused by the service, and differently or not at all by the rules.
    listed: Vec<String>,
    /// Taken by the service, refused by the rules.
    wrong: Vec<String>,
}

/// Why the rules cannot say what the service said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    /// Accounts, access, quotas, guardrails, prompts, S3, and what is served where.
    KnownToAws,
    /// The bytes of images and documents.
    Bytes,
    /// The model's own count of tokens.
    Tokens,
    /// The service failed.
    Failure,
    /// A body for InvokeModel, which is each vendor's own.
    InvokeModel,
    /// There is no rule with these words.
    NoRule,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KnownToAws => "only AWS knows: access, quotas, guardrails, prompts, S3, regions",
            Self::Bytes => "needs a look into the media's bytes",
            Self::Tokens => "needs the model's own count of tokens",
            Self::Failure => "the service failed",
            Self::InvokeModel => "a body for InvokeModel",
            Self::NoRule => "no rule has these words",
        })
    }
}

impl Reason {
    fn of(recorded: &Recorded, body: &[u8]) -> Self {
        const WORDS: [(&str, Reason); 16] = [
            ("on-demand throughput", Reason::KnownToAws),
            ("access to the model", Reason::KnownToAws),
            ("not authorized", Reason::KnownToAws),
            ("end of its life", Reason::KnownToAws),
            ("guardrail", Reason::KnownToAws),
            ("s3", Reason::KnownToAws),
            ("bucket", Reason::KnownToAws),
            ("data retention", Reason::KnownToAws),
            ("mime", Reason::Bytes),
            ("filetype", Reason::Bytes),
            ("file type", Reason::Bytes),
            ("could not process", Reason::Bytes),
            ("pdf", Reason::Bytes),
            ("too long", Reason::Tokens),
            ("exceed", Reason::Tokens),
            ("context length", Reason::Tokens),
        ];
        let is_invoke = serde_json::from_slice::<Value>(body)
            .is_ok_and(|body| body.pointer("/input/invokeModel").is_some());
        if is_invoke {
            return Self::InvokeModel;
        }
        match recorded.status {
            401 | 403 | 404 | 429 => return Self::KnownToAws,
            408 | 424 | 500.. => return Self::Failure,
            _ => {}
        }
        let message = recorded.message.to_lowercase();
        let known = WORDS.iter().find(|(words, _)| message.contains(words));
        known.map_or(Self::NoRule, |(_, reason)| *reason)
    }
}

/// What the service answered in place of the model.
struct Recorded {
    status: u16,
    in_stream: bool,
    /// Without the part behind the colon; `None` where it was not recorded.
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
        if !interaction.is_success() {
            let code = interaction.header("x-amzn-errortype").and_then(|kind| kind.split(':').next());
            return Some(Self {
                status: interaction.status(),
                in_stream: false,
                code: code.map(str::to_owned),
                message: message(interaction.body()),
            });
        }
        // A stream that begins with an exception; one that ends with it was accepted.
        let frames: Vec<(Frame, usize)> = interaction.frames()?;
        let (first, _) = frames.first()?;
        let kind = first.header_str(":exception-type")?;
        let mut letters = kind.chars();
        let upper = letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters);
        Some(Self {
            status: interaction.status(),
            in_stream: true,
            code: Some(upper.collect()),
            message: message(&first.payload),
        })
    }

    fn is(&self, refusal: &Refusal) -> bool {
        self.status == refusal.status
            && self.in_stream == refusal.in_stream
            && self.message == refusal.message
            && self.code.as_deref().is_none_or(|code| code == refusal.code)
    }
}

impl Refusals {
    /// Judges one recorded request.
    pub(super) fn check(&mut self, name: &str, interaction: &Interaction) {
        let Some(body) = &interaction.request else { return };
        let Some((model_id, operation)) = read_path(interaction.path()) else { return };
        let verdict = judge(&model_id, operation, body);
        match (Recorded::of(interaction), verdict) {
            (None, Ok(())) => {}
            (None, Err(refusal)) => {
                self.wrong.push(format!("{name}: false refusal: {} {}", refusal.code, refusal.message));
            }
            (Some(recorded), Err(refusal)) if recorded.is(&refusal) => self.equal += 1,
            (Some(recorded), verdict) => {
                let reason = Reason::of(&recorded, body);
                let ours = verdict.err().map_or("accepted".to_owned(), |refusal| refusal.message);
                self.listed.push(format!(
                    "{name}: {reason}: recorded {} {:?}, ours {ours:?}",
                    recorded.status, recorded.message
                ));
            }
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.wrong.is_empty()
    }

    pub(super) fn add(&mut self, other: Self) {
        self.equal += other.equal;
        self.listed.extend(other.listed);
        self.wrong.extend(other.wrong);
    }

    pub(super) fn listed(&self) -> &[String] {
        &self.listed
    }

    pub(super) fn wrong(&self) -> &[String] {
        &self.wrong
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (listed, wrong) = (self.listed.len(), self.wrong.len());
        write!(f, "refusals: {} equal, {listed} listed, {wrong} false refusals", self.equal)
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
