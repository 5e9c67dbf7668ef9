//! Faults on demand: what networks, proxies and the service do wrong, told in one short line each.
//!
//! # The grammar
//! `KIND[=VALUE][@WHICH]`, such as `throttling@..2`. `WHICH` is `k` for the k-th request that the endpoint takes
//! (counted from 1, refused ones too), `..k` for the first k, `k..` for the k-th and all after it; without it, all.
//! Events are counted from 1; "after N" lets N through, and 0 is before the first. The kinds are in [`FAULT_KINDS`].
//!
//! # Invariants
//! - A fault changes nothing but what it names; where there is nothing to change (no such event, no stream), the
//!   answer leaves as it is.
//! - Several faults work one after another, in the order in which they were told: first those that stand in place of
//!   the answer, then those on events, then those on bytes.
//! - An answer that a fault replaces is not used up: a script gives it to the next call.

use std::{fmt, str::FromStr};

use crate::{Cut, Delivery, received::Operation, reply::Reply, wire};

mod error;
mod frames;
mod spec;

use spec::Kind;
pub use spec::{FAULT_KINDS, FaultKind};

/// One fault, read from its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    kind: Kind,
    which: Which,
    /// As it was told.
    spec: String,
}

/// Which requests a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    All,
    Between(u64, u64),
}

/// A fault that nobody knows, or that cannot be so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fault {spec:?}: {reason}")]
#[non_exhaustive]
pub struct FaultError {
    /// As it was told.
    pub spec: String,
    /// What is wrong with it.
    pub reason: String,
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let spec = text.trim();
        let refuse = |reason| FaultError { spec: spec.to_owned(), reason };
        let (what, which) = match spec.rsplit_once('@') {
            Some((what, which)) => (what, Which::read(which).map_err(refuse)?),
            None => (spec, Which::All),
        };
        let kind = Kind::read(what).map_err(refuse)?;
        Ok(Self { kind, which, spec: spec.to_owned() })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spec)
    }
}

impl Which {
    fn read(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            text.parse().ok().filter(|number| *number > 0).ok_or("after @ stands k, ..k or k.., from 1 on")
        };
        Ok(match text.split_once("..") {
            None => {
                let k = number(text)?;
                Self::Between(k, k)
            }
            Some(("", last)) => Self::Between(1, number(last)?),
            Some((first, "")) => Self::Between(number(first)?, u64::MAX),
            Some((first, last)) => Self::Between(number(first)?, number(last)?),
        })
    }
}

impl Fault {
    /// Whether it is for the request of this number.
    pub(crate) fn is_for(&self, number: u64) -> bool {
        match self.which {
            Which::All => true,
            Which::Between(first, last) => (first..=last).contains(&number),
        }
    }

    /// Whether it says which requests it is for.
    pub(crate) fn counts_requests(&self) -> bool {
        self.which != Which::All
    }
}

/// What stands in place of an answer, if one of the faults says so.
pub(crate) fn in_place(faults: &[Fault], operation: Operation) -> Option<Reply> {
    let streams = operation == Operation::ConverseStream;
    faults.iter().find_map(|fault| match &fault.kind {
        Kind::Error { error, retry_after } => Some(error.reply(*retry_after)),
        Kind::Html(status) => Some(error::html(*status)),
        Kind::Json => Some(Reply::json(200, wire::message_body("This is no answer."))),
        Kind::Exception { name, .. } if !streams => Some(error::of_exception(name)),
        _ => None,
    })
}

/// The answer with the faults in it.
pub(crate) fn put_into(faults: &[Fault], mut reply: Reply) -> Reply {
    frames::put_into(faults, &mut reply);
    let streams = reply.is_stream();
    for fault in faults {
        match &fault.kind {
            Kind::Delivery(delivery) => reply.delivery = delivery.clone(),
            Kind::End(limit) => reply.cut = Some(Cut::End(*limit)),
            Kind::Break(limit) => reply.cut = Some(Cut::Break(*limit)),
            Kind::Delay(delay) => reply.pauses.insert(0, (0, *delay)),
            Kind::Drip(drip) => reply.drip = *drip,
            // A stream has its first events by now.
            Kind::Silence(_) if !streams => reply.body = bytes::Bytes::new(),
            _ => {}
        }
        if let Kind::Silence(_) = fault.kind {
            reply.falls_silent = true;
        }
    }
    reply
}

impl From<Delivery> for Kind {
    fn from(delivery: Delivery) -> Self {
        Self::Delivery(delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_chosen_by_number() {
        let check = |spec: &str, expected: &[u64]| {
            let fault: Fault = spec.parse().unwrap();
            assert_eq!(
                (1..=5).filter(|number| fault.is_for(*number)).collect::<Vec<_>>(),
                expected,
                "{spec}"
            );
        };
        check("throttling", &[1, 2, 3, 4, 5]);
        check("throttling@2", &[2]);
        check("throttling=1500@..2", &[1, 2]);
        check("throttling@4..", &[4, 5]);
        check("throttling@2..3", &[2, 3]);
    }

    #[test]
    fn every_kind_of_the_table_is_read_as_it_is_shown() {
        for kind in FAULT_KINDS {
            let fault: Result<Fault, _> = kind.example.parse();
            assert_eq!(fault.map(|fault| fault.to_string()), Ok(kind.example.to_owned()));
            let name = kind.example.split(['=', '@']).next();
            assert_eq!(name, kind.form.split(['=', '[']).next(), "{}", kind.form);
        }
    }

    #[test]
    fn the_readme_has_the_table() {
        let readme = include_str!("../README.md");
        for kind in FAULT_KINDS {
            let line = format!("| `{}` | `{}` | {} |", kind.form, kind.example, kind.what);
            assert!(readme.lines().any(|found| found == line), "README.md lacks: {line}");
        }
    }

    #[test]
    fn what_nobody_knows_is_refused_in_words() {
        let check = |spec: &str, expected: &str| {
            let error = spec.parse::<Fault>().unwrap_err().to_string();
            assert_eq!(error, format!("fault {spec:?}: {expected}"));
        };
        check("", "there is no such kind");
        check("trottling", "there is no such kind");
        check("throttling@0", "after @ stands k, ..k or k.., from 1 on");
        check("throttling@", "after @ stands k, ..k or k.., from 1 on");
        check("throttling=soon", "`soon` is no number");
        check("status", "it needs a value: status=STATUS[:MS]");
        check("status=200", "the status of an error is 400 to 599");
        check("no-metadata=1", "it takes no value");
        check("sizes=1:x", "`x` is no number");
        check("bytes=0", "it is counted from 1");
        check("duplicate=0", "it is counted from 1");
        check("exception=9x", "`9x` is no name of an exception");
    }
}
