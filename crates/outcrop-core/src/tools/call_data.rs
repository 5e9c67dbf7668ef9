//! A tool call as plain data: what an engine may keep between handing a call out and running it.
//!
//! # Invariants
//! - Nothing in it is executable: [`ToolSet::admit`](crate::tools::ToolSet::admit) parses and validates the text again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest, Sha256};

/// A tool call as data, with a hash that tells whether its input is still the one that was handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallData {
    /// The id that its result bears. Models repeat these ids (R16): it does not identify a call.
    pub tool_use_id: String,
    /// The tool.
    pub name: String,
    /// The input as the model wrote it.
    pub input: String,
    /// The hash of the input.
    pub input_hash: InputHash,
}

impl CallData {
    pub(crate) fn new(tool_use_id: &str, name: &str, input: &str) -> Self {
        let (tool_use_id, name, input) = (tool_use_id.to_owned(), name.to_owned(), input.to_owned());
        Self { input_hash: InputHash::of(&input), tool_use_id, name, input }
    }
}

/// The SHA-256 of a tool's raw input: 64 hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct InputHash([u8; 32]);

impl InputHash {
    /// The hash of a raw input.
    pub fn of(input: &str) -> Self {
        Self(Sha256::digest(input.as_bytes()).into())
    }
}

impl fmt::Display for InputHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for InputHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InputHash({self})")
    }
}

impl Serialize for InputHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for InputHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut hash = [0; 32];
        let digits = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        for (byte, at) in hash.iter_mut().zip((0..64).step_by(2)) {
            *byte = text
                .get(at..at + 2)
                .filter(|_| digits)
                .and_then(|two| u8::from_str_radix(two, 16).ok())
                .ok_or_else(|| D::Error::custom("an input hash has 64 hexadecimal digits"))?;
        }
        Ok(Self(hash))
    }
}
