//! Why a call to a model failed, as data: what a turn decides by, and what a durable engine can keep.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::wire::{
    RawJson,
    refusal_text::{MAX_TEXT, Refusal, shortened},
};

/// Why a call to a model failed.
///
/// ```
/// use outcrop_core::wire::{CallFailure, FailureClass};
/// let failure = CallFailure::new(FailureClass::Throttled).code("ThrottlingException").retry_after(2_000);
/// let json = serde_json::to_string(&failure)?;
/// assert_eq!(serde_json::from_str::<CallFailure>(&json)?, failure);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallFailure {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// Whether the service had begun to answer. Such a call is billed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// How long the service asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The service's code, such as `ThrottlingException`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the service said, at most 4 KiB of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The service's id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl CallFailure {
    /// A failure of which nothing but its class is known.
    pub fn new(class: FailureClass) -> Self {
        Self { class, answered: false, retry_after: None, code: None, message: None, request_id: None }
    }

    /// A request that the service refused with these words.
    ///
    /// ```
    /// use outcrop_core::wire::{CallFailure, FailureClass, Statement};
    /// let failure = CallFailure::refused("This model doesn't support tool use.");
    /// let FailureClass::Refused(refusal) = &failure.class else { panic!() };
    /// assert!(refusal.says(Statement::NoTools));
    /// ```
    pub fn refused(text: &str) -> Self {
        Self::new(FailureClass::Refused(Refusal::parse(text))).message(text)
    }

    /// Sets the service's code.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// Sets what the service said; what is beyond 4 KiB is cut off.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.message = Some(shortened(message, MAX_TEXT).to_owned());
        self
    }

    /// Sets the service's id of the request.
    #[must_use]
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Sets how long the service asked to wait, in milliseconds.
    #[must_use]
    pub fn retry_after(mut self, milliseconds: u64) -> Self {
        self.retry_after = Some(milliseconds);
        self
    }

    /// Sets whether the service had begun to answer.
    #[must_use]
    pub fn answered(mut self, answered: bool) -> Self {
        self.answered = answered;
        self
    }

    /// The refusal, where the request was refused.
    pub fn as_refusal(&self) -> Option<&Refusal> {
        match &self.class {
            FailureClass::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

/// What kind of failure a [`CallFailure`] is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", remote = "Self")]
#[non_exhaustive]
pub enum FailureClass {
    /// The account sent too much in too short a time.
    Throttled,
    /// The service or the model has no capacity, or failed by itself.
    Overloaded,
    /// The model is being loaded.
    NotReady,
    /// A quota of the account is used up; waiting some seconds does not help.
    Quota,
    /// Nothing came for too long.
    Timeout(TimeoutPhase),
    /// The connection or the stream broke.
    Broken,
    /// The input is too long for the model.
    TooLong,
    /// The service refused the request; the same request is refused again.
    Refused(Refusal),
    /// The account or role may not call the model.
    Denied,
    /// There are no valid credentials.
    Credentials,
    /// The budget for retries is used up.
    Budget,
    /// Anything else, also a class that this version does not know.
    Other,
}

impl Serialize for FailureClass {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

/// A class of a later version may carry data.
impl<'de> Deserialize<'de> for FailureClass {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawJson::deserialize(deserializer)?;
        Ok(Self::deserialize(&mut serde_json::Deserializer::from_str(raw.as_str())).unwrap_or(Self::Other))
    }
}

impl FailureClass {
    /// Whether the same request may get an answer later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled | Self::Overloaded | Self::NotReady | Self::Timeout(_) | Self::Broken)
    }
}

/// Which limit a call exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// The time until the first event, or until the connection stands.
    First,
    /// The time between two events.
    Idle,
    /// The time of the whole call.
    Total,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_as_they_are_written() {
        let refusal = Refusal::parse("This model doesn't support tool use.");
        for (class, json) in [
            (FailureClass::Throttled, r#""throttled""#),
            (FailureClass::NotReady, r#""notReady""#),
            (FailureClass::Timeout(TimeoutPhase::Idle), r#"{"timeout":"idle"}"#),
            (FailureClass::Other, r#""other""#),
        ] {
            assert_eq!(serde_json::to_string(&class).unwrap(), json);
            assert_eq!(serde_json::from_str::<FailureClass>(json).unwrap(), class);
        }
        let refused = FailureClass::Refused(refusal);
        let json = serde_json::to_string(&refused).unwrap();
        assert_eq!(serde_json::from_str::<FailureClass>(&json).unwrap(), refused);
    }

    #[test]
    fn a_class_of_a_later_version_is_another() {
        for json in [
            r#""melted""#,
            r#"{"melted":5}"#,
            r#"{"timeout":"lunch"}"#,
            r#"{"refused":{"statements":["x"]}}"#,
        ] {
            assert_eq!(serde_json::from_str::<FailureClass>(json).unwrap(), FailureClass::Other, "{json}");
        }
    }
}
