//! Any value of a type out of a number, and its text with members in any order, damaged where asked.

use std::{collections::BTreeMap, fmt::Write};

use outcrop::serde_json::{self, Value};

pub(super) struct Seed {
    state: u64,
    depth: usize,
}

impl Seed {
    pub(super) fn new(state: u64) -> Self {
        Self { state, depth: 0 }
    }

    fn next(&mut self) -> u64 {
        // SplitMix64.
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(super) fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }

    pub(super) fn is_deep(&self) -> bool {
        self.depth > 4
    }

    pub(super) fn deeper<T>(&mut self, make: fn(&mut Self) -> T) -> T {
        self.depth += 1;
        let made = make(self);
        self.depth -= 1;
        made
    }
}

/// Any value.
pub(super) trait Make: Sized {
    fn make(seed: &mut Seed) -> Self;
}

macro_rules! numbers {
    ($($type:ty),*) => {
        $(impl Make for $type {
            fn make(seed: &mut Seed) -> Self {
                if seed.chance(2) { (seed.next() >> 62) as $type } else { seed.next() as $type }
            }
        })*
    };
}

numbers!(u8, i8, u16, u32, i64);

impl Make for f64 {
    fn make(seed: &mut Seed) -> Self {
        f64::from(i8::make(seed)) / 4.0
    }
}

impl Make for bool {
    fn make(seed: &mut Seed) -> Self {
        seed.chance(2)
    }
}

impl Make for char {
    fn make(seed: &mut Seed) -> Self {
        ['a', 'é', '"', '\\', '\n', '😀', 'b', 'c'][seed.below(8)]
    }
}

impl Make for String {
    fn make(seed: &mut Seed) -> Self {
        (0..seed.below(6)).map(|_| char::make(seed)).collect()
    }
}

impl<T: Make> Make for Option<T> {
    fn make(seed: &mut Seed) -> Self {
        (!seed.is_deep() && seed.chance(2)).then(|| seed.deeper(T::make))
    }
}

impl<T: Make> Make for Box<T> {
    fn make(seed: &mut Seed) -> Self {
        Box::new(T::make(seed))
    }
}

impl<T: Make> Make for Vec<T> {
    fn make(seed: &mut Seed) -> Self {
        let len = if seed.is_deep() { 0 } else { seed.below(3) };
        (0..len).map(|_| seed.deeper(T::make)).collect()
    }
}

impl<T: Make> Make for BTreeMap<String, T> {
    fn make(seed: &mut Seed) -> Self {
        let len = if seed.is_deep() { 0 } else { seed.below(3) };
        (0..len).map(|_| (format!("k{}", seed.below(9)), seed.deeper(T::make))).collect()
    }
}

impl<A: Make, B: Make> Make for (A, B) {
    fn make(seed: &mut Seed) -> Self {
        (A::make(seed), B::make(seed))
    }
}

impl Make for Value {
    fn make(seed: &mut Seed) -> Self {
        match seed.below(if seed.is_deep() { 4 } else { 6 }) {
            0 => Self::Null,
            1 => bool::make(seed).into(),
            2 => i64::make(seed).into(),
            3 => String::make(seed).into(),
            4 => Vec::<Self>::make(seed).into(),
            _ => serde_json::to_value(BTreeMap::<String, Self>::make(seed)).unwrap(),
        }
    }
}

/// The text of a value with its members in any order; damaged, some values are others, and some names come twice.
pub(super) fn text(value: &Value, seed: &mut Seed, damaged: bool) -> String {
    let mut text = String::new();
    write(value, seed, damaged, &mut text);
    text
}

fn write(value: &Value, seed: &mut Seed, damaged: bool, text: &mut String) {
    if damaged && seed.chance(24) {
        return write(&Value::make(seed), seed, false, text);
    }
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { "," } else { "" });
                write(item, seed, damaged, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            // As they were declared as often as not.
            if seed.chance(2) {
                (1..members.len()).rev().for_each(|at| members.swap(at, seed.below(at + 1)));
            }
            if damaged && !members.is_empty() && seed.chance(8) {
                let (one, two) = (seed.below(members.len()), seed.below(members.len()));
                members.push((members[one].0, members[two].1));
            }
            text.push('{');
            for (at, (name, member)) in members.into_iter().enumerate() {
                let _ = write!(text, "{}{}:", if at > 0 { "," } else { "" }, Value::from(name.as_str()));
                write(member, seed, damaged, text);
            }
            text.push('}');
        }
        other => {
            let _ = write!(text, "{other}");
        }
    }
}
