//! Reads a text as what it says and nothing else: one JSON value, no name twice in an object (R50).
//!
//! serde_json takes the last of two members of one name, and a tool's own `Deserialize` may take the first: then
//! what was checked is not what runs.
//!
//! # Invariants
//! - The value is the one that serde_json makes of the text, under each of its features.
//! - What is called exact loses nothing where it is written again: every number is the same decimal number.

use std::{cell::Cell, collections::HashSet, fmt, sync::LazyLock};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::wire::excerpt::excerpt;

/// What a text says.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) value: Value,
    /// A name is there twice: it must not run.
    pub(crate) doubled: bool,
    /// The value holds the numbers of the text as they are.
    pub(crate) exact: bool,
}

impl Read {
    /// What a blank text says.
    pub(crate) fn blank() -> Self {
        Self { value: Value::Object(Map::new()), doubled: false, exact: true }
    }

    /// The value of the text, and what is to be known of it.
    pub(crate) fn of(text: &str) -> Result<Self, serde_json::Error> {
        if *KEEPS_DIGITS {
            let value: Value = serde_json::from_str(text)?;
            return Ok(Self { doubled: refuse_doubles(text).is_err(), value, exact: true });
        }
        let reader = Reader::default();
        let mut source = serde_json::Deserializer::from_str(text);
        let value = reader.deserialize(&mut source)?;
        source.end()?;
        let exact = !reader.fraction.get() || (!reader.extreme.get() && !has_long_number(text));
        Ok(Self { value, doubled: reader.doubled.get(), exact })
    }
}

/// Whether numbers are kept as texts: serde_json's feature `arbitrary_precision`, in which they come as maps.
static KEEPS_DIGITS: LazyLock<bool> =
    LazyLock::new(|| serde_json::from_str::<Number>("1.00").is_ok_and(|one| format!("{one}") == "1.00"));

/// Characters of a number that a double holds as it is: 15 digits and a point.
const EXACT_LENGTH: usize = 16;

/// Whether somewhere, even in a string, there are more digits and points in a row than a double can hold.
fn has_long_number(text: &str) -> bool {
    let bytes = text.as_bytes();
    let of_number = |byte: &&u8| byte.is_ascii_digit() || **byte == b'.';
    // Such a row covers one of the places that are looked at.
    let mut at = EXACT_LENGTH - 1;
    while let Some(byte) = bytes.get(at) {
        if of_number(&byte) {
            let before = bytes[..at].iter().rev().take_while(of_number).take(EXACT_LENGTH).count();
            let after = bytes[at..].iter().take_while(of_number).take(EXACT_LENGTH).count();
            if before + after > EXACT_LENGTH {
                return true;
            }
        }
        at += EXACT_LENGTH;
    }
    false
}

/// Reads a text as one JSON value and nothing else, without a name that is there twice.
pub(crate) fn parse_strict(text: &str) -> Result<Value, serde_json::Error> {
    let read = Read::of(text)?;
    if read.doubled {
        refuse_doubles(text)?;
    }
    Ok(read.value)
}

/// Makes a value, as serde_json does, and notes what it meets.
#[derive(Default)]
struct Reader {
    doubled: Cell<bool>,
    fraction: Cell<bool>,
    extreme: Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for &Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        self.fraction.set(true);
        if value != 0.0 && !(1e-7..1e22).contains(&value.abs()) {
            self.extreme.set(true);
        }
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some(first) = map.next_key::<String>()? else { return Ok(Value::Object(Map::new())) };
        // Room for what most objects have, so that it is not made piece by piece.
        let mut members = Map::with_capacity(7);
        members.insert(first, map.next_value_seed(self)?);
        while let Some(name) = map.next_key::<String>()? {
            if members.insert(name, map.next_value_seed(self)?).is_some() {
                self.doubled.set(true);
            }
        }
        Ok(Value::Object(members))
    }
}

/// Refuses a text in which a name is there twice, and says which.
pub(crate) fn refuse_doubles(text: &str) -> Result<(), serde_json::Error> {
    serde_json::from_str::<NoDoubles>(text).map(drop)
}

/// Reads over a value in which no object has a name twice.
struct NoDoubles;

impl<'de> Deserialize<'de> for NoDoubles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

/// Scalars have no names.
macro_rules! visit_scalars {
    ($($method:ident: $ty:ty),*) => {
        $(fn $method<E>(self, _: $ty) -> Result<Self, E> {
            Ok(self)
        })*
    };
}

impl<'de> Visitor<'de> for NoDoubles {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    visit_scalars!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while seq.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        let mut names = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if names.contains(&name) {
                return Err(A::Error::custom(format!("the member `{}` is there twice", excerpt(&name))));
            }
            map.next_value::<Self>()?;
            names.insert(name);
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let theirs = serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        let told = match Read::of(text) {
            Err(error) => {
                assert_eq!(theirs, Err(error.to_string()), "{text}");
                error.to_string()
            }
            Ok(Read { value, doubled, exact }) => {
                assert_eq!(theirs.as_ref(), Ok(&value), "{text}");
                assert_eq!(refuse_doubles(text).is_err(), doubled, "{text}");
                format!(
                    "{value}{}{}",
                    if exact { "" } else { ", rounded" },
                    if doubled { ", doubled" } else { "" }
                )
            }
        };
        expected.assert_eq(&told);
    }

    /// R50: as serde_json reads it, but for names that are there twice.
    #[test]
    fn values_are_those_of_serde_json() {
        check(
            r#" {"b": [1, -2, {}, [], null, true, "\u00e9\ud83d\ude00"], "a": {"x": 1}} "#,
            expect![[r#"{"b":[1,-2,{},[],null,true,"é😀"],"a":{"x":1}}"#]],
        );
        check(r#"{"a":1,"\u0061":2}"#, expect![[r#"{"a":2}, doubled"#]]);
        check(r#"[{"a":{"b":1,"c":2,"b":3}}]"#, expect![[r#"[{"a":{"b":3,"c":2}}], doubled"#]]);
        check(r#"{"a":"\ud83d"}"#, expect!["unexpected end of hex escape at line 1 column 13"]);
        check(r#"{"a":NaN}"#, expect!["expected value at line 1 column 6"]);
        check(r#"{"a":1,}"#, expect!["trailing comma at line 1 column 8"]);
        check(r#"{"a":1} x"#, expect!["trailing characters at line 1 column 9"]);
        check("1e999", expect!["number out of range at line 1 column 5"]);
        check("", expect!["EOF while parsing a value at line 1 column 0"]);
        let deep = "[".repeat(200);
        check(&deep, expect!["recursion limit exceeded at line 1 column 128"]);
    }

    /// R51: what a double cannot hold is known.
    #[test]
    fn numbers_that_are_rounded() {
        check(
            "[0, -0, 0.5, -12.25, 1e2, 1.50, 38.7223, 1e21]",
            expect!["[0,-0.0,0.5,-12.25,100.0,1.5,38.7223,1e+21]"],
        );
        check(
            "[18446744073709551615, -9223372036854775808]",
            expect!["[18446744073709551615,-9223372036854775808]"],
        );
        check("[18446744073709551616]", expect!["[1.8446744073709552e+19], rounded"]);
        check("[0.1234567890123456789]", expect!["[0.12345678901234568], rounded"]);
        check("[123456789.0123456]", expect!["[123456789.0123456], rounded"]);
        check("[1234567890123.45]", expect!["[1234567890123.45]"]);
        check("[1e22]", expect!["[1e+22], rounded"]);
        check("[1e-8]", expect!["[1e-8], rounded"]);
        // In a string it costs a second reading, and no more.
        check(r#"[0.5, "4111111111111111111"]"#, expect![[r#"[0.5,"4111111111111111111"], rounded"#]]);
        check(r#"["4111111111111111111", 7]"#, expect![[r#"["4111111111111111111",7]"#]]);
    }

    proptest::proptest! {
        /// Whatever is called exact is the same number when it is written again.
        #[test]
        fn exact_numbers_survive(digits in "[1-9][0-9]{0,17}", point in 0usize..18, exponent in -30i32..30, pad in 0usize..20) {
            let (whole, fraction) = digits.split_at(point.min(digits.len()));
            let number = format!("{}.{}e{exponent}", if whole.is_empty() { "0" } else { whole }, if fraction.is_empty() { "0" } else { fraction });
            let text = format!("{}[{number}]", " ".repeat(pad));
            let read = Read::of(&text).unwrap();
            if read.exact {
                proptest::prop_assert_eq!(decimal(&read.value[0].to_string()), decimal(&number));
            }
        }
    }

    /// A decimal number as its digits and the power of ten behind them.
    fn decimal(number: &str) -> (String, i32) {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let exponent = exponent.parse::<i32>().unwrap() - i32::try_from(fraction.len()).unwrap();
        let trimmed = digits.trim_end_matches('0');
        let zeros = i32::try_from(digits.len() - trimmed.len()).unwrap();
        (trimmed.trim_start_matches('0').to_owned(), exponent + zeros)
    }
}
