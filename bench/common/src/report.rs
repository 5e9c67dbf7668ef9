//! Aligned tables, and the bars with what became of each.

/// A table: the first column reads from the left, the others end on the right.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With these heads of columns and no rows.
    pub fn new<'a>(head: impl IntoIterator<Item = &'a str>) -> Self {
        Self { rows: vec![head.into_iter().map(str::to_owned).collect()] }
    }

    /// Adds a row.
    pub fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        self.rows.push(std::iter::once(name.to_owned()).chain(cells).collect());
    }

    /// Prints it under a title.
    pub fn print(&self, title: &str) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        println!("\n{title}");
        for row in &self.rows {
            let mut line = format!("  {:<1$}", row[0], widths[0]);
            for (cell, width) in row.iter().zip(&widths).skip(1) {
                line.push_str(&format!("  {cell:>width$}"));
            }
            println!("{}", line.trim_end());
        }
    }
}

/// What was promised, and whether it held.
#[derive(Default)]
pub struct Bars {
    lines: Vec<(bool, String)>,
}

impl Bars {
    /// `value` is to be `bound` or less.
    pub fn at_most(&mut self, what: &str, value: f64, bound: f64) {
        // What could not be measured does not hold.
        self.lines.push((value <= bound, format!("{what}: {} ≤ {}", exact(value), exact(bound))));
    }

    /// `value` is to be `bound` or more.
    pub fn at_least(&mut self, what: &str, value: f64, bound: f64) {
        self.lines.push((value >= bound, format!("{what}: {} ≥ {}", exact(value), exact(bound))));
    }

    /// Prints every bar; the sum is the last line.
    pub fn print(&self) {
        if !self.lines.is_empty() {
            println!("\nBars");
        }
        for (held, line) in &self.lines {
            println!("  {}  {line}", if *held { "held " } else { "SHORT" });
        }
        let held = self.lines.iter().filter(|(held, _)| *held).count();
        println!("\nbars: {held} held, {} fell short", self.lines.len() - held);
    }
}

/// A number as it is compared: to three places where it is small.
fn exact(value: f64) -> String {
    if value.abs() >= 10.0 {
        return format!("{value:.0}");
    }
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A number with three digits that matter.
pub fn number(value: f64) -> String {
    match value.abs() {
        _ if value.fract() == 0.0 && value.abs() < 1e4 => format!("{value}"),
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        size if size < 1e4 => format!("{value:.0}"),
        size if size < 1e6 => format!("{:.1} k", value / 1e3),
        size if size < 1e9 => format!("{:.2} M", value / 1e6),
        _ => format!("{:.2} G", value / 1e9),
    }
}

/// A time in the unit that suits it.
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    match value {
        value if value < 10.0 => format!("{value:.2} {unit}"),
        value if value < 100.0 => format!("{value:.1} {unit}"),
        value => format!("{value:.0} {unit}"),
    }
}

/// How a cost grows with the size: 1 is in proportion, 2 quadratic.
pub fn exponent(small: (usize, f64), large: (usize, f64)) -> f64 {
    (large.1 / small.1).ln() / (large.0 as f64 / small.0 as f64).ln()
}

#[cfg(test)]
mod tests {
    use super::{exact, exponent, number, time};

    #[test]
    fn numbers_read_well() {
        let numbers = [0.0, 0.477, 3.0, 3.5, 68.4, 429.3, 9_800.0, 12_345.0, 23_450_000.0].map(number);
        assert_eq!(numbers, ["0", "0.48", "3", "3.50", "68.4", "429", "9800", "12.3 k", "23.45 M"]);
        assert_eq!([0.0, 1.0504, 2.5, 1640.0].map(exact), ["0", "1.05", "2.5", "1640"]);
        assert_eq!([22e-9, 4.9e-6, 284e-6, 7.865].map(time), ["22.0 ns", "4.90 µs", "284 µs", "7.87 s"]);
    }

    #[test]
    fn quadratic_growth_has_exponent_two() {
        assert!((exponent((10, 3.0), (100, 300.0)) - 2.0).abs() < 1e-9);
        assert!((exponent((10, 3.0), (100, 30.0)) - 1.0).abs() < 1e-9);
    }
}
