//! Tables, and the bars that figures are held against.

use crate::{contenders::Contender, measure::Samples};

/// Rows of equal length, the first column to the left, the others to the right.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self { rows: vec![head.into_iter().map(str::to_owned).collect()] }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn print(&self) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<usize> = (0..columns)
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or_default())
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => line.push_str(&format!("{cell:<width$}")),
                    _ => line.push_str(&format!("  {cell:>width$}")),
                }
            }
            println!("{}", line.trim_end());
        }
    }
}

/// Prints what was measured of contenders, in `unit`s of so many nanoseconds, and against the first of them.
pub(crate) fn compare(head: &str, (unit, size): (&str, f64), contenders: &[Contender], figures: &[Samples]) {
    let Some(first) = figures.first() else { return };
    println!();
    let (min, median) = (format!("min {unit}"), format!("median {unit}"));
    let mut table = Table::new([head, &min, &median, "× SDK (min)", "× SDK (median)"]);
    for (contender, samples) in contenders.iter().zip(figures) {
        table.row([
            contender.name.to_owned(),
            format!("{:.0}", samples.min() / size),
            format!("{:.0}", samples.median() / size),
            format!("{:.2}", samples.min() / first.min()),
            format!("{:.2}", samples.median() / first.median()),
        ]);
    }
    table.print();
}

/// What figures must not exceed, and which did.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    held: usize,
    short: usize,
}

impl Bars {
    /// Holds `figure` against `bar` and says so.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, bar: f64) {
        // A figure that is not there is not held.
        let held = figure <= bar;
        let word = if held { "held" } else { "fell short" };
        println!("bar: {what}: {figure:.3} of at most {bar:.1}: {word}");
        *if held { &mut self.held } else { &mut self.short } += 1;
    }

    pub(crate) fn print(&self) {
        println!("bars: {} held, {} fell short", self.held, self.short);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_that_is_not_there_falls_short() {
        let mut bars = Bars::default();
        [1.0, 1.01, f64::NAN, 0.2].into_iter().for_each(|figure| bars.at_most("it", figure, 1.0));
        assert_eq!((bars.held, bars.short), (2, 2));
    }
}
