//! Many streams at once, the live value read at every event.
//!
//! Two ways: paced, as models write, where nobody should wait; and flat out, where all that can be read is there at
//! once and the processors are what is short; there the raw SDK is run beside, without values. All processes share
//! the processors of the machine.
//!
//! # Invariants
//! - Every way runs in a process of its own, so that none is charged with the memory of another.
//! - Every stream is checked to have seen all, and to have shown the whole file where it reads live values.

use std::{
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum};
use futures::{StreamExt, future::BoxFuture};
use outcrop::{Agent, ErrorKind};
use serde::{Deserialize, Serialize};

use outcrop_bench_common::report::{Bars, Table};

use crate::{
    Failure,
    contenders::{QUESTION, ours, sdk},
    measure::{Samples, Used, allow_many_files},
    script::{Said, Script, sum},
    server::{Cut, Server},
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
    /// Runs one way in this process and prints its figures as JSON.
    #[arg(long)]
    way: Option<Way>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Way {
    Paced,
    FlatOut,
    FlatOutSdk,
}

impl Way {
    const ALL: [Self; 3] = [Self::Paced, Self::FlatOut, Self::FlatOutSdk];

    fn name(self) -> &'static str {
        match self {
            Self::Paced => "our agent, paced",
            Self::FlatOut => "our agent, flat out",
            Self::FlatOutSdk => "raw SDK, flat out",
        }
    }
}

/// What came of one way.
#[derive(Debug, Deserialize, Serialize)]
struct Outcome {
    /// Wire events of a stream.
    events: usize,
    wall: Duration,
    cpu: Duration,
    /// In bytes: before the first stream, and the most ever.
    memory: [u64; 2],
    /// Of each stream, in milliseconds since all began.
    first: Samples,
    last: Samples,
    gap: Samples,
}

/// How one stream came on, in time since all began.
#[derive(Debug)]
struct Progress {
    begun: Instant,
    first: Option<Duration>,
    last: Duration,
    gap: Duration,
}

impl Progress {
    /// An event was read; what was seen of the answer until now is `seen`.
    fn event(&mut self, seen: &Said) {
        // Before the model says something there is the beginning of the turn and of its step.
        if *seen == Said::default() {
            return;
        }
        let now = self.begun.elapsed();
        match self.first {
            None => self.first = Some(now),
            Some(_) => self.gap = self.gap.max(now - self.last),
        }
        self.last = now;
    }
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    if let Some(way) = options.way {
        let outcome = one_way(options, way)?;
        println!("{}", serde_json::to_string(&outcome)?);
        return Ok(());
    }
    println!(
        "{} streams at once, in ours live values read at each event; {} threads, {} processors; paced: an event of \
         each stream every {} ms",
        options.streams,
        options.threads,
        std::thread::available_parallelism()?,
        options.pace,
    );
    let mut outcomes = Vec::new();
    for way in Way::ALL {
        let value = way.to_possible_value().ok_or("a way without a name")?;
        let done = Command::new(std::env::current_exe()?)
            .args(std::env::args_os().skip(1))
            .args(["--way", value.get_name()])
            .stderr(Stdio::inherit())
            .output()?;
        if !done.status.success() {
            return Err(format!("{}: {}", way.name(), done.status).into());
        }
        outcomes.push((way.name(), serde_json::from_slice::<Outcome>(&done.stdout)?));
    }
    print(options.streams, &outcomes);
    Bars::default().print();
    Ok(())
}

fn print(streams: usize, outcomes: &[(&str, Outcome)]) {
    let mebibytes = |bytes: u64| format!("{:.0}", bytes as f64 / 1_048_576.0);
    let mut table =
        Table::new(["", "events", "events/s", "cpu µs/event", "cores used", "MiB before", "MiB most"]);
    for (name, outcome) in outcomes {
        let events = (outcome.events * streams) as f64;
        let (wall, cpu) = (outcome.wall.as_secs_f64(), outcome.cpu.as_secs_f64());
        let cells = [
            format!("{events}"),
            format!("{:.0}", events / wall),
            format!("{:.2}", cpu * 1e6 / events),
            format!("{:.2}", cpu / wall),
            mebibytes(outcome.memory[0]),
            mebibytes(outcome.memory[1]),
        ];
        table.row(name, cells);
    }
    table.print("all streams");

    let mut table = Table::new(["", "min", "p50", "p99", "max"]);
    for (name, outcome) in outcomes {
        for (what, samples) in [
            ("first delta after", &outcome.first),
            ("last delta after", &outcome.last),
            ("longest gap between two", &outcome.gap),
        ] {
            let figures = [samples.min(), samples.median(), samples.quantile(0.99), samples.max()];
            table.row(&format!("{name}: {what}"), figures.map(|ms| format!("{ms:.0}")));
        }
    }
    table.print("a stream, ms");
}

fn one_way(options: &Options, way: Way) -> Result<Outcome, Failure> {
    allow_many_files()?;
    let (cut, deltas) = match way {
        Way::Paced => (Cut::Paced, options.paced_deltas),
        Way::FlatOut | Way::FlatOutSdk => (Cut::BARS, options.deltas),
    };
    let (events, expected) = sum(&Script::Tool.answers(deltas)?);
    let server = Server::start(deltas, Duration::from_millis(options.pace))?;
    let url = server.url(Script::Tool, cut);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(options.threads).enable_all().build()?;
    runtime.block_on(async {
        let reader: Reader = match way {
            Way::Paced | Way::FlatOut => {
                let agent = ours::build(&url, 1).await?;
                Arc::new(move |progress| Box::pin(watch(agent.clone(), progress)))
            }
            Way::FlatOutSdk => {
                let client = sdk::client(&url);
                Arc::new(move |mut progress| {
                    let client = client.clone();
                    Box::pin(async move {
                        let seen = sdk::watch(&client, |seen| progress.event(seen)).await?;
                        Ok((seen, progress))
                    })
                })
            }
        };
        let expected = match way {
            Way::FlatOutSdk => Said { content: 0, ..expected },
            Way::Paced | Way::FlatOut => expected,
        };
        together(options.streams, reader, events, expected).await
    })
}

/// Reads one stream to its end.
type Reader = Arc<dyn Fn(Progress) -> BoxFuture<'static, Result<(Said, Progress), Failure>> + Send + Sync>;

async fn together(streams: usize, reader: Reader, events: usize, expected: Said) -> Result<Outcome, Failure> {
    let (before, begun) = (Used::now()?, Instant::now());
    let (mut first, mut last, mut gap) = (Samples::default(), Samples::default(), Samples::default());
    let begin = |_| {
        let (last, gap) = (Duration::ZERO, Duration::ZERO);
        tokio::spawn(reader(Progress { begun, first: None, last, gap }))
    };
    let running: Vec<_> = (0..streams).map(begin).collect();
    for stream in running {
        let (seen, progress) = stream.await??;
        if seen != expected {
            return Err(format!("a stream saw {seen:?} of {expected:?}").into());
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        first.push(milliseconds(progress.first.unwrap_or_default()));
        last.push(milliseconds(progress.last));
        gap.push(milliseconds(progress.gap));
    }
    let (after, wall) = (Used::now()?, begun.elapsed());
    let memory = [before.peak_memory, after.peak_memory];
    Ok(Outcome { events, wall, cpu: after.cpu - before.cpu, memory, first, last, gap })
}

/// One turn of the agent, which ends at its limit of one step.
async fn watch(agent: Agent, mut progress: Progress) -> Result<(Said, Progress), Failure> {
    let mut seen = Said::default();
    let mut turn = agent.ask(QUESTION).stream();
    while let Some(event) = turn.next().await {
        match event {
            Ok(event) => seen.add_live(&mut turn, &event),
            Err(error) if matches!(error.kind(), ErrorKind::StepLimit { .. }) => break,
            Err(error) => return Err(error.into()),
        }
        progress.event(&seen);
    }
    Ok((seen, progress))
}
