//! Many streams of one agent at once, the live value read at every event.
//!
//! Two ways: `paced`, as models write, where nobody should wait; and `flat out`, where all that can be read is there
//! at once and the processors are what is short. Both processes share the processors of the machine.
//!
//! # Invariants
//! - Every stream is checked to have shown the whole file.

use std::time::{Duration, Instant};

use clap::Args;
use futures::{StreamExt, stream::FuturesUnordered};
use outcrop::{Agent, Error};

use crate::{
    Failure,
    contenders::{QUESTION, ours},
    measure::{Samples, Used, allow_many_files},
    script::{Said, Script, sum},
    server::{Cut, Server},
    table::{Bars, Table},
};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Streams at once.
    #[arg(long, default_value_t = 1_000)]
    streams: usize,
    /// Threads that read.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Deltas of a stream that comes flat out.
    #[arg(long, default_value_t = 2_000)]
    deltas: usize,
    /// Deltas of a paced stream.
    #[arg(long, default_value_t = 200)]
    paced_deltas: usize,
    /// Milliseconds between the events of a paced stream.
    #[arg(long, default_value_t = 25)]
    pace: u64,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    allow_many_files()?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(options.threads).enable_all().build()?;
    println!(
        "{} streams of one agent at once, live values read at each event; {} threads, {} processors",
        options.streams,
        options.threads,
        std::thread::available_parallelism()?
    );
    let idle = Used::now()?.peak_memory;
    let pace = Duration::from_millis(options.pace);
    let mut ways = vec![(format!("paced, {} ms", options.pace), Cut::Paced, options.paced_deltas)];
    ways.push(("flat out".to_owned(), Cut::BARS, options.deltas));

    let mut all = Vec::new();
    for (name, cut, deltas) in ways {
        let server = Server::start(deltas, pace)?;
        let answers = Script::Tool.answers(deltas)?;
        let outcome =
            runtime.block_on(together(options.streams, &server.url(Script::Tool, cut), sum(&answers)))?;
        all.push((name, outcome));
    }

    let head = ["", "events a stream", "events/s", "processor µs/event", "cores used", "peak memory MiB"];
    let mut table = Table::new(head);
    for (name, outcome) in &all {
        let seconds = outcome.wall.as_secs_f64();
        let events = outcome.events as f64 * options.streams as f64;
        table.row([
            name.clone(),
            outcome.events.to_string(),
            format!("{:.0}", events / seconds),
            format!("{:.2}", outcome.cpu.as_secs_f64() * 1e6 / events),
            format!("{:.2}", outcome.cpu.as_secs_f64() / seconds),
            format!("{:.0}", outcome.peak_memory as f64 / 1048576.0),
        ]);
    }
    println!();
    table.print();
    println!("memory before the first stream: {:.0} MiB", idle as f64 / 1048576.0);

    let mut table = Table::new(["a stream, ms", "min", "p50", "p99", "max"]);
    for (name, outcome) in &all {
        for (what, samples) in [
            ("first event after", &outcome.first),
            ("last event after", &outcome.last),
            ("longest gap between two events", &outcome.gap),
        ] {
            let figures = [samples.min(), samples.median(), samples.quantile(0.99), samples.max()];
            table.row([format!("{name}: {what}")].into_iter().chain(figures.map(|ms| format!("{ms:.0}"))));
        }
    }
    println!();
    table.print();
    println!();
    Bars::default().print();
    Ok(())
}

struct Outcome {
    events: usize,
    wall: Duration,
    cpu: Duration,
    peak_memory: u64,
    first: Samples,
    last: Samples,
    gap: Samples,
}

/// When a stream came on, in time since all began.
#[derive(Debug, Default)]
struct Progress {
    first: Option<Duration>,
    last: Duration,
    gap: Duration,
}

async fn together(streams: usize, url: &str, (events, expected): (usize, Said)) -> Result<Outcome, Failure> {
    let agent = ours::build(url, 1).await?;
    // Every stream takes the same way: nothing is kept from one before.
    let (before, begun) = (Used::now()?, Instant::now());
    let running: FuturesUnordered<_> =
        (0..streams).map(|_| tokio::spawn(watch(agent.clone(), begun, expected))).collect();
    let seen: Vec<_> = running.collect().await;
    let (after, wall) = (Used::now()?, begun.elapsed());

    let (mut first, mut last, mut gap) = (Samples::default(), Samples::default(), Samples::default());
    for progress in seen {
        let progress = progress??;
        first.push(progress.first.unwrap_or_default().as_secs_f64() * 1e3);
        last.push(progress.last.as_secs_f64() * 1e3);
        gap.push(progress.gap.as_secs_f64() * 1e3);
    }
    let (cpu, peak_memory) = (after.cpu - before.cpu, after.peak_memory);
    Ok(Outcome { events, wall, cpu, peak_memory, first, last, gap })
}

/// Reads one stream to its end. The turn ends at its limit of one step.
async fn watch(agent: Agent, begun: Instant, expected: Said) -> Result<Progress, Failure> {
    let (mut seen, mut progress) = (Said::default(), Progress::default());
    let mut turn = agent.ask(QUESTION).stream();
    while let Some(event) = turn.next().await {
        match event {
            Ok(event) => seen.add_live(&mut turn, &event),
            Err(Error::StepLimit { .. }) => break,
            Err(error) => return Err(error.into()),
        }
        // Before the model says something there is the beginning of the turn and of its step.
        if seen == Said::default() {
            continue;
        }
        let now = begun.elapsed();
        match progress.first {
            None => progress.first = Some(now),
            Some(_) => progress.gap = progress.gap.max(now - progress.last),
        }
        progress.last = now;
    }
    match seen == expected {
        true => Ok(progress),
        false => Err(format!("a stream showed {seen:?} of {expected:?}").into()),
    }
}
