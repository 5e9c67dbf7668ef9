//! Processor time of a turn of three steps: a text and a call, two calls, the answer.
//!
//! The bare requests carry the history that each step needs, made beforehand; their answers are drained and forgotten.
//! An agent writes that history itself, reads its inputs, runs its tools and keeps the conversation.

use std::time::Duration;

use clap::Args;

use outcrop_bench_common::report::Bars;

use crate::{
    Failure,
    contenders::{ours, rig, sdk},
    measure::rounds,
    script::{Script, sum},
    server::{Cut, Server},
    table::compare,
};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Rounds, each with all contenders.
    #[arg(long, default_value_t = 150)]
    rounds: usize,
    /// Turns of a contender in a round.
    #[arg(long, default_value_t = 10)]
    turns: u32,
    /// Measures only contenders whose name holds this; for a profiler.
    #[arg(long)]
    only: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let server = Server::start(0, Duration::ZERO)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(all(options, &server))
}

async fn all(options: &Options, server: &Server) -> Result<(), Failure> {
    let (events, expected) = sum(&Script::Turn.answers(0)?);
    println!(
        "processor time of the client per turn of 3 steps, {events} wire events; {} rounds of {} turns",
        options.rounds, options.turns
    );
    let mut bars = Bars::default();
    for cut in Cut::FAST {
        let url = server.url(Script::Turn, cut);
        let mut contenders =
            vec![sdk::turn(&url)?, ours::turn(&url).await?, ours::agent(&url, 8).await?, rig::agent(&url, 8)];
        if let Some(only) = &options.only {
            contenders.retain(|contender| contender.name.contains(only.as_str()));
        }
        let figures = rounds(&contenders, expected, options.rounds, options.turns).await?;

        compare(cut.means(), ("µs", 1e3), &contenders, &figures);
        let ours = contenders.iter().position(|contender| contender.name == "our agent");
        if let (Some(ours), Cut::BARS, None) = (ours, cut, &options.only) {
            bars.at_most("our agent, × 3 raw SDK requests", figures[ours].ratios(&figures[0]).median(), 1.0);
        }
    }
    bars.print();
    Ok(())
}
