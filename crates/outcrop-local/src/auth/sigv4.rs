//! Signature version 4: the signature of a request is made again, and must be the same.
//!
//! # Invariants
//! - The order of questions is: is the header whole, is the key known, is it for here and now, is the signature right.
//! - A signature is good for five minutes before and after its date.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use hmac::Mac;

use super::{
    Denied, Signed,
    canonical::{AUTHORITY, canonical, hash},
    equal, hmac, keyed, time,
};

/// What the `authorization` header begins with.
pub(super) const SCHEME: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "bedrock";
const SKEW_MINUTES: i64 = 5;

/// Test credentials: requests must be signed with them.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    access_key: String,
    secret: String,
    session_token: Option<String>,
    region: Option<String>,
}

impl Credentials {
    /// Credentials for any region, without a session token.
    pub fn new(access_key: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { access_key: access_key.into(), secret: secret.into(), session_token: None, region: None }
    }

    /// The session token that requests must carry. Without it they must carry none.
    #[must_use]
    pub fn session_token(mut self, session_token: impl Into<String>) -> Self {
        self.session_token = Some(session_token.into());
        self
    }

    /// The one region for which requests must be signed.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// `given` is the `authorization` header behind its scheme.
    pub(super) fn judge(&self, request: &Signed<'_>, given: &str, now: SystemTime) -> Result<(), Denied> {
        let given = Given::read(given)?;
        let [access_key, date, region, service, "aws4_request"] =
            given.credential.split('/').collect::<Vec<_>>()[..]
        else {
            return Err(incomplete("Credential must be ACCESS_KEY/DATE/REGION/SERVICE/aws4_request."));
        };
        if !equal(access_key, &self.access_key) || !self.has_token_of(request) {
            return Err(Denied::unknown_client());
        }
        let stamp = header(request, "x-amz-date").ok_or_else(|| {
            incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
        })?;
        let seconds = time::read(stamp)
            .ok_or_else(|| incomplete("Date must be in ISO-8601 'basic format'. Got another one."))?;
        check_time(stamp, seconds, now)?;
        if service != SERVICE {
            return Err(invalid(format!("Credential should be scoped to correct service: '{SERVICE}'. ")));
        }
        if let Some(wanted) = &self.region
            && region != wanted
        {
            return Err(invalid(format!("Credential should be scoped to a valid region, not '{region}'. ")));
        }
        if stamp.split('T').next() != Some(date) {
            return Err(invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
                 '{date}' != '{}', from '{stamp}'.",
                &stamp[..8]
            )));
        }
        if !given.signed_headers.split(';').any(|name| name == "host" || name == AUTHORITY) {
            return Err(invalid(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        let request = canonical(request, given.signed_headers);
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let text = format!("{SCHEME}\n{stamp}\n{scope}\n{}", hash(request.as_bytes()));
        let mut mac = keyed(&self.key(date, region));
        mac.update(text.as_bytes());
        let signature = unhex(given.signature).unwrap_or_default();
        mac.verify_slice(&signature).map_err(|_| {
            invalid(
                "The request signature we calculated does not match the signature you provided. Check your AWS \
                 Secret Access Key and signing method. Consult the service documentation for details."
                    .to_owned(),
            )
        })
    }

    fn has_token_of(&self, request: &Signed<'_>) -> bool {
        match (&self.session_token, header(request, "x-amz-security-token")) {
            (None, None) => true,
            (Some(token), Some(given)) => equal(token, given),
            _ => false,
        }
    }

    fn key(&self, date: &str, region: &str) -> [u8; 32] {
        let key = hmac(format!("AWS4{}", self.secret).as_bytes(), date.as_bytes());
        [region, SERVICE, "aws4_request"].iter().fold(key, |key, part| hmac(&key, part.as_bytes()))
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// What the header says.
struct Given<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Given<'a> {
    fn read(header: &'a str) -> Result<Self, Denied> {
        let find =
            |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        match (find("Credential"), find("SignedHeaders"), find("Signature")) {
            (Some(credential), Some(signed_headers), Some(signature)) => {
                Ok(Self { credential, signed_headers, signature })
            }
            (credential, signed_headers, signature) => {
                let parts =
                    [("Credential", credential), ("Signature", signature), ("SignedHeaders", signed_headers)];
                let lacks = parts.iter().filter(|(_, value)| value.is_none());
                let lacks =
                    lacks.map(|(name, _)| format!("Authorization header requires '{name}' parameter."));
                Err(incomplete(&lacks.collect::<Vec<_>>().join(" ")))
            }
        }
    }
}

fn incomplete(message: &str) -> Denied {
    Denied::new("IncompleteSignatureException", message)
}

fn invalid(message: String) -> Denied {
    Denied::new("InvalidSignatureException", message)
}

fn header<'a>(request: &Signed<'a>, name: &str) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

fn check_time(stamp: &str, seconds: i64, now: SystemTime) -> Result<(), Denied> {
    let now =
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().try_into().unwrap_or(i64::MAX));
    let (first, last) = (now - SKEW_MINUTES * 60, now + SKEW_MINUTES * 60);
    let (first_text, last_text, now_text) = (time::write(first), time::write(last), time::write(now));
    if seconds < first {
        return Err(invalid(format!(
            "Signature expired: {stamp} is now earlier than {first_text} ({now_text} - {SKEW_MINUTES} min.)"
        )));
    }
    if seconds > last {
        return Err(invalid(format!(
            "Signature not yet current: {stamp} is still later than {last_text} ({now_text} + {SKEW_MINUTES} min.)"
        )));
    }
    Ok(())
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| Some(digit.to_digit(16)? as u8)).collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
