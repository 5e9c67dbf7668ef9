//! What can be wrong with a frame.

/// Why bytes are no frame, or a frame cannot be written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The checksum of the two lengths is wrong: damage, or no event stream at all.
    #[error("frame prelude checksum does not match")]
    PreludeCrc,
    /// The checksum of the whole frame is wrong.
    #[error("frame checksum does not match")]
    MessageCrc,
    /// The frame, or its header block, is longer than allowed.
    #[error("{len} bytes of frame or headers, at most {max} are allowed")]
    TooLarge {
        /// Length in bytes.
        len: usize,
        /// What [`FrameDecoder::new`](super::FrameDecoder::new) was given, or [`MAX_FRAME_BYTES`](super::MAX_FRAME_BYTES) when writing; for headers
        /// [`MAX_HEADERS_BYTES`](super::MAX_HEADERS_BYTES).
        max: usize,
    },
    /// The two lengths, in bytes, contradict each other: 16 and the headers make more than the total.
    #[error("frame of {total} bytes cannot hold {headers} bytes of headers")]
    BadLength {
        /// Length of the whole frame as it says.
        total: usize,
        /// Length of the headers as it says.
        headers: usize,
    },
    /// A header cannot be read or written.
    #[error("frame header {index}: {fault}")]
    BadHeader {
        /// Which header, counted from 0.
        index: usize,
        /// What is wrong with it.
        fault: HeaderFault,
    },
    /// The stream ended inside a frame.
    #[error("stream ended inside a frame, after {have} bytes of it")]
    Truncated {
        /// Bytes of the frame that are there.
        have: usize,
        /// Length of the whole frame, if so much was there to tell.
        need: Option<usize>,
    },
}

/// What is wrong with a header, in [`FrameError::BadHeader`].
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFault {
    /// It reaches beyond the end of the headers.
    #[error("reaches beyond the headers")]
    Cut,
    /// The specification has no such type.
    #[error("unknown type {0}")]
    UnknownType(u8),
    /// Its name or its text is not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The name has this many bytes, more than 255.
    #[error("name of {0} bytes, at most 255 are allowed")]
    NameTooLong(usize),
    /// The value has this many bytes, more than 32,767.
    #[error("value of {0} bytes, at most 32767 are allowed")]
    ValueTooLong(usize),
}
