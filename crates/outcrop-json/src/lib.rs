//! JSON that is still being written: the value so far after every fragment, in linear time.
//!
//! A language model writes the arguments of a tool call as JSON, and they arrive as fragments cut anywhere,
//! sometimes damaged, sometimes cut off. [`LiveJson`] takes the fragments and has a value to show after each, and
//! at the end says what the text turned out to be. It looks at each byte once; parsing the whole text again at
//! every fragment, which is the usual way, costs a time that grows with the square of the text.
//!
//! ```
//! use outcrop_json::{End, LiveJson, Outcome};
//!
//! let mut live = LiveJson::new();
//! for fragment in [r#"{"city": "S\u00"#, r#"e3o P"#, r#"aulo", "days": 1"#, r#"2}"#] {
//!     live.push(fragment)?;
//!     if let Some(city) = live.root().and_then(|root| root.get("city")) {
//!         println!("{:?}{}", city.as_str(), if city.is_complete() { "" } else { "…" });
//!     }
//! }
//! let trip = live.root().unwrap();
//! assert_eq!(trip.get("city").unwrap().as_str(), Some("São Paulo"));
//! assert_eq!(trip.get("days").unwrap().as_u64(), Some(12));
//! assert!(matches!(live.finish(End::Whole), Outcome::Complete(_)));
//! # Ok::<(), outcrop_json::LimitError>(())
//! ```
//!
//! - Read by reference: [`NodeRef`]. Nothing is copied, and ids of values are stable.
//! - Read what changed, at any rate: [`LiveJson::mark`], [`LiveJson::changes`]. What was shown: [`LiveJson::at`].
//! - Read as your own struct: [`LiveJson::partial`].
//! - Keep a companion of your own type up to date, each field absent, growing or done: [`LivePartial`].
//! - At the end: [`LiveJson::finish`]. Complete, repaired, guessed, truncated and invalid are told apart.
//! - Propose a reading of a finished text that is malformed: [`repair()`].
//!
//! What is shown is for showing. Execute only what is [`Outcome::Complete`], parsed from the text itself.

mod live;

mod change;
mod error;
mod outcome;
mod tree;
mod view;

mod de;
mod finish;
mod partial;
mod repair;
mod scanner;
mod value;

pub use change::{Append, Change, Changes, Close, Set};
pub use de::PartialError;
pub use error::{ErrorKind, Limit, LimitError, SyntaxError};
pub use live::{Limits, LiveJson, Progress};
pub use outcome::{
    Complete, End, Guessed, Invalid, Outcome, Repair, RepairKind, Repaired, Severity, Truncated,
};
pub use partial::{
    Decoder, Done, HasPartial, List, LivePartial, Own, Part, Partial, PartialValue, Reading, Tuple,
};
pub use repair::{Proposal, repair};
pub use tree::{Kind, Mark, NodeId};
pub use view::{Children, Items, Members, NodeRef, Pointer, View};

/// What the code of Outcrop's macros names. No part of the interface: it changes without notice.
#[doc(hidden)]
pub mod __private {
    #[cfg(feature = "chrono")]
    pub use chrono;
    #[cfg(feature = "url")]
    pub use url;
    #[cfg(feature = "uuid")]
    pub use uuid;

    pub use crate::partial::{
        fields::{By, Decodes, Fields, Flat, Flatten, LeftOut, Sink, Visit, takes_any},
        objects::{
            deserialize_elements, deserialize_object, read_elements, read_object, serialize_elements,
            serialize_object, update_elements, update_object,
        },
        variants::{
            Shape, Variants, deserialize_external, deserialize_tagged, read_external, read_tagged,
            serialize_external, serialize_tagged, update_external, update_tagged,
        },
    };
}

/// The program of the README is compiled and run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
