//! Processor time, and rounds in which contenders take turns.
//!
//! # Invariants
//! - Times are those of the whole process, all threads, user and system, as the kernel counts them.

use std::time::Duration;

use nix::sys::{
    resource::{Resource, Usage, UsageWho, getrlimit, getrusage, setrlimit},
    time::TimeVal,
};

use serde::{Deserialize, Serialize};

use crate::{Failure, contenders::Contender, script::Said};

/// What this process has used since it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    /// The most memory it ever held, in bytes.
    pub(crate) peak_memory: u64,
}

impl Used {
    pub(crate) fn now() -> Result<Self, Failure> {
        let usage: Usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let cpu = duration(usage.user_time()) + duration(usage.system_time());
        Ok(Self { cpu, peak_memory: u64::try_from(usage.max_rss())? * 1024 })
    }
}

/// Lets this process open as many files as it may: a stream is one.
pub(crate) fn allow_many_files() -> Result<(), Failure> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

fn duration(time: TimeVal) -> Duration {
    let part = |number| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(part(time.tv_sec())) + Duration::from_micros(part(time.tv_usec()))
}

/// What was measured of one contender, a figure a round.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn min(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// What each figure is of that of the same round in `others`.
    pub(crate) fn ratios(&self, others: &Self) -> Self {
        Self(self.0.iter().zip(&others.0).map(|(own, other)| own / other).collect())
    }

    pub(crate) fn max(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The figure below which this part of all lies; NaN where there is none.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
        sorted.get(at).copied().unwrap_or(f64::NAN)
    }
}

/// Processor time of one exchange, in nanoseconds: for each contender a figure a round, the mean of `repeat` exchanges.
///
/// Contenders take turns, and each is first, second … equally often, so that what one leaves behind (a warm cache, a
/// slow clock) falls on all.
pub(crate) async fn rounds(
    contenders: &[Contender],
    expected: Said,
    rounds: usize,
    repeat: u32,
) -> Result<Vec<Samples>, Failure> {
    let mut figures = vec![Samples::default(); contenders.len()];
    // Connections, caches and learned facts are there before the first round that counts.
    for contender in contenders {
        contender.run(expected).await?;
    }
    for round in 0..rounds {
        for place in 0..contenders.len() {
            let place = (place + round) % contenders.len();
            let before = Used::now()?.cpu;
            for _ in 0..repeat {
                contenders[place].run(expected).await?;
            }
            let cpu = Used::now()?.cpu - before;
            figures[place].push(cpu.as_secs_f64() * 1e9 / f64::from(repeat));
        }
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_figures_that_were_measured() {
        let mut samples = Samples::default();
        assert!(samples.median().is_nan());
        (0..=100).rev().for_each(|figure| samples.push(f64::from(figure)));
        let figures = [samples.min(), samples.median(), samples.quantile(0.99), samples.max()];
        assert_eq!(figures, [0.0, 50.0, 99.0, 100.0]);
    }

    #[test]
    fn one_lucky_round_decides_nothing() {
        let (own, others) = (Samples(vec![9.0, 8.0, 1.0]), Samples(vec![10.0, 10.0, 10.0]));
        assert_eq!(own.ratios(&others).median(), 0.8);
    }
}
