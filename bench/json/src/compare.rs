//! The tables by time and allocations, ours beside the others and the floors, all in one run.
//!
//! # Invariants
//! - Nothing is timed before every contender that claims a value came to the right one on the finished text.
//! - Ways that read the text again after every delta are timed after some of the deltas, evenly spread, and
//!   scaled to all of them.

use std::hint::black_box;

use outcrop_json::LiveJson;

use outcrop_bench_common::report::{Bars, Table, exponent, number, time};

use crate::{
    alloc::calls,
    clock::{self, Contender, seconds},
    features, ours,
    peers::{self, REPARSERS, Reparser},
    text::{Kind, PLAIN, Workload},
};

/// After how many deltas a re-parser is timed, and how often each.
const SAMPLES: (usize, usize) = (120, 5);
/// The same for texts ten times as long.
const LONG_SAMPLES: (usize, usize) = (24, 2);
/// The most that a live value may cost by time, in parses by serde_json.
const TIME: f64 = 4.0;
/// How many times more re-parsing with jiter is to cost on `b` and `c`.
const JITER: f64 = 1_000.0;
/// The most allocations in new buffers on `b` and `c`.
const ALLOCATIONS: f64 = 64.0;

const FLOOR: &str = "serde_json Value, once";
const IGNORED: &str = "serde_json IgnoredAny, once";
const ONCE: &str = "jiter value, once";
const APPEND: &str = "append to a String";
const COLD: &str = "outcrop-json, new buffers";
const WARM: &str = "outcrop-json, kept buffers";
const FED: &str = "outcrop-json, kept, with feed";
const FINISH: &str = "outcrop-json, finish alone";
const MODEM: &str = "jsonmodem 0.1 (events, no value)";

/// What stands where a contender turned the text down.
const DOWN: &str = "turned down";

/// What was measured of one text, by the names above. Who turned the text down is not there.
struct Measured {
    seconds: Vec<(&'static str, f64)>,
    allocations: Vec<(&'static str, f64)>,
    /// One for each of [`REPARSERS`].
    reparsed: Vec<Reparsed>,
}

/// What one re-parser takes, scaled to all deltas.
struct Reparsed {
    seconds: f64,
    allocations: f64,
    /// The share of the deltas after which there is no value.
    without: f64,
}

impl Measured {
    /// Not a number if the contender turned the text down.
    fn seconds(&self, name: &str) -> f64 {
        find(&self.seconds, name)
    }

    /// Not a number if the contender turned the text down.
    fn allocations(&self, name: &str) -> f64 {
        find(&self.allocations, name)
    }
}

fn find(lines: &[(&'static str, f64)], name: &str) -> f64 {
    lines.iter().find(|(known, _)| *known == name).map_or(f64::NAN, |(_, value)| *value)
}

/// Prints the tables and the bars.
///
/// # Errors
///
/// A sentence, if the floor is not one, or if a contender comes to a wrong value.
pub(crate) fn run() -> Result<(), String> {
    println!("a live JSON value after every delta; {}", features::serde_json()?);
    let workloads = PLAIN.map(|kind| kind.text(kind.bytes));
    let modem: Vec<bool> = workloads.iter().map(check).collect::<Result<_, _>>()?;
    print_texts(&workloads)?;
    let measured: Vec<Measured> = workloads
        .iter()
        .zip(modem)
        .map(|(workload, modem)| measure(workload, modem))
        .collect::<Result<_, _>>()?;
    print_seconds(&measured);
    print_reparsed(&measured);
    print_allocations(&measured);
    print_growth(&measured)?;
    bars(&measured).print();
    Ok(())
}

/// Whether jsonmodem reads the text. All the others have to, and to the right value.
fn check(workload: &Workload) -> Result<bool, String> {
    let (name, deltas) = (workload.name, workload.deltas());
    let right = outcrop_bench_floor::value(&workload.text).ok_or_else(|| format!("{name} is no JSON"))?;
    if ours::value(&deltas).map_err(|error| format!("{name}: {error}"))? != right {
        return Err(format!("{name}: outcrop-json and serde_json come to different values"));
    }
    for reparser in REPARSERS {
        if (reparser.value)(&workload.text).as_ref() != Some(&right) {
            return Err(format!("{name}: {} and serde_json come to different values", reparser.name));
        }
    }
    match peers::modem_value(&deltas) {
        Some(value) if !peers::same(&value, &right) => {
            Err(format!("{name}: jsonmodem and serde_json come to different values"))
        }
        value => Ok(value.is_some()),
    }
}

fn measure(workload: &Workload, modem: bool) -> Result<Measured, String> {
    let (text, deltas) = (workload.text.as_str(), workload.deltas());
    let (mut kept, mut fed, mut finished) = (LiveJson::new(), LiveJson::new(), LiveJson::new());
    // Once through, so that the buffers are there, and that a limit is told here.
    for live in [&mut kept, &mut fed, &mut finished] {
        ours::push(live, &deltas).map_err(|error| format!("{}: {error}", workload.name))?;
    }

    let mut allocations = vec![
        (FLOOR, calls(|| drop(black_box(outcrop_bench_floor::value(text))))),
        (COLD, calls(|| _ = black_box(ours::cold(&deltas)))),
        (WARM, calls(|| _ = black_box(ours::warm(&mut kept, &deltas)))),
        (FED, calls(|| _ = black_box(ours::warm_with_feed(&mut fed, &deltas)))),
        (FINISH, calls(|| drop(black_box(ours::finish(&mut finished))))),
    ];

    let mut contenders = vec![
        Contender::new(FLOOR, || drop(black_box(outcrop_bench_floor::value(black_box(text))))),
        Contender::new(IGNORED, || _ = black_box(outcrop_bench_floor::is_json(black_box(text)))),
        Contender::new(ONCE, || _ = black_box(peers::jiter_once(black_box(text)))),
        Contender::new(APPEND, || _ = black_box(peers::append(black_box(&deltas)))),
        Contender::new(COLD, || _ = black_box(ours::cold(black_box(&deltas)))),
        Contender::new(WARM, || _ = black_box(ours::warm(&mut kept, black_box(&deltas)))),
        Contender::new(FED, || _ = black_box(ours::warm_with_feed(&mut fed, black_box(&deltas)))),
    ];
    if modem {
        allocations.push((MODEM, calls(|| _ = black_box(peers::modem(&deltas)))));
        contenders.push(Contender::new(MODEM, || _ = black_box(peers::modem(black_box(&deltas)))));
    }
    clock::race(&mut contenders);
    let mut seconds: Vec<_> = contenders.iter().map(|contender| (contender.name, contender.best)).collect();
    drop(contenders);
    seconds.push((FINISH, finish_seconds(&mut finished, &deltas)));
    let reparsed = REPARSERS.iter().map(|reparser| reparse(reparser, workload, SAMPLES)).collect();
    Ok(Measured { seconds, allocations, reparsed })
}

/// The shortest of some calls of `finish`, each after all deltas were pushed.
fn finish_seconds(live: &mut LiveJson, deltas: &[&str]) -> f64 {
    let once = |_| {
        _ = black_box(ours::warm(live, deltas));
        seconds(|| drop(black_box(ours::finish(live))))
    };
    (0..50).map(once).fold(f64::INFINITY, f64::min)
}

/// Runs a re-parser after `samples.0` of the deltas, `samples.1` times each.
fn reparse(reparser: &Reparser, workload: &Workload, samples: (usize, usize)) -> Reparsed {
    let ends: Vec<usize> = workload
        .deltas()
        .iter()
        .scan(0, |end, delta| {
            *end += delta.len();
            Some(*end)
        })
        .collect();
    let count = samples.0.min(ends.len());
    let mut sum = Reparsed { seconds: 0.0, allocations: 0.0, without: 0.0 };
    for sample in 0..count {
        // The middle of each of `count` equal parts.
        let end = ends[(2 * sample + 1) * ends.len() / (2 * count)];
        let text = black_box(&workload.text[..end]);
        sum.allocations += calls(|| sum.without += f64::from(!(reparser.run)(text)));
        let time = |_| seconds(|| _ = black_box((reparser.run)(text)));
        sum.seconds += (0..samples.1).map(time).fold(f64::INFINITY, f64::min);
    }
    let scale = ends.len() as f64 / count as f64;
    sum.seconds *= scale;
    sum.allocations *= scale;
    sum.without /= count as f64;
    sum
}

fn print_texts(workloads: &[Workload]) -> Result<(), String> {
    let mut table = Table::new(["", "bytes", "deltas", "of", "no live value"]);
    for (kind, workload) in PLAIN.iter().zip(workloads) {
        let deltas = workload.deltas();
        let without = ours::without_value(&deltas).map_err(|error| format!("{}: {error}", workload.name))?;
        let cells = [
            workload.text.len().to_string(),
            deltas.len().to_string(),
            format!("{} B", workload.delta),
            format!("after {without}"),
        ];
        table.row(&format!("{}: {}", kind.name, kind.what), cells);
    }
    table.print("Texts");
    Ok(())
}

fn head(first: &'static str) -> impl Iterator<Item = &'static str> {
    [first].into_iter().chain(PLAIN.iter().map(|kind| kind.name))
}

fn print_seconds(measured: &[Measured]) {
    let mut table = Table::new(head(""));
    for name in [FLOOR, IGNORED, ONCE, APPEND, COLD, WARM, FED, FINISH, MODEM] {
        let cell = |of: &Measured| match of.seconds(name) {
            none if none.is_nan() => DOWN.to_owned(),
            seconds => format!("{} {:>6}×", time(seconds), number(seconds / of.seconds(FLOOR))),
        };
        table.row(name, measured.iter().map(cell));
    }
    table.print("All deltas in sum, shortest run, × of serde_json once");
}

fn print_reparsed(measured: &[Measured]) {
    let mut table = Table::new(head(""));
    table.row(COLD, measured.iter().map(|of| time(of.seconds(COLD))));
    for (line, reparser) in REPARSERS.iter().enumerate() {
        let times = |of: &Measured| {
            let seconds = of.reparsed[line].seconds;
            format!("{} {:>7}×", time(seconds), number(seconds / of.seconds(COLD)))
        };
        table.row(reparser.name, measured.iter().map(times));
    }
    for (line, reparser) in REPARSERS.iter().enumerate() {
        let without = |of: &Measured| format!("{:.0} %", of.reparsed[line].without * 100.0);
        if measured.iter().any(|of| of.reparsed[line].without > 0.0) {
            table.row(&format!("  no value: {}", reparser.name), measured.iter().map(without));
        }
    }
    table.print(&format!(
        "A value after every delta by reading all again, × of ours (timed after {} deltas, scaled to all)",
        SAMPLES.0
    ));
}

fn print_allocations(measured: &[Measured]) {
    let mut table = Table::new(head(""));
    for name in [FLOOR, COLD, WARM, FED, FINISH, MODEM] {
        let cell = |of: &Measured| match of.allocations(name) {
            none if none.is_nan() => DOWN.to_owned(),
            count => number(count),
        };
        table.row(name, measured.iter().map(cell));
    }
    for (line, reparser) in REPARSERS.iter().enumerate() {
        table.row(reparser.name, measured.iter().map(|of| number(of.reparsed[line].allocations)));
    }
    table.print("Allocations over all deltas, growing included");
}

/// How time grows from the texts `b` and `c` to ten times as long ones. Instructions tell it more exactly.
fn print_growth(measured: &[Measured]) -> Result<(), String> {
    let of = |name: &str| PLAIN.iter().zip(measured).find(|(kind, _)| kind.name == name);
    let both: Vec<(&Kind, &Measured)> = ["b", "c"].into_iter().filter_map(of).collect();
    let mut rows: Vec<(&str, Vec<String>)> = [COLD, MODEM]
        .into_iter()
        .chain(REPARSERS.iter().map(|reparser| reparser.name))
        .map(|name| (name, Vec::new()))
        .collect();
    for (kind, measured) in both {
        let long = kind.text(10 * kind.bytes);
        let deltas = long.deltas();
        ours::cold(&deltas).map_err(|error| format!("{} × 10: {error}", kind.name))?;
        let cold =
            (0..30).map(|_| seconds(|| _ = black_box(ours::cold(&deltas)))).fold(f64::INFINITY, f64::min);
        let mut times = vec![
            (measured.seconds(COLD), cold),
            (measured.seconds(MODEM), seconds(|| _ = black_box(peers::modem(&deltas)))),
        ];
        for (reparser, short) in REPARSERS.iter().zip(&measured.reparsed) {
            times.push((short.seconds, reparse(reparser, &long, LONG_SAMPLES).seconds));
        }
        for ((_, cells), (short, seconds)) in rows.iter_mut().zip(times) {
            cells.push(time(seconds));
            cells.push(format!("{:.2}", exponent((kind.bytes, short), (long.text.len(), seconds))));
        }
    }
    let mut table = Table::new(["", "b × 10", "exponent", "c × 10", "exponent"]);
    for (name, cells) in rows {
        table.row(name, cells);
    }
    table.print("Ten times as long, by time: 1 is in proportion, 2 quadratic");
    Ok(())
}

fn bars(measured: &[Measured]) -> Bars {
    let mut bars = Bars::default();
    for (kind, of) in PLAIN.iter().zip(measured) {
        let ratio = of.seconds(COLD) / of.seconds(FLOOR);
        bars.at_most(&format!("{}: time in new buffers, × serde_json once", kind.name), ratio, TIME);
    }
    for (kind, of) in PLAIN.iter().zip(measured) {
        bars.at_most(&format!("{}: allocations in kept buffers", kind.name), of.allocations(WARM), 0.0);
    }
    for (kind, of) in PLAIN.iter().zip(measured).filter(|(kind, _)| ["b", "c"].contains(&kind.name)) {
        bars.at_most(
            &format!("{}: allocations in new buffers", kind.name),
            of.allocations(COLD),
            ALLOCATIONS,
        );
        let jiter = of.reparsed.first().map_or(f64::NAN, |jiter| jiter.seconds);
        bars.at_least(
            &format!("{}: time of re-parsing with jiter, × ours", kind.name),
            jiter / of.seconds(COLD),
            JITER,
        );
    }
    bars
}
