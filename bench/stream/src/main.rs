//! What streaming costs a client: `stream` an event, `turn` a turn with tools, `concurrent` a thousand streams.
//!
//! `serve` is the other side. It is started by the three in a process of its own, so that its work is in no figure.
//!
//! # Invariants
//! - What is measured is the processor time of this process, user and system; nothing is subtracted.
//! - Contenders read the same bytes, in the same run, in turns, and each is checked to have seen all of them.
//! - The last line is `bars: N held, M fell short`.

use std::{error::Error, process::ExitCode};

use clap::{Parser, Subcommand};

mod measure;
mod table;

mod script;
mod server;

mod contenders;

mod concurrent;
mod stream;
mod turn;

type Failure = Box<dyn Error + Send + Sync>;

/// What streaming costs a client.
#[derive(Debug, Parser)]
#[command(name = "outcrop-bench-stream")]
struct Args {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, Subcommand)]
enum Benchmark {
    /// Processor time of one wire event: the raw SDK, our frames, our agent, rig's agent.
    Stream(stream::Options),
    /// Processor time of a turn of three steps with tools.
    Turn(turn::Options),
    /// A thousand streams at once, live values read at every event: throughput, fairness, memory.
    Concurrent(concurrent::Options),
    /// The other side of the wire; prints its address, ends with its stdin.
    Serve(server::Options),
}

fn main() -> ExitCode {
    let done = match Args::parse().benchmark {
        Benchmark::Stream(options) => stream::run(&options),
        Benchmark::Turn(options) => turn::run(&options),
        Benchmark::Concurrent(options) => concurrent::run(&options),
        Benchmark::Serve(options) => server::serve(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
