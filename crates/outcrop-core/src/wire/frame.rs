//! Event-stream framing (`application/vnd.amazon.eventstream`): the envelope in which Bedrock sends each
//! event.
//!
//! Client and local endpoint share this one codec. [`Frame`] is one message, [`Frame::encode`] writes it, and
//! [`FrameDecoder`] finds frames in bytes that arrive in pieces of any size. All integers are big endian:
//!
//! ```text
//! u32 total length | u32 headers length | u32 CRC-32 of these 8 bytes
//! headers, each: u8 name length, name, u8 type, value
//! payload
//! u32 CRC-32 of everything before
//! ```
//!
//! # Invariants
//! - No input makes the decoder panic, and how a stream was cut into pieces does not change what comes out.
//! - A frame is handed out only after both of its checksums were right.
//! - A length is believed only after its own checksum; no memory is taken before the bytes it speaks of are
//!   there.
//! - A frame that was read is written back as the same bytes (within [`MAX_FRAME_BYTES`], should the decoder
//!   allow more), and one that was written is read back as the same frame.
//! - After an error the decoder gives this error for ever: there is no way to find the next frame.

use std::borrow::Cow;
use std::fmt;

use bytes::{Buf, Bytes, BytesMut};

mod error;
mod headers;
#[cfg(test)]
mod tests;

pub use error::{FrameError, HeaderFault};
pub use headers::{Header, HeaderValue};
use headers::{OF_DELTA, check_headers, find_text, known, read_headers, write_header};

/// Largest header block of one frame, in bytes: 128 KiB, as the specification has it.
///
/// It holds for reading too, though the specification lets only services insist on it: headers of two bytes
/// each take some thirty times their length in memory, and Bedrock sends less than 100 bytes of them.
pub const MAX_HEADERS_BYTES: usize = 128 * 1024;

/// Largest frame, in bytes: the specification's 24 MiB of payload, its 128 KiB of headers, and 16 bytes
/// around them.
///
/// [`Frame::encode`] keeps to it, and so does [`FrameDecoder::default`]. Bedrock's frames are below 10 kB.
pub const MAX_FRAME_BYTES: usize = 24 * 1024 * 1024 + MAX_HEADERS_BYTES + PRELUDE_BYTES + CRC_BYTES;

const PRELUDE_BYTES: usize = 12;
const CRC_BYTES: usize = 4;
/// First size of a decoder's buffer: room for some fifty of Bedrock's frames, so that most pushes allocate
/// nothing.
const BUFFER_BYTES: usize = 8 * 1024;

/// One message of an event stream (`application/vnd.amazon.eventstream`): the envelope of an event.
///
/// The rules are those of the
/// [Amazon Event Stream Specification](https://smithy.io/2.0/aws/amazon-eventstream.html).
///
/// ```
/// use outcrop_core::wire::{Frame, FrameDecoder};
///
/// let frame = Frame::event("messageStart", r#"{"role":"assistant"}"#);
/// let mut wire = Vec::new();
/// frame.encode(&mut wire)?;
///
/// let mut decoder = FrameDecoder::default();
/// decoder.push(&wire);
/// let read = decoder.next_frame()?.expect("a whole frame");
/// assert_eq!(read.header_str(":event-type"), Some("messageStart"));
/// assert_eq!(read, frame);
/// # Ok::<(), outcrop_core::wire::FrameError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The headers in the order of the wire. Names should differ; nothing here insists on it.
    pub headers: Vec<Header>,
    /// What the frame carries; from Bedrock always JSON.
    ///
    /// A payload that was read is a slice of the decoder's buffer and keeps that buffer alive (8 KiB or what
    /// was pushed at once): copy it if it is to live long.
    pub payload: Bytes,
}

impl Frame {
    /// A frame without headers.
    pub fn new(payload: impl Into<Bytes>) -> Self {
        Self { headers: Vec::new(), payload: payload.into() }
    }

    /// An event with a JSON payload, its headers as Bedrock sends them: `:event-type`, `:content-type`,
    /// `:message-type`.
    pub fn event(event_type: &str, payload: impl Into<Bytes>) -> Self {
        Self::typed(":event-type", event_type, "event", payload.into())
    }

    /// An exception: an error that ends a stream whose HTTP status was 200. `exception_type` is in lower
    /// camel case, like `throttlingException`; the payload is `{"message":"…"}`.
    pub fn exception(exception_type: &str, payload: impl Into<Bytes>) -> Self {
        Self::typed(":exception-type", exception_type, "exception", payload.into())
    }

    fn typed(type_header: &'static str, type_name: &str, message_type: &'static str, payload: Bytes) -> Self {
        let string = |name, text| Header { name: Cow::Borrowed(name), value: HeaderValue::String(text) };
        let type_name =
            known(type_name.as_bytes()).map_or_else(|| Cow::Owned(type_name.to_owned()), Cow::Borrowed);
        let headers = vec![
            string(type_header, type_name),
            string(":content-type", Cow::Borrowed("application/json")),
            string(":message-type", Cow::Borrowed(message_type)),
        ];
        Self { headers, payload }
    }

    /// Adds a header after those already there. Limits of length are checked by [`encode`](Self::encode).
    ///
    /// ```
    /// use outcrop_core::wire::{Frame, frame::HeaderValue};
    ///
    /// let frame = Frame::new("").with_header("type", "event").with_header("n", HeaderValue::Byte(7));
    /// assert_eq!(frame.header("n"), Some(&HeaderValue::Byte(7)));
    /// assert_eq!(frame.header_str("type"), Some("event"));
    /// ```
    pub fn with_header(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<HeaderValue>) -> Self {
        self.headers.push(Header { name: name.into(), value: value.into() });
        self
    }

    /// The value of the first header of this name. Case matters.
    pub fn header(&self, name: &str) -> Option<&HeaderValue> {
        self.headers.iter().find(|header| header.name == name).map(|header| &header.value)
    }

    /// The text of the first header of this name, if it is a string.
    pub fn header_str(&self, name: &str) -> Option<&str> {
        self.header(name)?.as_str()
    }

    /// Appends the frame to `out` as it stands on the wire.
    ///
    /// # Errors
    /// [`FrameError::BadHeader`] or [`FrameError::TooLarge`] when the frame breaks a limit of the
    /// specification; `out` then holds what it held before.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FrameError> {
        let start = out.len();
        let written = self.write(start, out);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn write(&self, start: usize, out: &mut Vec<u8>) -> Result<(), FrameError> {
        out.extend_from_slice(&[0; PRELUDE_BYTES]);
        for (index, header) in self.headers.iter().enumerate() {
            write_header(header, out).map_err(|fault| FrameError::BadHeader { index, fault })?;
        }
        let headers = out.len() - start - PRELUDE_BYTES;
        check_size(headers, MAX_HEADERS_BYTES)?;
        let total = self.payload.len().saturating_add(headers + PRELUDE_BYTES + CRC_BYTES);
        check_size(total, MAX_FRAME_BYTES)?;
        out.reserve(total);
        out.extend_from_slice(&self.payload);

        // The limits just checked fit in 32 bits.
        let prelude = &mut out[start..start + PRELUDE_BYTES];
        prelude[..4].copy_from_slice(&(total as u32).to_be_bytes());
        prelude[4..8].copy_from_slice(&(headers as u32).to_be_bytes());
        let crc = crc32fast::hash(&prelude[..8]);
        prelude[8..].copy_from_slice(&crc.to_be_bytes());
        let crc = crc32fast::hash(&out[start..]);
        out.extend_from_slice(&crc.to_be_bytes());
        Ok(())
    }
}

/// A frame that stays in its decoder's buffer; [`FrameDecoder::next_frame_ref`] lends it.
#[derive(Clone, Copy)]
pub struct FrameRef<'a> {
    /// Checked.
    headers: &'a [u8],
    payload: &'a [u8],
}

impl<'a> FrameRef<'a> {
    /// What the frame carries.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The text of the first header of this name, if it is a string. Case matters.
    pub fn header_str(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.header_text(name)?).ok()
    }

    pub(crate) fn header_text(&self, name: &str) -> Option<&'a [u8]> {
        find_text(self.headers, name)
    }

    /// Whether its headers are the ones that Bedrock sends with a `contentBlockDelta`, to the byte.
    pub(crate) fn has_headers_of_delta(&self) -> bool {
        self.headers == OF_DELTA
    }

    /// The frame on its own, everything copied.
    pub fn to_frame(&self) -> Frame {
        // They were read before.
        let headers = read_headers(self.headers).unwrap_or_default();
        Frame { headers, payload: Bytes::copy_from_slice(self.payload) }
    }
}

impl fmt::Debug for FrameRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_frame().fmt(f)
    }
}

/// Finds frames in bytes that come in pieces.
///
/// After each [`push`](Self::push), take frames until there are none; at the end of the stream ask
/// [`finish`](Self::finish) whether it ended between two frames.
///
/// # Complexity
/// Linear in the bytes pushed, even one at a time. A payload is not copied after `push`. The decoder holds
/// what was pushed and not yet taken: at most one frame and one piece, if frames are taken after each push.
///
/// ```
/// use outcrop_core::wire::{Frame, FrameDecoder, FrameError};
///
/// let mut wire = Vec::new();
/// Frame::event("contentBlockStop", r#"{"contentBlockIndex":0}"#).encode(&mut wire)?;
/// Frame::event("messageStop", r#"{"stopReason":"end_turn"}"#).encode(&mut wire)?;
/// wire.truncate(wire.len() - 1); // the connection broke
///
/// let mut decoder = FrameDecoder::default();
/// let mut types = Vec::new();
/// for piece in wire.chunks(50) {
///     decoder.push(piece);
///     while let Some(frame) = decoder.next_frame()? {
///         types.extend(frame.header_str(":event-type").map(String::from));
///     }
/// }
/// assert_eq!(types, ["contentBlockStop"]);
/// assert!(matches!(decoder.finish(), Err(FrameError::Truncated { .. })));
/// # Ok::<(), FrameError>(())
/// ```
pub struct FrameDecoder {
    /// What came before `chunk`: mostly one frame that came in pieces, as far as it came.
    buffer: BytesMut,
    /// What was given whole and is read where it lies.
    chunk: Bytes,
    /// The length of the frame at the front, where it was lent out and is done with.
    lent: usize,
    /// Of the frame at the front, once its prelude was found good.
    prelude: Option<Prelude>,
    failed: Option<FrameError>,
    max_frame_bytes: usize,
}

#[derive(Clone, Copy)]
struct Prelude {
    total: usize,
    headers: usize,
}

impl FrameDecoder {
    /// A decoder that refuses frames of more than `max_frame_bytes` bytes, counted whole, as soon as it has
    /// seen the first 12 bytes of one. [`FrameDecoder::default`] takes [`MAX_FRAME_BYTES`].
    pub fn new(max_frame_bytes: usize) -> Self {
        let (buffer, chunk) = (BytesMut::new(), Bytes::new());
        Self { buffer, chunk, lent: 0, prelude: None, failed: None, max_frame_bytes }
    }

    /// Takes the next piece of the stream, of any length. After an error it is dropped.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.keep_chunk();
            if self.buffer.capacity() == 0 {
                self.buffer.reserve(BUFFER_BYTES);
            }
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// As [`push`](Self::push), but whole frames in the piece are read where they lie: only a frame that comes in
    /// pieces is copied. Once there is no whole frame left nothing of the piece is held any more.
    ///
    /// ```
    /// use outcrop_core::wire::{Frame, FrameDecoder};
    ///
    /// let frame = Frame::event("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    /// let mut wire = Vec::new();
    /// frame.encode(&mut wire)?;
    /// let mut decoder = FrameDecoder::default();
    /// decoder.push_bytes(wire.into());
    /// assert_eq!(decoder.next_frame()?, Some(frame));
    /// # Ok::<(), outcrop_core::wire::FrameError>(())
    /// ```
    pub fn push_bytes(&mut self, bytes: Bytes) {
        if self.failed.is_none() {
            self.keep_chunk();
            self.chunk = bytes;
        }
    }

    /// The next whole frame, or `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are no frame or one beyond the limits: anything but [`FrameError::Truncated`]. Each
    /// later call gives the same error. Frames before the damage have been handed out.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, FrameError> {
        let found = self.find_frame();
        let Some(prelude) = self.remember(found)? else { return Ok(None) };
        self.prelude = None;
        let mut frame = match self.buffer.is_empty() {
            true => self.chunk.split_to(prelude.total),
            false => self.buffer.split_to(prelude.total).freeze(),
        };
        frame.truncate(prelude.total - CRC_BYTES);
        frame.advance(PRELUDE_BYTES);
        let headers = self.remember(read_headers(&frame[..prelude.headers]))?;
        frame.advance(prelude.headers);
        Ok(Some(Frame { headers, payload: frame }))
    }

    /// As [`next_frame`](Self::next_frame), but the frame stays where it is: nothing is allocated for it.
    ///
    /// ```
    /// use outcrop_core::wire::{Frame, FrameDecoder};
    ///
    /// let frame = Frame::event("contentBlockStop", r#"{"contentBlockIndex":0}"#);
    /// let mut wire = Vec::new();
    /// frame.encode(&mut wire)?;
    /// let mut decoder = FrameDecoder::default();
    /// decoder.push(&wire);
    /// let lent = decoder.next_frame_ref()?.expect("a whole frame");
    /// assert_eq!(lent.header_str(":event-type"), Some("contentBlockStop"));
    /// assert_eq!(lent.payload(), br#"{"contentBlockIndex":0}"#);
    /// assert_eq!(lent.to_frame(), frame);
    /// # Ok::<(), outcrop_core::wire::FrameError>(())
    /// ```
    ///
    /// # Errors
    /// As [`next_frame`](Self::next_frame).
    pub fn next_frame_ref(&mut self) -> Result<Option<FrameRef<'_>>, FrameError> {
        let found = self.find_frame();
        let Some(prelude) = self.remember(found)? else { return Ok(None) };
        self.prelude = None;
        let headers = &self.front()[PRELUDE_BYTES..PRELUDE_BYTES + prelude.headers];
        if headers != OF_DELTA {
            let checked = check_headers(headers);
            self.remember(checked)?;
        }
        self.lent = prelude.total;
        let frame = &self.front()[PRELUDE_BYTES..prelude.total - CRC_BYTES];
        let (headers, payload) = frame.split_at(prelude.headers);
        Ok(Some(FrameRef { headers, payload }))
    }

    /// Tells whether the stream may end here. To be asked when [`next_frame`](Self::next_frame) has given
    /// `None`: frames not taken count as bytes left over.
    ///
    /// # Errors
    /// [`FrameError::Truncated`] when bytes of an unfinished frame are left, or the error that `next_frame`
    /// gave.
    pub fn finish(&self) -> Result<(), FrameError> {
        match self.failed {
            Some(error) => Err(error),
            None if self.buffered() == 0 => Ok(()),
            None => Err(FrameError::Truncated { have: self.buffered(), need: self.prelude.map(|p| p.total) }),
        }
    }

    /// How many bytes were pushed and are not yet handed out in a frame.
    pub fn buffered(&self) -> usize {
        self.buffer.len() + self.chunk.len() - self.lent
    }

    /// Finds the frame at the front, whole and with the right checksums.
    fn find_frame(&mut self) -> Result<Option<Prelude>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.take_back();
        loop {
            let front = self.front();
            let need = match (self.prelude, front.first_chunk()) {
                (Some(prelude), _) => match front.get(..prelude.total) {
                    Some(frame) => {
                        let (frame, mut crc) = frame.split_at(prelude.total - CRC_BYTES);
                        return match crc32fast::hash(frame) == crc.get_u32() {
                            true => Ok(Some(prelude)),
                            false => Err(FrameError::MessageCrc),
                        };
                    }
                    None => prelude.total,
                },
                (None, Some(bytes)) => {
                    self.prelude = Some(read_prelude(bytes, self.max_frame_bytes)?);
                    continue;
                }
                (None, None) => PRELUDE_BYTES,
            };
            if self.chunk.is_empty() {
                return Ok(None);
            }
            // What the frame lacks, or all there is.
            let lacks = need - self.buffer.len();
            let piece = self.chunk.split_to(lacks.min(self.chunk.len()));
            self.buffer.extend_from_slice(&piece);
            self.let_go();
        }
    }

    /// The bytes that begin with the next frame.
    fn front(&self) -> &[u8] {
        if self.buffer.is_empty() { &self.chunk } else { &self.buffer }
    }

    /// Drops the frame that was lent out.
    fn take_back(&mut self) {
        match std::mem::take(&mut self.lent) {
            0 => {}
            lent if self.buffer.is_empty() => {
                self.chunk.advance(lent);
                self.let_go();
            }
            lent => self.buffer.advance(lent),
        }
    }

    /// A chunk that was read to its end belongs to whoever gave it.
    fn let_go(&mut self) {
        if self.chunk.is_empty() {
            self.chunk = Bytes::new();
        }
    }

    /// Copies what is left of the chunk, since something comes after it.
    fn keep_chunk(&mut self) {
        self.take_back();
        if !self.chunk.is_empty() {
            self.buffer.extend_from_slice(&std::mem::take(&mut self.chunk));
        }
    }

    /// Keeps an error, to give it for ever.
    fn remember<T>(&mut self, read: Result<T, FrameError>) -> Result<T, FrameError> {
        read.inspect_err(|error| {
            self.failed = Some(*error);
            (self.buffer, self.chunk, self.lent) = (BytesMut::new(), Bytes::new(), 0);
        })
    }
}

impl Default for FrameDecoder {
    fn default() -> Self {
        Self::new(MAX_FRAME_BYTES)
    }
}

impl fmt::Debug for FrameDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameDecoder")
            .field("buffered", &self.buffered())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

fn read_prelude(bytes: &[u8; PRELUDE_BYTES], max: usize) -> Result<Prelude, FrameError> {
    let [a, b, c, d, e, f, g, h, crc @ ..] = *bytes;
    // The checksum first: a length that is damaged says nothing.
    if crc32fast::hash(&bytes[..8]) != u32::from_be_bytes(crc) {
        return Err(FrameError::PreludeCrc);
    }
    let total = u32::from_be_bytes([a, b, c, d]) as usize;
    let headers = u32::from_be_bytes([e, f, g, h]) as usize;
    if total.checked_sub(PRELUDE_BYTES + CRC_BYTES).is_none_or(|room| room < headers) {
        return Err(FrameError::BadLength { total, headers });
    }
    check_size(total, max)?;
    check_size(headers, MAX_HEADERS_BYTES)?;
    Ok(Prelude { total, headers })
}

fn check_size(len: usize, max: usize) -> Result<(), FrameError> {
    if len > max { Err(FrameError::TooLarge { len, max }) } else { Ok(()) }
}
