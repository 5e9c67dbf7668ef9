//! Shortest times.
//!
//! # Invariants
//! - Contenders take turns in rounds, so that a slow moment of the machine hits all of them.
//! - One sample lasts long enough for the clock: very short runs are timed several at once.

use std::time::{Duration, Instant};

/// The least that one sample lasts.
const SAMPLE: Duration = Duration::from_micros(40);
/// How long a contender goes on within one round.
const TURN: Duration = Duration::from_millis(20);
const ROUNDS: usize = 8;

/// One of those that are timed side by side.
pub(crate) struct Contender<'a> {
    pub(crate) name: &'static str,
    run: Box<dyn FnMut() + 'a>,
    /// How many calls make one sample; 0 before the first.
    batch: u32,
    /// The shortest time of one call, in seconds.
    pub(crate) best: f64,
}

impl<'a> Contender<'a> {
    pub(crate) fn new(name: &'static str, run: impl FnMut() + 'a) -> Self {
        Self { name, run: Box::new(run), batch: 0, best: f64::INFINITY }
    }

    fn turn(&mut self) {
        if self.batch == 0 {
            (self.run)();
            let once = seconds(&mut self.run).max(20e-9);
            self.batch = (SAMPLE.as_secs_f64() / once).clamp(1.0, 4_000.0) as u32;
        }
        let begin = Instant::now();
        while begin.elapsed() < TURN {
            let all = seconds(|| (0..self.batch).for_each(|_| (self.run)()));
            self.best = self.best.min(all / f64::from(self.batch));
        }
    }
}

/// Times all of them.
pub(crate) fn race(contenders: &mut [Contender<'_>]) {
    for _ in 0..ROUNDS {
        contenders.iter_mut().for_each(Contender::turn);
    }
}

/// How long one call takes.
pub(crate) fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}
