//! Tables, and the bars that figures are held against.

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
        println!("bar: {what}: {figure:.2} of at most {bar:.1}: {word}");
        *if held { &mut self.held } else { &mut self.short } += 1;
    }

    pub(crate) fn print(&self) {
        println!("bars: {} held, {} fell short", self.held, self.short);
    }
}
