//! What was measured of contenders, as a table.

use outcrop_bench_common::report::Table;

use crate::{contenders::Contender, measure::Samples};

/// Prints what was measured of contenders, in `unit`s of so many nanoseconds, and against the first of them.
pub(crate) fn compare(head: &str, (unit, size): (&str, f64), contenders: &[Contender], figures: &[Samples]) {
    let Some(first) = figures.first() else { return };
    let (min, median) = (format!("min {unit}"), format!("median {unit}"));
    let mut table = Table::new(["", &min, &median, "× SDK (min)", "× SDK"]);
    for (contender, samples) in contenders.iter().zip(figures) {
        let cells = [
            format!("{:.0}", samples.min() / size),
            format!("{:.0}", samples.median() / size),
            format!("{:.2}", samples.min() / first.min()),
            format!("{:.3}", samples.ratios(first).median()),
        ];
        table.row(contender.name, cells);
    }
    table.print(head);
}
