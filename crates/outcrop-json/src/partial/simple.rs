//! Types that are their own companions, and are there once they are complete.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::{
        NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16,
        NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    },
    path::PathBuf,
    time::{Duration, SystemTime},
};

use super::{
    HasPartial, PartialValue, Reading,
    fields::{Flatten, LeftOut},
};
use crate::NodeRef;

macro_rules! simple {
    ($($type:ty),* $(,)?) => {
        $(
            impl HasPartial for $type {
                type Partial = Self;
            }

            impl PartialValue for $type {
                const GROWS: bool = false;

                fn read(node: NodeRef<'_>, reading: &mut Reading) -> Option<Self> {
                    reading.decode(node)
                }

                fn update(&mut self, _: NodeRef<'_>, _: &mut Reading) -> bool {
                    false
                }
            }

            impl Flatten for $type {
                type Held = LeftOut;
            }
        )*
    };
}

simple! {
    (), bool, char, u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64,
    NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroU128, NonZeroUsize,
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize,
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, PathBuf, Duration, SystemTime,
}

#[cfg(feature = "chrono")]
simple! {
    chrono::NaiveDate, chrono::NaiveTime, chrono::NaiveDateTime, chrono::Weekday, chrono::Month,
    chrono::DateTime<chrono::Utc>, chrono::DateTime<chrono::FixedOffset>,
}

#[cfg(feature = "uuid")]
simple!(uuid::Uuid);

#[cfg(feature = "url")]
simple!(url::Url);
