//! Who may ask: signatures or tokens of requests, checked as the service does.
//!
//! # Invariants
//! - What is checked is what was received: the path and the query as they were sent, the headers, the bytes of the body.
//! - Secrets are compared in constant time and never shown.
//! - A refusal has status 403 and the front end's form of error type, `…/com.amazon.coral.service/`.

use std::{fmt, str::FromStr, time::SystemTime};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, header};
use sha2::Sha256;

use crate::{
    reply::{Refused, Reply},
    wire,
};

mod canonical;
mod sigv4;
mod time;

pub use sigv4::Credentials;

/// How clients prove who they are. What is not valid gets the service's 403.
///
/// As text it is `off`, `bearer:TOKEN` or `sigv4:ACCESS:SECRET[:REGION]`.
///
/// ```
/// use outcrop_local::{Auth, Credentials, Local, Script};
///
/// let auth = Auth::SigV4(Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI").region("eu-west-1"));
/// assert_eq!(auth, "sigv4:AKIDEXAMPLE:wJalrXUtnFEMI:eu-west-1".parse()?);
/// let local = Local::script(Script::new()).auth(auth);
/// # Ok::<(), outcrop_local::AuthError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Auth {
    /// Anything goes, nothing too.
    #[default]
    Off,
    /// `authorization: Bearer …` with this token, as Bedrock's API keys are sent.
    Bearer(String),
    /// Signature version 4 in the `authorization` header, made with these credentials.
    SigV4(Credentials),
}

/// A text that names no kind of [`Auth`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("auth is `off`, `bearer:TOKEN` or `sigv4:ACCESS:SECRET[:REGION]`")]
#[non_exhaustive]
pub struct AuthError {}

impl FromStr for Auth {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (kind, rest) = text.split_once(':').ok_or(AuthError {})?;
        match (kind, rest.split(':').collect::<Vec<_>>().as_slice()) {
            ("bearer", _) if !rest.is_empty() => Ok(Self::Bearer(rest.to_owned())),
            ("sigv4", parts) if parts.iter().all(|part| !part.is_empty()) => match parts {
                [access, secret] => Ok(Self::SigV4(Credentials::new(*access, *secret))),
                [access, secret, region] => {
                    Ok(Self::SigV4(Credentials::new(*access, *secret).region(*region)))
                }
                _ => Err(AuthError {}),
            },
            _ => Err(AuthError {}),
        }
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("Off"),
            Self::Bearer(_) => f.write_str("Bearer(..)"),
            Self::SigV4(credentials) => f.debug_tuple("SigV4").field(credentials).finish(),
        }
    }
}

/// A request as far as it is signed.
pub(crate) struct Signed<'a> {
    pub(crate) method: &'a str,
    /// As it was sent, percent signs included.
    pub(crate) path: &'a str,
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Why a request is turned down.
#[derive(Debug, PartialEq, Eq)]
struct Denied {
    error_type: &'static str,
    message: String,
}

impl Denied {
    fn new(error_type: &'static str, message: impl Into<String>) -> Self {
        Self { error_type, message: message.into() }
    }

    fn missing() -> Self {
        Self::new("MissingAuthenticationTokenException", "Missing Authentication Token")
    }

    fn unknown_client() -> Self {
        Self::new("UnrecognizedClientException", "The security token included in the request is invalid.")
    }

    fn reply(&self) -> Reply {
        let mut reply = Reply::json(403, wire::message_body(&self.message));
        let origin = "http://internal.amazon.com/coral/com.amazon.coral.service/";
        reply.headers.push((wire::ERROR_TYPE.to_owned(), format!("{}:{origin}", self.error_type)));
        reply
    }
}

impl Auth {
    /// Lets the request pass, or says what the service would.
    pub(crate) fn check(&self, request: &Signed<'_>) -> Result<(), Refused> {
        self.judge(request, SystemTime::now()).map_err(|denied| denied.reply().into())
    }

    fn judge(&self, request: &Signed<'_>, now: SystemTime) -> Result<(), Denied> {
        if *self == Self::Off {
            return Ok(());
        }
        let header = request.headers.get(header::AUTHORIZATION).ok_or_else(Denied::missing)?;
        let header = header.to_str().unwrap_or_default().trim();
        let (scheme, rest) = header.split_once(' ').unwrap_or((header, ""));
        let is_bearer = scheme.eq_ignore_ascii_case("bearer");
        match self {
            Self::Off => Ok(()),
            Self::Bearer(token) if is_bearer && equal(token, rest.trim()) => Ok(()),
            _ if is_bearer => {
                let message = "Authentication failed: Please make sure your API Key is valid.";
                Err(Denied::new("AccessDeniedException", message))
            }
            Self::SigV4(credentials) if scheme == sigv4::SCHEME => credentials.judge(request, rest, now),
            _ if scheme == sigv4::SCHEME => Err(Denied::unknown_client()),
            _ => Err(Denied::missing()),
        }
    }
}

/// Whether both are the same, in a time that does not tell how much of them is.
fn equal(one: &str, other: &str) -> bool {
    let mut mac = keyed(b"compare");
    mac.update(one.as_bytes());
    mac.verify_slice(&hmac(b"compare", other.as_bytes())).is_ok()
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    // An HMAC takes a key of any length.
    <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&Default::default()))
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests;
