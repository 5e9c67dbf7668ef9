//! Names and ids that the service takes, for those that it refuses.
//!
//! # Invariants
//! - The same id in the same place of a message always becomes the same, whatever comes later.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
};

use crate::{profile::ToolUseIds, wire::ToolSpec};

/// The name of a tool as it is sent; the same for the same name.
pub(crate) fn sent_name(name: &str) -> Cow<'_, str> {
    if ToolSpec::is_valid_name(name) { name.into() } else { valid_name(name).into() }
}

/// A name that the service takes, for one that it does not.
fn valid_name(name: &str) -> String {
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let name: String = name.chars().take(64).map(|c| if valid(c) { c } else { '_' }).collect();
    if name.is_empty() { "unnamed_tool".to_owned() } else { name }
}

/// The ids of the calls of one assistant message.
#[derive(Default)]
pub(super) struct Ids {
    taken: BTreeSet<String>,
    /// Those of calls that the caller answers, in order.
    answers: Vec<String>,
}

impl Ids {
    /// Begins a message in which `given` are the ids of calls that the service runs; they stay as they are.
    /// `goes_on`: it will be merged with the one before.
    pub(super) fn begin(&mut self, goes_on: bool, given: &HashSet<&str>) {
        if !goes_on {
            self.taken.clear();
        }
        self.taken.extend(given.iter().map(|&id| id.to_owned()));
        self.answers.clear();
    }

    /// Replaces an id that the service would refuse, or that was there before; tells whether it did.
    pub(super) fn assign(&mut self, id: &mut String, form: ToolUseIds) -> bool {
        let mut original = None;
        let mut salt = 0u32;
        while !is_valid_id(id, form) || self.taken.contains(id) {
            let original: &String = original.get_or_insert_with(|| id.clone());
            *id = made_id(original, salt, form);
            salt += 1;
        }
        self.taken.insert(id.clone());
        self.answers.push(id.clone());
        original.is_some_and(|original| *id != original)
    }

    /// The ids that the results of the message bear, in order.
    pub(super) fn take_answers(&mut self) -> Vec<String> {
        std::mem::take(&mut self.answers)
    }
}

fn is_valid_id(id: &str, form: ToolUseIds) -> bool {
    let converse = (1..=64).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte));
    match form {
        ToolUseIds::Converse => converse,
        ToolUseIds::NineCharacters => {
            let nine = id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
            nine || (converse && id.starts_with("tooluse_"))
        }
    }
}

/// An id made of another one: 128 bits of FNV-1a, so that two ids of a conversation do not meet.
fn made_id(id: &str, salt: u32, form: ToolUseIds) -> String {
    let mut hash: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    for byte in id.bytes().chain(salt.to_le_bytes()) {
        hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let (prefix, length) = match form {
        ToolUseIds::Converse => ("tooluse_", 22),
        ToolUseIds::NineCharacters => ("", 9),
    };
    let mut made = prefix.to_owned();
    for _ in 0..length {
        made.push(char::from(letters[(hash % 62) as usize]));
        hash /= 62;
    }
    made
}
