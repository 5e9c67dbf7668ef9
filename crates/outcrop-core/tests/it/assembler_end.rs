//! How a message ends: in order, out of order, early.

use expect_test::expect;
use outcrop_core::wire::*;

use crate::{
    assembler::check,
    support::{arg, begin, call, cite, end, metadata, redact, sign, stop, text, think},
};

/// R104: only `messageStop` ends a message; what is open then is closed by it.
#[test]
fn r104_the_end() {
    check(
        [text(0, "a"), call(1, "a", "now"), end("end_turn")],
        expect![[r#"
        0 (open) {"text":"a"}
        1 (open) {"toolUse":{"toolUseId":"a","name":"now","input":{}}}
        end_turn
    "#]],
    );
    check(
        [text(0, "a"), stop(0), metadata(1)],
        expect![[r#"
        unfinished
        partial [{"text":"a"}]
    "#]],
    );
    assert_eq!(Assembler::new().finish().unwrap_err(), ProtocolError::Unfinished);
}

/// R104, bedrock-api 2.3: a stop without a start, and blocks of nothing.
#[test]
fn empty_blocks() {
    check(
        [begin(), stop(0), text(1, ""), stop(1), end("content_filtered")],
        expect![[r#"
        1 {"text":""}
        content_filtered
    "#]],
    );
    check(
        [end("end_turn")],
        expect![[r#"
        end_turn
    "#]],
    );
}

/// R105: metadata before, after, twice, never; nothing after the end is an error.
#[test]
fn r105_after_the_end() {
    let late = [metadata(1), text(0, "late"), stop(0), begin(), end("tool_use"), metadata(2)];
    check(
        [&[text(0, "a"), stop(0), end("end_turn")][..], &late].concat(),
        expect![[r#"
        0 {"text":"a"}
        foreign None {"contentBlockIndex":0,"delta":{"text":"late"}}
        foreign None {"contentBlockIndex":0}
        foreign None {"role":"assistant"}
        foreign None {"stopReason":"tool_use"}
        end_turn with metadata
    "#]],
    );
    check(
        [metadata(1), text(0, "a"), end("end_turn")],
        expect![[r#"
        0 (open) {"text":"a"}
        end_turn with metadata
    "#]],
    );
}

#[test]
fn a_stream_out_of_order() {
    check(
        [begin(), text(0, "a"), begin()],
        expect![[r#"
        the message began twice
        partial [{"text":"a"}]
    "#]],
    );
    check(
        [text(0, "a"), arg(0, "{}")],
        expect![[r#"
        block 0 is text and got a tool's input
        partial [{"text":"a"}]
    "#]],
    );
    check(
        [text(0, "a"), call(0, "a", "now")],
        expect![[r#"
        block 0 began twice
        partial [{"text":"a"}]
    "#]],
    );
    check(
        [text(0, "a"), stop(0), text(0, "b")],
        expect![[r#"
        block 0 went on after its end
        partial [{"text":"a"}]
    "#]],
    );
    check(
        [text(0, "a"), stop(0), stop(0)],
        expect![[r#"
        block 0 went on after its end
        partial [{"text":"a"}]
    "#]],
    );
    check(
        [call(0, "a", "now"), text(0, "b")],
        expect![[r#"
        block 0 is a tool use and got text
        partial -
    "#]],
    );
}

/// R61: of an unfinished message stay text and whole, signed reasoning.
#[test]
fn r61_partial_messages() {
    check(
        [think(0, "a"), sign(0, "s"), stop(0), text(1, "b"), call(2, "a", "now"), stop(2), cite(3, "t")],
        expect![[r#"
            unfinished
            partial [{"reasoningContent":{"reasoningText":{"text":"a","signature":"s"}}},{"text":"b"},{"citationsContent":{"citations":[{"title":"t"}]}}]
        "#]],
    );
    check(
        [think(0, "a"), stop(0), think(1, "b"), sign(1, "s"), text(2, "c")],
        expect![[r#"
        unfinished
        partial [{"text":"c"}]
    "#]],
    );
    check(
        [think(0, "a"), sign(0, ""), stop(0), redact(1, b"x"), redact(2, b"y"), stop(2), text(3, "c")],
        expect![[r#"
            unfinished
            partial [{"reasoningContent":{"redactedContent":"eQ=="}},{"text":"c"}]
        "#]],
    );
    check(
        [think(0, "a"), sign(0, "s"), stop(0), text(1, " ")],
        expect![[r#"
        unfinished
        partial -
    "#]],
    );
}
