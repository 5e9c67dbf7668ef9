//! The headers of a frame, and their block on the wire: read in place, and written.
//!
//! # Invariants
//! - Texts that were read are UTF-8, and every length was within the block.

use std::borrow::Cow;

use bytes::Bytes;

use super::{FrameError, HeaderFault};

/// One header of a [`Frame`](super::Frame).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, at most 255 bytes; those of the protocol begin with a colon. Names that Bedrock uses cost no
    /// allocation.
    pub name: Cow<'static, str>,
    /// The value.
    pub value: HeaderValue,
}

/// The value of a [`Header`]: the types of the specification. Bedrock sends strings only.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// True (type 0 on the wire) or false (type 1).
    Bool(bool),
    /// A signed integer of 8 bits (type 2).
    Byte(i8),
    /// A signed integer of 16 bits (type 3).
    Int16(i16),
    /// A signed integer of 32 bits (type 4).
    Int32(i32),
    /// A signed integer of 64 bits (type 5).
    Int64(i64),
    /// Bytes, at most 32,767 (type 6).
    Bytes(Bytes),
    /// Text, at most 32,767 bytes (type 7).
    String(Cow<'static, str>),
    /// A point in time (type 8), in milliseconds since 1970-01-01T00:00:00Z.
    Timestamp(i64),
    /// A UUID (type 9), its bytes in the order in which they are written.
    Uuid([u8; 16]),
}

impl HeaderValue {
    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl From<&'static str> for HeaderValue {
    fn from(text: &'static str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<String> for HeaderValue {
    fn from(text: String) -> Self {
        Self::String(Cow::Owned(text))
    }
}

// The types of header values on the wire.
const TRUE: u8 = 0;
const FALSE: u8 = 1;
const BYTE: u8 = 2;
const INT16: u8 = 3;
const INT32: u8 = 4;
const INT64: u8 = 5;
const BYTES: u8 = 6;
const STRING: u8 = 7;
const TIMESTAMP: u8 = 8;
const UUID: u8 = 9;

const MAX_VALUE_BYTES: u16 = i16::MAX as u16;

/// The block of the events that come by the thousand, as Bedrock sends it: to compare it costs less than to read it.
pub(super) const OF_DELTA: &[u8] = b"\x0b:event-type\x07\x00\x11contentBlockDelta\
    \x0d:content-type\x07\x00\x10application/json\x0d:message-type\x07\x00\x05event";

/// A header as it stands on the wire.
pub(super) struct RawHeader<'a> {
    name: &'a [u8],
    kind: u8,
    /// Without its length, where it has one.
    value: &'a [u8],
}

/// All headers of a block.
pub(super) fn read_headers(block: &[u8]) -> Result<Vec<Header>, FrameError> {
    let mut headers = Vec::new();
    each(block, |header| headers.push(header.into_header()))?;
    Ok(headers)
}

/// Whether all headers of a block can be read.
pub(super) fn check_headers(block: &[u8]) -> Result<(), FrameError> {
    each(block, |_| {})
}

/// The value of the first header of this name in a block that was checked, if it is a string.
pub(super) fn find_text<'a>(mut block: &'a [u8], name: &str) -> Option<&'a [u8]> {
    while !block.is_empty() {
        let header = RawHeader::read(&mut block, true).ok()?;
        if header.name == name.as_bytes() {
            return (header.kind == STRING).then_some(header.value);
        }
    }
    None
}

#[inline]
fn each<'a>(mut block: &'a [u8], mut take: impl FnMut(RawHeader<'a>)) -> Result<(), FrameError> {
    let is_ascii = block.is_ascii();
    let mut index = 0;
    while !block.is_empty() {
        let header = RawHeader::read(&mut block, is_ascii);
        take(header.map_err(|fault| FrameError::BadHeader { index, fault })?);
        index += 1;
    }
    Ok(())
}

impl<'a> RawHeader<'a> {
    /// Reads a header off `rest`. Where `is_utf8`, its texts need not be looked at.
    #[inline]
    fn read(rest: &mut &'a [u8], is_utf8: bool) -> Result<Self, HeaderFault> {
        let check = |text| match is_utf8 || std::str::from_utf8(text).is_ok() {
            true => Ok(()),
            false => Err(HeaderFault::NotUtf8),
        };
        let [len] = take(rest)?;
        let name = take_slice(rest, len.into())?;
        check(name)?;
        let [kind] = take(rest)?;
        let value = match kind {
            STRING | BYTES => take_value(rest)?,
            TRUE | FALSE => &[],
            BYTE => take_slice(rest, 1)?,
            INT16 => take_slice(rest, 2)?,
            INT32 => take_slice(rest, 4)?,
            INT64 | TIMESTAMP => take_slice(rest, 8)?,
            UUID => take_slice(rest, 16)?,
            unknown => return Err(HeaderFault::UnknownType(unknown)),
        };
        if kind == STRING {
            check(value)?;
        }
        Ok(Self { name, kind, value })
    }

    fn into_header(self) -> Header {
        let value = match self.kind {
            TRUE => HeaderValue::Bool(true),
            FALSE => HeaderValue::Bool(false),
            BYTE => HeaderValue::Byte(i8::from_be_bytes(self.fixed())),
            INT16 => HeaderValue::Int16(i16::from_be_bytes(self.fixed())),
            INT32 => HeaderValue::Int32(i32::from_be_bytes(self.fixed())),
            INT64 => HeaderValue::Int64(i64::from_be_bytes(self.fixed())),
            STRING => HeaderValue::String(owned_text(self.value)),
            TIMESTAMP => HeaderValue::Timestamp(i64::from_be_bytes(self.fixed())),
            UUID => HeaderValue::Uuid(self.fixed()),
            _ => HeaderValue::Bytes(Bytes::copy_from_slice(self.value)),
        };
        Header { name: owned_text(self.name), value }
    }

    /// The value of a type whose values have this length.
    fn fixed<const N: usize>(&self) -> [u8; N] {
        self.value.first_chunk().copied().unwrap_or([0; N])
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], HeaderFault> {
    let (taken, after) = rest.split_first_chunk().ok_or(HeaderFault::Cut)?;
    *rest = after;
    Ok(*taken)
}

fn take_slice<'a>(rest: &mut &'a [u8], len: usize) -> Result<&'a [u8], HeaderFault> {
    let (taken, after) = rest.split_at_checked(len).ok_or(HeaderFault::Cut)?;
    *rest = after;
    Ok(taken)
}

#[inline]
fn take_value<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], HeaderFault> {
    let len = u16::from_be_bytes(take(rest)?);
    // The length is a signed number to other writers and readers.
    if len > MAX_VALUE_BYTES {
        Err(HeaderFault::ValueTooLong(len.into()))
    } else {
        take_slice(rest, len.into())
    }
}

fn owned_text(text: &[u8]) -> Cow<'static, str> {
    known(text).map_or_else(|| Cow::Owned(String::from_utf8_lossy(text).into_owned()), Cow::Borrowed)
}

/// The text itself, if it is one that stands in Bedrock's headers: to own such a text costs no allocation.
pub(super) fn known(text: &[u8]) -> Option<&'static str> {
    macro_rules! find {
        ($($known:literal)*) => { $(if text == $known.as_bytes() { return Some($known); })* };
    }
    find! {
        ":event-type" ":content-type" ":message-type" ":exception-type" "application/json" "event" "exception"
        "messageStart" "contentBlockStart" "contentBlockDelta" "contentBlockStop" "messageStop" "metadata"
        "chunk" "internalServerException" "modelStreamErrorException" "modelTimeoutException"
        "serviceUnavailableException" "throttlingException" "validationException"
    }
    None
}

pub(super) fn write_header(header: &Header, out: &mut Vec<u8>) -> Result<(), HeaderFault> {
    let len = header.name.len();
    out.push(u8::try_from(len).map_err(|_| HeaderFault::NameTooLong(len))?);
    out.extend_from_slice(header.name.as_bytes());
    let mut fixed = |kind: u8, value: &[u8]| {
        out.push(kind);
        out.extend_from_slice(value);
    };
    match &header.value {
        HeaderValue::Bool(true) => fixed(TRUE, &[]),
        HeaderValue::Bool(false) => fixed(FALSE, &[]),
        HeaderValue::Byte(number) => fixed(BYTE, &number.to_be_bytes()),
        HeaderValue::Int16(number) => fixed(INT16, &number.to_be_bytes()),
        HeaderValue::Int32(number) => fixed(INT32, &number.to_be_bytes()),
        HeaderValue::Int64(number) => fixed(INT64, &number.to_be_bytes()),
        HeaderValue::Bytes(bytes) => return write_value(BYTES, bytes, out),
        HeaderValue::String(text) => return write_value(STRING, text.as_bytes(), out),
        HeaderValue::Timestamp(millis) => fixed(TIMESTAMP, &millis.to_be_bytes()),
        HeaderValue::Uuid(bytes) => fixed(UUID, bytes),
    }
    Ok(())
}

fn write_value(kind: u8, value: &[u8], out: &mut Vec<u8>) -> Result<(), HeaderFault> {
    let len = u16::try_from(value.len()).ok().filter(|len| *len <= MAX_VALUE_BYTES);
    let len = len.ok_or(HeaderFault::ValueTooLong(value.len()))?;
    out.push(kind);
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}
