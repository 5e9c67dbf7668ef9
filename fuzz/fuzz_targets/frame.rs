//! Our frame decoder against `aws-smithy-eventstream`'s, over any bytes in any pieces.
//!
//! Both must give the same frames up to the first error of either, and fail on the same streams. Differences that
//! are meant:
//! - Ours judges a prelude as soon as its 12 bytes are there; theirs waits for the whole frame. So ours may fail on a
//!   prelude where theirs still waits.
//! - Ours refuses a frame, a header block or a header value beyond the specification's limits; theirs takes them.
//!
//! Beside that: every frame is written back as the bytes it came from, the pieces do not matter, and an error stays.

#![no_main]

use aws_smithy_eventstream::frame::{DecodedFrame, MessageFrameDecoder};
use aws_smithy_types::event_stream::{HeaderValue as TheirValue, Message};
use bytes::{Bytes, BytesMut};
use libfuzzer_sys::fuzz_target;
use outcrop_core::wire::frame::{Frame, FrameDecoder, FrameError, FrameRef, HeaderFault, HeaderValue};

fuzz_target!(|data: &[u8]| {
    // The last byte, so that a recorded stream can be the start of a corpus as it is.
    let Some((&seed, stream)) = data.split_last() else { return };
    let mut stream = stream.to_vec();
    if seed & 1 == 1 {
        seal(&mut stream, seed & 2 == 2);
    }

    let (ours, our_end) = read_ours(pieces(&stream, seed));
    assert_eq!(read_ours(vec![&stream]), (ours.clone(), our_end), "the pieces changed the outcome");
    assert_eq!(read_lent(pieces(&stream, seed)), (ours.clone(), our_end), "lent otherwise than given");
    assert_eq!(read_lent(vec![&stream]), (ours.clone(), our_end), "lent otherwise than given, whole");

    let mut written = Vec::new();
    for frame in &ours {
        frame.encode(&mut written).expect("a frame that was read");
    }
    assert!(stream.starts_with(&written), "written back otherwise than read");

    let (theirs, they_failed) = read_theirs(&stream);
    assert!(ours.iter().zip(&theirs).all(|(our, their)| same(our, their)), "{ours:?}\n{theirs:?}");
    match our_end {
        Ok(()) | Err(FrameError::Truncated { .. }) => {
            assert_eq!((ours.len(), false), (theirs.len(), they_failed), "only theirs failed");
        }
        Err(
            FrameError::TooLarge { .. } | FrameError::BadHeader { fault: HeaderFault::ValueTooLong(_), .. },
        ) => {}
        Err(FrameError::PreludeCrc | FrameError::BadLength { .. }) => assert_eq!(ours.len(), theirs.len()),
        Err(error) => {
            assert_eq!((ours.len(), true), (theirs.len(), they_failed), "only ours failed: {error}")
        }
    }
});

/// Makes the checksums of preludes right, and those of whole frames if asked, wherever the lengths lead: a fuzzer does
/// not guess a CRC.
fn seal(stream: &mut [u8], whole: bool) {
    let mut rest = stream;
    while rest.len() >= 16 {
        let crc = crc32fast::hash(&rest[..8]);
        rest[8..12].copy_from_slice(&crc.to_be_bytes());
        let total = u32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]) as usize;
        if !(16..=rest.len()).contains(&total) {
            return;
        }
        let (frame, after) = rest.split_at_mut(total);
        let (body, crc) = frame.split_at_mut(total - 4);
        if whole {
            crc.copy_from_slice(&crc32fast::hash(body).to_be_bytes());
        }
        rest = after;
    }
}

/// The stream in pieces whose lengths follow from the seed.
fn pieces(stream: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut state = u32::from(seed >> 2);
    let mut rest = stream;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, after) = rest.split_at(((state >> 24) as usize % 40).min(rest.len()));
        pieces.push(piece);
        rest = after;
    }
    pieces
}

fn read_ours(pieces: Vec<&[u8]>) -> (Vec<Frame>, Result<(), FrameError>) {
    let mut decoder = FrameDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    decoder.push(b"more");
                    assert_eq!(decoder.next_frame(), Err(error));
                    assert_eq!((decoder.finish(), decoder.buffered()), (Err(error), 0));
                    return (frames, Err(error));
                }
            }
        }
    }
    (frames, decoder.finish())
}

/// The same by frames that are lent, out of pieces that are given away; now and then a frame is taken whole between
/// them, and a piece is copied.
fn read_lent(pieces: Vec<&[u8]>) -> (Vec<Frame>, Result<(), FrameError>) {
    let mut decoder = FrameDecoder::default();
    let mut frames: Vec<Frame> = Vec::new();
    for (at, piece) in pieces.into_iter().enumerate() {
        if at % 3 == 2 {
            decoder.push(piece);
        } else {
            decoder.push_bytes(Bytes::copy_from_slice(piece));
        }
        loop {
            let next = if frames.len() % 5 == 4 {
                decoder.next_frame()
            } else {
                decoder.next_frame_ref().map(|frame| frame.map(owned))
            };
            match next {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, decoder.finish())
}

fn owned(lent: FrameRef<'_>) -> Frame {
    let frame = lent.to_frame();
    assert_eq!(lent.payload(), frame.payload);
    for header in &frame.headers {
        assert_eq!(lent.header_str(&header.name), frame.header_str(&header.name), "{}", header.name);
    }
    frame
}

fn read_theirs(stream: &[u8]) -> (Vec<Message>, bool) {
    let mut decoder = MessageFrameDecoder::new();
    let mut buffer = BytesMut::from(stream);
    let mut frames = Vec::new();
    loop {
        match decoder.decode_frame(&mut buffer) {
            Ok(DecodedFrame::Complete(frame)) => frames.push(frame),
            Ok(DecodedFrame::Incomplete) => return (frames, false),
            Err(_) => return (frames, true),
        }
    }
}

fn same(our: &Frame, their: &Message) -> bool {
    our.payload == their.payload()
        && our.headers.len() == their.headers().len()
        && our.headers.iter().zip(their.headers()).all(|(our, their)| {
            our.name == their.name().as_str()
                && match (&our.value, their.value()) {
                    (HeaderValue::Bool(our), TheirValue::Bool(their)) => our == their,
                    (HeaderValue::Byte(our), TheirValue::Byte(their)) => our == their,
                    (HeaderValue::Int16(our), TheirValue::Int16(their)) => our == their,
                    (HeaderValue::Int32(our), TheirValue::Int32(their)) => our == their,
                    (HeaderValue::Int64(our), TheirValue::Int64(their)) => our == their,
                    (HeaderValue::Bytes(our), TheirValue::ByteArray(their)) => our == their,
                    (HeaderValue::String(our), TheirValue::String(their)) => our == their.as_str(),
                    (HeaderValue::Timestamp(our), TheirValue::Timestamp(their)) => {
                        their.to_millis().is_ok_and(|their| *our == their)
                    }
                    (HeaderValue::Uuid(our), TheirValue::Uuid(their)) => *our == their.to_be_bytes(),
                    _ => false,
                }
        })
}
