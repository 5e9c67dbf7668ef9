//! How the body of an answer is cut into HTTP chunks, and where it ends too early.
//!
//! Bedrock ends its chunks between frames, several frames to a chunk; a network in between may cut anywhere. A reader
//! must not care, so a test can ask for any cutting.
//!
//! # Invariants
//! - A cutting changes no byte and no order; only a [`Cut`] takes bytes away, and only at the end.
//! - No chunk is empty: in HTTP an empty chunk would be the end.

use serde::Deserialize;

/// How a body is cut into HTTP chunks.
///
/// In the file of a [`Script`](crate::Script): `"whole"`, `"frames"`, `{"bytes": 97}` or `{"sizes": [300, 12]}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Delivery {
    /// One chunk.
    Whole,
    /// A chunk for each frame of an event stream; one for a body of another kind.
    #[default]
    Frames,
    /// Chunks of so many bytes; 0 counts as 1.
    Bytes(usize),
    /// Chunks of these sizes, as a recorder may have kept them; what is left over is one more.
    Sizes(Vec<usize>),
}

/// Where a body ends too early. Beyond its length nothing is cut.
///
/// In the file of a [`Script`](crate::Script): `{"end": 100}` or `{"break": 100}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Cut {
    /// After so many bytes the body ends, and HTTP says that this was all of it.
    End(usize),
    /// After so many bytes the connection breaks.
    Break(usize),
}

impl Delivery {
    /// Where the chunks of `body` end, rising, when it is cut short as `cut` says.
    pub(crate) fn chunk_ends(&self, body: &[u8], cut: Option<Cut>) -> Vec<usize> {
        let all = body.len();
        let mut ends = match self {
            Self::Whole => vec![all],
            Self::Frames => frame_ends(body),
            Self::Bytes(size) => (0..all).step_by((*size).max(1)).skip(1).collect(),
            Self::Sizes(sizes) => sizes
                .iter()
                .scan(0usize, |end, size| {
                    *end = end.saturating_add(*size);
                    Some(*end)
                })
                .collect(),
        };
        let limit = match cut {
            Some(Cut::End(limit) | Cut::Break(limit)) => limit.min(all),
            None => all,
        };
        ends.retain(|end| (1..limit).contains(end));
        ends.dedup();
        if limit > 0 {
            ends.push(limit);
        }
        ends
    }
}

/// Where the frames of an event stream end, by their length prefixes; bytes that are no frame go into one piece.
pub(crate) fn frame_ends(body: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut start = 0usize;
    while let Some(length) = body.get(start..).and_then(|rest| rest.first_chunk::<4>()) {
        let length = u32::from_be_bytes(*length) as usize;
        match start.checked_add(length) {
            // 16 bytes is a frame without headers and payload.
            Some(end) if length >= 16 && end <= body.len() => {
                ends.push(end);
                start = end;
            }
            _ => break,
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(delivery: Delivery, cut: Option<Cut>, expected: &[usize]) {
        let mut body = Vec::new();
        for payload in ["ab", "c"] {
            outcrop_core::wire::Frame::new(payload).encode(&mut body).unwrap();
        }
        assert_eq!(body.len(), 35);
        assert_eq!(delivery.chunk_ends(&body, cut), expected, "{delivery:?} {cut:?}");
    }

    #[test]
    fn chunks_end_where_they_should() {
        check(Delivery::Whole, None, &[35]);
        check(Delivery::Frames, None, &[18, 35]);
        check(Delivery::Bytes(20), None, &[20, 35]);
        check(Delivery::Bytes(35), None, &[35]);
        check(Delivery::Sizes(vec![3, 0, 4]), None, &[3, 7, 35]);
        check(Delivery::Sizes(vec![30, 40]), None, &[30, 35]);
        check(Delivery::Frames, Some(Cut::End(20)), &[18, 20]);
        check(Delivery::Frames, Some(Cut::End(18)), &[18]);
        check(Delivery::Frames, Some(Cut::Break(0)), &[]);
        check(Delivery::Frames, Some(Cut::Break(99)), &[18, 35]);
        assert_eq!(Delivery::Frames.chunk_ends(br#"{"message":"no frames"}"#, None), [23]);
        assert_eq!(Delivery::Bytes(0).chunk_ends(b"ab", None), [1, 2]);
        assert!(Delivery::Frames.chunk_ends(b"", None).is_empty());
    }
}
