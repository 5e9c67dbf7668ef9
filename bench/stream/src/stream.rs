//! Processor time of one wire event, from the socket to the one who reads.
//!
//! An agent's turn ends at its limit of one step: its tool is run, and no second request blurs the figure.

use std::time::Duration;

use clap::Args;

use outcrop_bench_common::report::Bars;

use crate::{
    Failure,
    contenders::{Contender, ours, rig, sdk},
    measure::{Samples, rounds},
    script::{Script, sum},
    server::{Cut, Server},
    table::compare,
};

#[derive(Args, Debug)]
pub(crate) struct Options {
    /// Deltas of a stream.
    #[arg(long, default_value_t = 20_000)]
    deltas: usize,
    /// Rounds, each with all contenders.
    #[arg(long, default_value_t = 25)]
    rounds: usize,
    /// Measures only contenders whose name holds this; for a profiler.
    #[arg(long)]
    only: Option<String>,
    /// Measures only this stream: `tool` or `text`.
    #[arg(long)]
    script: Option<String>,
    /// Measures only these chunks: `blocks` or `frames`.
    #[arg(long)]
    cut: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let server = Server::start(options.deltas, Duration::ZERO)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!(
        "processor time of the client per wire event; {} deltas of 12 B, {} rounds",
        options.deltas, options.rounds
    );
    runtime.block_on(all(options, &server))
}

async fn all(options: &Options, server: &Server) -> Result<(), Failure> {
    let mut bars = Bars::default();
    for script in [Script::Tool, Script::Text] {
        for cut in Cut::FAST {
            let wanted = |only: &Option<String>, name| only.as_deref().is_none_or(|only| only == name);
            if !wanted(&options.script, script.name()) || !wanted(&options.cut, cut.name()) {
                continue;
            }
            let mut contenders = contenders(&server.url(script, cut)).await?;
            if let Some(only) = &options.only {
                contenders.retain(|contender| contender.name.contains(only.as_str()));
            }
            let (events, expected) = sum(&script.answers(options.deltas)?);
            let figures = rounds(&contenders, expected, options.rounds, 1).await?;
            let head = format!("{} stream, {}", script.name(), cut.means());
            compare(&head, ("ns", events as f64), &contenders, &figures);
            if cut == Cut::BARS && options.only.is_none() {
                hold(&mut bars, script, &contenders, &figures);
            }
        }
    }
    bars.print();
    Ok(())
}

async fn contenders(url: &str) -> Result<Vec<Contender>, Failure> {
    Ok(vec![
        sdk::recv(url)?,
        ours::frames(url).await?,
        ours::agent(url, 1).await?,
        ours::live(url, 1).await?,
        rig::agent(url, 1),
    ])
}

fn hold(bars: &mut Bars, script: Script, contenders: &[Contender], figures: &[Samples]) {
    for (contender, samples) in contenders.iter().zip(figures) {
        let bar = match contender.name {
            "our agent" => 0.4,
            // A text has no live values to read.
            "our agent, live values" if script == Script::Tool => 0.5,
            _ => continue,
        };
        let what = format!("{}, {} stream, × raw SDK", contender.name, script.name());
        bars.at_most(&what, samples.ratios(&figures[0]).median(), bar);
    }
}
