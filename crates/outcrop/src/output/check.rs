//! What functions of the user's say of a value and of all that stands in it.
//!
//! # Invariants
//! - All that is wrong is told at once: of the parts in their order, then of the whole.
//! - A place is a JSON Pointer into what the model wrote.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    fmt::Display,
    hash::{BuildHasher, Hash},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16,
        NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    },
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use outcrop_core::tools::Problems;
#[cfg(feature = "chrono")]
use outcrop_json::__private::chrono;
#[cfg(feature = "url")]
use outcrop_json::__private::url;
#[cfg(feature = "uuid")]
use outcrop_json::__private::uuid;
use serde::Serialize;
use serde_json::Value;

use super::{Complete, Declared};

/// Asks the function under `validate`.
pub fn check_by<T, E: Into<Problems>>(
    value: &T,
    check: impl FnOnce(&T) -> Result<(), E>,
) -> Result<(), Problems> {
    check(value).map_err(Into::into)
}

/// Gathers what is said of the parts of a value, and of the value.
#[derive(Default)]
pub struct Checking {
    problems: Problems,
    /// Something was refused, whether or not a problem is told.
    refused: bool,
}

impl Checking {
    /// Adds what is said of the part at a place.
    pub fn at(&mut self, place: impl Display, checked: Result<(), Problems>) {
        if let Err(problems) = checked {
            self.problems.append(problems.under(&place.to_string()));
            self.refused = true;
        }
    }

    /// Whether there is nothing wrong.
    pub fn end(self) -> Result<(), Problems> {
        if self.refused { Err(self.problems) } else { Ok(()) }
    }
}

/// Stands for a part of a value, of any type: method resolution decides whether it is looked into. The generated code
/// asks `(&Nested(&part)).__outcrop_check()`.
pub struct Nested<'a, T>(pub &'a T);

/// What is derived is looked into.
pub trait NestedDeclared {
    /// What is said of it.
    fn __outcrop_check(&self) -> Result<(), Problems>;
}

impl<T: Declared> NestedDeclared for Nested<'_, T> {
    fn __outcrop_check(&self) -> Result<(), Problems> {
        self.0.check()
    }
}

/// Nothing else is.
pub trait NestedOther {
    /// Nothing is said of it.
    fn __outcrop_check(&self) -> Result<(), Problems> {
        Ok(())
    }
}

impl<T> NestedOther for &Nested<'_, T> {}

fn check_all<'a, T: Declared>(elements: impl IntoIterator<Item = &'a T>) -> Result<(), Problems> {
    let mut checking = Checking::default();
    for (at, element) in elements.into_iter().enumerate() {
        checking.at(format_args!("/{at}"), element.check());
    }
    checking.end()
}

fn check_members<'a, K: Serialize + 'a, T: Declared>(
    members: impl IntoIterator<Item = (&'a K, &'a T)>,
) -> Result<(), Problems> {
    let mut checking = Checking::default();
    for (name, member) in members {
        if let Err(problems) = member.check() {
            checking.at(step(name), Err(problems));
        }
    }
    checking.end()
}

/// The name of a member as a step of a JSON Pointer (RFC 6901).
fn step(name: &impl Serialize) -> String {
    let name = match serde_json::to_value(name) {
        Ok(Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    };
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

macro_rules! declared {
    ($($ty:ty),* $(,)?) => {
        $(impl Declared for $ty {})*
    };
}

declared! {
    bool, char, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64,
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize,
    NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    String, Box<str>, Cow<'static, str>, Value, serde_json::Map<String, Value>, (), PathBuf, Duration, SystemTime,
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6,
}

#[cfg(feature = "chrono")]
declared! {
    chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::Weekday,
    chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::FixedOffset>,
}

#[cfg(feature = "uuid")]
declared!(uuid::Uuid);

#[cfg(feature = "url")]
declared!(url::Url);

impl<T: Declared> Declared for Option<T> {
    fn check(&self) -> Result<(), Problems> {
        self.as_ref().map_or(Ok(()), T::check)
    }
}

impl<T: Declared> Declared for Box<T> {
    fn check(&self) -> Result<(), Problems> {
        T::check(self)
    }
}

impl<T: Declared> Declared for Arc<T>
where
    Arc<T>: Complete,
{
    fn check(&self) -> Result<(), Problems> {
        T::check(self)
    }
}

macro_rules! lists {
    ($(impl [$($generics:tt)*] for $type:ty;)*) => {
        $(impl<T: Declared, $($generics)*> Declared for $type
        where
            $type: Complete,
        {
            fn check(&self) -> Result<(), Problems> {
                check_all(self)
            }
        })*
    };
}

lists! {
    impl [] for Vec<T>;
    impl [const N: usize] for [T; N];
    impl [] for VecDeque<T>;
    impl [] for LinkedList<T>;
    impl [] for BTreeSet<T>;
    impl [S: BuildHasher + Default + Send + 'static] for HashSet<T, S>;
    impl [] for BinaryHeap<T>;
}

impl<T: Declared> Declared for Box<[T]>
where
    Box<[T]>: Complete,
{
    fn check(&self) -> Result<(), Problems> {
        check_all(&**self)
    }
}

impl<K: Ord + Serialize, T: Declared> Declared for BTreeMap<K, T>
where
    Self: Complete,
{
    fn check(&self) -> Result<(), Problems> {
        check_members(self)
    }
}

impl<K: Eq + Hash + Serialize, T: Declared, S: BuildHasher + Default + Send + 'static> Declared
    for HashMap<K, T, S>
where
    Self: Complete,
{
    fn check(&self) -> Result<(), Problems> {
        check_members(self)
    }
}

macro_rules! tuples {
    ($(($($type:ident $index:tt),*))*) => {
        $(impl<$($type: Declared),*> Declared for ($($type,)*)
        where
            Self: Complete,
        {
            fn check(&self) -> Result<(), Problems> {
                let mut checking = Checking::default();
                $(checking.at(concat!("/", $index), self.$index.check());)*
                checking.end()
            }
        })*
    };
}

tuples! {
    (A 0)
    (A 0, B 1)
    (A 0, B 1, C 2)
    (A 0, B 1, C 2, D 3)
    (A 0, B 1, C 2, D 3, E 4)
    (A 0, B 1, C 2, D 3, E 4, F 5)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}
