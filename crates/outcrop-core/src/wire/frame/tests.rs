//! Frames against `aws-smithy-eventstream`, against recorded streams, and against every way to cut or damage
//! a stream.

use std::path::{Path, PathBuf};

use aws_smithy_eventstream::frame::{read_message_from, write_message_to};
use aws_smithy_types::DateTime;
use aws_smithy_types::event_stream::{Header as TheirHeader, HeaderValue as TheirValue, Message};
use aws_smithy_types::str_bytes::StrBytes;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

type Read = (Vec<Frame>, Result<(), FrameError>);

/// The stream, in whatever pieces it comes, gives these frames and then this end.
#[track_caller]
fn check(stream: &[u8], frames: &[Frame], end: Result<(), FrameError>) {
    let expected = (frames.to_vec(), end);
    assert_eq!(read([stream]), expected, "in one piece");
    assert_eq!(read(stream.chunks(1)), expected, "byte by byte");
    assert_eq!(read(stream.chunks(97)), expected, "97 bytes a piece");
    for cut in (0..=stream.len()).step_by((stream.len() / 1000).max(1)) {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(read([head, tail]), expected, "cut at {cut}");
    }
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    read_with(FrameDecoder::default(), pieces)
}

fn read_with<'a>(mut decoder: FrameDecoder, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let mut frames = Vec::new();
    // One that lends its frames says the same of everything.
    let mut lending = FrameDecoder::new(decoder.max_frame_bytes);
    // So do those that read pieces where they lie.
    let mut given = FrameDecoder::new(decoder.max_frame_bytes);
    let mut lending_given = FrameDecoder::new(decoder.max_frame_bytes);
    for piece in pieces {
        decoder.push(piece);
        lending.push(piece);
        let given_piece = Bytes::copy_from_slice(piece);
        given.push_bytes(given_piece.clone());
        lending_given.push_bytes(given_piece.clone());
        loop {
            let frame = decoder.next_frame();
            let lent = lending.next_frame_ref();
            assert_eq!(given.next_frame(), frame);
            assert_eq!((given.buffered(), given.finish()), (decoder.buffered(), decoder.finish()));
            let lent_given = lending_given.next_frame_ref();
            assert_eq!(lent_given.map(|frame| frame.map(|frame| frame.to_frame())), frame);
            assert_eq!(
                (lending_given.buffered(), lending_given.finish()),
                (decoder.buffered(), decoder.finish())
            );
            assert_eq!(lent.map(|frame| frame.map(|frame| frame.to_frame())), frame);
            assert_eq!((lending.buffered(), lending.finish()), (decoder.buffered(), decoder.finish()));
            match frame {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => {
                    // And hold nothing of them longer than they must.
                    assert!(piece.is_empty() || given_piece.is_unique());
                    break;
                }
                Err(error) => {
                    // It stays, whatever comes, and nothing is hoarded.
                    decoder.push(&encode(&[Frame::new("more")]));
                    assert_eq!(decoder.next_frame(), Err(error));
                    assert_eq!(decoder.finish(), Err(error));
                    assert_eq!(decoder.buffered(), 0);
                    return (frames, Err(error));
                }
            }
        }
    }
    (frames, decoder.finish())
}

fn encode(frames: &[Frame]) -> Vec<u8> {
    let mut out = Vec::new();
    for frame in frames {
        frame.encode(&mut out).unwrap();
    }
    out
}

/// Bytes with the lengths as given and both checksums right.
fn sealed(total: u32, headers: u32, rest: &[u8]) -> Vec<u8> {
    let mut out = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out.extend(rest);
    out.extend(crc32fast::hash(&out).to_be_bytes());
    out
}

fn every_type() -> Frame {
    Frame::new("payload")
        .with_header("true", HeaderValue::Bool(true))
        .with_header("false", HeaderValue::Bool(false))
        .with_header("byte", HeaderValue::Byte(-2))
        .with_header("int16", HeaderValue::Int16(-300))
        .with_header("int32", HeaderValue::Int32(-70_000))
        .with_header("int64", HeaderValue::Int64(-5_000_000_000))
        .with_header("bytes", HeaderValue::Bytes(Bytes::from_static(&[0, 255])))
        .with_header("string", "São Tomé")
        .with_header("timestamp", HeaderValue::Timestamp(1_700_000_000_123))
        .with_header("uuid", HeaderValue::Uuid(*b"0123456789abcdef"))
}

fn stream() -> Vec<Frame> {
    vec![
        Frame::event("messageStart", r#"{"role":"assistant"}"#),
        every_type(),
        Frame::exception("throttlingException", r#"{"message":"slow down"}"#),
    ]
}

#[test]
fn any_cut_gives_the_same_frames() {
    check(&[], &[], Ok(()));
    check(&encode(&[Frame::default()]), &[Frame::default()], Ok(()));
    check(&encode(&stream()), &stream(), Ok(()));

    let empties = Frame::new("").with_header("", "").with_header("b", HeaderValue::Bytes(Bytes::new()));
    check(&encode(std::slice::from_ref(&empties)), &[empties], Ok(()));

    let repeated = Frame::new("").with_header("n", "first").with_header("n", HeaderValue::Bool(true));
    assert_eq!(repeated.header_str("n"), Some("first"));
    check(&encode(std::slice::from_ref(&repeated)), &[repeated], Ok(()));
}

#[test]
fn bytes_on_the_wire() {
    let cases: [(Frame, &[u8]); 3] = [
        (Frame::new(""), b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff"),
        (Frame::new("{'foo':'bar'}"), b"\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36"),
        (
            Frame::event("chunk", "{}"),
            b"\0\0\0\x5d\0\0\0\x4b\x44\xaf\x4c\x0b\x0b:event-type\x07\0\x05chunk\x0d:content-type\x07\0\
              \x10application/json\x0d:message-type\x07\0\x05event{}\xff\x8b\x88\x69",
        ),
    ];
    for (frame, wire) in cases {
        assert_eq!(Bytes::from(encode(std::slice::from_ref(&frame))), Bytes::from_static(wire));
        check(wire, &[frame], Ok(()));
    }
}

#[test]
fn the_headers_that_are_known_by_heart() {
    let mut decoder = FrameDecoder::default();
    for (frame, is_delta) in [
        (Frame::event("contentBlockDelta", "{}"), true),
        (Frame::event("contentBlockDelta", "{}").with_header("n", "v"), false),
        (Frame::event("contentBlockStop", "{}"), false),
    ] {
        decoder.push(&encode(std::slice::from_ref(&frame)));
        let lent = decoder.next_frame_ref().unwrap().unwrap();
        assert_eq!(lent.has_headers_of_delta(), is_delta);
        assert_eq!(lent.header_str(":event-type"), frame.header_str(":event-type"));
        assert_eq!(lent.header_str(":message-type"), Some("event"));
    }
}

#[test]
fn two_frames_and_a_half() {
    let frames = stream();
    let third = encode(&frames[2..]);
    let cut = encode(&frames).len() - third.len() / 2;
    let have = third.len() - third.len() / 2;
    check(
        &encode(&frames)[..cut],
        &frames[..2],
        Err(FrameError::Truncated { have, need: Some(third.len()) }),
    );
}

#[test]
fn truncation_at_every_byte() {
    let frames = stream();
    let wire = encode(&frames);
    let ends: Vec<_> = (0..=frames.len()).map(|n| encode(&frames[..n]).len()).collect();
    for cut in 0..=wire.len() {
        let whole = ends.iter().rposition(|end| *end <= cut).unwrap();
        let have = cut - ends[whole];
        let need = (have >= PRELUDE_BYTES).then(|| ends[whole + 1] - ends[whole]);
        let end = if have == 0 { Ok(()) } else { Err(FrameError::Truncated { have, need }) };
        assert_eq!(read([&wire[..cut]]), (frames[..whole].to_vec(), end), "cut at {cut}");
    }
}

#[test]
fn no_damaged_byte_goes_unseen() {
    let frames = stream();
    let mut wire = encode(&frames);
    for at in 0..wire.len() {
        for flip in 1..=255 {
            wire[at] ^= flip;
            let (read, end) = read([&wire[..]]);
            assert!(end.is_err(), "byte {at} ^ {flip}");
            assert!(read.len() < frames.len() && read == frames[..read.len()], "byte {at} ^ {flip}");
            wire[at] ^= flip;
        }
    }
}

#[test]
fn lengths_that_cannot_be() {
    let max = MAX_FRAME_BYTES as u32;
    let bad =
        |total: u32, headers: u32| FrameError::BadLength { total: total as usize, headers: headers as usize };
    let large = |len: u32, max: usize| FrameError::TooLarge { len: len as usize, max };
    let cases = [
        (0, 0, bad(0, 0)),
        (11, 0, bad(11, 0)),
        (15, 0, bad(15, 0)),
        (16, 1, bad(16, 1)),
        (100, 85, bad(100, 85)),
        (100, u32::MAX, bad(100, u32::MAX)),
        (u32::MAX, u32::MAX, bad(u32::MAX, u32::MAX)),
        (u32::MAX, 0, large(u32::MAX, MAX_FRAME_BYTES)),
        (max + 1, 0, large(max + 1, MAX_FRAME_BYTES)),
        (max, 131_073, large(131_073, MAX_HEADERS_BYTES)),
    ];
    for (total, headers, error) in cases {
        // Told by the first 12 bytes alone.
        check(&sealed(total, headers, &[])[..PRELUDE_BYTES], &[], Err(error));
        check(&sealed(total, headers, &[0; 84]), &[], Err(error));
    }
    let longest = &sealed(max, 131_072, &[])[..PRELUDE_BYTES];
    check(longest, &[], Err(FrameError::Truncated { have: PRELUDE_BYTES, need: Some(MAX_FRAME_BYTES) }));
    check(b"{\"message\":\"Forbidden\"}", &[], Err(FrameError::PreludeCrc));
}

#[test]
fn bound_is_on_the_whole_frame() {
    let frame = Frame::event("messageStop", r#"{"stopReason":"end_turn"}"#);
    let wire = encode(&[frame.clone(), frame.clone()]);
    let len = wire.len() / 2;
    assert_eq!(read_with(FrameDecoder::new(len), [&wire[..]]), (vec![frame.clone(), frame], Ok(())));
    for max in [0, 15, len - 1] {
        let error = FrameError::TooLarge { len, max };
        assert_eq!(read_with(FrameDecoder::new(max), [&wire[..]]), (vec![], Err(error)));
    }
}

#[test]
fn headers_that_cannot_be_read() {
    use HeaderFault::*;
    let cases: [(&[u8], usize, HeaderFault); 14] = [
        (b"\x01", 0, Cut),
        (b"\x01n", 0, Cut),
        (b"\x05name", 0, Cut),
        (b"\xff", 0, Cut),
        (b"\x01n\x00\x01", 1, Cut),
        (b"\x01n\x02", 0, Cut),
        (b"\x01n\x09\x00\x00\x00", 0, Cut),
        (b"\x01n\x07\x00", 0, Cut),
        (b"\x01n\x07\x00\x02a", 0, Cut),
        (b"\x01n\x0a", 0, UnknownType(10)),
        (b"\x01n\x00\x01n\xff", 1, UnknownType(255)),
        (b"\x01\xff\x00", 0, NotUtf8),
        (b"\x01n\x07\x00\x01\xc3", 0, NotUtf8),
        (b"\x01n\x06\x80\x00", 0, ValueTooLong(32_768)),
    ];
    for (headers, index, fault) in cases {
        // A payload that the header could run into.
        let rest = [headers, &[b'a'; 64]].concat();
        let wire = sealed(16 + rest.len() as u32, headers.len() as u32, &rest);
        check(&wire, &[], Err(FrameError::BadHeader { index, fault }));
    }
}

#[test]
fn limits_of_writing() {
    let text = |len: usize| "x".repeat(len);
    let blob = |len: usize| HeaderValue::Bytes(vec![0; len].into());
    let frame = || Frame::new("").with_header("n", "v");
    let headers = |count: usize| (0..count).fold(Frame::new(""), |frame, _| frame.with_header(text(60), "v"));
    let bad = |fault| Err(FrameError::BadHeader { index: 1, fault });
    let cases = [
        (frame().with_header(text(255), "v"), Ok(())),
        (frame().with_header(text(256), "v"), bad(HeaderFault::NameTooLong(256))),
        (frame().with_header("s", text(32_767)), Ok(())),
        (frame().with_header("s", text(32_768)), bad(HeaderFault::ValueTooLong(32_768))),
        (frame().with_header("b", blob(32_767)), Ok(())),
        (frame().with_header("b", blob(32_768)), bad(HeaderFault::ValueTooLong(32_768))),
        (frame().with_header("b", blob(65_536)), bad(HeaderFault::ValueTooLong(65_536))),
        (headers(2_016), Ok(())),
        (headers(2_017), Err(FrameError::TooLarge { len: 131_105, max: MAX_HEADERS_BYTES })),
        (Frame::new(vec![0; MAX_FRAME_BYTES - 16]), Ok(())),
        (
            Frame::new(vec![0; MAX_FRAME_BYTES - 15]),
            Err(FrameError::TooLarge { len: MAX_FRAME_BYTES + 1, max: MAX_FRAME_BYTES }),
        ),
    ];
    for (frame, result) in cases {
        let mut out = b"before".to_vec();
        assert_eq!(frame.encode(&mut out), result);
        assert_eq!(&out[..6], b"before");
        match result {
            Ok(()) => assert!(read([&out[6..]]) == (vec![frame], Ok(()))),
            Err(_) => assert_eq!(out.len(), 6),
        }
    }
}

#[test]
fn payloads_are_slices_of_what_was_pushed() {
    let wire = encode(&[Frame::new("one"), Frame::new("two")]);
    let (frames, _) = read([&wire[..]]);
    let [one, two] = [0, 1].map(|n| frames[n].payload.as_ptr() as usize);
    assert_eq!(two - one, wire.len() / 2);
}

#[test]
fn recorded_streams() {
    let root = std::env::var_os("OUTCROP_CONFORMANCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    if !root.is_dir() {
        eprintln!("skipped: no recorded streams, set OUTCROP_CONFORMANCE to their folder");
        return;
    }
    let (mut folders, mut streams) = (vec![root], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "eventstream") {
                let wire = std::fs::read(&path).unwrap();
                let (frames, end) = read([&wire[..]]);
                assert_eq!(end, Ok(()), "{path:?}");
                assert!(encode(&frames) == wire, "{path:?}");
                assert_eq!(read(wire.chunks(97)), (frames.clone(), Ok(())), "{path:?}");
                assert_eq!(read(wire.chunks(1)), (frames.clone(), Ok(())), "{path:?}");
                for frame in frames {
                    let again = match frame.header_str(":event-type") {
                        Some(kind) => Frame::event(kind, frame.payload.clone()),
                        None => {
                            let kind = frame.header_str(":exception-type").unwrap();
                            Frame::exception(kind, frame.payload.clone())
                        }
                    };
                    assert_eq!(again, frame, "{path:?}");
                }
                streams += 1;
            }
        }
    }
    assert!(streams > 0, "no recorded stream found");
}

proptest! {
    #[test]
    fn written_by_us_read_by_smithy(frames in vec(any_frame(), 0..4)) {
        let wire = encode(&frames);
        let mut rest = &wire[..];
        for frame in &frames {
            prop_assert_eq!(&from_theirs(&read_message_from(&mut rest).unwrap()), frame);
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn written_by_smithy_read_by_us(frames in vec(any_frame(), 0..4)) {
        let mut wire = Vec::new();
        for frame in &frames {
            write_message_to(&to_theirs(frame), &mut wire).unwrap();
        }
        check(&wire, &frames, Ok(()));
        prop_assert_eq!(encode(&frames), wire);
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in vec(any::<u8>(), 0..200), headers in vec(any::<u8>(), 0..60)) {
        let (frames, end) = read([&bytes[..]]);
        check(&bytes, &frames, end);
        let wire = sealed(16 + headers.len() as u32, headers.len() as u32, &headers);
        let (frames, end) = read([&wire[..]]);
        check(&wire, &frames, end);
        prop_assert!(frames.is_empty() || encode(&frames) == wire);
    }
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let text = || prop_oneof![".{0,20}", "(:event-type|event|application/json|validationException)"];
    let value = prop_oneof![
        any::<bool>().prop_map(HeaderValue::Bool),
        any::<i8>().prop_map(HeaderValue::Byte),
        any::<i16>().prop_map(HeaderValue::Int16),
        any::<i32>().prop_map(HeaderValue::Int32),
        any::<i64>().prop_map(HeaderValue::Int64),
        vec(any::<u8>(), 0..40).prop_map(|bytes| HeaderValue::Bytes(bytes.into())),
        text().prop_map(HeaderValue::from),
        any::<i64>().prop_map(HeaderValue::Timestamp),
        any::<[u8; 16]>().prop_map(HeaderValue::Uuid),
    ];
    let header = (text(), value).prop_map(|(name, value)| Header { name: name.into(), value });
    (vec(header, 0..5), vec(any::<u8>(), 0..100))
        .prop_map(|(headers, payload)| Frame { headers, payload: payload.into() })
}

fn to_theirs(frame: &Frame) -> Message {
    let headers = frame.headers.iter().map(|header| {
        let value = match header.value.clone() {
            HeaderValue::Bool(value) => TheirValue::Bool(value),
            HeaderValue::Byte(value) => TheirValue::Byte(value),
            HeaderValue::Int16(value) => TheirValue::Int16(value),
            HeaderValue::Int32(value) => TheirValue::Int32(value),
            HeaderValue::Int64(value) => TheirValue::Int64(value),
            HeaderValue::Bytes(value) => TheirValue::ByteArray(value),
            HeaderValue::String(value) => TheirValue::String(value.into_owned().into()),
            HeaderValue::Timestamp(value) => TheirValue::Timestamp(DateTime::from_millis(value)),
            HeaderValue::Uuid(value) => TheirValue::Uuid(u128::from_be_bytes(value)),
        };
        TheirHeader::new(StrBytes::from(header.name.to_string()), value)
    });
    Message::new_from_parts(headers.collect(), frame.payload.clone())
}

fn from_theirs(message: &Message) -> Frame {
    let headers = message.headers().iter().map(|header| {
        let value = match header.value().clone() {
            TheirValue::Bool(value) => HeaderValue::Bool(value),
            TheirValue::Byte(value) => HeaderValue::Byte(value),
            TheirValue::Int16(value) => HeaderValue::Int16(value),
            TheirValue::Int32(value) => HeaderValue::Int32(value),
            TheirValue::Int64(value) => HeaderValue::Int64(value),
            TheirValue::ByteArray(value) => HeaderValue::Bytes(value),
            TheirValue::String(value) => value.as_str().to_owned().into(),
            TheirValue::Timestamp(value) => HeaderValue::Timestamp(value.to_millis().unwrap()),
            TheirValue::Uuid(value) => HeaderValue::Uuid(value.to_be_bytes()),
            other => panic!("a type newer than the specification: {other:?}"),
        };
        Header { name: header.name().as_str().to_owned().into(), value }
    });
    Frame { headers: headers.collect(), payload: message.payload().clone() }
}
