//! One part's table, with targets and whether they are met.

use std::fmt;

/// A table and what there is to say about it.
#[derive(Debug)]
pub(crate) struct Report {
    title: String,
    columns: Vec<&'static str>,
    rows: Vec<Vec<String>>,
    targets: usize,
    misses: usize,
}

impl Report {
    pub(crate) fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), rows: Vec::new(), targets: 0, misses: 0 }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// The cell of a target; a miss is counted.
    pub(crate) fn target(&mut self, target: &str, is_met: bool) -> String {
        self.targets += 1;
        self.misses += usize::from(!is_met);
        format!("{target}: {}", if is_met { "met" } else { "**missed**" })
    }

    pub(crate) fn is_met(&self) -> bool {
        self.misses == 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n", self.title)?;
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        writeln!(f, "|{}", "---|".repeat(self.columns.len()))?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        match (self.targets, self.misses) {
            (0, _) => Ok(()),
            (targets, 0) => writeln!(f, "\ntarget: all {targets} met"),
            (targets, misses) => writeln!(f, "\ntarget: {misses} of {targets} **missed**"),
        }
    }
}
