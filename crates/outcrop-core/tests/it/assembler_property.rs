//! Any events in any order, and any split of what they carry.

use outcrop_core::wire::*;
use proptest::{
    collection::vec,
    prelude::{Strategy, *},
};

use crate::{
    assembler::show,
    generate::{blocks, ids, names},
    support::{arg, begin, call, cases, cite, end, metadata, raw, redact, sign, start, stop, text, think},
};

fn any_event() -> impl Strategy<Value = StreamEvent> {
    let at = 0u32..3;
    prop_oneof![
        at.clone().prop_map(|at| text(at, "a")),
        at.clone().prop_map(|at| think(at, "b")),
        at.clone().prop_map(|at| sign(at, "s")),
        at.clone().prop_map(|at| redact(at, b"c")),
        at.clone().prop_map(|at| cite(at, "t")),
        (at.clone(), ids(), names()).prop_map(|(at, id, name)| call(at, &id, &name)),
        at.clone().prop_map(|at| arg(at, "{}")),
        at.clone().prop_map(stop),
        at.clone().prop_map(|at| start(at, BlockStart::Image(ImageStart::new("png")))),
        at.clone().prop_map(|at| start(at, BlockStart::Unknown(raw("{}")))),
        at.clone().prop_map(|at| StreamEvent::ContentBlockDelta(ContentBlockDelta::new(
            at,
            BlockDelta::Unknown(raw("1"))
        ))),
        (at, blocks()).prop_map(|(at, block)| StreamEvent::WholeBlock(WholeBlock::new(at, block))),
        Just(begin()),
        Just(end("tool_use")),
        Just(metadata(1)),
    ]
}

proptest! {
    #![proptest_config(cases(512))]

    /// Whatever comes: no panic, an end only after `messageStop`, and nothing in a partial message that cannot be
    /// sent.
    #[test]
    fn any_events(events in vec(any_event(), 0..20)) {
        let mut assembler = Assembler::new();
        let mut ended = false;
        for event in &events {
            if assembler.push(event.clone()).is_err() {
                prop_assert!(!ended, "an error after the end");
                break;
            }
            ended |= matches!(event, StreamEvent::MessageStop(_));
            prop_assert_eq!(assembler.is_finished(), ended);
        }
        if ended {
            let done = assembler.finish().unwrap();
            prop_assert_eq!(done.message.content.len(), done.endings.len());
        } else if let Some(partial) = assembler.partial() {
            prop_assert!(!partial.text().trim().is_empty());
            for block in &partial.content {
                prop_assert!(!matches!(block, ContentBlock::ToolUse(_) | ContentBlock::ToolResult(_)));
                if let ContentBlock::ReasoningContent(ReasoningContent::ReasoningText(text)) = block {
                    prop_assert!(text.is_signed());
                }
            }
        }
    }

    /// R36: any split of any text gives the same message.
    #[test]
    fn any_split(pieces in vec("[a-c{}\"\\\\ é🌍]{0,3}", 0..8)) {
        let whole = pieces.concat();
        let of = |pieces: &[String]| {
            let mut events = vec![call(2, "a", "now"), cite(3, "t"), text(3, ""), think(0, ""), text(1, "")];
            for piece in pieces {
                let bytes = piece.as_bytes();
                events.extend([think(0, piece), text(1, piece), arg(2, piece), text(3, piece), sign(4, piece), redact(5, bytes)]);
            }
            events.extend([sign(4, ""), redact(5, b""), end("tool_use")]);
            show(&events)
        };
        prop_assert_eq!(of(&pieces), of(&[whole]));
    }
}
