//! The table by callgrind: instructions, which repeat to within a few percent whatever else the machine does.

use std::{
    env, fs,
    path::Path,
    process,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use outcrop_bench_common::{
    callgrind,
    report::{Bars, Table, exponent, number},
};

use crate::{
    features,
    stages::{COLLECTED, STAGES, Stage},
    text::{HOSTILE, Kind, PLAIN},
};

/// The sizes between which growth is measured, in bytes.
const GROWTH: [usize; 3] = [20_000, 200_000, 2_000_000];
/// Per kind of [`PLAIN`]: the most that all deltas may cost, in parses of the finished text by serde_json.
const RATIO: [f64; 5] = [3.5, 3.0, 0.6, 0.4, 2.5];
/// The most that reading the changes after every delta may add.
const FEED: f64 = 1.35;
const EXPONENT: f64 = 1.05;

/// The counts of one text in one size: one for each of [`STAGES`].
type Counts = [f64; STAGES.len()];

/// Prints the table and the bars.
///
/// # Errors
///
/// A sentence, if valgrind is missing or something could not be measured.
pub(crate) fn run() -> Result<(), String> {
    println!("instructions by callgrind ({}), {}", callgrind::version()?, features::serde_json()?);

    let kinds: Vec<Kind> = PLAIN.into_iter().chain(HOSTILE).collect();
    let results = measure_all(&kinds)?;
    let mut bars = Bars::default();
    print_ratios(&results[..PLAIN.len()], &mut bars);
    print_growth(&kinds, &results, &mut bars);
    bars.print();
    Ok(())
}

/// The sizes of one kind: those for growth, then its own if that is wanted.
fn sizes(kind: &Kind) -> Vec<usize> {
    let own = PLAIN.iter().any(|plain| plain.name == kind.name).then_some(kind.bytes);
    GROWTH.into_iter().chain(own).collect()
}

/// The counts of every kind in every size, by as many processes at once as there are cores.
fn measure_all(kinds: &[Kind]) -> Result<Vec<Vec<Counts>>, String> {
    let folder = env::temp_dir().join(format!("outcrop-bench-{}", process::id()));
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(kind) = kinds.get(at) else { return done };
            done.push((at, measure(kind, &folder.join(at.to_string()))));
        }
    };
    let workers = thread::available_parallelism().map_or(1, |cores| cores.get().min(8));
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_default()).collect()
    });
    _ = fs::remove_dir_all(&folder);
    done.sort_by_key(|(at, _)| *at);
    match done.len() == kinds.len() {
        true => done.into_iter().map(|(_, counts)| counts).collect(),
        false => Err("a worker stopped".to_owned()),
    }
}

/// Runs the stages of one kind under callgrind.
fn measure(kind: &Kind, folder: &Path) -> Result<Vec<Counts>, String> {
    let own = env::current_exe().map_err(|error| format!("{}: {error}", kind.name))?;
    let sizes = sizes(kind);
    let args =
        ["stages".to_owned(), kind.name.to_owned()].into_iter().chain(sizes.iter().map(usize::to_string));
    let counts = callgrind::counts(&own, args, COLLECTED, sizes.len() * STAGES.len(), folder);
    Ok(counts.map_err(|error| format!("{}: {error}", kind.name))?.as_chunks().0.to_vec())
}

fn of(counts: &Counts, stage: Stage) -> f64 {
    STAGES.iter().position(|known| *known == stage).map_or(f64::NAN, |at| counts[at])
}

fn print_ratios(results: &[Vec<Counts>], bars: &mut Bars) {
    let mut table = Table::new([
        "",
        "text",
        "deltas of",
        "serde_json once",
        "ours",
        "× serde_json",
        "string read",
        "with feed",
        "feed adds",
        "companion, × push",
        "finish",
    ]);
    for ((kind, sizes), bar) in PLAIN.iter().zip(results).zip(RATIO) {
        let Some(counts) = sizes.last() else { continue };
        let workload = kind.text(kind.bytes);
        let (floor, push, feed) =
            (of(counts, Stage::Floor), of(counts, Stage::Push), of(counts, Stage::Feed));
        let cells = [
            format!("{} B", workload.text.len()),
            format!("{} B", workload.delta),
            number(floor),
            number(push),
            format!("{:.2}×", push / floor),
            format!("{:.2}×", of(counts, Stage::Read) / floor),
            format!("{:.2}×", feed / floor),
            format!("{:+.0} %", (feed / push - 1.0) * 100.0),
            format!("{:.2}×", of(counts, Stage::Companion) / push),
            format!("{:.2}×", of(counts, Stage::Finish) / floor),
        ];
        table.row(&format!("{}: {}", kind.name, kind.what), cells);
        bars.at_most(&format!("{}: all deltas, × serde_json once", kind.name), push / floor, bar);
        bars.at_most(&format!("{}: with the feed, × without", kind.name), feed / push, FEED);
    }
    table.print(
        "Instructions: a live value after every delta, against one serde_json Value of the finished text",
    );
}

fn print_growth(kinds: &[Kind], results: &[Vec<Counts>], bars: &mut Bars) {
    let mut table = Table::new([
        "",
        "20 kB",
        "200 kB",
        "2 MB",
        "exponent",
        "last step",
        "with feed",
        "with companion",
        "finish at 2 MB",
        "with finish",
    ]);
    for (kind, counts) in kinds.iter().zip(results) {
        // Texts are as long as asked for, or a piece longer: the exponent is of what they are.
        let sizes = GROWTH.map(|bytes| kind.text(bytes).text.len());
        let [Some(small), Some(middle), Some(large)] = [0, 1, 2].map(|at| counts.get(at)) else { continue };
        let grows =
            |cost: &dyn Fn(&Counts) -> f64| exponent((sizes[0], cost(small)), (sizes[2], cost(large)));
        let push = |counts: &Counts| of(counts, Stage::Push);
        let exponents = [
            grows(&push),
            grows(&|counts| of(counts, Stage::Feed)),
            grows(&|counts| of(counts, Stage::Companion)),
            grows(&|counts| push(counts) + of(counts, Stage::Finish)),
        ];
        let last = exponent((sizes[1], push(middle)), (sizes[2], push(large)));
        let cells = [
            number(push(small)),
            number(push(middle)),
            number(push(large)),
            format!("{:.3}", exponents[0]),
            format!("{last:.3}"),
            format!("{:.3}", exponents[1]),
            format!("{:.3}", exponents[2]),
            number(of(large, Stage::Finish)),
            format!("{:.3}", exponents[3]),
        ];
        table.row(&format!("{}: {}", kind.name, kind.what), cells);
        let worst = exponents.into_iter().fold(0.0, f64::max);
        bars.at_most(&format!("{}: the largest of its exponents", kind.name), worst, EXPONENT);
    }
    table.print(
        "Growth: instructions for all deltas; an exponent of 1 is in proportion to the size, 2 quadratic",
    );
}
